//! The OpenAPI document says of the routes what is true of them.

use super::described::operations;
use crate::api::openapi::DOCUMENT;
use crate::testing::TestNode;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[test]
fn every_operation_has_a_name_of_its_own_and_every_reference_leads_somewhere() {
    let mut ids = BTreeSet::new();
    for operation in operations() {
        let id = operation.id;
        assert!(METHODS.contains(&operation.method), "{id}");
        assert!(ids.insert(id), "{id} is the name of two operations");
        for member in ["summary", "tags"] {
            assert!(
                !operation.described[member].is_null(),
                "{id} has no {member}"
            );
        }
    }
    let text = DOCUMENT.to_string();
    for rest in text.split("\"#/components/schemas/").skip(1) {
        let name = rest.split('"').next().unwrap();
        let schema = &DOCUMENT["components"]["schemas"][name];
        assert!(schema.is_object(), "nothing says what {name} is");
    }
}

/// What the browser's types are made from, and what a change of the interface shows in.
#[test]
fn the_copy_that_is_kept_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let mut document = DOCUMENT.clone();
    document["info"]["version"] = "0".into();
    let wanted = in_lines(&document);
    if std::env::var_os("EASEL_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is stale: run this test with EASEL_BLESS=1, then `npm run api-types` in node/web",
        path.display()
    );
}

/// One line for each path and each type, so that a change shows where it is.
fn in_lines(document: &Value) -> String {
    let mut out = document.clone();
    let paths = lines_of(out["paths"].take());
    let schemas = lines_of(out["components"]["schemas"].take());
    let text = serde_json::to_string_pretty(&out).unwrap() + "\n";
    let text = text.replace("\"paths\": null", &format!("\"paths\": {paths}"));
    text.replace("\"schemas\": null", &format!("\"schemas\": {schemas}"))
}

fn lines_of(members: Value) -> String {
    let lines: Vec<_> = members
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// A path without the methods it has answers 405 and says which those are.
#[tokio::test]
async fn the_routes_are_those_of_the_document() {
    let node = TestNode::start().await;
    let mut paths: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for operation in operations() {
        let methods = paths.entry(operation.path).or_default();
        methods.insert(operation.method.to_uppercase());
        if operation.method == "get" {
            methods.insert("HEAD".to_owned());
        }
    }
    for (path, methods) in paths {
        let path = path.replace(['{', '}'], "");
        let answer = node.ask(&format!("TRACE /api/v1{path}")).await;
        assert_eq!(answer.status, 405, "of {path}");
        let allowed = answer.header("allow").split(',').map(str::to_owned);
        assert_eq!(allowed.collect::<BTreeSet<_>>(), methods, "of {path}");
    }
}

/// No route but those that the document is made from.
#[test]
fn no_route_is_left_out() {
    let source = include_str!("../mod.rs");
    assert!(
        !source.contains(".route(") && !source.contains(".nest("),
        "a route of the interface is described: use routes! and #[utoipa::path]"
    );
}

/// Every place that the page links to is on it, or is the page of a problem; and it runs nothing.
#[tokio::test]
async fn the_page_about_the_interface_needs_nothing_else() {
    let node = TestNode::start().await;
    let page = node.ask("GET /api/v1/docs\naccept: text/html").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(!page.body.contains("<script") && !page.body.contains("style="));
    let links: BTreeSet<_> = page
        .body
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(links.len() > 100, "{links:?}");
    for link in links {
        match link.split_at(1) {
            ("#", name) => assert!(page.body.contains(&format!("id=\"{name}\"")), "{link}"),
            _ => {
                let path = match link.strip_prefix("../../") {
                    Some(rest) => format!("/{rest}"),
                    None => format!("/api/v1/{link}"),
                };
                let there = node.ask(&format!("GET {path}\naccept: text/html")).await;
                assert_eq!(there.status, 200, "{link}");
            }
        }
    }
}
