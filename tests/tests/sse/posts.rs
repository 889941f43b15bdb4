//! What goes up: counted once, and told what is wrong with it.

use super::client::{Event, Sse, body, outcome};
use easel_tests::{Client, Dialect, Node, NodeOptions};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_post_that_is_repeated_counts_once_and_one_that_is_missing_is_told() {
    let node = Node::start(NodeOptions::raw()).await;
    let mut sse = Sse::join(&node, "numbers").await;
    sse.until_saved(1).await;
    let (one, two) = (body(&[sse.set("one")]), body(&[sse.set("two")]));
    assert_eq!(
        outcome(sse.post_as(3, two.clone()).await).await,
        "409 sequence-gap"
    );
    for _ in 0..3 {
        assert_eq!(outcome(sse.post_as(2, one.clone()).await).await, "204");
    }
    // Two at once with the same number, as after an answer that was late and not lost.
    let (a, b) = tokio::join!(sse.post_as(3, two.clone()), sse.post_as(3, two.clone()));
    assert_eq!(
        (outcome(a).await, outcome(b).await),
        ("204".into(), "204".into())
    );
    assert_eq!(outcome(sse.post_as(2, one).await).await, "204");
    sse.until_saved(3).await;
    let socket = Client::join(&node.address, "numbers", Dialect::Easel).await;
    assert_eq!(socket.keys("root"), ["one", "two"]);
    // Nothing but a sign of life.
    assert_eq!(outcome(sse.post_as(4, Vec::new()).await).await, "204");
    let counts: Vec<_> = sse
        .numbered()
        .iter()
        .filter_map(Event::notice)
        .filter(|notice| notice["t"] == "saved")
        .map(|notice| notice["frames"].as_u64().expect("a count"))
        .collect();
    assert!(
        counts.is_sorted() && counts.last() == Some(&3),
        "{counts:?}"
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_as_a_problem() {
    let options = NodeOptions::raw()
        .with("EASEL_REALTIME__MESSAGE_MAX", "100KiB")
        .with("EASEL_LIMITS__BODY_TIMEOUT", "1s");
    let node = Node::start(options).await;
    let sse = Sse::open(&node, "wrong").await;
    let send = async |request: reqwest::RequestBuilder| {
        outcome(request.send().await.expect("an answer")).await
    };
    let get = |path: &str| sse.http.get(node.url(&format!("/api/v1/boards/{path}")));
    let missing = "brd_01h000000000000000000000ff/stream";
    for (asked, expected) in [
        (get(missing), "404 board-not-found"),
        (get("no%20name/stream"), "404 board-not-found"),
        (get("wrong/stream?sv=%25"), "400 bad-query"),
        (get("wrong/stream?since=3"), "400 bad-query"),
        (
            get("wrong/stream").header("origin", "http://evil.example"),
            "403 foreign-origin",
        ),
        (
            get("wrong/stream").header("sec-fetch-site", "cross-site"),
            "403 foreign-origin",
        ),
        (sse.http.head(format!("{}/stream", sse.base)), "405"),
        (
            sse.http.put(format!("{}/stream", sse.base)),
            "405 method-not-allowed",
        ),
        (
            sse.http.delete(format!("{}/stream", sse.base)),
            "400 bad-stream",
        ),
        (
            sse.request(1).header("origin", "http://evil.example"),
            "403 foreign-origin",
        ),
        (sse.request(0), "400 bad-stream"),
        (sse.request(2), "409 sequence-gap"),
        (sse.request(1).body(vec![5, 1]), "400 bad-stream"),
        (sse.request(1).body(vec![0; 2_000]), "400 bad-stream"),
        (
            sse.request(1).body(body(&[vec![0; 101 << 10]])),
            "413 body-too-large",
        ),
        (sse.request(1).body(vec![0; 1 << 20]), "413 body-too-large"),
    ] {
        let shown = format!("{asked:?}");
        assert_eq!(send(asked).await, expected, "of {shown}");
    }
    let bare = || sse.http.post(format!("{}/updates", sse.base));
    let of_bytes = |request: reqwest::RequestBuilder| {
        request.header("content-type", "application/octet-stream")
    };
    assert_eq!(send(bare()).await, "415 unsupported-media-type");
    assert_eq!(
        send(bare().json(&json!({}))).await,
        "415 unsupported-media-type"
    );
    assert_eq!(send(of_bytes(bare())).await, "400 bad-stream");
    let stranger = of_bytes(bare())
        .header("easel-seq", 1)
        .header("easel-stream", "AAAA");
    assert_eq!(send(stranger).await, "410 stream-gone");
    // A name is good for the document it was given for.
    let elsewhere = sse.http.post(node.url("/api/v1/boards/other/updates"));
    let elsewhere = of_bytes(elsewhere)
        .header("easel-seq", 1)
        .header("easel-stream", &sse.name);
    assert_eq!(send(elsewhere).await, "410 stream-gone");
    // None of it was taken, and nobody was sent away for it.
    assert_eq!(send(sse.request(1)).await, "204");
    assert_eq!(
        slow_post(&node, &sse.name).await,
        "HTTP/1.1 408 Request Timeout"
    );
    assert_eq!(send(sse.request(2)).await, "204");
}

/// Begins a post and never ends it; returns how it is answered.
async fn slow_post(node: &Node, stream: &str) -> String {
    let mut socket = TcpStream::connect(&node.address)
        .await
        .expect("the node listens");
    let head = format!(
        "POST /api/v1/boards/wrong/updates HTTP/1.1\r\nhost: {}\r\ncontent-type: application/octet-stream\r\n\
         easel-stream: {stream}\r\neasel-seq: 2\r\ncontent-length: 1000\r\n\r\n\x01",
        node.address
    );
    socket
        .write_all(head.as_bytes())
        .await
        .expect("the node reads");
    let mut line = String::new();
    let mut answer = BufReader::new(socket);
    answer.read_line(&mut line).await.expect("the node answers");
    line.trim_end().to_owned()
}
