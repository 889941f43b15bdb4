//! What the rooms of one document say to each other when several nodes have it open.
//!
//! The bus is for speed alone: a message comes at most once, late, or never, and nothing that is promised hangs on it.
//! What it fails to bring comes out of the store. Nodes of a group share the cluster's bus, those of one process (in
//! tests) this one; a node without company publishes nothing.

use super::hearsay;
use super::rooms::Rooms;
use bytes::Bytes;
use easel_cluster::BusCounts;
use easel_storage::{CommitIndex, DocName, Origin};
use parking_lot::Mutex;
use std::sync::{Arc, Weak};

#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// The opening of the room that says it.
    pub(crate) from: u64,
    /// Counted from 1 within that opening, so that whoever listens knows when it missed something.
    pub(crate) number: u64,
    pub(crate) what: What,
}

impl Message {
    /// How large it is, about.
    pub(super) fn bytes(&self) -> usize {
        match &self.what {
            What::Update { update, .. } => update.len(),
            What::Awareness(said) => said.len(),
            What::Stored { .. } | What::Opened => 0,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A person's update: shown at the sender's and on its way to the store.
    Update { origin: Origin, update: Bytes },
    /// The store holds so many updates of this document, and shows them from this index on.
    Stored { head_seq: u64, index: CommitIndex },
    /// A message of the awareness protocol about those who are at the sender's.
    Awareness(Bytes),
    /// The sender has just opened and asks who is elsewhere.
    Opened,
}

/// Those that share their documents.
#[derive(Debug, Default)]
pub(crate) struct Bus {
    /// Of this process.
    nodes: Mutex<Vec<Weak<Rooms>>>,
    group: Option<Group>,
    /// Hears nothing.
    #[cfg(test)]
    deaf: Mutex<Weak<Rooms>>,
}

/// The other nodes of this one's group.
#[derive(Debug)]
struct Group {
    bus: easel_cluster::Bus,
    rank: Mutex<Option<u32>>,
}

impl Bus {
    pub(super) fn over(bus: easel_cluster::Bus, rank: Option<u32>) -> Self {
        let rank = Mutex::new(rank);
        Self {
            group: Some(Group { bus, rank }),
            ..Self::default()
        }
    }

    pub(super) fn set_rank(&self, rank: Option<u32>) {
        if let Some(group) = &self.group {
            *group.rank.lock() = rank;
        }
    }

    /// A document is open here: what is said of it is wanted, until it is closed.
    pub(super) fn opened(&self, doc: &DocName) {
        if let Some(group) = &self.group {
            group.bus.want(doc.to_string().as_bytes());
        }
    }

    pub(super) fn closed(&self, doc: &DocName) {
        if let Some(group) = &self.group {
            group.bus.forget(doc.to_string().as_bytes());
        }
    }

    pub(super) fn counts(&self) -> BusCounts {
        self.group
            .as_ref()
            .map_or_else(BusCounts::default, |group| group.bus.counts())
    }

    /// Adds a node of this process.
    pub(super) fn join(&self, rooms: &Arc<Rooms>) {
        let nodes = {
            let mut nodes = self.nodes.lock();
            nodes.push(Arc::downgrade(rooms));
            nodes.clone()
        };
        if self.group.is_none() {
            for node in nodes.iter().filter_map(Weak::upgrade) {
                node.has_company(self.rank_of(&node));
            }
        }
    }

    /// The place of a node among those that are here; nothing while it is the only one.
    pub(super) fn rank_of(&self, rooms: &Rooms) -> Option<u32> {
        if let Some(group) = &self.group {
            return *group.rank.lock();
        }
        let nodes = self.nodes.lock();
        let at = nodes
            .iter()
            .position(|node| std::ptr::eq(node.as_ptr(), rooms));
        at.filter(|_| nodes.len() > 1).map(|at| at as u32)
    }

    /// Hands a message to the document's rooms on all other nodes.
    pub(super) fn publish(&self, from: &Rooms, doc: &DocName, message: &Message) {
        for node in self.nodes.lock().iter().filter_map(Weak::upgrade) {
            #[cfg(test)]
            if std::ptr::eq(self.deaf.lock().as_ptr(), Arc::as_ptr(&node)) {
                continue;
            }
            if !std::ptr::eq(Arc::as_ptr(&node), from) {
                node.hear(doc, message.clone());
            }
        }
        if let Some(group) = &self.group {
            let topic = doc.to_string();
            if group.bus.is_wanted(topic.as_bytes()) {
                group
                    .bus
                    .publish(topic.as_bytes(), &hearsay::encode(message));
            }
        }
    }

    /// From here on what is published does not reach this node.
    #[cfg(test)]
    pub(super) fn lose_for(&self, node: Option<&Arc<Rooms>>) {
        *self.deaf.lock() = node.map(Arc::downgrade).unwrap_or_default();
    }
}
