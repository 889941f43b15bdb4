//! `easel-bench`: loads y-websocket servers and counts what they deliver, how soon, and for how much CPU and memory.
//!
//! The generator speaks the protocol itself and keeps no documents, so that it is far cheaper than any server. It runs
//! on one core and each server on another. What a machine can do at all is shown by a bare relay ([`relay`]), measured
//! in the same run. Begin with [`scenario`]; [`servers`] says how each server is started.

mod api;
mod board;
mod client;
mod collector;
mod crowd;
mod frame;
mod group;
mod http;
mod lib0;
mod machine;
mod process;
mod relay;
mod report;
mod scenario;
mod servers;
mod stats;
mod update;

use anyhow::{Context as _, Result, anyhow};
use clap::{Parser, Subcommand};
use scenario::{Plan, Scenario};
use serde_json::{Value, json};
use servers::{Kind, Places, Server};
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::LocalSet;

/// For one run, however slow its server.
const PATIENCE: Duration = Duration::from_secs(240);

#[derive(Debug, Parser)]
#[command(version, about = "Measures y-websocket servers")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure servers; one JSON line for each run.
    Run(Run),
    /// Ask one node's REST interface, and a bare axum route beside it; one JSON line for each route.
    Api(Api),
    /// Measure three nodes that are one Easel; one JSON line for each scenario.
    Group(Group),
    /// Make tables of the JSON lines of runs.
    Table(Table),
    /// Pass frames on and do nothing else: the limit of the machine.
    Relay(Relay),
    /// Say hello in JSON and do nothing else: the limit of axum on this machine.
    Bare(Bare),
}

#[derive(Debug, clap::Args)]
struct Api {
    #[command(flatten)]
    options: api::Options,
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Once and briefly, to see that all goes well; its figures mean little.
    #[arg(long)]
    quick: bool,
    /// Also write the JSON lines to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Group {
    #[command(flatten)]
    options: group::Options,
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Once and briefly, to see that all goes well; its figures mean little.
    #[arg(long)]
    quick: bool,
    /// Also write the JSON lines to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Bare {
    #[arg(long, default_value = "127.0.0.1:8091")]
    listen: SocketAddr,
}

#[derive(Debug, clap::Args)]
struct Run {
    /// Which scenarios; all when none is named.
    #[arg(long, value_delimiter = ',', value_enum)]
    scenarios: Vec<Scenario>,
    /// Which servers.
    #[arg(
        long,
        value_delimiter = ',',
        value_enum,
        default_value = "easel,relay,relay-gather"
    )]
    servers: Vec<Kind>,
    /// How long each run counts.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// How often each is run.
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// One run of two seconds each, to see that all goes well; its figures mean little.
    #[arg(long, conflicts_with_all = ["seconds", "runs"])]
    quick: bool,
    /// Also write the JSON lines to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Connections that are idle at once.
    #[arg(long, default_value_t = 500)]
    idle_connections: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, clap::Args)]
struct Table {
    /// Files that `run --out` wrote.
    #[arg(required = true)]
    lines: Vec<PathBuf>,
    /// Put the tables between the marks of this file, instead of printing them.
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Relay {
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Gather what one connection is to get for so long; without it each delivery is a write of its own.
    #[arg(long)]
    gather_ms: Option<u64>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        match cli.command {
            Command::Run(run) => measure(run).await,
            Command::Api(api) => measure_api(api).await,
            Command::Group(group) => measure_group(group).await,
            Command::Bare(Bare { listen }) => api::serve_bare(listen).await,
            Command::Table(table) => tabulate(&table),
            Command::Relay(Relay { listen, gather_ms }) => {
                relay::serve(listen, gather_ms.map(Duration::from_millis)).await
            }
        }
    })
}

async fn measure(run: Run) -> Result<()> {
    process::pin_generator()?;
    let scenarios = match &run.scenarios[..] {
        [] => <Scenario as clap::ValueEnum>::value_variants(),
        some => some,
    };
    let (seconds, runs) = if run.quick {
        (2.0, 1)
    } else {
        (run.seconds, run.runs)
    };
    let plan = Plan {
        seconds,
        warm_up_seconds: 2_f64.min(seconds / 2.0),
        seed: run.seed,
        idle_connections: run.idle_connections,
    };
    let mut out = run.out.map(File::create).transpose()?;
    let mut lines = vec![machine::line(&run.places.easel())];
    for scenario in scenarios {
        for number in 1..=scenario.runs(runs) {
            // One after the other in each round, so that a change of the machine's meets them all.
            for kind in run.servers.iter().filter(|kind| scenario.suits(**kind)) {
                lines.push(one(*scenario, *kind, number, &plan, &run.places).await);
                for line in lines.drain(..) {
                    println!("{line}");
                    if let Some(file) = &mut out {
                        writeln!(file, "{line}")?;
                    }
                }
            }
        }
    }
    Ok(())
}

async fn measure_api(api: Api) -> Result<()> {
    process::pin_generator()?;
    let mut options = api.options;
    let mut runs = api.runs;
    if api.quick {
        (options.seconds, options.seconds_each, runs) = (2.0, 0.5, 1);
    }
    let mut out = api.out.map(File::create).transpose()?;
    for number in 1..=runs {
        for line in api::run(&options, number).await? {
            println!("{line}");
            if let Some(file) = &mut out {
                writeln!(file, "{line}")?;
            }
        }
    }
    Ok(())
}

async fn measure_group(group: Group) -> Result<()> {
    let (mut options, mut runs) = (group.options, group.runs);
    if group.quick {
        options.quick();
        runs = 1;
    }
    let mut out = group.out.map(File::create).transpose()?;
    for number in 1..=runs {
        for line in group::run(&options, number).await {
            println!("{line}");
            if let Some(file) = &mut out {
                writeln!(file, "{line}")?;
            }
        }
    }
    Ok(())
}

fn tabulate(table: &Table) -> Result<()> {
    let mut lines = Vec::new();
    for file in &table.lines {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("{} is read", file.display()))?;
        let found = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        lines.extend(found);
    }
    let tables = report::tables(&lines);
    let Some(file) = &table.into else {
        print!("{tables}");
        return Ok(());
    };
    let document = std::fs::read_to_string(file)?;
    std::fs::write(file, report::put_into(&document, &tables)?)?;
    Ok(())
}

/// One run on a server of its own. A server that fails is a line that says so, and the others go on.
async fn one(scenario: Scenario, kind: Kind, run: u32, plan: &Plan, places: &Places) -> Value {
    let mut line = json!({ "scenario": scenario.name(), "server": kind.name(), "run": run });
    let running = tokio::time::timeout(PATIENCE, figures(scenario, kind, plan, places));
    let figures = running
        .await
        .unwrap_or_else(|_| Err(anyhow!("it was not done in {PATIENCE:?}")));
    match figures {
        Ok(figures) => line
            .as_object_mut()
            .expect("a line is an object")
            .extend(figures.into_json()),
        Err(error) => line["error"] = json!(format!("{error:#}")),
    }
    line
}

async fn figures(
    scenario: Scenario,
    kind: Kind,
    plan: &Plan,
    places: &Places,
) -> Result<scenario::Figures> {
    let mut server = Server::start(kind, places).await?;
    let figures = scenario.run(&mut server, plan).await;
    figures.map_err(|error| server.explain(error))
}
