//! Elements: what lies on a board, read and written one by one.
//!
//! Reading needs no room (`contents`). Every write goes through the board's room, so that whoever draws there sees it at
//! once, and is answered when it is durable. What an element is in JSON is `easel_board::json`.

mod query;
pub(super) mod read;
pub(super) mod write;

pub(super) use write::{ordered, writer};

use super::{conditions, dates};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use easel_board::json::Object;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An element: `id, type, kind?, box: [x, y, w, h, angle], z, parent?, text?`, one member for each style that differs from
/// its default, `data` for what only its type has, and `by`, whom it is put down to.
///
/// The `data` of a line is `{from, via?, to, from_head?, to_head?}`: its ends and up to 1,000 points that it goes through
/// between them, each `[x, y]` in fractions of its box.
///
/// The `data` of a connector is `{from, to, from_head?, to_head?}`. An end is free, `{at: [x, y]}` in fractions of the
/// connector's own box, or bound, `{element, at?: [x, y], mode?, last?}` in fractions of that element's box: with `mode`
/// `auto` on its outline where the way meets it, with `fixed` just at `at`. Nobody writes to a connector because an
/// element has moved: its `box`, with `last` in fractions of it, says where its ends were when it was last written.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
struct Element(Value);

#[derive(Serialize, ToSchema)]
struct Elements {
    data: Vec<Element>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// Of an element by itself, without what the document does not say of it.
fn tag(element: &Object) -> String {
    let mut element = element.clone();
    element.retain(|name, _| !dates::MEMBERS.contains(&name.as_str()));
    let text = serde_json::to_string(&element).expect("an element is JSON");
    conditions::etag(None, text.as_bytes())
}

/// An element as an answer, or 304 when the caller has it.
fn tagged(request: &HeaderMap, element: Object) -> Response {
    let tag = tag(&element);
    let mut response = match conditions::is_known(request, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (kind, Value::Object(element).to_string()).into_response()
        }
    };
    conditions::put_etag(&mut response, &tag);
    response
}
