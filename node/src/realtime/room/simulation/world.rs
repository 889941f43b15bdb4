//! The order of events: what happens next, to whom, and how it fails.

use super::checks::{self, take_in};
use super::contents::Contents;
use super::network::Network;
use super::node::{Asked, Node};
use super::people::{Line, Person};
use super::random::Random;
use super::storage::Storage;
use super::trace::Trace;
use crate::realtime::outbox::Outbox;
use crate::realtime::room::{
    AppendFailed, Appended, Batch, CompactFailed, Dialect, Event, Kind, Live, LoadFailed, close,
};
use crate::realtime::wire::{self, Frame, Incoming};
use bytes::Bytes;
use easel_storage::Payload;
use std::sync::Arc;
use std::time::{Duration, Instant};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{ReadTxn, Transact};

const STEPS: u32 = 2_500;
const PEOPLE: usize = 4;
const NODES_MAX: usize = 3;
/// Rounds of 200 ms in which all must come to rest.
const ROUNDS_MAX: usize = 300;

pub(super) struct World {
    random: Random,
    now: Instant,
    /// Values large enough to fill an outbox.
    has_large: bool,
    /// How many of a hundred things that could go wrong do.
    roughness: usize,
    pub(super) people: Vec<Person>,
    pub(super) nodes: Vec<Node>,
    network: Network,
    pub(super) storage: Storage,
    contents: Contents,
    pub(super) trace: Trace,
    ids: u64,
    calm: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let kind = [Kind::Raw, Kind::Board][random.below(2)];
        let nodes = 1 + random.below(NODES_MAX);
        Self {
            now: Instant::now(),
            has_large: random.percent(25),
            roughness: [0, 10, 30, 100][random.below(4)],
            people: (0..PEOPLE).map(Person::new).collect(),
            nodes: (0..nodes).map(|node| Node::new(node, nodes)).collect(),
            network: Network::default(),
            storage: Storage::new(kind),
            contents: Contents::default(),
            trace: Trace::default(),
            ids: 0,
            calm: false,
            random,
        }
    }

    pub(super) fn live(&mut self) {
        self.trace.tally.seeds = 1;
        for _ in 0..STEPS {
            self.step();
        }
        self.calm_down();
        checks::check_all(self);
        for update in self.storage.history() {
            self.contents.note(&update);
        }
    }

    fn step(&mut self) {
        let time = Duration::from_micros(self.random.next() % 4_000);
        self.pass(time);
        let who = self.random.below(PEOPLE);
        let node = self.random.below(self.nodes.len());
        match self.random.below(1_000) {
            0..300 => (0..1 + self.random.below(8)).for_each(|_| self.deliver_one(node)),
            300..450 => (0..1 + self.random.below(3)).for_each(|_| self.answer_one(node)),
            450..550 => (0..1 + self.random.below(4)).for_each(|_| self.carry_one()),
            550..690 => self.read(who),
            690..820 => self.draw(who),
            820..840 => {
                let message = self.people[who].point();
                self.say(who, message);
            }
            840..890 => self.come_or_go(who),
            890..905 => self.people[who].reads ^= true,
            905..920 => self.ask_again(who),
            920..950 => self.nodes[node].put(Event::Tick),
            950..960 => {
                let time = Duration::from_secs(self.random.next() % 12);
                self.pass(time);
            }
            960..980 => self.finish_orphan(node),
            980..994 if !self.random.percent(self.roughness) => {}
            980..984 => self.crash(node),
            984..988 => self.part(node),
            988..990 => self.trash(),
            990..993 => self.jump_clock(),
            993 => self.nodes[node].put(Event::Drain),
            _ => self.mend(),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.storage.clock_ms += time.as_millis() as u64;
        for node in 0..self.nodes.len() {
            let Some(open) = &mut self.nodes[node].open else {
                continue;
            };
            if open.wake_at.take_if(|at| *at <= self.now).is_some() {
                self.handle(node, Event::Wake);
            }
        }
    }

    /// The store's clock is some machine's wall clock; the nodes' own may stand still for long in a machine put to sleep.
    fn jump_clock(&mut self) {
        let ms = self.random.next() % 2_000_000;
        match self.random.below(3) {
            0 => self.storage.clock_ms += ms,
            1 => self.storage.clock_ms = self.storage.clock_ms.saturating_sub(ms),
            _ => self.now += Duration::from_millis(ms),
        }
        self.trace.fault("clock jumps");
    }

    fn deliver_one(&mut self, node: usize) {
        let open = self.nodes[node].open.as_mut();
        if let Some(event) = open.and_then(|open| open.inbox.pop_front()) {
            self.handle(node, event);
        }
    }

    fn handle(&mut self, node: usize, event: Event) {
        let (network, trace) = (&mut self.network, &mut self.trace);
        self.nodes[node].handle(self.now, event, network, trace);
    }

    fn carry_one(&mut self) {
        let carried = match self.calm {
            true => self.network.next_surely(),
            false => self.network.next(&mut self.random, &mut self.trace),
        };
        if let Some((to, message)) = carried {
            self.nodes[to].put(Event::Heard(message));
        }
    }

    fn crash(&mut self, node: usize) {
        let of = &mut self.nodes[node];
        if of.open.is_none() {
            return;
        }
        self.trace.fault("node dies");
        of.end();
        for person in &mut self.people {
            person.line.take_if(|line| line.node == node);
        }
        // What was asked may have been under way to the store already.
        if self.random.percent(50) {
            self.nodes[node].orphans.clear();
        }
    }

    fn part(&mut self, node: usize) {
        let (other, cuts) = (self.random.below(self.nodes.len()), self.random.percent(50));
        if cuts {
            self.nodes[node].is_cut = true;
            self.trace.fault("node cut off from the store");
        } else if other != node {
            self.network.parted = Some((node.min(other), node.max(other)));
            self.trace.fault("partition");
        }
    }

    fn trash(&mut self) {
        if !self.storage.is_trashed && self.storage.trash_or_restore() {
            self.trace.fault("board trashed");
            // Only the node that was asked hears of it at once.
            let node = self.random.below(self.nodes.len());
            self.nodes[node].put(Event::Gone);
        }
    }

    /// Somebody looks after what is broken.
    fn mend(&mut self) {
        self.network.parted = None;
        self.nodes.iter_mut().for_each(|node| node.is_cut = false);
        if self.storage.is_trashed {
            self.storage.trash_or_restore();
        }
    }

    fn come_or_go(&mut self, who: usize) {
        match self.people[who].line.take() {
            Some(line) if self.random.percent(30) => {
                self.nodes[line.node].post(line.opening, Event::Leave { seat: line.seat });
            }
            Some(line) => self.people[who].line = Some(line),
            None => self.come(who),
        }
    }

    fn come(&mut self, who: usize) {
        if self.storage.is_trashed {
            return;
        }
        self.ids += 1;
        let node = self.random.below(self.nodes.len());
        let (dialect, outbox) = (self.people[who].dialect, Arc::<Outbox>::default());
        let (seat, opening) = self.nodes[node].join(dialect, self.ids, outbox.clone());
        let person = &mut self.people[who];
        person.unsent.clear();
        person.line = Some(Line::new(node, seat, opening, outbox));
        self.ask_again(who);
        if self.random.percent(50) {
            let message = self.people[who].point();
            self.say(who, message);
        }
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
            self.contents.note(&update);
            line.sent.push(update);
        }
        line.unread.push_back(message);
        self.hear(who);
    }

    /// The server reads what it has room for.
    fn hear(&mut self, who: usize) {
        let Some(line) = &mut self.people[who].line else {
            return;
        };
        let (seat, received) = (line.seat, self.now);
        while let Some((message, permit)) = line.read() {
            let message = Event::Message {
                seat,
                message,
                received,
                permit,
            };
            self.nodes[line.node].post(line.opening, message);
        }
        if !line.unread.is_empty() {
            self.trace.fault("connection not read");
        }
    }

    fn draw(&mut self, who: usize) {
        let update = self.people[who].edit(&mut self.random, self.has_large);
        self.trace.tally.edits += u64::from(update.is_some());
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

    /// One turn of a connection's writer, and its person reads.
    fn read(&mut self, who: usize) {
        self.hear(who);
        let person = &mut self.people[who];
        let Some(line) = person.line.as_mut().filter(|_| person.reads || self.calm) else {
            return;
        };
        checks::check_outbox(line.outbox.queued());
        match line.being_written.take() {
            None => line.being_written = Some(line.outbox.take()),
            Some(taken) => {
                let (seat, written) = (line.seat, line.outbox.written());
                let node = &mut self.nodes[line.node];
                if written.answered {
                    node.post(line.opening, Event::Answered { seat });
                }
                if written.drained {
                    node.post(line.opening, Event::Drained { seat });
                }
                for frame in taken.frames() {
                    self.receive(who, &frame, taken.closing);
                }
            }
        }
    }

    fn receive(&mut self, who: usize, frame: &Frame, closing: Option<u16>) {
        if frame.kind().is_none() {
            let is_refused = closing == Some(close::REFUSED);
            assert!(!is_refused, "honest people are refused");
            if let Some(line) = self.people[who].line.take() {
                self.nodes[line.node].post(line.opening, Event::Leave { seat: line.seat });
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
            Incoming::Step2(update) => {
                self.people[who].take_in(update);
                if let Some(line) = &mut self.people[who].line {
                    line.is_level = true;
                }
            }
            Incoming::Update(update) => self.people[who].take_in(update),
            Incoming::Awareness(_) | Incoming::QueryAwareness | Incoming::Nothing => return,
        }
        checks::check_shown(&self.people[who].doc, &self.storage.all);
    }

    fn receive_control(&mut self, who: usize, payload: &Bytes) {
        let json: serde_json::Value = serde_json::from_slice(&payload[2..]).expect("JSON");
        if json["t"] != "saved" {
            return;
        }
        let line = self.people[who].line.as_mut();
        let line = line.expect("it hears over a line");
        let saved = json["frames"].as_u64().expect("a count") as usize;
        assert!(saved >= line.saved, "saved counts back");
        assert!(saved <= line.sent.len(), "more saved than sent");
        for update in &line.sent[line.saved..saved] {
            let is_lost = take_in(&self.storage.all, update);
            assert!(!is_lost, "called saved, and not in the store");
        }
        self.trace.tally.saved += (saved - line.saved) as u64;
        line.saved = saved;
    }

    fn answer_one(&mut self, node: usize) {
        let Some(open) = &mut self.nodes[node].open else {
            return;
        };
        if open.asked.is_empty() {
            return;
        }
        let at = self.random.below(open.asked.len());
        let asked = open.asked.remove(at);
        let event = self.answer(node, asked);
        self.nodes[node].put(event);
    }

    fn finish_orphan(&mut self, node: usize) {
        if !self.nodes[node].orphans.is_empty() {
            let asked = self.nodes[node].orphans.remove(0);
            if matches!(asked, Asked::Append(_)) {
                self.trace.fault("append of a dead node arrives");
            }
            self.answer(node, asked);
        }
    }

    fn answer(&mut self, node: usize, asked: Asked) -> Event {
        let other = |reason: &str| LoadFailed::Other(reason.into());
        match asked {
            Asked::Load if self.fails("load fails", 3) => Event::Loaded(Err(other("simulated"))),
            Asked::Load => {
                let view = self.view(node, 0);
                Event::Loaded(self.storage.load(view))
            }
            Asked::Build { client, stored } => {
                Event::Built(Live::build(self.storage.kind(), client, &stored))
            }
            Asked::Append(batch) => {
                batch
                    .updates
                    .iter()
                    .for_each(|update| match &update.payload {
                        Payload::Inline(bytes) => self.contents.note(bytes),
                        Payload::Blob { .. } => panic!("a room writes updates inline"),
                    });
                Event::Appended(self.append(node, &batch))
            }
            Asked::ReadOn { after_seq, index } => {
                let least = self.storage.head_at(index);
                if self.nodes[node].is_cut && self.nodes[node].view < least {
                    return Event::Stored(Err(other("cut off")));
                }
                if self.fails("read fails", 5) {
                    return Event::Stored(Err(other("simulated")));
                }
                let view = self.view(node, least);
                let limit = if self.calm || self.random.percent(50) {
                    1_000
                } else {
                    3
                };
                Event::Stored(self.storage.read_on(after_seq, view, limit))
            }
            Asked::Compact {
                expected,
                upto,
                stored,
            } => {
                if self.nodes[node].is_cut || self.fails("fold fails", 10) {
                    return Event::Compacted(Err(CompactFailed::Other));
                }
                let (body, result) = self.storage.compact(expected, upto, &stored);
                self.contents.note(&body);
                if matches!(result, Err(CompactFailed::BodyMoved { .. })) {
                    self.trace.fault("folds race");
                }
                match self.fails("fold not answered", 10) {
                    true => Event::Compacted(Err(CompactFailed::Other)),
                    false => Event::Compacted(result),
                }
            }
        }
    }

    /// How much of the store a node has applied: never less than before, nor less than it was promised.
    fn view(&mut self, node: usize, least: u64) -> u64 {
        let head = self.storage.head();
        let of = &mut self.nodes[node];
        let lags = (head - of.view.max(least)) as usize;
        let is_level = !of.is_cut && (self.calm || self.random.percent(60));
        of.view = of.view.max(least);
        of.view += match (is_level, of.is_cut) {
            (true, _) => lags,
            (false, true) => 0,
            (false, false) => self.random.below(lags + 1),
        } as u64;
        if of.view < head {
            self.trace.fault("view lags");
        }
        of.view
    }

    fn append(&mut self, node: usize, batch: &Batch) -> Result<Appended, AppendFailed> {
        let unknown = |reason: &str| Err(AppendFailed::Other(reason.into()));
        if self.nodes[node].is_cut {
            return unknown("cut off");
        }
        if self.fails("disk full", 2) {
            return Err(AppendFailed::DiskFull);
        }
        if self.fails("append lost", 2) {
            return unknown("not stored, nor answered");
        }
        let mut result = self.storage.append(batch, &mut self.trace);
        if self.fails("append stored, not answered", 2) {
            return unknown("stored, but not answered");
        }
        if self.fails("append tried twice", 15) {
            result = self.storage.append(batch, &mut self.trace);
        }
        result.map_err(|()| AppendFailed::Gone)
    }

    fn fails(&mut self, kind: &'static str, percent: usize) -> bool {
        let fails =
            !self.calm && self.random.percent(percent) && self.random.percent(self.roughness);
        if fails {
            self.trace.fault(kind);
        }
        fails
    }

    /// No more faults: everybody comes, reads and is saved.
    fn calm_down(&mut self) {
        self.calm = true;
        self.mend();
        let mut at_rest = 0;
        for _ in 0..ROUNDS_MAX {
            self.round();
            at_rest = if self.is_settled() { at_rest + 1 } else { 0 };
            // A repair or something heard may wait for its second; after these nothing does.
            if at_rest > 3 {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn round(&mut self) {
        self.pass(Duration::from_millis(200));
        for who in 0..PEOPLE {
            match self.people[who].line {
                None => self.come(who),
                Some(_) => self.send_unsent(who),
            }
        }
        for node in 0..self.nodes.len() {
            self.nodes[node].put(Event::Tick);
            self.finish_orphan(node);
            while self.has_mail(node) {
                self.deliver_one(node);
            }
            while self.is_asked(node) {
                self.answer_one(node);
            }
        }
        while !self.network.is_empty() {
            self.carry_one();
        }
        for who in 0..PEOPLE {
            self.read(who);
            self.read(who);
        }
    }

    fn has_mail(&self, node: usize) -> bool {
        let open = self.nodes[node].open.as_ref();
        open.is_some_and(|open| !open.inbox.is_empty())
    }

    fn is_asked(&self, node: usize) -> bool {
        let open = self.nodes[node].open.as_ref();
        open.is_some_and(|open| !open.asked.is_empty())
    }

    fn is_settled(&self) -> bool {
        self.nodes.iter().all(|node| node.is_at_rest())
            && self.people.iter().all(|person| {
                person.line.as_ref().is_some_and(|line| {
                    let is_saved = person.dialect == Dialect::Yjs
                        || (!line.sent.is_empty() && line.saved == line.sent.len());
                    let is_written = line.being_written.as_ref();
                    let is_written = is_written.is_none_or(|taken| taken.frames().next().is_none());
                    is_saved && is_written && line.unread.is_empty() && !line.outbox.is_waiting()
                })
            })
    }
}
