//! The OpenAPI document: what the handlers' annotations say, and what holds for all of them.
//!
//! A handler's `#[utoipa::path]` names its operation, its types, the scope that a token needs (`security`) and, as
//! `x-problems`, the slugs of the problems that are its own. From these the rest follows and is added here: parameters
//! out of the path, headers, the problems that any operation of its kind can end in. So nothing stands twice, and
//! nothing that always holds is forgotten.

mod examples;
mod links;
pub(super) mod page;

use super::conditions;
use crate::VERSION;
use crate::http::problem::Code;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
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
const IN_PATHS: [(&str, &str, &str); 11] = [
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
    ("backup", "^[0-9A-Za-z-]{1,64}$", "The backup's id."),
    ("form", "^[a-z]{1,16}$", "The name of one of its forms."),
    ("asset", "^ast_[0-9a-hjkmnp-tv-z]{26}$", "The asset's id."),
    (
        "token",
        "^[0-9A-Za-z_]{1,64}$",
        "The id, or the secret that a link carries.",
    ),
    ("node", "^[1-9][0-9]{0,17}$", "The node's id."),
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
    name_what_lists_hold(&mut document);
    require_what_answers_always_have(&mut document);
    require_bodies_that_say_something(&mut document);
    for (path, method, operation) in operations(&mut document) {
        complete_operation(path, method, operation);
    }
    links::add(&mut document);
    document
}

fn operations(document: &mut Value) -> impl Iterator<Item = (&str, &str, &mut Value)> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let item = item.as_object_mut().into_iter().flatten();
        item.map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// A list of something is written out where it is made; what it holds has a name.
fn name_what_lists_hold(document: &mut Value) {
    let schemas = document.pointer_mut("/components/schemas");
    for (name, schema) in schemas.and_then(Value::as_object_mut).into_iter().flatten() {
        let items = schema.pointer_mut("/properties/data/items");
        if let (Some(held), Some(items)) = (name.strip_prefix("List_"), items) {
            *items = json!({ "$ref": format!("#/components/schemas/{held}") });
        }
    }
}

/// A body that may leave everything out may be left out itself.
fn require_bodies_that_say_something(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for (_, _, operation) in operations(document) {
        let schema = operation.pointer("/requestBody/content/application~1json/schema");
        let name = schema.and_then(|schema| schema["$ref"].as_str());
        let name = name.and_then(|name| name.strip_prefix("#/components/schemas/"));
        let Some(schema) = name.map(|name| &schemas[name]) else {
            continue;
        };
        let required = schema["required"].as_array();
        if schema["type"] == "object" && required.is_none_or(Vec::is_empty) {
            operation["requestBody"]["required"] = false.into();
        }
    }
}

/// In a request a member that can be null can be left out; in an answer it never is.
fn require_what_answers_always_have(document: &mut Value) {
    let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
    let all = document.clone();
    for (_, _, operation) in operations(document) {
        follow(&all, operation.get("requestBody"), &mut asked);
        follow(&all, operation.get("responses"), &mut answered);
    }
    for name in answered.difference(&asked) {
        let schema = &mut document["components"]["schemas"][name];
        // What is flattened into another is a part beside others.
        match schema.get_mut("allOf").and_then(Value::as_array_mut) {
            Some(parts) => parts.iter_mut().for_each(require_nullable),
            None => require_nullable(schema),
        }
    }
}

fn require_nullable(schema: &mut Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let nullable = properties.iter().filter(|(_, property)| {
        let types = property["type"].as_array().into_iter().flatten();
        let choices = property["oneOf"].as_array().into_iter().flatten();
        let mut kinds = types.chain(choices.map(|choice| &choice["type"]));
        kinds.any(|kind| kind == "null")
    });
    let mut required: BTreeSet<String> = nullable.map(|(name, _)| name.clone()).collect();
    let before = schema.get("required").and_then(Value::as_array);
    let before = before.into_iter().flatten();
    required.extend(before.filter_map(|name| name.as_str().map(str::to_owned)));
    if !required.is_empty() {
        schema["required"] = required.into_iter().collect();
    }
}

