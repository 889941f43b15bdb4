//! Whether a node holds what the state names: asked before it counts for the majority that does.
//!
//! A blob is with a majority of those who vote when it is named. Whoever begins to vote, or is left to vote when another goes,
//! must have it too: two changes later those who were that majority may be gone. One change is no harm by itself, since of the
//! voters after it a majority is still never without one that was in the majority before; so what is put while the change is
//! under way need not be looked for.

use super::upkeep::UpkeepError;
use super::{BlobUpkeep, Others, ask};

#[derive(Clone)]
pub(crate) struct Holding {
    pub(crate) others: Others,
    pub(crate) upkeep: BlobUpkeep,
}

impl Holding {
    /// How many blobs the node lacks of those that are named at this index, this node or another. It begins to bring them.
    pub(crate) async fn lacking(&self, node: u64, upto: u64) -> Result<u64, String> {
        if node == self.others.me {
            return self.upkeep.lacking(upto).await.map_err(|e| e.to_string());
        }
        let membership = self
            .others
            .raft
            .metrics()
            .borrow()
            .membership_config
            .clone();
        let Some(peer) = membership.membership().get_node(&node) else {
            return Err(format!("node {node} is no member"));
        };
        let link = self.others.links.to(node, &peer.address);
        ask::lacking(&link, upto).await.map_err(|e| e.to_string())
    }
}

impl BlobUpkeep {
    /// How many blobs are named at this index or later and not here, but for those that nobody has. What is missing is brought
    /// meanwhile, so that whoever asks again is told of fewer.
    pub(crate) async fn lacking(&self, upto: u64) -> Result<u64, UpkeepError> {
        self.inner.reader.applied(upto).await?;
        let named = self.named().await?;
        let there = self.there().await?;
        let mut missing: Vec<_> = named
            .into_keys()
            .filter(|hash| !there.contains_key(hash))
            .collect();
        if missing.is_empty() {
            return Ok(0);
        }
        let Ok(mut nowhere) = self.inner.bringing.clone().try_lock_owned() else {
            // Somebody asked before, and it is under way.
            return Ok(missing.len() as u64);
        };
        missing.retain(|hash| !nowhere.contains(hash));
        let count = missing.len() as u64;
        let care = self.inner.care.clone();
        crate::runtime::spawn(async move {
            for hash in missing {
                if care.bring(hash).await == Brought::Nowhere {
                    nowhere.insert(hash);
                }
            }
        });
        Ok(count)
    }
}

/// How an attempt to bring a blob ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brought {
    Here,
    /// Every other voter was asked, and has none.
    Nowhere,
    /// Not all could be asked.
    NotNow,
}
