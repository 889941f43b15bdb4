//! What waits to be written to one connection.
//!
//! The room puts frames in and never waits; the connection's writer takes everything there is and writes it at once.

use super::wire::Frame;
use parking_lot::Mutex;
use std::time::Instant;
use tokio::sync::Notify;

/// A client this far behind gets no more frames; when it drains it is sent one diff instead.
pub(crate) const QUEUED_BYTES_MAX: usize = 1 << 20;
/// Past this, awareness is no longer queued: where somebody's cursor was is of no use to one who reads late.
const AWARENESS_BYTES_MAX: usize = 256 << 10;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Pushed {
    Queued,
    /// Dropped, and nobody need care.
    Dropped,
    /// The outbox is full: the client misses this and all that follows, until it is caught up.
    Overflowed,
}

/// What is true now that the writer has written what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// An answer was among it.
    pub(crate) answered: bool,
    /// The client had fallen behind and is ready to be caught up.
    pub(crate) drained: bool,
}

/// What the writer found.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) frames: Vec<Frame>,
    /// When the oldest of them was received from its author.
    pub(crate) received: Option<Instant>,
    /// The connection ends once `frames` are written.
    /// With this code.
    pub(crate) closing: Option<u16>,
}

#[derive(Debug, Default)]
struct Queue {
    frames: Vec<Frame>,
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
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    ready: Notify,
    closed: Notify,
}

impl Outbox {
    pub(crate) fn push(&self, frame: Frame, class: Class, received: Option<Instant>) -> Pushed {
        let mut queue = self.queue.lock();
        if queue.closing.is_some() {
            return Pushed::Dropped;
        }
        let counted = match class {
            Class::Sync => frame.len(),
            Class::Answer | Class::CatchUp | Class::Rare => 0,
            Class::Awareness if queue.bytes > AWARENESS_BYTES_MAX || queue.overflowed => {
                return Pushed::Dropped;
            }
            Class::Awareness => frame.len(),
        };
        if class == Class::Sync && (queue.overflowed || queue.bytes + counted > QUEUED_BYTES_MAX) {
            queue.overflowed = true;
            return Pushed::Overflowed;
        }
        queue.bytes += counted;
        queue.has_answer |= matches!(class, Class::Answer | Class::CatchUp);
        if class == Class::CatchUp {
            queue.overflowed = false;
            queue.has_drained = false;
        }
        queue.received = queue.received.or(received);
        queue.frames.push(frame);
        drop(queue);
        self.ready.notify_one();
        Pushed::Queued
    }

    /// Writes what is queued, then this close frame, then nothing more.
    pub(crate) fn close(&self, frame: Frame) {
        let mut queue = self.queue.lock();
        if queue.closing.is_none() {
            queue.closing = Some(frame.close_code());
            queue.frames.push(frame);
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
            if !self.queue.lock().frames.is_empty() {
                return;
            }
            notified.await;
        }
    }

    #[cfg(test)]
    pub(crate) fn is_waiting(&self) -> bool {
        !self.queue.lock().frames.is_empty()
    }

    pub(crate) fn take(&self) -> Taken {
        let mut queue = self.queue.lock();
        queue.writing = queue.bytes;
        queue.writing_answer = std::mem::take(&mut queue.has_answer);
        Taken {
            frames: std::mem::take(&mut queue.frames),
            received: queue.received.take(),
            closing: queue.closing,
        }
    }

    /// The writer has written what it took.
    pub(crate) fn written(&self) -> Written {
        let mut queue = self.queue.lock();
        queue.bytes -= queue.writing;
        queue.writing = 0;
        let drained = queue.overflowed && queue.frames.is_empty() && !queue.has_drained;
        queue.has_drained |= drained;
        Written {
            answered: std::mem::take(&mut queue.writing_answer),
            drained,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Outbox, Pushed, QUEUED_BYTES_MAX, Written};
    use crate::realtime::wire::{self, Frame};

    fn frame(len: usize) -> Frame {
        wire::update(&vec![0; len])
    }

    #[test]
    fn a_full_outbox_drops_awareness_first_and_says_when_it_overflows_and_drains() {
        let outbox = Outbox::default();
        assert_eq!(
            outbox.push(frame(300 << 10), Class::Sync, None),
            Pushed::Queued
        );
        assert_eq!(
            outbox.push(frame(10), Class::Awareness, None),
            Pushed::Dropped
        );
        assert_eq!(
            outbox.push(frame(600 << 10), Class::Sync, None),
            Pushed::Queued
        );
        assert_eq!(
            outbox.push(frame(200 << 10), Class::Sync, None),
            Pushed::Overflowed
        );
        assert_eq!(outbox.push(frame(1), Class::Sync, None), Pushed::Overflowed);
        assert_eq!(outbox.take().frames.len(), 2);
        assert!(outbox.written().drained);
        assert_eq!(outbox.push(frame(1), Class::Sync, None), Pushed::Overflowed);
        assert!(!outbox.written().drained, "it is said once");
        assert_eq!(outbox.push(frame(1), Class::CatchUp, None), Pushed::Queued);
        assert_eq!(outbox.push(frame(1), Class::Sync, None), Pushed::Queued);
        outbox.take();
        assert!(!outbox.written().drained);
    }

    #[test]
    fn what_is_being_written_still_counts() {
        let outbox = Outbox::default();
        assert_eq!(
            outbox.push(frame(QUEUED_BYTES_MAX - 100), Class::Sync, None),
            Pushed::Queued
        );
        outbox.take();
        assert_eq!(
            outbox.push(frame(200), Class::Sync, None),
            Pushed::Overflowed
        );
    }

    #[test]
    fn an_answer_of_any_size_is_queued() {
        let outbox = Outbox::default();
        assert_eq!(
            outbox.push(frame(5 << 20), Class::Answer, None),
            Pushed::Queued
        );
        assert_eq!(outbox.push(frame(10), Class::Sync, None), Pushed::Queued);
    }

    #[test]
    fn an_answer_is_told_of_once_it_is_written() {
        let outbox = Outbox::default();
        let written = |answered| Written {
            answered,
            drained: false,
        };
        assert_eq!(outbox.push(frame(1), Class::Rare, None), Pushed::Queued);
        outbox.take();
        assert_eq!(outbox.push(frame(1), Class::Answer, None), Pushed::Queued);
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
        assert_eq!(outbox.push(frame(1), Class::Sync, None), Pushed::Dropped);
        let taken = outbox.take();
        assert_eq!(taken.closing, Some(1012));
        assert_eq!(taken.frames.len(), 1);
    }
}
