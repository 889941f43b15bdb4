//! Messages between nodes that are worth something only at once: opaque bytes about opaque topics.
//!
//! A message comes at most once, in the order of its sender, or never: nothing here is stored, confirmed or sent again.
//! Whoever must notice a loss numbers its messages. Each node opens one connection to each other member and speaks on it
//! one way; what it wants to hear of it says there too, all of it whenever the connection is new. A message leaves only
//! for those who want its topic. What a slow node does not take in time is dropped.

mod queue;
pub(crate) mod wire;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use openraft::metrics::RaftServerMetrics;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::network::frame::{self, FrameError};
use crate::network::wire::Lane;
use crate::network::{Link, Links, Stream};
use crate::raft::Peer;
use crate::runtime::{self, AbortOnDropHandle};
use queue::Queue;
use wire::Said;

/// A longer message is not sent.
pub const BUS_MESSAGE_BYTES_MAX: usize = 1 << 20;
/// A longer topic is nobody's.
const TOPIC_BYTES_MAX: usize = 256;
const FRAME_BYTES_MAX: usize = BUS_MESSAGE_BYTES_MAX + (64 << 10);
/// Topics that one node may want.
const WANTS_MAX: usize = 100_000;
/// Topics that are announced in one frame.
const WANTS_TOGETHER: usize = 512;
/// What was heard and not taken yet; more is dropped.
const HEARD_MAX: usize = 4_096;
const TOGETHER_BYTES: usize = 256 << 10;
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(3);
/// A connection on which nothing comes for so long is given up.
const SILENCE_MAX: Duration = Duration::from_secs(15);
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// What another node said, or might have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Message {
        topic: Bytes,
        message: Bytes,
    },
    /// A node is heard again or for the first time: of any topic something may have been missed.
    Anew,
}

/// What went over the bus since the node started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BusCounts {
    /// Messages handed to another node's connection, once for each node.
    pub sent: u64,
    /// Messages that somebody wanted and that had no room, or no way there.
    pub dropped: u64,
    /// Messages that came from other nodes.
    pub heard: u64,
    /// Nodes that can be spoken to now.
    pub peers: u64,
}

/// The node's end of the bus. Clones are the same.
#[derive(Debug, Clone)]
pub struct Bus {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    heard: mpsc::Sender<Heard>,
    listening: Mutex<Option<mpsc::Receiver<Heard>>>,
    sent: AtomicU64,
    dropped: AtomicU64,
    received: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    wanted: HashSet<Bytes>,
    others: BTreeMap<u64, Other>,
    connections: u64,
}

/// Another member.
#[derive(Debug, Default)]
struct Other {
    wants: HashSet<Bytes>,
    /// The connection that it last announced this on.
    announced_on: u64,
    /// While there is a connection there.
    queue: Option<Arc<Queue>>,
}

