//! Scripts of events and the effects they must have.
//!
//! Clients are real Yjs documents; the store is a list that commits when the script says so.

use super::live::document;
use super::{
    AppendFailed, Appended, Build, CompactFailed, Compacted, Dialect, Effect, Event, Kind, Live,
    LoadFailed, Loaded, Note, Room, RoomOptions, Stored, fold,
};
use crate::realtime::Permit;
use crate::realtime::awareness::SeatNo;
use crate::realtime::outbox::Class;
use crate::realtime::wire::{self, Incoming};
use bytes::Bytes;
use easel_board::gate::Limits;
use easel_storage::{CommitIndex, NewUpdate, Payload};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, Map, ReadTxn, Transact, Update};

struct Client {
    seat: SeatNo,
    doc: Doc,
    saved: u64,
    /// Does not read: what it was answered stays unwritten.
    is_stopped: bool,
    /// An edit that was made and not sent.
    unsent: Vec<Bytes>,
}

#[derive(Default)]
struct Store {
    body: Option<(u64, Bytes, Bytes)>,
    updates: Vec<Bytes>,
}

struct World {
    room: Room,
    now: Instant,
    clients: BTreeMap<String, Client>,
    store: Store,
    appending: Option<Vec<NewUpdate>>,
    compacting: Option<(u64, u64, Vec<Bytes>)>,
    /// After which number the store is being read.
    reading: Option<u64>,
    /// Who was sent an answer that is not written yet.
    answered: Vec<SeatNo>,
    next_seat: SeatNo,
    log: Vec<String>,
    finished: bool,
}

/// Runs `script` (steps parted by `;`) and compares what came out, steps parted the same way.
fn check(script: &str, expected: &str) {
    let mut world = World::new();
    let mut seen = Vec::new();
    for step in script.split(';').map(str::trim) {
        world.step(step);
        seen.push(world.log.join(", "));
        world.log.clear();
    }
    let expected: Vec<String> = expected
        .split(';')
        .map(|step| step.trim().to_owned())
        .collect();
    assert_eq!(seen, expected, "\nscript: {script}");
}

impl World {
    fn new() -> Self {
        Self::with(Build::AtOnce)
    }

    fn with(build: Build) -> Self {
        let options = RoomOptions {
            name: "test".into(),
            id: 1_000,
            rank: None,
            build,
            limits: Limits::raw(),
            linger: Duration::from_secs(10),
        };
        Self {
            room: Room::new(options),
            now: Instant::now(),
            clients: BTreeMap::new(),
            store: Store::default(),
            appending: None,
            compacting: None,
            reading: None,
            answered: Vec::new(),
            next_seat: 0,
            log: Vec::new(),
            finished: false,
        }
    }

