//! Two nodes of one process: two registries of rooms on one bus over one store, and people on both sides of a board.

use super::Permit;
use super::bus::Bus;
use super::outbox::Outbox;
use super::room::{Dialect, Event};
use super::rooms::{Joined, Rooms, unforeseen_id};
use super::task::Mail;
use super::wire::{self, Frame, Incoming};
use crate::config::Config;
use crate::metrics::Metrics;
use bytes::Bytes;
use easel_board::document::likeness;
use easel_cluster::Touch;
use easel_storage::redb::State;
use easel_storage::suite::DirectStore;
use easel_storage::{DocName, Store};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use yrs::block::ClientID;
use yrs::types::map::MapPrelim;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, Map, ReadTxn, Transact, Update};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

struct Nodes {
    bus: Arc<Bus>,
    one: Arc<Rooms>,
    two: Arc<Rooms>,
    doc: DocName,
}

impl Nodes {
    fn start() -> Self {
        let store: Arc<dyn Store> = Arc::new(DirectStore::new(State::in_memory().unwrap()));
        let bus = Arc::<Bus>::default();
        let node = || {
            let metrics = Arc::new(Metrics::new());
            Rooms::on(
                bus.clone(),
                (store.clone(), Touch::told().1),
                Arc::default(),
                metrics,
                Config::default().realtime,
            )
        };
        let (one, two) = (node(), node());
        let doc = "shared".parse().unwrap();
        Self { bus, one, two, doc }
    }
}

/// A client of Easel's own dialect.
struct Person {
    doc: Doc,
    outbox: Arc<Outbox>,
    joined: Joined,
    is_answered: bool,
    sent: u64,
    saved: u64,
    closed: Option<u16>,
}

impl Person {
    fn join(rooms: &Arc<Rooms>, doc: &DocName) -> Self {
        Self::return_with(Doc::new(), rooms, doc)
    }

    /// Joins with a document at hand.
    fn return_with(own: Doc, rooms: &Arc<Rooms>, doc: &DocName) -> Self {
        let outbox = Arc::<Outbox>::default();
        let joined = rooms.join(
            doc,
            Dialect::Easel,
            unforeseen_id(),
            crate::realtime::Admission::local(),
            outbox.clone(),
        );
        let known = own.transact().state_vector().encode_v1();
        let person = Self {
            doc: own,
            outbox,
            joined,
            is_answered: false,
            sent: 0,
            saved: 0,
            closed: None,
        };
        person.say(&wire::step_1(&known));
        person
    }

    fn say(&self, frame: &Frame) {
        let mail = Mail::Message {
            seat: self.joined.seat,
            message: frame.payload(),
            received: Instant::now(),
            permit: Permit::none(),
        };
        self.joined.room.send(mail).expect("the room is there");
    }

    fn draw(&mut self, key: &str) {
        let update = self.drawn_and_kept_back(key);
        self.send(&update);
    }

    fn drawn_and_kept_back(&self, key: &str) -> Vec<u8> {
        let elements = self.doc.get_or_insert_map("elements");
        let mut txn = self.doc.transact_mut();
        elements.insert(&mut txn, key, MapPrelim::from([("type", "shape")]));
        txn.encode_update_v1()
    }

    fn erase(&mut self, key: &str) {
        let elements = self.doc.get_or_insert_map("elements");
        let update = {
            let mut txn = self.doc.transact_mut();
            elements.remove(&mut txn, key);
            txn.encode_update_v1()
        };
        self.send(&update);
    }

    fn send(&mut self, update: &[u8]) {
        self.sent += 1;
        self.say(&wire::update(update));
    }

    fn drawn(&self) -> BTreeSet<String> {
        let elements = self.doc.get_or_insert_map("elements");
        let txn = self.doc.transact();
        elements.keys(&txn).map(str::to_owned).collect()
    }

    fn is_saved(&self) -> bool {
        self.saved == self.sent
    }

