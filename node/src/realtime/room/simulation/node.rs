//! One node: the room it has open, run as its task runs it.

use super::network::Network;
use super::said::SharedSaid;
use super::trace::{Trace, digest};
use crate::realtime::awareness::SeatNo;
use crate::realtime::gathering::{Gathering, carry_out};
use crate::realtime::outbox::{Class, Outbox};
use crate::realtime::room::{Batch, Build, Dialect, Effect, Event, Note, Room, RoomOptions, close};
use crate::realtime::wire::Frame;
use bytes::Bytes;
use easel_board::gate::Limits;
use easel_storage::{CommitIndex, Payload};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the store was asked and has not answered.
pub(super) enum Asked {
    Load,
    Build {
        client: u64,
        stored: Vec<Bytes>,
    },
    Append(Batch),
    ReadOn {
        after_seq: u64,
        index: CommitIndex,
    },
    Compact {
        expected: u64,
        upto: u64,
        stored: Vec<Bytes>,
    },
}

/// Where what is said to a seat goes, and what that is to be.
pub(super) struct Door {
    pub(super) outbox: Arc<Outbox>,
    pub(super) said: SharedSaid,
}

pub(super) struct Open {
    pub(super) opening: u64,
    pub(super) room: Room,
    pub(super) inbox: VecDeque<Event>,
    /// Those whose `Join` is in the inbox.
    joining: BTreeMap<SeatNo, Door>,
    next_seat: SeatNo,
    pub(super) io: Io,
}

/// What a room acts upon.
pub(super) struct Io {
    gathering: Gathering,
    said: BTreeMap<SeatNo, SharedSaid>,
    pub(super) asked: Vec<Asked>,
    pub(super) wake_at: Option<Instant>,
    is_finished: bool,
}

pub(super) struct Node {
    pub(super) number: usize,
    /// Nodes in all.
    pub(super) of: usize,
    pub(super) open: Option<Open>,
    /// How much of the store this node has applied.
    pub(super) view: u64,
    /// It does not reach the store's leader.
    pub(super) is_cut: bool,
    /// Work of rooms that are gone: it may yet reach the store.
    pub(super) orphans: Vec<Asked>,
}

impl Node {
    pub(super) const fn new(number: usize, of: usize) -> Self {
        Self {
            number,
            of,
            open: None,
            view: 0,
            is_cut: false,
            orphans: Vec::new(),
        }
    }

    pub(super) fn put(&mut self, event: Event) {
        if let Some(open) = &mut self.open {
            open.inbox.push_back(event);
        }
    }

    /// To one opening of the room; what is meant for an earlier one reaches nobody.
    pub(super) fn post(&mut self, opening: u64, event: Event) {
        if let Some(open) = self.open.as_mut().filter(|open| open.opening == opening) {
            open.inbox.push_back(event);
        }
    }

    /// Takes a seat, in a new room if none is open. Returns it with its opening.
    pub(super) fn join(
        &mut self,
        now: Instant,
        dialect: Dialect,
        id: u64,
        door: Door,
    ) -> (SeatNo, u64) {
        let rank = (self.of > 1).then_some(self.number as u32);
        let open = self.open.get_or_insert_with(|| Open {
            opening: id,
            room: Room::new(RoomOptions {
                name: "simulated".into(),
                id: id << 32,
                rank,
                neighbours: Arc::default(),
                build: if rank.is_none() {
                    Build::WhenNeeded
                } else {
                    Build::AtOnce
                },
                linger: Duration::from_secs(10),
                limits: Limits::raw(),
            }),
            inbox: VecDeque::new(),
            joining: BTreeMap::new(),
            next_seat: 0,
            io: Io {
                gathering: Gathering::new(now),
                said: BTreeMap::new(),
                asked: vec![Asked::Load],
                wake_at: None,
                is_finished: false,
            },
        });
        open.next_seat += 1;
        let seat = open.next_seat;
        open.joining.insert(seat, door);
        open.inbox.push_back(Event::Join {
            seat,
            dialect,
            id,
            who: crate::realtime::Who::local(),
        });
        (seat, open.opening)
    }

