//! The whole document as frames, the way every newcomer is sent it: the stored body, then every update accepted since.

use super::compacting::{MARK_DURABLE, MARK_HEARD};
use crate::realtime::wire::{self, Frame};
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::ops::Range;

/// So many updates may be handed to a newcomer one by one; more are put together first.
const LOOSE_MAX: usize = 32;

/// One update; the frame's end is the update itself.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) frame: Frame,
    pub(super) len: usize,
    /// Durable once so many of the room's updates are.
    pub(super) ticket: u64,
    /// Its number in the store, as far as that matters: only with other nodes may the store's order be another.
    pub(super) seq: u64,
    /// Part of the fold that is under way.
    pub(super) is_folding: bool,
}

impl Piece {
    pub(super) fn new(update: &[u8], ticket: u64) -> Self {
        Self {
            frame: wire::update(update),
            len: update.len(),
            ticket,
            seq: 0,
            is_folding: false,
        }
    }

    /// For what is large or was not in a message: the update's memory becomes the frame's.
    pub(super) fn around(update: Bytes, ticket: u64) -> Self {
        Self {
            len: update.len(),
            frame: wire::update_around(update),
            ticket,
            seq: 0,
            is_folding: false,
        }
    }

    pub(super) fn update(&self) -> Bytes {
        self.frame.update_of(self.len)
    }
}

#[derive(Debug, Default)]
pub(super) struct Tail {
    body: Option<Piece>,
    pieces: VecDeque<Piece>,
    /// Of updates, in all pieces.
    bytes: usize,
    /// The frames of the first pieces, one behind the other in one buffer, and how many they are.
    merged: Bytes,
    merged_count: usize,
}

impl Tail {
    pub(super) fn start(&mut self, body: Option<Piece>, pieces: impl Iterator<Item = Piece>) {
        *self = Self {
            body,
            ..Self::default()
        };
        pieces.for_each(|piece| self.push(piece));
    }

    pub(super) fn push(&mut self, piece: Piece) {
        self.bytes += piece.len;
        self.pieces.push_back(piece);
    }

    pub(super) fn has_body(&self) -> bool {
        self.body.is_some()
    }

    pub(super) fn body_bytes(&self) -> usize {
        self.body.as_ref().map_or(0, |body| body.len)
    }

    pub(super) const fn tail_bytes(&self) -> usize {
        self.bytes
    }

    /// The body and all pieces.
    pub(super) fn whole(&self) -> Vec<Bytes> {
        let all = self.body.iter().chain(&self.pieces);
        all.map(Piece::update).collect()
    }

    /// Marks the pieces up to this ticket as being folded; gives what they fold with: the body, then them.
    pub(super) fn begin_fold(&mut self, durable: u64) -> Vec<Bytes> {
        for piece in &mut self.pieces {
            piece.is_folding = piece.ticket <= durable;
        }
        self.folding().map(Piece::update).collect()
    }

    /// The same in the order of the store.
    pub(super) fn begin_fold_in_store_order(&mut self, durable: u64) -> Vec<Bytes> {
        self.begin_fold(durable);
        let mut pieces: Vec<&Piece> = self.folding().collect();
        let first = usize::from(self.body.is_some());
        pieces[first..].sort_by_key(|piece| piece.seq);
        pieces.into_iter().map(Piece::update).collect()
    }

    fn folding(&self) -> impl Iterator<Item = &Piece> {
        let pieces = self.pieces.iter().filter(|piece| piece.is_folding);
        self.body.iter().chain(pieces)
    }

    /// The body's place is taken by one that holds all that was being folded as well.
    pub(super) fn finish_fold(&mut self, body: Piece) {
        self.pieces.retain(|piece| !piece.is_folding);
        self.bytes = self.pieces.iter().map(|piece| piece.len).sum();
        self.body = Some(body);
        self.merged = Bytes::new();
        self.merged_count = 0;
    }

    /// This update is in the store. False if it is none of those that we wait for.
    pub(super) fn note_stored(&mut self, update: &Bytes, seq: u64) -> bool {
        let Some(piece) = self.find(update, |piece| piece.ticket != MARK_DURABLE) else {
            return false;
        };
        (piece.ticket, piece.seq) = (MARK_DURABLE, seq);
        true
    }

    /// What is durable so far needs no number: it was stored in this order, before all that gets one.
    pub(super) fn settle_durable(&mut self, durable: u64) {
        for piece in &mut self.pieces {
            if piece.ticket <= durable {
                piece.ticket = MARK_DURABLE;
            }
        }
    }

