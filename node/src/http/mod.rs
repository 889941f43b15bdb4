//! A request's way in: the listener ([`listen`]), the frame around every request ([`frame`]), then the route.

mod assets;
mod base;
mod compress;
mod cors;
pub(crate) mod door;
mod forwarded;
mod frame;
mod freshness;
mod guard;
mod headers;
pub(crate) mod html;
mod linger;
mod listen;
mod ops;
#[cfg(test)]
mod out_of_touch;
pub(crate) mod places;
pub(crate) mod problem;
pub(crate) mod rates;
#[cfg(test)]
mod tests;
pub(crate) mod tls;

pub(crate) use assets::{AppPage, matches_any, quality_of};
pub(crate) use compress::known_tag;
pub(crate) use freshness::MIN_INDEX;
pub(crate) use guard::{Guard, OurHost};
pub(crate) use listen::{Connection, Limits, Listener, Peer, Stopping, serve};

use crate::api;
use crate::app::{App, AppState};
use crate::config::PublicUrl;
use crate::realtime::{self, JoinRefused};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use problem::{Code, Problem};

/// What the public listener serves.
pub(crate) fn public_routes(app: AppState) -> Router {
    let base = app.base.clone();
    base::below(&base, routes(app))
}

fn routes(app: AppState) -> Router {
    Router::new()
        .route("/", get(assets::app_page))
        .route("/b/{board}", get(assets::app_page))
        .route("/setup", get(assets::app_page))
        .route("/signin", get(assets::app_page))
        .route("/signup", get(assets::app_page))
        .route("/account", get(assets::app_page))
        .route("/admin", get(assets::app_page))
        .route("/reset", get(assets::app_page))
        .route("/invite/{token}", get(assets::app_page))
        .route("/s/{token}", get(assets::app_page))
        // Any method, so that a wrong one is told about WebSockets rather than about methods.
        .route("/sync/{name}", any(sync))
        .nest("/api/v1", compress::compressed(api::routes()))
        .route("/api", any(nothing_here))
        .route("/api/{*rest}", any(nothing_here))
        .route("/csp-reports", post(api::policy_violation))
        .route("/problems/{slug}", get(problem_page))
        .route("/healthz", get(ops::healthz))
        .route("/startupz", get(ops::startupz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", metrics_for(&app))
        .fallback(assets::file)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            frame::frame,
        ))
        .with_state(app)
}

/// Where only this machine reaches the public listener, whoever does may see them.
fn metrics_for(app: &App) -> MethodRouter<AppState> {
    let config = &app.config;
    let is_public = config.public_url.as_ref();
    let is_private = config.listen.http.0.ip().is_loopback()
        && !is_public.is_some_and(PublicUrl::is_beyond_loopback)
        && config.proxy.trusted.is_empty();
    match is_private {
        true => get(ops::metrics),
        false => any(nothing_here),
    }
}

/// What the operations listener serves.
pub(crate) fn ops_routes(app: AppState) -> Router {
    Router::new()
        .route("/healthz", get(ops::healthz))
        .route("/startupz", get(ops::startupz))
        .route("/readyz", get(ops::readyz_with_details))
        .route("/metrics", get(ops::metrics))
        .fallback(nothing_here)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            frame::frame,
        ))
        .with_state(app)
}

async fn nothing_here() -> Problem {
    Code::NotFound.into()
}

async fn problem_page(State(app): State<AppState>, Path(slug): Path<String>) -> Response {
    match Code::of_slug(&slug) {
        Some(code) => {
            let about = code.about();
            let status = format!("HTTP {} · {}", about.status.as_u16(), about.slug);
            let page = html::page(&app.base, about.title, &[about.help, &status]);
            axum::response::Html(page).into_response()
        }
        None => Problem::new(Code::NotFound).into_response(),
    }
}

/// Into a room by WebSocket; refusals are answered before anything is upgraded.
async fn sync(
    State(app): State<AppState>,
    Path(name): Path<String>,
    uri: Uri,
    peer: Peer,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let caller = door::caller(&app, &name, &uri, &headers).await;
    door::count(&app, peer, &caller).check()?;
    let admission = door::admit(&app, &name, caller?).await?;
    realtime::upgrade(&app.rooms, &name, admission, request)
        .await
        .map_err(join_refused)
}

pub(crate) fn join_refused(refused: JoinRefused) -> Problem {
    let code = match refused {
        JoinRefused::NotFound => Code::BoardNotFound,
        JoinRefused::Trashed => Code::BoardTrashed,
        JoinRefused::NotAnUpgrade => Code::UpgradeRequired,
        JoinRefused::BadHandshake => Code::BadHandshake,
        JoinRefused::Draining => Code::Draining,
        JoinRefused::Full => Code::BoardFull,
        JoinRefused::Unavailable => Code::Unavailable,
        JoinRefused::OutOfTouch => Code::ReplicaBehind,
    };
    Problem::new(code).detail(refused.to_string())
}
