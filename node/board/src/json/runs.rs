//! Formats inside a text: read as runs of one format each, checked, and written where they differ.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use yrs::types::Attrs;
use yrs::types::text::YChange;
use yrs::{Any, Out, ReadTxn, Text, TextRef, TransactionMut};

use super::Fault;
use super::read::Object;
use crate::document::any;
use crate::schema::{FORMAT_FLAGS, FORMAT_LINK, FORMAT_LIST, LINK_LENGTH_MAX, LINK_SCHEMES, LISTS};
use crate::text::is_link;

/// A piece of text and its format, in the words of this version.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) format: HashMap<&'static str, Value>,
}

/// Each is a walk through the text before it.
const RUNS_MAX: usize = 1_000;

impl Run {
    pub(super) fn plain(text: String) -> Run {
        Run {
            text,
            format: HashMap::new(),
        }
    }
}

/// Text in pieces of one format each; nothing when there is no format in it.
pub(super) fn shown<T: ReadTxn>(txn: &T, text: &TextRef) -> Option<Value> {
    let runs = text.diff(txn, YChange::identity);
    if runs.iter().all(|run| run.attributes.is_none()) {
        return None;
    }
    let runs = runs.into_iter().filter_map(|run| {
        let Out::Any(Any::String(piece)) = run.insert else {
            return None;
        };
        let mut shown = json!({ "text": piece.as_ref() });
        if let Some(attributes) = run.attributes {
            let format: Object = attributes
                .iter()
                .map(|(name, value)| (name.to_string(), any(value)))
                .collect();
            shown["format"] = Value::Object(format);
        }
        Some(shown)
    });
    Some(Value::Array(runs.collect()))
}

/// Reads what a caller wants. `before`: the runs that are there, whose formats of a later version may come back.
pub(super) fn read(asked: &Value, before: Option<&Value>) -> Result<Vec<Run>, Fault> {
    let Value::Array(asked) = asked else {
        return Err(Fault::new("/runs", "wrong-type", "must be a list of runs"));
    };
    if asked.len() > RUNS_MAX {
        let detail = format!("has at most {RUNS_MAX} runs");
        return Err(Fault::invalid("/runs", detail));
    }
    let read = |(at, run): (usize, &Value)| read_run(&format!("/runs/{at}"), run, before);
    asked.iter().enumerate().map(read).collect()
}

/// All of their text.
pub(super) fn text(runs: &[Run]) -> String {
    runs.iter().map(|run| run.text.as_str()).collect()
}

fn read_run(pointer: &str, run: &Value, before: Option<&Value>) -> Result<Run, Fault> {
    let Value::Object(members) = run else {
        return Err(Fault::new(pointer, "wrong-type", "must be a run"));
    };
    let known = ["text", "format"];
    if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(unknown(pointer, name));
    }
    let text = match members.get("text") {
        Some(Value::String(text)) => text.clone(),
        Some(_) => {
            let pointer = format!("{pointer}/text");
            return Err(Fault::new(pointer, "wrong-type", "must be text"));
        }
        None => {
            let pointer = format!("{pointer}/text");
            return Err(Fault::new(
                pointer,
                "missing-member",
                "this member is needed",
            ));
        }
    };
    let pointer = format!("{pointer}/format");
    let mut format = HashMap::new();
    match members.get("format") {
        None | Some(Value::Null) => {}
        Some(Value::Object(asked)) => {
            for (name, value) in asked.iter().filter(|(_, value)| !value.is_null()) {
                if let Some(name) = read_format(&pointer, name, value, before)? {
                    format.insert(name, value.clone());
                }
            }
        }
        Some(_) => return Err(Fault::new(pointer, "wrong-type", "must be an object")),
    }
    Ok(Run { text, format })
}

/// The format's name, or nothing when it is one of a later version, which stays as it is.
fn read_format(
    pointer: &str,
    name: &str,
    value: &Value,
    before: Option<&Value>,
) -> Result<Option<&'static str>, Fault> {
    let here = || format!("{pointer}/{name}");
    if let Some(flag) = FORMAT_FLAGS.into_iter().find(|flag| *flag == name) {
        return match value {
            Value::Bool(true) => Ok(Some(flag)),
            _ => Err(Fault::new(
                here(),
                "wrong-type",
                "must be true, or left out",
            )),
        };
    }
    if name == FORMAT_LINK {
        return match value {
            Value::String(url) if is_link(url) => Ok(Some(FORMAT_LINK)),
            Value::String(_) => {
                let schemes = LINK_SCHEMES.join(", ");
                let detail =
                    format!("must be an address of up to {LINK_LENGTH_MAX} characters: {schemes}");
                Err(Fault::invalid(here(), detail))
            }
            _ => Err(Fault::new(here(), "wrong-type", "must be text")),
        };
    }
    if name == FORMAT_LIST {
        return match value.as_str() {
            Some(word) if LISTS.contains(&word) => Ok(Some(FORMAT_LIST)),
            _ => {
                let detail = format!("must be one of {}", LISTS.join(", "));
                Err(Fault::invalid(here(), detail))
            }
        };
    }
    let runs = before.and_then(Value::as_array).into_iter().flatten();
    match runs
        .into_iter()
        .any(|run| run["format"].get(name) == Some(value))
    {
        true => Ok(None),
        false => Err(unknown(pointer, name)),
    }
}

/// Whether a text may lead there.
fn unknown(pointer: &str, name: &str) -> Fault {
    let name = name.replace('~', "~0").replace('/', "~1");
    Fault::new(
        format!("{pointer}/{name}"),
        "unknown-member",
        "there is no such member",
    )
}

/// Gives a text that says the same already these formats, and takes away what else of this version is there.
pub(super) fn write(txn: &mut TransactionMut<'_>, text: &TextRef, wanted: &[Run]) {
    let mut left = wanted.iter();
    let mut run = left.next();
    let mut run_left = run.map_or(0, |run| units(&run.text));
    let mut at = 0;
    let mut changes: Vec<(u32, u32, Attrs)> = Vec::new();
    for piece in text.diff(txn, YChange::identity) {
        let Out::Any(Any::String(there)) = &piece.insert else {
            // Something of a later version in between.
            at += 1;
            continue;
        };
        let end = at + units(there);
        while at < end {
            while run_left == 0 {
                run = left.next();
                let Some(run) = run else { break };
                run_left = units(&run.text);
            }
            let Some(run) = run else { break };
            let len = run_left.min(end - at);
            let change = change(piece.attributes.as_deref(), &run.format);
            if !change.is_empty() {
                changes.push((at, len, change));
            }
            at += len;
            run_left -= len;
        }
        at = end;
    }
    for (at, len, change) in changes {
        text.format(txn, at, len, change);
    }
}

/// What makes one format the other.
fn change(there: Option<&Attrs>, wanted: &HashMap<&'static str, Value>) -> Attrs {
    let mut change = Attrs::new();
    for name in FORMAT_FLAGS.into_iter().chain([FORMAT_LINK, FORMAT_LIST]) {
        let there = there.and_then(|there| there.get(name)).map(any);
        match wanted.get(name) {
            Some(value) if there.as_ref() == Some(value) => {}
            Some(Value::String(word)) => {
                change.insert(name.into(), Any::from(word.as_str()));
            }
            Some(_) => {
                change.insert(Arc::from(name), Any::from(true));
            }
            None if there.is_some() => {
                change.insert(name.into(), Any::Null);
            }
            None => {}
        }
    }
    change
}

pub(super) fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}
