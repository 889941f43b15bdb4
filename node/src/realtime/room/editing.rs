//! What comes in from a seat: the gate, the wait for what an update builds on, the document, the others.

use super::saving::Source;
use super::seat::Held;
use super::tail::Piece;
use super::{
    AppendFailed, Appended, Effect, HELD_BYTES_MAX, HELD_FOR, Note, Phase, Room, SILENT_AFTER,
    Waiting, close,
};
use crate::realtime::Permit;
use crate::realtime::awareness::SeatNo;
use crate::realtime::bus::What;
use crate::realtime::outbox::Class;
use crate::realtime::wire::{self, Incoming};
use bytes::Bytes;
use easel_board::StateVector;
use easel_board::gate::{self, Summary};
use easel_storage::{Actor, Origin};
use std::time::{Duration, Instant};

/// Whoever says where they point at twice in so short a time is about to draw.
const LIVELY: Duration = Duration::from_secs(3);

/// An update that passed the gate, and the frame that it came as.
struct Arrived {
    seat: SeatNo,
    frame: u64,
    update: Bytes,
    summary: Summary,
    received: Instant,
    permit: Permit,
}

impl Room {
    pub(super) fn message(&mut self, now: Instant, waiting: Waiting, effects: &mut Vec<Effect>) {
        let Some(seat) = self.seats.get_mut(&waiting.seat) else {
            return;
        };
        let is_lively = now.duration_since(seat.heard) < LIVELY;
        seat.heard = now;
        if self.out_of_touch.is_some() && wire::is_staying(&waiting.message) {
            seat.stays = true;
            return;
        }
        if matches!(self.phase, Phase::Loading) || self.out_of_touch.is_some() {
            return self.waiting.push_back(waiting);
        }
        match wire::decode(&waiting.message) {
            Ok(Incoming::Step1(state_vector)) => self.step_1(now, waiting, &state_vector, effects),
            Ok(Incoming::Step2(update) | Incoming::Update(update)) => {
                self.update(now, waiting, update, effects)
            }
            Ok(Incoming::Awareness(entries)) => {
                if is_lively && seat.has_moved {
                    self.need_document(effects);
                } else {
                    seat.has_moved = true;
                }
                self.take_awareness(now, waiting.seat, &entries, effects)
            }
            Ok(Incoming::QueryAwareness) => {
                if let Some(frame) = self.awareness.everybody() {
                    effects.push(Effect::Send {
                        seat: waiting.seat,
                        frame,
                        class: Class::Awareness,
                    });
                }
            }
            Ok(Incoming::HasBody(seq)) => seat.has_body = Some(seq),
            Ok(Incoming::Nothing) => {}
            Err(malformed) => self.refuse(
                now,
                waiting.seat,
                malformed.code(),
                malformed.to_string(),
                effects,
            ),
        }
    }

    fn step_1(
        &mut self,
        now: Instant,
        waiting: Waiting,
        state_vector: &Bytes,
        effects: &mut Vec<Effect>,
    ) {
        match gate::check_state_vector(state_vector, &self.options.limits) {
            Ok(theirs) => {
                if !self.answer(waiting.seat, &theirs, effects) {
                    self.need_document(effects);
                    self.waiting.push_back(waiting);
                }
            }
            Err(refusal) => self.refuse(
                now,
                waiting.seat,
                refusal.code(),
                refusal.to_string(),
                effects,
            ),
        }
    }

    fn take_awareness(
        &mut self,
        now: Instant,
        seat: SeatNo,
        entries: &Bytes,
        effects: &mut Vec<Effect>,
    ) {
        let seats = &self.seats;
        let is_silent = |other| {
            seats
                .get(&other)
                .is_none_or(|of| now.duration_since(of.heard) > SILENT_AFTER)
        };
        let shown = seats.get(&seat).and_then(|of| of.who.shown.clone());
        let shown = shown.as_deref();
        match self.awareness.accept(seat, shown, entries, is_silent) {
            Ok(None) => {}
            Ok(Some(frame)) => {
                self.publish_awareness(&frame, effects);
                effects.push(Effect::Broadcast {
                    except: Some(seat),
                    frame,
                    class: Class::Awareness,
                    received: None,
                });
                self.tell_along(now, seat, effects);
            }
            Err(malformed) => {
                self.refuse(now, seat, malformed.code(), malformed.to_string(), effects)
            }
        }
    }

