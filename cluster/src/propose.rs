//! The one way in: commands queue here, and one loop proposes them to Raft in batches.
//!
//! openraft 0.9 syncs once for each proposal and one after the other, so what counts is how much travels
//! in each. Only one batch is in flight; what arrives meanwhile forms the next, so the batch size follows
//! the disk by itself.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use easel_storage::{CommitIndex, Envelope, SubmitError, Submitted, Time};
use openraft::error::{ClientWriteError, RaftError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::batch::{InFlight, Waiting};
use crate::disk::Reserve;
use crate::health::Health;
use crate::observer::Observer;
use crate::raft::{EncodedEnvelope, Proposal, Raft};

/// A larger command is refused. The state keeps it in rows of up to 64 MiB.
const COMMAND_BYTES_MAX: usize = 48 << 20;
/// Encoded commands that may wait or be in flight. When it is full, `submit` waits for room, and after
/// `QUEUE_WAIT_MAX` answers `Unavailable`: then nothing of it was proposed.
const QUEUE_BYTES_MAX: usize = 64 << 20;
const QUEUE_SUBMISSIONS_MAX: usize = 16_384;
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(5);
/// After that the caller is told that the result is not known. The commands may still run.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);

const PERMIT_BYTES: usize = 1_024;

/// Where commands are handed in; clones share the queue.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    queue: mpsc::Sender<Queued>,
    room: Arc<Semaphore>,
    reserve: Arc<Reserve>,
    health: Arc<Health>,
}

#[derive(Debug)]
struct Queued {
    commands: Vec<EncodedEnvelope>,
    waiter: Waiter,
}

#[derive(Debug)]
struct Waiter {
    answer: oneshot::Sender<Result<Submitted, SubmitError>>,
    /// Its part of the queue's room, until it is answered.
    _room: OwnedSemaphorePermit,
}

impl Waiter {
    fn answer(self, result: Result<Submitted, SubmitError>) {
        // Whoever asked may have stopped waiting: the command ran all the same.
        let _ = self.answer.send(result);
    }
}

/// The loop's end of the queue.
#[derive(Debug)]
pub(crate) struct Proposer {
    queue: mpsc::Receiver<Queued>,
    health: Arc<Health>,
    observer: Arc<dyn Observer>,
}

pub(crate) fn queue(
    reserve: Arc<Reserve>,
    health: Arc<Health>,
    observer: Arc<dyn Observer>,
) -> (Intake, Proposer) {
    let (sender, receiver) = mpsc::channel(QUEUE_SUBMISSIONS_MAX);
    let intake = Intake {
        queue: sender,
        room: Arc::new(Semaphore::new(QUEUE_BYTES_MAX / PERMIT_BYTES)),
        reserve,
        health: health.clone(),
    };
    let proposer = Proposer {
        queue: receiver,
        health,
        observer,
    };
    (intake, proposer)
}

impl Intake {
    pub(crate) async fn submit(&self, batch: Vec<Envelope>) -> Result<Submitted, SubmitError> {
        if self.reserve.is_short(Instant::now()) {
            return Err(SubmitError::DiskFull);
        }
        self.submit_from_reserve(batch).await
    }

    /// For the node's own few commands, which the reserve is there for.
    pub(crate) async fn submit_from_reserve(
        &self,
        batch: Vec<Envelope>,
    ) -> Result<Submitted, SubmitError> {
        if batch.is_empty() {
            let (index, replies) = (CommitIndex::default(), Vec::new());
            return Ok(Submitted { index, replies });
        }
        if self.health.has_failed() {
            return Err(SubmitError::Stopped);
        }
        let commands: Vec<_> = batch
            .iter()
            .map(|envelope| EncodedEnvelope(Bytes::from(envelope.encode())))
            .collect();
        drop(batch);
        if commands.iter().any(|c| c.0.len() > COMMAND_BYTES_MAX) {
            return Err(SubmitError::TooLarge);
        }
        let answered = tokio::time::timeout(QUEUE_WAIT_MAX, self.enqueue(commands))
            .await
            .map_err(|_| SubmitError::Unavailable)??;
        match tokio::time::timeout(ANSWER_WAIT_MAX, answered).await {
            Ok(Ok(result)) => result,
            // The loop ended with the command in hand.
            Ok(Err(_)) | Err(_) => Err(SubmitError::TimedOut),
        }
    }

