//! Who is a member of a board and in which role, the board's policy, and who asks to be let in.

use super::access::{self, Seen, board_as};
use super::boards::{board_id, plain_attempt, revision};
use super::body::{self, Accepts, Read};
use super::conditions;
use super::idempotency::Attempt;
use super::query::Params;
use super::store;
use super::users::Person;
use super::wire::{List, Moment, RoleWord, UserWord, Word};
use crate::app::{App, AppState};
use crate::auth::Caller;
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use easel_storage::people::{Scope, UserView};
use easel_storage::sharing::{
    Access, AccessRow, MemberRow, PolicyChange, Role, SharingAnswer, SharingCommand,
    SharingOutcome, SharingQuery,
};
use easel_storage::{Actor, BoardId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who is a member of a board.
#[utoipa::path(
    get, path = "/boards/{board}/members", operation_id = "members_list", tag = "Sharing",
    security(("bearer" = ["boards:read"])),
    responses((status = 200, description = "The members", body = Members)),
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
    let seen = board_as(&app, &caller, board, Role::Viewer).await?;
    let level = store::level(&headers);
    let answer = store::sharing(&app, level, SharingQuery::Members(board)).await?;
    let SharingAnswer::Members(members) = answer else {
        return Err(Code::Internal.into());
    };
    let everybody = seen.view.policy.as_ref().map(|policy| policy.access);
    let data: Vec<_> = members
        .iter()
        .map(|member| Member {
            source: Some(Source::Direct),
            ..Member::of(&app, &member.user, &member.row)
        })
        .collect();
    let body = Members {
        members: List::whole(data),
        workspace_role: match everybody {
            Some(Access::Workspace(role)) => Some(RoleWord(role)),
            Some(Access::Private) | None => None,
        },
    };
    Ok(conditions::answer(&headers, None, &body))
}

#[derive(Serialize, ToSchema)]
struct Members {
    #[serde(flatten)]
    members: List<Member>,
    /// Of those who are in because everybody with an account is: a role, and no list of people.
    workspace_role: Option<RoleWord>,
}

#[derive(Serialize, ToSchema)]
struct Member {
    user: Person,
    role: RoleWord,
    since: Moment,
    /// Where the role comes from; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    source: Option<Source>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Source {
    Direct,
}

