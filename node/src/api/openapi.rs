//! The OpenAPI document: what the handlers' annotations say, and what holds for all of them.
//!
//! A handler's `#[utoipa::path]` names its operation, its types, the scope that a token needs (`security`) and, as
//! `x-problems`, the slugs of the problems that are its own. From these the rest follows and is added here: parameters
//! out of the path, headers, the problems that any operation of its kind can end in. So nothing stands twice, and
//! nothing that always holds is forgotten.

use super::conditions;
use crate::VERSION;
use crate::http::problem::Code;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The document as it is served, on every node and below every base path the same.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let (_, described) = super::described_routes().split_for_parts();
    let described = serde_json::to_value(described).expect("a description is JSON");
    complete(described)
});

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "openapi_show", tag = "About", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)),
)]
pub(super) async fn show(headers: HeaderMap) -> Response {
    conditions::answer(&headers, None, &*DOCUMENT)
}

/// What stands in a path, by name: the form of it, and what it is.
const IN_PATHS: [(&str, &str, &str); 8] = [
    ("board", "^brd_[0-9a-hjkmnp-tv-z]{26}$", "The board's id."),
    ("user", "^usr_[0-9a-hjkmnp-tv-z]{26}$", "The person's id."),
    (
        "session",
        "^ses_[0-9a-hjkmnp-tv-z]{26}$",
        "The session's id.",
    ),
    (
        "link",
        "^shr_[0-9a-hjkmnp-tv-z]{26}$",
        "The share link's id.",
    ),
    (
        "invitation",
        "^inv_[0-9a-hjkmnp-tv-z]{26}$",
        "The invitation's id.",
    ),
    (
        "element",
        "^[A-Za-z0-9_-]{1,64}$",
        "The element's id, chosen by who made it.",
    ),
    ("asset", "^ast_[0-9a-hjkmnp-tv-z]{26}$", "The asset's id."),
    (
        "token",
        "^[0-9A-Za-z_]{1,64}$",
        "The id, or the secret that a link carries.",
    ),
];

fn complete(described: Value) -> Value {
    let mut document = described;
    document["openapi"] = "3.1.0".into();
    document["info"] = json!({
        "title": "Easel",
        "version": VERSION,
        "summary": "Boards, people, and who may do what.",
        "description": "Every failure is a problem (RFC 9457) with a stable `code`; the page at its `type` explains it. \
            Times are RFC 3339 in UTC with milliseconds. Unknown members of a request are refused, unknown members of an \
            answer are to be ignored. On a node without accounts everybody who reaches it may do everything.",
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    // Against the address of the document itself, so that it holds behind any proxy.
    document["servers"] = json!([{ "url": "../v1", "description": "This node" }]);
    document["security"] = json!([{ "bearer": [] }]);
    let components = &mut document["components"];
    components["securitySchemes"] = json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of ten minutes, or a personal token with scopes.",
        },
        "refresh": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-easel_rt",
            "description": "What renews a session. Good for pages of ours, which say Easel-Client: web; over plain HTTP \
                on loopback it is called easel_rt.",
        },
    });
    components["schemas"]["Problem"] = problem_schema();
    if let Value::Object(paths) = &mut document["paths"] {
        for (path, item) in paths {
            let Value::Object(operations) = item else {
                continue;
            };
            for (method, operation) in operations {
                complete_operation(path, method, operation);
            }
        }
    }
    document
}

fn problem_schema() -> Value {
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.about().slug).collect();
    json!({
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "instance", "code", "request_id"],
        "properties": {
            "type": { "type": "string", "description": "A page that explains it, on this node." },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string", "description": "What is particular to this request." },
            "instance": { "type": "string" },
            "code": { "type": "string", "enum": codes },
            "request_id": { "type": "string", "format": "uuid", "description": "Stands in the node's log as well." },
            "errors": {
                "type": "array",
                "description": "Each member of the body that is wrong.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "code", "detail"],
                    "properties": {
                        "pointer": { "type": "string", "description": "RFC 6901." },
                        "code": { "type": "string" },
                        "detail": { "type": "string" },
                    },
                },
            },
        },
    })
}

fn complete_operation(path: &str, method: &str, operation: &mut Value) {
    put_path_parameters(path, operation);
    let problems = problems_of(method, operation);
    if let Some(members) = operation.as_object_mut() {
        members.remove("x-problems");
    }
    let responses = &mut operation["responses"];
    for (status, codes) in problems {
        responses[status.to_string()] = problem_response(&codes);
    }
}

/// Its names are the path's own; what was made of the handler's arguments knows less.
fn put_path_parameters(path: &str, operation: &mut Value) {
    let mut parameters = match operation["parameters"].take() {
        Value::Array(parameters) => parameters,
        _ => Vec::new(),
    };
    parameters.retain(|parameter| parameter["in"] != "path");
    let names = path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next());
    for (at, name) in names.enumerate() {
        let known = IN_PATHS.iter().find(|(known, ..)| *known == name);
        let (_, pattern, what) = known.expect("every name in a path is described");
        parameters.insert(
            at,
            json!({
                "name": name, "in": "path", "required": true, "description": what,
                "schema": { "type": "string", "pattern": pattern },
            }),
        );
    }
    operation["parameters"] = parameters.into();
}

/// The problems that an operation can end in, by status.
fn problems_of(method: &str, operation: &Value) -> BTreeMap<u16, Vec<Code>> {
    let mut codes = vec![
        Code::BadRequest,
        Code::WrongHost,
        Code::TooManyRequests,
        Code::Unavailable,
    ];
    if operation["security"] != json!([{}]) {
        codes.extend([Code::Unauthenticated, Code::InvalidToken]);
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    for parameter in parameters {
        match (parameter["in"].as_str(), parameter["name"].as_str()) {
            (Some("path"), Some("board")) => codes.push(Code::BoardNotFound),
            (Some("path"), _) => codes.push(Code::NotFound),
            (Some("query"), _) => codes.push(Code::BadQuery),
            _ => {}
        }
    }
    if operation["requestBody"].is_object() {
        codes.extend([
            Code::BodyTimeout,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
        ]);
        if operation["requestBody"]["content"]["application/json"].is_object() {
            codes.extend([Code::MalformedJson, Code::Invalid]);
        }
    }
    if method != "get" {
        codes.extend([
            Code::ForeignOrigin,
            Code::ResultUnknown,
            Code::Draining,
            Code::DiskFull,
        ]);
    }
    let own = operation["x-problems"].as_array().into_iter().flatten();
    codes.extend(own.map(|slug| {
        let slug = slug.as_str().unwrap_or_default();
        Code::of_slug(slug).unwrap_or_else(|| panic!("{slug} is no problem that there is"))
    }));
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let of_status = by_status.entry(code.about().status.as_u16()).or_default();
        if !of_status.contains(&code) {
            of_status.push(code);
        }
    }
    by_status
}

fn problem_response(codes: &[Code]) -> Value {
    let lines: Vec<_> = codes
        .iter()
        .map(|code| code.about())
        .map(|about| format!("`{}`: {}.", about.slug, about.title))
        .collect();
    let slugs: Vec<_> = codes.iter().map(|code| code.about().slug).collect();
    let schema = json!({
        "allOf": [
            { "$ref": "#/components/schemas/Problem" },
            { "properties": { "code": { "enum": slugs } } },
        ],
    });
    let mut content = Map::new();
    content.insert(
        "application/problem+json".to_owned(),
        json!({ "schema": schema }),
    );
    json!({ "description": lines.join("\n"), "content": content })
}
