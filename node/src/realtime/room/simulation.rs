//! A room, its store and its people under a seed: whatever happens in whatever order, what was saved stays, and
//! everybody who comes back sees the same.
//!
//! Clients are real Yjs documents behind real outboxes; the store is the real one in memory. The seed decides who
//! draws, reads, stops reading, leaves and returns, how long the store takes, what it answers and when the process
//! dies. A failure names its seed; `SIMULATION_SEED=n` runs that one alone.

use super::live::document;
use super::{
    AppendFailed, Appended, Batch, CompactFailed, Compacted, Dialect, Effect, Event, Kind, Live,
    LoadFailed, Loaded, Room, RoomOptions, fold,
};
use crate::realtime::Permit;
use crate::realtime::awareness::SeatNo;
use crate::realtime::outbox::{Outbox, Pushed, Taken};
use crate::realtime::wire::{self, Frame, Incoming};
use bytes::Bytes;
use easel_board::StateVector;
use easel_board::document::{Likeness, likeness};
use easel_board::gate::{self, Limits};
use easel_storage::redb::State;
use easel_storage::{
    Actor, Command, DocName, Envelope, Outcome, Payload, Query, Rejection, Reply, Time,
};
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Any, Doc, Map, MapPrelim, Out, ReadTxn, Text, TextPrelim, Transact, Update};

const SEEDS: u64 = 300;
const STEPS: u32 = 400;
const PEOPLE: usize = 4;

#[test]
fn what_is_saved_stays_and_everybody_sees_the_same() {
    if let Ok(seed) = std::env::var("SIMULATION_SEED") {
        return World::new(seed.parse().expect("a number")).live();
    }
    for seed in 0..SEEDS {
        if catch_unwind(AssertUnwindSafe(|| World::new(seed).live())).is_err() {
            panic!("seed {seed} fails: run with SIMULATION_SEED={seed}");
        }
    }
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }
}

struct Person {
    doc: Doc,
    dialect: Dialect,
    line: Option<Line>,
    /// Made and not sent yet; sent in any order, as two tabs of one browser may.
    unsent: Vec<Bytes>,
    reads: bool,
}

/// A connection as its person sees it.
struct Line {
    seat: SeatNo,
    /// The opening of the room that it leads into; what is sent to an earlier one reaches nobody.
    opening: u64,
    outbox: std::sync::Arc<Outbox>,
    being_written: Option<Taken>,
    /// Sync frames that were sent, and how many of them the server called saved.
    sent: Vec<Bytes>,
    saved: usize,
}

/// What the store was asked and has not answered.
enum Asked {
    Load,
    Build(Vec<Bytes>),
    Append(Batch),
    Compact {
        expected: u64,
        upto: u64,
        stored: Vec<Bytes>,
    },
}

struct Open {
    opening: u64,
    room: Room,
    inbox: VecDeque<Event>,
    outboxes: BTreeMap<SeatNo, std::sync::Arc<Outbox>>,
    /// Of those whose `Join` is in the inbox.
    joining: BTreeMap<SeatNo, std::sync::Arc<Outbox>>,
    asked: Vec<Asked>,
    next_seat: SeatNo,
    wake_at: Option<Instant>,
    finished: bool,
}

