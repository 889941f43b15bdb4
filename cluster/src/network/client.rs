//! What openraft asks of another node.
//!
//! openraft gives an append no longer than its heartbeat interval, then asks anew from the same place. A large entry
//! on a slow line, or a slow disk, would so never be answered. Therefore entries travel in a task of their own, which
//! outlives the question; who asks again from the same place waits for the one that is under way. Meanwhile the
//! other node is sent a heartbeat, so that it does not take the leader for dead, and openraft is told that nothing new
//! was accepted yet.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openraft::error::{Fatal, RPCError, RaftError, ReplicationClosed, StreamingError, Timeout};
use openraft::network::{Backoff, RPCOption, RPCTypes, RaftNetwork};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse,
};
use openraft::{OptionalSend, Snapshot, StorageIOError};

use super::frame::{self, FrameError};
use super::link::{self, Link, LinkError, Why};
use super::pace::Pace;
use super::wire::{self, Lane, Request, Response};
use super::{ANSWER_BYTES_MAX, Sending};
use crate::raft::{LogId, Peer, Types, Vote};
use crate::runtime::{self, AbortOnDropHandle};

/// After a failure the node is left alone for this long, a little more each time.
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_millis(500);
/// A snapshot is read and sent in pieces of this.
const PIECE_BYTES: usize = 256 << 10;
/// Whoever receives a snapshot says every second that it is still at it.
const SIGN_OF_LIFE_WAIT_MAX: Duration = Duration::from_secs(15);

type Asked<T> = Result<T, RPCError<u64, Peer, RaftError<u64>>>;
type Appended = AppendEntriesResponse<u64>;

/// One use of the link to one node.
#[derive(Debug)]
pub(crate) struct Client {
    link: Arc<Link>,
    sending: Arc<Sending>,
    transfer: Option<Transfer>,
}

/// Entries on their way.
#[derive(Debug)]
struct Transfer {
    vote: Vote,
    prev: Option<LogId>,
    last: LogId,
    begun: Instant,
    state: TransferState,
}

#[derive(Debug)]
enum TransferState {
    Under(AbortOnDropHandle<Result<Appended, LinkError>>),
    /// Accepted, but this was not told to openraft yet.
    Accepted,
}

impl Client {
    pub(crate) fn new(link: Arc<Link>, sending: Arc<Sending>) -> Self {
        Self {
            link,
            sending,
            transfer: None,
        }
    }

    async fn quick(&self, request: Request) -> Asked<Response> {
        let answer = link::ask(&self.link, Lane::Quick, request).await;
        answer.map_err(|e| e.unreachable().into())
    }

    /// An append without entries: whether the other node holds the entry `prev`, and still follows.
    async fn beat(&self, beat: AppendEntriesRequest<Types>) -> Asked<Appended> {
        match self.quick(Request::Append(beat)).await? {
            Response::Append(appended) => Ok(appended),
            _ => Err(self.wrong_answer()),
        }
    }

    fn wrong_answer<E: std::error::Error>(&self) -> RPCError<u64, Peer, E> {
        self.link.error(Why::WrongAnswer).unreachable().into()
    }

    /// The transfer from this place, begun now if there is none.
    fn transfer(&mut self, rpc: AppendEntriesRequest<Types>, last: LogId) -> &mut Transfer {
        let (vote, prev) = (rpc.vote, rpc.prev_log_id);
        let same = |t: &Transfer| t.vote == vote && t.prev == prev;
        if !self.transfer.as_ref().is_some_and(same) {
            let link = self.link.clone();
            let sending = async move {
                match link::ask(&link, Lane::Bulk, Request::Append(rpc)).await? {
                    Response::Append(appended) => Ok(appended),
                    _ => Err(link.error(Why::WrongAnswer)),
                }
            };
            self.transfer = Some(Transfer {
                vote,
                prev,
                last,
                begun: runtime::now(),
                state: TransferState::Under(AbortOnDropHandle::new(runtime::spawn(sending))),
            });
        }
        self.transfer.as_mut().expect("made above")
    }
}

