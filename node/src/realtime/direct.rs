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
pub(super) struct Direct {
    socket: Arc<OwnedWriteHalf>,
    counters: Counters,
    fanout: Histogram,
}

impl Direct {
    pub(super) fn new(socket: Arc<OwnedWriteHalf>, metrics: &Metrics) -> Self {
        Self {
            socket,
            counters: Counters::of_socket(metrics),
            fanout: metrics.fanout.clone(),
        }
    }

    /// How many of the bytes the socket took now. An error is the writer's, which meets it again.
    pub(super) fn write(&self, part: &[u8]) -> usize {
        self.socket.try_write(part).unwrap_or(0)
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
