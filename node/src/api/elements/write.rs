//! Writing elements, by way of the board's room.

use super::read::element_now;
use super::{Element, tag, tagged};
use crate::api::access::{self, Seen};
use crate::api::boards::board_id;
use crate::api::body::{self, Accepts, Read};
use crate::api::conditions;
use crate::api::contents::{self, Needs};
use crate::api::dates;
use crate::api::idempotency::{self, Attempt};
use crate::api::store;
use crate::app::{App, AppState};
use crate::auth::Caller;
use crate::http::door;
use crate::http::problem::{Code, FieldError, Problem};
use crate::realtime::{Change, NotWrote, Once, OnlyIf, Wish, Writing, Wrote};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use easel_board::json::{Object, Refused};
use easel_storage::people::Scope;
use easel_storage::sharing::Role;
use easel_storage::{Actor, BoardId, CommandId, Outcome, Query, ReadLevel};
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// A room that is closing gives way to a new one within moments.
const TRIES: u32 = 40;
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Lets in who may write on the board.
pub(in crate::api) async fn writer(
    app: &App,
    caller: &Caller,
    board: BoardId,
) -> Result<Seen, Problem> {
    access::scope(caller, Scope::ElementsWrite)?;
    let seen = access::seen(app, caller, ReadLevel::Local, board).await?;
    if seen.view.board.trashed_at.is_some() {
        return Err(Code::BoardTrashed.into());
    }
    let seen = seen.needs(Role::Editor)?;
    match seen.is_archived() {
        true => Err(Problem::new(Code::Forbidden).detail("an archived board is only looked at")),
        false => Ok(seen),
    }
}

/// Makes an element, on top of all others unless it says where. Takes the role editor.
#[utoipa::path(
    post, path = "/boards/{board}/elements", operation_id = "elements_create", tag = "Content",
    security(("bearer" = ["elements:write"])),
    request_body = Element,
    responses((status = 201, description = "The element", body = Element)),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "disk-full", "result-unknown", "draining", "element-exists", "too-many-elements", "still-running", "idempotency-key-reused", "gone"]))),
)]
pub(in crate::api) async fn create(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    writer(&app, &caller, board).await?;
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let post = axum::http::Method::POST;
    let Read { mut value, asked } = body::read::<Object>(&app, request, Accepts::Json).await?;
    forget_dates(&mut value);
    let attempt = Attempt::of(&caller, &headers, &post, uri.path(), asked)?;
    let id = new_id(&attempt, &value)?;
    let once = attempt.key.map(|(id, asked)| Once { id, asked });
    let _running = match once {
        Some(once) => Some(Running::begin(&app, once.id)?),
        None => None,
    };
    if let Some(once) = once
        && let Some(answer) = answered_before(&app, board, once, &id).await?
    {
        return Ok(answer);
    }
    // The access may have ended while the body was under way.
    writer(&app, &caller, board).await?;
    let wish = || Wish::Create {
        id: id.clone(),
        element: value.clone(),
    };
    let wrote = ordered(&app, &caller, board, once, wish).await?;
    Ok(made(&app, board, &id, wrote).await)
}

/// Changes members of an element (RFC 7396). Without If-Match the last one to write a member wins. Takes the role editor.
#[utoipa::path(
    patch, path = "/boards/{board}/elements/{element}", operation_id = "elements_patch", tag = "Content",
    security(("bearer" = ["elements:write"])),
    request_body = Element,
    responses((status = 200, description = "The element", body = Element)),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "disk-full", "result-unknown", "draining", "element-not-found", "element-locked", "precondition-failed"]))),
)]
pub(in crate::api) async fn patch(
    state: State<AppState>,
    caller: Caller,
    path: Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    change(
        state,
        caller,
        path,
        request,
        Accepts::MergePatch,
        Change::Patch,
    )
    .await
}

