//! Repair: after any update the document is made to say what a board may say.
//!
//! What needs the document to be judged (a wrong type under a known key, a parent that is gone, a circle of parents that
//! two honest people made together) is never refused: it is mended by a transaction of the server. Which mends is a
//! function of the document alone, so two servers that mend the same document make the same content; a mended document
//! needs no mending. What belongs to a later version is left as it is.
//!
//! One thing is no function of the document: whom an element is put down to. The server knows who sent an update, so of
//! what one person's update touched it is seen to that a new element says that person or nobody, and that nobody
//! changes what another says; see [`Inspector::repair_after`].

mod fix;
mod index;
mod inspect;
mod parents;
mod signing;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;

use yrs::{Doc, Map, ReadTxn, Transact};

use crate::schema::{ELEMENTS_MAX, ROOT_ELEMENTS, ROOT_META};
use fix::Fix;
use index::Index;
use inspect::Found;
use signing::Signing;
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
        self.mend(doc, None).update
    }

    /// The same after an update of this person's, which is all that came since the last call.
    pub fn repair_after(&mut self, doc: &Doc, author: &str) -> Mended {
        self.mend(doc, Some(author))
    }

    fn mend(&mut self, doc: &Doc, author: Option<&str>) -> Mended {
        let touched = self.watch.take();
        let (fixes, unsigned) = {
            let txn = doc.transact();
            if touched.all {
                let all = plan(&mut self.index, &txn, Scope::All, self.elements_max);
                (all, Vec::new())
            } else {
                let mut ids = touched.ids;
                ids.extend(
                    touched
                        .branches
                        .iter()
                        .filter_map(|branch| self.index.element_of(*branch)),
                );
                let signing = match author {
                    Some(author) => Signing::of(&self.index, &txn, &ids, author),
                    None => Signing::default(),
                };
                let meta = touched.meta;
                let scope = Scope::Touched { ids, meta };
                let mut fixes = plan(&mut self.index, &txn, scope, self.elements_max);
                signing.settle(&mut self.index, &mut fixes)
            }
        };
        let update = (!fixes.is_empty()).then(|| {
            let update = fix::apply(doc, &fixes);
            // What we did ourselves is right by construction.
            self.watch.take();
            update
        });
        Mended { update, unsigned }
    }
}

/// What came of looking at one person's update.
#[derive(Debug, Default)]
pub struct Mended {
    /// The server's edit, if one was needed.
    pub update: Option<Vec<u8>>,
    /// New elements that do not say whose they are.
    pub unsigned: Vec<Arc<str>>,
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

#[cfg(test)]
mod tests {
    use yrs::block::ClientID;
    use yrs::{Any, Doc, Map, MapPrelim, MapRef, OffsetKind, Options, ReadTxn, Transact};

    use super::{Index, Inspector, Scope, fix, plan};
    use crate::document::{canonical_json, elements};

    fn new_doc(client: u64) -> Doc {
        let mut options = Options::with_client_id(ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        Doc::with_options(options)
    }

    fn copy(of: &Doc) -> Doc {
        let doc = new_doc(99);
        let update = of
            .transact()
            .encode_state_as_update_v1(&yrs::StateVector::default());
        let update = yrs::updates::decoder::Decode::decode_v1(&update).unwrap();
        doc.transact_mut().apply_update(update).unwrap();
        doc
    }

    /// SplitMix64.
    fn roll(seed: &mut u64, end: u64) -> u64 {
        *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    /// Edits under `ids` names; the more there are, the likelier a parent is the name before.
    fn edit(doc: &Doc, seed: &mut u64, ids: u64) {
        let root = doc.get_or_insert_map("elements");
        let mut txn = doc.transact_mut();
        for _ in 0..=roll(seed, 3) {
            let number = roll(seed, ids);
            let id = format!("e{number:02}");
            let parent = match roll(seed, ids) {
                0..=15 => format!("e{:02}", roll(seed, ids + 2)),
                _ => format!("e{:02}", number.saturating_sub(1)),
            };
            let element: Option<MapRef> = root.get(&txn, &id).and_then(|found| found.cast().ok());
            match (roll(seed, 8), element) {
                (0, _) => {
                    root.remove(&mut txn, &id);
                }
                (1, _) => {
                    root.insert(&mut txn, id, 5);
                }
                (2, Some(element)) => {
                    element.insert(&mut txn, "opacity", roll(seed, 3) as f64);
                }
                (3, Some(element)) => {
                    element.insert(&mut txn, "z", format!("a{}", roll(seed, 5)));
                }
                (4..=6, Some(element)) => {
                    element.insert(&mut txn, "parent", parent);
                }
                _ => {
                    let kind = if roll(seed, 4) == 0 { "frame" } else { "text" };
                    let element = root.insert(&mut txn, id, MapPrelim::from([("type", kind)]));
                    element.insert(&mut txn, "box", Any::from(vec![Any::from(1); 5]));
                    element.insert(&mut txn, "parent", parent);
                }
            }
        }
    }

    fn check_bit_by_bit(first: u64, ids: u64, steps: u32, elements_max: usize) {
        let mut seed = first;
        let doc = new_doc(1);
        edit(&doc, &mut seed, ids);
        let mut inspector = Inspector::attach_with(&doc, elements_max);
        for step in 0..steps {
            edit(&doc, &mut seed, ids);
            let at_once = copy(&doc);
            at_once.get_or_insert_map("meta");
            let fixes = plan(
                &mut Index::default(),
                &at_once.transact(),
                Scope::All,
                elements_max,
            );
            fix::apply(&at_once, &fixes);
            let mended = inspector.repair(&doc);
            let at = format!("seed {first}, step {step}");
            assert_eq!(mended.is_some(), !fixes.is_empty(), "{at}");
            assert_eq!(
                canonical_json(&doc.transact()),
                canonical_json(&at_once.transact()),
                "{at}"
            );
            assert!(elements(&doc.transact()).len() <= elements_max, "{at}");
            let again = plan(
                &mut Index::default(),
                &doc.transact(),
                Scope::All,
                elements_max,
            );
            assert_eq!(again, [], "{at}");
        }
    }

    #[test]
    fn mending_bit_by_bit_is_mending_all_at_once() {
        for seed in 0..150 {
            check_bit_by_bit(seed, 16, 25, 12);
        }
    }

    #[test]
    fn mending_bit_by_bit_is_mending_all_at_once_deep_down() {
        for seed in 0..10 {
            check_bit_by_bit(seed, 99, 200, 1_000);
        }
    }
}
