//! Writing to a plain connection without its task: as long as nothing waits and the socket takes all of it.
//!
//! To wake a connection's task for each thing it is sent costs about as much again as what the system does for the write.

use super::line::Counters;
use super::outbox::Tally;
use crate::metrics::Metrics;
use bytes::Bytes;
use prometheus::Histogram;
use std::io::{self, IoSlice};
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
    pub(super) fn write(&self, parts: &[Bytes]) -> usize {
        match (&self.socket, parts) {
            (Socket::Tcp(socket), [part]) => socket.try_write(part).unwrap_or(0),
            // The system takes the first so many of more than it takes at once.
            (Socket::Tcp(socket), parts) => {
                let slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
                socket.try_write_vectored(&slices).unwrap_or(0)
            }
            #[cfg(test)]
            (Socket::Simulated(pipe), parts) => parts.iter().map(|part| pipe.write(part)).sum(),
        }
    }

    pub(super) fn count(&self, tally: Tally, parts: &[Bytes], received: Option<Instant>) {
        self.counters.count_out(tally, parts);
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

#[cfg(test)]
mod tests {
    use super::Direct;
    use crate::metrics::Metrics;
    use crate::realtime::outbox::{Outbox, Parcel, Tally};
    use bytes::Bytes;
    use std::sync::Arc;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn what_the_socket_does_not_take_waits_from_where_it_stopped() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (_read, write) = listener.accept().await.unwrap().0.into_split();
        write.writable().await.unwrap();
        let outbox = Outbox::direct(Direct::new(Arc::new(write), &Metrics::new()));
        let mut sent = 0;
        // Somewhere among the parts of one of these the socket has had enough.
        while !outbox.is_waiting() {
            let part = |no: u8| Bytes::from(vec![no; 10_000 + usize::from(no)]);
            let mut parts: Vec<_> = (0..=200).map(part).collect();
            let bytes = parts.iter().map(Bytes::len).sum();
            sent += bytes;
            outbox.put(&mut parts, Parcel::counting(bytes, Tally::default()), None);
        }
        let mut got = Vec::new();
        let waiting = outbox.take().parts.concat();
        let taken = (&mut peer).take((sent - waiting.len()) as u64);
        tokio::pin!(taken);
        taken.read_to_end(&mut got).await.unwrap();
        got.extend(waiting);
        assert_eq!(got.len(), sent);
        let mut expected = Vec::new();
        while expected.len() < sent {
            expected.extend((0..=200).flat_map(|no: u8| vec![no; 10_000 + usize::from(no)]));
        }
        assert!(got == expected, "each byte once and in its place");
    }
}