/// The names of the schemas that something refers to, and of those that these refer to.
fn follow(document: &Value, from: Option<&Value>, names: &mut BTreeSet<String>) {
    match from {
        Some(Value::Object(members)) => {
            let name = members.get("$ref").and_then(Value::as_str);
            let name = name.and_then(|name| name.strip_prefix("#/components/schemas/"));
            if let Some(name) = name
                && names.insert(name.to_owned())
            {
                let schema = &document["components"]["schemas"][name];
                follow(document, Some(schema), names);
            }
            let members = members.values();
            members.for_each(|member| follow(document, Some(member), names));
        }
        Some(Value::Array(items)) => {
            let items = items.iter();
            items.for_each(|item| follow(document, Some(item), names));
        }
        _ => {}
    }
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
            "violated-policies": {
                "type": "array",
                "description": "The policies in RateLimit-Policy that there was too much under.",
                "items": { "type": "string" },
            },
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
    put_headers_asked(operation);
    if let Some(members) = operation.as_object_mut() {
        members.remove("x-problems");
    }
    // RFC 7396 under its own name as well.
    if method == "patch"
        && let Some(Value::Object(contents)) = operation.pointer_mut("/requestBody/content")
        && let Some(content) = contents.get("application/json").cloned()
    {
        contents.insert("application/merge-patch+json".to_owned(), content);
    }
    examples::add(operation);
    let is_public = operation.get("security") == Some(&json!([{}]));
    let Some(Value::Object(responses)) = operation.get_mut("responses") else {
        return;
    };
    for (status, response) in responses.iter_mut() {
        put_headers_answered(method, status, is_public, response);
    }
    let found = responses.get("200");
    let is_json = found.is_some_and(is_json);
    if method == "get" && is_json {
        let description = "It is what If-None-Match names.";
        responses.insert("304".to_owned(), json!({ "description": description }));
    }
    for (status, codes) in problems {
        responses.insert(status.to_string(), problem_response(&codes));
    }
}

fn is_json(response: &Value) -> bool {
    response.pointer("/content/application~1json").is_some()
}

fn has_problem(operation: &Value, slug: &str) -> bool {
    let own = operation.get("x-problems").and_then(Value::as_array);
    own.is_some_and(|own| own.iter().any(|known| known == slug))
}

fn put_headers_asked(operation: &mut Value) {
    let mut headers = Vec::new();
    if has_problem(operation, "precondition-failed") {
        headers.push(json!({
            "name": "If-Match", "in": "header",
            "required": has_problem(operation, "precondition-required"),
            "description": "The ETag that was read, or `*` for whatever is there.",
            "schema": { "anyOf": [
                { "type": "string", "const": "*" },
                { "type": "string", "pattern": "^\"[0-9]{1,9}-[0-9a-f]{16}\"$" },
            ] },
        }));
    }
    if has_problem(operation, "idempotency-key-reused") {
        headers.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same key and body again within 24 hours bring the same answer, and are done once.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        }));
    }
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.extend(headers);
    }
}

fn put_headers_answered(method: &str, status: &str, is_public: bool, response: &mut Value) {
    let text =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let mut headers = Map::new();
    if is_json(response) {
        let what = "Names this version of it, for If-None-Match and If-Match.";
        headers.insert("ETag".to_owned(), text(what));
    }
    if status == "201" {
        let mut location = text("Where it is.");
        location["required"] = true.into();
        headers.insert("Location".to_owned(), location);
    }
    if method != "get" && !is_public && status.starts_with('2') {
        let what = "Sent back as Easel-Min-Index it makes a read see this write, on any node.";
        headers.insert("Easel-Index".to_owned(), text(what));
    }
    if !headers.is_empty() {
        response["headers"] = headers.into();
    }
}

/// Its names are the path's own; what was made of the handler's arguments knows less.
fn put_path_parameters(path: &str, operation: &mut Value) {
    let mut parameters = match operation["parameters"].take() {
        Value::Array(parameters) => parameters,
        _ => Vec::new(),
    };
    parameters.retain(|parameter| parameter["in"] != "path");
    for (at, name) in names_in(path).enumerate() {
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

fn names_in(path: &str) -> impl Iterator<Item = &str> {
    let rest = path.split('{').skip(1);
    rest.filter_map(|rest| rest.split('}').next())
}

/// The problems that an operation can end in, by status.
fn problems_of(method: &str, operation: &Value) -> BTreeMap<u16, Vec<Code>> {
    let mut codes = vec![
        Code::BadRequest,
        Code::WrongHost,
        Code::QuotaExceeded,
        Code::Unavailable,
        Code::ReplicaBehind,
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
    if operation.get("requestBody").is_some() {
        codes.extend([
            Code::BodyTimeout,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
        ]);
        if operation["requestBody"]["content"]["application/json"].is_object() {
            codes.extend([Code::MalformedJson, Code::Invalid]);
        }
    }
    if has_problem(operation, "idempotency-key-reused") {
        codes.push(Code::BadIdempotencyKey);
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
    let mut response = json!({
        "description": lines.join("\n"),
        "content": { "application/problem+json": { "schema": schema } },
    });
    let header = match codes[0].about().status.as_u16() {
        401 => Some(("WWW-Authenticate", "Bearer.")),
        429 | 503 => Some(("Retry-After", "Seconds.")),
        _ => None,
    };
    if let Some((name, description)) = header {
        response["headers"][name] = json!({
            "description": description, "required": true, "schema": { "type": "string" },
        });
    }
    response
}