struct World {
    seed: u64,
    random: Random,
    now: Instant,
    kind: Kind,
    /// Values large enough to fill an outbox.
    has_large: bool,
    people: Vec<Person>,
    open: Option<Open>,
    state: State,
    doc: DocName,
    index: u64,
    ids: u64,
    /// All that was ever stored, in one document.
    stored: Doc,
    /// Work of rooms that are gone: it may yet reach the store.
    orphans: Vec<Asked>,
    calm: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let kind = [Kind::Raw, Kind::Board][random.below(2)];
        let person = |number: usize| Person {
            doc: Doc::with_client_id(100 + number as u64),
            dialect: [Dialect::Easel, Dialect::Yjs][number % 2],
            line: None,
            unsent: Vec::new(),
            reads: true,
        };
        Self {
            seed,
            now: Instant::now(),
            kind,
            has_large: random.percent(40),
            people: (0..PEOPLE).map(person).collect(),
            open: None,
            state: State::in_memory().expect("a state in memory"),
            doc: "simulated".parse().expect("a name"),
            index: 0,
            ids: 0,
            stored: Doc::new(),
            orphans: Vec::new(),
            calm: false,
            random,
        }
    }

    fn live(mut self) {
        for _ in 0..STEPS {
            self.step();
        }
        self.calm_down();
        self.check();
    }

    fn step(&mut self) {
        let time = Duration::from_micros(self.random.next() % 4_000);
        self.pass(time);
        let who = self.random.below(PEOPLE);
        match self.random.below(100) {
            0..35 => self.deliver_one(),
            35..50 => self.answer_one(),
            50..68 => self.read(who),
            68..84 => self.draw(who),
            84..88 => self.come_or_go(who),
            88..90 => self.people[who].reads ^= true,
            90..92 => self.ask_again(who),
            92..95 => self.put(Event::Tick),
            95 => {
                let time = Duration::from_secs(self.random.next() % 12);
                self.pass(time);
            }
            96..98 => self.finish_orphan(),
            98 => self.crash(),
            _ if self.random.percent(30) => self.put(Event::Drain),
            _ => {}
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let due = |open: &Open| open.wake_at.is_some_and(|at| at <= self.now);
        if self.open.as_ref().is_some_and(due) {
            if let Some(open) = &mut self.open {
                open.wake_at = None;
            }
            self.handle(Event::Wake);
        }
    }

    fn put(&mut self, event: Event) {
        if let Some(open) = &mut self.open {
            open.inbox.push_back(event);
        }
    }

    fn post(&mut self, opening: u64, event: Event) {
        if let Some(open) = self.open.as_mut().filter(|open| open.opening == opening) {
            open.inbox.push_back(event);
        }
    }

    fn deliver_one(&mut self) {
        if let Some(event) = self.open.as_mut().and_then(|open| open.inbox.pop_front()) {
            self.handle(event);
        }
    }

    /// As the room's task does it.
    fn handle(&mut self, event: Event) {
        let now = self.now;
        let Some(open) = &mut self.open else { return };
        let left = match event {
            Event::Leave { seat } => Some(seat),
            _ => None,
        };
        if let Event::Join { seat, .. } = event
            && let Some(outbox) = open.joining.remove(&seat)
        {
            open.outboxes.insert(seat, outbox);
        }
        let mut effects = Vec::new();
        open.room.handle(now, event, &mut effects);
        if let Some(seat) = left {
            open.outboxes.remove(&seat);
        }
        let mut behind = Vec::new();
        while !effects.is_empty() {
            for effect in effects.drain(..) {
                open.perform(effect, &mut behind);
            }
            for seat in behind.drain(..) {
                open.room.handle(now, Event::Behind { seat }, &mut effects);
            }
        }
        if open.finished {
            self.end();
        }
    }

    /// The room is gone: its mail, its outboxes, and whoever is left in it.
    fn end(&mut self) {
        let Some(open) = self.open.take() else { return };
        for outbox in open.outboxes.values().chain(open.joining.values()) {
            outbox.close(Frame::close(1013, ""));
        }
        self.orphans.extend(open.asked);
    }

    fn crash(&mut self) {
        self.end();
        for person in &mut self.people {
            person.line = None;
        }
        if self.random.percent(50) {
            self.orphans.clear();
        }
    }

    fn come_or_go(&mut self, who: usize) {
        match self.people[who].line.take() {
            Some(line) => self.post(line.opening, Event::Leave { seat: line.seat }),
            None => self.come(who),
        }
    }

    fn come(&mut self, who: usize) {
        self.ids += 1;
        let id = self.ids;
        let open = self.open.get_or_insert_with(|| Open {
            opening: id,
            room: Room::new(RoomOptions {
                name: "simulated".into(),
                id: id << 32,
                linger: Duration::from_secs(10),
                limits: Limits::raw(),
            }),
            inbox: VecDeque::new(),
            outboxes: BTreeMap::new(),
            joining: BTreeMap::new(),
            asked: vec![Asked::Load],
            next_seat: 0,
            wake_at: None,
            finished: false,
        });
        open.next_seat += 1;
        let (seat, outbox) = (open.next_seat, std::sync::Arc::<Outbox>::default());
        open.joining.insert(seat, outbox.clone());
        let (dialect, opening) = (self.people[who].dialect, open.opening);
        open.inbox.push_back(Event::Join { seat, dialect, id });
        let person = &mut self.people[who];
        person.unsent.clear();
        person.line = Some(Line {
            seat,
            opening,
            outbox,
            being_written: None,
            sent: Vec::new(),
            saved: 0,
        });
        self.ask_again(who);
    }

    fn ask_again(&mut self, who: usize) {
        let known = self.people[who].doc.transact().state_vector().encode_v1();
        self.say(who, wire::step_1(&known).payload());
    }

    fn say(&mut self, who: usize, message: Bytes) {
        let Some(line) = &mut self.people[who].line else {
            return;
        };
        if let Ok(Incoming::Step2(update) | Incoming::Update(update)) = wire::decode(&message) {
            line.sent.push(update);
        }
        let (seat, opening) = (line.seat, line.opening);
        let message = Event::Message {
            seat,
            message,
            received: self.now,
            permit: Permit::none(),
        };
        self.post(opening, message);
    }

    fn draw(&mut self, who: usize) {
        let update = self.edit(who);
        let person = &mut self.people[who];
        if person.line.is_none() {
            return;
        }
        person.unsent.extend(update);
        if self.random.percent(90) {
            self.send_unsent(who);
        }
    }

    fn send_unsent(&mut self, who: usize) {
        while !self.people[who].unsent.is_empty() {
            let at = self.random.below(self.people[who].unsent.len());
            let update = self.people[who].unsent.remove(at);
            self.say(who, wire::update(&update).payload());
        }
    }

    fn edit(&mut self, who: usize) -> Option<Bytes> {
        let (choice, key) = (
            self.random.below(10),
            format!("el_{}", self.random.below(6)),
        );
        let number = self.random.below(1_000);
        let large = self.has_large && self.random.percent(10);
        let doc = self.people[who].doc.clone();
        let root = doc.get_or_insert_map("elements");
        let text = doc.get_or_insert_text("text");
        let mut txn = doc.transact_mut();
        match choice {
            // On a board most of these are wrong, so that the server has something to mend.
            0..4 => {
                let size = if large { 400 << 10 } else { number % 50 };
                let members: [(&str, Any); 3] = [
                    ("type", Any::from(["sticky", "shape", "what"][number % 3])),
                    ("note", Any::from("x".repeat(size))),
                    ("box", Any::from(number as f64)),
                ];
                let members: MapPrelim = members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect();
                root.insert(&mut txn, key, members);
            }
            4..6 => {
                root.remove(&mut txn, &key);
            }
            6 | 7 => {
                let Some(Out::YMap(element)) = root.get(&txn, &key) else {
                    return None;
                };
                if choice == 6 {
                    element.insert(&mut txn, "parent", format!("el_{}", number % 6));
                } else {
                    element.insert(&mut txn, "text", TextPrelim::new("hello"));
                }
            }
            8 => {
                let at = number as u32 % (text.len(&txn) + 1);
                text.insert(&mut txn, at, "abc");
            }
            _ => {
                let len = text.len(&txn);
                if len > 2 {
                    text.remove_range(&mut txn, number as u32 % (len - 1), 2);
                }
            }
        }
        let update = txn.encode_update_v1();
        (update != wire::EMPTY_UPDATE).then(|| update.into())
    }

    /// One turn of a connection's writer, and its person reads.
    fn read(&mut self, who: usize) {
        if !self.people[who].reads && !self.calm {
            return;
        }
        let Some(line) = &mut self.people[who].line else {
            return;
        };
        match line.being_written.take() {
            None => line.being_written = Some(line.outbox.take()),
            Some(taken) => {
                let (seat, opening, written) = (line.seat, line.opening, line.outbox.written());
                if written.answered {
                    self.post(opening, Event::Answered { seat });
                }
                if written.drained {
                    self.post(opening, Event::Drained { seat });
                }
                for frame in &taken.frames().collect::<Vec<_>>() {
                    self.receive(who, frame, taken.closing);
                }
            }
        }
    }

    fn receive(&mut self, who: usize, frame: &Frame, closing: Option<u16>) {
        if frame.kind().is_none() {
            let seed = self.seed;
            assert_ne!(
                closing,
                Some(4422),
                "seed {seed}: honest people are refused"
            );
            if let Some(line) = self.people[who].line.take() {
                self.post(line.opening, Event::Leave { seat: line.seat });
            }
            return;
        }
        let payload = frame.payload();
        if payload[0] == 100 {
            return self.receive_control(who, &payload);
        }
        match wire::decode(&payload).expect("what the server says can be read") {
            Incoming::Step1(known) => {
                let known = yrs::StateVector::decode_v1(&known).expect("a state vector");
                let update = self.people[who].doc.transact().encode_diff_v1(&known);
                self.say(who, wire::step_2(&update).payload());
            }
            Incoming::Step2(update) | Incoming::Update(update) => {
                take_in(&self.people[who].doc, &update);
                self.check_shown(who);
            }
            Incoming::Awareness(_) | Incoming::QueryAwareness | Incoming::Nothing => {}
        }
    }

    /// An edit of the server's is in the store before anybody sees it.
    fn check_shown(&self, who: usize) {
        let seed = self.seed;
        let shown = self.people[who].doc.transact().state_vector();
        let stored = self.stored.transact().state_vector();
        for (client, clock) in shown.iter() {
            let is_ours = !(100..100 + PEOPLE as u64).contains(&client.get());
            assert!(
                !is_ours || stored.get(client) >= *clock,
                "seed {seed}: an edit of the server's is shown and not in the store"
            );
        }
    }

    fn receive_control(&mut self, who: usize, payload: &Bytes) {
        let json: serde_json::Value = serde_json::from_slice(&payload[2..]).expect("JSON");
        if json["t"] != "saved" {
            return;
        }
        let seed = self.seed;
        let line = self.people[who]
            .line
            .as_mut()
            .expect("it hears over a line");
        let saved = json["frames"].as_u64().expect("a count") as usize;
        assert!(saved >= line.saved, "seed {seed}: saved counts back");
        assert!(
            saved <= line.sent.len(),
            "seed {seed}: more saved than sent"
        );
        for update in &line.sent[line.saved..saved] {
            assert!(
                !take_in(&self.stored, update),
                "seed {seed}: called saved, and not in the store"
            );
        }
        line.saved = saved;
    }

    fn answer_one(&mut self) {
        let Some(open) = &mut self.open else { return };
        if open.asked.is_empty() {
            return;
        }
        let at = self.random.below(open.asked.len());
        let asked = open.asked.remove(at);
        let event = self.answer(asked);
        self.put(event);
    }

    fn finish_orphan(&mut self) {
        if !self.orphans.is_empty() {
            let asked = self.orphans.remove(0);
            self.answer(asked);
        }
    }

    fn answer(&mut self, asked: Asked) -> Event {
        match asked {
            Asked::Load if self.fails(3) => {
                Event::Loaded(Err(LoadFailed::Other("simulated".into())))
            }
            Asked::Load => Event::Loaded(Ok(self.load())),
            Asked::Build(stored) => Event::Built(Live::build(self.kind, &stored)),
            Asked::Append(_) if self.fails(2) => Event::Appended(Err(AppendFailed::DiskFull)),
            Asked::Append(batch) => self.append(&batch),
            Asked::Compact { .. } if self.fails(10) => Event::Compacted(Err(CompactFailed::Other)),
            Asked::Compact {
                expected,
                upto,
                stored,
            } => self.compact(expected, upto, &stored),
        }
    }

    fn fails(&mut self, percent: usize) -> bool {
        !self.calm && self.random.percent(percent)
    }

    fn load(&self) -> Loaded {
        let answer = self.state.query(&Query::Doc(self.doc.clone()));
        let Some(found) = answer.expect("the state answers").into_doc() else {
            return Loaded {
                head_seq: 0,
                body_seq: 0,
                body: None,
                state_vector: None,
                tail: Vec::new(),
            };
        };
        let (body_seq, body, state_vector) = match found.body {
            Some(body) => (body.seq, Some(body.bytes), Some(body.state_vector)),
            None => (0, None, None),
        };
        Loaded {
            head_seq: found.head_seq,
            body_seq,
            body,
            state_vector,
            tail: found.tail.into_iter().map(|update| update.bytes).collect(),
        }
    }

    fn append(&mut self, batch: &Batch) -> Event {
        let updates = batch.updates.clone();
        let command = Command::AppendUpdates {
            doc: self.doc.clone(),
            updates,
        };
        let mut reply = self.submit(command.clone());
        for update in &batch.updates {
            if let Payload::Inline(bytes) = &update.payload {
                take_in(&self.stored, bytes);
            }
        }
        if self.fails(2) {
            return Event::Appended(Err(AppendFailed::Other("stored, but not answered".into())));
        }
        if self.fails(15) {
            // Stored, not answered in time, and tried again.
            reply = self.submit(command);
        }
        match reply {
            Ok(Outcome::Appended { last_seq, .. }) => Event::Appended(Ok(Appended { last_seq })),
            other => panic!("{other:?}"),
        }
    }

    fn compact(&mut self, expected: u64, upto: u64, stored: &[Bytes]) -> Event {
        let (body, state_vector) = fold(stored).expect("what is stored can be folded");
        let body = Bytes::from(body);
        let command = Command::Compact {
            doc: self.doc.clone(),
            expected_body_seq: expected,
            upto_seq: upto,
            body: Payload::Inline(body.clone()),
            state_vector,
        };
        let reply = self.submit(command);
        if self.fails(10) {
            return Event::Compacted(Err(CompactFailed::Other));
        }
        Event::Compacted(match reply {
            Ok(Outcome::Compacted { body_seq }) => Ok(Compacted { body_seq, body }),
            Err(Rejection::BodyMoved { body_seq }) => Err(CompactFailed::BodyMoved { body_seq }),
            Err(_) => Err(CompactFailed::Other),
            Ok(other) => panic!("{other:?}"),
        })
    }

    fn submit(&mut self, kind: Command) -> Reply {
        self.index += 1;
        let envelope = Envelope {
            id: None,
            actor: Actor::Local,
            kind,
        };
        let batch = easel_storage::Batch {
            at: Time(self.index),
            envelopes: vec![envelope],
        };
        let marker = self.index.to_be_bytes();
        let mut replies = self
            .state
            .apply(&[batch], &marker)
            .expect("the state takes it");
        replies
            .pop()
            .and_then(|mut of| of.pop())
            .expect("one reply")
    }

    /// No more faults: everybody comes, reads and is saved.
    fn calm_down(&mut self) {
        self.calm = true;
        for _ in 0..200 {
            self.pass(Duration::from_millis(200));
            for who in 0..PEOPLE {
                match self.people[who].line {
                    None => self.come(who),
                    Some(_) => self.send_unsent(who),
                }
            }
            while self
                .open
                .as_ref()
                .is_some_and(|open| !open.inbox.is_empty())
            {
                self.deliver_one();
            }
            while self
                .open
                .as_ref()
                .is_some_and(|open| !open.asked.is_empty())
            {
                self.answer_one();
            }
            for who in 0..PEOPLE {
                self.read(who);
                self.read(who);
            }
            if !self.orphans.is_empty() {
                self.finish_orphan();
            } else if self.is_settled() {
                return;
            }
        }
        panic!("seed {}: it never comes to rest", self.seed);
    }

    fn is_settled(&self) -> bool {
        let is_quiet =
            |open: &Open| open.inbox.is_empty() && open.asked.is_empty() && open.wake_at.is_none();
        self.open.as_ref().is_some_and(is_quiet)
            && self.people.iter().all(|person| {
                person.line.as_ref().is_some_and(|line| {
                    let is_saved = person.dialect == Dialect::Yjs
                        || (!line.sent.is_empty() && line.saved == line.sent.len());
                    let is_written = line
                        .being_written
                        .as_ref()
                        .is_none_or(|t| t.parts.is_empty());
                    is_saved && is_written && !line.outbox.is_waiting()
                })
            })
    }

    fn check(&self) {
        let seed = self.seed;
        let loaded = self.load();
        let opened: Vec<Bytes> = loaded.body.into_iter().chain(loaded.tail).collect();
        let opened = look(&document(&opened).expect("the stored document opens"));
        for (who, person) in self.people.iter().enumerate() {
            assert_eq!(
                look(&person.doc),
                opened,
                "seed {seed}: person {who} differs"
            );
        }
        assert_eq!(
            look(&self.stored),
            opened,
            "seed {seed}: the body differs from the history"
        );
        let query = Query::DocAt {
            doc: self.doc.clone(),
            seq: loaded.head_seq,
        };
        let history = self.state.query(&query).expect("the state answers");
        let history = history.into_doc_at().expect("the history is there");
        // Two contents under one id would depend on which came first.
        let backwards = last_first(history);
        assert_eq!(
            look(&backwards),
            opened,
            "seed {seed}: the history has an order"
        );
    }
}