    fn step(&mut self, step: &str) {
        let words: Vec<&str> = step.split(' ').collect();
        match words[..] {
            ["load"] => {
                let (body_seq, body, state_vector) = match self.store.body.clone() {
                    Some((seq, body, state_vector)) => (seq, Some(body), Some(state_vector)),
                    None => (0, None, None),
                };
                let head_seq = self.store.updates.len() as u64;
                let tail = self.store.updates[body_seq as usize..].to_vec();
                self.handle(Event::Loaded(Ok(Loaded {
                    head_seq,
                    body_seq,
                    body,
                    state_vector,
                    tail,
                })));
            }
            ["lazily"] => *self = Self::with(Build::WhenNeeded),
            ["build"] => {
                let live = Live::build(Kind::Raw, 1_000, &self.store.updates);
                self.handle(Event::Built(live));
            }
            ["join", name] => self.join(name, Dialect::Easel),
            ["join", name, "yjs"] => self.join(name, Dialect::Yjs),
            ["leave", name] => {
                let seat = self.clients.remove(name).unwrap().seat;
                self.handle(Event::Leave { seat });
            }
            ["behind", name] => self.handle(Event::Behind {
                seat: self.clients[name].seat,
            }),
            ["drained", name] => self.handle(Event::Drained {
                seat: self.clients[name].seat,
            }),
            ["stored"] => {
                let updates = self.appending.take().expect("an append is in flight");
                let first_seq = self.store.updates.len() as u64 + 1;
                self.store.updates.extend(updates.into_iter().map(inline));
                let last_seq = self.store.updates.len() as u64;
                self.handle(Event::Appended(Ok(Appended {
                    first_seq,
                    last_seq,
                    index: CommitIndex(last_seq),
                })));
            }
            // Somebody else, who knows all that is stored, adds to it.
            ["elsewhere", pair] => {
                let doc = document(7, &self.store.updates).unwrap();
                let (key, value) = pair.split_once('=').unwrap();
                let root = doc.get_or_insert_map("root");
                let mut txn = doc.transact_mut();
                root.insert(&mut txn, key, value);
                self.store.updates.push(txn.encode_update_v1().into());
            }
            ["read"] => {
                let after_seq = self.reading.take().expect("the store is read");
                let updates = self.store.updates[after_seq as usize..].to_vec();
                self.handle(Event::Stored(Ok(Stored { after_seq, updates })));
            }
            ["fails", how] => {
                self.appending.take().expect("an append is in flight");
                let failed = match how {
                    "gone" => AppendFailed::Gone,
                    "full" => AppendFailed::DiskFull,
                    other => AppendFailed::Other(other.into()),
                };
                self.handle(Event::Appended(Err(failed)));
            }
            ["folded"] => {
                let (_, upto_seq, stored) = self.compacting.take().expect("a compaction runs");
                let (body, state_vector) = fold(&stored).unwrap();
                let body = Bytes::from(body);
                self.store.body = Some((upto_seq, body.clone(), state_vector.into()));
                self.handle(Event::Compacted(Ok(Compacted {
                    body_seq: upto_seq,
                    body,
                })));
            }
            // Another room folded so far, which this one hears of when it tries to.
            ["folded", "elsewhere", upto] => {
                self.compacting.take().expect("a compaction runs");
                let body_seq = upto.parse().unwrap();
                let failed = CompactFailed::BodyMoved { body_seq };
                self.handle(Event::Compacted(Err(failed)));
            }
            [name, "stops"] => self.clients.get_mut(name).unwrap().is_stopped = true,
            [name, "reads"] => {
                self.clients.get_mut(name).unwrap().is_stopped = false;
                self.write_answers();
            }
            ["after", ms] => {
                self.now += Duration::from_millis(ms.parse().unwrap());
                self.handle(Event::Wake);
            }
            ["tick", seconds] => {
                self.now += Duration::from_secs(seconds.parse().unwrap());
                self.handle(Event::Tick);
            }
            ["gone"] => self.handle(Event::Gone),
            ["drain"] => self.handle(Event::Drain),
            [name, "sets", pair] => {
                let update = self.edit(name, pair);
                self.send(name, &update);
            }
            // Made but kept back, so that what comes later builds on what the server lacks.
            [name, "keeps", pair] => {
                let update = self.edit(name, pair);
                self.clients.get_mut(name).unwrap().unsent.push(update);
            }
            [name, "sends"] => {
                let update = self.clients.get_mut(name).unwrap().unsent.remove(0);
                self.send(name, &update);
            }
            [name, "asks"] => {
                let state_vector = self.clients[name].doc.transact().state_vector().encode_v1();
                self.message(name, wire::step_1(&state_vector).payload());
            }
            [name, "answers"] => {
                let update = self.clients[name]
                    .doc
                    .transact()
                    .encode_diff_v1(&yrs::StateVector::default());
                self.message(name, wire::step_2(&update).payload());
            }
            [name, "says", bytes] => {
                let bytes = bytes
                    .split(',')
                    .map(|byte| byte.parse().unwrap())
                    .collect::<Vec<u8>>();
                self.message(name, bytes.into());
            }
            [name, "has", pair] => {
                let (key, value) = pair.split_once('=').unwrap();
                let client = &self.clients[name];
                let root = client.doc.get_or_insert_map("root");
                let found = root
                    .get(&client.doc.transact(), key)
                    .map(|out| out.to_string(&client.doc.transact()));
                assert_eq!(found.as_deref(), Some(value), "{name} {pair}");
            }
            _ => panic!("no such step: {step}"),
        }
    }

