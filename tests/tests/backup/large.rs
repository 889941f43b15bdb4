//! A board whose content is too long for the log: whatever is lost of it, by a minority at a time, is there again, and it
//! comes back from a backup.

use crate::{PATIENCE, Rooms, done, path, sign_in};
use easel_tests::group::Group;
use easel_tests::people::{ask, set_up, text};
use easel_tests::{Node, NodeOptions, within_for};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, In, Map, MapPrelim, ReadTxn, StateVector, TextPrelim, Transact, Update};

/// What is longer is a blob.
const INLINE_BYTES_MAX: usize = 512 << 10;

/// So many notes, each with a thousand letters of its own.
fn notes(from: usize, count: usize) -> Vec<u8> {
    let doc = Doc::new();
    let elements = doc.get_or_insert_map("elements");
    {
        let mut txn = doc.transact_mut();
        for no in from..from + count {
            let place = [no as f64 * 10.0, 0.0, 200.0, 200.0, 0.0];
            let place = place.map(Any::from).to_vec();
            let words: String = (0..250)
                .map(|word| format!("{:03} ", (word * 7 + no) % 1000))
                .collect();
            let note: MapPrelim = [
                ("type".to_owned(), In::from("sticky")),
                ("box".to_owned(), In::from(Any::Array(place.into()))),
                ("z".to_owned(), In::from(format!("a{no:06}"))),
                ("text".to_owned(), TextPrelim::new(words).into()),
            ]
            .into_iter()
            .collect();
            elements.insert(&mut txn, format!("el_{no:05}"), note);
        }
    }
    let txn = doc.transact();
    txn.encode_state_as_update_v1(&StateVector::default())
}

async fn bring(node: &Node, token: &str, board: &str, update: Vec<u8>) {
    let brought = reqwest::Client::new()
        .post(node.url(&format!("/api/v1/boards/{board}/ydoc")))
        .bearer_auth(token)
        .header("content-type", "application/octet-stream")
        .body(update);
    let brought = brought.send().await.expect("the node answers");
    let status = brought.status();
    assert_eq!(status, 200, "{:?}", brought.text().await);
}

/// What is written on the board, once the node gives it. Who wrote it is put down by the server, a moment later.
async fn content(node: &Node, token: &str, board: &str) -> Value {
    within_for(PATIENCE, "the board to be given", async || {
        let asked = reqwest::Client::new()
            .get(node.url(&format!("/api/v1/boards/{board}/ydoc")))
            .bearer_auth(token)
            .send();
        // Also while the nodes look for a leader.
        let given = asked.await.ok().filter(|given| given.status() == 200)?;
        let update = Update::decode_v1(&given.bytes().await.ok()?).expect("an update");
        let doc = Doc::new();
        let elements = doc.get_or_insert_map("elements");
        doc.transact_mut().apply_update(update).expect("it applies");
        let any = elements.to_json(&doc.transact());
        let json = serde_json::to_value(&any).expect("plain values are JSON");
        let elements = json.as_object().expect("a map");
        let words = |(id, element): (&String, &Value)| (id.clone(), element["text"].clone());
        Some(elements.iter().map(words).collect())
    })
    .await
}

/// What was there before is there again, as soon as the node knows of all of it.
async fn until_there(node: &Node, token: &str, board: &str, before: &Value) {
    within_for(PATIENCE, "the board to be as it was", async || {
        (content(node, token, board).await == *before).then_some(())
    })
    .await;
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let blobs = folder.join("blobs");
    let folders = (0..=u8::MAX).map(|first| blobs.join(format!("{first:02x}")));
    let files = folders.filter_map(|folder| std::fs::read_dir(folder).ok());
    let files = files.flatten().map(|file| file.expect("a file").path());
    let below = files.map(|file| file.strip_prefix(&blobs).expect("below").to_owned());
    below.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_is_no_part_of_the_log_outlives_disks_leaders_and_the_cluster() {
    let mut group = Group::start(NodeOptions::default()).await;
    let token = set_up(&group.nodes[0]).await;
    let title = Some(json!({ "title": "Large" }));
    let (status, made) = ask(
        &group.nodes[0],
        Some(&token),
        Method::POST,
        "/boards",
        title,
    )
    .await;
    assert_eq!(status, 201, "{made}");
    let board = text(&made["id"]);
    let large = notes(0, 700);
    assert!(large.len() > INLINE_BYTES_MAX);
    bring(&group.nodes[0], &token, &board, large).await;
    // The update, and what it is folded into.
    let alone = within_for(PATIENCE, "the update to be folded", async || {
        Some(files(group.nodes[0].folder())).filter(|files| files.len() >= 2)
    })
    .await;

    // Who comes in has them before it counts.
    group.grow().await;
    group.grow().await;
    group.until_all_vote().await;
    for node in &group.nodes {
        assert!(files(node.folder()).is_superset(&alone), "{}", node.url(""));
    }
    bring(&group.nodes[1], &token, &board, notes(700, 700)).await;
    let before = content(&group.nodes[1], &token, &board).await;
    assert_eq!(before.as_object().map(|notes| notes.len()), Some(1_400));
    let all = within_for(PATIENCE, "every node to have all of it", async || {
        let all = group.nodes.iter().map(|node| files(node.folder()));
        let all: Vec<_> = all.collect();
        (all[0].len() > alone.len() && all[0] == all[1] && all[1] == all[2]).then(|| all[0].clone())
    })
    .await;

    // One node's files are damaged, and another node goes.
    let leader = group.leader().await;
    let (damaged, third) = ((leader + 1) % 3, (leader + 2) % 3);
    for file in &all {
        let file = group.nodes[damaged].folder().join("blobs").join(file);
        let mut bytes = std::fs::read(&file).expect("a blob");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).expect("a blob");
    }
    group.nodes[leader].kill().await;
    for node in [damaged, third] {
        until_there(&group.nodes[node], &token, &board, &before).await;
    }
    group.restart(leader).await;
    // A disk is lost while the node goes on.
    for file in files(group.nodes[third].folder()) {
        let file = group.nodes[third].folder().join("blobs").join(file);
        std::fs::remove_file(file).expect("a blob");
    }
    for node in &group.nodes {
        until_there(node, &token, &board, &before).await;
    }

    let rooms = Rooms::new();
    let to = path(&rooms.backups);
    let follower = path(group.nodes[third].folder()).to_owned();
    let create = ["backup", "create", "--to", to, "--with-key", "--data-dir"];
    let made = done(&[&create[..], &[&follower]].concat(), &[]).await;
    assert_eq!(made["missing"], json!([]), "{made}");
    let verified: Value = done(&["backup", "verify", "--from", to], &[]).await;
    assert_eq!(verified["troubles"], json!([]), "{verified}");
    for node in &mut group.nodes {
        node.kill().await;
    }
    drop(group);
    let restored = path(&rooms.restored);
    done(&["restore", "--from", to, "--data-dir", restored], &[]).await;
    let node = Node::start_at(&rooms.restored, NodeOptions::default()).await;
    let token = sign_in(&node).await;
    until_there(&node, &token, &board, &before).await;
}
