//! One WebSocket: the handshake, reading into the room, writing from the outbox, and the end.
//!
//! Reading is fastwebsockets'; writing is ours, since a server's frames need no mask and the same bytes go to
//! everybody: whatever has gathered leaves in one write.

use super::Permit;
use super::outbox::{Class, Outbox, Pushed};
use super::room::{Dialect, Event, close};
use super::rooms::{JoinRefused, Joined, Rooms, unforeseen_id};
use super::task::Mail;
use super::wire::Frame;
use crate::http::Connection;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use easel_storage::DocName;
use fastwebsockets::{OpCode, Payload, Role, WebSocketError, after_handshake_split};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use prometheus::{IntCounter, IntGauge};
use std::io::{self, Cursor};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::Semaphore;

/// Under load, frames for one client are gathered for so long; when idle the first leaves at once.
const GATHER: Duration = Duration::from_millis(4);
/// Frames are copied together up to here and leave in one write; one longer than this leaves by itself, uncopied.
const COPY_BYTES_MAX: usize = 64 << 10;
/// What one connection may have under way in its room, in KiB; a small message counts as 64.
const PERMITS_KIB: u32 = 17 << 10;
const PERMIT_KIB_MIN: u32 = 64;
/// After a close frame the peer gets so long to read it before the connection is cut.
const FAREWELL: Duration = Duration::from_secs(2);
/// What was queued before the room closed the seat gets so long to leave, the reason with it.
const LAST_WORDS: Duration = Duration::from_secs(20);
/// Writing that goes nowhere means a client that does not read. It cannot answer a ping, so it gets this much longer.
const STUCK_FACTOR: u32 = 3;
/// However much it says meanwhile, a client that takes nothing of what is written to it for so long is cut.
const STUCK_MAX: Duration = Duration::from_secs(300);
/// What a message costs of its connection's rate, beyond 1: for its size, and for what it asks the room to do.
const RATE_BYTES: usize = 4 << 10;
const RATE_STEP_1: f64 = 200.0;
const RATE_QUERY: f64 = 50.0;

const UNSUPPORTED_DATA: u16 = 1003;
const PROTOCOL_ERROR: u16 = 1002;
const TOO_BIG: u16 = 1009;

