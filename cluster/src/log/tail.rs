//! The newest entries of the log, in memory. openraft reads an entry back right after it was
//! appended, inside its core, so that read must not touch the disk.

use std::collections::VecDeque;
use std::ops::Range;

use crate::raft::{Entry, LogId};

/// Older entries than these are read from the file again, which only a node that lags or starts does.
const TAIL_BYTES_MAX: u64 = 16 << 20;

#[derive(Debug, Default)]
pub(crate) struct Tail {
    held: VecDeque<Held>,
    held_bytes: u64,
    pub(crate) last: Option<LogId>,
    pub(crate) purged: Option<LogId>,
}

#[derive(Debug)]
struct Held {
    entry: Entry,
    bytes: u64,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// Only here: must not be evicted.
    Unsynced,
    OnDisk,
}

impl Tail {
    pub(crate) fn new(purged: Option<LogId>, last: Option<LogId>) -> Self {
        Self {
            last,
            purged,
            ..Self::default()
        }
    }

    pub(crate) fn push(&mut self, entry: Entry, bytes: u64) {
        self.last = Some(entry.log_id);
        self.held_bytes += bytes;
        let state = State::Unsynced;
        self.held.push_back(Held {
            entry,
            bytes,
            state,
        });
    }

    /// Entries up to `index` are on disk; the oldest make room.
    pub(crate) fn synced(&mut self, index: u64) {
        for held in self.held.iter_mut().rev() {
            if held.entry.log_id.index <= index {
                if held.state == State::OnDisk {
                    break;
                }
                held.state = State::OnDisk;
            }
        }
        while self.held_bytes > TAIL_BYTES_MAX
            && self.held.front().is_some_and(|h| h.state == State::OnDisk)
        {
            self.pop_front();
        }
    }

    /// The first entry that is here.
    pub(crate) fn first(&self) -> Option<u64> {
        self.held.front().map(|held| held.entry.log_id.index)
    }

    /// Forgets `since` and all after it; `last` is the entry before it.
    pub(crate) fn truncate(&mut self, since: u64, last: Option<LogId>) {
        while self
            .held
            .back()
            .is_some_and(|h| h.entry.log_id.index >= since)
        {
            if let Some(held) = self.held.pop_back() {
                self.held_bytes -= held.bytes;
            }
        }
        self.last = last;
    }

    pub(crate) fn purge(&mut self, upto: LogId) {
        while self
            .held
            .front()
            .is_some_and(|h| h.entry.log_id.index <= upto.index)
        {
            self.pop_front();
        }
        self.purged = self.purged.max(Some(upto));
        self.last = self.last.max(Some(upto));
    }

    /// What of `range` can exist at all, and the part of that which is held here.
    pub(crate) fn read(&self, range: Range<u64>) -> Found {
        let low = self.purged.map_or(0, |id| id.index + 1).max(range.start);
        let high = self.last.map_or(0, |id| id.index + 1).min(range.end);
        let held_from = self
            .held
            .front()
            .map_or(high, |h| h.entry.log_id.index)
            .clamp(low, high.max(low));
        // They follow one another without a gap, and there may be tens of thousands.
        let first = self.held.front().map_or(high, |h| h.entry.log_id.index);
        let place = |index: u64| {
            let nth = usize::try_from(index.saturating_sub(first)).unwrap_or(usize::MAX);
            nth.min(self.held.len())
        };
        let held = self
            .held
            .range(place(held_from)..place(high.max(held_from)));
        Found {
            on_disk: low..held_from,
            held: held.map(|h| h.entry.clone()).collect(),
        }
    }

    fn pop_front(&mut self) {
        if let Some(held) = self.held.pop_front() {
            self.held_bytes -= held.bytes;
        }
    }
}

/// A read of the log: first what the file must be asked for, then what was in memory.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) on_disk: Range<u64>,
    pub(crate) held: Vec<Entry>,
}
