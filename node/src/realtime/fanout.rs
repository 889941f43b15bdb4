//! What a room sends out, gathered: what is said to everybody is put together once, and the same bytes go to each.
//!
//! The room says things one by one; here they are staged, and now and then flushed into the seats' outboxes. A seat
//! that is sent all of it is given one slice of the common buffer. One that is not, since some of it is its own or
//! something was said to it alone, is given several, in the order in which the room said them.
//!
//! What is staged has room in every outbox, so a client falls behind when something is said, never when it is flushed.

use super::awareness::SeatNo;
use super::outbox::{AWARENESS_BYTES_MAX, Class, Outbox, Parcel, QUEUED_BYTES_MAX, Tally};
use super::wire::Frame;
use bytes::{Bytes, BytesMut};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// A common buffer beyond this is flushed at once: nothing is gained by gathering more.
const STAGED_BYTES_MAX: usize = 64 << 10;

#[derive(Debug, Default)]
pub(super) struct Fanout {
    seats: BTreeMap<SeatNo, Receiver>,
    staged: BytesMut,
    marks: Vec<Mark>,
    /// How much of it must arrive: not awareness, which those who read slowly are not sent.
    staged_sync: usize,
    tally: Tally,
    received: Option<Instant>,
    /// Something was said to one seat alone since the last flush.
    has_own: bool,
    /// The most that counts in an outbox of one who is not behind: as of the last flush, and since then only less.
    queued_max: usize,
    /// The most that counts of what was said to one seat alone since the last flush.
    own_max: usize,
    parts: Vec<Bytes>,
}

/// Where a staged frame lies.
#[derive(Debug)]
struct Mark {
    range: Range<usize>,
    kind: Option<u8>,
    is_awareness: bool,
}

#[derive(Debug)]
struct Receiver {
    outbox: Arc<Outbox>,
    /// From here on the common buffer is for it.
    from: usize,
    edits: Vec<Edit>,
    own_bytes: usize,
    /// It misses frames and is sent nothing that counts before it is caught up.
    is_behind: bool,
    queued: usize,
}

/// How what one seat is sent differs from the common buffer.
#[derive(Debug)]
enum Edit {
    /// The frame of this mark is its own.
    Skip { mark: usize },
    /// Said to it alone, before what lies at this place.
    Insert {
        at: usize,
        frame: Frame,
        class: Class,
    },
}

impl Fanout {
    pub(super) fn enter(&mut self, seat: SeatNo, outbox: Arc<Outbox>) {
        let from = self.staged.len();
        self.seats.insert(
            seat,
            Receiver {
                outbox,
                from,
                edits: Vec::new(),
                own_bytes: 0,
                is_behind: false,
                queued: 0,
            },
        );
    }

    /// Sends it what was said before and forgets it.
    pub(super) fn leave(&mut self, seat: SeatNo) -> Option<Arc<Outbox>> {
        self.flush();
        self.seats.remove(&seat).map(|receiver| receiver.outbox)
    }

    pub(super) fn len(&self) -> usize {
        self.seats.len()
    }

    pub(super) fn outboxes(&self) -> impl Iterator<Item = &Arc<Outbox>> {
        self.seats.values().map(|receiver| &receiver.outbox)
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.marks.is_empty() && !self.has_own
    }

    /// Says something to one seat. True if it fell behind by it.
    #[must_use]
    pub(super) fn send(&mut self, seat: SeatNo, frame: Frame, class: Class) -> bool {
        let counted = match class {
            Class::Sync | Class::Awareness => frame.len(),
            Class::Answer | Class::CatchUp | Class::Rare => 0,
        };
        self.make_room(counted);
        let (staged, staged_sync) = (self.staged.len(), self.staged_sync);
        let Some(receiver) = self.seats.get_mut(&seat) else {
            return false;
        };
        match class {
            Class::Sync if receiver.is_behind => return true,
            Class::Sync
                if receiver.queued + staged_sync + receiver.own_bytes + counted
                    > QUEUED_BYTES_MAX =>
            {
                receiver.fall_behind();
                return true;
            }
            Class::Awareness if receiver.is_behind => return false,
            Class::CatchUp if receiver.is_behind => {
                receiver.is_behind = false;
                receiver.from = staged;
            }
            Class::CatchUp | Class::Sync | Class::Awareness | Class::Answer | Class::Rare => {}
        }
        receiver.own_bytes += counted;
        receiver.edits.push(Edit::Insert {
            at: staged,
            frame,
            class,
        });
        self.own_max = self.own_max.max(receiver.own_bytes);
        self.has_own = true;
        false
    }

