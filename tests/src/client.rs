//! A Yjs client over a WebSocket, written against the protocol and not with the server's code.

use crate::wait::within;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Any, Doc, Map, MapPrelim, Out, ReadTxn, StateVector, Transact, Update};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `easel.v1`: told what is saved.
    Easel,
    /// No subprotocol, as y-websocket.
    Stock,
}

/// How the connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub code: u16,
    pub reason: String,
}

#[derive(Debug, Default)]
struct State {
    synced: bool,
    sent_frames: u64,
    saved_frames: u64,
    controls: Vec<Value>,
    awareness: Vec<Vec<u8>>,
    received: u64,
    heard_at: Option<Instant>,
    out_of_touch: bool,
    closed: Option<Closed>,
}

/// One connection and the document behind it.
#[derive(Debug)]
pub struct Client {
    doc: Doc,
    out: mpsc::UnboundedSender<Message>,
    state: Arc<Mutex<State>>,
}

impl Client {
    /// Connects with an empty document and waits until it is up to date.
    pub async fn join(address: &str, name: &str, dialect: Dialect) -> Self {
        Self::join_with(Doc::new(), address, name, dialect).await
    }

    /// Connects with a document that may know something already.
    pub async fn join_with(doc: Doc, address: &str, name: &str, dialect: Dialect) -> Self {
        let client = Self::connect(doc, address, name, dialect)
            .await
            .expect("the server lets us in");
        client.send_step_1();
        within("sync", async || client.state().synced.then_some(())).await;
        client
    }

    /// Connects and says nothing.
    pub async fn connect(
        doc: Doc,
        address: &str,
        name: &str,
        dialect: Dialect,
    ) -> Result<Self, Error> {
        Self::connect_as(doc, address, name, dialect, None).await
    }

    /// Connects as whom the token is of, with an empty document, and waits until it is up to date.
    pub async fn join_as(address: &str, name: &str, token: &str) -> Self {
        let token = Some(token);
        let client = Self::connect_as(Doc::new(), address, name, Dialect::Easel, token)
            .await
            .expect("the server lets us in");
        client.send_step_1();
        within("sync", async || client.state().synced.then_some(())).await;
        client
    }

    /// Connects, with an access token beside the subprotocol if there is one, and says nothing.
    pub async fn connect_as(
        doc: Doc,
        address: &str,
        name: &str,
        dialect: Dialect,
        token: Option<&str>,
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/sync/{name}").into_client_request()?;
        let protocol = match dialect {
            Dialect::Easel => "easel.v1",
            Dialect::Stock => "yjs",
        };
        let offered = match token {
            Some(token) => Some(format!("{protocol}, bearer.{token}")),
            None if dialect == Dialect::Easel => Some(protocol.to_owned()),
            None => None,
        };
        if let Some(offered) = offered {
            let offered = offered.parse().expect("a header value");
            request
                .headers_mut()
                .insert("sec-websocket-protocol", offered);
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Self::over(doc, socket))
    }

