//! One's own account: profile, settings, tokens, favourites, what one opened lately.

use super::access::{self, SCOPES};
use super::boards::{Card, board_id, revision};
use super::body::{self, Accepts};
use super::conditions;
use super::idempotency::Attempt;
use super::links::no_store;
use super::query::Params;
use super::store;
use super::users::{avatar_url, known};
use super::wire::{
    BoardWord, EmailText, LabelText, List, Moment, NameText, ScopeWord, Text, TokenWord, UserWord,
    Word,
};
use crate::app::{App, AppState};
use crate::auth::{ApiToken, Caller, UserCaller, wall_clock};
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use easel_storage::people::{
    InstanceRole, PeopleAnswer, PeopleCommand, PeopleOutcome, PeopleQuery, Scope, SettingsRow,
    TokenRow, UserChange, UserView,
};
use easel_storage::sharing::{Role, SharingAnswer, SharingCommand, SharingQuery};
use easel_storage::{ReadLevel, TokenId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

const SETTINGS_BYTES_MAX: usize = 16 << 10;
const TOKEN_LIFE_MS_MAX: u64 = 366 * 24 * 60 * 60 * 1000;

/// One's own account.
#[utoipa::path(
    get, path = "/me", operation_id = "me_show", tag = "Account",
    responses((status = 200, description = "The account", body = Profile)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let me = access::person(&caller)?;
    let person = known(&app, me.user).await?;
    let body = Profile::of(&app, &person);
    let response = conditions::answer(&headers, Some(person.row.rev), &body);
    Ok(no_store(response))
}

/// Oneself, address included.
#[derive(Serialize, ToSchema)]
pub(super) struct Profile {
    id: UserWord,
    email: EmailText,
    name: NameText,
    admin: bool,
    avatar_url: Option<String>,
    created_at: Moment,
}

impl Profile {
    pub(super) fn of(app: &App, person: &UserView) -> Profile {
        Profile {
            id: Word(person.id),
            email: Text(person.row.email.clone()),
            name: Text(person.row.name.clone()),
            admin: person.row.role == InstanceRole::Admin,
            avatar_url: avatar_url(app, person),
            created_at: Moment(person.row.created_at),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfilePatch {
    name: Option<NameText>,
}

/// Changes the name.
#[utoipa::path(
    patch, path = "/me", operation_id = "me_change", tag = "Account",
    request_body = ProfilePatch,
    responses((status = 200, description = "The account", body = Profile)),
    extensions(("x-problems" = json!(["forbidden", "precondition-required", "precondition-failed"]))),
)]
pub(super) async fn change(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let me = in_person(&caller)?.user;
    let expected = conditions::required(request.headers())?;
    let patch = body::read::<ProfilePatch>(&app, request, Accepts::MergePatch).await?;
    let before = known(&app, me).await?;
    let if_rev = revision(before.row.rev, expected)?;
    let change = UserChange {
        name: patch.value.name.map(|name| name.0),
        ..UserChange::default()
    };
    let command = PeopleCommand::ChangeUser {
        user: me,
        change,
        if_rev,
    };
    let ran = store::run(&app, &caller, command).await?;
    let PeopleOutcome::User(row) = ran.people()? else {
        return Err(Code::Internal.into());
    };
    let person = UserView {
        id: me,
        row: row.clone(),
    };
    let body = Profile::of(&app, &person);
    let response = conditions::answer(&HeaderMap::new(), Some(row.rev), &body);
    Ok(ran.finish(no_store(response)))
}

/// Not by a token: what a token may is written on it, and these are not.
pub(super) fn in_person(caller: &Caller) -> Result<&UserCaller, Problem> {
    let person = access::person(caller)?;
    match person.session {
        Some(_) => Ok(person),
        None => Err(Problem::new(Code::Forbidden)
            .detail("this takes a person who has signed in, not a token")),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Leaving {
    /// Who is to own what only this person owns; without it, that goes into the trash.
    transfer_to: Option<UserWord>,
}

/// Deletes one's account. What only this person owns goes to another, or into the trash.
#[utoipa::path(
    delete, path = "/me", operation_id = "me_delete", tag = "Account",
    request_body = Leaving,
    responses((status = 204, description = "Deleted")),
    extensions(("x-problems" = json!(["forbidden", "confirm-needed", "last-admin", "last-owner", "not-found", "conflict"]))),
)]
pub(super) async fn delete(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let user = in_person(&caller)?.user;
    access::confirmed(&caller)?;
    let leaving = body::read::<Leaving>(&app, request, Accepts::Json).await?;
    let boards_to = leaving.value.transfer_to.map(|heir| heir.0);
    let command = PeopleCommand::DeleteUser { user, boards_to };
    let ran = store::run(&app, &caller, command).await?;
    Ok(ran.finish(StatusCode::NO_CONTENT.into_response()))
}

async fn settings_of(app: &App, level: ReadLevel, user: UserId) -> Result<SettingsRow, Problem> {
    match store::people(app, level, PeopleQuery::Settings(user)).await? {
        PeopleAnswer::Settings(row) => Ok(row.unwrap_or_else(|| SettingsRow {
            json: "{}".to_owned(),
            rev: 0,
        })),
        _ => Err(Code::Internal.into()),
    }
}

/// The client's settings, whatever they are.
#[utoipa::path(
    get, path = "/me/settings", operation_id = "settings_show", tag = "Account",
    responses((status = 200, description = "The settings", body = Settings)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn settings(
    State(app): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let me = in_person(&caller)?.user;
    let row = settings_of(&app, store::level(&headers), me).await?;
    settings_answer(&headers, &row)
}

fn settings_answer(headers: &HeaderMap, row: &SettingsRow) -> Result<Response, Problem> {
    let body: Value = serde_json::from_str(&row.json).map_err(|_| Code::Internal)?;
    Ok(conditions::answer(headers, Some(row.rev), &body))
}

/// What a client keeps of how somebody likes it: any members.
#[derive(Deserialize, ToSchema)]
struct Settings(Map<String, Value>);

/// Settings are the client's: any JSON object, merged, within a size.
#[utoipa::path(
    patch, path = "/me/settings", operation_id = "settings_change", tag = "Account",
    request_body = Settings,
    responses((status = 200, description = "The settings", body = Settings)),
    extensions(("x-problems" = json!(["forbidden", "precondition-required", "precondition-failed", "body-too-large"]))),
)]
pub(super) async fn change_settings(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let user = in_person(&caller)?.user;
    let expected = conditions::required(request.headers())?;
    let patch = body::read::<Settings>(&app, request, Accepts::MergePatch).await?;
    let before = settings_of(&app, ReadLevel::Local, user).await?;
    // Merged from this revision, so it must still be the one that is replaced.
    revision(before.rev, expected)?;
    let mut settings: Value = serde_json::from_str(&before.json).map_err(|_| Code::Internal)?;
    merge(&mut settings, Value::Object(patch.value.0));
    let json = settings.to_string();
    if json.len() > SETTINGS_BYTES_MAX {
        return Err(Problem::new(Code::BodyTooLarge)
            .detail(format!("settings have at most {SETTINGS_BYTES_MAX} bytes")));
    }
    let if_rev = Some(before.rev);
    let command = PeopleCommand::PutSettings { user, json, if_rev };
    let ran = store::run(&app, &caller, command).await?;
    let PeopleOutcome::Settings(row) = ran.people()? else {
        return Err(Code::Internal.into());
    };
    Ok(ran.finish(settings_answer(&HeaderMap::new(), row)?))
}

/// RFC 7396.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// One's personal tokens, without their secrets.
#[utoipa::path(
    get, path = "/me/tokens", operation_id = "tokens_list", tag = "Account",
    responses((status = 200, description = "The tokens", body = List<Token>)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn tokens(
    State(app): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let me = in_person(&caller)?.user;
    let query = PeopleQuery::TokensOf(me);
    let PeopleAnswer::Tokens(tokens) = store::people(&app, store::level(&headers), query).await?
    else {
        return Err(Code::Internal.into());
    };
    let data: Vec<_> = tokens.iter().map(|(id, row)| Token::of(*id, row)).collect();
    Ok(no_store(conditions::answer(
        &headers,
        None,
        &List::whole(data),
    )))
}

#[derive(Serialize, ToSchema)]
struct Token {
    id: TokenWord,
    name: LabelText,
    scopes: Vec<ScopeWord>,
    /// The one board that it is for.
    board: Option<BoardWord>,
    created_at: Moment,
    expires_at: Moment,
}

impl Token {
    fn of(id: TokenId, row: &TokenRow) -> Token {
        Token {
            id: Word(id),
            name: Text(row.name.clone()),
            scopes: row.scopes.iter().copied().map(ScopeWord).collect(),
            board: row.board.map(Word),
            created_at: Moment(row.created_at),
            expires_at: Moment(row.expires_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct NewTokenMade {
    #[serde(flatten)]
    about: Token,
    /// What is sent in Authorization. Stored is its hash alone.
    token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    name: LabelText,
    scopes: Vec<ScopeWord>,
    expires_at: Moment,
    board: Option<BoardWord>,
}

/// A token for a program. Takes a password that was shown a short while ago.
#[utoipa::path(
    post, path = "/me/tokens", operation_id = "tokens_create", tag = "Account",
    request_body = NewToken,
    responses((status = 201, description = "The token with its secret, shown this once", body = NewTokenMade)),
    extensions(("x-problems" = json!(["forbidden", "confirm-needed", "quota-exceeded", "conflict", "idempotency-key-reused"]))),
)]
pub(super) async fn create_token(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let user = in_person(&caller)?.user;
    access::confirmed(&caller)?;
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let read = body::read::<NewToken>(&app, request, Accepts::Json).await?;
    let new = read.value;
    let mut scopes: Vec<Scope> = new.scopes.iter().map(|scope| scope.0).collect();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        let words = SCOPES.map(|(word, _)| word).join(", ");
        return Err(body::invalid(
            "/scopes",
            format!("name at least one of {words}"),
        ));
    }
    let now = wall_clock();
    let expires_at = new.expires_at.0;
    if expires_at <= now || expires_at > now.plus_ms(TOKEN_LIFE_MS_MAX) {
        return Err(body::invalid("/expires_at", "is a time in the next year"));
    }
    let board = new.board.map(|board| board.0);
    if let Some(board) = board {
        access::board_as(&app, &caller, board, Role::Viewer)
            .await
            .map_err(|_| body::invalid("/board", "there is no such board"))?;
    }
    let attempt = Attempt::of(&caller, &headers, &Method::POST, uri.path(), read.asked)?;
    let token = ApiToken {
        id: TokenId::from_bytes(attempt.id()),
        secret: attempt.secret(&app),
    };
    let command = PeopleCommand::CreateToken {
        token: token.id,
        user,
        name: new.name.0,
        scopes,
        board,
        hash: token.secret.hash(),
        expires_at,
    };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    let PeopleOutcome::Token(row) = ran.people()? else {
        return Err(Code::Internal.into());
    };
    let body = NewTokenMade {
        about: Token::of(token.id, row),
        token: token.text(),
    };
    let mut response = no_store(conditions::answer(&HeaderMap::new(), None, &body));
    *response.status_mut() = StatusCode::CREATED;
    let place = app.url(&format!("/api/v1/me/tokens/{}", token.id));
    let place = HeaderValue::try_from(place).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(ran.finish(response))
}

/// Takes a token back, at once and everywhere.
#[utoipa::path(
    delete, path = "/me/tokens/{token}", operation_id = "tokens_revoke", tag = "Account",
    responses((status = 204, description = "Revoked")),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn revoke_token(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let me = in_person(&caller)?.user;
    let token: TokenId = id.parse().map_err(|_| Code::NotFound)?;
    let answer = store::people(&app, ReadLevel::Local, PeopleQuery::Token(token)).await?;
    match answer {
        PeopleAnswer::Token(Some(found)) if found.row.user == me => {}
        _ => return Err(Code::NotFound.into()),
    }
    let command = PeopleCommand::RevokeToken { token };
    let ran = store::run(&app, &caller, command).await?;
    Ok(ran.finish(StatusCode::NO_CONTENT.into_response()))
}

/// Puts a board among one's favourites.
#[utoipa::path(
    put, path = "/me/favourites/{board}", operation_id = "favourites_put", tag = "Boards",
    security(("bearer" = ["boards:write"])),
    responses((status = 204, description = "It is")),
    extensions(("x-problems" = json!(["forbidden", "quota-exceeded"]))),
)]
pub(super) async fn star(
    state: State<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<Response, Problem> {
    set_favourite(state, caller, path, true).await
}

/// Takes a board from one's favourites.
#[utoipa::path(
    delete, path = "/me/favourites/{board}", operation_id = "favourites_delete", tag = "Boards",
    security(("bearer" = ["boards:write"])),
    responses((status = 204, description = "It is not")),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn unstar(
    state: State<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<Response, Problem> {
    set_favourite(state, caller, path, false).await
}

async fn set_favourite(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    on: bool,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    let user = access::person(&caller)?.user;
    access::scope(&caller, Scope::BoardsWrite)?;
    access::board_as(&app, &caller, board, Role::Viewer).await?;
    let command = SharingCommand::SetFavourite { board, user, on };
    let ran = store::run(&app, &caller, command).await?;
    Ok(ran.finish(StatusCode::NO_CONTENT.into_response()))
}

/// Whether a board is among one's favourites.
#[utoipa::path(
    get, path = "/me/favourites/{board}", operation_id = "favourites_show", tag = "Boards",
    security(("bearer" = ["boards:read"])),
    responses((status = 204, description = "It is")),
    extensions(("x-problems" = json!(["forbidden", "not-found"]))),
)]
pub(super) async fn is_starred(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::person(&caller)?;
    access::scope(&caller, Scope::BoardsRead)?;
    let level = store::level(&headers);
    let seen = access::seen(&app, &caller, level, board).await?;
    match seen.view.starred {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Problem::new(Code::NotFound).detail("this board is not among the favourites")),
    }
}

