//! Tickets: a way onto a board for what can send no header, good for half a minute and once.

use super::access;
use super::boards::board_id;
use super::conditions;
use super::links::no_store;
use super::wire::RoleWord;
use crate::app::AppState;
use crate::auth::{Caller, Holder, TICKET_LIFE_MS, Ticket, random, wall_clock};
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use easel_storage::ReadLevel;
use easel_storage::people::Scope;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct NewTicket {
    /// Where a WebSocket is opened with it.
    ws_url: String,
    /// Where an event stream is opened with it.
    sse_url: String,
    ticket: String,
    role: RoleWord,
    /// Seconds.
    expires_in: u64,
}

/// A ticket for this board and the page that asks.
#[utoipa::path(
    post, path = "/boards/{board}/tickets", operation_id = "tickets_create", tag = "Content",
    security(("bearer" = ["elements:read"])),
    responses((status = 201, description = "The ticket, shown this once", body = NewTicket)),
    extensions(("x-problems" = json!(["forbidden", "no-accounts"]))),
)]
pub(super) async fn create(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::ElementsRead)?;
    let seen = access::seen(&app, &caller, ReadLevel::Local, board).await?;
    let (holder, session) = match &caller {
        Caller::User(user) => (Holder::User(user.user), user.session),
        Caller::Visitor(visitor) => (Holder::Link(visitor.link), Some(visitor.session)),
        Caller::Local => return Err(Code::NoAccounts.into()),
        Caller::Anonymous => return Err(Code::Unauthenticated.into()),
    };
    if session.is_none() {
        return Err(Problem::new(Code::Forbidden)
            .detail("a personal token is sent as it is, in Authorization or as a subprotocol"));
    }
    let now = wall_clock();
    let origin = headers.get(header::ORIGIN);
    let ticket = Ticket {
        holder,
        session,
        board,
        role: seen.content_role(),
        origin: origin.and_then(|origin| origin.to_str().ok().map(str::to_owned)),
        jti: random(),
        expires_at: now.plus_ms(TICKET_LIFE_MS),
    };
    let ticket = app.auth.mint_ticket(&ticket, now).await?;
    let body = NewTicket {
        ws_url: app.url(&format!("/sync/{board}?ticket={ticket}")),
        sse_url: app.url(&format!("/api/v1/boards/{board}/stream?ticket={ticket}")),
        ticket,
        role: RoleWord(seen.role),
        expires_in: TICKET_LIFE_MS / 1_000,
    };
    let mut response = no_store(conditions::answer(&HeaderMap::new(), None, &body));
    *response.status_mut() = StatusCode::CREATED;
    // What a ticket is for is where it leads.
    let place = HeaderValue::try_from(body.ws_url).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}
