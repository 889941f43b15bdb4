//! One client of a y-websocket server, without a document: it writes what it is given, answers the handshake, and hands
//! each message that comes to whoever listens.
//!
//! Everything runs on one thread. All connections read into one buffer; what is left of a frame that has not all come
//! is the only thing that one of them keeps.

use crate::frame::{self, Head};
use crate::lib0::{put_bytes, take_bytes, take_uint};
use anyhow::{Context as _, Result, bail};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpSocket;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

const READ_BYTES: usize = 256 << 10;
/// The sample key of RFC 6455. Nothing caches on loopback, so it need not be random.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const PATIENCE: Duration = Duration::from_secs(60);
const FAREWELL: Duration = Duration::from_secs(3);

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// Nanoseconds since the generator started.
pub(crate) fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).expect("a run is shorter than centuries")
}

/// Where a document is, and how its server wants to be spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// `host:port`.
    pub(crate) address: String,
    /// With the leading slash, and a query if there is one.
    pub(crate) path: String,
    pub(crate) dialect: Dialect,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As y-websocket does it.
    Plain,
    /// The same, with the subprotocol that tells what is saved.
    Easel,
    /// Each message begins with the document's name, and a token comes first.
    Hocuspocus { name: String },
    /// A server that passes frames on and knows no document: nobody answers a step 1.
    Relay,
}

impl Dialect {
    fn protocol(&self) -> Option<&'static str> {
        (*self == Self::Easel).then_some("easel.v1")
    }
}

