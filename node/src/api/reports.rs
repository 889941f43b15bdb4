//! What pages tell of their own failures: scrubbed, counted, and logged a bounded number of times.

use super::body;
use crate::app::{App, AppState};
use crate::config::ByteSize;
use crate::http::problem::{Code, Problem};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// One report.
const BYTES_MAX: ByteSize = ByteSize(16 << 10);
/// Of a message; of a stack.
const MESSAGE_CHARS_MAX: usize = 500;
const STACK_CHARS_MAX: usize = 4_000;
/// What is said in so many words is told apart from the rest, so that each is logged when it comes for the first time, and
/// then each time its count has doubled. When there are more, counting begins anew.
const KNOWN_MAX: usize = 1_000;
/// Lines in a minute, whoever reports what. What comes on top is only counted.
const LINES_MAX: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);
/// Letters and digits in a row that are no word but an id or a secret.
const WORD_CHARS_MAX: usize = 24;

/// How often what was reported.
#[derive(Debug, Default)]
pub(crate) struct Reports(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    counts: HashMap<u64, u64>,
    /// When the minute began, and lines in it.
    minute: Option<(Instant, u32)>,
}

impl Reports {
    /// How often this came by now, if it is to be logged.
    fn note(&self, what: &str, now: Instant) -> Option<u64> {
        let mut known = self.0.lock();
        if known.counts.len() >= KNOWN_MAX {
            known.counts.clear();
        }
        let hash = blake3::hash(what.as_bytes());
        let key = u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("8 of 32 bytes"));
        let count = known.counts.entry(key).or_default();
        *count += 1;
        let count = *count;
        let (began, lines) = match known.minute {
            Some((began, lines)) if now.duration_since(began) < MINUTE => (began, lines),
            Some(_) | None => (now, 0),
        };
        let is_logged = count.is_power_of_two() && lines < LINES_MAX;
        known.minute = Some((began, lines + u32::from(is_logged)));
        is_logged.then_some(count)
    }
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum FailureKind {
    /// `window.onerror`.
    Error,
    /// A promise that nobody looked after.
    Rejection,
    /// A part of the page that could not be drawn.
    Boundary,
}

impl FailureKind {
    fn word(self) -> &'static str {
        match self {
            FailureKind::Error => "error",
            FailureKind::Rejection => "rejection",
            FailureKind::Boundary => "boundary",
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClientError {
    kind: FailureKind,
    message: String,
    #[serde(default)]
    stack: String,
    /// The page's path.
    #[serde(default)]
    page: String,
    /// Which build of the page.
    #[serde(default)]
    release: String,
}

/// An error of a page's own.
#[utoipa::path(
    post, path = "/client-errors", operation_id = "client_errors_create", tag = "About", security(()),
    request_body(content = ClientError, example = json!({
        "kind": "error", "message": "x is not a function", "page": "/boards", "release": "0.1.0",
    })),
    responses((status = 204, description = "It is noted")),
)]
pub(super) async fn client_error(
    State(app): State<AppState>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let error = body::read_up_to::<ClientError>(&app, request, BYTES_MAX).await?;
    let told = Told {
        kind: error.kind.word(),
        message: scrubbed(&error.message, MESSAGE_CHARS_MAX),
        stack: scrubbed(&error.stack, STACK_CHARS_MAX),
        page: scrubbed(&error.page, MESSAGE_CHARS_MAX),
        release: scrubbed(&error.release, WORD_CHARS_MAX),
    };
    told.tell(&app);
    Ok(StatusCode::NO_CONTENT)
}

/// What a browser kept a page from doing, by the page's policy: of Reporting API or of before.
pub(crate) async fn policy_violation(
    State(app): State<AppState>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let bytes = body::read_bytes(&app, request.into_body(), BYTES_MAX).await?;
    let report: Value = serde_json::from_slice(&bytes).map_err(|_| Code::MalformedJson)?;
    let report = report.get(0).unwrap_or(&report);
    let inner = report.get("csp-report").or_else(|| report.get("body"));
    let inner = inner.unwrap_or(report);
    let text = |names: [&str; 2]| {
        let found = names.iter().find_map(|name| inner.get(name)?.as_str());
        scrubbed(found.unwrap_or_default(), MESSAGE_CHARS_MAX)
    };
    let directive = text(["effective-directive", "effectiveDirective"]);
    let blocked = text(["blocked-uri", "blockedURL"]);
    let told = Told {
        kind: "policy",
        message: format!("{directive} kept out {blocked}"),
        stack: text(["source-file", "sourceFile"]),
        page: text(["document-uri", "documentURL"]),
        release: String::new(),
    };
    told.tell(&app);
    Ok(StatusCode::NO_CONTENT)
}

