//! Who leads, and when another does. openraft holds the elections; this decides when one begins.
//!
//! By itself openraft stands as soon as its clock says that the leader was silent for too long, which raises the term for
//! everybody. That does harm in two ways. A node that was cut off comes back with a higher term and unseats a leader that
//! all others hear. And openraft looks at the clock before it looks at what has arrived: after a write to the disk that
//! took long, or a pause of the whole process, the heartbeats lie unread while it stands.
//!
//! So openraft's own clock is off for elections, and each node asks before it stands (*pre-vote*; Ongaro, "Consensus:
//! Bridging Theory and Practice", 9.6, and 4.2.3 for nodes that were removed):
//!
//! - A follower that heard no leader for a while asks every voter whether it would vote for it. That changes nothing on
//!   either side, neither a term nor a vote.
//! - A voter would, if it heard no leader either, and the other's log is not older than its own. A leader would only if
//!   no majority has answered it for as long.
//! - With the word of a majority, and if it heard nothing meanwhile, it stands: then openraft raises the term and asks for
//!   votes that count. Without it stays a follower and asks again soon.
//!
//! This takes nothing from safety, since what is promised here binds nobody: openraft's own election decides, with its own
//! checks of terms, logs and lease. It takes nothing from progress either: when a leader is gone, a majority hears none,
//! and among those that are there the one with the newest log is refused by nobody.
//!
//! What was heard is asked of openraft's core in its queue, behind everything that arrived before, so a core that was held
//! up has read its heartbeats first.
//!
//! A leader that no majority has answered for as long as an election takes may have been replaced. It says so and takes in
//! nothing more as a leader (*check-quorum*; 6.2): what comes in waits for whoever leads. To openraft it goes on leading,
//! in its term, and does so again when the majority answers before another was elected.
//!
//! The leader's heartbeats are sent from here too: openraft ties them to how long it waits for an answer, which a slow disk
//! needs more of than a quick election can spare. A leader whose own disk holds it up sends none, and is replaced.

mod rules;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use openraft::ServerState;
use openraft::error::Fatal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::network::wire::{Lane, Request, Response};
use crate::network::{Links, link};
use crate::raft::{LogId, Raft};
use crate::runtime;
pub(crate) use rules::LEASE;
use rules::{BEAT_EVERY, Next, PATIENCE_SPREAD, Seen};

/// What the others may take to say whether they would vote.
const ASK_WAIT_MAX: Duration = Duration::from_millis(500);
/// openraft's clock is read a little after this one.
pub(crate) const LEASE_MARGIN: Duration = Duration::from_millis(20);
/// Who was refused asks again after this, and up to as much longer.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Clones are the same node's.
#[derive(Clone)]
pub(crate) struct Elections {
    me: u64,
    raft: Raft,
    links: Arc<Links>,
    hushed: Arc<AtomicBool>,
    /// Whether whoever openraft takes for the leader is heard of, or followed if that is this node.
    hears: Arc<watch::Sender<bool>>,
    /// How often it found the leader silent.
    asked: Arc<watch::Sender<u64>>,
}

/// Not openraft's handle.
impl std::fmt::Debug for Elections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Elections")
            .field("me", &self.me)
            .finish_non_exhaustive()
    }
}

impl Elections {
    pub(crate) fn new(me: u64, raft: Raft, links: Arc<Links>) -> Self {
        Self {
            me,
            raft,
            links,
            hushed: Arc::default(),
            hears: Arc::new(watch::Sender::new(true)),
            asked: Arc::default(),
        }
    }

