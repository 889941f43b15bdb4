//! Power cuts: whatever sectors survive, the state is that of some flush, with that flush's marker, or a later one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use easel_storage::redb::{ForgetfulDisk, State};
use easel_storage::{Command, Fault, Payload};
use proptest::prelude::{ProptestConfig, proptest};

use crate::support::{append, batch, board_id, create, plain, room, snapshot_of};

/// Applies the nth step; every seventh is larger than a page.
fn step(state: &State, n: u64) {
    let text = "x".repeat(if n.is_multiple_of(7) { 9000 } else { 100 });
    let doc = room(["a", "b", "c"][n as usize % 3]);
    let mut envelopes = vec![plain(append(&doc, &[(&text, Some((n % 5, n)))]))];
    if n % 11 == 10 {
        envelopes.push(plain(create(board_id(n as u8))));
        envelopes.push(plain(Command::Compact {
            doc,
            expected_body_seq: 0,
            upto_seq: 1,
            body: Payload::Inline(vec![n as u8; 100_000].into()),
            state_vector: vec![n as u8],
        }));
    }
    state
        .apply(&[batch(n, envelopes)], &n.to_be_bytes())
        .unwrap();
}

fn marker_of(state: &State) -> u64 {
    let marker = state.marker().unwrap();
    marker.map_or(0, |marker| u64::from_be_bytes(marker.try_into().unwrap()))
}

/// The state after the first n steps, made without any crash.
fn reference(n: u64) -> State {
    let state = State::in_memory().unwrap();
    for n in 1..=n {
        step(&state, n);
    }
    state
}

#[test]
fn what_was_flushed_is_there_after_a_crash() {
    let disk = ForgetfulDisk::new();
    let state = State::on_backend(disk.backend()).unwrap();
    for n in 1..=20 {
        step(&state, n);
    }
    state.flush().unwrap();
    let flushed = snapshot_of(&state);
    for n in 21..=40 {
        step(&state, n);
    }
    for seed in 0..20 {
        let crashed = State::on_backend(disk.after_crash(seed).backend()).unwrap();
        assert_eq!(marker_of(&crashed), 20, "seed {seed}");
        assert_eq!(snapshot_of(&crashed), flushed, "seed {seed}");
    }
}

/// Otherwise a crash would mean walking the whole file before the first answer.
#[test]
fn opening_after_a_crash_repairs_nothing() {
    let disk = ForgetfulDisk::new();
    let state = State::on_backend(disk.backend()).unwrap();
    step(&state, 1);
    state.flush().unwrap();
    step(&state, 2);
    assert!(!needs_repair(&disk.after_crash(1)));

    // A flush of another kind shows that this would be seen.
    let disk = ForgetfulDisk::new();
    let database = ::redb::Builder::new()
        .create_with_backend(disk.backend())
        .unwrap();
    database.begin_write().unwrap().commit().unwrap();
    assert!(needs_repair(&disk.after_crash(1)));
}

fn needs_repair(disk: &ForgetfulDisk) -> bool {
    let asked = Arc::new(AtomicBool::new(false));
    let called = Arc::clone(&asked);
    ::redb::Builder::new()
        .set_repair_callback(move |_| called.store(true, Ordering::Relaxed))
        .create_with_backend(disk.backend())
        .unwrap();
    asked.load(Ordering::Relaxed)
}

