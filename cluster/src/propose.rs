//! The one way in: commands queue here, and one loop proposes them to Raft in batches.
//!
//! openraft 0.9 syncs once for each proposal and one after the other, so what counts is how much travels
//! in each. What arrives while a batch is on its way to the disk forms the next, so the batch size follows
//! the disk by itself. When a batch is on the disk the next one leaves, while the state applies the first:
//! one batch is in the log and one in the state, no more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use easel_storage::{CommitIndex, Envelope, SubmitError, Submitted, Time};
use openraft::ServerState;
use openraft::error::ClientWriteError;
use openraft::raft::ClientWriteResponse;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::batch::{InFlight, Waiting, bytes_of};
use crate::disk::Reserve;
use crate::health::Health;
use crate::observer::Observer;
use crate::raft::{Commands, Peer, Proposal, Raft, Types};
use crate::runtime;

/// A larger command is refused. The state keeps it in rows of up to 64 MiB.
pub(crate) const COMMAND_BYTES_MAX: usize = 48 << 20;
/// Encoded commands that may wait or be in flight. When it is full, `submit` waits for room, and after
/// `QUEUE_WAIT_MAX` answers `Unavailable`: then nothing of it was proposed.
const QUEUE_BYTES_MAX: usize = 64 << 20;
const QUEUE_SUBMISSIONS_MAX: usize = 16_384;
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(5);
/// After that the caller is told that the result is not known. The commands may still run.
pub(crate) const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);

/// One in the log, one in the state.
const BATCHES_MAX: usize = 2;

const PERMIT_BYTES: usize = 1_024;

/// Where commands are handed in; clones share the queue.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    queue: mpsc::Sender<Queued>,
    room: Arc<Semaphore>,
    reserve: Arc<Reserve>,
    health: Arc<Health>,
    pause: Arc<Pause>,
}

/// Why there are no replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoReply {
    /// This node does not lead its group: nothing was run, and another node may be asked the same.
    NotLed,
    Failed(SubmitError),
}

impl From<SubmitError> for NoReply {
    fn from(error: SubmitError) -> Self {
        Self::Failed(error)
    }
}

impl From<NoReply> for SubmitError {
    fn from(why: NoReply) -> Self {
        match why {
            NoReply::NotLed => Self::Unavailable,
            NoReply::Failed(error) => error,
        }
    }
}

/// Whether commands are held back just now, and whether none is on its way.
#[derive(Debug, Default)]
struct Pause {
    held: watch::Sender<bool>,
    quiet: watch::Sender<bool>,
}

/// While this is there nothing is proposed; what comes in waits. One at a time.
#[derive(Debug)]
pub(crate) struct Held(Arc<Pause>);

impl Held {
    /// Ends when everything that was proposed before has its answer.
    pub(crate) async fn quiet(&self) {
        let mut quiet = self.0.quiet.subscribe();
        let _ = quiet.wait_for(|quiet| *quiet).await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.held.send_replace(false);
    }
}

#[derive(Debug)]
struct Queued {
    commands: Vec<Bytes>,
    waiter: Waiter,
}

#[derive(Debug)]
struct Waiter {
    answer: oneshot::Sender<Result<Submitted, NoReply>>,
    /// Its part of the queue's room, until it is answered.
    _room: OwnedSemaphorePermit,
}

impl Waiter {
    fn answer(self, result: Result<Submitted, NoReply>) {
        // Whoever asked may have stopped waiting: the command ran all the same.
        let _ = self.answer.send(result);
    }
}

/// The loop's end of the queue.
#[derive(Debug)]
pub(crate) struct Proposer {
    queue: mpsc::Receiver<Queued>,
    /// Counts the log's appends.
    appends: watch::Receiver<u64>,
    health: Arc<Health>,
    observer: Arc<dyn Observer>,
    pause: Arc<Pause>,
}

pub(crate) fn queue(
    reserve: Arc<Reserve>,
    appends: watch::Receiver<u64>,
    health: Arc<Health>,
    observer: Arc<dyn Observer>,
) -> (Intake, Proposer) {
    let (sender, receiver) = mpsc::channel(QUEUE_SUBMISSIONS_MAX);
    let pause = Arc::<Pause>::default();
    let intake = Intake {
        queue: sender,
        room: Arc::new(Semaphore::new(QUEUE_BYTES_MAX / PERMIT_BYTES)),
        reserve,
        health: health.clone(),
        pause: pause.clone(),
    };
    let proposer = Proposer {
        queue: receiver,
        appends,
        health,
        observer,
        pause,
    };
    (intake, proposer)
}

