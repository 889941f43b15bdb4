//! Every metric of a node, as typed fields: whoever counts something takes `Arc<Metrics>` and touches one field.
//!
//! Names follow Prometheus: base units, `_total` for counters. No id of a board or a person is ever a label, so the
//! number of series does not grow with use. Values that are read rather than counted (Raft, disk, process) are set
//! at scrape time by [`crate::observe`].

use crate::http::problem::Code;
use prometheus::core::Collector;
use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

/// Requests: 5 ms to 5 s, as the service level is a p95 of 100 ms.
const HTTP_BUCKETS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// A disk: from a fast NVMe's 100 µs to a stuck second.
const DISK_BUCKETS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];
/// Work in memory: from 10 µs, as a room's share of a stroke is tens of microseconds.
const CPU_BUCKETS: &[f64] = &[
    0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 1.0,
];
/// Receive to durable: the alert stands at 250 ms.
const ACK_BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// All metrics of one node and the registry that prints them.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,

    /// Labels `route` (the template, never the path), `method`, `status_class`.
    pub(crate) http_requests: IntCounterVec,
    /// Label `route`.
    pub(crate) http_duration: HistogramVec,
    pub(crate) http_in_flight: IntGauge,
    /// Open TCP connections of the public listener, sockets included.
    pub(crate) http_connections: IntGauge,
    pub(crate) ops_connections: IntGauge,
    pub(crate) http_panics: IntCounter,
    /// Label `policy`: requests that there was too little left for.
    pub(crate) http_limited: IntCounterVec,
    /// Label `kind`: what pages told of their own failures.
    pub(crate) client_errors: IntCounterVec,

    /// Labels `result` (`ok`, `refused`, `delayed`, `busy`, `failed`) and `method` (`password`, `reauth`, `link`).
    logins: IntCounterVec,
    /// Label `result` (`ok`, `expired`, `reuse`, `failed`).
    refreshes: IntCounterVec,
    lockouts: IntCounter,
    /// Label `reason` (`access-lost`, `session-over`).
    pub(crate) seats_revoked: IntCounterVec,
    /// Label `result`: `taken` or `refused`.
    pub(crate) seats_renewed: IntCounterVec,

    /// Label `kind`: `easel` or `yjs`.
    pub(crate) ws_connections: IntGaugeVec,
    pub(crate) ws_opened: IntCounter,
    /// Label `code`: the close code; 1006 when the peer vanished.
    pub(crate) ws_closed: IntCounterVec,
    /// `result`: `ok`, `failed`, `timeout`, `not-tls`.
    pub(crate) tls_handshakes: IntCounterVec,
    pub(crate) tls_not_after_seconds: Gauge,
    /// Labels `dir` (`in`, `out`) and `type`.
    pub(crate) ws_messages: IntCounterVec,
    /// Label `dir`.
    pub(crate) ws_bytes: IntCounterVec,
    /// Label `reason`.
    pub(crate) ws_resyncs: IntCounterVec,
    /// Streams of events that hold a seat, with or without a response open just now.
    pub(crate) sse_streams: IntGauge,
    pub(crate) sse_opened: IntCounter,
    pub(crate) sse_resumed: IntCounter,
    /// Label `code`: as for WebSockets.
    pub(crate) sse_closed: IntCounterVec,
    /// Labels `dir` (`in`, `out`) and `type`.
    pub(crate) sse_messages: IntCounterVec,
    /// Label `dir`.
    pub(crate) sse_bytes: IntCounterVec,
    pub(crate) boards_open: IntGauge,
    /// One update into a room's document.
    pub(crate) update_apply: Histogram,
    /// From receiving an update to telling its author that it is durable.
    pub(crate) stroke_ack: Histogram,
    /// From receiving an update to the last local send.
    pub(crate) fanout: Histogram,
    /// Label `reason`: the gate's or the store's code.
    pub(crate) updates_rejected: IntCounterVec,
    pub(crate) update_repairs: IntCounter,
    pub(crate) rooms_poisoned: IntCounter,
    pub(crate) compactions: IntCounter,

    /// A board's picture for the start page, from its stored updates.
    pub(crate) preview_draw: Histogram,
    /// A picture that somebody brought, decoded and written anew. Its count is that of the pictures taken.
    pub(crate) image_work: Histogram,
    /// Label `reason`: `type`, `too-large`, `broken`.
    pub(crate) images_refused: IntCounterVec,
    pub(crate) blobs: IntGauge,
    pub(crate) blob_bytes: IntGauge,
    pub(crate) blobs_scrubbed: IntCounter,
    pub(crate) blob_scrubbed_bytes: IntCounter,
    pub(crate) blobs_damaged: IntCounter,
    pub(crate) blobs_brought: IntCounter,
    pub(crate) blobs_collected: IntCounter,
    pub(crate) blobs_missing: IntGauge,
    pub(crate) blobs_unnamed: IntGauge,

    pub(crate) raft_term: IntGauge,
    pub(crate) raft_is_leader: IntGauge,
    pub(crate) raft_has_quorum: IntGauge,
    pub(crate) raft_last_log_index: IntGauge,
    pub(crate) raft_commit_index: IntGauge,
    pub(crate) raft_applied_index: IntGauge,
    pub(crate) raft_durable_index: IntGauge,
    pub(crate) raft_snapshot_index: IntGauge,
    pub(crate) raft_leader_changes: IntCounter,
    pub(crate) raft_in_touch: IntGauge,
    /// Label `result`: `done`, or why not.
    pub(crate) raft_proposals: IntCounterVec,
    /// Label `peer`; on the leader.
    pub(crate) raft_follower_lag: IntGaugeVec,
    pub(crate) bus_sent: IntCounter,
    pub(crate) bus_dropped: IntCounter,
    pub(crate) bus_heard: IntCounter,
    pub(crate) bus_peers: IntGauge,
    pub(crate) bus_gaps: IntCounter,
    /// One append to the log, sync included.
    pub(crate) raft_append: Histogram,
    pub(crate) raft_append_bytes: IntCounter,
    pub(crate) raft_fsync: Histogram,
    /// Commands in one entry: how well the batcher batches.
    pub(crate) raft_batch_commands: Histogram,
    pub(crate) raft_batch_bytes: IntCounter,
    pub(crate) raft_snapshot: Histogram,
    pub(crate) raft_snapshot_log_bytes: IntGauge,
    /// One apply of an entry to the state, as the store sees it.
    pub(crate) store_commit: Histogram,
    pub(crate) store_commands: IntCounter,
    /// Label `kind`: `log`, `state`, `cache`.
    pub(crate) store_bytes: IntGaugeVec,
    pub(crate) store_disk_full: IntGauge,
    /// Label `route`.
    pub(crate) authz_denied: IntCounterVec,
    pub(crate) token_key_age: IntGauge,
    pub(crate) disk_free_bytes: IntGauge,
    pub(crate) backup_last_success: Gauge,
    pub(crate) backup_size_bytes: IntGauge,
    pub(crate) backups_failed: IntCounter,

    pub(crate) process_cpu_seconds: Gauge,
    pub(crate) process_resident_memory_bytes: IntGauge,
    pub(crate) process_virtual_memory_bytes: IntGauge,
    pub(crate) process_open_fds: IntGauge,
    pub(crate) process_max_fds: IntGauge,
    pub(crate) process_threads: IntGauge,
    pub(crate) process_start_time_seconds: Gauge,
    pub(crate) build_info: IntGaugeVec,
}