    fn join(&mut self, name: &str, dialect: Dialect) {
        self.next_seat += 1;
        let seat = self.next_seat;
        let doc = Doc::with_client_id(seat + 100);
        self.clients.insert(
            name.into(),
            Client {
                seat,
                doc,
                saved: 0,
                is_stopped: false,
                unsent: Vec::new(),
            },
        );
        self.handle(Event::Join {
            seat,
            dialect,
            id: seat,
        });
    }

    fn edit(&mut self, name: &str, pair: &str) -> Bytes {
        let (key, value) = pair.split_once('=').unwrap();
        let doc = &self.clients[name].doc;
        let root = doc.get_or_insert_map("root");
        let mut txn = doc.transact_mut();
        root.insert(&mut txn, key, value);
        txn.encode_update_v1().into()
    }

    fn send(&mut self, name: &str, update: &[u8]) {
        self.message(name, wire::update(update).payload());
    }

    fn message(&mut self, name: &str, message: Bytes) {
        let seat = self.clients[name].seat;
        self.handle(Event::Message {
            seat,
            message,
            received: self.now,
            permit: Permit::none(),
        });
    }

    fn handle(&mut self, event: Event) {
        let mut effects = Vec::new();
        self.room.handle(self.now, event, &mut effects);
        for effect in effects {
            self.perform(effect);
        }
        self.write_answers();
    }

    /// Who reads has been written its answers by now.
    fn write_answers(&mut self) {
        let stopped = |seat: &SeatNo| {
            let mut clients = self.clients.values();
            clients.any(|client| client.seat == *seat && client.is_stopped)
        };
        let (left, written) = self.answered.iter().partition(|seat| stopped(seat));
        self.answered = left;
        let written: Vec<SeatNo> = written;
        for seat in written {
            self.handle(Event::Answered { seat });
        }
    }

    fn perform(&mut self, effect: Effect) {
        let line = match effect {
            Effect::Build { stored, .. } => format!("build {}", stored.len()),
            Effect::Send { seat, frame, class } => {
                if matches!(class, Class::Answer | Class::CatchUp) && !self.answered.contains(&seat)
                {
                    self.answered.push(seat);
                }
                let Some(name) = self.name_of(seat) else {
                    return;
                };
                let payload = frame.payload();
                let client = self.clients.get_mut(&name).unwrap();
                format!("{name} <- {}", client.receive(&payload))
            }
            Effect::Broadcast { except, frame, .. } => {
                let payload = frame.payload();
                let mut names = Vec::new();
                for (name, client) in &mut self.clients {
                    if Some(client.seat) != except {
                        names.push(format!("{name} <- {}", client.receive(&payload)));
                    }
                }
                names.join(", ")
            }
            Effect::Close { seat, code, .. } => {
                let Some(name) = self.name_of(seat) else {
                    return;
                };
                self.clients.remove(&name);
                format!("close {name} {code}")
            }
            Effect::Append(batch) => {
                let count = batch.updates.len();
                assert!(
                    self.appending.replace(batch.updates).is_none(),
                    "two appends in flight"
                );
                format!("append {count}")
            }
            Effect::Compact {
                expected_body_seq,
                upto_seq,
                stored,
            } => {
                let line = match expected_body_seq {
                    0 => format!("fold {} upto {upto_seq}", stored.len()),
                    seq => format!("fold {} upto {upto_seq} over {seq}", stored.len()),
                };
                self.compacting = Some((expected_body_seq, upto_seq, stored));
                line
            }
            Effect::ReadOn { after_seq, .. } => {
                assert!(self.reading.replace(after_seq).is_none(), "two reads");
                format!("read after {after_seq}")
            }
            Effect::Publish(message) => panic!("a node by itself says {message:?}"),
            Effect::WakeAt(at) => format!("wake in {}", at.duration_since(self.now).as_millis()),
            Effect::Note(Note::Poisoned(_)) => "poisoned".into(),
            Effect::Note(_) => return,
            Effect::Finish => {
                self.finished = true;
                "finish".into()
            }
        };
        if !line.is_empty() {
            self.log.push(line);
        }
    }

