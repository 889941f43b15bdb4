//! A room: one open document on this node, and the people in it.
//!
//! [`Room::handle`] takes one event and says what must now be done. It never waits, never reads a clock and touches
//! neither socket nor store; `task` is the loop that does. The life of a stroke is spread over the files beside this
//! one: `editing` accepts it, `saving` queues it for the store, `joining` brings newcomers up to it from the `tail`,
//! `seat` counts what of it is on disk and `telling` says so, `live` holds the document, `compacting` folds the past,
//! `following` learns what others stored and `sharing` speaks to the rooms that other nodes have of the same document;
//! `company` is what happens when such nodes come, or cannot be reached.

mod asking;
mod authors;
mod compacting;
mod company;
mod editing;
mod following;
mod joining;
mod live;
mod saving;
#[cfg(test)]
mod script;
mod seat;
mod sharing;
#[cfg(test)]
mod simulation;
mod tail;
mod telling;

pub(crate) use asking::{Change, NotWrote, Once, OnlyIf, Order, Wish, Wrote};
pub(crate) use following::Stored;
pub(crate) use live::{Broken, Kind, Live, fold, opened, read_on};
pub(crate) use saving::Batch;
pub(crate) use seat::Dialect;

use super::Permit;
use super::awareness::{Awareness, SeatNo};
use super::bus;
use super::outbox::Class;
use super::wire::{self, Control, Frame};
use crate::neighbours::Neighbours;
use crate::realtime::Who;
use asking::{Asking, Reply};
use authors::Authors;
use bytes::Bytes;
use compacting::Compacting;
use easel_board::StateVector;
use easel_board::gate::ClientRange;
use easel_board::gate::Limits;
use easel_storage::sharing::Role;
use easel_storage::{Actor, CommitIndex};
use following::Following;
use saving::{Next, Saving};
use seat::Seat;
use sharing::Sharing;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tail::Tail;
use telling::Telling;

/// Stock clients hang up after 30 s without a message; this keeps them well inside.
const ECHO_EVERY: Duration = Duration::from_secs(15);
/// A stock client speaks every 15 s. One silent for longer has lost its connection, told or not.
const SILENT_AFTER: Duration = Duration::from_secs(20);
/// How long an update may wait for what it builds on.
const HELD_FOR: Duration = Duration::from_secs(5);
/// Updates of one seat that wait for what they build on.
const HELD_BYTES_MAX: usize = 1 << 20;

/// Why a seat is closed, as the client sees it. 44xx tells stock clients not to come back.
pub(crate) mod close {
    pub(crate) const DRAINING: u16 = 1012;
    pub(crate) const OVERLOAD: u16 = 1013;
    pub(crate) const ACCESS_LOST: u16 = 4403;
    pub(crate) const GONE: u16 = 4410;
    pub(crate) const REFUSED: u16 = 4422;
    pub(crate) const EXPIRED: u16 = 4501;
    pub(crate) const TIMED_OUT: u16 = 4508;
}

/// What happens to a room.
#[derive(Debug)]
pub(crate) enum Event {
    /// The store answered the opening.
    Loaded(Result<Loaded, LoadFailed>),
    /// The document stands.
    Built(Result<Live, Broken>),
    Join {
        seat: SeatNo,
        dialect: Dialect,
        id: u64,
        who: Who,
    },
    /// Somebody may now do more or less.
    Role {
        seat: SeatNo,
        role: Role,
    },
    /// Somebody may not be here any more.
    SendAway {
        seat: SeatNo,
        code: u16,
        reason: &'static str,
    },
    Message {
        seat: SeatNo,
        message: Bytes,
        received: Instant,
        permit: Permit,
    },
    Leave {
        seat: SeatNo,
    },
    /// Asked from outside the seats.
    Order(Box<Order>),
    /// A frame for this seat was dropped, for its outbox is full.
    Behind {
        seat: SeatNo,
    },
    /// A seat that was behind has read all it was sent.
    Drained {
        seat: SeatNo,
    },
    /// The answer that was queued for this seat is written.
    Answered {
        seat: SeatNo,
    },
    Appended(Result<Appended, AppendFailed>),
    Compacted(Result<Compacted, CompactFailed>),
    /// The store was read on.
    Stored(Result<Stored, LoadFailed>),
    /// Another node's room of this document says something.
    Heard(bus::Message),
    /// The node is one of several, at this place among them; or one of them is heard anew.
    Company(u32),
    /// The node does not know any more what the others know: take nothing, show nothing.
    OutOfTouch,
    /// It does again, and so does the room of everybody's role.
    InTouch,
    /// The board was put in the trash or deleted.
    Gone,
    /// The server goes away: take nothing more, save what was taken, say good-bye, and when to come back.
    Drain {
        retry_after_ms: u64,
    },
    Tick,
    Wake,
}

