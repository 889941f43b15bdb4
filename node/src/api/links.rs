//! Share links: made, changed, revoked; opened by whoever has one.

use super::access;
use super::boards::{board_id, revision};
use super::body::{self, Accepts};
use super::conditions;
use super::idempotency::Attempt;
use super::members::{not_above, sharer};
use super::store;
use super::wire::{
    BoardWord, LabelText, LinkWord, List, Moment, NameText, RoleWord, SessionWord, Text, Word,
    patched,
};
use crate::app::{App, AppState};
use crate::auth::{Caller, Client, Password, Secret, wall_clock};
use crate::http::Peer;
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use easel_storage::names::PasswordHash;
use easel_storage::people::Scope;
use easel_storage::sharing::{
    LinkChange, LinkRow, LinkView, Role, SharingAnswer, SharingCommand, SharingOutcome,
    SharingQuery,
};
use easel_storage::{BoardId, LinkId, ReadLevel, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A link's password need not resist an offline search by itself: it is asked for beside the secret.
const PASSWORD_CHARS_MIN: usize = 4;
const PASSWORD_BYTES_MAX: usize = 1_024;
/// A visit ends after this, however often its token was renewed; whoever has the link comes again.
const VISIT_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// A board's share links, without their secrets.
#[utoipa::path(
    get, path = "/boards/{board}/share-links", operation_id = "links_list", tag = "Sharing",
    security(("bearer" = ["boards:read"])),
    responses((status = 200, description = "The links", body = List<ShareLink>)),
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
    let answer = store::sharing(&app, level, SharingQuery::Links(board)).await?;
    let SharingAnswer::Links(links) = answer else {
        return Err(Code::Internal.into());
    };
    let data: Vec<_> = links
        .iter()
        .map(|link| ShareLink::of(link.link, &link.row))
        .collect();
    Ok(conditions::answer(&headers, None, &List::whole(data)))
}

#[derive(Serialize, ToSchema)]
struct ShareLink {
    id: LinkWord,
    role: RoleWord,
    label: Option<LabelText>,
    has_password: bool,
    expires_at: Option<Moment>,
    max_uses: Option<u32>,
    uses: u32,
    created_at: Moment,
    revoked_at: Option<Moment>,
}

impl ShareLink {
    fn of(link: LinkId, row: &LinkRow) -> ShareLink {
        ShareLink {
            id: Word(link),
            role: RoleWord(row.role),
            label: row.label.clone().map(Text),
            has_password: row.password.is_some(),
            expires_at: row.expires_at.map(Moment),
            max_uses: row.uses_max,
            uses: row.uses,
            created_at: Moment(row.created_at),
            revoked_at: row.revoked_at.map(Moment),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct NewLinkMade {
    #[serde(flatten)]
    link: ShareLink,
    /// The page to pass on.
    url: String,
    /// The secret in it. Stored is its hash alone.
    token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLink {
    role: RoleWord,
    label: Option<LabelText>,
    password: Option<String>,
    expires_at: Option<Moment>,
    #[schema(minimum = 1)]
    max_uses: Option<u32>,
    #[schema(ignore)]
    frame: Option<serde::de::IgnoredAny>,
}

/// A link by which whoever has it comes in.
#[utoipa::path(
    post, path = "/boards/{board}/share-links", operation_id = "links_create", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    request_body = NewLink,
    responses((status = 201, description = "The link with its secret, shown this once", body = NewLinkMade)),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "quota-exceeded", "conflict", "busy", "idempotency-key-reused"]))),
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
    let read = body::read::<NewLink>(&app, request, Accepts::Json).await?;
    let seen = sharer(&app, &caller, board).await?;
    let new = read.value;
    if new.frame.is_some() {
        let why = "a link to one frame would give away the rest of the board";
        return Err(body::invalid("/frame", why));
    }
    let role = link_role(new.role.0)?;
    not_above(&seen, role)?;
    check_uses(new.max_uses)?;
    let attempt = Attempt::of(&caller, &headers, &Method::POST, uri.path(), read.asked)?;
    let secret = attempt.secret(&app);
    let link = LinkId::from_bytes(attempt.id());
    let command = SharingCommand::CreateLink {
        board,
        link,
        hash: secret.hash(),
        role,
        label: new.label.map(|label| label.0),
        password: hashed(&app, new.password).await?,
        expires_at: new.expires_at.map(|at| at.0),
        uses_max: new.max_uses,
    };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    let SharingOutcome::Link(row) = ran.sharing()? else {
        return Err(Code::Internal.into());
    };
    let body = NewLinkMade {
        link: ShareLink::of(link, row),
        url: app.page_url(&format!("/s/{}", secret.text())),
        token: secret.text(),
    };
    let mut response = no_store(conditions::answer(&HeaderMap::new(), Some(row.rev), &body));
    *response.status_mut() = StatusCode::CREATED;
    let place = app.url(&format!("/api/v1/boards/{board}/share-links/{link}"));
    let place = HeaderValue::try_from(place).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(ran.finish(response))
}