impl Intake {
    /// Proposes nothing until the result is dropped.
    pub(crate) fn hold(&self) -> Held {
        self.pause.quiet.send_replace(false);
        self.pause.held.send_replace(true);
        Held(self.pause.clone())
    }

    /// Whether commands are refused since this node's disk is nearly full.
    pub(crate) fn is_short_of_room(&self) -> bool {
        self.reserve.is_short(runtime::now())
    }

    pub(crate) async fn submit(&self, batch: &[Envelope]) -> Result<Submitted, NoReply> {
        if self.is_short_of_room() {
            return Err(SubmitError::DiskFull.into());
        }
        self.submit_from_reserve(batch).await
    }

    /// For the node's own few commands, which the reserve is there for.
    pub(crate) async fn submit_from_reserve(
        &self,
        batch: &[Envelope],
    ) -> Result<Submitted, NoReply> {
        if batch.is_empty() {
            let (index, replies) = (CommitIndex::default(), Vec::new());
            return Ok(Submitted { index, replies });
        }
        let commands = batch.iter().map(encode).collect();
        self.queue_and_wait(commands, ANSWER_WAIT_MAX).await
    }

    /// Commands that were encoded before, here or by another node, for as long as somebody waits.
    pub(crate) async fn submit_encoded(
        &self,
        commands: Vec<Bytes>,
        answer_within: Duration,
    ) -> Result<Submitted, NoReply> {
        if self.reserve.is_short(runtime::now()) {
            return Err(SubmitError::DiskFull.into());
        }
        self.queue_and_wait(commands, answer_within.min(ANSWER_WAIT_MAX))
            .await
    }

    async fn queue_and_wait(
        &self,
        commands: Vec<Bytes>,
        answer_within: Duration,
    ) -> Result<Submitted, NoReply> {
        if self.health.has_failed() {
            return Err(SubmitError::Stopped.into());
        }
        if commands.iter().any(|c| c.len() > COMMAND_BYTES_MAX) {
            return Err(SubmitError::TooLarge.into());
        }
        let answered = runtime::timeout(QUEUE_WAIT_MAX, self.enqueue(commands))
            .await
            .map_err(|_| SubmitError::Unavailable)??;
        match runtime::timeout(answer_within, answered).await {
            Ok(Ok(result)) => result,
            // The loop ended with the command in hand.
            Ok(Err(_)) | Err(_) => Err(SubmitError::TimedOut.into()),
        }
    }

