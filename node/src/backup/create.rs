//! Making a backup: the state as a stream, then the log up to it, then the blobs that they name (pictures, and content that lies
//! apart), then the manifest.
//!
//! The blobs come after the state, so each that it names is there already: a blob is durable before the command that
//! names it. Nothing waits for the backup, and it waits for nobody.

use super::manifest::{FORMAT, Log, Manifest, Many, Named, Parts, Stream};
use super::pieces::{MAX, Pieces};
use super::place::Place;
use super::{BackupError, Doing, Progress, Tell};
use crate::api::time::rfc3339;
use easel_cluster::BackupState;
use easel_storage::Time;
use easel_storage::blobs::{Blob, BlobError, BlobHash, Blobs};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio_util::sync::CancellationToken;

/// What is kept at once: a disk's syncs and a server's answers take time, and little else.
const KEEPERS: usize = 4;
/// No blob is longer.
const BLOB_BYTES_MAX: u64 = 1 << 30;

/// What a backup is made of, and how.
pub(crate) struct Order<'a> {
    /// As it will be called.
    pub(crate) id: &'a str,
    pub(crate) place: &'a Place,
    /// The node's own.
    pub(crate) blobs: &'a dyn Blobs,
    /// Put in, where it was asked for.
    pub(crate) master_key: Option<String>,
    pub(crate) now: Time,
    pub(crate) tell: &'a Tell<'a>,
    pub(crate) stop: &'a CancellationToken,
}

/// One thing to be kept in the place.
enum Job {
    Piece(Vec<u8>),
    Blob(Blob),
    /// What only the log names: it may be gone.
    Once(Blob),
}

/// Makes one. Until it returns there is none.
pub(crate) fn create(state: BackupState, order: &Order<'_>) -> Result<Manifest, BackupError> {
    let keeping = Keeping {
        order,
        new_bytes: AtomicU64::new(0),
        missing: Mutex::default(),
        gone: Mutex::default(),
        failed: Mutex::default(),
    };
    let mut there = HashMap::new();
    order.place.blobs.each(&mut |blob| {
        there.insert(blob.hash, blob.len);
    })?;
    let (jobs, queue) = sync_channel(KEEPERS);
    let queue = Mutex::new(queue);
    let runtime = tokio::runtime::Handle::current();
    let taken = std::thread::scope(|scope| {
        for _ in 0..KEEPERS {
            scope.spawn(|| {
                let _in_runtime = runtime.enter();
                keeping.work(&queue);
            });
        }
        let taken = take(state, &jobs, &mut there, &keeping);
        // Nothing more comes, and the keepers end when they have done what is there.
        drop(jobs);
        taken
    });
    if let Some(error) = keeping.failed.into_inner() {
        return Err(error);
    }
    let Taken {
        mut manifest,
        mut parts,
    } = taken?;
    let gone = keeping.gone.into_inner();
    parts.once.retain(|blob| !gone.contains(&blob.hash));
    if let Some(log) = &mut manifest.log {
        log.blobs.count = parts.once.len() as u64;
        log.blobs.bytes = parts.once.iter().map(|blob| blob.len).sum();
    }
    let text = parts.encode();
    let bytes = text.len() as u64;
    let kept = order.place.put(&mut text.as_slice(), bytes)?;
    manifest.parts = Named {
        blake3: kept.hash.to_string(),
        bytes,
    };
    manifest.new_bytes = keeping.new_bytes.into_inner() + bytes;
    manifest.missing = keeping.missing.into_inner();
    manifest.missing.sort();
    order.place.go_on()?;
    order.place.put_manifest(&manifest.id, manifest.encode())?;
    Ok(manifest)
}

struct Taken {
    manifest: Manifest,
    parts: Parts,
}