/// A message, by its type in y-websocket's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    Step1(&'a [u8]),
    Step2(&'a [u8]),
    Update(&'a [u8]),
    Awareness(&'a [u8]),
    /// Easel's: so many of this connection's sync frames are durable.
    Saved(u64),
    /// Easel's: the server goes away; come back after so many milliseconds.
    Draining(u64),
    Other,
}

/// How a connection differs from the others.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// The kernel's buffer for what has come and is not read.
    pub(crate) receive_bytes: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct Client {
    dialect: Dialect,
    write: OwnedWriteHalf,
    /// What the kernel did not take yet.
    unsent: RefCell<Vec<u8>>,
    is_flushing: Cell<bool>,
    is_synced: Cell<bool>,
    is_closed: Cell<bool>,
    /// What the server said it hung up for.
    close_code: Cell<Option<u16>>,
    is_paused: Cell<bool>,
    /// Somebody waits for what a message may bring.
    is_awaited: Cell<bool>,
    /// Step 2 and updates that it sent.
    sync_frames: Cell<u64>,
    saved_frames: Cell<u64>,
    mask: Cell<u32>,
    reading: RefCell<Option<JoinHandle<()>>>,
    changed: Notify,
}

impl Client {
    /// Connects and starts to listen; says nothing to the server yet.
    pub(crate) async fn connect(
        target: &Target,
        options: Options,
        listen: impl FnMut(&Self, u64, Message<'_>) + 'static,
    ) -> Result<Rc<Self>> {
        let connecting = open(target, options);
        let (read, write, early) = tokio::time::timeout(PATIENCE, connecting)
            .await
            .context("no answer to the handshake")??;
        let client = Rc::new(Self {
            dialect: target.dialect.clone(),
            write,
            unsent: RefCell::default(),
            is_flushing: Cell::new(false),
            is_synced: Cell::new(target.dialect == Dialect::Relay),
            is_closed: Cell::new(false),
            close_code: Cell::new(None),
            is_paused: Cell::new(false),
            is_awaited: Cell::new(false),
            sync_frames: Cell::new(0),
            saved_frames: Cell::new(0),
            mask: Cell::new(0x9E37_79B9),
            reading: RefCell::default(),
            changed: Notify::new(),
        });
        let reading = tokio::task::spawn_local(client.clone().read(read, early, listen));
        *client.reading.borrow_mut() = Some(reading);
        Ok(client)
    }

    /// Connects as a stock client does: asks for the document, and waits until it has it.
    pub(crate) async fn join(
        target: &Target,
        listen: impl FnMut(&Self, u64, Message<'_>) + 'static,
    ) -> Result<Rc<Self>> {
        let client = Self::connect(target, Options::default(), listen).await?;
        client.hello();
        client.until_synced().await?;
        Ok(client)
    }

    /// Asks for the document from nothing.
    pub(crate) fn hello(self: &Rc<Self>) {
        match &self.dialect {
            Dialect::Relay => {}
            Dialect::Plain | Dialect::Easel => self.send(&[0, 0, 1, 0]),
            Dialect::Hocuspocus { .. } => {
                // The token; then as the others.
                let mut auth = vec![2, 0];
                put_bytes(&mut auth, b"bench");
                put_bytes(&mut auth, b"4.7.0");
                self.send(&auth);
                self.send(&[0, 0, 1, 0]);
            }
        }
    }

    pub(crate) async fn until_synced(&self) -> Result<()> {
        self.until("the document", || self.is_synced.get()).await
    }

    pub(crate) async fn until_closed(&self) -> Result<()> {
        self.until("the end of a connection", || self.is_closed.get())
            .await
    }

    /// Waits for something that only changes when a message comes or the connection ends.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn() -> bool) -> Result<()> {
        self.is_awaited.set(true);
        let waiting = async {
            while !holds() {
                if self.is_closed.get() {
                    bail!("the server hung up while a client waited for {what}");
                }
                self.changed.notified().await;
            }
            Ok(())
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        self.is_awaited.set(false);
        waited.with_context(|| format!("no sign of {what}"))?
    }

    pub(crate) fn says_what_is_saved(&self) -> bool {
        self.dialect == Dialect::Easel
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.is_synced.get()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    /// The code of the server's farewell; nothing if the connection broke without one.
    pub(crate) fn close_code(&self) -> Option<u16> {
        self.close_code.get()
    }

    pub(crate) fn sync_frames(&self) -> u64 {
        self.sync_frames.get()
    }

    pub(crate) fn saved_frames(&self) -> u64 {
        self.saved_frames.get()
    }

    /// From now on what comes is left in the kernel's buffer.
    pub(crate) fn pause(&self) {
        self.is_paused.set(true);
    }

    pub(crate) fn resume(&self) {
        self.is_paused.set(false);
        self.changed.notify_waiters();
    }

    pub(crate) fn send_update(self: &Rc<Self>, update: &[u8]) {
        self.send_sync(2, update);
    }

    /// An awareness message; the body begins with the number of entries.
    pub(crate) fn send_awareness(self: &Rc<Self>, body: &[u8]) {
        let mut message = Vec::with_capacity(body.len() + 4);
        message.push(1);
        put_bytes(&mut message, body);
        self.send(&message);
    }

    fn send_sync(self: &Rc<Self>, kind: u8, update: &[u8]) {
        self.sync_frames.set(self.sync_frames.get() + 1);
        let mut message = Vec::with_capacity(update.len() + 8);
        message.extend_from_slice(&[0, kind]);
        put_bytes(&mut message, update);
        self.send(&message);
    }

    fn send(self: &Rc<Self>, message: &[u8]) {
        match &self.dialect {
            Dialect::Hocuspocus { name } => {
                let mut named = Vec::with_capacity(name.len() + message.len() + 4);
                put_bytes(&mut named, name.as_bytes());
                named.extend_from_slice(message);
                self.put(frame::BINARY, &named);
            }
            Dialect::Plain | Dialect::Easel | Dialect::Relay => self.put(frame::BINARY, message),
        }
    }

    fn put(self: &Rc<Self>, opcode: u8, payload: &[u8]) {
        let key = self.mask.get();
        self.mask
            .set(key.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F));
        let mut unsent = self.unsent.borrow_mut();
        frame::put_masked(&mut unsent, opcode, payload, key);
        if self.is_flushing.get() || self.is_closed.get() {
            return;
        }
        let sent = self.write.try_write(&unsent).unwrap_or(0);
        unsent.drain(..sent);
        if !unsent.is_empty() {
            self.is_flushing.set(true);
            tokio::task::spawn_local(self.clone().flush());
        }
    }

    async fn flush(self: Rc<Self>) {
        loop {
            let writable = self.write.writable().await;
            let mut unsent = self.unsent.borrow_mut();
            match self.write.try_write(&unsent) {
                Ok(sent) => drop(unsent.drain(..sent)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => unsent.clear(),
            }
            if unsent.is_empty() || writable.is_err() {
                self.is_flushing.set(false);
                return;
            }
        }
    }

    async fn read(
        self: Rc<Self>,
        mut read: OwnedReadHalf,
        early: Vec<u8>,
        mut listen: impl FnMut(&Self, u64, Message<'_>),
    ) {
        let mut inbox = Inbox { held: early };
        inbox.take(&[], |opcode, payload| {
            self.hear(opcode, payload, now(), &mut listen)
        });
        loop {
            while self.is_paused.get() {
                self.changed.notified().await;
            }
            if let Some(more) = inbox.lacks_much() {
                inbox.held.reserve(more);
                if !matches!(read.read_buf(&mut inbox.held).await, Ok(1..)) {
                    break;
                }
                let now = now();
                inbox.take(&[], |opcode, payload| {
                    self.hear(opcode, payload, now, &mut listen)
                });
                continue;
            }
            let read_some = poll_fn(|context| {
                SCRATCH.with_borrow_mut(|scratch| {
                    let mut buffer = ReadBuf::new(scratch);
                    let polled = Pin::new(&mut read).poll_read(context, &mut buffer);
                    polled.map_ok(|()| {
                        let come = buffer.filled();
                        let now = now();
                        inbox.take(come, |opcode, payload| {
                            self.hear(opcode, payload, now, &mut listen);
                        });
                        come.len()
                    })
                })
            });
            match read_some.await {
                Ok(1..) if !self.is_closed.get() => {}
                _ => break,
            }
        }
        self.is_closed.set(true);
        self.changed.notify_waiters();
    }

    fn hear(
        self: &Rc<Self>,
        opcode: u8,
        payload: &[u8],
        now: u64,
        listen: &mut impl FnMut(&Self, u64, Message<'_>),
    ) {
        match opcode {
            frame::BINARY => {}
            frame::PING => return self.put(frame::PONG, payload),
            frame::CLOSE => {
                let code = payload.first_chunk().copied().map(u16::from_be_bytes);
                self.close_code.set(code);
                self.is_closed.set(true);
                return;
            }
            _ => return,
        }
        let message = self.decode(payload).unwrap_or(Message::Other);
        match message {
            // It knows nothing that the server could lack.
            Message::Step1(_) if self.dialect != Dialect::Relay => self.send_sync(1, &[0, 0]),
            Message::Step2(_) => self.is_synced.set(true),
            Message::Saved(frames) => self.saved_frames.set(frames),
            Message::Step1(_)
            | Message::Update(_)
            | Message::Awareness(_)
            | Message::Draining(_)
            | Message::Other => {}
        }
        listen(self, now, message);
        if self.is_awaited.get() {
            self.changed.notify_waiters();
        }
    }

    fn decode<'a>(&self, payload: &'a [u8]) -> Option<Message<'a>> {
        let mut at = payload;
        if matches!(self.dialect, Dialect::Hocuspocus { .. }) {
            take_bytes(&mut at)?;
        }
        Some(match take_uint(&mut at)? {
            // Hocuspocus answers a step 1 under another number (4).
            0 | 4 => match (take_uint(&mut at)?, take_bytes(&mut at)?) {
                (0, vector) => Message::Step1(vector),
                (1, update) => Message::Step2(update),
                (_, update) => Message::Update(update),
            },
            1 => Message::Awareness(take_bytes(&mut at)?),
            100 => {
                let control: serde_json::Value =
                    serde_json::from_slice(take_bytes(&mut at)?).ok()?;
                match control["t"].as_str()? {
                    "saved" => Message::Saved(control["frames"].as_u64()?),
                    "draining" => Message::Draining(control["retry_after_ms"].as_u64()?),
                    _ => Message::Other,
                }
            }
            _ => Message::Other,
        })
    }

    /// Ends the connection as a closed tab does. Not every server answers when it is busy: after a while it is cut.
    pub(crate) async fn leave(self: &Rc<Self>) {
        self.put(frame::CLOSE, &1000_u16.to_be_bytes());
        let leaving = self.until("a farewell", || self.is_closed.get());
        if !matches!(tokio::time::timeout(FAREWELL, leaving).await, Ok(Ok(()))) {
            self.reading.borrow_mut().take().inspect(JoinHandle::abort);
            self.is_closed.set(true);
        }
    }
}

/// What has come of a frame that is not all there.
struct Inbox {
    held: Vec<u8>,
}

impl Inbox {
    /// So many bytes of a long frame are still to come; they need not be copied on their way.
    fn lacks_much(&self) -> Option<usize> {
        let whole = Head::read(&self.held)?.len();
        let more = whole.checked_sub(self.held.len())?;
        (whole > READ_BYTES).then_some(more)
    }

    /// Calls `each` for every whole frame in what was held and `come`. A message in several frames comes as one.
    fn take(&mut self, come: &[u8], mut each: impl FnMut(u8, &[u8])) {
        if self.held.is_empty() {
            let used = frames(come, &mut each);
            self.held.extend_from_slice(&come[used..]);
        } else {
            self.held.extend_from_slice(come);
            let used = frames(&self.held, &mut each);
            self.held.drain(..used);
            if self.held.is_empty() {
                self.held = Vec::new();
            }
        }
    }
}

/// Returns how many bytes were of whole messages.
fn frames(bytes: &[u8], each: &mut impl FnMut(u8, &[u8])) -> usize {
    let mut at = 0;
    while let Some(head) = Head::read(&bytes[at..]) {
        let Some(payload) = bytes.get(at + head.head_len..at + head.len()) else {
            break;
        };
        if head.is_last {
            each(head.opcode, payload);
            at += head.len();
        } else {
            let Some(len) = fragments(&bytes[at..], each) else {
                break;
            };
            at += len;
        }
    }
    at
}

/// A message whose first frame is not its last; nothing when the end has not come. Control frames may lie between.
fn fragments(bytes: &[u8], each: &mut impl FnMut(u8, &[u8])) -> Option<usize> {
    let opcode = Head::read(bytes)?.opcode;
    let mut at = 0;
    let mut message = Vec::new();
    let mut between = Vec::new();
    loop {
        let head = Head::read(bytes.get(at..)?)?;
        let payload = bytes.get(at + head.head_len..at + head.len())?;
        at += head.len();
        if head.opcode & 0x8 != 0 {
            between.push((head.opcode, payload));
            continue;
        }
        message.extend_from_slice(payload);
        if head.is_last {
            break;
        }
    }
    for (opcode, payload) in between {
        each(opcode, payload);
    }
    each(opcode, &message);
    Some(at)
}

/// Sends the request of a WebSocket and reads its answer; what came behind the answer is returned too.
async fn open(
    target: &Target,
    options: Options,
) -> Result<(OwnedReadHalf, OwnedWriteHalf, Vec<u8>)> {
    let socket = TcpSocket::new_v4()?;
    if let Some(bytes) = options.receive_bytes {
        socket.set_recv_buffer_size(bytes)?;
    }
    let mut stream = socket.connect(target.address.parse()?).await?;
    stream.set_nodelay(true)?;
    let protocol = match target.dialect.protocol() {
        Some(protocol) => format!("Sec-WebSocket-Protocol: {protocol}\r\n"),
        None => String::new(),
    };
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\
         Sec-WebSocket-Version: 13\r\n{protocol}\r\n",
        target.path, target.address
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let end = loop {
        if let Some(end) = memchr::memmem::find(&answer, b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut answer).await? == 0 {
            bail!("{} hung up during the handshake", target.address);
        }
    };
    if !answer.starts_with(b"HTTP/1.1 101") {
        bail!(
            "{} refused {}: {}",
            target.address,
            target.path,
            String::from_utf8_lossy(&answer)
        );
    }
    let early = answer.split_off(end);
    let (read, write) = stream.into_split();
    Ok((read, write, early))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTINUATION: u8 = 0x0;

    fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        frame::put_head(&mut out, opcode, payload.len());
        out.extend_from_slice(payload);
        out
    }

    #[test]
    fn frames_are_whole_however_they_are_cut() {
        let long = vec![7; 70_000];
        let mut wire = frame(frame::BINARY, b"one");
        wire.extend(frame(frame::PING, b""));
        wire.extend(frame(frame::BINARY, &long));
        // A message in three frames with a ping in it.
        let mut pieces = frame(frame::BINARY, b"ab");
        pieces[0] &= 0x7F;
        let mut middle = frame(CONTINUATION, b"cd");
        middle[0] &= 0x7F;
        wire.extend(pieces);
        wire.extend(frame(frame::PING, b"!"));
        wire.extend(middle);
        wire.extend(frame(CONTINUATION, b"ef"));
        let expected = vec![
            (frame::BINARY, b"one".to_vec()),
            (frame::PING, Vec::new()),
            (frame::BINARY, long),
            (frame::PING, b"!".to_vec()),
            (frame::BINARY, b"abcdef".to_vec()),
        ];
        for piece in [1, 2, 3, 1000, wire.len()] {
            let mut inbox = Inbox { held: Vec::new() };
            let mut found = Vec::new();
            for come in wire.chunks(piece) {
                inbox.take(come, |opcode, payload| {
                    found.push((opcode, payload.to_vec()))
                });
            }
            assert_eq!(found, expected, "in pieces of {piece}");
            assert!(inbox.held.is_empty());
        }
    }
}
