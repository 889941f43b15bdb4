//! The REST interface under load: a node with 1,000 people and 10,000 boards, and beside it a bare axum route.
//!
//! First 16 clients ask for everything at once, ten reads for a write, which gives latencies route by route; then they ask for
//! one route after the other, which gives what a request of it costs. Every client asks again as soon as it is answered.

mod bare;
mod client;
mod fill;
mod load;
mod routes;

pub(crate) use bare::serve as serve_bare;

use crate::process::{Process, folder, free_port};
use crate::servers::Places;
use anyhow::{Context as _, Result};
use load::{Load, Measured};
use routes::{ROUTES, Route};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::Path;

/// How much, and how long.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How long the mixed load counts, and each route after it.
    #[arg(long, default_value_t = 10.0)]
    pub(crate) seconds: f64,
    #[arg(long, default_value_t = 3.0)]
    pub(crate) seconds_each: f64,
    #[arg(long, default_value_t = 16)]
    pub(crate) clients: usize,
    #[arg(long, default_value_t = 1_000)]
    pub(crate) people: usize,
    #[arg(long, default_value_t = 10_000)]
    pub(crate) boards: usize,
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) places: Places,
}

/// One line for each route, and one for the bare route.
pub(crate) async fn run(options: &Options, run: u32) -> Result<Vec<Value>> {
    let folder = folder(&options.places.data_dir())?;
    let data = folder.path().join("data");
    let filled = fill::fill(&data, options).await?;
    let log = folder.path().join("output.log");
    let address = format!("127.0.0.1:{}", free_port()?);
    let mut easel = start_easel(&options.places.easel(), &address, &data, &log)?;
    easel.until_ready(&address).await?;
    let people = load::sign_in(&address, &filled, options.clients).await?;
    let load = Load {
        address: address.clone(),
        seed: options.seed,
    };
    // What is read for the first time is read from the disk.
    load.mixed(&people, &filled, &easel, options.seconds / 2.0)
        .await?;
    let mixed = load
        .mixed(&people, &filled, &easel, options.seconds)
        .await?;
    let mut lines = Vec::new();
    for (route, mixed) in ROUTES.iter().zip(&mixed) {
        let alone = load
            .alone(*route, &people, &filled, &easel, options.seconds_each)
            .await?;
        lines.push(line("easel", run, route, mixed, &alone));
    }
    easel.stop().await?;

    let address = format!("127.0.0.1:{}", free_port()?);
    let args: [&OsStr; 3] = ["bare".as_ref(), "--listen".as_ref(), address.as_ref()];
    let mut bare = Process::start(&std::env::current_exe()?, &args, &[], &log)?;
    bare.until_ready(&address).await?;
    let load = Load { address, ..load };
    let route = Route::Bare;
    let seconds = options.seconds_each / 2.0;
    load.alone(route, &people, &filled, &bare, seconds).await?;
    let seconds = options.seconds_each;
    let alone = load.alone(route, &people, &filled, &bare, seconds).await?;
    lines.push(line("bare axum", run, &route, &alone, &alone));
    Ok(lines)
}

fn line(server: &str, run: u32, route: &Route, mixed: &Measured, alone: &Measured) -> Value {
    let figure = |value: Option<f64>| value.map(|value| (value * 1_000.0).round() / 1_000.0);
    json!({
        "scenario": "api", "server": server, "run": run, "route": route.name(),
        "requests": mixed.answered,
        "p50_ms": figure(mixed.latency.quantile_ms(0.50)),
        "p95_ms": figure(mixed.latency.quantile_ms(0.95)),
        "p99_ms": figure(mixed.latency.quantile_ms(0.99)),
        "requests_per_cpu_s": figure(alone.per_cpu_second()),
        "cpu_us": figure(alone.per_cpu_second().map(|rate| 1e6 / rate)),
    })
}

fn start_easel(binary: &Path, address: &str, data: &Path, log: &Path) -> Result<Process> {
    // Counted as always, and never too much.
    let often = || "4000000000".to_owned();
    let env = [
        ("EASEL_LISTEN__OPS", String::new()),
        ("EASEL_LOG__LEVEL", "warn".to_owned()),
        ("EASEL_RATE_LIMITS__AUTH", often()),
        ("EASEL_RATE_LIMITS__AUTH_ACCOUNT", often()),
        ("EASEL_RATE_LIMITS__API", often()),
        ("EASEL_RATE_LIMITS__WRITE", often()),
    ];
    let args: [&OsStr; 5] = [
        "serve".as_ref(),
        "--listen".as_ref(),
        address.as_ref(),
        "--data-dir".as_ref(),
        data.as_ref(),
    ];
    Process::start(binary, &args, &env, log).context("the node starts")
}
