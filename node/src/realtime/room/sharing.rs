//! One document open on several nodes: a room on each, one store under all of them, a bus between them.
//!
//! - Every room appends what came through its own seats, as if it were alone, and learns what the others appended out
//!   of the store (`following`). That alone is right; all else here is for speed.
//! - **Updates go over the bus at once**, with the seat and number they are stored under. A room that hears one shows it
//!   to its people. Messages are counted by their sender's opening: one that comes twice or late is dropped, after one
//!   that is missing the room reads on in the store. What leans on something that has not come waits, for a few seconds;
//!   by then the store has both.
//! - **Nothing leans on hearsay.** What was heard is not stored yet, and its author's node may die before it is. So
//!   before a room appends what leans on something heard, or calls a frame saved that might only repeat it, it takes
//!   what it heard into its own queue, ahead. The store drops the repeat. Hence what is stored stays closed under
//!   "builds on", whichever node dies when.
//! - **What was shown is kept**: what is not seen in the store after 2 s, and one more for each node before this
//!   one in rank, is taken into the queue too.
//! - **Repairs are a function of the document**, so two nodes that mend the same thing write the same content and all is
//!   well; it is only work done twice. So who accepts what breaks the document mends it at once, and who hears
//!   of it leaves that a second, and one more for each node before it in rank.
//! - Who is here is told over the bus as well, again every 15 s, and forgotten when it is told no more.

use super::compacting::MARK_HEARD;
use super::saving::Source;
use super::tail::Piece;
use super::{Appended, ECHO_EVERY, Effect, HELD_FOR, Note, Phase, Room};
use crate::realtime::Permit;
use crate::realtime::bus::{Message, What};
use crate::realtime::outbox::Class;
use crate::realtime::wire::{self, Frame, Incoming};
use bytes::Bytes;
use easel_board::gate::{self, Limits, Summary};
use easel_storage::Origin;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// When what was heard and not seen in the store is made durable here, for the node of the first rank.
const KEPT_AFTER: Duration = Duration::from_secs(2);
/// So much later for each further rank, with this and with repairs.
const RANK_STEP: Duration = Duration::from_secs(1);
/// What was heard and is not known to be stored. Past this the bus is not listened to: the store brings it.
pub(super) const HEARD_BYTES_MAX: usize = 1 << 20;
/// What one counts beside its bytes.
const HEARD_BYTES_EACH: usize = 256;
/// Other openings that are remembered. One that is forgotten counts as missed something when it speaks again.
const OTHERS_MAX: usize = 64;

#[derive(Debug)]
struct Heard {
    origin: Origin,
    update: Bytes,
    summary: Summary,
    at: Instant,
    /// Set once it is in our own queue.
    ticket: Option<u64>,
}

#[derive(Debug)]
struct Other {
    /// Of the last message heard.
    number: u64,
    at: Instant,
}

/// What a message's number says.
enum Arrival {
    Next,
    /// Others came before it that were not heard.
    AfterGap,
    Late,
}

#[derive(Debug)]
pub(super) struct Sharing {
    rank: u32,
    /// Messages published so far.
    said: u64,
    others: BTreeMap<u64, Other>,
    /// Shown here and not known to be stored, in the order of being shown.
    heard: Vec<Heard>,
    /// Leans on something that has not come.
    waiting: Vec<Heard>,
    /// Of both.
    bytes: usize,
    repair_at: Option<Instant>,
    /// When the others are told next who is here.
    tell_at: Option<Instant>,
}

impl Sharing {
    pub(super) const fn new(rank: u32) -> Self {
        Self {
            rank,
            said: 0,
            others: BTreeMap::new(),
            heard: Vec::new(),
            waiting: Vec::new(),
            bytes: 0,
            repair_at: None,
            tell_at: None,
        }
    }

    pub(super) const fn has_rank(&mut self, rank: u32) {
        self.rank = rank;
    }

    #[cfg(test)]
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Something here waits for the next tick.
    pub(super) fn is_waiting(&self) -> bool {
        !self.heard.is_empty() || !self.waiting.is_empty() || self.repair_at.is_some()
    }

    /// This is in the store.
    pub(super) fn forget(&mut self, update: &Bytes) {
        self.retain(|of| of.update != *update);
    }

    /// So many of the room's own updates are in the store.
    pub(super) fn forget_durable(&mut self, durable: u64) {
        self.retain(|of| of.ticket.is_none_or(|ticket| ticket > durable));
    }

