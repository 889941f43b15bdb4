//! Signing in and out, the first account, further accounts, and one's sessions.
//!
//! What sets or takes a cookie is only for pages of ours: it must say `Easel-Client: web`, which no form or image of
//! another site can.

use super::access;
use super::body::{self, Accepts, invalid};
use super::conditions;
use super::invitations;
use super::links::no_store;
use super::me::{Profile, in_person};
use super::store;
use super::users::known;
use super::wire::{EmailText, List, Moment, NameText, SessionWord, Word};
use crate::app::{App, AppState};
use crate::auth::{
    Caller, Client, Context, Cookie, Password, Secret, SignedIn, TokenPair, wall_clock,
};
use crate::config::Registration;
use crate::http::Peer;
use crate::http::problem::{Code, Problem};
use crate::http::rates::{Asker, Kind};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use easel_storage::names::{DisplayName, Email};
use easel_storage::people::{
    InstanceRole, NewUser, PeopleAnswer, PeopleCommand, PeopleOutcome, PeopleQuery, UserView,
};
use easel_storage::sharing::SharingCommand;
use easel_storage::{ReadLevel, SessionId, Time, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Pages of ours send it; a page of another site cannot without being asked about it first.
const CLIENT: HeaderName = HeaderName::from_static("easel-client");

#[derive(Serialize, ToSchema)]
struct AuthConfig {
    /// Whether there are any: until then whoever reaches this node may do everything.
    accounts: bool,
    registration: WhoMayRegister,
    password: PasswordRules,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WhoMayRegister {
    Closed,
    Invite,
    Open,
}

#[derive(Serialize, ToSchema)]
struct PasswordRules {
    /// Characters.
    min_length: usize,
}

/// How one signs in and makes an account here.
#[utoipa::path(
    get, path = "/auth/config", operation_id = "auth_config", tag = "Sessions",
    security(()),
    responses((status = 200, description = "What this node wants", body = AuthConfig)),
)]
pub(super) async fn config(
    State(app): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let registration = match app.config.auth.registration {
        Registration::Closed => WhoMayRegister::Closed,
        Registration::Invite => WhoMayRegister::Invite,
        Registration::Open => WhoMayRegister::Open,
    };
    let body = AuthConfig {
        accounts: app.auth.has_accounts().await?,
        registration,
        password: PasswordRules {
            min_length: Password::CHARS_MIN,
        },
    };
    Ok(conditions::answer(&headers, None, &body))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Setup {
    token: String,
    email: EmailText,
    password: String,
    display_name: NameText,
}

/// The first account, an admin's: for whoever has the address that the node printed.
#[utoipa::path(
    post, path = "/auth/setup", operation_id = "auth_setup", tag = "Sessions",
    security(()),
    request_body = Setup,
    responses((status = 201, description = "The account and its first session; cookies are set", body = Session)),
    extensions(("x-problems" = json!(["invalid-token", "setup-done", "email-in-use", "weak-password", "busy"]))),
)]
pub(super) async fn set_up(
    State(app): State<AppState>,
    peer: Peer,
    request: Request,
) -> Result<Response, Problem> {
    let from = Client::of(request.headers(), peer.network(), &app.auth);
    let setup = body::read::<Setup>(&app, request, Accepts::Json)
        .await?
        .value;
    app.auth.check_setup(&setup.token).await?;
    let new = Registering {
        email: setup.email.0,
        name: setup.display_name.0,
        password: setup.password,
        role: InstanceRole::Admin,
    };
    let user = register_as(&app, new, PeopleCommand::CreateFirstUser).await?;
    signed_in(&app, user, &from).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    email: EmailText,
    password: String,
    display_name: NameText,
    invite: Option<String>,
}

