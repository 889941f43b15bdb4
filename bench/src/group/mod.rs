//! Three nodes that are one Easel, under the hands of 50 people on 10 boards: how soon a stroke is saved, how fast an empty
//! node comes in, and what people notice of a restart of every node.

mod arrival;
mod asker;
mod nodes;
mod people;
mod person;
mod rolling;
mod strokes;

use crate::scenario::Figures;
use crate::servers::Places;
use anyhow::{Result, anyhow};
use nodes::Group;
use serde_json::{Value, json};
use std::time::Duration;

const NODES: usize = 3;
/// For one run, its filling of boards included.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// From a stroke to the word that it is saved.
    Strokes,
    /// An empty node comes in.
    Arrival,
    /// Every node is restarted in turn.
    Rolling,
}

/// What is measured, and how much.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Which scenarios; all when none is named.
    #[arg(long, value_delimiter = ',', value_enum)]
    pub(crate) scenarios: Vec<Scenario>,
    /// How long people draw before it counts (a quarter of it) and while it counts.
    #[arg(long, default_value_t = 20.0)]
    pub(crate) seconds: f64,
    /// How much a node that comes in finds.
    #[arg(long, default_value_t = 1_024)]
    pub(crate) state_mib: u64,
    /// How often every node is restarted.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: u32,
    #[command(flatten)]
    pub(crate) places: Places,
}

impl Options {
    /// Only enough to see that all goes well.
    pub(crate) fn quick(&mut self) {
        (self.seconds, self.state_mib, self.rounds) = (2.0, 32, 1);
    }
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::Strokes => "group-strokes",
            Self::Arrival => "group-arrival",
            Self::Rolling => "group-rolling",
        }
    }

    async fn run(self, group: &mut Group, options: &Options) -> Result<Figures> {
        match self {
            Self::Strokes => strokes::run(group, options).await,
            Self::Arrival => arrival::run(group, options).await,
            Self::Rolling => rolling::run(group, options).await,
        }
    }

    fn nodes(self) -> usize {
        match self {
            // The others come in while it is measured.
            Self::Arrival => 1,
            Self::Strokes | Self::Rolling => NODES,
        }
    }
}

/// One line for each scenario, each on a group of its own. One that fails is a line that says so.
pub(crate) async fn run(options: &Options, run: u32) -> Vec<Value> {
    let scenarios = match &options.scenarios[..] {
        [] => <Scenario as clap::ValueEnum>::value_variants(),
        some => some,
    };
    let mut lines = Vec::new();
    for scenario in scenarios {
        let mut line = json!({ "scenario": scenario.name(), "server": "easel", "run": run });
        let figures = tokio::time::timeout(PATIENCE, measure(*scenario, options)).await;
        let figures = figures.unwrap_or_else(|_| Err(anyhow!("it was not done in {PATIENCE:?}")));
        match figures {
            Ok(figures) => line
                .as_object_mut()
                .expect("a line is an object")
                .extend(figures.into_json()),
            Err(error) => line["error"] = json!(format!("{error:#}")),
        }
        lines.push(line);
    }
    lines
}

async fn measure(scenario: Scenario, options: &Options) -> Result<Figures> {
    let mut group = Group::of(scenario.nodes(), &options.places).await?;
    let figures = scenario.run(&mut group, options).await;
    figures.map_err(|error| group.explain(error))
}