impl Metrics {
    /// Counts a password that was given: by what was answered, `None` for yes.
    pub(crate) fn count_login(&self, method: &str, answered: Option<Code>) {
        let result = match answered {
            None => "ok",
            Some(Code::InvalidCredentials | Code::LinkPassword) => "refused",
            Some(Code::TooManyAttempts) => "delayed",
            Some(Code::Busy) => "busy",
            Some(_) => "failed",
        };
        if result == "delayed" {
            self.lockouts.inc();
        }
        self.logins.with_label_values(&[result, method]).inc();
    }

    pub(crate) fn count_refresh(&self, answered: Option<Code>) {
        let result = match answered {
            None => "ok",
            Some(Code::RefreshExpired) => "expired",
            Some(Code::RefreshReused) => "reuse",
            Some(_) => "failed",
        };
        self.refreshes.with_label_values(&[result]).inc();
    }

    /// Registers everything. Nothing here depends on input, so a failure is a bug of ours.
    pub(crate) fn new() -> Metrics {
        let registry = Registry::new();
        let make = Maker(&registry);
        let metrics = Metrics {
            http_requests: make.counters(
                "easel_http_requests_total",
                "Requests answered.",
                &["route", "method", "status_class"],
            ),
            http_duration: make.histograms(
                "easel_http_request_duration_seconds",
                "From the request's head to the response's head.",
                &["route"],
                HTTP_BUCKETS,
            ),
            http_in_flight: make.gauge("easel_http_requests_in_flight", "Requests being answered."),
            http_connections: make.gauge(
                "easel_http_connections",
                "Open TCP connections, WebSockets included.",
            ),
            ops_connections: make.gauge(
                "easel_ops_connections",
                "Open TCP connections of the operations listener.",
            ),
            http_panics: make.counter(
                "easel_http_panics_total",
                "Requests that hit a bug and were answered 500.",
            ),
            http_limited: make.counters(
                "easel_http_limited_total",
                "Requests refused because a policy's quota was used up.",
                &["policy"],
            ),
            client_errors: make.counters(
                "easel_client_errors_total",
                "Failures that pages told of themselves.",
                &["kind"],
            ),

            logins: make.counters(
                "easel_logins_total",
                "Passwords that were given, by what came of it.",
                &["result", "method"],
            ),
            refreshes: make.counters(
                "easel_refresh_total",
                "Sessions that were to be renewed, by what came of it; `reuse` ended one that was copied.",
                &["result"],
            ),
            lockouts: make.counter(
                "easel_lockouts_total",
                "Attempts that came sooner than the guard against guessing lets them.",
            ),
            seats_revoked: make.counters(
                "easel_seats_revoked_total",
                "Open connections that were ended because who held them may no longer be there.",
                &["reason"],
            ),

            seats_renewed: make.counters(
                "easel_seats_renewed_total",
                "Tokens that came over open connections, to stay there longer.",
                &["result"],
            ),

            ws_connections: make.gauges(
                "easel_ws_connections",
                "Open WebSockets by the protocol they speak.",
                &["kind"],
            ),
            ws_opened: make.counter("easel_ws_opened_total", "WebSockets opened."),
            tls_handshakes: make.counters(
                "easel_tls_handshakes_total",
                "Handshakes on the public listener, by result.",
                &["result"],
            ),
            tls_not_after_seconds: make.float(
                "easel_tls_certificate_not_after_seconds",
                "When the certificate in use ends, as Unix time; 0 without TLS.",
            ),
            ws_closed: make.counters(
                "easel_ws_closed_total",
                "WebSockets closed, by close code.",
                &["code"],
            ),
            ws_messages: make.counters(
                "easel_ws_messages_total",
                "Messages on WebSockets.",
                &["dir", "type"],
            ),
            ws_bytes: make.counters(
                "easel_ws_bytes_total",
                "Payload bytes on WebSockets.",
                &["dir"],
            ),
            ws_resyncs: make.counters(
                "easel_ws_resyncs_total",
                "Times a client was brought up to date by a diff.",
                &["reason"],
            ),
            sse_streams: make.gauge("easel_sse_streams", "Streams of events that hold a seat."),
            sse_opened: make.counter("easel_sse_opened_total", "Streams of events opened."),
            sse_resumed: make.counter(
                "easel_sse_resumed_total",
                "Streams that went on after their connection was lost.",
            ),
            sse_closed: make.counters(
                "easel_sse_closed_total",
                "Streams of events ended, by close code.",
                &["code"],
            ),
            sse_messages: make.counters(
                "easel_sse_messages_total",
                "Messages in posts and streams of events.",
                &["dir", "type"],
            ),
            sse_bytes: make.counters(
                "easel_sse_bytes_total",
                "Bytes of messages in posts and streams of events.",
                &["dir"],
            ),
            boards_open: make.gauge("easel_boards_open", "Rooms in memory."),
            update_apply: make.histogram(
                "easel_update_apply_seconds",
                "One update into a room's document.",
                CPU_BUCKETS,
            ),
            stroke_ack: make.histogram(
                "easel_stroke_ack_seconds",
                "From receiving an update to telling its author that it is durable.",
                ACK_BUCKETS,
            ),
            fanout: make.histogram(
                "easel_fanout_seconds",
                "From receiving an update to its last send on this node.",
                CPU_BUCKETS,
            ),
            updates_rejected: make.counters(
                "easel_updates_rejected_total",
                "Updates refused, by reason.",
                &["reason"],
            ),
            update_repairs: make.counter(
                "easel_update_repairs_total",
                "Repairs of documents that honest updates made invalid together.",
            ),
            rooms_poisoned: make.counter(
                "easel_rooms_poisoned_total",
                "Rooms dropped and rebuilt from the store.",
            ),
            compactions: make.counter(
                "easel_store_compactions_total",
                "Compactions of a board's tail.",
            ),

            preview_draw: make.histogram(
                "easel_preview_draw_seconds",
                "Drawing a board's preview, from its stored updates.",
                HTTP_BUCKETS,
            ),
            image_work: make.histogram(
                "easel_image_work_seconds",
                "Decoding a picture and writing its forms.",
                HTTP_BUCKETS,
            ),
            images_refused: make.counters(
                "easel_images_refused_total",
                "Pictures refused, by reason.",
                &["reason"],
            ),
            blobs: make.gauge("easel_store_blobs", "Files kept apart from the records."),
            blob_bytes: make.gauge(
                "easel_store_blob_bytes",
                "Bytes of the files kept apart from the records.",
            ),
            blobs_scrubbed: make.counter(
                "easel_store_blobs_scrubbed_total",
                "Files read through to see whether they are whole.",
            ),
            blob_scrubbed_bytes: make.counter(
                "easel_store_blob_scrubbed_bytes_total",
                "Bytes read through to see whether they are whole.",
            ),
            blobs_damaged: make.counter(
                "easel_store_blobs_damaged_total",
                "Files found damaged, and moved aside.",
            ),
            blobs_brought: make.counter(
                "easel_store_blobs_brought_total",
                "Files brought from another node, since they were damaged or missing.",
            ),
            blobs_collected: make.counter(
                "easel_store_blobs_collected_total",
                "Files deleted, since nothing had named them for long.",
            ),
            blobs_missing: make.gauge(
                "easel_store_blobs_missing",
                "Files that are named and that no node has whole; 0 is good.",
            ),
            blobs_unnamed: make.gauge(
                "easel_store_blobs_unnamed",
                "Files that nothing names just now; they go after blob.collect_after, in a bucket never.",
            ),

            raft_term: make.gauge("easel_raft_term", "Current term."),
            raft_is_leader: make.gauge("easel_raft_is_leader", "1 when this node leads."),
            raft_has_quorum: make.gauge("easel_raft_has_quorum", "1 when a majority is reachable."),
            raft_last_log_index: make.gauge("easel_raft_last_log_index", "Last index in the log."),
            raft_commit_index: make.gauge("easel_raft_commit_index", "Last committed index."),
            raft_applied_index: make.gauge("easel_raft_applied_index", "Last applied index."),
            raft_durable_index: make.gauge(
                "easel_raft_durable_index",
                "Last index whose effects survive a crash without the log.",
            ),
            raft_snapshot_index: make.gauge(
                "easel_raft_snapshot_index",
                "Last index in the newest snapshot.",
            ),
            raft_leader_changes: make
                .counter("easel_raft_leader_changes_total", "Changes of leader seen."),
            raft_in_touch: make.gauge(
                "easel_raft_in_touch",
                "1 while this node has everything that was acknowledged up to a second ago.",
            ),
            raft_proposals: make.counters(
                "easel_raft_proposals_total",
                "Submissions handed in at this node, by how they ended.",
                &["result"],
            ),
            raft_follower_lag: make.gauges(
                "easel_raft_follower_lag_entries",
                "Entries that another member is behind, as the leader knows it.",
                &["peer"],
            ),
            bus_sent: make.counter(
                "easel_bus_sent_total",
                "Messages handed to other nodes.",
            ),
            bus_dropped: make.counter(
                "easel_bus_dropped_total",
                "Messages that had no room or no way to a node that wanted them.",
            ),
            bus_heard: make.counter(
                "easel_bus_heard_total",
                "Messages heard from other nodes.",
            ),
            bus_peers: make.gauge(
                "easel_bus_connected_peers",
                "Nodes that can be spoken to.",
            ),
            bus_gaps: make.counter(
                "easel_bus_gaps_total",
                "Times that a room noticed that it missed something of another node's.",
            ),
            raft_append: make.histogram(
                "easel_raft_append_seconds",
                "One append to the log, sync included.",
                DISK_BUCKETS,
            ),
            raft_append_bytes: make.counter(
                "easel_raft_append_bytes_total",
                "Bytes appended to the log.",
            ),
            raft_fsync: make.histogram(
                "easel_raft_fsync_seconds",
                "One sync of the log.",
                DISK_BUCKETS,
            ),
            raft_batch_commands: make.histogram(
                "easel_raft_batch_commands",
                "Commands in one entry.",
                &[
                    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0,
                ],
            ),
            raft_batch_bytes: make
                .counter("easel_raft_batch_bytes_total", "Bytes of entries proposed."),
            raft_snapshot: make.histogram(
                "easel_raft_snapshot_seconds",
                "One snapshot of the state.",
                HTTP_BUCKETS,
            ),
            raft_snapshot_log_bytes: make.gauge(
                "easel_raft_snapshot_log_bytes",
                "Bytes of log that the newest snapshot covers.",
            ),
            store_commit: make.histogram(
                "easel_store_commit_seconds",
                "One entry into the state.",
                DISK_BUCKETS,
            ),
            store_commands: make.counter("easel_store_commands_total", "Commands applied."),
            store_bytes: make.gauges(
                "easel_store_bytes",
                "Size of the files in the data folder.",
                &["kind"],
            ),
            store_disk_full: make.gauge(
                "easel_store_disk_full",
                "1 while writes are refused because the disk reserve is used up.",
            ),
            authz_denied: make.counters(
                "easel_authz_denied_total",
                "Requests of people who may not do what they asked for.",
                &["route"],
            ),
            token_key_age: make.gauge(
                "easel_token_key_age_seconds",
                "Age of the key that tokens are sealed with.",
            ),
            disk_free_bytes: make.gauge(
                "easel_disk_free_bytes",
                "Free space where the data folder is.",
            ),
            backup_last_success: make.float(
                "easel_backup_last_success_timestamp_seconds",
                "When the newest backup was made; 0 while none is known.",
            ),
            backup_size_bytes: make.gauge(
                "easel_backup_size_bytes",
                "All that the newest backup consists of.",
            ),
            backups_failed: make.counter(
                "easel_backup_failures_total",
                "Backups that were due and were not made.",
            ),

            process_cpu_seconds: make.float("process_cpu_seconds_total", "CPU time used."),
            process_resident_memory_bytes: make
                .gauge("process_resident_memory_bytes", "Resident memory."),
            process_virtual_memory_bytes: make
                .gauge("process_virtual_memory_bytes", "Virtual memory."),
            process_open_fds: make.gauge("process_open_fds", "Open file descriptors."),
            process_max_fds: make.gauge("process_max_fds", "Most file descriptors allowed."),
            process_threads: make.gauge("process_threads", "Threads."),
            process_start_time_seconds: make
                .float("process_start_time_seconds", "Start, in Unix time."),
            build_info: make.gauges("easel_build_info", "Always 1.", &["version", "commit"]),
            registry: registry.clone(),
        };
        for kind in ["easel", "yjs"] {
            // So that a graph begins at zero and not at the first connection.
            metrics.ws_connections.with_label_values(&[kind]);
        }
        metrics
            .build_info
            .with_label_values(&[crate::VERSION, crate::COMMIT])
            .set(1);
        metrics
    }

