//! Rooms on several nodes, their people, the store and the clock under one seed: whatever happens in whatever order, what was
//! saved stays, and everybody who comes back sees the same.
//!
//! Clients are real Yjs documents behind real outboxes, into which what a room says is gathered as its task does; the store is the real one in memory. The seed decides who
//! draws, reads, stops reading, leaves and returns, and to which node; how long the store takes and what it answers;
//! which messages between the nodes come late, twice or never; when a node dies, is cut off, and when the clock jumps.
//!
//! `world` is the order of events, `node` runs one room as its task does, `people` are the clients and `connections` what
//! goes over their lines, `storage`, its `answers` and `network` are what fails, `said`, `contents` and `checks` are what must hold, `trace` is what happened. A failure names its
//! seed and shows its last steps; `SIMULATION_SEED=n` runs that one alone, `SIMULATION_SEEDS=n` the first so many.

mod answers;
mod checks;
mod connections;
mod contents;
mod network;
mod node;
mod people;
mod random;
mod said;
mod storage;
mod trace;
mod world;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use trace::Tally;
use world::World;

/// As many as take a few seconds; `make soak` runs thousands.
const SEEDS: u64 = 200;
const SEEDS_TWICE: u64 = 10;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn what_is_saved_stays_and_everybody_sees_the_same() {
    if let Some(seed) = number("SIMULATION_SEED") {
        return match run(seed) {
            Ok((tally, digest)) => println!("{tally}\ntrace {digest:016x}"),
            Err(failure) => panic!("{failure}"),
        };
    }
    let seeds = number("SIMULATION_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let all = Mutex::new((Tally::default(), Vec::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return;
            }
            let ran = run(seed);
            let (tally, failures) = &mut *all.lock().expect("nobody panics with it");
            match ran {
                Ok((of, _)) => tally.add(&of),
                Err(failure) => {
                    failures.push(failure);
                    next.store(seeds, Ordering::Relaxed);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        (0..threads).for_each(|_| {
            scope.spawn(work);
        });
    });
    let (tally, failures) = all.into_inner().expect("nobody panicked with it");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    println!("{tally}");
}

#[test]
fn one_seed_twice_is_the_same_twice() {
    for seed in 0..SEEDS_TWICE {
        let digest = || run(seed).map(|(_, digest)| digest);
        assert_eq!(digest(), digest(), "seed {seed} went differently");
    }
}

/// Runs one seed; gives what happened in numbers and the trace's digest, or its last steps and what failed.
fn run(seed: u64) -> Result<(Tally, u64), String> {
    let mut world = World::new(seed);
    let lived = catch_unwind(AssertUnwindSafe(|| world.live()));
    let trace = world.trace;
    match lived {
        Ok(()) => Ok((trace.tally, trace.digest)),
        Err(reason) => Err(format!(
            "{}seed {seed} fails: {}; SIMULATION_SEED={seed} runs it again",
            trace.last_steps(),
            reason_of(&*reason)
        )),
    }
}

fn reason_of(reason: &(dyn Any + Send)) -> &str {
    let text = reason.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| reason.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words")
}
