//! When a node stands, and for whom it would vote: plain values in, plain values out.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::raft::{LogId, Vote};

/// A leader says that it is there so often.
pub(super) const BEAT_EVERY: Duration = Duration::from_millis(250);
/// A follower that heard nothing for so long, and up to [`PATIENCE_SPREAD`] longer, asks the others.
pub(super) const SILENCE: Duration = Duration::from_millis(900);
/// Followers differ by this, so that mostly one stands.
pub(super) const PATIENCE_SPREAD: Duration = Duration::from_millis(500);
/// Who heard a leader within this votes for nobody else. Shorter than [`SILENCE`]: whoever asks after that finds the others
/// ready, also when they were the last to hear the leader.
pub(crate) const LEASE: Duration = Duration::from_millis(850);
/// An election that came to nothing is followed by the next after this, and up to the spread longer.
const ELECTION: Duration = Duration::from_millis(500);
/// Who has just voted gives that candidate time to win.
const JUST_VOTED: Duration = Duration::from_millis(300);
/// After so long without an answer of a majority the others have mostly elected another.
const FOLLOWED_FOR: Duration = SILENCE.saturating_add(PATIENCE_SPREAD);
/// Who has no vote looks so often whether that changed, beside being told.
const RESTING: Duration = Duration::from_secs(1);

/// What this node's Raft says of itself, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) me: u64,
    pub(super) leads: bool,
    /// Whom this node follows or voted for.
    pub(super) vote: Vote,
    /// When that began, or that leader was last heard.
    pub(super) vote_at: Option<Instant>,
    /// While the membership changes, a majority of each is needed.
    pub(super) voters: Vec<BTreeSet<u64>>,
    /// The newest entry of the log.
    pub(super) last: Option<LogId>,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It leads: say so to the others.
    Beat,
    Rest(Duration),
    /// Nobody else has a vote.
    Stand,
    /// The leader is silent: do the others find so too?
    Ask,
}

/// `patience` is this round's part of the spread.
pub(super) fn next(seen: &Seen, now: Instant, patience: Duration) -> Next {
    if seen.leads {
        return Next::Beat;
    }
    let mut others = seen.voters.iter().flatten().filter(|id| **id != seen.me);
    let votes = seen.voters.iter().any(|voters| voters.contains(&seen.me));
    if !votes {
        return Next::Rest(RESTING);
    }
    if others.next().is_none() {
        return Next::Stand;
    }
    let waits = patience
        + match seen.vote.committed {
            true => SILENCE,
            false => ELECTION,
        };
    match waits.checked_sub(seen.silence(now)) {
        Some(left) if !left.is_zero() => Next::Rest(left),
        _ => Next::Ask,
    }
}

/// Whether this node would vote for `from`, whose newest entry is `last`. `followed` says when a majority last answered
/// this node, if it leads.
pub(super) fn would_vote(
    seen: &Seen,
    now: Instant,
    from: u64,
    last: Option<LogId>,
    followed: Option<Duration>,
) -> bool {
    let silence = seen.silence(now);
    let has_leader = match seen.vote.committed {
        // A leader that nobody answers cannot commit anything, and stands in nobody's way.
        true if seen.leads => silence < LEASE || followed.is_some_and(|ago| ago < LEASE),
        true => silence < LEASE,
        false => seen.vote.leader_id.node_id != from && silence < JUST_VOTED,
    };
    !has_leader && last >= seen.last
}

/// Whether it hears of a leader, or of an election. A node without a vote never asks, and a removed one is told nothing more.
/// A leader is one as long as a majority answers it: see [`would_vote`].
pub(super) fn hears(seen: &Seen, now: Instant, followed: Option<Duration>) -> bool {
    if !seen.leads {
        return seen.silence(now) < 2 * RESTING;
    }
    let mut others = seen.voters.iter().flatten().filter(|id| **id != seen.me);
    others.next().is_none()
        || seen.silence(now) < FOLLOWED_FOR
        || followed.is_some_and(|ago| ago < FOLLOWED_FOR)
}

/// Whether these are enough to elect.
pub(super) fn is_majority(voters: &[BTreeSet<u64>], granted: &BTreeSet<u64>) -> bool {
    let holds = |voters: &BTreeSet<u64>| voters.intersection(granted).count() > voters.len() / 2;
    !voters.is_empty() && voters.iter().all(holds)
}

