//! Which elements a document's transactions touched.

use std::collections::{BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use yrs::branch::BranchID;
use yrs::{Doc, Observable, TransactionMut};

use super::fix::Fix;
use super::index::BranchKey;
use crate::schema::{ROOT_ELEMENTS, ROOT_META};

/// The name of our callbacks in the document.
const OBSERVER: &str = "easel-inspector";

#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Keys of `elements` that were set or removed.
    pub(super) ids: BTreeSet<Arc<str>>,
    /// Shared types that changed inside, and those around them.
    pub(super) branches: HashSet<BranchKey>,
    pub(super) meta: bool,
    /// It could not be told what changed.
    pub(super) all: bool,
}

/// Callbacks in a document, and what they heard.
pub(super) struct Watch {
    touched: Arc<Mutex<Touched>>,
}

impl Watch {
    pub(super) fn start(doc: &Doc) -> Watch {
        let watch = Watch {
            touched: Arc::default(),
        };
        let touched = Arc::clone(&watch.touched);
        doc.get_or_insert_map(ROOT_ELEMENTS)
            .observe(OBSERVER, move |txn, event| {
                // yrs fails on formatting marks among the entries of a map, which no editor writes.
                let ids = catch_unwind(AssertUnwindSafe(|| {
                    event.keys(txn).keys().cloned().collect::<Vec<_>>()
                }));
                let mut touched = lock(&touched);
                match ids {
                    Ok(ids) => touched.ids.extend(ids),
                    Err(_) => touched.all = true,
                }
            });
        let touched = Arc::clone(&watch.touched);
        doc.get_or_insert_map(ROOT_META)
            .observe(OBSERVER, move |_, _| lock(&touched).meta = true);
        let touched = Arc::clone(&watch.touched);
        let changed = move |txn: &mut TransactionMut<'_>| note_branches(txn, &mut lock(&touched));
        doc.observe_after_transaction(OBSERVER, changed)
            .expect("the caller has no transaction open");
        watch
    }

    /// What was touched since the last call.
    pub(super) fn take(&self) -> Touched {
        std::mem::take(&mut lock(&self.touched))
    }

    /// Has the elements of these fixes looked at again.
    pub(super) fn note(&self, fixes: &[Fix]) {
        let mut touched = lock(&self.touched);
        for fix in fixes {
            match fix.element() {
                Some(id) => touched.ids.extend([Arc::clone(id)]),
                None => touched.meta = true,
            }
        }
    }
}

fn note_branches(txn: &TransactionMut<'_>, touched: &mut Touched) {
    // Each changed type stands here together with all that it is in, so the element is among them.
    for branch in txn.changed_parent_types() {
        if let BranchID::Nested(id) = branch.id() {
            touched.branches.insert((id.client.get(), id.clock));
        }
    }
}

/// A panic in a callback leaves the notes as they are: at worst an element too many is looked at.
fn lock(touched: &Mutex<Touched>) -> MutexGuard<'_, Touched> {
    touched.lock().unwrap_or_else(PoisonError::into_inner)
}
