//! Which followers are behind and on their way back. The log is not cut before their noses: each cut beyond what they
//! have would send them to a whole new snapshot, under steady load for ever. One that stands still holds nothing up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A follower no further behind than this needs nothing that a cut takes away.
pub(crate) const LAG_ENTRIES_MIN: u64 = 64;
/// One that accepted nothing for so long stands still.
const STANDSTILL: Duration = Duration::from_secs(3);

#[derive(Debug, Default)]
pub(crate) struct Lag {
    seen: BTreeMap<u64, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    accepted: u64,
    since: Instant,
}

impl Lag {
    /// Whether one of the others is behind and moving. `accepted` is what each of them is known to hold.
    pub(crate) fn anyone_catching_up(
        &mut self,
        now: Instant,
        last: u64,
        accepted: impl Iterator<Item = (u64, u64)>,
    ) -> bool {
        let mut seen = BTreeMap::new();
        let mut any = false;
        for (node, accepted) in accepted {
            let since = match self.seen.get(&node) {
                Some(before) if before.accepted == accepted => before.since,
                Some(_) | None => now,
            };
            let behind = last.saturating_sub(accepted) > LAG_ENTRIES_MIN;
            any |= behind && now.duration_since(since) < STANDSTILL;
            seen.insert(node, Seen { accepted, since });
        }
        self.seen = seen;
        any
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{LAG_ENTRIES_MIN, Lag, STANDSTILL};

    #[test]
    fn one_that_catches_up_is_waited_for_and_one_that_stands_still_is_not() {
        let mut lag = Lag::default();
        let mut now = Instant::now();
        let mut check = |now, last, accepted: u64| {
            lag.anyone_catching_up(now, last, [(2, accepted), (3, last)].into_iter())
        };
        assert!(check(now, 1_000, 10));
        now += STANDSTILL - Duration::from_millis(1);
        assert!(check(now, 2_000, 10), "it may yet move");
        now += Duration::from_millis(1);
        assert!(!check(now, 2_000, 10), "it stands still");
        assert!(check(now, 2_000, 11), "it moves again");
        now += STANDSTILL;
        assert!(!check(now, 2_000, 2_000 - LAG_ENTRIES_MIN), "near enough");
    }
}