    /// Reads until something holds.
    async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let reading = async {
            while !holds(self) {
                self.outbox.ready().await;
                self.read();
            }
        };
        let came = tokio::time::timeout(PATIENCE, reading).await;
        came.unwrap_or_else(|_| panic!("{what}: it does not come to that"));
    }

    fn read(&mut self) {
        let taken = self.outbox.take();
        let seat = self.joined.seat;
        let (written, room) = (self.outbox.written(), &self.joined.room);
        if written.answered {
            let _ = room.send(Mail::Event(Event::Answered { seat }));
        }
        if written.drained {
            let _ = room.send(Mail::Event(Event::Drained { seat }));
        }
        for frame in taken.frames() {
            if frame.is_close() {
                self.closed = Some(frame.close_code());
            } else {
                self.hear(&frame.payload());
            }
        }
    }

    fn hear(&mut self, message: &Bytes) {
        match wire::decode(message).unwrap() {
            Incoming::Step1(known) => {
                let known = yrs::StateVector::decode_v1(&known).unwrap();
                let diff = self.doc.transact().encode_diff_v1(&known);
                self.sent += 1;
                self.say(&wire::step_2(&diff));
            }
            Incoming::Step2(update) => {
                self.take_in(&update);
                self.is_answered = true;
            }
            Incoming::Update(update) => self.take_in(&update),
            Incoming::Awareness(_) | Incoming::QueryAwareness | Incoming::HasBody(_) => {}
            Incoming::Nothing => {
                let json: serde_json::Value = serde_json::from_slice(
                    &message[message.iter().position(|byte| *byte == b'{').unwrap()..],
                )
                .unwrap();
                if json["t"] == "saved" {
                    self.saved = json["frames"].as_u64().unwrap();
                }
            }
        }
    }

    fn take_in(&self, update: &[u8]) {
        let update = Update::decode_v1(update).unwrap();
        self.doc.transact_mut().apply_update(update).unwrap();
    }
}

fn keys(of: &[(&str, usize)]) -> BTreeSet<String> {
    let all = of.iter().flat_map(|(name, count)| {
        let keys = (0..*count).map(move |no| format!("{name}{no}"));
        keys.collect::<Vec<_>>()
    });
    all.collect()
}

#[track_caller]
fn assert_same(a: &Person, b: &Person) {
    assert_eq!(likeness(&a.doc.transact()), likeness(&b.doc.transact()));
}

#[tokio::test]
async fn people_on_both_nodes_see_the_same_and_are_told_that_it_is_saved() {
    let nodes = Nodes::start();
    let mut a = Person::join(&nodes.one, &nodes.doc);
    let mut b = Person::join(&nodes.two, &nodes.doc);
    a.until("a is answered", |a| a.is_answered).await;
    b.until("b is answered", |b| b.is_answered).await;
    for no in 0..20 {
        a.draw(&format!("a{no}"));
        b.draw(&format!("b{no}"));
        tokio::task::yield_now().await;
    }
    let all = keys(&[("a", 20), ("b", 20)]);
    a.until("a has all", |a| a.drawn() == all && a.is_saved())
        .await;
    b.until("b has all", |b| b.drawn() == all && b.is_saved())
        .await;
    assert_same(&a, &b);
    assert!(nodes.one.drain(PATIENCE).await && nodes.two.drain(PATIENCE).await);
}

#[tokio::test]
async fn a_node_that_comes_later_shares_a_board_that_is_open() {
    let store: Arc<dyn Store> = Arc::new(DirectStore::new(State::in_memory().unwrap()));
    let bus = Arc::<Bus>::default();
    let node = || {
        let (metrics, config) = (Arc::new(Metrics::new()), Config::default().realtime);
        let from = (store.clone(), Touch::told().1);
        Rooms::on(bus.clone(), from, Arc::default(), metrics, config)
    };
    let doc: DocName = "shared".parse().unwrap();
    let one = node();
    let mut a = Person::join(&one, &doc);
    a.until("a is answered", |a| a.is_answered).await;
    (0..5).for_each(|no| a.draw(&format!("a{no}")));
    a.until("a is saved", Person::is_saved).await;

    let two = node();
    let mut b = Person::join(&two, &doc);
    b.until("b is answered", |b| b.is_answered).await;
    for no in 5..10 {
        a.draw(&format!("a{no}"));
        b.draw(&format!("b{no}"));
        tokio::task::yield_now().await;
    }
    let all = keys(&[("a", 10)]);
    let all: BTreeSet<String> = all
        .into_iter()
        .chain((5..10).map(|no| format!("b{no}")))
        .collect();
    a.until("a has all", |a| a.drawn() == all && a.is_saved())
        .await;
    b.until("b has all", |b| b.drawn() == all && b.is_saved())
        .await;
    assert_same(&a, &b);
    assert!(one.drain(PATIENCE).await && two.drain(PATIENCE).await);
}