/// The document as the store holds it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) head_seq: u64,
    pub(crate) body_seq: u64,
    pub(crate) body: Option<Bytes>,
    /// Yjs v1 encoding, stored beside the body.
    pub(crate) state_vector: Option<Bytes>,
    pub(crate) tail: Vec<Bytes>,
    /// Elements that the tail makes, and the people who did. Some may not say so: a crash came first.
    pub(crate) made: BTreeMap<Arc<str>, Arc<str>>,
}

/// Why the document could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LoadFailed {
    /// The board is in the trash or deleted.
    Gone,
    Other(String),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Appended {
    /// What was new of it is stored as `first_seq..=last_seq`; `last_seq` is the document's last update in any case.
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
    /// Where the store's order stands with it.
    pub(crate) index: CommitIndex,
    /// Whether the node's rooms append so much that it is gathered over all of them.
    pub(crate) is_node_busy: bool,
}

/// Why an append came to nothing. What may pass by itself has been tried again before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AppendFailed {
    /// The board is in the trash or deleted.
    Gone,
    DiskFull,
    Other(String),
}

#[derive(Debug)]
pub(crate) struct Compacted {
    pub(crate) body_seq: u64,
    pub(crate) body: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompactFailed {
    /// Another body than the one we knew is there.
    BodyMoved {
        body_seq: u64,
    },
    Other,
}

/// What a room wants done.
#[derive(Debug)]
pub(crate) enum Effect {
    Build {
        /// The Yjs client id that the server writes under.
        client: u64,
        stored: Vec<Bytes>,
    },
    Send {
        seat: SeatNo,
        frame: Frame,
        class: Class,
    },
    /// To every seat but one.
    Broadcast {
        except: Option<SeatNo>,
        frame: Frame,
        class: Class,
        received: Option<Instant>,
    },
    Close {
        seat: SeatNo,
        code: u16,
        reason: String,
    },
    Append(Batch),
    /// Tells whoever asked from outside the seats.
    Answer {
        reply: Reply,
        with: Result<Wrote, NotWrote>,
    },
    Compact {
        expected_body_seq: u64,
        upto_seq: u64,
        stored: Vec<Bytes>,
    },
    /// Read what the store holds after this, not before it has come to the index.
    ReadOn {
        after_seq: u64,
        index: CommitIndex,
    },
    /// Tell the other nodes' rooms of this document.
    Publish(bus::Message),
    /// No later than this; several may be asked for, and one wake-up is enough for all that have come.
    WakeAt(Instant),
    Note(Note),
    /// Somebody draws here.
    NoteEdited {
        actor: Actor,
        /// The name of who has no account.
        guest: Option<String>,
    },
    /// Nobody is here and nothing is left to do: the room may be dropped.
    Finish,
}

/// What is worth a metric or a line in the log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Note {
    /// Received from its author until durable.
    StrokeAcked(Duration),
    Refused {
        seat: SeatNo,
        code: &'static str,
        reason: String,
    },
    Resynced(&'static str),
    /// Another node's room said something that did not come.
    MissedHearsay,
    Repaired,
    Poisoned(String),
    Compacted,
}

#[derive(Debug)]
enum Phase {
    /// The store has been asked.
    Loading,
    /// What is stored is known and can be sent; the document is being built from it.
    Building,
    /// The same, and nobody has asked for the document yet.
    Stored,
    Open(Box<Live>),
    /// Takes nothing; ends when the append in flight has ended.
    Ended,
}

/// What fixes a room for its life.
#[derive(Debug, Clone)]
pub(crate) struct RoomOptions {
    pub(crate) name: String,
    /// Names this opening of the room in the store, as a seat's id names its connection. The server's edits are made
    /// under a Yjs client id taken from it, so that no two openings ever write under the same.
    pub(crate) id: u64,
    /// This node's place among those that share their documents; nothing for a node by itself.
    pub(crate) rank: Option<u32>,
    /// Told to whoever joins.
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) build: Build,
    pub(crate) limits: Limits,
    /// An empty room stays open for so long, since people reload pages.
    pub(crate) linger: Duration,
}

/// When the document is built from what is stored. Most boards that are opened are only looked at, and for that their
/// bytes are enough; a large document takes many times as long to build as to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    AtOnce,
    WhenNeeded,
}

#[derive(Debug)]
struct Waiting {
    seat: SeatNo,
    message: Bytes,
    received: Instant,
    permit: Permit,
}

