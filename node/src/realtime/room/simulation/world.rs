//! The order of events: what happens next, to whom, and how it fails.

use super::checks;
use super::contents::Contents;
use super::network::Network;
use super::node::Node;
use super::people::Person;
use super::random::Random;
use super::storage::Storage;
use super::trace::Trace;
use crate::metrics::Metrics;
use crate::realtime::room::{Dialect, Event, Kind};
use std::time::{Duration, Instant};

const STEPS: u32 = 2_500;
pub(super) const PEOPLE: usize = 4;
const NODES_MAX: usize = 3;
/// Rounds of 200 ms in which all must come to rest.
const ROUNDS_MAX: usize = 300;

pub(super) struct World {
    pub(super) random: Random,
    pub(super) now: Instant,
    /// Values large enough to fill an outbox.
    pub(super) has_large: bool,
    /// How many of a hundred things that could go wrong do.
    pub(super) roughness: usize,
    pub(super) people: Vec<Person>,
    pub(super) nodes: Vec<Node>,
    pub(super) network: Network,
    pub(super) storage: Storage,
    pub(super) contents: Contents,
    pub(super) trace: Trace,
    pub(super) metrics: Metrics,
    /// What a connection takes before its person reads.
    pub(super) pipe_bytes: usize,
    pub(super) ids: u64,
    pub(super) calm: bool,
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
            metrics: Metrics::new(),
            pipe_bytes: [1 << 10, 64 << 10, 512 << 10][random.below(3)],
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
            993 => self.nodes[node].put(Event::Drain {
                retry_after_ms: 1_000,
            }),
            _ => self.mend(),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.storage.clock_ms += time.as_millis() as u64;
        for node in 0..self.nodes.len() {
            // A busy machine comes to it later.
            if self.calm || self.random.percent(50) {
                self.nodes[node].flush(self.now, &mut self.trace);
            }
            let Some(open) = &mut self.nodes[node].open else {
                continue;
            };
            if open.io.wake_at.take_if(|at| *at <= self.now).is_some() {
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
        self.nodes[node].flush(self.now, &mut self.trace);
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
            while self.is_sent_something(who) {
                self.read(who);
            }
        }
    }

    fn is_sent_something(&self, who: usize) -> bool {
        let line = self.people[who].line.as_ref();
        line.is_some_and(|line| !line.is_quiet())
    }

    fn has_mail(&self, node: usize) -> bool {
        let open = self.nodes[node].open.as_ref();
        open.is_some_and(|open| !open.inbox.is_empty())
    }

    fn is_asked(&self, node: usize) -> bool {
        let open = self.nodes[node].open.as_ref();
        open.is_some_and(|open| !open.io.asked.is_empty())
    }

    fn is_settled(&self) -> bool {
        self.nodes.iter().all(|node| node.is_at_rest())
            && self.people.iter().all(|person| {
                person.line.as_ref().is_some_and(|line| {
                    let is_saved = person.dialect == Dialect::Yjs
                        || (!line.sent.is_empty() && line.saved == line.sent.len());
                    is_saved && line.unread.is_empty() && line.is_quiet() && line.is_told()
                })
            })
    }
}
