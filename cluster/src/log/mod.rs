//! The Raft log as openraft sees it: a tail in memory, readable as soon as an entry is appended, and a
//! file behind it that one thread writes.
//!
//! Order is the contract: all writes (entries, vote, truncate, purge) pass through one queue to the one
//! thread, so a later write is never on disk before an earlier one. An append is acknowledged only after
//! its sync. The first failed write ends the writing for good: what is on disk after a failed sync is
//! unknown, so nothing may be built upon it.

mod file;
mod held;
pub(crate) mod mark;
mod old;
pub(crate) mod place;
pub(crate) mod record;
mod segment;
mod spare;
mod tail;

use std::fmt::Debug;
use std::ops::{Bound, Range, RangeBounds};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use openraft::storage::{LogFlushed, RaftLogStorage};
use openraft::{LogState, OptionalSend, RaftLogReader};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use self::file::{LogError, LogFile, LogSummary, Piece};
pub(crate) use self::held::Held;
pub(crate) use self::old::{NAME as OLD_NAME, migrate};
use self::record::Frame;
use self::tail::Tail;
use crate::observer::Observer;
use crate::raft::{Entry, LogId, StorageError, StorageIOError, Types, Vote};
use crate::runtime;
use crate::state::StateFile;

/// openraft waits for each write, so this is never more than a few deep; when full, openraft waits.
const JOBS_MAX: usize = 16;

/// A larger buffer is not kept.
const BUFFER_BYTES_MAX: usize = 1 << 20;

/// So long is waited until an entry that was applied is in this node's own log as well.
const OWN_LOG_WITHIN: Duration = Duration::from_secs(10);

/// A reader that lags gets the log in pieces of about this size.
const READ_BYTES_MAX: u64 = 4 << 20;

/// The log; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct LogStore {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
}

#[derive(Debug)]
struct Shared {
    file: Arc<LogFile>,
    tail: RwLock<Tail>,
    vote: RwLock<Option<Vote>>,
    committed: RwLock<Option<LogId>>,
    /// Entries may be deleted only up to what this holds durably.
    state: Arc<StateFile>,
    progress: Arc<LogProgress>,
    /// What the last frame was in, for the next.
    buffer: Mutex<Vec<u8>>,
}

/// Counters that others watch.
#[derive(Debug, Default)]
pub(crate) struct LogProgress {
    /// Bytes appended since the process began, plus what the log held then.
    pub(crate) bytes: AtomicU64,
    pub(crate) committed: AtomicU64,
    /// The entries from here on are the newest 16 MiB, or all since the process began. 0: nothing yet.
    pub(crate) newest_from: AtomicU64,
    /// How often entries were put on the disk.
    appends: watch::Sender<u64>,
}

impl LogProgress {
    pub(crate) fn appends(&self) -> watch::Receiver<u64> {
        self.appends.subscribe()
    }
}

enum Job {
    Append {
        frame: Frame,
        done: LogFlushed<Types>,
    },
    Vote {
        vote: Vote,
        done: oneshot::Sender<Result<(), LogError>>,
    },
    Truncate {
        since: u64,
        done: oneshot::Sender<Result<(), LogError>>,
    },
    Purge {
        upto: LogId,
        done: oneshot::Sender<Result<(), LogError>>,
    },
}

impl LogStore {
    /// Takes over the file and starts its writer thread, which ends when the last clone is dropped.
    pub(crate) fn start(
        file: LogFile,
        summary: &LogSummary,
        state: Arc<StateFile>,
        observer: Arc<dyn Observer>,
    ) -> std::io::Result<Self> {
        let progress = LogProgress::default();
        progress.bytes.store(summary.bytes, Ordering::Relaxed);
        let shared = Arc::new(Shared {
            file: Arc::new(file),
            tail: RwLock::new(Tail::new(summary.purged, summary.last)),
            vote: RwLock::new(summary.vote),
            committed: RwLock::new(summary.committed),
            state,
            progress: Arc::new(progress),
            buffer: Mutex::default(),
        });
        let (jobs, queue) = mpsc::channel(JOBS_MAX);
        // Weak: the writer must not keep the log open once nobody can send it anything.
        let writer = Writer {
            shared: Arc::downgrade(&shared),
            observer,
        };
        #[cfg(test)]
        if runtime::is_simulated() {
            drop(runtime::spawn(writer.run_simulated(queue)));
            return Ok(Self { shared, jobs });
        }
        std::thread::Builder::new()
            .name("easel-log".into())
            .spawn(move || writer.run(queue))?;
        Ok(Self { shared, jobs })
    }

