//! What is asked of a room from outside its seats: programs that write elements, or whole updates, over HTTP.
//!
//! An element is written by an edit of the server's own: appended first, shown when durable, like a repair. An update is
//! a person's, as if it had come through a seat. Either is answered when it is durable, and never before.

use super::editing::lacking;
use super::saving::Source;
use super::tail::Piece;
use super::{AppendFailed, Effect, Phase, Room};
use crate::realtime::bus::What;
use crate::realtime::outbox::Class;
use crate::realtime::wire;
use crate::realtime::{Permit, Shown};
use bytes::Bytes;
use easel_board::gate;
use easel_board::json::{Object, Refused};
use easel_storage::{Actor, CommandId, CommitIndex, Origin};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// Asked, and not begun: the document is not built yet. More are told to come back.
const ORDERS_WAITING_MAX: usize = 256;

/// One thing that is asked of a room.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) actor: Actor,
    /// Whom a new element is put down to.
    pub(crate) shown: Option<Arc<Shown>>,
    pub(crate) wish: Wish,
    /// Set if this must not run twice, however often it is asked for.
    pub(crate) once: Option<Once>,
    pub(crate) reply: Reply,
}

pub(crate) type Reply = oneshot::Sender<Result<Wrote, NotWrote>>;

/// What one request is known by in the store, and the hash of what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Once {
    pub(crate) id: CommandId,
    pub(crate) asked: [u8; 32],
}

#[derive(Debug)]
pub(crate) enum Wish {
    Create {
        id: String,
        element: Object,
    },
    Change {
        id: String,
        change: Change,
        only_if: OnlyIf,
    },
    /// A Yjs update, as a seat would send it.
    Update(Bytes),
}

#[derive(Debug)]
pub(crate) enum Change {
    /// RFC 7396.
    Patch(Object),
    Replace(Object),
    Remove,
}

/// What the element must be like for the change to be made.
pub(crate) struct OnlyIf(pub(crate) Box<dyn Fn(&Object) -> bool + Send>);

impl std::fmt::Debug for OnlyIf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnlyIf")
    }
}

/// What came of it, once that is durable.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wrote {
    /// The element as it was left; nothing when it was removed, or when an update was asked for.
    pub(crate) element: Option<Object>,
    /// False when everything was there already.
    pub(crate) applied: bool,
    pub(crate) index: CommitIndex,
}

/// Why nothing came of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NotWrote {
    Element(Refused),
    /// By the gate, or for leaning on what is not there.
    Update {
        reason: String,
    },
    BoardGone,
    DiskFull,
    /// Nothing was begun; the room is closing, or too much waits already.
    TryAgain,
    Draining,
    /// It may have been stored or not.
    Unknown,
}

/// Done in the document and on its way to the store.
#[derive(Debug)]
struct Underway {
    ticket: u64,
    element: Option<Object>,
    applied: bool,
    reply: Reply,
}

#[derive(Debug, Default)]
pub(super) struct Asking {
    waiting: Vec<Order>,
    underway: Vec<Underway>,
    /// Where the store's order stood with the last append.
    index: CommitIndex,
}

impl Asking {
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.underway.is_empty()
    }
}

impl Room {
    pub(super) fn order(&mut self, now: Instant, order: Order, effects: &mut Vec<Effect>) {
        if self.draining.is_some() {
            return answer(order.reply, Err(NotWrote::Draining), effects);
        }
        if self.out_of_touch.is_some() {
            // Who asks may have lost the right meanwhile.
            return answer(order.reply, Err(NotWrote::TryAgain), effects);
        }
        match self.phase {
            Phase::Ended => answer(order.reply, Err(NotWrote::TryAgain), effects),
            Phase::Open(_) => self.carry_out(now, order, effects),
            Phase::Loading | Phase::Stored | Phase::Building => {
                if self.asking.waiting.len() >= ORDERS_WAITING_MAX {
                    return answer(order.reply, Err(NotWrote::TryAgain), effects);
                }
                self.asking.waiting.push(order);
                self.need_document(effects);
            }
        }
    }

    /// The document stands, or will be built once it is loaded.
    pub(super) fn carry_out_waiting(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        for order in std::mem::take(&mut self.asking.waiting) {
            self.order(now, order, effects);
        }
    }

    fn carry_out(&mut self, now: Instant, order: Order, effects: &mut Vec<Effect>) {
        match order.wish {
            Wish::Update(update) => {
                let to = (order.actor, order.shown, order.reply);
                self.take_update(now, &update, to, effects);
            }
            Wish::Create { .. } | Wish::Change { .. } => self.write_element(now, order, effects),
        }
    }

