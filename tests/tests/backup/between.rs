//! Boards as they were at a moment between two backups.

use crate::{Content, Drawn, Rooms, done, fails, path, sign_in};
use easel_tests::people::{ask, text};
use easel_tests::{Node, NodeOptions};
use reqwest::Method;
use serde_json::json;

/// When the node accepted the element with these words.
fn drawn_at(content: &Content, words: &str) -> String {
    let elements = content.elements["data"].as_array().expect("elements");
    let drawn = elements.iter().find(|element| element["text"] == words);
    text(&drawn.expect("it is there")["created_at"])
}

#[tokio::test]
async fn boards_come_back_as_they_were_between_two_backups() {
    let rooms = Rooms::new();
    let (data, to) = (path(&rooms.data), path(&rooms.backups));
    let create = ["backup", "create", "--to", to, "--data-dir", data];
    let node = Node::start_at(&rooms.data, NodeOptions::default()).await;
    let drawn = Drawn::on(&node).await;
    let one = done(&create, &[]).await;
    // Another board with the same picture and something on it, and a copy of the first, between the two.
    let other = Drawn::with(&node, &drawn.token, "Between").await;
    let copies = format!("/boards/{}/copies", drawn.board);
    let title = Some(json!({ "title": "Copy" }));
    let (status, copy) = ask(&node, Some(&drawn.token), Method::POST, &copies, title).await;
    assert_eq!(status, 201, "{copy}");
    let copy = Drawn {
        token: drawn.token.clone(),
        board: text(&copy["id"]),
        picture: drawn.picture.clone(),
    };
    let copied = copy.content(&node, &drawn.token).await;
    drawn.draw(&node, "wanted").await;
    let wanted = drawn.content(&node, &drawn.token).await;
    let between = other.content(&node, &drawn.token).await;
    drawn.draw(&node, "a mistake").await;
    other.draw(&node, "another").await;
    let two = done(&create, &[]).await;
    // What goes on from neither is no matter.
    drawn.draw(&node, "later").await;
    done(&create, &[]).await;
    drop(node);

    let at = drawn_at(&wanted, "wanted");
    let restored = path(&rooms.restored);
    let words = ["restore", "--from", to, "--at", &at, "--data-dir", restored];
    let put = done(&words, &[]).await;
    assert_eq!(put["backup"], one["id"]);
    assert_eq!(put["forward"]["from"], two["id"]);
    assert_eq!(put["forward"]["boards"], 2, "{put}");
    assert_eq!(put["forward"]["refused"], 0, "{put}");
    let node = Node::start_at(&rooms.restored, NodeOptions::default()).await;
    let token = sign_in(&node).await;
    for (drawn, before) in [(&drawn, wanted), (&other, between), (&copy, copied)] {
        let now = drawn.content(&node, &token).await;
        assert_eq!(now.elements, before.elements);
        assert_eq!(now.picture, before.picture);
    }
    let token = token.clone();
    let drawn = Drawn { token, ..drawn };
    drawn.draw(&node, "goes on").await;
    let node = node.restart().await;
    drawn.content(&node, &drawn.token).await;
    drop(node);

    // Before the first there is nothing to begin with.
    std::fs::remove_dir_all(&rooms.restored).expect("the folder goes");
    let early = [
        "restore",
        "--from",
        to,
        "--at",
        "2020-01-01T00:00:00Z",
        "--data-dir",
        restored,
    ];
    fails(&early, 1, "no backup of that time or before it").await;
}
