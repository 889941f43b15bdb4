//! Keeping up with what others store in the same document: a room on another node, a request of the API.
//!
//! The store is the one order. A room knows a prefix of it without a gap, and as long as nobody else writes its own
//! appends extend that prefix and nothing is ever read. When an append is answered with another place than the next
//! one, or another node says that there is more, the room reads what it lacks. What it finds there is durable, so it is
//! shown like any durable update; what it had already (its own, or heard over the bus) it knows by its bytes.

use super::compacting::MARK_DURABLE;
use super::tail::Piece;
use super::{Appended, Effect, LoadFailed, Phase, Room};
use bytes::Bytes;
use easel_board::gate::{self, Limits, Summary};
use easel_storage::CommitIndex;
use std::time::Instant;

/// Updates of the store, in its order.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The first is the one after this.
    pub(crate) after_seq: u64,
    pub(crate) updates: Vec<Bytes>,
}

#[derive(Debug, Default)]
pub(super) struct Following {
    /// Every update up to here is in our document.
    known_seq: u64,
    /// The store holds at least so many.
    head_seq: u64,
    /// Where the store's order stood when it held them.
    index: CommitIndex,
    is_reading: bool,
    /// There was reason to read while a read was under way.
    reads_again: bool,
}

impl Following {
    pub(super) fn start_from(&mut self, head_seq: u64) {
        self.known_seq = head_seq;
        self.head_seq = head_seq;
    }

    pub(super) const fn known_seq(&self) -> u64 {
        self.known_seq
    }

    /// False while the store is known to hold what we lack.
    pub(super) const fn is_level(&self) -> bool {
        self.known_seq == self.head_seq
    }

    /// Takes note of an append of our own. True if it is the next after all we know, so that we know it too.
    pub(super) fn extend(&mut self, appended: Appended, updates: usize) -> bool {
        let is_next = appended.first_seq == self.known_seq + 1
            && appended.last_seq == self.known_seq + updates as u64;
        if is_next {
            self.known_seq = appended.last_seq;
        }
        self.note(appended.last_seq, appended.index);
        is_next
    }

    pub(super) fn note(&mut self, head_seq: u64, index: CommitIndex) {
        self.head_seq = self.head_seq.max(head_seq);
        self.index = self.index.max(index);
    }
}

impl Room {
    /// Asks the store for what follows all we know.
    pub(super) fn read_on(&mut self, effects: &mut Vec<Effect>) {
        if self.following.is_reading {
            self.following.reads_again = true;
            return;
        }
        self.following.is_reading = true;
        effects.push(Effect::ReadOn {
            after_seq: self.following.known_seq,
            index: self.following.index,
        });
    }

    pub(super) fn read_on_if_behind(&mut self, effects: &mut Vec<Effect>) {
        if !self.following.is_level() {
            self.read_on(effects);
        }
    }

    pub(super) fn stored(
        &mut self,
        now: Instant,
        result: Result<Stored, LoadFailed>,
        effects: &mut Vec<Effect>,
    ) {
        self.following.is_reading = false;
        // Out of touch it shows nothing, and reads when it is back.
        if !matches!(self.phase, Phase::Open(_)) || self.out_of_touch.is_some() {
            return;
        }
        let reads_again = std::mem::take(&mut self.following.reads_again);
        let Stored { after_seq, updates } = match result {
            Ok(stored) => stored,
            Err(LoadFailed::Gone) => {
                return self.end(super::close::GONE, "the board was deleted", effects);
            }
            // The next tick asks again.
            Err(LoadFailed::Other(_)) => return,
        };
        // Our own appends may have come to be known meanwhile.
        let skip = (self.following.known_seq - after_seq) as usize;
        let is_news = updates.len() > skip;
        for update in updates.into_iter().skip(skip) {
            if let Err(reason) = self.take_stored(update, effects) {
                return self.poison(&reason, effects);
            }
        }
        let (known_seq, index) = (self.following.known_seq, self.following.index);
        self.following.note(known_seq, index);
        if reads_again || (is_news && !self.following.is_level()) {
            self.read_on(effects);
        }
        if is_news {
            self.retry_held(now, effects);
            self.repair_later(now, effects);
            self.compact_if_long(now, effects);
        }
    }

    /// Takes in the update after all we know. What it leans on came before it, so it can be applied.
    fn take_stored(&mut self, update: Bytes, effects: &mut Vec<Effect>) -> Result<(), String> {
        self.following.known_seq += 1;
        if let Some(sharing) = &mut self.sharing {
            sharing.forget(&update);
        }
        let seq = self.following.known_seq;
        if self.tail.note_stored(&update, seq) {
            return Ok(());
        }
        let summary = gate::check_update(&update, &Limits::stored())
            .map_err(|refusal| format!("what is stored is not readable: {refusal}"))?;
        if !self.state.satisfies(&summary) {
            return Err("what is stored leans on what is not; the document is read anew".into());
        }
        let Phase::Open(live) = &mut self.phase else {
            return Ok(());
        };
        live.apply_trusted(&update)
            .map_err(|broken| format!("what is stored cannot be applied: {broken}"))?;
        // An edit of the server's own is found here before its append was answered.
        self.saving.note_shown(&update);
        let piece = Piece {
            seq,
            ..Piece::new(&update, MARK_DURABLE)
        };
        self.show(piece, &summary, effects);
        Ok(())
    }

    /// Shows everybody what the document holds by now.
    pub(super) fn show(&mut self, piece: Piece, summary: &Summary, effects: &mut Vec<Effect>) {
        self.state.advance(summary);
        self.just_added.extend_from_slice(&summary.provides);
        effects.push(Effect::Broadcast {
            except: None,
            frame: piece.frame.clone(),
            class: crate::realtime::outbox::Class::Sync,
            received: None,
        });
        self.tail.push(piece);
    }
}
