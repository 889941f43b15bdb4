//! Three real nodes become one Easel, from the files in `config/cluster`.

use easel_tests::{Node, NodeOptions, node, within_for};
use reqwest::Method;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
const PICTURE: &[u8] = include_bytes!("../../../node/web/public/icon-512.png");

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

/// Who leads has another lead before it ends, and comes back. On a machine that stands still for a moment another may lead
/// already, or take too long to be elected: not each time.
async fn who_leads_hands_over(nodes: &mut Vec<Node>, home: &TempDir) -> usize {
    const TRIES: u32 = 4;
    let mut said = String::new();
    for _ in 0..TRIES {
        let leader = within_for(PATIENCE, "a leader", async || {
            status(&folder(home.path(), 1)).await["leader"].as_u64()
        });
        let place = leader.await as usize - 1;
        nodes[place].signal(rustix::process::Signal::TERM);
        let ended = tokio::time::timeout(PATIENCE, nodes[place].wait()).await;
        assert!(ended.expect("it stops").success());
        said = nodes[place].output();
        let back = nodes.remove(place).restart().await;
        nodes.insert(place, back);
        if said.contains("handed over the leadership") {
            return place;
        }
        create_board(&nodes[place]).await;
    }
    panic!("nobody hands over: {said}");
}

/// A bit of it falls over on one node's disk; nobody who looks at it sees anything of that.
async fn a_damaged_picture_is_mended(nodes: &[Node], home: &TempDir, board: &str) {
    let client = reqwest::Client::new();
    let put = within_for(PATIENCE, "a picture to be put", async || {
        let put = client
            .post(nodes[0].url(&format!("/api/v1/boards/{board}/assets")))
            .body(PICTURE);
        let put = put.send().await.expect("the node answers");
        let status = put.status();
        // It may have been put by a try that was not answered.
        assert!(matches!(status.as_u16(), 200 | 201 | 500..), "{status}");
        put.json::<Value>()
            .await
            .ok()
            .filter(|_| status.is_success())
    })
    .await;
    let picture = format!("/api/v1/assets/{}", put["id"].as_str().expect("an id"));
    let second = folder(home.path(), 2);
    let scrub = async || {
        let said = blobs(&second, &["scrub", "--json"]).await;
        serde_json::from_str::<Value>(&said).expect("JSON")
    };
    let files = put["variants"].as_array().map(Vec::len);
    within_for(PATIENCE, "every node to have the picture", async || {
        let kept = blobs(&second, &["status", "--json"]).await;
        let kept: Value = serde_json::from_str(&kept).expect("JSON");
        (kept["blobs"].as_u64() == files.map(|files| files as u64)).then_some(())
    })
    .await;
    let file = a_file_below(&second.join("blobs"));
    let whole = std::fs::read(&file).expect("a picture");
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&file, &damaged).expect("it is damaged");
    let scrubbed = scrub().await;
    let found = ["damaged", "brought", "missing"].map(|what| scrubbed[what].as_u64());
    assert_eq!(found, [Some(1), Some(1), Some(0)], "{scrubbed}");
    assert_eq!(std::fs::read(&file).expect("a picture"), whole);
    assert_eq!(scrub().await["damaged"], 0);
    let aside = std::fs::read_dir(second.join("blobs/damaged")).expect("a folder");
    let aside: Vec<_> = aside.map(|file| file.expect("a file").path()).collect();
    assert_eq!(aside.len(), 1);
    assert_eq!(std::fs::read(&aside[0]).expect("a file"), damaged);
    for node in nodes {
        within_for(PATIENCE, "the picture to be shown", async || {
            (node.get(&picture).await.status() == 200).then_some(())
        })
        .await;
    }
}

/// A picture's, and not one of another kind that lies there.
fn a_file_below(blobs: &Path) -> PathBuf {
    let items = std::fs::read_dir(blobs).expect("a folder");
    let mut folders = items.map(|item| item.expect("an item").path());
    let folder = folders.find(|path| path.file_name().is_some_and(|name| name.len() == 2));
    let mut files = std::fs::read_dir(folder.expect("a blob")).expect("a folder");
    files.next().expect("a blob").expect("a blob").path()
}

/// `easel blobs` with these words.
async fn blobs(folder: &Path, words: &[&str]) -> String {
    let mut command = node::command();
    command
        .arg("blobs")
        .args(words)
        .arg("--data-dir")
        .arg(folder);
    let ran = tokio::time::timeout(2 * PATIENCE, command.output()).await;
    let output = ran.expect("it ends by itself").expect("it ran");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_grow_from_one_come_back_together_and_one_leaves() {
    let _turn = easel_tests::turn().await;
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

    let place = who_leads_hands_over(&mut nodes, &home).await;
    let handed_over = create_board(&nodes[place]).await;
    until_all_have(&nodes, &handed_over).await;

    a_damaged_picture_is_mended(&nodes, &home, &after).await;

    // The third goes, knows it, and leaves nothing undecided.
    let mut third = nodes.pop().expect("three nodes");
    // Refused as long as it is not sure that the others can go on, which they have only just begun to.
    within_for(PATIENCE, "the third to leave", async || {
        let left = cluster(&folder(home.path(), 3), &["leave"]).await;
        let said = String::from_utf8_lossy(&left.stderr).into_owned();
        println!("leave: {said}");
        // One that was answered too late has left all the same.
        (left.status.success() || third.has_ended()).then_some(())
    })
    .await;
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
