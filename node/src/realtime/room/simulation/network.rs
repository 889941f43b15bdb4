//! The bus between the nodes: late, out of order, twice, or never.

use super::random::Random;
use super::trace::Trace;
use crate::realtime::bus::Message;

const LOST_PERCENT: usize = 6;
const TWICE_PERCENT: usize = 6;

struct UnderWay {
    from: usize,
    to: usize,
    message: Message,
}

#[derive(Default)]
pub(super) struct Network {
    under_way: Vec<UnderWay>,
    /// Between these two nodes nothing passes.
    pub(super) parted: Option<(usize, usize)>,
}

impl Network {
    pub(super) fn publish(&mut self, from: usize, nodes: usize, message: &Message) {
        for to in (0..nodes).filter(|to| *to != from) {
            let message = message.clone();
            self.under_way.push(UnderWay { from, to, message });
        }
    }

    /// The next message to arrive somewhere, if one does.
    pub(super) fn next(
        &mut self,
        random: &mut Random,
        trace: &mut Trace,
    ) -> Option<(usize, Message)> {
        if self.under_way.is_empty() {
            return None;
        }
        // Mostly in order.
        let at = match random.percent(70) {
            true => 0,
            false => random.below(self.under_way.len()),
        };
        if at > 0 {
            trace.fault("bus message overtaken");
        }
        let UnderWay { from, to, message } = self.under_way.remove(at);
        if self.is_parted(from, to) {
            trace.fault("bus message into a partition");
            return None;
        }
        if random.percent(LOST_PERCENT) {
            trace.fault("bus message lost");
            return None;
        }
        if random.percent(TWICE_PERCENT) {
            trace.fault("bus message twice");
            let message = message.clone();
            self.under_way.push(UnderWay { from, to, message });
        }
        trace.tally.bus += 1;
        Some((to, message))
    }

    /// The next message, with nothing going wrong.
    pub(super) fn next_surely(&mut self) -> Option<(usize, Message)> {
        if self.under_way.is_empty() {
            return None;
        }
        let UnderWay { to, message, .. } = self.under_way.remove(0);
        Some((to, message))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    fn is_parted(&self, a: usize, b: usize) -> bool {
        self.parted == Some((a.min(b), a.max(b)))
    }
}
