//! One node: the room it has open, run as its task runs it.

use super::network::Network;
use super::trace::{Trace, digest};
use crate::realtime::awareness::SeatNo;
use crate::realtime::outbox::{Outbox, Pushed};
use crate::realtime::room::{Batch, Build, Dialect, Effect, Event, Note, Room, RoomOptions};
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

pub(super) struct Open {
    pub(super) opening: u64,
    pub(super) room: Room,
    pub(super) inbox: VecDeque<Event>,
    outboxes: BTreeMap<SeatNo, Arc<Outbox>>,
    /// Of those whose `Join` is in the inbox.
    joining: BTreeMap<SeatNo, Arc<Outbox>>,
    pub(super) asked: Vec<Asked>,
    next_seat: SeatNo,
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
    pub(super) fn join(&mut self, dialect: Dialect, id: u64, outbox: Arc<Outbox>) -> (SeatNo, u64) {
        let rank = (self.of > 1).then_some(self.number as u32);
        let open = self.open.get_or_insert_with(|| Open {
            opening: id,
            room: Room::new(RoomOptions {
                name: "simulated".into(),
                id: id << 32,
                rank,
                build: if rank.is_none() {
                    Build::WhenNeeded
                } else {
                    Build::AtOnce
                },
                linger: Duration::from_secs(10),
                limits: Limits::raw(),
            }),
            inbox: VecDeque::new(),
            outboxes: BTreeMap::new(),
            joining: BTreeMap::new(),
            asked: vec![Asked::Load],
            next_seat: 0,
            wake_at: None,
            is_finished: false,
        });
        open.next_seat += 1;
        let seat = open.next_seat;
        open.joining.insert(seat, outbox);
        open.inbox.push_back(Event::Join { seat, dialect, id });
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
            && let Some(outbox) = open.joining.remove(&seat)
        {
            open.outboxes.insert(seat, outbox);
        }
        let mut effects = Vec::new();
        open.room.handle(now, event, &mut effects);
        if let Some(seat) = left {
            open.outboxes.remove(&seat);
        }
        let mut behind = Vec::new();
        while !effects.is_empty() {
            for effect in effects.drain(..) {
                if let Effect::Publish(message) = &effect {
                    network.publish(self.number, self.of, message);
                }
                open.perform(effect, &mut behind, trace);
            }
            for seat in behind.drain(..) {
                trace.fault("outbox overflowed");
                open.room.handle(now, Event::Behind { seat }, &mut effects);
            }
        }
        super::checks::check_bounds(&open.room);
        if open.is_finished {
            self.end();
        }
    }

    /// Nothing of its room's waits for anything, but for what is said time and again.
    pub(super) fn is_at_rest(&self) -> bool {
        self.orphans.is_empty()
            && self.open.as_ref().is_none_or(|open| {
                let says = |event: &Event| matches!(event, Event::Heard(_) | Event::Stored(_));
                let reads = |asked: &Asked| matches!(asked, Asked::ReadOn { .. });
                open.inbox.iter().all(says)
                    && open.asked.iter().all(reads)
                    && open.wake_at.is_none()
                    && is_at_rest(&open.room)
            })
    }

    /// The room is gone: its mail, its outboxes, and whoever is left in it.
    pub(super) fn end(&mut self) {
        let Some(open) = self.open.take() else { return };
        for outbox in open.outboxes.values().chain(open.joining.values()) {
            outbox.close(Frame::close(1013, ""));
        }
        self.orphans.extend(open.asked);
    }
}

fn is_at_rest(room: &Room) -> bool {
    let shares = room.sharing.as_ref().is_some_and(|of| of.is_waiting());
    room.saving.is_idle() && room.following.is_level() && !shares && !room.compacting.is_running()
}

impl Open {
    fn perform(&mut self, effect: Effect, behind: &mut Vec<SeatNo>, trace: &mut Trace) {
        trace.note(format!("  {}", line_of_effect(&effect)));
        match effect {
            Effect::Build { client, stored } => self.asked.push(Asked::Build { client, stored }),
            Effect::Send { seat, frame, class } => {
                if let Some(outbox) = self.outboxes.get(&seat)
                    && outbox.push(frame, class, None) == Pushed::Overflowed
                {
                    behind.push(seat);
                }
            }
            Effect::Broadcast {
                except,
                frame,
                class,
                ..
            } => {
                for (seat, outbox) in &self.outboxes {
                    if Some(*seat) != except
                        && outbox.push(frame.clone(), class, None) == Pushed::Overflowed
                    {
                        behind.push(*seat);
                    }
                }
            }
            Effect::Close { seat, code, reason } => {
                if let Some(outbox) = self.outboxes.remove(&seat) {
                    outbox.close(Frame::close(code, &reason));
                }
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
            Effect::WakeAt(at) => self.wake_at = Some(at),
            Effect::Note(note) => match note {
                Note::Repaired => trace.tally.repairs += 1,
                Note::Compacted => trace.tally.folds += 1,
                Note::Poisoned(_) => trace.tally.poisoned += 1,
                Note::StrokeAcked(_) | Note::Refused { .. } | Note::Resynced(_) => {}
            },
            Effect::Publish(_) => {}
            Effect::Finish => self.is_finished = true,
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
    let bytes = |frame: &Frame| digest(&&frame.wire()[..]);
    match effect {
        Effect::Build { stored, .. } => format!("build {}", stored.len()),
        Effect::Send { seat, frame, class } => format!("{seat} <- {:x} {class:?}", bytes(frame)),
        Effect::Broadcast { except, frame, .. } => {
            format!("all but {except:?} <- {:x}", bytes(frame))
        }
        Effect::Append(batch) => {
            let inline = batch.updates.iter().map(|update| match &update.payload {
                Payload::Inline(bytes) => (update.origin, digest(&&bytes[..])),
                Payload::Blob { .. } => panic!("a room writes updates inline"),
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
