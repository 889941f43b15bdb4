//! What a node does for its blobs by itself: it reads them all through again and again, so that damage is found while another
//! node still has them whole; it brings those that are named and not here; and it deletes those that nothing has named for
//! long (`unnamed` says why nothing is lost by that).
//!
//! The blobs are read folder by folder, one of the 256 at a time, spread over the time that a round may take; where it is
//! survives a restart (`memory`). A bucket is not looked after here; who holds one against what is named asks [`Naming`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use easel_storage::ReadError;
use easel_storage::blobs::{BlobError, BlobHash, Blobs, Looked, Usage};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::care::{BlobCounts, Care};
use super::holding::Brought;
use super::memory::Memory;
use crate::read::Reader;
use crate::state::StateFile;

const FOLDERS: u32 = 256;
/// A node that has just come up has other things to do.
const FIRST_LOOK_AFTER: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);
/// After a look that failed, because no node leads, say.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// How a node looks after its blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRules {
    /// In this time all of them are read through once; `None`: only by hand.
    pub scrub_every: Option<Duration>,
    /// Not faster than so many bytes a second.
    pub scrub_bytes_per_second: u64,
    /// One that nothing has named for so long is deleted; `None`: never. An upload and the command after it take a minute at
    /// most, a backup may take hours.
    pub collect_after: Option<Duration>,
}

impl Default for BlobRules {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            scrub_every: Some(DAY * 7),
            scrub_bytes_per_second: 16 << 20,
            collect_after: Some(DAY),
        }
    }
}

/// What a scrub came upon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scrubbed {
    pub blobs: u64,
    pub bytes: u64,
    pub damaged: u64,
    /// Damaged or missing, and whole again.
    pub brought: u64,
    /// Named, and not to be had from any node.
    pub missing: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    #[error("the blobs cannot be read: {0}")]
    Blobs(#[from] BlobError),
    #[error("what the state names cannot be told: {0}")]
    State(#[from] ReadError),
}

/// What the state names, for who looks after blobs that lie elsewhere. Outlives the node, and then answers with an error.
#[derive(Debug, Clone)]
pub struct Naming {
    state: Arc<StateFile>,
    reader: Reader,
}

impl Naming {
    pub(crate) fn new(state: Arc<StateFile>, reader: Reader) -> Self {
        Self { state, reader }
    }

    /// Every blob that is named by what a majority confirmed after this was asked, with its length.
    pub async fn named(&self) -> Result<BTreeMap<BlobHash, u64>, UpkeepError> {
        let confirmed = self.reader.confirmed_once().await?;
        self.reader.applied(confirmed).await?;
        let named = self.state.named_blobs().await.map_err(|error| {
            tracing::error!(%error, "the blobs that are named cannot be read");
            ReadError::Failed
        })?;
        Ok(named)
    }
}

/// Looks after the blobs of a node. Outlives it, and then finds nothing.
#[derive(Debug, Clone)]
pub struct BlobUpkeep {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) care: Care,
    state: Arc<StateFile>,
    pub(super) reader: Reader,
    rules: BlobRules,
    file: PathBuf,
    /// Held during a look.
    memory: Mutex<Memory>,
    /// Held by whoever reads the blobs through.
    scrubbing: Mutex<()>,
    /// Held while what another node asked for is brought; what was found to be nowhere.
    pub(super) bringing: Arc<Mutex<BTreeSet<BlobHash>>>,
}

impl BlobUpkeep {
    pub(super) fn new(
        care: Care,
        (state, reader): (Arc<StateFile>, Reader),
        rules: BlobRules,
        file: PathBuf,
    ) -> Self {
        let memory = Mutex::new(Memory::read(&file));
        let inner = Inner {
            care,
            state,
            reader,
            rules,
            file,
            memory,
            scrubbing: Mutex::default(),
            bringing: Arc::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub fn counts(&self) -> BlobCounts {
        self.inner.care.counts()
    }

    pub fn usage(&self) -> Usage {
        self.inner.care.files.usage()
    }

    pub fn rules(&self) -> BlobRules {
        self.inner.rules
    }

    /// Reads all of them through now, brings what is damaged or missing, and tells what it came upon. One at a time: a second
    /// waits for the first.
    pub async fn scrub(&self) -> Result<Scrubbed, UpkeepError> {
        let mut scrubbed = Scrubbed::default();
        for folder in 0..=u8::MAX {
            self.scrub_folder(folder, &mut scrubbed).await?;
        }
        let before = self.counts().brought;
        // No time passes for those that nothing names.
        self.look(Duration::ZERO).await?;
        let after = self.counts();
        scrubbed.brought += after.brought - before;
        scrubbed.missing = after.missing;
        Ok(scrubbed)
    }

    pub(crate) async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.look_now_and_then() => {}
            () = self.scrub_on() => {}
        }
    }

    async fn look_now_and_then(&self) {
        let mut looked_at = Instant::now();
        let mut pause = FIRST_LOOK_AFTER;
        loop {
            tokio::time::sleep(pause).await;
            let now = Instant::now();
            pause = match self.look(now.duration_since(looked_at)).await {
                Ok(()) => {
                    looked_at = now;
                    LOOK_EVERY
                }
                Err(error) => {
                    tracing::debug!(%error, "the blobs could not be looked at");
                    LOOK_AGAIN_AFTER
                }
            };
        }
    }

