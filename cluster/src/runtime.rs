//! What everything here runs on. That is tokio; in tests it may be a simulation with a clock and an order of its own
//! (`tests/simulation`). So whoever begins a task, waits or reads a clock asks here.

#[cfg(test)]
pub(crate) use crate::tests::simulation::runtime::*;
#[cfg(not(test))]
pub(crate) use real::*;

#[cfg(not(test))]
mod real {
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

    pub(crate) use openraft::TokioRuntime as RaftRuntime;
    pub(crate) use tokio::task::{JoinHandle, spawn, spawn_blocking};
    pub(crate) use tokio::time::{MissedTickBehavior, Sleep, interval, sleep, timeout};
    pub(crate) use tokio_util::task::AbortOnDropHandle;

    pub(crate) fn now() -> Instant {
        Instant::now()
    }

    pub(crate) fn sleep_until(at: Instant) -> Sleep {
        tokio::time::sleep_until(at.into())
    }

    /// As [`now`], and the time that the machine slept counts too.
    pub(crate) fn since_boot() -> Duration {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        // Neither part of a clock that began with the machine is negative.
        let (seconds, nanos) = (now.tv_sec.cast_unsigned(), now.tv_nsec.cast_unsigned());
        Duration::from_secs(seconds) + Duration::from_nanos(nanos)
    }

    /// Since the Unix epoch, as this machine's clock has it; nothing before 1970.
    pub(crate) fn clock() -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }

    /// A number that nobody foresees. Without the system's random numbers it is always the same.
    pub(crate) fn random() -> u32 {
        getrandom::u32().unwrap_or(u32::MAX / 2)
    }
}
