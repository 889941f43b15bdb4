//! What a stroke costs on its way, in instructions: gate, room, outboxes, codec, apply.
//!
//! `make bench-instructions` runs each of these under callgrind, which counts what happens inside [`measured`] and
//! nothing else, and compares it with `tests/instructions.txt`. Run as plain tests they only check that the work is
//! done. They stand here since the room and the wire are private to this module.

use super::fanout::Fanout;
use super::outbox::{Outbox, Parcel, Tally};
use super::room::{Appended, Build, Dialect, Effect, Event, Kind, Live, Loaded, Room, RoomOptions};
use super::{Permit, wire};
use bytes::Bytes;
use easel_board::gate::{Limits, check_update};
use easel_board::pen::{self, Ink};
use easel_storage::redb::State;
use easel_storage::{
    Actor, Batch, BoardId, Command, DocName, Envelope, NewUpdate, Origin, Payload, Time,
};
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use yrs::types::map::MapPrelim;
use yrs::{Any, Doc, In, Map, ReadTxn, StateVector, Transact};

const SEATS: u64 = 100;
const STROKES: usize = 50;

/// Counting goes on while this runs. By this name callgrind knows it, so nothing else may be called so.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
    // Something after the call, or it would become a jump, and callgrind not see the return.
    black_box(());
}

/// Does the work a few times for warmth, then so often under the count, of which each is told as its share.
fn count<R>(times: usize, mut work: impl FnMut() -> R) {
    for _ in 0..WARM {
        black_box(work());
    }
    measured(&mut || {
        for _ in 0..times {
            black_box(work());
        }
    });
    println!("times: {times}");
}

const WARM: usize = 5;

/// One person's strokes, each an update that builds on the one before.
fn strokes(client: u64, number: usize) -> Vec<Bytes> {
    let doc = Doc::with_client_id(client);
    let elements = doc.get_or_insert_map("elements");
    (0..number)
        .map(|n| {
            let mut txn = doc.transact_mut();
            let id = format!("st{client:08}{n:08}");
            elements.insert(&mut txn, id, stroke(n));
            Bytes::from(txn.encode_update_v1())
        })
        .collect()
}

/// Forty points, as a quick line of handwriting has.
fn stroke(n: usize) -> MapPrelim {
    let (x, y) = ((n % 100) as f64 * 120.0, (n / 100) as f64 * 90.0);
    let ink = Ink {
        w0: 110.0,
        h0: 80.0,
        points: (0..40).map(|i| (i * 22, (i * i * 7) % 640)).collect(),
        pressures: None,
    };
    let place = [x, y, 110.0, 80.0, 0.0].map(Any::from);
    let members: HashMap<String, In> = HashMap::from([
        ("type".to_owned(), Any::from("pen").into()),
        ("z".to_owned(), Any::from(format!("a{n:06}1")).into()),
        ("box".to_owned(), Any::from(place.to_vec()).into()),
        ("data".to_owned(), Any::from(pen::pack(&ink)).into()),
    ]);
    MapPrelim::from_iter(members)
}

/// A whole board as one update.
fn board(elements: usize) -> Bytes {
    let doc = Doc::with_client_id(5);
    let root = doc.get_or_insert_map("elements");
    let mut txn = doc.transact_mut();
    for n in 0..elements {
        root.insert(&mut txn, format!("el{n:08}"), stroke(n));
    }
    txn.encode_state_as_update_v1(&StateVector::default())
        .into()
}

#[test]
#[ignore = "counted by `make bench-instructions`"]
fn gate_stroke() {
    let stroke = &strokes(7, 2)[1];
    let limits = Limits::board();
    count(100, || check_update(stroke, &limits).unwrap());
}

#[test]
#[ignore = "counted by `make bench-instructions`"]
fn gate_board_of_10000() {
    let board = board(10_000);
    let limits = Limits::stored();
    count(2, || check_update(&board, &limits).unwrap());
}

/// A room of a hundred on a board of so many elements, and the sequence number it is at.
fn room(elements: usize, now: Instant) -> (Room, u64) {
    let mut room = Room::new(RoomOptions {
        name: "counted".to_owned(),
        id: 1_000,
        rank: None,
        neighbours: Arc::default(),
        build: Build::AtOnce,
        limits: Limits::board(),
        linger: Duration::from_secs(10),
    });
    let stored: Vec<Bytes> = (elements > 0)
        .then(|| board(elements))
        .into_iter()
        .collect();
    let seq = stored.len() as u64;
    let vector = stored.first().map(|body| {
        yrs::encode_state_vector_from_update_v1(body)
            .unwrap()
            .into()
    });
    let mut effects = Vec::new();
    let loaded = Loaded {
        head_seq: seq,
        body_seq: seq,
        body: stored.first().cloned(),
        state_vector: vector,
        tail: Vec::new(),
        made: std::collections::BTreeMap::new(),
    };
    room.handle(now, Event::Loaded(Ok(loaded)), &mut effects);
    let live = Live::build(Kind::Board, 1_000, &stored);
    room.handle(now, Event::Built(live), &mut effects);
    for seat in 1..=SEATS {
        let join = Event::Join {
            seat,
            dialect: Dialect::Easel,
            id: 2_000 + seat,
            who: crate::realtime::Who::local(),
        };
        room.handle(now, join, &mut effects);
    }
    (room, seq)
}

