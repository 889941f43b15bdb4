//! What a command about backups did, in words for people and in JSON for programs.

use crate::backup::{BackupError, Manifest, Pruned, Put, Verified};
use crate::cli::people::tell_rows;
use crate::cli::{Exit, complain, say};
use serde::Serialize;
use serde_json::json;

/// A number with its noun.
fn many(n: u64, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        _ => format!("{n} {noun}s"),
    }
}

fn say_value(value: &impl Serialize) {
    say(&format!("{:#}", json!(value)));
}

pub(super) fn tell_made(made: &Manifest, json: bool) -> Exit {
    let mut shown = made.clone();
    // It is in the backup; a terminal or a log need not have it as well.
    let has_key = shown.master_key.take().is_some();
    if json {
        let mut value = json!(shown);
        value["has_master_key"] = has_key.into();
        say_value(&value);
    } else {
        say(&format!(
            "{}  {}, {}, {} in all, {} of it new",
            made.id,
            many(made.boards, "board"),
            many(made.blobs.count, "file"),
            size(made.bytes()),
            size(made.new_bytes)
        ));
        if has_key {
            say("  the master key is in it: keep it where nobody else comes");
        }
    }
    for missing in &made.missing {
        complain(&format!(
            "the file {missing} was missing or damaged, and is not in it"
        ));
    }
    match made.missing.is_empty() {
        true => Exit::Ok,
        false => Exit::Degraded,
    }
}

pub(super) fn list(found: Vec<(String, Result<Manifest, BackupError>)>, json: bool) -> Exit {
    if json {
        let values: Vec<_> = found
            .iter()
            .map(|(id, manifest)| match manifest {
                Ok(manifest) => {
                    let mut value = json!(manifest);
                    value["has_master_key"] = manifest.master_key.is_some().into();
                    value["master_key"] = json!(null);
                    value
                }
                Err(error) => json!({ "id": id, "error": error.to_string() }),
            })
            .collect();
        say_value(&values);
    } else {
        let rows = found.iter().map(|(id, manifest)| match manifest {
            Ok(made) => vec![
                id.clone(),
                made.made_at.clone(),
                made.boards.to_string(),
                made.blobs.count.to_string(),
                size(made.bytes()),
                size(made.new_bytes),
            ],
            Err(error) => vec![id.clone(), error.to_string()],
        });
        tell_rows(
            &["BACKUP", "MADE", "BOARDS", "PICTURES", "SIZE", "NEW"],
            rows,
        );
    }
    match found.iter().all(|(_, manifest)| manifest.is_ok()) {
        true => Exit::Ok,
        false => Exit::Degraded,
    }
}

pub(super) fn tell_verified(verified: &Verified, json: bool) -> Exit {
    if json {
        say_value(verified);
    } else if verified.troubles.is_empty() {
        say(&format!(
            "{} is whole: {} opened, {} read, {}, {}",
            verified.id,
            many(verified.documents, "document"),
            many(verified.rows, "record"),
            many(verified.blobs, "file"),
            size(verified.bytes)
        ));
    } else {
        say(&format!("{} is not whole:", verified.id));
        for trouble in &verified.troubles {
            say(&format!("  {trouble}"));
        }
    }
    match verified.troubles.is_empty() {
        true => Exit::Ok,
        false => Exit::Failure,
    }
}

pub(super) fn tell_pruned(pruned: &Pruned, json: bool) -> Exit {
    if json {
        say_value(pruned);
    } else {
        let deleted = many(pruned.deleted.len() as u64, "backup");
        let (kept, freed) = (pruned.kept, size(pruned.freed_bytes));
        say(&format!(
            "{deleted} deleted, {kept} kept, {freed} given back"
        ));
    }
    for id in &pruned.unreadable {
        complain(&format!(
            "{id} cannot be read; what it may need was kept, so look at it with `easel backup verify {id}`"
        ));
    }
    match pruned.unreadable.is_empty() {
        true => Exit::Ok,
        false => Exit::Degraded,
    }
}

pub(super) fn tell_put(put: &Put, dir: &str, has_key: bool, json: bool) -> Exit {
    let Put {
        manifest,
        restored,
        forward,
        missing,
        ..
    } = put;
    if json {
        say_value(&json!({
            "backup": manifest.id,
            "made_at": manifest.made_at,
            "state_at": manifest.state_at,
            "instance": restored.instance.to_string(),
            "cluster": restored.cluster.to_string(),
            "boards": manifest.boards,
            "missing": missing,
            "has_master_key": has_key,
            "forward": forward,
        }));
    } else {
        say(&format!(
            "{} and {} as of {} (backup {})",
            many(manifest.boards, "board"),
            many(manifest.blobs.count, "file"),
            manifest.made_at,
            manifest.id
        ));
        if let Some(forward) = forward {
            let updates = many(forward.updates, "update");
            let boards = many(forward.boards, "new board");
            say(&format!(
                "  and out of backup {} what was drawn up to the time: {updates}, {boards}",
                forward.from
            ));
        }
        if !has_key {
            say("  without its master key: everybody signs in again");
        }
        say(&format!("Start the node: easel serve --data-dir {dir}"));
    }
    for missing in missing {
        complain(&format!("the file {missing} is not in the backup"));
    }
    let refused = forward.as_ref().map_or(0, |forward| forward.refused);
    if refused > 0 {
        complain(&format!(
            "{refused} steps had nowhere to go: of boards that were in the trash, or of owners without an account then"
        ));
    }
    match missing.is_empty() && refused == 0 {
        true => Exit::Ok,
        false => Exit::Degraded,
    }
}

pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1 << 10 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1_024.0;
    let mut unit = 0;
    while amount >= 1_024.0 && unit + 1 < UNITS.len() {
        amount /= 1_024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}
