//! Whether an element may hang below another.

use std::collections::HashMap;

use yrs::{Any, Map, MapRef, Out, ReadTxn};

use super::Fault;
use crate::schema::{ElementType, NESTING_MAX, ROOT_ELEMENTS, is_element_id};

/// What is wrong with hanging `id` below `parent`, if anything.
pub(super) fn fault<T: ReadTxn>(txn: &T, id: &str, parent: &str) -> Option<Fault> {
    let wrong = |detail: &str| Some(Fault::invalid("/parent", detail));
    let Some(root) = txn.get_map(ROOT_ELEMENTS) else {
        return wrong("there is no such element");
    };
    let mut above = 0;
    let mut next = Some(parent.to_owned());
    while let Some(here) = next {
        if here == id {
            return wrong("an element cannot lie in itself");
        }
        let found = element(txn, &root, &here);
        if above == 0 {
            match &found {
                None => return wrong("there is no such element"),
                Some(map) if !may_hold(txn, map) => {
                    return wrong("must be a frame or a group");
                }
                Some(_) => {}
            }
        }
        above += 1;
        if above > NESTING_MAX {
            break;
        }
        next = found.and_then(|map| parent_of(txn, &map));
    }
    match above + height(txn, &root, id) > NESTING_MAX {
        true => wrong("elements lie at most 32 deep in each other"),
        false => None,
    }
}

/// Of the element and all that hangs below it; more than `NESTING_MAX` is not counted.
fn height<T: ReadTxn>(txn: &T, root: &MapRef, id: &str) -> usize {
    if !root.contains_key(txn, id) {
        return 1;
    }
    let mut children: HashMap<String, Vec<String>> = HashMap::new();
    for (child, value) in root.iter(txn) {
        if let Out::YMap(map) = value
            && let Some(parent) = parent_of(txn, &map)
        {
            children.entry(parent).or_default().push(child.to_owned());
        }
    }
    let mut level = vec![id.to_owned()];
    let mut height = 0;
    while !level.is_empty() && height <= NESTING_MAX {
        height += 1;
        let below = level.iter().filter_map(|id| children.get(id));
        level = below.flatten().cloned().collect();
    }
    height
}

fn element<T: ReadTxn>(txn: &T, root: &MapRef, id: &str) -> Option<MapRef> {
    match root.get(txn, id)? {
        Out::YMap(map) => Some(map),
        _ => None,
    }
}

/// What a type of a later version holds is not known here.
fn may_hold<T: ReadTxn>(txn: &T, map: &MapRef) -> bool {
    match map.get(txn, "type") {
        Some(Out::Any(Any::String(name))) => {
            ElementType::from_name(&name).is_none_or(ElementType::holds_others)
        }
        _ => false,
    }
}

fn parent_of<T: ReadTxn>(txn: &T, map: &MapRef) -> Option<String> {
    match map.get(txn, "parent")? {
        Out::Any(Any::String(parent)) if is_element_id(&parent) => Some(parent.to_string()),
        _ => None,
    }
}