impl Open {
    fn perform(&mut self, effect: Effect, behind: &mut Vec<SeatNo>) {
        match effect {
            Effect::Build { stored } => self.asked.push(Asked::Build(stored)),
            Effect::Send { seat, frame, class } => {
                if let Some(outbox) = self.outboxes.get(&seat)
                    && outbox.push(frame, class, None) == Pushed::Overflowed
                {
                    behind.push(seat);
                }
            }
            Effect::Broadcast {
                except,
                frame,
                class,
                ..
            } => {
                for (seat, outbox) in &self.outboxes {
                    if Some(*seat) != except
                        && outbox.push(frame.clone(), class, None) == Pushed::Overflowed
                    {
                        behind.push(*seat);
                    }
                }
            }
            Effect::Close { seat, code, reason } => {
                if let Some(outbox) = self.outboxes.remove(&seat) {
                    outbox.close(Frame::close(code, &reason));
                }
            }
            Effect::Append(batch) => {
                let is_appending = |asked: &Asked| matches!(asked, Asked::Append(_));
                assert!(
                    !self.asked.iter().any(is_appending),
                    "two appends in flight"
                );
                self.asked.push(Asked::Append(batch));
            }
            Effect::Compact {
                expected_body_seq: expected,
                upto_seq: upto,
                stored,
            } => self.asked.push(Asked::Compact {
                expected,
                upto,
                stored,
            }),
            Effect::WakeAt(at) => self.wake_at = Some(at),
            Effect::Note(_) => {}
            Effect::Finish => self.finished = true,
        }
    }
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
        let at = updates
            .iter()
            .rposition(ready)
            .expect("the first is always ready");
        let update = updates.remove(at);
        known.advance(&summary_of(&update));
        take_in(&doc, &update);
    }
    doc
}

/// Applies an update; tells whether it brought anything.
fn take_in(doc: &Doc, update: &[u8]) -> bool {
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