    fn write_element(&mut self, now: Instant, order: Order, effects: &mut Vec<Effect>) {
        let Phase::Open(live) = &mut self.phase else {
            return;
        };
        let by = order.shown.as_ref().map(|shown| shown.id.clone());
        let written = match live.write(&order.wish, by.as_deref()) {
            Ok(Ok(written)) => written,
            Ok(Err(refused)) => {
                return answer(order.reply, Err(NotWrote::Element(refused)), effects);
            }
            Err(broken) => {
                answer(order.reply, Err(NotWrote::Unknown), effects);
                return self.poison(
                    &format!("an element could not be written: {broken}"),
                    effects,
                );
            }
        };
        let applied = written.update.is_some();
        if let Some(update) = written.update {
            self.push_server_edit(now, &update, order.actor, order.once);
            let who = (order.actor, order.shown.as_deref());
            self.note_edited(now, who, effects);
        }
        self.asking.underway.push(Underway {
            ticket: self.saving.newest_ticket(),
            element: written.element,
            applied,
            reply: order.reply,
        });
        // What lay in an element that is gone lies nowhere now.
        self.repair(now, effects);
        self.answer_durable(effects);
    }

    /// Queues an edit of the server's that is in the document already: it is shown when it is durable.
    pub(super) fn push_server_edit(
        &mut self,
        now: Instant,
        update: &[u8],
        actor: Actor,
        once: Option<Once>,
    ) {
        self.stand_on_all_of(now, update);
        let frame = wire::update(update);
        let update = frame.update_of(update.len());
        let source = Source::Server(self.next_origin(), actor, frame);
        self.saving.push_once(update, source, now, once);
    }

    fn next_origin(&mut self) -> Origin {
        self.edits += 1;
        Origin {
            seat: self.options.id,
            number: self.edits,
        }
    }

    /// As `editing` does with what a seat sent; but nothing is held for what it leans on.
    fn take_update(
        &mut self,
        now: Instant,
        update: &Bytes,
        (actor, shown, reply): (Actor, Option<Arc<Shown>>, Reply),
        effects: &mut Vec<Effect>,
    ) {
        let refused = |reason: String| Err(NotWrote::Update { reason });
        let summary = match gate::check_update(update, &self.options.limits) {
            Ok(summary) => summary,
            Err(refusal) => return answer(reply, refused(refusal.to_string()), effects),
        };
        if lacking(&self.state, &summary).is_some() {
            let reason = "the update builds on others that the board does not have";
            return answer(reply, refused(reason.to_owned()), effects);
        }
        let Phase::Open(live) = &mut self.phase else {
            return;
        };
        if let Err(refusal) = live.admit(update, &self.options.limits) {
            return answer(reply, refused(refusal.to_string()), effects);
        }
        let applied = match live.apply(update) {
            Ok(applied) => applied,
            Err(broken) => {
                answer(reply, refused(broken.to_string()), effects);
                let reason = "an update could not be applied; the document is read anew";
                return self.poison(reason, effects);
            }
        };
        if applied {
            self.stand_on(now, &summary.needs);
            self.state.advance(&summary);
            self.just_added.extend_from_slice(&summary.provides);
            let origin = self.next_origin();
            let piece = Piece::new(update, self.saving.newest_ticket() + 1);
            let source = Source::Person(origin, actor);
            (self.saving).push(piece.update(), source, now, Permit::none());
            effects.push(Effect::Broadcast {
                except: None,
                frame: piece.frame.clone(),
                class: Class::Sync,
                received: Some(now),
            });
            if self.sharing.is_some() {
                let update = piece.update();
                self.publish(What::Update { origin, update }, effects);
            }
            self.tail.push(piece);
            let shown = shown.as_deref();
            self.note_edited(now, (actor, shown), effects);
            self.repair_after(now, shown, effects);
            self.retry_held(now, effects);
        } else {
            self.adopt_heard(now);
        }
        self.asking.underway.push(Underway {
            ticket: self.saving.newest_ticket(),
            element: None,
            applied,
            reply,
        });
        self.answer_durable(effects);
    }

    pub(super) fn note_index(&mut self, index: CommitIndex) {
        self.asking.index = index;
    }

    /// Answers those whose edits are durable by now, and those who wait for nothing.
    pub(super) fn answer_durable(&mut self, effects: &mut Vec<Effect>) {
        let durable = self.saving.durable();
        let index = self.asking.index;
        let done = (self.asking.underway).extract_if(.., |of| of.ticket <= durable);
        for of in done {
            let wrote = Wrote {
                element: of.element,
                applied: of.applied,
                index,
            };
            answer(of.reply, Ok(wrote), effects);
        }
    }

    /// The room ends, and nobody will hear more.
    pub(super) fn answer_all(&mut self, why: &NotWrote, effects: &mut Vec<Effect>) {
        for order in std::mem::take(&mut self.asking.waiting) {
            let why = match why {
                NotWrote::Unknown => NotWrote::TryAgain,
                other => other.clone(),
            };
            answer(order.reply, Err(why), effects);
        }
        for of in std::mem::take(&mut self.asking.underway) {
            answer(of.reply, Err(why.clone()), effects);
        }
    }
}

impl From<&AppendFailed> for NotWrote {
    fn from(failed: &AppendFailed) -> Self {
        match failed {
            AppendFailed::Gone => NotWrote::BoardGone,
            AppendFailed::DiskFull => NotWrote::DiskFull,
            AppendFailed::Other(_) => NotWrote::Unknown,
        }
    }
}

fn answer(reply: Reply, with: Result<Wrote, NotWrote>, effects: &mut Vec<Effect>) {
    effects.push(Effect::Answer { reply, with });
}
