//! Other people, as far as one may see them.

use super::access;
use super::conditions;
use super::query::Params;
use super::store;
use crate::app::{App, AppState};
use crate::auth::Caller;
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use easel_storage::people::{PeopleAnswer, PeopleQuery, UserView};
use easel_storage::{ReadLevel, UserId};
use serde_json::{Value, json};

/// Fewer would list the whole installation letter by letter.
const SEARCH_CHARS_MIN: usize = 2;
const SEARCH_CHARS_MAX: usize = 200;
const FOUND_MAX: u32 = 20;

/// What everybody with an account may know of somebody. Not the address.
pub(super) fn public_json(app: &App, person: &UserView) -> Value {
    json!({
        "id": person.id.to_string(),
        "name": person.row.name.as_str(),
        "avatar_url": avatar_url(app, person),
        "disabled": person.row.disabled_at.is_some(),
    })
}

/// The picture's address changes with the picture, so that it can be kept for ever.
pub(super) fn avatar_url(app: &App, person: &UserView) -> Option<String> {
    let avatar = person.row.avatar.as_ref()?;
    let path = format!("/api/v1/users/{}/avatar?v={}", person.id, avatar.at.0);
    Some(app.url(&path))
}

pub(super) async fn known(app: &App, user: UserId) -> Result<UserView, Problem> {
    let answer = store::people(app, ReadLevel::Local, PeopleQuery::User(user)).await?;
    match answer {
        PeopleAnswer::User(person) => person.ok_or_else(|| Code::NotFound.into()),
        _ => Err(Code::Internal.into()),
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    access::person(&caller)?;
    // The installation is the one workspace: everybody with an account shares it.
    let user = id.parse().map_err(|_| Code::NotFound)?;
    let person = known(&app, user).await?;
    Ok(conditions::answer(
        &headers,
        Some(person.row.rev),
        &public_json(&app, &person),
    ))
}

/// People to share a board with, found by a part of their name or address.
pub(super) async fn find(
    State(app): State<AppState>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    access::person(&caller)?;
    let mut params = Params::of(&uri)?;
    let text: Option<String> = params.take("q", "is text")?;
    params.finish()?;
    let text = text.unwrap_or_default().trim().to_owned();
    let chars = text.chars().count();
    if !(SEARCH_CHARS_MIN..=SEARCH_CHARS_MAX).contains(&chars) {
        return Err(
            Problem::new(Code::BadQuery).detail("the parameter q has from 2 to 200 characters")
        );
    }
    let query = PeopleQuery::Users {
        text: Some(text.clone()),
        after: None,
        limit: FOUND_MAX,
    };
    let answer = store::people(&app, store::level(&headers), query).await?;
    let PeopleAnswer::Users(page) = answer else {
        return Err(Code::Internal.into());
    };
    let data: Vec<_> = page
        .users
        .iter()
        .filter(|person| person.row.disabled_at.is_none())
        .map(|person| {
            let mut body = public_json(&app, person);
            // Who knows the whole address is told that it is the right person.
            if person.row.email.folded() == text.to_lowercase() {
                body["email"] = person.row.email.as_str().into();
            }
            body
        })
        .collect();
    let body = json!({ "data": data, "next_cursor": null });
    Ok(conditions::answer(&headers, None, &body))
}
