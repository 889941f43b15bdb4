//! What nobody has to ask for: the leader finishes changes and makes voters of learners that have caught up; every node
//! sees that it is known where it is, and that its certificate is good.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use easel_storage::nodes::{NodesCommand, NodesView};
use openraft::ChangeMembers;
use tokio_util::sync::CancellationToken;

use super::changes::CAUGHT_UP_ENTRIES;
use super::wire::{self, Answer, Ask};
use super::{Inner, Leader, MembersError, Own, unavailable};
use crate::raft::Metrics;

const EVERY: Duration = Duration::from_millis(500);
/// A learner is promoted when it was found to have caught up so many times running.
const CAUGHT_UP_TIMES: u32 = 2;
/// A clock that was put right makes it worthless from one moment to the next.
const CERTIFICATE_LOOKED_AT_EVERY: Duration = Duration::from_secs(60);
/// Who hears of no leader asks whether it was removed.
const LEADERLESS_ASKS_AFTER: Duration = Duration::from_secs(5);
const ASK_WAIT_MAX: Duration = Duration::from_secs(30);

const REMOVED: &str = "this node was taken out of the cluster. To come back it needs an empty data folder and a new \
                       join token.";

/// What is remembered from one look to the next.
struct Upkeep {
    /// How often each learner was found to have caught up.
    caught_up: BTreeMap<u64, u32>,
    certificate_at: Option<Instant>,
    leader_seen: Instant,
    /// What was last said to be wrong, so that it is said once.
    told: String,
}

pub(super) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let Some(own) = &inner.own else {
        return;
    };
    let mut upkeep = Upkeep {
        caught_up: BTreeMap::new(),
        certificate_at: None,
        leader_seen: Instant::now(),
        told: String::new(),
    };
    let mut clock = tokio::time::interval(EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = clock.tick() => {}
        }
        if inner.health.has_failed() {
            return;
        }
        let looked = tokio::select! {
            () = stop.cancelled() => return,
            looked = upkeep.look(&inner, own) => looked,
        };
        let told = looked
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        if !told.is_empty() && told != upkeep.told {
            tracing::warn!(
                why = told,
                "the membership is not yet as it should be; trying on"
            );
        }
        upkeep.told = told;
    }
}

impl Upkeep {
    async fn look(&mut self, inner: &Inner, own: &Own) -> Result<(), MembersError> {
        self.certificate(inner, own).await?;
        let known = inner.nodes().await?;
        let metrics = inner.metrics();
        if metrics.current_leader.is_some() && inner.hears_leader() {
            self.leader_seen = Instant::now();
        }
        match inner.leads() {
            true => self.lead(inner, own, &metrics, &known).await,
            false => {
                self.caught_up.clear();
                self.be_found(inner, own, &metrics, &known).await
            }
        }
    }

    async fn certificate(&mut self, inner: &Inner, own: &Own) -> Result<(), MembersError> {
        let fresh = |at: Instant| at.elapsed() < CERTIFICATE_LOOKED_AT_EVERY;
        if own.tls.has_credentials() && self.certificate_at.is_some_and(fresh) {
            return Ok(());
        }
        if inner.refresh_certificate().await? {
            self.certificate_at = Some(Instant::now());
        }
        Ok(())
    }

    async fn lead(
        &mut self,
        inner: &Inner,
        own: &Own,
        metrics: &Metrics,
        known: &NodesView,
    ) -> Result<(), MembersError> {
        // Somebody else's change is under way.
        let Ok(_turn) = inner.changing.try_lock() else {
            return Ok(());
        };
        let me = inner.me.node;
        let membership = metrics.membership_config.membership();
        // A leader before this one fell in the middle of a change.
        if let [_, wanted] = &membership.get_joint_config()[..] {
            let wanted = ChangeMembers::ReplaceAllVoters(wanted.clone());
            return inner.change_members(wanted).await;
        }
        // The others have room, as a rule, and a follower takes in what the leader sends from its reserve.
        if inner.intake.is_short_of_room() && membership.voter_ids().count() > 1 {
            tracing::warn!("this node's disk is nearly full; another is to lead");
            return inner.transfer(None).await.map(drop);
        }
        let here = membership.get_node(&me);
        if here.is_none_or(|peer| peer.address != own.place.address) {
            inner.place(me, &own.place.address).await?;
        }
        let row = known.nodes.iter().find(|(id, _)| *id == me);
        if row.is_none_or(|(_, row)| row.place != own.place) {
            let (node, place) = (me, own.place.clone());
            inner.submit(NodesCommand::PutNode { node, place }).await?;
        }
        match self.ready(metrics) {
            None => Ok(()),
            Some(node) => {
                match inner.lacking(node).await.map_err(unavailable)? {
                    0 => {}
                    _ => {
                        let why = format!("node {node} has yet to bring blobs that are named");
                        return Err(unavailable(why));
                    }
                }
                let voter = BTreeSet::from([node]);
                inner
                    .change_members(ChangeMembers::AddVoterIds(voter))
                    .await?;
                tracing::info!(node, "a node has caught up and votes from now on");
                Ok(())
            }
        }
    }

