//! Three real nodes become one Easel, from the files in `config/cluster`.

use easel_tests::{Node, NodeOptions, node, within_for};
use reqwest::Method;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// Where the nodes of this test meet: addresses of loopback that no other process has, so that a node that is started
/// again is where it was.
fn peers(id: u32) -> String {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    format!("127.{}.{low}.{id}:7080", 100 + high % 100)
}

fn options(home: &Path, id: u32) -> NodeOptions {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/cluster");
    let mut options = NodeOptions::default().with("EASEL_LISTEN__PEERS", &peers(id));
    options.config = Some(files.join(format!("node-{id}.toml")));
    if id > 1 {
        let others = (1..=3).filter(|other| *other != id).map(peers);
        let token = token_file(home, id);
        options = options
            .with("EASEL_CLUSTER__JOIN", &others.collect::<Vec<_>>().join(","))
            .with(
                "EASEL_CLUSTER__JOIN_TOKEN_FILE",
                &token.display().to_string(),
            );
    }
    options
}

fn token_file(home: &Path, id: u32) -> PathBuf {
    home.join(format!("token-{id}"))
}

fn folder(home: &Path, id: u32) -> PathBuf {
    home.join(id.to_string())
}

/// `easel cluster` with these words, asked of the node with this folder.
async fn cluster(folder: &Path, words: &[&str]) -> Output {
    let mut command = node::command();
    command
        .arg("cluster")
        .args(words)
        .arg("--data-dir")
        .arg(folder);
    let ran = tokio::time::timeout(2 * PATIENCE, command.output()).await;
    ran.expect("it ends by itself").expect("it ran")
}

async fn done(folder: &Path, words: &[&str]) -> String {
    let output = cluster(folder, words).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

async fn status(folder: &Path) -> Value {
    let said = done(folder, &["status", "--json"]).await;
    serde_json::from_str(&said).expect("JSON")
}

async fn until_voters(folder: &Path, expected: &[u64]) {
    within_for(PATIENCE, "the voters to be as expected", async || {
        let status = status(folder).await;
        let nodes = status["nodes"].as_array().expect("nodes");
        let ids = nodes.iter().filter(|node| node["role"] == "voter");
        let ids: Vec<_> = ids.filter_map(|node| node["id"].as_u64()).collect();
        (nodes.len() == expected.len() && ids == expected).then_some(())
    })
    .await;
}

async fn until_all_have(nodes: &[Node], board: &str) {
    for node in nodes {
        within_for(PATIENCE, "a board to be everywhere", async || {
            let answer = node.get(&format!("/api/v1/boards/{board}")).await;
            (answer.status() == 200).then_some(())
        })
        .await;
    }
}

/// Also while the nodes look for a leader.
async fn create_board(node: &Node) -> String {
    within_for(PATIENCE, "a board to be made", async || {
        let asked = easel_tests::people::ask(
            node,
            None,
            Method::POST,
            "/boards",
            Some(serde_json::json!({ "title": "Plan" })),
        );
        let (status, board) = asked.await;
        assert!(status == 201 || status >= 500, "{status} {board}");
        Some(board["id"].as_str()?.to_owned())
    })
    .await
}

async fn join(home: &TempDir, id: u32) -> Node {
    let token = done(&folder(home.path(), 1), &["join-token"]).await;
    std::fs::write(token_file(home.path(), id), token).expect("a file");
    Node::start_at(&folder(home.path(), id), options(home.path(), id)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_grow_from_one_come_back_together_and_one_leaves() {
    let home = tempfile::tempdir().expect("a folder");
    let first = Node::start_at(&folder(home.path(), 1), options(home.path(), 1)).await;
    let before = create_board(&first).await;
    let mut nodes = vec![first];
    for id in [2, 3] {
        nodes.push(join(&home, id).await);
    }
    until_voters(&folder(home.path(), 3), &[1, 2, 3]).await;
    let through_the_third = create_board(&nodes[2]).await;
    until_all_have(&nodes, &before).await;
    until_all_have(&nodes, &through_the_third).await;

    // A token lets one node in.
    let again = node::command()
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder(home.path(), 4))
        .env("EASEL_LISTEN__PEERS", peers(4))
        .env("EASEL_CLUSTER__JOIN", peers(2))
        .env("EASEL_CLUSTER__JOIN_TOKEN_FILE", token_file(home.path(), 3))
        .output();
    let again = tokio::time::timeout(2 * PATIENCE, again).await;
    let again = again.expect("it ends by itself").expect("it ran");
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success(), "{said}");
    assert!(
        said.contains("does not let this node in: the join token was used"),
        "{said}"
    );

    // Power comes back everywhere at once.
    for node in &mut nodes {
        node.kill().await;
    }
    let started = futures_util::future::join_all(nodes.into_iter().map(Node::restart));
    let mut nodes = started.await;
    until_all_have(&nodes, &through_the_third).await;
    let after = create_board(&nodes[1]).await;
    until_all_have(&nodes, &after).await;

    // The third goes, knows it, and leaves nothing undecided.
    let mut third = nodes.pop().expect("three nodes");
    done(&folder(home.path(), 3), &["leave"]).await;
    let ended = tokio::time::timeout(PATIENCE, third.wait()).await;
    assert!(!ended.expect("it stops").success());
    assert!(
        third.output().contains("taken out of the cluster"),
        "{}",
        third.output()
    );
    until_voters(&folder(home.path(), 2), &[1, 2]).await;
    let later = create_board(&nodes[0]).await;
    until_all_have(&nodes, &later).await;
}
