//! What is measured elsewhere, as metrics: the node below reports its work to [`ClusterWork`], and [`refresh`] reads
//! at scrape time what is not counted but simply is.

use crate::app::App;
use crate::auth::{Known, wall_clock};
use crate::bucket::BucketCounts;
use crate::metrics::Metrics;
use crate::process;
use easel_cluster::{BlobCounts, BusCounts, Observer, Status};
use easel_storage::{Change, SubmitError, disk};
use prometheus::IntGauge;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// Counts what the node does, and has forgotten what changed.
#[derive(Debug)]
pub(crate) struct ClusterWork {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) known: Arc<Known>,
    pub(crate) changes: broadcast::Sender<Change>,
}

impl Observer for ClusterWork {
    fn fsync(&self, took: Duration) {
        self.metrics.raft_fsync.observe(took.as_secs_f64());
    }

    fn append(&self, took: Duration, bytes: u64) {
        self.metrics.raft_append.observe(took.as_secs_f64());
        self.metrics.raft_append_bytes.inc_by(bytes);
    }

    fn batch(&self, commands: u64, bytes: u64) {
        self.metrics.raft_batch_commands.observe(commands as f64);
        self.metrics.raft_batch_bytes.inc_by(bytes);
    }

    fn apply(&self, took: Duration, commands: u64) {
        self.metrics.store_commit.observe(took.as_secs_f64());
        self.metrics.store_commands.inc_by(commands);
    }

    fn snapshot(&self, took: Duration, log_bytes: u64) {
        self.metrics.raft_snapshot.observe(took.as_secs_f64());
        set(&self.metrics.raft_snapshot_log_bytes, log_bytes);
    }

    fn leader_change(&self) {
        self.metrics.raft_leader_changes.inc();
    }

    fn submitted(&self, result: Result<(), SubmitError>) {
        let result = match result {
            Ok(()) => "done",
            Err(SubmitError::DiskFull) => "disk-full",
            Err(SubmitError::TooLarge) => "too-large",
            Err(SubmitError::Unavailable) => "unavailable",
            Err(SubmitError::TimedOut) => "unknown",
            Err(SubmitError::Stopped) => "stopped",
        };
        let proposals = &self.metrics.raft_proposals;
        proposals.with_label_values(&[result]).inc();
    }

    fn changed(&self, changes: &[Change]) {
        // First what requests are answered from, then whoever looks again.
        self.known.changed(changes);
        for change in changes {
            // Nobody listens before the node serves.
            let _ = self.changes.send(*change);
        }
    }
}

/// Sets everything that is read rather than counted.
pub(crate) async fn refresh(app: &Arc<App>) {
    let status = app.node.borrow().clone();
    set_node(&app.metrics, &status);
    set_bus(&app.metrics, app.rooms.bus_counts());
    let age_ms = app.auth.key_age_ms(wall_clock()).unwrap_or_default();
    set(&app.metrics.token_key_age, age_ms / 1_000);
    let app = app.clone();
    // Looking at files may wait for the disk.
    let looked = tokio::task::spawn_blocking(move || {
        process::refresh(&app.metrics);
        set_disk(&app.metrics, &app.config.data_dir);
        let kept = app.blobs.usage();
        set(&app.metrics.blobs, kept.blobs);
        set(&app.metrics.blob_bytes, kept.bytes);
        if let Some(upkeep) = &app.blob_upkeep {
            set_upkeep(&app.metrics, upkeep.counts());
        }
        if let Some(bucket) = &app.bucket {
            set_bucket(&app.metrics, bucket.counts());
        }
    });
    if let Err(error) = looked.await {
        tracing::warn!(%error, "cannot read the process's own figures");
    }
}

fn set_node(metrics: &Metrics, status: &Status) {
    set(&metrics.raft_term, status.term);
    metrics.raft_is_leader.set(status.is_leader.into());
    metrics.raft_in_touch.set(status.in_touch.into());
    // Who led before, or left, is behind nobody.
    metrics.raft_follower_lag.reset();
    for member in &status.members {
        if let Some(lag) = member.lag {
            let peer = member.id.to_string();
            set(&metrics.raft_follower_lag.with_label_values(&[&peer]), lag);
        }
    }
    metrics.raft_has_quorum.set(status.has_quorum.into());
    set(&metrics.raft_last_log_index, status.last_log_index);
    set(&metrics.raft_commit_index, status.commit_index);
    set(&metrics.raft_applied_index, status.applied_index);
    set(&metrics.raft_durable_index, status.durable_index);
    set(&metrics.raft_snapshot_index, status.snapshot_index);
    metrics.store_disk_full.set(status.disk_full.into());
}

fn set_upkeep(metrics: &Metrics, counts: BlobCounts) {
    for (counter, now) in [
        (&metrics.blobs_scrubbed, counts.scrubbed),
        (&metrics.blob_scrubbed_bytes, counts.scrubbed_bytes),
        (&metrics.blobs_damaged, counts.damaged),
        (&metrics.blobs_brought, counts.brought),
        (&metrics.blobs_collected, counts.collected),
    ] {
        counter.inc_by(now.saturating_sub(counter.get()));
    }
    set(&metrics.blobs_missing, counts.missing);
    set(&metrics.blobs_unnamed, counts.unnamed);
}

fn set_bucket(metrics: &Metrics, counts: BucketCounts) {
    for (counter, now) in [
        (&metrics.blobs_scrubbed, counts.read),
        (&metrics.blob_scrubbed_bytes, counts.read_bytes),
        (&metrics.blobs_damaged, counts.damaged),
    ] {
        counter.inc_by(now.saturating_sub(counter.get()));
    }
    set(&metrics.blobs_missing, counts.missing);
    set(&metrics.blobs_unnamed, counts.unnamed);
}

fn set_bus(metrics: &Metrics, counts: BusCounts) {
    for (counter, now) in [
        (&metrics.bus_sent, counts.sent),
        (&metrics.bus_dropped, counts.dropped),
        (&metrics.bus_heard, counts.heard),
    ] {
        counter.inc_by(now.saturating_sub(counter.get()));
    }
    set(&metrics.bus_peers, counts.peers);
}

fn set_disk(metrics: &Metrics, dir: &Path) {
    if let Ok(free) = disk::free_bytes(dir) {
        set(&metrics.disk_free_bytes, free);
    }
    if let Ok(file) = std::fs::metadata(dir.join("state.redb")) {
        set(
            &metrics.store_bytes.with_label_values(&["state"]),
            file.len(),
        );
    }
    for kind in ["log", "cache"] {
        set(
            &metrics.store_bytes.with_label_values(&[kind]),
            folder_bytes(&dir.join(kind)),
        );
    }
}

fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let about = entry.metadata().ok()?;
            Some(if about.is_dir() {
                folder_bytes(&entry.path())
            } else {
                about.len()
            })
        })
        .sum()
}

fn set(gauge: &IntGauge, value: u64) {
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
}
