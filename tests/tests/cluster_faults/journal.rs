//! What a painter did and was told, kept so that what is missing in the end can be explained.

use std::collections::BTreeSet;
use std::time::Instant;
use yrs::branch::BranchID;
use yrs::{Doc, Map, Out, ReadTxn, StateVector, Transact, Update, updates::decoder::Decode};

#[derive(Debug)]
struct Line {
    at: Instant,
    /// Nothing if it is about the connection.
    element: Option<String>,
    what: String,
}

#[derive(Debug)]
pub(crate) struct Journal {
    begun: Instant,
    lines: Vec<Line>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            lines: Vec::new(),
        }
    }

    pub(crate) fn note(&mut self, element: Option<&str>, what: String) {
        self.lines.push(Line {
            at: Instant::now(),
            element: element.map(ToOwned::to_owned),
            what,
        });
    }

    /// What concerns one element, and its painter's connections.
    pub(crate) fn of(&self, element: &str) -> String {
        let concerns = |line: &&Line| line.element.as_deref().is_none_or(|of| of == element);
        let lines = self.lines.iter().filter(concerns);
        let lines = lines.map(|line| {
            let at = line.at.duration_since(self.begun).as_secs_f64();
            let what = &line.what;
            format!("{at:9.3} {what}\n")
        });
        lines.collect()
    }
}

/// The client and clock that made an element as this document shows it.
pub(crate) fn made_by(doc: &Doc, element: &str) -> Option<BranchID> {
    let elements = doc.get_or_insert_map("elements");
    let txn = doc.transact();
    match elements.get(&txn, element) {
        Some(Out::YMap(map)) => Some(AsRef::<yrs::branch::Branch>::as_ref(&map).id()),
        _ => None,
    }
}

/// Everything of a document that ever bore an element's name, erased or not.
pub(crate) fn all_of(doc: &Doc, element: &str) -> String {
    let update = doc
        .transact()
        .encode_state_as_update_v1(&StateVector::default());
    let update = Update::decode_v1(&update).expect("an update");
    let text = format!("{update:#?}");
    // What was put in another's place does not say its name, only whose place it took.
    let mut ids: Vec<&str> = Vec::new();
    let mut found = BTreeSet::new();
    loop {
        let before = found.len();
        for line in text.lines() {
            let follows = |id: &&str| line.contains(&format!("origin-l: {id}"));
            if line.contains(element) || ids.iter().any(follows) {
                ids.extend(line.split(['(', ',']).nth(1));
                found.insert(line);
            }
        }
        if found.len() == before {
            return found.iter().map(|line| format!("{line}\n")).collect();
        }
    }
}
