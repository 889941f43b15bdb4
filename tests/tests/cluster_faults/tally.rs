//! What all who write have in common: where the nodes are, when to end, and what came of it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) addresses: Vec<String>,
    over: AtomicBool,
    /// Rises with every connection that was given up.
    pub(crate) reconnects: AtomicU64,
    saved_at: Mutex<Vec<Instant>>,
    /// Answers that are no success, by what they were.
    refused: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    pub(crate) fn new(addresses: Vec<String>) -> Self {
        Self {
            addresses,
            over: AtomicBool::new(false),
            reconnects: AtomicU64::new(0),
            saved_at: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    pub(crate) fn address(&self, at: usize) -> &str {
        &self.addresses[at % self.addresses.len()]
    }

    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub(crate) fn saved(&self, strokes: usize) {
        let mut saved_at = self.saved_at.lock().expect("no panic");
        saved_at.extend(std::iter::repeat_n(Instant::now(), strokes));
    }

    pub(crate) fn strokes_saved(&self) -> usize {
        self.saved_at.lock().expect("no panic").len()
    }

    /// The longest time between two saved strokes, whosever they are, of which some lies after `since`.
    pub(crate) fn longest_gap(&self, since: Instant) -> Duration {
        let saved_at = self.saved_at.lock().expect("no panic");
        let before = saved_at.partition_point(|at| *at < since);
        let seen = &saved_at[before.saturating_sub(1)..];
        let gaps = seen.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.max().unwrap_or_default()
    }

    pub(crate) fn refused(&self, what: String) {
        *self
            .refused
            .lock()
            .expect("no panic")
            .entry(what)
            .or_default() += 1;
    }

    /// What was refused since this was asked last.
    pub(crate) fn take_refused(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.refused.lock().expect("no panic"))
    }
}
