//! One WebSocket: the handshake, reading into the room, and the end.
//!
//! Reading is fastwebsockets'; writing (`writer`) is ours, since a server's frames need no mask and the same bytes go to
//! everybody.

use super::line::{Counters, Line, Rate};
use super::outbox::{Class, Outbox};
use super::room::{Dialect, Event, close};
use super::rooms::{JoinRefused, Rooms, unforeseen_id};
use super::task::Mail;
use super::wire::Frame;
use crate::http::Connection;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::response::Response;
use bytes::BytesMut;
use easel_storage::DocName;
use fastwebsockets::{OpCode, Payload, Role, WebSocketError, after_handshake_split};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use prometheus::IntGauge;
use std::io::{self, Cursor};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// After a close frame the peer gets so long to read it before the connection is cut.
const FAREWELL: Duration = Duration::from_secs(2);
/// What was queued before the room closed the seat gets so long to leave, the reason with it.
const LAST_WORDS: Duration = Duration::from_secs(20);

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
    let counters = Counters::of_socket(&rooms.metrics);
    let line = Line::new(&rooms, joined, outbox, counters);
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
pub(super) fn label(code: u16) -> String {
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

impl Line {
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
