//! Folding the tail into the body, so that a room opens and a newcomer joins without replaying the past.
//!
//! The new body is made from what is durable, by bytes, away from the room's task: the document, which holds more than
//! that, is not asked. The store moves the folded rows into the history; nothing is ever deleted here.

use super::tail::Piece;
use super::{CompactFailed, Compacted, Effect, Note, Room};
use easel_storage::Payload;
use std::time::{Duration, Instant};

/// A tail shorter than this is not worth folding while people draw.
const TAIL_BYTES_MIN: usize = 256 << 10;
/// After a failure (the store was busy, or somebody else folded first) it is left alone for so long.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// The ticket of what was durable before the room opened.
pub(super) const MARK_DURABLE: u64 = 0;
/// The ticket of what another node's room said and that we do not append ourselves: not durable until we see it stored.
pub(super) const MARK_HEARD: u64 = u64::MAX;

#[derive(Debug, Default)]
pub(super) struct Compacting {
    body_seq: u64,
    /// A fold is under way: of the pieces that are marked so.
    is_running: bool,
    not_before: Option<Instant>,
}

impl Compacting {
    pub(super) fn start_from(&mut self, body_seq: u64) {
        self.body_seq = body_seq;
    }

    /// The number of the stored body; 0 if there is none.
    pub(super) const fn body_seq(&self) -> u64 {
        self.body_seq
    }

    pub(super) const fn is_running(&self) -> bool {
        self.is_running
    }
}

/// A body that lies apart stays on the disks for a day after another took its place, so a stroke is no reason for that: of a
/// day's strokes no more than some sixty times their bytes are kept.
const fn is_worth_another_body(body_bytes: usize, tail_bytes: usize) -> bool {
    body_bytes <= Payload::INLINE_BYTES_MAX || tail_bytes > body_bytes / 64
}

impl Room {
    pub(super) fn compact_if_long(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.tail.tail_bytes() > TAIL_BYTES_MIN.max(self.tail.body_bytes() / 4) {
            self.compact_if_any(now, effects);
        }
    }

    /// For a room that nobody is in any more. Returns whether it is to wait for a fold.
    pub(super) fn compact_before_the_end(
        &mut self,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let (body, tail) = (self.tail.body_bytes(), self.tail.tail_bytes());
        is_worth_another_body(body, tail) && self.compact_if_any(now, effects)
    }

    /// Starts folding if there is anything to fold. Returns whether it did.
    pub(super) fn compact_if_any(&mut self, now: Instant, effects: &mut Vec<Effect>) -> bool {
        let is_too_soon = self
            .compacting
            .not_before
            .is_some_and(|not_before| now < not_before);
        let durable = self.saving.durable();
        // Not before we know the store's order without a gap: the new body must hold all of it up to a number.
        if self.compacting.is_running()
            || is_too_soon
            || !self.following.is_level()
            || !self.tail.has_durable(durable)
        {
            return false;
        }
        // We may have heard of things in another order, and what one of them leaned on may have been stored as part of
        // something else. The store's order is right by itself.
        let stored = if self.sharing.is_some() {
            self.tail.begin_fold_in_store_order(durable)
        } else {
            self.tail.begin_fold(durable)
        };
        self.compacting.is_running = true;
        effects.push(Effect::Compact {
            expected_body_seq: self.compacting.body_seq,
            upto_seq: self.following.known_seq(),
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
        if !std::mem::take(&mut self.compacting.is_running) {
            return;
        }
        match result {
            Ok(Compacted { body_seq, body }) => {
                self.compacting.body_seq = body_seq;
                self.tail.finish_fold(Piece::around(body, MARK_DURABLE));
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
}

#[cfg(test)]
mod tests {
    use super::is_worth_another_body;

    #[test]
    fn a_short_body_is_always_replaced_and_a_long_one_when_it_pays() {
        const MIB: usize = 1 << 20;
        for (body, tail, is_worth_it) in [
            (0, 1, true),
            (MIB / 2, 1, true),
            (MIB / 2 + 1, 100, false),
            (MIB, MIB / 64, false),
            (MIB, MIB / 64 + 1, true),
            (10 * MIB, MIB / 8, false),
            (10 * MIB, MIB, true),
        ] {
            assert_eq!(
                is_worth_another_body(body, tail),
                is_worth_it,
                "{body} {tail}"
            );
        }
    }
}
