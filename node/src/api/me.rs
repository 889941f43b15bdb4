//! One's own account: profile, settings, tokens, favourites, what one opened lately.

use super::access::{self, SCOPES, scope_word};
use super::boards::{board_id, revision};
use super::body::{self, Accepts};
use super::conditions;
use super::idempotency::Attempt;
use super::links::no_store;
use super::query::Params;
use super::store;
use super::time::rfc3339;
use super::users::{avatar_url, known};
use super::wire::{Moment, ScopeWord, Text, Word};
use crate::app::{App, AppState};
use crate::auth::{ApiToken, Caller, UserCaller, wall_clock};
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use easel_storage::names::{DisplayName, Label};
use easel_storage::people::{
    InstanceRole, PeopleAnswer, PeopleCommand, PeopleOutcome, PeopleQuery, Scope, SettingsRow,
    TokenRow, UserChange, UserView,
};
use easel_storage::sharing::{Role, SharingAnswer, SharingCommand, SharingQuery};
use easel_storage::{BoardId, ReadLevel, TokenId, UserId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

const SETTINGS_BYTES_MAX: usize = 16 << 10;
const TOKEN_LIFE_MS_MAX: u64 = 366 * 24 * 60 * 60 * 1000;

pub(super) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let me = access::person(&caller)?;
    let person = known(&app, me.user).await?;
    let body = profile_json(&app, &person);
    let response = conditions::answer(&headers, Some(person.row.rev), &body);
    Ok(no_store(response))
}

/// Oneself, address included.
pub(super) fn profile_json(app: &App, person: &UserView) -> Value {
    json!({
        "id": person.id.to_string(),
        "email": person.row.email.as_str(),
        "name": person.row.name.as_str(),
        "admin": person.row.role == InstanceRole::Admin,
        "avatar_url": avatar_url(app, person),
        "created_at": rfc3339(person.row.created_at.0),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfilePatch {
    name: Option<Text<DisplayName>>,
}

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
    let body = profile_json(&app, &person);
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaving {
    /// Who is to own what only this person owns; without it, that goes into the trash.
    transfer_to: Option<Word<UserId>>,
}

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

/// Settings are the client's: any JSON object, merged, within a size.
pub(super) async fn change_settings(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let user = in_person(&caller)?.user;
    let expected = conditions::required(request.headers())?;
    let patch = body::read::<Map<String, Value>>(&app, request, Accepts::MergePatch).await?;
    let before = settings_of(&app, ReadLevel::Local, user).await?;
    // Merged from this revision, so it must still be the one that is replaced.
    revision(before.rev, expected)?;
    let mut settings: Value = serde_json::from_str(&before.json).map_err(|_| Code::Internal)?;
    merge(&mut settings, Value::Object(patch.value));
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
    let data: Vec<_> = tokens
        .iter()
        .map(|(id, row)| token_json(*id, row))
        .collect();
    let body = json!({ "data": data, "next_cursor": null });
    Ok(no_store(conditions::answer(&headers, None, &body)))
}

fn token_json(id: TokenId, row: &TokenRow) -> Value {
    let scopes: Vec<_> = row.scopes.iter().map(|scope| scope_word(*scope)).collect();
    json!({
        "id": id.to_string(),
        "name": row.name.as_str(),
        "scopes": scopes,
        "board": row.board.map(|board| board.to_string()),
        "created_at": rfc3339(row.created_at.0),
        "expires_at": rfc3339(row.expires_at.0),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    name: Text<Label>,
    scopes: Vec<ScopeWord>,
    expires_at: Moment,
    board: Option<Word<BoardId>>,
}

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
    let mut body = token_json(token.id, row);
    // Shown this once: what is stored is its hash.
    body["token"] = token.text().into();
    let mut response = no_store(conditions::answer(&HeaderMap::new(), None, &body));
    *response.status_mut() = StatusCode::CREATED;
    let place = app.url(&format!("/api/v1/me/tokens/{}", token.id));
    let place = HeaderValue::try_from(place).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(ran.finish(response))
}

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

pub(super) async fn star(
    state: State<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<Response, Problem> {
    set_favourite(state, caller, path, true).await
}

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
    let data: Vec<_> = cards
        .map(|card| super::boards::card_json(&app, card))
        .collect();
    let body = json!({ "data": data, "next_cursor": null });
    Ok(conditions::answer(&headers, None, &body))
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
