//! Invitations to a board: sent as a link, seen by whoever has it, accepted by somebody with an account.

use super::access;
use super::boards::{board_id, plain_attempt};
use super::body::{self, Accepts};
use super::conditions;
use super::idempotency::Attempt;
use super::links::no_store;
use super::members::{checked_message, not_above, sharer};
use super::store;
use super::wire::{
    BoardWord, EmailText, InvitationWord, List, Moment, NameText, RoleWord, Text, TitleText, Word,
};
use crate::app::{App, AppState};
use crate::auth::{Caller, Secret, wall_clock};
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use easel_storage::people::Scope;
use easel_storage::sharing::{
    InvitationRow, InvitationState, InvitationView, Role, SharingAnswer, SharingCommand,
    SharingOutcome, SharingQuery,
};
use easel_storage::{BoardId, InvitationId, Query, ReadLevel, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const LIFE_MS: u64 = 7 * 24 * 60 * 60 * 1000;
const LIFE_MS_MAX: u64 = 90 * 24 * 60 * 60 * 1000;

/// A board's invitations, without their secrets.
#[utoipa::path(
    get, path = "/boards/{board}/invitations", operation_id = "invitations_list", tag = "Sharing",
    security(("bearer" = ["boards:read"])),
    responses((status = 200, description = "The invitations", body = List<Invitation>)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
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
        .map(|view| Invitation::of(view.invitation, &view.row, now))
        .collect();
    Ok(conditions::answer(&headers, None, &List::whole(data)))
}

#[derive(Serialize, ToSchema)]
struct Invitation {
    id: InvitationWord,
    /// Whom it is for; without one, for whoever has it.
    email: Option<EmailText>,
    role: RoleWord,
    message: Option<String>,
    created_at: Moment,
    expires_at: Moment,
    state: StateWord,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StateWord {
    Open,
    Expired,
    Accepted,
    Declined,
    Revoked,
}

impl Invitation {
    fn of(id: InvitationId, row: &InvitationRow, now: Time) -> Invitation {
        Invitation {
            id: Word(id),
            email: row.email.clone().map(Text),
            role: RoleWord(row.role),
            message: row.message.clone(),
            created_at: Moment(row.created_at),
            expires_at: Moment(row.expires_at),
            state: match row.state {
                InvitationState::Open if now >= row.expires_at => StateWord::Expired,
                InvitationState::Open => StateWord::Open,
                InvitationState::Accepted(_) => StateWord::Accepted,
                InvitationState::Declined => StateWord::Declined,
                InvitationState::Revoked => StateWord::Revoked,
            },
        }
    }
}

#[derive(Serialize, ToSchema)]
struct NewInvitationMade {
    #[serde(flatten)]
    invitation: Invitation,
    /// The page to pass on.
    url: String,
    /// The secret in it. Stored is its hash alone.
    token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInvitation {
    role: RoleWord,
    email: Option<EmailText>,
    message: Option<String>,
    expires_at: Option<Moment>,
}

/// Invites somebody, or whoever has the link.
#[utoipa::path(
    post, path = "/boards/{board}/invitations", operation_id = "invitations_create", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    request_body = NewInvitation,
    responses((status = 201, description = "The invitation with its secret, shown this once", body = NewInvitationMade)),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "quota-exceeded", "conflict", "idempotency-key-reused"]))),
)]
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
    let body = NewInvitationMade {
        invitation: Invitation::of(invitation, row, now),
        url: app.page_url(&format!("/invite/{}", secret.text())),
        token: secret.text(),
    };
    let mut response = no_store(conditions::answer(&HeaderMap::new(), None, &body));
    *response.status_mut() = StatusCode::CREATED;
    let place = app.url(&format!("/api/v1/boards/{board}/invitations/{invitation}"));
    let place = HeaderValue::try_from(place).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(ran.finish(response))
}

/// Takes an invitation back.
#[utoipa::path(
    delete, path = "/boards/{board}/invitations/{invitation}", operation_id = "invitations_revoke", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    responses((status = 204, description = "Revoked")),
    extensions(("x-problems" = json!(["forbidden", "not-found", "gone", "board-trashed"]))),
)]
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

#[derive(Serialize, ToSchema)]
struct OpenInvitation {
    board: InvitedTo,
    role: RoleWord,
    /// Who invites.
    by: Option<NameText>,
    /// Whom it is for; without one, for whoever has it.
    email: Option<EmailText>,
    message: Option<String>,
    expires_at: Moment,
}

#[derive(Serialize, ToSchema)]
struct InvitedTo {
    id: BoardWord,
    title: TitleText,
}

/// Who invites to what: for whoever has the link.
#[utoipa::path(
    get, path = "/invitations/{token}", operation_id = "invitations_show", tag = "Sharing",
    security(()),
    responses((status = 200, description = "The invitation", body = OpenInvitation)),
    extensions(("x-problems" = json!(["gone", "not-found"]))),
)]
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
    let body = OpenInvitation {
        board: InvitedTo {
            id: Word(found.board),
            title: board,
        },
        role: RoleWord(found.row.role),
        by: by.map(|person| Text(person.row.name)),
        email: found.row.email.map(Text),
        message: found.row.message,
        expires_at: Moment(found.row.expires_at),
    };
    Ok(no_store(conditions::answer(&HeaderMap::new(), None, &body)))
}

async fn board_title(app: &App, board: BoardId) -> Result<TitleText, Problem> {
    let answer = store::read(app, ReadLevel::Local, Query::Board(board)).await?;
    let board = answer
        .into_board()
        .filter(|board| board.trashed_at.is_none());
    board
        .map(|board| Text(board.title))
        .ok_or_else(|| Code::Gone.into())
}

#[derive(Serialize, ToSchema)]
struct Accepted {
    board: BoardWord,
    role: RoleWord,
}

/// Makes the one who accepts a member.
#[utoipa::path(
    post, path = "/invitations/{token}/accept", operation_id = "invitations_accept", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    responses((status = 200, description = "Where they are now a member", body = Accepted)),
    extensions(("x-problems" = json!(["forbidden", "not-found", "gone", "board-not-found", "board-trashed", "conflict", "quota-exceeded", "idempotency-key-reused"]))),
)]
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
    let body = Accepted {
        board: Word(found.board),
        role: RoleWord(found.row.role),
    };
    Ok(ran.finish(conditions::answer(&HeaderMap::new(), None, &body)))
}

/// Whoever has the link may say no.
#[utoipa::path(
    post, path = "/invitations/{token}/decline", operation_id = "invitations_decline", tag = "Sharing",
    security(()),
    responses((status = 204, description = "Declined")),
    extensions(("x-problems" = json!(["not-found", "gone", "board-not-found", "board-trashed"]))),
)]
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
