//! Elements made, changed and removed, each by one transaction.

use std::collections::HashMap;

use serde_json::Value;
use yrs::{
    Any, Doc, GetString, Map, MapPrelim, MapRef, Out, ReadTxn, Text, TextPrelim, TextRef, Transact,
    TransactionMut,
};

use super::read::{self, Object};
use super::runs::{self, Run};
use super::wanted::{self, Wanted};
use super::{Fault, Refused, find, joints, order, parents};
use crate::document::{IMAGE_MEMBERS, is_word};
use crate::schema::{
    ELEMENTS_MAX, ElementType, Head, ROOT_ELEMENTS, Z_DEFAULT, is_element_id, is_z,
};

/// The update of a transaction that changed nothing.
const NOTHING: &[u8] = &[0, 0];

/// What came of a write.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The transaction's update; nothing when there was nothing to change.
    pub update: Option<Vec<u8>>,
    /// The element as it now is; nothing when it is gone.
    pub element: Option<Object>,
}

/// What becomes of formats inside a text that are not spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Formats {
    Stay,
    AsSaid,
}

/// Makes an element, on top of all others unless it says where. No transaction may be open, here and below.
pub fn create(doc: &Doc, id: &str, asked: &Object, by: Option<&str>) -> Result<Written, Refused> {
    if !is_element_id(id) {
        let detail = "must be 1 to 64 letters, digits, _ or -";
        return Err(Refused::Invalid(vec![Fault::invalid("/id", detail)]));
    }
    let known = type_of(asked)?;
    let mut wanted = wanted::read(known, asked, None).map_err(Refused::Invalid)?;
    let root = doc.get_or_insert_map(ROOT_ELEMENTS);
    let mut txn = doc.transact_mut();
    if root.contains_key(&txn, id) {
        return Err(Refused::Exists);
    }
    if root.len(&txn) as usize >= ELEMENTS_MAX {
        return Err(Refused::Full);
    }
    check_parent(&txn, id, wanted.parent())?;
    check_ends(&txn, id, known, &wanted)?;
    wanted.members.entry("z").or_insert_with(|| {
        let z = order::above(highest(&txn, &root).as_deref());
        (z.as_str().into(), z.into())
    });
    let stored = wanted
        .members
        .into_iter()
        .map(|(key, (_, value))| (key, value));
    let author = by.map(|by| ("by", Any::from(by)));
    let all = [("type", Any::from(known.name()))]
        .into_iter()
        .chain(stored)
        .chain(author);
    let map = root.insert(&mut txn, id, all.collect::<MapPrelim>());
    if known.has_text() {
        let text = TextPrelim::new(wanted.text.unwrap_or_default());
        let text = map.insert(&mut txn, "text", text);
        runs::write(&mut txn, &text, &wanted.runs.unwrap_or_default());
    }
    Ok(done(txn, id, &map))
}

/// Makes an element what is asked for. What a later version keeps in it stays.
pub fn replace(
    doc: &Doc,
    id: &str,
    asked: &Object,
    is_expected: &dyn Fn(&Object) -> bool,
) -> Result<Written, Refused> {
    change(doc, id, is_expected, |_| (asked.clone(), Formats::AsSaid))
}

/// The same for a merge patch (RFC 7396).
pub fn patch(
    doc: &Doc,
    id: &str,
    patch: &Object,
    is_expected: &dyn Fn(&Object) -> bool,
) -> Result<Written, Refused> {
    change(doc, id, is_expected, |before| {
        let mut target = before.clone();
        let mut formats = Formats::AsSaid;
        // Each says what the other does, and what is patched holds.
        match (patch.contains_key("text"), patch.get("runs")) {
            (true, None) => {
                target.remove("runs");
                formats = Formats::Stay;
            }
            (false, Some(runs)) if !runs.is_null() => {
                target.remove("text");
            }
            (true, Some(_)) | (false, Some(_) | None) => {}
        }
        merge(&mut target, patch);
        (target, formats)
    })
}

pub fn remove(
    doc: &Doc,
    id: &str,
    is_expected: &dyn Fn(&Object) -> bool,
) -> Result<Written, Refused> {
    let root = doc.get_or_insert_map(ROOT_ELEMENTS);
    let mut txn = doc.transact_mut();
    let map = find(&txn, id).ok_or(Refused::NotFound)?;
    let before = read::element(&txn, id, &map).ok_or(Refused::NotFound)?;
    if !is_expected(&before) {
        return Err(Refused::Moved);
    }
    if is_locked(&before) {
        return Err(Refused::Locked);
    }
    root.remove(&mut txn, id);
    Ok(Written {
        update: Some(txn.encode_update_v1()),
        element: None,
    })
}