    fn update(&mut self, now: Instant, waiting: Waiting, update: Bytes, effects: &mut Vec<Effect>) {
        if self.draining.is_some() {
            // Not counted, so its client knows that it is not saved and brings it back.
            return;
        }
        // Nothing overtakes what waits: a seat's frames are counted in their order.
        let is_open = matches!(self.phase, Phase::Open(_));
        if !is_open && (update[..] != *wire::EMPTY_UPDATE || !self.waiting.is_empty()) {
            self.need_document(effects);
            return self.waiting.push_back(waiting);
        }
        let Waiting {
            seat,
            received,
            permit,
            ..
        } = waiting;
        let summary = match gate::check_update(&update, &self.options.limits) {
            Ok(summary) => summary,
            Err(refusal) => {
                return self.refuse(now, seat, refusal.code(), refusal.to_string(), effects);
            }
        };
        let Some(of) = self.seats.get_mut(&seat) else {
            return;
        };
        let frame = of.count_frame();
        if summary.is_nothing() {
            return self.nothing_new(now, seat, frame);
        }
        if !of.who.may_edit() {
            let reason = "you may look at this board, not change it".to_owned();
            return self.refuse(now, seat, "read-only", reason, effects);
        }
        let arrived = Arrived {
            seat,
            frame,
            update,
            summary,
            received,
            permit,
        };
        if let Some(lacks) = lacking(&self.state, &arrived.summary) {
            return self.hold(now, arrived, lacks, effects);
        }
        self.accept(now, arrived, effects);
        self.retry_held(now, effects);
    }

    /// The frame holds nothing that we lack, so it is saved as soon as all that we have is.
    fn nothing_new(&mut self, now: Instant, seat: SeatNo, frame: u64) {
        self.adopt_heard(now);
        let newest = self.saving.newest_ticket();
        if let Some(of) = self.seats.get_mut(&seat) {
            of.settle_with(frame, newest);
        }
        self.owe_saved();
    }

    fn accept(&mut self, now: Instant, arrived: Arrived, effects: &mut Vec<Effect>) {
        let Arrived {
            seat,
            frame,
            update,
            summary,
            received,
            permit,
        } = arrived;
        let Phase::Open(live) = &mut self.phase else {
            return;
        };
        if let Err(refusal) = live.admit(&update, &self.options.limits) {
            return self.refuse(now, seat, refusal.code(), refusal.to_string(), effects);
        }
        match live.apply(&update) {
            Ok(true) => {}
            Ok(false) => return self.nothing_new(now, seat, frame),
            Err(broken) => {
                self.refuse(now, seat, "bad-update", broken.to_string(), effects);
                return self.poison(
                    "an update could not be applied; the document is read anew",
                    effects,
                );
            }
        }
        self.stand_on(now, &summary.needs);
        self.state.advance(&summary);
        self.just_added.extend_from_slice(&summary.provides);
        let Some(of) = self.seats.get_mut(&seat) else {
            return;
        };
        of.appended += 1;
        let origin = Origin {
            seat: of.id,
            number: of.appended,
        };
        let (actor, shown) = (of.who.actor, of.who.shown.clone());
        let ticket = self.saving.newest_ticket() + 1;
        let piece = Piece::new(&update, ticket);
        of.settle_with(
            frame,
            self.saving.push(
                piece.update(),
                Source::Person(origin, actor),
                received,
                permit,
            ),
        );
        effects.push(Effect::Broadcast {
            except: Some(seat),
            frame: piece.frame.clone(),
            class: Class::Sync,
            received: Some(received),
        });
        self.tell_along(now, seat, effects);
        if self.sharing.is_some() {
            let update = piece.update();
            self.publish(What::Update { origin, update }, effects);
        }
        self.tail.push(piece);
        self.note_edited(now, (actor, shown.as_deref()), effects);
        self.repair_after(now, shown.as_deref(), effects);
    }

    /// Mends what the last update broke, as an edit of the server's own: appended first, shown when durable.
    pub(super) fn repair(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let Phase::Open(live) = &mut self.phase else {
            return;
        };
        match live.repair() {
            Ok(update) => self.push_mended(now, update, effects),
            Err(broken) => self.poison(&format!("a repair failed: {broken}"), effects),
        }
    }

    pub(super) fn push_mended(
        &mut self,
        now: Instant,
        update: Option<Vec<u8>>,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(update) = update {
            effects.push(Effect::Note(Note::Repaired));
            self.push_server_edit(now, &update, Actor::System, None);
        }
    }