#[derive(Debug)]
pub(crate) struct Room {
    options: RoomOptions,
    phase: Phase,
    seats: BTreeMap<SeatNo, Seat>,
    next_seat: SeatNo,
    awareness: Awareness,
    /// All that was accepted, durable or not, but for edits of the server's that are not durable yet.
    state: StateVector,
    tail: Tail,
    saving: Saving,
    telling: Telling,
    compacting: Compacting,
    following: Following,
    /// With other nodes; nothing for a node by itself.
    sharing: Option<Sharing>,
    /// Since when the node is out of touch with the others.
    out_of_touch: Option<Instant>,
    asking: Asking,
    authors: Authors,
    /// Messages that need the document, in the order of arrival. Their permits bound them.
    waiting: VecDeque<Waiting>,
    /// Edits of the server's so far.
    edits: u64,
    /// How many updates wait in all seats for what they build on.
    holding: usize,
    /// What the event being handled added to `state`.
    just_added: Vec<ClientRange>,
    /// When to come back, once the server goes away.
    draining: Option<u64>,
    empty_since: Option<Instant>,
}

impl Room {
    pub(crate) fn new(options: RoomOptions) -> Self {
        Self {
            sharing: options.rank.map(Sharing::new),
            options,
            phase: Phase::Loading,
            out_of_touch: None,
            seats: BTreeMap::new(),
            next_seat: 0,
            awareness: Awareness::default(),
            state: StateVector::default(),
            tail: Tail::default(),
            saving: Saving::new(),
            telling: Telling::default(),
            compacting: Compacting::default(),
            following: Following::default(),
            asking: Asking::default(),
            authors: Authors::default(),
            waiting: VecDeque::new(),
            edits: 0,
            holding: 0,
            just_added: Vec::new(),
            draining: None,
            empty_since: None,
        }
    }

    /// How soon the room wants its next tick.
    pub(crate) fn tick_every(&self) -> Duration {
        if self.holding > 0 || self.sharing.as_ref().is_some_and(Sharing::is_waiting) {
            Duration::from_secs(1)
        } else {
            Duration::from_secs(5)
        }
    }

    /// Takes one event; pushes what must now be done. Never waits, never reads a clock.
    pub(crate) fn handle(&mut self, now: Instant, event: Event, effects: &mut Vec<Effect>) {
        if !matches!(event, Event::Behind { .. }) {
            self.just_added.clear();
        }
        match event {
            Event::Loaded(result) => self.loaded(now, result, effects),
            Event::Built(result) => self.built(now, result, effects),
            Event::Join {
                seat,
                dialect,
                id,
                who,
            } => self.join(now, seat, (dialect, id, who), effects),
            Event::Role { seat, role } => self.set_role(seat, role, effects),
            Event::SendAway { seat, code, reason } => {
                self.close_seat(now, seat, code, reason.to_owned(), effects);
            }
            Event::Message {
                seat,
                message,
                received,
                permit,
            } => {
                self.message(
                    now,
                    Waiting {
                        seat,
                        message,
                        received,
                        permit,
                    },
                    effects,
                );
            }
            Event::Leave { seat } => self.leave(now, seat, effects),
            Event::Order(order) => self.order(now, *order, effects),
            Event::Behind { seat } => self.behind(seat, effects),
            Event::Drained { seat } => self.drained(seat, effects),
            Event::Answered { seat } => self.answered(seat, effects),
            Event::Appended(result) => self.appended(now, result, effects),
            Event::Compacted(result) => self.compacted(now, result, effects),
            Event::Stored(result) => self.stored(now, result, effects),
            Event::Heard(message) => self.heard(now, message, effects),
            Event::Company(rank) => self.has_company(rank, effects),
            Event::OutOfTouch => self.lose_touch(now, effects),
            Event::InTouch => self.regain_touch(now, effects),
            Event::Gone => {
                self.answer_all(&NotWrote::BoardGone, effects);
                self.end(close::GONE, "the board was deleted", effects);
            }
            Event::Drain { retry_after_ms } => {
                self.sign(now, effects);
                self.draining = Some(retry_after_ms);
            }
            Event::Tick => self.tick(now, effects),
            Event::Wake => {
                self.saving.woken();
                self.telling.woken();
                self.send_away_out_of_touch(now, effects);
            }
        }
        self.tell_when_due(now, effects);
        self.save(now, effects);
        self.finish_draining(effects);
    }

    fn leave(&mut self, now: Instant, seat: SeatNo, effects: &mut Vec<Effect>) {
        let Some(left) = self.seats.remove(&seat) else {
            return;
        };
        self.holding -= left.held.len();
        if let Some(frame) = self.awareness.leave(seat, now, self.next_seat) {
            self.publish_awareness(&frame, effects);
            effects.push(Effect::Broadcast {
                except: None,
                frame,
                class: Class::Awareness,
                received: None,
            });
        }
        if self.seats.is_empty() {
            self.empty_since = Some(now);
            self.sign(now, effects);
        }
    }