    /// Our own appends with these tickets are stored from this number on.
    pub(super) fn number(&mut self, tickets: Range<u64>, first_seq: u64) {
        for piece in &mut self.pieces {
            if tickets.contains(&piece.ticket) {
                piece.seq = first_seq + (piece.ticket - tickets.start);
            }
        }
    }

    /// What was only heard is among our own appends from now on.
    pub(super) fn settle_heard(&mut self, update: &Bytes, ticket: u64) {
        if let Some(piece) = self.find(update, |piece| piece.ticket == MARK_HEARD) {
            piece.ticket = ticket;
        }
    }

    /// The newest with these bytes whose number is not known.
    fn find(&mut self, update: &Bytes, is_meant: impl Fn(&Piece) -> bool) -> Option<&mut Piece> {
        let is_this = |piece: &&mut Piece| {
            let is_like = piece.seq == 0 && piece.len == update.len();
            is_like && is_meant(piece) && piece.update() == *update
        };
        self.pieces.iter_mut().rev().find(is_this)
    }

    pub(super) fn has_durable(&self, durable: u64) -> bool {
        self.pieces.iter().any(|piece| piece.ticket <= durable)
    }

    /// What a newcomer is sent: few and large, however many updates there were. Frames may hold several messages.
    pub(super) fn frames(&mut self) -> impl Iterator<Item = Frame> {
        let body = self.body.as_ref().map(|body| body.frame.clone());
        body.into_iter().chain(self.frames_after_body())
    }

    /// The same for one who has the body.
    pub(super) fn frames_after_body(&mut self) -> impl Iterator<Item = Frame> {
        if self.pieces.len() - self.merged_count > LOOSE_MAX {
            self.merge();
        }
        let merged = (self.merged_count > 0).then(|| Frame::several(self.merged.clone()));
        let loose = self.pieces.iter().skip(self.merged_count);
        merged
            .into_iter()
            .chain(loose.map(|piece| piece.frame.clone()))
    }

    /// Puts all pieces into one buffer; they become parts of it, so that nothing is held twice.
    fn merge(&mut self) {
        let len = self.pieces.iter().map(|piece| piece.frame.len()).sum();
        let mut merged = BytesMut::with_capacity(len);
        for piece in &self.pieces {
            piece.frame.put_into(&mut merged);
        }
        self.merged = merged.freeze();
        self.merged_count = self.pieces.len();
        let mut rest = self.merged.clone();
        for piece in &mut self.pieces {
            piece.frame = Frame::several(rest.split_to(piece.frame.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LOOSE_MAX, Piece, Tail};
    use crate::realtime::wire;
    use bytes::Bytes;

    fn sent(tail: &mut Tail) -> Vec<wire::Frame> {
        let frames: Vec<_> = tail.frames().collect();
        assert!(frames.len() <= LOOSE_MAX + 2, "{} frames", frames.len());
        let parts: Vec<_> = frames.iter().flat_map(wire::Frame::parts).collect();
        wire::frames(&parts).collect()
    }

    #[test]
    fn a_newcomer_is_sent_everything_in_order_however_it_is_put_together() {
        let updates: Vec<Vec<u8>> = (0..200_u16)
            .map(|no| vec![no as u8; usize::from(no)])
            .collect();
        let mut tail = Tail::default();
        let body = Bytes::from(vec![7; 1_000]);
        tail.start(Some(Piece::around(body, 0)), std::iter::empty());
        for (no, update) in updates.iter().enumerate() {
            tail.push(Piece::new(update, no as u64 + 1));
            let mut expected = vec![wire::update(&[7; 1_000])];
            expected.extend(updates[..=no].iter().map(|update| wire::update(update)));
            assert!(sent(&mut tail) == expected, "after {no}");
        }
        let bytes: usize = updates.iter().map(Vec::len).sum();
        assert_eq!(tail.tail_bytes(), bytes);
        let stored = tail.begin_fold(50);
        assert_eq!(stored.len(), 51);
        assert_eq!(stored[50], updates[49]);
        assert_eq!(tail.begin_fold(150).len(), 151);
        tail.finish_fold(Piece::new(&[8; 10], 0));
        let mut expected = vec![wire::update(&[8; 10])];
        expected.extend(updates[150..].iter().map(|update| wire::update(update)));
        assert!(sent(&mut tail) == expected, "after folding");
        assert!(!tail.has_durable(150));
    }
}
