//! One connection's line into its room, whatever carries it: what it may have under way, how fast it may speak, when it
//! was last heard, and what it said counted.

use super::Permit;
use super::outbox::{Outbox, Tally};
use super::rooms::{Joined, Rooms};
use super::task::Mail;
use super::who::Renewal;
use super::wire::{self, Frame};
use crate::metrics::Metrics;
use bytes::Bytes;
use easel_storage::DocName;
use prometheus::{IntCounter, IntCounterVec};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// What one connection may have under way in its room, in KiB; a small message counts as 64.
const PERMITS_KIB: u32 = 17 << 10;
const PERMIT_KIB_MIN: u32 = 64;
/// Writing that goes nowhere means a client that does not read. It cannot answer a ping, so it gets this much longer.
const STUCK_FACTOR: u32 = 3;
/// However much it says meanwhile, a client that takes nothing of what is written to it for so long is cut.
pub(super) const STUCK_MAX: Duration = Duration::from_secs(300);
/// What a message costs of its connection's rate, beyond 1: for its size, and for what it asks the room to do.
const RATE_BYTES: usize = 4 << 10;
const RATE_STEP_1: f64 = 200.0;
const RATE_QUERY: f64 = 50.0;
const RATE_CONTROL: f64 = 200.0;

/// What reader, writer and watch of one connection share.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) rooms: Arc<Rooms>,
    pub(super) doc: DocName,
    pub(super) seat: u64,
    pub(super) room: tokio::sync::mpsc::UnboundedSender<Mail>,
    pub(super) outbox: Arc<Outbox>,
    permits: Arc<Semaphore>,
    begun: Instant,
    /// When the last byte came, in ms since `begun`.
    heard_ms: AtomicU64,
    /// The reader waits for the room: what the peer says meanwhile is not heard, and that is not the peer's fault.
    is_held_up: AtomicBool,
    pub(super) is_writing: AtomicBool,
    /// When the last byte could be written, in ms since `begun`.
    pub(super) wrote_ms: AtomicU64,
    pub(super) counters: Counters,
}

impl Line {
    pub(super) fn new(
        rooms: &Arc<Rooms>,
        joined: Joined,
        outbox: Arc<Outbox>,
        counters: Counters,
    ) -> Self {
        Self {
            rooms: rooms.clone(),
            doc: joined.doc,
            seat: joined.seat,
            room: joined.room,
            outbox,
            permits: Arc::new(Semaphore::new(PERMITS_KIB as usize)),
            begun: Instant::now(),
            heard_ms: AtomicU64::new(0),
            is_held_up: AtomicBool::new(false),
            is_writing: AtomicBool::new(false),
            wrote_ms: AtomicU64::new(0),
            counters,
        }
    }

    /// Hands a message to the room once the connection's rate and its permits allow it.
    pub(super) async fn deliver(&self, message: Bytes, rate: &mut Rate) -> bool {
        self.counters.count_in(&message);
        self.is_held_up.store(true, Ordering::Relaxed);
        rate.wait(cost(&message)).await;
        if let Some(token) = wire::token_of(&message) {
            let (doc, seat) = (self.doc.clone(), self.seat);
            self.rooms.door.show(Renewal { doc, seat, token }).await;
            self.is_held_up.store(false, Ordering::Relaxed);
            self.hear();
            return !self.room.is_closed();
        }
        let kib = u32::try_from(message.len() >> 10)
            .unwrap_or(u32::MAX)
            .clamp(PERMIT_KIB_MIN, PERMITS_KIB);
        let permit = self.permits.clone().acquire_many_owned(kib).await;
        let permit = Permit::of(permit.expect("the semaphore is never closed"));
        self.is_held_up.store(false, Ordering::Relaxed);
        self.hear();
        self.room
            .send(Mail::Message {
                seat: self.seat,
                message,
                received: Instant::now(),
                permit,
            })
            .is_ok()
    }