/// An answer with a secret in it is kept nowhere.
pub(super) fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn link_role(role: Role) -> Result<Role, Problem> {
    match role {
        Role::Viewer | Role::Commenter | Role::Editor => Ok(role),
        Role::Owner => Err(body::invalid(
            "/role",
            "nobody comes to own a board by a link",
        )),
    }
}

fn check_uses(max: Option<u32>) -> Result<(), Problem> {
    match max {
        Some(0) => Err(body::invalid("/max_uses", "is a number from 1")),
        Some(_) | None => Ok(()),
    }
}

async fn hashed(app: &App, password: Option<String>) -> Result<Option<PasswordHash>, Problem> {
    let Some(password) = password else {
        return Ok(None);
    };
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        let why = format!("has from {PASSWORD_CHARS_MIN} characters to {PASSWORD_BYTES_MAX} bytes");
        return Err(body::invalid("/password", why));
    }
    let password = Password::new(password);
    app.auth.hash_link_password(password).await.map(Some)
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct LinkPatch {
    role: Option<RoleWord>,
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<LabelText>)]
    label: Option<Option<LabelText>>,
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    password: Option<Option<String>>,
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<Moment>)]
    expires_at: Option<Option<Moment>>,
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<u32>)]
    max_uses: Option<Option<u32>>,
}

