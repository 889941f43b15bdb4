//! Repair: after any update the document is made to say what a board may say.
//!
//! What needs the document to be judged (a wrong type under a known key, a parent that is gone, a circle of parents that
//! two honest people made together) is never refused: it is mended by a transaction of the server. Which mends is a
//! function of the document alone, so two servers that mend the same document make the same content; a mended document
//! needs no mending. What belongs to a later version is left as it is.

mod fix;
mod index;
mod inspect;
mod parents;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;

use yrs::{Doc, Map, ReadTxn, Transact};

use crate::schema::{ELEMENTS_MAX, ROOT_ELEMENTS, ROOT_META};
use fix::Fix;
use index::Index;
use inspect::Found;
use watch::Watch;

/// Watches a document and mends it. One for each document; the work of a repair is that of the elements touched since
/// the last one, not of the board.
pub struct Inspector {
    index: Index,
    watch: Watch,
    elements_max: usize,
}

impl std::fmt::Debug for Inspector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspector")
            .field("elements", &self.index.len())
            .finish_non_exhaustive()
    }
}

impl Inspector {
    /// Reads the whole document and watches it from now on. The document must count text in UTF-16
    /// (`OffsetKind::Utf16`), have no other inspector and no open transaction.
    pub fn attach(doc: &Doc) -> Inspector {
        Inspector::attach_with(doc, ELEMENTS_MAX)
    }

    fn attach_with(doc: &Doc, elements_max: usize) -> Inspector {
        let watch = Watch::start(doc);
        let mut index = Index::default();
        // What is wrong is looked at again by the first repair: until then the document may change.
        let fixes = plan(&mut index, &doc.transact(), Scope::All, elements_max);
        watch.note(&fixes);
        Inspector {
            index,
            watch,
            elements_max,
        }
    }

    /// Mends what was touched since the last call. Returns the update of one transaction in this document, made under
    /// its client id, or nothing when all is well. No transaction may be open.
    pub fn repair(&mut self, doc: &Doc) -> Option<Vec<u8>> {
        let touched = self.watch.take();
        let fixes = {
            let txn = doc.transact();
            if touched.all {
                plan(&mut self.index, &txn, Scope::All, self.elements_max)
            } else {
                let mut ids = touched.ids;
                ids.extend(
                    touched
                        .branches
                        .iter()
                        .filter_map(|branch| self.index.element_of(*branch)),
                );
                plan(
                    &mut self.index,
                    &txn,
                    Scope::Touched {
                        ids,
                        meta: touched.meta,
                    },
                    self.elements_max,
                )
            }
        };
        if fixes.is_empty() {
            return None;
        }
        let update = fix::apply(doc, &fixes);
        // What we did ourselves is right by construction.
        self.watch.take();
        Some(update)
    }
}

/// Mends the whole document at once, without watching it; see [`Inspector`].
pub fn repair_all(doc: &Doc) -> Option<Vec<u8>> {
    let fixes = {
        doc.get_or_insert_map(ROOT_ELEMENTS);
        doc.get_or_insert_map(ROOT_META);
        plan(
            &mut Index::default(),
            &doc.transact(),
            Scope::All,
            ELEMENTS_MAX,
        )
    };
    if fixes.is_empty() {
        None
    } else {
        Some(fix::apply(doc, &fixes))
    }
}

/// What a plan looks at.
enum Scope {
    All,
    Touched { ids: BTreeSet<Arc<str>>, meta: bool },
}

/// Decides all fixes, and leaves the index as it will be once they are applied.
fn plan<T: ReadTxn>(index: &mut Index, txn: &T, scope: Scope, elements_max: usize) -> Vec<Fix> {
    let Some(elements) = txn.get_map(ROOT_ELEMENTS) else {
        return Vec::new();
    };
    let (ids, meta) = match scope {
        Scope::Touched { ids, meta } => (ids, meta),
        Scope::All => {
            *index = Index::default();
            (elements.keys(txn).map(Arc::from).collect(), true)
        }
    };
    let mut fixes = Vec::new();
    if meta {
        inspect::meta(txn, &mut fixes);
    }
    // Those whose parents must be looked at: the touched, and the children of what goes.
    let mut parents_of = BTreeSet::new();
    for id in ids {
        match inspect::element(txn, &elements, &id, &mut fixes) {
            Found::Nothing => parents_of.extend(index.remove(&id)),
            Found::NoElement => {
                fixes.push(Fix::RemoveElement {
                    id: Arc::clone(&id),
                });
                parents_of.extend(index.remove(&id));
            }
            Found::Element(node) => {
                index.insert(Arc::clone(&id), node);
                parents_of.insert(id);
            }
        }
    }
    for id in inspect::excess(txn, &elements, index, elements_max) {
        parents_of.extend(index.remove(&id));
        fixes.push(Fix::RemoveElement { id });
    }
    parents::cut(index, parents_of, &mut fixes);
    fixes
}
