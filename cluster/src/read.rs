//! Reads at the freshness that was asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use easel_storage::{CommitIndex, Query, Read, ReadError, ReadLevel};
use openraft::error::{CheckIsLeaderError, RaftError};
use tokio::sync::{mpsc, oneshot};

use crate::leaders::{Leader, Leaders};
use crate::network::link;
use crate::network::wire::{Lane, Request, Response};
use crate::raft::Raft;
use crate::state::{StateError, StateFile};

/// How long a read waits to become fresh enough.
const FRESH_WAIT_MAX: Duration = Duration::from_secs(10);
/// Linearizable reads that wait for a check; when full, the next waits for room within its own limit.
const ASKERS_MAX: usize = 1_024;

/// In a group: how long a leader is looked for before a read is refused. As long as an election and a half takes.
const LEADER_WAIT_MAX: Duration = Duration::from_secs(6);
/// What another node may take to answer one check.
const ASK_WAIT_MAX: Duration = Duration::from_secs(2);
/// Between checks, while there is no leader.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

#[derive(Debug)]
struct Asker {
    answer: oneshot::Sender<Result<u64, ReadError>>,
    patience: Patience,
}

/// What an asker does when no leader can be sure.
#[derive(Debug, Clone, Copy)]
enum Patience {
    /// It is for another node, and wants the word of this one alone.
    OnlyHere,
    Once,
    Until(Instant),
}

#[derive(Debug, Clone)]
pub(crate) struct Reader {
    state: Arc<StateFile>,
    askers: mpsc::Sender<Asker>,
    /// Nothing, if the node is alone: it leads or has failed.
    patience: Option<Duration>,
}

impl Reader {
    /// The task that this needs ends when the last clone is dropped or Raft has stopped.
    pub(crate) fn start(state: Arc<StateFile>, raft: Raft, leaders: Option<Leaders>) -> Self {
        let (askers, queue) = mpsc::channel(ASKERS_MAX);
        let patience = leaders.as_ref().map(|_| LEADER_WAIT_MAX);
        tokio::spawn(Confirmer { raft, leaders }.run(queue));
        Self {
            state,
            askers,
            patience,
        }
    }

    pub(crate) async fn read(&self, level: ReadLevel, query: Query) -> Result<Read, ReadError> {
        match level {
            ReadLevel::Local => {}
            ReadLevel::AtLeast(CommitIndex(index)) => self.applied(index).await?,
            ReadLevel::Linearizable => {
                let patience = match self.patience {
                    None => Patience::Once,
                    Some(wait) => Patience::Until(Instant::now() + wait),
                };
                let index = self.confirmed(patience).await?;
                self.applied(index).await?;
            }
        }
        // Taken before the query, so the answer is of this index or a later one.
        let index = CommitIndex(*self.state.applied_index().borrow());
        match self.state.query(query).await {
            Ok(answer) => Ok(Read { index, answer }),
            Err(StateError::Closed) => Err(ReadError::Stopped),
            Err(
                error @ (StateError::Fault(_)
                | StateError::Install(_)
                | StateError::Marker(_)
                | StateError::NotAnnounced
                | StateError::Panicked(_)),
            ) => {
                tracing::error!(%error, "a read failed");
                Err(ReadError::Failed)
            }
        }
    }

    /// Waits until this node's state is at least of this index.
    pub(crate) async fn applied(&self, index: u64) -> Result<(), ReadError> {
        let mut applied = self.state.applied_index();
        let reached = applied.wait_for(|applied| *applied >= index);
        match tokio::time::timeout(FRESH_WAIT_MAX, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(ReadError::Stopped),
            Err(_) => Err(ReadError::TimedOut),
        }
    }

    /// For another node, which asks again by itself.
    pub(crate) async fn confirmed_here(&self) -> Option<u64> {
        self.confirmed(Patience::OnlyHere).await.ok()
    }

    /// Asks once. What was acknowledged to anybody before is at this index or before it.
    pub(crate) async fn confirmed_once(&self) -> Result<u64, ReadError> {
        self.confirmed(Patience::Once).await
    }

    async fn confirmed(&self, patience: Patience) -> Result<u64, ReadError> {
        let (answer, answered) = oneshot::channel();
        let asker = Asker { answer, patience };
        let asked = async {
            let stopped = |_| ReadError::Stopped;
            self.askers
                .send(asker)
                .await
                .map_err(|_| ReadError::Stopped)?;
            answered.await.map_err(stopped)?
        };
        tokio::time::timeout(FRESH_WAIT_MAX, asked)
            .await
            .map_err(|_| ReadError::TimedOut)?
    }
}

/// Gets the leader's word, its own or another node's, for everybody who waits for one.
struct Confirmer {
    raft: Raft,
    leaders: Option<Leaders>,
}

impl Confirmer {
    /// One check at a time, for everyone who asked before it began: whoever asks while one runs must not
    /// take its answer, which may be older than the question.
    async fn run(mut self, mut queue: mpsc::Receiver<Asker>) {
        let mut waiting: Vec<Asker> = Vec::new();
        loop {
            if waiting.is_empty() {
                match queue.recv().await {
                    Some(asker) => waiting.push(asker),
                    None => return,
                }
            }
            while waiting.len() < ASKERS_MAX
                && let Ok(asker) = queue.try_recv()
            {
                waiting.push(asker);
            }
            let (confirmed, elsewhere) = self.confirm().await;
            let now = Instant::now();
            for asker in waiting.extract_if(.., |asker| asker.takes(confirmed, now)) {
                let only_here = matches!(asker.patience, Patience::OnlyHere);
                let result = match only_here && elsewhere {
                    true => Err(ReadError::Unavailable),
                    false => confirmed,
                };
                // Whoever asked may have stopped waiting.
                let _ = asker.answer.send(result);
            }
            if !waiting.is_empty() {
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }

    /// And whether that is another node's word.
    async fn confirm(&mut self) -> (Result<u64, ReadError>, bool) {
        match self.leaders.as_ref().map(Leaders::now) {
            None | Some(Leader::Here) => (self.confirm_here().await, false),
            Some(Leader::Unknown) => (Err(ReadError::Unavailable), true),
            Some(Leader::There { link }) => {
                let asked = link::ask(&link, Lane::Quick, Request::ReadIndex);
                let answer = match tokio::time::timeout(ASK_WAIT_MAX, asked).await {
                    Ok(Ok(Response::ReadIndex(Some(index)))) => Ok(index),
                    Ok(Ok(_) | Err(_)) | Err(_) => Err(ReadError::Unavailable),
                };
                (answer, true)
            }
        }
    }

    async fn confirm_here(&self) -> Result<u64, ReadError> {
        match self.raft.get_read_log_id().await {
            Ok((read_at, _applied)) => Ok(read_at.map_or(0, |id| id.index)),
            Err(RaftError::APIError(
                CheckIsLeaderError::ForwardToLeader(_) | CheckIsLeaderError::QuorumNotEnough(_),
            )) => Err(ReadError::Unavailable),
            Err(RaftError::Fatal(_)) => Err(ReadError::Stopped),
        }
    }
}

impl Asker {
    /// Whether it is told this, or waits for the next check.
    fn takes(&self, found: Result<u64, ReadError>, now: Instant) -> bool {
        match self.patience {
            Patience::Once | Patience::OnlyHere => true,
            Patience::Until(until) => found != Err(ReadError::Unavailable) || now >= until,
        }
    }
}
