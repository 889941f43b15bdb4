//! What a run went through, in words and as RELIABILITY.md.

use crate::faults::{Fault, Struck, Whom};
use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// A stop and start of one node in order.
#[derive(Debug)]
pub(crate) struct Rolled {
    pub(crate) leads: bool,
    pub(crate) stopped_in: Duration,
    pub(crate) gap: Duration,
}

/// What a fault did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) struck: Struck,
    /// The longest time without a saved stroke around it.
    pub(crate) gap: Duration,
    /// How long after its end something could be saved through the node that it struck.
    pub(crate) back: Duration,
}

/// Nothing of it counts as lost: a run that loses anything fails before it reports.
#[derive(Debug, Default)]
pub(crate) struct Report {
    seed: u64,
    nodes: u32,
    /// What cuts the nodes off.
    network: &'static str,
    pub(crate) struck_for: Duration,
    pub(crate) struck: Vec<Outcome>,
    pub(crate) rolled: Vec<Rolled>,
    pub(crate) strokes: usize,
    pub(crate) first_tries: usize,
    /// Drawn by an unmodified client, and there.
    pub(crate) stock_elements: usize,
    /// By the page's own provider, and there.
    pub(crate) page_strokes: usize,
    pub(crate) page_moves: usize,
    pub(crate) page_longest: Duration,
    pub(crate) titles: usize,
    pub(crate) titles_unknown: usize,
    pub(crate) boards: usize,
    pub(crate) reconnects: u64,
    pub(crate) longest_without_saved: Duration,
    pub(crate) longest_for_one: Duration,
    pub(crate) refused_under_faults: BTreeMap<String, u64>,
    pub(crate) refused_while_rolled: BTreeMap<String, u64>,
}

impl Report {
    pub(crate) fn new(seed: u64, nodes: u32, network: &'static str) -> Self {
        Self {
            seed,
            nodes,
            network,
            ..Self::default()
        }
    }

    /// In place of what was written of as many nodes before.
    pub(crate) fn write(&self) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("RELIABILITY.md");
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        let sections = before.split("\n## ").skip(1);
        let mut sections: BTreeMap<u32, String> = sections
            .filter_map(|section| {
                let nodes = section.split(' ').next()?.parse().ok()?;
                Some((nodes, format!("\n## {}\n", section.trim_end())))
            })
            .collect();
        sections.insert(self.nodes, self.section());
        let page: String = sections.into_values().collect();
        std::fs::write(file, HEAD.to_owned() + &page).expect("the report is written");
    }

    fn of(&self, fault: Fault, whom: Whom) -> impl Iterator<Item = &Outcome> {
        let of = move |struck: &Struck| struck.fault == fault && struck.whom == whom;
        self.struck
            .iter()
            .filter(move |outcome| of(&outcome.struck))
    }

    fn section(&self) -> String {
        let mut page = format!("\n## {} nodes\n\n", self.nodes);
        let _ = writeln!(
            page,
            "Last run: {} s of faults, seed {}, {} cores, {} build; load average at the end {}. Partitions by {}.\n",
            self.struck_for.as_secs(),
            self.seed,
            std::thread::available_parallelism().map_or(0, usize::from),
            build(),
            load(),
            self.network
        );
        page.push_str(
            "| Fault | of the | times | without a saved stroke, p50 | p95 | longest | the node saves again after its end, p50 | p95 | longest |\n\
            |---|---|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for fault in crate::faults::FAULTS {
            for (whom, name) in [(Whom::Leader, "leader"), (Whom::Follower, "follower")] {
                let gaps = sorted(self.of(fault, whom).map(|outcome| outcome.gap));
                let back = sorted(self.of(fault, whom).map(|outcome| outcome.back));
                if gaps.is_empty() {
                    continue;
                }
                let _ = writeln!(
                    page,
                    "| {fault} | {name} | {} |{}{}",
                    gaps.len(),
                    columns(&gaps),
                    columns(&back)
                );
            }
        }
        for (leads, name) in [(true, "leader"), (false, "follower")] {
            let rolled = self.rolled.iter().filter(|rolled| rolled.leads == leads);
            let gaps = sorted(rolled.map(|rolled| rolled.gap));
            let _ = writeln!(
                page,
                "| stop and start in order | {name} | {} |{} | | |",
                gaps.len(),
                columns(&gaps)
            );
        }
        page.push_str(
            "\n| Written | acknowledged | lost | answer unknown |\n|---|---:|---:|---:|\n",
        );
        let _ = writeln!(page, "| strokes | {} | 0 | sent again |", self.strokes);
        let _ = writeln!(
            page,
            "| titles, each only if unchanged | {} | 0 | {} |",
            self.titles, self.titles_unknown
        );
        let _ = writeln!(
            page,
            "| boards under a key, each asked for twice | {} | 0 | sent again |",
            self.boards
        );
        let _ = writeln!(
            page,
            "\nElements seen as an unacknowledged first try left them: {}. Elements of the unmodified client's at the end: {}, all there.",
            self.first_tries, self.stock_elements
        );
        let _ = writeln!(
            page,
            "Strokes of the page's own provider: {}, all there; it went to another node {} times, and waited {} at most for a saved stroke.",
            self.page_strokes,
            self.page_moves,
            seconds(self.page_longest)
        );
        let stopped = self.rolled.iter().map(|rolled| rolled.stopped_in).max();
        let _ = writeln!(
            page,
            "Connections that went to another node: {}. Longest anybody waited for a saved stroke: {}. \
            Stopping in order took at most {}.",
            self.reconnects,
            seconds(self.longest_for_one),
            seconds(stopped.unwrap_or_default())
        );
        let _ = writeln!(
            page,
            "Answers that were no success: {}; during the stops and starts in order: {}.",
            said(&self.refused_under_faults),
            said(&self.refused_while_rolled)
        );
        page
    }
}

