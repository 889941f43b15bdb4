//! A node's own blobs and where they are brought from, for whoever finds one missing or damaged.

use std::sync::Arc;

use easel_storage::blobs::{BlobError, BlobHash, Blobs, FileBlobs, Looked};
use parking_lot::Mutex;

use super::holding::Brought;
use super::{Others, ask};

/// What was done for the blobs of this node since it started, and how the last look found them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlobCounts {
    /// Read through in the background or by hand,
    pub scrubbed: u64,
    pub scrubbed_bytes: u64,
    /// found not to hold what they are named after, then or when somebody asked for them, and moved aside,
    pub damaged: u64,
    /// brought from another node, because they were damaged or missing,
    pub brought: u64,
    /// deleted, because nothing had named them for long.
    pub collected: u64,
    /// Named, not here, and nowhere to be had.
    pub missing: u64,
    /// Here, and not named by anything now.
    pub unnamed: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Care {
    pub(super) files: Arc<FileBlobs>,
    /// Nothing, for a node alone.
    others: Option<Others>,
    counts: Arc<Mutex<BlobCounts>>,
}

impl Care {
    pub(super) fn new(files: Arc<FileBlobs>, others: Option<Others>) -> Self {
        Self {
            files,
            others,
            counts: Arc::default(),
        }
    }

    pub(super) fn counts(&self) -> BlobCounts {
        *self.counts.lock()
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut BlobCounts)) {
        change(&mut self.counts.lock());
    }

    /// Reads one through; a damaged one is moved aside, and brought anew if anybody has it.
    pub(super) async fn look_at(&self, hash: BlobHash) -> Result<Looked, BlobError> {
        let looked = self.on_disk(move |files| files.look_at(hash)).await?;
        if let Looked::SetAside(aside) = &looked {
            self.count(|counts| counts.damaged += 1);
            let brought = self.bring(hash).await;
            let aside = aside.display();
            match brought {
                Brought::Here => {
                    tracing::error!(blob = %hash, %aside, "a blob was damaged on the disk; it was brought from another node")
                }
                Brought::Nowhere | Brought::NotNow => {
                    tracing::error!(blob = %hash, %aside, "a blob was damaged on the disk, and no other node has it whole")
                }
            }
        }
        Ok(looked)
    }

    /// Brings one that is not here.
    pub(super) async fn bring(&self, hash: BlobHash) -> Brought {
        let Some(others) = &self.others else {
            return Brought::Nowhere;
        };
        let mut failed = Brought::Nowhere;
        let local: Arc<dyn Blobs> = self.files.clone();
        for link in others.keepers().voters {
            match ask::get(&link, &local, hash).await {
                Ok(true) => {
                    self.count(|counts| counts.brought += 1);
                    return Brought::Here;
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, blob = %hash, "a blob could not be brought");
                    failed = Brought::NotNow;
                }
            }
        }
        failed
    }

    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&FileBlobs) -> Result<T, BlobError> + Send + 'static,
    ) -> Result<T, BlobError> {
        let files = self.files.clone();
        tokio::task::spawn_blocking(move || work(&files))
            .await
            .unwrap_or_else(|panic| Err(super::panicked(panic)))
    }
}
