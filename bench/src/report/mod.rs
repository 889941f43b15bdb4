//! The runs' JSON lines as tables for people: the median of each figure, and from where to where its runs went.

mod tables;

use crate::servers::Kind;
use crate::stats::Spread;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tables::{Column, PER_CPU_SECOND, TABLES, Table};

const BEGIN: &str = "<!-- figures: written by `make bench` -->";
const END: &str = "<!-- end of figures -->";
/// Of a failure.
const REASON_CHARS_MAX: usize = 160;

/// All tables that there are runs for, as Markdown.
pub(crate) fn tables(lines: &[Value]) -> String {
    let mut out = String::new();
    if let Some(machine) = lines.iter().find_map(|line| line["machine"].as_object()) {
        for (name, value) in machine {
            let value = value.as_str().unwrap_or_default();
            let _ = writeln!(out, "- {name}: {value}");
        }
        out.push('\n');
    }
    for table in TABLES {
        let of_table = lines
            .iter()
            .filter(|line| line["scenario"] == table.scenario);
        let runs: Vec<&Value> = of_table.collect();
        if !runs.is_empty() {
            table.write(&runs, &mut out);
        }
    }
    write_api(lines, &mut out);
    write_commands(lines, &mut out);
    out
}

/// The REST interface: a line for each route, and the bare route that it is held against.
fn write_api(lines: &[Value], out: &mut String) {
    let runs: Vec<&Value> = lines
        .iter()
        .filter(|line| line["scenario"] == "api")
        .collect();
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for run in &runs {
        let text = |name: &str| run[name].as_str().unwrap_or_default();
        let row = (text("server"), text("route"));
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return;
    }
    let spread = |(server, route): (&str, &str), figure: &str| {
        let of_row = runs
            .iter()
            .filter(|run| run["server"] == server && run["route"] == route);
        Spread::of(
            &of_row
                .filter_map(|run| run[figure].as_f64())
                .collect::<Vec<_>>(),
        )
    };
    let bare = rows.iter().find(|(server, _)| *server == "bare axum");
    let bare = bare.and_then(|row| spread(*row, "requests_per_cpu_s"));
    out.push_str(
        "### REST: 1,000 people, 10,000 boards, 16 clients that never wait; all routes at once, then each alone\n\n",
    );
    out.push_str("| server | route | p50 ms | p95 ms | p99 ms | CPU µs a request, alone | requests a CPU-second | of the bare route |\n|---|---|---|---|---|---|---|---|\n");
    for row in rows {
        let (server, route) = row;
        let _ = write!(out, "| {server} | `{route}` |");
        for (figure, decimals) in [
            ("p50_ms", 1),
            ("p95_ms", 1),
            ("p99_ms", 1),
            ("cpu_us", 0),
            ("requests_per_cpu_s", 0),
        ] {
            let shown =
                spread(row, figure).map_or_else(|| "–".to_owned(), |spread| cell(spread, decimals));
            let _ = write!(out, " {shown} |");
        }
        let own = spread(row, "requests_per_cpu_s");
        let times = own.zip(bare).map(|(own, bare)| own.median / bare.median);
        let times = times.map(|times| format!("{times:.2}"));
        let _ = writeln!(out, " {} |", times.unwrap_or_else(|| "–".to_owned()));
    }
    out.push('\n');
}

/// What a node takes, as the cluster's own example measures it: a table for each number of nodes, a line for each target
/// and count of proposers.
fn write_commands(lines: &[Value], out: &mut String) {
    let mut by_nodes: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line["proposers"].is_u64()) {
        let nodes = line["nodes"].as_u64().unwrap_or(1);
        by_nodes.entry(nodes).or_default().push(line);
    }
    for (nodes, runs) in by_nodes {
        let to = match nodes {
            1 => "one node".to_owned(),
            _ => format!("the leader of {nodes} nodes"),
        };
        let _ = writeln!(out, "### Commands of 200 bytes to {to}, synced\n");
        write_commands_of(&runs, out);
    }
}

