//! Bringing somebody up to date: the first joiner, a late one, one who fell behind.
//!
//! A newcomer is sent the stored body as it is, then the updates since: nothing is encoded for it, and no document is
//! needed. Only one who knows most of it already is answered with a diff.

use super::compacting::MARK_DURABLE;
use super::live::state_vector;
use super::saving::{Accepted, Source};
use super::seat::{Dialect, Seat};
use super::tail::Piece;
use super::{Broken, Build, Effect, Live, LoadFailed, Loaded, NotWrote, Note, Phase, Room};
use crate::realtime::Who;
use crate::realtime::awareness::SeatNo;
use crate::realtime::outbox::Class;
use crate::realtime::wire::{self, Control};
use bytes::Bytes;
use easel_board::StateVector;
use easel_board::gate::{self, Limits};
use std::collections::VecDeque;
use std::time::Instant;

/// The version of this protocol, told in `hello`.
const PROTOCOL: u32 = 1;
/// The oldest client that may write.
const CLIENT_MIN: u32 = 1;
/// A Yjs client id is a whole number that JavaScript can hold.
const CLIENT_MASK: u64 = (1 << 53) - 1;

impl Room {
    pub(super) fn loaded(
        &mut self,
        now: Instant,
        result: Result<Loaded, LoadFailed>,
        effects: &mut Vec<Effect>,
    ) {
        let loaded = match result {
            Ok(loaded) => loaded,
            Err(LoadFailed::Gone) => {
                self.answer_all(&NotWrote::BoardGone, effects);
                return self.end(super::close::GONE, "the board was deleted", effects);
            }
            Err(LoadFailed::Other(reason)) => {
                return self.poison(
                    &format!("the document could not be read: {reason}"),
                    effects,
                );
            }
        };
        match state_vector(loaded.state_vector.as_deref(), &loaded.tail) {
            Ok(state) => self.state = state,
            Err(refusal) => {
                return self.poison(
                    &format!("what is stored is not readable: {refusal}"),
                    effects,
                );
            }
        }
        self.compacting.start_from(loaded.body_seq);
        self.following.start_from(loaded.head_seq);
        let durable = |update: Bytes| Piece::around(update, MARK_DURABLE);
        let pieces = loaded.tail.into_iter().map(durable);
        self.tail.start(loaded.body.map(durable), pieces);
        self.phase = Phase::Stored;
        if self.options.build == Build::AtOnce {
            self.need_document(effects);
        }
        self.doubt_authors(loaded.made, effects);
        let seats: Vec<SeatNo> = self.seats.keys().copied().collect();
        for seat in seats {
            self.greet(seat, effects);
        }
        self.handle_waiting(now, effects);
        self.carry_out_waiting(now, effects);
    }