/// Whether this element is there and nobody is said to have made it.
pub fn is_unsigned<T: ReadTxn>(txn: &T, id: &str) -> bool {
    find(txn, id).is_some_and(|map| !map.contains_key(txn, "by"))
}

/// Notes who made these elements, as far as they are there and do not say it already. Returns the update, if any.
pub fn set_authors<'a>(
    doc: &Doc,
    authors: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<Vec<u8>> {
    let mut txn = doc.transact_mut();
    let mut has_changed = false;
    for (id, by) in authors {
        let Some(map) = find(&txn, id) else {
            continue;
        };
        let said = read::plain(&txn, &map, "by");
        if !matches!(said, Some(Any::String(said)) if *said == *by) {
            map.insert(&mut txn, "by", by);
            has_changed = true;
        }
    }
    has_changed.then(|| txn.encode_update_v1())
}

fn change(
    doc: &Doc,
    id: &str,
    is_expected: &dyn Fn(&Object) -> bool,
    target: impl FnOnce(&Object) -> (Object, Formats),
) -> Result<Written, Refused> {
    // Made before a transaction is open: yrs opens one for it.
    doc.get_or_insert_map(ROOT_ELEMENTS);
    let mut txn = doc.transact_mut();
    let map = find(&txn, id).ok_or(Refused::NotFound)?;
    let before = read::element(&txn, id, &map).ok_or(Refused::NotFound)?;
    if !is_expected(&before) {
        return Err(Refused::Moved);
    }
    let (asked, formats) = target(&before);
    if asked == before {
        return Ok(Written {
            update: None,
            element: Some(before),
        });
    }
    let known = before.get("type").and_then(Value::as_str);
    let Some(known) = known.and_then(ElementType::from_name) else {
        let detail = "an element of a later version is kept as it is";
        return Err(Refused::Invalid(vec![Fault::invalid("/type", detail)]));
    };
    let mut wanted = wanted::read(known, &asked, Some(&before)).map_err(Refused::Invalid)?;
    let says_none = asked.get("runs").is_none_or(Value::is_null);
    if formats == Formats::AsSaid && says_none && before.contains_key("runs") {
        wanted.runs = Some(vec![Run::plain(wanted.text.clone().unwrap_or_default())]);
    }
    if is_locked(&before) && wanted.kept.contains("locked") {
        return Err(Refused::Locked);
    }
    if !wanted.kept.contains("parent") {
        check_parent(&txn, id, wanted.parent())?;
    }
    check_ends(&txn, id, known, &wanted)?;
    write(&mut txn, &map, known, wanted, &before);
    Ok(done(txn, id, &map))
}

fn write(
    txn: &mut TransactionMut<'_>,
    map: &MapRef,
    known: ElementType,
    mut wanted: Wanted,
    before: &Object,
) {
    for key in wanted::keys(known) {
        if wanted.kept.contains(key) {
            continue;
        }
        match wanted.members.remove(key) {
            Some((shown, _)) if before.get(key) == Some(&shown) => {}
            Some((_, stored)) => {
                let stored = match (known, key) {
                    (ElementType::Line | ElementType::Connector, "data") => {
                        with_the_rest(txn, map, stored)
                    }
                    (ElementType::Image, "data") => beside(txn, map, stored, &IMAGE_MEMBERS),
                    _ => stored,
                };
                map.insert(txn, key, stored);
            }
            // An element is always somewhere in the order.
            None if key == "z" => {}
            None => {
                if before.contains_key(key) {
                    map.remove(txn, key);
                }
            }
        }
    }
    if known.has_text() {
        write_text(
            txn,
            map,
            wanted.text,
            wanted.runs.as_deref().unwrap_or_default(),
        );
    }
}

/// What a later version keeps beside the ends of a line or a connector stays.
fn with_the_rest(txn: &TransactionMut<'_>, map: &MapRef, stored: Any) -> Any {
    let (Some(Any::Map(there)), Any::Map(stored)) = (read::plain(txn, map, "data"), &stored) else {
        return stored;
    };
    let mut all: HashMap<String, Any> = there.as_ref().clone();
    // A head of a later version reads as none, and is only written over by one that is known.
    all.retain(|key, value| match key.as_str() {
        "from" | "via" | "to" => false,
        "from_head" | "to_head" => {
            is_word(value) && !matches!(value, Any::String(word) if Head::from_name(word).is_some())
        }
        _ => true,
    });
    for (key, value) in stored.iter() {
        let value = joints::with_the_rest(there.get(key), value.clone());
        all.insert(key.clone(), value);
    }
    Any::from(all)
}

