//! What the service manager hears from this process, and what it hands in: ready, status, a sign of life, stopping;
//! and listening sockets. Without a service manager all of it is silent.
//!
//! The sign of life is given only when storage and the node proved themselves: see [`Pulse`].

use crate::app::App;
use easel_cluster::Status;
use easel_storage::{Query, ReadError, ReadLevel, Store};
use listenfd::ListenFd;
use sd_notify::NotifyState;
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// How old a status may be that an operator reads.
const STATUS_EVERY: Duration = Duration::from_secs(2);
/// How often the service manager is asked for more time while the process stops, and for how much.
const STOPPING_EVERY: Duration = Duration::from_secs(1);
const STOPPING_GRANT: Duration = Duration::from_secs(10);

/// Says that the process is at something before it can take requests.
pub(crate) fn starting(at: &str) {
    tell(&[NotifyState::Status(at)]);
}

/// Takes requests from now on. A sign of life comes along, since the next is half a period away.
pub(crate) fn ready(app: &App) {
    let status = summary(app);
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// Keeps the status fresh and, if the service manager wants it, gives signs of life. Runs until dropped.
pub(crate) async fn report(app: Arc<App>) {
    let alive = async {
        match sd_notify::watchdog_enabled() {
            // Half of it, so that one that comes late is not yet the end.
            Some(period) => {
                let pulse = Pulse::new(app.store.clone(), app.node.clone(), period / 4);
                pulse.beat(period / 2, |sign| sign.tell()).await;
            }
            None => std::future::pending().await,
        }
    };
    let status = async {
        let mut last = String::new();
        let mut ticks = tokio::time::interval(STATUS_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // While it stops, `stopping` speaks.
            let now = summary(&app);
            if now != last && !app.is_draining() {
                tell(&[NotifyState::Status(&now)]);
                last = now;
            }
        }
    };
    tokio::join!(alive, status);
}

/// Says that the process stops, and asks for time for as long as it is not dropped.
pub(crate) async fn stopping(app: &App) -> Infallible {
    let boards = count(app.metrics.boards_open.get(), "board");
    let status = format!("Stopping: saving {boards}");
    tell(&[NotifyState::Stopping, NotifyState::Status(&status)]);
    let grant = u32::try_from(STOPPING_GRANT.as_micros()).expect("a few seconds");
    let mut ticks = tokio::time::interval(STOPPING_EVERY);
    loop {
        ticks.tick().await;
        tell(&[NotifyState::ExtendTimeoutUsec(grant)]);
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

/// One line for `systemctl status`: what is wrong, else what goes on.
fn summary(app: &App) -> String {
    let node = app.node.borrow().clone();
    let boards = count(app.metrics.boards_open.get(), "board");
    let sockets = ["easel", "yjs"].map(|kind| {
        let open = app.metrics.ws_connections.with_label_values(&[kind]);
        open.get()
    });
    let connections = sockets.iter().sum::<i64>() + app.metrics.sse_streams.get();
    let people = match connections {
        1 => "1 person connected".to_owned(),
        some => format!("{some} people connected"),
    };
    format!("{}; {boards} open, {people}", standing(&node))
}

fn standing(node: &Status) -> String {
    if let Some(why) = &node.fatal {
        return format!("Failed: {why}");
    }
    if !node.has_quorum {
        return format!("Not ready: no quorum (term {})", node.term);
    }
    if node.disk_full {
        return "Not ready: the disk is nearly full, so nothing is saved until there is room"
            .to_owned();
    }
    let role = if node.is_leader { "leader" } else { "follower" };
    format!("Ready ({role}, term {})", node.term)
}

fn count(number: i64, of: &str) -> String {
    match number {
        1 => format!("1 {of}"),
        some => format!("{some} {of}s"),
    }
}

/// Finds out whether this node still works: a read that reaches the state file, one that Raft confirms, and entries
/// that do not stay where they are. It runs on the executor, so it proves that too.
pub(crate) struct Pulse {
    store: Arc<dyn Store>,
    node: watch::Receiver<Status>,
    /// For each read.
    answer_max: Duration,
    writer: Writer,
}

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sign {
    Alive,
    /// The service manager starts the process anew when this lasts.
    Stuck(&'static str),
}

impl Pulse {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        node: watch::Receiver<Status>,
        answer_max: Duration,
    ) -> Pulse {
        let writer = Writer::default();
        Pulse {
            store,
            node,
            answer_max,
            writer,
        }
    }

    /// Looks at once and then so often. Never ends.
    pub(crate) async fn beat(mut self, every: Duration, mut give: impl FnMut(Sign)) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            give(self.look().await);
        }
    }

    async fn look(&mut self) -> Sign {
        let moves = self.writer.moves(&self.node.borrow());
        let (state, raft) = tokio::join!(
            self.reads(ReadLevel::Local),
            self.reads(ReadLevel::Linearizable)
        );
        if !state {
            Sign::Stuck("the state cannot be read")
        } else if !raft {
            Sign::Stuck("Raft does not answer")
        } else if !moves {
            Sign::Stuck("what is to be written is not")
        } else {
            Sign::Alive
        }
    }

    async fn reads(&self, level: ReadLevel) -> bool {
        let read = self.store.read(level, Query::Instance);
        match tokio::time::timeout(self.answer_max, read).await {
            // A node without a leader has no confirmed reads, and starting it anew would give it none.
            Ok(Ok(_) | Err(ReadError::Unavailable)) => true,
            // Nor has one that has lost touch with the others, and waits a while for a leader.
            Ok(Err(ReadError::TimedOut)) | Err(_) => {
                level == ReadLevel::Linearizable && !self.node.borrow().in_touch
            }
            Ok(Err(ReadError::Failed | ReadError::Stopped)) => false,
        }
    }
}

/// Whether entries of the log take effect. A disk that does not answer shows only here: reads come from memory.
#[derive(Debug, Default)]
struct Writer {
    /// What was applied when something was waiting at the last look.
    waiting_at: Option<u64>,
}

impl Writer {
    /// False when something waits, as it did at the last look, and nothing took effect in between.
    fn moves(&mut self, node: &Status) -> bool {
        // Without a majority entries wait rightly.
        let waits = node.has_quorum && node.last_log_index > node.applied_index;
        let waiting_at = waits.then_some(node.applied_index);
        let stays = waits && self.waiting_at == waiting_at;
        self.waiting_at = waiting_at;
        !stays
    }
}

impl Sign {
    fn tell(&self) {
        match self {
            Sign::Alive => tell(&[NotifyState::Watchdog]),
            Sign::Stuck(why) => tracing::error!(why, "no sign of life for the service manager"),
        }
    }
}

/// Listening sockets that the service manager opened, so that a restart refuses nobody.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    pub(crate) http: Option<TcpListener>,
    pub(crate) ops: Option<TcpListener>,
}