    /// Joins over a stream that leads to the node already, and waits until it is up to date.
    pub async fn join_over(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        url: &str,
    ) -> Self {
        let mut request = url.into_client_request().expect("an address");
        let protocol = "easel.v1".parse().expect("a header value");
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", protocol);
        let (socket, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .expect("the server lets us in");
        let client = Self::over(Doc::new(), socket);
        client.send_step_1();
        within("sync", async || client.state().synced.then_some(())).await;
        client
    }

    fn over<S>(doc: Doc, socket: WebSocketStream<S>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sink, mut stream) = socket.split();
        let (out, mut outgoing) = mpsc::unbounded_channel();
        let state = Arc::new(Mutex::new(State::default()));
        tokio::spawn(async move {
            while let Some(message) = outgoing.recv().await {
                if sink.send(message).await.is_err() {
                    return;
                }
            }
        });
        let client = Self { doc, out, state };
        let (doc, out, state) = (client.doc.clone(), client.out.clone(), client.state.clone());
        tokio::spawn(async move {
            let mut closed = Closed {
                code: 1006,
                reason: String::new(),
            };
            while let Some(Ok(message)) = stream.next().await {
                match message {
                    Message::Binary(bytes) => receive(&doc, &out, &state, &bytes),
                    Message::Close(Some(CloseFrame { code, reason })) => {
                        closed = Closed {
                            code: code.into(),
                            reason: reason.to_string(),
                        };
                    }
                    _ => {}
                }
            }
            lock(&state).closed = Some(closed);
        });
        client
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub fn doc(&self) -> &Doc {
        &self.doc
    }

    /// Sends one message as it is.
    pub fn send_raw(&self, message: impl Into<Bytes>) {
        let _ = self.out.send(Message::Binary(message.into()));
    }

    pub fn send_step_1(&self) {
        let state_vector = self.doc.transact().state_vector().encode_v1();
        self.send_raw(sync_message(0, &state_vector));
    }

    /// Sends an update and counts it.
    pub fn send_update(&self, update: &[u8]) {
        self.state().sent_frames += 1;
        self.send_raw(sync_message(2, update));
    }

    /// Sets a key of the map `root`, here and on the wire.
    pub fn set(&self, key: &str, value: impl Into<Any>) {
        let root = self.doc.get_or_insert_map("root");
        let update = {
            let mut txn = self.doc.transact_mut();
            root.insert(&mut txn, key, value.into());
            txn.encode_update_v1()
        };
        self.send_update(&update);
    }

    /// Makes an element of a board with these members; returns the update that was sent.
    pub fn draw(&self, id: &str, members: &[(&str, Any)]) -> Vec<u8> {
        let elements = self.doc.get_or_insert_map("elements");
        let update = {
            let mut txn = self.doc.transact_mut();
            let prelim: MapPrelim = members
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect();
            elements.insert(&mut txn, id, prelim);
            txn.encode_update_v1()
        };
        self.send_update(&update);
        update
    }

    /// Sets a member of an element that is there.
    pub fn change(&self, id: &str, key: &str, value: impl Into<Any>) {
        let elements = self.doc.get_or_insert_map("elements");
        let update = {
            let mut txn = self.doc.transact_mut();
            let Some(Out::YMap(element)) = elements.get(&txn, id) else {
                panic!("{id} is not there");
            };
            element.insert(&mut txn, key.to_owned(), value.into());
            txn.encode_update_v1()
        };
        self.send_update(&update);
    }

    /// Takes an element off the board; returns the update that was sent.
    pub fn erase(&self, id: &str) -> Vec<u8> {
        let elements = self.doc.get_or_insert_map("elements");
        let update = {
            let mut txn = self.doc.transact_mut();
            elements.remove(&mut txn, id);
            txn.encode_update_v1()
        };
        self.send_update(&update);
        update
    }

    pub fn has(&self, key: &str) -> bool {
        let root = self.doc.get_or_insert_map("root");
        root.contains_key(&self.doc.transact(), key)
    }

    /// The keys of a root map, sorted.
    pub fn keys(&self, root: &str) -> Vec<String> {
        let root = self.doc.get_or_insert_map(root);
        let txn = self.doc.transact();
        let mut keys: Vec<String> = root.keys(&txn).map(ToString::to_string).collect();
        keys.sort();
        keys
    }

    pub fn value(&self, root: &str, key: &str) -> Option<Out> {
        let root = self.doc.get_or_insert_map(root);
        root.get(&self.doc.transact(), key)
    }

    /// A root map as JSON.
    pub fn json(&self, root: &str) -> Value {
        let root = self.doc.get_or_insert_map(root);
        let any = root.to_json(&self.doc.transact());
        serde_json::to_value(&any).expect("plain values are JSON")
    }

    /// Whether everything that was there when it greeted is here.
    pub fn is_synced(&self) -> bool {
        self.state().synced
    }

    pub fn sent_frames(&self) -> u64 {
        self.state().sent_frames
    }

    pub fn saved_frames(&self) -> u64 {
        self.state().saved_frames
    }

    /// Messages received, of any type.
    pub fn received(&self) -> u64 {
        self.state().received
    }

    /// How long nothing has come; nothing, if nothing ever did.
    pub fn silent_for(&self) -> Option<Duration> {
        self.state().heard_at.map(|at| at.elapsed())
    }

    /// Whether the node says that it has lost touch with the others.
    pub fn is_out_of_touch(&self) -> bool {
        self.state().out_of_touch
    }

    pub fn controls(&self) -> Vec<Value> {
        self.state().controls.clone()
    }

    pub fn awareness(&self) -> Vec<Vec<u8>> {
        self.state().awareness.clone()
    }

    pub fn closed(&self) -> Option<Closed> {
        self.state().closed.clone()
    }

    pub async fn until_saved(&self) {
        let all = || {
            let state = self.state();
            (state.saved_frames == state.sent_frames).then_some(())
        };
        within("everything to be saved", async || all()).await;
    }

    pub async fn until_has(&self, key: &str) {
        within(key, async || self.has(key).then_some(())).await;
    }

    pub async fn until_closed(&self) -> Closed {
        within("the connection to be closed", async || self.closed()).await
    }

    /// Leaves as a closed tab does.
    pub fn leave(&self) {
        let _ = self.out.send(Message::Close(None));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("the client's state is not poisoned")
}

fn receive(doc: &Doc, out: &mpsc::UnboundedSender<Message>, state: &Mutex<State>, message: &[u8]) {
    {
        let mut state = lock(state);
        state.received += 1;
        state.heard_at = Some(Instant::now());
    }
    let mut at = message;
    match read_uint(&mut at) {
        0 => {
            let kind = read_uint(&mut at);
            let body = read_bytes(&mut at);
            if kind == 0 {
                let theirs = StateVector::decode_v1(body).expect("a state vector");
                let update = doc.transact().encode_diff_v1(&theirs);
                lock(state).sent_frames += 1;
                let _ = out.send(Message::Binary(sync_message(1, &update).into()));
                return;
            }
            let update = Update::decode_v1(body).expect("an update");
            doc.transact_mut()
                .apply_update(update)
                .expect("the update applies");
            if kind == 1 {
                lock(state).synced = true;
            }
        }
        1 => lock(state).awareness.push(read_bytes(&mut at).to_vec()),
        100 => {
            let control: Value =
                serde_json::from_slice(read_bytes(&mut at)).expect("control messages are JSON");
            let mut state = lock(state);
            if control["t"] == "saved" {
                state.saved_frames = control["frames"].as_u64().expect("a count");
            }
            if control["t"] == "out_of_touch" || control["t"] == "in_touch" {
                state.out_of_touch = control["t"] == "out_of_touch";
            }
            state.controls.push(control);
        }
        _ => {}
    }
}

/// Applies a sync message that brings an update; leaves every other alone.
pub fn apply_message(doc: &Doc, message: &[u8]) {
    let mut at = message;
    if read_uint(&mut at) == 0 && read_uint(&mut at) != 0 {
        let update = Update::decode_v1(read_bytes(&mut at)).expect("an update");
        doc.transact_mut()
            .apply_update(update)
            .expect("the update applies");
    }
}

/// A message of type 0 with this body.
pub fn sync_message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![0, kind];
    write_uint(&mut message, body.len() as u64);
    message.extend_from_slice(body);
    message
}

/// A control message.
pub fn control_message(said: &Value) -> Vec<u8> {
    let json = said.to_string();
    let mut message = vec![100];
    write_uint(&mut message, json.len() as u64);
    message.extend_from_slice(json.as_bytes());
    message
}

/// An awareness message with one entry.
pub fn awareness_message(client: u64, clock: u64, state: &str) -> Vec<u8> {
    let mut entry = Vec::new();
    write_uint(&mut entry, 1);
    write_uint(&mut entry, client);
    write_uint(&mut entry, clock);
    write_uint(&mut entry, state.len() as u64);
    entry.extend_from_slice(state.as_bytes());
    let mut message = vec![1];
    write_uint(&mut message, entry.len() as u64);
    message.extend_from_slice(&entry);
    message
}

pub fn write_uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7F) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn read_uint(at: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = at.split_first().expect("a number");
        *at = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if *byte < 0x80 {
            break;
        }
    }
    value
}

fn read_bytes<'a>(at: &mut &'a [u8]) -> &'a [u8] {
    let len = read_uint(at) as usize;
    let (bytes, rest) = at.split_at(len);
    *at = rest;
    bytes
}
