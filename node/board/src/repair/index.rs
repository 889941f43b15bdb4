//! What a repair must know of elements that were not touched: that they are there, and who is whose parent.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The id of the Yjs item that holds a shared type: client and clock.
pub(super) type BranchKey = (u64, u32);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// Of a type of this version; others are never changed.
    pub(super) known: bool,
    /// As it stands in the document, if it could be an id at all.
    pub(super) parent: Option<Arc<str>>,
    pub(super) branch: BranchKey,
    /// Whom it is put down to.
    pub(super) by: Option<Arc<str>>,
}

/// The elements of the document. `children` may name parents that are not there.
#[derive(Debug, Default)]
pub(super) struct Index {
    nodes: HashMap<Arc<str>, Node>,
    children: HashMap<Arc<str>, BTreeSet<Arc<str>>>,
    by_branch: HashMap<BranchKey, Arc<str>>,
}

impl Index {
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Node> {
        self.nodes.get(id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.nodes.keys()
    }

    pub(super) fn element_of(&self, branch: BranchKey) -> Option<Arc<str>> {
        self.by_branch.get(&branch).cloned()
    }

    pub(super) fn children_of(&self, id: &str) -> impl Iterator<Item = &Arc<str>> {
        self.children.get(id).into_iter().flatten()
    }

    /// The parent, if it is there.
    pub(super) fn live_parent(&self, id: &str) -> Option<&Arc<str>> {
        let parent = self.nodes.get(id)?.parent.as_ref()?;
        self.nodes.contains_key(parent).then_some(parent)
    }

    pub(super) fn insert(&mut self, id: Arc<str>, node: Node) {
        self.take(&id);
        if let Some(parent) = &node.parent {
            self.children
                .entry(Arc::clone(parent))
                .or_default()
                .insert(Arc::clone(&id));
        }
        self.by_branch.insert(node.branch, Arc::clone(&id));
        self.nodes.insert(id, node);
    }

    /// Forgets an element; returns the children it leaves behind.
    pub(super) fn remove(&mut self, id: &str) -> Vec<Arc<str>> {
        self.take(id);
        self.children_of(id).cloned().collect()
    }

    pub(super) fn set_by(&mut self, id: &str, by: Option<Arc<str>>) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.by = by;
        }
    }

    pub(super) fn detach(&mut self, id: &str) {
        let Some(node) = self.nodes.get_mut(id) else {
            return;
        };
        if let Some(parent) = node.parent.take() {
            self.forget_child(&parent, id);
        }
    }

    fn take(&mut self, id: &str) {
        let Some(node) = self.nodes.remove(id) else {
            return;
        };
        if let Some(parent) = &node.parent {
            self.forget_child(parent, id);
        }
        if self
            .by_branch
            .get(&node.branch)
            .is_some_and(|owner| **owner == *id)
        {
            self.by_branch.remove(&node.branch);
        }
    }

    fn forget_child(&mut self, parent: &str, id: &str) {
        if let Some(children) = self.children.get_mut(parent) {
            children.remove(id);
            if children.is_empty() {
                self.children.remove(parent);
            }
        }
    }
}
