//! Writing to a plain connection without its task: as long as nothing waits and the socket takes all of it.
//!
//! To wake a connection's task for each thing it is sent costs about as much again as what the system does for the write.

use super::line::Counters;
use super::outbox::Tally;
use crate::metrics::Metrics;
use bytes::Bytes;
use prometheus::Histogram;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::io::AsyncWrite;
use tokio::net::tcp::OwnedWriteHalf;

#[derive(Debug)]
enum Socket {
    Tcp(Arc<OwnedWriteHalf>),
    #[cfg(test)]
    Simulated(Arc<Pipe>),
}

#[derive(Debug)]
pub(super) struct Direct {
    socket: Socket,
    counters: Counters,
    fanout: Histogram,
}

impl Direct {
    pub(super) fn new(socket: Arc<OwnedWriteHalf>, metrics: &Metrics) -> Self {
        Self {
            socket: Socket::Tcp(socket),
            counters: Counters::of_socket(metrics),
            fanout: metrics.fanout.clone(),
        }
    }

    #[cfg(test)]
    pub(super) fn simulated(pipe: Arc<Pipe>, metrics: &Metrics) -> Self {
        Self {
            socket: Socket::Simulated(pipe),
            counters: Counters::of_socket(metrics),
            fanout: metrics.fanout.clone(),
        }
    }

    /// How many of the bytes the socket took now. An error is the writer's, which meets it again.
    pub(super) fn write(&self, part: &[u8]) -> usize {
        match &self.socket {
            Socket::Tcp(socket) => socket.try_write(part).unwrap_or(0),
            #[cfg(test)]
            Socket::Simulated(pipe) => pipe.write(part),
        }
    }

    pub(super) fn count(&self, tally: Tally, part: &Bytes, received: Option<Instant>) {
        self.counters.count_out(tally, std::slice::from_ref(part));
        if let Some(received) = received {
            self.fanout.observe(received.elapsed().as_secs_f64());
        }
    }
}

/// The writer's end of such a connection. Dropped everywhere, it is shut down.
#[derive(Debug)]
pub(super) struct Shared(pub(super) Arc<OwnedWriteHalf>);

impl AsyncWrite for Shared {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!((*self.0).as_ref().poll_write_ready(cx))?;
            match self.0.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A socket as a seed has it: takes so much until it is read.
#[cfg(test)]
#[derive(Debug)]
pub(super) struct Pipe {
    bytes: parking_lot::Mutex<Vec<u8>>,
    bytes_max: usize,
}

#[cfg(test)]
impl Pipe {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes: parking_lot::Mutex::default(),
            bytes_max,
        }
    }

    /// How many of the bytes it took.
    pub(super) fn write(&self, part: &[u8]) -> usize {
        let mut bytes = self.bytes.lock();
        let taken = part.len().min(self.bytes_max - bytes.len());
        bytes.extend_from_slice(&part[..taken]);
        taken
    }

    pub(super) fn read(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes.lock())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.lock().is_empty()
    }
}