/// A report with nothing in it that is anybody's.
struct Told {
    kind: &'static str,
    message: String,
    stack: String,
    page: String,
    release: String,
}

impl Told {
    fn tell(&self, app: &App) {
        app.metrics
            .client_errors
            .with_label_values(&[self.kind])
            .inc();
        let Told {
            kind,
            message,
            stack,
            page,
            release,
        } = self;
        let what = format!("{kind} {message} {stack}");
        if let Some(count) = app.reports.note(&what, Instant::now()) {
            // Not under `message`, which is the line's own.
            tracing::warn!(
                kind,
                said = message,
                stack,
                page,
                release,
                count,
                "a page failed"
            );
        }
    }
}

/// Signs that make what follows them read the other way round.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text without what could be anybody's: addresses lose their query and fragment, and what looks like an e-mail
/// address, an id or a secret becomes `…`. Lines become one.
fn scrubbed(text: &str, chars_max: usize) -> String {
    let text: String = text.chars().take(chars_max).collect();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control() || turns_text(c));
    let words = words.filter(|word| !word.is_empty()).map(scrubbed_word);
    words.collect::<Vec<_>>().join(" ")
}

fn scrubbed_word(word: &str) -> String {
    if word.contains('@') && word.contains('.') && !word.contains("://") {
        return "…".to_owned();
    }
    // A stack's line and column stand behind the address.
    let place = word.find(['?', '#']).map_or("", |cut| {
        let end = word[cut..].find([')', ']', '"', '\'']);
        end.map_or("", |end| &word[cut + end..])
    });
    let cut = word.find(['?', '#']).unwrap_or(word.len());
    let mut out = String::new();
    let mut run = String::new();
    for c in word[..cut].chars().chain(place.chars()) {
        if c.is_alphanumeric() || matches!(c, '_' | '-') {
            run.push(c);
        } else {
            push_run(&mut out, &run);
            run.clear();
            out.push(c);
        }
    }
    push_run(&mut out, &run);
    out
}

/// Names in programs may be long; with digits and this long they are none.
fn push_run(out: &mut String, run: &str) {
    let is_long = run.chars().count() > WORD_CHARS_MAX;
    let is_secret = is_long && run.chars().any(|c| c.is_ascii_digit()) || run.contains("eas_pat_");
    // What stands behind these in a path lets somebody in.
    let is_key = [("/s/", 1), ("/invite/", 1), ("/setup/", 1)]
        .iter()
        .any(|(before, least)| out.ends_with(before) && run.len() >= *least);
    match is_secret || is_key {
        true => out.push('…'),
        false => out.push_str(run),
    }
}

#[cfg(test)]
mod tests {
    use super::{KNOWN_MAX, LINES_MAX, MINUTE, Reports, scrubbed};
    use std::time::Instant;

    #[test]
    fn nothing_of_anybody_s_is_kept() {
        for (text, expected) in [
            ("x is not a function", "x is not a function"),
            ("cannot reach ada@example.org now", "cannot reach … now"),
            (
                "at draw (https://a.example/assets/index-BxY12.js?token=1:10:5)",
                "at draw (https://a.example/assets/index-BxY12.js)",
            ),
            (
                "at f (http://a.example/assets/index.js:10:5)\n  at g",
                "at f (http://a.example/assets/index.js:10:5) at g",
            ),
            (
                "https://a.example/b/brd_01hxy#secret",
                "https://a.example/b/brd_01hxy",
            ),
            ("/s/abcDEF", "/s/…"),
            ("/invite/abcDEF?x", "/invite/…"),
            (
                "v4.local.abcdefghijklmnopqrstuvwxyz0123456789",
                "v4.local.…",
            ),
            ("eas_pat_short", "…"),
            ("brd_01hxyabcdefghijkmnpqrstvwx", "…"),
            (
                "useSyncExternalStoreWithSelector",
                "useSyncExternalStoreWithSelector",
            ),
            ("one\u{7}two\r\nlevel=ERROR", "one two level=ERROR"),
        ] {
            assert_eq!(scrubbed(text, 1_000), expected, "of {text}");
        }
        assert_eq!(scrubbed(&"é".repeat(9), 3), "ééé");
    }

    #[test]
    fn the_log_is_not_flooded() {
        let (reports, now) = (Reports::default(), Instant::now());
        let said: Vec<_> = (0..9).filter_map(|_| reports.note("a", now)).collect();
        assert_eq!(said, [1, 2, 4, 8]);
        let lines = (0..2 * KNOWN_MAX)
            .filter(|number| reports.note(&format!("b{number}"), now).is_some())
            .count();
        assert_eq!(lines + said.len(), LINES_MAX as usize);
        assert!(reports.0.lock().counts.len() <= KNOWN_MAX);
        assert_eq!(reports.note("c", now + MINUTE), Some(1));
    }
}
