//! Reading one WebSocket: fastwebsockets reads frames, here they become messages for the room.
//!
//! A connection that says nothing holds no buffer: the frame reader, which has one of 8 KiB, lives only while there is
//! something to read.

use super::line::{Line, Rate};
use super::room::close;
use super::socket::Ended;
use super::wire::Frame;
use bytes::{Buf, Bytes, BytesMut};
use fastwebsockets::{OpCode, Payload, Role, WebSocketError, after_handshake_split};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::tcp::OwnedReadHalf;

/// A message up to this is copied out of the reader's buffer, which would else live as long as the message.
const COPY_BYTES_MAX: usize = 2 << 10;

const UNSUPPORTED_DATA: u16 = 1003;
const PROTOCOL_ERROR: u16 = 1002;
const TOO_BIG: u16 = 1009;

/// What is read from, and can be waited for without a buffer.
pub(super) trait Source: AsyncRead + Unpin {
    /// Ready when there is, or may be, something to read.
    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// A plain connection, and what came over it together with the handshake.
pub(super) struct Plain {
    pub(super) early: Bytes,
    pub(super) stream: OwnedReadHalf,
}

impl Source for Plain {
    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.early.is_empty() {
            // An error is met again by reading.
            self.stream.as_ref().poll_read_ready(cx).map(|_| ())
        } else {
            Poll::Ready(())
        }
    }
}

impl AsyncRead for Plain {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let len = self.early.len().min(buf.remaining());
        buf.put_slice(&self.early[..len]);
        self.early.advance(len);
        Poll::Ready(Ok(()))
    }
}

/// Notes the time of every byte that comes, also in the middle of a long message on a slow line, and how many came.
pub(super) struct Heard<'a, R> {
    pub(super) inner: R,
    pub(super) line: &'a Line,
    pub(super) bytes: &'a AtomicU64,
}

impl<R: AsyncRead + Unpin> AsyncRead for Heard<'_, R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if polled.is_ready() {
            self.line.hear();
            let came = buf.filled().len() - before;
            self.bytes.fetch_add(came as u64, Ordering::Relaxed);
        }
        polled
    }
}

/// A message of which not all frames have come.
type Gathered = Option<BytesMut>;

impl Line {
    pub(super) async fn read_messages<R: Source>(&self, read: &mut Heard<'_, R>) -> Ended {
        let mut rate = Rate::new(
            self.rooms.config.messages_per_second,
            self.rooms.config.messages_burst,
        );
        let mut gathered = None;
        loop {
            poll_fn(|cx| read.inner.poll_readable(cx)).await;
            if let Err(ended) = self.read_burst(read, &mut rate, &mut gathered).await {
                return ended;
            }
        }
    }

    /// Reads until what came has been read, and no part of a frame is left over.
    async fn read_burst<R: Source>(
        &self,
        read: &mut Heard<'_, R>,
        rate: &mut Rate,
        gathered: &mut Gathered,
    ) -> Result<(), Ended> {
        let message_max = usize::try_from(self.rooms.config.message_max.0).unwrap_or(usize::MAX);
        let came = read.bytes;
        came.store(0, Ordering::Relaxed);
        let (mut frames, _) = after_handshake_split(read, tokio::io::sink(), Role::Server);
        frames.set_auto_close(false);
        frames.set_auto_pong(false);
        frames.set_max_message_size(message_max.saturating_add(1));
        // As clients must frame it (RFC 6455, section 5). One that masks nothing, or writes a length the long way, is
        // counted wrong, and at worst loses what it said.
        let mut taken = 0;
        while taken != came.load(Ordering::Relaxed) || taken == 0 {
            let nothing_to_send = &mut |_| std::future::ready(Ok::<(), WebSocketError>(()));
            let frame = frames.read_frame(nothing_to_send).await;
            let frame = frame.map_err(|error| ended_by(&error))?;
            taken += frame_bytes(frame.payload.len());
            let payload = match frame.opcode {
                OpCode::Ping => {
                    // Dropped, it is missed by nobody: whoever reads this slowly has other signs of life.
                    let _ = self.outbox.offer(&Frame::pong(&frame.payload));
                    continue;
                }
                OpCode::Pong => continue,
                OpCode::Close => return Err(Ended::Because(close_code(&frame.payload), "")),
                OpCode::Text => {
                    return Err(Ended::Because(
                        UNSUPPORTED_DATA,
                        "only binary messages are spoken here",
                    ));
                }
                OpCode::Binary if gathered.is_some() => {
                    return Err(Ended::Because(PROTOCOL_ERROR, "a message in a message"));
                }
                OpCode::Continuation if gathered.is_none() => {
                    return Err(Ended::Because(PROTOCOL_ERROR, "a continuation of nothing"));
                }
                OpCode::Binary | OpCode::Continuation => frame.payload,
            };
            let message = match gathered.take() {
                None if frame.fin && payload.len() <= COPY_BYTES_MAX => {
                    Bytes::copy_from_slice(&payload)
                }
                None if frame.fin => owned(payload).freeze(),
                None => {
                    *gathered = Some(owned(payload));
                    continue;
                }
                Some(mut begun) if begun.len() + payload.len() <= message_max => {
                    begun.extend_from_slice(&payload);
                    if !frame.fin {
                        *gathered = Some(begun);
                        continue;
                    }
                    begun.freeze()
                }
                Some(_) => return Err(Ended::Because(TOO_BIG, "the message is too large")),
            };
            if !self.deliver(message, rate).await {
                // The room is gone; its farewell is in the outbox, if there is one.
                return Err(Ended::Because(
                    close::DRAINING,
                    "the room is closing; come back in a moment",
                ));
            }
        }
        Ok(())
    }
}

/// A client's frame on the wire: two bytes, the length's own, the mask.
const fn frame_bytes(payload: usize) -> u64 {
    let head = match payload {
        0..=125 => 2,
        126..=65_535 => 4,
        _ => 10,
    };
    head + 4 + payload as u64
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
