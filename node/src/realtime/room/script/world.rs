//! What runs a script: one room, its people, and a store that commits when the script says so.

use crate::realtime::awareness::SeatNo;
use crate::realtime::outbox::Class;
use crate::realtime::room::live::document;
use crate::realtime::room::{
    AppendFailed, Appended, Build, CompactFailed, Compacted, Dialect, Effect, Event, Kind, Live,
    LoadFailed, Loaded, Note, Room, RoomOptions, Stored, fold,
};
use crate::realtime::wire::{self, Incoming};
use crate::realtime::{Permit, bus};
use bytes::Bytes;
use easel_board::gate::Limits;
use easel_storage::sharing::Role;
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
    is_node_busy: bool,
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
pub(super) fn check(script: &str, expected: &str) {
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

fn room(build: Build) -> Room {
    Room::new(RoomOptions {
        name: "test".into(),
        id: 1_000,
        rank: None,
        neighbours: std::sync::Arc::default(),
        build,
        limits: Limits::raw(),
        linger: Duration::from_secs(10),
    })
}

impl World {
    fn new() -> Self {
        Self::with(Build::AtOnce)
    }

    fn with(build: Build) -> Self {
        let now = Instant::now();
        let mut room = room(build);
        // Most of what is to be seen is seen where much comes in.
        room.saving.crowd(now);
        Self {
            room,
            now,
            is_node_busy: true,
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
                    made: BTreeMap::new(),
                })));
            }
            ["load", "gone"] => self.handle(Event::Loaded(Err(LoadFailed::Gone))),
            ["lazily"] => *self = Self::with(Build::WhenNeeded),
            // Nothing came before, here or in any other room.
            ["calmly"] => {
                self.room = room(Build::AtOnce);
                self.is_node_busy = false;
            }
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
                    is_node_busy: self.is_node_busy,
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
            ["company"] => self.handle(Event::Company(0)),
            ["out", "of", "touch"] => self.handle(Event::OutOfTouch),
            ["in", "touch"] => self.handle(Event::InTouch),
            // Of another node's room, which has said nothing before.
            ["heard", number] => self.handle(Event::Heard(bus::Message {
                from: 2_000,
                number: number.parse().unwrap(),
                what: bus::What::Opened,
            })),
            [name, "is", role] => {
                let role = match role {
                    "viewer" => Role::Viewer,
                    _ => Role::Editor,
                };
                let seat = self.clients[name].seat;
                self.handle(Event::Role { seat, role });
            }
            ["gone"] => self.handle(Event::Gone),
            ["drain"] => self.handle(Event::Drain {
                retry_after_ms: 1_000,
            }),
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
            // The stored body, past the room; then it says so.
            [name, "fetches"] => {
                let (seq, body, _) = self.store.body.clone().expect("there is a body");
                self.clients[name].apply(&body);
                self.claim(name, seq);
            }
            [name, "claims", seq] => self.claim(name, seq.parse().unwrap()),
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
            who: crate::realtime::Who::local(),
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

    fn claim(&mut self, name: &str, seq: u64) {
        let json = format!("{{\"t\":\"has_body\",\"seq\":{seq}}}");
        let message = [&[100, json.len() as u8], json.as_bytes()].concat();
        self.message(name, message.into());
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
            Effect::Publish(message) => format!("publish {}", message.number),
            Effect::WakeAt(at) => format!("wake in {}", at.duration_since(self.now).as_millis()),
            Effect::Note(Note::MissedHearsay) => "missed some".into(),
            Effect::Note(Note::Poisoned(_)) => "poisoned".into(),
            Effect::Note(_) => return,
            Effect::Answer { with, .. } => format!("answered {}", with.is_ok()),
            Effect::NoteEdited { .. } => "edited".into(),
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
        Payload::Blob { .. } | Payload::Apart { .. } => panic!("a room writes updates inline"),
    }
}