    /// Pings a silent peer; returns when it has been silent, or has read nothing, for too long.
    pub(super) async fn watch(&self) -> &'static str {
        let (ping_every, silent_max) = (
            self.rooms.config.ping_every.0,
            self.rooms.config.silent_max.0,
        );
        loop {
            let silent = self.silent();
            let is_stuck = self.is_writing.load(Ordering::Relaxed);
            if silent >= silent_max * if is_stuck { STUCK_FACTOR } else { 1 } {
                return "nothing was heard for too long";
            }
            if is_stuck && self.since(&self.wrote_ms) >= STUCK_MAX {
                return "nothing was read for too long";
            }
            if silent >= ping_every && !is_stuck && self.outbox.offer(&Frame::ping()) {
                tokio::time::sleep(ping_every.min(silent_max.saturating_sub(silent))).await;
            } else {
                tokio::time::sleep(
                    ping_every
                        .saturating_sub(silent)
                        .max(Duration::from_secs(1)),
                )
                .await;
            }
        }
    }

    /// For how long nothing was heard.
    pub(super) fn silent(&self) -> Duration {
        if self.is_held_up.load(Ordering::Relaxed) {
            self.hear();
        }
        self.since(&self.heard_ms)
    }

    fn since(&self, noted_ms: &AtomicU64) -> Duration {
        let noted = Duration::from_millis(noted_ms.load(Ordering::Relaxed));
        self.begun.elapsed().saturating_sub(noted)
    }

    pub(super) fn hear(&self) {
        self.note(&self.heard_ms);
    }

    pub(super) fn note(&self, noted_ms: &AtomicU64) {
        let now_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        noted_ms.store(now_ms, Ordering::Relaxed);
    }
}

/// A token bucket. A client that says too much is not sent away: it is read more slowly, and only it.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Rate {
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        let burst = f64::from(burst.max(1));
        Self {
            per_second: f64::from(per_second.max(1)),
            burst,
            tokens: burst,
            at: Instant::now(),
        }
    }

    async fn wait(&mut self, cost: f64) {
        let now = Instant::now();
        self.tokens = (self.tokens + now.duration_since(self.at).as_secs_f64() * self.per_second)
            .min(self.burst);
        self.at = now;
        self.tokens -= cost;
        if self.tokens < 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(-self.tokens / self.per_second)).await;
        }
    }
}

fn cost(message: &[u8]) -> f64 {
    let asks = match message {
        [0, 0, ..] => RATE_STEP_1,
        [3, ..] => RATE_QUERY,
        [100, ..] => RATE_CONTROL,
        _ => 0.0,
    };
    1.0 + (message.len() / RATE_BYTES) as f64 + asks
}

/// The counters of one connection, looked up once.
#[derive(Debug)]
pub(super) struct Counters {
    sync_in: IntCounter,
    awareness_in: IntCounter,
    other_in: IntCounter,
    bytes_in: IntCounter,
    sync_out: IntCounter,
    awareness_out: IntCounter,
    other_out: IntCounter,
    bytes_out: IntCounter,
}

impl Counters {
    pub(super) fn of_socket(metrics: &Metrics) -> Self {
        Self::new(&metrics.ws_messages, &metrics.ws_bytes)
    }

    pub(super) fn of_stream(metrics: &Metrics) -> Self {
        Self::new(&metrics.sse_messages, &metrics.sse_bytes)
    }

    fn new(messages: &IntCounterVec, bytes: &IntCounterVec) -> Self {
        Self {
            sync_in: messages.with_label_values(&["in", "sync"]),
            awareness_in: messages.with_label_values(&["in", "awareness"]),
            other_in: messages.with_label_values(&["in", "other"]),
            bytes_in: bytes.with_label_values(&["in"]),
            sync_out: messages.with_label_values(&["out", "sync"]),
            awareness_out: messages.with_label_values(&["out", "awareness"]),
            other_out: messages.with_label_values(&["out", "other"]),
            bytes_out: bytes.with_label_values(&["out"]),
        }
    }

    pub(super) fn count_in(&self, message: &[u8]) {
        match message.first() {
            Some(0) => self.sync_in.inc(),
            Some(1) => self.awareness_in.inc(),
            _ => self.other_in.inc(),
        }
        self.bytes_in.inc_by(message.len() as u64);
    }

    pub(super) fn count_out(&self, tally: Tally, parts: &[Bytes]) {
        self.sync_out.inc_by(tally.sync);
        self.awareness_out.inc_by(tally.awareness);
        self.other_out.inc_by(tally.other);
        self.bytes_out
            .inc_by(parts.iter().map(|part| part.len() as u64).sum());
    }
}
