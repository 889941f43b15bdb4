//! A client of a stream, and what it looks at.

use easel_tests::client::{apply_message, sync_message, write_uint};
use easel_tests::{Node, within};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Any, Doc, Map, MapPrelim, ReadTxn, StateVector, Transact};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) data: String,
}

impl Event {
    pub(super) fn of(block: &str) -> Self {
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
    pub(super) fn number(&self) -> u64 {
        let (_, number) = self.id.split_once('.').expect("an id has a number");
        number.parse().expect("a number")
    }

    /// The message in it; empty if it is none of y-websocket's.
    pub(super) fn message(&self) -> Vec<u8> {
        match self.kind.as_str() {
            "sync" | "update" | "awareness" => base64(&self.data),
            _ => Vec::new(),
        }
    }

    pub(super) fn notice(&self) -> Option<Value> {
        (self.kind == "notice").then(|| serde_json::from_str(&self.data).expect("a notice is JSON"))
    }
}

pub(super) fn base64(text: &str) -> Vec<u8> {
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

/// How somebody shows who they are.
pub(super) enum Way<'a> {
    Nothing,
    Token(&'a str),
    Ticket(&'a str),
}

/// A client of the slower way, with a document.
pub(super) struct Sse {
    pub(super) http: reqwest::Client,
    pub(super) base: String,
    pub(super) token: Option<String>,
    pub(super) doc: Doc,
    pub(super) name: String,
    pub(super) events: Arc<Mutex<Vec<Event>>>,
    pub(super) headers: HeaderMap,
    pub(super) reading: JoinHandle<()>,
    pub(super) posts: u64,
    /// Frames that the server counts.
    pub(super) sent: u64,
}

impl Sse {
    pub(super) async fn open(node: &Node, board: &str) -> Self {
        Self::open_by(node, board, Way::Nothing).await
    }

    async fn open_by(node: &Node, board: &str, way: Way<'_>) -> Self {
        let (token, query) = match way {
            Way::Nothing => (None, String::new()),
            Way::Token(token) => (Some(token.to_owned()), String::new()),
            Way::Ticket(ticket) => (None, format!("?ticket={ticket}")),
        };
        let mut sse = Self {
            http: reqwest::Client::new(),
            base: node.url(&format!("/api/v1/boards/{board}")),
            token,
            doc: Doc::new(),
            name: String::new(),
            events: Arc::default(),
            headers: HeaderMap::new(),
            reading: tokio::spawn(async {}),
            posts: 0,
            sent: 0,
        };
        let status = sse.read_from(&query, None).await;
        assert_eq!(status, 200);
        let greeting = sse.until("the greeting", |event| event.notice()).await;
        sse.name = greeting["stream"].as_str().expect("a name").to_owned();
        sse
    }

    /// Opens and brings the document up to date in both directions.
    pub(super) async fn join(node: &Node, board: &str) -> Self {
        let mut sse = Self::open(node, board).await;
        sse.catch_up().await;
        sse
    }

    /// On behalf of somebody.
    pub(super) async fn join_by(node: &Node, board: &str, way: Way<'_>) -> Self {
        let mut sse = Self::open_by(node, board, way).await;
        sse.catch_up().await;
        sse
    }

    /// Makes a note on a board; returns the message for the others.
    pub(super) fn sticky(&mut self, id: &str) -> Vec<u8> {
        self.sent += 1;
        let elements = self.doc.get_or_insert_map("elements");
        let mut txn = self.doc.transact_mut();
        let note = [("type", Any::from("sticky")), ("z", Any::from("a0"))];
        let note: MapPrelim = note
            .map(|(key, value)| (key.to_owned(), value))
            .into_iter()
            .collect();
        elements.insert(&mut txn, id, note);
        sync_message(2, &txn.encode_update_v1())
    }

    pub(super) async fn catch_up(&mut self) {
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
    pub(super) async fn read_from(&mut self, query: &str, last_event_id: Option<&str>) -> u16 {
        let mut request = self.http.get(format!("{}/stream{query}", self.base));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
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
    pub(super) async fn cut(&mut self) {
        self.reading.abort();
        let _ = (&mut self.reading).await;
    }

    pub(super) async fn until<T>(&self, what: &str, ask: impl Fn(&Event) -> Option<T>) -> T {
        within(what, async || {
            self.events.lock().unwrap().iter().find_map(&ask)
        })
        .await
    }

    pub(super) async fn until_notice(&self, kind: &str) -> Value {
        self.until(kind, |event| {
            event.notice().filter(|notice| notice["t"] == kind)
        })
        .await
    }

    pub(super) async fn until_saved(&self, frames: u64) {
        self.until("saved", |event| {
            let notice = event.notice()?;
            (notice["t"] == "saved" && notice["frames"] == frames).then_some(())
        })
        .await;
    }

    /// Applies what came and waits for a key of the root map.
    pub(super) async fn until_has(&self, key: &str) {
        within(key, async || {
            self.apply();
            let root = self.doc.get_or_insert_map("root");
            root.contains_key(&self.doc.transact(), key).then_some(())
        })
        .await;
    }

    pub(super) fn apply(&self) {
        for event in self.events.lock().unwrap().iter() {
            if event.kind == "update" || event.kind == "sync" {
                apply_message(&self.doc, &event.message());
            }
        }
    }

    pub(super) fn numbered(&self) -> Vec<Event> {
        let events = self.events.lock().unwrap();
        let is_numbered = |event: &&Event| {
            event.kind != "ping" && event.notice().is_none_or(|notice| notice["t"] != "stream")
        };
        events.iter().filter(is_numbered).cloned().collect()
    }

    pub(super) fn last_id(&self) -> String {
        let last = self.numbered().pop();
        last.map_or(format!("{}.0", self.name), |event| event.id)
    }

    pub(super) async fn post(&mut self, messages: &[Vec<u8>]) {
        self.posts += 1;
        let answer = self.post_as(self.posts, body(messages)).await;
        assert_eq!(answer.status(), 204, "{:?}", answer.text().await);
    }

    pub(super) async fn post_as(&self, number: u64, body: Vec<u8>) -> reqwest::Response {
        self.request(number)
            .body(body)
            .send()
            .await
            .expect("the node answers")
    }

    pub(super) fn request(&self, number: u64) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}/updates", self.base))
            .header("content-type", "application/octet-stream")
            .header("easel-stream", &self.name)
            .header("easel-seq", number)
    }

    /// Sets a key of the map `root` here; returns the message for the others.
    pub(super) fn set(&mut self, key: &str) -> Vec<u8> {
        self.sent += 1;
        let root = self.doc.get_or_insert_map("root");
        let mut txn = self.doc.transact_mut();
        root.insert(&mut txn, key, true);
        sync_message(2, &txn.encode_update_v1())
    }
}

pub(super) fn body(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for message in messages {
        write_uint(&mut body, message.len() as u64);
        body.extend_from_slice(message);
    }
    body
}

pub(super) async fn outcome(answer: reqwest::Response) -> String {
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

pub(super) async fn streams(node: &Node) -> f64 {
    node.metric("easel_sse_streams").await.expect("a gauge")
}

pub(super) async fn until_streams(node: &Node, count: f64) {
    within("the streams", async || {
        (streams(node).await == count).then_some(())
    })
    .await;
}
