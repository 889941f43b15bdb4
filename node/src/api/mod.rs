//! The REST interface under `/api/v1`. A handler parses, makes one call to the store and maps the reply.
//!
//! `access` looks up what a caller may; `auth`, `me` and `users` are people, `boards` and `copies` the boards, `members`,
//! `links` and `invitations` who is let in, `activity` what they did. `body` and `wire` read what was sent, `conditions` knows ETags and `If-Match`, `cursor`
//! pages through lists, `idempotency` makes a retry harmless, `store` turns the store's answers into ours. `stream` is a
//! board's events for those whom no WebSocket reaches.

mod access;
mod activity;
mod auth;
mod boards;
mod body;
mod conditions;
mod copies;
mod cursor;
mod idempotency;
mod invitations;
mod links;
mod me;
mod members;
mod openapi;
mod preview;
mod query;
mod store;
mod stream;
#[cfg(test)]
mod tests;
mod tickets;
pub(crate) mod time;
mod users;
mod wire;
mod ydoc;

pub(crate) use access::{SCOPES, scope, scope_word, seen};
pub(crate) use cursor::Cursors;
pub(crate) use preview::Previews;
pub(crate) use store::{not_run, refused};
pub(crate) use ydoc::Bodies;

use crate::app::AppState;
use crate::{COMMIT, VERSION};
use axum::Router;
use axum::response::Response;
use axum::routing::{delete, get, patch, post, put};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The version of this interface; a change that breaks callers would be another.
const API_VERSION: u32 = 1;

pub(crate) fn routes() -> Router<AppState> {
    described_routes().into()
}

/// The routes and what the OpenAPI document says of them.
fn described_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .merge(auth_routes())
        .merge(me_routes())
        .merge(board_routes())
        .merge(sharing_routes())
        .routes(routes!(users::find))
        .routes(routes!(users::show))
        .routes(routes!(version))
        .routes(routes!(openapi::show))
}

fn auth_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .route("/auth/config", get(auth::config))
        .route("/auth/setup", post(auth::set_up))
        .route("/auth/register", post(auth::register))
        .route("/auth/login", post(auth::login))
        .route("/auth/refresh", post(auth::refresh))
        .route("/auth/logout", post(auth::logout))
        .route("/auth/reauth", post(auth::confirm))
        .route("/auth/password/reset", post(auth::reset_password))
        .route("/auth/guest", post(links::guest))
        .route(
            "/auth/sessions",
            get(auth::sessions).delete(auth::end_other_sessions),
        )
        .route("/auth/sessions/{session}", delete(auth::end_session))
}

fn me_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .route("/me", get(me::show).patch(me::change).delete(me::delete))
        .route("/me/settings", get(me::settings).patch(me::change_settings))
        .route("/me/password", post(auth::change_password))
        .route("/me/tokens", get(me::tokens).post(me::create_token))
        .route("/me/tokens/{token}", delete(me::revoke_token))
        .route("/me/activity", get(activity::of_me))
        .route("/me/recent", get(me::recent))
        .route(
            "/me/favourites/{board}",
            get(me::is_starred).put(me::star).delete(me::unstar),
        )
}

fn board_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .route("/boards", get(boards::list).post(boards::create))
        .route(
            "/boards/{board}",
            get(boards::show)
                .patch(boards::change)
                .delete(boards::trash),
        )
        .route("/boards/{board}/restore", post(boards::restore))
        .route("/boards/{board}/archive", post(boards::archive))
        .route("/boards/{board}/unarchive", post(boards::unarchive))
        .route("/boards/{board}/copies", post(copies::create))
        .route("/boards/{board}/transfer", post(boards::transfer))
        .route("/boards/{board}/presence", get(boards::presence))
        .route(
            "/boards/{board}/stream",
            get(stream::open).delete(stream::leave),
        )
        .route("/boards/{board}/updates", post(stream::post))
        .route("/boards/{board}/ydoc", get(ydoc::show))
        .routes(routes!(tickets::create))
        .route("/boards/{board}/preview.svg", get(preview::show))
        .route("/boards/{board}/activity", get(activity::of_board))
}

fn sharing_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .route("/boards/{board}/members", get(members::list))
        .route(
            "/boards/{board}/members/{user}",
            put(members::put).delete(members::remove),
        )
        .route(
            "/boards/{board}/sharing",
            get(members::policy).patch(members::change_policy),
        )
        .route(
            "/boards/{board}/share-links",
            get(links::list).post(links::create),
        )
        .route(
            "/boards/{board}/share-links/{link}",
            patch(links::change).delete(links::revoke),
        )
        .route("/share/{token}/open", post(links::open))
        .route(
            "/boards/{board}/invitations",
            get(invitations::list).post(invitations::create),
        )
        .route(
            "/boards/{board}/invitations/{invitation}",
            delete(invitations::revoke),
        )
        .route("/invitations/{token}", get(invitations::show))
        .route("/invitations/{token}/accept", post(invitations::accept))
        .route("/invitations/{token}/decline", post(invitations::decline))
        .route(
            "/boards/{board}/access-requests",
            get(members::requests).post(members::ask),
        )
        .route(
            "/boards/{board}/access-requests/{user}/approve",
            post(members::approve),
        )
        .route(
            "/boards/{board}/access-requests/{user}/deny",
            post(members::deny),
        )
}

#[derive(Serialize, ToSchema)]
struct About {
    /// The release that this node runs.
    version: &'static str,
    /// What it was built from.
    commit: &'static str,
    /// The version of this interface.
    api: u32,
}

/// Which release this is.
#[utoipa::path(
    get, path = "/version", operation_id = "version_show", tag = "About", security(()),
    responses((status = 200, description = "The release", body = About)),
)]
async fn version(headers: axum::http::HeaderMap) -> Response {
    let about = About {
        version: VERSION,
        commit: COMMIT,
        api: API_VERSION,
    };
    conditions::answer(&headers, None, &about)
}
