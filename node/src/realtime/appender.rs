//! The rooms' common way to the store: what many rooms append at about the same time travels together.
//!
//! To make something durable costs about the same for one command as for a hundred: an entry of the log, a sync, a
//! transaction of the state. A room that is alone in drawing is not held up; among many, each waits for a few
//! milliseconds.

use easel_storage::{CommitIndex, Envelope, Reply, Store, SubmitError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Submissions do not start closer together than this. The first after a pause starts at once.
const GATHER: Duration = Duration::from_millis(8);
/// One submission's bounds; what is left over starts the next at once.
const COMMANDS_MAX: usize = 512;
const BYTES_MAX: usize = 1 << 20;

type Answer = Result<(CommitIndex, Reply), SubmitError>;

struct Wanted {
    envelope: Envelope,
    bytes: usize,
    answer: oneshot::Sender<Answer>,
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

    /// Runs a command of so many bytes and gives its own reply.
    pub(super) async fn submit(&self, envelope: Envelope, bytes: usize) -> Answer {
        let (answer, answered) = oneshot::channel();
        let wanted = Wanted {
            envelope,
            bytes,
            answer,
        };
        self.queue.send(wanted).map_err(|_| SubmitError::Stopped)?;
        // Not known: the task that asked the store failed with the question in hand.
        answered.await.unwrap_or(Err(SubmitError::TimedOut))
    }
}

async fn run(store: Arc<dyn Store>, mut wanted: mpsc::UnboundedReceiver<Wanted>) {
    let mut free_at = Instant::now();
    while let Some(first) = wanted.recv().await {
        if Instant::now() < free_at {
            tokio::time::sleep_until(free_at.into()).await;
        }
        let mut bytes = first.bytes;
        let mut batch = vec![first];
        while batch.len() < COMMANDS_MAX && bytes < BYTES_MAX {
            let Ok(next) = wanted.try_recv() else { break };
            bytes += next.bytes;
            batch.push(next);
        }
        let is_full = batch.len() == COMMANDS_MAX || bytes >= BYTES_MAX;
        free_at = Instant::now() + if is_full { Duration::ZERO } else { GATHER };
        tokio::spawn(submit(store.clone(), batch));
    }
}

/// Each command's reply goes to whoever wanted it. A failure is everybody's: nobody knows what ran, and rooms ask again.
async fn submit(store: Arc<dyn Store>, batch: Vec<Wanted>) {
    let (envelopes, answers): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|wanted| (wanted.envelope, wanted.answer))
        .unzip();
    let results: Vec<Answer> = match store.submit(envelopes).await {
        Ok(submitted) => {
            let index = submitted.index;
            let replies = submitted.replies.into_iter();
            replies.map(|reply| Ok((index, reply))).collect()
        }
        Err(error) => answers.iter().map(|_| Err(error)).collect(),
    };
    for (answer, result) in answers.into_iter().zip(results) {
        // A room that ended no longer waits.
        let _ = answer.send(result);
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
                let reply = appender.submit(append(&doc, no), 10).await.unwrap().1;
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
