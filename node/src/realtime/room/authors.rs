//! Whom elements are put down to.
//!
//! Clients may say it of their own new elements, and are corrected if they say it of another's: at once, by the repair.
//! Where they say nothing (stock clients do not), the server writes it. An edit for each stroke would be shown to everybody
//! and double what a room sends; so it is gathered until the next tick, a few seconds, and written for many at once. What a
//! crash cuts off is written when the room is opened again: the store knows whose update made an element.

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

    /// The tail made these elements, and its last authors may not have been written: needs the document, which says it.
    pub(super) fn doubt_authors(
        &mut self,
        made: BTreeMap<Arc<str>, Arc<str>>,
        effects: &mut Vec<Effect>,
    ) {
        if !made.is_empty() {
            self.authors.unsigned = made;
            self.need_document(effects);
        }
    }

    /// The document stands: who is said to have made something is so.
    pub(super) fn settle_authors(&mut self, effects: &mut Vec<Effect>) {
        let Phase::Open(live) = &self.phase else {
            return;
        };
        if let Err(broken) = live.retain_unsigned(&mut self.authors.unsigned) {
            self.poison(&format!("authors could not be read: {broken}"), effects);
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

#[cfg(test)]
mod tests {
    use crate::realtime::room::{
        Appended, Build, Effect, Event, Kind, Live, Loaded, Room, RoomOptions,
    };
    use bytes::Bytes;
    use easel_board::gate::Limits;
    use easel_storage::CommitIndex;
    use std::collections::BTreeMap;
    use std::time::{Duration, Instant};
    use yrs::{Any, Doc, Map, MapPrelim, Out, ReadTxn, Transact};

    #[test]
    fn what_a_crash_cut_off_is_signed_when_the_room_is_opened_again() {
        let doc = Doc::with_client_id(5);
        let root = doc.get_or_insert_map("elements");
        let stored: Vec<Bytes> = [("silent", None), ("signed", Some("usr_2"))]
            .into_iter()
            .map(|(id, by)| {
                let place = [0.0, 0.0, 9.0, 9.0, 0.0].map(Any::from);
                let members = [
                    ("type", Any::from("sticky")),
                    ("box", Any::from(place.to_vec())),
                ];
                let by = by.map(|by| ("by", Any::from(by)));
                let element: MapPrelim = members.into_iter().chain(by).collect();
                let mut txn = doc.transact_mut();
                root.insert(&mut txn, id, element);
                txn.encode_update_v1().into()
            })
            .collect();
        let mut now = Instant::now();
        let mut room = Room::new(RoomOptions {
            name: "signed".to_owned(),
            id: 1_000,
            rank: None,
            neighbours: std::sync::Arc::default(),
            build: Build::WhenNeeded,
            limits: Limits::board(),
            linger: Duration::from_secs(10),
        });
        let made = ["silent", "signed", "gone"].map(|id| (id.into(), "usr_1".into()));
        let loaded = Loaded {
            head_seq: 2,
            body_seq: 0,
            body: None,
            state_vector: None,
            tail: stored.clone(),
            made: BTreeMap::from(made),
        };
        let mut effects = Vec::new();
        room.handle(now, Event::Loaded(Ok(loaded)), &mut effects);
        let needs_document = effects.iter().any(|of| matches!(of, Effect::Build { .. }));
        assert!(
            needs_document,
            "the document is read though nobody came: {effects:?}"
        );
        let live = Live::build(Kind::Board, 1_000, &stored);
        room.handle(now, Event::Built(live), &mut effects);
        let mends = effects.iter().any(|of| matches!(of, Effect::Append(_)));
        assert!(!mends, "there is nothing to mend: {effects:?}");
        effects.clear();
        now += Duration::from_secs(5);
        room.handle(now, Event::Tick, &mut effects);
        let appended = effects.iter().find_map(|effect| match effect {
            Effect::Append(batch) => Some(batch.updates.clone()),
            _ => None,
        });
        let appended = appended.expect("the author is written");
        let whole: Vec<Bytes> = stored
            .iter()
            .cloned()
            .chain(appended.iter().map(|update| match &update.payload {
                easel_storage::Payload::Inline(bytes) => bytes.clone(),
                other => panic!("{other:?}"),
            }))
            .collect();
        let read = crate::realtime::opened(&whole).unwrap();
        let txn = read.transact();
        let by = |id: &str| match txn.get_map("elements").unwrap().get(&txn, id) {
            Some(Out::YMap(map)) => map.get(&txn, "by").map(|by| by.to_string(&txn)),
            _ => None,
        };
        assert_eq!(by("silent").as_deref(), Some("usr_1"));
        assert_eq!(by("signed").as_deref(), Some("usr_2"));
        assert_eq!(by("gone"), None);
        effects.clear();
        let appended = Appended {
            first_seq: 3,
            last_seq: 3,
            index: CommitIndex(3),
            is_node_busy: false,
        };
        room.handle(now, Event::Appended(Ok(appended)), &mut effects);
        room.handle(now + Duration::from_secs(5), Event::Tick, &mut effects);
        let again = effects.iter().any(|of| matches!(of, Effect::Append(_)));
        assert!(!again, "it is written once: {effects:?}");
    }
}
