//! What is wrong with one element by itself, with the board's own entries, and with their number.

use std::sync::Arc;

use yrs::branch::BranchID;
use yrs::{Any, Map, MapRef, Number, Out, ReadTxn};

use super::fix::{Fix, length, set_head};
use super::index::{Index, Node};
use crate::document::{
    PenData, bounds_or_default, ends, is_word, joint_any, joints, style_fits, via,
};
use crate::schema::{
    ElementType, ROOT_META, StyleValue, TEXT_LENGTH_MAX, WORD_LENGTH_MAX, Z_DEFAULT, is_element_id,
    is_z,
};

/// What lies under one key of `elements`.
pub(super) enum Found {
    Nothing,
    /// Something that no reader can take for an element.
    NoElement,
    Element(Node),
}

pub(super) fn element<T: ReadTxn>(
    txn: &T,
    elements: &MapRef,
    id: &Arc<str>,
    fixes: &mut Vec<Fix>,
) -> Found {
    let map = match elements.get(txn, id) {
        Some(Out::YMap(map)) if is_element_id(id) => map,
        Some(_) => return Found::NoElement,
        None if elements.contains_key(txn, id) => return Found::NoElement,
        None => return Found::Nothing,
    };
    let BranchID::Nested(branch) = map.as_ref().id() else {
        return Found::NoElement;
    };
    let Some(Out::Any(Any::String(type_name))) = map.get(txn, "type") else {
        return Found::NoElement;
    };
    let known = ElementType::from_name(&type_name);
    let mut look = Look {
        txn,
        map: &map,
        id,
        fixes: Vec::new(),
    };
    if let Some(known) = known {
        if matches!(known, ElementType::Pen | ElementType::Highlighter)
            && matches!(PenData::read(look.value("data").as_ref()), PenData::Broken)
        {
            return Found::NoElement;
        }
        look.known(known);
    }
    let parent = match look.value("parent") {
        Some(Any::String(parent)) if is_element_id(&parent) => Some(parent),
        _ => None,
    };
    if known.is_some() && parent.is_none() {
        look.remove_unless("parent", |_| false);
    }
    let by = match look.value("by") {
        Some(Any::String(by)) if by.len() <= WORD_LENGTH_MAX => Some(by),
        _ => None,
    };
    fixes.append(&mut look.fixes);
    Found::Element(Node {
        known: known.is_some(),
        parent,
        branch: (branch.client.get(), branch.clock),
        by,
    })
}

/// One element of a known type under inspection.
struct Look<'t, T> {
    txn: &'t T,
    map: &'t MapRef,
    id: &'t Arc<str>,
    fixes: Vec<Fix>,
}