/// Lets a request into the room of this name, or says why not; nothing is upgraded before that is known.
pub(crate) async fn upgrade(
    rooms: &Arc<Rooms>,
    name: &str,
    mut request: Request,
) -> Result<Response, JoinRefused> {
    let doc: DocName = name.parse().map_err(|_| JoinRefused::NotFound)?;
    rooms.admit(&doc).await?;
    if !fastwebsockets::upgrade::is_upgrade_request(&request) {
        return Err(JoinRefused::NotAnUpgrade);
    }
    let (dialect, protocol) = negotiate(&request);
    let (mut response, upgraded) =
        fastwebsockets::upgrade::upgrade(&mut request).map_err(|_| JoinRefused::BadHandshake)?;
    if let Some(protocol) = protocol {
        response
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    let rooms = rooms.clone();
    rooms.clone().tasks.spawn(async move {
        // The client went away between its request and our answer.
        let Ok(socket) = upgraded.await else { return };
        serve(rooms, doc, dialect, socket.into_inner().into_inner()).await;
    });
    Ok(response.map(|_| Body::empty()))
}

/// Answers the first subprotocol that we speak. A token may be offered beside it; it is never answered.
fn negotiate(request: &Request) -> (Dialect, Option<&'static str>) {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    let names = offered
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    for name in names {
        match name.trim() {
            "easel.v1" => return (Dialect::Easel, Some("easel.v1")),
            "yjs" => return (Dialect::Yjs, Some("yjs")),
            _ => {}
        }
    }
    (Dialect::Yjs, None)
}

async fn serve(rooms: Arc<Rooms>, doc: DocName, dialect: Dialect, upgraded: Upgraded) {
    match hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<Connection>>(upgraded) {
        Ok(parts) => {
            // Held to the end: it is what counts this connection among those that may be open.
            let (stream, _place) = parts.io.into_inner().into_parts();
            let (read, write) = stream.into_split();
            pump(
                rooms,
                doc,
                dialect,
                AsyncReadExt::chain(Cursor::new(parts.read_buf), read),
                write,
            )
            .await;
        }
        // Not a plain connection (TLS, say): split it behind a lock.
        Err(upgraded) => {
            let (read, write) = tokio::io::split(TokioIo::new(upgraded));
            pump(rooms, doc, dialect, read, write).await;
        }
    }
}

/// Runs a connection to its end.
async fn pump(
    rooms: Arc<Rooms>,
    doc: DocName,
    dialect: Dialect,
    read: impl AsyncRead + Unpin,
    mut write: impl AsyncWrite + Unpin,
) {
    let outbox = Arc::new(Outbox::default());
    let joined = rooms.join(&doc, dialect, unforeseen_id(), outbox.clone());
    let line = Line::new(&rooms, joined, outbox);
    let place = Place::take(&line, dialect);

    let mut read = Heard {
        inner: read,
        line: &line,
    };
    let code = {
        let mut writer = pin!(line.write_frames(&mut write));
        let ended = tokio::select! {
            ended = line.read_messages(&mut read) => ended,
            code = &mut writer => Ended::ByUs(code),
            reason = line.watch() => Ended::Because(close::TIMED_OUT, reason),
            code = line.outbox.closed() => Ended::Closing(code),
        };
        match ended {
            Ended::ByUs(code) => code,
            Ended::Closing(code) => {
                let _ = tokio::time::timeout(LAST_WORDS, writer).await;
                code
            }
            Ended::Because(code, reason) => {
                line.outbox.close(Frame::close(code, reason));
                let _ = tokio::time::timeout(FAREWELL, writer).await;
                code
            }
            Ended::Vanished => 1006,
        }
    };
    drop(place);
    line.rooms
        .metrics
        .ws_closed
        .with_label_values(&[&label(code)])
        .inc();
    let _ = tokio::time::timeout(FAREWELL, part(&mut read, &mut write)).await;
}

/// A connection's place in the count and in its room; given up however the connection ends, a bug included.
struct Place<'l> {
    line: &'l Line,
    open: IntGauge,
}

impl<'l> Place<'l> {
    fn take(line: &'l Line, dialect: Dialect) -> Self {
        let kind = match dialect {
            Dialect::Easel => "easel",
            Dialect::Yjs => "yjs",
        };
        let metrics = &line.rooms.metrics;
        let open = metrics.ws_connections.with_label_values(&[kind]);
        metrics.ws_opened.inc();
        open.inc();
        Self { line, open }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let seat = self.line.seat;
        // A room that is gone has no seats to give up.
        let _ = self.line.room.send(Mail::Event(Event::Leave { seat }));
        self.open.dec();
    }
}

/// A close code as a label. Peers may send any number: those that mean nothing here share one label.
fn label(code: u16) -> String {
    match code {
        1000..=1003 | 1006..=1015 | 4400..=4599 => code.to_string(),
        _ => "other".to_owned(),
    }
}

/// Closes our side and reads on until the peer closes its own. Cut off while it is still sending, it would be told of
/// a reset connection and not of the reason.
async fn part(
    read: &mut (impl AsyncRead + Unpin),
    write: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    write.shutdown().await?;
    let mut scratch = vec![0; 16 << 10];
    while read.read(&mut scratch).await? > 0 {}
    Ok(())
}

