//! The types that openraft is told to work with. They stay inside this crate.

use easel_storage::{Reply, Time};
use serde::{Deserialize, Serialize};

pub(crate) use crate::commands::Commands;
use crate::runtime::RaftRuntime;
use crate::snapshot::SnapshotStream;

openraft::declare_raft_types!(
    /// One node of Easel as openraft sees it.
    pub(crate) Types:
        D = Proposal,
        R = Applied,
        NodeId = u64,
        Node = Peer,
        SnapshotData = SnapshotStream,
        AsyncRuntime = RaftRuntime,
);

pub(crate) type Raft = openraft::Raft<Types>;
pub(crate) type Metrics = openraft::RaftMetrics<u64, Peer>;
pub(crate) type Entry = openraft::Entry<Types>;
pub(crate) type LogId = openraft::LogId<u64>;
pub(crate) type Vote = openraft::Vote<u64>;
pub(crate) type Membership = openraft::Membership<u64, Peer>;
pub(crate) type StoredMembership = openraft::StoredMembership<u64, Peer>;
pub(crate) type StorageError = openraft::StorageError<u64>;
pub(crate) type StorageIOError = openraft::StorageIOError<u64>;

/// How another node is reached. Empty for a node that is alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) address: String,
}

/// What one log entry carries: commands, and the leader's clock when it closed the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    pub(crate) stamp: Stamp,
    pub(crate) commands: Commands,
}

/// Milliseconds since the Unix epoch, as they stand in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp(pub(crate) u64);

impl From<Time> for Stamp {
    fn from(time: Time) -> Self {
        Self(time.0)
    }
}

impl From<Stamp> for Time {
    fn from(stamp: Stamp) -> Self {
        Time(stamp.0)
    }
}

/// What applying one entry answered: one reply for each of its commands, in order.
///
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Applied {
    pub(crate) replies: Vec<Reply>,
}
