//! Blobs of a group: on the disks of a majority before anything names them, and brought from another node where they are
//! missing.
//!
//! They stay out of the log, and what is too long for it becomes one (`contents`). [`SharedBlobs`] is the node's own [`Blobs`] and the others' at once: what is put is kept here,
//! then by as many other voters as make a majority; the rest of them get it as well, while nobody waits. What is asked for
//! and is not here, or is damaged, is brought from whoever has it and held against its hash. What nobody asks for is looked
//! after too (`upkeep`).

mod ask;
mod care;
mod contents;
mod holding;
mod memory;
mod pieces;
mod serve;
mod unnamed;
mod upkeep;
pub(crate) mod wire;

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use easel_storage::blobs::{Blob, BlobError, BlobHash, Blobs, FileBlobs, Looked, Usage};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

pub use care::BlobCounts;
pub(crate) use contents::Contents;
pub(crate) use holding::Holding;
pub(crate) use serve::Shelf;
pub use upkeep::{BlobRules, BlobUpkeep, Naming, Scrubbed, UpkeepError};

use care::Care;
use holding::Brought;

use crate::network::Links;
use crate::raft::Raft;
use crate::read::Reader;
use crate::state::StateFile;

/// More than any picture or command may have.
const BLOB_BYTES_MAX: u64 = 64 << 20;
/// How long a majority may take to keep a blob. The sender of a picture waits meanwhile.
const SPREAD_WAIT_MAX: Duration = Duration::from_secs(30);

/// Everything about blobs that a node needs.
pub(crate) struct Kept {
    /// Its own alone.
    pub(crate) files: Arc<FileBlobs>,
    /// Its own and the group's.
    pub(crate) blobs: Arc<dyn Blobs>,
    care: Care,
}

impl Kept {
    /// `others`: nothing, for a node alone.
    pub(crate) fn new(files: Arc<FileBlobs>, others: Option<Others>) -> Self {
        let care = Care::new(files.clone(), others.clone());
        let blobs: Arc<dyn Blobs> = match others {
            None => files.clone(),
            Some(others) => Arc::new(SharedBlobs {
                local: files.clone(),
                care: care.clone(),
                others,
                runtime: Handle::current(),
            }),
        };
        Self { files, blobs, care }
    }

    /// `file`: where it keeps what it must know after a restart.
    pub(crate) fn upkeep(
        &self,
        from: (Arc<StateFile>, Reader),
        rules: BlobRules,
        file: PathBuf,
    ) -> BlobUpkeep {
        BlobUpkeep::new(self.care.clone(), from, rules, file)
    }
}

/// The blobs of a node and of the group that it is in.
struct SharedBlobs {
    local: Arc<dyn Blobs>,
    care: Care,
    others: Others,
    runtime: Handle,
}

/// The nodes to share with, as they are now.
#[derive(Clone)]
pub(crate) struct Others {
    pub(crate) me: u64,
    pub(crate) raft: Raft,
    pub(crate) links: Arc<Links>,
}

/// Who keeps blobs besides this node, and how many of them must before a blob may be named.
struct Keepers {
    voters: Vec<Arc<crate::network::Link>>,
    needed: usize,
}

impl fmt::Debug for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Others").finish_non_exhaustive()
    }
}

impl Others {
    fn keepers(&self) -> Keepers {
        // Cloned out: openraft's core waits for whoever holds the borrow.
        let membership = self.raft.metrics().borrow().membership_config.clone();
        let all: Vec<u64> = membership.voter_ids().collect();
        let majority = all.len() / 2 + 1;
        let here = usize::from(all.contains(&self.me));
        let others = all.iter().filter(|id| **id != self.me);
        let known =
            others.filter_map(|id| membership.membership().get_node(id).map(|at| (*id, at)));
        let voters = known.map(|(id, peer)| self.links.to(id, &peer.address));
        Keepers {
            voters: voters.collect(),
            needed: majority.saturating_sub(here),
        }
    }
}

impl SharedBlobs {
    /// Returns when a majority has it. The others go on getting it.
    async fn spread(&self, blob: Blob) -> Result<(), BlobError> {
        let Keepers { voters, needed } = self.others.keepers();
        let (done, mut results) = mpsc::channel(voters.len().max(1));
        for link in voters {
            let (local, done) = (self.local.clone(), done.clone());
            tokio::spawn(async move {
                let kept = ask::put(&link, &local, blob).await;
                if let Err(error) = &kept {
                    tracing::warn!(%error, blob = %blob.hash, "another node does not keep a blob yet");
                }
                let _ = done.send(kept.is_ok()).await;
            });
        }
        drop(done);
        let counting = async {
            let mut kept = 0;
            while kept < needed {
                match results.recv().await {
                    Some(true) => kept += 1,
                    Some(false) => {}
                    None => return false,
                }
            }
            true
        };
        match tokio::time::timeout(SPREAD_WAIT_MAX, counting).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(BlobError::Alone),
        }
    }
}

impl Blobs for SharedBlobs {
    fn put(&self, source: &mut dyn Read, len_max: u64) -> Result<Blob, BlobError> {
        let blob = self.local.put(source, len_max)?;
        self.runtime.block_on(self.spread(blob))?;
        Ok(blob)
    }

    fn get(&self, hash: BlobHash, range: Range<u64>) -> Result<Box<dyn Read + Send>, BlobError> {
        let found = self.local.get(hash, range.clone());
        let is_mended = match &found {
            Err(BlobError::Missing(_)) => {
                self.runtime.block_on(self.care.bring(hash)) == Brought::Here
            }
            // Set aside first: what is brought would take its place, and it is worth a look.
            Err(BlobError::Damaged(_)) => matches!(
                self.runtime.block_on(self.care.look_at(hash)),
                Ok(Looked::SetAside(_) | Looked::Gone)
            ),
            Ok(_) | Err(_) => false,
        };
        match is_mended {
            true => self.local.get(hash, range),
            false => found,
        }
    }

    fn has(&self, hash: BlobHash) -> Result<Option<u64>, BlobError> {
        match self.local.has(hash)? {
            None if self.runtime.block_on(self.care.bring(hash)) == Brought::Here => {
                self.local.has(hash)
            }
            found => Ok(found),
        }
    }

    /// Those that are here.
    fn each(&self, visit: &mut dyn FnMut(Blob)) -> Result<(), BlobError> {
        self.local.each(visit)
    }

    /// Here alone: each node lets go of its own.
    fn delete(&self, hash: BlobHash) -> Result<(), BlobError> {
        self.local.delete(hash)
    }

    fn usage(&self) -> Usage {
        self.local.usage()
    }
}

impl fmt::Debug for SharedBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBlobs").finish_non_exhaustive()
    }
}

/// What a panic on a blocking thread comes to.
fn panicked(panic: tokio::task::JoinError) -> BlobError {
    BlobError::Source(io::Error::other(panic))
}
