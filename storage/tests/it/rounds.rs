//! Applies that share a transaction of the engine: nobody can tell, but by what a fault takes along.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use easel_storage::Fault;
use easel_storage::apply::SEAT_KEPT_MS;
use easel_storage::redb::{ForgetfulDisk, State};
use proptest::prelude::{ProptestConfig, proptest};

use crate::support::{append, batch, board_id, create, plain, room, snapshot_of};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Seats come, go silent for longer than they are remembered, and come again.
    #[test]
    fn a_state_that_is_read_all_the_time_ends_as_one_that_never_is(
        appends in proptest::collection::vec((0u8..4, 0u64..3, 0u64..6, 0u64..SEAT_KEPT_MS), 1..120),
    ) {
        let (read, unread) = (State::in_memory().unwrap(), State::in_memory().unwrap());
        let mut at = 0;
        let mut apply = |later_ms, kind| {
            at += later_ms;
            let batches = [batch(at, vec![plain(kind)])];
            let marker = at.to_be_bytes();
            assert_eq!(read.apply(&batches, &marker).unwrap(), unread.apply(&batches, &marker).unwrap());
            assert_eq!(read.marker().unwrap().as_deref(), Some(&marker[..]));
        };
        apply(1, create(board_id(0)));
        for (doc, seat, number, later_ms) in appends {
            let doc = match doc {
                0 => board_id(0).into(),
                1 => board_id(1).into(),
                other => room(&format!("r{other}")),
            };
            apply(later_ms / 4, append(&doc, &[("update", Some((seat, number)))]));
        }
        assert_eq!(snapshot_of(&read), snapshot_of(&unread));
    }
}

#[test]
fn more_documents_than_a_round_holds_are_all_there() {
    let state = State::in_memory().unwrap();
    let mut docs = 0u64;
    for at in 0..40 {
        let envelopes = (0..1_000).map(|_| {
            docs += 1;
            plain(append(&room(&format!("r{docs}")), &[("update", None)]))
        });
        let envelopes = envelopes.collect();
        state.apply(&[batch(at, envelopes)], b"m").unwrap();
    }
    let counts = state.read_tx(|tx| tx.counts()).unwrap();
    assert_eq!((counts.docs, counts.updates), (docs, docs));
}

#[test]
fn whoever_reads_beside_sees_what_was_applied_before() {
    let state = State::in_memory().unwrap();
    let (applied, done) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    let before = applied.load(Ordering::Acquire);
                    let marker = state.marker().unwrap().map_or(0, |marker| {
                        u64::from_be_bytes(marker.try_into().expect("eight bytes"))
                    });
                    assert!(marker >= before, "{marker} after {before}");
                }
            });
        }
        for n in 1..=500u64 {
            let kind = append(&room("r"), &[("update", Some((1, n)))]);
            state
                .apply(&[batch(n, vec![plain(kind)])], &n.to_be_bytes())
                .unwrap();
            applied.store(n, Ordering::Release);
            if n.is_multiple_of(50) {
                state.flush().unwrap();
            }
        }
        done.store(true, Ordering::Release);
    });
}

/// A state that answered would deny what it had said before.
#[test]
fn after_a_fault_nothing_is_answered_until_the_state_is_opened_again() {
    let disk = ForgetfulDisk::new();
    let state = State::on_backend(disk.backend()).unwrap();
    let step = |n: u64, text: &str| {
        let kind = append(&room("r"), &[(text, Some((1, n)))]);
        state.apply(&[batch(n, vec![plain(kind)])], &n.to_be_bytes())
    };
    step(1, "flushed").unwrap();
    state.flush().unwrap();
    step(2, "applied").unwrap();
    disk.limit_bytes(Some(disk.len_bytes()));
    let large = "x".repeat(1 << 20);
    let fault = (3..1_000).find_map(|n| step(n, &large).err());
    assert!(matches!(fault, Some(Fault::DiskFull)), "{fault:?}");
    disk.limit_bytes(None);
    assert!(state.marker().is_err());
    assert!(state.snapshot().is_err());
    assert!(step(1_000, "more").is_err());
    assert!(state.flush().is_err());

    drop(state);
    let state = State::on_backend(disk.backend()).unwrap();
    assert_eq!(
        state.marker().unwrap().as_deref(),
        Some(&1u64.to_be_bytes()[..])
    );
}
