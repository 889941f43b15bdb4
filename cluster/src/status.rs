//! What the node says about itself.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use easel_storage::{ClusterId, InstanceId};
use openraft::ServerState;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::disk::Reserve;
use crate::folder::NodeFile;
use crate::health::Health;
use crate::log::LogProgress;
use crate::observer::Observer;
use crate::raft::{Metrics, Peer, Raft};
use crate::runtime;
use crate::state::StateFile;
use crate::touch::TouchWatch;

/// How the node stands. Indexes count log entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The group of nodes that this one replicates with.
    pub cluster_id: ClusterId,
    /// This node within it; never used again for another.
    pub node_id: u64,
    /// The installation, whatever nodes it has.
    pub instance_id: InstanceId,
    /// Grows with every election.
    pub term: u64,
    /// Whether this node leads. Commands can be submitted anywhere.
    pub is_leader: bool,
    /// Who leads, as far as this node knows.
    pub leader: Option<u64>,
    /// Whether this node's state has everything that was acknowledged to anybody up to a second ago. Without it
    /// nothing may be decided by what is read here.
    pub in_touch: bool,
    /// The nodes of the group, by their ids; this one among them, if it is a member.
    pub members: Vec<Member>,
    /// Whether a leader is known that a majority follows.
    pub has_quorum: bool,
    /// The newest entry in the log.
    pub last_log_index: u64,
    /// The newest entry that is on the disks of a majority.
    pub commit_index: u64,
    /// The newest entry whose effects a local read sees.
    pub applied_index: u64,
    /// The newest entry whose effects survive a crash without the log.
    pub durable_index: u64,
    /// The log may be cut up to here.
    pub snapshot_index: u64,
    /// The node cannot write any more and the process should end; it starts again from what is on disk.
    pub fatal: Option<String>,
    /// Writes are refused until the disk has room again.
    pub disk_full: bool,
}

/// A node of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: u64,
    /// Where other nodes reach it. Empty for a node that is alone.
    pub address: String,
    pub role: MemberRole,
    /// How many entries it is behind; known to the leader, of the others.
    pub lag: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberRole {
    /// Counts for a majority.
    Voter,
    /// Is sent everything, and does not count yet.
    Learner,
}

fn members(metrics: &Metrics) -> Vec<Member> {
    let membership = metrics.membership_config.membership();
    let voters: BTreeSet<u64> = membership.voter_ids().collect();
    let matched = |id: &u64| match &metrics.replication {
        Some(replication) if *id != metrics.id => {
            let upto = replication.get(id).copied().flatten();
            let upto = upto.map_or(0, |at| at.index);
            Some(metrics.last_log_index.unwrap_or(0).saturating_sub(upto))
        }
        _ => None,
    };
    let member = |(id, peer): (&u64, &Peer)| Member {
        id: *id,
        address: peer.address.clone(),
        role: match voters.contains(id) {
            true => MemberRole::Voter,
            false => MemberRole::Learner,
        },
        lag: matched(id),
    };
    let mut members: Vec<_> = membership.nodes().map(member).collect();
    members.sort_unstable_by_key(|member| member.id);
    members
}

/// Indexes move several times with every entry, and are told no more often than this.
const INDEXES_EVERY: Duration = Duration::from_millis(50);

/// A leader that no majority has answered for so long may have been replaced without knowing it.
const QUORUM_SILENCE_MAX_MS: u64 = 1_500;

fn is_followed(metrics: &Metrics, hears: bool) -> bool {
    let leads = metrics.state == ServerState::Leader;
    let alone = metrics.membership_config.voter_ids().count() == 1;
    if leads && !alone {
        let silence_ms = metrics.millis_since_quorum_ack;
        return silence_ms.is_some_and(|ms| ms < QUORUM_SILENCE_MAX_MS);
    }
    hears && metrics.current_leader.is_some()
}

/// Where the parts of a status come from.
pub(crate) struct Sources {
    /// Whether the leader is heard of; of this node, whether a majority answers it.
    pub(crate) hears: watch::Receiver<bool>,
    pub(crate) in_touch: TouchWatch,
    pub(crate) node: NodeFile,
    pub(crate) raft: Raft,
    pub(crate) log: Arc<LogProgress>,
    pub(crate) state: Arc<StateFile>,
    pub(crate) reserve: Arc<Reserve>,
    pub(crate) health: Arc<Health>,
    pub(crate) observer: Arc<dyn Observer>,
}

impl Sources {
    pub(crate) fn now(&self) -> Status {
        // Cloned out: openraft's core waits for whoever holds the borrow.
        let metrics = self.raft.metrics().borrow().clone();
        let fatal = self.health.watch().borrow().clone();
        let hears = *self.hears.borrow();
        let is_leader = metrics.state == ServerState::Leader && hears && fatal.is_none();
        Status {
            cluster_id: self.node.cluster,
            node_id: self.node.node,
            instance_id: self.node.instance,
            term: metrics.current_term,
            is_leader,
            leader: metrics.current_leader.filter(|_| hears),
            in_touch: fatal.is_none() && self.in_touch.is_in_touch(),
            members: members(&metrics),
            has_quorum: fatal.is_none() && is_followed(&metrics, hears),
            last_log_index: metrics.last_log_index.unwrap_or(0),
            commit_index: self.log.committed.load(Ordering::Relaxed),
            applied_index: *self.state.applied_index().borrow(),
            durable_index: self.state.durable().map_or(0, |id| id.index),
            snapshot_index: metrics.snapshot.map_or(0, |id| id.index),
            fatal,
            disk_full: *self.reserve.watch().borrow(),
        }
    }

    /// Publishes every change until `stop`, and turns openraft's own end into a failure of the node.
    pub(crate) async fn publish(mut self, status: watch::Sender<Status>, stop: CancellationToken) {
        let mut metrics = self.raft.metrics();
        // Of these only the roles and the members.
        let mut roles = self.raft.server_metrics();
        let mut pause = INDEXES_EVERY;
        let mut health = self.health.watch();
        let mut reserve = self.reserve.watch();
        let mut leader = None;
        loop {
            let (running, current_leader) = {
                let metrics = metrics.borrow_and_update();
                (metrics.running_state.clone(), metrics.current_leader)
            };
            if let Err(fatal) = running
                && !stop.is_cancelled()
            {
                self.health.fail(fatal.to_string());
            }
            if leader != current_leader {
                leader = current_leader;
                self.observer.leader_change();
            }
            let now = self.now();
            status.send_if_modified(|was| {
                let changed = *was != now;
                *was = now;
                changed
            });
            let wait = std::mem::replace(&mut pause, INDEXES_EVERY);
            let moved = async {
                runtime::sleep(wait).await;
                metrics.changed().await
            };
            let ended = tokio::select! {
                biased;
                () = stop.cancelled() => true,
                changed = roles.changed() => {
                    // The metrics follow at once.
                    pause = Duration::ZERO;
                    changed.is_err()
                }
                changed = moved => changed.is_err(),
                changed = health.changed() => changed.is_err(),
                changed = reserve.changed() => changed.is_err(),
                // Of a node alone it never changes.
                () = self.in_touch.turned() => false,
                Ok(()) = self.hears.changed() => false,
            };
            if ended {
                break;
            }
        }
        // openraft ends its metrics when its task ends, also by a panic.
        if !stop.is_cancelled() {
            let why = metrics.borrow().running_state.clone().err();
            let why = why.map_or_else(
                || "the Raft task has ended".to_owned(),
                |why| why.to_string(),
            );
            self.health.fail(why);
            status.send_replace(self.now());
        }
    }
}
