//! A board of many elements, as people would have drawn it, for every kind of server: a sequence of Yjs updates, the same
//! for the same number of elements. The last element carries a marker, so that whoever has it has everything.

use crate::stats::Rng;
use crate::update::{Marker, stroke};
use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeSet;
use std::sync::Arc;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, ClientID, Doc, Map, MapPrelim, MapRef, Options, ReadTxn, TextPrelim, Transact,
    TransactionMut, Update,
};

/// Elements that are written in one update.
const BATCH: usize = 250;
const CELL: f64 = 260.0;
const COLORS: [&str; 8] = [
    "red", "orange", "yellow", "green", "teal", "blue", "violet", "pink",
];
/// Writer of the marker in the last element; no other has this number.
pub(crate) const END: u16 = u16::MAX;
const CLIENT: u64 = 2_718_281_828;

/// The updates that draw a board of so many elements; they go to the server in this order.
pub(crate) fn updates(elements: usize) -> Vec<Vec<u8>> {
    let doc = Doc::with_options(Options::with_client_id(ClientID::new(CLIENT)));
    let map = doc.get_or_insert_map("elements");
    let mut rng = Rng(7);
    let mut updates = Vec::new();
    for first in (0..elements).step_by(BATCH) {
        let mut txn = doc.transact_mut();
        for at in first..elements.min(first + BATCH) {
            add(&mut txn, &map, &mut rng, at, elements);
        }
        updates.push(txn.encode_update_v1());
    }
    updates
}

fn add(txn: &mut TransactionMut<'_>, map: &MapRef, rng: &mut Rng, at: usize, elements: usize) {
    let side = (elements as f64).sqrt().ceil();
    let (column, row) = (at as f64 % side, (at as f64 / side).floor());
    let (x, y) = (column * CELL, row * CELL);
    let color = COLORS[at % COLORS.len()];
    let (kind, w, h, text) = match at % 10 {
        _ if at + 1 == elements => ("pen", 160.0, 100.0, None),
        0 | 1 => ("sticky", 200.0, 200.0, Some("Something to remember, no.")),
        2 | 3 => ("text", 180.0, 25.0, Some("Words in a row,")),
        4 => ("pen", 160.0, 100.0, None),
        5 => ("line", 200.0, 150.0, None),
        _ => ("shape", 200.0, 120.0, Some("Step of many:")),
    };
    let id: String = (0..21).map(|_| letter(rng)).collect();
    let bounds = [x, y, w, h, 0.0].map(Any::from);
    let element = map.insert(txn, format!("el_{id}"), MapPrelim::default());
    element.insert(txn, "type", kind);
    element.insert(txn, "box", Any::Array(Arc::from(bounds)));
    element.insert(txn, "z", z(at));
    match kind {
        "pen" => {
            let mut data = stroke(48, at as u32);
            if at + 1 == elements {
                let end = Marker {
                    writer: END,
                    number: 1,
                    sent: 0,
                };
                end.put(&mut data);
            }
            element.insert(txn, "data", Any::Buffer(Arc::from(data)));
            element.insert(txn, "stroke", color);
        }
        "line" => {
            let end = |x: f64, y: f64| Any::from(vec![Any::from(x), Any::from(y)]);
            let data = [
                ("from".to_owned(), end(0.0, 0.0)),
                ("to".to_owned(), end(1.0, 1.0)),
                ("from_head".to_owned(), "none".into()),
                ("to_head".to_owned(), "arrow".into()),
            ];
            element.insert(
                txn,
                "data",
                Any::from(std::collections::HashMap::from(data)),
            );
        }
        "shape" => {
            let kinds = ["rectangle", "ellipse", "diamond", "rectangle"];
            element.insert(txn, "kind", kinds[at % 4]);
            element.insert(txn, "fill", color);
        }
        _ => {}
    }
    if let Some(text) = text {
        element.insert(txn, "text", TextPrelim::new(format!("{text} {at}")));
    }
}

fn letter(rng: &mut Rng) -> char {
    const LETTERS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";
    char::from(LETTERS[rng.below(64) as usize])
}

/// Rising keys for the order of elements.
fn z(at: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digit = |place: u32| char::from(DIGITS[at / 62_usize.pow(place) % 62]);
    // A last digit of zero would not be a valid fractional index.
    format!("d{}{}{}{}V", digit(3), digit(2), digit(1), digit(0))
}

/// The ids of the elements in the document that these updates make together.
pub(crate) fn elements<'a>(
    updates: impl IntoIterator<Item = &'a [u8]>,
) -> Result<BTreeSet<String>> {
    let doc = document(updates)?;
    let map = doc.get_or_insert_map("elements");
    let txn = doc.transact();
    Ok(map.keys(&txn).map(ToString::to_string).collect())
}

/// The document that these updates make together; an error when they lack something.
pub(crate) fn document<'a>(updates: impl IntoIterator<Item = &'a [u8]>) -> Result<Doc> {
    let doc = Doc::new();
    {
        let mut txn = doc.transact_mut();
        // As Yjs does: what builds on something that comes later (a newcomer is sent what others draw before it is
        // sent the rest) waits for it. yrs would go on over a gap in somebody's clocks.
        let mut waiting: Vec<&[u8]> = updates.into_iter().collect();
        loop {
            let before = waiting.len();
            let mut too_early = Vec::new();
            for bytes in waiting {
                let update = Update::decode_v1(bytes).context("what came is a Yjs update")?;
                let known = txn.state_vector();
                let has_gap = update
                    .state_vector_lower()
                    .iter()
                    .any(|(client, clock)| *clock > known.get(client));
                if has_gap {
                    too_early.push(bytes);
                } else {
                    txn.apply_update(update)?;
                }
            }
            waiting = too_early;
            if waiting.is_empty() || waiting.len() == before {
                break;
            }
        }
        ensure!(
            waiting.is_empty(),
            "what came builds on something that did not come"
        );
        ensure!(
            txn.store().pending_update().is_none(),
            "what came builds on something that did not come"
        );
    }
    Ok(doc)
}

/// Whether two documents know the same and show the same elements.
pub(crate) fn same(one: &Doc, other: &Doc) -> bool {
    use yrs::types::ToJson;
    let content = |doc: &Doc| doc.get_or_insert_map("elements").to_json(&doc.transact());
    let vector = |doc: &Doc| doc.transact().state_vector();
    vector(one) == vector(other) && content(one) == content(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::update::Finder;

    #[test]
    fn a_board_has_all_its_elements_and_ends_with_a_marker() {
        let updates = updates(600);
        assert_eq!(updates.len(), 3);
        let slices = || updates.iter().map(Vec::as_slice);
        assert_eq!(elements(slices()).expect("valid updates").len(), 600);
        let mut ends = Vec::new();
        for (at, update) in updates.iter().enumerate() {
            Finder::default().each(update, |marker| ends.push((at, marker.writer)));
        }
        assert_eq!(ends, [(2, END)]);
        // Only the order of keys within a line's ends differs.
        let again = super::updates(600);
        let lengths = |updates: &[Vec<u8>]| updates.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(&updates), lengths(&again), "the same each time");
        elements(slices().skip(1)).expect_err("a part is missing");
    }
}
