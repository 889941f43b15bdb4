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

/// Under load, what a room says is gathered for so long. A write costs about the same for one frame as for many, and most
/// of what a delivery costs is its write. What is said after a pause leaves at once.
///
/// Where few listen, the window opens when something leaves: what comes later than that does not wait. Where many listen
/// it opens with what comes first, which makes a third fewer rounds of writes when something comes every 5 ms. A timer may
/// be late by 1 ms.
const GATHER: Duration = Duration::from_millis(4);
const GATHER_FOR_MANY: Duration = Duration::from_millis(7);
const MANY: usize = 16;
/// Where many listen, a room that said nothing for so long is not under load.
const PAUSE: Duration = Duration::from_millis(30);

#[derive(Debug)]
pub(super) struct Gathering {
    fanout: Fanout,
    flushed_at: Instant,
    /// When what is gathered is to leave, once that is known.
    flush_at: Option<Instant>,
}

impl Gathering {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            fanout: Fanout::default(),
            flushed_at: now,
            flush_at: None,
        }
    }

    /// When what is gathered is to leave; nothing while nothing is.
    pub(super) fn due(&self) -> Option<Instant> {
        (!self.fanout.is_flushed()).then(|| self.flush_at.unwrap_or(self.flushed_at))
    }

    pub(super) fn flush(&mut self, now: Instant) {
        self.fanout.flush();
        self.flushed_at = now;
        self.flush_at = None;
    }

    /// To be called when a room has said what it had to say: decides when it leaves.
    pub(super) fn open_window(&mut self, now: Instant) {
        if self.fanout.is_flushed() {
            self.flush_at = None;
        } else if self.flush_at.is_none() {
            let is_paused = now.duration_since(self.flushed_at) >= PAUSE;
            self.flush_at = Some(if self.fanout.len() < MANY {
                self.flushed_at + GATHER
            } else if is_paused {
                now
            } else {
                now + GATHER_FOR_MANY
            });
        }
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