/// A further account, if this node lets whoever asks make one; with an invitation, also a member of its board.
#[utoipa::path(
    post, path = "/auth/register", operation_id = "auth_register", tag = "Sessions",
    security(()),
    request_body = NewAccount,
    responses((status = 201, description = "The account and its first session; cookies are set", body = Session)),
    extensions(("x-problems" = json!(["no-accounts", "not-found", "gone", "registration-closed", "email-in-use", "weak-password", "busy", "quota-exceeded", "conflict", "forbidden"]))),
)]
pub(super) async fn register(
    State(app): State<AppState>,
    peer: Peer,
    request: Request,
) -> Result<Response, Problem> {
    let from = Client::of(request.headers(), peer.network(), &app.auth);
    let new = body::read::<NewAccount>(&app, request, Accepts::Json)
        .await?
        .value;
    if !app.auth.has_accounts().await? {
        return Err(no_accounts());
    }
    let invitation = match &new.invite {
        Some(token) => Some(invitations::open_by_token(&app, token).await?),
        None => None,
    };
    match (app.config.auth.registration, &invitation) {
        (Registration::Open, _) | (Registration::Invite, Some(_)) => {}
        (Registration::Closed, _) | (Registration::Invite, None) => {
            return Err(Code::RegistrationClosed.into());
        }
    }
    let email = new.email.0;
    if let Some(meant) = invitation.as_ref().and_then(|view| view.row.email.as_ref())
        && meant.folded() != email.folded()
    {
        return Err(invalid("/email", "the invitation is for another address"));
    }
    let registering = Registering {
        email,
        name: new.display_name.0,
        password: new.password,
        role: InstanceRole::Member,
    };
    let user = register_as(&app, registering, PeopleCommand::CreateUser).await?;
    if let Some(view) = invitation {
        let command = SharingCommand::AcceptInvitation {
            board: view.board,
            invitation: view.invitation,
            user: user.id,
        };
        // Somebody else was quicker, or it was withdrawn, or the board is gone: no invitation, no account.
        if let Err(problem) = store::run(&app, &Caller::Anonymous, command).await {
            let command = PeopleCommand::DeleteUser {
                user: user.id,
                boards_to: None,
            };
            store::run(&app, &Caller::Anonymous, command).await?;
            return Err(match problem.code {
                Code::BoardNotFound | Code::BoardTrashed => Code::Gone.into(),
                _ => problem,
            });
        }
    }
    signed_in(&app, user, &from).await
}

struct Registering {
    email: Email,
    name: DisplayName,
    password: String,
    role: InstanceRole,
}

async fn register_as(
    app: &App,
    new: Registering,
    command: fn(NewUser) -> PeopleCommand,
) -> Result<UserView, Problem> {
    let context = Context::new(&[new.email.as_str(), new.name.as_str()]);
    let password = Password::new(new.password);
    let hash = app
        .auth
        .hash_password(password, &context, "/password")
        .await?;
    let id = UserId::mint();
    let new = NewUser {
        user: id,
        email: new.email,
        name: new.name,
        role: new.role,
        password: Some(hash),
    };
    let ran = store::run(app, &Caller::Anonymous, command(new)).await?;
    match ran.people()? {
        PeopleOutcome::User(row) => Ok(UserView {
            id,
            row: row.clone(),
        }),
        _ => Err(Code::Internal.into()),
    }
}

async fn signed_in(app: &App, user: UserView, from: &Client) -> Result<Response, Problem> {
    let signed_in = app.auth.begin_session(user, from, 0, wall_clock()).await?;
    let mut response = session_answer(app, &signed_in);
    *response.status_mut() = StatusCode::CREATED;
    let place = app.url(&format!("/api/v1/auth/sessions/{}", signed_in.session));
    let place = HeaderValue::try_from(place).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}

fn session_answer(app: &App, signed_in: &SignedIn) -> Response {
    let renewed = renewed(app, &signed_in.tokens, &signed_in.user, signed_in.session);
    let body = Session {
        renewed,
        failures_before: signed_in.failures_before,
    };
    let mut response = conditions::answer(&HeaderMap::new(), None, &body);
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, signed_in.tokens.refresh_cookie.clone());
    headers.append(header::SET_COOKIE, signed_in.device_cookie.clone());
    no_store(response)
}

#[derive(Serialize, ToSchema)]
struct Session {
    #[serde(flatten)]
    renewed: Renewed,
    /// How often somebody gave a wrong password since the last session began.
    failures_before: u32,
}

#[derive(Serialize, ToSchema)]
struct Renewed {
    access_token: String,
    token_type: TokenType,
    /// Seconds.
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    session: Option<SessionWord>,
    /// Not of a visit through a share link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user: Option<Profile>,
    /// To who sent the one before in the body; whoever sent a cookie is sent a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
}

#[derive(Serialize, ToSchema)]
enum TokenType {
    Bearer,
}

