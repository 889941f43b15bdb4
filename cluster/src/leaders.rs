//! Who leads, and the way there.

use std::sync::Arc;

use openraft::metrics::RaftServerMetrics;
use tokio::sync::watch;

use crate::network::{Link, Links};
use crate::raft::Peer;

/// As far as this node knows.
#[derive(Debug, Clone)]
pub(crate) enum Leader {
    Here,
    There { link: Arc<Link> },
    Unknown,
}

/// Clones look at the same, each for itself.
#[derive(Debug, Clone)]
pub(crate) struct Leaders {
    me: u64,
    roles: watch::Receiver<RaftServerMetrics<u64, Peer>>,
    /// Whether the leader is heard of; of this node, whether a majority answers it.
    hears: watch::Receiver<bool>,
    links: Arc<Links>,
}

impl Leaders {
    pub(crate) fn new(
        me: u64,
        roles: watch::Receiver<RaftServerMetrics<u64, Peer>>,
        hears: watch::Receiver<bool>,
        links: Arc<Links>,
    ) -> Self {
        Self {
            me,
            roles,
            hears,
            links,
        }
    }

    pub(crate) fn now(&self) -> Leader {
        let (leader, address) = {
            let roles = self.roles.borrow();
            let Some(leader) = roles.current_leader else {
                return Leader::Unknown;
            };
            if leader == self.me {
                // Followed by nobody it has stepped down, though openraft has no word for that.
                return match *self.hears.borrow() {
                    true => Leader::Here,
                    false => Leader::Unknown,
                };
            }
            let peer = roles.membership_config.membership().get_node(&leader);
            (leader, peer.map(|peer| peer.address.clone()))
        };
        // The leader of a group that this node has only heard of yet.
        match address {
            Some(address) => Leader::There {
                link: self.links.to(leader, &address),
            },
            None => Leader::Unknown,
        }
    }

    /// Ends when another node leads than this one. While nobody does, this one may be back any moment.
    pub(crate) async fn replaced(&mut self, leader: u64) {
        let other = |id: u64| id != leader;
        let replaced = self.roles.wait_for(|r| r.current_leader.is_some_and(other));
        if replaced.await.is_err() {
            // Raft has ended, and nobody will lead any more.
            std::future::pending().await
        }
    }
}