impl RaftNetwork<Types> for Client {
    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<Types>,
        option: RPCOption,
    ) -> Asked<Appended> {
        let Some(last) = rpc.entries.last().map(|e| e.log_id) else {
            return self.beat(rpc).await;
        };
        let asked_at = runtime::now();
        let beat_at = |prev_log_id| AppendEntriesRequest {
            vote: rpc.vote,
            prev_log_id,
            leader_commit: rpc.leader_commit,
            entries: Vec::new(),
        };
        let (beat_here, beat_there) = (beat_at(rpc.prev_log_id), beat_at);
        let prev = rpc.prev_log_id;
        let transfer = self.transfer(rpc.clone(), last);
        let (begun, upto) = (transfer.begun, transfer.last);
        if let TransferState::Under(task) = &mut transfer.state {
            // Half of the time is for the heartbeat.
            match runtime::timeout(option.hard_ttl() / 2, task).await {
                Ok(done) => {
                    self.transfer = None;
                    match done {
                        Ok(Ok(Appended::Success)) if begun < asked_at => {
                            // Kept until it was told: openraft may drop this future below.
                            let state = TransferState::Accepted;
                            self.transfer = Some(Transfer {
                                vote: rpc.vote,
                                prev,
                                last: upto,
                                begun,
                                state,
                            });
                        }
                        Ok(Ok(appended)) => return Ok(appended),
                        Ok(Err(error)) => return Err(error.unreachable().into()),
                        // The task was cancelled, which only the end of the runtime does, or it panicked.
                        Err(_) => return Err(self.wrong_answer()),
                    }
                }
                Err(_) => return self.not_yet(prev, beat_here, option).await,
            }
        }
        // Accepted in answer to an older question. openraft counts the leader's lease from this one, so the other
        // node must say now that it still follows.
        let answer = self.beat(beat_there(Some(upto))).await?;
        self.transfer = None;
        Ok(match answer {
            Appended::Success if upto.index < last.index => Appended::PartialSuccess(Some(upto)),
            Appended::Success => Appended::Success,
            // It lost what it had accepted.
            Appended::Conflict => return Err(self.wrong_answer()),
            other @ (Appended::PartialSuccess(_) | Appended::HigherVote(_)) => other,
        })
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<u64>,
        _option: RPCOption,
    ) -> Asked<VoteResponse<u64>> {
        match self.quick(Request::Vote(rpc)).await? {
            Response::Vote(vote) => Ok(vote),
            _ => Err(self.wrong_answer()),
        }
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot<Types>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<u64>, StreamingError<Types, Fatal<u64>>> {
        let _sending = self.sending.begin();
        tokio::select! {
            biased;
            closed = cancel => Err(closed.into()),
            sent = send_snapshot(&self.link, vote, snapshot) => sent,
        }
    }

    fn backoff(&self) -> Backoff {
        let doubled = |wait: &Duration| Some((*wait * 2).min(BACKOFF_MAX));
        Backoff::new(std::iter::successors(Some(BACKOFF_MIN), doubled))
    }
}

impl Client {
    /// Answers for entries that are still on their way.
    async fn not_yet(
        &self,
        prev: Option<LogId>,
        beat: AppendEntriesRequest<Types>,
        option: RPCOption,
    ) -> Asked<Appended> {
        let id = beat.vote.leader_id.node_id;
        Ok(match self.beat(beat).await? {
            Appended::Success if prev.is_some() => Appended::PartialSuccess(prev),
            // openraft knows no "nothing yet" where nothing was ever accepted.
            Appended::Success => {
                return Err(RPCError::Timeout(Timeout {
                    action: RPCTypes::AppendEntries,
                    id,
                    target: self.link.target,
                    timeout: option.hard_ttl(),
                }));
            }
            other
            @ (Appended::PartialSuccess(_) | Appended::Conflict | Appended::HigherVote(_)) => other,
        })
    }
}

/// Sends the whole snapshot over a connection of its own and waits until it is installed.
async fn send_snapshot(
    link: &Link,
    vote: Vote,
    snapshot: Snapshot<Types>,
) -> Result<SnapshotResponse<u64>, StreamingError<Types, Fatal<u64>>> {
    let unreachable = |error: LinkError| StreamingError::Unreachable(error.unreachable());
    let broken = |error: FrameError| unreachable(link.error(error.into()));
    let signature = snapshot.meta.signature();
    let mut stream = link.dial(Lane::Snapshot).await.map_err(unreachable)?;
    let meta = snapshot.meta;
    let request = wire::encode_request(&Request::Snapshot { vote, meta });
    frame::write_frame(&mut stream, &request)
        .await
        .map_err(broken)?;
    match answer(&mut stream).await.map_err(broken)? {
        Response::Go => {}
        Response::Installed { vote } => return Ok(SnapshotResponse::new(vote)),
        Response::Failed { why } => return Err(unreachable(link.error(Why::Failed(why)))),
        Response::Append(_)
        | Response::Vote(_)
        | Response::Working
        | Response::ReadIndex(_)
        | Response::PreVote { .. } => {
            return Err(unreachable(link.error(Why::WrongAnswer)));
        }
    }
    let mut pieces = snapshot.snapshot.into_pieces(PIECE_BYTES);
    let mut pace = Pace::begin(runtime::now());
    while let Some(piece) = pieces.recv().await {
        let piece = piece.map_err(|e| StorageIOError::read_snapshot(Some(signature.clone()), &e));
        let piece = piece.map_err(|e| StreamingError::StorageError(e.into()))?;
        let written = frame::write_frame(&mut stream, &piece).await;
        if let Err(error) = written {
            // It may have said why before it hung up.
            return Err(match answer(&mut stream).await {
                Ok(Response::Failed { why }) => unreachable(link.error(Why::Failed(why))),
                _ => broken(error),
            });
        }
        runtime::sleep_until(pace.leaves(runtime::now(), piece.len())).await;
    }
    frame::write_frame(&mut stream, &[]).await.map_err(broken)?;
    loop {
        match answer(&mut stream).await.map_err(broken)? {
            Response::Working => {}
            Response::Installed { vote } => return Ok(SnapshotResponse::new(vote)),
            Response::Failed { why } => return Err(unreachable(link.error(Why::Failed(why)))),
            Response::Append(_)
            | Response::Vote(_)
            | Response::Go
            | Response::ReadIndex(_)
            | Response::PreVote { .. } => {
                return Err(unreachable(link.error(Why::WrongAnswer)));
            }
        }
    }
}

async fn answer(stream: &mut super::Stream) -> Result<Response, FrameError> {
    let frame = frame::read_frame(stream, ANSWER_BYTES_MAX, SIGN_OF_LIFE_WAIT_MAX).await?;
    Ok(wire::decode_response(&frame)?)
}
