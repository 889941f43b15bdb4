//! What must hold: along the way, and when all has come to rest.

use super::world::World;
use crate::realtime::outbox::QUEUED_BYTES_MAX;
use crate::realtime::room::live::{CLIENT_OF_NOBODY, document};
use crate::realtime::room::{HELD_BYTES_MAX, Phase, Room, sharing};
use bytes::Bytes;
use easel_board::StateVector;
use easel_board::document::{Likeness, likeness};
use easel_board::gate::{self, Limits};
use yrs::updates::decoder::Decode;
use yrs::{Doc, ReadTxn, Transact, Update};

/// Client ids of people; all others are the server's.
pub(super) const PEOPLE_IDS: std::ops::Range<u64> = 100..200;

/// No queue of a room's own outgrows its bound.
pub(super) fn check_bounds(room: &Room) {
    for seat in room.seats.values() {
        assert!(seat.held_bytes <= HELD_BYTES_MAX, "a seat holds too much");
    }
    let heard = room.sharing.as_ref().map_or(0, |sharing| sharing.bytes());
    assert!(heard <= sharing::HEARD_BYTES_MAX, "too much hearsay");
}

/// Nothing that a person is yet to read outgrows the outbox, but for one answer.
pub(super) fn check_outbox(counted: usize) {
    assert!(counted <= QUEUED_BYTES_MAX, "an outbox is too full");
}

/// An edit of the server's is in the store before anybody sees it.
pub(super) fn check_shown(shown: &Doc, stored: &Doc) {
    let (shown, stored) = (
        shown.transact().state_vector(),
        stored.transact().state_vector(),
    );
    for (client, clock) in shown.iter() {
        let is_ours = !PEOPLE_IDS.contains(&client.get());
        assert!(
            !is_ours || stored.get(client) >= *clock,
            "an edit of the server's is shown and not in the store"
        );
    }
}

/// All has come to rest: people, rooms and store show one document, and so does its history, in any order.
pub(super) fn check_all(world: &World) {
    let opened = look(&world.storage.opened());
    for (who, person) in world.people.iter().enumerate() {
        assert_eq!(look(&person.doc), opened, "person {who} differs");
        assert!(person.early.is_empty(), "person {who} waits for something");
    }
    for node in &world.nodes {
        if let Some(room) = node.open.as_ref().map(|open| &open.room) {
            let of = look(&seen_by(room));
            assert_eq!(of, opened, "the room of node {} differs", node.number);
            assert_eq!(room.state, opened.known, "node {} miscounts", node.number);
        }
    }
    let stored = look(&world.storage.all);
    assert_eq!(stored, opened, "the body differs from the history");
    // Two contents under one id would depend on which came first.
    let backwards = look(&last_first(world.storage.history()));
    assert_eq!(backwards, opened, "the history has an order");
}

fn seen_by(room: &Room) -> Doc {
    let Phase::Open(live) = &room.phase else {
        panic!("at rest a room is open");
    };
    let whole = live.diff(&[0]).expect("the document can be read");
    document(CLIENT_OF_NOBODY, &[whole.into()]).expect("it opens")
}

/// The document of these updates, later ones first as far as nothing has to wait for its ground.
fn last_first(mut updates: Vec<Bytes>) -> Doc {
    let doc = Doc::new();
    let mut known = StateVector::default();
    while !updates.is_empty() {
        let summary_of = |update: &Bytes| {
            gate::check_update(update, &Limits::stored()).expect("what is stored passed the gate")
        };
        let ready = |update: &Bytes| known.satisfies(&summary_of(update));
        let at = updates.iter().rposition(ready);
        let update = updates.remove(at.expect("the first is always ready"));
        known.advance(&summary_of(&update));
        take_in(&doc, &update);
    }
    doc
}

/// Applies an update; tells whether it brought anything.
pub(super) fn take_in(doc: &Doc, update: &[u8]) -> bool {
    let update = Update::decode_v1(update).expect("an update");
    let mut txn = doc.transact_mut();
    txn.apply_update(update).expect("the update applies");
    txn.has_changes()
}

#[track_caller]
fn look(doc: &Doc) -> Likeness {
    let txn = doc.transact();
    assert!(!txn.has_missing_updates(), "something waits for its ground");
    likeness(&txn)
}
