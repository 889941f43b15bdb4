//! From a stroke to the word that it is saved, while 50 people draw on 10 boards through three nodes.

use super::Options;
use super::nodes::Group;
use super::people::People;
use crate::crowd::sleep_seconds;
use crate::process::own_cpu;
use crate::scenario::Figures;
use anyhow::Result;
use std::time::Instant;

/// What was asked for.
const P50_MS_MAX: f64 = 10.0;
const P99_MS_MAX: f64 = 40.0;

pub(crate) async fn run(group: &Group, options: &Options) -> Result<Figures> {
    let people = People::come(group).await?;
    sleep_seconds(options.seconds / 4.0).await;
    let ledger = people.ledger.clone();
    ledger.latency.borrow_mut().clear();
    let (begun, saved, cpu, own) = (Instant::now(), ledger.saved.get(), group.cpu()?, own_cpu());
    sleep_seconds(options.seconds).await;
    let seconds = begun.elapsed().as_secs_f64();
    let percent = |spent: std::time::Duration| 100.0 * spent.as_secs_f64() / seconds;
    let mut figures = Figures::default();
    {
        let latency = ledger.latency.borrow();
        let quantile = |share| latency.quantile_ms(share);
        figures.set("p50_ms", quantile(0.5));
        figures.set("p95_ms", quantile(0.95));
        figures.set("p99_ms", quantile(0.99));
        figures.set("max_ms", quantile(1.0));
        figures.set("p50_of_bar", quantile(0.5).map(|ms| ms / P50_MS_MAX));
        figures.set("p99_of_bar", quantile(0.99).map(|ms| ms / P99_MS_MAX));
    }
    figures.set(
        "strokes_per_s",
        (ledger.saved.get() - saved) as f64 / seconds,
    );
    figures.set("nodes_cpu_percent", percent(group.cpu()? - cpu));
    figures.set("generator_cpu_percent", percent(own_cpu() - own));
    figures.set("errors", f64::from(ledger.count_errors()));
    figures.set("lost", people.go().await? as f64);
    Ok(figures)
}
