//! What only the leader does: changes of the membership, one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use easel_storage::Time;
use easel_storage::nodes::{NodesCommand, NodesOutcome};
use futures_util::future::join_all;
use openraft::ChangeMembers;
use rustls::pki_types::CertificateDer;

use super::authority::{self, Authority};
use super::keys::{Known, wall_ms};
use super::token::{JoinToken, hash};
use super::wire::{Answer, Ask, Manage};
use super::{ALIVE_WAIT_MAX, Done, Inner, MembersError, unavailable};
use crate::raft::Peer;
use crate::tls::Credentials;

/// A learner this close to the leader has caught up.
pub(super) const CAUGHT_UP_ENTRIES: u64 = 64;
/// For a change to be on a majority's disks.
const CHANGE_WAIT_MAX: Duration = Duration::from_secs(20);
const TOKEN_LIFE_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1000;
/// A little more than the lease, within which nobody votes for another.
const LEASE: Duration = Duration::from_millis(3_200);
/// For the election after it.
const ELECTION_WAIT_MAX: Duration = Duration::from_secs(10);

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
    /// node can sign for itself: it has the master key, and the authority lies in the state.
    pub(super) async fn refresh_certificate(&self) -> Result<(), MembersError> {
        let own = self.own()?;
        // Two at once would each make a key, and keep the certificate of the one beside the key of the other.
        let _turn = self.certifying.lock().await;
        let known = own.folder.known();
        let shown = own.folder.credentials(self.me).map_err(unavailable)?;
        if shown.is_some() && !known.is_old() {
            return Ok(());
        }
        let (Some(row), Ok(master)) = (self.authority().await?, self.master()) else {
            return Ok(());
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
        Ok(())
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
        if voters.contains(&node) {
            self.check_quorum_without(node, &voters, &membership)
                .await?;
        }
        // First, so that a removal that is cut off here is not undone by the node saying that it is there.
        self.submit(NodesCommand::ForgetNode { node }).await?;
        if is_member {
            let node = BTreeSet::from([node]);
            let change = match voters.is_superset(&node) {
                true => ChangeMembers::RemoveVoters(node),
                false => ChangeMembers::RemoveNodes(node),
            };
            self.change_members(change).await?;
        }
        tracing::info!(node, "a node was taken out of the cluster");
        Ok(Answer::Done)
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

    /// openraft knows no transfer. Nobody votes for another while the leader's lease holds, so it is left to run out: no
    /// heartbeats, no entries. Then the chosen one stands.
    async fn transfer(&self, to: Option<u64>) -> Done {
        let metrics = self.metrics();
        let membership = metrics.membership_config.membership();
        let others = membership.voter_ids().filter(|id| *id != self.me.node);
        let others: BTreeSet<u64> = others.collect();
        let replication = metrics.replication.clone().unwrap_or_default();
        let confirmed = |id: &u64| {
            replication
                .get(id)
                .copied()
                .flatten()
                .map_or(0, |id| id.index)
        };
        let to = match to {
            Some(to) if to == self.me.node => return Ok(Answer::Transferred { to }),
            Some(to) if membership.get_node(&to).is_none() => return Err(no_node(to)),
            Some(to) if !others.contains(&to) => {
                let why = format!("node {to} does not vote, so it cannot lead");
                return Err(MembersError::Refused(why));
            }
            Some(to) => to,
            None => {
                let best = others.iter().copied().max_by_key(confirmed);
                let none = || MembersError::Refused("there is no other voter to lead".to_owned());
                best.ok_or_else(none)?
            }
        };
        let address = membership.get_node(&to).map(|peer| peer.address.clone());
        let address = address.unwrap_or_default();
        if !self.is_alive(to, &address).await {
            return Err(unavailable(format!(
                "node {to} at {address} does not answer"
            )));
        }
        let _silence = Silence::keep(self);
        tokio::time::sleep(LEASE).await;
        self.ask(to, &address, &Ask::Elect, ALIVE_WAIT_MAX).await?;
        let elected = self.raft.wait(Some(ELECTION_WAIT_MAX));
        let elected = elected.current_leader(to, "the chosen one leads").await;
        match elected {
            Ok(_) => Ok(Answer::Transferred { to }),
            Err(_) => Err(unavailable(format!(
                "node {to} was not elected; ask again when fewer writes are under way"
            ))),
        }
    }
}

/// The leader says nothing while this is there.
struct Silence<'a>(&'a Inner);

impl<'a> Silence<'a> {
    fn keep(inner: &'a Inner) -> Self {
        inner.raft.runtime_config().heartbeat(false);
        Self(inner)
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        self.0.raft.runtime_config().heartbeat(true);
    }
}

fn no_node(node: u64) -> MembersError {
    MembersError::NoNode(format!("there is no node {node} in this cluster"))
}
