//! Who belongs to the cluster: how a node comes in, is found again, is made a voter, and leaves.
//!
//! - A node **comes in** with a token: it asks any node (`join`), which answers for the leader or names it; the leader
//!   looks at what the joiner is, takes the token and hands out an id, a certificate and the master key (`door`). That
//!   makes it known, and no member yet.
//! - A node that is known says **where it is** (`upkeep`): the leader takes it in as a learner, or notes that it moved.
//! - A learner that has **caught up** is made a voter by the leader, by itself (`upkeep`).
//! - What an **operator** wants (`changes`) any node takes, and the leader does.
//!
//! Between nodes all of this is one question and one answer (`wire`) over mutual TLS ([`crate::tls`]).

pub(crate) mod authority;
mod changes;
mod door;
mod join;
pub(crate) mod keys;
pub(crate) mod token;
mod transfer;
mod upkeep;
pub(crate) mod wire;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use easel_storage::nodes::{AuthorityRow, NodePlace, NodesAnswer, NodesCommand, NodesOutcome};
use easel_storage::nodes::{NodesQuery, NodesView};
use easel_storage::{
    Actor, Answer as Read, ClusterId, Command, Envelope, InstanceId, Outcome, Query, ReadLevel,
    Store, SubmitError, submit_one,
};
use openraft::ServerState;
use tokio_util::sync::CancellationToken;

pub(crate) use door::Door;
pub use join::{JoinError, JoinOptions, Joining, Vacant};

use crate::blobs::Holding;
use crate::codec::Identity;
use crate::election::Elections;
use crate::health::Health;
use crate::propose::Intake;
use crate::raft::{Metrics, Raft};
use crate::tls::PeerTls;
use keys::PeerFolder;
use wire::{Answer, Ask, Kind, Manage};

/// A node answers within this, or counts as gone.
const ALIVE_WAIT_MAX: Duration = Duration::from_secs(5);
/// Who only looks at the cluster waits no longer for a node that says nothing.
const LOOK_WAIT_MAX: Duration = Duration::from_secs(2);
/// A change of the membership takes two entries on a majority's disks, and a transfer the leader's lease.
const MANAGE_WAIT_MAX: Duration = Duration::from_secs(60);
/// A question goes on to the leader this often while leaders change.
const HOPS_MAX: usize = 4;

/// The installation's master key, as the rest of the server holds it.
#[derive(Clone)]
pub struct Master {
    /// As its file has it; a node that joins is given it.
    pub text: String,
    /// Made of it: what the authority's key is sealed with.
    pub seal: [u8; 32],
}

/// Not the key.
impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Master(…)")
    }
}

/// What the membership is asked for; clones are the same. Outlives the node, and then answers that it is not available.
#[derive(Debug, Clone)]
pub struct Members {
    inner: Arc<Inner>,
}

/// Why nothing was changed, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MembersError {
    /// A rule says no.
    #[error("{0}")]
    Refused(String),
    /// There is no such node.
    #[error("{0}")]
    NoNode(String),
    /// Fewer nodes would be left than it takes to decide anything.
    #[error("{0}")]
    Quorum(String),
    /// Not now: no leader, or no answer.
    #[error("{0}")]
    Unavailable(String),
}

/// The cluster as one node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterView {
    /// Its id.
    pub cluster: ClusterId,
    /// The node that tells this.
    pub node: u64,
    /// Who leads, if this node knows.
    pub leader: Option<u64>,
    /// Grows with every election.
    pub term: u64,
    /// The newest entry in this node's log.
    pub last_log_index: u64,
    /// The newest entry in this node's state.
    pub applied_index: u64,
    /// By id.
    pub nodes: Vec<NodeView>,
}

/// One node of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeView {
    /// Never another's.
    pub id: u64,
    /// What it is in the membership.
    pub standing: Standing,
    /// Where other nodes find it; empty for a node without a peer listener.
    pub address: String,
    /// Where people find it.
    pub url: String,
    /// The release that it said it runs.
    pub version: String,
    /// Entries that the leader has and it has not confirmed; only the leader knows.
    pub lag: Option<u64>,
}

