//! How much comes in just now, so that what is worth gathering only where there is much waits for nothing elsewhere.

use std::time::{Duration, Instant};

/// What came so long ago counts for a third. Long enough that a few people who draw at the same moment are no crowd, short
/// enough that a crowd is noticed within it.
const MEMORY: Duration = Duration::from_millis(250);

/// A rate that forgets.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// What came, the longer ago the less of it.
    load: f64,
    at: Option<Instant>,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self {
            load: 0.0,
            at: None,
        }
    }

    /// So many came.
    pub(super) fn note(&mut self, now: Instant, count: usize) {
        self.load = self.load_at(now) + count as f64;
        // Times may come a little out of order.
        self.at = self.at.max(Some(now));
    }

    pub(super) fn per_second(&self, now: Instant) -> f64 {
        self.load_at(now) / MEMORY.as_secs_f64()
    }

    fn load_at(&self, now: Instant) -> f64 {
        let Some(at) = self.at else {
            return 0.0;
        };
        let since = now.saturating_duration_since(at);
        self.load * (-since.div_duration_f64(MEMORY)).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use std::time::{Duration, Instant};

    /// The rate seen after `per_second` came for so long, one at a time.
    fn after(per_second: u32, seconds: f64) -> f64 {
        let begun = Instant::now();
        let mut pace = Pace::new();
        let count = (f64::from(per_second) * seconds) as u32;
        let mut now = begun;
        for no in 1..=count {
            now = begun + Duration::from_secs(1) / per_second * no;
            pace.note(now, 1);
        }
        pace.per_second(now)
    }

    #[test]
    fn it_comes_to_the_rate_within_a_second_and_forgets_it_in_another() {
        for rate in [20, 200, 2_000] {
            let seen = after(rate, 1.0) / f64::from(rate);
            assert!((0.9..1.2).contains(&seen), "{rate}: {seen}");
        }
        let mut pace = Pace::new();
        let now = Instant::now();
        assert!(pace.per_second(now) < f64::EPSILON);
        pace.note(now, 100);
        assert!((pace.per_second(now) - 400.0).abs() < 1.0);
        assert!(pace.per_second(now + Duration::from_secs(1)) < 10.0);
        // What was received before is told after.
        pace.note(now - Duration::from_millis(5), 100);
        assert!((pace.per_second(now) - 800.0).abs() < 1.0);
    }
}