/// From the message to what a hundred writers take, and what the append's end then does.
fn count_strokes(elements: usize) {
    let now = Instant::now();
    let (mut room, mut seq) = room(elements, now);
    let mut fanout = Fanout::default();
    for seat in 1..=SEATS {
        fanout.enter(seat, Arc::default());
    }
    let messages = strokes(7, WARM + STROKES);
    let mut messages = messages.iter().map(|update| wire::update(update).payload());
    let (mut effects, mut behind) = (Vec::new(), Vec::new());
    let mut shown = 0;
    count(STROKES, || {
        let message = messages.next().expect("one for each");
        let event = Event::Message {
            seat: 1,
            message,
            received: now,
            permit: Permit::none(),
        };
        room.handle(now, event, &mut effects);
        for effect in effects.drain(..) {
            if let Effect::Broadcast {
                except,
                frame,
                class,
                received,
            } = effect
            {
                shown += 1;
                fanout.broadcast(except, &frame, class, received, &mut behind);
            } else if let Effect::Append(batch) = effect {
                seq += batch.updates.len() as u64;
            }
        }
        fanout.flush();
        for outbox in fanout.outboxes() {
            black_box(outbox.take());
            outbox.written();
        }
        let appended = Event::Appended(Ok(Appended {
            first_seq: seq,
            last_seq: seq,
            index: easel_storage::CommitIndex(seq),
            is_node_busy: false,
        }));
        room.handle(now, appended, &mut effects);
        effects.clear();
    });
    assert_eq!(
        shown,
        WARM + STROKES,
        "every stroke is shown, and nothing else"
    );
    assert!(behind.is_empty());
}

#[test]
#[ignore = "counted by `make bench-instructions`"]
fn room_stroke_on_an_empty_board() {
    count_strokes(0);
}

#[test]
#[ignore = "counted by `make bench-instructions`"]
fn room_stroke_on_a_board_of_10000() {
    count_strokes(10_000);
}

#[test]
#[ignore = "counted by `make bench-instructions`"]
fn outbox_push_and_take() {
    let frame = wire::update(&strokes(7, 1)[0]);
    let outbox = Outbox::default();
    let mut parts = Vec::new();
    count(100, || {
        parts.extend(frame.parts());
        let parcel = Parcel::counting(frame.len(), Tally::default());
        outbox.put(&mut parts, parcel, None);
        black_box(outbox.take());
        outbox.written()
    });
}

#[test]
#[ignore = "counted by `make bench-instructions`"]
fn codec_frame() {
    let stroke = &strokes(7, 1)[0];
    count(100, || {
        wire::decode(&wire::update(stroke).payload()).unwrap()
    });
}

#[test]
#[ignore = "counted by `make bench-instructions`"]
fn codec_command() {
    let envelope = Envelope::new(Actor::Local, append(1));
    count(100, || Envelope::decode(&envelope.encode()).unwrap());
}

const BOARD: BoardId = BoardId::from_bytes([1; 16]);

fn create(turn: u64) -> Command {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&turn.to_be_bytes());
    let board = if turn == 0 {
        BOARD
    } else {
        BoardId::from_bytes(id)
    };
    let title = "Plan".to_owned().try_into().expect("a title");
    Command::CreateBoard { board, title }
}

fn append(turn: u64) -> Command {
    let update = NewUpdate {
        author: Actor::Local,
        origin: Some(Origin {
            seat: 9,
            number: turn,
        }),
        payload: Payload::Inline(vec![7; 200].into()),
    };
    let doc = DocName::Board(BOARD);
    Command::AppendUpdates {
        doc,
        updates: vec![update],
    }
}

/// One update more into a body of 64 KiB.
fn compact(turn: u64) -> Command {
    Command::Compact {
        doc: DocName::Board(BOARD),
        expected_body_seq: turn - 1,
        upto_seq: turn,
        body: Payload::Inline(vec![7; 64 << 10].into()),
        state_vector: vec![7; 20],
    }
}

/// Applies what is made for each turn, from 1 on, each in a transaction of its own, as an idle node does.
fn count_applies(before: Vec<Command>, make: fn(u64) -> Command) {
    const TURNS: usize = 20;
    let state = State::in_memory().unwrap();
    let mut at = 0;
    let mut apply = |command| {
        at += 1;
        let envelopes = vec![Envelope::new(Actor::Local, command)];
        let batch = Batch {
            at: Time(at),
            envelopes,
        };
        state
            .apply(&[batch], b"marker")
            .unwrap()
            .remove(0)
            .remove(0)
    };
    for command in before {
        apply(command).unwrap();
    }
    let mut turn = 0;
    count(TURNS, || {
        turn += 1;
        apply(make(turn)).unwrap()
    });
}

#[test]
#[ignore = "counted by `make bench-instructions`"]
fn apply_create_board() {
    count_applies(Vec::new(), create);
}

#[test]
#[ignore = "counted by `make bench-instructions`"]
fn apply_append_updates() {
    count_applies(vec![create(0)], append);
}

#[test]
#[ignore = "counted by `make bench-instructions`"]
fn apply_compact() {
    let tail = (1..=100).map(append);
    count_applies([create(0)].into_iter().chain(tail).collect(), compact);
}