#[tokio::test]
async fn what_the_bus_loses_comes_out_of_the_store() {
    let nodes = Nodes::start();
    let mut a = Person::join(&nodes.one, &nodes.doc);
    let mut b = Person::join(&nodes.two, &nodes.doc);
    a.until("a is answered", |a| a.is_answered).await;
    b.until("b is answered", |b| b.is_answered).await;

    nodes.bus.lose_for(Some(&nodes.two));
    (0..5).for_each(|no| a.draw(&format!("a{no}")));
    a.until("a is saved", Person::is_saved).await;
    assert!(b.drawn().is_empty());
    // Its own append lands behind what it lacks.
    b.draw("b0");
    let all = keys(&[("a", 5), ("b", 1)]);
    b.until("b has read on", |b| b.drawn() == all && b.is_saved())
        .await;

    (5..10).for_each(|no| a.draw(&format!("a{no}")));
    a.until("a is saved", Person::is_saved).await;
    assert_eq!(b.drawn(), all);
    // The next that arrives has a number that shows the gap.
    nodes.bus.lose_for(None);
    a.draw("a10");
    let all = keys(&[("a", 11), ("b", 1)]);
    b.until("b has read on", |b| b.drawn() == all).await;
    a.until("a has all", |a| a.drawn() == all && a.is_saved())
        .await;
    assert_same(&a, &b);
}

#[tokio::test]
async fn one_node_is_shut_down_and_the_other_goes_on() {
    let nodes = Nodes::start();
    let mut a = Person::join(&nodes.one, &nodes.doc);
    let mut b = Person::join(&nodes.two, &nodes.doc);
    a.until("a is answered", |a| a.is_answered).await;
    b.until("b is answered", |b| b.is_answered).await;
    // Once something is saved, the document stands, and what comes is taken at once.
    a.draw("a0");
    a.until("a is saved", Person::is_saved).await;
    (1..5).for_each(|no| a.draw(&format!("a{no}")));
    b.draw("b0");
    let Nodes { bus, one, two, doc } = nodes;
    assert!(one.drain(PATIENCE).await, "it does not come to an end");
    a.until("a is sent away", |a| a.closed.is_some()).await;
    assert!(a.is_saved(), "what was taken is saved before");
    drop((one, bus));

    (1..5).for_each(|no| b.draw(&format!("b{no}")));
    let all = keys(&[("a", 5), ("b", 5)]);
    b.until("b has all", |b| b.drawn() == all && b.is_saved())
        .await;
    let mut a = Person::return_with(a.doc, &two, &doc);
    a.until("a has all", |a| a.drawn() == all && a.is_answered)
        .await;
    a.draw("a5");
    let all = keys(&[("a", 6), ("b", 5)]);
    b.until("b sees a again", |b| b.drawn() == all).await;
    a.until("a is saved", Person::is_saved).await;
    assert_same(&a, &b);
}

/// As when a node is stopped and goes on: what it had not read comes after its author has done it again elsewhere, in a
/// document that did not know of it.
#[tokio::test]
async fn a_first_try_that_is_read_late_stands_beside_the_second_and_brings_nothing_back() {
    for (before, anew) in [(9, 5), (5, 9)] {
        let nodes = Nodes::start();
        let own = Doc::with_client_id(before);
        let mut a = Person::return_with(own, &nodes.one, &nodes.doc);
        a.until("a is answered", |a| a.is_answered).await;
        let late = a.drawn_and_kept_back("x");

        let own = Doc::with_client_id(anew);
        let mut b = Person::return_with(own, &nodes.two, &nodes.doc);
        b.until("b is answered", |b| b.is_answered).await;
        b.draw("x");
        b.until("the second try is saved", Person::is_saved).await;
        b.erase("x");
        b.until("its erasing is saved", Person::is_saved).await;
        a.send(&late);
        a.until("the first try is saved", Person::is_saved).await;

        // Two elements of one name: that of the greater number is the one to be seen, and only the second was erased.
        let seen = BTreeSet::from_iter((before > anew).then(|| "x".to_owned()));
        let has_both = |of: &Person| {
            let known = of.doc.transact().state_vector();
            [before, anew]
                .iter()
                .all(|client| known.get(&ClientID::new(*client)) > 0)
        };
        a.until("a has both", has_both).await;
        b.until("b has both", has_both).await;
        assert_eq!(b.drawn(), seen);
        let erased = b.doc.transact().snapshot().delete_set;
        assert!(erased.contains(&yrs::ID::new(ClientID::new(anew), 0)));
        assert_same(&a, &b);
    }
}