enum Ended {
    /// The room closed the seat; the close frame is written.
    ByUs(u16),
    /// The room closed the seat, and the close frame waits to be written.
    Closing(u16),
    /// To be closed with this code.
    Because(u16, &'static str),
    /// The connection is gone.
    Vanished,
}

/// What reader, writer and watch of one connection share.
struct Line {
    rooms: Arc<Rooms>,
    seat: u64,
    room: tokio::sync::mpsc::UnboundedSender<Mail>,
    outbox: Arc<Outbox>,
    permits: Arc<Semaphore>,
    begun: Instant,
    /// When the last byte came, in ms since `begun`.
    heard_ms: AtomicU64,
    /// The reader waits for the room: what the peer says meanwhile is not heard, and that is not the peer's fault.
    is_held_up: AtomicBool,
    is_writing: AtomicBool,
    /// When the last byte could be written, in ms since `begun`.
    wrote_ms: AtomicU64,
    counters: Counters,
}

impl Line {
    fn new(rooms: &Arc<Rooms>, joined: Joined, outbox: Arc<Outbox>) -> Self {
        Self {
            rooms: rooms.clone(),
            seat: joined.seat,
            room: joined.room,
            outbox,
            permits: Arc::new(Semaphore::new(PERMITS_KIB as usize)),
            begun: Instant::now(),
            heard_ms: AtomicU64::new(0),
            is_held_up: AtomicBool::new(false),
            is_writing: AtomicBool::new(false),
            wrote_ms: AtomicU64::new(0),
            counters: Counters::new(rooms),
        }
    }

    async fn read_messages(&self, read: &mut (impl AsyncRead + Unpin)) -> Ended {
        let message_max = usize::try_from(self.rooms.config.message_max.0).unwrap_or(usize::MAX);
        let (mut frames, _) = after_handshake_split(read, tokio::io::sink(), Role::Server);
        frames.set_auto_close(false);
        frames.set_auto_pong(false);
        frames.set_max_message_size(message_max.saturating_add(1));
        let mut rate = Rate::new(
            self.rooms.config.messages_per_second,
            self.rooms.config.messages_burst,
        );
        let mut gathered: Option<BytesMut> = None;
        loop {
            let nothing_to_send = &mut |_| std::future::ready(Ok::<(), WebSocketError>(()));
            let frame = match frames.read_frame(nothing_to_send).await {
                Ok(frame) => frame,
                Err(error) => return ended_by(&error),
            };
            let payload = match frame.opcode {
                OpCode::Ping => {
                    let _ = self
                        .outbox
                        .push(Frame::pong(&frame.payload), Class::Awareness, None);
                    continue;
                }
                OpCode::Pong => continue,
                OpCode::Close => return Ended::Because(close_code(&frame.payload), ""),
                OpCode::Text => {
                    return Ended::Because(
                        UNSUPPORTED_DATA,
                        "only binary messages are spoken here",
                    );
                }
                OpCode::Binary if gathered.is_some() => {
                    return Ended::Because(PROTOCOL_ERROR, "a message in a message");
                }
                OpCode::Continuation if gathered.is_none() => {
                    return Ended::Because(PROTOCOL_ERROR, "a continuation of nothing");
                }
                OpCode::Binary | OpCode::Continuation => owned(frame.payload),
            };
            let message = match gathered.take() {
                None => payload,
                Some(mut gathered) if gathered.len() + payload.len() <= message_max => {
                    gathered.extend_from_slice(&payload);
                    gathered
                }
                Some(_) => return Ended::Because(TOO_BIG, "the message is too large"),
            };
            if !frame.fin {
                gathered = Some(message);
                continue;
            }
            if !self.deliver(message.freeze(), &mut rate).await {
                // The room is gone; its farewell is in the outbox, if there is one.
                return Ended::Because(
                    close::DRAINING,
                    "the room is closing; come back in a moment",
                );
            }
        }
    }

    /// Hands a message to the room once the connection's rate and its permits allow it.
    async fn deliver(&self, message: Bytes, rate: &mut Rate) -> bool {
        self.counters.count_in(&message);
        self.is_held_up.store(true, Ordering::Relaxed);
        rate.wait(cost(&message)).await;
        let kib = u32::try_from(message.len() >> 10)
            .unwrap_or(u32::MAX)
            .clamp(PERMIT_KIB_MIN, PERMITS_KIB);
        let permit = self.permits.clone().acquire_many_owned(kib).await;
        let permit = Permit::of(permit.expect("the semaphore is never closed"));
        self.is_held_up.store(false, Ordering::Relaxed);
        self.hear();
        self.room
            .send(Mail::Message {
                seat: self.seat,
                message,
                received: Instant::now(),
                permit,
            })
            .is_ok()
    }

