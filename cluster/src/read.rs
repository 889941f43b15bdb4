//! Reads at the freshness that was asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use easel_storage::{Answered, CommitIndex, Query, Read, ReadError, ReadLevel};
use openraft::error::{CheckIsLeaderError, RaftError};
use tokio::sync::{mpsc, oneshot};

use crate::leaders::{Leader, Leaders};
use crate::network::link;
use crate::network::wire::{Lane, Request, Response};
use crate::raft::Raft;
use crate::runtime;
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

/// What the log held when the node started, and the term that it had voted in by then.
///
/// openraft lets a leader that comes back lead on in the term that it led, and forgets how far it had got in it: until a
/// majority has answered once more, it takes what it had applied for all that is committed. What it had acknowledged
/// before is in its log, though, which nobody takes from it while it leads. In a later term it begins with an entry of its
/// own, behind all that was acknowledged.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Resumed {
    pub(crate) term: u64,
    pub(crate) last_index: u64,
}

impl Resumed {
    /// Where to read, when openraft says this place, of this term.
    fn at_least(self, index: u64, term: u64) -> u64 {
        match term <= self.term {
            true => index.max(self.last_index),
            false => index,
        }
    }
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
    pub(crate) fn start(
        state: Arc<StateFile>,
        raft: Raft,
        leaders: Option<Leaders>,
        resumed: Resumed,
    ) -> Self {
        let (askers, queue) = mpsc::channel(ASKERS_MAX);
        let patience = leaders.as_ref().map(|_| LEADER_WAIT_MAX);
        let confirmer = Confirmer {
            raft,
            leaders,
            resumed,
        };
        runtime::spawn(confirmer.run(queue));
        Self {
            state,
            askers,
            patience,
        }
    }

    /// Of what has no content that could lie apart.
    pub(crate) async fn read(&self, level: ReadLevel, query: Query) -> Result<Read, ReadError> {
        let (index, answered) = self.answer(level, query).await?;
        match answered.whole() {
            Ok(answer) => Ok(Read { index, answer }),
            Err(error) => {
                tracing::error!(%error, "a read failed");
                Err(ReadError::Failed)
            }
        }
    }

    pub(crate) async fn answer(
        &self,
        level: ReadLevel,
        query: Query,
    ) -> Result<(CommitIndex, Answered), ReadError> {
        match level {
            ReadLevel::Local => {}
            ReadLevel::AtLeast(CommitIndex(index)) => self.applied(index).await?,
            ReadLevel::Linearizable => {
                let patience = match self.patience {
                    None => Patience::Once,
                    Some(wait) => Patience::Until(runtime::now() + wait),
                };
                let index = self.confirmed(patience).await?;
                self.applied(index).await?;
            }
        }
        // Taken before the query, so the answer is of this index or a later one.
        let index = CommitIndex(*self.state.applied_index().borrow());
        match self.state.answer(query).await {
            Ok(answered) => Ok((index, answered)),
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
        match runtime::timeout(FRESH_WAIT_MAX, reached).await {
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
        runtime::timeout(FRESH_WAIT_MAX, asked)
            .await
            .map_err(|_| ReadError::TimedOut)?
    }
}

/// Gets the leader's word, its own or another node's, for everybody who waits for one.
struct Confirmer {
    raft: Raft,
    leaders: Option<Leaders>,
    resumed: Resumed,
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
            let now = runtime::now();
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
                runtime::sleep(AGAIN_AFTER).await;
            }
        }
    }

    /// And whether that is another node's word.
    async fn confirm(&mut self) -> (Result<u64, ReadError>, bool) {
        match self.leaders.as_ref().map(Leaders::now) {
            None | Some(Leader::Here) => (self.confirm_here().await, false),
            Some(Leader::Unknown) => (Err(ReadError::Unavailable), true),
            Some(Leader::There { link }) => {
                let mut leaders = self.leaders.clone().expect("they named one");
                let answer = tokio::select! {
                    biased;
                    answer = link::ask(&link, Lane::Quick, Request::ReadIndex) => answer.ok(),
                    () = runtime::sleep(ASK_WAIT_MAX) => None,
                    // One that is gone without a word must not hold up the question to the next.
                    () = leaders.replaced(link.target) => None,
                };
                let answer = match answer {
                    Some(Response::ReadIndex(Some(index))) => Ok(index),
                    Some(_) | None => Err(ReadError::Unavailable),
                };
                (answer, true)
            }
        }
    }

    async fn confirm_here(&self) -> Result<u64, ReadError> {
        match self.raft.get_read_log_id().await {
            Ok((read_at, _applied)) => {
                let (index, term) = read_at.map_or((0, 0), |id| (id.index, id.leader_id.term));
                Ok(self.resumed.at_least(index, term))
            }
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

#[cfg(test)]
mod tests {
    use super::Resumed;

    #[test]
    fn a_leader_that_came_back_reads_behind_all_that_it_had_written() {
        let resumed = Resumed {
            term: 3,
            last_index: 40,
        };
        assert_eq!(resumed.at_least(17, 3), 40);
        assert_eq!(resumed.at_least(41, 3), 41);
        assert_eq!(resumed.at_least(0, 0), 40);
        // Elected anew; what it had at its start may have been taken from it since.
        assert_eq!(resumed.at_least(38, 4), 38);
    }
}
