//! What only the leader does: changes of the membership, one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use easel_storage::Time;
use easel_storage::nodes::{NodesCommand, NodesOutcome};
use futures_util::future::join_all;
use openraft::ChangeMembers;
use rustls::pki_types::CertificateDer;

use super::authority::{self, Authority};
use super::keys::{Known, wall_ms};
use super::token::{JoinToken, hash};
use super::wire::{Answer, Manage};
use super::{Done, Inner, MembersError, unavailable};
use crate::raft::Peer;
use crate::tls::Credentials;

/// A learner this close to the leader has caught up.
pub(super) const CAUGHT_UP_ENTRIES: u64 = 64;
/// For a change to be on a majority's disks.
const CHANGE_WAIT_MAX: Duration = Duration::from_secs(20);
/// For a node to say how many blobs it has yet to bring.
const LACKING_WAIT_MAX: Duration = Duration::from_secs(5);
/// Somebody waits for a removal; who has much to bring is asked again later.
const BROUGHT_WITHIN_MAX: Duration = Duration::from_secs(10);
const ASKED_EVERY: Duration = Duration::from_millis(100);
const TOKEN_LIFE_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1000;

impl Inner {
    pub(super) async fn change(&self, what: Manage) -> Done {
        let _turn = self.changing.lock().await;
        match what {
            Manage::OfferJoin { life_ms } => self.offer_join(life_ms).await,
            Manage::Promote { node } => self.promote(node).await,
            Manage::Remove { node } => self.remove(node).await,
            Manage::Transfer { to } => self.transfer(to).await,
        }
    }

    async fn offer_join(&self, life_ms: u64) -> Done {
        self.own()?;
        let authority = self.authority_or_new().await?;
        self.refresh_certificate().await?;
        let token = JoinToken::new(&authority.certificate);
        let expires_at = Time(wall_ms() + life_ms.min(TOKEN_LIFE_MS_MAX));
        let hash = hash(&token.secret);
        self.submit(NodesCommand::OfferJoin { hash, expires_at })
            .await?;
        Ok(Answer::Token { text: token.text() })
    }

    async fn authority_or_new(&self) -> Result<Authority, MembersError> {
        let seal = &self.master()?.seal;
        let row = match self.authority().await? {
            Some(row) => row,
            None => {
                let (certificate, sealed_key) = authority::make(seal).map_err(unavailable)?;
                let put = NodesCommand::PutAuthority {
                    certificate,
                    sealed_key,
                };
                match self.submit(put).await? {
                    NodesOutcome::Authority(row) => row,
                    other => return Err(unavailable(format!("the store answered {other:?}"))),
                }
            }
        };
        Authority::open(&row, seal).map_err(unavailable)
    }

    /// Sees that this node has a certificate with at least a third of its life before it, if there is an authority. Every
    /// node can sign for itself: it has the master key, and the authority lies in the state. Whether it has one now.
    pub(super) async fn refresh_certificate(&self) -> Result<bool, MembersError> {
        let own = self.own()?;
        // Two at once would each make a key, and keep the certificate of the one beside the key of the other.
        let _turn = self.certifying.lock().await;
        let known = own.folder.known();
        let shown = own.folder.credentials(self.me).map_err(unavailable)?;
        if shown.is_some() && !known.is_due_again() {
            return Ok(true);
        }
        // The master key comes a moment after the node has started.
        let (Some(row), Ok(master)) = (self.authority().await?, self.master()) else {
            return Ok(false);
        };
        let authority = Authority::open(&row, &master.seal).map_err(unavailable)?;
        let key = own.folder.key().map_err(unavailable)?;
        let signed = authority.sign(self.me.cluster, self.me.node, key.public());
        let certificate = signed.map_err(unavailable)?;
        let known = Known::signed_now(known.nodes);
        own.folder
            .keep(&certificate, &authority.certificate, &known)
            .map_err(unavailable)?;
        let credentials = Credentials {
            key,
            certificate,
            authority: CertificateDer::from(row.certificate.to_vec()),
        };
        own.tls.show(&credentials).map_err(unavailable)?;
        tracing::info!(node = self.me.node, "signed this node's certificate");
        Ok(true)
    }

    async fn promote(&self, node: u64) -> Done {
        let metrics = self.metrics();
        let membership = metrics.membership_config.membership();
        if membership.get_node(&node).is_none() {
            return Err(no_node(node));
        }
        if membership.voter_ids().any(|voter| voter == node) {
            return Err(MembersError::Refused(format!("node {node} is a voter")));
        }
        let last = metrics.last_log_index.unwrap_or(0);
        let replication = metrics.replication.unwrap_or_default();
        let confirmed = replication.get(&node).copied().flatten();
        let behind = last - confirmed.map_or(0, |id| id.index).min(last);
        if behind > CAUGHT_UP_ENTRIES {
            return Err(MembersError::Refused(format!(
                "node {node} is {behind} entries behind; as a voter it would hold up the others"
            )));
        }
        self.check_holds(node).await?;
        self.change_members(ChangeMembers::AddVoterIds(BTreeSet::from([node])))
            .await?;
        tracing::info!(node, "a node votes from now on");
        Ok(Answer::Done)
    }

