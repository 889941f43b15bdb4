//! Beyond the reserve, to the last byte, as when something else fills the disk: what the node writes then fails. It says so
//! and ends; started again it says so until there is room, and then it has lost nothing. As a follower, and as the leader.

use crate::SMALL;
use crate::day::Day;
use easel_tests::apart::{self, Own};
use easel_tests::cluster::PATIENCE;
use easel_tests::small_disk::SmallDisk;
use easel_tests::{turn, within_for};
use std::convert::Infallible;
use std::time::Duration;

/// Soon more than what the state's file has room for, and never as much as the disk.
const INK_BYTES: usize = 4 << 10;
const OTHERS: [usize; 2] = [0, 2];
const SAYS: &str = "is full: make room, then start it again";

/// Fills the disk, and what the node frees meanwhile, until the node has ended.
async fn fill_until_it_ends(day: &mut Day) {
    within_for(PATIENCE, "the node to give up", async || {
        day.disk.fill_to_the_last_byte();
        day.cluster.node(SMALL).has_ended().then_some(())
    })
    .await;
    let ended = day.cluster.node(SMALL).wait().await;
    let said = day.cluster.nodes()[SMALL].output();
    assert!(!ended.success() && said.contains(SAYS), "{ended}: {said}");
}

async fn keep_full(disk: &SmallDisk) -> Infallible {
    loop {
        disk.fill_to_the_last_byte();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_disk_is_full_to_the_last_byte_says_so_and_comes_back_when_there_is_room() {
    let turn = turn().await;
    if !apart::rerun(
        Own::Mounts,
        "last_byte::a_node_whose_disk_is_full_to_the_last_byte_says_so_and_comes_back_when_there_is_room",
    ) {
        return;
    }
    drop(turn);
    let mut day = Day::begin(INK_BYTES).await;
    day.goes_on().await;
    for leads in [0, SMALL] {
        day.cluster.lead(leads).await;
        fill_until_it_ends(&mut day).await;
        day.goes_on_at(&OTHERS).await;
        // As a service manager would.
        let again = tokio::select! {
            again = day.cluster.nodes()[SMALL].fails_again() => again,
            never = keep_full(&day.disk) => match never {},
        };
        let said = String::from_utf8_lossy(&again.stderr);
        assert!(
            !again.status.success() && said.contains(SAYS),
            "{}: {said}",
            again.status
        );
        day.goes_on_at(&OTHERS).await;
        day.disk.make_room();
        day.cluster.restart(SMALL).await;
        day.goes_on().await;
    }
    println!("{} strokes saved", day.end().await);
}
