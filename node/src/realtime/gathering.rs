//! What one room says, on its way to the seats: gathered for a while, then handed over to all of them.
//!
//! The room's task runs a room through this, and so does the simulation: both gather, hand over and leave behind alike.

use super::awareness::SeatNo;
use super::fanout::Fanout;
use super::outbox::{Class, Outbox};
use super::room::{Effect, Event, Room};
use super::wire::Frame;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Under load, what a room says is gathered for so long; when idle the first thing leaves at once. A write costs the
/// same for one frame as for many, and most of what a delivery costs is its write. Where many listen it pays to wait
/// longer.
const GATHER: Duration = Duration::from_millis(4);
const GATHER_FOR_MANY: Duration = Duration::from_millis(7);
const MANY: usize = 16;

#[derive(Debug)]
pub(super) struct Gathering {
    fanout: Fanout,
    /// When what is gathered may leave: a while after the last time.
    flush_at: Instant,
}

impl Gathering {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            fanout: Fanout::default(),
            flush_at: now,
        }
    }

    /// When what is gathered is to leave; nothing while nothing is.
    pub(super) fn due(&self) -> Option<Instant> {
        (!self.fanout.is_flushed()).then_some(self.flush_at)
    }

    pub(super) fn flush(&mut self, now: Instant) {
        self.fanout.flush();
        let gather = if self.fanout.len() < MANY {
            GATHER
        } else {
            GATHER_FOR_MANY
        };
        self.flush_at = now + gather;
    }

    pub(super) fn enter(&mut self, seat: SeatNo, outbox: Arc<Outbox>) {
        self.fanout.enter(seat, outbox);
    }

    /// It has gone: it is handed what was said before and then nothing more.
    pub(super) fn leave(&mut self, seat: SeatNo) {
        self.fanout.leave(seat);
    }

    /// How many seats there are.
    pub(super) fn len(&self) -> usize {
        self.fanout.len()
    }

    pub(super) fn send(
        &mut self,
        seat: SeatNo,
        frame: Frame,
        class: Class,
        behind: &mut Vec<SeatNo>,
    ) {
        if self.fanout.send(seat, frame, class) {
            behind.push(seat);
        }
    }

    pub(super) fn broadcast(
        &mut self,
        except: Option<SeatNo>,
        frame: &Frame,
        class: Class,
        received: Option<Instant>,
        behind: &mut Vec<SeatNo>,
    ) {
        self.fanout
            .broadcast(except, frame, class, received, behind);
    }

    /// Ends one seat, after all that was said to it.
    pub(super) fn close(&mut self, seat: SeatNo, code: u16, reason: &str) {
        if let Some(outbox) = self.fanout.leave(seat) {
            outbox.close(Frame::close(code, reason));
        }
    }

    /// Ends whoever is left, after all that was said.
    pub(super) fn close_all(&mut self, code: u16, reason: &str) {
        self.fanout.flush();
        for outbox in self.fanout.outboxes() {
            outbox.close(Frame::close(code, reason));
        }
    }
}

/// Has done what a room asks for, and tells it who fell behind by that. Whoever falls behind must be known to be before
/// the next event: that one may be its being caught up.
pub(super) fn carry_out(
    room: &mut Room,
    now: Instant,
    effects: &mut Vec<Effect>,
    mut perform: impl FnMut(Effect, &mut Vec<SeatNo>),
) {
    let mut behind = Vec::new();
    while !effects.is_empty() {
        for effect in effects.drain(..) {
            perform(effect, &mut behind);
        }
        for seat in behind.drain(..) {
            room.handle(now, Event::Behind { seat }, effects);
        }
    }
}