    async fn remove(&self, node: u64) -> Done {
        let metrics = self.metrics();
        let membership = metrics.membership_config.membership().clone();
        let is_known = self.nodes().await?.nodes.iter().any(|(id, _)| *id == node);
        let is_member = membership.get_node(&node).is_some();
        if !is_member && !is_known {
            return Err(no_node(node));
        }
        let voters: BTreeSet<u64> = membership.voter_ids().collect();
        let is_voter = voters.contains(&node);
        if is_voter {
            self.check_quorum_without(node, &voters, &membership)
                .await?;
            let staying: Vec<u64> = voters.into_iter().filter(|id| *id != node).collect();
            self.check_all_hold(&staying).await?;
        }
        // First, so that a removal that is cut off here is not undone by the node saying that it is there.
        self.submit(NodesCommand::ForgetNode { node }).await?;
        if is_member {
            let node = BTreeSet::from([node]);
            let change = match is_voter {
                true => ChangeMembers::RemoveVoters(node),
                false => ChangeMembers::RemoveNodes(node),
            };
            self.change_members(change).await?;
        }
        tracing::info!(node, "a node was taken out of the cluster");
        Ok(Answer::Done)
    }

    /// Who begins to vote must hold what is named; see `blobs/holding.rs`.
    async fn check_holds(&self, node: u64) -> Result<(), MembersError> {
        match self.lacking(node).await {
            Ok(0) => Ok(()),
            Ok(blobs) => Err(MembersError::Refused(format!(
                "node {node} has yet to bring {blobs} blobs that are named; it is at it, ask again in a while"
            ))),
            Err(why) => Err(unavailable(why)),
        }
    }

    /// And so must those who go on voting when another goes. Who does not answer is not waited for: one that is lost must not
    /// keep another from being taken out.
    async fn check_all_hold(&self, staying: &[u64]) -> Result<(), MembersError> {
        let begun = Instant::now();
        for node in staying {
            while let Ok(1..) = self.lacking(*node).await {
                if begun.elapsed() > BROUGHT_WITHIN_MAX {
                    return self.check_holds(*node).await;
                }
                tokio::time::sleep(ASKED_EVERY).await;
            }
        }
        Ok(())
    }

    pub(super) async fn lacking(&self, node: u64) -> Result<u64, String> {
        let Some(holding) = &self.holding else {
            return Ok(0);
        };
        let upto = self.metrics().last_applied.map_or(0, |id| id.index);
        let asked = tokio::time::timeout(LACKING_WAIT_MAX, holding.lacking(node, upto));
        asked
            .await
            .unwrap_or_else(|_| Err(format!("node {node} does not answer")))
    }

    /// A majority of those that would be left must be there.
    async fn check_quorum_without(
        &self,
        node: u64,
        voters: &BTreeSet<u64>,
        membership: &crate::raft::Membership,
    ) -> Result<(), MembersError> {
        let left = voters.iter().copied().filter(|voter| *voter != node);
        let left: Vec<u64> = left.collect();
        if left.is_empty() {
            return Err(MembersError::Quorum(format!(
                "node {node} is the only voter; without it nothing could be decided"
            )));
        }
        let asking = voters.iter().map(async |voter| {
            let address = membership.get_node(voter).map(|peer| peer.address.as_str());
            let is_there =
                *voter == self.me.node || self.is_alive(*voter, address.unwrap_or_default()).await;
            is_there.then_some(*voter)
        });
        let there: Vec<u64> = join_all(asking).await.into_iter().flatten().collect();
        let majority = |of: usize| of / 2 + 1;
        let staying = there.iter().filter(|voter| **voter != node).count();
        if staying < majority(left.len()) {
            return Err(MembersError::Quorum(format!(
                "without node {node} there would be {} voters, of which {} must be there and only {staying} answer",
                left.len(),
                majority(left.len())
            )));
        }
        // The voters there are must agree too.
        if there.len() < majority(voters.len()) {
            return Err(MembersError::Quorum(format!(
                "of {} voters only {} answer, and it takes {} to decide anything; if the others are lost for good: easel \
                 cluster recover",
                voters.len(),
                there.len(),
                majority(voters.len())
            )));
        }
        if node == self.me.node {
            return Err(MembersError::Refused(format!(
                "node {node} leads; first have another lead: easel cluster transfer-leader"
            )));
        }
        Ok(())
    }

    /// Takes a node in as a learner, or notes that it moved. The caller holds the turn.
    pub(super) async fn place(&self, node: u64, address: &str) -> Result<(), MembersError> {
        let metrics = self.metrics();
        let membership = metrics.membership_config.membership();
        let mut others = membership.nodes().filter(|(id, _)| **id != node);
        if let Some((other, _)) = others.find(|(_, peer)| peer.address == address) {
            return Err(MembersError::Refused(format!(
                "{address} is where node {other} is; set cluster.advertise to the address by which the others reach node {node}"
            )));
        }
        let peer = Peer {
            address: address.to_owned(),
        };
        let peers = BTreeMap::from([(node, peer)]);
        match membership.get_node(&node) {
            Some(known) if known.address == address => Ok(()),
            Some(_) => {
                self.change_members(ChangeMembers::SetNodes(peers)).await?;
                tracing::info!(node, address, "a node is somewhere else now");
                Ok(())
            }
            None => {
                self.change_members(ChangeMembers::AddNodes(peers)).await?;
                tracing::info!(node, address, "a node came in as a learner");
                Ok(())
            }
        }
    }

    pub(super) async fn change_members(
        &self,
        change: ChangeMembers<u64, Peer>,
    ) -> Result<(), MembersError> {
        // Who is not a voter any more is not kept as a learner.
        let changing = self.raft.change_membership(change, false);
        match tokio::time::timeout(CHANGE_WAIT_MAX, changing).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(unavailable(error)),
            Err(_) => Err(unavailable("the change found no majority in time")),
        }
    }
}

pub(super) fn no_node(node: u64) -> MembersError {
    MembersError::NoNode(format!("there is no node {node} in this cluster"))
}
