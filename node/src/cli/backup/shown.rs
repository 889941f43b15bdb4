//! What a command about backups did, in words for people and in JSON for programs.

use crate::api::time::rfc3339;
use crate::backup::{BackupError, Manifest, Pruned, Put, Reached, Verified};
use crate::cli::people::tell_rows;
use crate::cli::{Exit, complain, say};
use serde::Serialize;
use serde_json::{Value, json};

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
                made.log
                    .as_ref()
                    .and_then(|log| log.since.clone())
                    .unwrap_or_else(|| "-".to_owned()),
            ],
            Err(error) => vec![id.clone(), error.to_string()],
        });
        tell_rows(
            &[
                "BACKUP",
                "MADE",
                "BOARDS",
                "FILES",
                "SIZE",
                "NEW",
                "LOG SINCE",
            ],
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
    if json {
        say_value(&put_value(put, has_key));
    } else {
        say_put(put, dir, has_key);
    }
    for missing in &put.missing {
        complain(&format!("the file {missing} is not in the backup"));
    }
    let made_at = &put.manifest.made_at;
    let is_as_wanted = match &put.reached {
        Reached::Made { but_wanted: None } | Reached::Moment { .. } => true,
        Reached::Made {
            but_wanted: Some(at),
        } => {
            complain(&format!(
                "no backup of this cluster was made after it: what came between {made_at} and {} is not there. Is the old node \
                 there still, make a backup of it and restore again",
                rfc3339(at.0)
            ));
            false
        }
        Reached::Drawn { forward, .. } => {
            complain(&format!(
                "people, roles, links, titles and the trash are as of {made_at}: the log in backup {} begins too late to say \
                 what became of them. Look at who may see what before anybody is let in",
                forward.from
            ));
            if forward.refused > 0 {
                complain(&format!(
                    "{} steps had nowhere to go: of boards that were in the trash, or of owners without an account then",
                    forward.refused
                ));
            }
            false
        }
    };
    match put.missing.is_empty() && is_as_wanted {
        true => Exit::Ok,
        false => Exit::Degraded,
    }
}

/// When each part of it is of.
fn put_value(put: &Put, has_key: bool) -> Value {
    let manifest = &put.manifest;
    let made_at = || manifest.made_at.clone();
    let (is_of, drawn_until, from, replayed, forward) = match &put.reached {
        Reached::Made { .. } => (made_at(), made_at(), None, None, None),
        Reached::Moment { at, from, replayed } => {
            let at = rfc3339(at.0);
            (at.clone(), at, Some(from), Some(replayed.entries), None)
        }
        Reached::Drawn { at, forward } => (
            made_at(),
            rfc3339(at.0),
            Some(&forward.from),
            None,
            Some(forward),
        ),
    };
    json!({
        "backup": manifest.id,
        "made_at": manifest.made_at,
        "state_at": manifest.state_at,
        "instance": put.restored.instance.to_string(),
        "cluster": put.restored.cluster.to_string(),
        "boards": put.boards,
        "missing": put.missing,
        "has_master_key": has_key,
        "is_of": is_of,
        "drawn_until": drawn_until,
        "log_from": from.filter(|_| replayed.is_some()),
        "log_entries": replayed,
        "forward": forward,
    })
}

fn say_put(put: &Put, dir: &str, has_key: bool) {
    let (id, made_at) = (&put.manifest.id, &put.manifest.made_at);
    let boards = many(put.boards, "board");
    match &put.reached {
        Reached::Made { .. } => {
            let files = many(put.manifest.blobs.count, "file");
            say(&format!(
                "{boards} and {files} as of {made_at} (backup {id})"
            ));
        }
        Reached::Moment { at, from, replayed } => {
            let entries = many(replayed.entries, "entry").replace("entrys", "entries");
            say(&format!(
                "everything as of {}: {boards}, people, roles, links and the trash",
                rfc3339(at.0)
            ));
            say(&format!(
                "  (backup {id} of {made_at}, and {entries} of the log that backup {from} carries)"
            ));
        }
        Reached::Drawn { at, forward } => {
            let updates = many(forward.updates, "update");
            let new = many(forward.boards, "new board");
            say(&format!(
                "{boards}: what was drawn as of {}, everything else as of {made_at}",
                rfc3339(at.0)
            ));
            say(&format!(
                "  (backup {id}, and {updates} and {new} out of backup {})",
                forward.from
            ));
        }
    }
    if !has_key {
        say("  without its master key: everybody signs in again");
    }
    say(&format!("Start the node: easel serve --data-dir {dir}"));
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
