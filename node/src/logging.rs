//! Logs: one line per event on stderr. Text for a person at a terminal, one JSON object a line for everything else.
//! The journal has times of its own, so lines for it begin with their priority instead.
//!
//! What a line never holds: what people draw or write, query strings, credentials.

use crate::config::{Log, LogFormat};
use serde_json::Value;
use std::fmt;
use std::io::IsTerminal;
use std::time::{SystemTime, UNIX_EPOCH};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// They tell of every step at `info`, which would bury what an operator looks for. openraft also has an error for each
/// heartbeat to a node that is away, and calls the node the line's `target`; what matters of that is said by the cluster and
/// in `standing`.
const QUIET_LIBRARIES: &str = "openraft=off,sled=warn,hyper=info,h2=info";

/// Starts logging for the whole process, panics included. Called once, before anything that logs.
pub(crate) fn start(log: &Log) {
    // What comes later in the list wins, so whoever wants to hear these libraries names them.
    let directives = format!("{},{}", QUIET_LIBRARIES, log.level);
    let filter = EnvFilter::try_new(directives).expect("the configuration was checked");
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    let is_terminal = std::io::stderr().is_terminal();
    let as_text = match log.format {
        LogFormat::Text => true,
        LogFormat::Json => false,
        LogFormat::Auto => is_terminal,
    };
    let head = match is_journal() {
        true => Head::Priority,
        false => Head::Time,
    };
    match (as_text, head) {
        (false, head) => registry.with(layer.event_format(JsonLine(head))).init(),
        (true, Head::Priority) => registry.with(layer.event_format(TextLine)).init(),
        (true, Head::Time) => registry.with(layer.with_ansi(is_terminal)).init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        // Slicing a text, for one, quotes the text: where documents are handled the place must do.
        let may_quote = place.contains("/yrs-") || place.contains("node/board/");
        let message = panic.payload_as_str().filter(|_| !may_quote);
        tracing::error!(place, "panic: {}", message.unwrap_or("no message"));
    }));
}

/// Whether stderr leads into the journal. The variable alone does not say so: it is inherited by whoever is started
/// with stderr elsewhere.
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    rustix::fs::fstat(std::io::stderr())
        .is_ok_and(|stderr| stream == format!("{}:{}", stderr.st_dev, stderr.st_ino))
}

/// What a line begins with.
#[derive(Debug, Clone, Copy)]
enum Head {
    Time,
    /// `<4>`, as the journal reads and removes it: `journalctl -p warning` then finds the line.
    Priority,
}

impl Head {
    fn write(self, writer: &mut Writer<'_>, level: Level) -> fmt::Result {
        match self {
            Head::Time => Ok(()),
            Head::Priority => write!(writer, "<{}>", priority(level)),
        }
    }
}

/// As syslog numbers them.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

/// The priority, and what a terminal would show without the time.
struct TextLine;

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        Head::Priority.write(&mut writer, *event.metadata().level())?;
        let plain = tracing_subscriber::fmt::format()
            .without_time()
            .with_ansi(false);
        plain.format_event(context, writer, event)
    }
}

/// `{"ts":…,"level":…,"target":…,"msg":…}` and the event's own fields beside them.
pub(crate) struct JsonLine(Head);

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let meta = event.metadata();
        let mut line = Fields(Vec::new());
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let ms = u64::try_from(now.as_millis()).unwrap_or_default();
        self.0.write(&mut writer, *meta.level())?;
        if matches!(self.0, Head::Time) {
            line.put("ts", crate::api::time::rfc3339(ms).into());
        }
        line.put("level", meta.level().as_str().to_ascii_lowercase().into());
        line.put("target", meta.target().into());
        event.record(&mut line);
        line.write(&mut writer)
    }
}

/// As the log is written where nobody reads it by eye.
#[cfg(test)]
pub(crate) fn json_line() -> JsonLine {
    JsonLine(Head::Time)
}

/// In the order of arrival: the time first, as people read these lines too.
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn put(&mut self, name: &'static str, value: Value) {
        self.0
            .push((if name == "message" { "msg" } else { name }, value));
    }

    fn write(&self, writer: &mut Writer<'_>) -> fmt::Result {
        for (n, (name, value)) in self.0.iter().enumerate() {
            // A field's name is an identifier of the source, so it needs no escaping.
            write!(
                writer,
                "{}\"{name}\":{value}",
                if n == 0 { '{' } else { ',' }
            )?;
        }
        writeln!(writer, "}}")
    }
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, JsonLine, QUIET_LIBRARIES};
    use parking_lot::Mutex;
    use std::io;
    use std::sync::Arc;
    use tracing_subscriber::EnvFilter;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_json_object_whatever_it_says() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(JsonLine(Head::Time))
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(
                status = 200_u16,
                ms = 1.5,
                good = true,
                who = "a\"b\n",
                "it \"worked\""
            );
        });
        let text = String::from_utf8(lines.0.lock().clone()).unwrap();
        assert_eq!(text.lines().count(), 1);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["msg"], "it \"worked\"");
        assert_eq!(line["status"], 200);
        assert_eq!(line["who"], "a\"b\n");
        assert!(text.starts_with("{\"ts\":\"20"), "{text}");
    }

    #[test]
    fn what_is_named_later_in_the_filter_wins() {
        let filter = EnvFilter::try_new(format!("{QUIET_LIBRARIES},info,openraft=debug")).unwrap();
        let text = filter.to_string();
        assert!(
            text.contains("openraft=debug") && !text.contains("openraft=off"),
            "{text}"
        );
    }
}
