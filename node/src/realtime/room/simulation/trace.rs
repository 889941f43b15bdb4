//! What happened: each step as a line, their digest, and how often what went wrong.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many steps a failure shows.
const SHOWN: usize = 60;

#[derive(Default)]
pub(super) struct Trace {
    /// Of all lines so far, in order.
    pub(super) digest: u64,
    last: VecDeque<String>,
    pub(super) tally: Tally,
}

impl Trace {
    pub(super) fn note(&mut self, line: String) {
        self.digest = digest(&(self.digest, &line));
        if self.last.len() == SHOWN {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    pub(super) fn fault(&mut self, kind: &'static str) {
        *self.tally.faults.entry(kind).or_default() += 1;
        self.note(format!("fault: {kind}"));
    }

    pub(super) fn last_steps(&self) -> String {
        let mut text = String::new();
        for line in &self.last {
            let _ = writeln!(text, "  {line}");
        }
        text
    }
}

/// The same for the same value in every run.
pub(super) fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A run, or many, in numbers.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) seeds: u64,
    pub(super) edits: u64,
    /// Frames that their author was told are saved, each of which was looked for in the store.
    pub(super) saved: u64,
    pub(super) stored: u64,
    pub(super) repairs: u64,
    pub(super) folds: u64,
    pub(super) poisoned: u64,
    /// Of all runs, where the bus carried something.
    pub(super) bus: u64,
    faults: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.edits += other.edits;
        self.saved += other.saved;
        self.stored += other.stored;
        self.repairs += other.repairs;
        self.folds += other.folds;
        self.poisoned += other.poisoned;
        self.bus += other.bus;
        for (kind, count) in &other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A seed that loses something fails, so nothing is lost where this is printed.
        write!(
            f,
            "simulation: {} seeds, {} edits, {} updates stored, {} frames called saved, 0 lost; {} repairs, {} folds, \
             {} messages between nodes, {} rooms read anew",
            self.seeds,
            self.edits,
            self.stored,
            self.saved,
            self.repairs,
            self.folds,
            self.bus,
            self.poisoned
        )?;
        let faults: Vec<String> = (self.faults.iter())
            .map(|(kind, count)| format!("{count} × {kind}"))
            .collect();
        write!(f, "\nfaults: {}", faults.join(", "))
    }
}
