//! Fixtures that the browser's tests read as well: elements as anybody may write them with what they read as and what a
//! repair leaves of them, and a board full of what no version knows.
//!
//! `EASEL_BLESS=1` writes what the code says now; look at the difference before committing it.

mod hostile;

use std::path::PathBuf;

use easel_board::document::{Body, Dash, Element, Joint, Label, Paint, canonical_json, elements};
use easel_board::gate::{Limits, Outline, check_update};
use easel_board::repair::repair_all;
use easel_board::text::{Align, Valign};
use hostile::{apply, new_doc, state};
use serde_json::{Map as JsonMap, Value, json};
use yrs::types::Attrs;
use yrs::{
    Any, Array, ArrayPrelim, Doc, Map, MapPrelim, MapRef, Text, TextPrelim, TextRef, Transact,
    XmlElementPrelim, XmlFragment,
};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

fn is_bless() -> bool {
    std::env::var_os("EASEL_BLESS").is_some()
}

/// A value of a fixture as the document holds it: `{"$text": …}` is a shared text, `{"$bytes": hex}` a byte array.
fn put(txn: &mut yrs::TransactionMut<'_>, map: &MapRef, key: &str, value: &Value) {
    match value {
        Value::Object(fields) if fields.contains_key("$text") => {
            map.insert(txn, key, TextPrelim::new(fields["$text"].as_str().unwrap()));
        }
        Value::Object(fields) if fields.contains_key("$bytes") => {
            let hex = fields["$bytes"].as_str().unwrap();
            let bytes: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect();
            map.insert(txn, key, Any::from(bytes));
        }
        value => {
            map.insert(
                txn,
                key,
                serde_json::from_value::<Any>(value.clone()).unwrap(),
            );
        }
    }
}

/// The keys of element `a` in the fixture's form, or null when there is none.
fn keys(doc: &Doc) -> Value {
    let Some(map) = canonical_json(&doc.transact())["elements"]["map"]["a"]["map"]
        .as_object()
        .cloned()
    else {
        return Value::Null;
    };
    let form = |value: Value| match value {
        Value::Object(fields) if fields.contains_key("text") => {
            json!({ "$text": fields["text"].as_array().unwrap().iter().map(|run| run.as_str().unwrap()).collect::<String>() })
        }
        Value::Object(fields) if fields.contains_key("bytes") => {
            json!({ "$bytes": fields["bytes"] })
        }
        value => value,
    };
    Value::Object(
        map.into_iter()
            .map(|(key, value)| (key, form(value)))
            .collect(),
    )
}

fn reading(element: &Element) -> Value {
    let mut out = JsonMap::new();
    let b = element.bounds;
    out.insert("box".into(), json!([b.x, b.y, b.w, b.h, b.angle]));
    out.insert("z".into(), json!(element.z));
    out.insert("parent".into(), json!(element.parent));
    out.insert("opacity".into(), json!(element.opacity));
    out.insert("locked".into(), json!(element.locked));
    let mut set = |key: &str, value: Value| out.insert(key.into(), value);
    match &element.body {
        Body::Shape(shape) => {
            set("type", json!("shape"));
            set("kind", json!(shape.kind.name()));
            set("fill", paint(shape.fill));
            set("stroke", paint(shape.stroke));
            set("stroke_width", json!(shape.stroke_width));
            set("dash", json!(dash(shape.dash)));
            label(&shape.label, &mut set);
        }
        Body::Sticky(sticky) => {
            set("type", json!("sticky"));
            set("fill", paint(sticky.fill));
            label(&sticky.label, &mut set);
        }
        Body::Text(text) => {
            set("type", json!("text"));
            set("auto_width", json!(text.auto_width));
            label(&text.label, &mut set);
        }
        Body::Pen(pen) | Body::Highlighter(pen) => {
            let is_pen = matches!(element.body, Body::Pen(_));
            set("type", json!(if is_pen { "pen" } else { "highlighter" }));
            set("stroke", paint(pen.stroke));
            set("stroke_width", json!(pen.stroke_width));
            set("points", json!(pen.ink.points.len()));
        }
        Body::Line(line) => {
            set("type", json!("line"));
            set("stroke", paint(line.stroke));
            set("stroke_width", json!(line.stroke_width));
            set("dash", json!(dash(line.dash)));
            for (key, end) in [("from", line.from), ("to", line.to)] {
                set(key, json!([end.x, end.y]));
                set(&format!("{key}_head"), json!(end.head.name()));
            }
            if !line.via.is_empty() {
                let via: Vec<Value> = line.via.iter().map(|(x, y)| json!([x, y])).collect();
                set("via", via.into());
            }
        }
        Body::Connector(connector) => {
            set("type", json!("connector"));
            set("kind", json!(connector.kind.name()));
            set("stroke", paint(connector.stroke));
            set("stroke_width", json!(connector.stroke_width));
            set("dash", json!(dash(connector.dash)));
            set("text", json!(connector.label.text));
            set("font_size", json!(connector.label.font_size));
            set("text_color", paint(connector.label.color));
            for (key, joint) in [("from", &connector.from), ("to", &connector.to)] {
                set(key, bound(joint));
                set(&format!("{key}_head"), json!(joint.head.name()));
            }
        }
        Body::Image(image) => {
            set("type", json!("image"));
            set("asset", json!(image.asset));
            set("w", json!(image.w));
            set("h", json!(image.h));
            set("crop", json!(image.crop));
            set("flip_x", json!(image.flip_x));
            set("flip_y", json!(image.flip_y));
            set("blurhash", json!(image.blurhash));
        }
        Body::Frame(frame) => {
            set("type", json!("frame"));
            set("fill", paint(frame.fill));
            set("text", json!(frame.name));
            set("order", json!(frame.order));
        }
        Body::Group => {
            set("type", json!("group"));
        }
        Body::Unknown { type_name } => {
            set("type", json!("unknown"));
            set("raw_type", json!(type_name));
        }
    }
    // Through text, so that 1.0 and 1 are one number on both sides.
    whole_numbers(Value::Object(out))
}

fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(real) if real.fract() == 0.0 => json!(real as i64),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(whole_numbers).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| (key, whole_numbers(value)))
            .collect(),
        other => other,
    }
}

fn dash(dash: Dash) -> &'static str {
    match dash {
        Dash::Solid => "solid",
        Dash::Dashed => "dashed",
        Dash::Dotted => "dotted",
    }
}

fn bound(joint: &Joint) -> Value {
    let own = json!([joint.x, joint.y]);
    match &joint.binding {
        None => json!({ "at": own }),
        Some(to) => json!({
            "element": to.element,
            "at": [to.x, to.y],
            "mode": to.mode.name(),
            "last": own,
        }),
    }
}

fn paint(paint: Paint) -> Value {
    match paint {
        Paint::None => json!("none"),
        Paint::Named(color) => json!(color.name),
        Paint::Rgb([r, g, b]) => json!(format!("#{r:02x}{g:02x}{b:02x}")),
    }
}

fn label(label: &Label, set: &mut impl FnMut(&str, Value) -> Option<Value>) {
    set("text", json!(label.text));
    set("font_size", json!(label.font_size));
    set("text_color", paint(label.color));
    set(
        "align",
        json!(match label.align {
            Align::Left => "left",
            Align::Center => "center",
            Align::Right => "right",
        }),
    );
    set(
        "valign",
        json!(match label.valign {
            Valign::Top => "top",
            Valign::Middle => "middle",
            Valign::Bottom => "bottom",
        }),
    );
}

