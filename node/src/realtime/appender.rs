//! The rooms' common way to the store: what many rooms append at about the same time travels together.
//!
//! To make something durable costs about the same for one command as for a hundred: an entry of the log, a sync, a
//! transaction of the state. Where a few rooms are drawn in none is held up; among many, each waits a moment.

use super::pace::Pace;
use easel_storage::{CommitIndex, Envelope, Reply, Store, SubmitError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// On a busy node submissions do not start closer together than this, for the same reason and as long as a crowded room's own
/// floor.
const GATHER: Duration = Duration::from_millis(40);
/// A node is busy from so many commands a second on: each by itself they would cost a tenth of a core.
const BUSY_PER_SECOND: f64 = 250.0;
/// One submission's bounds; what is left over starts the next at once.
const COMMANDS_MAX: usize = 512;
const BYTES_MAX: usize = 1 << 20;

pub(super) struct Answer {
    pub(super) reply: Result<(CommitIndex, Reply), SubmitError>,
    /// Whether there was so much that it was gathered.
    pub(super) is_node_busy: bool,
}

struct Wanted {
    envelope: Envelope,
    bytes: usize,
    caller: Caller,
}

/// Whoever is to be told. Called once, whatever becomes of the command: it costs a task less than to wait for a reply.
struct Caller(Option<Box<dyn FnOnce(Answer) + Send>>);

impl Caller {
    fn answer(mut self, answer: Answer) {
        if let Some(call) = self.0.take() {
            call(answer);
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        // Not known: the task that asked the store failed with the question in hand.
        if let Some(call) = self.0.take() {
            call(failed(SubmitError::TimedOut));
        }
    }
}

/// Where rooms hand in what they append. Its queue is bounded by the rooms: each has one append under way at a time.
#[derive(Debug)]
pub(super) struct Appender {
    queue: mpsc::UnboundedSender<Wanted>,
}

impl Appender {
    /// Works until it is dropped and everything handed in before is answered.
    pub(super) fn start(store: Arc<dyn Store>) -> Self {
        let (queue, wanted) = mpsc::unbounded_channel();
        tokio::spawn(run(store, wanted));
        Self { queue }
    }

    /// Runs a command of so many bytes and calls back with its own reply.
    pub(super) fn submit(
        &self,
        envelope: Envelope,
        bytes: usize,
        answer: impl FnOnce(Answer) + Send + 'static,
    ) {
        let wanted = Wanted {
            envelope,
            bytes,
            caller: Caller(Some(Box::new(answer))),
        };
        if let Err(mpsc::error::SendError(wanted)) = self.queue.send(wanted) {
            wanted.caller.answer(failed(SubmitError::Stopped));
        }
    }
}

async fn run(store: Arc<dyn Store>, mut wanted: mpsc::UnboundedReceiver<Wanted>) {
    let mut free_at = Instant::now();
    let mut pace = Pace::new();
    while let Some(first) = wanted.recv().await {
        let now = Instant::now();
        pace.note(now, 1);
        let is_busy = pace.per_second(now) >= BUSY_PER_SECOND;
        if is_busy && now < free_at {
            tokio::time::sleep_until(free_at.into()).await;
        }
        let mut bytes = first.bytes;
        let mut batch = vec![first];
        while batch.len() < COMMANDS_MAX && bytes < BYTES_MAX {
            let Ok(next) = wanted.try_recv() else { break };
            bytes += next.bytes;
            batch.push(next);
        }
        let now = Instant::now();
        pace.note(now, batch.len() - 1);
        let is_full = batch.len() == COMMANDS_MAX || bytes >= BYTES_MAX;
        free_at = now + if is_full { Duration::ZERO } else { GATHER };
        tokio::spawn(submit(store.clone(), batch, is_busy));
    }
}

/// Each command's reply goes to whoever wanted it. A failure is everybody's: nobody knows what ran, and rooms ask again.
async fn submit(store: Arc<dyn Store>, batch: Vec<Wanted>, is_node_busy: bool) {
    let (envelopes, callers): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|wanted| (wanted.envelope, wanted.caller))
        .unzip();
    match store.submit(envelopes).await {
        Ok(submitted) => {
            for (caller, reply) in callers.into_iter().zip(submitted.replies) {
                let reply = Ok((submitted.index, reply));
                caller.answer(Answer {
                    reply,
                    is_node_busy,
                });
            }
        }
        Err(error) => {
            for caller in callers {
                caller.answer(failed(error));
            }
        }
    }
}

fn failed(error: SubmitError) -> Answer {
    Answer {
        reply: Err(error),
        is_node_busy: false,
    }
}

#[cfg(test)]
mod tests {
    use super::Appender;
    use easel_storage::redb::State;
    use easel_storage::suite::DirectStore;
    use easel_storage::{
        Actor, Command, DocName, Envelope, NewUpdate, Outcome, Payload, Rejection,
    };
    use std::sync::Arc;
    use tokio::sync::oneshot;

    fn append(doc: &str, updates: usize) -> Envelope {
        let update = NewUpdate {
            author: Actor::Local,
            origin: None,
            payload: Payload::Inline(vec![0, 0].into()),
        };
        let kind = Command::AppendUpdates {
            doc: doc.parse::<DocName>().unwrap(),
            updates: vec![update; updates],
        };
        Envelope {
            id: None,
            actor: Actor::Local,
            kind,
        }
    }

    #[tokio::test]
    async fn everybody_is_given_their_own_reply() {
        let store = Arc::new(DirectStore::new(State::in_memory().unwrap()));
        let appender = Arc::new(Appender::start(store));
        let asks = (1..=40_usize).map(|no| {
            let appender = appender.clone();
            tokio::spawn(async move {
                // One in ten asks for a board that is not there.
                let gone = "brd_00000000000000000000000000".to_owned();
                let doc = if no % 10 == 0 {
                    gone
                } else {
                    format!("room-{no}")
                };
                let (answer, answered) = oneshot::channel();
                appender.submit(append(&doc, no), 10, |given| {
                    let _ = answer.send(given.reply);
                });
                let reply = answered.await.unwrap().unwrap().1;
                match (no % 10, reply) {
                    (0, Err(Rejection::BoardNotFound)) => {}
                    (0, other) => panic!("{other:?}"),
                    (_, Ok(Outcome::Appended { last_seq, .. })) => assert_eq!(last_seq, no as u64),
                    (_, other) => panic!("{other:?}"),
                }
            })
        });
        for ask in asks.collect::<Vec<_>>() {
            ask.await.unwrap();
        }
    }
}
