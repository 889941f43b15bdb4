//! Parents: they must be there, lead to a top without a circle, and not lie too deep.
//!
//! The answer depends on the graph alone, not on where one starts to look: in a circle the known element with the
//! smallest id loses its parent, and an element too deep becomes one without a parent, from the top downwards.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::fix::Fix;
use super::index::Index;
use crate::schema::NESTING_MAX;

/// Deeper than anything may be: below a circle of elements that are not ours to change.
const ENDLESS: usize = usize::MAX;

/// Takes their parent from elements that must lose it, beginning with `ids` and looking at what hangs below them.
/// All else in the index must be in order.
pub(super) fn cut(index: &mut Index, ids: BTreeSet<Arc<str>>, fixes: &mut Vec<Fix>) {
    let mut cut = Cut { index, fixes };
    for id in &ids {
        cut.missing(id);
    }
    let endless = cut.circles(&ids);
    cut.deep(&ids, &endless);
}

struct Cut<'i> {
    index: &'i mut Index,
    fixes: &'i mut Vec<Fix>,
}

impl Cut<'_> {
    fn detach(&mut self, id: &Arc<str>) {
        self.index.detach(id);
        self.fixes.push(Fix::RemoveKey {
            id: Arc::clone(id),
            key: "parent",
        });
    }

    fn is_known(&self, id: &str) -> bool {
        self.index.get(id).is_some_and(|node| node.known)
    }

    fn missing(&mut self, id: &Arc<str>) {
        let Some(node) = self.index.get(id) else {
            return;
        };
        if node.known && node.parent.is_some() && self.index.live_parent(id).is_none() {
            self.detach(id);
        }
    }

    /// Opens every circle that one of these leads into. Returns the elements of circles that cannot be opened.
    fn circles(&mut self, ids: &BTreeSet<Arc<str>>) -> HashSet<Arc<str>> {
        let mut endless = HashSet::new();
        let mut seen: HashSet<Arc<str>> = HashSet::new();
        for id in ids {
            let mut path: Vec<Arc<str>> = Vec::new();
            let mut on_path: HashSet<Arc<str>> = HashSet::new();
            let mut next = self.index.get(id).map(|_| Arc::clone(id));
            while let Some(here) = next {
                if on_path.contains(&here) {
                    let start = path.iter().position(|at| *at == here).unwrap_or(0);
                    let circle = &path[start..];
                    match circle
                        .iter()
                        .filter(|member| self.is_known(member))
                        .min()
                        .cloned()
                    {
                        Some(smallest) => self.detach(&smallest),
                        None => endless.extend(circle.iter().cloned()),
                    }
                    break;
                }
                if !seen.insert(Arc::clone(&here)) {
                    break;
                }
                on_path.insert(Arc::clone(&here));
                path.push(Arc::clone(&here));
                next = self.index.live_parent(&here).cloned();
            }
        }
        endless
    }

    fn deep(&mut self, ids: &BTreeSet<Arc<str>>, endless: &HashSet<Arc<str>>) {
        let mut depths: HashMap<Arc<str>, usize> = HashMap::new();
        for id in endless {
            depths.insert(Arc::clone(id), ENDLESS);
        }
        let mut below: Vec<Arc<str>> = ids.iter().cloned().collect();
        let mut visited: HashSet<Arc<str>> = HashSet::new();
        while let Some(id) = below.pop() {
            if self.index.get(&id).is_none() || !visited.insert(Arc::clone(&id)) {
                continue;
            }
            self.settle(&id, &mut depths);
            below.extend(self.index.children_of(&id).cloned());
        }
    }

    /// Finds the depth of an element and of all above it, cutting on the way down.
    fn settle(&mut self, id: &Arc<str>, depths: &mut HashMap<Arc<str>, usize>) {
        let mut unsettled = Vec::new();
        let mut next = Some(Arc::clone(id));
        let mut above = 0;
        while let Some(here) = next {
            if let Some(depth) = depths.get(&here) {
                above = *depth;
                break;
            }
            next = self.index.live_parent(&here).cloned();
            unsettled.push(here);
        }
        for here in unsettled.into_iter().rev() {
            let mut depth = above.saturating_add(1);
            if depth > NESTING_MAX && self.is_known(&here) {
                self.detach(&here);
                depth = 1;
            }
            depths.insert(here, depth);
            above = depth;
        }
    }
}