impl Bus {
    pub(crate) fn new() -> Self {
        let (heard, listening) = mpsc::channel(HEARD_MAX);
        let inner = Inner {
            state: Mutex::default(),
            heard,
            listening: Mutex::new(Some(listening)),
            sent: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            received: AtomicU64::new(0),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// What comes, once, for the one who listens. Whoever is slow to take it misses some.
    pub fn listen(&self) -> Option<mpsc::Receiver<Heard>> {
        self.inner.listening.lock().take()
    }

    /// Asks the other nodes for what they say about a topic, until [`Self::forget`].
    pub fn want(&self, topic: &[u8]) {
        let topic = Bytes::copy_from_slice(topic);
        let mut state = self.inner.state.lock();
        if state.wanted.insert(topic.clone()) {
            state.announce(&Said::WantsToo(vec![topic]));
        }
    }

    pub fn forget(&self, topic: &[u8]) {
        let mut state = self.inner.state.lock();
        if let Some(topic) = state.wanted.take(topic) {
            state.announce(&Said::WantsNoMore(topic));
        }
    }

    /// Whether anybody else wants to hear of a topic now.
    pub fn is_wanted(&self, topic: &[u8]) -> bool {
        let state = self.inner.state.lock();
        state.others.values().any(|of| of.wants.contains(topic))
    }

    /// Says something to all who want to hear of the topic. Never waits.
    pub fn publish(&self, topic: &[u8], message: &[u8]) {
        let state = self.inner.state.lock();
        let mut frame = None;
        for other in state.others.values() {
            if !other.wants.contains(topic) {
                continue;
            }
            let went = match &other.queue {
                Some(queue) if message.len() <= BUS_MESSAGE_BYTES_MAX => {
                    let frame = frame.get_or_insert_with(|| {
                        framed(&Said::Message {
                            topic: Bytes::copy_from_slice(topic),
                            message: Bytes::copy_from_slice(message),
                        })
                    });
                    queue.push(frame.clone())
                }
                Some(_) | None => false,
            };
            let counter = if went {
                &self.inner.sent
            } else {
                &self.inner.dropped
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many would be sent what is said of a topic now.
    #[cfg(test)]
    pub(crate) fn reach(&self, topic: &[u8]) -> usize {
        let state = self.inner.state.lock();
        let others = state.others.values();
        let reached = others.filter(|of| of.queue.is_some() && of.wants.contains(topic));
        reached.count()
    }

    pub fn counts(&self) -> BusCounts {
        let state = self.inner.state.lock();
        let peers = state.others.values().filter(|of| of.queue.is_some());
        BusCounts {
            sent: self.inner.sent.load(Ordering::Relaxed),
            dropped: self.inner.dropped.load(Ordering::Relaxed),
            heard: self.inner.received.load(Ordering::Relaxed),
            peers: peers.count() as u64,
        }
    }

    /// Keeps a connection to every other member, until `stop`.
    pub(crate) async fn keep(
        self,
        me: u64,
        mut roles: watch::Receiver<RaftServerMetrics<u64, Peer>>,
        links: Arc<Links>,
        stop: CancellationToken,
    ) {
        let mut speaking = BTreeMap::<u64, Speaking>::new();
        loop {
            let membership = roles.borrow_and_update().membership_config.clone();
            let others: BTreeMap<u64, String> = membership
                .membership()
                .nodes()
                .filter(|(id, _)| **id != me)
                .map(|(id, peer)| (*id, peer.address.clone()))
                .collect();
            speaking.retain(|id, of| others.get(id) == Some(&of.address));
            self.inner.state.lock().members(&others);
            for (id, address) in others {
                speaking.entry(id).or_insert_with(|| {
                    let link = links.to(id, &address);
                    let task = runtime::spawn(self.clone().speak(id, link));
                    Speaking {
                        address,
                        _task: AbortOnDropHandle::new(task),
                    }
                });
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                changed = roles.changed() => if changed.is_err() {
                    return;
                },
            }
        }
    }

    /// Never ends by itself.
    async fn speak(self, id: u64, link: Arc<Link>) {
        let mut backoff = BACKOFF_MIN;
        loop {
            match link.dial(Lane::Bus).await {
                Ok(stream) => {
                    backoff = BACKOFF_MIN;
                    let ended = self.speak_on(id, stream).await;
                    tracing::debug!(node = id, error = ?ended.err(), "the way to a node ended");
                }
                Err(error) => tracing::debug!(%error, "no way to a node"),
            }
            runtime::sleep(backoff).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }

    async fn speak_on(&self, id: u64, stream: Stream) -> Result<(), FrameError> {
        let queue = Arc::<Queue>::default();
        if !self.inner.state.lock().connect(id, &queue) {
            return Ok(());
        }
        let _connected = Connected {
            bus: self,
            id,
            queue: &queue,
        };
        let (mut reading, writing) = tokio::io::split(stream);
        tokio::select! {
            biased;
            ended = write(writing, &queue) => ended,
            // Nothing is ever said this way: it is the end.
            _ = reading.read_u8() => Ok(()),
        }
    }

    /// Hears another node, until its connection ends.
    pub(crate) async fn hear(&self, from: u64, mut stream: Stream) -> Result<(), FrameError> {
        let Some(connection) = self.inner.state.lock().greet(from) else {
            // It knows that it is a member before we do, and will call again.
            return Ok(());
        };
        while let Some(len) = frame::read_len(&mut stream, FRAME_BYTES_MAX, SILENCE_MAX).await? {
            if len == 0 {
                continue;
            }
            let body = Bytes::from(frame::read_body(&mut stream, len).await?);
            match wire::decode(&body)? {
                Said::Message { topic, message } => {
                    self.inner.received.fetch_add(1, Ordering::Relaxed);
                    // Whoever listens is told of the gap by the message after it.
                    let _ = self.inner.heard.try_send(Heard::Message { topic, message });
                }
                wants => {
                    let is_new = matches!(wants, Said::Wants(_));
                    self.inner.state.lock().note_wants(from, connection, wants);
                    if is_new {
                        let _ = self.inner.heard.send(Heard::Anew).await;
                    }
                }
            }
        }
        Ok(())
    }
}

struct Speaking {
    address: String,
    _task: AbortOnDropHandle<()>,
}

/// However the connection ends.
struct Connected<'a> {
    bus: &'a Bus,
    id: u64,
    queue: &'a Arc<Queue>,
}

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        let mut state = self.bus.inner.state.lock();
        if let Some(other) = state.others.get_mut(&self.id)
            && let Some(queue) = &other.queue
            && Arc::ptr_eq(queue, self.queue)
        {
            other.queue = None;
        }
    }
}

impl State {
    fn members(&mut self, others: &BTreeMap<u64, String>) {
        self.others.retain(|id, _| others.contains_key(id));
        for id in others.keys() {
            self.others.entry(*id).or_default();
        }
    }

    fn announce(&self, said: &Said) {
        let mut frame = None;
        for queue in self.others.values().filter_map(|of| of.queue.as_ref()) {
            let frame = frame.get_or_insert_with(|| framed(said));
            queue.push_wants(frame.clone());
        }
    }

    /// What is wanted goes first, whole. False if that is no member any more.
    fn connect(&mut self, id: u64, queue: &Arc<Queue>) -> bool {
        let Some(other) = self.others.get_mut(&id) else {
            return false;
        };
        let wanted: Vec<Bytes> = self.wanted.iter().cloned().collect();
        let mut parts = wanted.chunks(WANTS_TOGETHER);
        let first = parts.next().unwrap_or_default();
        queue.push_wants(framed(&Said::Wants(first.to_vec())));
        for part in parts {
            queue.push_wants(framed(&Said::WantsToo(part.to_vec())));
        }
        other.queue = Some(queue.clone());
        true
    }

    /// Numbers the connection on which a member speaks.
    fn greet(&mut self, from: u64) -> Option<u64> {
        let other = self.others.get_mut(&from)?;
        self.connections += 1;
        other.announced_on = self.connections;
        Some(self.connections)
    }

    /// What a node wants stays so when its connection breaks: it will say anew what it wants.
    fn note_wants(&mut self, from: u64, connection: u64, said: Said) {
        let Some(other) = self.others.get_mut(&from) else {
            return;
        };
        // A connection before the one on which it speaks now.
        if other.announced_on != connection {
            return;
        }
        match said {
            Said::Wants(topics) => {
                other.wants.clear();
                other.want(topics);
            }
            Said::WantsToo(topics) => other.want(topics),
            Said::WantsNoMore(topic) => {
                other.wants.remove(&topic);
            }
            Said::Message { .. } => {}
        }
    }
}

impl Other {
    fn want(&mut self, topics: Vec<Bytes>) {
        for topic in topics {
            if topic.len() <= TOPIC_BYTES_MAX && self.wants.len() < WANTS_MAX {
                self.wants.insert(topic);
            }
        }
    }
}

fn framed(said: &Said) -> Bytes {
    let mut framed = Vec::new();
    frame::put_frame(&mut framed, &wire::encode(said));
    framed.into()
}

async fn write(mut stream: impl AsyncWrite + Unpin, queue: &Queue) -> Result<(), FrameError> {
    let mut frames = Vec::new();
    loop {
        match runtime::timeout(SIGN_OF_LIFE_EVERY, queue.next(TOGETHER_BYTES)).await {
            Ok(Some(some)) => some.iter().for_each(|frame| frames.extend(frame)),
            Ok(None) => return Ok(()),
            Err(_) => frame::put_frame(&mut frames, &[]),
        }
        frame::write_frames(&mut stream, &frames).await?;
        frames.clear();
        frames.shrink_to(2 * TOGETHER_BYTES);
    }
}