    fn name_of(&self, seat: SeatNo) -> Option<String> {
        self.clients
            .iter()
            .find(|(_, client)| client.seat == seat)
            .map(|(name, _)| name.clone())
    }
}

impl Client {
    fn receive(&mut self, payload: &Bytes) -> String {
        if payload[0] == 100 {
            let json: serde_json::Value = serde_json::from_slice(&payload[2..]).unwrap();
            return match json["t"].as_str().unwrap() {
                "saved" => {
                    let frames = json["frames"].as_u64().unwrap();
                    assert!(frames >= self.saved, "the count of saved frames rises");
                    self.saved = frames;
                    format!("saved {frames}")
                }
                other => other.to_owned(),
            };
        }
        match wire::decode(payload).unwrap() {
            Incoming::Step1(_) => "step1".into(),
            Incoming::Step2(update) => {
                self.apply(&update);
                "step2".into()
            }
            Incoming::Update(update) => {
                self.apply(&update);
                "update".into()
            }
            Incoming::Awareness(_) => "awareness".into(),
            other => panic!("{other:?}"),
        }
    }

    fn apply(&self, update: &[u8]) {
        self.doc
            .transact_mut()
            .apply_update(Update::decode_v1(update).unwrap())
            .unwrap();
    }
}

fn inline(update: NewUpdate) -> Bytes {
    match update.payload {
        Payload::Inline(bytes) => bytes,
        Payload::Blob { .. } => panic!("a room writes updates inline"),
    }
}

/// A room that is open and where `a` and `b` are up to date.
const OPEN: &str = "load; build; join a; a asks; join b; b asks";
const OPENED: &str =
    "build 0; ; a <- hello, a <- step1; a <- step2; b <- hello, b <- step1; b <- step2";

fn check_open(script: &str, expected: &str) {
    check(
        &format!("{OPEN}; {script}"),
        &format!("{OPENED}; {expected}"),
    );
}

#[test]
fn a_stroke_is_shown_at_once_and_saved_when_it_is_stored() {
    check_open(
        "a sets x=1; stored; b has x=1",
        "b <- update, append 1; a <- saved 1; ",
    );
}

#[test]
fn an_edit_during_a_save_is_acknowledged_by_the_next_save() {
    check_open(
        "a sets x=1; a sets x=2; b sets y=1; stored; after 10; stored",
        "b <- update, append 1; b <- update; a <- update; a <- saved 1, wake in 10; append 2; a <- saved 2, b <- saved 1",
    );
}

#[test]
fn who_knows_nothing_is_sent_everything_without_a_document() {
    check(
        "load; build; join a; a sets x=1; stored; a sets y=2; join c; c asks; c has x=1; c has y=2",
        "build 0; ; a <- hello, a <- step1; append 1; a <- saved 1; wake in 10; c <- hello, c <- step1; \
         c <- update, c <- update, c <- step2; ; ",
    );
}

#[test]
fn who_knows_most_is_sent_a_diff() {
    check_open(
        "a sets x=1; a sets y=2; a sets z=3; b sets w=4; a asks; b has x=1",
        "b <- update, append 1; b <- update; b <- update; a <- update; a <- step2; ",
    );
}