    pub(crate) fn progress(&self) -> Arc<LogProgress> {
        self.shared.progress.clone()
    }

    /// For who reads what is on the disk, and outlives the node.
    pub(crate) fn to_look_back(&self) -> LookBack {
        LookBack {
            file: Arc::downgrade(&self.shared.file),
            progress: self.progress(),
        }
    }

    async fn ask(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<(), LogError>>) -> Job,
    ) -> Result<(), LogError> {
        let (done, answer) = oneshot::channel();
        let gone = || LogError::Inconsistent("the log writer has stopped".into());
        self.jobs.send(job(done)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    async fn read(&self, range: Range<u64>, bytes_max: u64) -> Result<Vec<Entry>, StorageError> {
        let found = self.shared.tail.read().read(range);
        if found.on_disk.is_empty() {
            return Ok(found.held);
        }
        let file = self.shared.file.clone();
        let on_disk = found.on_disk.clone();
        let piece = runtime::spawn_blocking(move || file.read(on_disk, bytes_max))
            .await
            .map_err(|e| StorageIOError::read_logs(&e))?
            .map_err(|e| StorageIOError::read_logs(&e))?;
        Ok(match piece {
            Piece::Whole(mut entries) => {
                entries.extend(found.held);
                entries
            }
            Piece::Cut(entries) => entries,
        })
    }
}

/// The log as it lies on the disk. Does not keep it open.
#[derive(Debug, Clone)]
pub(crate) struct LookBack {
    file: Weak<LogFile>,
    progress: Arc<LogProgress>,
}

impl LookBack {
    /// The entries there are, up to and with one that is committed: a leader may have it from the others' disks before it is
    /// on its own. `None`: it did not come in time, or the node ended.
    pub(crate) async fn held_upto(&self, index: u64) -> Option<Held> {
        let mut appends = self.progress.appends();
        let waiting = async {
            loop {
                let held = self.file.upgrade()?.hold(index + 1);
                if held.is_some() {
                    return held;
                }
                appends.changed().await.ok()?;
            }
        };
        runtime::timeout(OWN_LOG_WITHIN, waiting).await.ok()?
    }
}

impl RaftLogReader<Types> for LogStore {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry>, StorageError> {
        self.read(half_open(&range), u64::MAX).await
    }

    async fn limited_get_log_entries(
        &mut self,
        start: u64,
        end: u64,
    ) -> Result<Vec<Entry>, StorageError> {
        self.read(start..end, READ_BYTES_MAX).await
    }
}

impl RaftLogStorage<Types> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<Types>, StorageError> {
        let tail = self.shared.tail.read();
        Ok(LogState {
            last_purged_log_id: tail.purged,
            last_log_id: tail.last,
        })
    }

    async fn get_log_reader(&mut self) -> Self::LogReader {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), StorageError> {
        let vote = *vote;
        self.ask(|done| Job::Vote { vote, done })
            .await
            .map_err(|e| StorageIOError::write_vote(&e))?;
        *self.shared.vote.write() = Some(vote);
        Ok(())
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, StorageError> {
        Ok(*self.shared.vote.read())
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), StorageError> {
        *self.shared.committed.write() = committed;
        if let Some(id) = committed {
            let seen = &self.shared.progress.committed;
            seen.fetch_max(id.index, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, StorageError> {
        Ok(*self.shared.committed.read())
    }

    async fn append<I>(
        &mut self,
        entries: I,
        callback: LogFlushed<Types>,
    ) -> Result<(), StorageError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        // It rides along: it saves a restarted node from waiting for a leader to say it again, and is
        // not worth a sync of its own.
        let committed = self.shared.committed.read().map(|id| id.index);
        let mut frame = Frame::within(std::mem::take(&mut *self.shared.buffer.lock()));
        {
            let mut tail = self.shared.tail.write();
            for entry in entries {
                let before = frame.bytes.len();
                frame.push(&entry, committed);
                tail.push(entry, (frame.bytes.len() - before) as u64);
            }
        }
        let job = Job::Append {
            frame,
            done: callback,
        };
        self.jobs.send(job).await.map_err(|_| {
            let gone = LogError::Inconsistent("the log writer has stopped".into());
            StorageIOError::write_logs(&gone).into()
        })
    }

    async fn truncate(&mut self, log_id: LogId) -> Result<(), StorageError> {
        let since = log_id.index;
        let before = match since.checked_sub(1) {
            Some(index) => self.read(index..since, u64::MAX).await?.pop(),
            None => None,
        };
        {
            let mut tail = self.shared.tail.write();
            let last = before.map(|e| e.log_id).or(tail.purged);
            tail.truncate(since, last);
        }
        self.ask(|done| Job::Truncate { since, done })
            .await
            .map_err(|e| StorageIOError::write_logs(&e).into())
    }

    /// Hides the entries at once, deletes those that the state file holds durably.
    ///
    /// The mark on disk never passes the durable state: a node that crashed must find in its log
    /// everything that its state file has forgotten.
    async fn purge(&mut self, log_id: LogId) -> Result<(), StorageError> {
        let durable = self
            .shared
            .state
            .flush_to(log_id.index)
            .await
            .map_err(|e| StorageIOError::write_state_machine(&e))?;
        self.shared.tail.write().purge(log_id);
        let Some(durable) = durable else {
            return Ok(());
        };
        let upto = if durable.index < log_id.index {
            durable
        } else {
            log_id
        };
        self.ask(|done| Job::Purge { upto, done })
            .await
            .map_err(|e| StorageIOError::write_logs(&e).into())
    }
}

struct Writer {
    shared: Weak<Shared>,
    observer: Arc<dyn Observer>,
}

impl Writer {
    fn run(self, mut queue: mpsc::Receiver<Job>) {
        let mut broken: Option<String> = None;
        while let Some(job) = queue.blocking_recv() {
            let Some(shared) = self.shared.upgrade() else {
                return;
            };
            let done = match &broken {
                None => self.perform(&shared, job),
                Some(why) => refuse(job, why),
            };
            if let Err(why) = done {
                tracing::error!(error = %why, "the log cannot be written");
                broken.get_or_insert(why);
            }
        }
    }

    /// As [`Self::run`], on a disk that takes its time.
    #[cfg(test)]
    async fn run_simulated(self, mut queue: mpsc::Receiver<Job>) {
        while let Some(job) = queue.recv().await {
            runtime::disk_turns().await;
            let Some(shared) = self.shared.upgrade() else {
                return;
            };
            self.perform(&shared, job).expect("a simulated disk writes");
            runtime::disk_turned();
        }
    }

    /// Returns why the log is broken, if it is now.
    fn perform(&self, shared: &Shared, job: Job) -> Result<(), String> {
        let file = &shared.file;
        match job {
            Job::Append { frame, done } => {
                let result = file.append(&frame);
                let answer = match &result {
                    Ok(cost) => {
                        self.observer.append(cost.took, cost.bytes);
                        self.observer.fsync(cost.fsync);
                        shared
                            .progress
                            .bytes
                            .fetch_add(cost.bytes, Ordering::Relaxed);
                        if let Some(index) = frame.last() {
                            let mut tail = shared.tail.write();
                            tail.synced(index);
                            let first = tail.first().unwrap_or(index + 1);
                            let newest_from = &shared.progress.newest_from;
                            newest_from.store(first, Ordering::Relaxed);
                        }
                        Ok(())
                    }
                    Err(error) => Err(std::io::Error::other(error.to_string())),
                };
                done.log_io_completed(answer);
                if frame.bytes.capacity() <= BUFFER_BYTES_MAX {
                    *shared.buffer.lock() = frame.bytes;
                }
                shared.progress.appends.send_modify(|appends| *appends += 1);
                result.map(drop).map_err(|e| e.to_string())
            }
            Job::Vote { vote, done } => settle(done, file.save_vote(&vote)),
            Job::Truncate { since, done } => settle(done, file.truncate(since)),
            Job::Purge { upto, done } => settle(done, file.purge(upto)),
        }
    }
}

fn settle(
    done: oneshot::Sender<Result<(), LogError>>,
    result: Result<(), LogError>,
) -> Result<(), String> {
    let why = result.as_ref().map(|_| ()).map_err(ToString::to_string);
    // Whoever asked may have stopped waiting; the write stands either way.
    let _ = done.send(result);
    why
}

fn refuse(job: Job, why: &str) -> Result<(), String> {
    let error = || format!("an earlier write failed: {why}");
    match job {
        Job::Append { done, .. } => done.log_io_completed(Err(std::io::Error::other(error()))),
        Job::Vote { done, .. } | Job::Truncate { done, .. } | Job::Purge { done, .. } => {
            let _ = done.send(Err(LogError::Inconsistent(error())));
        }
    }
    Ok(())
}

fn half_open(range: &impl RangeBounds<u64>) -> Range<u64> {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start + 1,
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => end + 1,
        Bound::Excluded(end) => *end,
        Bound::Unbounded => u64::MAX,
    };
    start..end
}