    /// Says something to everybody but one. Names in `behind` who fell behind by it.
    pub(super) fn broadcast(
        &mut self,
        except: Option<SeatNo>,
        frame: &Frame,
        class: Class,
        received: Option<Instant>,
        behind: &mut Vec<SeatNo>,
    ) {
        if class == Class::Sync {
            self.make_room(frame.len());
            self.drop_behind(except, frame.len(), behind);
            self.staged_sync += frame.len();
        }
        let begin = self.staged.len();
        frame.put_into(&mut self.staged);
        self.received = self.received.or(received);
        let mark = self.marks.len();
        let kind = frame.kind();
        self.tally.count(kind);
        self.marks.push(Mark {
            range: begin..self.staged.len(),
            kind,
            is_awareness: class == Class::Awareness,
        });
        if let Some(author) = except.and_then(|seat| self.seats.get_mut(&seat)) {
            author.edits.push(Edit::Skip { mark });
        }
        if self.staged.len() > STAGED_BYTES_MAX {
            self.flush();
        }
    }

    /// Whether so much more has room in the outbox of everybody who is not behind.
    fn fits(&self, len: usize) -> bool {
        self.queued_max + self.staged_sync + self.own_max + len <= QUEUED_BYTES_MAX
    }

    /// If so much more may not fit: hands over what is staged and looks how much waits by now.
    fn make_room(&mut self, len: usize) {
        if self.fits(len) {
            return;
        }
        self.flush();
        for receiver in self.seats.values_mut() {
            receiver.queued = receiver.outbox.queued();
        }
        self.look_at_queues();
    }

    /// Whoever has no room for so much is behind from here on. To be asked after room was made.
    fn drop_behind(&mut self, except: Option<SeatNo>, len: usize, behind: &mut Vec<SeatNo>) {
        if self.fits(len) {
            return;
        }
        for (seat, receiver) in &mut self.seats {
            let is_spared = Some(*seat) == except || receiver.is_behind;
            if !is_spared && receiver.queued + len > QUEUED_BYTES_MAX {
                receiver.fall_behind();
                behind.push(*seat);
            }
        }
        self.look_at_queues();
    }

    /// Hands over what is staged.
    pub(super) fn flush(&mut self) {
        if self.is_flushed() {
            return;
        }
        let chunk = self.staged.split().freeze();
        let received = self.received.take();
        for receiver in self.seats.values_mut() {
            let has_slack = receiver.queued <= AWARENESS_BYTES_MAX;
            let parcel = if receiver.is_behind {
                receiver.own_only(&mut self.parts)
            } else if receiver.edits.is_empty() && receiver.from == 0 && has_slack {
                if !chunk.is_empty() {
                    self.parts.push(chunk.clone());
                }
                Parcel::counting(chunk.len(), self.tally)
            } else {
                receiver.pick(&chunk, &self.marks, &mut self.parts)
            };
            receiver.edits.clear();
            receiver.from = 0;
            receiver.own_bytes = 0;
            receiver.queued = if self.parts.is_empty() {
                receiver.outbox.queued()
            } else {
                let received = if parcel.counted > 0 { received } else { None };
                receiver.outbox.put(&mut self.parts, parcel, received)
            };
        }
        self.marks.clear();
        self.staged_sync = 0;
        self.tally = Tally::default();
        self.has_own = false;
        self.own_max = 0;
        self.look_at_queues();
    }

    fn look_at_queues(&mut self) {
        let queued = self
            .seats
            .values()
            .filter(|of| !of.is_behind)
            .map(|of| of.queued);
        self.queued_max = queued.max().unwrap_or(0);
    }
}

impl Receiver {
    /// Nothing is staged for it now: what it was sent before is in its outbox.
    fn fall_behind(&mut self) {
        self.is_behind = true;
        self.outbox.fall_behind();
    }

    /// What was said to it alone and matters although it is behind.
    fn own_only(&mut self, parts: &mut Vec<Bytes>) -> Parcel {
        let mut parcel = Parcel::default();
        for edit in self.edits.drain(..) {
            if let Edit::Insert { frame, class, .. } = edit {
                parcel.add(&frame, class);
                parts.extend(frame.parts());
            }
        }
        parcel
    }

