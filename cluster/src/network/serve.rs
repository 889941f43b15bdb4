//! The answering side: accepts connections, checks who calls, and passes questions to openraft.
//!
//! Whoever can reach the port may send anything. What that costs is bounded: connections, the bytes of frames being
//! read, the size of every frame, and the time of every wait. A snapshot is taken in by one at a time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use easel_storage::nodes::NodesQuery;
use easel_storage::{Query, ReadLevel};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::frame::{self, FrameError};
use super::incoming::Arrivals;
use super::listener::{Call, Listener};
use super::wire::{self, Hello, HelloReply, Lane, Refusal, Request, Response};
use super::{Accepted, Caller, ENTRIES_BYTES_MAX, QUESTION_BYTES_MAX, Stream, Transport};
use crate::blobs::Shelf;
use crate::bus::Bus;
use crate::codec::Identity;
use crate::election::Elections;
use crate::forward;
use crate::members::Door;
use crate::propose::Intake;
use crate::raft::Raft;
use crate::read::Reader;
use crate::runtime;
use crate::tls::Shown;

/// A group has a handful of nodes with a few connections each. The one after these is told so and closed.
const CONNECTIONS_MAX: usize = 64;
/// Calls under way that have not been greeted or refused. More are closed without a word.
const GREETINGS_MAX: usize = 32;
/// Frames of entries that are being read or answered take their length out of this; the next waits.
const READING_BYTES_MAX: usize = 128 << 20;
const PERMIT_BYTES: usize = 1 << 10;
/// A caller that asks nothing for so long is let go.
const QUESTION_WAIT_MAX: Duration = Duration::from_secs(60);
/// Whether the other side of a connection still belongs to the cluster, beside when the membership changes.
const MEMBERS_LOOKED_AT_EVERY: Duration = Duration::from_secs(5);
/// Pause after an accept that failed, which mostly means that the process has too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What questions are answered with, beside openraft.
pub(crate) struct Desk {
    pub(crate) arrivals: Arc<Arrivals>,
    pub(crate) intake: Intake,
    pub(crate) reader: Reader,
    pub(crate) bus: Bus,
    pub(crate) elections: Elections,
    /// Nothing, if blobs are kept where every node finds them.
    pub(crate) shelf: Option<Shelf>,
    /// Where questions about the membership go.
    pub(crate) door: Option<Door>,
}

/// Answers other nodes until it is stopped.
pub(crate) struct Server {
    me: Identity,
    raft: Raft,
    transport: Arc<dyn Transport>,
    desk: Desk,
    greetings: Semaphore,
    connections: Semaphore,
    reading: Semaphore,
}

impl Server {
    pub(crate) fn new(me: Identity, raft: Raft, transport: Arc<dyn Transport>, desk: Desk) -> Self {
        Self {
            me,
            raft,
            transport,
            desk,
            greetings: Semaphore::new(GREETINGS_MAX),
            connections: Semaphore::new(CONNECTIONS_MAX),
            reading: Semaphore::new(READING_BYTES_MAX / PERMIT_BYTES),
        }
    }