impl Seen {
    fn silence(&self, now: Instant) -> Duration {
        self.vote_at
            .map_or(Duration::MAX, |at| now.saturating_duration_since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openraft::CommittedLeaderId;

    fn log(term: u64, index: u64) -> Option<LogId> {
        Some(LogId::new(CommittedLeaderId::new(term, 1), index))
    }

    /// Node 2 of three, which follows node 1 and heard it so long ago.
    fn follower(now: Instant, silence_ms: u64) -> Seen {
        Seen {
            me: 2,
            leads: false,
            vote: Vote::new_committed(5, 1),
            vote_at: Some(now - Duration::from_millis(silence_ms)),
            voters: vec![BTreeSet::from([1, 2, 3])],
            last: log(5, 70),
        }
    }

    fn now() -> Instant {
        // Far enough from the beginning of the clock.
        Instant::now() + Duration::from_secs(3_600)
    }

    #[test]
    fn a_follower_asks_when_its_leader_fell_silent_and_not_before() {
        let now = now();
        let patience = Duration::from_millis(100);
        let rests = Next::Rest(Duration::from_millis(1));
        assert_eq!(next(&follower(now, 999), now, patience), rests);
        assert_eq!(next(&follower(now, 1_000), now, patience), Next::Ask);
        let mut candidate = follower(now, 599);
        candidate.vote = Vote::new(6, 2);
        assert_eq!(next(&candidate, now, patience), rests);
        candidate.vote_at = None;
        assert_eq!(next(&candidate, now, patience), Next::Ask);
    }

    #[test]
    fn who_has_no_vote_rests_and_who_has_the_only_one_stands() {
        let now = now();
        let mut seen = follower(now, 60_000);
        seen.voters = vec![BTreeSet::from([1, 3])];
        assert_eq!(next(&seen, now, Duration::ZERO), Next::Rest(RESTING));
        seen.voters = vec![BTreeSet::from([2])];
        seen.vote_at = Some(now);
        assert_eq!(next(&seen, now, Duration::ZERO), Next::Stand);
        seen.leads = true;
        assert_eq!(next(&seen, now, Duration::ZERO), Next::Beat);
    }

    #[test]
    fn nobody_would_vote_against_a_leader_that_was_just_heard() {
        let now = now();
        let grants = |seen: &Seen, last| would_vote(seen, now, 3, last, None);
        assert!(!grants(&follower(now, 849), log(5, 70)));
        assert!(grants(&follower(now, 850), log(5, 70)));
        assert!(grants(&follower(now, 850), log(6, 1)), "a newer term");
        assert!(!grants(&follower(now, 850), log(5, 69)), "an older log");
        assert!(!grants(&follower(now, 850), None));
    }

    #[test]
    fn a_leader_yields_only_when_no_majority_answers_it() {
        let now = now();
        let mut leader = follower(now, 60_000);
        leader.leads = true;
        let grants = |followed_ms: Option<u64>| {
            let followed = followed_ms.map(Duration::from_millis);
            would_vote(&leader, now, 3, log(5, 70), followed)
        };
        assert!(!grants(Some(849)));
        assert!(grants(Some(850)));
        assert!(grants(None), "nobody ever answered");
    }

    #[test]
    fn a_leader_is_none_any_more_when_no_majority_has_answered_it_for_an_election() {
        let now = now();
        let mut leader = follower(now, 60_000);
        leader.leads = true;
        let followed = |ms: Option<u64>| hears(&leader, now, ms.map(Duration::from_millis));
        assert!(followed(Some(1_399)));
        assert!(!followed(Some(1_400)));
        assert!(!followed(None));
        let elected = Seen {
            vote_at: Some(now),
            ..leader.clone()
        };
        assert!(hears(&elected, now, None), "nobody can have answered yet");
        let alone = Seen {
            voters: vec![BTreeSet::from([2])],
            ..leader
        };
        assert!(hears(&alone, now, None));
    }

    #[test]
    fn who_has_just_voted_waits_for_that_candidate() {
        let now = now();
        let mut voted = follower(now, 299);
        voted.vote = Vote::new(6, 1);
        let grants = |seen: &Seen, from| would_vote(seen, now, from, log(5, 70), None);
        assert!(!grants(&voted, 3));
        assert!(grants(&voted, 1));
        voted.vote_at = Some(now - JUST_VOTED);
        assert!(grants(&voted, 3));
    }

    #[test]
    fn a_change_of_the_membership_takes_both_majorities() {
        let voters = [BTreeSet::from([1, 2, 3]), BTreeSet::from([3, 4, 5])];
        let by = |granted: &[u64]| is_majority(&voters, &granted.iter().copied().collect());
        assert!(by(&[2, 3, 4]));
        assert!(!by(&[1, 2, 3]));
        assert!(!by(&[3, 4, 5]));
        assert!(!is_majority(&[], &BTreeSet::from([1])));
    }
}
