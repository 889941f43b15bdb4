//! The upkeep beside the writing: the state is forced to disk regularly, and the log is cut when it has
//! grown, so that a restart replays little and the log stays small.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::disk::Reserve;
use crate::health::Health;
use crate::lag::Lag;
use crate::log::LogProgress;
use crate::network::Sending;
use crate::raft::Raft;
use crate::state::StateFile;

/// The log is cut all the same when it has grown to so many times what calls for a cut.
const HELD_CUTS_MAX: u64 = 16;

/// When upkeep is due.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) flush_every: Duration,
    /// Cut the log when it has grown by this much,
    pub(crate) snapshot_log_bytes: u64,
    /// or after this time, if it has grown at all.
    pub(crate) snapshot_every: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            flush_every: Duration::from_secs(1),
            snapshot_log_bytes: 64 << 20,
            snapshot_every: Duration::from_secs(600),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) schedule: Schedule,
    pub(crate) state: Arc<StateFile>,
    pub(crate) log: Arc<LogProgress>,
    pub(crate) reserve: Arc<Reserve>,
    pub(crate) health: Arc<Health>,
    pub(crate) sending: Arc<Sending>,
}

impl Keeper {
    pub(crate) async fn run(self, raft: Raft, stop: CancellationToken) {
        let mut cut = Cut {
            at: Instant::now(),
            log_bytes: 0,
        };
        let mut lag = Lag::default();
        let mut clock = tokio::time::interval(self.schedule.flush_every);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = clock.tick() => {}
                () = self.state.dirty() => {}
            }
            if self.health.has_failed() {
                return;
            }
            // So that a full disk is noticed to have room again although nobody writes.
            self.reserve.is_short(Instant::now());
            if let Err(error) = self.state.flush().await {
                self.health.fail(error.to_string());
                return;
            }
            let log_bytes = self.log.bytes.load(Ordering::Relaxed);
            let now = Instant::now();
            let held = self.others_need_the_log(&raft, &mut lag, now)
                && log_bytes - cut.log_bytes
                    < self
                        .schedule
                        .snapshot_log_bytes
                        .saturating_mul(HELD_CUTS_MAX);
            if cut.is_due(&self.schedule, now, log_bytes) && !held {
                cut = Cut { at: now, log_bytes };
                // Fails only when openraft has stopped, which the status reports.
                let _ = raft.trigger().snapshot().await;
            }
        }
    }
}

impl Keeper {
    /// Whether a follower receives a snapshot, or catches up by the log.
    fn others_need_the_log(&self, raft: &Raft, lag: &mut Lag, now: Instant) -> bool {
        let metrics = raft.metrics();
        let metrics = metrics.borrow();
        let last = metrics.last_log_index.unwrap_or(0);
        let others = metrics.replication.iter().flatten();
        let accepted = others.map(|(node, upto)| (*node, upto.map_or(0, |id| id.index)));
        lag.anyone_catching_up(now, last, accepted) || self.sending.any()
    }
}

/// When the log was last cut.
struct Cut {
    at: Instant,
    log_bytes: u64,
}

impl Cut {
    fn is_due(&self, schedule: &Schedule, now: Instant, log_bytes: u64) -> bool {
        let grown = log_bytes - self.log_bytes;
        let waited = now.duration_since(self.at);
        grown >= schedule.snapshot_log_bytes || (grown > 0 && waited >= schedule.snapshot_every)
    }
}
