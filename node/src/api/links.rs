//! Share links: made, changed, revoked; opened by whoever has one.

use super::access::{self, role_word};
use super::boards::{board_id, revision};
use super::body::{self, Accepts};
use super::conditions;
use super::idempotency::Attempt;
use super::members::{not_above, sharer};
use super::store;
use super::time::rfc3339;
use super::wire::{Moment, RoleWord, Text, patched};
use crate::app::{App, AppState};
use crate::auth::{ACCESS_LIFE_MS, Caller, Client, Password, Secret, wall_clock};
use crate::http::Peer;
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use easel_storage::names::{DisplayName, Label, PasswordHash};
use easel_storage::people::Scope;
use easel_storage::sharing::{
    LinkChange, LinkRow, LinkView, Role, SharingAnswer, SharingCommand, SharingOutcome,
    SharingQuery,
};
use easel_storage::{BoardId, LinkId, ReadLevel, SessionId};
use serde::Deserialize;
use serde_json::{Value, json};

/// A link's password need not resist an offline search by itself: it is asked for beside the secret.
const PASSWORD_CHARS_MIN: usize = 4;
const PASSWORD_BYTES_MAX: usize = 1_024;
/// A visit ends after this, however often its token was renewed; whoever has the link comes again.
const VISIT_MS_MAX: u64 = 24 * 60 * 60 * 1000;

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
        .map(|link| link_json(link.link, &link.row))
        .collect();
    let body = json!({ "data": data, "next_cursor": null });
    Ok(conditions::answer(&headers, None, &body))
}

fn link_json(link: LinkId, row: &LinkRow) -> Value {
    json!({
        "id": link.to_string(),
        "role": role_word(row.role),
        "label": row.label.as_ref().map(Label::as_str),
        "has_password": row.password.is_some(),
        "expires_at": row.expires_at.map(|at| rfc3339(at.0)),
        "max_uses": row.uses_max,
        "uses": row.uses,
        "created_at": rfc3339(row.created_at.0),
        "revoked_at": row.revoked_at.map(|at| rfc3339(at.0)),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLink {
    role: RoleWord,
    label: Option<Text<Label>>,
    password: Option<String>,
    expires_at: Option<Moment>,
    max_uses: Option<u32>,
    frame: Option<serde::de::IgnoredAny>,
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
    let mut body = link_json(link, row);
    // Shown this once: what is stored is its hash.
    body["url"] = app.page_url(&format!("/s/{}", secret.text())).into();
    body["token"] = secret.text().into();
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

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct LinkPatch {
    role: Option<RoleWord>,
    #[serde(deserialize_with = "patched")]
    label: Option<Option<Text<Label>>>,
    #[serde(deserialize_with = "patched")]
    password: Option<Option<String>>,
    #[serde(deserialize_with = "patched")]
    expires_at: Option<Option<Moment>>,
    #[serde(deserialize_with = "patched")]
    max_uses: Option<Option<u32>>,
}

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
    let body = link_json(link, row);
    Ok(ran.finish(conditions::answer(&HeaderMap::new(), Some(row.rev), &body)))
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    password: Option<String>,
}

/// A visit begins: anybody who has the link, and its password if it has one.
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
        proved.await.map_err(|problem| match problem.code {
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
    let body = json!({
        "board": found.board.to_string(),
        "role": role_word(*role),
        "access_token": access_token,
        "expires_in": ACCESS_LIFE_MS / 1_000,
    });
    let response = conditions::answer(&HeaderMap::new(), None, &body);
    Ok(ran.finish(no_store(response)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Guest {
    display_name: Text<DisplayName>,
}

/// A visitor says who they are.
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
    let body = json!({
        "id": session.to_string(),
        "name": name.as_str(),
        "board": visitor.board.to_string(),
        "role": role_word(visitor.role),
    });
    Ok(ran.finish(conditions::answer(&HeaderMap::new(), None, &body)))
}