impl Member {
    fn of(app: &App, person: &UserView, row: &MemberRow) -> Member {
        Member {
            user: Person::of(app, person),
            role: RoleWord(row.role),
            since: Moment(row.since),
            source: None,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRole {
    role: RoleWord,
}

/// Makes somebody a member, or changes their role; who is connected is told within a second.
#[utoipa::path(
    put, path = "/boards/{board}/members/{user}", operation_id = "members_put", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    request_body = NewRole,
    responses((status = 200, description = "The member", body = Member)),
    extensions(("x-problems" = json!(["forbidden", "not-found", "last-owner", "quota-exceeded", "board-trashed", "conflict"]))),
)]
pub(super) async fn put(
    State(app): State<AppState>,
    caller: Caller,
    Path((id, user)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::person(&caller)?;
    access::scope(&caller, Scope::MembersWrite)?;
    let user: UserId = user.parse().map_err(|_| Code::NotFound)?;
    let Read { value, .. } = body::read::<NewRole>(&app, request, Accepts::Json).await?;
    // After the body, which may be long under way: what counts is what they may now.
    let seen = sharer(&app, &caller, board).await?;
    let role = value.role.0;
    not_above(&seen, role)?;
    let before = role_of(&app, board, user).await?;
    // Nobody changes the role of somebody who has more than they have themselves.
    not_above(&seen, before.unwrap_or(Role::Viewer))?;
    let command = SharingCommand::SetMember { board, user, role };
    let ran = store::run(&app, &caller, command).await?;
    let SharingOutcome::Member(row) = ran.sharing()? else {
        return Err(Code::Internal.into());
    };
    let person = super::users::known(&app, user).await?;
    let body = Member::of(&app, &person, row);
    Ok(ran.finish(conditions::answer(&HeaderMap::new(), None, &body)))
}

/// The board, for who may let others in.
pub(super) async fn sharer(app: &App, caller: &Caller, board: BoardId) -> Result<Seen, Problem> {
    let seen = board_as(app, caller, board, Role::Viewer).await?;
    let policy = seen.view.policy.as_ref();
    let needed = policy.map_or(Role::Owner, |policy| policy.sharing_from);
    seen.needs(needed)
}

/// Nobody gives more than they have.
pub(super) fn not_above(seen: &Seen, role: Role) -> Result<(), Problem> {
    match role <= seen.role {
        true => Ok(()),
        false => Err(Problem::new(Code::Forbidden).detail("this role is above your own")),
    }
}

async fn role_of(app: &App, board: BoardId, user: UserId) -> Result<Option<Role>, Problem> {
    let query = SharingQuery::Board {
        board,
        user: Some(user),
    };
    let answer = store::sharing(app, easel_storage::ReadLevel::Local, query).await?;
    match answer {
        SharingAnswer::Board(view) => Ok(view.and_then(|view| view.member)),
        _ => Err(Code::Internal.into()),
    }
}

/// Removes a member; anybody may remove themselves. Who is connected is sent away.
#[utoipa::path(
    delete, path = "/boards/{board}/members/{user}", operation_id = "members_remove", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    responses((status = 204, description = "Removed")),
    extensions(("x-problems" = json!(["forbidden", "not-found", "last-owner", "board-trashed"]))),
)]
pub(super) async fn remove(
    State(app): State<AppState>,
    caller: Caller,
    Path((id, user)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Problem> {
    Params::of(&uri)?.finish()?;
    let board = board_id(&id)?;
    let me = access::person(&caller)?.user;
    access::scope(&caller, Scope::MembersWrite)?;
    let user: UserId = user.parse().map_err(|_| Code::NotFound)?;
    let needed = match user == me {
        true => Role::Viewer,
        false => Role::Owner,
    };
    board_as(&app, &caller, board, needed).await?;
    let command = SharingCommand::RemoveMember { board, user };
    let ran = store::run(&app, &caller, command).await?;
    Ok(ran.finish(StatusCode::NO_CONTENT.into_response()))
}

/// Who may come in beside the members, and who may let others in.
#[utoipa::path(
    get, path = "/boards/{board}/sharing", operation_id = "sharing_show", tag = "Sharing",
    security(("bearer" = ["boards:read"])),
    responses((status = 200, description = "The policy", body = Policy)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn policy(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::BoardsRead)?;
    let seen = board_as(&app, &caller, board, Role::Viewer).await?;
    let row = policy_of(&seen);
    Ok(conditions::answer(
        &headers,
        Some(row.rev),
        &Policy::of(&row),
    ))
}

/// A board of a time before accounts has the policy that a new one begins with.
fn policy_of(seen: &Seen) -> AccessRow {
    let policy = seen.view.policy.clone();
    policy.unwrap_or_else(|| AccessRow::new(None))
}

#[derive(Serialize, ToSchema)]
struct Policy {
    access: AccessWord,
    /// What everybody with an account is there.
    workspace_role: Option<RoleWord>,
    /// Whether share links work.
    links: bool,
    /// From which role on one may let others in.
    share: RoleWord,
    copy: RoleWord,
    export: RoleWord,
    guests_comment: bool,
}

impl Policy {
    fn of(row: &AccessRow) -> Policy {
        let (access, workspace_role) = match row.access {
            Access::Private => (AccessWord::Private, None),
            Access::Workspace(role) => (AccessWord::Workspace, Some(RoleWord(role))),
        };
        Policy {
            access,
            workspace_role,
            links: row.links_on,
            share: RoleWord(row.sharing_from),
            copy: RoleWord(row.copying_from),
            export: RoleWord(row.exporting_from),
            guests_comment: row.guests_comment,
        }
    }
}

/// Who may come in beside the members: nobody, or everybody with an account.
#[derive(Serialize, Deserialize, Clone, Copy, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AccessWord {
    Private,
    Workspace,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PolicyPatch {
    access: Option<AccessWord>,
    workspace_role: Option<RoleWord>,
    links: Option<bool>,
    share: Option<RoleWord>,
    copy: Option<RoleWord>,
    export: Option<RoleWord>,
    guests_comment: Option<bool>,
}

/// Changes the policy. Takes the role owner.
#[utoipa::path(
    patch, path = "/boards/{board}/sharing", operation_id = "sharing_change", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    request_body = PolicyPatch,
    responses((status = 200, description = "The policy", body = Policy)),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "precondition-required", "precondition-failed"]))),
)]
pub(super) async fn change_policy(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::person(&caller)?;
    access::scope(&caller, Scope::MembersWrite)?;
    let expected = conditions::required(request.headers())?;
    let patch = body::read::<PolicyPatch>(&app, request, Accepts::MergePatch).await?;
    let seen = board_as(&app, &caller, board, Role::Owner).await?;
    let before = policy_of(&seen);
    let if_rev = revision(before.rev, expected)?;
    let change = policy_change(&before, &patch.value)?;
    let command = SharingCommand::SetPolicy {
        board,
        change,
        if_rev,
    };
    let ran = store::run(&app, &caller, command).await?;
    let SharingOutcome::Policy(row) = ran.sharing()? else {
        return Err(Code::Internal.into());
    };
    let body = Policy::of(row);
    Ok(ran.finish(conditions::answer(&HeaderMap::new(), Some(row.rev), &body)))
}

