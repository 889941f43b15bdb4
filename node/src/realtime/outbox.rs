//! What waits to be written to one connection.
//!
//! The room puts frames in and never waits; the connection's writer takes everything there is and writes it at once.

use super::direct::Direct;
#[cfg(test)]
use super::wire;
use super::wire::Frame;
use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use std::time::Instant;
use tokio::sync::Notify;

/// A client this far behind gets no more frames; when it drains it is sent one diff instead.
pub(crate) const QUEUED_BYTES_MAX: usize = 1 << 20;
/// Past this, awareness is no longer queued: where somebody's cursor was is of no use to one who reads late.
pub(super) const AWARENESS_BYTES_MAX: usize = 256 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Must arrive, or the client must be told that it did not.
    Sync,
    /// Part of a whole document or diff that this client asked for. It may be larger than all else together, so it does
    /// not count; instead the room gives no second one before it heard that the first was written.
    Answer,
    /// An answer that brings up to date whoever fell behind: from here on nothing is dropped again.
    CatchUp,
    /// Said at most a few times in a connection's life, such as the greeting. Does not count.
    Rare,
    /// May be dropped.
    Awareness,
}

/// What is true now that the writer has written what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// An answer was among it.
    pub(crate) answered: bool,
    /// The client had fallen behind and is ready to be caught up.
    pub(crate) drained: bool,
}

/// How many messages of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) sync: u64,
    pub(crate) awareness: u64,
    pub(crate) other: u64,
}

impl Tally {
    pub(super) fn count(&mut self, kind: Option<u8>) {
        match kind {
            Some(0) => self.sync += 1,
            Some(1) => self.awareness += 1,
            _ => self.other += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.sync += other.sync;
        self.awareness += other.awareness;
        self.other += other.other;
    }
}

/// What comes with bytes that are put in together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parcel {
    /// How many of the bytes count.
    pub(super) counted: usize,
    pub(super) tally: Tally,
    has_answer: bool,
    catches_up: bool,
}

impl Parcel {
    /// Bytes that all count.
    pub(super) fn counting(counted: usize, tally: Tally) -> Self {
        Self {
            counted,
            tally,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, frame: &Frame, class: Class) {
        self.tally.count(frame.kind());
        match class {
            Class::Sync | Class::Awareness => self.counted += frame.len(),
            Class::Answer => self.has_answer = true,
            Class::CatchUp => {
                self.has_answer = true;
                self.catches_up = true;
            }
            Class::Rare => {}
        }
    }
}

/// What the writer found.
#[derive(Debug)]
pub(crate) struct Taken {
    /// Whole frames, one or many in each.
    pub(crate) parts: Vec<Bytes>,
    pub(crate) tally: Tally,
    /// When the oldest of them was received from its author.
    pub(crate) received: Option<Instant>,
    /// The connection ends with this code once all of it is written.
    pub(crate) closing: Option<u16>,
}

impl Taken {
    /// Each frame by itself.
    #[cfg(test)]
    pub(crate) fn frames(&self) -> impl Iterator<Item = Frame> {
        wire::frames(&self.parts)
    }
}

#[derive(Debug, Default)]
struct Queue {
    parts: Vec<Bytes>,
    tally: Tally,
    /// Bytes that count, queued or being written.
    bytes: usize,
    writing: usize,
    has_answer: bool,
    writing_answer: bool,
    received: Option<Instant>,
    /// Something was dropped. What follows is dropped too: a client that is sent what builds on something it lacks
    /// may keep it for later, as Yjs does, or fail on it.
    overflowed: bool,
    /// It was said that there is room to catch up.
    has_drained: bool,
    closing: Option<u16>,
    /// The writer has taken something and not written all of it.
    is_taken: bool,
    direct: Option<Direct>,
}

impl Queue {
    /// Writes it past the queue if it can be. Otherwise what is left of it is to be queued.
    fn write_at_once(
        &self,
        parts: &mut Vec<Bytes>,
        parcel: Parcel,
        received: Option<Instant>,
    ) -> bool {
        let is_waiting = self.is_taken || self.has_work() || parcel.has_answer;
        let (Some(direct), false) = (&self.direct, is_waiting) else {
            return false;
        };
        let written = direct.write(parts);
        if written < parts.iter().map(Bytes::len).sum() {
            drop_front(parts, written);
            return false;
        }
        direct.count(parcel.tally, parts, received);
        parts.clear();
        true
    }

