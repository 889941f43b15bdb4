//! Folding the tail into the body, so that a room opens and a newcomer joins without replaying the past.
//!
//! The new body is made from what is durable, by bytes, away from the room's task: the document, which holds more than
//! that, is not asked. The store moves the folded rows into the history; nothing is ever deleted here.

use super::joining::Piece;
use super::{Appended, CompactFailed, Compacted, Effect, Note, Room};
use std::time::{Duration, Instant};

/// A tail shorter than this is not worth folding while people draw.
const TAIL_BYTES_MIN: usize = 256 << 10;
/// After a failure (the store was busy, or somebody else folded first) it is left alone for so long.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// The ticket of what was durable before the room opened.
pub(super) const MARK_DURABLE: u64 = 0;

#[derive(Debug, Default)]
pub(super) struct Compacting {
    body_seq: u64,
    head_seq: u64,
    /// What is being folded: all pieces with a ticket up to this.
    running: Option<u64>,
    not_before: Option<Instant>,
}

impl Compacting {
    pub(super) fn start_from(&mut self, body_seq: u64, head_seq: u64) {
        self.body_seq = body_seq;
        self.head_seq = head_seq;
    }

    /// Takes note of an append of so many updates. False if somebody else appended in between, which our document
    /// lacks. An append that was tried twice is answered by the second try, as repeats; the head tells either way.
    pub(super) fn extend_head(&mut self, appended: Appended, updates: usize) -> bool {
        let is_next = appended.last_seq == self.head_seq + updates as u64;
        self.head_seq = appended.last_seq;
        is_next
    }

    pub(super) const fn is_running(&self) -> bool {
        self.running.is_some()
    }
}

impl Room {
    pub(super) fn compact_if_long(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let body = self.tail.body.as_ref().map_or(0, |body| body.len);
        let tail: usize = self.durable_pieces().map(|piece| piece.len).sum();
        if tail > TAIL_BYTES_MIN.max(body / 4) {
            self.compact_if_any(now, effects);
        }
    }

    /// Starts folding if there is anything to fold. Returns whether it did.
    pub(super) fn compact_if_any(&mut self, now: Instant, effects: &mut Vec<Effect>) -> bool {
        let is_too_soon = self
            .compacting
            .not_before
            .is_some_and(|not_before| now < not_before);
        if self.compacting.is_running() || is_too_soon || self.durable_pieces().next().is_none() {
            return false;
        }
        let stored = self
            .tail
            .body
            .iter()
            .chain(self.durable_pieces())
            .map(Piece::update)
            .collect();
        self.compacting.running = Some(self.saving.durable());
        effects.push(Effect::Compact {
            expected_body_seq: self.compacting.body_seq,
            upto_seq: self.compacting.head_seq,
            stored,
        });
        true
    }

    pub(super) fn compacted(
        &mut self,
        now: Instant,
        result: Result<Compacted, CompactFailed>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(folded) = self.compacting.running.take() else {
            return;
        };
        match result {
            Ok(Compacted { body_seq, body }) => {
                self.compacting.body_seq = body_seq;
                self.tail.pieces.retain(|piece| piece.ticket > folded);
                self.tail.body = Some(Piece::new(&body, MARK_DURABLE));
                effects.push(Effect::Note(Note::Compacted));
            }
            // Folded by a room before this one, or by us without our hearing of it. What that body holds is durable, so
            // all of it is in ours and in our pieces: the next fold may replace it.
            Err(CompactFailed::BodyMoved { body_seq }) => {
                self.compacting.body_seq = body_seq;
                self.compacting.not_before = Some(now + RETRY_AFTER);
            }
            Err(CompactFailed::Other) => self.compacting.not_before = Some(now + RETRY_AFTER),
        }
    }

    fn durable_pieces(&self) -> impl Iterator<Item = &Piece> {
        let durable = self.saving.durable();
        self.tail
            .pieces
            .iter()
            .filter(move |piece| piece.ticket <= durable)
    }
}
