//! Elements as JSON: what is written reads back, whatever is written leaves a board in order, and nothing odd is taken.

use easel_board::gate::{Limits, check_update};
use easel_board::json::{self, Object, Refused};
use easel_board::repair::{Inspector, repair_all};
use proptest::prelude::*;
use serde_json::{Value, json};
use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::{Doc, Map, OffsetKind, Options, Out, ReadTxn, Text, Transact, Update};

fn new_doc(client: u64) -> Doc {
    let mut options = Options::with_client_id(ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    let doc = Doc::with_options(options);
    doc.get_or_insert_map("elements");
    doc
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn shown(doc: &Doc, id: &str) -> Option<Object> {
    let txn = doc.transact();
    match txn.get_map("elements")?.get(&txn, id)? {
        Out::YMap(map) => json::element(&txn, id, &map),
        _ => None,
    }
}

fn any_state(_: &Object) -> bool {
    true
}

/// Prints the element, or what is wrong.
fn told(outcome: Result<json::Written, Refused>) -> String {
    match outcome {
        Ok(written) => Value::Object(written.element.unwrap_or_default()).to_string(),
        Err(Refused::Invalid(faults)) => {
            let faults = faults.iter().map(|f| format!("{} {}", f.pointer, f.code));
            faults.collect::<Vec<_>>().join("; ")
        }
        Err(refused) => format!("{refused:?}"),
    }
}

fn check_new(asked: Value, expected: &str) {
    let doc = new_doc(1);
    let got = told(json::create(&doc, "el_1", &object(asked.clone()), None));
    assert_eq!(got, expected, "of {asked}");
}

const BOX: [f64; 5] = [1.0, 2.0, 30.0, 40.5, 0.0];

#[test]
fn a_new_element_is_shown_without_its_defaults() {
    check_new(
        json!({ "type": "sticky", "box": BOX, "fill": "yellow", "font_size": 24, "text": "hé" }),
        r#"{"box":[1,2,30,40.5,0],"font_size":24,"id":"el_1","text":"hé","type":"sticky","z":"a0"}"#,
    );
    check_new(
        json!({ "type": "shape", "kind": "ellipse", "box": BOX, "locked": true, "parent": null }),
        r#"{"box":[1,2,30,40.5,0],"id":"el_1","kind":"ellipse","locked":true,"text":"","type":"shape","z":"a0"}"#,
    );
    check_new(
        json!({ "type": "pen", "box": BOX, "data": { "w": 30, "h": 40, "points": [[0, 0], [1.125, -2]], "pressures": [1, 255] } }),
        r#"{"box":[1,2,30,40.5,0],"data":{"h":40,"points":[[0,0],[1.125,-2]],"pressures":[1,255],"w":30},"id":"el_1","type":"pen","z":"a0"}"#,
    );
    check_new(
        json!({ "type": "highlighter", "box": BOX, "stroke": "green", "opacity": 0.5, "data": { "w": 30, "h": 40, "points": [[0, 0], [30, 40]] } }),
        r#"{"box":[1,2,30,40.5,0],"data":{"h":40,"points":[[0,0],[30,40]],"w":30},"id":"el_1","stroke":"green","type":"highlighter","z":"a0"}"#,
    );
    check_new(
        json!({ "type": "line", "box": BOX, "data": { "from": [0, 0], "to": [1, 1], "to_head": "arrow", "from_head": "none" } }),
        r#"{"box":[1,2,30,40.5,0],"data":{"from":[0,0],"to":[1,1],"to_head":"arrow"},"id":"el_1","type":"line","z":"a0"}"#,
    );
    check_new(
        json!({ "type": "line", "box": BOX, "data": { "from": [0, 0], "via": [[0.5, 0], [1, 0.5]], "to": [1, 1] } }),
        r#"{"box":[1,2,30,40.5,0],"data":{"from":[0,0],"to":[1,1],"via":[[0.5,0],[1,0.5]]},"id":"el_1","type":"line","z":"a0"}"#,
    );
    check_new(
        json!({ "type": "connector", "kind": "straight", "box": BOX, "data": { "from": { "at": [0, 0] }, "to": { "at": [1, 1] }, "to_head": "zero_or_many" } }),
        r#"{"box":[1,2,30,40.5,0],"data":{"from":{"at":[0,0]},"to":{"at":[1,1]},"to_head":"zero_or_many"},"id":"el_1","kind":"straight","text":"","type":"connector","z":"a0"}"#,
    );
}

#[test]
fn a_line_gets_other_points_by_a_patch() {
    let doc = new_doc(1);
    let line = json!({ "type": "line", "box": BOX, "data": { "from": [0, 0], "via": [[0.5, 0]], "to": [1, 1], "to_head": "arrow" } });
    json::create(&doc, "el_1", &object(line), None).unwrap();
    let patch = |data: Value| {
        told(json::patch(
            &doc,
            "el_1",
            &object(json!({ "data": data })),
            &any_state,
        ))
    };
    let shown = |via: &str| {
        format!(
            r#"{{"box":[1,2,30,40.5,0],"data":{{"from":[0,0],"to":[1,1],"to_head":"arrow"{via}}},"id":"el_1","type":"line","z":"a0"}}"#
        )
    };
    assert_eq!(
        patch(json!({ "via": [[0, 1]] })),
        shown(r#","via":[[0,1]]"#)
    );
    assert_eq!(patch(json!({ "via": null })), shown(""));
    let many = vec![json!([0, 0]); 1_001];
    for (via, expected) in [
        (json!("there"), "/data/via wrong-type"),
        (json!([[0, 0], [1]]), "/data/via/1 wrong-type"),
        (json!([[0, "b"]]), "/data/via/0/1 wrong-type"),
        (Value::from(many), "/data/via invalid"),
    ] {
        assert_eq!(patch(json!({ "via": via })), expected);
    }
}

#[test]
fn a_connector_is_bound_and_let_go_by_a_patch() {
    let doc = new_doc(1);
    for id in ["el_a", "el_b"] {
        let sticky = json!({ "type": "sticky", "box": BOX });
        json::create(&doc, id, &object(sticky), None).unwrap();
    }
    let bound = json!({ "type": "connector", "box": BOX, "data": {
        "from": { "element": "el_a" }, "to": { "element": "el_b", "at": [0, 0.5], "mode": "fixed" } } });
    json::create(&doc, "el_1", &object(bound), None).unwrap();
    let patch = |patch: Value| told(json::patch(&doc, "el_1", &object(patch), &any_state));
    let from = r#""from":{"at":[0.5,0.5],"element":"el_a","last":[0,0],"mode":"auto"}"#;
    let rest = r#""text":"","type":"connector","z":"a2"}"#;
    assert_eq!(
        patch(json!({ "data": { "to": { "element": null, "at": [1, 0] } } })),
        format!(
            r#"{{"box":[1,2,30,40.5,0],"data":{{{from},"to":{{"at":[1,0]}}}},"id":"el_1",{rest}"#
        ),
    );
    for (asked, expected) in [
        (
            json!({ "data": { "to": { "element": "el_x" } } }),
            "/data/to/element invalid",
        ),
        (
            json!({ "data": { "to": { "element": "el_1" } } }),
            "/data/to/element invalid",
        ),
        (
            json!({ "data": { "to": { "element": "el_b", "at": [0, 2] } } }),
            "/data/to/at/1 invalid",
        ),
        (
            json!({ "data": { "to": { "element": "el_b", "mode": "loose" } } }),
            "/data/to/mode invalid",
        ),
        (
            json!({ "data": { "from": { "element": null, "at": null } } }),
            "/data/from/at missing-member",
        ),
        (
            json!({ "data": { "from": [0, 0] } }),
            "/data/from wrong-type",
        ),
        (
            json!({ "data": { "from": { "port": 1 } } }),
            "/data/from/port unknown-member",
        ),
        (
            json!({ "data": { "from_head": "swirl" } }),
            "/data/from_head invalid",
        ),
        (json!({ "kind": "spiral" }), "/kind invalid"),
    ] {
        assert_eq!(patch(asked), expected);
    }
}

#[test]
fn frames_and_groups_are_written_and_shown() {
    check_new(
        json!({ "type": "frame", "box": BOX, "text": "Plan", "order": "a1", "fill": "none" }),
        r#"{"box":[1,2,30,40.5,0],"id":"el_1","order":"a1","text":"Plan","type":"frame","z":"a0"}"#,
    );
    check_new(
        json!({ "type": "group", "box": BOX, "locked": true }),
        r#"{"box":[1,2,30,40.5,0],"id":"el_1","locked":true,"type":"group","z":"a0"}"#,
    );
    check_new(
        json!({ "type": "frame", "box": BOX, "order": "a-", "opacity": 1 }),
        "/opacity unknown-member; /order invalid",
    );
    check_new(
        json!({ "type": "group", "box": BOX, "order": "a1", "text": "" }),
        "/order unknown-member; /text unknown-member",
    );
}

#[test]
fn what_is_wrong_is_named_by_its_place() {
    for (asked, expected) in [
        (json!({}), "/type missing-member"),
        (json!({ "type": 3 }), "/type wrong-type"),
        (json!({ "type": "wormhole" }), "/type invalid"),
        (json!({ "type": "sticky" }), "/box missing-member"),
        (
            json!({ "type": "shape", "box": [0, 0, 0, 0] }),
            "/box wrong-type; /kind missing-member",
        ),
        (
            json!({ "type": "sticky", "box": [0, 0, -1, 0, 0] }),
            "/box/2 invalid",
        ),
        (
            json!({ "type": "sticky", "box": [1e8, 0, 1, 0, 0] }),
            "/box/0 invalid",
        ),
        (
            json!({ "type": "sticky", "box": BOX, "fill": "javascript:alert(1)" }),
            "/fill invalid",
        ),
        (
            json!({ "type": "sticky", "box": BOX, "opacity": 2, "align": "up", "z": "a-" }),
            "/align invalid; /opacity invalid; /z invalid",
        ),
        (
            json!({ "type": "sticky", "box": BOX, "locked": 1 }),
            "/locked wrong-type",
        ),
        (
            json!({ "type": "sticky", "box": BOX, "by": "usr_1" }),
            "/by read-only",
        ),
        (
            json!({ "type": "sticky", "box": BOX, "a/b~": 1 }),
            "/a~1b~0 unknown-member",
        ),
        (
            json!({ "type": "sticky", "box": BOX, "kind": "ellipse" }),
            "/kind unknown-member",
        ),
        (
            json!({ "type": "sticky", "box": BOX, "text": "x".repeat(20_001) }),
            "/text invalid",
        ),
        (
            json!({ "type": "sticky", "box": BOX, "parent": "el_2" }),
            "/parent invalid",
        ),
        (
            json!({ "type": "sticky", "box": BOX, "parent": "el_1" }),
            "/parent invalid",
        ),
        (
            json!({ "type": "pen", "box": BOX, "data": { "w": 1, "h": 1, "points": [] } }),
            "/data/points invalid",
        ),
        (
            json!({ "type": "pen", "box": BOX, "data": { "w": 1, "h": 1, "points": [[0, "x"]] } }),
            "/data/points/0/1 wrong-type",
        ),
        (
            json!({ "type": "pen", "box": BOX, "data": { "w": 1, "h": 1, "points": vec![[0, 0]; 50_001] } }),
            "/data/points invalid",
        ),
        (
            json!({ "type": "line", "box": BOX, "data": { "from": [0, 0], "to": [1, 1], "bend": [] } }),
            "/data/bend unknown-member",
        ),
    ] {
        check_new(asked, expected);
    }
}

#[test]
fn a_patch_changes_what_it_names_and_nothing_else() {
    let doc = new_doc(1);
    let new = json!({ "type": "sticky", "box": BOX, "text": "one two three", "fill": "red" });
    json::create(&doc, "el_1", &object(new), Some("usr_1")).unwrap();
    let patch = |patch: Value| told(json::patch(&doc, "el_1", &object(patch), &any_state));
    let expected = r#"{"box":[1,2,30,40.5,0],"by":"usr_1","id":"el_1","text":"one 2 three","type":"sticky","z":"a0"}"#;
    assert_eq!(
        patch(json!({ "fill": null, "text": "one 2 three" })),
        expected
    );
    assert_eq!(patch(json!({})), expected);
    assert_eq!(patch(json!({ "by": "usr_2" })), "/by read-only");
    assert_eq!(patch(json!({ "type": "text" })), "/type read-only");
    assert_eq!(patch(json!({ "box": null })), "/box missing-member");
    assert_eq!(patch(json!({ "parent": "el_1" })), "/parent invalid");
    // Only the word in the middle was written, so what others write beside it stays.
    let txn = doc.transact();
    assert_eq!(txn.get_map("elements").unwrap().len(&txn), 1);
    drop(txn);
    assert!(patch(json!({ "locked": true })).contains("locked"));
    assert_eq!(patch(json!({ "fill": "blue" })), "Locked");
    assert_eq!(told(json::remove(&doc, "el_1", &any_state)), "Locked");
    assert!(!patch(json!({ "locked": false, "fill": "blue" })).contains("locked"));
    assert_eq!(told(json::remove(&doc, "el_1", &|_| false)), "Moved");
    assert_eq!(told(json::remove(&doc, "el_1", &any_state)), "{}");
    assert_eq!(told(json::remove(&doc, "el_1", &any_state)), "NotFound");
    assert_eq!(patch(json!({})), "NotFound");
}

#[test]
fn a_text_is_changed_where_it_differs() {
    let doc = new_doc(1);
    let new = json!({ "type": "text", "box": BOX, "text": "😀 left right" });
    json::create(&doc, "el_1", &object(new), None).unwrap();
    let other = new_doc(2);
    copy(&doc, &other);
    // Somebody else writes at the end meanwhile.
    {
        let mut txn = other.transact_mut();
        let Some(Out::YMap(map)) = txn.get_map("elements").unwrap().get(&txn, "el_1") else {
            panic!("it is there");
        };
        let Some(Out::YText(text)) = map.get(&txn, "text") else {
            panic!("it has a text");
        };
        text.push(&mut txn, "!");
    }
    let change = object(json!({ "text": "😀 middle right" }));
    json::patch(&doc, "el_1", &change, &any_state).unwrap();
    copy(&other, &doc);
    assert_eq!(shown(&doc, "el_1").unwrap()["text"], "😀 middle right!");
}

#[test]
fn formats_inside_a_text_are_written_and_taken_away() {
    let doc = new_doc(1);
    let runs = json!([
        { "text": "😀 see " },
        { "text": "here", "format": { "bold": true, "link": "https://example.org/" } },
        { "text": " now", "format": {} },
    ]);
    let new = json!({ "type": "text", "box": BOX, "runs": runs });
    json::create(&doc, "el_1", &object(new), None).unwrap();
    let look = || {
        let element = shown(&doc, "el_1").unwrap();
        let text = element["text"].as_str().unwrap().to_owned();
        (
            text,
            element.get("runs").cloned().unwrap_or_default().to_string(),
        )
    };
    let link = r#"{"format":{"bold":true,"link":"https://example.org/"},"text":"here"}"#;
    let first = format!(r#"[{{"text":"😀 see "}},{link},{{"text":" now"}}]"#);
    assert_eq!(look(), ("😀 see here now".into(), first.clone()));
    // A later version's format stays where it is, and may come back.
    {
        let mut txn = doc.transact_mut();
        let Some(Out::YMap(map)) = txn.get_map("elements").unwrap().get(&txn, "el_1") else {
            panic!("it is there");
        };
        let Some(Out::YText(text)) = map.get(&txn, "text") else {
            panic!("it has a text");
        };
        let later = yrs::types::Attrs::from([("glow".into(), 3.into())]);
        text.format(&mut txn, 0, 2, later);
    }
    let patch = |patch: Value| told(json::patch(&doc, "el_1", &object(patch), &any_state));
    patch(json!({ "text": "😀 see it here now" }));
    let glow = r#"{"format":{"glow":3},"text":"😀"}"#;
    let beside = format!(r#"[{glow},{{"text":" see it "}},{link},{{"text":" now"}}]"#);
    assert_eq!(look(), ("😀 see it here now".into(), beside));
    patch(json!({ "runs": [
        { "text": "😀 ", "format": { "italic": true, "glow": 3 } },
        { "text": "see", "format": { "list": "bullet" } },
    ] }));
    let both = r#"{"format":{"glow":3,"italic":true},"text":"😀"}"#;
    let rest = r#"{"format":{"italic":true},"text":" "},{"format":{"list":"bullet"},"text":"see"}"#;
    assert_eq!(look(), ("😀 see".into(), format!("[{both},{rest}]")));
    // What was read makes the same again, and says so by writing nothing.
    let whole = shown(&doc, "el_1").unwrap();
    let same = json::replace(&doc, "el_1", &whole, &any_state).unwrap();
    assert_eq!((same.update, same.element), (None, Some(whole.clone())));
    for (wrong, expected) in [
        (json!({ "runs": 1 }), "/runs wrong-type"),
        (json!({ "runs": ["a"] }), "/runs/0 wrong-type"),
        (json!({ "runs": [{}] }), "/runs/0/text missing-member"),
        (
            json!({ "runs": [{ "text": "a", "b": 1 }] }),
            "/runs/0/b unknown-member",
        ),
        (
            json!({ "runs": [{ "text": "a", "format": { "bold": false } }] }),
            "/runs/0/format/bold wrong-type",
        ),
        (
            json!({ "runs": [{ "text": "a", "format": { "link": "javascript:alert(1)" } }] }),
            "/runs/0/format/link invalid",
        ),
        (
            json!({ "runs": [{ "text": "a", "format": { "list": "star" } }] }),
            "/runs/0/format/list invalid",
        ),
        (
            json!({ "runs": [{ "text": "a", "format": { "glow": 4 } }] }),
            "/runs/0/format/glow unknown-member",
        ),
        (
            json!({ "runs": vec![json!({ "text": "a" }); 1_001] }),
            "/runs invalid",
        ),
        (
            json!({ "runs": [{ "text": "x".repeat(20_001) }] }),
            "/text invalid",
        ),
        (
            json!({ "text": "a", "runs": [{ "text": "b" }] }),
            "/runs invalid",
        ),
    ] {
        assert_eq!(patch(wrong.clone()), expected, "of {wrong}");
    }
    assert_eq!(shown(&doc, "el_1").unwrap(), whole);
    patch(json!({ "runs": null }));
    let plain = format!(r#"[{glow},{{"text":" see"}}]"#);
    assert_eq!(look(), ("😀 see".into(), plain));
}

#[test]
fn nesting_has_an_end_and_no_circle() {
    let doc = new_doc(1);
    for level in 1..=33 {
        let mut new = object(json!({ "type": "group", "box": BOX }));
        if level > 1 {
            new.insert("parent".into(), format!("el_{}", level - 1).into());
        }
        let made = json::create(&doc, &format!("el_{level}"), &new, None);
        assert_eq!(made.is_ok(), level <= 32, "at {level}");
    }
    let below = |parent: &str| object(json!({ "parent": parent }));
    let circle = json::patch(&doc, "el_1", &below("el_9"), &any_state);
    assert_eq!(told(circle), "/parent invalid");
    json::create(
        &doc,
        "top",
        &object(json!({ "type": "frame", "box": BOX })),
        None,
    )
    .unwrap();
    let deep = json::patch(&doc, "el_1", &below("top"), &any_state);
    assert_eq!(told(deep), "/parent invalid");
    assert!(json::patch(&doc, "el_2", &below("top"), &any_state).is_ok());
    let note = object(json!({ "type": "sticky", "box": BOX, "parent": "top" }));
    assert!(json::create(&doc, "note", &note, None).is_ok());
    let in_note = json::patch(&doc, "top", &below("note"), &any_state);
    assert_eq!(told(in_note), "/parent invalid");
    assert_eq!(repair_all(&doc), None);
}

#[test]
fn what_a_later_version_keeps_stays() {
    let doc = new_doc(1);
    let body = include_bytes!("../fixtures/later-board.bin");
    doc.transact_mut()
        .apply_update(Update::decode_v1(body).unwrap())
        .unwrap();
    let before = easel_board::document::canonical_json(&doc.transact());
    let ids: Vec<String> = {
        let txn = doc.transact();
        let root = txn.get_map("elements").unwrap();
        root.keys(&txn).map(str::to_owned).collect()
    };
    for id in ids {
        let Some(element) = shown(&doc, &id) else {
            continue;
        };
        // What is shown can be put back, and nothing comes of it.
        let written = json::replace(&doc, &id, &element, &any_state).unwrap();
        assert_eq!(written.update, None, "of {id}");
        let moved = object(json!({ "box": [9, 9, 9, 9, 0] }));
        let written = json::patch(&doc, &id, &moved, &any_state);
        if let Ok(written) = written {
            let mut back = object(json!({ "box": element["box"] }));
            back.insert("id".into(), id.clone().into());
            assert!(written.update.is_some());
            json::patch(&doc, &id, &back, &any_state).unwrap();
        }
    }
    let after = easel_board::document::canonical_json(&doc.transact());
    assert_eq!(before, after);
}

fn copy(from: &Doc, to: &Doc) {
    let known = to.transact().state_vector();
    let update = from.transact().encode_diff_v1(&known);
    let update = Update::decode_v1(&update).unwrap();
    to.transact_mut().apply_update(update).unwrap();
}

/// Members that may be right or wrong.
fn member() -> impl Strategy<Value = (String, Value)> {
    let number = prop_oneof![
        -2e7..2e7_f64,
        (-9..99_i32).prop_map(f64::from),
        Just(0.5),
        Just(-0.0),
    ];
    let numbers = |len| prop::collection::vec(-50..50_i32, len).prop_map(|all| json!(all));
    let words = prop::sample::select(vec![
        "red",
        "none",
        "#a0B1c2",
        "dashed",
        "left",
        "top",
        "ellipse",
        "a5",
        "el_1",
        "el_2",
        "later",
        "https://example.org",
        "",
        "é",
    ]);
    let value = prop_oneof![
        words.prop_map(Value::from),
        number.prop_map(|number| json!(number)),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        numbers(0..7_usize),
        prop::collection::vec(numbers(2..3_usize), 0..4).prop_map(
            |points| json!({ "w": 5, "h": 5, "points": points, "from": [0, 0], "to": [1, 1] })
        ),
        prop::collection::vec(numbers(2..3_usize), 1..4)
            .prop_map(|points| json!({ "w": 5, "h": 5.5, "points": points })),
        Just(json!({ "from": [0, 0.5], "to": [1, 1], "to_head": "arrow" })),
        prop::collection::vec(
            (prop::sample::select(vec!["", "é", "😀 b"]), any::<bool>()),
            0..4
        )
        .prop_map(|runs| {
            let run = |(text, bold): (&str, bool)| match bold {
                true => json!({ "text": text, "format": { "bold": true, "link": "mailto:a@b.c" } }),
                false => json!({ "text": text }),
            };
            runs.into_iter().map(run).collect()
        }),
    ];
    let names = prop::sample::select(vec![
        "box",
        "z",
        "parent",
        "text",
        "kind",
        "data",
        "fill",
        "stroke",
        "stroke_width",
        "dash",
        "opacity",
        "font_size",
        "align",
        "valign",
        "text_color",
        "auto_width",
        "locked",
        "order",
        "by",
        "id",
        "runs",
        "other",
    ]);
    (names.prop_map(str::to_owned), value)
}

#[derive(Debug, Clone)]
enum Op {
    Create(String, Value, Vec<(String, Value)>),
    Patch(String, Vec<(String, Value)>),
    Replace(String, Vec<(String, Value)>),
    Remove(String),
}

fn op() -> impl Strategy<Value = Op> {
    let id = prop::sample::select(vec!["el_1", "el_2", "el_3", "el_4"]).prop_map(str::to_owned);
    let kind = prop::sample::select(vec![
        json!({ "type": "sticky", "box": [1, 2, 3, 4, 0] }),
        json!({ "type": "shape", "kind": "diamond", "box": [1, 2, 3, 4, 0.5], "text": "a" }),
        json!({ "type": "text", "box": [1, 2, 3, 4, 0], "text": "grüße" }),
        json!({ "type": "pen", "box": [0, 0, 9, 9, 0], "data": { "w": 9, "h": 9, "points": [[1, 1]] } }),
        json!({ "type": "line", "box": [0, 0, 9, 9, 0], "data": { "from": [0, 0], "to": [1, 1] } }),
        json!({ "type": "frame", "box": [0, 0, 99, 99, 0], "text": "Plan", "order": "a1" }),
        json!({ "type": "group", "box": [0, 0, 9, 9, 0] }),
    ]);
    let few = || prop::collection::vec(member(), 0..3);
    prop_oneof![
        3 => (id.clone(), kind, few()).prop_map(|(id, kind, more)| Op::Create(id, kind, more)),
        4 => (id.clone(), few()).prop_map(|(id, more)| Op::Patch(id, more)),
        2 => (id.clone(), few()).prop_map(|(id, more)| Op::Replace(id, more)),
        1 => id.prop_map(Op::Remove),
    ]
}

fn run(doc: &Doc, op: &Op) -> Result<json::Written, Refused> {
    let with = |mut object: Object, more: &[(String, Value)]| {
        object.extend(more.iter().cloned());
        object
    };
    match op {
        Op::Create(id, kind, more) => {
            let mut asked = with(object(kind.clone()), more);
            asked.remove("id");
            json::create(doc, id, &asked, Some("usr_1"))
        }
        Op::Patch(id, more) => json::patch(doc, id, &with(Object::new(), more), &any_state),
        Op::Replace(id, more) => {
            let there = shown(doc, id).unwrap_or_default();
            json::replace(doc, id, &with(there, more), &any_state)
        }
        Op::Remove(id) => json::remove(doc, id, &any_state),
    }
}

proptest! {
    #[test]
    fn whatever_is_written_leaves_a_board_in_order(ops in prop::collection::vec(op(), 1..40)) {
        let doc = new_doc(1);
        let mut inspector = Inspector::attach(&doc);
        let follower = new_doc(2);
        for op in &ops {
            let before = easel_board::document::canonical_json(&doc.transact());
            match run(&doc, op) {
                Err(_) => {
                    let after = easel_board::document::canonical_json(&doc.transact());
                    prop_assert_eq!(before, after, "a refusal changes nothing: {:?}", op);
                }
                Ok(written) => {
                    if let Some(update) = &written.update {
                        prop_assert!(check_update(update, &Limits::board()).is_ok());
                        let update = Update::decode_v1(update).unwrap();
                        follower.transact_mut().apply_update(update).unwrap();
                    }
                    // What is shown is a way to make the same.
                    if let Some(element) = written.element {
                        let id = element["id"].as_str().unwrap().to_owned();
                        prop_assert_eq!(&element, &shown(&doc, &id).unwrap());
                        let mut asked = element.clone();
                        for ours in ["id", "by", "parent"] {
                            asked.remove(ours);
                        }
                        let again = json::create(&new_doc(3), "el_9", &asked, None).unwrap();
                        let mut again = again.element.unwrap();
                        again.remove("id");
                        asked.remove("id");
                        prop_assert_eq!(again, asked);
                    }
                }
            }
            // Removing what others lie in leaves them to the repair; nothing else needs one.
            if let Some(mended) = inspector.repair(&doc) {
                prop_assert!(matches!(op, Op::Remove(_)), "after {:?}", op);
                let mended = Update::decode_v1(&mended).unwrap();
                follower.transact_mut().apply_update(mended).unwrap();
            }
            prop_assert_eq!(inspector.repair(&doc), None);
        }
        copy(&doc, &follower);
        prop_assert_eq!(
            easel_board::document::canonical_json(&doc.transact()),
            easel_board::document::canonical_json(&follower.transact())
        );
    }
}

#[test]
fn an_element_is_put_down_to_who_sent_it() {
    let doc = new_doc(1);
    let mut inspector = Inspector::attach(&doc);
    let insert = |id: &str, members: &[(&str, &str)]| {
        let mut txn = doc.transact_mut();
        let members = members.iter().map(|(key, value)| (*key, *value));
        let root = txn.get_map("elements").unwrap();
        root.insert(&mut txn, id, members.collect::<yrs::MapPrelim>());
    };
    let by = |id: &str| shown(&doc, id).unwrap().get("by").cloned();

    insert("forged", &[("type", "sticky"), ("by", "usr_2")]);
    insert("honest", &[("type", "sticky"), ("by", "usr_1")]);
    insert("silent", &[("type", "sticky")]);
    let mended = inspector.repair_after(&doc, "usr_1");
    assert!(mended.update.is_some());
    assert_eq!(mended.unsigned, ["silent".into()]);
    assert_eq!(
        (by("forged"), by("honest")),
        (Some("usr_1".into()), Some("usr_1".into()))
    );
    assert_eq!(by("silent"), None);
    assert!(json::set_authors(&doc, [("silent", "usr_1"), ("gone", "usr_1")]).is_some());
    assert_eq!(json::set_authors(&doc, [("silent", "usr_1")]), None);
    assert_eq!(inspector.repair(&doc), None);

    // Nobody makes it another's afterwards, and to change it otherwise changes nothing of that.
    for (key, value) in [("by", "usr_2"), ("fill", "red")] {
        let mut txn = doc.transact_mut();
        let Some(Out::YMap(map)) = txn.get_map("elements").unwrap().get(&txn, "silent") else {
            panic!("it is there");
        };
        map.insert(&mut txn, key, value);
        drop(txn);
        let mended = inspector.repair_after(&doc, "usr_2");
        assert_eq!(mended.update.is_some(), key == "by");
        assert_eq!(
            (by("silent"), mended.unsigned),
            (Some("usr_1".into()), vec![])
        );
    }
}

#[test]
fn an_image_names_a_file_and_shows_a_part_of_it() {
    const ASSET: &str = "ast_0123456789abcdefghjkmnpqrs";
    let image = |data: Value| json!({ "type": "image", "box": BOX, "data": data });
    check_new(
        image(
            json!({ "asset": ASSET, "w": 300, "h": 200, "flip_x": false, "flip_y": true, "crop": [0, 0.5, 1, 0.5] }),
        ),
        r#"{"box":[1,2,30,40.5,0],"data":{"asset":"ast_0123456789abcdefghjkmnpqrs","crop":[0,0.5,1,0.5],"flip_y":true,"h":200,"w":300},"id":"el_1","text":"","type":"image","z":"a0"}"#,
    );
    for (data, expected) in [
        (json!({ "w": 3, "h": 2 }), "/data/asset missing-member"),
        (
            json!({ "asset": "ast_1", "w": 3, "h": 2 }),
            "/data/asset invalid",
        ),
        (
            json!({ "asset": 7, "w": 3, "h": 2 }),
            "/data/asset wrong-type",
        ),
        (json!({ "asset": ASSET, "w": 0, "h": 2 }), "/data/w invalid"),
        (
            json!({ "asset": ASSET, "w": 3, "h": "2" }),
            "/data/h wrong-type",
        ),
        (
            json!({ "asset": ASSET, "w": 3, "h": 2, "crop": [0, 0, 1] }),
            "/data/crop wrong-type",
        ),
        (
            json!({ "asset": ASSET, "w": 3, "h": 2, "crop": [0.5, 0, 0.6, 1] }),
            "/data/crop invalid",
        ),
        (
            json!({ "asset": ASSET, "w": 3, "h": 2, "flip_x": 1 }),
            "/data/flip_x wrong-type",
        ),
        (
            json!({ "asset": ASSET, "w": 3, "h": 2, "blurhash": "x" }),
            "/data/blurhash invalid",
        ),
        (
            json!({ "asset": ASSET, "w": 3, "h": 2, "src": "x" }),
            "/data/src unknown-member",
        ),
    ] {
        check_new(image(data), expected);
    }
}

#[test]
fn a_change_of_an_image_keeps_what_a_later_version_wrote_beside() {
    let doc = new_doc(1);
    {
        let mut txn = doc.transact_mut();
        let root = txn.get_map("elements").unwrap();
        let data =
            r#"{"asset":"ast_0123456789abcdefghjkmnpqrs","w":3,"h":2,"flip_x":true,"frame":3}"#;
        let keys = [
            ("type", yrs::Any::from("image")),
            ("box", yrs::Any::from_json("[0,0,3,2,0]").unwrap()),
            ("data", yrs::Any::from_json(data).unwrap()),
        ];
        root.insert(&mut txn, "el_1", yrs::MapPrelim::from(keys));
    }
    let patch = object(json!({ "data": { "flip_x": null, "w": 4 } }));
    json::patch(&doc, "el_1", &patch, &any_state).unwrap();
    let txn = doc.transact();
    let Some(Out::YMap(map)) = txn.get_map("elements").unwrap().get(&txn, "el_1") else {
        panic!("it is there");
    };
    let Some(Out::Any(data)) = map.get(&txn, "data") else {
        panic!("it has data");
    };
    let data = serde_json::to_value(&data).unwrap();
    assert_eq!(
        data,
        json!({ "asset": "ast_0123456789abcdefghjkmnpqrs", "w": 4, "h": 2, "frame": 3 })
    );
}