    fn put(
        &mut self,
        parts: impl IntoIterator<Item = Bytes>,
        parcel: Parcel,
        received: Option<Instant>,
    ) {
        self.parts.extend(parts);
        self.bytes += parcel.counted;
        self.tally.add(parcel.tally);
        self.has_answer |= parcel.has_answer;
        if parcel.catches_up {
            self.overflowed = false;
            self.has_drained = false;
        }
        self.received = self.received.or(received);
    }

    fn has_work(&self) -> bool {
        !self.parts.is_empty() || (self.overflowed && !self.has_drained)
    }
}

/// Leaves what comes after so many bytes, of which there are more.
fn drop_front(parts: &mut Vec<Bytes>, mut len: usize) {
    let mut whole = 0;
    while parts[whole].len() <= len {
        len -= parts[whole].len();
        whole += 1;
    }
    parts.drain(..whole);
    parts[0].advance(len);
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    ready: Notify,
    closed: Notify,
}

impl Outbox {
    /// Puts in a frame of the connection's own that may be dropped, such as a ping. False if it was.
    #[must_use]
    pub(super) fn offer(&self, frame: &Frame) -> bool {
        let mut queue = self.queue.lock();
        if queue.closing.is_some() || queue.overflowed || queue.bytes > AWARENESS_BYTES_MAX {
            return false;
        }
        let mut parcel = Parcel::default();
        parcel.add(frame, Class::Awareness);
        queue.put(frame.parts(), parcel, None);
        drop(queue);
        self.ready.notify_one();
        true
    }

    /// Puts in what is known to have room. Returns how much that counts is waiting now.
    pub(super) fn put(
        &self,
        parts: &mut Vec<Bytes>,
        parcel: Parcel,
        received: Option<Instant>,
    ) -> usize {
        let mut queue = self.queue.lock();
        if queue.closing.is_some() {
            parts.clear();
            return queue.bytes;
        }
        if queue.write_at_once(parts, parcel, received) {
            return queue.bytes;
        }
        queue.put(parts.drain(..), parcel, received);
        let bytes = queue.bytes;
        drop(queue);
        self.ready.notify_one();
        bytes
    }

    /// For a connection that can be written to without its task.
    pub(super) fn direct(direct: Direct) -> Self {
        let outbox = Self::default();
        outbox.queue.lock().direct = Some(direct);
        outbox
    }

    /// The connection ends: lets go of it.
    pub(super) fn detach(&self) {
        self.queue.lock().direct = None;
    }

    /// From here on the client misses what counts, until it is caught up.
    pub(super) fn fall_behind(&self) {
        self.queue.lock().overflowed = true;
        // With nothing queued it is ready to be caught up at once, and only the writer says so.
        self.ready.notify_one();
    }

    /// How much that counts is waiting or being written.
    pub(super) fn queued(&self) -> usize {
        self.queue.lock().bytes
    }

    /// Writes what is queued, then this close frame, then nothing more.
    pub(crate) fn close(&self, frame: Frame) {
        let mut queue = self.queue.lock();
        if queue.closing.is_none() {
            queue.closing = Some(frame.close_code());
            queue.parts.extend(frame.parts());
            drop(queue);
            self.ready.notify_one();
            self.closed.notify_one();
        }
    }

    /// Waits until the connection is to be closed; gives the code.
    pub(crate) async fn closed(&self) -> u16 {
        loop {
            let notified = self.closed.notified();
            if let Some(code) = self.queue.lock().closing {
                return code;
            }
            notified.await;
        }
    }

    /// Waits until there is something to write.
    pub(crate) async fn ready(&self) {
        loop {
            let notified = self.ready.notified();
            if self.queue.lock().has_work() {
                return;
            }
            notified.await;
        }
    }

