//! Links to other nodes: what openraft asks of another node goes over a connection to it and comes back answered.
//!
//! Lanes run beside each other, each on connections of its own: heartbeats and votes, entries, snapshots, commands for
//! the leader, the bus. So nothing large delays a heartbeat. A connection begins with a greeting that names format,
//! cluster and both nodes (`wire`); `serve` answers, `client` asks, `link` keeps connections for the next question,
//! `incoming` takes a snapshot in.
//!
//! A node that is alone has no links: its [`Transport`] refuses.

mod client;
pub(crate) mod frame;
mod incoming;
pub(crate) mod link;
mod listener;
mod pace;
mod serve;
pub(crate) mod socket;
#[cfg(test)]
pub(crate) mod tcp;
pub(crate) mod wire;

use std::collections::HashMap;
use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use openraft::network::RaftNetworkFactory;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

pub(crate) use client::Client;
pub(crate) use incoming::{Arrivals, arrived};
pub(crate) use serve::{Desk, Server};

use crate::codec::Identity;
use crate::raft::{Peer, Types};
use crate::tls::Shown;
pub(crate) use link::Link;
pub(crate) use listener::Listener;

/// A question on the quick lane, and the one that announces a snapshot.
const QUESTION_BYTES_MAX: usize = 64 << 10;
/// A question with entries: a command is at most 48 MiB, and what goes with it at most 4 MiB.
pub(crate) const ENTRIES_BYTES_MAX: usize = 64 << 20;
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// A piece of a snapshot.
const PIECE_BYTES_MAX: usize = 1 << 20;

/// A connection, whatever it runs over.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}
pub(crate) type Stream = Box<dyn Io>;

/// How connections come about. One that encrypts goes between here and everything else.
pub(crate) trait Transport: Debug + Send + Sync + 'static {
    /// May take its time: the caller sets the limit. Once it stands it breaks when what was sent is not confirmed within
    /// `unconfirmed_max`.
    fn connect<'a>(
        &'a self,
        target: u64,
        address: &'a str,
        unconfirmed_max: Duration,
    ) -> BoxFuture<'a, io::Result<Stream>>;

    /// Makes a connection of what was accepted, and says who is at its other end.
    fn accept(&self, accepted: TcpStream) -> BoxFuture<'_, io::Result<Accepted>>;
}

/// A connection that somebody else opened.
pub(crate) struct Accepted {
    pub(crate) stream: Stream,
    pub(crate) caller: Caller,
}

/// Who it is, and what for.
#[derive(Debug)]
pub(crate) enum Caller {
    /// Whoever it says it is: a network that nobody else is on.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests speak in the clear"))]
    Anyone,
    /// The node that this certificate is for.
    Peer(Shown),
    /// Somebody with a question about the membership; without a certificate one that wants to join.
    Members(Option<Shown>),
}

/// The transport of a node that has no peers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alone;

impl Transport for Alone {
    fn connect<'a>(&'a self, _: u64, _: &'a str, _: Duration) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async { Err(alone()) })
    }

    fn accept(&self, _: TcpStream) -> BoxFuture<'_, io::Result<Accepted>> {
        Box::pin(async { Err(alone()) })
    }
}

fn alone() -> io::Error {
    io::Error::other("this node has no peers: listen.peers is not set")
}

/// The ways to other nodes. Whoever talks to one shares its connections.
#[derive(Debug)]
pub(crate) struct Links {
    me: Identity,
    transport: Arc<dyn Transport>,
    known: Mutex<HashMap<u64, Arc<Link>>>,
}

impl Links {
    pub(crate) fn new(me: Identity, transport: Arc<dyn Transport>) -> Self {
        Self {
            me,
            transport,
            known: Mutex::default(),
        }
    }

    pub(crate) fn to(&self, target: u64, address: &str) -> Arc<Link> {
        let mut known = self.known.lock();
        if let Some(link) = known.get(&target)
            && link.address == address
        {
            return link.clone();
        }
        let transport = self.transport.clone();
        let link = Arc::new(Link::new(self.me, target, address.to_owned(), transport));
        known.insert(target, link.clone());
        link
    }
}

/// Makes clients for openraft, which makes many.
#[derive(Debug)]
pub(crate) struct Network {
    links: Arc<Links>,
    sending: Arc<Sending>,
}

impl Network {
    pub(crate) fn new(links: Arc<Links>, sending: Arc<Sending>) -> Self {
        Self { links, sending }
    }
}

impl RaftNetworkFactory<Types> for Network {
    type Network = Client;

    async fn new_client(&mut self, target: u64, peer: &Peer) -> Client {
        Client::new(self.links.to(target, &peer.address), self.sending.clone())
    }
}

/// How many snapshots are on their way to other nodes.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    count: AtomicUsize,
}

impl Sending {
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// One more, until what this returns is dropped.
    fn begin(self: &Arc<Self>) -> SendingOne {
        self.count.fetch_add(1, Ordering::Relaxed);
        SendingOne(self.clone())
    }
}

#[derive(Debug)]
struct SendingOne(Arc<Sending>);

impl Drop for SendingOne {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}
