//! When authors are told what of theirs is on disk.
//!
//! Being told costs a write of its own, as much as being sent somebody's stroke. So where much comes in, in this room or
//! in all of the node's together, it goes with what a seat is sent anyway, and by itself only now and then. Elsewhere
//! people are told at once.

use super::saving::newly_saved;
use super::{Dialect, Effect, Room};
use crate::realtime::awareness::SeatNo;
use crate::realtime::outbox::Class;
use crate::realtime::wire::{self, Control};
use std::time::{Duration, Instant};

/// Then a room tells by itself no more often than this: shorter, and in small rooms most of what is told takes a write of its
/// own; longer, and people would see it. The first time after a pause is at once.
const TELL_FLOOR: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub(super) struct Telling {
    told_at: Option<Instant>,
    /// By the last append the node had so much to append that it was gathered.
    is_node_busy: bool,
    /// Somebody is still to be told something.
    is_owing: bool,
    /// The wake-up that was asked for and has not come.
    wake_at: Option<Instant>,
}

impl Telling {
    /// A wake-up came, this one's or not: if it is still too early, another is asked for.
    pub(super) fn woken(&mut self) {
        self.wake_at = None;
    }
}

impl Room {
    /// Whoever is sent something else now is told what they do not know yet.
    pub(super) fn tell_along(&mut self, now: Instant, except: SeatNo, effects: &mut Vec<Effect>) {
        if self.telling.is_owing && self.tell(Some(except), effects) {
            self.telling.told_at = Some(now);
        }
    }

    /// Tells by itself what is to be told, once it is time.
    pub(super) fn tell_when_due(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if !self.telling.is_owing {
            return;
        }
        let is_gathered = self.telling.is_node_busy || self.saving.is_crowded(now);
        let told_at = self.telling.told_at.filter(|_| is_gathered);
        match told_at.map(|at| at + TELL_FLOOR) {
            Some(due) if now < due => {
                if self.telling.wake_at.replace(due) != Some(due) {
                    effects.push(Effect::WakeAt(due));
                }
            }
            Some(_) | None => {
                if self.tell(None, effects) {
                    self.telling.told_at = Some(now);
                }
            }
        }
    }

    /// An append is durable: what is told of it, and when, goes by how busy the node was.
    pub(super) const fn note_busy(&mut self, is_node_busy: bool) {
        self.telling.is_node_busy = is_node_busy;
    }

    /// More is durable than before, or somebody asked again.
    pub(super) const fn owe_saved(&mut self) {
        self.telling.is_owing = true;
    }

    /// Before a seat closes: what is durable is said, so that it is not sent again.
    pub(super) fn tell_now(&mut self, effects: &mut Vec<Effect>) {
        if self.telling.is_owing {
            self.tell(None, effects);
        }
    }

    /// Returns whether anybody was told anything.
    fn tell(&mut self, except: Option<SeatNo>, effects: &mut Vec<Effect>) -> bool {
        let mut has_told = false;
        let durable = self.saving.durable();
        // Who is behind would miss it, and is told on being caught up.
        let told = self.seats.iter_mut().filter(|(_, of)| of.behind.is_none());
        let told = told.filter(|(no, _)| Some(**no) != except);
        for (seat, frames) in newly_saved(told, durable) {
            let is_told = self.seats.get(&seat);
            if is_told.is_some_and(|of| of.dialect == Dialect::Easel) {
                let frame = wire::control(&Control::Saved { frames });
                effects.push(Effect::Send {
                    seat,
                    frame,
                    class: Class::Sync,
                });
                has_told = true;
            }
        }
        self.telling.is_owing = except
            .and_then(|seat| self.seats.get(&seat))
            .is_some_and(|of| of.dialect == Dialect::Easel && of.is_owed(durable));
        has_told
    }
}
