//! The WebSocket as programs see it: joining, saving, leaving, being refused.

use easel_tests::client::{awareness_message, sync_message};
use easel_tests::{Client, Dialect, Node, NodeOptions, within};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use yrs::{Any, Doc};

async fn status_of(address: &str, path: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut request = format!("ws://{address}{path}")
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn two_people_draw_on_one_board_and_are_told_what_is_saved() {
    let node = Node::start(NodeOptions::default()).await;
    let board = node.create_board("Together").await;
    let a = Client::join(&node.address, &board, Dialect::Easel).await;
    let b = Client::join(&node.address, &board, Dialect::Easel).await;
    let shape = [("type", Any::from("sticky")), ("z", Any::from("a0"))];
    a.draw("el_1", &shape);
    within("the element", async || {
        b.value("elements", "el_1").map(drop)
    })
    .await;
    a.until_saved().await;
    assert!(a.saved_frames() >= 1);
    let hello = &a.controls()[0];
    assert_eq!(
        (hello["t"].as_str(), hello["role"].as_str()),
        (Some("hello"), Some("editor"))
    );
    assert_eq!(hello["doc"].as_str(), Some(board.as_str()));
}

#[tokio::test]
async fn what_is_saved_survives_kill_9() {
    let mut node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "kept", Dialect::Easel).await;
    for n in 0..50 {
        a.set(&format!("k{n}"), f64::from(n));
    }
    a.until_saved().await;
    node.kill().await;
    let node = node.restart().await;
    let b = Client::join(&node.address, "kept", Dialect::Easel).await;
    assert_eq!(b.keys("root").len(), 50);
}

#[tokio::test]
async fn a_stock_client_hears_no_control_messages() {
    let node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "plain", Dialect::Stock).await;
    a.set("x", 1.0);
    let b = Client::join(&node.address, "plain", Dialect::Stock).await;
    b.until_has("x").await;
    assert!(a.controls().is_empty());
}

#[tokio::test]
async fn names_that_are_no_documents_are_404_before_the_upgrade() {
    let node = Node::start(NodeOptions::default()).await;
    assert_eq!(
        status_of(&node.address, "/sync/brd_00000000000000000000000000", &[]).await,
        404
    );
    assert_eq!(
        status_of(&node.address, "/sync/any-name", &[]).await,
        404,
        "raw rooms are off by default"
    );
    let raw = Node::start(NodeOptions::raw()).await;
    assert_eq!(status_of(&raw.address, "/sync/any-name", &[]).await, 101);
    assert_eq!(
        status_of(&raw.address, "/sync/brd_00000000000000000000000000", &[]).await,
        404
    );
    assert_eq!(status_of(&raw.address, "/sync/no%20spaces", &[]).await, 404);
    assert_eq!(
        status_of(&raw.address, &format!("/sync/{}", "x".repeat(65)), &[]).await,
        404
    );
}