    pub(super) fn handle(
        &mut self,
        now: Instant,
        event: Event,
        network: &mut Network,
        trace: &mut Trace,
    ) {
        let Some(open) = &mut self.open else { return };
        trace.note(format!("node {}: {}", self.number, line_of(&event)));
        let left = match event {
            Event::Leave { seat } => Some(seat),
            _ => None,
        };
        if let Event::Join { seat, .. } = event
            && let Some(door) = open.joining.remove(&seat)
        {
            open.io.gathering.enter(seat, door.outbox);
            open.io.said.insert(seat, door.said);
        }
        let mut effects = Vec::new();
        open.room.handle(now, event, &mut effects);
        if let Some(seat) = left {
            open.io.gathering.leave(seat);
            open.io.said.remove(&seat);
        }
        let Open { room, io, .. } = open;
        carry_out(room, now, &mut effects, |effect, behind| {
            if let Effect::Publish(message) = &effect {
                network.publish(self.number, self.of, message);
            }
            io.perform(effect, behind, trace);
        });
        io.gathering.open_window(now);
        super::checks::check_bounds(&open.room);
        if open.io.is_finished {
            self.end();
        }
    }

    /// Hands over what is gathered if it is time, as the task does before it looks at its mail.
    pub(super) fn flush(&mut self, now: Instant, trace: &mut Trace) {
        let Some(open) = &mut self.open else { return };
        if open.io.gathering.due().is_some_and(|due| due <= now) {
            trace.note(format!("node {} hands over", self.number));
            open.io.gathering.flush(now);
        }
    }

    /// Nothing of its room's waits for anything, but for what is said time and again.
    pub(super) fn is_at_rest(&self) -> bool {
        self.orphans.is_empty()
            && self.open.as_ref().is_none_or(|open| {
                let says = |event: &Event| matches!(event, Event::Heard(_) | Event::Stored(_));
                let reads = |asked: &Asked| matches!(asked, Asked::ReadOn { .. });
                open.inbox.iter().all(says)
                    && open.io.asked.iter().all(reads)
                    && open.io.wake_at.is_none()
                    && open.io.gathering.due().is_none()
                    && is_at_rest(&open.room)
            })
    }

    /// The room is gone: its mail, its outboxes, and whoever is left in it.
    pub(super) fn end(&mut self) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        open.io.gathering.close_all(close::OVERLOAD, "");
        for door in open.joining.values() {
            door.outbox.close(Frame::close(close::DRAINING, ""));
        }
        self.orphans.extend(open.io.asked);
    }
}

fn is_at_rest(room: &Room) -> bool {
    let shares = room.sharing.as_ref().is_some_and(|of| of.is_waiting());
    room.saving.is_idle() && room.following.is_level() && !shares && !room.compacting.is_running()
}