/// The boards opened lately, latest first: a list like that of all boards.
#[utoipa::path(
    get, path = "/me/recent", operation_id = "boards_recent", tag = "Boards",
    security(("bearer" = ["boards:read"])),
    responses((status = 200, description = "At most 50 boards", body = List<Card>)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn recent(
    State(app): State<AppState>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Params::of(&uri)?.finish()?;
    let me = access::person(&caller)?;
    access::scope(&caller, Scope::BoardsRead)?;
    let query = easel_storage::sharing::CardsQuery {
        user: me.user,
        filter: easel_storage::sharing::CardFilter {
            mine: easel_storage::sharing::Mine::Opened,
            ..Default::default()
        },
        text: None,
        sort: easel_storage::sharing::CardSort::OpenedDesc,
        after: None,
        limit: 50,
    };
    let level = store::level(&headers);
    let answer = store::sharing(&app, level, SharingQuery::Cards(query)).await?;
    let SharingAnswer::Cards(page) = answer else {
        return Err(Code::Internal.into());
    };
    let cards = page.cards.iter();
    let cards = cards.filter(|card| me.board.is_none_or(|only| card.board.id == only));
    let data: Vec<_> = cards.map(|card| Card::of(&app, &caller, card)).collect();
    Ok(conditions::answer(&headers, None, &List::whole(data)))
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::json;

    #[test]
    fn a_patch_is_merged_as_rfc_7396_has_it() {
        for (target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let mut merged = target.clone();
            merge(&mut merged, patch.clone());
            assert_eq!(merged, expected, "{target} with {patch}");
        }
    }
}
