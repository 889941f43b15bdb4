//! What is measured. Each scenario runs once on a server that was started for it, and returns its figures.

mod fanout;

use crate::servers::{Kind, Server};
use anyhow::Result;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// 100 people in a room, 10 of them draw 20 times a second.
    FanoutSteady,
    /// The same room; each of the 10 keeps 4 edits under way.
    FanoutSaturated,
}

/// How long and how much.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seconds: f64,
    pub(crate) warm_up_seconds: f64,
    pub(crate) seed: u64,
}

/// The figures of one run, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Figures(Map<String, Value>);

impl Figures {
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Option<f64>>) {
        // Six digits are more than any of them means.
        let rounded = value.into().map(|value| match value.abs().log10().floor() {
            order if order.is_finite() => {
                let unit = 10_f64.powf(5.0 - order);
                (value * unit).round() / unit
            }
            _ => value,
        });
        self.0.insert(name.to_owned(), json!(rounded));
    }

    pub(crate) fn get(&self, name: &str) -> f64 {
        self.0.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN)
    }

    pub(crate) fn into_json(self) -> Map<String, Value> {
        self.0
    }
}

impl Scenario {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FanoutSteady => "fanout-steady",
            Self::FanoutSaturated => "fanout-saturated",
        }
    }

    /// Whether it asks for no more than passing frames on.
    pub(crate) fn suits(self, kind: Kind) -> bool {
        match self {
            Self::FanoutSteady | Self::FanoutSaturated => true,
        }
    }

    pub(crate) async fn run(self, server: &mut Server, plan: &Plan) -> Result<Figures> {
        match self {
            Self::FanoutSteady => fanout::steady(server, plan).await,
            Self::FanoutSaturated => fanout::saturated(server, plan).await,
        }
    }
}
