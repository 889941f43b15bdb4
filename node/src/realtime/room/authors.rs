//! Whom elements are put down to.
//!
//! Clients may say it of their own new elements, and are corrected if they say it of another's: at once, by the repair.
//! Where they say nothing (stock clients do not), the server writes it. An edit for each stroke would be shown to everybody
//! and double what a room sends; so it is gathered until the next tick, a few seconds, and written for many at once. What a
//! crash cuts off stays without an author.

use super::{Effect, Phase, Room};
use crate::realtime::Shown;
use easel_storage::Actor;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Elements that wait for their author to be written; more are written at once.
const UNSIGNED_MAX: usize = 2_048;
/// The store notes it no more often for one person and board.
const NOTED_EVERY: Duration = Duration::from_secs(10 * 60);
/// People whose last note is remembered; the store drops what is noted too often.
const NOTED_MAX: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Authors {
    unsigned: BTreeMap<Arc<str>, Arc<str>>,
    /// When people were last said to draw here.
    noted: BTreeMap<Actor, Instant>,
}

impl Room {
    /// Mends what one person's update broke, and remembers what they made.
    pub(super) fn repair_after(
        &mut self,
        now: Instant,
        shown: Option<&Shown>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(by) = shown.map(|shown| &shown.id) else {
            return self.repair(now, effects);
        };
        let Phase::Open(live) = &mut self.phase else {
            return;
        };
        let mended = live.repair_after(by);
        match mended {
            Ok(mended) => {
                for id in mended.unsigned {
                    self.authors.unsigned.insert(id, by.clone());
                }
                self.push_mended(now, mended.update, effects);
                if self.authors.unsigned.len() > UNSIGNED_MAX {
                    self.sign(now, effects);
                }
            }
            Err(broken) => self.poison(&format!("a repair failed: {broken}"), effects),
        }
    }

    /// Writes the authors that were gathered.
    pub(super) fn sign(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.authors.unsigned.is_empty() {
            return;
        }
        let Phase::Open(live) = &mut self.phase else {
            return;
        };
        let authors = std::mem::take(&mut self.authors.unsigned);
        match live.set_authors(&authors) {
            Ok(Some(update)) => {
                self.push_server_edit(now, &update, Actor::System, None);
                // The index learns of it, so that it is nobody's doing.
                self.repair(now, effects);
            }
            Ok(None) => {}
            Err(broken) => self.poison(&format!("authors could not be written: {broken}"), effects),
        }
    }

    /// Somebody draws: said once in a while, for the list of what people did.
    pub(super) fn note_edited(
        &mut self,
        now: Instant,
        (actor, shown): (Actor, Option<&Shown>),
        effects: &mut Vec<Effect>,
    ) {
        match actor {
            Actor::System | Actor::Local => return,
            Actor::User(_) | Actor::Guest(_) => {}
        }
        let noted = &mut self.authors.noted;
        let is_recent = |at: &Instant| now.duration_since(*at) < NOTED_EVERY;
        if noted.get(&actor).is_some_and(is_recent) {
            return;
        }
        if noted.len() >= NOTED_MAX {
            noted.retain(|_, at| is_recent(at));
        }
        if noted.len() < NOTED_MAX {
            noted.insert(actor, now);
            // A guest has no account to look their name up in.
            let guest = match actor {
                Actor::Guest(_) => shown.map(|shown| shown.name.clone()),
                Actor::System | Actor::Local | Actor::User(_) => None,
            };
            effects.push(Effect::NoteEdited { actor, guest });
        }
    }
}