    /// Until `stop`, or Raft has ended.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut roles = self.raft.server_metrics();
        let mut patience = up_to(PATIENCE_SPREAD);
        loop {
            let step = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                step = self.step(&mut patience) => step,
            };
            let Ok(pause) = step else {
                return;
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = runtime::sleep(pause) => {}
                // Another leader, another role, other members.
                changed = roles.changed() => match changed {
                    Ok(()) => {}
                    Err(_) => return,
                },
            }
        }
    }

    /// Says after how long to look again.
    async fn step(&self, patience: &mut Duration) -> Result<Duration, Fatal<u64>> {
        let seen = self.look().await?;
        let now = runtime::now();
        let next = rules::next(&seen, now, *patience);
        let hushed = self.hushed.load(Ordering::Relaxed);
        let hears = !hushed && next != Next::Ask && rules::hears(&seen, now, self.followed());
        self.hears
            .send_if_modified(|heard| std::mem::replace(heard, hears) != hears);
        match next {
            Next::Rest(pause) => Ok(pause),
            Next::Beat => {
                if !hushed {
                    self.raft.trigger().heartbeat().await?;
                }
                Ok(BEAT_EVERY)
            }
            Next::Stand => {
                self.raft.trigger().elect().await?;
                Ok(ASK_AGAIN)
            }
            Next::Ask => {
                *patience = up_to(PATIENCE_SPREAD);
                let agreed = self.others_agree(&seen).await;
                let now = self.look().await?;
                if agreed && (now.vote, now.vote_at) == (seen.vote, seen.vote_at) {
                    tracing::info!(node = self.me, "no leader is heard; standing for election");
                    self.raft.trigger().elect().await?;
                }
                self.asked.send_modify(|asked| *asked += 1);
                Ok(ASK_AGAIN + up_to(ASK_AGAIN))
            }
        }
    }

    /// Whether this node would vote for another; asked by that one.
    pub(crate) async fn would_vote(&self, from: u64, last: Option<LogId>) -> bool {
        let Ok(seen) = self.look().await else {
            return false;
        };
        rules::would_vote(&seen, runtime::now(), from, last, self.followed())
    }

    /// Whether a leader is heard of here; where this node leads, whether a majority answers it. openraft neither forgets
    /// one that fell silent before another is elected, nor has a leader step down that nobody follows.
    pub(crate) fn hears(&self) -> watch::Receiver<bool> {
        self.hears.subscribe()
    }

    /// The leader says nothing while what this returns is there, so that voters are free for another.
    pub(crate) fn hush(&self) -> Hush {
        self.hushed.store(true, Ordering::Relaxed);
        self.raft.runtime_config().heartbeat(false);
        // Nor is anything confirmed here meanwhile: that takes a word to every voter.
        self.hears.send_if_modified(std::mem::take);
        Hush(self.clone())
    }

    /// Ends when this node, if it leads, may vote for another: a lease after it was elected.
    pub(crate) async fn own_lease(&self) {
        if let Ok(Seen {
            vote_at: Some(at), ..
        }) = self.look().await
        {
            runtime::sleep_until(at + LEASE + LEASE_MARGIN).await;
        }
    }

    #[cfg(test)]
    pub(crate) fn asked(&self) -> watch::Receiver<u64> {
        self.asked.subscribe()
    }

    /// When a majority last answered this node, if it leads.
    fn followed(&self) -> Option<Duration> {
        let metrics = self.raft.metrics();
        let ms = metrics.borrow().millis_since_quorum_ack;
        ms.map(Duration::from_millis)
    }

    async fn look(&self) -> Result<Seen, Fatal<u64>> {
        let me = self.me;
        let seen = self.raft.with_raft_state(move |state| Seen {
            me,
            leads: state.server_state == ServerState::Leader,
            vote: *state.vote_ref(),
            vote_at: state.vote_last_modified().map(Into::into),
            voters: {
                let membership = state.membership_state.effective().membership();
                membership.get_joint_config().clone()
            },
            last: None,
        });
        let mut seen = seen.await?;
        seen.last = self.raft.data_metrics().borrow().last_log;
        Ok(seen)
    }

    async fn others_agree(&self, seen: &Seen) -> bool {
        let membership = self
            .raft
            .server_metrics()
            .borrow()
            .membership_config
            .clone();
        let voters: BTreeSet<u64> = seen.voters.iter().flatten().copied().collect();
        let asking = voters.iter().filter(|id| **id != self.me);
        let mut asking: FuturesUnordered<_> = asking
            .map(async |id| {
                let peer = membership.membership().get_node(id)?;
                let link = self.links.to(*id, &peer.address);
                let ask = Request::PreVote { last: seen.last };
                match link::ask(&link, Lane::Quick, ask).await {
                    Ok(Response::PreVote { granted: true }) => Some(*id),
                    Ok(_) | Err(_) => None,
                }
            })
            .collect();
        let mut granted = BTreeSet::from([self.me]);
        let counting = async {
            while let Some(answer) = asking.next().await {
                granted.extend(answer);
                if rules::is_majority(&seen.voters, &granted) {
                    return true;
                }
            }
            false
        };
        let counted = runtime::timeout(ASK_WAIT_MAX, counting).await;
        counted.unwrap_or(false)
    }
}

/// See [`Elections::hush`].
#[derive(Debug)]
pub(crate) struct Hush(Elections);

impl Drop for Hush {
    fn drop(&mut self) {
        self.0.hushed.store(false, Ordering::Relaxed);
        self.0.raft.runtime_config().heartbeat(true);
    }
}

/// A part of it that nobody foresees.
fn up_to(spread: Duration) -> Duration {
    // Without random numbers all are equally patient, and the higher id wins.
    spread.mul_f64(f64::from(runtime::random()) / f64::from(u32::MAX))
}
