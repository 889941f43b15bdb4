//! A whole cluster under one seed: whatever goes wrong in whatever order, what was acknowledged stays, and all nodes
//! come to the same.
//!
//! Each node is the real one from the batcher down to the log and the state, with its own elections, forwarding and wire.
//! Simulated is what lies below: `world` is time and the order of steps, `runtime` stands in for tokio, `net` for
//! sockets, `machine` for disks. `cluster` starts nodes and brings about what goes wrong, `people` write, and ask
//! whether they may; `checks` are what must hold. Snapshots are not part of it: no log is cut.
//!
//! A failure names its seed and shows what happened last; `CLUSTER_SEED=n` runs that one alone, `CLUSTER_SEEDS=n` the
//! first so many.

mod checks;
mod cluster;
mod machine;
mod net;
mod people;
pub(crate) mod runtime;
mod world;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use checks::Tally;
pub(crate) use net::Calls;

/// As many as take a few seconds; `make soak` runs thousands.
const SEEDS: u64 = 5;
const SEEDS_TWICE: u64 = 1;
/// Within so many each planted fault must be found.
const SEEDS_FOR_A_FAULT: u64 = 40;

/// Faults of ours, which the checks must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planted {
    /// The disk says that it has synced, and has not.
    LyingDisk,
    /// A vote is forgotten when the power goes.
    ForgottenVote,
    /// Who asks again does it under another id.
    NewIdForARetry,
    /// A node that is out of touch goes on believing what it knows.
    StaleRole,
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn what_is_acknowledged_stays_and_all_nodes_come_to_the_same() {
    if let Some(seed) = number("CLUSTER_SEED") {
        return match run(seed, None) {
            Ok((tally, digest)) => println!("{tally}\ntrace {digest:016x}"),
            Err(failure) => panic!("{failure}"),
        };
    }
    let seeds = number("CLUSTER_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let all = Mutex::new((Tally::default(), Vec::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return;
            }
            match run(seed, None) {
                Ok((tally, _)) => all.lock().0.add(&tally),
                Err(failure) => {
                    all.lock().1.push(failure);
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
    let (tally, failures) = all.into_inner();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    println!("{tally}");
}

/// Here a leader lost its power, came back in the term that it led, and told a place to read at from before what it had
/// acknowledged; so a role was gone by that had been revoked a second before (`Resumed` in `read.rs`).
#[test]
fn a_leader_that_comes_back_knows_what_it_acknowledged() {
    const SEED: u64 = 119;
    if let Err(failure) = run(SEED, None) {
        panic!("{failure}");
    }
}

#[test]
fn one_seed_twice_is_the_same_twice() {
    for seed in 0..SEEDS_TWICE {
        let digest = || run(seed, None).map(|(_, digest)| digest);
        assert_eq!(digest(), digest(), "seed {seed} went differently");
    }
}

#[test]
fn a_disk_that_lies_is_found() {
    finds(Planted::LyingDisk, 0);
}

#[test]
fn a_vote_that_is_forgotten_is_found() {
    finds(Planted::ForgottenVote, 4);
}

#[test]
fn a_retry_under_another_id_is_found() {
    finds(Planted::NewIdForARetry, 0);
}

#[test]
fn a_node_that_believes_what_it_knew_is_found() {
    finds(Planted::StaleRole, 9);
}

/// Begins with a seed that is known to find it, so that this is quick; another build may need others.
fn finds(planted: Planted, first: u64) {
    let mut seeds = first..first + SEEDS_FOR_A_FAULT;
    let failure = seeds.find_map(|seed| run(seed, Some(planted)).err());
    println!("{}", failure.expect("no seed found it"));
}

/// Runs one seed; gives what happened in numbers and the trace's digest, or what failed.
fn run(seed: u64, planted: Option<Planted>) -> Result<(Tally, u64), String> {
    let lived = catch_unwind(AssertUnwindSafe(|| {
        world::live(seed, cluster::live(planted))
    }));
    lived.map_err(|reason| {
        format!(
            "seed {seed} fails: {}; CLUSTER_SEED={seed} cargo test -p easel-cluster --lib simulation runs it again",
            reason_of(&*reason)
        )
    })
}

fn reason_of(reason: &(dyn Any + Send)) -> &str {
    let text = reason.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| reason.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words")
}