    /// The text form that Prometheus scrapes.
    pub(crate) fn text(&self) -> String {
        let mut out = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut out)
            .expect("the registry holds only valid families and a Vec takes every write");
        String::from_utf8(out).expect("names, labels and help texts are UTF-8")
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

struct Maker<'a>(&'a Registry);

impl Maker<'_> {
    fn register<C: Collector + Clone + 'static>(&self, collector: C) -> C {
        self.0
            .register(Box::new(collector.clone()))
            .expect("every name is registered once");
        collector
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.register(IntCounter::new(name, help).expect("a valid name"))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.register(IntCounterVec::new(Opts::new(name, help), labels).expect("a valid name"))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.register(IntGauge::new(name, help).expect("a valid name"))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.register(IntGaugeVec::new(Opts::new(name, help), labels).expect("a valid name"))
    }

    fn float(&self, name: &str, help: &str) -> Gauge {
        self.register(Gauge::new(name, help).expect("a valid name"))
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(Histogram::with_opts(opts).expect("a valid name and rising buckets"))
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> HistogramVec {
        let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(HistogramVec::new(opts, labels).expect("a valid name and rising buckets"))
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn the_text_names_what_was_counted() {
        let metrics = Metrics::new();
        metrics.stroke_ack.observe(0.003);
        metrics.ws_closed.with_label_values(&["4422"]).inc();
        let text = metrics.text();
        for line in [
            "easel_stroke_ack_seconds_bucket{le=\"0.005\"} 1",
            "easel_ws_closed_total{code=\"4422\"} 1",
            "easel_fanout_seconds_count 0",
        ] {
            assert!(
                text.lines().any(|have| have == line),
                "{line} not in\n{text}"
            );
        }
    }
}
