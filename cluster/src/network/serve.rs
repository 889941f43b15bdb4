//! The answering side: accepts connections, checks who calls, and passes questions to openraft.
//!
//! Whoever can reach the port may send anything. What that costs is bounded: connections, the bytes of frames being
//! read, the size of every frame, and the time of every wait. A snapshot is taken in by one at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::frame::{self, FrameError};
use super::incoming::Arrivals;
use super::wire::{self, Hello, HelloReply, Lane, Refusal, Request, Response};
use super::{Accepted, Caller, ENTRIES_BYTES_MAX, QUESTION_BYTES_MAX, Stream, Transport};
use crate::blobs::Shelf;
use crate::bus::Bus;
use crate::codec::Identity;
use crate::forward;
use crate::members::Door;
use crate::propose::Intake;
use crate::raft::Raft;
use crate::read::Reader;
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
/// Pause after an accept that failed, which mostly means that the process has too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What questions are answered with, beside openraft.
pub(crate) struct Desk {
    pub(crate) arrivals: Arc<Arrivals>,
    pub(crate) intake: Intake,
    pub(crate) reader: Reader,
    pub(crate) bus: Bus,
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

    pub(crate) async fn run(self, listener: TcpListener, stop: CancellationToken) {
        let server = Arc::new(self);
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            let (tcp, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a peer could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (server, stop) = (server.clone(), stop.clone());
            tasks.spawn(async move {
                let ended = tokio::select! {
                    () = stop.cancelled() => return,
                    ended = server.serve(tcp) => ended,
                };
                if let Err(error) = ended {
                    tracing::debug!(%from, %error, "a peer connection ended");
                }
            });
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn serve(&self, tcp: TcpStream) -> Result<(), FrameError> {
        let Ok(greeting) = self.greetings.try_acquire() else {
            return Ok(());
        };
        let accepting = tokio::time::timeout(frame::STALL_MAX, self.transport.accept(tcp));
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
        let welcome = wire::encode_hello_reply(&HelloReply::Welcome);
        frame::write_opening(&mut stream, &welcome).await?;
        drop(greeting);
        match hello.lane {
            Lane::Quick => self.answer_all(stream, QUESTION_BYTES_MAX).await,
            Lane::Bulk => self.answer_all(stream, ENTRIES_BYTES_MAX).await,
            Lane::Snapshot => self.take_snapshot(stream).await,
            Lane::Bus => self.desk.bus.hear(hello.from, stream).await,
            Lane::Blobs => match &self.desk.shelf {
                Some(shelf) => shelf.answer_all(stream).await,
                None => Ok(()),
            },
            Lane::Forward => forward::answer_all(stream, &self.raft, &self.desk.intake).await,
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

    async fn answer_all(&self, mut stream: Stream, bytes_max: usize) -> Result<(), FrameError> {
        while let Some(len) = frame::read_len(&mut stream, bytes_max, QUESTION_WAIT_MAX).await? {
            // Small ones pass, so that entries never keep a heartbeat waiting.
            let _reading = match len > QUESTION_BYTES_MAX {
                true => {
                    let permits = u32::try_from(len / PERMIT_BYTES).expect("far below 2^32");
                    Some(self.reading.acquire_many(permits).await)
                }
                false => None,
            };
            let request = frame::read_body(&mut stream, len).await?;
            let request = wire::decode_request(&request)?;
            let response = self.answer(request).await;
            frame::write_frame(&mut stream, &wire::encode_response(&response)).await?;
        }
        Ok(())
    }

    async fn answer(&self, request: Request) -> Response {
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
        }
    }

    async fn take_snapshot(&self, mut stream: Stream) -> Result<(), FrameError> {
        let question = frame::read_frame(&mut stream, QUESTION_BYTES_MAX, frame::STALL_MAX).await?;
        let response = match wire::decode_request(&question)? {
            Request::Snapshot { vote, meta } => {
                self.desk
                    .arrivals
                    .take(&self.raft, &mut stream, vote, meta)
                    .await?
            }
            Request::Append(_) | Request::Vote(_) | Request::ReadIndex => Response::Failed {
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
