//! What comes down: from the greeting on, after a cut, to those who read slowly.

use super::client::{Event, Sse, outcome, streams, until_streams};
use easel_tests::{Client, Dialect, Node, NodeOptions, within, within_for};
use serde_json::json;
use std::time::Duration;
use yrs::Doc;

#[tokio::test]
async fn a_stream_greets_as_a_socket_does_and_passes_through_proxies() {
    let node = Node::start(NodeOptions::default()).await;
    let board = node.create_board("Greeting").await;
    let sse = Sse::open(&node, &board).await;
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(sse.headers[name], value);
    }
    let hello = sse.until_notice("hello").await;
    assert_eq!(hello["doc"], board.as_str());
    sse.until("step 1", |event| (event.kind == "sync").then_some(()))
        .await;
    let events = sse.events.lock().unwrap().clone();
    let greeting = events[0].notice().expect("a notice comes first");
    assert_eq!(
        greeting,
        json!({ "t": "stream", "stream": sse.name, "resumed": false, "taken": 0 })
    );
    assert!(sse.name.len() >= 22, "128 bits that nobody guesses");
    let ids: Vec<_> = events.iter().map(|event| event.id.clone()).collect();
    let expected: Vec<_> = (0..ids.len())
        .map(|number| format!("{}.{number}", sse.name))
        .collect();
    assert_eq!(ids, expected);
    assert!(
        !node.output().contains(&sse.name),
        "the name is a secret, which no log holds"
    );
}

#[tokio::test]
async fn both_ways_lead_into_the_same_room() {
    let node = Node::start(NodeOptions::raw()).await;
    let socket = Client::join(&node.address, "both", Dialect::Easel).await;
    socket.set("before", true);
    let mut sse = Sse::join(&node, "both").await;
    sse.until_has("before").await;
    let (one, two) = (sse.set("one"), sse.set("two"));
    sse.post(&[one, two]).await;
    socket.until_has("two").await;
    sse.until_saved(sse.sent).await;
    socket.set("after", true);
    sse.until_has("after").await;
    assert!(socket.has("one"));
    assert_eq!(streams(&node).await, 1.0);
    let posted = r#"easel_sse_messages_total{dir="in",type="sync"}"#;
    assert_eq!(node.metric(posted).await, Some(4.0));
}

#[tokio::test]
async fn a_stream_that_was_cut_off_goes_on_with_nothing_lost_and_nothing_twice() {
    let node = Node::start(NodeOptions::raw()).await;
    let socket = Client::join(&node.address, "resume", Dialect::Easel).await;
    let mut sse = Sse::join(&node, "resume").await;
    sse.until_saved(1).await;
    let mut seen = sse.numbered();
    for round in 0..5 {
        sse.cut().await;
        for key in ["a", "b", "c"] {
            socket.set(&format!("{round}{key}"), true);
        }
        let message = sse.set(&format!("mine {round}"));
        // What is posted while nobody reads is taken all the same.
        sse.post(&[message]).await;
        socket.until_has(&format!("mine {round}")).await;
        let last = seen.last().expect("something was seen").id.clone();
        assert_eq!(sse.read_from("", Some(&last)).await, 200);
        let greeting = sse.until_notice("stream").await;
        assert_eq!(greeting["resumed"], true);
        assert_eq!(greeting["stream"], sse.name.as_str());
        assert_eq!(greeting["taken"], sse.posts);
        sse.until_has(&format!("{round}c")).await;
        // The same seat: its count of what is saved goes on.
        sse.until_saved(2 + round).await;
        seen.extend(sse.numbered());
    }
    let numbers: Vec<u64> = seen.iter().map(Event::number).collect();
    let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
    assert_eq!(numbers, expected);
    assert_eq!(node.metric("easel_sse_resumed_total").await, Some(5.0));
    assert_eq!(node.metric("easel_sse_opened_total").await, Some(1.0));
}

#[tokio::test]
async fn events_that_were_sent_and_not_received_are_sent_again() {
    let node = Node::start(NodeOptions::raw()).await;
    let socket = Client::join(&node.address, "again", Dialect::Easel).await;
    let mut sse = Sse::join(&node, "again").await;
    let early = sse.last_id();
    for key in ["a", "b", "c"] {
        socket.set(key, true);
    }
    sse.until_has("c").await;
    let first: Vec<Event> = sse.numbered();
    let first: Vec<Event> = first
        .into_iter()
        .skip_while(|event| event.id != early)
        .skip(1)
        .collect();
    sse.cut().await;
    // It claims less than it was sent: the last of it was on the way when the line broke.
    assert_eq!(sse.read_from("", Some(&early)).await, 200);
    within("the same events", async || {
        let again = sse.numbered();
        (again.len() >= first.len()).then(|| assert_eq!(again[..first.len()], first))
    })
    .await;
}

