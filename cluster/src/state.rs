//! The state file while the node runs: applies, flushes and answers queries, each on a thread that may
//! block, and knows how far it is durable.
//!
//! An apply is not forced to disk (the log already is), so after a crash the file may have forgotten the
//! newest entries; its marker says which, and the log gives them again. Forcing happens once a second, at
//! 64 MiB, and before anything that lets the log forget.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use easel_storage::blobs::{self, BlobHash};
use easel_storage::changes::note_changes;
use easel_storage::redb::{InstallError, Received, SnapshotReader, State};
use easel_storage::tx::Counts;
use easel_storage::{Answered, Batch, Change, Fault, Query, Reply, Time};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, mpsc, watch};

use crate::background::giving_way;
use crate::codec::{self, DecodeError, Marker};
use crate::observer::Observer;
use crate::raft::LogId;
use crate::runtime;
use crate::snapshot::Source;

/// How long a snapshot that has arrived may take to be in its place.
const ARRIVAL_WAIT_MAX: Duration = Duration::from_secs(60);
/// What is small is applied where it is: in memory, and for some 5 µs a command.
const INLINE_COMMANDS_MAX: u64 = 256;
const INLINE_BYTES_MAX: u64 = 64 << 10;
/// Applied bytes that wait for a flush before one is asked for early.
const DIRTY_BYTES_MAX: u64 = 32 << 20;

/// Why the state did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("the node has stopped")]
    Closed,
    #[error("the state file failed: {0}")]
    Fault(#[from] Fault),
    #[error(transparent)]
    Install(#[from] InstallError),
    #[error("the marker of the snapshot cannot be read: {0}")]
    Marker(#[from] DecodeError),
    #[error("the snapshot is not the one that was announced")]
    NotAnnounced,
    #[error("the state file's code panicked: {0}")]
    Panicked(String),
}

#[derive(Debug)]
pub(crate) struct StateFile {
    /// Empty once closed: handles outlive the node, and the file must not.
    open: RwLock<Option<Arc<Open>>>,
    /// Index of the last applied entry; 0 before the first.
    applied_index: watch::Sender<u64>,
    applied: Mutex<Option<LogId>>,
    durable: Mutex<Option<LogId>>,
    /// Where a snapshot ends that is about to be installed.
    arriving: watch::Sender<Option<u64>>,
    dirty_bytes: AtomicU64,
    unsnapped_bytes: AtomicU64,
    dirty: Notify,
    /// One flush at a time: a second caller waits and then finds its work done.
    flushing: tokio::sync::Mutex<()>,
    observer: Arc<dyn Observer>,
}

/// See [`StateFile::arriving`].
#[derive(Debug)]
pub(crate) struct Arriving<'a> {
    state: &'a StateFile,
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        self.state.arriving.send_replace(None);
    }
}

#[derive(Debug)]
struct Open {
    state: State,
    // Declared after `state`: whoever waits on the other end knows that the file is closed.
    _closed: mpsc::Sender<()>,
}

impl StateFile {
    /// `applied` is what the file's own marker says.
    pub(crate) fn new(
        state: State,
        applied: Option<LogId>,
        closed: mpsc::Sender<()>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let open = Open {
            state,
            _closed: closed,
        };
        Self {
            open: RwLock::new(Some(Arc::new(open))),
            applied_index: watch::Sender::new(applied.map_or(0, |id| id.index)),
            applied: Mutex::new(applied),
            durable: Mutex::new(applied),
            arriving: watch::Sender::new(None),
            dirty_bytes: AtomicU64::new(0),
            unsnapped_bytes: AtomicU64::new(0),
            dirty: Notify::new(),
            flushing: tokio::sync::Mutex::new(()),
            observer,
        }
    }

    /// Applies entries and their marker in one transaction; readable when it returns, durable later.
    pub(crate) async fn apply(
        &self,
        batches: Vec<Batch>,
        marker: &Marker,
        bytes: u64,
    ) -> Result<Vec<Vec<Reply>>, StateError> {
        let encoded = codec::encode_marker(marker);
        let commands: u64 = batches.iter().map(|b| b.envelopes.len() as u64).sum();
        let begun = Instant::now();
        let apply = move |state: &State| {
            let replies = state.apply(&batches, &encoded)?;
            let changes = changes_of(&batches, &replies);
            Ok::<_, Fault>((replies, changes))
        };
        let small = commands <= INLINE_COMMANDS_MAX && bytes <= INLINE_BYTES_MAX;
        // While a flush runs the file takes no writes: then a thread that may block waits for it.
        let (replies, changes) = match self.flushing.try_lock() {
            Ok(_turn) if small => apply(&self.opened()?.state)?,
            Ok(_) | Err(_) => self.on_thread(apply).await?,
        };
        self.observer.apply(begun.elapsed(), commands);
        self.set_applied(marker.applied);
        if !changes.is_empty() {
            self.observer.changed(&changes);
        }
        self.unsnapped_bytes.fetch_add(bytes, Ordering::Relaxed);
        if self.dirty_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes >= DIRTY_BYTES_MAX {
            self.dirty.notify_one();
        }
        Ok(replies)
    }

    /// Makes durable what was applied before the call; returns how far that is.
    pub(crate) async fn flush(&self) -> Result<Option<LogId>, StateError> {
        let _turn = self.flushing.lock().await;
        let applied = *self.applied.lock();
        let durable = *self.durable.lock();
        if applied == durable {
            return Ok(durable);
        }
        self.dirty_bytes.store(0, Ordering::Relaxed);
        self.on_thread(State::flush).await?;
        *self.durable.lock() = applied;
        Ok(applied)
    }