    /// A learner that was found to have caught up often enough.
    fn ready(&mut self, metrics: &Metrics) -> Option<u64> {
        let last = metrics.last_log_index.unwrap_or(0);
        let replication = metrics.replication.clone().unwrap_or_default();
        let learners = metrics.membership_config.membership().learner_ids();
        let near = learners.filter(|id| {
            let confirmed = replication.get(id).copied().flatten();
            confirmed.is_some_and(|upto| upto.index + CAUGHT_UP_ENTRIES >= last)
        });
        let seen = |id: u64| (id, self.caught_up.get(&id).copied().unwrap_or(0) + 1);
        self.caught_up = near.map(seen).collect();
        let mut ready = self.caught_up.iter();
        ready
            .find(|(_, times)| **times >= CAUGHT_UP_TIMES)
            .map(|(id, _)| *id)
    }

    async fn be_found(
        &mut self,
        inner: &Inner,
        own: &Own,
        metrics: &Metrics,
        known: &NodesView,
    ) -> Result<(), MembersError> {
        let me = inner.me.node;
        let membership = metrics.membership_config.membership();
        let here = membership.get_node(&me);
        let row = known.nodes.iter().find(|(id, _)| *id == me);
        let is_known = here.is_some_and(|peer| peer.address == own.place.address)
            && row.is_some_and(|(_, row)| row.place == own.place);
        if is_known && self.leader_seen.elapsed() < LEADERLESS_ASKS_AFTER {
            return Ok(());
        }
        self.leader_seen = Instant::now();
        match inner.say_here(own).await? {
            Answer::Removed => {
                inner.health.fail(REMOVED.to_owned());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Inner {
    /// Tells the leader, or whoever knows it, where this node is.
    async fn say_here(&self, own: &Own) -> Result<Answer, MembersError> {
        let ask = Ask::Here(own.place.clone());
        if let Leader::Other { id, address } = self.leader()
            && let Ok(answer @ (Answer::Done | Answer::Removed)) =
                self.ask(id, &address, &ask, ASK_WAIT_MAX).await
        {
            return Ok(answer);
        }
        let membership = self.metrics().membership_config;
        let members = membership.membership().nodes();
        let members = members.filter(|(id, _)| **id != self.me.node);
        let members = members.map(|(_, peer)| peer.address.clone());
        let known = own
            .folder
            .known()
            .nodes
            .into_iter()
            .map(|(_, address)| address);
        let mut asked = BTreeSet::new();
        let mut addresses: Vec<String> = members.chain(known).chain(own.hints.clone()).collect();
        addresses.reverse();
        if addresses.is_empty() {
            // A group of one, before it leads itself.
            return Ok(Answer::Done);
        }
        let mut why = unavailable("no other node is known");
        while let Some(address) = addresses.pop() {
            if address == own.place.address || !asked.insert(address.clone()) {
                continue;
            }
            match self.ask_anyone(own, &address, &ask).await {
                Ok(Answer::Leader { address }) => addresses.push(address),
                Ok(answer @ (Answer::Done | Answer::Removed)) => return Ok(answer),
                Ok(Answer::Refused { kind, why: told }) => why = MembersError::told(kind, told),
                Ok(other) => why = super::strange(&other),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    async fn ask_anyone(
        &self,
        own: &Own,
        address: &str,
        ask: &Ask,
    ) -> Result<Answer, MembersError> {
        let asking = async {
            let stream = own.tls.call_anyone(address).await.map_err(unavailable)?;
            let answer = wire::ask(stream, self.me.node, ask, ASK_WAIT_MAX).await;
            answer.map_err(unavailable)
        };
        let answered = tokio::time::timeout(ASK_WAIT_MAX, asking).await;
        let answered = answered.unwrap_or_else(|_| Err(unavailable("no answer in time")));
        answered.map_err(|why| unavailable(format!("{address}: {why}")))
    }
}
