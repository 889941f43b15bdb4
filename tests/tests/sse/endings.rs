//! How a stream ends: by what was sent, by who goes, by a node that stops.

use super::client::{Sse, outcome, streams};
use easel_tests::client::sync_message;
use easel_tests::{Client, Dialect, Node, NodeOptions, within};

#[tokio::test]
async fn what_the_gate_refuses_ends_the_stream_for_good() {
    let node = Node::start(NodeOptions::raw()).await;
    let mut sse = Sse::join(&node, "refused").await;
    sse.post(&[sync_message(2, &[1, 2, 3])]).await;
    sse.until_notice("set_aside").await;
    let close = sse.until_notice("close").await;
    assert_eq!(close["code"], 4422);
    assert!(!close["reason"].as_str().expect("a reason").is_empty());
    within("the end of the response", async || {
        sse.reading.is_finished().then_some(())
    })
    .await;
    let last = sse.last_id();
    // A browser's EventSource comes back by itself, and 204 is how it is told not to.
    assert_eq!(sse.read_from("", Some(&last)).await, 204);
    assert_eq!(
        outcome(sse.post_as(3, Vec::new()).await).await,
        "410 stream-gone"
    );
    assert_eq!(
        node.metric(r#"easel_sse_closed_total{code="4422"}"#).await,
        Some(1.0)
    );
    // Without that id it is anybody's.
    assert_eq!(sse.read_from("", None).await, 200);
}

#[tokio::test]
async fn a_board_in_the_trash_sends_everybody_away() {
    let node = Node::start(NodeOptions::default()).await;
    let board = node.create_board("Trash").await;
    let mut sse = Sse::join(&node, &board).await;
    let trashed = sse
        .http
        .delete(&sse.base)
        .header("if-match", "*")
        .send()
        .await;
    assert_eq!(trashed.expect("an answer").status(), 204);
    assert_eq!(sse.until_notice("close").await["code"], 4410);
    let last = sse.last_id();
    within("204", async || {
        (sse.read_from("", Some(&last)).await == 204).then_some(())
    })
    .await;
    let asked = sse.http.get(format!("{}/stream", sse.base)).send().await;
    assert_eq!(
        outcome(asked.expect("an answer")).await,
        "409 board-trashed"
    );
}

#[tokio::test]
async fn who_says_good_bye_is_gone_at_once() {
    let node = Node::start(NodeOptions::raw()).await;
    let socket = Client::join(&node.address, "bye", Dialect::Easel).await;
    let mut sse = Sse::join(&node, "bye").await;
    let awareness = easel_tests::client::awareness_message(77, 1, r#"{"name":"Ada"}"#);
    sse.post(&[awareness]).await;
    let heard = |word: &'static [u8]| {
        let messages = socket.awareness();
        let found = messages
            .iter()
            .any(|message| message.windows(word.len()).any(|part| part == word));
        found.then_some(())
    };
    within("who is here", async || heard(b"Ada")).await;
    let leaving = sse
        .http
        .delete(format!("{}/stream", sse.base))
        .header("easel-stream", &sse.name);
    assert_eq!(leaving.send().await.expect("an answer").status(), 204);
    assert_eq!(streams(&node).await, 0.0);
    within("who is gone", async || heard(b"null")).await;
    within("the end of the response", async || {
        sse.reading.is_finished().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_client_that_says_nothing_must_come_back_to_keep_its_seat() {
    let options = NodeOptions::raw().with("EASEL_REALTIME__SILENT_MAX", "1s");
    let node = Node::start(options.with("EASEL_REALTIME__PING_EVERY", "500ms")).await;
    let mut sse = Sse::join(&node, "silent").await;
    for _ in 0..2 {
        within("the end of the response", async || {
            sse.reading.is_finished().then_some(())
        })
        .await;
        let last = sse.last_id();
        assert_eq!(sse.read_from("", Some(&last)).await, 200);
        assert_eq!(sse.until_notice("stream").await["resumed"], true);
    }
}

#[tokio::test]
async fn a_node_that_stops_says_so_on_its_streams() {
    let mut node = Node::start(NodeOptions::raw()).await;
    let mut sse = Sse::join(&node, "drain").await;
    let message = sse.set("kept");
    sse.post(&[message]).await;
    node.signal(rustix::process::Signal::TERM);
    sse.until_notice("draining").await;
    assert_eq!(sse.until_notice("close").await["code"], 1012);
    assert!(node.wait().await.success());
}