    pub(crate) async fn run(self, mut listener: Listener, stop: CancellationToken) {
        let server = Arc::new(self);
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            let (call, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a peer could not be accepted");
                    runtime::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (server, stop) = (server.clone(), stop.clone());
            runtime::spawn(tasks.track_future(async move {
                let ended = tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    ended = server.serve(call) => ended,
                };
                if let Err(error) = ended {
                    tracing::debug!(%from, %error, "a peer connection ended");
                }
            }));
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn serve(&self, call: Call) -> Result<(), FrameError> {
        let Ok(greeting) = self.greetings.try_acquire() else {
            return Ok(());
        };
        let accepting = runtime::timeout(frame::STALL_MAX, call.accept(&*self.transport));
        let Accepted { mut stream, caller } = accepting.await.map_err(|_| FrameError::Silent)??;
        let shown = match caller {
            Caller::Anyone => None,
            Caller::Peer(shown) => Some(shown),
            Caller::Members(shown) => {
                drop(greeting);
                return match &self.desk.door {
                    Some(door) => door.answer(stream, shown).await,
                    None => Ok(()),
                };
            }
        };
        let opening = frame::read_opening(&mut stream).await;
        let (hello, _connection) = match opening.map(|body| wire::decode_hello(&body)) {
            Ok(hello) => {
                let hello = hello?;
                match (
                    self.check(&hello, shown.as_ref()),
                    self.connections.try_acquire(),
                ) {
                    (Err(refusal), _) => return refuse(stream, refusal).await,
                    (Ok(()), Err(_)) => return refuse(stream, Refusal::Full).await,
                    (Ok(()), Ok(connection)) => (hello, connection),
                }
            }
            Err(FrameError::OtherVersion { .. }) => {
                let known = wire::VERSION;
                return refuse(stream, Refusal::OtherVersion { known }).await;
            }
            Err(error) => return Err(error),
        };
        if self.is_removed(hello.from).await {
            return refuse(stream, Refusal::Removed).await;
        }
        let welcome = wire::encode_hello_reply(&HelloReply::Welcome);
        frame::write_opening(&mut stream, &welcome).await?;
        drop(greeting);
        tokio::select! {
            biased;
            served = self.serve_lane(&hello, stream) => served,
            () = self.removed(hello.from) => Ok(()),
        }
    }

    async fn serve_lane(&self, hello: &Hello, stream: Stream) -> Result<(), FrameError> {
        match hello.lane {
            Lane::Quick => {
                self.answer_all(hello.from, stream, QUESTION_BYTES_MAX)
                    .await
            }
            Lane::Bulk => self.answer_all(hello.from, stream, ENTRIES_BYTES_MAX).await,
            Lane::Snapshot => self.take_snapshot(stream).await,
            Lane::Bus => self.desk.bus.hear(hello.from, stream).await,
            Lane::Blobs => match &self.desk.shelf {
                Some(shelf) => shelf.answer_all(stream).await,
                None => Ok(()),
            },
            Lane::Forward => forward::answer_all(stream, &self.raft, &self.desk.intake).await,
        }
    }

    /// Ends when the node does not belong to the cluster any more. Its certificate is good for weeks.
    async fn removed(&self, node: u64) {
        let mut members = self.raft.server_metrics();
        while !self.is_removed(node).await {
            // A membership is known a moment before the state says who was forgotten.
            let _ = runtime::timeout(MEMBERS_LOOKED_AT_EVERY, members.changed()).await;
        }
    }

    /// A node that this one has not heard of yet is not removed: the numbers are given out in order, and a state that knows
    /// of a later one knew this one too. So whoever lags locks out nobody who votes; and who is missing from an entry that
    /// is not committed yet would find its log too old here anyway.
    async fn is_removed(&self, node: u64) -> bool {
        let members = self
            .raft
            .server_metrics()
            .borrow()
            .membership_config
            .clone();
        if members.membership().get_node(&node).is_some() {
            return false;
        }
        let nodes = Query::Nodes(NodesQuery::All);
        match self.desk.reader.read(ReadLevel::Local, nodes).await {
            Ok(read) => {
                let known = read.answer.into_nodes();
                node <= known.last_id && known.nodes.iter().all(|(id, _)| *id != node)
            }
            Err(_) => false,
        }
    }

    fn check(&self, hello: &Hello, shown: Option<&Shown>) -> Result<(), Refusal> {
        if hello.cluster != self.me.cluster {
            return Err(Refusal::OtherCluster);
        }
        if hello.to != self.me.node {
            return Err(Refusal::OtherNode { here: self.me.node });
        }
        if shown.is_some_and(|shown| !shown.is_of(hello.from)) {
            return Err(Refusal::NotYou { from: hello.from });
        }
        Ok(())
    }

    async fn answer_all(
        &self,
        from: u64,
        mut stream: Stream,
        bytes_max: usize,
    ) -> Result<(), FrameError> {
        while let Some(len) = frame::read_len(&mut stream, bytes_max, QUESTION_WAIT_MAX).await? {
            // Small ones pass, so that entries never keep a heartbeat waiting.
            let _reading = match len > QUESTION_BYTES_MAX {
                true => {
                    let permits = u32::try_from(len / PERMIT_BYTES).expect("far below 2^32");
                    Some(self.reading.acquire_many(permits).await)
                }
                false => None,
            };
            let request = Bytes::from(frame::read_body(&mut stream, len).await?);
            let request = wire::decode_request(&request)?;
            let response = self.answer(from, request).await;
            frame::write_frame(&mut stream, &wire::encode_response(&response)).await?;
        }
        Ok(())
    }

    async fn answer(&self, from: u64, request: Request) -> Response {
        let failed = |error: &dyn std::fmt::Display| Response::Failed {
            why: error.to_string(),
        };
        match request {
            Request::Append(append) => match self.raft.append_entries(append).await {
                Ok(appended) => Response::Append(appended),
                Err(error) => failed(&error),
            },
            Request::Vote(vote) => match self.raft.vote(vote).await {
                Ok(vote) => Response::Vote(vote),
                Err(error) => failed(&error),
            },
            Request::Snapshot { .. } => failed(&"snapshots have a lane of their own"),
            Request::ReadIndex => Response::ReadIndex(self.desk.reader.confirmed_here().await),
            Request::PreVote { last } => Response::PreVote {
                granted: self.desk.elections.would_vote(from, last).await,
            },
        }
    }

    async fn take_snapshot(&self, mut stream: Stream) -> Result<(), FrameError> {
        let question = frame::read_frame(&mut stream, QUESTION_BYTES_MAX, frame::STALL_MAX).await?;
        let response = match wire::decode_request(&question.into())? {
            Request::Snapshot { vote, meta } => {
                self.desk
                    .arrivals
                    .take(&self.raft, &mut stream, vote, meta)
                    .await?
            }
            Request::Append(_)
            | Request::Vote(_)
            | Request::ReadIndex
            | Request::PreVote { .. } => Response::Failed {
                why: "this lane is for a snapshot".into(),
            },
        };
        frame::write_frame(&mut stream, &wire::encode_response(&response)).await
    }
}

async fn refuse(mut stream: Stream, refusal: Refusal) -> Result<(), FrameError> {
    let reply = wire::encode_hello_reply(&HelloReply::Refused(refusal));
    frame::write_opening(&mut stream, &reply).await
}
