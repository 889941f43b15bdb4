//! The network: connections that take their time, lines that are cut in one direction or both, nodes that fall silent.
//!
//! Within a connection bytes stay in order, as TCP keeps them; what goes over different connections, as the lanes do,
//! overtakes each other. What is sent over a cut line arrives when it is mended, and nobody is told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use super::runtime::{Sleep, sleep, sleep_until};
use super::world::{Life, here};
use crate::network::{Accepted, Stream, Transport};

/// More waits at the writer.
const UNREAD_BYTES_MAX: usize = 256 << 10;

#[derive(Debug, Clone, Default)]
pub(super) struct Net {
    lines: Arc<watch::Sender<Lines>>,
    pipes: Arc<Mutex<Vec<Weak<Mutex<Pipe>>>>>,
}

#[derive(Debug, Default)]
struct Lines {
    /// From, to.
    cut: BTreeSet<(u64, u64)>,
    is_slow: bool,
    /// Where calls to a node go.
    calls: BTreeMap<u64, mpsc::UnboundedSender<(u64, Half)>>,
}

/// Connections that others opened.
#[derive(Debug)]
pub(crate) struct Calls(mpsc::UnboundedReceiver<(u64, Half)>, Life);

impl Calls {
    pub(crate) async fn next(&mut self) -> (u64, Stream) {
        match self.0.recv().await {
            Some((from, mut half)) => {
                half.life = self.1;
                (from, Box::new(half))
            }
            None => std::future::pending().await,
        }
    }
}

/// One direction of a connection.
#[derive(Debug)]
struct Pipe {
    from: u64,
    to: u64,
    /// What is on its way, and when it arrives; nothing is the end.
    chunks: VecDeque<(Duration, VecDeque<u8>)>,
    bytes: usize,
    last_at: Duration,
    is_broken: bool,
    waiting: Vec<Waker>,
}

impl Pipe {
    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }

    fn push(&mut self, at: Duration, bytes: &[u8]) {
        self.last_at = self.last_at.max(at);
        self.bytes += bytes.len();
        let bytes = bytes.iter().copied().collect();
        self.chunks.push_back((self.last_at, bytes));
        self.wake();
    }
}

/// One end of a connection.
struct Half {
    net: Net,
    life: Life,
    reading: Arc<Mutex<Pipe>>,
    writing: Arc<Mutex<Pipe>>,
    arrival: Option<Sleep>,
    mended: Option<BoxFuture<'static, ()>>,
}

impl std::fmt::Debug for Half {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Half").finish_non_exhaustive()
    }
}

impl Net {
    /// A node as it is reached from now on. Connections to what it was before are broken.
    pub(super) fn plug_in(&self, node: u64, life: Life) -> (Calls, Arc<dyn Transport>) {
        for pipe in self.pipes.lock().iter().filter_map(Weak::upgrade) {
            let mut pipe = pipe.lock();
            if pipe.from == node || pipe.to == node {
                pipe.is_broken = true;
                pipe.wake();
            }
        }
        let (calls, called) = mpsc::unbounded_channel();
        self.lines.send_modify(|lines| {
            lines.calls.insert(node, calls);
        });
        let from = node;
        let net = self.clone();
        (Calls(called, life), Arc::new(Ways { net, from, life }))
    }

    pub(super) fn cut(&self, from: u64, to: u64) {
        self.lines.send_modify(|lines| {
            lines.cut.insert((from, to));
        });
    }

    pub(super) fn slow_down(&self) {
        self.lines.send_modify(|lines| lines.is_slow = true);
    }

    pub(super) fn mend(&self) {
        self.lines.send_modify(|lines| {
            lines.cut.clear();
            lines.is_slow = false;
        });
    }

    fn is_cut(&self, from: u64, to: u64) -> bool {
        self.lines.borrow().cut.contains(&(from, to))
    }