#[test]
fn an_apply_alone_syncs_nothing() {
    let disk = ForgetfulDisk::new();
    let state = State::on_backend(disk.backend()).unwrap();
    step(&state, 1);
    let lost = State::on_backend(disk.after_crash(1).backend()).unwrap();
    assert_eq!(lost.marker().unwrap(), None);
    state.flush().unwrap();
    assert_eq!(disk.unsynced_bytes(), 0);
    let kept = State::on_backend(disk.after_crash(1).backend()).unwrap();
    assert_eq!(marker_of(&kept), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Steps and flushes in any order, then a power cut at a random write; what is left goes on from its marker and
    /// ends where a run without a crash ends.
    #[test]
    fn a_crash_leaves_a_flushed_prefix_with_its_marker(
        rounds in proptest::collection::vec((1u64..8, proptest::bool::ANY), 1..10),
        seed in proptest::num::u64::ANY,
    ) {
        let disk = ForgetfulDisk::new();
        let state = State::on_backend(disk.backend()).unwrap();
        let (mut applied, mut flushed) = (0, 0);
        for (steps, flush) in rounds {
            for _ in 0..steps {
                applied += 1;
                step(&state, applied);
            }
            if flush {
                state.flush().unwrap();
                flushed = applied;
            }
        }
        let crashed = State::on_backend(disk.after_crash(seed).backend()).unwrap();
        assert_eq!(marker_of(&crashed), flushed);
        assert_eq!(snapshot_of(&crashed), snapshot_of(&reference(flushed)));
        for n in flushed + 1..=applied {
            step(&crashed, n);
        }
        assert_eq!(snapshot_of(&crashed), snapshot_of(&reference(applied)));
    }

    /// The disk may fail in the middle of a flush as well: then it is this flush or the one before.
    #[test]
    fn a_crash_during_a_flush_leaves_it_whole_or_not_at_all(
        before in 1u64..20, after in 1u64..20, seed in proptest::num::u64::ANY, nth_sync in 0u32..4,
    ) {
        let disk = ForgetfulDisk::new();
        let state = State::on_backend(disk.backend()).unwrap();
        for n in 1..=before {
            step(&state, n);
        }
        state.flush().unwrap();
        for n in before + 1..=before + after {
            step(&state, n);
        }
        disk.cut_power_after_syncs(nth_sync, seed);
        state.flush().unwrap();
        let crashed = disk.after_cut().unwrap_or_else(|| disk.after_crash(seed));
        let crashed = State::on_backend(crashed.backend()).unwrap();
        let marker = marker_of(&crashed);
        assert!([before, before + after].contains(&marker), "{marker}");
        assert_eq!(snapshot_of(&crashed), snapshot_of(&reference(marker)));
    }
}

/// The property above would hold on a disk that never crashes; this one sees both ends.
#[test]
fn a_power_cut_during_a_flush_goes_both_ways() {
    let mut seen = BTreeSet::new();
    for (syncs, seed) in (0..2).flat_map(|syncs| (0..8).map(move |seed| (syncs, seed))) {
        let disk = ForgetfulDisk::new();
        let state = State::on_backend(disk.backend()).unwrap();
        step(&state, 1);
        state.flush().unwrap();
        step(&state, 2);
        disk.cut_power_after_syncs(syncs, seed);
        state.flush().unwrap();
        let cut = disk.after_cut().expect("a flush syncs at least twice");
        seen.insert(marker_of(&State::on_backend(cut.backend()).unwrap()));
    }
    assert_eq!(seen, BTreeSet::from([1, 2]));
}

/// The full disk is told apart from other faults, and costs nothing that was flushed.
#[test]
fn a_full_disk_is_a_fault_of_its_own() {
    let disk = ForgetfulDisk::new();
    let state = State::on_backend(disk.backend()).unwrap();
    for n in 1..=10 {
        step(&state, n);
    }
    state.flush().unwrap();
    let flushed = snapshot_of(&state);
    disk.limit_bytes(Some(disk.len_bytes()));
    let doc = room("large");
    let large = "x".repeat(1 << 20);
    let fault = (0..1000).find_map(|n| {
        let envelope = plain(append(&doc, &[(&large, Some((1, n)))]));
        let applied = state.apply(&[batch(100 + n, vec![envelope])], b"large");
        applied.err().or_else(|| state.flush().err())
    });
    assert!(matches!(fault, Some(Fault::DiskFull)), "{fault:?}");
    drop(state);
    disk.limit_bytes(None);
    let state = State::on_backend(disk.backend()).unwrap();
    assert_eq!(marker_of(&state), 10);
    assert_eq!(snapshot_of(&state), flushed);
}
