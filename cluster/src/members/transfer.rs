//! Another voter leads, because somebody wishes so and not because this one is gone.
//!
//! openraft knows no transfer. Done from outside:
//!
//! 1. Nothing more is proposed here; what comes in waits, and what is under way is finished.
//! 2. The chosen one has all of the log, so that nobody needs to refuse it.
//! 3. It stands, without asking around. This node votes for it: a leader's own lease is that of its election, which is
//!    waited out first, while writes go on. With three voters that is the majority. Where it takes more votes, the others' lease has to run out first: no
//!    entries come by themselves now, and the heartbeats are left out.
//! 4. What waits here is told that this node does not lead, and goes to the new leader.
//!
//! If any of it takes too long the node goes on leading, or another is elected as ever.

use std::collections::BTreeSet;
use std::time::Duration;

use super::changes::no_node;
use super::wire::{Answer, Ask};
use super::{Done, Inner, MembersError, unavailable};
use crate::election::{LEASE, LEASE_MARGIN};
use crate::raft::{Membership, Metrics};

/// The chosen one answers within this, or another is chosen.
const THERE_WAIT_MAX: Duration = Duration::from_secs(1);
/// For what is under way to be finished, and the chosen one to have all of it.
const QUIET_WAIT_MAX: Duration = Duration::from_secs(2);
/// For the election.
const ELECTION_WAIT_MAX: Duration = Duration::from_secs(5);

impl Inner {
    /// The caller holds the turn.
    pub(super) async fn transfer(&self, to: Option<u64>) -> Done {
        let metrics = self.metrics();
        let membership = metrics.membership_config.membership();
        let (to, address) = match to {
            Some(to) if to == self.me.node => return Ok(Answer::Transferred { to }),
            Some(to) => (to, self.named(to, membership).await?),
            None => self.best(&metrics, membership).await?,
        };
        self.elections.own_lease().await;
        let held = self.intake.hold();
        tokio::time::timeout(QUIET_WAIT_MAX, held.quiet())
            .await
            .map_err(|_| unavailable("what is under way was not finished in time"))?;
        let has_all = |m: &Metrics| {
            let others = m.replication.iter().flatten();
            let mut accepted = others.filter(|(node, _)| **node == to);
            accepted.any(|(_, upto)| upto.map(|id| id.index) >= m.last_log_index)
        };
        let all = self.raft.wait(Some(QUIET_WAIT_MAX));
        let all = all.metrics(has_all, "the chosen one has the whole log");
        all.await
            .map_err(|_| unavailable(format!("node {to} did not catch up in time")))?;
        let voters = membership.voter_ids().count();
        let _hush = match voters > 3 {
            false => None,
            true => {
                let hush = self.elections.hush();
                tokio::time::sleep(LEASE + LEASE_MARGIN).await;
                Some(hush)
            }
        };
        self.ask(to, &address, &Ask::Elect, THERE_WAIT_MAX).await?;
        let elected = self.raft.wait(Some(ELECTION_WAIT_MAX));
        match elected.current_leader(to, "the chosen one leads").await {
            Ok(_) => Ok(Answer::Transferred { to }),
            Err(_) => Err(unavailable(format!("node {to} was not elected"))),
        }
    }

    /// Where it is, if it can lead.
    async fn named(&self, to: u64, membership: &Membership) -> Result<String, MembersError> {
        let Some(peer) = membership.get_node(&to) else {
            return Err(no_node(to));
        };
        if membership.voter_ids().all(|voter| voter != to) {
            let why = format!("node {to} does not vote, so it cannot lead");
            return Err(MembersError::Refused(why));
        }
        let there = self.ask(to, &peer.address, &Ask::Alive, THERE_WAIT_MAX);
        match there.await? {
            Answer::Refused { why, .. } => Err(MembersError::Refused(format!("node {to}: {why}"))),
            _ => Ok(peer.address.clone()),
        }
    }

    /// Of those that answer the one that is nearest.
    async fn best(
        &self,
        metrics: &Metrics,
        membership: &Membership,
    ) -> Result<(u64, String), MembersError> {
        let voters: BTreeSet<u64> = membership.voter_ids().collect();
        let confirmed = metrics.replication.iter().flatten();
        let mut others: Vec<_> = confirmed
            .filter(|(node, _)| **node != self.me.node && voters.contains(node))
            .map(|(node, upto)| (upto.map_or(0, |id| id.index), *node))
            .collect();
        others.sort_unstable();
        let mut why = MembersError::Refused("there is no other voter to lead".to_owned());
        while let Some((_, node)) = others.pop() {
            match self.named(node, membership).await {
                Ok(address) => return Ok((node, address)),
                Err(error) => why = error,
            }
        }
        Err(why)
    }
}
