//! The document as a page to read: needs no script, no network and no style from elsewhere.

use super::DOCUMENT;
use crate::http::html::escape;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const STYLE: &str = include_str!("page.css");
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

static PAGE: LazyLock<String> = LazyLock::new(|| page(&DOCUMENT));

/// This interface, to read.
#[utoipa::path(
    get, path = "/docs", operation_id = "docs_show", tag = "About",
    security(()),
    responses((status = 200, description = "A page", body = String, content_type = "text/html")),
)]
pub(in crate::api) async fn show() -> Response {
    let mut response = Html(PAGE.as_str()).into_response();
    let policy = HeaderValue::from_static(POLICY);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// How that page looks.
#[utoipa::path(
    get, path = "/docs/style.css", operation_id = "docs_style", tag = "About",
    security(()),
    responses((status = 200, description = "A style sheet", body = String, content_type = "text/css")),
)]
pub(in crate::api) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

fn page(document: &Value) -> String {
    let mut by_tag: BTreeMap<&str, String> = BTreeMap::new();
    for (path, item) in members(document.get("paths")) {
        for (method, operation) in members(Some(item)) {
            let tag = text(operation.pointer("/tags/0"));
            by_tag
                .entry(tag)
                .or_default()
                .push_str(&operation_section(path, method, operation));
        }
    }
    let links: String = by_tag
        .keys()
        .map(|tag| format!("<li><a href=\"#{tag}\">{tag}</a></li>\n"))
        .collect();
    let sections: String = by_tag
        .iter()
        .map(|(tag, section)| format!("<h2 id=\"{tag}\">{tag}</h2>\n{section}"))
        .collect();
    let types: String = members(document.pointer("/components/schemas"))
        .map(|(name, schema)| type_section(name, schema))
        .collect();
    let version = escape(text(document.pointer("/info/version")));
    let about = marked(text(document.pointer("/info/description")));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Interface · Easel</title>\n\
         <link rel=\"stylesheet\" href=\"docs/style.css\">\n</head>\n<body>\n\
         <h1>Easel {version}</h1>\n<p>{about}</p>\n\
         <p>Addresses stand below <code>/api/v1</code>. The same for programs: \
         <a href=\"openapi.json\">openapi.json</a>.</p>\n\
         <nav><ul>\n{links}<li><a href=\"#types\">Types</a></li>\n</ul></nav>\n\
         <main>\n{sections}<h2 id=\"types\">Types</h2>\n{types}</main>\n</body>\n</html>\n"
    )
}

fn members(of: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let members = of.and_then(Value::as_object).into_iter();
    members
        .flat_map(Map::iter)
        .map(|(name, value)| (name.as_str(), value))
}

fn items(of: Option<&Value>) -> impl Iterator<Item = &Value> {
    of.and_then(Value::as_array).into_iter().flatten()
}

fn text(of: Option<&Value>) -> &str {
    of.and_then(Value::as_str).unwrap_or_default()
}

/// Escaped, with what stands in backquotes as code.
fn marked(text: &str) -> String {
    let parts = text.split('`').map(escape).enumerate();
    let parts = parts.map(|(at, part)| match at % 2 {
        0 => part,
        _ => format!("<code>{part}</code>"),
    });
    parts.collect()
}

fn paragraph(of: Option<&Value>) -> String {
    match text(of) {
        "" => String::new(),
        text => format!("<p>{}</p>\n", marked(text)),
    }
}

fn operation_section(path: &str, method: &str, operation: &Value) -> String {
    let parameters: String = items(operation.get("parameters"))
        .map(parameter_row)
        .collect();
    let parameters = match parameters.as_str() {
        "" => String::new(),
        rows => format!("<table>\n<caption>Parameters</caption>\n{rows}</table>\n"),
    };
    let bodies: String = members(operation.pointer("/requestBody/content"))
        .map(|(kind, content)| body(kind, content))
        .collect();
    let answers: String = members(operation.get("responses"))
        .map(|(status, response)| answer_row(status, response))
        .collect();
    format!(
        "<section id=\"{}\">\n<h3><code>{} {}</code></h3>\n{}{}{}{parameters}{bodies}\
         <table>\n<caption>Answers</caption>\n{answers}</table>\n</section>\n",
        text(operation.get("operationId")),
        method.to_uppercase(),
        escape(path),
        paragraph(operation.get("summary")),
        paragraph(operation.get("description")),
        callers(operation.get("security")),
    )
}

