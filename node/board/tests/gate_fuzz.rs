//! Seeded fuzzing of the gate against yrs: what editors make passes and means what yrs reads; nothing makes the gate
//! fail; and what it lets through does not make yrs fail.
//!
//! `EASEL_FUZZ_SECONDS` runs it longer, `EASEL_FUZZ_SEED` begins elsewhere.

mod hostile;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use easel_board::StateVector;
use easel_board::document::likeness;
use easel_board::gate::{Limits, Outline, Summary, check_state_vector, check_update};
use easel_board::repair::{Inspector, repair_all};
use hostile::{Dice, apply, forged, honest, mangled, new_doc, state};
use yrs::updates::decoder::Decode;
use yrs::{Doc, ReadTxn, Transact, Update};

/// Runs cases until their number, or the time that was asked for, is reached.
fn cases(count: u64, mut case: impl FnMut(u64, &mut Dice)) {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let end =
        number("EASEL_FUZZ_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let first = number("EASEL_FUZZ_SEED").unwrap_or(1);
    for seed in first.. {
        let done = end.map_or(seed - first >= count, |end| Instant::now() >= end);
        if done {
            break;
        }
        case(seed, &mut Dice::new(seed));
    }
}

fn known(doc: &Doc) -> StateVector {
    StateVector::from(&doc.transact().state_vector())
}

#[test]
fn what_editors_make_passes_and_means_what_yrs_reads() {
    cases(300, |seed, dice| {
        let limits = Limits::board();
        let updates = honest(dice);
        let doc = new_doc(5);
        let mut outline = Outline::default();
        for update in &updates {
            outline
                .admit(update, &limits)
                .unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
            let summary = check_update(update, &limits)
                .unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
            assert_eq!(ranges(&summary), ranges_of_yrs(update), "seed {seed}");
            // In order of making, each can be applied when it comes; out of order, when it says so.
            let other = new_doc(6);
            let some = updates
                .iter()
                .take(dice.below(updates.len() as u64) as usize);
            some.for_each(|update| apply(&other, update));
            for doc in [&doc, &other] {
                let mut then = known(doc);
                let fits = then.satisfies(&summary);
                apply(doc, update);
                let whole = !doc.transact().has_missing_updates() && known(doc).contains(&summary);
                assert_eq!(fits, whole, "seed {seed}");
                then.advance(&summary);
                assert!(!fits || known(doc) == then, "seed {seed}");
            }
        }
        assert!(!doc.transact().has_missing_updates());
        let whole = state(&doc);
        let again = new_doc(8);
        apply(&again, &whole);
        assert_eq!(
            likeness(&again.transact()),
            likeness(&doc.transact()),
            "seed {seed}"
        );
        for known in [&[][..], &[whole.as_slice()]] {
            let mut outline = Outline::default();
            known.iter().for_each(|update| outline.learn(update));
            for update in updates.iter().rev().chain([&whole]) {
                if !known.is_empty() || *update == whole {
                    outline
                        .admit(update, &limits)
                        .unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
                }
            }
        }
        let merged = yrs::merge_updates_v1(updates.iter().rev().step_by(2)).unwrap();
        check_update(&merged, &limits)
            .unwrap_or_else(|refusal| panic!("seed {seed}: merged: {refusal}"));
        check_state_vector(&known(&doc).encode(), &limits).unwrap();
    });
}

fn ranges(summary: &Summary) -> Vec<(u64, u64, u64)> {
    summary
        .provides
        .iter()
        .map(|range| (range.client, range.start, range.end))
        .collect()
}

fn ranges_of_yrs(update: &[u8]) -> Vec<(u64, u64, u64)> {
    let inserted = Update::decode_v1(update).unwrap().insertions(true);
    let mut ranges: Vec<(u64, u64, u64)> = Vec::new();
    for (client, of_client) in inserted.iter() {
        ranges.extend(
            of_client
                .iter()
                .map(|range| (client.get(), u64::from(range.start), u64::from(range.end))),
        );
    }
    ranges.sort_unstable();
    ranges
}

#[test]
fn nothing_makes_the_gate_fail() {
    cases(2_000, |_, dice| {
        let len = dice.below(200);
        let noise: Vec<u8> = (0..len)
            .map(|_| {
                if dice.one_in(2) {
                    dice.below(12) as u8
                } else {
                    dice.roll() as u8
                }
            })
            .collect();
        let _ = check_update(&noise, &Limits::board());
        let _ = check_state_vector(&noise, &Limits::board());
    });
}

/// A document as a room keeps it.
struct Room {
    doc: Doc,
    outline: Outline,
    inspector: Inspector,
}

impl Room {
    fn open() -> Room {
        let doc = new_doc(5);
        let inspector = Inspector::attach(&doc);
        Room {
            doc,
            outline: Outline::default(),
            inspector,
        }
    }

    /// Whether the update came in. Panics if yrs minds what was let through.
    fn offer(&mut self, update: &[u8]) -> bool {
        let limits = Limits::raw();
        let Ok(summary) = check_update(update, &limits) else {
            return false;
        };
        if !known(&self.doc).satisfies(&summary) || self.outline.admit(update, &limits).is_err() {
            return false;
        }
        apply(&self.doc, update);
        assert!(
            !self.doc.transact().has_missing_updates(),
            "something waits"
        );
        if let Some(repair) = self.inspector.repair(&self.doc) {
            check_update(&repair, &limits).expect("our own repair passes");
            self.outline
                .admit(&repair, &limits)
                .expect("our own repair fits");
        }
        true
    }
}

#[test]
fn what_passes_does_not_make_yrs_fail() {
    let mut taken = 0;
    cases(1_500, |seed, dice| {
        let mut room = Room::open();
        let mut accepted: Vec<Vec<u8>> = honest(dice);
        accepted.truncate(dice.below(20) as usize);
        accepted.retain(|update| room.offer(update));
        for step in 0..15 {
            let update = if accepted.is_empty() || dice.one_in(2) {
                forged(dice, &known(&room.doc).iter().collect::<Vec<_>>())
            } else {
                let (one, other) = (dice.pick(&accepted), dice.pick(&accepted));
                mangled(dice, &one, &other)
            };
            let outcome = catch_unwind(AssertUnwindSafe(|| room.offer(&update)));
            assert!(outcome.is_ok(), "seed {seed}, step {step}: {update:?}");
            if outcome.is_ok_and(|came_in| came_in) {
                taken += 1;
                accepted.push(update);
            }
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            assert_eq!(
                repair_all(&room.doc),
                None,
                "repairing bit by bit left something"
            );
            let again = new_doc(8);
            apply(&again, &state(&room.doc));
            // What is shown may differ: yrs lets a forged struct live where the rebuilt document deletes it.
            assert_eq!(known(&again), known(&room.doc));
            repair_all(&again);
            assert_eq!(repair_all(&again), None);
        }));
        assert!(outcome.is_ok(), "seed {seed}: the end");
    });
    assert!(
        taken > 1_000,
        "only {taken} hostile updates came in: the fuzzer tests nothing"
    );
}
