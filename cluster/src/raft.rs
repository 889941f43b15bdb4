//! The types that openraft is told to work with. They stay inside this crate.

use std::sync::Arc;

use bytes::Bytes;
use easel_storage::{Batch, Reply, Time};
use parking_lot::Mutex;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::snapshot::SnapshotStream;

openraft::declare_raft_types!(
    /// One node of Easel as openraft sees it.
    pub(crate) Types:
        D = Proposal,
        R = Applied,
        NodeId = u64,
        Node = Peer,
        SnapshotData = SnapshotStream,
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
///
/// The commands stay in their encoded form from the batcher to the state machine, so that the log
/// and later the peers copy bytes instead of encoding again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    pub(crate) stamp: Stamp,
    pub(crate) envelopes: Vec<EncodedEnvelope>,
    #[serde(skip)]
    pub(crate) decoded: Decoded,
}

/// What a proposal's bytes say, on the node that made them, until it has applied them; clones share it. Others decode.
#[derive(Clone, Default)]
pub(crate) struct Decoded(Option<Arc<Mutex<Option<Batch>>>>);

impl Decoded {
    pub(crate) fn new(batch: Batch) -> Self {
        Self(Some(Arc::new(Mutex::new(Some(batch)))))
    }

    /// It is there once, so that the log does not hold every command twice.
    pub(crate) fn take(&self) -> Option<Batch> {
        self.0.as_ref()?.lock().take()
    }
}

/// It adds nothing to the bytes.
impl PartialEq for Decoded {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Decoded {}

impl std::fmt::Debug for Decoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoded").finish_non_exhaustive()
    }
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

impl Proposal {
    pub(crate) fn bytes(&self) -> u64 {
        self.envelopes.iter().map(|e| e.0.len() as u64).sum()
    }
}

/// One command as `Envelope::encode` made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodedEnvelope(pub(crate) Bytes);

// By hand: serde's `Vec<u8>` goes byte by byte, and a command can be megabytes.
impl Serialize for EncodedEnvelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for EncodedEnvelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Raw;
        impl Visitor<'_> for Raw {
            type Value = EncodedEnvelope;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the bytes of one command")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                if bytes.is_empty() {
                    return Err(E::custom("a command of no bytes"));
                }
                Ok(EncodedEnvelope(Bytes::copy_from_slice(bytes)))
            }
        }
        deserializer
            .deserialize_bytes(Raw)
            .map_err(D::Error::custom)
    }
}

/// What applying one entry answered: one reply for each of its commands, in order.
///
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Applied {
    pub(crate) replies: Vec<Reply>,
}