fn renewed(app: &App, tokens: &TokenPair, user: &UserView, session: SessionId) -> Renewed {
    Renewed {
        access_token: tokens.access.clone(),
        token_type: TokenType::Bearer,
        expires_in: tokens.access_life_s,
        session: Some(Word(session)),
        user: Some(Profile::of(app, user)),
        refresh_token: None,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    email: String,
    password: String,
}

/// A session for an address and its password.
#[utoipa::path(
    post, path = "/auth/login", operation_id = "auth_login", tag = "Sessions",
    security(()),
    request_body = Login,
    responses((status = 200, description = "The session; cookies are set", body = Session)),
    extensions(("x-problems" = json!(["no-accounts", "invalid-credentials", "too-many-attempts", "busy"]))),
)]
pub(super) async fn login(
    State(app): State<AppState>,
    peer: Peer,
    request: Request,
) -> Result<Response, Problem> {
    let from = Client::of(request.headers(), peer.network(), &app.auth);
    let login = body::read::<Login>(&app, request, Accepts::Json)
        .await?
        .value;
    if !app.auth.has_accounts().await? {
        return Err(no_accounts());
    }
    let now = wall_clock();
    let account = app.auth.counted_as(&login.email, &from, now).await?;
    let counted = app
        .rates
        .count(Kind::AuthAccount, Some(Asker::Account(account)));
    counted.check()?;
    let password = Password::new(login.password);
    let signed_in = app.auth.sign_in(&login.email, password, &from, now).await;
    let refused = signed_in.as_ref().err().map(|problem| problem.code);
    app.metrics.count_login("password", refused);
    let mut response = session_answer(&app, &signed_in?);
    counted.put(response.headers_mut());
    Ok(response)
}

fn no_accounts() -> Problem {
    Problem::new(Code::NoAccounts)
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    refresh_token: Option<String>,
}