    /// Writes until the close frame has left; returns its code.
    async fn write_frames(&self, write: &mut (impl AsyncWrite + Unpin)) -> u16 {
        let mut last: Option<Instant> = None;
        loop {
            self.outbox.ready().await;
            if let Some(left) = last.and_then(|last| GATHER.checked_sub(last.elapsed())) {
                tokio::time::sleep(left).await;
            }
            let taken = self.outbox.take();
            self.counters.count_out(&taken.frames);
            self.note(&self.wrote_ms);
            self.is_writing.store(true, Ordering::Relaxed);
            if self.write_all(write, taken.frames).await.is_err() {
                return 1006;
            }
            self.is_writing.store(false, Ordering::Relaxed);
            last = Some(Instant::now());
            if let Some(received) = taken.received {
                self.rooms
                    .metrics
                    .fanout
                    .observe(received.elapsed().as_secs_f64());
            }
            let (seat, written) = (self.seat, self.outbox.written());
            if written.answered {
                let _ = self.room.send(Mail::Event(Event::Answered { seat }));
            }
            if written.drained {
                let _ = self.room.send(Mail::Event(Event::Drained { seat }));
            }
            if let Some(code) = taken.closing {
                return code;
            }
        }
    }

    /// Small frames are gathered, large ones are not copied.
    async fn write_all(
        &self,
        write: &mut (impl AsyncWrite + Unpin),
        frames: Vec<Frame>,
    ) -> io::Result<()> {
        let mut gathered = Vec::new();
        let mut frames = frames.into_iter().peekable();
        while let Some(frame) = frames.next() {
            let next_len = frames.peek().map_or(usize::MAX, Frame::len);
            if gathered.is_empty() && frame.len().saturating_add(next_len) > COPY_BYTES_MAX {
                write.write_all(frame.wire()).await?;
            } else {
                gathered.extend_from_slice(frame.wire());
                if gathered.len().saturating_add(next_len) > COPY_BYTES_MAX {
                    write.write_all(&gathered).await?;
                    gathered.clear();
                }
            }
            self.note(&self.wrote_ms);
        }
        write.flush().await
    }

    /// Pings a silent peer; returns when it has been silent, or has read nothing, for too long.
    async fn watch(&self) -> &'static str {
        let (ping_every, silent_max) = (
            self.rooms.config.ping_every.0,
            self.rooms.config.silent_max.0,
        );
        loop {
            if self.is_held_up.load(Ordering::Relaxed) {
                self.hear();
            }
            let silent = self.since(&self.heard_ms);
            let is_stuck = self.is_writing.load(Ordering::Relaxed);
            if silent >= silent_max * if is_stuck { STUCK_FACTOR } else { 1 } {
                return "nothing was heard for too long";
            }
            if is_stuck && self.since(&self.wrote_ms) >= STUCK_MAX {
                return "nothing was read for too long";
            }
            if silent >= ping_every
                && !is_stuck
                && self.outbox.push(Frame::ping(), Class::Awareness, None) == Pushed::Queued
            {
                tokio::time::sleep(ping_every.min(silent_max.saturating_sub(silent))).await;
            } else {
                tokio::time::sleep(
                    ping_every
                        .saturating_sub(silent)
                        .max(Duration::from_secs(1)),
                )
                .await;
            }
        }
    }

    fn since(&self, noted_ms: &AtomicU64) -> Duration {
        let noted = Duration::from_millis(noted_ms.load(Ordering::Relaxed));
        self.begun.elapsed().saturating_sub(noted)
    }

    fn hear(&self) {
        self.note(&self.heard_ms);
    }

    fn note(&self, noted_ms: &AtomicU64) {
        let now_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        noted_ms.store(now_ms, Ordering::Relaxed);
    }
}

/// The reader's own buffer where it can be had, a copy otherwise.
fn owned(payload: Payload<'_>) -> BytesMut {
    match payload {
        Payload::Bytes(bytes) => bytes,
        Payload::BorrowedMut(_) | Payload::Borrowed(_) | Payload::Owned(_) => {
            BytesMut::from(&payload[..])
        }
    }
}