impl Sockets {
    /// Takes what was handed in, by name; a single socket without one is `http`. Called once, before there are threads.
    pub(crate) fn inherited() -> Result<Sockets, String> {
        let mut given = ListenFd::from_env();
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut sockets = Sockets::default();
        for n in 0..given.len() {
            let name = names.next().unwrap_or_default();
            let socket = given
                .take_tcp_listener(n)
                .map_err(|error| error.to_string())?;
            let place = match name {
                "ops" => &mut sockets.ops,
                "http" | "easel.socket" | "unknown" | "" => &mut sockets.http,
                other => {
                    return Err(format!(
                        "\"{other}\" is no name for a socket here: give FileDescriptorName=http or ops"
                    ));
                }
            };
            if place.is_some() {
                return Err(format!(
                    "two sockets are named \"{name}\"; one address is listened on"
                ));
            }
            *place = socket;
        }
        Ok(sockets)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pulse, Sign, Writer, standing};
    use crate::testing::TestNode;
    use easel_cluster::Status;
    use easel_storage::{
        Envelope, Query, Read, ReadError, ReadLevel, Store, SubmitError, Submitted,
    };
    use futures_util::future::BoxFuture;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::sync::{mpsc, watch};

    /// A node's own store, whose reads of one level hang while they are told to.
    struct Hanging {
        store: Arc<dyn Store>,
        level: watch::Receiver<Option<ReadLevel>>,
    }