/// Makes an element what is asked for. What a later version keeps in it stays. Takes the role editor.
#[utoipa::path(
    put, path = "/boards/{board}/elements/{element}", operation_id = "elements_replace", tag = "Content",
    security(("bearer" = ["elements:write"])),
    request_body = Element,
    responses((status = 200, description = "The element", body = Element)),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "disk-full", "result-unknown", "draining", "element-not-found", "element-locked", "precondition-failed"]))),
)]
pub(in crate::api) async fn replace(
    state: State<AppState>,
    caller: Caller,
    path: Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    change(state, caller, path, request, Accepts::Json, Change::Replace).await
}

async fn change(
    State(app): State<AppState>,
    caller: Caller,
    Path((board, id)): Path<(String, String)>,
    request: Request,
    accepts: Accepts,
    how: fn(Object) -> Change,
) -> Result<Response, Problem> {
    let board = board_id(&board)?;
    writer(&app, &caller, board).await?;
    let wanted = conditions::tags_wanted(request.headers());
    let mut asked = body::read::<Object>(&app, request, accepts).await?.value;
    if accepts == Accepts::Json {
        forget_dates(&mut asked);
    }
    writer(&app, &caller, board).await?;
    let wish = || Wish::Change {
        id: id.clone(),
        change: how(asked.clone()),
        only_if: only_if(wanted.clone()),
    };
    let wrote = ordered(&app, &caller, board, None, wish).await?;
    Ok(shown(&app, board, &id, wrote).await)
}

