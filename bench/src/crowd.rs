//! Counting what reaches many clients, and what the server spent on it meanwhile.

use crate::process::own_cpu;
use crate::scenario::Figures;
use crate::servers::Server;
use crate::stats::Histogram;
use anyhow::Result;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// Deliveries to all clients together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    deliveries: Cell<u64>,
    latency: RefCell<Histogram>,
}

impl Tally {
    /// One edit has reached one client that did not make it, so long after it was sent.
    pub(crate) fn deliver(&self, latency_ns: u64) {
        self.deliveries.set(self.deliveries.get() + 1);
        self.latency.borrow_mut().add(latency_ns);
    }

    pub(crate) fn deliveries(&self) -> u64 {
        self.deliveries.get()
    }
}

/// A span of time in which everything is counted.
#[derive(Debug)]
pub(crate) struct Window {
    begun: Instant,
    deliveries: u64,
    server_cpu: Duration,
    own_cpu: Duration,
}

impl Window {
    pub(crate) fn open(server: &Server, tally: &Tally) -> Result<Self> {
        tally.latency.borrow_mut().clear();
        Ok(Self {
            begun: Instant::now(),
            deliveries: tally.deliveries.get(),
            server_cpu: server.process()?.cpu()?,
            own_cpu: own_cpu(),
        })
    }

    /// The figures of what came since it was opened.
    pub(crate) fn close(self, server: &Server, tally: &Tally) -> Result<Figures> {
        let seconds = self.begun.elapsed().as_secs_f64();
        let server_cpu = (server.process()?.cpu()? - self.server_cpu).as_secs_f64();
        let generator_cpu = (own_cpu() - self.own_cpu).as_secs_f64();
        let deliveries = (tally.deliveries.get() - self.deliveries) as f64;
        let memory = server.process()?.memory()?;
        let latency = tally.latency.borrow();
        let mut figures = Figures::default();
        figures.set("window_s", seconds);
        figures.set("deliveries", deliveries);
        figures.set("deliveries_per_s", deliveries / seconds);
        figures.set("deliveries_per_cpu_s", deliveries / server_cpu);
        figures.set("server_cpu_percent", 100.0 * server_cpu / seconds);
        figures.set("generator_cpu_percent", 100.0 * generator_cpu / seconds);
        figures.set("p50_ms", latency.quantile_ms(0.5));
        figures.set("p99_ms", latency.quantile_ms(0.99));
        figures.set("rss_mib", memory.rss as f64 / 1024.0);
        Ok(figures)
    }
}

pub(crate) async fn sleep_seconds(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}