const HEAD: &str = "\
# What the cluster goes through without losing anything

Real processes on one machine, real fsync. Six writers draw on five boards through all nodes, up to 20 strokes a second
each, an unmodified y-websocket with two of them and the page's own provider (without a browser) with one; three rename one board, each only if its ETag is still the one they read; one makes boards under idempotency keys.
Meanwhile one node at a time, of five sometimes two, is killed and started again, at once or after longer than an election takes, stopped for so
long (SIGSTOP), or cut off from the others; at the end each is stopped and started in order. Each node lives in a network
namespace of its own, and what is cut off there is dropped without a word: what passes between it and other nodes, in both
directions or in one, what passes between it and clients too, or a tenth of the packets. Where a machine allows no
namespaces, TCP proxies hold back what passes between the nodes, and the last two are left out. The run fails if anything
acknowledged is missing on any node (what was drawn must be there and what was erased must stay so, counted by the numbers
that Yjs gives both, and all of it must be seen), if the nodes' documents differ in state vector, delete set or JSON, or if
the history of the title is not that of a compare-and-swap register. Written by:

    make reliability

A writer leaves a node that says that it lost touch with the others, or that says nothing at all for a second, as soon as
another lets it in, as the page does. Where nearly all of them are on the one that is struck, that is what the table shows.

Four of the writers begin anew when their connection is lost: with an empty document, and doing again what was not
acknowledged. Their first try may still come to be, for a node that was stopped reads it from its socket when it goes on,
and one that heard of it over the bus keeps it. Then two elements of one name stand side by side, and Yjs shows the one with
the greater client number; whoever erased the other before that sees the name again. An earlier form of this suite went by
names alone and called that a loss. A page keeps its document, so it has no second try.
";

fn build() -> &'static str {
    match cfg!(debug_assertions) {
        true => "development",
        false => "release",
    }
}

/// Of the last minute, what the nodes and clients did included.
fn load() -> String {
    let averages = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last = averages.split(' ').next().filter(|last| !last.is_empty());
    last.unwrap_or("unknown").to_owned()
}

fn sorted(times: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times
}

fn columns(sorted: &[Duration]) -> String {
    let Some(longest) = sorted.last() else {
        return " | | |".to_owned();
    };
    let at = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1];
    format!(
        " {} | {} | {} |",
        seconds(at(50)),
        seconds(at(95)),
        seconds(*longest)
    )
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn said(refused: &BTreeMap<String, u64>) -> String {
    let each: Vec<_> = refused
        .iter()
        .map(|(kind, times)| format!("{times} × {kind}"))
        .collect();
    match each.is_empty() {
        true => "none".to_owned(),
        false => each.join(", "),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.section())
    }
}
