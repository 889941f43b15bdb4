//! A WebSocket's connection over TLS: both directions share what encrypts them.
//!
//! Nothing is written to it past its own task: that would take the lock and encrypt while the room waits.

use super::reader::Source;
use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

type Shared = Arc<Mutex<TlsStream<TcpStream>>>;

/// Reads, first what came together with the handshake of the WebSocket.
pub(super) struct SecureRead {
    early: Bytes,
    stream: Shared,
}

pub(super) struct SecureWrite(Shared);

pub(super) fn split(stream: TlsStream<TcpStream>, early: Bytes) -> (SecureRead, SecureWrite) {
    let stream = Arc::new(Mutex::new(stream));
    let read = SecureRead {
        early,
        stream: stream.clone(),
    };
    (read, SecureWrite(stream))
}

impl Source for SecureRead {
    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.early.is_empty() {
            return Poll::Ready(());
        }
        let stream = self.stream.lock();
        let (socket, session) = stream.get_ref();
        // Something is decrypted already, or nothing will come any more.
        if !session.wants_read() {
            return Poll::Ready(());
        }
        // An error is met again by reading.
        socket.poll_read_ready(cx).map(|_| ())
    }
}

impl AsyncRead for SecureRead {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(&mut *self.stream.lock()).poll_read(cx, buf);
        }
        let len = self.early.len().min(buf.remaining());
        buf.put_slice(&self.early[..len]);
        self.early.advance(len);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SecureWrite {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.lock()).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_shutdown(cx)
    }
}
