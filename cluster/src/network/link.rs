//! The way to one other node: connections that wait for use, and one question at a time on each.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openraft::error::Unreachable;
use parking_lot::Mutex;
use tokio::io::AsyncReadExt;
use tokio::sync::oneshot;

use super::frame::{self, FrameError};
use super::wire::{self, Hello, HelloReply, Lane, Refusal, Request, Response};
use super::{ANSWER_BYTES_MAX, Stream, Transport};
use crate::codec::Identity;
use crate::runtime;

/// Connections of one lane that wait for use; more are closed after theirs.
const IDLE_MAX: usize = 4;
/// Less than the other side waits for the next question.
const IDLE_TIME_MAX: Duration = Duration::from_secs(30);
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);
/// Reasons that take turns are not all told.
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// How long an answer may take. Whoever asks for openraft gives up much earlier.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(120);

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
#[error("node {target} at {address:?}: {why}")]
pub(crate) struct LinkError {
    target: u64,
    address: String,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Why {
    #[error("no connection: {0}")]
    Connect(io::Error),
    #[error("no connection in time")]
    ConnectTime,
    #[error("refused: {0}")]
    Refused(Refusal),
    #[error("{0}")]
    Frame(#[from] FrameError),
    #[error("it failed: {0}")]
    Failed(String),
    #[error("it gave the answer to another question")]
    WrongAnswer,
}

impl LinkError {
    pub(crate) fn unreachable(&self) -> Unreachable {
        Unreachable::new(self)
    }
}

/// Shared by all clients of one node.
#[derive(Debug)]
pub(crate) struct Link {
    me: Identity,
    pub(crate) target: u64,
    pub(crate) address: String,
    transport: Arc<dyn Transport>,
    quick: Mutex<Vec<Idle>>,
    bulk: Mutex<Vec<Idle>>,
    blobs: Mutex<Vec<Idle>>,
    told: Mutex<Told>,
}

/// What was last said of this way in the log.
#[derive(Debug, Default)]
struct Told {
    /// Why there is no connection; empty while there is.
    why: String,
    at: Option<Instant>,
}

struct Idle {
    stream: Stream,
    since: Instant,
}

impl std::fmt::Debug for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Idle").finish_non_exhaustive()
    }
}

impl Link {
    pub(crate) fn new(
        me: Identity,
        target: u64,
        address: String,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self {
            me,
            target,
            address,
            transport,
            quick: Mutex::default(),
            bulk: Mutex::default(),
            blobs: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// Asks and waits for the answer. Dropping the future closes the connection, since what is on it is then unknown.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        lane: Lane,
        request: &[u8],
    ) -> Result<Response, LinkError> {
        let mut stream = self.connection(lane).await?;
        let answer = async {
            frame::write_frame(&mut stream, request).await?;
            let answer = frame::read_frame(&mut stream, ANSWER_BYTES_MAX, ANSWER_WAIT_MAX).await?;
            Ok(wire::decode_response(&answer).map_err(FrameError::from)?)
        };
        match answer.await {
            Ok(Response::Failed { why }) => Err(self.error(Why::Failed(why))),
            Ok(response) => {
                self.keep(lane, stream);
                Ok(response)
            }
            Err(why) => Err(self.error(why)),
        }
    }

    /// Calls, and returns when the other side is who it should be and listens.
    pub(crate) async fn dial(&self, lane: Lane) -> Result<Stream, LinkError> {
        let dialing = async {
            let connecting = {
                let unconfirmed_max = lane.unconfirmed_max();
                self.transport
                    .connect(self.target, &self.address, unconfirmed_max)
            };
            let mut stream = connecting.await.map_err(Why::Connect)?;
            let hello = Hello {
                cluster: self.me.cluster,
                from: self.me.node,
                to: self.target,
                lane,
            };
            frame::write_opening(&mut stream, &wire::encode_hello(&hello)).await?;
            let reply = frame::read_opening(&mut stream).await?;
            match wire::decode_hello_reply(&reply).map_err(FrameError::from)? {
                HelloReply::Welcome => Ok(stream),
                HelloReply::Refused(refusal) => Err(Why::Refused(refusal)),
            }
        };
        let dialed = runtime::timeout(CONNECT_WAIT_MAX, dialing).await;
        let dialed = dialed.unwrap_or(Err(Why::ConnectTime));
        self.tell(dialed.as_ref().err());
        dialed.map_err(|why| self.error(why))
    }

    /// A way is tried many times a second. That there is none is said once, and again when the reason is another.
    fn tell(&self, failed: Option<&Why>) {
        let why = failed.map(ToString::to_string).unwrap_or_default();
        let mut told = self.told.lock();
        let now = runtime::now();
        let is_soon = |at: Instant| now.duration_since(at) < TELL_AGAIN_AFTER;
        if told.why == why
            || (!told.why.is_empty() && !why.is_empty() && told.at.is_some_and(is_soon))
        {
            return;
        }
        let (node, address) = (self.target, &self.address);
        match why.is_empty() {
            true => tracing::info!(node, address, "a node can be reached again"),
            false => tracing::warn!(node, address, why, "a node cannot be reached; trying on"),
        }
        *told = Told { why, at: Some(now) };
    }

    pub(crate) fn error(&self, why: Why) -> LinkError {
        LinkError {
            target: self.target,
            address: self.address.clone(),
            why,
        }
    }

    pub(crate) async fn connection(self: &Arc<Self>, lane: Lane) -> Result<Stream, LinkError> {
        while let Some(mut idle) = self.pool(lane).and_then(|pool| pool.lock().pop()) {
            if runtime::now().duration_since(idle.since) < IDLE_TIME_MAX
                && is_silent(&mut idle.stream).await
            {
                return Ok(idle.stream);
            }
        }
        // A task of its own: openraft waits half a second, and a far line may need longer to open. Then the next
        // question finds it open.
        let (done, dialed) = oneshot::channel();
        let link = self.clone();
        runtime::spawn(async move {
            let result = link.dial(lane).await;
            if let Err(Ok(stream)) = done.send(result) {
                link.keep(lane, stream);
            }
        });
        match dialed.await {
            Ok(result) => result,
            Err(_) => Err(self.error(Why::ConnectTime)),
        }
    }

    pub(crate) fn keep(&self, lane: Lane, stream: Stream) {
        if let Some(pool) = self.pool(lane) {
            let mut idle = pool.lock();
            if idle.len() < IDLE_MAX {
                let since = runtime::now();
                idle.push(Idle { stream, since });
            }
        }
    }

    fn pool(&self, lane: Lane) -> Option<&Mutex<Vec<Idle>>> {
        match lane {
            Lane::Quick => Some(&self.quick),
            Lane::Bulk => Some(&self.bulk),
            Lane::Blobs => Some(&self.blobs),
            Lane::Snapshot | Lane::Forward | Lane::Bus => None,
        }
    }
}

/// Asks the request of a lane and encodes it.
pub(crate) async fn ask(
    link: &Arc<Link>,
    lane: Lane,
    request: Request,
) -> Result<Response, LinkError> {
    link.ask(lane, &wire::encode_request(&request)).await
}

/// Between questions nothing may come: an end or a byte means that the connection is of no use.
async fn is_silent(stream: &mut Stream) -> bool {
    futures_util::poll!(std::pin::pin!(stream.read(&mut [0; 1]))).is_pending()
}
