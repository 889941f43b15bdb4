//! Single mends, and the transaction that applies them.

use std::collections::HashMap;
use std::sync::Arc;

use yrs::branch::Branch;
use yrs::{Any, Doc, Map, MapRef, Out, ReadTxn, Text, TextRef, Transact, TransactionMut};

use crate::document::{Bounds, End, Head};
use crate::schema::{ROOT_ELEMENTS, ROOT_META, TEXT_LENGTH_MAX};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fix {
    RemoveElement {
        id: Arc<str>,
    },
    RemoveKey {
        id: Arc<str>,
        key: &'static str,
    },
    SetBox {
        id: Arc<str>,
        bounds: Bounds,
    },
    /// Ends of a line, and what else lies beside them.
    SetEnds {
        id: Arc<str>,
        from: End,
        to: End,
        kept: HashMap<String, Any>,
    },
    /// What a connector is made of, mended.
    SetData {
        id: Arc<str>,
        data: Any,
    },
    /// Takes away what is beyond the greatest length.
    CutText {
        id: Arc<str>,
    },
    /// Whom it is put down to, whatever its client says.
    SetBy {
        id: Arc<str>,
        by: Option<Arc<str>>,
    },
    RemoveMeta {
        key: &'static str,
    },
}

impl Fix {
    pub(super) fn element(&self) -> Option<&Arc<str>> {
        match self {
            Fix::RemoveElement { id }
            | Fix::RemoveKey { id, .. }
            | Fix::SetBox { id, .. }
            | Fix::SetEnds { id, .. }
            | Fix::SetData { id, .. }
            | Fix::SetBy { id, .. }
            | Fix::CutText { id } => Some(id),
            Fix::RemoveMeta { .. } => None,
        }
    }
}

/// Applies all in one transaction and returns its update.
pub(super) fn apply(doc: &Doc, fixes: &[Fix]) -> Vec<u8> {
    let mut txn = doc.transact_mut();
    for fix in fixes {
        apply_one(&mut txn, fix);
    }
    txn.encode_update_v1()
}

fn apply_one(txn: &mut TransactionMut<'_>, fix: &Fix) -> Option<()> {
    let elements = txn.get_map(ROOT_ELEMENTS)?;
    match fix {
        Fix::RemoveElement { id } => {
            elements.remove(txn, id);
        }
        Fix::RemoveKey { id, key } => {
            element(txn, &elements, id)?.remove(txn, key);
        }
        Fix::SetBox { id, bounds } => {
            let Bounds { x, y, w, h, angle } = *bounds;
            let value = Any::from([x, y, w, h, angle].map(Any::from).to_vec());
            element(txn, &elements, id)?.insert(txn, "box", value);
        }
        Fix::SetEnds { id, from, to, kept } => {
            let mut data = kept.clone();
            data.insert("from".to_owned(), place(from));
            data.insert("to".to_owned(), place(to));
            set_head(&mut data, "from_head", from.head);
            set_head(&mut data, "to_head", to.head);
            element(txn, &elements, id)?.insert(txn, "data", Any::from(data));
        }
        Fix::SetData { id, data } => {
            element(txn, &elements, id)?.insert(txn, "data", data.clone());
        }
        Fix::CutText { id } => {
            let Out::YText(text) = element(txn, &elements, id)?.get(txn, "text")? else {
                return None;
            };
            let beyond = length(&text).saturating_sub(TEXT_LENGTH_MAX);
            text.remove_range(txn, TEXT_LENGTH_MAX, beyond);
        }
        Fix::SetBy { id, by } => {
            let element = element(txn, &elements, id)?;
            match by {
                Some(by) => {
                    element.insert(txn, "by", by.as_ref());
                }
                None => {
                    element.remove(txn, "by");
                }
            }
        }
        Fix::RemoveMeta { key } => {
            txn.get_map(ROOT_META)?.remove(txn, key);
        }
    }
    Some(())
}

/// In UTF-16, whatever the document counts in.
pub(super) fn length(text: &TextRef) -> u32 {
    AsRef::<Branch>::as_ref(text).len()
}

fn element(txn: &TransactionMut<'_>, elements: &MapRef, id: &str) -> Option<MapRef> {
    match elements.get(txn, id)? {
        Out::YMap(map) => Some(map),
        _ => None,
    }
}

fn place(end: &End) -> Any {
    Any::from(vec![Any::from(end.x), Any::from(end.y)])
}

/// A head that is a word of a later version reads as none and is kept.
pub(super) fn set_head(data: &mut HashMap<String, Any>, key: &str, head: Head) {
    match (head, data.get(key)) {
        (Head::None, Some(word)) if !crate::document::is_word(word) => {
            data.remove(key);
        }
        (Head::None, _) => {}
        (known, _) => {
            data.insert(key.to_owned(), Any::from(known.name()));
        }
    }
}