    fn retain(&mut self, keep: impl Fn(&Heard) -> bool) {
        self.heard.retain(&keep);
        self.waiting.retain(&keep);
        let all = self.heard.iter().chain(&self.waiting);
        self.bytes = all.map(|of| of.update.len() + HEARD_BYTES_EACH).sum();
    }

    fn arrival(&mut self, now: Instant, message: &Message) -> Arrival {
        let last = self.others.get(&message.from).map_or(0, |of| of.number);
        if message.number <= last {
            return Arrival::Late;
        }
        if self.others.len() == OTHERS_MAX && !self.others.contains_key(&message.from) {
            let oldest = self.others.iter().min_by_key(|(_, of)| of.at);
            let oldest = oldest.map(|(opening, _)| *opening);
            oldest.and_then(|opening| self.others.remove(&opening));
        }
        let (number, at) = (message.number, now);
        self.others.insert(message.from, Other { number, at });
        if number == last + 1 {
            Arrival::Next
        } else {
            Arrival::AfterGap
        }
    }

    fn has_room(&self, update: &Bytes) -> bool {
        self.bytes + update.len() + HEARD_BYTES_EACH <= HEARD_BYTES_MAX
    }
}

impl Room {
    pub(super) fn publish(&mut self, what: What, effects: &mut Vec<Effect>) {
        if let Some(sharing) = &mut self.sharing {
            sharing.said += 1;
            effects.push(Effect::Publish(Message {
                from: self.options.id,
                number: sharing.said,
                what,
            }));
        }
    }

    pub(super) fn publish_awareness(&mut self, frame: &Frame, effects: &mut Vec<Effect>) {
        if self.sharing.is_some() {
            self.publish(What::Awareness(frame.payload()), effects);
        }
    }

    /// Nothing was heard while the document was being read.
    pub(super) fn start_sharing(&mut self, effects: &mut Vec<Effect>) {
        if self.sharing.is_some() {
            self.publish(What::Opened, effects);
            self.publish_who_is_here(effects);
            self.read_on(effects);
        }
    }

    pub(super) fn tell_stored(&mut self, appended: Appended, effects: &mut Vec<Effect>) {
        let Some(sharing) = &mut self.sharing else {
            return;
        };
        sharing.forget_durable(self.saving.durable());
        let (head_seq, index) = (appended.last_seq, appended.index);
        self.publish(What::Stored { head_seq, index }, effects);
    }

    pub(super) fn publish_who_is_here(&mut self, effects: &mut Vec<Effect>) {
        if let Some(frame) = self.awareness.here() {
            self.publish_awareness(&frame, effects);
        }
    }

    /// Another node's room says something.
    pub(super) fn heard(&mut self, now: Instant, message: Message, effects: &mut Vec<Effect>) {
        let Some(sharing) = &mut self.sharing else {
            return;
        };
        if !matches!(self.phase, Phase::Open(_)) || self.out_of_touch.is_some() {
            return;
        }
        match sharing.arrival(now, &message) {
            Arrival::Next => {}
            Arrival::AfterGap => {
                effects.push(Effect::Note(Note::MissedHearsay));
                self.read_on(effects);
            }
            Arrival::Late => return,
        }
        match message.what {
            What::Update { origin, update } => self.heard_update(now, origin, update, effects),
            What::Stored { head_seq, index } => {
                self.following.note(head_seq, index);
                self.read_on_if_behind(effects);
            }
            What::Awareness(said) => self.heard_awareness(now, message.from, &said, effects),
            What::Opened => self.publish_who_is_here(effects),
        }
    }

    fn heard_update(
        &mut self,
        now: Instant,
        origin: Origin,
        update: Bytes,
        effects: &mut Vec<Effect>,
    ) {
        let Some(sharing) = &mut self.sharing else {
            return;
        };
        let Ok(summary) = gate::check_update(&update, &Limits::stored()) else {
            return;
        };
        if !sharing.has_room(&update) {
            return;
        }
        sharing.bytes += update.len() + HEARD_BYTES_EACH;
        sharing.waiting.push(Heard {
            origin,
            update,
            summary,
            at: now,
            ticket: None,
        });
        self.retry_held(now, effects);
        if self
            .sharing
            .as_ref()
            .is_some_and(|of| !of.waiting.is_empty())
        {
            self.read_on(effects);
        }
    }