/// What a node is in the membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Has a token's leave to come in, and did not yet.
    Invited,
    /// Is told everything and decides nothing.
    Learner,
    /// Counts for the majority.
    Voter,
}

pub(crate) struct Inner {
    pub(crate) me: Identity,
    pub(crate) instance: InstanceId,
    pub(crate) raft: Raft,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) health: Arc<Health>,
    pub(crate) elections: Elections,
    pub(crate) intake: Intake,
    /// `None`: blobs are somebody else's affair.
    pub(crate) holding: Option<Holding>,
    /// `None`: no peer listener.
    pub(crate) own: Option<Own>,
    pub(crate) master: OnceLock<Master>,
    /// One change at a time.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// The key and the certificate are seen to by one at a time.
    pub(crate) certifying: tokio::sync::Mutex<()>,
}

/// Not openraft's handle nor the store's.
impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("me", &self.me)
            .finish_non_exhaustive()
    }
}

/// How this node meets others.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) tls: Arc<PeerTls>,
    pub(crate) folder: PeerFolder,
    pub(crate) place: NodePlace,
    /// What the operator calls the cluster.
    pub(crate) cluster_name: String,
    /// Where to look for others when none is where it was.
    pub(crate) hints: Vec<String>,
}

/// A refusal on its way to whoever asked.
type Done = Result<Answer, MembersError>;

impl Members {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// Gives the node its master key. Before that it lets nobody in and renews no certificate.
    pub fn unlock(&self, master: Master) {
        // The first stays.
        let _ = self.inner.master.set(master);
    }

    /// The cluster as this node knows it, without asking others.
    pub async fn view(&self) -> Result<ClusterView, MembersError> {
        let nodes = self.inner.nodes().await?;
        Ok(self.inner.view(&nodes))
    }

    /// Those of the view that do not answer this node within a moment, all asked at once.
    pub async fn silent(&self, view: &ClusterView) -> Vec<u64> {
        let asked = view
            .nodes
            .iter()
            .filter(|node| node.id != view.node && node.standing != Standing::Invited)
            .map(async |node| {
                let asking = self
                    .inner
                    .ask(node.id, &node.address, &Ask::Alive, LOOK_WAIT_MAX);
                asking.await.is_err().then_some(node.id)
            });
        let silent = futures_util::future::join_all(asked).await;
        silent.into_iter().flatten().collect()
    }

    /// A new token by which one node may come in within `life`.
    pub async fn offer_join(&self, life: Duration) -> Result<String, MembersError> {
        let life_ms = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        match self.inner.manage(Manage::OfferJoin { life_ms }).await? {
            Answer::Token { text } => Ok(text),
            other => Err(strange(&other)),
        }
    }

    /// Makes a learner a voter without waiting for the leader to do so.
    pub async fn promote(&self, node: u64) -> Result<(), MembersError> {
        self.inner.manage(Manage::Promote { node }).await.map(drop)
    }

    /// Takes a node out of the cluster for good.
    pub async fn remove(&self, node: u64) -> Result<(), MembersError> {
        self.inner.manage(Manage::Remove { node }).await.map(drop)
    }

    /// Takes this node out of the cluster for good; if it leads, another does first.
    pub async fn leave(&self) -> Result<(), MembersError> {
        if self.inner.leads() {
            self.transfer_leader(None).await?;
        }
        self.remove(self.inner.me.node).await
    }

    /// Has another voter lead: that one, or the one that knows most. Says which.
    pub async fn transfer_leader(&self, to: Option<u64>) -> Result<u64, MembersError> {
        match self.inner.manage(Manage::Transfer { to }).await? {
            Answer::Transferred { to } => Ok(to),
            other => Err(strange(&other)),
        }
    }