    /// What the update builds on has not come yet. That is legal: two tabs of one person relay to each other.
    fn hold(
        &mut self,
        now: Instant,
        arrived: Arrived,
        lacks: (u64, u64),
        effects: &mut Vec<Effect>,
    ) {
        let Arrived {
            seat,
            frame,
            update,
            summary,
            received,
            permit: _,
        } = arrived;
        let Some(of) = self.seats.get_mut(&seat) else {
            return;
        };
        of.held_bytes += Held::bytes(update.len());
        if of.held_bytes > HELD_BYTES_MAX {
            let reason = "too much waits for updates that did not come".to_owned();
            return self.close_seat(now, seat, close::OVERLOAD, reason, effects);
        }
        self.holding += 1;
        let is_first = of.held.is_empty();
        of.held.push(Held {
            frame,
            // A copy: the slice would keep the buffer that it came in, which the permit paid for.
            update: Bytes::copy_from_slice(&update),
            summary,
            lacks,
            received,
        });
        if is_first {
            effects.push(Effect::Send {
                seat,
                frame: wire::step_1(&self.state.encode()),
                class: Class::Sync,
            });
            effects.push(Effect::Note(Note::Resynced("pending")));
        }
    }

    /// Takes in everything that was held and whose ground has come by now, from seats and from other nodes.
    pub(super) fn retry_held(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        loop {
            while self.holding > 0
                && let Some(arrived) = self.take_ready_held()
            {
                self.accept(now, arrived, effects);
            }
            if !self.show_ready_heard(now, effects) {
                return;
            }
        }
    }

    fn take_ready_held(&mut self) -> Option<Arrived> {
        for (seat, of) in &mut self.seats {
            // Made a viewer since: what waits is not taken any more, and runs out.
            if !of.who.may_edit() {
                continue;
            }
            let is_ready = |held: &mut Held| {
                let (client, end) = held.lacks;
                if self.state.get(client) < end {
                    return false;
                }
                match lacking(&self.state, &held.summary) {
                    Some(lacks) => {
                        held.lacks = lacks;
                        false
                    }
                    None => true,
                }
            };
            let Some(at) = of.held.iter_mut().position(is_ready) else {
                continue;
            };
            let Held {
                frame,
                update,
                summary,
                received,
                ..
            } = of.held.remove(at);
            of.held_bytes -= Held::bytes(update.len());
            self.holding -= 1;
            return Some(Arrived {
                seat: *seat,
                frame,
                update,
                summary,
                received,
                permit: Permit::none(),
            });
        }
        None
    }

    pub(super) fn give_up_on_held(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let is_late = |held: &Held| now.duration_since(held.received) >= HELD_FOR;
        let late: Vec<SeatNo> = self
            .seats
            .iter()
            .filter(|(_, of)| of.held.iter().any(is_late))
            .map(|(no, _)| *no)
            .collect();
        for seat in late {
            let reason = "updates came whose ground is missing; come back and sync".to_owned();
            self.close_seat(now, seat, close::OVERLOAD, reason, effects);
        }
    }

    pub(super) fn appended(
        &mut self,
        now: Instant,
        result: Result<Appended, AppendFailed>,
        effects: &mut Vec<Effect>,
    ) {
        if matches!(self.phase, Phase::Ended) {
            self.saving.failed();
            return self.finish_ended(effects);
        }
        match result {
            Ok(appended) => {
                let durable = self.saving.appended();
                let strokes = durable
                    .iter()
                    .filter(|accepted| matches!(accepted.source, Source::Person(..)));
                for accepted in strokes {
                    let took = now.saturating_duration_since(accepted.received);
                    effects.push(Effect::Note(Note::StrokeAcked(took)));
                }
                self.note_index(appended.index);
                self.show_server_edits(&durable, effects);
                self.answer_durable(effects);
                self.note_busy(appended.is_node_busy);
                self.owe_saved();
                if self.following.extend(appended, durable.len()) && self.sharing.is_some() {
                    let end = self.saving.durable() + 1;
                    let tickets = end - durable.len() as u64..end;
                    self.tail.number(tickets, appended.first_seq);
                }
                // If the next is not ours, somebody else appended in between, which our document lacks. Or an append was
                // tried twice, and answered as repeats by the second try.
                self.read_on_if_behind(effects);
                self.tell_stored(appended, effects);
                self.compact_if_long(now, effects);
            }
            Err(failed) => {
                self.saving.failed();
                self.answer_all(&(&failed).into(), effects);
                match failed {
                    AppendFailed::Gone => self.end(close::GONE, "the board was deleted", effects),
                    AppendFailed::DiskFull => {
                        self.poison("disk-full: the server's disk is full", effects)
                    }
                    AppendFailed::Other(reason) => {
                        self.poison(&format!("saving failed: {reason}"), effects)
                    }
                }
            }
        }
    }
}

/// The first thing that the update needs and the document lacks: a client, and the clock needed of it.
pub(super) fn lacking(state: &StateVector, summary: &Summary) -> Option<(u64, u64)> {
    summary
        .needs
        .iter()
        .copied()
        .find(|(client, end)| state.get(*client) < *end)
}