    impl Store for Hanging {
        fn submit(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Result<Submitted, SubmitError>> {
            self.store.submit(batch)
        }

        fn read(&self, level: ReadLevel, query: Query) -> BoxFuture<'_, Result<Read, ReadError>> {
            if *self.level.borrow() == Some(level) {
                return Box::pin(std::future::pending());
            }
            self.store.read(level, query)
        }
    }

    /// Waits for as many signs in a row.
    async fn wait_for(signs: &mut mpsc::UnboundedReceiver<Sign>, expected: &Sign, times: usize) {
        let mut seen = 0;
        while seen < times {
            let sign = signs.recv().await.unwrap();
            seen = if sign == *expected { seen + 1 } else { 0 };
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_store_that_hangs_ends_the_signs_of_life_until_it_answers() {
        let node = TestNode::start().await;
        let (hang, level) = watch::channel(None);
        let store = Arc::new(Hanging {
            store: node.app.store.clone(),
            level,
        });
        let pulse = Pulse::new(store, node.app.node.clone(), Duration::from_millis(200));
        let (give, mut signs) = mpsc::unbounded_channel();
        let beating = pulse.beat(Duration::from_millis(2), move |sign| {
            give.send(sign).unwrap()
        });
        let beating = tokio::spawn(beating);
        wait_for(&mut signs, &Sign::Alive, 3).await;
        for (level, why) in [
            (ReadLevel::Local, "the state cannot be read"),
            (ReadLevel::Linearizable, "Raft does not answer"),
        ] {
            hang.send_replace(Some(level));
            // The looks that began before may have found it alive; none does that begins from here on. On a slow machine
            // one may come upon something else that takes too long.
            wait_for(&mut signs, &Sign::Stuck(why), 1).await;
            for _ in 0..5 {
                assert_ne!(signs.recv().await.unwrap(), Sign::Alive, "{level:?}");
            }
            hang.send_replace(None);
            wait_for(&mut signs, &Sign::Alive, 3).await;
        }
        beating.abort();
    }

    #[tokio::test]
    async fn a_writer_that_moves_nothing_for_a_whole_period_is_stuck() {
        let node = TestNode::start().await;
        let status = node.app.node.borrow().clone();
        // What the log holds and what took effect, look by look, and whether the writer moves.
        for (looks, has_quorum) in [
            (
                vec![(5, 5, true), (5, 5, true), (6, 5, true), (6, 6, true)],
                true,
            ),
            // Always behind, but never at the same place.
            (vec![(9, 5, true), (12, 8, true), (15, 11, true)], true),
            (
                vec![
                    (6, 5, true),
                    (6, 5, false),
                    (9, 5, false),
                    (9, 9, true),
                    (10, 9, true),
                ],
                true,
            ),
            (vec![(6, 5, true), (6, 5, true)], false),
        ] {
            let mut writer = Writer::default();
            for (last_log_index, applied_index, expected) in looks {
                let now = Status {
                    last_log_index,
                    applied_index,
                    has_quorum,
                    ..status.clone()
                };
                assert_eq!(
                    writer.moves(&now),
                    expected,
                    "at {last_log_index} and {applied_index}"
                );
            }
        }
    }

    #[tokio::test]
    async fn the_status_says_first_what_is_wrong() {
        let node = TestNode::start().await;
        let fine = Status {
            term: 4,
            ..node.app.node.borrow().clone()
        };
        let full = Status {
            disk_full: true,
            ..fine.clone()
        };
        let alone = Status {
            has_quorum: false,
            is_leader: false,
            ..full.clone()
        };
        let failed = Status {
            fatal: Some("the log cannot be written".to_owned()),
            ..alone.clone()
        };
        for (status, expected) in [
            (fine, "Ready (leader, term 4)"),
            (
                full,
                "Not ready: the disk is nearly full, so nothing is saved until there is room",
            ),
            (alone, "Not ready: no quorum (term 4)"),
            (failed, "Failed: the log cannot be written"),
        ] {
            assert_eq!(standing(&status), expected);
        }
    }
}
