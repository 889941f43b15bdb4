//! A board without a WebSocket: events down, posts up, over plain HTTP as curl would speak it.

use easel_tests::client::{apply_message, sync_message, write_uint};
use easel_tests::{Client, Dialect, Node, NodeOptions, within, within_for};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, Map, ReadTxn, StateVector, Transact};

#[derive(Debug, Clone, PartialEq)]
struct Event {
    id: String,
    kind: String,
    data: String,
}

impl Event {
    fn of(block: &str) -> Self {
        let line = |name: &str| {
            let found = block.lines().find_map(|line| line.strip_prefix(name));
            found.unwrap_or_default().trim_start().to_owned()
        };
        Self {
            id: line("id:"),
            kind: line("event:"),
            data: line("data:"),
        }
    }

    /// The number at the end of its id.
    fn number(&self) -> u64 {
        let (_, number) = self.id.split_once('.').expect("an id has a number");
        number.parse().expect("a number")
    }

    /// The message in it; empty if it is none of y-websocket's.
    fn message(&self) -> Vec<u8> {
        match self.kind.as_str() {
            "sync" | "update" | "awareness" => base64(&self.data),
            _ => Vec::new(),
        }
    }

    fn notice(&self) -> Option<Value> {
        (self.kind == "notice").then(|| serde_json::from_str(&self.data).expect("a notice is JSON"))
    }
}

fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').chars() {
        bits = bits << 6 | LETTERS.find(letter).expect("base64") as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

/// A client of the slower way, with a document.
struct Sse {
    http: reqwest::Client,
    base: String,
    doc: Doc,
    name: String,
    events: Arc<Mutex<Vec<Event>>>,
    headers: HeaderMap,
    reading: JoinHandle<()>,
    posts: u64,
    /// Frames that the server counts.
    sent: u64,
}

impl Sse {
    async fn open(node: &Node, board: &str) -> Self {
        let mut sse = Self {
            http: reqwest::Client::new(),
            base: node.url(&format!("/api/v1/boards/{board}")),
            doc: Doc::new(),
            name: String::new(),
            events: Arc::default(),
            headers: HeaderMap::new(),
            reading: tokio::spawn(async {}),
            posts: 0,
            sent: 0,
        };
        let status = sse.read_from("", None).await;
        assert_eq!(status, 200);
        let greeting = sse.until("the greeting", |event| event.notice()).await;
        sse.name = greeting["stream"].as_str().expect("a name").to_owned();
        sse
    }

    /// Opens and brings the document up to date in both directions.
    async fn join(node: &Node, board: &str) -> Self {
        let mut sse = Self::open(node, board).await;
        sse.catch_up().await;
        sse
    }

    async fn catch_up(&mut self) {
        let step_1 = self.until("step 1", |event| {
            let message = event.message();
            (event.kind == "sync" && message[..2] == [0, 0]).then_some(message)
        });
        let theirs = StateVector::decode_v1(&step_1.await[3..]).expect("a short state vector");
        let (ours, lacking) = {
            let txn = self.doc.transact();
            (txn.state_vector().encode_v1(), txn.encode_diff_v1(&theirs))
        };
        self.sent += 1;
        self.post(&[sync_message(0, &ours), sync_message(1, &lacking)])
            .await;
        self.until("step 2", |event| {
            (event.kind == "sync" && event.message()[1] == 1).then_some(())
        })
        .await;
    }

