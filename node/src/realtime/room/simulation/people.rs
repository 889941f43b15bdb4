//! People: each a real Yjs document behind a real outbox, who draws, reads, and comes back.

use super::random::Random;
use super::said::SharedSaid;
use crate::realtime::Permit;
use crate::realtime::awareness::SeatNo;
use crate::realtime::direct::Pipe;
use crate::realtime::outbox::{Outbox, Written};
use crate::realtime::room::Dialect;
use crate::realtime::wire::{self, Frame};
use bytes::{Buf, Bytes, BytesMut};
use easel_board::StateVector;
use easel_board::gate::{self, Limits};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Semaphore;
use yrs::{Any, Doc, Map, MapPrelim, Out, ReadTxn, Text, TextPrelim, Transact};

/// What one connection may have under way in its room, as the socket holds it; smaller, so that it is reached.
const UNDER_WAY_BYTES_MAX: usize = 1 << 20;

pub(super) struct Person {
    pub(super) doc: Doc,
    pub(super) dialect: Dialect,
    pub(super) line: Option<Line>,
    /// Made and not sent yet; sent in any order, as two tabs of one browser may.
    pub(super) unsent: Vec<Bytes>,
    pub(super) reads: bool,
    /// Came before it could be applied, as Yjs keeps such by itself. yrs does too, but fails when garbage fills a gap.
    pub(super) early: Vec<Bytes>,
    clock: u32,
}

/// A connection as its person sees it.
pub(super) struct Line {
    pub(super) node: usize,
    pub(super) seat: SeatNo,
    /// The opening of the room that it leads into; what is sent to an earlier one reaches nobody.
    pub(super) opening: u64,
    pub(super) outbox: Arc<Outbox>,
    /// What the server has to say to it.
    pub(super) said: SharedSaid,
    pipe: Arc<Pipe>,
    being_written: VecDeque<Bytes>,
    /// The writer has taken something and not said that it is written.
    is_taken: bool,
    /// The beginning of a frame.
    came: BytesMut,
    /// Said, and not read by the server yet: so much is under way that it reads nothing.
    pub(super) unread: VecDeque<Bytes>,
    permits: Arc<Semaphore>,
    /// Was answered once: from then on it is sent nothing that builds on what it lacks.
    pub(super) is_level: bool,
    /// Sync frames that were sent, and how many of them the server called saved.
    pub(super) sent: Vec<Bytes>,
    pub(super) saved: usize,
}

/// Where a line leads.
pub(super) struct Place {
    pub(super) node: usize,
    pub(super) seat: SeatNo,
    pub(super) opening: u64,
}

impl Line {
    pub(super) fn new(
        place: Place,
        outbox: Arc<Outbox>,
        said: SharedSaid,
        pipe: Arc<Pipe>,
    ) -> Self {
        Self {
            node: place.node,
            seat: place.seat,
            opening: place.opening,
            outbox,
            said,
            pipe,
            being_written: VecDeque::new(),
            is_taken: false,
            came: BytesMut::new(),
            unread: VecDeque::new(),
            permits: Arc::new(Semaphore::new(UNDER_WAY_BYTES_MAX)),
            is_level: false,
            sent: Vec::new(),
            saved: 0,
        }
    }

    /// The next message that the server reads, if it does.
    pub(super) fn read(&mut self) -> Option<(Bytes, Permit)> {
        let bytes = self.unread.front()?.len().clamp(64, UNDER_WAY_BYTES_MAX) as u32;
        let permit = self.permits.clone().try_acquire_many_owned(bytes).ok()?;
        Some((self.unread.pop_front()?, Permit::of(permit)))
    }

    /// A turn of the connection's writer; tells what it says when all it took is written.
    pub(super) fn write(&mut self) -> Option<Written> {
        if !self.is_taken {
            if !self.outbox.is_waiting() {
                return None;
            }
            self.being_written = self.outbox.take().parts.into();
            self.is_taken = true;
        }
        while let Some(part) = self.being_written.front_mut() {
            part.advance(self.pipe.write(part));
            if !part.is_empty() {
                return None;
            }
            self.being_written.pop_front();
        }
        self.is_taken = false;
        Some(self.outbox.written())
    }

    /// What reached the person, as far as frames are whole.
    pub(super) fn frames(&mut self) -> Vec<Frame> {
        self.came.extend_from_slice(&self.pipe.read());
        let frames: Vec<Frame> = std::iter::from_fn(|| self.next_frame()).collect();
        let mut said = self.said.borrow_mut();
        for frame in &frames {
            match frame.is_close() {
                true => said.end(),
                false => said.hear(frame),
            }
        }
        if !self.is_taken {
            said.written();
        }
        frames
    }