    fn mended(&self, from: u64, to: u64) -> BoxFuture<'static, ()> {
        let mut lines = self.lines.subscribe();
        Box::pin(async move {
            let open = lines.wait_for(|lines| !lines.cut.contains(&(from, to)));
            // Ends with the simulation.
            let _ = open.await.is_ok();
        })
    }

    fn delay(&self) -> Duration {
        let most_us = if self.lines.borrow().is_slow {
            300_000
        } else {
            1_500
        };
        let world = here().expect("a simulated network");
        Duration::from_micros(100 + world.below(most_us))
    }

    fn pipe(&self, from: u64, to: u64) -> Arc<Mutex<Pipe>> {
        let pipe = Arc::new(Mutex::new(Pipe {
            from,
            to,
            chunks: VecDeque::new(),
            bytes: 0,
            last_at: Duration::ZERO,
            is_broken: false,
            waiting: Vec::new(),
        }));
        let mut pipes = self.pipes.lock();
        pipes.retain(|pipe| pipe.strong_count() > 0);
        pipes.push(Arc::downgrade(&pipe));
        pipe
    }

    fn half(&self, life: Life, reading: &Arc<Mutex<Pipe>>, writing: &Arc<Mutex<Pipe>>) -> Half {
        Half {
            net: self.clone(),
            life,
            reading: reading.clone(),
            writing: writing.clone(),
            arrival: None,
            mended: None,
        }
    }
}

/// The ways from one node.
#[derive(Debug)]
struct Ways {
    net: Net,
    from: u64,
    life: Life,
}

impl Transport for Ways {
    fn connect<'a>(
        &'a self,
        target: u64,
        _: &'a str,
        _: Duration,
    ) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let wait = self.net.delay() + self.net.delay();
            sleep(wait).await;
            self.net.mended(self.from, target).await;
            self.net.mended(target, self.from).await;
            let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
            let calls = self.net.lines.borrow().calls.get(&target).cloned();
            let calls = calls.ok_or_else(refused)?;
            let there = self.net.pipe(self.from, target);
            let back = self.net.pipe(target, self.from);
            let called = self.net.half(super::world::OUTSIDE, &there, &back);
            calls.send((self.from, called)).map_err(|_| refused())?;
            let stream: Stream = Box::new(self.net.half(self.life, &back, &there));
            Ok(stream)
        })
    }

    fn accept(&self, _: TcpStream) -> BoxFuture<'_, io::Result<Accepted>> {
        Box::pin(async { Err(io::Error::other("a simulation has no sockets")) })
    }
}

impl AsyncRead for Half {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if let Some(mended) = &mut this.mended {
                ready!(mended.poll_unpin(cx));
                this.mended = None;
            }
            if let Some(arrival) = &mut this.arrival {
                ready!(arrival.poll_unpin(cx));
                this.arrival = None;
            }
            let mut pipe = this.reading.lock();
            if pipe.is_broken {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            let (from, to) = (pipe.from, pipe.to);
            if this.net.is_cut(from, to) {
                this.mended = Some(this.net.mended(from, to));
                continue;
            }
            let world = here().expect("a simulated network");
            let Some((at, bytes)) = pipe.chunks.front_mut() else {
                pipe.waiting.push(cx.waker().clone());
                return Poll::Pending;
            };
            if *at > world.elapsed() {
                this.arrival = Some(sleep_until(world.instant() + (*at - world.elapsed())));
                continue;
            }
            let take = bytes.len().min(out.remaining());
            let taken: Vec<u8> = bytes.drain(..take).collect();
            out.put_slice(&taken);
            // The end stays.
            if take > 0 {
                if bytes.is_empty() {
                    pipe.chunks.pop_front();
                }
                pipe.bytes -= take;
                pipe.wake();
            }
            return Poll::Ready(Ok(()));
        }
    }
}

impl AsyncWrite for Half {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let world = here().expect("a simulated network");
        if world.has_ended(self.life) || bytes.is_empty() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let at = world.elapsed() + self.net.delay();
        let mut pipe = self.writing.lock();
        if pipe.is_broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if pipe.bytes >= UNREAD_BYTES_MAX {
            pipe.waiting.push(cx.waker().clone());
            return Poll::Pending;
        }
        pipe.push(at, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        let Some(world) = here() else {
            return;
        };
        // Who has lost its power says nothing any more.
        if world.has_ended(self.life) {
            return;
        }
        {
            let mut pipe = self.writing.lock();
            let at = pipe.last_at.max(world.elapsed() + Duration::from_millis(1));
            pipe.push(at, &[]);
        }
        let mut pipe = self.reading.lock();
        pipe.is_broken = true;
        pipe.wake();
    }
}