/// Reads the state through, and hands over what the place lacks.
fn take(
    state: BackupState,
    jobs: &SyncSender<Job>,
    there: &mut HashMap<BlobHash, u64>,
    keeping: &Keeping<'_>,
) -> Result<Taken, BackupError> {
    let mut parts = Parts::default();
    let tell = |doing, bytes, of| (keeping.order.tell)(Progress { doing, bytes, of });
    let reader = state.reader.noting_blobs();
    let (state_stream, reader) =
        keeping.keep_stream(reader, jobs, there, &mut |piece, bytes| {
            parts.state.push(piece);
            tell(Doing::State, bytes, None);
        })?;
    let named = reader.into_blobs();
    let (mut log, mut once) = (None, BTreeMap::new());
    if let Some(stream) = state.log {
        let kept = keeping.keep_stream(stream, jobs, there, &mut |piece, bytes| {
            parts.log.push(piece);
            tell(Doing::Log, bytes, None);
        });
        match kept {
            Ok((stream, source)) => {
                let read = source.into_read();
                log = Some(Log {
                    first: read.first,
                    entries: read.count,
                    since: read.since.map(|since| rfc3339(since.0)),
                    stream,
                    blobs: Many::default(),
                });
                once = read.blobs;
                once.retain(|hash, _| !named.contains_key(hash));
            }
            // What is there now is worth more than how it came to be.
            Err(BackupError::State(error)) => {
                tracing::error!(%error, "the backup goes on without the log, which cannot be read");
                parts.log.clear();
            }
            Err(error) => return Err(error),
        }
    }
    let all = named.values().sum();
    parts.blobs = keeping.keep_blobs(named, Job::Blob, jobs, there, &mut |bytes| {
        tell(Doing::Pictures, bytes, Some(all));
    })?;
    parts.once = keeping.keep_blobs(once, Job::Once, jobs, there, &mut |_| {})?;
    let manifest = Manifest {
        format: FORMAT,
        id: keeping.order.id.to_owned(),
        easel: crate::VERSION.to_owned(),
        made_at: rfc3339(keeping.order.now.0),
        state_at: rfc3339(state.at.0),
        instance: state.instance.to_string(),
        cluster: state.cluster.to_string(),
        node: state.node,
        index: state.index,
        boards: state.counts.boards,
        documents: state.counts.docs,
        updates: state.counts.updates,
        state: state_stream,
        blobs: Many {
            count: parts.blobs.len() as u64,
            bytes: all,
        },
        log,
        parts: Named {
            blake3: String::new(),
            bytes: 0,
        },
        new_bytes: 0,
        missing: Vec::new(),
        master_key: keeping.order.master_key.clone(),
    };
    Ok(Taken { manifest, parts })
}

/// `20261122T193512345Z-1f3a9c02`: they sort by age, to the millisecond, and none replaces another.
pub(super) fn new_id(now: Time) -> String {
    let random = u32::from_be_bytes(crate::auth::random());
    format!("{}-{random:08x}", stamp(now))
}

/// What the id of a backup begins with that is made now.
pub(super) fn stamp(now: Time) -> String {
    let at = rfc3339(now.0);
    at.chars().filter(|c| !"-:.".contains(*c)).collect()
}

struct Keeping<'a> {
    order: &'a Order<'a>,
    new_bytes: AtomicU64,
    missing: Mutex<Vec<String>>,
    /// Of what only the log names.
    gone: Mutex<HashSet<BlobHash>>,
    /// The first that went wrong ends it all.
    failed: Mutex<Option<BackupError>>,
}