    /// Makes durable at least up to `index`, if that much was applied; returns how far it is durable.
    pub(crate) async fn flush_to(&self, index: u64) -> Result<Option<LogId>, StateError> {
        let durable = *self.durable.lock();
        match durable {
            Some(id) if id.index >= index => Ok(durable),
            Some(_) | None => {
                // openraft cuts the log while it installs. Without waiting, a gap would stay in the log.
                let mut arriving = self.arriving.subscribe();
                let settled = arriving.wait_for(|upto| upto.is_none_or(|upto| upto < index));
                // When it takes too long, the log keeps what it has.
                let _ = runtime::timeout(ARRIVAL_WAIT_MAX, settled).await;
                self.flush().await
            }
        }
    }

    /// Says that a snapshot up to `index` is about to be installed, until it is, or what this returns is dropped.
    pub(crate) fn arriving(&self, index: u64) -> Arriving<'_> {
        self.arriving.send_replace(Some(index));
        Arriving { state: self }
    }

    /// Loads a snapshot beside the state and checks it. One at a time.
    pub(crate) async fn receive(
        &self,
        mut source: Box<dyn std::io::Read + Send>,
    ) -> Result<Received, StateError> {
        self.on_thread(move |state| giving_way(|| state.receive(&mut *source)))
            .await
    }

    /// Returns when enough was applied that a flush should not wait for its hour.
    pub(crate) async fn dirty(&self) {
        self.dirty.notified().await;
    }

    pub(crate) async fn answer(&self, query: Query) -> Result<Answered, StateError> {
        // A thread's turn costs many times what a few rows do.
        if query.is_small()
            && let Some(answer) = self.opened()?.state.answer_now(&query)
        {
            return Ok(answer?);
        }
        self.on_thread(move |state| state.answer(&query)).await
    }

    /// A consistent view of everything applied so far.
    pub(crate) async fn snapshot(&self) -> Result<SnapshotReader, StateError> {
        self.on_thread(State::snapshot).await
    }

    /// The same, with when its last entry was accepted and how much there is.
    pub(crate) async fn snapshot_with_counts(
        &self,
    ) -> Result<(SnapshotReader, (Time, Counts)), StateError> {
        self.on_thread(|state| state.snapshot_with(|tx| Ok((tx.clock()?, tx.counts()?))))
            .await
    }

    /// The blobs that the state names, with their lengths.
    pub(crate) async fn named_blobs(&self) -> Result<BTreeMap<BlobHash, u64>, StateError> {
        self.on_thread(|state| state.read_tx(blobs::named)).await
    }

    /// Replaces the whole state; durable when it returns.
    pub(crate) async fn install(&self, source: Source) -> Result<Option<Marker>, StateError> {
        let installed = self
            .on_thread(move |state| {
                match source {
                    Source::Bytes(mut bytes) => state.install(&mut *bytes)?,
                    Source::Received(received) => state.install_received(received)?,
                }
                let bytes = state.marker()?;
                let marker = bytes.map(|bytes| codec::decode_marker(&bytes));
                marker.transpose().map_err(StateError::from)
            })
            .await;
        if let Ok(marker) = &installed {
            let applied = marker.as_ref().and_then(|m| m.applied);
            *self.durable.lock() = applied;
            self.set_applied(applied);
            self.observer.changed(&[Change::Everything]);
        }
        self.arriving.send_replace(None);
        installed
    }

    /// Nothing is forced to disk while this is held.
    #[cfg(test)]
    pub(crate) async fn hold_flushes(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.flushing.lock().await
    }

    pub(crate) fn applied_index(&self) -> watch::Receiver<u64> {
        self.applied_index.subscribe()
    }

    pub(crate) fn durable(&self) -> Option<LogId> {
        *self.durable.lock()
    }

    /// Bytes of commands applied since the last call.
    pub(crate) fn take_unsnapped_bytes(&self) -> u64 {
        self.unsnapped_bytes.swap(0, Ordering::Relaxed)
    }

    /// Lets go of the file as soon as running queries have ended. Later calls answer `Closed`.
    pub(crate) fn close(&self) {
        self.open.write().take();
    }

    fn set_applied(&self, applied: Option<LogId>) {
        *self.applied.lock() = applied;
        self.applied_index
            .send_replace(applied.map_or(0, |id| id.index));
    }

    fn opened(&self) -> Result<Arc<Open>, StateError> {
        self.open.read().clone().ok_or(StateError::Closed)
    }

    async fn on_thread<T: Send + 'static, E: Into<StateError> + Send + 'static>(
        &self,
        work: impl FnOnce(&State) -> Result<T, E> + Send + 'static,
    ) -> Result<T, StateError> {
        let open = self.opened()?;
        runtime::spawn_blocking(move || work(&open.state))
            .await
            .map_err(|e| StateError::Panicked(e.to_string()))?
            .map_err(Into::into)
    }
}

/// What the batches changed besides what people drew; nearly always nothing.
fn changes_of(batches: &[Batch], replies: &[Vec<Reply>]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (batch, replies) in batches.iter().zip(replies) {
        for (envelope, reply) in batch.envelopes.iter().zip(replies) {
            note_changes(envelope, reply, &mut changes);
        }
    }
    changes
}
