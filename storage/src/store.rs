//! How the rest of Easel reaches durable state: submit commands, read answers.

use futures_util::future::BoxFuture;

use crate::command::{Envelope, Reply};
use crate::ids::Time;
use crate::query::{Answer, Query};

/// A place that runs commands in one order and answers queries.
///
/// Implemented by a node (replicated) and by [`crate::suite::DirectStore`] (one state, for tests). The suite in
/// [`crate::suite`] says what every implementation owes.
pub trait Store: Send + Sync + 'static {
    /// Runs the commands in order; resolves when all of them are durable. They may share a batch with others' and
    /// may be split over several, so a later one can fail by [`SubmitError`] after an earlier one ran: whoever cannot
    /// bear that gives its commands ids. Dropping the future does not take the commands back.
    fn submit(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Result<Submitted, SubmitError>>;

    fn read(&self, level: ReadLevel, query: Query) -> BoxFuture<'_, Result<Read, ReadError>>;
}

/// Submits one command and gives its own reply.
pub async fn submit_one(
    store: &dyn Store,
    envelope: Envelope,
) -> Result<(CommitIndex, Reply), SubmitError> {
    let mut submitted = store.submit(vec![envelope]).await?;
    let reply = submitted
        .replies
        .pop()
        .expect("a store gives one reply for each command");
    Ok((submitted.index, reply))
}

/// How far the order of commands has got. Callers compare and carry it; what it counts is the store's affair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitIndex(pub u64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// A read at least at this index sees all of these commands.
    pub index: CommitIndex,
    /// One for each command, in order.
    pub replies: Vec<Reply>,
}

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadLevel {
    /// What this node has applied.
    Local,
    /// Not before this node has applied the index.
    AtLeast(CommitIndex),
    /// Everything that was acknowledged to anyone before the read began.
    Linearizable,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The answer is of this index or later.
    pub index: CommitIndex,
    pub answer: Answer,
}

/// Why commands were not run, or not known to have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// Not run. Goes away by itself when there is room again.
    #[error("the disk is nearly full")]
    DiskFull,
    /// Not run, and never will be.
    #[error("the command is too large")]
    TooLarge,
    /// Not run: no leader, or more work than the store takes on.
    #[error("the store is not available")]
    Unavailable,
    /// Not known: they may yet run. Retry with the same ids.
    #[error("the store did not answer in time")]
    TimedOut,
    /// The store is shutting down or has failed.
    #[error("the store has stopped")]
    Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the store is not available")]
    Unavailable,
    #[error("the store did not answer in time")]
    TimedOut,
    /// This machine failed to read what it holds.
    #[error("the store could not read its data")]
    Failed,
    #[error("the store has stopped")]
    Stopped,
}

/// Commands that share one moment: what a log entry holds, and what [`crate::apply::apply_batch`] takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The leader's clock when the batch was closed. Applied as at least 1 ms after the batch before it.
    pub at: Time,
    pub envelopes: Vec<Envelope>,
}