/// Changes a link; who came by it stays, in the role it now gives.
#[utoipa::path(
    patch, path = "/boards/{board}/share-links/{link}", operation_id = "links_change", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    request_body = LinkPatch,
    responses((status = 200, description = "The link", body = ShareLink)),
    extensions(("x-problems" = json!(["forbidden", "not-found", "gone", "board-trashed", "conflict", "busy", "precondition-failed"]))),
)]
pub(super) async fn change(
    State(app): State<AppState>,
    caller: Caller,
    Path((id, link)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let patch = body::read::<LinkPatch>(&app, request, Accepts::MergePatch).await?;
    let patch = patch.value;
    let (board, link) = owned_link(&app, &caller, &id, &link).await?;
    let before = known(&app, board, link).await?;
    let if_rev = match headers.contains_key(header::IF_MATCH) {
        true => revision(before.row.rev, conditions::required(&headers)?)?,
        false => None,
    };
    check_uses(patch.max_uses.flatten())?;
    let password = match patch.password {
        None => None,
        Some(None) => Some(None),
        Some(Some(password)) => Some(hashed(&app, Some(password)).await?),
    };
    let change = LinkChange {
        role: patch.role.map(|role| link_role(role.0)).transpose()?,
        label: patch.label.map(|label| label.map(|label| label.0)),
        password,
        expires_at: patch.expires_at.map(|at| at.map(|at| at.0)),
        uses_max: patch.max_uses,
    };
    let command = SharingCommand::ChangeLink {
        board,
        link,
        change,
        if_rev,
    };
    let ran = store::run(&app, &caller, command).await?;
    let SharingOutcome::Link(row) = ran.sharing()? else {
        return Err(Code::Internal.into());
    };
    let body = ShareLink::of(link, row);
    Ok(ran.finish(conditions::answer(&HeaderMap::new(), Some(row.rev), &body)))
}

/// Takes a link back; who came by it is sent away.
#[utoipa::path(
    delete, path = "/boards/{board}/share-links/{link}", operation_id = "links_revoke", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    responses((status = 204, description = "Revoked")),
    extensions(("x-problems" = json!(["forbidden", "not-found", "gone", "board-trashed"]))),
)]
pub(super) async fn revoke(
    State(app): State<AppState>,
    caller: Caller,
    Path((id, link)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (board, link) = owned_link(&app, &caller, &id, &link).await?;
    let command = SharingCommand::RevokeLink { board, link };
    let ran = store::run(&app, &caller, command).await?;
    Ok(ran.finish(StatusCode::NO_CONTENT.into_response()))
}

async fn owned_link(
    app: &App,
    caller: &Caller,
    id: &str,
    link: &str,
) -> Result<(BoardId, LinkId), Problem> {
    let board = board_id(id)?;
    access::person(caller)?;
    access::scope(caller, Scope::MembersWrite)?;
    access::board_as(app, caller, board, Role::Owner).await?;
    let link = link.parse().map_err(|_| Code::NotFound)?;
    Ok((board, link))
}

async fn known(app: &App, board: BoardId, link: LinkId) -> Result<LinkView, Problem> {
    let query = SharingQuery::Link(board, link);
    match store::sharing(app, ReadLevel::Local, query).await? {
        SharingAnswer::Link(link) => link.ok_or_else(|| Code::NotFound.into()),
        _ => Err(Code::Internal.into()),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Opening {
    password: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Visit {
    board: BoardWord,
    role: RoleWord,
    access_token: String,
    /// Seconds.
    expires_in: u64,
}

/// A visit begins: anybody who has the link, and its password if it has one.
#[utoipa::path(
    post, path = "/share/{token}/open", operation_id = "links_open", tag = "Sharing",
    security(()),
    request_body = Opening,
    responses((status = 200, description = "The visit, which its token stands for", body = Visit)),
    extensions(("x-problems" = json!(["link-not-found", "link-password", "gone", "board-not-found", "board-trashed", "too-many-attempts", "busy", "conflict", "quota-exceeded"]))),
)]
pub(super) async fn open(
    State(app): State<AppState>,
    peer: Peer,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let from = Client::of(request.headers(), peer.network(), &app.auth);
    let opening = body::read::<Opening>(&app, request, Accepts::Json).await?;
    let unknown = || Problem::new(Code::LinkNotFound);
    let secret = Secret::parse(&token).map_err(|_| unknown())?;
    let query = SharingQuery::LinkBySecret(secret.hash());
    let SharingAnswer::Link(found) = store::sharing(&app, ReadLevel::Local, query).await? else {
        return Err(Code::Internal.into());
    };
    let found = found.ok_or_else(unknown)?;
    let now = wall_clock();
    if found.row.is_over(now) || found.row.is_used_up() {
        return Err(Code::Gone.into());
    }
    if let Some(hash) = &found.row.password {
        // As for accounts: whoever guesses is slowed down, for this link and from where they are.
        let password = opening.value.password.ok_or(Code::LinkPassword)?;
        let password = Password::new(password);
        let proved = app.auth.prove_link(found.link, hash, password, &from, now);
        let proved = proved.await;
        let refused = proved.as_ref().err().map(|problem| problem.code);
        app.metrics.count_login("link", refused);
        proved.map_err(|problem| match problem.code {
            Code::InvalidCredentials => Code::LinkPassword.into(),
            _ => problem,
        })?;
    }
    let session = SessionId::mint();
    let ends_at = now.plus_ms(VISIT_MS_MAX);
    let command = SharingCommand::OpenLink {
        board: found.board,
        link: found.link,
        session,
        client: from.client(),
        ends_at,
    };
    let ran = store::run(&app, &Caller::Anonymous, command).await?;
    let SharingOutcome::Visit { role } = ran.sharing()? else {
        return Err(Code::Internal.into());
    };
    let access_token = app.auth.visit(found.link, session, now).await?;
    let body = Visit {
        board: Word(found.board),
        role: RoleWord(*role),
        access_token,
        expires_in: app.auth.access_life_ms() / 1_000,
    };
    let response = conditions::answer(&HeaderMap::new(), None, &body);
    Ok(ran.finish(no_store(response)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Guest {
    display_name: NameText,
}

#[derive(Serialize, ToSchema)]
struct NamedGuest {
    id: SessionWord,
    name: NameText,
    board: BoardWord,
    role: RoleWord,
}

/// A visitor says who they are.
#[utoipa::path(
    post, path = "/auth/guest", operation_id = "guests_name", tag = "Sharing",
    request_body = Guest,
    responses((status = 200, description = "The guest", body = NamedGuest)),
    extensions(("x-problems" = json!(["forbidden", "not-found", "gone", "idempotency-key-reused"]))),
)]
pub(super) async fn guest(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let Caller::Visitor(visitor) = &caller else {
        return Err(match &caller {
            Caller::Anonymous => Code::Unauthenticated.into(),
            _ => Problem::new(Code::Forbidden).detail("this is for visitors by a share link"),
        });
    };
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let guest = body::read::<Guest>(&app, request, Accepts::Json).await?;
    let attempt = Attempt::of(&caller, &headers, &Method::POST, uri.path(), guest.asked)?;
    let name = guest.value.display_name.0;
    let session = visitor.session;
    let command = SharingCommand::NameGuest {
        session,
        name: name.clone(),
    };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    let body = NamedGuest {
        id: Word(session),
        name: Text(name),
        board: Word(visitor.board),
        role: RoleWord(visitor.role),
    };
    Ok(ran.finish(conditions::answer(&HeaderMap::new(), None, &body)))
}
