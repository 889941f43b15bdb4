//! What each seat is to be sent: kept as if every frame went into every outbox by itself, with nothing gathered.

use crate::realtime::outbox::{Class, QUEUED_BYTES_MAX};
use crate::realtime::wire::{self, Frame};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// What was said to one seat and has not reached its person. Shared by the room that says it and the line that brings it.
#[derive(Default)]
pub(super) struct Said {
    waiting: VecDeque<(Frame, Class)>,
    /// Of what counts. The outbox has no more, for it lets go of nothing that its writer has not written.
    counted: usize,
    /// Of it, what the person has and the writer may not be done with.
    heard: usize,
    is_behind: bool,
}

pub(super) type SharedSaid = Rc<RefCell<Said>>;

const fn counts(class: Class) -> bool {
    match class {
        Class::Sync | Class::Awareness => true,
        Class::Answer | Class::CatchUp | Class::Rare => false,
    }
}

impl Said {
    /// A frame had no room in the outbox: from here on the seat misses what counts.
    pub(super) fn fall_behind(&mut self, frame: &Frame) {
        let is_full = self.counted + frame.len() > QUEUED_BYTES_MAX;
        assert!(self.is_behind || is_full, "left behind with room to spare");
        self.is_behind = true;
    }

    pub(super) fn say(&mut self, frame: &Frame, class: Class) {
        if class == Class::CatchUp {
            self.is_behind = false;
        }
        if self.is_behind && counts(class) {
            return;
        }
        if counts(class) {
            self.counted += frame.len();
        }
        let parts: Vec<_> = frame.parts().collect();
        let frames = wire::frames(&parts);
        self.waiting.extend(frames.map(|frame| (frame, class)));
    }

    /// The person has this frame: nothing that had to come first was left out, and it was meant for this seat.
    pub(super) fn hear(&mut self, frame: &Frame) {
        while let Some((expected, class)) = self.waiting.pop_front() {
            if counts(class) {
                self.heard += expected.len();
            }
            if expected == *frame {
                return;
            }
            assert!(class == Class::Awareness, "a seat is not sent what is said");
        }
        panic!("a seat is sent what is not said to it");
    }

    /// The server has said good-bye, after all else.
    pub(super) fn end(&self) {
        assert!(
            self.is_told(),
            "a seat is closed before it is sent all that was said"
        );
    }

    /// The writer has nothing in hand.
    pub(super) fn written(&mut self) {
        self.counted -= std::mem::take(&mut self.heard);
    }

    /// Whether nothing is left that must arrive. Who is behind waits for no more than that.
    pub(super) fn is_told(&self) -> bool {
        (self.waiting.iter()).all(|(_, class)| *class == Class::Awareness)
    }

    pub(super) const fn is_behind(&self) -> bool {
        self.is_behind
    }
}