    /// Starts building the document if nobody has needed it before.
    pub(super) fn need_document(&mut self, effects: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Stored) {
            self.phase = Phase::Building;
            effects.push(Effect::Build {
                client: self.options.id & CLIENT_MASK,
                stored: self.tail.whole(),
            });
        }
    }

    /// What still cannot be handled waits again.
    pub(super) fn handle_waiting(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        for waiting in std::mem::take(&mut self.waiting) {
            self.message(now, waiting, effects);
        }
    }

    pub(super) fn built(
        &mut self,
        now: Instant,
        result: Result<Live, Broken>,
        effects: &mut Vec<Effect>,
    ) {
        if !matches!(self.phase, Phase::Building) {
            return;
        }
        match result {
            Ok(live) => self.phase = Phase::Open(Box::new(live)),
            Err(broken) => {
                return self.poison(
                    &format!("the document could not be built: {broken}"),
                    effects,
                );
            }
        }
        self.settle_authors(effects);
        self.start_sharing(effects);
        self.repair(now, effects);
        self.handle_waiting(now, effects);
        self.carry_out_waiting(now, effects);
    }

    pub(super) fn join(
        &mut self,
        now: Instant,
        seat: SeatNo,
        (dialect, id, who): (Dialect, u64, Who),
        effects: &mut Vec<Effect>,
    ) {
        if matches!(self.phase, Phase::Ended) {
            return effects.push(Effect::Close {
                seat,
                code: super::close::DRAINING,
                reason: "the room is closing; come back in a moment".into(),
            });
        }
        self.next_seat = seat + 1;
        self.empty_since = None;
        let role = Who::role_word(who.role);
        self.seats.insert(seat, Seat::new(dialect, id, who, now));
        if dialect == Dialect::Easel {
            let hello = Control::Hello {
                v: PROTOCOL,
                app: env!("CARGO_PKG_VERSION"),
                schema: easel_board::schema::VERSION,
                min_client: CLIENT_MIN,
                doc: &self.options.name,
                role,
                seat,
            };
            effects.push(Effect::Send {
                seat,
                frame: wire::control(&hello),
                class: Class::Rare,
            });
            let neighbours = self.options.neighbours.known();
            if !neighbours.urls.is_empty() {
                let urls = &neighbours.urls;
                effects.push(Effect::Send {
                    seat,
                    frame: wire::control(&Control::Nodes { urls }),
                    class: Class::Rare,
                });
            }
            if self.out_of_touch.is_some() {
                effects.push(Effect::Send {
                    seat,
                    frame: wire::control(&Control::OutOfTouch),
                    class: Class::Rare,
                });
            }
        }
        match self.phase {
            Phase::Loading => {}
            Phase::Stored | Phase::Building | Phase::Open(_) => self.greet(seat, effects),
            Phase::Ended => {}
        }
    }

    /// Asks what the newcomer has that we lack, and tells it who is here.
    fn greet(&self, seat: SeatNo, effects: &mut Vec<Effect>) {
        effects.push(Effect::Send {
            seat,
            frame: wire::step_1(&self.state.encode()),
            class: Class::Rare,
        });
        if let Some(frame) = self.awareness.everybody() {
            effects.push(Effect::Send {
                seat,
                frame,
                class: Class::Rare,
            });
        }
    }

    /// Answers a step 1. False if that must wait for the document.
    pub(super) fn answer(
        &mut self,
        seat: SeatNo,
        theirs: &StateVector,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let Some(of) = self.seats.get_mut(&seat) else {
            return true;
        };
        if of.behind.is_some() {
            of.behind = Some(theirs.clone());
            return true;
        }
        if of.is_answering {
            of.asked = Some(theirs.clone());
            return true;
        }
        // A state vector says nothing of deletions, so only its word tells that it has those of the body too.
        if let Some(body_seq) = of.has_body.take()
            && body_seq == self.compacting.body_seq()
            && self.tail.has_body()
        {
            self.send_tail(seat, effects);
            return true;
        }
        let lacking = self.state.missing_from(theirs);
        let whole = self.state.missing_from(&StateVector::default());
        // An edit of the server's is in the document before it is durable, and must not be shown before.
        if lacking * 2 >= whole || self.saving.has_server_edit() {
            self.send_all(seat, Class::Answer, effects);
            return true;
        }
        match self.diff(theirs) {
            Some(Ok(diff)) => self.send_diff(seat, &diff, Class::Answer, effects),
            Some(Err(broken)) => self.poison(&broken.to_string(), effects),
            None => return false,
        }
        true
    }

    /// The seat's last answer is written. Whoever asks faster than it reads is answered as fast as it reads.
    pub(super) fn answered(&mut self, seat: SeatNo, effects: &mut Vec<Effect>) {
        let Some(of) = self.seats.get_mut(&seat) else {
            return;
        };
        of.is_answering = false;
        if of.behind.is_none()
            && let Some(theirs) = of.asked.take()
            && !self.answer(seat, &theirs, effects)
        {
            // The document does not stand yet; all of it can be sent without.
            self.send_all(seat, Class::Answer, effects);
        }
    }

    fn send_diff(&mut self, seat: SeatNo, diff: &[u8], class: Class, effects: &mut Vec<Effect>) {
        self.note_answering(seat);
        effects.push(Effect::Send {
            seat,
            frame: wire::step_2(diff),
            class,
        });
    }

    fn note_answering(&mut self, seat: SeatNo) {
        if let Some(of) = self.seats.get_mut(&seat) {
            of.is_answering = true;
        }
    }

    /// The body, the tail, and the step 2 that tells the client it has everything.
    fn send_all(&mut self, seat: SeatNo, class: Class, effects: &mut Vec<Effect>) {
        self.note_answering(seat);
        let frames = self.tail.frames();
        effects.extend(frames.map(|frame| Effect::Send { seat, frame, class }));
        effects.push(Effect::Send {
            seat,
            frame: wire::step_2(wire::EMPTY_UPDATE),
            class,
        });
    }

    /// The same for one who has the body.
    fn send_tail(&mut self, seat: SeatNo, effects: &mut Vec<Effect>) {
        let class = Class::Answer;
        self.note_answering(seat);
        let frames = self.tail.frames_after_body();
        effects.extend(frames.map(|frame| Effect::Send { seat, frame, class }));
        effects.push(Effect::Send {
            seat,
            frame: wire::step_2(wire::EMPTY_UPDATE),
            class,
        });
    }

    fn diff(&self, theirs: &StateVector) -> Option<Result<Vec<u8>, Broken>> {
        match &self.phase {
            Phase::Open(live) => Some(live.diff(&theirs.encode())),
            Phase::Loading | Phase::Stored | Phase::Building | Phase::Ended => None,
        }
    }

    /// A frame was dropped. What the client surely had before it: everything but what this event added.
    pub(super) fn behind(&mut self, seat: SeatNo, effects: &mut Vec<Effect>) {
        let Some(of) = self.seats.get_mut(&seat) else {
            return;
        };
        if of.behind.is_none() {
            let mut had = self.state.clone();
            for range in &self.just_added {
                had.lower(range.client, range.start);
            }
            // It asked with less than we believe it has: then that is what it surely has.
            of.behind = Some(of.asked.take().unwrap_or(had));
            of.retell();
            effects.push(Effect::Note(Note::Resynced("behind")));
        }
    }

    pub(super) fn drained(&mut self, seat: SeatNo, effects: &mut Vec<Effect>) {
        let Some(had) = self.seats.get_mut(&seat).and_then(|of| of.behind.take()) else {
            return;
        };
        // As a step 2: a client that asked while it was behind waits for one.
        if self.saving.has_server_edit() {
            self.send_all(seat, Class::CatchUp, effects);
        } else {
            match self.diff(&had) {
                Some(Ok(diff)) => self.send_diff(seat, &diff, Class::CatchUp, effects),
                Some(Err(broken)) => return self.poison(&broken.to_string(), effects),
                None => self.send_all(seat, Class::CatchUp, effects),
            }
        }
        self.owe_saved();
        if let Some(frame) = self.awareness.everybody() {
            effects.push(Effect::Send {
                seat,
                frame,
                class: Class::Awareness,
            });
        }
    }

    /// What became durable just now: edits of the server's are shown from here on.
    pub(super) fn show_server_edits(
        &mut self,
        durable: &VecDeque<Accepted>,
        effects: &mut Vec<Effect>,
    ) {
        for accepted in durable {
            let Source::Server(_, _, frame) = &accepted.source else {
                continue;
            };
            let piece = Piece {
                frame: frame.clone(),
                len: accepted.update.len(),
                ticket: accepted.ticket,
                seq: 0,
                is_folding: false,
            };
            match gate::check_update(&accepted.update, &Limits::stored()) {
                Ok(summary) => self.show(piece, &summary, effects),
                Err(refusal) => {
                    let reason = format!("an edit of the server's is not readable: {refusal}");
                    return self.poison(&reason, effects);
                }
            }
        }
    }
}
