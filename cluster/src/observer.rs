//! What the node can be told about the work below it. The server turns it into metrics.

use std::fmt::Debug;
use std::time::Duration;

use easel_storage::{Change, SubmitError};

/// Hears of every step of a write. Called from the threads that do the work, so an implementation
/// counts and returns: it never blocks and never calls back into the node.
pub trait Observer: Debug + Send + Sync + 'static {
    /// The log was forced to disk.
    fn fsync(&self, took: Duration);
    /// Entries were appended to the log, forcing to disk included.
    fn append(&self, took: Duration, bytes: u64);
    /// The batcher closed an entry.
    fn batch(&self, commands: u64, bytes: u64);
    /// Committed entries took effect in the state.
    fn apply(&self, took: Duration, commands: u64);
    /// The state became durable up to the point where the log may be cut.
    fn snapshot(&self, took: Duration, log_bytes: u64);
    /// The node became leader, or another node did.
    fn leader_change(&self);
    /// Somebody's commands, handed in at this node, were answered; whoever ran them.
    fn submitted(&self, _result: Result<(), SubmitError>) {}
    /// This node's state came to say otherwise, in the order of the log, and shows it to readers. On every node, for
    /// every command, whoever was asked to run it; what people draw is not told.
    fn changed(&self, _changes: &[Change]) {}
}

/// Hears and forgets.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn fsync(&self, _took: Duration) {}
    fn append(&self, _took: Duration, _bytes: u64) {}
    fn batch(&self, _commands: u64, _bytes: u64) {}
    fn apply(&self, _took: Duration, _commands: u64) {}
    fn snapshot(&self, _took: Duration, _log_bytes: u64) {}
    fn leader_change(&self) {}
}