#[test]
fn messages_before_the_document_stands_wait_for_it() {
    check(
        "join a; a asks; a sets x=1; load; build; stored",
        "a <- hello; ; ; build 0, a <- step1, a <- step2; append 1; a <- saved 1",
    );
}

#[test]
fn a_document_is_built_once_somebody_draws_and_not_for_those_who_look() {
    check(
        "lazily; join a; a asks; load; a says 0,1,2,0,0; a sets x=1; a sets y=2; build; stored; join b; b asks; b has x=1",
        "; a <- hello; ; a <- step1, a <- step2; a <- saved 1; build 0; ; append 2; a <- saved 3; \
         b <- hello, b <- step1; b <- update, b <- update, b <- step2; ",
    );
}

#[test]
fn an_empty_answer_is_saved_as_soon_as_what_came_before_is() {
    check_open(
        "a says 0,1,2,0,0; a sets x=1; a says 0,1,2,0,0; stored",
        "a <- saved 1; b <- update, append 1; ; a <- saved 3",
    );
}

#[test]
fn what_is_known_already_is_neither_shown_nor_stored_again() {
    check_open(
        "a sets x=1; stored; a answers; b answers",
        "b <- update, append 1; a <- saved 1; a <- saved 2; b <- saved 1",
    );
}

#[test]
fn an_update_that_lacks_its_ground_waits_and_counts_in_order() {
    check_open(
        "a keeps x=1; a sets y=2; a sends; stored; b has y=2",
        "; a <- step1; b <- update, b <- update, append 2; a <- saved 2; ",
    );
}

#[test]
fn an_update_whose_ground_never_comes_ends_its_seat() {
    check_open(
        "a keeps x=1; a sets y=2; tick 4; tick 1",
        "; a <- step1; ; close a 1013",
    );
}

#[test]
fn garbage_ends_the_seat_and_only_it() {
    check_open(
        "a says 0,2,3,255,255,255; b sets x=1; stored",
        "a <- set_aside, close a 4422; append 1; b <- saved 1",
    );
    check_open("a says 77", "a <- set_aside, close a 4422");
}

#[test]
fn a_stock_client_is_told_nothing_it_does_not_know() {
    check(
        "load; build; join a yjs; a asks; a sets x=1; stored; a says 77",
        "build 0; ; a <- step1; a <- step2; append 1; ; close a 4422",
    );
}

#[test]
fn a_client_that_fell_behind_gets_one_diff() {
    check_open(
        "a sets x=1; behind b; a sets y=2; drained b; b has y=2; drained b",
        "b <- update, append 1; ; b <- update; b <- step2; ; ",
    );
}

#[test]
fn a_client_that_asks_while_it_is_behind_is_answered_when_it_has_read() {
    check_open(
        "a sets x=1; behind b; b asks; a sets y=2; drained b; b has y=2",
        "b <- update, append 1; ; ; b <- update; b <- step2; ",
    );
}

#[test]
fn what_was_saved_while_a_client_was_behind_it_is_told_afterwards() {
    check_open(
        "a sets x=1; behind a; stored; drained a",
        "b <- update, append 1; ; ; a <- step2, a <- saved 1",
    );
    // The frame that was dropped may be the one that said so.
    check_open(
        "a sets x=1; stored; behind a; drained a",
        "b <- update, append 1; a <- saved 1; ; a <- step2, a <- saved 1",
    );
}

#[test]
fn who_asks_again_and_again_is_answered_as_fast_as_it_reads() {
    check_open(
        "a sets x=1; b stops; b asks; b asks; b asks; b reads",
        "b <- update, append 1; ; b <- step2; ; ; b <- step2",
    );
    check_open(
        "a sets x=1; b stops; b asks; b asks; behind b; drained b; b reads",
        "b <- update, append 1; ; b <- step2; ; ; b <- step2; ",
    );
}