    fn next_frame(&mut self) -> Option<Frame> {
        let head = match *self.came.get(1)? {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        let digits = self.came.get(2..head)?;
        let number = digits
            .iter()
            .fold(0, |n, digit| n << 8 | usize::from(*digit));
        let len = if head == 2 {
            usize::from(self.came[1])
        } else {
            number
        };
        (self.came.len() >= head + len).then(|| {
            let whole = self.came.split_to(head + len).freeze();
            wire::frames(std::slice::from_ref(&whole))
                .next()
                .expect("one frame")
        })
    }

    /// Nothing is on its way to the person.
    pub(super) fn is_quiet(&self) -> bool {
        !self.is_taken && !self.outbox.is_waiting() && self.pipe.is_empty() && self.came.is_empty()
    }

    /// All that must arrive has.
    pub(super) fn is_told(&self) -> bool {
        let said = self.said.borrow();
        said.is_told() && !said.is_behind()
    }
}

impl Person {
    pub(super) fn new(number: usize) -> Self {
        Self {
            doc: Doc::with_client_id(super::checks::PEOPLE_IDS.start + number as u64),
            dialect: [Dialect::Easel, Dialect::Yjs][number % 2],
            line: None,
            unsent: Vec::new(),
            reads: true,
            early: Vec::new(),
            clock: 0,
        }
    }

    /// Reads an update.
    pub(super) fn take_in(&mut self, update: Bytes) {
        let is_level = self.line.as_ref().is_some_and(|line| line.is_level);
        self.early.push(update);
        while let Some(at) = self.early.iter().position(|update| self.is_ready(update)) {
            super::checks::take_in(&self.doc, &self.early.remove(at));
        }
        assert!(
            !is_level || self.early.is_empty(),
            "sent what builds on what it lacks"
        );
    }

    fn is_ready(&self, update: &Bytes) -> bool {
        let summary = gate::check_update(update, &Limits::stored()).expect("it passed the gate");
        StateVector::from(&self.doc.transact().state_vector()).satisfies(&summary)
    }

    /// Moves the cursor: a message of the awareness protocol.
    pub(super) fn point(&mut self) -> Bytes {
        self.clock += 1;
        let mut entries = BytesMut::new();
        wire::put_uint(&mut entries, 1);
        wire::put_uint(&mut entries, self.doc.client_id().get());
        wire::put_uint(&mut entries, u64::from(self.clock));
        wire::put_bytes(&mut entries, format!("{{\"x\":{}}}", self.clock).as_bytes());
        wire::awareness(&entries).payload()
    }

    pub(super) fn edit(&self, random: &mut Random, may_be_large: bool) -> Option<Bytes> {
        let (choice, key) = (random.below(10), format!("el_{}", random.below(6)));
        let number = random.below(1_000);
        let large = may_be_large && random.percent(10);
        let root = self.doc.get_or_insert_map("elements");
        let text = self.doc.get_or_insert_text("text");
        let mut txn = self.doc.transact_mut();
        match choice {
            // On a board most of these are wrong, so that the server has something to mend.
            0..4 => {
                let size = if large { 400 << 10 } else { number % 50 };
                let element = root.insert(&mut txn, key, MapPrelim::default());
                // One by one: members given together are written in an order of chance.
                let type_name = ["sticky", "shape", "what"][number % 3];
                element.insert(&mut txn, "type", Any::from(type_name));
                element.insert(&mut txn, "note", Any::from("x".repeat(size)));
                element.insert(&mut txn, "box", Any::from(number as f64));
            }
            4..6 => {
                root.remove(&mut txn, &key);
            }
            6 | 7 => {
                let Some(Out::YMap(element)) = root.get(&txn, &key) else {
                    return None;
                };
                if choice == 6 {
                    element.insert(&mut txn, "parent", format!("el_{}", number % 6));
                } else {
                    element.insert(&mut txn, "text", TextPrelim::new("hello"));
                }
            }
            8 => {
                let at = number as u32 % (text.len(&txn) + 1);
                text.insert(&mut txn, at, "abc");
            }
            _ => {
                let len = text.len(&txn);
                if len > 2 {
                    text.remove_range(&mut txn, number as u32 % (len - 1), 2);
                }
            }
        }
        let update = txn.encode_update_v1();
        (update != wire::EMPTY_UPDATE).then(|| update.into())
    }
}
