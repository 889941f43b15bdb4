//! The answering side of questions about the membership.

use std::time::Duration;

use easel_storage::nodes::{NodePlace, NodesCommand, NodesOutcome};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::authority::Authority;
use super::keys::wall_ms;
use super::token::hash;
use super::wire::{self, Answer, Ask, Join, Joined, Kind};
use super::{Done, Inner, Leader, MembersError, unavailable};
use crate::network::Stream;
use crate::network::frame::FrameError;
use crate::network::wire::VERSION as PEER_FORMAT;
use crate::tls::Shown;

/// Questions that are being answered. More are closed without a word.
const QUESTIONS_MAX: usize = 16;
/// Clocks that differ more would let tokens live and die at the wrong time, and roles too.
const SKEW_MS_MAX: u64 = 5_000;
/// To see whether a joiner can be reached where it says it is.
const REACH_WAIT_MAX: Duration = Duration::from_secs(5);

/// Answers questions about the membership.
#[derive(Debug)]
pub(crate) struct Door {
    inner: Arc<Inner>,
    places: Semaphore,
}

impl Door {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self {
            inner,
            places: Semaphore::new(QUESTIONS_MAX),
        }
    }

    /// Answers one question of whoever showed this certificate, or none.
    pub(crate) async fn answer(
        &self,
        mut stream: Stream,
        shown: Option<Shown>,
    ) -> Result<(), FrameError> {
        let Ok(_place) = self.places.try_acquire() else {
            return Ok(());
        };
        let from = wire::read_opening(&mut stream).await?;
        let ask = wire::read_ask(&mut stream).await?;
        let is_node = shown.is_some_and(|shown| shown.is_of(from));
        let answer = self.inner.hear(ask, is_node.then_some(from)).await;
        wire::answer(&mut stream, &answer).await
    }
}

impl Inner {
    /// `from`: the node that asks, if it proved to be one.
    async fn hear(&self, ask: Ask, from: Option<u64>) -> Answer {
        let answered = match (ask, from) {
            (Ask::Join(join), _) => self.admit(&join).await,
            (Ask::Here(place), Some(from)) => self.welcome(from, &place).await,
            (Ask::Elect, Some(from)) => self.stand(from).await,
            (Ask::Alive, Some(_)) => self.may_lead(),
            (Ask::Manage(what), Some(from)) => match self.check_member(from).await {
                Err(error) => Err(error),
                Ok(()) => match self.leader() {
                    Leader::Me => self.change(what).await,
                    other => elsewhere(other),
                },
            },
            (Ask::Here(_) | Ask::Elect | Ask::Alive | Ask::Manage(_), None) => {
                let why = "only a node of the cluster may ask this";
                Err(MembersError::Refused(why.to_owned()))
            }
        };
        answered.unwrap_or_else(MembersError::tell)
    }

    async fn check_member(&self, from: u64) -> Result<(), MembersError> {
        let membership = self.metrics().membership_config;
        match membership.membership().get_node(&from) {
            Some(_) => Ok(()),
            None => Err(MembersError::Refused(format!(
                "node {from} is no member of the cluster"
            ))),
        }
    }

    /// Who is asked whether they are there answers in any case; a leader without room would take nothing from anybody.
    fn may_lead(&self) -> Done {
        match self.intake.is_short_of_room() {
            true => Err(MembersError::Refused("its disk is nearly full".to_owned())),
            false => Ok(Answer::Done),
        }
    }

    async fn stand(&self, from: u64) -> Done {
        // Only the leader may have another take its place.
        if self.metrics().current_leader != Some(from) {
            let why = format!("node {from} does not lead");
            return Err(MembersError::Refused(why));
        }
        self.raft.trigger().elect().await.map_err(unavailable)?;
        Ok(Answer::Done)
    }

    /// A node says where it is.
    async fn welcome(&self, from: u64, place: &NodePlace) -> Done {
        let known = self.nodes().await?;
        let row = known.nodes.iter().find(|(id, _)| *id == from);
        let is_member = {
            let membership = self.metrics().membership_config;
            membership.membership().get_node(&from).is_some()
        };
        // A state that knows of a later id knew this one too.
        if row.is_none() && !is_member && from <= known.last_id {
            return Ok(Answer::Removed);
        }
        if row.is_some() || is_member {
            self.own()?.tls.note_place(from, &place.address);
        }
        let leader = self.leader();
        if leader != Leader::Me {
            return elsewhere(leader);
        }
        if row.is_none() && !is_member {
            return Ok(Answer::Removed);
        }
        let _turn = self.changing.lock().await;
        // It may have been taken out while this waited for its turn.
        let known = self.nodes().await?;
        let row = known.nodes.iter().find(|(id, _)| *id == from);
        let is_member = {
            let membership = self.metrics().membership_config;
            membership.membership().get_node(&from).is_some()
        };
        if row.is_none() && !is_member {
            return Ok(Answer::Removed);
        }
        self.place(from, &place.address).await?;
        if row.is_none_or(|(_, row)| row.place != *place) {
            let (node, place) = (from, place.clone());
            self.submit(NodesCommand::PutNode { node, place }).await?;
        }
        Ok(Answer::Done)
    }

