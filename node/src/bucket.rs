//! The bucket that pictures lie in, held against what the state names: what is missing from it, and what nothing names.
//!
//! Nothing in it is deleted: it tells nobody that an object was written anew just now with the same bytes, which is what a
//! deletion would have to know. And it is read through only when somebody asks, since that may cost money.

use crate::app::AppState;
use easel_cluster::{Naming, UpkeepError};
use easel_storage::blobs::{BlobError, BlobHash, Blobs, FileBlobs};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A node that has just come up has other things to do.
const FIRST_LOOK_AFTER: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// How the last look found it, and what was read through since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BucketCounts {
    /// Named, and neither there nor in this node's folder of before.
    pub(crate) missing: u64,
    /// There, and not named by anything now.
    pub(crate) unnamed: u64,
    pub(crate) read: u64,
    pub(crate) read_bytes: u64,
    /// Not what they are named after.
    pub(crate) damaged: u64,
}

/// What one reading through came upon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ReadThrough {
    pub(crate) blobs: u64,
    pub(crate) bytes: u64,
    pub(crate) damaged: u64,
    pub(crate) missing: u64,
}

#[derive(Debug)]
pub(crate) struct BucketCare {
    bucket: Arc<dyn Blobs>,
    /// Where content of boards may lie that was laid apart before there was a bucket.
    before: FileBlobs,
    naming: Naming,
    bytes_per_second: u64,
    counts: Mutex<BucketCounts>,
    /// Held by whoever reads it through.
    reading: tokio::sync::Mutex<()>,
}

impl BucketCare {
    pub(crate) fn new(
        bucket: Arc<dyn Blobs>,
        naming: Naming,
        data_dir: &Path,
        bytes_per_second: u64,
    ) -> Self {
        Self {
            bucket,
            before: FileBlobs::to_read(&data_dir.join("blobs")),
            naming,
            bytes_per_second,
            counts: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn counts(&self) -> BucketCounts {
        *self.counts.lock()
    }

    /// Lists it, and holds the list against what is named. Gives that.
    async fn look(self: &Arc<Self>) -> Result<BTreeMap<BlobHash, u64>, UpkeepError> {
        let there = self.blocking(BucketCare::there).await?;
        let named = self.naming.named().await?;
        let unnamed = there.keys().filter(|hash| !named.contains_key(hash));
        let unnamed = unnamed.count() as u64;
        let lacking: Vec<_> = named
            .iter()
            .filter(|(hash, len)| there.get(hash) != Some(len))
            .map(|(hash, len)| (*hash, *len))
            .collect();
        // What came after the list was made is no matter.
        let missing = self.blocking(move |care| care.missing(&lacking)).await?;
        for hash in &missing {
            tracing::error!(blob = %hash, "a blob is missing from the bucket");
        }
        let mut counts = self.counts.lock();
        (counts.missing, counts.unnamed) = (missing.len() as u64, unnamed);
        Ok(named)
    }

    /// Looks, and reads through what is named, no faster than it may. One at a time: a second waits for the first.
    pub(crate) async fn read_through(self: &Arc<Self>) -> Result<ReadThrough, UpkeepError> {
        let _turn = self.reading.lock().await;
        let named = self.look().await?;
        let mut through = ReadThrough::default();
        for (hash, len) in named {
            let begun = Instant::now();
            let looked = self.blocking(move |care| care.look_at(hash)).await?;
            let Some(is_whole) = looked else {
                continue;
            };
            through.blobs += 1;
            through.bytes += len;
            through.damaged += u64::from(!is_whole);
            if !is_whole {
                tracing::error!(blob = %hash, "a blob in the bucket is damaged");
            }
            let due = Duration::from_secs_f64(len as f64 / self.bytes_per_second.max(1) as f64);
            tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        }
        let mut counts = self.counts.lock();
        counts.read += through.blobs;
        counts.read_bytes += through.bytes;
        counts.damaged += through.damaged;
        through.missing = counts.missing;
        Ok(through)
    }

    fn there(&self) -> Result<BTreeMap<BlobHash, u64>, BlobError> {
        let mut there = BTreeMap::new();
        self.bucket.each(&mut |blob| {
            there.insert(blob.hash, blob.len);
        })?;
        Ok(there)
    }

    fn missing(&self, lacking: &[(BlobHash, u64)]) -> Result<Vec<BlobHash>, BlobError> {
        let mut missing = Vec::new();
        for (hash, len) in lacking {
            let here = [self.bucket.has(*hash)?, self.before.has(*hash)?];
            if !here.contains(&Some(*len)) {
                missing.push(*hash);
            }
        }
        Ok(missing)
    }

    /// Whether it is whole, if it is there.
    fn look_at(&self, hash: BlobHash) -> Result<Option<bool>, BlobError> {
        // All of it is held against its hash before a byte is given.
        match self.bucket.get(hash, 0..0) {
            Ok(_) => Ok(Some(true)),
            Err(BlobError::Damaged(_)) => Ok(Some(false)),
            Err(BlobError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&BucketCare) -> Result<T, BlobError> + Send + 'static,
    ) -> Result<T, BlobError> {
        let care = self.clone();
        let working = tokio::task::spawn_blocking(move || work(&care)).await;
        working.unwrap_or_else(|panic| Err(BlobError::Source(std::io::Error::other(panic))))
    }
}

/// Looks every hour on the node that leads, for as long as the process runs.
pub(crate) async fn watch(app: AppState) {
    let Some(care) = app.bucket.clone() else {
        return;
    };
    let mut pause = FIRST_LOOK_AFTER;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.draining.cancelled() => return,
        }
        if !app.node.borrow().is_leader {
            // What it found before is another's to tell.
            let mut counts = care.counts.lock();
            (counts.missing, counts.unnamed) = (0, 0);
            pause = LOOK_AGAIN_AFTER;
            continue;
        }
        pause = match care.look().await {
            Ok(_) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "the bucket could not be looked at");
                LOOK_AGAIN_AFTER
            }
        };
    }
}
