//! People: each a real Yjs document behind a real outbox, who draws, reads, and comes back.

use super::random::Random;
use crate::realtime::Permit;
use crate::realtime::awareness::SeatNo;
use crate::realtime::outbox::{Outbox, Taken};
use crate::realtime::room::Dialect;
use crate::realtime::wire;
use bytes::{Bytes, BytesMut};
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
    pub(super) being_written: Option<Taken>,
    /// Said, and not read by the server yet: so much is under way that it reads nothing.
    pub(super) unread: VecDeque<Bytes>,
    permits: Arc<Semaphore>,
    /// Was answered once: from then on it is sent nothing that builds on what it lacks.
    pub(super) is_level: bool,
    /// Sync frames that were sent, and how many of them the server called saved.
    pub(super) sent: Vec<Bytes>,
    pub(super) saved: usize,
}

impl Line {
    pub(super) fn new(node: usize, seat: SeatNo, opening: u64, outbox: Arc<Outbox>) -> Self {
        Self {
            node,
            seat,
            opening,
            outbox,
            being_written: None,
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
