//! The REST interface under `/api/v1`. A handler parses, makes one call to the store and maps the reply.
//!
//! `boards` is the boards themselves, `body` reads what was sent, `conditions` knows ETags and `If-Match`, `cursor`
//! pages through lists, `idempotency` makes a retry harmless, `store` turns the store's answers into ours. `stream` is a
//! board's events for those whom no WebSocket reaches.

mod boards;
mod body;
mod conditions;
mod cursor;
mod idempotency;
mod preview;
mod query;
mod store;
mod stream;
#[cfg(test)]
mod tests;
pub(crate) mod time;
mod ydoc;

pub(crate) use cursor::Cursors;
pub(crate) use preview::Previews;
pub(crate) use ydoc::Bodies;

use crate::app::AppState;
use crate::{COMMIT, VERSION};
use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

/// The version of this interface; a change that breaks callers would be another.
const API_VERSION: u32 = 1;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/boards", get(boards::list).post(boards::create))
        .route(
            "/boards/{board}",
            get(boards::show)
                .patch(boards::change)
                .delete(boards::trash),
        )
        .route("/boards/{board}/restore", post(boards::restore))
        .route(
            "/boards/{board}/stream",
            get(stream::open).delete(stream::leave),
        )
        .route("/boards/{board}/updates", post(stream::post))
        .route("/boards/{board}/ydoc", get(ydoc::show))
        .route("/boards/{board}/preview.svg", get(preview::show))
        .route("/version", get(version))
}

async fn version(headers: axum::http::HeaderMap) -> Response {
    let about = json!({ "version": VERSION, "commit": COMMIT, "api": API_VERSION });
    conditions::answer(&headers, None, &about)
}