#[test]
fn a_room_that_was_folded_elsewhere_folds_over_that() {
    check_open(
        "a sets x=1; stored; leave a; leave b; tick 11; folded elsewhere 1; join c; c asks; c sets y=2; stored; leave c; \
         tick 70; folded; tick 1",
        "b <- update, append 1; a <- saved 1; ; ; fold 1 upto 1; ; c <- hello, c <- step1; c <- update, c <- step2; append 1; \
         c <- saved 1; ; fold 2 upto 2 over 1; ; finish",
    );
}

#[test]
fn a_document_that_has_gone_lets_nobody_in() {
    let mut world = World::new();
    world.step("join a");
    world.log.clear();
    world.handle(Event::Loaded(Err(LoadFailed::Gone)));
    assert_eq!(world.log.join(", "), "close a 4410, finish");
}

#[test]
fn a_full_disk_sends_everybody_away_and_ends_the_room() {
    check_open(
        "a sets x=1; fails full",
        "b <- update, append 1; poisoned, close a 1013, close b 1013, finish",
    );
}

#[test]
fn a_board_that_is_gone_closes_for_good_once_its_append_has_ended() {
    check_open(
        "a sets x=1; gone; stored",
        "b <- update, append 1; close a 4410, close b 4410; finish",
    );
    check_open(
        "a sets x=1; fails gone",
        "b <- update, append 1; close a 4410, close b 4410, finish",
    );
}

#[test]
fn draining_saves_what_was_taken_and_takes_no_more() {
    check_open(
        "a sets x=1; drain; a sets y=2; stored",
        "b <- update, append 1; ; ; a <- saved 1, a <- draining, b <- draining, close a 1012, close b 1012, finish",
    );
}

#[test]
fn a_silent_seat_hears_from_us() {
    check_open(
        "tick 14; tick 1; tick 1; tick 15",
        "; a <- awareness, b <- awareness; ; a <- awareness, b <- awareness",
    );
}

#[test]
fn awareness_is_relayed_and_taken_back() {
    check_open(
        "a says 1,6,1,9,1,2,123,125; leave a",
        "b <- awareness; b <- awareness",
    );
}

#[test]
fn an_empty_room_folds_its_tail_and_ends() {
    check_open(
        "a sets x=1; stored; leave a; leave b; tick 9; tick 10; folded; tick 1",
        "b <- update, append 1; a <- saved 1; ; ; ; fold 1 upto 1; ; finish",
    );
}

#[test]
fn a_long_tail_is_folded_while_people_draw_and_what_came_meanwhile_stays() {
    let long = "x".repeat(300 << 10);
    check(
        &format!(
            "load; build; join a; a asks; a sets x={long}; stored; a sets y=2; folded; after 10; stored; join c; c asks; c has y=2; c has x={long}"
        ),
        "build 0; ; a <- hello, a <- step1; a <- step2; append 1; a <- saved 1, fold 1 upto 1; wake in 10; ; append 1; a <- saved 2; \
         c <- hello, c <- step1; c <- update, c <- update, c <- step2; ; ",
    );
}

#[test]
fn what_others_stored_is_read_and_shown() {
    check_open(
        "elsewhere z=9; a sets x=1; stored; read; a has z=9; b has z=9; after 10; a sets y=2; stored",
        "; b <- update, append 1; a <- saved 1, read after 0; a <- update, b <- update; ; ; ; b <- update, append 1; a <- saved 2",
    );
}

#[test]
fn nothing_is_folded_before_all_that_is_stored_is_known() {
    let long = "x".repeat(300 << 10);
    check_open(
        &format!(
            "elsewhere z=9; a sets x={long}; stored; read; folded; join c; c asks; c has z=9; c has x={long}"
        ),
        "; b <- update, append 1; a <- saved 1, read after 0; a <- update, b <- update, fold 2 upto 2; ; \
         c <- hello, c <- step1; c <- update, c <- step2; ; ",
    );
}