fn write_commands_of(runs: &[&Value], out: &mut String) {
    let mut rows: Vec<(&str, u64)> = Vec::new();
    for run in runs {
        let row = (
            run["target"].as_str().unwrap_or_default(),
            run["proposers"].as_u64().unwrap_or_default(),
        );
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows.sort_by_key(|(_, proposers)| *proposers);
    out.push_str("| proposers | node | commands/s | p50 ms | p99 ms | CPU µs each | against etcd |\n|---|---|---|---|---|---|---|\n");
    let spread = |(target, proposers): (&str, u64), figure: &str| {
        let of_row = runs
            .iter()
            .filter(|run| run["target"] == target && run["proposers"] == proposers);
        Spread::of(
            &of_row
                .filter_map(|run| run[figure].as_f64())
                .collect::<Vec<_>>(),
        )
    };
    for row in rows {
        let (target, proposers) = row;
        let _ = write!(out, "| {proposers} | {target} |");
        for (figure, decimals) in [
            ("per_second", 0),
            ("p50_ms", 2),
            ("p99_ms", 2),
            ("cpu_us", 1),
        ] {
            let shown =
                spread(row, figure).map_or_else(|| "–".to_owned(), |spread| cell(spread, decimals));
            let _ = write!(out, " {shown} |");
        }
        let etcd = spread(("etcd", proposers), "per_second");
        let times = spread(row, "per_second").zip(etcd);
        let times = times.map(|(own, etcd)| format!("{:.2}", own.median / etcd.median));
        let _ = writeln!(out, " {} |", times.unwrap_or_else(|| "–".to_owned()));
    }
    out.push('\n');
}

impl Table {
    fn write(&self, runs: &[&Value], out: &mut String) {
        let spread = |server: &str, column: &Column| {
            let of_server = runs.iter().filter(|run| run["server"] == server);
            let values = of_server.filter_map(|run| run[column.figure].as_f64());
            Spread::of(&values.map(|value| value / column.unit).collect::<Vec<_>>())
        };
        let relay = spread(Kind::Relay.name(), &PER_CPU_SECOND);
        let is_held_against_relay = self
            .columns
            .iter()
            .any(|column| column.figure == PER_CPU_SECOND.figure);
        let _ = writeln!(out, "### {}\n", self.title);
        out.push_str("| server |");
        for column in self.columns {
            let _ = write!(out, " {} |", column.heading);
        }
        if is_held_against_relay {
            out.push_str(" against the relay |");
        }
        out.push_str("\n|---|");
        let columns = self.columns.len() + usize::from(is_held_against_relay);
        out.push_str(&"---|".repeat(columns));
        out.push('\n');
        for server in servers(runs) {
            let _ = write!(out, "| {server} |");
            if let Some(reason) = failure(runs, server) {
                let _ = writeln!(out, " failed: {reason} |{}", " |".repeat(columns - 1));
                continue;
            }
            for column in self.columns {
                let cell = spread(server, column)
                    .map_or_else(|| "–".to_owned(), |spread| cell(spread, column.decimals));
                let _ = write!(out, " {cell} |");
            }
            if is_held_against_relay {
                let own = spread(server, &PER_CPU_SECOND);
                let times = own.zip(relay).map(|(own, relay)| own.median / relay.median);
                let times = times.map_or_else(|| "–".to_owned(), |times| format!("{times:.2}"));
                let _ = write!(out, " {times} |");
            }
            out.push('\n');
        }
        out.push('\n');
    }
}

/// The median, and the least and the greatest where they differ.
fn cell(spread: Spread, decimals: usize) -> String {
    let show = |value: f64| format!("{value:.decimals$}");
    let (median, min, max) = (show(spread.median), show(spread.min), show(spread.max));
    if min == max {
        median
    } else {
        format!("{median} ({min} to {max})")
    }
}

/// In the order in which they were run.
fn servers<'r>(runs: &[&'r Value]) -> Vec<&'r str> {
    let mut servers = Vec::new();
    for run in runs {
        let server = run["server"].as_str().unwrap_or_default();
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    servers
}

