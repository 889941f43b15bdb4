//! Other people, as far as one may see them.

use super::access;
use super::conditions;
use super::query::Params;
use super::store;
use super::wire::{EmailText, List, NameText, Text, UserWord, Word};
use crate::app::{App, AppState};
use crate::auth::Caller;
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use easel_storage::people::{PeopleAnswer, PeopleQuery, UserView};
use easel_storage::{ReadLevel, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// Fewer would list the whole installation letter by letter.
const SEARCH_CHARS_MIN: usize = 2;
const SEARCH_CHARS_MAX: usize = 200;
const FOUND_MAX: u32 = 20;

/// What everybody with an account may know of somebody. Not the address.
#[derive(Serialize, ToSchema)]
pub(super) struct Person {
    id: UserWord,
    name: NameText,
    avatar_url: Option<String>,
    /// Whether the account is closed for now.
    disabled: bool,
    /// Only to who asked for this very address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<EmailText>,
}

impl Person {
    pub(super) fn of(app: &App, person: &UserView) -> Person {
        Person {
            id: Word(person.id),
            name: Text(person.row.name.clone()),
            avatar_url: avatar_url(app, person),
            disabled: person.row.disabled_at.is_some(),
            email: None,
        }
    }
}

/// The picture's address changes with the picture, so that it can be kept for ever.
pub(super) fn avatar_url(app: &App, person: &UserView) -> Option<String> {
    let avatar = person.row.avatar.as_ref()?;
    let pass = app.auth.avatar_pass(person.id, avatar.at);
    let path = format!("/api/v1/users/{}/avatar?pass={pass}", person.id);
    Some(app.url(&path))
}

pub(super) async fn known(app: &App, user: UserId) -> Result<UserView, Problem> {
    let answer = store::people(app, ReadLevel::Local, PeopleQuery::User(user)).await?;
    match answer {
        PeopleAnswer::User(person) => person.ok_or_else(|| Code::NotFound.into()),
        _ => Err(Code::Internal.into()),
    }
}

/// Somebody with an account here.
#[utoipa::path(
    get, path = "/users/{user}", operation_id = "users_show", tag = "People",
    responses((status = 200, description = "The person", body = Person)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
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
        &Person::of(&app, &person),
    ))
}

/// People to share a board with, found by a part of their name or address.
#[utoipa::path(
    get, path = "/users", operation_id = "users_find", tag = "People",
    params(("q" = String, Query, description = "A part of the name or address, 2 to 200 characters.", min_length = 2, max_length = 200)),
    responses((status = 200, description = "At most 20 people", body = List<Person>)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
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
            // Who knows the whole address is told that it is the right person.
            let is_known = person.row.email.folded() == text.to_lowercase();
            Person {
                email: is_known.then(|| Text(person.row.email.clone())),
                ..Person::of(&app, person)
            }
        })
        .collect();
    Ok(conditions::answer(&headers, None, &List::whole(data)))
}