#[tokio::test]
async fn who_comes_back_too_late_gets_another_seat_and_the_whole_document() {
    let node = Node::start(NodeOptions::raw()).await;
    let socket = Client::join(&node.address, "late", Dialect::Easel).await;
    let mut sse = Sse::join(&node, "late").await;
    let early = sse.last_id();
    for number in 0..40 {
        socket.set(&format!("{number}"), "x".repeat(10_000));
    }
    sse.until_has("39").await;
    sse.cut().await;
    let name = sse.name.clone();
    sse.doc = Doc::new();
    // `sv` asks for what is lacking without a step 1: everything, here.
    assert_eq!(sse.read_from("?sv=", Some(&early)).await, 200);
    let greeting = sse.until_notice("stream").await;
    assert_eq!(greeting["resumed"], false);
    assert_ne!(greeting["stream"], name.as_str());
    sse.until_has("39").await;
    sse.until_has("0").await;
    assert_eq!(
        outcome(sse.post_as(9, Vec::new()).await).await,
        "410 stream-gone"
    );
    until_streams(&node, 1.0).await;
}

#[tokio::test]
async fn a_stream_that_nobody_reads_ends_after_a_while_and_not_before() {
    let node = Node::start(NodeOptions::raw()).await;
    let mut sse = Sse::join(&node, "unread").await;
    let last = sse.last_id();
    sse.cut().await;
    assert_eq!(streams(&node).await, 1.0);
    within_for(
        Duration::from_secs(60),
        "the seat to be given up",
        async || (streams(&node).await == 0.0).then_some(()),
    )
    .await;
    assert_eq!(sse.read_from("", Some(&last)).await, 200);
    assert_eq!(sse.until_notice("stream").await["resumed"], false);
}

#[tokio::test]
async fn what_was_said_to_be_saved_survives_a_kill() {
    let mut node = Node::start(NodeOptions::raw()).await;
    let mut sse = Sse::join(&node, "killed").await;
    let message = sse.set("kept");
    sse.post(&[message]).await;
    sse.until_saved(2).await;
    let last = sse.last_id();
    node.kill().await;
    sse.cut().await;
    let node = node.restart().await;
    sse.doc = Doc::new();
    assert_eq!(sse.read_from("?sv=", Some(&last)).await, 200);
    assert_eq!(sse.until_notice("stream").await["resumed"], false);
    sse.until_has("kept").await;
    assert_eq!(
        outcome(sse.post_as(3, Vec::new()).await).await,
        "410 stream-gone"
    );
    assert_eq!(streams(&node).await, 1.0);
}

#[tokio::test]
async fn who_does_not_read_costs_little_and_is_brought_up_to_date_by_one_diff() {
    let node = Node::start(NodeOptions::raw()).await;
    let mut sse = Sse::join(&node, "slow").await;
    let last = sse.last_id();
    sse.cut().await;
    let socket = Client::join(&node.address, "slow", Dialect::Easel).await;
    let before = node.resident_bytes();
    // The same key again and again: what the document holds stays small.
    for number in 0..200 {
        socket.set("big", format!("{number}{}", "x".repeat(40_000)));
    }
    socket.set("end", true);
    socket.until_saved().await;
    let behind = r#"easel_ws_resyncs_total{reason="behind"}"#;
    assert_eq!(node.metric(behind).await, Some(1.0));
    let grown = node.resident_bytes().saturating_sub(before);
    assert!(grown < 200 << 20, "{grown} bytes for 8 MB of updates");
    assert_eq!(sse.read_from("", Some(&last)).await, 200);
    assert_eq!(sse.until_notice("stream").await["resumed"], true);
    sse.until_has("end").await;
    let (frames, bytes) = {
        let events = sse.numbered();
        (
            events.len(),
            events.iter().map(|event| event.data.len()).sum::<usize>(),
        )
    };
    assert!(frames < 100, "{frames} events");
    assert!(bytes < 4 << 20, "{bytes} bytes of events");
    // And it may go on from there.
    let message = sse.set("on");
    sse.post(&[message]).await;
    socket.until_has("on").await;
}
