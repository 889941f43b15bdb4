//! What must hold, and how much happened.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use easel_storage::{Answer, Query, ReadLevel, Store};
use parking_lot::Mutex;

use super::people::BOARD;
use super::world::here;
use crate::state::StateFile;

/// What those outside of all nodes know.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    acknowledged: BTreeSet<Vec<u8>>,
    leaders: BTreeMap<u64, u64>,
    /// Since when nobody may write any more.
    revoked_at: Option<Duration>,
    allowed: u64,
    is_over: bool,
    faults: BTreeMap<&'static str, u64>,
}

/// What was revoked longer ago than this takes effect on every node, or nothing does.
const REVOKED_FOR_MAX: Duration = Duration::from_secs(1);

impl Known {
    pub(super) fn fault(&self, kind: &'static str, whom: u64) {
        *self.0.lock().faults.entry(kind).or_default() += 1;
        note(format!("{kind}: {whom}"));
    }

    pub(super) fn acknowledge(&self, update: Vec<u8>) {
        self.0.lock().acknowledged.insert(update);
    }

    pub(super) fn leads(&self, term: u64, node: u64) {
        let leader = *self.0.lock().leaders.entry(term).or_insert(node);
        assert_eq!(leader, node, "two leaders in term {term}");
    }

    pub(super) fn revoked(&self, at: Option<Duration>) {
        self.0.lock().revoked_at = at;
    }

    /// A node lets somebody write now.
    pub(super) fn allowed(&self, node: u64) {
        let mut inner = self.0.lock();
        inner.allowed += 1;
        if let Some(at) = inner.revoked_at {
            let ago = now() - at;
            assert!(
                ago <= REVOKED_FOR_MAX,
                "node {node} goes by a role that was revoked {ago:?} ago"
            );
        }
    }

    pub(super) fn end(&self) {
        self.0.lock().is_over = true;
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.lock().is_over
    }

    pub(super) fn tally(&self) -> Tally {
        let inner = self.0.lock();
        Tally {
            seeds: 1,
            acknowledged: inner.acknowledged.len() as u64,
            terms: inner.leaders.len() as u64,
            allowed: inner.allowed,
            faults: inner.faults.clone(),
        }
    }

    /// Everything that was acknowledged is there, and nothing twice.
    pub(super) async fn check_updates(&self, node: u64, store: Arc<dyn Store>) {
        let read = store.read(ReadLevel::Local, Query::Doc(BOARD.into())).await;
        let Ok(Answer::Doc(Some(doc))) = read.map(|read| read.answer) else {
            panic!("node {node} has no document");
        };
        let (doc, seq) = (BOARD.into(), doc.head_seq);
        let read = store
            .read(ReadLevel::Local, Query::DocAt { doc, seq })
            .await;
        let Ok(Answer::DocAt(Some(updates))) = read.map(|read| read.answer) else {
            panic!("node {node} has no updates");
        };
        let there: BTreeSet<Vec<u8>> = updates.iter().map(|update| update.to_vec()).collect();
        assert_eq!(
            there.len(),
            updates.len(),
            "node {node} holds an update twice"
        );
        let inner = self.0.lock();
        let lost = inner.acknowledged.difference(&there).count();
        assert_eq!(lost, 0, "acknowledged and not on node {node}");
    }
}

/// Where a state stands, and the hash of everything in it.
pub(super) async fn end_of(state: Arc<StateFile>) -> (Option<Vec<u8>>, Vec<u8>) {
    let mut snapshot = state.snapshot().await.expect("a snapshot");
    let marker = snapshot.marker().map(<[u8]>::to_vec);
    let mut bytes = Vec::new();
    snapshot.read_to_end(&mut bytes).expect("the state");
    (marker, bytes.split_off(bytes.len() - 32))
}

pub(super) fn now() -> Duration {
    here().expect("a simulation").elapsed()
}

pub(super) fn note(line: String) {
    here().expect("a simulation").note(line);
}

/// In numbers.
#[derive(Debug, Default)]
pub(super) struct Tally {
    seeds: u64,
    acknowledged: u64,
    terms: u64,
    allowed: u64,
    faults: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.acknowledged += other.acknowledged;
        self.terms += other.terms;
        self.allowed += other.allowed;
        for (kind, count) in &other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seeds,
            acknowledged,
            terms,
            allowed,
            ..
        } = self;
        write!(
            f,
            "simulation: {seeds} clusters, {acknowledged} acknowledged, lost 0, {terms} terms, {allowed} asked for a role\nfaults:"
        )?;
        for (kind, count) in &self.faults {
            write!(f, " {count} × {kind},")?;
        }
        Ok(())
    }
}
