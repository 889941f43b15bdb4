//! One connection in a room, and how much of what it sent is on disk.

use crate::realtime::who::Who;
use bytes::Bytes;
use easel_board::StateVector;
use easel_board::gate::Summary;
use std::collections::VecDeque;
use std::time::Instant;

/// How the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Easel's own client: y-websocket's messages and the control messages.
    Easel,
    /// Any y-websocket client.
    Yjs,
}

/// An update whose author has not sent yet what it builds on.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) frame: u64,
    pub(super) update: Bytes,
    pub(super) summary: Summary,
    /// Something it lacks: a client and the clock it needs of it. Cheaper to look at than the whole summary.
    pub(super) lacks: (u64, u64),
    pub(super) received: Instant,
}

impl Held {
    /// What it counts among the seat's held bytes. Its permit is given back while it waits: with all of them held up
    /// here, the very message that it waits for could not come in.
    pub(super) const fn bytes(update_len: usize) -> usize {
        update_len + 256
    }
}

#[derive(Debug)]
pub(super) struct Seat {
    pub(super) dialect: Dialect,
    pub(super) who: Who,
    /// Names this connection in the store: with the number of an update it tells a repeat.
    pub(super) id: u64,
    /// Updates of this seat that went to the store so far.
    pub(super) appended: u64,
    pub(super) heard: Instant,
    /// When it is sent its own awareness next.
    pub(super) echo_at: Instant,
    /// It has said where it points at.
    pub(super) has_moved: bool,
    pub(super) held: Vec<Held>,
    pub(super) held_bytes: usize,
    /// Set while it misses frames: a state vector that it surely has.
    pub(super) behind: Option<StateVector>,
    /// An answer to it was queued and is not written yet.
    pub(super) is_answering: bool,
    /// What it asked with meanwhile; answered once that is written, and only the last of several.
    pub(super) asked: Option<StateVector>,
    /// Out of touch: it looks for another node by itself, and is not sent away.
    pub(super) stays: bool,
    /// It says that it has all of this body. Good for its next answer: later its state vector says more.
    pub(super) has_body: Option<u64>,
    frames: Frames,
}

impl Seat {
    pub(super) fn new(dialect: Dialect, id: u64, who: Who, now: Instant) -> Self {
        Self {
            dialect,
            who,
            id,
            appended: 0,
            heard: now,
            echo_at: now + super::ECHO_EVERY,
            has_moved: false,
            held: Vec::new(),
            held_bytes: 0,
            behind: None,
            is_answering: false,
            asked: None,
            stays: false,
            has_body: None,
            frames: Frames::default(),
        }
    }

    /// Counts one more sync frame; returns its number.
    pub(super) fn count_frame(&mut self) -> u64 {
        self.frames.count()
    }

    /// This frame is on disk as soon as so many of the room's updates are.
    pub(super) fn settle_with(&mut self, frame: u64, ticket: u64) {
        self.frames.settle_with(frame, ticket);
    }

    /// It may have missed what it was told, so it is told again.
    pub(super) fn retell(&mut self) {
        self.frames.told = 0;
    }

    /// So many of the room's updates are on disk. Returns the seat's new count of saved frames if it rose.
    pub(super) fn durable(&mut self, durable: u64) -> Option<u64> {
        self.frames.durable(durable)
    }

    /// Whether that count would rise.
    pub(super) fn is_owed(&self, durable: u64) -> bool {
        self.frames.is_owed(durable)
    }
}

/// Which of a connection's sync frames are on disk. Saved is counted in order: a held frame holds up those behind it.
#[derive(Debug, Default)]
struct Frames {
    saved: u64,
    told: u64,
    /// For each frame after the saved ones, how many of the room's updates must be durable; unknown while it is held.
    tickets: VecDeque<Option<u64>>,
}

impl Frames {
    fn count(&mut self) -> u64 {
        self.tickets.push_back(None);
        self.saved + self.tickets.len() as u64 - 1
    }

    fn settle_with(&mut self, frame: u64, ticket: u64) {
        let index = (frame - self.saved) as usize;
        self.tickets[index] = Some(ticket);
    }

    fn is_owed(&self, durable: u64) -> bool {
        let next = self.tickets.front().copied().flatten();
        self.saved > self.told || next.is_some_and(|ticket| ticket <= durable)
    }

    fn durable(&mut self, durable: u64) -> Option<u64> {
        while self
            .tickets
            .front()
            .is_some_and(|ticket| ticket.is_some_and(|ticket| ticket <= durable))
        {
            self.tickets.pop_front();
            self.saved += 1;
        }
        (self.saved > self.told).then(|| {
            self.told = self.saved;
            self.saved
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Frames;

    #[test]
    fn frames_are_saved_in_order() {
        let mut frames = Frames::default();
        let (a, b, c) = (frames.count(), frames.count(), frames.count());
        frames.settle_with(a, 1);
        frames.settle_with(c, 1);
        assert_eq!(frames.durable(0), None);
        assert_eq!(frames.durable(1), Some(1));
        frames.settle_with(b, 2);
        assert_eq!(frames.durable(1), None);
        assert_eq!(frames.durable(2), Some(3));
        assert_eq!(frames.durable(9), None);
    }
}
