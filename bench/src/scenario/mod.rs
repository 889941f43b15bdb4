//! What is measured. Each scenario runs once on a server that was started for it, and returns its figures.

mod fanout;
mod idle;
mod join;
mod kill;
mod slow;
mod strokes;

use crate::servers::{Kind, Server};
use anyhow::Result;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// 100 people in a room, 10 of them draw 20 times a second.
    FanoutSteady,
    /// The same room; each of the 10 keeps 4 edits under way.
    FanoutSaturated,
    /// 50 people, each moving the pointer 20 times a second.
    Awareness,
    /// 200 rooms of 2 people, each drawing 5 times a second.
    Rooms,
    /// A stroke on a board of 10,000 elements against one on an empty board.
    Strokes,
    /// Coming to a board of 10,000 elements on which others are.
    Join,
    /// Coming to it as the first after a restart.
    ColdOpen,
    /// Connections that say nothing, all in one room.
    IdleShared,
    /// Connections that say nothing, each in a room of its own.
    IdleOwn,
    /// kill -9 while people draw.
    Kill,
    /// A client that does not read.
    Slow,
}

/// Of the large board.
const ELEMENTS: usize = 10_000;

/// How long and how much.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seconds: f64,
    pub(crate) warm_up_seconds: f64,
    pub(crate) seed: u64,
    pub(crate) idle_connections: usize,
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
            Self::Awareness => "awareness",
            Self::Rooms => "rooms",
            Self::Strokes => "strokes",
            Self::Join => "join",
            Self::ColdOpen => "cold-open",
            Self::IdleShared => "idle-shared",
            Self::IdleOwn => "idle-own",
            Self::Kill => "kill",
            Self::Slow => "slow",
        }
    }

    /// Whether it asks for what this server has. A relay has no documents to come to, and nothing to lose.
    pub(crate) fn suits(self, kind: Kind) -> bool {
        match self {
            Self::FanoutSteady
            | Self::FanoutSaturated
            | Self::Awareness
            | Self::Rooms
            | Self::IdleShared
            | Self::IdleOwn => true,
            Self::Strokes | Self::Join | Self::ColdOpen | Self::Kill | Self::Slow => {
                kind.has_documents()
            }
        }
    }

    /// How often it is run, when the others are run so often.
    pub(crate) fn runs(self, runs: u32) -> u32 {
        match self {
            // Long, and either it holds or it does not.
            Self::Slow => 1,
            _ => runs,
        }
    }

    pub(crate) async fn run(self, server: &mut Server, plan: &Plan) -> Result<Figures> {
        match self {
            Self::FanoutSteady => fanout::steady(server, plan).await,
            Self::FanoutSaturated => fanout::saturated(server, plan).await,
            Self::Awareness => fanout::awareness(server, plan).await,
            Self::Rooms => fanout::rooms(server, plan).await,
            Self::Strokes => strokes::run(server, plan).await,
            Self::Join => join::in_memory(server, plan).await,
            Self::ColdOpen => join::cold(server, plan).await,
            Self::IdleShared => idle::shared_room(server, plan).await,
            Self::IdleOwn => idle::own_rooms(server, plan).await,
            Self::Kill => kill::run(server, plan).await,
            Self::Slow => slow::run(server, plan).await,
        }
    }
}
