//! Reading elements.

use super::query::{ListQuery, Place};
use super::{Element, Elements, tagged};
use crate::api::access;
use crate::api::boards::board_id;
use crate::api::conditions;
use crate::api::contents::{self, Content, Needs};
use crate::api::store;
use crate::app::{App, AppState};
use crate::auth::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::quality_of;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use easel_board::json::{self, Object};
use easel_board::schema::ROOT_ELEMENTS;
use easel_storage::people::Scope;
use easel_storage::{BoardId, ReadLevel};
use serde_json::Value;
use std::convert::Infallible;
use std::sync::Arc;
use yrs::{Map, Out, ReadTxn, Transact};

/// Elements of a dump that are in memory at once.
const CHUNK: usize = 256;

/// What lies on a board, lowest first; all of it, one element a line, as `application/x-ndjson`.
#[utoipa::path(
    get, path = "/boards/{board}/elements", operation_id = "elements_list", tag = "Content",
    security(("bearer" = ["elements:read"])),
    params(
        ("type" = Option<String>, Query, description = "Only elements of this type."),
        ("parent" = Option<String>, Query, description = "Only what lies in this element, or in nothing: `none`.", pattern = "^[A-Za-z0-9_-]{1,64}$"),
        ("bbox" = Option<String>, Query, description = "Only what reaches into this rectangle: `x1,y1,x2,y2`.", pattern = "^-?[0-9]{1,7},-?[0-9]{1,7},-?[0-9]{1,7},-?[0-9]{1,7}$"),
        ("author" = Option<String>, Query, description = "Only what this person made."),
        ("updated_since" = Option<String>, Query, format = DateTime, description = "Only what was made or changed at this time or later. What was deleted since is not told."),
        ("fields" = Option<String>, Query, description = "Only these members, divided by commas, and the id."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "Where an earlier page of the same list ended."),
    ),
    responses((status = 200, description = "A page of elements", body = Elements)),
    extensions(("x-problems" = json!(["forbidden", "cursor-mismatch"]))),
)]
pub(in crate::api) async fn list(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::ElementsRead)?;
    let level = store::level(&headers);
    access::seen(&app, &caller, level, board).await?;
    let asked = ListQuery::parse(&app, board, &uri)?;
    match wants_lines(&headers) {
        true => lines(app, board, level, asked, &headers).await,
        false => page(&app, board, level, asked, &headers).await,
    }
}

/// One element.
#[utoipa::path(
    get, path = "/boards/{board}/elements/{element}", operation_id = "elements_show", tag = "Content",
    security(("bearer" = ["elements:read"])),
    responses((status = 200, description = "The element", body = Element)),
    extensions(("x-problems" = json!(["forbidden", "element-not-found"]))),
)]
pub(in crate::api) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    Path((id, element)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::ElementsRead)?;
    let level = store::level(&headers);
    access::seen(&app, &caller, level, board).await?;
    let found = element_now(&app, level, board, element).await?;
    Ok(tagged(&headers, found))
}

/// An element as it is durable now.
pub(super) async fn element_now(
    app: &App,
    level: ReadLevel,
    board: BoardId,
    id: String,
) -> Result<Object, Problem> {
    let found = contents::read(app, level, board, Needs::Dates, move |content| {
        one(content, &id)
    })
    .await?;
    found.ok_or_else(|| Code::ElementNotFound.into())
}

fn one(content: &Content, id: &str) -> Option<Object> {
    let txn = content.doc.transact();
    let mut element = match txn.get_map(ROOT_ELEMENTS)?.get(&txn, id)? {
        Out::YMap(map) => json::element(&txn, id, &map)?,
        _ => return None,
    };
    if let Some(dated) = content.dates.of(id) {
        dated.put_into(&mut element);
    }
    Some(element)
}

/// What a page is made of.
struct Page {
    tag: String,
    data: Option<Vec<Value>>,
    next: Option<Place>,
}

