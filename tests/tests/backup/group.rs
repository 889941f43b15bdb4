//! A cluster that is lost as a whole grows again out of a backup that a follower made.

use crate::{Drawn, PATIENCE, Rooms, done, path};
use easel_tests::group::Group;
use easel_tests::people::ask;
use easel_tests::{Node, NodeOptions, within_for};
use reqwest::Method;
use serde_json::json;

/// Draws also while the nodes look for a leader.
async fn draw(drawn: &Drawn, node: &Node, words: &str) {
    let path = format!("/boards/{}/elements", drawn.board);
    let body = json!({ "type": "sticky", "box": [0, 0, 200, 200, 0], "text": words });
    within_for(PATIENCE, "a stroke to be taken", async || {
        let asked = ask(
            node,
            Some(&drawn.token),
            Method::POST,
            &path,
            Some(body.clone()),
        );
        (asked.await.0 == 201).then_some(())
    })
    .await;
}

/// What the node shows of the board, as soon as it shows all of it.
async fn until_shown(drawn: &Drawn, node: &Node, words: &str) {
    let path = format!("/boards/{}/elements", drawn.board);
    within_for(PATIENCE, "a stroke to be shown", async || {
        let (status, shown) = ask(node, Some(&drawn.token), Method::GET, &path, None).await;
        let shown = shown["data"].as_array().filter(|_| status == 200)?;
        let is_there = shown.iter().any(|element| element["text"] == words);
        is_there.then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_lost_grows_again_out_of_a_followers_backup() {
    let rooms = Rooms::new();
    let to = path(&rooms.backups);
    let mut group = Group::start(NodeOptions::default()).await;
    let drawn = Drawn::on(&group.nodes[0]).await;
    group.grow().await;
    group.until_all_vote().await;
    let leader = group.leader().await;
    draw(&drawn, &group.nodes[leader], "just drawn").await;
    // At once: the follower may have to be told of it first.
    let follower = path(group.nodes[1 - leader].folder());
    let words = [
        "backup",
        "create",
        "--to",
        to,
        "--with-key",
        "--data-dir",
        follower,
    ];
    let made = done(&words, &[]).await;
    assert_eq!(made["missing"], json!([]), "{made}");
    assert!(made["updates"].as_u64() >= Some(2), "{made}");
    until_shown(&drawn, &group.nodes[leader], "just drawn").await;
    let before = drawn.content(&group.nodes[leader], &drawn.token).await;
    for node in &mut group.nodes {
        node.kill().await;
    }
    drop(group);

    let mut group = Group::start_from(NodeOptions::default(), async |folder| {
        let words = ["restore", "--from", to, "--data-dir", path(folder)];
        done(&words, &[]).await;
    })
    .await;
    let now = drawn.content(&group.nodes[0], &drawn.token).await;
    assert_eq!(now.elements, before.elements);
    group.grow().await;
    group.until_all_vote().await;
    until_shown(&drawn, &group.nodes[1], "just drawn").await;
    let now = drawn.content(&group.nodes[1], &drawn.token).await;
    assert_eq!(
        (now.elements, now.picture),
        (before.elements, before.picture)
    );
    draw(&drawn, &group.nodes[1], "goes on").await;
    until_shown(&drawn, &group.nodes[0], "goes on").await;
}
