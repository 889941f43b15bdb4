//! An element of the document as JSON.

use serde_json::{Map as JsonMap, Value, json};
use yrs::{Any, GetString, Map, MapRef, Out, ReadTxn};

use super::image::image_json;
use super::runs;
use crate::document::{
    End, Head, Joint, PenData, any, bounds_or_default, ends, image, is_word, joints, real,
    style_fits, via,
};
use crate::pen::Ink;
use crate::schema::{ElementType, StyleDefault, StyleKey, Z_DEFAULT, is_element_id, is_z};

pub type Object = JsonMap<String, Value>;

/// Points of a stroke lie on a grid this fine.
pub(super) const STEPS_PER_PX: f64 = 8.0;

/// What lies under `elements[id]`. Nothing when that is no element.
pub fn element<T: ReadTxn>(txn: &T, id: &str, map: &MapRef) -> Option<Object> {
    let mut shown = outline(txn, id, map)?;
    let known = shown.get("type").and_then(Value::as_str);
    if let Some(known) = known.and_then(ElementType::from_name) {
        put_own(txn, map, known, &mut shown);
    }
    Some(shown)
}

/// The same without what only some types have: where it is, and whose.
pub fn outline<T: ReadTxn>(txn: &T, id: &str, map: &MapRef) -> Option<Object> {
    let Some(Any::String(type_name)) = plain(txn, map, "type") else {
        return None;
    };
    let known = ElementType::from_name(&type_name);
    let mut shown = Object::new();
    let mut put = |key: &str, value: Value| {
        shown.insert(key.to_owned(), value);
    };
    put("id", id.into());
    put("type", type_name.as_ref().into());
    let sized = known.unwrap_or(ElementType::Shape);
    let bounds = bounds_or_default(plain(txn, map, "box").as_ref(), sized).0;
    let bounds = [bounds.x, bounds.y, bounds.w, bounds.h, bounds.angle];
    put("box", bounds.map(real).to_vec().into());
    let z = word(txn, map, "z").filter(|z| is_z(z));
    put("z", z.unwrap_or_else(|| Z_DEFAULT.to_owned()).into());
    if let Some(parent) = word(txn, map, "parent").filter(|parent| is_element_id(parent)) {
        put("parent", parent.into());
    }
    if let Some(by) = plain(txn, map, "by").filter(is_word) {
        put("by", any(&by));
    }
    Some(shown)
}

fn put_own<T: ReadTxn>(txn: &T, map: &MapRef, known: ElementType, shown: &mut Object) {
    let mut put = |key: &str, value: Value| {
        shown.insert(key.to_owned(), value);
    };
    if matches!(known, ElementType::Shape | ElementType::Connector)
        && let Some(kind) = plain(txn, map, "kind").filter(is_word)
    {
        put("kind", any(&kind));
    }
    for (key, default) in known.styles() {
        let found = plain(txn, map, key.name()).filter(|found| style_fits(key.value(), found));
        let found = found.map(|found| any(&found));
        if let Some(found) = found.filter(|found| *found != default_json(*default)) {
            put(key.name(), found);
        }
    }
    if known.has_text() {
        let text = match map.get(txn, "text") {
            Some(Out::YText(text)) => Some(text),
            _ => None,
        };
        let plain = text.as_ref().map(|text| text.get_string(txn));
        put("text", plain.unwrap_or_default().into());
        if let Some(runs) = text.and_then(|text| runs::shown(txn, &text)) {
            put("runs", runs);
        }
    }
    let data = plain(txn, map, "data");
    match known {
        ElementType::Pen | ElementType::Highlighter => {
            if let PenData::Ink(ink) = PenData::read(data.as_ref()) {
                put("data", ink_json(&ink));
            }
        }
        ElementType::Line => {
            let (from, to) = ends(data.as_ref()).0;
            let via = via(data.as_ref()).unwrap_or_default();
            put("data", line_json(from, &via, to));
        }
        ElementType::Connector => {
            let (from, to) = joints(data.as_ref()).0;
            put("data", joints_json(&from, &to));
        }
        ElementType::Image => {
            if let Some(image) = image(data.as_ref()) {
                put("data", image_json(&image));
            }
        }
        ElementType::Frame => {
            if let Some(order) = word(txn, map, "order").filter(|order| is_z(order)) {
                put("order", order.into());
            }
        }
        ElementType::Shape | ElementType::Sticky | ElementType::Text | ElementType::Group => {}
    }
}

pub(super) fn default_of(known: ElementType, key: StyleKey) -> Option<Value> {
    let of_type = known.styles().iter().find(|(other, _)| *other == key);
    of_type.map(|(_, default)| default_json(*default))
}

fn default_json(default: StyleDefault) -> Value {
    match default {
        StyleDefault::Word(word) => word.into(),
        StyleDefault::Number(number) => real(number),
        StyleDefault::Flag(flag) => flag.into(),
    }
}

/// Points in pixels from the top left of a box of this size.
pub(super) fn ink_json(ink: &Ink) -> Value {
    let steps = |steps: i64| real(steps as f64 / STEPS_PER_PX);
    let points = ink
        .points
        .iter()
        .map(|(x, y)| json!([steps(*x), steps(*y)]));
    let mut shown = json!({
        "w": real(f64::from(ink.w0)),
        "h": real(f64::from(ink.h0)),
        "points": points.collect::<Vec<_>>(),
    });
    if let Some(pressures) = &ink.pressures {
        shown["pressures"] = pressures.clone().into();
    }
    shown
}

pub(super) fn line_json(from: End, via: &[(f64, f64)], to: End) -> Value {
    let place = |(x, y): (f64, f64)| json!([real(x), real(y)]);
    let mut shown = json!({ "from": place((from.x, from.y)), "to": place((to.x, to.y)) });
    if !via.is_empty() {
        let via: Vec<Value> = via.iter().copied().map(place).collect();
        shown["via"] = via.into();
    }
    put_heads(&mut shown, from.head, to.head);
    shown
}

pub(super) fn joints_json(from: &Joint, to: &Joint) -> Value {
    let end = |joint: &Joint| {
        let own = json!([real(joint.x), real(joint.y)]);
        match &joint.binding {
            None => json!({ "at": own }),
            Some(binding) => json!({
                "element": binding.element,
                "at": [real(binding.x), real(binding.y)],
                "mode": binding.mode.name(),
                "last": own,
            }),
        }
    };
    let mut shown = json!({ "from": end(from), "to": end(to) });
    put_heads(&mut shown, from.head, to.head);
    shown
}

fn put_heads(shown: &mut Value, from: Head, to: Head) {
    for (key, head) in [("from_head", from), ("to_head", to)] {
        if head != Head::None {
            shown[key] = head.name().into();
        }
    }
}

pub(super) fn plain<T: ReadTxn>(txn: &T, map: &MapRef, key: &str) -> Option<Any> {
    match map.get(txn, key) {
        Some(Out::Any(value)) => Some(value),
        _ => None,
    }
}

fn word<T: ReadTxn>(txn: &T, map: &MapRef, key: &str) -> Option<String> {
    match plain(txn, map, key) {
        Some(Any::String(word)) => Some(word.to_string()),
        _ => None,
    }
}