    #[cfg(test)]
    pub(crate) fn is_waiting(&self) -> bool {
        self.queue.lock().has_work()
    }

    pub(crate) fn take(&self) -> Taken {
        let mut queue = self.queue.lock();
        queue.writing = queue.bytes;
        queue.is_taken = true;
        queue.writing_answer = std::mem::take(&mut queue.has_answer);
        Taken {
            parts: std::mem::take(&mut queue.parts),
            tally: std::mem::take(&mut queue.tally),
            received: queue.received.take(),
            closing: queue.closing,
        }
    }

    /// The writer has written what it took.
    pub(crate) fn written(&self) -> Written {
        let mut queue = self.queue.lock();
        queue.bytes -= queue.writing;
        queue.writing = 0;
        queue.is_taken = false;
        let drained = queue.overflowed && queue.parts.is_empty() && !queue.has_drained;
        queue.has_drained |= drained;
        Written {
            answered: std::mem::take(&mut queue.writing_answer),
            drained,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AWARENESS_BYTES_MAX, Class, Outbox, Parcel, Written};
    use crate::realtime::wire::{self, Frame};

    fn frame(len: usize) -> Frame {
        wire::update(&vec![0; len])
    }

    /// Puts in one frame; tells how much that counts is waiting now.
    fn put(outbox: &Outbox, frame: &Frame, class: Class) -> usize {
        let mut parcel = Parcel::default();
        parcel.add(frame, class);
        outbox.put(&mut frame.parts().collect(), parcel, None)
    }

    #[test]
    fn who_is_behind_is_ready_to_be_caught_up_once_all_is_written_and_is_said_to_be_once() {
        let outbox = Outbox::default();
        put(&outbox, &frame(100), Class::Sync);
        outbox.take();
        outbox.fall_behind();
        put(&outbox, &frame(1), Class::Rare);
        assert!(!outbox.written().drained, "something waits yet");
        outbox.take();
        assert!(outbox.written().drained);
        assert!(!outbox.written().drained, "it is said once");
        put(&outbox, &frame(1), Class::CatchUp);
        outbox.take();
        assert!(!outbox.written().drained, "it is caught up");
    }

    #[test]
    fn what_may_be_dropped_is_taken_while_little_waits() {
        let outbox = Outbox::default();
        assert!(outbox.offer(&Frame::ping()));
        put(&outbox, &frame(AWARENESS_BYTES_MAX), Class::Sync);
        assert!(!outbox.offer(&Frame::ping()));
        outbox.take();
        outbox.written();
        assert!(outbox.offer(&Frame::ping()));
        outbox.fall_behind();
        assert!(!outbox.offer(&Frame::ping()));
    }

    #[test]
    fn what_is_being_written_still_counts_and_an_answer_never_does() {
        let outbox = Outbox::default();
        let update = frame(1_000);
        assert_eq!(put(&outbox, &update, Class::Sync), update.len());
        outbox.take();
        assert_eq!(put(&outbox, &frame(5 << 20), Class::Answer), update.len());
        outbox.written();
        assert_eq!(outbox.queued(), 0);
    }

    #[test]
    fn an_answer_is_told_of_once_it_is_written() {
        let outbox = Outbox::default();
        let written = |answered| Written {
            answered,
            drained: false,
        };
        put(&outbox, &frame(1), Class::Rare);
        outbox.take();
        put(&outbox, &frame(1), Class::Answer);
        assert_eq!(outbox.written(), written(false));
        outbox.take();
        assert_eq!(outbox.written(), written(true));
        outbox.take();
        assert_eq!(outbox.written(), written(false));
    }

    #[test]
    fn nothing_follows_the_close() {
        let outbox = Outbox::default();
        outbox.close(Frame::close(1012, "draining"));
        put(&outbox, &frame(1), Class::Sync);
        assert!(!outbox.offer(&Frame::ping()));
        let taken = outbox.take();
        assert_eq!(taken.closing, Some(1012));
        assert_eq!(taken.frames().count(), 1);
    }
}
