//! Reads at the freshness that was asked for.

use std::sync::Arc;
use std::time::Duration;

use easel_storage::{CommitIndex, Query, Read, ReadError, ReadLevel};
use openraft::error::{CheckIsLeaderError, RaftError};
use tokio::sync::{mpsc, oneshot};

use crate::raft::Raft;
use crate::state::{StateError, StateFile};

/// How long a read waits to become fresh enough.
const FRESH_WAIT_MAX: Duration = Duration::from_secs(10);
/// Linearizable reads that wait for a check; when full, the next waits for room within its own limit.
const ASKERS_MAX: usize = 1_024;

type Asker = oneshot::Sender<Result<u64, ReadError>>;

#[derive(Debug, Clone)]
pub(crate) struct Reader {
    state: Arc<StateFile>,
    askers: mpsc::Sender<Asker>,
}

impl Reader {
    /// The task that this needs ends when the last clone is dropped or Raft has stopped.
    pub(crate) fn start(state: Arc<StateFile>, raft: Raft) -> Self {
        let (askers, queue) = mpsc::channel(ASKERS_MAX);
        tokio::spawn(confirm_leadership(raft, queue));
        Self { state, askers }
    }

    pub(crate) async fn read(&self, level: ReadLevel, query: Query) -> Result<Read, ReadError> {
        match level {
            ReadLevel::Local => {}
            ReadLevel::AtLeast(CommitIndex(index)) => self.applied(index).await?,
            ReadLevel::Linearizable => {
                let index = self.confirmed_index().await?;
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

    async fn applied(&self, index: u64) -> Result<(), ReadError> {
        let mut applied = self.state.applied_index();
        let reached = applied.wait_for(|applied| *applied >= index);
        match tokio::time::timeout(FRESH_WAIT_MAX, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(ReadError::Stopped),
            Err(_) => Err(ReadError::TimedOut),
        }
    }

    async fn confirmed_index(&self) -> Result<u64, ReadError> {
        let (asker, answer) = oneshot::channel();
        let asked = async {
            let stopped = |_| ReadError::Stopped;
            self.askers
                .send(asker)
                .await
                .map_err(|_| ReadError::Stopped)?;
            answer.await.map_err(stopped)?
        };
        tokio::time::timeout(FRESH_WAIT_MAX, asked)
            .await
            .map_err(|_| ReadError::TimedOut)?
    }
}

/// One check at a time, for everyone who asked before it began: whoever asks while one runs must not
/// take its answer, which may be older than the question.
async fn confirm_leadership(raft: Raft, mut queue: mpsc::Receiver<Asker>) {
    while let Some(first) = queue.recv().await {
        let mut askers = vec![first];
        while let Ok(asker) = queue.try_recv() {
            askers.push(asker);
        }
        let confirmed = match raft.get_read_log_id().await {
            Ok((read_at, _applied)) => Ok(read_at.map_or(0, |id| id.index)),
            Err(RaftError::APIError(
                CheckIsLeaderError::ForwardToLeader(_) | CheckIsLeaderError::QuorumNotEnough(_),
            )) => Err(ReadError::Unavailable),
            Err(RaftError::Fatal(_)) => Err(ReadError::Stopped),
        };
        for asker in askers {
            // Whoever asked may have stopped waiting.
            let _ = asker.send(confirmed);
        }
    }
}