/// The next access token: for the refresh cookie, for a refresh token in the body, or for a visit that goes on.
#[utoipa::path(
    post, path = "/auth/refresh", operation_id = "auth_refresh", tag = "Sessions",
    security(("refresh" = []), ("bearer" = []), ()),
    request_body = Refresh,
    responses((status = 200, description = "The next access token", body = Renewed)),
    extensions(("x-problems" = json!(["no-accounts", "refresh-reused", "refresh-expired", "forbidden", "unauthenticated", "invalid-token"]))),
)]
pub(super) async fn refresh(
    State(app): State<AppState>,
    peer: Peer,
    request: Request,
) -> Result<Response, Problem> {
    if !app.auth.has_accounts().await? {
        return Err(no_accounts());
    }
    let now = wall_clock();
    if request.headers().contains_key(header::AUTHORIZATION) {
        let caller = app.auth.caller(request.headers(), now).await?;
        return refresh_visit(&app, &caller, now).await;
    }
    let from = Client::of(request.headers(), peer.network(), &app.auth);
    let headers = request.headers().clone();
    let asked = body::read::<Refresh>(&app, request, Accepts::Json)
        .await?
        .value;
    let (token, is_cookie) = match asked.refresh_token {
        Some(token) => (token, false),
        None => {
            from_our_page(&headers)?;
            let cookie = Cookie::Refresh.read(app.auth.cookies(), &headers);
            (cookie.ok_or(Code::RefreshExpired)?.to_owned(), true)
        }
    };
    let renewed = app.auth.renew(&token, &from, now).await;
    let refused = renewed.as_ref().err().map(|problem| problem.code);
    app.metrics.count_refresh(refused);
    let renewed = match renewed {
        Ok(renewed) => renewed,
        Err(problem) if is_cookie && problem.code.about().status == StatusCode::UNAUTHORIZED => {
            return Ok(without_cookie(&app, problem));
        }
        Err(problem) => return Err(problem),
    };
    let refresh_token = (!is_cookie).then(|| renewed.tokens.refresh.clone());
    let body = Renewed {
        refresh_token,
        ..self::renewed(&app, &renewed.tokens, &renewed.user, renewed.session)
    };
    let mut response = conditions::answer(&HeaderMap::new(), None, &body);
    if is_cookie {
        let cookie = renewed.tokens.refresh_cookie;
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(no_store(response))
}

/// A browser that carries a cookie which is good for nothing is told to forget it.
fn without_cookie(app: &App, problem: Problem) -> Response {
    let mut response = problem.into_response();
    let cookie = Cookie::Refresh.clear(app.auth.cookies());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

async fn refresh_visit(app: &App, caller: &Caller, now: Time) -> Result<Response, Problem> {
    let Caller::Visitor(visitor) = caller else {
        return Err(Problem::new(Code::Forbidden)
            .detail("an access token renews only a visit through a share link"));
    };
    let token = app.auth.visit(visitor.link, visitor.session, now).await?;
    let body = Renewed {
        access_token: token,
        token_type: TokenType::Bearer,
        expires_in: app.auth.access_life_ms() / 1_000,
        session: None,
        user: None,
        refresh_token: None,
    };
    let response = conditions::answer(&HeaderMap::new(), None, &body);
    Ok(no_store(response))
}

fn from_our_page(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(CLIENT).is_some_and(|client| client == "web") {
        true => Ok(()),
        false => Err(Problem::new(Code::ForeignOrigin).detail("Easel-Client: web is missing")),
    }
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Logout {
    all: bool,
}

/// Ends this session, or all of this person.
#[utoipa::path(
    post, path = "/auth/logout", operation_id = "auth_logout", tag = "Sessions",
    security(("bearer" = []), ("refresh" = []), ()),
    request_body = Logout,
    responses((status = 204, description = "Signed out; the cookie is taken back")),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn logout(
    State(app): State<AppState>,
    request: Request,
) -> Result<Response, Problem> {
    let now = wall_clock();
    let headers = request.headers().clone();
    let logout = body::read::<Logout>(&app, request, Accepts::Json)
        .await?
        .value;
    let session = match app.auth.caller(&headers, now).await {
        Ok(Caller::User(user)) => {
            if user.session.is_none() {
                return Err(
                    Problem::new(Code::Forbidden).detail("a token is revoked, not signed out")
                );
            }
            if logout.all {
                app.auth.end_sessions(user.user, None).await?;
            }
            user.session
        }
        Ok(Caller::Visitor(visitor)) => Some(visitor.session),
        // The access token has ended; the cookie still says which session it was.
        Ok(Caller::Anonymous | Caller::Local) | Err(_) => {
            from_our_page(&headers)?;
            match Cookie::Refresh.read(app.auth.cookies(), &headers) {
                Some(token) => app.auth.session_of(token, now).await,
                None => None,
            }
        }
    };
    if let Some(session) = session {
        app.auth.end_session(session).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookie = Cookie::Refresh.clear(app.auth.cookies());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(no_store(response))
}

async fn proved(
    app: &App,
    session: SessionId,
    user: &UserView,
    password: Password,
    from: &Client,
) -> Result<(), Problem> {
    let proved = app
        .auth
        .confirm(session, user, password, from, wall_clock())
        .await;
    let refused = proved.as_ref().err().map(|problem| problem.code);
    app.metrics.count_login("reauth", refused);
    proved
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Proof {
    password: String,
}

/// Shows again that it is this person, for what asks for it in the next ten minutes.
#[utoipa::path(
    post, path = "/auth/reauth", operation_id = "auth_reauth", tag = "Sessions",
    request_body = Proof,
    responses((status = 204, description = "Shown")),
    extensions(("x-problems" = json!(["forbidden", "invalid-credentials", "too-many-attempts", "busy", "conflict"]))),
)]
pub(super) async fn confirm(
    State(app): State<AppState>,
    caller: Caller,
    peer: Peer,
    request: Request,
) -> Result<Response, Problem> {
    let person = in_person(&caller)?;
    let session = person.session.ok_or(Code::Forbidden)?;
    let from = Client::of(request.headers(), peer.network(), &app.auth);
    let proof = body::read::<Proof>(&app, request, Accepts::Json)
        .await?
        .value;
    let user = known(&app, person.user).await?;
    let password = Password::new(proof.password);
    proved(&app, session, &user, password, &from).await?;
    Ok(no_store(StatusCode::NO_CONTENT.into_response()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reset {
    token: String,
    password: String,
}

/// A password for whoever has the address that `easel user` printed; it works once.
#[utoipa::path(
    post, path = "/auth/password/reset", operation_id = "auth_reset_password", tag = "Sessions",
    security(()),
    request_body = Reset,
    responses((status = 204, description = "Set; all sessions have ended")),
    extensions(("x-problems" = json!(["gone", "not-found", "forbidden", "weak-password", "busy"]))),
)]
pub(super) async fn reset_password(
    State(app): State<AppState>,
    request: Request,
) -> Result<Response, Problem> {
    let asked = body::read::<Reset>(&app, request, Accepts::Json)
        .await?
        .value;
    let secret = Secret::parse(&asked.token).map_err(|_| Code::Gone)?;
    let query = PeopleQuery::Reset(secret.hash());
    let PeopleAnswer::Reset(found) = store::people(&app, ReadLevel::Local, query).await? else {
        return Err(Code::Internal.into());
    };
    // Hashing is dear: only for who may set one.
    let (user, _) = found
        .filter(|(_, end)| wall_clock() < *end)
        .ok_or(Code::Gone)?;
    let context = Context::new(&[user.row.email.as_str(), user.row.name.as_str()]);
    let new = Password::new(asked.password);
    let password = app.auth.hash_password(new, &context, "/password").await?;
    let command = PeopleCommand::TakeReset {
        user: user.id,
        hash: secret.hash(),
        password,
    };
    let ran = store::run(&app, &Caller::Anonymous, command).await?;
    let response = StatusCode::NO_CONTENT.into_response();
    Ok(ran.finish(no_store(response)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    current: String,
    new: String,
    #[serde(default)]
    end_others: bool,
}

/// Sets another password; the other sessions go on unless they are to end.
#[utoipa::path(
    post, path = "/me/password", operation_id = "me_change_password", tag = "Account",
    request_body = NewPassword,
    responses((status = 204, description = "Changed")),
    extensions(("x-problems" = json!(["forbidden", "invalid-credentials", "too-many-attempts", "busy", "weak-password", "conflict"]))),
)]
pub(super) async fn change_password(
    State(app): State<AppState>,
    caller: Caller,
    peer: Peer,
    request: Request,
) -> Result<Response, Problem> {
    let person = in_person(&caller)?;
    let session = person.session.ok_or(Code::Forbidden)?;
    let from = Client::of(request.headers(), peer.network(), &app.auth);
    let asked = body::read::<NewPassword>(&app, request, Accepts::Json)
        .await?
        .value;
    let user = known(&app, person.user).await?;
    let current = Password::new(asked.current);
    proved(&app, session, &user, current, &from).await?;
    // Proving it may have renewed the hash.
    let user = known(&app, person.user).await?;
    let context = Context::new(&[user.row.email.as_str(), user.row.name.as_str()]);
    let new = Password::new(asked.new);
    let password = app.auth.hash_password(new, &context, "/new").await?;
    let command = match (asked.end_others, user.row.password) {
        (false, Some(old)) => PeopleCommand::RehashPassword {
            user: person.user,
            old,
            new: password,
        },
        (true, _) | (false, None) => PeopleCommand::SetPassword {
            user: person.user,
            password,
            keep: Some(session),
        },
    };
    let ran = store::run(&app, &caller, command).await?;
    Ok(ran.finish(no_store(StatusCode::NO_CONTENT.into_response())))
}

#[derive(Serialize, ToSchema)]
struct OwnSession {
    id: SessionWord,
    /// Whether it is the one that asks.
    current: bool,
    /// What the browser or program called itself.
    agent: String,
    /// Where it came from, without the last digits.
    network: String,
    created_at: Moment,
    last_seen_at: Moment,
}

/// Where one is signed in.
#[utoipa::path(
    get, path = "/auth/sessions", operation_id = "sessions_list", tag = "Sessions",
    responses((status = 200, description = "One's sessions, the latest used first", body = List<OwnSession>)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn sessions(
    State(app): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = in_person(&caller)?;
    let query = PeopleQuery::SessionsOf(person.user);
    let answer = store::people(&app, store::level(&headers), query).await?;
    let PeopleAnswer::Sessions(mut sessions) = answer else {
        return Err(Code::Internal.into());
    };
    let now = wall_clock();
    sessions.retain(|(_, row)| !row.is_over(now));
    sessions.sort_by_key(|(_, row)| std::cmp::Reverse(row.used_at));
    let data: Vec<_> = sessions
        .iter()
        .map(|(id, row)| OwnSession {
            id: Word(*id),
            current: Some(*id) == person.session,
            agent: row.agent.clone(),
            network: row.network.clone(),
            created_at: Moment(row.created_at),
            last_seen_at: Moment(row.used_at),
        })
        .collect();
    Ok(no_store(conditions::answer(
        &headers,
        None,
        &List::whole(data),
    )))
}

/// Signs one of them out.
#[utoipa::path(
    delete, path = "/auth/sessions/{session}", operation_id = "sessions_end", tag = "Sessions",
    responses((status = 204, description = "Over")),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn end_session(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let person = in_person(&caller)?;
    let session: SessionId = id.parse().map_err(|_| Code::NotFound)?;
    let query = PeopleQuery::SessionsOf(person.user);
    let answer = store::people(&app, ReadLevel::Local, query).await?;
    let PeopleAnswer::Sessions(sessions) = answer else {
        return Err(Code::Internal.into());
    };
    if !sessions.iter().any(|(known, _)| *known == session) {
        return Err(Code::NotFound.into());
    }
    app.auth.end_session(session).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Signs all the others out.
#[utoipa::path(
    delete, path = "/auth/sessions", operation_id = "sessions_end_others", tag = "Sessions",
    responses((status = 204, description = "Over")),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn end_other_sessions(
    State(app): State<AppState>,
    caller: Caller,
) -> Result<Response, Problem> {
    let person = in_person(&caller)?;
    access::person(&caller)?;
    app.auth.end_sessions(person.user, person.session).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