impl Io {
    fn perform(&mut self, effect: Effect, behind: &mut Vec<SeatNo>, trace: &mut Trace) {
        trace.note(format!("  {}", line_of_effect(&effect)));
        match effect {
            Effect::Build { client, stored } => self.asked.push(Asked::Build { client, stored }),
            Effect::Send { seat, frame, class } => {
                let before = behind.len();
                self.gathering.send(seat, frame.clone(), class, behind);
                self.note_behind(&behind[before..], &frame, trace);
                self.note_said(seat, &frame, class);
            }
            Effect::Broadcast {
                except,
                frame,
                class,
                received,
            } => {
                let before = behind.len();
                (self.gathering).broadcast(except, &frame, class, received, behind);
                self.note_behind(&behind[before..], &frame, trace);
                let others = self.said.keys().copied();
                let others: Vec<_> = others.filter(|seat| Some(*seat) != except).collect();
                (others.into_iter()).for_each(|seat| self.note_said(seat, &frame, class));
            }
            Effect::Close { seat, code, reason } => {
                self.gathering.close(seat, code, &reason);
                self.said.remove(&seat);
            }
            Effect::Append(batch) => {
                let is_appending = |asked: &Asked| matches!(asked, Asked::Append(_));
                assert!(
                    !self.asked.iter().any(is_appending),
                    "two appends in flight"
                );
                self.asked.push(Asked::Append(batch));
            }
            Effect::Compact {
                expected_body_seq: expected,
                upto_seq: upto,
                stored,
            } => self.asked.push(Asked::Compact {
                expected,
                upto,
                stored,
            }),
            Effect::ReadOn { after_seq, index } => {
                self.asked.push(Asked::ReadOn { after_seq, index });
            }
            Effect::WakeAt(at) => {
                self.wake_at = Some(self.wake_at.map_or(at, |first| first.min(at)))
            }
            Effect::Note(note) => match note {
                Note::Repaired => trace.tally.repairs += 1,
                Note::Compacted => trace.tally.folds += 1,
                Note::Poisoned(_) => trace.tally.poisoned += 1,
                Note::StrokeAcked(_)
                | Note::Refused { .. }
                | Note::Resynced(_)
                | Note::MissedHearsay => {}
            },
            Effect::Publish(_) | Effect::Answer { .. } | Effect::NoteEdited { .. } => {}
            Effect::Finish => self.is_finished = true,
        }
    }
}

impl Io {
    fn note_behind(&self, behind: &[SeatNo], frame: &Frame, trace: &mut Trace) {
        for said in behind.iter().filter_map(|seat| self.said.get(seat)) {
            trace.fault("outbox overflowed");
            said.borrow_mut().fall_behind(frame);
        }
    }

    fn note_said(&self, seat: SeatNo, frame: &Frame, class: Class) {
        if let Some(said) = self.said.get(&seat) {
            said.borrow_mut().say(frame, class);
        }
    }
}

/// What happened, with the bytes as their digest and no moment of the machine's clock.
fn line_of(event: &Event) -> String {
    match event {
        Event::Message { seat, message, .. } => format!("{seat} says {:x}", digest(&&message[..])),
        Event::Loaded(result) => format!("loaded {result:?}").chars().take(60).collect(),
        Event::Built(result) => format!("built {}", result.is_ok()),
        Event::Compacted(result) => format!("compacted {}", result.is_ok()),
        Event::Stored(Ok(stored)) => {
            format!("stored {} after {}", stored.updates.len(), stored.after_seq)
        }
        Event::Heard(message) => {
            let what = digest(&format!("{:?}", message.what));
            format!("heard {} of {:x}: {what:x}", message.number, message.from)
        }
        other => format!("{other:?}"),
    }
}

fn line_of_effect(effect: &Effect) -> String {
    let bytes = |frame: &Frame| digest(&&frame.payload()[..]);
    match effect {
        Effect::Build { stored, .. } => format!("build {}", stored.len()),
        Effect::Send { seat, frame, class } => format!("{seat} <- {:x} {class:?}", bytes(frame)),
        Effect::Broadcast { except, frame, .. } => {
            format!("all but {except:?} <- {:x}", bytes(frame))
        }
        Effect::Append(batch) => {
            let inline = batch.updates.iter().map(|update| match &update.payload {
                Payload::Inline(bytes) => (update.origin, digest(&&bytes[..])),
                Payload::Blob { .. } | Payload::Apart { .. } => {
                    panic!("a room writes updates inline")
                }
            });
            format!("append {:?}", inline.collect::<Vec<_>>())
        }
        Effect::Compact {
            upto_seq, stored, ..
        } => format!("fold {} upto {upto_seq}", stored.len()),
        Effect::Publish(message) => format!("publish {}", message.number),
        Effect::WakeAt(_) => "wake".into(),
        Effect::Note(Note::StrokeAcked(_)) => "acked".into(),
        other => format!("{other:?}"),
    }
}
