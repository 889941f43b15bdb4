//! How much three voters take, for orientation. A report, not a test: it holds nobody to a figure.

use std::time::{Duration, Instant};

use super::group::{ALL, BOARD, Group, no_cuts};
use crate::tests::{append_update, within};

const TIME: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, for a release build on a quiet machine"]
async fn commands_a_second_by_proposers() {
    for proposers in [1, 16, 256] {
        let group = Group::form(no_cuts()).await;
        let leader = group.leader().await;
        let until = Instant::now() + TIME;
        let tasks: Vec<_> = (0..proposers)
            .map(|_| {
                let store = group.store(leader);
                tokio::spawn(async move {
                    let mut waits_us = Vec::new();
                    while Instant::now() < until {
                        let begun = Instant::now();
                        let update = append_update(BOARD, vec![7; 200]);
                        let submitted = store.submit(vec![update]).await;
                        submitted.expect("the leader stays");
                        waits_us.push(begun.elapsed().as_micros());
                    }
                    waits_us
                })
            })
            .collect();
        let mut waits_us = Vec::new();
        for task in tasks {
            waits_us.extend(task.await.expect("a proposer"));
        }
        waits_us.sort_unstable();
        let at = |part: usize| waits_us[waits_us.len() * part / 100];
        let a_second = waits_us.len() as u64 / TIME.as_secs();
        let (p50, p99) = (at(50), at(99));
        println!("{proposers} proposers: {a_second} commands/s, p50 {p50} us, p99 {p99} us");
        group.check_equal().await;
        group.shutdown().await;
    }
}

/// How long nothing is written when the leader goes, and on what that time is spent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, for a quiet machine"]
async fn phases_of_a_failover() {
    const TIMES: usize = 12;
    let mut phases: [(&str, Vec<u128>); 6] = [
        ("killed: another leads", Vec::new()),
        ("killed: a follower has written", Vec::new()),
        ("killed: both others are in touch", Vec::new()),
        ("cut off: another leads", Vec::new()),
        ("cut off: a follower has written", Vec::new()),
        ("cut off: both others are in touch", Vec::new()),
    ];
    let mut group = Group::form(no_cuts()).await;
    for time in 0..TIMES {
        let killed = time % 2 == 0;
        let leader = group.leader().await;
        for node in ALL {
            let mut status = group.nodes[&node].status();
            let in_touch = status.wait_for(|s| s.in_touch);
            within("touch", in_touch).await.expect("a status");
        }
        let others: Vec<_> = ALL.into_iter().filter(|node| *node != leader).collect();
        let term = group.nodes[&leader].status().borrow().term;
        let begun = Instant::now();
        match killed {
            true => group.kill(leader).await,
            false => group.net.cut_off(leader, ALL),
        }
        let writing = others.iter().map(|node| {
            let store = group.store(*node);
            tokio::spawn(async move {
                let update = append_update(BOARD, vec![7; 200]);
                while store.submit(vec![update.clone()]).await.is_err() {}
                begun.elapsed()
            })
        });
        let writing: Vec<_> = writing.collect();
        group.leader_among(&others).await;
        let elected = begun.elapsed();
        let mut written = Duration::ZERO;
        for writer in writing {
            written = written.max(within("a write", writer).await.expect("a writer"));
        }
        for node in &others {
            let mut status = group.nodes[node].status();
            let in_touch = status.wait_for(|s| s.in_touch && s.term > term);
            within("touch", in_touch).await.expect("a status");
        }
        let at = if killed { 0 } else { 3 };
        for (phase, took) in [elected, written, begun.elapsed()].into_iter().enumerate() {
            phases[at + phase].1.push(took.as_millis());
        }
        match killed {
            true => group.start(leader).await,
            false => group.net.heal(),
        }
        group
            .applied(leader, group.committed(others[0]).await)
            .await;
    }
    for (name, mut took_ms) in phases {
        took_ms.sort_unstable();
        println!("{name}: {took_ms:?} ms");
    }
    group.shutdown().await;
}
