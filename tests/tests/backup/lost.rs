//! A node whose folder is lost comes back, with its key and without.

use crate::{Drawn, Rooms, done, fails, path, sign_in};
use easel_tests::people::{ask, text};
use easel_tests::{Node, NodeOptions};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_lost_node_comes_back_from_its_backup() {
    let rooms = Rooms::new();
    let (data, to, restored) = (
        path(&rooms.data),
        path(&rooms.backups),
        path(&rooms.restored),
    );
    let mut node = Node::start_at(&rooms.data, NodeOptions::default()).await;
    let drawn = Drawn::on(&node).await;
    let first = drawn.content(&node, &drawn.token).await;
    // Half a day from now, as a zone twelve hours behind writes it.
    let soon = text(&first.boards["data"][0]["created_at"]).replace('Z', "-12:00");
    let body = Some(json!({ "name": "Script", "scopes": ["boards:read"], "expires_at": soon }));
    let token = Some(&*drawn.token);
    let (status, script) = ask(&node, token, Method::POST, "/me/tokens", body).await;
    assert_eq!(status, 201, "{script}");
    let script = text(&script["token"]);

    // While people work. The second has the key, and needs no picture again.
    let one = done(&["backup", "create", "--to", to, "--data-dir", data], &[]).await;
    assert!(one["blobs"]["count"].as_u64() >= Some(1), "{one}");
    drawn.draw(&node, "second").await;
    let second = drawn.content(&node, &drawn.token).await;
    assert_ne!(second.elements, first.elements);
    let words = [
        "backup",
        "create",
        "--to",
        to,
        "--data-dir",
        data,
        "--with-key",
    ];
    let two = done(&words, &[]).await;
    let brought = |backup: &Value| backup["new_bytes"].as_u64().expect("a number");
    let pictures = one["blobs"]["bytes"].as_u64().expect("a number");
    assert!(
        brought(&one) > pictures && brought(&two) < brought(&one),
        "{one} {two}"
    );
    assert!(!two.to_string().contains("k4.local."), "{two}");
    // And at rest, out of what a kill left.
    node.kill().await;
    let three = done(&["backup", "create", "--to", to, "--data-dir", data], &[]).await;
    assert_eq!(three["updates"], two["updates"]);
    let listed = done(&["backup", "list", "--from", to], &[]).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(3), "{listed}");
    for backup in [&one, &two, &three] {
        let verified = done(
            &["backup", "verify", &text(&backup["id"]), "--from", to],
            &[],
        )
        .await;
        assert_eq!(verified["troubles"], json!([]), "{verified}");
        assert_eq!(verified["documents"], 1, "{verified}");
    }
    std::fs::remove_dir_all(&rooms.data).expect("the folder goes");

    // With its key it is as if nothing had happened.
    let id = text(&two["id"]);
    let words = ["restore", "--from", to, "--id", &id, "--data-dir", restored];
    let put = done(&words, &[]).await;
    assert_eq!(put["instance"], two["instance"]);
    assert_ne!(put["cluster"], two["cluster"]);
    let node = Node::start_at(&rooms.restored, NodeOptions::default()).await;
    assert_eq!(drawn.content(&node, &drawn.token).await, second);
    drawn.draw(&node, "third").await;
    let node = node.restart().await;
    let third = drawn.content(&node, &drawn.token).await;
    assert_ne!(third.elements, second.elements);
    fails(&words, 5, "is in use").await;
    drop(node);

    // As it was before, without the key: people sign in again.
    let elsewhere = rooms.data.as_path();
    let at = text(&one["made_at"]);
    let words = ["restore", "--from", to, "--at", &at, "--data-dir", data];
    assert_eq!(done(&words, &[]).await["backup"], one["id"]);
    fails(&words, 5, "holds a node already").await;
    let node = Node::start_at(elsewhere, NodeOptions::default()).await;
    let (status, _) = ask(&node, Some(&drawn.token), Method::GET, "/boards", None).await;
    assert_eq!(status, 401);
    // What no key seals goes on.
    let (status, _) = ask(&node, Some(&script), Method::GET, "/boards", None).await;
    assert_eq!(status, 200);
    let token = sign_in(&node).await;
    let now = drawn.content(&node, &token).await;
    assert_eq!((now.elements, now.picture), (first.elements, first.picture));
}