    /// From here on, whatever was said before: what is under way of somebody who may only look is refused.
    fn set_role(&mut self, seat: SeatNo, role: Role, effects: &mut Vec<Effect>) {
        let Some(of) = self.seats.get_mut(&seat) else {
            return;
        };
        of.who.role = role;
        if of.dialect == Dialect::Easel {
            let role = Who::role_word(role);
            effects.push(Effect::Send {
                seat,
                frame: wire::control(&Control::Role { role }),
                class: Class::Rare,
            });
        }
    }

    /// Ends one seat, from our side.
    fn close_seat(
        &mut self,
        now: Instant,
        seat: SeatNo,
        code: u16,
        reason: String,
        effects: &mut Vec<Effect>,
    ) {
        if self.seats.contains_key(&seat) {
            self.tell_now(effects);
            effects.push(Effect::Close { seat, code, reason });
            self.leave(now, seat, effects);
        }
    }

    /// Ends a seat for what it sent: its client must not send that again.
    fn refuse(
        &mut self,
        now: Instant,
        seat: SeatNo,
        code: &'static str,
        reason: String,
        effects: &mut Vec<Effect>,
    ) {
        let Some(dialect) = self.seats.get(&seat).map(|seat| seat.dialect) else {
            return;
        };
        if dialect == Dialect::Easel {
            let frame = wire::control(&Control::SetAside {
                code,
                reason: &reason,
            });
            effects.push(Effect::Send {
                seat,
                frame,
                class: Class::Rare,
            });
        }
        effects.push(Effect::Note(Note::Refused {
            seat,
            code,
            reason: reason.clone(),
        }));
        self.close_seat(
            now,
            seat,
            close::REFUSED,
            format!("{code}: {reason}"),
            effects,
        );
    }

    /// The document or the store failed: everybody comes back to a room built anew from the store.
    fn poison(&mut self, reason: &str, effects: &mut Vec<Effect>) {
        effects.push(Effect::Note(Note::Poisoned(reason.to_owned())));
        self.end(close::OVERLOAD, reason, effects);
    }

    fn end(&mut self, code: u16, reason: &str, effects: &mut Vec<Effect>) {
        self.tell_now(effects);
        for seat in std::mem::take(&mut self.seats).into_keys() {
            effects.push(Effect::Close {
                seat,
                code,
                reason: reason.to_owned(),
            });
        }
        self.waiting.clear();
        self.answer_all(&NotWrote::Unknown, effects);
        self.holding = 0;
        self.saving.give_up();
        self.phase = Phase::Ended;
        self.finish_ended(effects);
    }

    /// The append in flight may still commit. A room opened before it has would miss it, so wait.
    fn finish_ended(&mut self, effects: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Ended) && !self.saving.is_appending() {
            effects.push(Effect::Finish);
        }
    }

    fn finish_draining(&mut self, effects: &mut Vec<Effect>) {
        let is_done = self.saving.is_idle() && !matches!(self.phase, Phase::Ended);
        let (Some(retry_after_ms), true) = (self.draining, is_done) else {
            return;
        };
        self.tell_now(effects);
        for (seat, of) in &self.seats {
            if of.dialect == Dialect::Easel {
                let frame = wire::control(&Control::Draining { retry_after_ms });
                effects.push(Effect::Send {
                    seat: *seat,
                    frame,
                    class: Class::Rare,
                });
            }
        }
        self.end(
            close::DRAINING,
            "the server is going away; come back in a moment",
            effects,
        );
    }

    fn save(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match self.saving.next(now) {
            Next::Append(batch) => effects.push(Effect::Append(batch)),
            Next::WakeAt(at) => effects.push(Effect::WakeAt(at)),
            Next::Nothing => {}
        }
    }

    fn tick(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        self.awareness.forget_before(now);
        for (no, seat) in &mut self.seats {
            if now >= seat.echo_at {
                seat.echo_at = now + ECHO_EVERY;
                effects.push(Effect::Send {
                    seat: *no,
                    frame: self.awareness.echo(*no),
                    class: Class::Awareness,
                });
            }
        }
        self.sign(now, effects);
        self.give_up_on_held(now, effects);
        self.read_on_if_behind(effects);
        self.tick_sharing(now, effects);
        self.send_away_out_of_touch(now, effects);
        self.close_when_empty(now, effects);
    }

    fn close_when_empty(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let is_quiet = self.seats.is_empty()
            && self.saving.is_idle()
            && self.asking.is_idle()
            && !self.sharing.as_ref().is_some_and(Sharing::is_waiting)
            && matches!(self.phase, Phase::Open(_) | Phase::Stored);
        if !is_quiet || self.compacting.is_running() {
            return;
        }
        if now.duration_since(*self.empty_since.get_or_insert(now)) < self.options.linger {
            return;
        }
        if !self.compact_before_the_end(now, effects) {
            self.phase = Phase::Ended;
            effects.push(Effect::Finish);
        }
    }
}
