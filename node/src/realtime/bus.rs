//! What the rooms of one document say to each other when several nodes have it open.
//!
//! The bus is for speed alone: a message comes at most once, late, or never, and nothing that is promised hangs on it.
//! What it fails to bring comes out of the store. Nodes share a bus within one process here; a node without company
//! publishes nothing.

use super::rooms::Rooms;
use bytes::Bytes;
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

/// The nodes of one process that share their documents.
#[derive(Debug, Default)]
pub(crate) struct Bus {
    nodes: Mutex<Vec<Weak<Rooms>>>,
    /// Hears nothing.
    #[cfg(test)]
    deaf: Mutex<Weak<Rooms>>,
}

impl Bus {
    /// Adds a node. Before any of its rooms opens: a room that opens alone stays alone.
    pub(super) fn join(&self, rooms: &Arc<Rooms>) {
        self.nodes.lock().push(Arc::downgrade(rooms));
    }

    /// The place of a node among those that are here; nothing while it is the only one.
    pub(super) fn rank_of(&self, rooms: &Rooms) -> Option<u32> {
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
    }

    /// From here on what is published does not reach this node.
    #[cfg(test)]
    pub(super) fn lose_for(&self, node: Option<&Arc<Rooms>>) {
        *self.deaf.lock() = node.map(Arc::downgrade).unwrap_or_default();
    }
}