#[test]
fn elements_read_and_are_mended_as_the_fixtures_say() {
    let file = path("elements.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let mut found = Vec::new();
    for case in &cases {
        let doc = new_doc(1);
        let root = doc.get_or_insert_map("elements");
        {
            let mut txn = doc.transact_mut();
            let map = root.insert(&mut txn, "a", MapPrelim::default());
            for (key, value) in case["keys"].as_object().unwrap() {
                put(&mut txn, &map, key, value);
            }
        }
        let before = elements(&doc.transact());
        repair_all(&doc);
        let after = elements(&doc.transact());
        assert_eq!(
            before.first().map(reading),
            after.first().map(reading),
            "{}: a repair changes no reading",
            case["name"]
        );
        let mut now = json!({ "name": case["name"], "keys": case["keys"] });
        now["read"] = after.first().map_or(Value::Null, reading);
        let repaired = keys(&doc);
        if repaired != whole_numbers(case["keys"].clone()) {
            now["repaired"] = repaired;
        }
        found.push(now);
    }
    if is_bless() {
        std::fs::write(&file, format!("{:#}\n", Value::Array(found.clone()))).unwrap();
    }
    for (case, now) in cases.iter().zip(&found) {
        assert!(
            is_bless() || case == now,
            "{}\nfixture: {case:#}\nfound: {now:#}",
            case["name"]
        );
    }
}

/// A board on which every key and value belongs to some later version.
fn later_board() -> Doc {
    let doc = new_doc(4242);
    let (meta, elements) = (
        doc.get_or_insert_map("meta"),
        doc.get_or_insert_map("elements"),
    );
    let other = doc.get_or_insert_array("later_root");
    let mut txn = doc.transact_mut();
    meta.insert(&mut txn, "schema", 7);
    meta.insert(
        &mut txn,
        "grid",
        Any::from_json(r#"{"size":8,"on":[true,null]}"#).unwrap(),
    );
    let frame = elements.insert(&mut txn, "el_frame", MapPrelim::from([("type", "section")]));
    frame.insert(&mut txn, "box", "whole page");
    frame.insert(&mut txn, "z", 12.5);
    frame.insert(
        &mut txn,
        "clip",
        ArrayPrelim::from([Any::from(1), Any::from("two"), Any::Undefined]),
    );
    let table = elements.insert(
        &mut txn,
        "el_table",
        MapPrelim::from([("type", "table"), ("parent", "el_frame")]),
    );
    let cells = table.insert(&mut txn, "cells", ArrayPrelim::default());
    let cell = cells.push_back(&mut txn, MapPrelim::from([("span", 2)]));
    let rich: TextRef = cell.insert(&mut txn, "text", TextPrelim::new("plain bold"));
    rich.format(&mut txn, 6, 4, Attrs::from([("bold".into(), true.into())]));
    rich.insert_embed(
        &mut txn,
        0,
        Any::from_json(r#"{"mention":"usr_1"}"#).unwrap(),
    );
    let note = elements.insert(
        &mut txn,
        "el_note",
        MapPrelim::from([("type", "sticky"), ("z", "a1")]),
    );
    note.insert(&mut txn, "box", vec![0, 0, 200, 200, 0]);
    note.insert(
        &mut txn,
        "text",
        TextPrelim::new("known, with unknown keys"),
    );
    note.insert(&mut txn, "fill", "ultraviolet");
    note.insert(&mut txn, "votes", MapPrelim::from([("usr_1", 3)]));
    note.insert(&mut txn, "seal", Any::from(vec![0u8, 255, 1]));
    let gear = elements.insert(
        &mut txn,
        "el_gear",
        MapPrelim::from([("type", "shape"), ("kind", "gear")]),
    );
    gear.insert(&mut txn, "box", vec![10, 10, 50, 50, 0]);
    gear.insert(&mut txn, "points", 5);
    gear.insert(&mut txn, "dash", "wavy");
    let line = elements.insert(&mut txn, "el_line", MapPrelim::from([("type", "line")]));
    line.insert(&mut txn, "box", vec![0, 0, 10, 10, 0]);
    let data = r#"{"from":[0,0],"to":[1,1],"to_head":"diamond","bend":[0.5,0.25]}"#;
    line.insert(&mut txn, "data", Any::from_json(data).unwrap());
    let ink = elements.insert(&mut txn, "el_ink", MapPrelim::from([("type", "pen")]));
    ink.insert(&mut txn, "box", vec![0, 0, 10, 10, 0]);
    ink.insert(&mut txn, "data", Any::from(vec![2u8, 9, 9]));
    other.push_back(&mut txn, 1);
    let xml = yrs::WriteTxn::get_or_insert_xml_fragment(&mut txn, "later_xml");
    xml.insert(&mut txn, 0, XmlElementPrelim::empty("p"));
    drop(txn);
    doc
}

#[test]
fn what_belongs_to_later_versions_is_kept_through_every_edit() {
    let (file, shown) = (path("later-board.bin"), path("later-board.json"));
    if is_bless() {
        let doc = later_board();
        std::fs::write(&file, state(&doc)).unwrap();
        std::fs::write(&shown, format!("{:#}\n", canonical_json(&doc.transact()))).unwrap();
    }
    let update = std::fs::read(&file).unwrap();
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(&shown).unwrap()).unwrap();
    check_update(&update, &Limits::board()).unwrap();
    Outline::default().admit(&update, &Limits::board()).unwrap();
    let doc = new_doc(1);
    apply(&doc, &update);
    assert_eq!(repair_all(&doc), None);
    assert_eq!(canonical_json(&doc.transact()), expected);
    // A known key is edited and mended beside them, and the board is stored and read again.
    let root = doc.get_or_insert_map("elements");
    let note: MapRef = root
        .get(&doc.transact(), "el_note")
        .unwrap()
        .cast()
        .unwrap();
    note.insert(&mut doc.transact_mut(), "opacity", 7);
    assert!(repair_all(&doc).is_some());
    let again = new_doc(2);
    apply(&again, &state(&doc));
    assert_eq!(canonical_json(&again.transact()), expected);
    assert_eq!(elements(&again.transact()).len(), 6);
}