#[tokio::test]
async fn raw_documents_are_not_listed_as_boards() {
    let node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "hidden", Dialect::Easel).await;
    a.set("x", 1.0);
    a.until_saved().await;
    let list: serde_json::Value = node.get("/api/v1/boards").await.json().await.unwrap();
    assert_eq!(list["data"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn foreign_pages_and_foreign_hosts_are_refused() {
    let node = Node::start(NodeOptions::raw()).await;
    let own = format!("http://{}", node.address);
    assert_eq!(
        status_of(&node.address, "/sync/x", &[("origin", &own)]).await,
        101
    );
    assert_eq!(
        status_of(
            &node.address,
            "/sync/x",
            &[("origin", "http://evil.example")]
        )
        .await,
        403
    );
    assert_eq!(
        status_of(&node.address, "/sync/x", &[("origin", "null")]).await,
        403
    );
    assert_eq!(
        status_of(&node.address, "/sync/x", &[("host", "evil.example")]).await,
        421
    );
}

#[tokio::test]
async fn a_plain_get_of_a_room_says_what_it_is_for() {
    let node = Node::start(NodeOptions::raw()).await;
    let answer = node.get("/sync/x").await;
    assert_eq!(answer.status(), 426);
}

#[tokio::test]
async fn everybody_leaves_a_board_that_is_put_in_the_trash() {
    let node = Node::start(NodeOptions::default()).await;
    let board = node.create_board("Short-lived").await;
    let a = Client::join(&node.address, &board, Dialect::Easel).await;
    let path = format!("/api/v1/boards/{board}");
    let answer = reqwest::Client::new()
        .delete(node.url(&path))
        .header("if-match", "*")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(a.until_closed().await.code, 4410);
    assert_eq!(
        status_of(&node.address, &format!("/sync/{board}"), &[]).await,
        409
    );
    let answer = reqwest::Client::new()
        .post(node.url(&format!("{path}/restore")))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    Client::join(&node.address, &board, Dialect::Easel).await;
}

#[tokio::test]
async fn what_was_drawn_offline_is_merged_on_return() {
    let node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "offline", Dialect::Easel).await;
    a.set("both", 1.0);
    a.until_saved().await;
    a.leave();
    a.until_closed().await;
    a.set("offline", 2.0);
    let b = Client::join(&node.address, "offline", Dialect::Easel).await;
    b.set("meanwhile", 3.0);
    let back = Client::join_with(a.doc().clone(), &node.address, "offline", Dialect::Easel).await;
    back.until_has("meanwhile").await;
    b.until_has("offline").await;
    back.until_saved().await;
}

#[tokio::test]
async fn awareness_of_others_cannot_be_forged() {
    let node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "who", Dialect::Stock).await;
    let b = Client::join(&node.address, "who", Dialect::Stock).await;
    let witness = Client::join(&node.address, "who", Dialect::Stock).await;
    a.send_raw(awareness_message(7, 1, "{\"name\":\"Ada\"}"));
    within("Ada", async || {
        (witness.awareness().len() == 1).then_some(())
    })
    .await;
    b.send_raw(awareness_message(7, 50, "{\"name\":\"Mallory\"}"));
    b.send_raw(awareness_message(7, 51, "null"));
    b.send_raw(awareness_message(8, 1, "{\"name\":\"Bob\"}"));
    within("Bob", async || {
        (witness.awareness().len() >= 2).then_some(())
    })
    .await;
    let seen: Vec<String> = witness
        .awareness()
        .iter()
        .map(|entry| String::from_utf8_lossy(entry).into_owned())
        .collect();
    assert!(seen[1].contains("Bob"), "{seen:?}");
    assert!(
        !seen
            .iter()
            .any(|entry| entry.contains("Mallory") || entry.contains("null")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn an_update_that_comes_before_its_ground_waits_for_it() {
    let node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "order", Dialect::Easel).await;
    let b = Client::join(&node.address, "order", Dialect::Easel).await;
    let other = Client::connect(Doc::new(), &node.address, "order", Dialect::Easel)
        .await
        .unwrap();
    let (first, second) = two_updates();
    other.send_raw(sync_message(2, &second));
    other.send_raw(sync_message(2, &first));
    a.until_has("second").await;
    b.until_has("first").await;
}

#[tokio::test]
async fn an_update_whose_ground_never_comes_is_not_shown_and_its_sender_must_sync_again() {
    let node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "ground", Dialect::Easel).await;
    let other = Client::connect(Doc::new(), &node.address, "ground", Dialect::Easel)
        .await
        .unwrap();
    let (_, second) = two_updates();
    other.send_raw(sync_message(2, &second));
    assert_eq!(other.until_closed().await.code, 1013);
    assert!(!a.has("second"));
    assert_eq!(a.closed(), None);
}

fn two_updates() -> (Vec<u8>, Vec<u8>) {
    use yrs::{Map, Transact};
    let doc = Doc::with_client_id(4_711);
    let root = doc.get_or_insert_map("root");
    let update = |key: &str| {
        let mut txn = doc.transact_mut();
        root.insert(&mut txn, key, 1.0);
        txn.encode_update_v1()
    };
    (update("first"), update("second"))
}