    /// Its part of the common buffer, with what was said to it alone in between.
    fn pick(&mut self, chunk: &Bytes, marks: &[Mark], parts: &mut Vec<Bytes>) -> Parcel {
        let wants_awareness = self.queued <= AWARENESS_BYTES_MAX;
        let mut parcel = Parcel::default();
        let mut edits = self.edits.drain(..).peekable();
        // What of the buffer has been taken and not been handed over yet.
        let mut run = self.from..self.from;
        let hand_over = |run: &mut Range<usize>, parts: &mut Vec<Bytes>, to: usize| {
            if run.start < run.end {
                parts.push(chunk.slice(run.clone()));
            }
            *run = to..to;
        };
        for (no, mark) in marks.iter().enumerate() {
            let mut is_own = false;
            loop {
                match edits.peek() {
                    Some(Edit::Insert { at, .. }) if *at <= mark.range.start => {}
                    Some(Edit::Skip { mark }) if *mark <= no => {
                        is_own |= *mark == no;
                        edits.next();
                        continue;
                    }
                    _ => break,
                }
                let Some(Edit::Insert { frame, class, .. }) = edits.next() else {
                    break;
                };
                if class != Class::Awareness || wants_awareness {
                    hand_over(&mut run, parts, mark.range.start);
                    parcel.add(&frame, class);
                    parts.extend(frame.parts());
                }
            }
            let is_for_it =
                mark.range.start >= self.from && !is_own && (wants_awareness || !mark.is_awareness);
            if is_for_it {
                if run.end != mark.range.start {
                    hand_over(&mut run, parts, mark.range.start);
                }
                run.end = mark.range.end;
                parcel.counted += mark.range.len();
                parcel.tally.count(mark.kind);
            }
        }
        hand_over(&mut run, parts, chunk.len());
        for edit in edits {
            if let Edit::Insert { frame, class, .. } = edit
                && (class != Class::Awareness || wants_awareness)
            {
                parcel.add(&frame, class);
                parts.extend(frame.parts());
            }
        }
        parcel
    }
}

#[cfg(test)]
mod tests {
    use super::Fanout;
    use crate::realtime::outbox::{Class, Outbox, QUEUED_BYTES_MAX};
    use crate::realtime::wire::{self, Frame};
    use std::sync::Arc;

    const SEATS: u64 = 5;

    /// Frame number `no`, of a length of its own.
    fn frame(no: u64) -> Frame {
        let len = (no * 37 % 300) as usize;
        let mut body = no.to_be_bytes().to_vec();
        body.resize(8 + len, 0);
        if no.is_multiple_of(3) {
            wire::awareness(&body)
        } else {
            wire::update(&body)
        }
    }

    fn class_of(no: u64) -> Class {
        if no.is_multiple_of(3) {
            Class::Awareness
        } else {
            Class::Sync
        }
    }

    fn read(outbox: &Outbox) -> Vec<Frame> {
        let taken = outbox.take();
        let frames: Vec<Frame> = taken.frames().collect();
        let tally = taken.tally;
        assert_eq!(
            tally.sync + tally.awareness + tally.other,
            frames.len() as u64
        );
        let _ = outbox.written();
        frames
    }

    /// A small generator: the same seed says the same.
    fn dice(seed: &mut u64, sides: u64) -> u64 {
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % sides
    }

    #[test]
    fn everybody_is_sent_what_they_would_be_sent_one_by_one() {
        for seed in 0..500 {
            let mut at = seed;
            let mut fanout = Fanout::default();
            let outboxes: Vec<Arc<Outbox>> = (0..SEATS).map(|_| Arc::default()).collect();
            let mut expected = vec![Vec::new(); SEATS as usize];
            let mut got = vec![Vec::new(); SEATS as usize];
            let mut here = [false; SEATS as usize];
            for no in 0..60 {
                let seat = dice(&mut at, SEATS);
                match dice(&mut at, 8) {
                    0 if !here[seat as usize] => {
                        fanout.enter(seat, outboxes[seat as usize].clone());
                        here[seat as usize] = true;
                    }
                    1 if dice(&mut at, 4) == 0 => {
                        fanout.leave(seat);
                        here[seat as usize] = false;
                    }
                    2 => fanout.flush(),
                    3 | 4 => {
                        let classes = [Class::Rare, Class::Answer, Class::CatchUp, class_of(no)];
                        let class = classes[dice(&mut at, 4) as usize];
                        assert!(!fanout.send(seat, frame(no), class), "seed {seed}");
                        if here[seat as usize] {
                            expected[seat as usize].push(frame(no));
                        }
                    }
                    _ => {
                        let except = (dice(&mut at, 3) > 0).then_some(seat);
                        let mut behind = Vec::new();
                        fanout.broadcast(except, &frame(no), class_of(no), None, &mut behind);
                        assert!(behind.is_empty(), "seed {seed}");
                        for other in (0..SEATS).filter(|other| Some(*other) != except) {
                            if here[other as usize] {
                                expected[other as usize].push(frame(no));
                            }
                        }
                    }
                }
                if dice(&mut at, 5) == 0 {
                    got[seat as usize].extend(read(&outboxes[seat as usize]));
                }
            }
            fanout.flush();
            for seat in 0..SEATS as usize {
                got[seat].extend(read(&outboxes[seat]));
                let is_equal = got[seat] == expected[seat];
                assert!(is_equal, "seat {seat}, seed {seed}");
            }
        }
    }

