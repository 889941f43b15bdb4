//! The room's queue to the store: what was accepted, what is being appended, what is durable.
//!
//! At most one append is in flight. What is accepted meanwhile forms the next, so batches follow the disk's pace.
//! Every accepted update takes a ticket, counted from 1 in the order of acceptance; appends are in that order, so one
//! number says what is durable.

use super::asking::Once;
use super::seat::Seat;
use crate::realtime::Permit;
use crate::realtime::awareness::SeatNo;
use crate::realtime::pace::Pace;
use crate::realtime::wire::Frame;
use bytes::Bytes;
use easel_storage::{Actor, NewUpdate, Origin, Payload};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// In a crowded room appends do not start closer together than this: each costs 0.3 to 0.6 ms of CPU however much it holds
/// (entry, sync, transaction), and nothing but "saved" waits for it. A room of 100 in which 10 draw made 132,000 deliveries a
/// CPU-second with 10 ms, 175,000 with 40 and 190,000 with 100. The first after a pause starts at once.
const APPEND_FLOOR: Duration = Duration::from_millis(40);
/// A room is crowded from so many updates a second on. Where fewer come each is appended as soon as the one before it is
/// durable, so that a few people's strokes are saved as fast as the disk takes them.
const CROWDED_PER_SECOND: f64 = 50.0;
/// One append's bounds. One larger update travels alone.
const APPEND_BYTES_MAX: usize = 1 << 20;
const APPEND_UPDATES_MAX: usize = 1_024;

/// An accepted update on its way to the store. Its permit goes back to the author's connection when it is durable.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) ticket: u64,
    pub(super) update: Bytes,
    pub(super) source: Source,
    pub(super) received: Instant,
    pub(super) _permit: Permit,
    /// Set if it must not be stored twice.
    pub(super) once: Option<Once>,
}

#[derive(Debug)]
pub(super) enum Source {
    /// With whom it is put down to.
    Person(Origin, Actor),
    /// The server's own edit, and whom it is put down to: shown to nobody before it is durable.
    Server(Origin, Actor, Frame),
    /// One that was seen in the store, and shown, before its append was answered.
    ServerShown(Origin, Actor),
    /// A person's on another node, who may have stored it too.
    Heard(Origin),
}

/// One append as the task is asked to do it.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) updates: Vec<NewUpdate>,
    /// Of the updates together.
    pub(crate) bytes: usize,
    /// Of the one update in it, which must not be stored twice.
    pub(crate) once: Option<Once>,
}

#[derive(Debug)]
pub(super) struct Saving {
    queue: VecDeque<Accepted>,
    in_flight: VecDeque<Accepted>,
    accepted: u64,
    durable: u64,
    /// Of what is accepted.
    pace: Pace,
    not_before: Option<Instant>,
    /// The wake-up that was asked for and has not come.
    wake_at: Option<Instant>,
}

/// What the queue wants done now.
#[derive(Debug)]
pub(super) enum Next {
    Append(Batch),
    WakeAt(Instant),
    Nothing,
}

