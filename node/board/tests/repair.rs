//! Repair: what is mended and how, and that it holds whatever comes in.

use easel_board::document::{Body, canonical_json, elements, likeness};
use easel_board::repair::{Inspector, repair_all};
use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, Doc, Map, MapPrelim, MapRef, OffsetKind, Options, ReadTxn, Text,
    TextPrelim, Transact, Update, WriteTxn,
};

fn new_doc(client: u64) -> Doc {
    let mut options = Options::with_client_id(ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    options.cleanup_formatting = false;
    Doc::with_options(options)
}

fn copy(of: &Doc, client: u64) -> Doc {
    let doc = new_doc(client);
    let update = of
        .transact()
        .encode_state_as_update_v1(&yrs::StateVector::default());
    doc.transact_mut()
        .apply_update(Update::decode_v1(&update).unwrap())
        .unwrap();
    doc
}

/// Writes an element from JSON; `text` becomes a shared text.
fn put(doc: &Doc, id: &str, element: serde_json::Value) {
    let root = doc.get_or_insert_map("elements");
    let mut txn = doc.transact_mut();
    let map: MapRef = root.insert(&mut txn, id, MapPrelim::default());
    for (key, value) in element.as_object().unwrap() {
        match value {
            serde_json::Value::String(text) if key == "text" => {
                map.insert(&mut txn, key.as_str(), TextPrelim::new(text.as_str()));
            }
            value => {
                map.insert(
                    &mut txn,
                    key.as_str(),
                    serde_json::from_value::<Any>(value.clone()).unwrap(),
                );
            }
        }
    }
}

fn shown(doc: &Doc) -> serde_json::Value {
    canonical_json(&doc.transact())["elements"]["map"].clone()
}

/// Repairs `before` and compares; then checks that a second repair has nothing to do.
#[track_caller]
fn check(before: serde_json::Value, after: serde_json::Value) {
    let doc = new_doc(1);
    for (id, element) in before.as_object().unwrap() {
        put(&doc, id, element.clone());
    }
    let other = copy(&doc, 2);
    let update = repair_all(&doc);
    let expected = new_doc(3);
    for (id, element) in after.as_object().unwrap() {
        put(&expected, id, element.clone());
    }
    assert_eq!(shown(&doc), shown(&expected));
    assert_eq!(update.is_some(), before != after);
    assert_eq!(repair_all(&doc), None, "a second repair");
    // The update says the same as the document.
    if let Some(update) = update {
        other
            .transact_mut()
            .apply_update(Update::decode_v1(&update).unwrap())
            .unwrap();
        assert_eq!(likeness(&other.transact()), likeness(&doc.transact()));
    }
}

const BOX: [i32; 5] = [1, 2, 30, 40, 0];

#[test]
fn a_valid_board_is_left_alone() {
    let all = serde_json::json!({
        "a": { "type": "shape", "kind": "ellipse", "box": BOX, "z": "a0", "text": "x", "fill": "red", "stroke": "#00ff00", "opacity": 0.5 },
        "b": { "type": "sticky", "box": [0.5, 0, 200, 200, -0.25], "z": "a1", "parent": "a", "text": "", "x-later": { "deep": [1, null] } },
        "c": { "type": "line", "box": BOX, "data": { "from": [0, 0], "to": [1, 0.5], "to_head": "arrow", "x-later": 1 }, "dash": "wavy" },
        "d": { "type": "section", "box": "?", "z": 5, "parent": "nobody" },
        "e": { "type": "shape", "kind": "star", "box": BOX, "fill": "mauve" },
        "f": { "type": "connector", "kind": "spiral", "box": BOX, "text": "", "data": { "from": { "element": "nobody", "at": [0.5, 1], "x-later": 2 }, "to": { "at": [1, 1] }, "to_head": "swirl" } },
    });
    check(all.clone(), all);
}

#[test]
fn wrong_values_under_known_keys_go() {
    check(
        serde_json::json!({
            "a": { "type": "shape", "kind": 7, "box": BOX, "z": "é", "fill": 3, "stroke": "x".repeat(65), "stroke_width": -1, "opacity": 2, "locked": "yes", "parent": 4, "x": 4 },
            "b": { "type": "text", "box": BOX, "font_size": 1e9, "auto_width": 1, "fill": 12 },
        }),
        serde_json::json!({
            "a": { "type": "shape", "box": BOX, "x": 4 },
            "b": { "type": "text", "box": BOX, "fill": 12 },
        }),
    );
}

#[test]
fn a_box_is_brought_within_bounds() {
    check(
        serde_json::json!({
            "a": { "type": "shape", "box": [-1e300, 5, -3, 1e8, 0.5] },
            "b": { "type": "sticky", "box": [1, 2] },
            "c": { "type": "text", "box": { "x": 1 } },
            "d": { "type": "line", "data": { "from": [0, 0], "to": [1, 1] }, "box": [1, 2, 3, 4, 5, 6] },
        }),
        serde_json::json!({
            "a": { "type": "shape", "box": [-1e7, 5, 0, 1e7, 0.5] },
            "b": { "type": "sticky", "box": [1, 2, 200, 200, 0] },
            "c": { "type": "text", "box": [0, 0, 100, 24, 0] },
            "d": { "type": "line", "data": { "from": [0, 0], "to": [1, 1] }, "box": [1, 2, 3, 4, 5] },
        }),
    );
}

#[test]
fn what_is_no_element_goes() {
    let long = "x".repeat(65);
    check(
        serde_json::json!({
            "a": { "box": BOX },
            "b": { "type": 5, "box": BOX },
            "c": { "type": "pen", "box": BOX, "data": "dots" },
            "d e": { "type": "text", "box": BOX },
            long: { "type": "text", "box": BOX },
            "f": { "type": "text", "box": BOX, "parent": "a" },
        }),
        serde_json::json!({ "f": { "type": "text", "box": BOX } }),
    );
}

/// Before it was refused as an id. The rest of such a board is read as ever, and the element goes.
#[test]
fn what_no_object_in_javascript_can_hold_under_its_id_goes() {
    let sticky = serde_json::json!({ "type": "sticky", "z": "a0", "box": [0, 0, 9, 9, 0] });
    let child = serde_json::json!({ "type": "sticky", "z": "a1", "box": [0, 0, 9, 9, 0], "parent": "__proto__" });
    let doc = new_doc(1);
    put(&doc, "__proto__", sticky.clone());
    put(&doc, "child", child);
    put(&doc, "constructor", sticky.clone());
    let read = elements(&doc.transact());
    assert_eq!(read.len(), 2, "{read:?}");
    assert!(repair_all(&doc).is_some());
    let left = shown(&doc);
    let left: Vec<_> = left.as_object().unwrap().keys().cloned().collect();
    assert_eq!(left, ["child", "constructor"]);
    assert!(shown(&doc)["child"].get("parent").is_none());
}

#[test]
fn a_connector_without_ends_gets_some() {
    check(
        serde_json::json!({
            "a": { "type": "connector", "kind": 3, "box": BOX, "data": { "from": { "element": "b", "at": [9, 0], "mode": 1, "x": 5 }, "to": "there", "to_head": {}, "later": true } },
        }),
        serde_json::json!({
            "a": { "type": "connector", "box": BOX, "data": { "from": { "element": "b", "at": [0.5, 0.5], "mode": "auto", "last": [0, 0], "x": 5 }, "to": { "at": [1, 1] }, "later": true } },
        }),
    );
}

#[test]
fn a_line_without_ends_gets_some() {
    check(
        serde_json::json!({ "a": { "type": "line", "box": BOX, "data": { "from": [0], "to_head": "arrow", "from_head": 3, "later": true } } }),
        serde_json::json!({ "a": { "type": "line", "box": BOX, "data": { "from": [0, 0], "to": [1, 1], "to_head": "arrow", "later": true } } }),
    );
}

#[test]
fn a_line_goes_straight_where_its_course_is_none() {
    let course = |via: serde_json::Value| serde_json::json!({ "a": { "type": "line", "box": BOX, "data": { "from": [0, 0], "via": via, "to": [1, 1] } } });
    let straight = serde_json::json!({ "a": { "type": "line", "box": BOX, "data": { "from": [0, 0], "to": [1, 1] } } });
    let kept = course(serde_json::json!([[0.5, 0], [1, 0.25]]));
    check(kept.clone(), kept);
    for broken in [
        serde_json::json!("there"),
        serde_json::json!([[0.5, 0], [1]]),
        serde_json::json!([[0.5, 1e8]]),
        vec![serde_json::json!([0.5, 0.5]); 1_001].into(),
    ] {
        check(course(broken), straight.clone());
    }
}

#[test]
fn circles_are_opened_at_the_smallest_id() {
    check(
        serde_json::json!({
            "a": { "type": "text", "box": BOX, "parent": "a" },
            "b": { "type": "text", "box": BOX, "parent": "d" },
            "c": { "type": "text", "box": BOX, "parent": "b" },
            "d": { "type": "text", "box": BOX, "parent": "c" },
            "e": { "type": "text", "box": BOX, "parent": "b" },
            "f": { "type": "section", "parent": "g" },
            "g": { "type": "section", "parent": "f" },
            "h": { "type": "text", "box": BOX, "parent": "g" },
        }),
        serde_json::json!({
            "a": { "type": "text", "box": BOX },
            "b": { "type": "text", "box": BOX },
            "c": { "type": "text", "box": BOX, "parent": "b" },
            "d": { "type": "text", "box": BOX, "parent": "c" },
            "e": { "type": "text", "box": BOX, "parent": "b" },
            "f": { "type": "section", "parent": "g" },
            "g": { "type": "section", "parent": "f" },
            "h": { "type": "text", "box": BOX },
        }),
    );
}

#[test]
fn nothing_lies_deeper_than_it_may() {
    let chain = |cut: bool| {
        (0..70)
            .map(|at| {
                let mut element = serde_json::json!({ "type": "text", "box": BOX });
                if at > 0 && !(cut && at % 32 == 0) {
                    element["parent"] = format!("e{:02}", at - 1).into();
                }
                (format!("e{at:02}"), element)
            })
            .collect::<serde_json::Map<_, _>>()
    };
    check(chain(false).into(), chain(true).into());
}

#[test]
fn too_long_a_text_is_cut() {
    let doc = new_doc(1);
    put(
        &doc,
        "a",
        serde_json::json!({ "type": "text", "box": BOX, "text": "é😀".repeat(8_000) }),
    );
    assert!(repair_all(&doc).is_some());
    assert_eq!(repair_all(&doc), None);
    let Body::Text(text) = &elements(&doc.transact())[0].body else {
        panic!()
    };
    assert_eq!(text.label.text.encode_utf16().count(), 20_000);
}

#[test]
fn shared_types_where_values_belong_go_and_lists_in_the_root_do_no_harm() {
    let doc = new_doc(1);
    doc.get_or_insert_text("elements")
        .push(&mut doc.transact_mut(), "not a map at all");
    put(
        &doc,
        "a",
        serde_json::json!({ "type": "shape", "kind": "diamond", "box": BOX }),
    );
    let root = doc.get_or_insert_map("elements");
    {
        let mut txn = doc.transact_mut();
        let element: MapRef = match root.get(&txn, "a") {
            Some(yrs::Out::YMap(map)) => map,
            _ => panic!(),
        };
        element.insert(&mut txn, "fill", TextPrelim::new("red"));
        element.insert(&mut txn, "text", ArrayPrelim::from([1, 2]));
        element.insert(&mut txn, "parent", MapPrelim::default());
        root.insert(&mut txn, "b", ArrayPrelim::from([1]));
        root.insert(&mut txn, "c", 5);
        let meta = txn.get_or_insert_map("meta");
        meta.insert(&mut txn, "schema", "one");
        meta.insert(&mut txn, "background", "grey");
        meta.insert(&mut txn, "later", ArrayPrelim::from([1]));
    }
    assert!(repair_all(&doc).is_some());
    assert_eq!(repair_all(&doc), None);
    assert_eq!(
        shown(&doc),
        serde_json::json!({ "a": { "map": { "type": "shape", "kind": "diamond", "box": BOX } } })
    );
    let all = canonical_json(&doc.transact());
    assert_eq!(
        all["meta"]["map"],
        serde_json::json!({ "background": "grey", "later": { "array": [1] } })
    );
    assert_eq!(doc.get_or_insert_array("elements").len(&doc.transact()), 16);
}

#[test]
fn an_inspector_mends_what_was_touched() {
    let doc = new_doc(1);
    put(
        &doc,
        "a",
        serde_json::json!({ "type": "text", "box": BOX, "text": "" }),
    );
    put(
        &doc,
        "b",
        serde_json::json!({ "type": "text", "box": BOX, "parent": "a" }),
    );
    let mut inspector = Inspector::attach(&doc);
    assert_eq!(inspector.repair(&doc), None);
    let element = |id: &str| match doc.get_or_insert_map("elements").get(&doc.transact(), id) {
        Some(yrs::Out::YMap(map)) => map,
        _ => panic!(),
    };
    let a = element("a");
    a.insert(&mut doc.transact_mut(), "opacity", 5);
    assert!(inspector.repair(&doc).is_some());
    assert_eq!(a.get(&doc.transact(), "opacity"), None);
    let text: yrs::TextRef = a.get(&doc.transact(), "text").unwrap().cast().unwrap();
    text.push(&mut doc.transact_mut(), &"x".repeat(20_001));
    assert!(inspector.repair(&doc).is_some());
    assert_eq!(inspector.repair(&doc), None);
    doc.get_or_insert_map("elements")
        .remove(&mut doc.transact_mut(), "a");
    assert!(inspector.repair(&doc).is_some());
    assert_eq!(element("b").get(&doc.transact(), "parent"), None);
    assert_eq!(inspector.repair(&doc), None);
}
