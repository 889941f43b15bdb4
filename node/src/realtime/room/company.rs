//! Other nodes come, and this one loses touch with them.
//!
//! A room that opened on a node alone begins to share when the node gets company, and never stops again: alone, what it
//! publishes reaches nobody. While the node is out of touch it does not know who may still do what. So the room takes
//! nothing then: what its people say waits, and what the others said is read when the touch is back. The people are told
//! at once, since another node may be in touch: who says that they look for one by themselves stays until they go, the
//! others are sent away after a while with what they have. Nobody's role is changed for it: what waits is looked at under
//! the role that they have when it is handled.

use super::sharing::Sharing;
use super::{Build, Class, Dialect, Effect, Phase, Room, close};
use crate::realtime::awareness::SeatNo;
use crate::realtime::wire::{self, Control};
use std::time::{Duration, Instant};

/// People wait so long for the touch to come back before they try another node: longer than another leader takes.
const OUT_OF_TOUCH_MAX: Duration = Duration::from_secs(2);

impl Room {
    /// The node is one of several, at this place; or one of them is heard anew.
    pub(super) fn has_company(&mut self, rank: u32, effects: &mut Vec<Effect>) {
        self.options.build = Build::AtOnce;
        match &mut self.sharing {
            Some(sharing) => {
                sharing.has_rank(rank);
                if matches!(self.phase, Phase::Open(_)) {
                    self.publish_who_is_here(effects);
                    self.read_on(effects);
                }
            }
            None => {
                self.sharing = Some(Sharing::new(rank));
                // Until now nobody asked for the numbers of what is stored; its order was ours.
                self.tail.settle_durable(self.saving.durable());
                match self.phase {
                    Phase::Stored => self.need_document(effects),
                    Phase::Open(_) => self.start_sharing(effects),
                    // Follows when the document stands.
                    Phase::Loading | Phase::Building | Phase::Ended => {}
                }
            }
        }
    }

    pub(super) fn lose_touch(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.out_of_touch.is_some() {
            return;
        }
        self.out_of_touch = Some(now);
        self.tell_of_touch(&Control::OutOfTouch, effects);
        if !self.seats.is_empty() {
            effects.push(Effect::WakeAt(now + OUT_OF_TOUCH_MAX));
        }
    }

    fn tell_of_touch(&self, said: &Control<'_>, effects: &mut Vec<Effect>) {
        for (seat, of) in &self.seats {
            if of.dialect == Dialect::Easel {
                effects.push(Effect::Send {
                    seat: *seat,
                    frame: wire::control(said),
                    class: Class::Rare,
                });
            }
        }
    }

    /// Everybody who is still here has the role that they have by now.
    pub(super) fn regain_touch(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.out_of_touch.take().is_none() {
            return;
        }
        for seat in self.seats.values_mut() {
            seat.stays = false;
        }
        if matches!(self.phase, Phase::Open(_)) && self.sharing.is_some() {
            self.publish_who_is_here(effects);
            self.read_on(effects);
        }
        self.handle_waiting(now, effects);
        self.carry_out_waiting(now, effects);
        self.tell_of_touch(&Control::InTouch, effects);
    }

    pub(super) fn send_away_out_of_touch(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let since = self.out_of_touch;
        if since.is_none_or(|since| now.duration_since(since) < OUT_OF_TOUCH_MAX) {
            return;
        }
        self.tell_now(effects);
        let go = self.seats.iter().filter(|(_, of)| !of.stays);
        let seats: Vec<(SeatNo, Dialect)> = go.map(|(seat, of)| (*seat, of.dialect)).collect();
        for (seat, dialect) in seats {
            if dialect == Dialect::Easel {
                effects.push(Effect::Send {
                    seat,
                    frame: wire::control(&Control::Draining {
                        retry_after_ms: 1_000,
                    }),
                    class: Class::Rare,
                });
            }
            let reason = "the server has lost touch with the others; come back in a moment";
            self.close_seat(now, seat, close::DRAINING, reason.to_owned(), effects);
        }
    }
}
