//! What openraft moves from node to node when a log is too old: a stream out of the state file.
//!
//! Nothing is written to make one. The state file itself is the snapshot; "building" one means making
//! the file durable, and sending one means reading it within one read transaction.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use easel_storage::redb::{Received, SnapshotReader};
use openraft::{RaftSnapshotBuilder, Snapshot, SnapshotMeta};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::background::giving_way;
use crate::observer::Observer;
use crate::raft::{LogId, Peer, StorageError, StorageIOError, StoredMembership, Types};
use crate::state::{StateError, StateFile};

/// Pieces between the disk and the connection; when full, the disk is not read.
const PIECES_MAX: usize = 2;

/// A snapshot on its way: bytes, once, in order, or a state that has arrived and only takes its place.
pub(crate) struct SnapshotStream(Source);

pub(crate) enum Source {
    Bytes(Box<dyn Read + Send>),
    Received(Received),
}

impl SnapshotStream {
    pub(crate) fn new(source: impl Read + Send + 'static) -> Self {
        Self(Source::Bytes(Box::new(source)))
    }

    pub(crate) fn received(received: Received) -> Self {
        Self(Source::Received(received))
    }

    /// To be replaced by what arrives.
    pub(crate) fn empty() -> Self {
        Self::new(io::empty())
    }

    pub(crate) fn into_source(self) -> Source {
        self.0
    }

    /// The bytes in pieces of `bytes_max`, read on a thread that may block. It ends when the receiver is dropped.
    pub(crate) fn into_pieces(self, bytes_max: usize) -> mpsc::Receiver<io::Result<Vec<u8>>> {
        let (pieces, receiver) = mpsc::channel(PIECES_MAX);
        tokio::task::spawn_blocking(move || {
            let Source::Bytes(source) = self.0 else {
                let received = "what has arrived is not sent on";
                let _ = pieces.blocking_send(Err(io::Error::other(received)));
                return;
            };
            giving_way(|| read_out(source, bytes_max, &pieces));
        });
        receiver
    }
}

fn read_out(
    mut source: Box<dyn Read + Send>,
    bytes_max: usize,
    pieces: &mpsc::Sender<io::Result<Vec<u8>>>,
) {
    loop {
        let mut piece = Vec::with_capacity(bytes_max);
        let read = (&mut source).take(bytes_max as u64).read_to_end(&mut piece);
        let ended = !matches!(read, Ok(count) if count > 0);
        if matches!(read, Ok(0)) || pieces.blocking_send(read.map(|_| piece)).is_err() || ended {
            return;
        }
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