fn policy_change(before: &AccessRow, patch: &PolicyPatch) -> Result<PolicyChange, Problem> {
    let role_before = match before.access {
        Access::Private => Role::Viewer,
        Access::Workspace(role) => role,
    };
    let role = patch.workspace_role.map_or(role_before, |role| role.0);
    if role == Role::Owner {
        let why = "everybody cannot own a board: viewer, commenter or editor";
        return Err(body::invalid("/workspace_role", why));
    }
    let is_open = matches!(before.access, Access::Workspace(_));
    let access = match patch.access {
        Some(AccessWord::Private) => Some(Access::Private),
        Some(AccessWord::Workspace) => Some(Access::Workspace(role)),
        None => is_open.then_some(Access::Workspace(role)),
    };
    let sharing_from = patch.share.map(|role| role.0);
    if sharing_from.is_some_and(|role| role < Role::Editor) {
        let why = "only editors or owners can let others in";
        return Err(body::invalid("/share", why));
    }
    Ok(PolicyChange {
        access,
        links_on: patch.links,
        sharing_from,
        copying_from: patch.copy.map(|role| role.0),
        exporting_from: patch.export.map(|role| role.0),
        guests_comment: patch.guests_comment,
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRequest {
    role: Option<RoleWord>,
    message: Option<String>,
}

const MESSAGE_CHARS_MAX: usize = 1_000;

pub(super) fn checked_message(message: Option<String>) -> Result<Option<String>, Problem> {
    let message = message.map(|text| text.trim().to_owned());
    match message {
        Some(text) if text.chars().count() > MESSAGE_CHARS_MAX => Err(body::invalid(
            "/message",
            format!("has at most {MESSAGE_CHARS_MAX} characters"),
        )),
        message => Ok(message.filter(|text| !text.is_empty())),
    }
}

/// Anybody with an account may ask, and learns nothing by it: a board that is not there is asked for in vain as well.
#[utoipa::path(
    post, path = "/boards/{board}/access-requests", operation_id = "requests_create", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    request_body = NewRequest,
    responses((status = 202, description = "Asked, if there is such a board")),
    extensions(("x-problems" = json!(["forbidden", "idempotency-key-reused"]))),
)]
pub(super) async fn ask(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    let user = access::person(&caller)?.user;
    access::scope(&caller, Scope::MembersWrite)?;
    access::any_board(&caller)?;
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let read = body::read::<NewRequest>(&app, request, Accepts::Json).await?;
    let role = read.value.role.map_or(Role::Viewer, |role| role.0);
    if role == Role::Owner {
        return Err(body::invalid(
            "/role",
            "a board is handed over, not asked for",
        ));
    }
    let message = checked_message(read.value.message)?;
    let attempt = Attempt::of(&caller, &headers, &Method::POST, uri.path(), read.asked)?;
    let command = SharingCommand::AskForAccess {
        board,
        user,
        role,
        message,
    };
    // One answer, whether there is such a board, it is full of requests, or they are in already.
    match store::attempt(&app, &caller, &attempt, command).await {
        Ok(_) => Ok(StatusCode::ACCEPTED.into_response()),
        Err(problem)
            if matches!(
                problem.code,
                Code::BoardNotFound | Code::BoardTrashed | Code::Conflict | Code::LimitReached
            ) =>
        {
            Ok(StatusCode::ACCEPTED.into_response())
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Serialize, ToSchema)]
struct AccessRequest {
    /// One person asks once: theirs.
    id: UserWord,
    user: Person,
    role: RoleWord,
    message: Option<String>,
    asked_at: Moment,
}

/// Who asks to be let in. Takes the role owner.
#[utoipa::path(
    get, path = "/boards/{board}/access-requests", operation_id = "requests_list", tag = "Sharing",
    security(("bearer" = ["boards:read"])),
    responses((status = 200, description = "The requests", body = List<AccessRequest>)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn requests(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::person(&caller)?;
    access::scope(&caller, Scope::BoardsRead)?;
    board_as(&app, &caller, board, Role::Owner).await?;
    let level = store::level(&headers);
    let answer = store::sharing(&app, level, SharingQuery::Requests(board)).await?;
    let SharingAnswer::Requests(requests) = answer else {
        return Err(Code::Internal.into());
    };
    let data: Vec<_> = requests
        .iter()
        .map(|request| AccessRequest {
            id: Word(request.user.id),
            user: Person::of(&app, &request.user),
            role: RoleWord(request.row.role),
            message: request.row.message.clone(),
            asked_at: Moment(request.row.at),
        })
        .collect();
    Ok(conditions::answer(&headers, None, &List::whole(data)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Approval {
    role: Option<RoleWord>,
}

/// Lets somebody in who asked.
#[utoipa::path(
    post, path = "/boards/{board}/access-requests/{user}/approve", operation_id = "requests_approve", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    request_body = Approval,
    responses((status = 204, description = "They are a member")),
    extensions(("x-problems" = json!(["forbidden", "not-found", "board-trashed", "conflict", "quota-exceeded"]))),
)]
pub(super) async fn approve(
    State(app): State<AppState>,
    caller: Caller,
    Path((id, user)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let approval = body::read::<Approval>(&app, request, Accepts::Json).await?;
    let (board, user) = answered(&app, &caller, &id, &user).await?;
    let asked = asked_role(&app, board, user).await?;
    let role = approval.value.role.map_or(asked, |role| role.0);
    let command = SharingCommand::AnswerRequest {
        board,
        user,
        role: Some(role),
    };
    let ran = store::run(&app, &caller, command).await?;
    Ok(ran.finish(StatusCode::NO_CONTENT.into_response()))
}

/// Does not let them in.
#[utoipa::path(
    post, path = "/boards/{board}/access-requests/{user}/deny", operation_id = "requests_deny", tag = "Sharing",
    security(("bearer" = ["members:write"])),
    responses((status = 204, description = "The request is gone")),
    extensions(("x-problems" = json!(["forbidden", "not-found", "board-trashed", "idempotency-key-reused"]))),
)]
pub(super) async fn deny(
    State(app): State<AppState>,
    caller: Caller,
    Path((id, user)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (board, user) = answered(&app, &caller, &id, &user).await?;
    let attempt = plain_attempt(&caller, &request)?;
    let role = None;
    let command = SharingCommand::AnswerRequest { board, user, role };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    Ok(ran.finish(StatusCode::NO_CONTENT.into_response()))
}

async fn answered(
    app: &App,
    caller: &Caller,
    id: &str,
    user: &str,
) -> Result<(BoardId, UserId), Problem> {
    let board = board_id(id)?;
    access::person(caller)?;
    access::scope(caller, Scope::MembersWrite)?;
    board_as(app, caller, board, Role::Owner).await?;
    let user = user.parse().map_err(|_| Code::NotFound)?;
    Ok((board, user))
}

async fn asked_role(app: &App, board: BoardId, user: UserId) -> Result<Role, Problem> {
    let level = easel_storage::ReadLevel::Local;
    let answer = store::sharing(app, level, SharingQuery::Requests(board)).await?;
    let SharingAnswer::Requests(requests) = answer else {
        return Err(Code::Internal.into());
    };
    let found = requests.iter().find(|request| request.user.id == user);
    found
        .map(|request| request.row.role)
        .ok_or_else(|| Code::NotFound.into())
}

/// Who somebody is, as far as the caller may know: an id, or what they came through.
#[derive(Serialize, ToSchema)]
pub(super) struct Doer {
    kind: DoerKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<UserWord>,
    name: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DoerKind {
    System,
    Local,
    User,
    Guest,
}

impl Doer {
    pub(super) fn of(actor: Actor, name: Option<&str>) -> Doer {
        let (kind, id) = match actor {
            Actor::System => (DoerKind::System, None),
            Actor::Local => (DoerKind::Local, None),
            Actor::User(user) => (DoerKind::User, Some(Word(user))),
            Actor::Guest(_) => (DoerKind::Guest, None),
        };
        Doer {
            kind,
            id,
            name: name.map(str::to_owned),
        }
    }
}