fn ended_by(error: &WebSocketError) -> Ended {
    match error {
        WebSocketError::FrameTooLarge => Ended::Because(TOO_BIG, "the message is too large"),
        WebSocketError::UnexpectedEOF
        | WebSocketError::IoError(_)
        | WebSocketError::ConnectionClosed => Ended::Vanished,
        _ => Ended::Because(PROTOCOL_ERROR, "that is not WebSocket"),
    }
}

/// The code of a close frame's payload; 1000 if it has none, as the answer to a plain good-bye.
fn close_code(payload: &[u8]) -> u16 {
    match payload {
        [high, low, ..] => match u16::from_be_bytes([*high, *low]) {
            // Codes that may not be sent (RFC 6455, section 7.4) are not sent back either.
            1004..=1006 | 1015 | 0..=999 | 5000.. => PROTOCOL_ERROR,
            code => code,
        },
        _ => 1000,
    }
}

/// Notes the time of every byte that comes, also in the middle of a long message on a slow line.
struct Heard<'a, R> {
    inner: R,
    line: &'a Line,
}

impl<R: AsyncRead + Unpin> AsyncRead for Heard<'_, R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if polled.is_ready() {
            self.line.hear();
        }
        polled
    }
}

/// A token bucket. A client that says too much is not sent away: it is read more slowly, and only it.
struct Rate {
    per_second: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Rate {
    fn new(per_second: u32, burst: u32) -> Self {
        let burst = f64::from(burst.max(1));
        Self {
            per_second: f64::from(per_second.max(1)),
            burst,
            tokens: burst,
            at: Instant::now(),
        }
    }

    async fn wait(&mut self, cost: f64) {
        let now = Instant::now();
        self.tokens = (self.tokens + now.duration_since(self.at).as_secs_f64() * self.per_second)
            .min(self.burst);
        self.at = now;
        self.tokens -= cost;
        if self.tokens < 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(-self.tokens / self.per_second)).await;
        }
    }
}

fn cost(message: &[u8]) -> f64 {
    let asks = match message {
        [0, 0, ..] => RATE_STEP_1,
        [3, ..] => RATE_QUERY,
        _ => 0.0,
    };
    1.0 + (message.len() / RATE_BYTES) as f64 + asks
}

/// The counters of one connection, looked up once.
struct Counters {
    sync_in: IntCounter,
    awareness_in: IntCounter,
    other_in: IntCounter,
    bytes_in: IntCounter,
    sync_out: IntCounter,
    awareness_out: IntCounter,
    other_out: IntCounter,
    bytes_out: IntCounter,
}

impl Counters {
    fn new(rooms: &Rooms) -> Self {
        let (messages, bytes) = (&rooms.metrics.ws_messages, &rooms.metrics.ws_bytes);
        Self {
            sync_in: messages.with_label_values(&["in", "sync"]),
            awareness_in: messages.with_label_values(&["in", "awareness"]),
            other_in: messages.with_label_values(&["in", "other"]),
            bytes_in: bytes.with_label_values(&["in"]),
            sync_out: messages.with_label_values(&["out", "sync"]),
            awareness_out: messages.with_label_values(&["out", "awareness"]),
            other_out: messages.with_label_values(&["out", "other"]),
            bytes_out: bytes.with_label_values(&["out"]),
        }
    }

    fn count_in(&self, message: &[u8]) {
        match message.first() {
            Some(0) => self.sync_in.inc(),
            Some(1) => self.awareness_in.inc(),
            _ => self.other_in.inc(),
        }
        self.bytes_in.inc_by(message.len() as u64);
    }

    fn count_out(&self, frames: &[Frame]) {
        let (mut sync, mut awareness, mut bytes) = (0, 0, 0);
        for frame in frames {
            match frame.kind() {
                Some(0) => sync += 1,
                Some(1) => awareness += 1,
                _ => {}
            }
            bytes += frame.len() as u64;
        }
        self.sync_out.inc_by(sync);
        self.awareness_out.inc_by(awareness);
        self.other_out
            .inc_by(frames.len() as u64 - sync - awareness);
        self.bytes_out.inc_by(bytes);
    }
}
