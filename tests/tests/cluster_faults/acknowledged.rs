//! What was acknowledged to a painter, as Yjs counts it: by the numbers of what was made and of what was erased.
//!
//! Names are not enough to go by. A painter that begins anew does again what was not saved, in a document that does not
//! know its first try. That try is not gone for it: a node that was stopped reads it from its socket when it goes on, and
//! a node that heard of it over the bus keeps it. Then both stand side by side under one name, and Yjs shows the one with
//! the greater client number. If the painter has erased the second meanwhile, which takes away that one and no other, the
//! first is seen in the end. Nothing acknowledged is lost: what was made is there, what was erased stays so.

use std::fmt;
use yrs::updates::decoder::Decode;
use yrs::{Doc, IdSet, ReadTxn, Transact, Update};

#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    made: IdSet,
    erased: IdSet,
}

/// What a document does not have of it.
#[derive(Debug)]
pub(crate) struct Lacks {
    made: IdSet,
    erased: IdSet,
}

impl fmt::Display for Lacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.made.is_empty() {
            write!(f, "made and not there: {} ", self.made)?;
        }
        if !self.erased.is_empty() {
            write!(f, "erased and there: {}", self.erased)?;
        }
        Ok(())
    }
}

impl Acknowledged {
    pub(crate) fn note(&mut self, update: &[u8]) {
        let update = Update::decode_v1(update).expect("an update of our own");
        self.made.merge_with(update.insertions(true));
        self.erased.merge_with(update.delete_set().clone());
    }

    pub(crate) fn lacks(&self, doc: &Doc) -> Option<Lacks> {
        let there = doc.transact().snapshot();
        let mut made = self.made.clone();
        for (client, clock) in there.state_map.iter() {
            if *clock > 0 {
                made.diff_with(&IdSet::from_iter([(*client, std::iter::once(0..*clock))]));
            }
        }
        let erased = self.erased.diff(&there.delete_set);
        (!made.is_empty() || !erased.is_empty()).then_some(Lacks { made, erased })
    }
}

fn drawn(doc: &Doc, name: &str) -> Vec<u8> {
    let elements = doc.get_or_insert_map("elements");
    let mut txn = doc.transact_mut();
    yrs::Map::insert(&elements, &mut txn, name, yrs::MapPrelim::default());
    txn.encode_update_v1()
}

fn erased(doc: &Doc, name: &str) -> Vec<u8> {
    let elements = doc.get_or_insert_map("elements");
    let mut txn = doc.transact_mut();
    yrs::Map::remove(&elements, &mut txn, name);
    txn.encode_update_v1()
}

fn holding(updates: &[&Vec<u8>]) -> Doc {
    let doc = Doc::new();
    for update in updates {
        let update = Update::decode_v1(update).expect("an update");
        doc.transact_mut().apply_update(update).expect("it fits");
    }
    doc
}

fn shows(doc: &Doc, name: &str) -> bool {
    yrs::Map::contains_key(&doc.get_or_insert_map("elements"), &doc.transact(), name)
}

#[test]
fn a_lost_change_is_found() {
    let painter = Doc::new();
    let (first, second) = (drawn(&painter, "a"), drawn(&painter, "b"));
    let erased = erased(&painter, "a");
    let mut acknowledged = Acknowledged::default();
    for update in [&first, &second, &erased] {
        acknowledged.note(update);
    }
    assert!(
        acknowledged
            .lacks(&holding(&[&first, &second, &erased]))
            .is_none()
    );
    assert!(acknowledged.lacks(&painter).is_none());
    assert!(acknowledged.lacks(&holding(&[&first, &erased])).is_some());
    assert!(acknowledged.lacks(&holding(&[&first, &second])).is_some());
    assert!(acknowledged.lacks(&Doc::new()).is_some());
}

#[test]
fn a_first_try_that_comes_late_is_no_loss() {
    let (before, anew) = (Doc::with_client_id(9), Doc::with_client_id(5));
    let first_try = drawn(&before, "a");
    let (again, erased) = (drawn(&anew, "a"), erased(&anew, "a"));
    let mut acknowledged = Acknowledged::default();
    acknowledged.note(&again);
    acknowledged.note(&erased);
    let without = holding(&[&again, &erased]);
    assert!(!shows(&without, "a") && acknowledged.lacks(&without).is_none());
    let with = holding(&[&again, &erased, &first_try]);
    assert!(shows(&with, "a") && acknowledged.lacks(&with).is_none());
    // Nor is it an excuse.
    let lost = holding(&[&again, &drawn(&Doc::with_client_id(1), "a")]);
    assert!(shows(&lost, "a") && acknowledged.lacks(&lost).is_some());
}