    /// Shows one of those that wait, if what it leans on has come. False if there is none.
    pub(super) fn show_ready_heard(&mut self, now: Instant, effects: &mut Vec<Effect>) -> bool {
        let (Some(sharing), Phase::Open(live)) = (&mut self.sharing, &mut self.phase) else {
            return false;
        };
        let is_ready = |of: &Heard| self.state.satisfies(&of.summary);
        let Some(at) = sharing.waiting.iter().position(is_ready) else {
            return false;
        };
        let of = sharing.waiting.remove(at);
        match live.apply_trusted(&of.update) {
            Ok(true) => {}
            Ok(false) => {
                sharing.bytes -= of.update.len() + HEARD_BYTES_EACH;
                return true;
            }
            Err(broken) => {
                let reason = format!("another node's update could not be applied: {broken}");
                self.poison(&reason, effects);
                return false;
            }
        }
        let (piece, summary) = (Piece::new(&of.update, MARK_HEARD), of.summary.clone());
        sharing.heard.push(of);
        self.show(piece, &summary, effects);
        self.repair_later(now, effects);
        true
    }

    /// What leans on something that was only heard takes it along: to be called before it is queued for the store.
    pub(super) fn stand_on(&mut self, now: Instant, needs: &[(u64, u64)]) {
        let Some(sharing) = &self.sharing else {
            return;
        };
        let is_needed = |of: &Heard| {
            let leans_on = |(client, end): &(u64, u64)| {
                let mut ranges = of.summary.provides.iter();
                ranges.any(|range| range.client == *client && range.start < *end)
            };
            of.ticket.is_none() && needs.iter().any(leans_on)
        };
        if sharing.heard.iter().any(is_needed) {
            self.adopt_heard(now);
        }
    }

    /// The same for an edit of the server's, whose needs nobody has looked at yet.
    pub(super) fn stand_on_all_of(&mut self, now: Instant, update: &[u8]) {
        if self.sharing.as_ref().is_some_and(|of| !of.heard.is_empty())
            && let Ok(summary) = gate::check_update(update, &Limits::stored())
        {
            self.stand_on(now, &summary.needs);
        }
    }

    /// Queues all that was only heard for the store, under the numbers of those who sent it: a repeat is dropped there.
    pub(super) fn adopt_heard(&mut self, now: Instant) {
        let Some(sharing) = &mut self.sharing else {
            return;
        };
        for of in sharing.heard.iter_mut().filter(|of| of.ticket.is_none()) {
            let source = Source::Heard(of.origin);
            let ticket = (self.saving).push(of.update.clone(), source, now, Permit::none());
            of.ticket = Some(ticket);
            self.tail.settle_heard(&of.update, ticket);
        }
    }

    /// Mends what others' updates broke, if neither their node nor one before this in rank has done so by then.
    pub(super) fn repair_later(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match &mut self.sharing {
            Some(sharing) => {
                let at = now + RANK_STEP * (sharing.rank + 1);
                sharing.repair_at.get_or_insert(at);
            }
            None => self.repair(now, effects),
        }
    }

    pub(super) fn tick_sharing(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let Some(sharing) = &mut self.sharing else {
            return;
        };
        if !matches!(self.phase, Phase::Open(_)) {
            return;
        }
        let kept_after = KEPT_AFTER + RANK_STEP * sharing.rank;
        let is_late = |of: &Heard| of.ticket.is_none() && now.duration_since(of.at) >= kept_after;
        let is_any_late = sharing.heard.iter().any(is_late);
        let repairs = sharing.repair_at.take_if(|at| now >= *at).is_some();
        let tells = sharing.tell_at.is_none_or(|at| now >= at);
        if tells {
            sharing.tell_at = Some(now + ECHO_EVERY);
        }
        // By now the store has what these wait for, and them too.
        sharing
            .waiting
            .retain(|of| now.duration_since(of.at) < HELD_FOR);
        sharing.retain(|_| true);
        if is_any_late {
            self.adopt_heard(now);
        }
        if repairs {
            self.repair(now, effects);
        }
        if tells {
            self.publish_who_is_here(effects);
        }
        if let Some(frame) = self.awareness.lose_silent(now, self.next_seat) {
            self.broadcast_awareness(frame, effects);
        }
        self.read_on(effects);
    }

    fn heard_awareness(
        &mut self,
        now: Instant,
        opening: u64,
        said: &Bytes,
        effects: &mut Vec<Effect>,
    ) {
        let Ok(Incoming::Awareness(entries)) = wire::decode(said) else {
            return;
        };
        let next = self.next_seat;
        if let Ok(Some(frame)) = (self.awareness).accept_from_afar(opening, &entries, now, next) {
            self.broadcast_awareness(frame, effects);
        }
    }

    fn broadcast_awareness(&self, frame: Frame, effects: &mut Vec<Effect>) {
        effects.push(Effect::Broadcast {
            except: None,
            frame,
            class: Class::Awareness,
            received: None,
        });
    }
}