    /// For a node that is about to end: has another voter lead, if this one does and there is another. Says which.
    pub async fn hand_over(&self, within: Duration) -> Result<Option<u64>, MembersError> {
        let voters = self.inner.metrics().membership_config.voter_ids().count();
        if !self.inner.leads() || voters < 2 {
            return Ok(None);
        }
        let handing = self.inner.change(Manage::Transfer { to: None });
        match tokio::time::timeout(within, handing).await {
            Ok(Ok(Answer::Transferred { to })) => Ok(Some(to)),
            Ok(Ok(other)) => Err(strange(&other)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(unavailable("it took too long")),
        }
    }

    pub(crate) async fn run(self, stop: CancellationToken) {
        upkeep::run(self.inner, stop).await;
    }
}

fn strange(answer: &Answer) -> MembersError {
    MembersError::Unavailable(format!(
        "the leader gave the answer to another question: {answer:?}"
    ))
}

fn unavailable(why: impl std::fmt::Display) -> MembersError {
    MembersError::Unavailable(why.to_string())
}

impl MembersError {
    fn told(kind: Kind, why: String) -> Self {
        match kind {
            Kind::Refused => Self::Refused(why),
            Kind::NoNode => Self::NoNode(why),
            Kind::Quorum => Self::Quorum(why),
            Kind::Unavailable => Self::Unavailable(why),
        }
    }

    fn tell(self) -> Answer {
        let (kind, why) = match self {
            Self::Refused(why) => (Kind::Refused, why),
            Self::NoNode(why) => (Kind::NoNode, why),
            Self::Quorum(why) => (Kind::Quorum, why),
            Self::Unavailable(why) => (Kind::Unavailable, why),
        };
        Answer::Refused { kind, why }
    }
}

/// Who leads, as this node knows it.
#[derive(Debug, PartialEq, Eq)]
enum Leader {
    Me,
    Other { id: u64, address: String },
    Unknown,
}

impl Inner {
    /// Cloned out: openraft's core waits for whoever holds the borrow.
    fn metrics(&self) -> Metrics {
        self.raft.metrics().borrow().clone()
    }

    fn leads(&self) -> bool {
        self.metrics().state == ServerState::Leader
    }

    fn hears_leader(&self) -> bool {
        *self.elections.hears().borrow()
    }

    fn leader(&self) -> Leader {
        let metrics = self.metrics();
        if metrics.state == ServerState::Leader {
            return Leader::Me;
        }
        let members = metrics.membership_config.membership();
        match metrics.current_leader.filter(|_| self.hears_leader()) {
            Some(id) if id != self.me.node => match members.get_node(&id) {
                Some(peer) => Leader::Other {
                    id,
                    address: peer.address.clone(),
                },
                None => Leader::Unknown,
            },
            Some(_) | None => Leader::Unknown,
        }
    }

    fn own(&self) -> Result<&Own, MembersError> {
        let missing = "this node has no listener for others: set listen.peers, and start it again";
        self.own
            .as_ref()
            .ok_or_else(|| MembersError::Refused(missing.to_owned()))
    }

    fn master(&self) -> Result<&Master, MembersError> {
        let starting = || MembersError::Unavailable("the node is still starting".to_owned());
        self.master.get().ok_or_else(starting)
    }

    /// What this node's own state says.
    async fn nodes(&self) -> Result<NodesView, MembersError> {
        let query = Query::Nodes(NodesQuery::All);
        let read = self.store.read(ReadLevel::Local, query).await;
        Ok(read.map_err(unavailable)?.answer.into_nodes())
    }

    async fn authority(&self) -> Result<Option<AuthorityRow>, MembersError> {
        let query = Query::Nodes(NodesQuery::Authority);
        let read = self.store.read(ReadLevel::Local, query).await;
        match read.map_err(unavailable)?.answer {
            Read::Nodes(NodesAnswer::Authority(row)) => Ok(row),
            other => Err(unavailable(format!("the store answered {other:?}"))),
        }
    }

    async fn submit(&self, command: NodesCommand) -> Result<NodesOutcome, MembersError> {
        let envelope = Envelope::new(Actor::System, Command::Nodes(command));
        let submitted = submit_one(&*self.store, envelope).await;
        let (_, reply) = submitted.map_err(|error| match error {
            SubmitError::DiskFull => unavailable("the leader's disk is nearly full"),
            other => unavailable(other),
        })?;
        match reply {
            Ok(Outcome::Nodes(outcome)) => Ok(outcome),
            Ok(other) => Err(unavailable(format!("the store answered {other:?}"))),
            Err(rejection) => Err(MembersError::Refused(rejection.to_string())),
        }
    }

