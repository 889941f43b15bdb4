//! As far as the reserve: the node refuses, and goes on by itself when there is room. As a follower, and as the leader.

use crate::day::Day;
use crate::{RESERVE_MIB, SMALL};
use easel_tests::apart::{self, Own};
use easel_tests::cluster::PATIENCE;
use easel_tests::{Cluster, turn, within_for};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Answers to who made boards through the small node, until it is over.
async fn make_boards(is_over: Arc<AtomicBool>, url: String) -> BTreeMap<u16, usize> {
    let client = reqwest::Client::new();
    let mut answers = BTreeMap::new();
    while !is_over.load(Ordering::Relaxed) {
        let body = serde_json::json!({ "title": "Beside" });
        let made = client.post(&url).json(&body).timeout(PATIENCE).send().await;
        let status = made.expect("the node answers").status().as_u16();
        *answers.entry(status).or_default() += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    answers
}

async fn has_room(cluster: &Cluster, expected: bool) {
    let node = &cluster.nodes()[SMALL];
    within_for(PATIENCE, "the node to say how its disk is", async || {
        let ready: serde_json::Value = node.get("/readyz").await.json().await.ok()?;
        (ready["storage"] == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_others_go_on_when_the_disk_of_one_is_full_and_so_does_it_when_there_is_room() {
    let turn = turn().await;
    if !apart::rerun(
        Own::Mounts,
        "reserve::the_others_go_on_when_the_disk_of_one_is_full_and_so_does_it_when_there_is_room",
    ) {
        return;
    }
    drop(turn);
    let day = Day::begin(0).await;
    let (cluster, disk) = (&day.cluster, &day.disk);
    let boards = cluster.nodes()[SMALL].url("/api/v1/boards");
    let is_over = Arc::<AtomicBool>::default();
    let asking = tokio::spawn(make_boards(is_over.clone(), boards));
    day.goes_on().await;

    // A follower takes in from its reserve what the leader sends, and says that it should be spared.
    cluster.lead(0).await;
    disk.fill_up_to(RESERVE_MIB / 2);
    has_room(cluster, false).await;
    day.goes_on().await;
    within_for(PATIENCE, "the reason why it cannot lead", async || {
        // Others may have reasons of their own meanwhile, such as that they do not know who leads.
        let why = cluster.try_to_lead(SMALL).await;
        let why = why.expect_err("it has no room to lead");
        why.contains("disk is nearly full").then_some(())
    })
    .await;
    disk.make_room();
    has_room(cluster, true).await;

    // A leader that takes nothing in any more has another lead.
    cluster.lead(SMALL).await;
    day.goes_on().await;
    disk.fill_up_to(RESERVE_MIB / 2);
    has_room(cluster, false).await;
    within_for(PATIENCE, "another to lead", async || {
        (cluster.leader(&[]).await != SMALL).then_some(())
    })
    .await;
    day.goes_on().await;
    disk.make_room();
    has_room(cluster, true).await;
    cluster.lead(SMALL).await;
    day.goes_on().await;

    is_over.store(true, Ordering::Relaxed);
    let answers = asking.await.expect("it asked to the end");
    let strokes = day.end().await;
    println!("{strokes} strokes saved; boards made through the small node: {answers:?}");
    let fair = |status: &u16| [201, 503, 507].contains(status);
    assert!(
        answers.keys().all(fair) && answers.contains_key(&201),
        "{answers:?}"
    );
}