impl<T: ReadTxn> Look<'_, T> {
    fn known(&mut self, known: ElementType) {
        let (bounds, exact) = bounds_or_default(self.value("box").as_ref(), known);
        if !exact {
            self.fixes.push(Fix::SetBox {
                id: Arc::clone(self.id),
                bounds,
            });
        }
        self.remove_unless("z", |z| matches!(z, Any::String(z) if is_z(z)));
        if matches!(known, ElementType::Shape | ElementType::Connector) {
            self.remove_unless("kind", is_word);
        }
        if known == ElementType::Frame {
            self.remove_unless(
                "order",
                |order| matches!(order, Any::String(order) if is_z(order)),
            );
        }
        for (key, _) in known.styles() {
            self.remove_unless(key.name(), |value| style_fits(key.value(), value));
        }
        if known.has_text() {
            self.text();
        }
        if known == ElementType::Line {
            self.line();
        }
        if known == ElementType::Connector {
            self.connector();
        }
    }

    fn text(&mut self) {
        match self.map.get(self.txn, "text") {
            Some(Out::YText(text)) => {
                if length(&text) > TEXT_LENGTH_MAX {
                    self.fixes.push(Fix::CutText {
                        id: Arc::clone(self.id),
                    });
                }
            }
            Some(_) => self.remove("text"),
            None => self.remove_unless("text", |_| false),
        }
    }

    fn line(&mut self) {
        let data = self.value("data");
        let ((from, to), exact) = ends(data.as_ref());
        let is_course = via(data.as_ref()).is_some();
        if !exact || !is_course {
            // What a later version keeps beside the ends stays.
            let mut kept = match data {
                Some(Any::Map(entries)) => entries.as_ref().clone(),
                _ => std::collections::HashMap::new(),
            };
            if !is_course {
                kept.remove("via");
            }
            self.fixes.push(Fix::SetEnds {
                id: Arc::clone(self.id),
                from,
                to,
                kept,
            });
        }
    }

    fn connector(&mut self) {
        let data = self.value("data");
        let ((from, to), exact) = joints(data.as_ref());
        if exact {
            return;
        }
        let mut mended = match data {
            Some(Any::Map(entries)) => entries.as_ref().clone(),
            _ => std::collections::HashMap::new(),
        };
        for (key, head, joint) in [("from", "from_head", &from), ("to", "to_head", &to)] {
            let before = mended.remove(key);
            mended.insert(key.to_owned(), joint_any(joint, before.as_ref()));
            set_head(&mut mended, head, joint.head);
        }
        self.fixes.push(Fix::SetData {
            id: Arc::clone(self.id),
            data: Any::from(mended),
        });
    }

    fn value(&self, key: &str) -> Option<Any> {
        match self.map.get(self.txn, key) {
            Some(Out::Any(value)) => Some(value),
            _ => None,
        }
    }

    fn remove(&mut self, key: &'static str) {
        self.fixes.push(Fix::RemoveKey {
            id: Arc::clone(self.id),
            key,
        });
    }

    fn remove_unless(&mut self, key: &'static str, fits: impl Fn(&Any) -> bool) {
        let wrong = match self.map.get(self.txn, key) {
            Some(Out::Any(value)) => !fits(&value),
            Some(_) => true,
            None => self.map.contains_key(self.txn, key),
        };
        if wrong {
            self.remove(key);
        }
    }
}

/// The board's own entries.
pub(super) fn meta<T: ReadTxn>(txn: &T, fixes: &mut Vec<Fix>) {
    let Some(meta) = txn.get_map(ROOT_META) else {
        return;
    };
    let mut check = |key: &'static str, fits: fn(&Any) -> bool| {
        let wrong = match meta.get(txn, key) {
            Some(Out::Any(value)) => !fits(&value),
            Some(_) => true,
            None => meta.contains_key(txn, key),
        };
        if wrong {
            fixes.push(Fix::RemoveMeta { key });
        }
    };
    check("schema", |value| match value {
        Any::Number(Number::Int(version)) => (1..=i64::from(u32::MAX)).contains(version),
        Any::Number(Number::Float(version)) => {
            version.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(version)
        }
        _ => false,
    });
    check("background", |value| style_fits(StyleValue::Paint, value));
}

/// Elements beyond the number that a board may have: those on top, which as a rule are the newest.
pub(super) fn excess<T: ReadTxn>(
    txn: &T,
    elements: &MapRef,
    index: &Index,
    elements_max: usize,
) -> Vec<Arc<str>> {
    let excess = index.len().saturating_sub(elements_max);
    if excess == 0 {
        return Vec::new();
    }
    let z_of = |id: &str| match elements.get(txn, id) {
        Some(Out::YMap(map)) => match map.get(txn, "z") {
            Some(Out::Any(Any::String(z))) if is_z(&z) => z.to_string(),
            _ => Z_DEFAULT.to_owned(),
        },
        _ => Z_DEFAULT.to_owned(),
    };
    let mut places: Vec<(String, Arc<str>)> =
        index.ids().map(|id| (z_of(id), Arc::clone(id))).collect();
    places.sort_unstable();
    places
        .split_off(places.len() - excess)
        .into_iter()
        .map(|(_, id)| id)
        .collect()
}
