//! Documents as JSON that is the same for the same content, and the likeness of two documents.

use serde_json::{Map as JsonMap, Value, json};
use yrs::branch::{Branch, BranchPtr};
use yrs::types::text::YChange;
use yrs::{
    Any, Array, ArrayRef, Map, MapRef, Out, ReadTxn, Text, TextRef, Xml, XmlElementRef,
    XmlFragment, XmlOut, XmlTextRef,
};

use super::element::real_number;
use crate::StateVector;

/// All that two copies of one document must share: what they heard of, what is deleted, what they show.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    pub known: StateVector,
    /// Client, first clock, one past the last, ascending.
    pub deleted: Vec<(u64, u32, u32)>,
    pub shown: Value,
}

pub fn likeness<T: ReadTxn>(txn: &T) -> Likeness {
    let (known, deleted) = version(txn);
    Likeness {
        known,
        deleted,
        shown: canonical_json(txn),
    }
}

/// What a copy of the document has heard of and what is deleted in it: the same for the same content.
pub fn version<T: ReadTxn>(txn: &T) -> (StateVector, Vec<(u64, u32, u32)>) {
    let snapshot = txn.snapshot();
    let mut deleted: Vec<(u64, u32, u32)> = snapshot
        .delete_set
        .iter()
        .flat_map(|(client, ranges)| {
            let ranges: Vec<_> = ranges.iter().cloned().collect();
            ranges
                .into_iter()
                .map(|range| (client.get(), range.start, range.end))
        })
        .collect();
    deleted.sort_unstable();
    (StateVector::from(&snapshot.state_map), deleted)
}

/// Every root by name, keys sorted. A root has no type of its own in the format, so both its entries and its list are
/// shown; shared types inside are wrapped in the name of their type, plain values stand as they are.
pub fn canonical_json<T: ReadTxn>(txn: &T) -> Value {
    let mut roots = JsonMap::new();
    for (name, root) in txn.root_refs() {
        let Some(branch) = root.try_branch().map(BranchPtr::from) else {
            continue;
        };
        let mut shown = JsonMap::new();
        let entries = map(txn, &MapRef::from(branch));
        if !entries.is_empty() {
            shown.insert("map".to_owned(), Value::Object(entries));
        }
        let sequence = sequence(txn, branch);
        if !sequence.is_empty() {
            shown.insert("list".to_owned(), Value::Array(sequence));
        }
        if !shown.is_empty() {
            roots.insert(name.to_owned(), Value::Object(shown));
        }
    }
    sorted(roots)
}

fn out<T: ReadTxn>(txn: &T, value: Out) -> Value {
    match value {
        Out::Any(value) => any(&value),
        Out::YText(inner) => json!({ "text": text(txn, &inner) }),
        Out::YArray(inner) => {
            json!({ "array": sequence(txn, BranchPtr::from(AsRef::<Branch>::as_ref(&inner))) })
        }
        Out::YMap(inner) => json!({ "map": sorted(map(txn, &inner)) }),
        Out::YXmlElement(inner) => xml_element(txn, &inner),
        Out::YXmlFragment(inner) => {
            json!({ "xml": inner.children(txn).map(|child| xml(txn, child)).collect::<Vec<_>>() })
        }
        Out::YXmlText(inner) => xml_text(txn, &inner),
        Out::YDoc(inner) => json!({ "document": inner.guid().to_string() }),
        Out::UndefinedRef(_) => json!({ "undefined": true }),
    }
}

fn map<T: ReadTxn>(txn: &T, from: &MapRef) -> JsonMap<String, Value> {
    let mut entries: Vec<(String, Value)> = from
        .iter(txn)
        .map(|(key, value)| (key.to_owned(), out(txn, value)))
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.into_iter().collect()
}

/// A list, or a text when it holds any. yrs never comes to the end of a *list* with characters outside the basic plane
/// in it, which a hostile update can make.
fn sequence<T: ReadTxn>(txn: &T, from: BranchPtr) -> Vec<Value> {
    let runs = TextRef::from(from).diff(txn, YChange::identity);
    let is_text = runs
        .iter()
        .any(|run| matches!(run.insert, Out::Any(Any::String(_))));
    if is_text {
        text(txn, &TextRef::from(from))
    } else {
        ArrayRef::from(from)
            .iter(txn)
            .map(|value| out(txn, value))
            .collect()
    }
}

/// Runs of text and embedded values with their formatting; neighbours alike are joined.
fn text<T: ReadTxn>(txn: &T, from: &impl Text) -> Vec<Value> {
    let mut runs: Vec<(Value, Value)> = Vec::new();
    for run in from.diff(txn, YChange::identity) {
        let attributes = run.attributes.map_or(Value::Null, |attributes| {
            sorted(
                attributes
                    .iter()
                    .map(|(key, value)| (key.to_string(), any(value)))
                    .collect(),
            )
        });
        let inserted = out(txn, run.insert);
        match (runs.last_mut(), &inserted) {
            (Some((Value::String(last), last_attributes)), Value::String(next))
                if *last_attributes == attributes =>
            {
                last.push_str(next);
            }
            _ => runs.push((inserted, attributes)),
        }
    }
    runs.into_iter()
        .map(|(inserted, attributes)| match attributes {
            Value::Null => inserted,
            attributes => json!({ "insert": inserted, "attributes": attributes }),
        })
        .collect()
}

fn xml<T: ReadTxn>(txn: &T, node: XmlOut) -> Value {
    match node {
        XmlOut::Element(inner) => xml_element(txn, &inner),
        XmlOut::Fragment(inner) => out(txn, Out::YXmlFragment(inner)),
        XmlOut::Text(inner) => xml_text(txn, &inner),
    }
}

fn xml_element<T: ReadTxn>(txn: &T, node: &XmlElementRef) -> Value {
    let attributes = node
        .attributes(txn)
        .map(|(key, value)| (key.to_owned(), out(txn, value)))
        .collect();
    let children: Vec<Value> = node.children(txn).map(|child| xml(txn, child)).collect();
    json!({ "xml": node.try_tag().map(|tag| tag.to_string()), "attributes": sorted(attributes), "children": children })
}

fn xml_text<T: ReadTxn>(txn: &T, node: &XmlTextRef) -> Value {
    let attributes = node
        .attributes(txn)
        .map(|(key, value)| (key.to_owned(), out(txn, value)))
        .collect();
    json!({ "xml_text": text(txn, node), "attributes": sorted(attributes) })
}

pub(crate) fn any(value: &Any) -> Value {
    match value {
        Any::Null => Value::Null,
        Any::Undefined => json!({ "undefined": true }),
        Any::Bool(flag) => Value::Bool(*flag),
        Any::Number(number) => real(real_number(*number)),
        Any::String(text) => Value::String(text.to_string()),
        Any::Buffer(bytes) => {
            json!({ "bytes": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() })
        }
        Any::Array(items) => Value::Array(items.iter().map(any).collect()),
        Any::Map(entries) => sorted(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), any(value)))
                .collect(),
        ),
    }
}

/// The same number is written in several ways by the two libraries.
pub(crate) fn real(number: f64) -> Value {
    const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
    if number.fract() == 0.0 && number.abs() <= EXACT_MAX {
        Value::from(number as i64)
    } else {
        serde_json::Number::from_f64(number)
            .map_or_else(|| json!({ "number": number.to_string() }), Value::Number)
    }
}

fn sorted(entries: JsonMap<String, Value>) -> Value {
    // Without the `preserve_order` feature the map sorts its keys by itself; with it, insertion order counts.
    let mut entries: Vec<(String, Value)> = entries.into_iter().collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(entries.into_iter().collect())
}
