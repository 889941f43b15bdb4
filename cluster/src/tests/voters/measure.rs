//! How much three voters take, for orientation. A report, not a test: it holds nobody to a figure.

use std::time::{Duration, Instant};

use super::group::{BOARD, Group, no_cuts};
use crate::tests::append_update;

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
