//! Blobs of a group: on the disks of a majority before anything names them, and brought from another node where they are
//! missing.
//!
//! They stay out of the log. [`SharedBlobs`] is the node's own [`Blobs`] and the others' at once: what is put is kept here,
//! then by as many other voters as make a majority; the rest of them get it as well, while nobody waits. What is asked for
//! and is not here, or is damaged, is brought from whoever has it and held against its hash.

mod ask;
mod pieces;
mod serve;
pub(crate) mod wire;

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use easel_storage::blobs::{Blob, BlobError, BlobHash, Blobs, Usage};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

pub(crate) use serve::Shelf;

use crate::network::Links;
use crate::raft::Raft;

/// More than any picture or command may have.
const BLOB_BYTES_MAX: u64 = 64 << 20;
/// How long a majority may take to keep a blob. The sender of a picture waits meanwhile.
const SPREAD_WAIT_MAX: Duration = Duration::from_secs(30);

/// The blobs of a node and of the group that it is in.
pub(crate) struct SharedBlobs {
    local: Arc<dyn Blobs>,
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
    pub(crate) fn new(local: Arc<dyn Blobs>, others: Others) -> Self {
        let runtime = Handle::current();
        Self {
            local,
            others,
            runtime,
        }
    }

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

    /// Brings a blob that is missing or damaged here. Whether somebody had it.
    async fn fetch(&self, hash: BlobHash) -> bool {
        for link in self.others.keepers().voters {
            match ask::get(&link, &self.local, hash).await {
                Ok(true) => return true,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, blob = %hash, "a blob could not be brought"),
            }
        }
        false
    }
}

impl Blobs for SharedBlobs {
    fn put(&self, source: &mut dyn Read, len_max: u64) -> Result<Blob, BlobError> {
        let blob = self.local.put(source, len_max)?;
        self.runtime.block_on(self.spread(blob))?;
        Ok(blob)
    }

    fn get(&self, hash: BlobHash, range: Range<u64>) -> Result<Box<dyn Read + Send>, BlobError> {
        match self.local.get(hash, range.clone()) {
            Err(BlobError::Missing(_) | BlobError::Damaged(_))
                if self.runtime.block_on(self.fetch(hash)) =>
            {
                self.local.get(hash, range)
            }
            found => found,
        }
    }

    fn has(&self, hash: BlobHash) -> Result<Option<u64>, BlobError> {
        match self.local.has(hash)? {
            None if self.runtime.block_on(self.fetch(hash)) => self.local.has(hash),
            found => Ok(found),
        }
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
