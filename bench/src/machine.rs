//! What the figures were measured on, and with what.

use crate::process::repository;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// One line for the head of the results.
pub(crate) fn line(easel: &Path) -> Value {
    let mut facts = Map::new();
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model
        .unwrap_or_default()
        .trim_start_matches([' ', '\t', ':']);
    let cores = cpu.matches("processor\t").count();
    facts.insert("date".into(), said("date", &["-u", "+%F %H:%M UTC"]));
    facts.insert("CPU".into(), json!(format!("{cores} cores, {model}")));
    facts.insert("kernel".into(), said("uname", &["-sr"]));
    facts.insert(
        "commit".into(),
        said("git", &["describe", "--always", "--dirty"]),
    );
    facts.insert("Rust".into(), said("rustc", &["--version"]));
    facts.insert(
        "easel".into(),
        said(&easel.display().to_string(), &["--version"]),
    );
    facts.insert("Node.js".into(), said("node", &["--version"]));
    facts.insert(
        "y-websocket".into(),
        installed("y-websocket", &["@y/websocket-server", "yjs", "y-leveldb"]),
    );
    facts.insert(
        "hocuspocus".into(),
        installed(
            "hocuspocus",
            &["@hocuspocus/server", "yjs", "@hocuspocus/extension-sqlite"],
        ),
    );
    facts.insert("y-sweet".into(), y_sweet());
    json!({ "machine": facts })
}

/// The first line that a program prints.
fn said(program: &str, args: &[&str]) -> Value {
    let output = Command::new(program)
        .args(args)
        .current_dir(repository())
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    json!(
        text.ok()
            .and_then(|text| text.lines().next().map(str::to_owned))
    )
}

/// The versions of these npm packages.
fn installed(peer: &str, packages: &[&str]) -> Value {
    let modules = repository()
        .join("bench/peers")
        .join(peer)
        .join("node_modules");
    let versions = packages.iter().filter_map(|package| {
        let about = fs::read_to_string(modules.join(package).join("package.json")).ok()?;
        let about: Value = serde_json::from_str(&about).ok()?;
        Some(format!("{package} {}", about["version"].as_str()?))
    });
    let versions = versions.collect::<Vec<_>>().join(", ");
    json!(if versions.is_empty() {
        "not installed"
    } else {
        &versions
    })
}

/// cargo notes what it installed.
fn y_sweet() -> Value {
    let notes =
        fs::read_to_string(repository().join(".tools/y-sweet/.crates.toml")).unwrap_or_default();
    let line = notes
        .lines()
        .find_map(|line| line.strip_prefix("\"y-sweet "));
    json!(
        line.and_then(|line| line.split(' ').next())
            .unwrap_or("not installed")
    )
}