async fn page(
    app: &App,
    board: BoardId,
    level: ReadLevel,
    asked: ListQuery,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let asked = Arc::new(asked);
    let (of, known) = (asked.clone(), headers.clone());
    let page = contents::read(app, level, board, Needs::Dates, move |content| {
        let tag = content.tag().to_owned();
        if conditions::is_known(&known, &tag) {
            return Page {
                tag,
                data: None,
                next: None,
            };
        }
        let mut places = places(content, &of);
        let is_last = places.len() <= of.page();
        places.truncate(of.page());
        let elements = places.iter().filter_map(|place| one(content, &place.id));
        Page {
            tag,
            data: Some(elements.map(|element| of.thinned(element)).collect()),
            next: places.pop().filter(|_| !is_last),
        }
    });
    let Page { tag, data, next } = page.await?;
    let Some(data) = data else {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        conditions::put_etag(&mut response, &tag);
        return Ok(response);
    };
    let next = next.map(|last| asked.cursor(app, &last));
    let body = Elements {
        data: data.into_iter().map(Element).collect(),
        next_cursor: next.clone(),
    };
    let body = serde_json::to_string(&body).expect("elements are JSON");
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let mut response = (kind, body).into_response();
    conditions::put_etag(&mut response, &tag);
    if let Some(cursor) = next {
        let link = format!("<{}>; rel=\"next\"", asked.url(app, board, &cursor));
        let link = HeaderValue::try_from(link).map_err(|_| Code::Internal)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// Lowest first: those that are wanted, after the cursor.
fn places(content: &Content, asked: &ListQuery) -> Vec<Place> {
    let txn = content.doc.transact();
    let Some(root) = txn.get_map(ROOT_ELEMENTS) else {
        return Vec::new();
    };
    let mut places: Vec<Place> = root
        .iter(&txn)
        .filter_map(|(id, value)| match value {
            Out::YMap(map) => json::outline(&txn, id, &map),
            _ => None,
        })
        .filter(|element| asked.filter.takes(element, &content.dates))
        .map(|element| {
            let word = |name: &str| element.get(name).and_then(Value::as_str);
            Place {
                z: word("z").unwrap_or_default().to_owned(),
                id: word("id").unwrap_or_default().to_owned(),
            }
        })
        .filter(|place| asked.after.as_ref().is_none_or(|after| place > after))
        .collect();
    places.sort_unstable();
    places
}

fn wants_lines(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let lines = quality_of(accepted.unwrap_or_default(), "application/x-ndjson");
    let json = quality_of(accepted.unwrap_or_default(), "application/json");
    let names_it = accepted.is_some_and(|accepted| accepted.contains("application/x-ndjson"));
    names_it && lines > 0 && lines >= json
}

/// All of them, one a line. What is written meanwhile may be in it.
async fn lines(
    app: AppState,
    board: BoardId,
    level: ReadLevel,
    asked: ListQuery,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let asked = Arc::new(asked);
    let of = asked.clone();
    let chosen = contents::read(&app, level, board, Needs::Dates, move |content| {
        (content.tag().to_owned(), places(content, &of))
    });
    let (tag, mut places) = chosen.await?;
    if let Some(limit) = asked.limit {
        places.truncate(limit);
    }
    let mut response = if conditions::is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let left = places.into_iter();
        let chunks = futures_util::stream::unfold((app, left), move |(app, mut left)| {
            let asked = asked.clone();
            async move {
                let ids: Vec<String> = left.by_ref().take(CHUNK).map(|place| place.id).collect();
                if ids.is_empty() {
                    return None;
                }
                let read = contents::read(&app, level, board, Needs::Dates, move |content| {
                    lines_of(content, &asked, &ids)
                });
                // Cut short, which the caller sees by the body's end.
                let lines = read.await.ok()?;
                Some((Ok::<_, Infallible>(lines), (app, left)))
            }
        });
        let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
        (kind, Body::from_stream(chunks)).into_response()
    };
    conditions::put_etag(&mut response, &tag);
    Ok(response)
}

fn lines_of(content: &Content, asked: &ListQuery, ids: &[String]) -> Bytes {
    let elements = ids.iter().filter_map(|id| one(content, id));
    let lines = elements.map(|element| format!("{}\n", asked.thinned(element)));
    lines.collect::<String>().into()
}