/// What a later version keeps beside the members of this one stays.
fn beside(txn: &TransactionMut<'_>, map: &MapRef, stored: Any, known: &[&str]) -> Any {
    let (Some(Any::Map(there)), Any::Map(stored)) = (read::plain(txn, map, "data"), &stored) else {
        return stored;
    };
    let kept = there
        .iter()
        .filter(|(key, _)| !known.contains(&key.as_str()));
    let all = kept.chain(stored.iter());
    let all: HashMap<String, Any> = all
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Any::from(all)
}

/// Changes what differs between the two ends that are the same, so that formats and what others write beside it stay.
fn write_text(txn: &mut TransactionMut<'_>, map: &MapRef, wanted: Option<String>, runs: &[Run]) {
    let text: Option<TextRef> = match map.get(txn, "text") {
        Some(Out::YText(text)) => Some(text),
        _ => None,
    };
    let wanted = wanted.unwrap_or_default();
    let Some(text) = text else {
        if !wanted.is_empty() {
            let text = map.insert(txn, "text", TextPrelim::new(wanted));
            runs::write(txn, &text, runs);
        }
        return;
    };
    let before = text.get_string(txn);
    let same = |one: &mut dyn Iterator<Item = (char, char)>| -> usize {
        one.take_while(|(a, b)| a == b)
            .map(|(a, _)| a.len_utf8())
            .sum()
    };
    let start = same(&mut before.chars().zip(wanted.chars()));
    let rest = (&before[start..], &wanted[start..]);
    let end = same(&mut rest.0.chars().rev().zip(rest.1.chars().rev()));
    let out = &rest.0[..rest.0.len() - end];
    let into = &rest.1[..rest.1.len() - end];
    let at = runs::units(&before[..start]);
    if !out.is_empty() {
        text.remove_range(txn, at, runs::units(out));
    }
    if !into.is_empty() {
        text.insert(txn, at, into);
    }
    runs::write(txn, &text, runs);
}

fn done(txn: TransactionMut<'_>, id: &str, map: &MapRef) -> Written {
    let update = txn.encode_update_v1();
    Written {
        element: read::element(&txn, id, map),
        update: Some(update).filter(|update| update != NOTHING),
    }
}

fn type_of(asked: &Object) -> Result<ElementType, Refused> {
    let fault = match asked.get("type") {
        None | Some(Value::Null) => Fault::new("/type", "missing-member", "this member is needed"),
        Some(Value::String(name)) => match ElementType::from_name(name) {
            Some(known) => return Ok(known),
            None => {
                let names = ElementType::ALL.map(ElementType::name).join(", ");
                Fault::invalid("/type", format!("must be one of {names}"))
            }
        },
        Some(_) => Fault::new("/type", "wrong-type", "must be text"),
    };
    Err(Refused::Invalid(vec![fault]))
}

fn is_locked(element: &Object) -> bool {
    element.get("locked") == Some(&Value::Bool(true))
}

fn check_parent<T: ReadTxn>(txn: &T, id: &str, parent: Option<&str>) -> Result<(), Refused> {
    match parent.and_then(|parent| parents::fault(txn, id, parent)) {
        Some(fault) => Err(Refused::Invalid(vec![fault])),
        None => Ok(()),
    }
}

fn check_ends<T: ReadTxn>(
    txn: &T,
    id: &str,
    known: ElementType,
    wanted: &Wanted,
) -> Result<(), Refused> {
    let data = wanted.members.get("data").map(|(shown, _)| shown);
    match data.filter(|_| known == ElementType::Connector) {
        Some(data) => match joints::fault(txn, id, data) {
            Some(fault) => Err(Refused::Invalid(vec![fault])),
            None => Ok(()),
        },
        None => Ok(()),
    }
}

fn highest<T: ReadTxn>(txn: &T, root: &MapRef) -> Option<String> {
    let z_of = |(_, value): (&str, Out)| match value {
        Out::YMap(map) => Some(match read::plain(txn, &map, "z") {
            Some(Any::String(z)) if is_z(&z) => z.to_string(),
            _ => Z_DEFAULT.to_owned(),
        }),
        _ => None,
    };
    root.iter(txn).filter_map(z_of).max()
}

/// RFC 7396.
fn merge(target: &mut Object, patch: &Object) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(inner) => {
                let below = target
                    .entry(name.clone())
                    .or_insert_with(|| Value::Object(Object::new()));
                if !below.is_object() {
                    *below = Value::Object(Object::new());
                }
                if let Value::Object(below) = below {
                    merge(below, inner);
                }
            }
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
}