fn callers(security: Option<&Value>) -> String {
    if security.is_none() {
        return "<p>For who has signed in.</p>\n".to_owned();
    }
    let mut out = String::new();
    for way in items(security) {
        if members(Some(way)).next().is_none() {
            out.push_str("<p>Asks for no token.</p>\n");
        }
        for scope in items(way.get("bearer")) {
            let scope = escape(text(Some(scope)));
            out.push_str(&format!(
                "<p>A personal token needs <code>{scope}</code>.</p>\n"
            ));
        }
    }
    out
}

fn parameter_row(parameter: &Value) -> String {
    let needed = match parameter["required"] == true {
        true => ", needed",
        false => "",
    };
    format!(
        "<tr><th scope=\"row\"><code>{}</code></th><td>{}{needed}</td><td>{} {}</td></tr>\n",
        escape(text(parameter.get("name"))),
        escape(text(parameter.get("in"))),
        shape(&parameter["schema"]),
        marked(text(parameter.get("description"))),
    )
}

fn body(kind: &str, content: &Value) -> String {
    let example = content.get("example").map(|example| {
        let example = escape(&example.to_string());
        format!("<pre tabindex=\"0\">{example}</pre>\n")
    });
    format!(
        "<p>Body: {} as <code>{}</code></p>\n{}",
        shape(&content["schema"]),
        escape(kind),
        example.unwrap_or_default()
    )
}

fn answer_row(status: &str, response: &Value) -> String {
    const CODES: &str = "/content/application~1problem+json/schema/allOf/1/properties/code/enum";
    let cell = match response.pointer(CODES) {
        Some(codes) => {
            let links = items(Some(codes)).map(|slug| {
                let slug = text(Some(slug));
                format!("<a href=\"../../problems/{slug}\">{slug}</a>")
            });
            links.collect::<Vec<_>>().join(", ")
        }
        None => {
            let contents = members(response.get("content")).map(|(kind, content)| {
                format!(
                    ": {} as <code>{}</code>",
                    shape(&content["schema"]),
                    escape(kind)
                )
            });
            marked(text(response.get("description"))) + &contents.collect::<String>()
        }
    };
    format!(
        "<tr><th scope=\"row\">{}</th><td>{cell}</td></tr>\n",
        escape(status)
    )
}

fn type_section(name: &str, schema: &Value) -> String {
    let mut parts: Vec<&Value> = items(schema.get("allOf")).collect();
    if parts.is_empty() {
        parts.push(schema);
    }
    let parts: String = parts.into_iter().map(type_part).collect();
    let about = paragraph(schema.get("description"));
    format!("<section id=\"type-{name}\">\n<h3>{name}</h3>\n{about}{parts}</section>\n")
}

fn type_part(part: &Value) -> String {
    if part.get("properties").is_none() {
        return format!("<p>{}</p>\n", shape(part));
    }
    let rows = members(part.get("properties")).map(|(member, about)| {
        let is_needed = items(part.get("required")).any(|needed| needed == member);
        format!(
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}{}</td><td>{}</td></tr>\n",
            escape(member),
            shape(about),
            if is_needed { "" } else { ", perhaps" },
            marked(text(about.get("description"))),
        )
    });
    format!("<table>\n{}</table>\n", rows.collect::<String>())
}

/// What is allowed, in few words.
fn shape(schema: &Value) -> String {
    if let Some((_, name)) = text(schema.get("$ref")).rsplit_once('/') {
        return format!("<a href=\"#type-{name}\">{name}</a>");
    }
    for (several, word) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if schema.get(several).is_some() {
            let shapes: Vec<_> = items(schema.get(several)).map(shape).collect();
            return shapes.join(word);
        }
    }
    if let Some(words) = schema.get("enum") {
        let words =
            items(Some(words)).map(|word| format!("<code>{}</code>", escape(text(Some(word)))));
        return words.collect::<Vec<_>>().join(" ");
    }
    match schema.get("type") {
        Some(Value::String(kind)) if kind == "array" => {
            format!("list of {}", shape(&schema["items"]))
        }
        Some(Value::String(kind)) => escape(kind),
        kinds => {
            let kinds: Vec<_> = items(kinds).map(|kind| escape(text(Some(kind)))).collect();
            kinds.join(" or ")
        }
    }
}
