//! Invitations to a board: sent as a link, seen by whoever has it, accepted by somebody with an account.

use super::access::{self, role_word};
use super::boards::{board_id, plain_attempt};
use super::body::{self, Accepts};
use super::conditions;
use super::idempotency::Attempt;
use super::links::no_store;
use super::members::{checked_message, not_above, sharer};
use super::store;
use super::time::rfc3339;
use super::wire::{Moment, RoleWord, Text};
use crate::app::{App, AppState};
use crate::auth::{Caller, Secret, wall_clock};
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use easel_storage::names::Email;
use easel_storage::people::Scope;
use easel_storage::sharing::{
    InvitationRow, InvitationState, InvitationView, Role, SharingAnswer, SharingCommand,
    SharingOutcome, SharingQuery,
};
use easel_storage::{BoardId, InvitationId, Query, ReadLevel};
use serde::Deserialize;
use serde_json::{Value, json};

const LIFE_MS: u64 = 7 * 24 * 60 * 60 * 1000;
const LIFE_MS_MAX: u64 = 90 * 24 * 60 * 60 * 1000;

pub(super) async fn list(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::person(&caller)?;
    access::scope(&caller, Scope::BoardsRead)?;
    sharer(&app, &caller, board).await?;
    let level = store::level(&headers);
    let answer = store::sharing(&app, level, SharingQuery::Invitations(board)).await?;
    let SharingAnswer::Invitations(found) = answer else {
        return Err(Code::Internal.into());
    };
    let now = wall_clock();
    let data: Vec<_> = found
        .iter()
        .map(|view| invitation_json(view.invitation, &view.row, now.0))
        .collect();
    let body = json!({ "data": data, "next_cursor": null });
    Ok(conditions::answer(&headers, None, &body))
}

fn invitation_json(id: InvitationId, row: &InvitationRow, now_ms: u64) -> Value {
    json!({
        "id": id.to_string(),
        "email": row.email.as_ref().map(Email::as_str),
        "role": role_word(row.role),
        "message": row.message,
        "created_at": rfc3339(row.created_at.0),
        "expires_at": rfc3339(row.expires_at.0),
        "state": state_word(row, now_ms),
    })
}