impl Keeping<'_> {
    fn go_on(&self) -> Result<(), BackupError> {
        match self.order.stop.is_cancelled() || self.failed.lock().is_some() {
            true => Err(BackupError::Stopped),
            false => self.order.place.go_on(),
        }
    }

    /// Hands over what the place lacks of a stream; tells of each piece, and how much it was by then.
    fn keep_stream<R: Read>(
        &self,
        source: R,
        jobs: &SyncSender<Job>,
        there: &mut HashMap<BlobHash, u64>,
        tell: &mut dyn FnMut(Blob, u64),
    ) -> Result<(Stream, R), BackupError> {
        let mut hasher = blake3::Hasher::new();
        let mut pieces = Pieces::new(source);
        let (mut bytes, mut count) = (0, 0);
        while let Some(piece) = pieces.next().map_err(BackupError::State)? {
            self.go_on()?;
            hasher.update(&piece);
            let blob = Blob {
                hash: BlobHash::of(&piece),
                len: piece.len() as u64,
            };
            bytes += blob.len;
            count += 1;
            if there.insert(blob.hash, blob.len) != Some(blob.len) {
                self.hand_over(jobs, Job::Piece(piece))?;
            }
            tell(blob, bytes);
        }
        let stream = Stream {
            bytes,
            blake3: hasher.finalize().to_hex().to_string(),
            pieces: count,
        };
        Ok((stream, pieces.into_source()))
    }

    /// Hands over which of these the place lacks; tells how much it was by then. Gives all of them.
    fn keep_blobs(
        &self,
        blobs: BTreeMap<BlobHash, u64>,
        job: fn(Blob) -> Job,
        jobs: &SyncSender<Job>,
        there: &mut HashMap<BlobHash, u64>,
        tell: &mut dyn FnMut(u64),
    ) -> Result<Vec<Blob>, BackupError> {
        let mut listed = Vec::with_capacity(blobs.len());
        let mut bytes = 0;
        for (hash, len) in blobs {
            self.go_on()?;
            let blob = Blob { hash, len };
            listed.push(blob);
            bytes += len;
            if there.insert(hash, len) != Some(len) {
                self.hand_over(jobs, job(blob))?;
            }
            tell(bytes);
        }
        Ok(listed)
    }

    fn hand_over(&self, jobs: &SyncSender<Job>, job: Job) -> Result<(), BackupError> {
        // The keepers go only when the sender has.
        jobs.send(job).map_err(|_| BackupError::Stopped)
    }

    fn work(&self, queue: &Mutex<Receiver<Job>>) {
        loop {
            let Ok(job) = queue.lock().recv() else {
                return;
            };
            // After a failure the rest is taken off the queue, so that nobody waits for room in it.
            if self.failed.lock().is_some() {
                continue;
            }
            if let Err(error) = self.keep(job) {
                self.failed.lock().get_or_insert(error);
            }
        }
    }

    fn keep(&self, job: Job) -> Result<(), BackupError> {
        let kept = match job {
            Job::Piece(bytes) => self.order.place.put(&mut bytes.as_slice(), MAX as u64)?,
            Job::Blob(blob) => match self.keep_blob(blob)? {
                Some(kept) => kept,
                None => {
                    // One blob must not keep everything else from being backed up.
                    tracing::error!(blob = %blob.hash, "the backup goes on without a blob");
                    self.missing.lock().push(blob.hash.to_string());
                    return Ok(());
                }
            },
            Job::Once(blob) => match self.keep_blob(blob)? {
                Some(kept) => kept,
                None => {
                    self.gone.lock().insert(blob.hash);
                    return Ok(());
                }
            },
        };
        self.new_bytes.fetch_add(kept.len, Ordering::Relaxed);
        Ok(())
    }
}

impl Keeping<'_> {
    /// `None`: the node does not have it whole.
    fn keep_blob(&self, blob: Blob) -> Result<Option<Blob>, BackupError> {
        let mut source = match self.order.blobs.get(blob.hash, 0..u64::MAX) {
            Ok(source) => source,
            Err(BlobError::Missing(_) | BlobError::Damaged(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let kept = self.order.place.put(&mut source, BLOB_BYTES_MAX)?;
        if kept.hash != blob.hash {
            // It changed between being looked at and being read.
            self.order.place.blobs.delete(kept.hash)?;
            return Ok(None);
        }
        Ok(Some(kept))
    }
}

/// All that a reader gives, which is to be at most so much.
pub(super) fn read_whole(mut source: impl Read, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut source).take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Without what comes twice.
pub(super) fn distinct<'a>(blobs: impl Iterator<Item = &'a Blob>) -> Vec<Blob> {
    let mut seen = HashSet::new();
    blobs
        .filter(|blob| seen.insert(blob.hash))
        .copied()
        .collect()
}
