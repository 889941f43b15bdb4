//! What the store answers to a room, how far the node sees, and how that fails.

use super::node::Asked;
use super::world::World;
use crate::realtime::room::{
    AppendFailed, Appended, Batch, CompactFailed, Event, Live, LoadFailed,
};
use easel_storage::Payload;

impl World {
    pub(super) fn answer_one(&mut self, node: usize) {
        let Some(open) = &mut self.nodes[node].open else {
            return;
        };
        if open.io.asked.is_empty() {
            return;
        }
        let at = self.random.below(open.io.asked.len());
        let asked = open.io.asked.remove(at);
        let event = self.answer(node, asked);
        self.nodes[node].put(event);
    }

    pub(super) fn finish_orphan(&mut self, node: usize) {
        if !self.nodes[node].orphans.is_empty() {
            let asked = self.nodes[node].orphans.remove(0);
            if matches!(asked, Asked::Append(_)) {
                self.trace.fault("append of a dead node arrives");
            }
            self.answer(node, asked);
        }
    }

    pub(super) fn answer(&mut self, node: usize, asked: Asked) -> Event {
        let other = |reason: &str| LoadFailed::Other(reason.into());
        match asked {
            Asked::Load if self.fails("load fails", 3) => Event::Loaded(Err(other("simulated"))),
            Asked::Load => {
                let view = self.view(node, 0);
                Event::Loaded(self.storage.load(view))
            }
            Asked::Build { client, stored } => {
                Event::Built(Live::build(self.storage.kind(), client, &stored))
            }
            Asked::Append(batch) => {
                batch
                    .updates
                    .iter()
                    .for_each(|update| match &update.payload {
                        Payload::Inline(bytes) => self.contents.note(bytes),
                        Payload::Blob { .. } | Payload::Apart { .. } => {
                            panic!("a room writes updates inline")
                        }
                    });
                Event::Appended(self.append(node, &batch))
            }
            Asked::ReadOn { after_seq, index } => {
                let least = self.storage.head_at(index);
                if self.nodes[node].is_cut && self.nodes[node].view < least {
                    return Event::Stored(Err(other("cut off")));
                }
                if self.fails("read fails", 5) {
                    return Event::Stored(Err(other("simulated")));
                }
                let view = self.view(node, least);
                let limit = if self.calm || self.random.percent(50) {
                    1_000
                } else {
                    3
                };
                Event::Stored(self.storage.read_on(after_seq, view, limit))
            }
            Asked::Compact {
                expected,
                upto,
                stored,
            } => {
                if self.nodes[node].is_cut || self.fails("fold fails", 10) {
                    return Event::Compacted(Err(CompactFailed::Other));
                }
                let (body, result) = self.storage.compact(expected, upto, &stored);
                self.contents.note(&body);
                if matches!(result, Err(CompactFailed::BodyMoved { .. })) {
                    self.trace.fault("folds race");
                }
                match self.fails("fold not answered", 10) {
                    true => Event::Compacted(Err(CompactFailed::Other)),
                    false => Event::Compacted(result),
                }
            }
        }
    }

    /// How much of the store a node has applied: never less than before, nor less than it was promised.
    pub(super) fn view(&mut self, node: usize, least: u64) -> u64 {
        let head = self.storage.head();
        let of = &mut self.nodes[node];
        let lags = (head - of.view.max(least)) as usize;
        let is_level = !of.is_cut && (self.calm || self.random.percent(60));
        of.view = of.view.max(least);
        of.view += match (is_level, of.is_cut) {
            (true, _) => lags,
            (false, true) => 0,
            (false, false) => self.random.below(lags + 1),
        } as u64;
        if of.view < head {
            self.trace.fault("view lags");
        }
        of.view
    }

    pub(super) fn append(&mut self, node: usize, batch: &Batch) -> Result<Appended, AppendFailed> {
        let unknown = |reason: &str| Err(AppendFailed::Other(reason.into()));
        if self.nodes[node].is_cut {
            return unknown("cut off");
        }
        if self.fails("disk full", 2) {
            return Err(AppendFailed::DiskFull);
        }
        if self.fails("append lost", 2) {
            return unknown("not stored, nor answered");
        }
        let mut result = self.storage.append(batch, &mut self.trace);
        if self.fails("append stored, not answered", 2) {
            return unknown("stored, but not answered");
        }
        if self.fails("append tried twice", 15) {
            result = self.storage.append(batch, &mut self.trace);
        }
        result.map_err(|()| AppendFailed::Gone)
    }

    pub(super) fn fails(&mut self, kind: &'static str, percent: usize) -> bool {
        let fails =
            !self.calm && self.random.percent(percent) && self.random.percent(self.roughness);
        if fails {
            self.trace.fault(kind);
        }
        fails
    }
}