/// Why a server has no figures; one run that went well is enough to have some.
fn failure(runs: &[&Value], server: &str) -> Option<String> {
    let mut of_server = runs.iter().filter(|run| run["server"] == server);
    let all_failed = of_server.clone().all(|run| run["error"].is_string());
    let reason = of_server.next()?["error"].as_str()?;
    all_failed.then(|| {
        let plain: String = reason.chars().take(REASON_CHARS_MAX).collect();
        plain.replace(['\n', '|'], " ")
    })
}

/// Puts the tables between the two marks of a document that people wrote.
pub(crate) fn put_into(document: &str, tables: &str) -> Result<String> {
    let (before, rest) = document.split_once(BEGIN).context("the begin is marked")?;
    let (_, after) = rest.split_once(END).context("the end is marked")?;
    Ok(format!(
        "{before}{BEGIN}\n\n{}\n\n{END}{after}",
        tables.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(server: &str, per_cpu_second: f64) -> Value {
        json!({ "scenario": "rooms", "server": server, "deliveries_per_cpu_s": per_cpu_second })
    }

    #[test]
    fn a_table_has_the_median_the_spread_and_the_relay_beside_it() {
        let lines = [
            json!({ "machine": { "CPU": "two cores" } }),
            line("easel", 10_000.0),
            line("easel", 30_000.0),
            line("easel", 20_000.0),
            line("relay", 40_000.0),
            json!({ "scenario": "rooms", "server": "y-sweet", "error": "it is not installed" }),
        ];
        let tables = tables(&lines);
        assert!(tables.starts_with("- CPU: two cores\n"), "{tables}");
        assert!(
            tables.contains("| easel | 20.0 (10.0 to 30.0) | – |"),
            "{tables}"
        );
        assert!(tables.contains("| 0.50 |\n"), "{tables}");
        assert!(
            tables.contains("| y-sweet | failed: it is not installed |"),
            "{tables}"
        );
    }

    #[test]
    fn commands_are_set_against_etcd_s_of_as_many_proposers() {
        let line = |target: &str, proposers: u64, per_second: f64| json!({ "target": target, "proposers": proposers, "per_second": per_second, "p50_ms": 1.0 });
        let lines = [
            line("easel", 1, 300.0),
            line("easel", 16, 900.0),
            line("etcd", 1, 200.0),
        ];
        let tables = tables(&lines);
        assert!(
            tables.contains("| 1 | easel | 300 | 1.00 | – | – | 1.50 |\n| 1 | etcd | 200 |"),
            "{tables}"
        );
        assert!(
            tables.contains("| 16 | easel | 900 | 1.00 | – | – | – |"),
            "{tables}"
        );
    }

    #[test]
    fn routes_are_set_against_the_bare_one() {
        let line = |server: &str, route: &str, rate: f64| json!({ "scenario": "api", "server": server, "route": route, "requests_per_cpu_s": rate, "p50_ms": 1.0 });
        let lines = [
            line("easel", "GET /me", 30_000.0),
            line("easel", "GET /me", 20_000.0),
            line("easel", "GET /me", 10_000.0),
            line("bare axum", "GET /", 40_000.0),
        ];
        let tables = tables(&lines);
        assert!(
            tables.contains(
                "| easel | `GET /me` | 1.0 | – | – | – | 20000 (10000 to 30000) | 0.50 |"
            ),
            "{tables}"
        );
        assert!(
            tables.contains("| bare axum | `GET /` | 1.0 | – | – | – | 40000 | 1.00 |"),
            "{tables}"
        );
    }

    #[test]
    fn only_what_lies_between_the_marks_is_replaced() {
        let document = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let put = put_into(&document, "new\n\n").expect("it has marks");
        assert_eq!(put, format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"));
        assert_eq!(put_into(&put, "new\n\n").expect("it has marks"), put);
        put_into("no marks", "new").expect_err("nowhere to put them");
    }
}