    fn view(&self, known: &NodesView) -> ClusterView {
        let metrics = self.metrics();
        let membership = metrics.membership_config.membership();
        let last = metrics.last_log_index.unwrap_or(0);
        let place = |id: u64| known.nodes.iter().find(|(node, _)| *node == id);
        let mut nodes: Vec<_> = membership
            .nodes()
            .map(|(id, peer)| {
                let place = place(*id).map(|(_, row)| row.place.clone());
                let confirmed = metrics.replication.as_ref().and_then(|all| all.get(id));
                NodeView {
                    id: *id,
                    standing: match membership.voter_ids().any(|voter| voter == *id) {
                        true => Standing::Voter,
                        false => Standing::Learner,
                    },
                    address: peer.address.clone(),
                    url: place.as_ref().map_or_else(String::new, |p| p.url.clone()),
                    version: place.map_or_else(String::new, |p| p.version),
                    lag: confirmed.map(|upto| last - upto.map_or(0, |id| id.index).min(last)),
                }
            })
            .collect();
        let invited = known.nodes.iter();
        let invited = invited.filter(|(id, _)| membership.get_node(id).is_none());
        nodes.extend(invited.map(|(id, row)| NodeView {
            id: *id,
            standing: Standing::Invited,
            address: row.place.address.clone(),
            url: row.place.url.clone(),
            version: row.place.version.clone(),
            lag: None,
        }));
        nodes.sort_by_key(|node| node.id);
        ClusterView {
            cluster: self.me.cluster,
            node: self.me.node,
            leader: metrics.current_leader.filter(|_| self.hears_leader()),
            term: metrics.current_term,
            last_log_index: last,
            applied_index: metrics.last_applied.map_or(0, |id| id.index),
            nodes,
        }
    }

    /// Does it here if this node leads, or has the leader do it.
    async fn manage(&self, what: Manage) -> Done {
        for _ in 0..HOPS_MAX {
            match self.leader() {
                Leader::Me => match self.change(what).await {
                    // Leadership went meanwhile.
                    Err(MembersError::Unavailable(_)) if !self.leads() => {}
                    done => return done,
                },
                Leader::Other { id, address } => {
                    let ask = Ask::Manage(what);
                    match self.ask(id, &address, &ask, MANAGE_WAIT_MAX).await? {
                        Answer::Leader { .. } => {}
                        Answer::Refused { kind, why } => return Err(MembersError::told(kind, why)),
                        answer => return Ok(answer),
                    }
                }
                Leader::Unknown => break,
            }
        }
        Err(unavailable("no node leads at the moment"))
    }

    /// Asks another node, as this one.
    async fn ask(
        &self,
        node: u64,
        address: &str,
        ask: &Ask,
        wait: Duration,
    ) -> Result<Answer, MembersError> {
        let own = self.own()?;
        let asking = async {
            let stream = own.tls.call(node, address).await.map_err(unavailable)?;
            let answer = wire::ask(stream, self.me.node, ask, wait).await;
            answer.map_err(unavailable)
        };
        let about = |why: MembersError| unavailable(format!("node {node} at {address}: {why}"));
        match tokio::time::timeout(wait, asking).await {
            Ok(answered) => answered.map_err(about),
            Err(_) => Err(about(unavailable("no answer in time"))),
        }
    }

    async fn is_alive(&self, node: u64, address: &str) -> bool {
        let answer = self.ask(node, address, &Ask::Alive, ALIVE_WAIT_MAX).await;
        // Also if it is that it could not lead.
        answer.is_ok()
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use bytes::Bytes;
    use easel_storage::Time;
    use easel_storage::nodes::AuthorityRow;

    pub(crate) fn row((certificate, sealed_key): (Bytes, Bytes)) -> AuthorityRow {
        AuthorityRow {
            certificate,
            sealed_key,
            created_at: Time(1),
        }
    }
}