fn state_word(row: &InvitationRow, now_ms: u64) -> &'static str {
    match row.state {
        InvitationState::Open if now_ms >= row.expires_at.0 => "expired",
        InvitationState::Open => "open",
        InvitationState::Accepted(_) => "accepted",
        InvitationState::Declined => "declined",
        InvitationState::Revoked => "revoked",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewInvitation {
    role: RoleWord,
    email: Option<Text<Email>>,
    message: Option<String>,
    expires_at: Option<Moment>,
}

pub(super) async fn create(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::person(&caller)?;
    access::scope(&caller, Scope::MembersWrite)?;
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let read = body::read::<NewInvitation>(&app, request, Accepts::Json).await?;
    let seen = sharer(&app, &caller, board).await?;
    let new = read.value;
    let role = new.role.0;
    if role == Role::Owner {
        let why = "a board is handed over to a member, not by an invitation";
        return Err(body::invalid("/role", why));
    }
    not_above(&seen, role)?;
    let now = wall_clock();
    let expires_at = new.expires_at.map_or(now.plus_ms(LIFE_MS), |at| at.0);
    if expires_at <= now || expires_at > now.plus_ms(LIFE_MS_MAX) {
        let why = "is a time in the next 90 days";
        return Err(body::invalid("/expires_at", why));
    }
    let attempt = Attempt::of(&caller, &headers, &Method::POST, uri.path(), read.asked)?;
    let secret = attempt.secret(&app);
    let invitation = InvitationId::from_bytes(attempt.id());
    let command = SharingCommand::CreateInvitation {
        board,
        invitation,
        hash: secret.hash(),
        email: new.email.map(|email| email.0),
        role,
        message: checked_message(new.message)?,
        expires_at,
    };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    let SharingOutcome::Invitation(row) = ran.sharing()? else {
        return Err(Code::Internal.into());
    };
    let mut body = invitation_json(invitation, row, now.0);
    body["url"] = app.page_url(&format!("/invite/{}", secret.text())).into();
    body["token"] = secret.text().into();
    let mut response = no_store(conditions::answer(&HeaderMap::new(), None, &body));
    *response.status_mut() = StatusCode::CREATED;
    Ok(ran.finish(response))
}

pub(super) async fn revoke(
    State(app): State<AppState>,
    caller: Caller,
    Path((id, invitation)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::person(&caller)?;
    access::scope(&caller, Scope::MembersWrite)?;
    sharer(&app, &caller, board).await?;
    let invitation = invitation.parse().map_err(|_| Code::NotFound)?;
    let command = SharingCommand::RevokeInvitation { board, invitation };
    let ran = store::run(&app, &caller, command).await?;
    Ok(ran.finish(StatusCode::NO_CONTENT.into_response()))
}

async fn by_token(app: &App, token: &str) -> Result<InvitationView, Problem> {
    let unknown = || Problem::new(Code::NotFound);
    let secret = Secret::parse(token).map_err(|_| unknown())?;
    let query = SharingQuery::InvitationBySecret(secret.hash());
    match store::sharing(app, ReadLevel::Local, query).await? {
        SharingAnswer::Invitation(found) => found.ok_or_else(unknown),
        _ => Err(Code::Internal.into()),
    }
}

/// The invitation that a token stands for, if it can still be accepted.
pub(super) async fn open_by_token(app: &App, token: &str) -> Result<InvitationView, Problem> {
    let found = by_token(app, token).await?;
    let is_open = found.row.state == InvitationState::Open && wall_clock() < found.row.expires_at;
    match is_open {
        true => Ok(found),
        false => Err(Code::Gone.into()),
    }
}

/// Who invites to what: for whoever has the link.
pub(super) async fn show(
    State(app): State<AppState>,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let found = open_by_token(&app, &token).await?;
    let board = board_title(&app, found.board).await?;
    let by = match found.row.by {
        easel_storage::Actor::User(user) => super::users::known(&app, user).await.ok(),
        easel_storage::Actor::System
        | easel_storage::Actor::Local
        | easel_storage::Actor::Guest(_) => None,
    };
    let body = json!({
        "board": { "id": found.board.to_string(), "title": board },
        "role": role_word(found.row.role),
        "by": by.map(|person| person.row.name.as_str().to_owned()),
        "email": found.row.email.as_ref().map(Email::as_str),
        "message": found.row.message,
        "expires_at": rfc3339(found.row.expires_at.0),
    });
    Ok(no_store(conditions::answer(&HeaderMap::new(), None, &body)))
}

async fn board_title(app: &App, board: BoardId) -> Result<String, Problem> {
    let answer = store::read(app, ReadLevel::Local, Query::Board(board)).await?;
    let board = answer
        .into_board()
        .filter(|board| board.trashed_at.is_none());
    board
        .map(|board| board.title.as_str().to_owned())
        .ok_or_else(|| Code::Gone.into())
}

pub(super) async fn accept(
    State(app): State<AppState>,
    caller: Caller,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let user = access::person(&caller)?.user;
    access::scope(&caller, Scope::MembersWrite)?;
    access::any_board(&caller)?;
    let attempt = plain_attempt(&caller, &request)?;
    let found = by_token(&app, &token).await?;
    let command = SharingCommand::AcceptInvitation {
        board: found.board,
        invitation: found.invitation,
        user,
    };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    let body = json!({
        "board": found.board.to_string(),
        "role": role_word(found.row.role),
    });
    Ok(ran.finish(conditions::answer(&HeaderMap::new(), None, &body)))
}

/// Whoever has the link may say no.
pub(super) async fn decline(
    State(app): State<AppState>,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let found = by_token(&app, &token).await?;
    let command = SharingCommand::DeclineInvitation {
        board: found.board,
        invitation: found.invitation,
    };
    let ran = store::run(&app, &Caller::Anonymous, command).await?;
    Ok(ran.finish(StatusCode::NO_CONTENT.into_response()))
}
