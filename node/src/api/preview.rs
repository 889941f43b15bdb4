//! A board's picture for the start page, made on demand and kept in the cache, which may forget it at any time.

use super::boards::board_id;
use super::query::Params;
use super::{conditions, store};
use crate::VERSION;
use crate::app::AppState;
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use easel_board::schema::Theme;
use easel_board::{document, svg};
use easel_storage::cache::Cache;
use easel_storage::{DocState, Query};
use tokio::sync::Semaphore;
use yrs::updates::decoder::Decode;
use yrs::{Doc, Transact, Update};

/// Pictures made at once; further ones wait. A page of cards asks for dozens, and drawing people come first.
const AT_ONCE: usize = 2;
/// For a picture that someone opens by itself: it is a document then, and may do nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

pub(crate) struct Previews {
    cache: Cache,
    turns: Semaphore,
}

impl Previews {
    pub(crate) fn new(cache: Cache) -> Previews {
        Previews {
            cache,
            turns: Semaphore::new(AT_ONCE),
        }
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut params = Params::of(&uri)?;
    let (theme, theme_word) = params.choice(
        "theme",
        &[
            ("light", (Theme::Light, "light")),
            ("dark", (Theme::Dark, "dark")),
        ],
    )?;
    // A page asks anew when the board moved on, by an address it has not asked for yet.
    params.take::<u64>("seq", "is a whole number")?;
    params.finish()?;
    let board = store::board(&app, store::level(&headers), board_id(&id)?).await?;
    // Another release may draw differently.
    let key = format!("preview {VERSION} {} {} {theme_word}", board.id, board.seq);
    let etag = conditions::etag(None, key.as_bytes());
    if conditions::is_known(&headers, &etag) {
        return Ok(with_headers(
            StatusCode::NOT_MODIFIED.into_response(),
            &etag,
        ));
    }
    let cached = app.previews.cache.clone();
    let lookup = key.clone();
    if let Ok(Some(svg)) = tokio::task::spawn_blocking(move || cached.get(lookup.as_bytes())).await
    {
        return Ok(with_headers(svg.into_response(), &etag));
    }
    let _turn = app
        .previews
        .turns
        .acquire()
        .await
        .map_err(|_| Code::Internal)?;
    let doc = store::read(&app, store::level(&headers), Query::Doc(board.id.into()))
        .await?
        .into_doc();
    let cache = app.previews.cache.clone();
    let drawn = tokio::task::spawn_blocking(move || {
        let svg = draw(doc, theme);
        cache.put(key.as_bytes(), svg.as_bytes());
        Bytes::from(svg)
    });
    // A panic in there has been logged; the board itself is not touched.
    let svg = drawn.await.map_err(|_| Code::Internal)?;
    Ok(with_headers(svg.into_response(), &etag))
}

fn draw(state: Option<DocState>, theme: Theme) -> String {
    let doc = Doc::new();
    let mut transaction = doc.transact_mut();
    if let Some(state) = state {
        let body = state.body.map(|body| body.bytes);
        let tail = state.tail.into_iter().map(|update| update.bytes);
        for bytes in body.into_iter().chain(tail) {
            // What is stored has passed the gate; what yrs still refuses is left out of the picture.
            if let Ok(update) = Update::decode_v1(&bytes) {
                let _ = transaction.apply_update(update);
            }
        }
    }
    svg::preview(&document::elements(&transaction), theme)
}

fn with_headers(mut response: Response, etag: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("image/svg+xml"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    conditions::put_etag(&mut response, etag);
    response
}