impl Saving {
    pub(super) const fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            in_flight: VecDeque::new(),
            accepted: 0,
            durable: 0,
            pace: Pace::new(),
            not_before: None,
            wake_at: None,
        }
    }

    /// Takes an update; returns its ticket.
    pub(super) fn push(
        &mut self,
        update: Bytes,
        source: Source,
        received: Instant,
        permit: Permit,
    ) -> u64 {
        self.put(update, source, received, (permit, None))
    }

    /// The same for what a program asked for, perhaps under a key.
    pub(super) fn push_once(
        &mut self,
        update: Bytes,
        source: Source,
        received: Instant,
        once: Option<Once>,
    ) -> u64 {
        self.put(update, source, received, (Permit::none(), once))
    }

    fn put(
        &mut self,
        update: Bytes,
        source: Source,
        received: Instant,
        (permit, once): (Permit, Option<Once>),
    ) -> u64 {
        self.accepted += 1;
        self.pace.note(received, 1);
        self.queue.push_back(Accepted {
            ticket: self.accepted,
            update,
            source,
            received,
            _permit: permit,
            once,
        });
        self.accepted
    }

    /// The ticket of the newest accepted update: when that is durable, so is all that the document shows.
    pub(super) const fn newest_ticket(&self) -> u64 {
        self.accepted
    }

    pub(super) const fn durable(&self) -> u64 {
        self.durable
    }

    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_empty()
    }

    pub(super) fn is_appending(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// True while an edit of the server's is in the document but not yet durable.
    pub(super) fn has_server_edit(&self) -> bool {
        self.queue
            .iter()
            .chain(&self.in_flight)
            .any(|accepted| matches!(accepted.source, Source::Server(..)))
    }

    /// This is in the store and shown: if it is an edit of the server's, it need not be shown again.
    pub(super) fn note_shown(&mut self, update: &Bytes) {
        for accepted in self.queue.iter_mut().chain(&mut self.in_flight) {
            if let Source::Server(origin, actor, _) = accepted.source
                && accepted.update == *update
            {
                accepted.source = Source::ServerShown(origin, actor);
            }
        }
    }

    /// A wake-up came, this one's or not: if it is still too early, another is asked for.
    pub(super) fn woken(&mut self) {
        self.wake_at = None;
    }

    /// Whether so much comes in that it is gathered.
    pub(super) fn is_crowded(&self, now: Instant) -> bool {
        self.pace.per_second(now) >= CROWDED_PER_SECOND
    }

    /// As if so much had come that it is crowded for a while.
    #[cfg(test)]
    pub(super) fn crowd(&mut self, now: Instant) {
        self.pace.note(now, 1_000);
    }

    /// Starts the next append if it is time.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        if self.queue.is_empty() || self.is_appending() {
            return Next::Nothing;
        }
        let floor = self.not_before.filter(|_| self.is_crowded(now));
        if let Some(not_before) = floor.filter(|not_before| now < *not_before) {
            let is_asked_for = self.wake_at.replace(not_before) == Some(not_before);
            return if is_asked_for {
                Next::Nothing
            } else {
                Next::WakeAt(not_before)
            };
        }
        self.not_before = Some(now + APPEND_FLOOR);
        let mut bytes = 0;
        let count = self
            .queue
            .iter()
            .take(APPEND_UPDATES_MAX)
            .take_while(|accepted| {
                let is_first = bytes == 0;
                bytes += accepted.update.len();
                is_first || bytes <= APPEND_BYTES_MAX
            })
            .count();
        let count = self.together(count);
        self.in_flight.extend(self.queue.drain(..count));
        Next::Append(Batch {
            updates: self.in_flight.iter().map(new_update).collect(),
            bytes: self.in_flight.iter().map(|of| of.update.len()).sum(),
            once: self.in_flight.front().and_then(|of| of.once),
        })
    }

    /// How many of the first updates may travel in one command: one that has a key of its own travels alone.
    fn together(&self, count: usize) -> usize {
        match self
            .queue
            .iter()
            .take(count)
            .position(|of| of.once.is_some())
        {
            Some(0) => 1,
            Some(keyed) => keyed,
            None => count,
        }
    }

    /// The append in flight is durable. Returns what it held.
    pub(super) fn appended(&mut self) -> VecDeque<Accepted> {
        self.durable += self.in_flight.len() as u64;
        std::mem::take(&mut self.in_flight)
    }

    /// Nothing of what is queued will be appended.
    pub(super) fn give_up(&mut self) {
        self.queue.clear();
    }

    /// The append in flight came to nothing, or nobody is left to care what came of it.
    pub(super) fn failed(&mut self) {
        self.in_flight.clear();
    }
}

/// The frames that rose to saved in each seat.
pub(super) fn newly_saved<'a>(
    seats: impl Iterator<Item = (&'a SeatNo, &'a mut Seat)>,
    durable: u64,
) -> Vec<(SeatNo, u64)> {
    seats
        .filter_map(|(no, seat)| seat.durable(durable).map(|frames| (*no, frames)))
        .collect()
}

fn new_update(accepted: &Accepted) -> NewUpdate {
    let (author, origin) = match &accepted.source {
        Source::Person(origin, actor) => (*actor, *origin),
        Source::Heard(origin) => (Actor::Local, *origin),
        Source::Server(origin, actor, _) | Source::ServerShown(origin, actor) => (*actor, *origin),
    };
    NewUpdate {
        author,
        origin: Some(origin),
        payload: Payload::Inline(accepted.update.clone()),
    }
}
