//! What an answer makes possible: the operations that can be tried on what another has made.

use super::operations;
use serde_json::{Map, Value, json};

/// One operation's answer, and what stands in the paths of others that comes from it.
struct Source {
    operation: &'static str,
    status: &'static str,
    /// Only paths that begin so.
    below: &'static str,
    parameters: &'static [(&'static str, &'static str)],
}

const fn source(
    operation: &'static str,
    status: &'static str,
    below: &'static str,
    parameters: &'static [(&'static str, &'static str)],
) -> Source {
    Source {
        operation,
        status,
        below,
        parameters,
    }
}

const BOARD: (&str, &str) = ("board", "$request.path.board");

const SOURCES: [Source; 9] = [
    source(
        "boards_create",
        "201",
        "/",
        &[("board", "$response.body#/id")],
    ),
    source(
        "copies_create",
        "201",
        "/",
        &[("board", "$response.body#/id")],
    ),
    source(
        "tokens_create",
        "201",
        "/me/",
        &[("token", "$response.body#/id")],
    ),
    source(
        "links_create",
        "201",
        "/",
        &[BOARD, ("link", "$response.body#/id")],
    ),
    source(
        "links_create",
        "201",
        "/share/",
        &[("token", "$response.body#/token")],
    ),
    source(
        "invitations_create",
        "201",
        "/",
        &[BOARD, ("invitation", "$response.body#/id")],
    ),
    source(
        "invitations_create",
        "201",
        "/invitations/",
        &[("token", "$response.body#/token")],
    ),
    source(
        "assets_create",
        "201",
        "/assets/",
        &[("asset", "$response.body#/id")],
    ),
    source(
        "members_put",
        "200",
        "/",
        &[BOARD, ("user", "$request.path.user")],
    ),
];

pub(super) fn add(document: &mut Value) {
    let mut found = Vec::new();
    for (path, _, operation) in operations(document) {
        let to = operation["operationId"].as_str().unwrap_or_default();
        let names: Vec<_> = super::names_in(path).collect();
        for source in SOURCES {
            let known = source.parameters.iter().map(|(name, _)| *name);
            if known.eq(names.iter().copied())
                && path.starts_with(source.below)
                && source.operation != to
            {
                found.push((source, to.to_owned()));
            }
        }
    }
    for (_, _, operation) in operations(document) {
        let from = operation["operationId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        for (source, to) in found.iter().filter(|(source, _)| source.operation == from) {
            let parameters = source.parameters.iter();
            let parameters: Map<_, _> = parameters
                .map(|(name, from)| ((*name).to_owned(), Value::from(*from)))
                .collect();
            operation["responses"][source.status]["links"][to] =
                json!({ "operationId": to, "parameters": parameters });
        }
    }
}
