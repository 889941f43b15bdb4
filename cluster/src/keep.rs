//! The upkeep beside the writing: the state is forced to disk regularly, and the log is cut when it has
//! grown, so that a restart replays little and the log stays small.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::disk::Reserve;
use crate::health::Health;
use crate::lag::{LAG_ENTRIES_MIN, Lag};
use crate::log::LogProgress;
use crate::network::Sending;
use crate::raft::{LogId, Raft};
use crate::runtime;
use crate::state::StateFile;

/// The log is cut all the same when it has grown to so many times what calls for a cut.
const HELD_CUTS_MAX: u64 = 16;
/// Even when the state is forced to disk less often.
const LOOK_EVERY_MAX: Duration = Duration::from_secs(1);

/// When upkeep is due.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// Force the state to disk; much that was applied does not wait for it. Nothing is applied meanwhile, and the log's own
    /// syncs are slower, so a moment of each second is noticed by somebody among a hundred strokes.
    pub(crate) flush_every: Duration,
    /// Cut the log when it has grown by this much,
    pub(crate) snapshot_log_bytes: u64,
    /// or after this time, if it has grown at all.
    pub(crate) snapshot_every: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            flush_every: Duration::from_secs(5),
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
            at: runtime::now(),
            log_bytes: 0,
        };
        let mut lag = Lag::default();
        let mut clock = runtime::interval(self.schedule.flush_every.min(LOOK_EVERY_MAX));
        clock.set_missed_tick_behavior(runtime::MissedTickBehavior::Delay);
        let mut flush_at = runtime::now();
        loop {
            let is_much = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = clock.tick() => false,
                () = self.state.dirty() => true,
            };
            if self.health.has_failed() {
                return;
            }
            // So that a full disk is noticed to have room again although nobody writes.
            self.reserve.is_short(runtime::now());
            if is_much || runtime::now() >= flush_at {
                if let Err(error) = self.state.flush().await {
                    self.health.fail(error.to_string());
                    return;
                }
                flush_at = runtime::now() + self.schedule.flush_every;
            }
            let log_bytes = self.log.bytes.load(Ordering::Relaxed);
            let now = runtime::now();
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
            if let Some(upto) = self.too_much_is_kept(&raft)
                && !held
            {
                let _ = raft.trigger().purge_log(upto).await;
            }
        }
    }
}

impl Keeper {
    /// openraft keeps some entries behind a cut, by their number. Where they are large the newest 16 MiB are enough.
    fn too_much_is_kept(&self, raft: &Raft) -> Option<u64> {
        let metrics = raft.metrics();
        let metrics = metrics.borrow();
        let index = |id: Option<LogId>| id.map_or(0, |id| id.index);
        let newest_from = self.log.newest_from.load(Ordering::Relaxed);
        let upto = newest_from.saturating_sub(1).min(index(metrics.snapshot));
        let last = metrics.last_log_index.unwrap_or(0);
        let mut others = metrics.replication.iter().flatten();
        let needed = others.any(|(_, accepted)| {
            let accepted = index(*accepted);
            accepted < upto && last.saturating_sub(accepted) <= LAG_ENTRIES_MIN
        });
        (upto > index(metrics.purged) && !needed).then_some(upto)
    }

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
