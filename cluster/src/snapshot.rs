//! What openraft moves from node to node when a log is too old: a stream out of the state file.
//!
//! Nothing is written to make one. The state file itself is the snapshot; "building" one means making
//! the file durable, and sending one means reading it within one read transaction.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use easel_storage::redb::SnapshotReader;
use openraft::{RaftSnapshotBuilder, Snapshot, SnapshotMeta};
use parking_lot::Mutex;

use crate::observer::Observer;
use crate::raft::{LogId, Peer, StorageError, StorageIOError, StoredMembership, Types};
use crate::state::{StateError, StateFile};

/// The bytes of a snapshot, once, in order.
pub(crate) struct SnapshotStream(Box<dyn Read + Send>);

impl SnapshotStream {
    pub(crate) fn new(source: impl Read + Send + 'static) -> Self {
        Self(Box::new(source))
    }

    /// To be replaced by what arrives.
    pub(crate) fn empty() -> Self {
        Self::new(io::empty())
    }

    pub(crate) fn into_read(self) -> Box<dyn Read + Send> {
        self.0
    }
}

impl fmt::Debug for SnapshotStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SnapshotStream")
    }
}

pub(crate) type Meta = SnapshotMeta<u64, Peer>;

/// The same position always has the same name, since its content is the same on every node.
pub(crate) fn meta(applied: Option<LogId>, membership: StoredMembership) -> Meta {
    let snapshot_id = applied.map_or_else(
        || "empty".to_owned(),
        |id| {
            format!(
                "{}-{}-{}",
                id.leader_id.term, id.leader_id.node_id, id.index
            )
        },
    );
    SnapshotMeta {
        last_log_id: applied,
        last_membership: membership,
        snapshot_id,
    }
}

/// Made by the state machine between two applies, so `meta` is what the file holds at that moment.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) meta: Meta,
    /// Taken once. In a mutex because openraft wants builders that could be shared.
    pub(crate) reader: Mutex<Option<Result<SnapshotReader, StateError>>>,
    pub(crate) state: Arc<StateFile>,
    pub(crate) current: Arc<CurrentSnapshot>,
    pub(crate) observer: Arc<dyn Observer>,
}

/// Whether there is a snapshot, and up to where.
#[derive(Debug, Default)]
pub(crate) struct CurrentSnapshot {
    /// Index + 1 of its last entry; 0 when there is none.
    next_index: AtomicU64,
}

impl CurrentSnapshot {
    pub(crate) fn set(&self, meta: &Meta) {
        let next = meta.last_log_id.map_or(0, |id| id.index + 1);
        self.next_index.fetch_max(next, Ordering::Relaxed);
    }

    pub(crate) fn exists(&self) -> bool {
        self.next_index.load(Ordering::Relaxed) > 0
    }
}

impl RaftSnapshotBuilder<Types> for Builder {
    async fn build_snapshot(&mut self) -> Result<Snapshot<Types>, StorageError> {
        let begun = Instant::now();
        // Reported only after it is durable: openraft purges the log up to what is reported.
        self.state
            .flush()
            .await
            .map_err(|e| StorageIOError::write_snapshot(Some(self.meta.signature()), &e))?;
        let stream = match self.reader.get_mut().take() {
            Some(reader) => {
                let signature = Some(self.meta.signature());
                let failed = |e| StorageIOError::read_snapshot(signature, &e);
                SnapshotStream::new(reader.map_err(failed)?)
            }
            None => SnapshotStream::empty(),
        };
        self.current.set(&self.meta);
        let log_bytes = self.state.take_unsnapped_bytes();
        self.observer.snapshot(begun.elapsed(), log_bytes);
        Ok(Snapshot {
            meta: self.meta.clone(),
            snapshot: Box::new(stream),
        })
    }
}