    #[test]
    fn who_sends_everything_is_handed_nothing_and_the_others_share_one_piece() {
        let mut fanout = Fanout::default();
        let (author, reader) = (Arc::<Outbox>::default(), Arc::<Outbox>::default());
        fanout.enter(1, author.clone());
        fanout.enter(2, reader.clone());
        for no in 0..10 {
            fanout.broadcast(Some(1), &frame(no), class_of(no), None, &mut Vec::new());
        }
        fanout.flush();
        assert!(!author.is_waiting());
        assert_eq!(reader.take().parts.len(), 1);
    }

    #[test]
    fn only_the_one_who_does_not_read_falls_behind_and_is_caught_up() {
        let mut fanout = Fanout::default();
        let (slow, quick) = (Arc::<Outbox>::default(), Arc::<Outbox>::default());
        fanout.enter(1, slow.clone());
        fanout.enter(2, quick.clone());
        let large = wire::update(&[0; 100_000]);
        let mut behind = Vec::new();
        let mut said = 0;
        while behind.is_empty() {
            said += 1;
            assert!(said < 100, "nobody fell behind");
            fanout.broadcast(None, &large, Class::Sync, None, &mut behind);
            fanout.flush();
            assert!(slow.queued() <= QUEUED_BYTES_MAX);
            assert_eq!(read(&quick).len(), 1);
        }
        assert_eq!(behind, [1]);
        // What is said to everybody passes it by, what is said to it alone and matters does not.
        assert!(fanout.send(1, frame(1), Class::Sync));
        assert!(!fanout.send(1, frame(2), Class::Rare));
        fanout.broadcast(None, &frame(3), Class::Awareness, None, &mut behind);
        fanout.broadcast(None, &frame(4), Class::Sync, None, &mut behind);
        fanout.flush();
        assert_eq!(behind, [1]);
        assert_eq!(read(&quick), [frame(3), frame(4)]);
        let taken = slow.take();
        assert_eq!(taken.frames().count(), said);
        assert_eq!(taken.frames().last(), Some(frame(2)));
        assert!(slow.written().drained);
        // In the order of saying: what came before it was caught up is in the diff.
        fanout.broadcast(None, &frame(5), Class::Sync, None, &mut behind);
        assert!(!fanout.send(1, large.clone(), Class::CatchUp));
        fanout.broadcast(None, &frame(7), Class::Sync, None, &mut behind);
        fanout.flush();
        assert_eq!(read(&slow), [large, frame(7)]);
        assert_eq!(read(&quick), [frame(5), frame(7)]);
    }

    #[test]
    fn one_frame_beyond_every_outbox_leaves_everybody_behind_and_ready_to_be_caught_up() {
        let mut fanout = Fanout::default();
        let outbox = Arc::<Outbox>::default();
        fanout.enter(1, outbox.clone());
        let mut behind = Vec::new();
        let huge = wire::update(&vec![0; QUEUED_BYTES_MAX + 1]);
        fanout.broadcast(None, &huge, Class::Sync, None, &mut behind);
        fanout.flush();
        assert_eq!(behind, [1]);
        assert!(outbox.is_waiting(), "its writer must say that it is ready");
        assert_eq!(outbox.take().parts.len(), 0);
        assert!(outbox.written().drained);
    }

    #[test]
    fn who_reads_slowly_is_spared_the_awareness_of_others() {
        let mut fanout = Fanout::default();
        let (slow, quick) = (Arc::<Outbox>::default(), Arc::<Outbox>::default());
        fanout.enter(1, slow.clone());
        let large = wire::update(&[0; 300 << 10]);
        fanout.broadcast(None, &large, Class::Sync, None, &mut Vec::new());
        fanout.flush();
        fanout.enter(2, quick.clone());
        fanout.broadcast(None, &frame(3), Class::Awareness, None, &mut Vec::new());
        fanout.broadcast(None, &frame(4), Class::Sync, None, &mut Vec::new());
        fanout.flush();
        assert_eq!(read(&slow), [large, frame(4)]);
        assert_eq!(read(&quick), [frame(3), frame(4)]);
    }
}