/// Takes an element off the board. Takes the role editor.
#[utoipa::path(
    delete, path = "/boards/{board}/elements/{element}", operation_id = "elements_remove", tag = "Content",
    security(("bearer" = ["elements:write"])),
    responses((status = 204, description = "It is gone")),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "disk-full", "result-unknown", "draining", "element-not-found", "element-locked", "precondition-failed"]))),
)]
pub(in crate::api) async fn remove(
    State(app): State<AppState>,
    caller: Caller,
    Path((board, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&board)?;
    writer(&app, &caller, board).await?;
    let wanted = conditions::tags_wanted(&headers);
    let wish = || Wish::Change {
        id: id.clone(),
        change: Change::Remove,
        only_if: only_if(wanted.clone()),
    };
    let wrote = ordered(&app, &caller, board, None, wish).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    store::put_index(&mut response, wrote.index);
    Ok(response)
}

/// Has the board's room do it, and waits until it is durable.
pub(in crate::api) async fn ordered(
    app: &App,
    caller: &Caller,
    board: BoardId,
    once: Option<Once>,
    wish: impl Fn() -> Wish,
) -> Result<Wrote, Problem> {
    let shown = door::shown(app, caller).map(Arc::new);
    let mut tries = 0;
    loop {
        let writing = Writing {
            actor: caller.actor().unwrap_or(Actor::System),
            shown: shown.clone(),
            wish: wish(),
            once,
        };
        match app.rooms.write(board, writing).await {
            Ok(wrote) => return Ok(wrote),
            Err(NotWrote::TryAgain) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
            Err(not) => return Err(not_written(not)),
        }
    }
}

/// They stand in what was read, and come back with it, here or on another board.
fn forget_dates(asked: &mut Object) {
    asked.retain(|name, _| !dates::MEMBERS.contains(&name.as_str()));
}

fn not_written(not: NotWrote) -> Problem {
    match not {
        NotWrote::Element(refused) => match refused {
            Refused::NotFound => Code::ElementNotFound.into(),
            Refused::Exists => Code::ElementExists.into(),
            Refused::Full => Code::TooManyElements.into(),
            Refused::Locked => Code::ElementLocked.into(),
            Refused::Moved => Code::PreconditionFailed.into(),
            Refused::Invalid(faults) => {
                let errors = faults.into_iter().map(|fault| FieldError {
                    pointer: fault.pointer,
                    code: fault.code,
                    detail: fault.detail,
                });
                Problem::invalid(errors.collect())
            }
        },
        NotWrote::Update { reason } => Problem::new(Code::BadUpdate).detail(reason),
        NotWrote::BoardGone => Code::BoardTrashed.into(),
        NotWrote::DiskFull => Code::DiskFull.into(),
        NotWrote::TryAgain => Code::Unavailable.into(),
        NotWrote::Draining => Code::Draining.into(),
        NotWrote::Unknown => Code::ResultUnknown.into(),
    }
}

fn only_if(wanted: Option<Vec<String>>) -> OnlyIf {
    OnlyIf(Box::new(move |element: &Object| match &wanted {
        None => true,
        Some(tags) => tags.contains(&tag(element)),
    }))
}

/// The caller's, or one that is the same for every repeat.
fn new_id(attempt: &Attempt, asked: &Object) -> Result<String, Problem> {
    match asked.get("id") {
        Some(Value::String(id)) => Ok(id.clone()),
        None | Some(Value::Null) => {
            let hex = attempt.id().map(|byte| format!("{byte:02x}")).concat();
            Ok(format!("el_{hex}"))
        }
        Some(_) => Err(body::invalid("/id", "must be text")),
    }
}

async fn shown(app: &App, board: BoardId, id: &str, wrote: Wrote) -> Response {
    let index = wrote.index;
    let mut element = wrote.element.unwrap_or_default();
    let (level, of) = (ReadLevel::AtLeast(index), id.to_owned());
    let dated = contents::read(app, level, board, Needs::Dates, move |content| {
        content.dates.of(&of)
    });
    // It is done in any case; without the times the answer is only shorter.
    if let Ok(Some(dated)) = dated.await {
        dated.put_into(&mut element);
    }
    let mut response = tagged(&HeaderMap::new(), element);
    store::put_index(&mut response, index);
    response
}

async fn made(app: &App, board: BoardId, id: &str, wrote: Wrote) -> Response {
    let mut response = shown(app, board, id, wrote).await;
    *response.status_mut() = StatusCode::CREATED;
    let place = app.url(&format!("/api/v1/boards/{board}/elements/{id}"));
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// What the first request under this key was answered, as far as it is still so.
async fn answered_before(
    app: &App,
    board: BoardId,
    once: Once,
    id: &str,
) -> Result<Option<Response>, Problem> {
    let read = app
        .store
        .read(ReadLevel::Local, Query::Request(once.id))
        .await;
    let read = read.map_err(|_| Problem::new(Code::Unavailable))?;
    let index = read.index;
    let Some(first) = read.answer.into_request() else {
        return Ok(None);
    };
    if first.asked != once.asked {
        return Err(Code::IdempotencyKeyReused.into());
    }
    match first.reply {
        Ok(Outcome::Appended { .. }) => {}
        Ok(_) => return Err(Code::IdempotencyKeyReused.into()),
        Err(rejection) => return Err(store::refused(rejection)),
    }
    let level = ReadLevel::AtLeast(index);
    let element = match element_now(app, level, board, id.to_owned()).await {
        Ok(element) => element,
        Err(problem) if problem.code == Code::ElementNotFound => {
            let detail = "the element was made, and has been deleted since";
            return Err(Problem::new(Code::Gone).detail(detail));
        }
        Err(problem) => return Err(problem),
    };
    let wrote = Wrote {
        element: Some(element),
        applied: false,
        index,
    };
    let mut response = made(app, board, id, wrote).await;
    idempotency::mark_replayed(&mut response);
    Ok(Some(response))
}

/// A request under a key, while it is done: another under the same key waits for its answer elsewhere.
struct Running {
    all: Arc<Mutex<HashSet<CommandId>>>,
    id: CommandId,
}

impl Running {
    fn begin(app: &App, id: CommandId) -> Result<Running, Problem> {
        let all = app.contents.running.clone();
        match all.lock().insert(id) {
            true => {}
            false => return Err(Code::StillRunning.into()),
        }
        Ok(Running { all, id })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
    }
}