    async fn enqueue(
        &self,
        commands: Vec<Bytes>,
    ) -> Result<oneshot::Receiver<Result<Submitted, NoReply>>, SubmitError> {
        let bytes = bytes_of(&commands);
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

/// A batch on its way.
#[derive(Debug)]
struct Proposed {
    answer: Answer,
    in_flight: InFlight<Waiter>,
    commands: usize,
    /// How many appends the log had done when this was handed over.
    appends_before: u64,
}

type Answer = oneshot::Receiver<Result<Written, Refused>>;
type Written = ClientWriteResponse<Types>;
type Refused = ClientWriteError<u64, Peer>;

impl Proposer {
    /// Runs until `stop`, then proposes what was accepted before it.
    pub(crate) async fn run(mut self, raft: Raft, stop: CancellationToken) {
        let mut waiting = Waiting::new();
        let mut proposed = VecDeque::with_capacity(BATCHES_MAX);
        let mut ended = false;
        let pause = self.pause.clone();
        let mut held = pause.held.subscribe();
        loop {
            if stop.is_cancelled() {
                // What is in the queue still comes; nothing new does.
                self.queue.close();
            }
            while !waiting.fills_a_batch() {
                match self.queue.try_recv() {
                    Ok(queued) => waiting.push(queued.commands, queued.waiter),
                    Err(_) => break,
                }
            }
            if self.health.has_failed() {
                for (waiter, _) in waiting.abandon() {
                    waiter.answer(Err(SubmitError::Stopped.into()));
                }
            }
            let is_held = *held.borrow_and_update();
            if !is_held && !waiting.is_empty() && !leads_or_is_alone(&raft) {
                for (waiter, begun) in waiting.abandon() {
                    waiter.answer(Err(match begun {
                        true => SubmitError::TimedOut.into(),
                        false => NoReply::NotLed,
                    }));
                }
            }
            let is_quiet = is_held && proposed.is_empty();
            pause
                .quiet
                .send_if_modified(|quiet| std::mem::replace(quiet, is_quiet) != is_quiet);
            let may_propose = !is_held && self.may_propose(&proposed);
            if may_propose && waiting.can_close() {
                let (commands, in_flight) = waiting.close();
                match self.propose(&raft, commands, in_flight).await {
                    Ok(batch) => proposed.push_back(batch),
                    Err(in_flight) => fail(&mut waiting, in_flight),
                }
                continue;
            }
            if ended && waiting.is_empty() && proposed.is_empty() {
                return;
            }
            let nothing_waits = waiting.is_empty();
            tokio::select! {
                biased;
                _ = held.changed() => {}
                answer = first_answer(&mut proposed), if !proposed.is_empty() => {
                    let batch = proposed.pop_front().expect("it was answered");
                    self.settle(&raft, &mut waiting, batch, answer);
                }
                // The log is free for the next.
                _ = self.appends.changed(), if !nothing_waits && !proposed.is_empty() => {}
                next = self.queue.recv(), if nothing_waits && (may_propose || is_held) && !ended => match next {
                    Some(queued) => waiting.push(queued.commands, queued.waiter),
                    None => ended = true,
                },
                () = stop.cancelled(), if !self.queue.is_closed() => {}
            }
        }
    }

    fn may_propose(&self, proposed: &VecDeque<Proposed>) -> bool {
        match proposed.back() {
            None => true,
            Some(last) => {
                proposed.len() < BATCHES_MAX && *self.appends.borrow() > last.appends_before
            }
        }
    }

    /// Hands a batch to Raft, in the order of the calls. Gives back whose it was if Raft has ended.
    async fn propose(
        &mut self,
        raft: &Raft,
        commands: Vec<Bytes>,
        in_flight: InFlight<Waiter>,
    ) -> Result<Proposed, InFlight<Waiter>> {
        let proposal = Proposal {
            stamp: now().into(),
            commands: Commands::of(&commands),
        };
        let commands = commands.len();
        self.observer
            .batch(commands as u64, proposal.commands.bytes());
        let appends_before = *self.appends.borrow_and_update();
        match raft.client_write_ff(proposal).await {
            Ok(answer) => Ok(Proposed {
                answer,
                in_flight,
                commands,
                appends_before,
            }),
            Err(fatal) => {
                self.health.fail(fatal.to_string());
                Err(in_flight)
            }
        }
    }

    fn settle(
        &self,
        raft: &Raft,
        waiting: &mut Waiting<Waiter>,
        batch: Proposed,
        answer: Result<Result<Written, Refused>, oneshot::error::RecvError>,
    ) {
        match answer {
            Ok(Ok(done)) if done.data.replies.len() == batch.commands => {
                let index = CommitIndex(done.log_id.index);
                for finished in waiting.settle(batch.in_flight, done.data.replies) {
                    let replies = finished.replies;
                    finished.waiter.answer(Ok(Submitted { index, replies }));
                }
                return;
            }
            Ok(Ok(done)) => {
                let (count, got) = (batch.commands, done.data.replies.len());
                self.health
                    .fail(format!("{count} commands were answered by {got} replies"));
            }
            // openraft says this both before it appended and when leadership was lost meanwhile; in the
            // second case another leader may yet commit the entry.
            Ok(Err(ClientWriteError::ForwardToLeader(_))) => {}
            Ok(Err(error @ ClientWriteError::ChangeMembershipError(_))) => {
                self.health.fail(format!(
                    "a proposal was taken for a membership change: {error}"
                ));
            }
            // Raft has ended. The entry may have reached the disk before whatever happened.
            Err(_) => {
                let why = raft.metrics().borrow().running_state.clone().err();
                let why = why.map_or_else(|| "Raft has ended".to_owned(), |why| why.to_string());
                self.health.fail(why);
            }
        }
        fail(waiting, batch.in_flight);
    }
}

/// Batches are answered in the order in which they were proposed.
async fn first_answer(
    proposed: &mut VecDeque<Proposed>,
) -> Result<Result<Written, Refused>, oneshot::error::RecvError> {
    match proposed.front_mut() {
        Some(first) => (&mut first.answer).await,
        None => std::future::pending().await,
    }
}

/// Whether the commands ran, or will, is not known.
fn fail(waiting: &mut Waiting<Waiter>, in_flight: InFlight<Waiter>) {
    for waiter in waiting.fail(in_flight) {
        waiter.answer(Err(SubmitError::TimedOut.into()));
    }
}

/// A command as it travels from here on.
pub(crate) fn encode(envelope: &Envelope) -> Bytes {
    envelope.encode().into()
}

/// A node alone leads whatever openraft calls it while it starts: what is proposed then waits.
fn leads_or_is_alone(raft: &Raft) -> bool {
    let roles = raft.server_metrics();
    let roles = roles.borrow();
    roles.state == ServerState::Leader || roles.membership_config.nodes().count() <= 1
}

fn now() -> Time {
    let ms = runtime::clock().as_millis();
    Time(u64::try_from(ms).unwrap_or(u64::MAX))
}
