//! The gate against what yrs writes: everything real passes, and the summary says what yrs sees.

use easel_board::StateVector;
use easel_board::gate::{Limits, Refusal, check_state_vector, check_update, is_nothing};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Array, Doc, Map, MapPrelim, ReadTxn, Text, TextPrelim, Transact, Update};

fn full(doc: &Doc) -> Vec<u8> {
    doc.transact()
        .encode_state_as_update_v1(&yrs::StateVector::default())
}

fn known(doc: &Doc) -> StateVector {
    StateVector::from(&doc.transact().state_vector())
}

#[test]
fn the_summary_of_a_whole_document_is_its_state_vector() {
    let doc = Doc::with_client_id(7);
    let elements = doc.get_or_insert_map("elements");
    {
        let mut tx = doc.transact_mut();
        let element = elements.insert(&mut tx, "el_1", MapPrelim::from([("type", "sticky")]));
        element.insert(&mut tx, "text", TextPrelim::new("hello 😀"));
        element.insert(&mut tx, "box", vec![1.0, 2.5, 200.0, 200.0, 0.0]);
        elements.insert(&mut tx, "el_2", MapPrelim::from([("type", "pen")]));
        elements.remove(&mut tx, "el_2");
    }
    let summary = check_update(&full(&doc), &Limits::board()).unwrap();
    let mut from_summary = StateVector::default();
    assert!(from_summary.satisfies(&summary));
    assert!(!from_summary.contains(&summary));
    from_summary.advance(&summary);
    assert_eq!(from_summary, known(&doc));
    assert!(from_summary.contains(&summary));
    assert!(summary.delete_ranges > 0);
}

#[test]
fn an_update_behind_a_gap_needs_what_is_before_it() {
    let doc = Doc::with_client_id(7);
    let list = doc.get_or_insert_array("list");
    let text = doc.get_or_insert_text("text");
    list.push_back(&mut doc.transact_mut(), 1);
    let before = known(&doc);
    let second = {
        let mut tx = doc.transact_mut();
        text.push(&mut tx, "abc");
        list.remove(&mut tx, 0);
        tx.encode_update_v1()
    };
    let summary = check_update(&second, &Limits::board()).unwrap();
    assert!(!StateVector::default().satisfies(&summary));
    assert!(before.satisfies(&summary));
    assert_eq!(summary.needs, [(7, 1)]);
}

#[test]
fn a_deletion_alone_needs_what_it_deletes() {
    let doc = Doc::with_client_id(7);
    let list = doc.get_or_insert_array("list");
    list.insert_range(&mut doc.transact_mut(), 0, [1, 2, 3]);
    let deletion = {
        let mut tx = doc.transact_mut();
        list.remove_range(&mut tx, 1, 1);
        tx.encode_update_v1()
    };
    let summary = check_update(&deletion, &Limits::board()).unwrap();
    assert_eq!(
        (
            summary.structs,
            summary.delete_ranges,
            summary.needs.as_slice()
        ),
        (0, 1, [(7, 2)].as_slice())
    );
}

#[test]
fn nothing_is_told_from_something() {
    assert!(is_nothing(Update::EMPTY_V1));
    assert!(
        check_update(Update::EMPTY_V1, &Limits::board())
            .unwrap()
            .is_nothing()
    );
    assert!(!is_nothing(&[]));
    assert_eq!(check_update(&[], &Limits::board()), Err(Refusal::Truncated));
}

#[test]
fn state_vectors_are_read_as_yrs_writes_them() {
    let vector: StateVector = [(3, 4), (1 << 52, 77), (0, 300)].into_iter().collect();
    let encoded = vector.encode();
    assert_eq!(
        StateVector::from(&yrs::StateVector::decode_v1(&encoded).unwrap()),
        vector
    );
    assert_eq!(
        check_state_vector(&vector.to_yrs().encode_v1(), &Limits::board()).unwrap(),
        vector
    );
    assert_eq!(
        check_state_vector(&[255, 255, 255, 122], &Limits::board())
            .unwrap_err()
            .code(),
        "update-too-large"
    );
    let more: StateVector = [(3, 9)].into_iter().collect();
    assert_eq!(more.missing_from(&vector), 5);
}
