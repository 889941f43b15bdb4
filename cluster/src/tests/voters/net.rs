//! A network between nodes that tests can cut and slow down, in each direction by itself.
//!
//! A cut line is as if its packets were dropped: what is sent stays unsent, nothing ends, nothing new comes about.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::network::tcp::Tcp;
use crate::network::{Accepted, Stream, Transport};

#[derive(Debug, Clone, Default)]
pub(super) struct Net {
    lines: Arc<watch::Sender<Lines>>,
}

#[derive(Debug, Default)]
struct Lines {
    /// From, to.
    cut: BTreeSet<(u64, u64)>,
    /// Where a node is now: it has another port after each start.
    addresses: BTreeMap<u64, String>,
    /// Each connection carries this much in one step of `STEP`.
    slow: Option<usize>,
}

const STEP: Duration = Duration::from_millis(20);

impl Net {
    /// The transport of one node.
    pub(super) fn of(&self, node: u64) -> Arc<dyn Transport> {
        Arc::new(Ways {
            net: self.clone(),
            from: node,
        })
    }

    pub(super) fn moved(&self, node: u64, address: &str) {
        self.lines.send_modify(|lines| {
            lines.addresses.insert(node, address.to_owned());
        });
    }

    pub(super) fn address(&self, node: u64) -> String {
        self.lines.borrow().addresses[&node].clone()
    }

    /// Cuts one direction.
    pub(super) fn cut(&self, from: u64, to: u64) {
        self.lines.send_modify(|lines| {
            lines.cut.insert((from, to));
        });
    }

    pub(super) fn cut_off(&self, node: u64, others: impl IntoIterator<Item = u64>) {
        for other in others.into_iter().filter(|other| *other != node) {
            self.cut(node, other);
            self.cut(other, node);
        }
    }

    pub(super) fn heal(&self) {
        self.lines.send_modify(|lines| lines.cut.clear());
    }

    pub(super) fn slow_down(&self, bytes_a_second: usize) {
        let steps_a_second = 1_000 / STEP.as_millis() as usize;
        self.lines
            .send_modify(|lines| lines.slow = Some(bytes_a_second / steps_a_second));
    }

    /// Ends when bytes may pass.
    fn open(&self, from: u64, to: u64) -> BoxFuture<'static, ()> {
        let mut lines = self.lines.subscribe();
        Box::pin(async move {
            // Ends with the test.
            let _ = lines.wait_for(|l| !l.cut.contains(&(from, to))).await;
        })
    }
}

#[derive(Debug)]
struct Ways {
    net: Net,
    from: u64,
}

impl Transport for Ways {
    fn connect<'a>(
        &'a self,
        target: u64,
        address: &'a str,
        unconfirmed_max: Duration,
    ) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            self.net.open(self.from, target).await;
            self.net.open(target, self.from).await;
            let moved = self.net.lines.borrow().addresses.get(&target).cloned();
            let address = moved.as_deref().unwrap_or(address);
            let tcp = Tcp.connect(target, address, unconfirmed_max).await?;
            let (net, from) = (self.net.clone(), self.from);
            let (reading, writing, resting) = (None, None, None);
            Ok(Box::new(Cuttable {
                tcp,
                net,
                from,
                target,
                reading,
                writing,
                resting,
            }) as Stream)
        })
    }

    fn accept(&self, accepted: TcpStream) -> BoxFuture<'_, io::Result<Accepted>> {
        Tcp.accept(accepted)
    }
}

/// The calling end of a connection; both directions are cut here.
struct Cuttable {
    tcp: Stream,
    net: Net,
    from: u64,
    target: u64,
    reading: Option<BoxFuture<'static, ()>>,
    writing: Option<BoxFuture<'static, ()>>,
    resting: Option<BoxFuture<'static, ()>>,
}

fn wait(waiting: &mut Option<BoxFuture<'static, ()>>, cx: &mut Context<'_>) -> Poll<()> {
    if let Some(future) = waiting {
        ready!(future.poll_unpin(cx));
        *waiting = None;
    }
    Poll::Ready(())
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.reading
            .get_or_insert_with(|| this.net.open(this.target, this.from));
        ready!(wait(&mut this.reading, cx));
        Pin::new(&mut this.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.writing
            .get_or_insert_with(|| this.net.open(this.from, this.target));
        ready!(wait(&mut this.writing, cx));
        ready!(wait(&mut this.resting, cx));
        let slow = this.net.lines.borrow().slow;
        let most = slow.map_or(bytes.len(), |most| most.min(bytes.len()));
        let written = ready!(Pin::new(&mut this.tcp).poll_write(cx, &bytes[..most]));
        if slow.is_some() {
            this.resting = Some(Box::pin(tokio::time::sleep(STEP)));
        }
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