    async fn enqueue(
        &self,
        commands: Vec<EncodedEnvelope>,
    ) -> Result<oneshot::Receiver<Result<Submitted, SubmitError>>, SubmitError> {
        let bytes: usize = commands.iter().map(|c| c.0.len()).sum();
        // A submission beyond the whole queue takes all of it.
        let permits = bytes
            .div_ceil(PERMIT_BYTES)
            .clamp(1, QUEUE_BYTES_MAX / PERMIT_BYTES);
        let permits = u32::try_from(permits).expect("the queue's bound is far below 2^32");
        let stopped = |_| SubmitError::Stopped;
        let room = self.room.clone().acquire_many_owned(permits).await;
        let (answer, answered) = oneshot::channel();
        let waiter = Waiter {
            answer,
            _room: room.map_err(stopped)?,
        };
        let queued = Queued { commands, waiter };
        self.queue
            .send(queued)
            .await
            .map_err(|_| SubmitError::Stopped)?;
        Ok(answered)
    }
}

impl Proposer {
    /// Runs until `stop`, then proposes what was accepted before it.
    pub(crate) async fn run(mut self, raft: Raft, stop: CancellationToken) {
        let mut waiting = Waiting::new();
        loop {
            if stop.is_cancelled() {
                // What is in the queue still comes; nothing new does.
                self.queue.close();
            }
            if waiting.is_empty() {
                tokio::select! {
                    next = self.queue.recv() => match next {
                        Some(queued) => waiting.push(queued.commands, queued.waiter),
                        None => return,
                    },
                    () = stop.cancelled(), if !self.queue.is_closed() => continue,
                }
            }
            while !waiting.fills_a_batch() {
                match self.queue.try_recv() {
                    Ok(queued) => waiting.push(queued.commands, queued.waiter),
                    Err(_) => break,
                }
            }
            if self.health.has_failed() {
                for waiter in waiting.abandon() {
                    waiter.answer(Err(SubmitError::Stopped));
                }
                continue;
            }
            let (commands, in_flight) = waiting.close();
            self.propose(&raft, &mut waiting, commands, in_flight).await;
        }
    }

    async fn propose(
        &self,
        raft: &Raft,
        waiting: &mut Waiting<Waiter>,
        envelopes: Vec<EncodedEnvelope>,
        in_flight: InFlight<Waiter>,
    ) {
        let count = envelopes.len();
        let proposal = Proposal {
            stamp: now().into(),
            envelopes,
        };
        self.observer.batch(count as u64, proposal.bytes());
        let error = match raft.client_write(proposal).await {
            Ok(done) if done.data.replies.len() == count => {
                let index = CommitIndex(done.log_id.index);
                for finished in waiting.settle(in_flight, done.data.replies) {
                    let replies = finished.replies;
                    finished.waiter.answer(Ok(Submitted { index, replies }));
                }
                return;
            }
            Ok(done) => {
                let got = done.data.replies.len();
                self.health
                    .fail(format!("{count} commands were answered by {got} replies"));
                SubmitError::TimedOut
            }
            // openraft says this both before it appended and when leadership was lost meanwhile; in the
            // second case another leader may yet commit the entry.
            Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_))) => SubmitError::TimedOut,
            Err(RaftError::APIError(error @ ClientWriteError::ChangeMembershipError(_))) => {
                self.health.fail(format!(
                    "a proposal was taken for a membership change: {error}"
                ));
                SubmitError::TimedOut
            }
            // The entry may have reached the disk before whatever happened.
            Err(RaftError::Fatal(fatal)) => {
                self.health.fail(fatal.to_string());
                SubmitError::TimedOut
            }
        };
        for waiter in waiting.fail(in_flight) {
            waiter.answer(Err(error));
        }
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let ms = since.map_or(0, |since| since.as_millis());
    Time(u64::try_from(ms).unwrap_or(u64::MAX))
}