    async fn scrub_on(&self) {
        let Some(every) = self.inner.rules.scrub_every else {
            return std::future::pending().await;
        };
        loop {
            tokio::time::sleep(every / FOLDERS).await;
            let folder = self.inner.memory.lock().await.next_folder;
            let done = self.scrub_folder(folder, &mut Scrubbed::default()).await;
            if let Err(error) = done {
                tracing::warn!(%error, "the blobs could not be read through");
            }
            let mut memory = self.inner.memory.lock().await;
            memory.next_folder = folder.wrapping_add(1);
            self.remember(&memory);
        }
    }

    async fn scrub_folder(&self, first: u8, scrubbed: &mut Scrubbed) -> Result<(), BlobError> {
        let care = &self.inner.care;
        let _turn = self.inner.scrubbing.lock().await;
        let found = care.on_disk(move |files| files.beginning_with(first));
        for hash in found.await? {
            let before = (Instant::now(), care.counts());
            match care.look_at(hash).await? {
                Looked::Whole { len } => {
                    care.count(|counts| {
                        counts.scrubbed += 1;
                        counts.scrubbed_bytes += len;
                    });
                    scrubbed.blobs += 1;
                    scrubbed.bytes += len;
                    let due = len as f64 / self.inner.rules.scrub_bytes_per_second.max(1) as f64;
                    let due = Duration::from_secs_f64(due);
                    tokio::time::sleep(due.saturating_sub(before.0.elapsed())).await;
                }
                Looked::Gone => {}
                Looked::SetAside(_) => {
                    care.count(|counts| counts.scrubbed += 1);
                    scrubbed.blobs += 1;
                    scrubbed.damaged += 1;
                    scrubbed.brought += u64::from(care.counts().brought > before.1.brought);
                }
            }
        }
        Ok(())
    }

    /// Brings what is named and not here, and deletes what nothing has named for long. `passed`: since the last look.
    pub(crate) async fn look(&self, passed: Duration) -> Result<(), UpkeepError> {
        let care = &self.inner.care;
        let mut memory = self.inner.memory.lock().await;
        // The order matters, see `unnamed`: what there is, what is confirmed, what it names.
        let there = self.there().await?;
        let confirmed = self.inner.reader.confirmed_once().await?;
        self.inner.reader.applied(confirmed).await?;
        let named = self.named().await?;
        let missing = named.keys().filter(|hash| !there.contains_key(hash));
        self.bring_missing(missing.copied()).await;
        if let Some(grace) = self.inner.rules.collect_after {
            let there = there.into_iter();
            let is_named = |hash| named.contains_key(&hash);
            let may_go = memory.unnamed.look(there, is_named, passed, grace);
            self.collect(&mut memory, may_go).await?;
            let unnamed = memory.unnamed.count() as u64;
            care.count(|counts| counts.unnamed = unnamed);
            self.remember(&memory);
        }
        Ok(())
    }

    /// What there is, and what each file looks like.
    pub(super) async fn there(&self) -> Result<BTreeMap<BlobHash, String>, BlobError> {
        let looking = self.inner.care.on_disk(|files| {
            let mut there = BTreeMap::new();
            files.each_with_stamp(&mut |blob, stamp| {
                there.insert(blob.hash, stamp.to_string());
            })?;
            Ok(there)
        });
        looking.await
    }

    pub(super) async fn named(&self) -> Result<BTreeMap<BlobHash, u64>, UpkeepError> {
        let named = self.inner.state.named_blobs().await.map_err(|error| {
            tracing::error!(%error, "the blobs that are named cannot be read");
            ReadError::Failed
        })?;
        Ok(named)
    }

    async fn bring_missing(&self, missing: impl Iterator<Item = BlobHash>) {
        let care = &self.inner.care;
        let mut nowhere = 0;
        for hash in missing {
            // It may have come by itself since the look.
            let here = care.on_disk(move |files| files.has(hash)).await;
            if !matches!(here, Ok(Some(_))) && care.bring(hash).await != Brought::Here {
                nowhere += 1;
                tracing::error!(blob = %hash, "a blob is missing, and no other node has it whole");
            }
        }
        care.count(|counts| counts.missing = nowhere);
    }

    async fn collect(
        &self,
        memory: &mut Memory,
        may_go: Vec<(BlobHash, String)>,
    ) -> Result<(), BlobError> {
        let care = &self.inner.care;
        for (hash, stamp) in may_go {
            let deleting =
                move |files: &easel_storage::blobs::FileBlobs| files.delete_untouched(hash, &stamp);
            if care.on_disk(deleting).await? {
                memory.unnamed.gone(hash);
                care.count(|counts| counts.collected += 1);
                tracing::info!(blob = %hash, "a blob that nothing has named for long is deleted");
            }
        }
        Ok(())
    }

    fn remember(&self, memory: &Memory) {
        if let Err(error) = memory.write(&self.inner.file) {
            tracing::warn!(%error, "{} cannot be written", self.inner.file.display());
        }
    }
}