    /// Reads a response in the background, until it ends or is cut off; returns its status.
    async fn read_from(&mut self, query: &str, last_event_id: Option<&str>) -> u16 {
        let mut request = self.http.get(format!("{}/stream{query}", self.base));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let mut response = request.send().await.expect("the node answers");
        let status = response.status().as_u16();
        self.headers = response.headers().clone();
        self.events.lock().unwrap().clear();
        let events = self.events.clone();
        self.reading = tokio::spawn(async move {
            let mut text = String::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                text.push_str(std::str::from_utf8(&chunk).expect("events are ASCII here"));
                while let Some(end) = text.find("\n\n") {
                    let block: String = text.drain(..end + 2).collect();
                    events.lock().unwrap().push(Event::of(&block));
                }
            }
        });
        status
    }

    /// Cuts the connection off, as a proxy does.
    async fn cut(&mut self) {
        self.reading.abort();
        let _ = (&mut self.reading).await;
    }

    async fn until<T>(&self, what: &str, ask: impl Fn(&Event) -> Option<T>) -> T {
        within(what, async || {
            self.events.lock().unwrap().iter().find_map(&ask)
        })
        .await
    }

    async fn until_notice(&self, kind: &str) -> Value {
        self.until(kind, |event| {
            event.notice().filter(|notice| notice["t"] == kind)
        })
        .await
    }

    async fn until_saved(&self, frames: u64) {
        self.until("saved", |event| {
            let notice = event.notice()?;
            (notice["t"] == "saved" && notice["frames"] == frames).then_some(())
        })
        .await;
    }

    /// Applies what came and waits for a key of the root map.
    async fn until_has(&self, key: &str) {
        within(key, async || {
            self.apply();
            let root = self.doc.get_or_insert_map("root");
            root.contains_key(&self.doc.transact(), key).then_some(())
        })
        .await;
    }

    fn apply(&self) {
        for event in self.events.lock().unwrap().iter() {
            if event.kind == "update" || event.kind == "sync" {
                apply_message(&self.doc, &event.message());
            }
        }
    }

    fn numbered(&self) -> Vec<Event> {
        let events = self.events.lock().unwrap();
        let is_numbered = |event: &&Event| {
            event.kind != "ping" && event.notice().is_none_or(|notice| notice["t"] != "stream")
        };
        events.iter().filter(is_numbered).cloned().collect()
    }

    fn last_id(&self) -> String {
        let last = self.numbered().pop();
        last.map_or(format!("{}.0", self.name), |event| event.id)
    }

    async fn post(&mut self, messages: &[Vec<u8>]) {
        self.posts += 1;
        let answer = self.post_as(self.posts, body(messages)).await;
        assert_eq!(answer.status(), 204, "{:?}", answer.text().await);
    }

    async fn post_as(&self, number: u64, body: Vec<u8>) -> reqwest::Response {
        self.request(number)
            .body(body)
            .send()
            .await
            .expect("the node answers")
    }

    fn request(&self, number: u64) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}/updates", self.base))
            .header("content-type", "application/octet-stream")
            .header("easel-stream", &self.name)
            .header("easel-seq", number)
    }

    /// Sets a key of the map `root` here; returns the message for the others.
    fn set(&mut self, key: &str) -> Vec<u8> {
        self.sent += 1;
        let root = self.doc.get_or_insert_map("root");
        let mut txn = self.doc.transact_mut();
        root.insert(&mut txn, key, true);
        sync_message(2, &txn.encode_update_v1())
    }
}

fn body(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for message in messages {
        write_uint(&mut body, message.len() as u64);
        body.extend_from_slice(message);
    }
    body
}

async fn outcome(answer: reqwest::Response) -> String {
    let status = answer.status().as_u16();
    let is_problem = answer
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind == "application/problem+json");
    if !is_problem {
        return status.to_string();
    }
    let text = answer.text().await.expect("the answer ends");
    // A HEAD is answered without.
    if text.is_empty() {
        return status.to_string();
    }
    let problem: Value = serde_json::from_str(&text).expect("a problem is JSON");
    format!("{status} {}", problem["code"].as_str().unwrap_or_default())
}

async fn streams(node: &Node) -> f64 {
    node.metric("easel_sse_streams").await.expect("a gauge")
}

async fn until_streams(node: &Node, count: f64) {
    within("the streams", async || {
        (streams(node).await == count).then_some(())
    })
    .await;
}

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
