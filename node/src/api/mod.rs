//! The REST interface under `/api/v1`. A handler parses, makes one call to the store and maps the reply.
//!
//! `access` looks up what a caller may; `auth`, `me` and `users` are people, `boards` and `copies` the boards, `members`,
//! `links` and `invitations` who is let in, `cluster` the nodes, `backups` the backups, `activity` what they did. `body` and `wire` read what was sent, `conditions` knows ETags and `If-Match`, `cursor`
//! pages through lists, `idempotency` makes a retry harmless, `store` turns the store's answers into ours. `stream` is a
//! board's events for those whom no WebSocket reaches.

mod access;
mod activity;
mod assets;
mod auth;
mod avatars;
mod backups;
mod boards;
mod body;
mod cluster;
mod conditions;
mod contents;
mod copies;
mod cursor;
mod dates;
mod elements;
mod files;
mod idempotency;
mod invitations;
mod links;
mod me;
mod me_stream;
mod members;
mod openapi;
mod preview;
mod query;
mod reports;
mod store;
mod stream;
#[cfg(test)]
mod tests;
mod thumbnail;
mod tickets;
pub(crate) mod time;
mod users;
mod wire;
mod ydoc;

pub(crate) use access::{SCOPES, scope, scope_word, seen};
pub(crate) use contents::Contents;
pub(crate) use cursor::Cursors;
pub(crate) use me_stream::Listeners;
pub(crate) use preview::Previews;
pub(crate) use reports::{Reports, policy_violation};
pub(crate) use store::{not_run, refused};
pub(crate) use thumbnail::Thumbnails;
pub(crate) use ydoc::Bodies;

use crate::app::AppState;
use crate::{COMMIT, VERSION};
use axum::Router;
use axum::response::Response;
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
        .merge(cluster_routes())
        .merge(backup_routes())
        .routes(routes!(users::find))
        .routes(routes!(users::show))
        .routes(routes!(avatars::show))
        .routes(routes!(assets::show))
        .routes(routes!(assets::show_form))
        .routes(routes!(version))
        .routes(routes!(openapi::show))
        .routes(routes!(openapi::page::show))
        .routes(routes!(openapi::page::style))
        .routes(routes!(reports::client_error))
}

fn cluster_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(cluster::show))
        .routes(routes!(cluster::create_join_token))
        .routes(routes!(cluster::promote))
        .routes(routes!(cluster::remove))
        .routes(routes!(cluster::transfer_leader))
}

fn backup_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(backups::list, backups::create))
        .routes(routes!(backups::show))
        .routes(routes!(backups::verify))
}

fn auth_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(auth::config))
        .routes(routes!(auth::set_up))
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::confirm))
        .routes(routes!(auth::reset_password))
        .routes(routes!(auth::sessions, auth::end_other_sessions))
        .routes(routes!(auth::end_session))
        .routes(routes!(links::guest))
}

fn me_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(auth::change_password))
        .routes(routes!(me::show, me::change, me::delete))
        .routes(routes!(avatars::put, avatars::remove))
        .routes(routes!(me::settings, me::change_settings))
        .routes(routes!(me::tokens, me::create_token))
        .routes(routes!(me::revoke_token))
        .routes(routes!(activity::of_me))
        .routes(routes!(me::recent))
        .routes(routes!(me_stream::open))
        .routes(routes!(me::is_starred, me::star, me::unstar))
}

fn board_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(boards::list, boards::create))
        .routes(routes!(boards::show, boards::change, boards::trash))
        .routes(routes!(boards::restore))
        .routes(routes!(boards::archive))
        .routes(routes!(boards::unarchive))
        .routes(routes!(copies::create))
        .routes(routes!(boards::transfer))
        .routes(routes!(boards::presence))
        .routes(routes!(stream::open, stream::leave))
        .routes(routes!(stream::post))
        .routes(routes!(ydoc::show, ydoc::apply))
        .routes(routes!(ydoc::state_vector))
        .routes(routes!(elements::read::list, elements::write::create))
        .routes(routes!(
            elements::read::show,
            elements::write::patch,
            elements::write::replace,
            elements::write::remove
        ))
        .routes(routes!(tickets::create))
        .routes(routes!(assets::create, assets::list))
        .routes(routes!(preview::show))
        .routes(routes!(thumbnail::show))
        .routes(routes!(activity::of_board))
}

fn sharing_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(members::list))
        .routes(routes!(members::put, members::remove))
        .routes(routes!(members::policy, members::change_policy))
        .routes(routes!(links::list, links::create))
        .routes(routes!(links::change, links::revoke))
        .routes(routes!(links::open))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::revoke))
        .routes(routes!(invitations::show))
        .routes(routes!(invitations::accept))
        .routes(routes!(invitations::decline))
        .routes(routes!(members::requests, members::ask))
        .routes(routes!(members::approve))
        .routes(routes!(members::deny))
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