    /// Somebody wants to be a node.
    async fn admit(&self, join: &Join) -> Done {
        let leader = self.leader();
        if leader != Leader::Me {
            return elsewhere(leader);
        }
        let own = self.own()?;
        let now_ms = wall_ms();
        if let Some(why) = unfit(join, &own.place.version, &own.cluster_name, now_ms) {
            return Err(MembersError::Refused(why));
        }
        let master = self.master()?;
        let row = self.authority().await?;
        let row = row.ok_or_else(|| unavailable("this cluster has no authority yet"))?;
        let authority = Authority::open(&row, &master.seal).map_err(unavailable)?;
        let take = NodesCommand::TakeJoin {
            hash: hash(&join.secret),
            key: hash(&join.public_key),
            place: join.place.clone(),
        };
        let node = match self.submit(take).await? {
            NodesOutcome::Joined { node } => node,
            other => return Err(unavailable(format!("the store answered {other:?}"))),
        };
        self.check_address(node, &join.place.address).await?;
        let signed = authority.sign(self.me.cluster, node, &join.public_key);
        let certificate = signed.map_err(|error| MembersError::Refused(error.to_string()))?;
        let membership = self.metrics().membership_config;
        let nodes = membership.membership().nodes();
        let nodes = nodes.map(|(id, peer)| (*id, peer.address.clone()));
        tracing::info!(node, address = join.place.address, "let a node in");
        Ok(Answer::Joined(Joined {
            cluster: *self.me.cluster.as_bytes(),
            instance: *self.instance.as_bytes(),
            node,
            certificate: certificate.to_vec(),
            authority: row.certificate.to_vec(),
            nodes: nodes.collect(),
            master: master.text.clone(),
        }))
    }

    async fn check_address(&self, node: u64, address: &str) -> Result<(), MembersError> {
        let membership = self.metrics().membership_config;
        let mut nodes = membership.membership().nodes();
        if let Some((other, _)) = nodes.find(|(id, peer)| **id != node && peer.address == address) {
            return Err(MembersError::Refused(format!(
                "{address} is where node {other} is; give this node an address of its own (listen.peers, cluster.advertise)"
            )));
        }
        let reached = tokio::time::timeout(REACH_WAIT_MAX, TcpStream::connect(address)).await;
        let why = match reached {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        Err(MembersError::Refused(format!(
            "the leader cannot reach {address} ({why}); set cluster.advertise to the address by which the other nodes \
             reach this one"
        )))
    }
}

fn elsewhere(leader: Leader) -> Done {
    match leader {
        Leader::Other { address, .. } => Ok(Answer::Leader { address }),
        Leader::Me | Leader::Unknown => Ok(Answer::Refused {
            kind: Kind::Unavailable,
            why: "no node leads at the moment".to_owned(),
        }),
    }
}

/// Why whoever asks cannot be a node, whatever its token.
fn unfit(join: &Join, version: &str, cluster_name: &str, now_ms: u64) -> Option<String> {
    let skew_ms = now_ms.abs_diff(join.at_ms);
    if skew_ms > SKEW_MS_MAX {
        let which = match join.at_ms > now_ms {
            true => "ahead of",
            false => "behind",
        };
        return Some(format!(
            "this machine's clock is {}.{} s {which} the leader's, and 5 s are the most; set it right (chrony, \
             systemd-timesyncd)",
            skew_ms / 1_000,
            skew_ms % 1_000 / 100
        ));
    }
    let theirs = &join.place.version;
    if join.peer_format != PEER_FORMAT || release(theirs) < release(version) {
        return Some(format!(
            "this is release {theirs} and the cluster runs {version}; start {version} or a later one that speaks the same \
             peer format ({PEER_FORMAT})"
        ));
    }
    let named = |name: &str| !name.is_empty();
    if named(cluster_name) && named(&join.cluster_name) && cluster_name != join.cluster_name {
        return Some(format!(
            "cluster.name is {:?} here, and that cluster is called {cluster_name:?}",
            join.cluster_name
        ));
    }
    None
}

/// `1.2.3` as numbers; what is none sorts first.
fn release(version: &str) -> Vec<u64> {
    let parts = version.split(['.', '-']).take(3);
    parts.map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Join, PEER_FORMAT, unfit};
    use easel_storage::nodes::NodePlace;

    fn check(change: impl FnOnce(&mut Join), expected: Option<&str>) {
        let mut join = Join {
            secret: [0; 32],
            public_key: Vec::new(),
            place: NodePlace {
                address: "a:1".to_owned(),
                url: String::new(),
                version: "0.2.1".to_owned(),
            },
            at_ms: 1_000_000,
            peer_format: PEER_FORMAT,
            cluster_name: String::new(),
        };
        change(&mut join);
        let why = unfit(&join, "0.2.1", "drawing", 1_000_000);
        match expected {
            Some(named) => assert!(
                why.as_deref().is_some_and(|why| why.contains(named)),
                "{why:?}"
            ),
            None => assert_eq!(why, None),
        }
    }

    #[test]
    fn who_cannot_be_a_node_is_told_why() {
        check(|_| {}, None);
        check(|join| join.at_ms += 5_000, None);
        check(|join| join.at_ms += 7_300, Some("7.3 s ahead of"));
        check(|join| join.at_ms -= 5_001, Some("5.0 s behind"));
        check(
            |join| join.place.version = "0.2.0".to_owned(),
            Some("release 0.2.0"),
        );
        check(|join| join.place.version = "0.10.0".to_owned(), None);
        check(
            |join| join.place.version = "junk".to_owned(),
            Some("release junk"),
        );
        check(|join| join.peer_format += 1, Some("peer format"));
        check(|join| join.cluster_name = "drawing".to_owned(), None);
        check(
            |join| join.cluster_name = "other".to_owned(),
            Some("called \"drawing\""),
        );
    }
}
