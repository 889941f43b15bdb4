//! What people do on their connections, and what reaches them there.

use super::checks::{self, take_in};
use super::node::Door;
use super::people::{Line, Place};
use super::said::SharedSaid;
use super::world::World;
use crate::realtime::direct::{Direct, Pipe};
use crate::realtime::outbox::Outbox;
use crate::realtime::room::{Event, close};
use crate::realtime::wire::{self, Frame, Incoming};
use bytes::Bytes;
use std::sync::Arc;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{ReadTxn, Transact};

impl World {
    pub(super) fn come_or_go(&mut self, who: usize) {
        match self.people[who].line.take() {
            Some(line) if self.random.percent(30) => {
                self.nodes[line.node].post(line.opening, Event::Leave { seat: line.seat });
            }
            Some(line) => self.people[who].line = Some(line),
            None => self.come(who),
        }
    }

    pub(super) fn come(&mut self, who: usize) {
        if self.storage.is_trashed {
            return;
        }
        self.ids += 1;
        let node = self.random.below(self.nodes.len());
        let dialect = self.people[who].dialect;
        let pipe = Arc::new(Pipe::new(self.pipe_bytes));
        let outbox = Arc::new(match self.random.percent(50) {
            true => Outbox::direct(Direct::simulated(pipe.clone(), &self.metrics)),
            false => Outbox::default(),
        });
        let said = SharedSaid::default();
        let door = Door {
            outbox: outbox.clone(),
            said: said.clone(),
        };
        let (seat, opening) = self.nodes[node].join(self.now, dialect, self.ids, door);
        let place = Place {
            node,
            seat,
            opening,
        };
        let person = &mut self.people[who];
        person.unsent.clear();
        person.line = Some(Line::new(place, outbox, said, pipe));
        self.ask_again(who);
        if self.random.percent(50) {
            let message = self.people[who].point();
            self.say(who, message);
        }
    }

    pub(super) fn ask_again(&mut self, who: usize) {
        let known = self.people[who].doc.transact().state_vector().encode_v1();
        self.say(who, wire::step_1(&known).payload());
    }

    pub(super) fn say(&mut self, who: usize, message: Bytes) {
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
    pub(super) fn hear(&mut self, who: usize) {
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

    pub(super) fn draw(&mut self, who: usize) {
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

    pub(super) fn send_unsent(&mut self, who: usize) {
        while !self.people[who].unsent.is_empty() {
            let at = self.random.below(self.people[who].unsent.len());
            let update = self.people[who].unsent.remove(at);
            self.say(who, wire::update(&update).payload());
        }
    }

    /// A few turns of a connection's writer, and its person reads.
    pub(super) fn read(&mut self, who: usize) {
        self.hear(who);
        for _ in 0..1 + self.random.below(8) {
            self.write(who);
            if !self.people[who].reads && !self.calm {
                return;
            }
            let line = self.people[who].line.as_mut();
            for frame in line.map(Line::frames).unwrap_or_default() {
                self.receive(who, &frame);
            }
        }
    }

    pub(super) fn write(&mut self, who: usize) {
        let Some(line) = &mut self.people[who].line else {
            return;
        };
        checks::check_outbox(line.outbox.queued());
        let (seat, node) = (line.seat, &mut self.nodes[line.node]);
        let Some(written) = line.write() else { return };
        if written.answered {
            node.post(line.opening, Event::Answered { seat });
        }
        if written.drained {
            node.post(line.opening, Event::Drained { seat });
        }
    }

    pub(super) fn receive(&mut self, who: usize, frame: &Frame) {
        if frame.is_close() {
            let is_refused = frame.close_code() == close::REFUSED;
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
            Incoming::Awareness(_)
            | Incoming::QueryAwareness
            | Incoming::HasBody(_)
            | Incoming::Nothing => return,
        }
        checks::check_shown(&self.people[who].doc, &self.storage.all);
    }

    pub(super) fn receive_control(&mut self, who: usize, payload: &Bytes) {
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
}
