//! A copy of a board: its content as one update, under a new id, owned by who made it. The history stays behind.

use super::access::{self, board_as};
use super::boards::board_id;
use super::body::{self, Accepts};
use super::idempotency::Attempt;
use super::store;
use super::wire::TitleText;
use crate::app::{App, AppState};
use crate::auth::Caller;
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::Method;
use axum::response::Response;
use bytes::Bytes;
use easel_storage::people::Scope;
use easel_storage::sharing::{Role, SharingCommand};
use easel_storage::{
    Actor, BoardId, Command, CommandId, DocState, Envelope, NewUpdate, Payload, Query, ReadLevel,
    Title,
};
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCopy {
    title: Option<TitleText>,
    workspace: Option<String>,
}

/// A copy of a board, owned by who makes it. The history stays behind.
#[utoipa::path(
    post, path = "/boards/{board}/copies", operation_id = "copies_create", tag = "Boards",
    security(("bearer" = ["boards:write"])),
    request_body = NewCopy,
    responses((status = 201, description = "The copy", body = super::boards::Board)),
    extensions(("x-problems" = json!(["forbidden", "board-exists", "board-trashed", "conflict", "quota-exceeded", "idempotency-key-reused", "busy"]))),
)]
pub(super) async fn create(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let from = board_id(&id)?;
    access::scope(&caller, Scope::BoardsWrite)?;
    access::any_board(&caller)?;
    if !matches!(caller, Caller::Local) {
        access::person(&caller)?;
    }
    let seen = board_as(&app, &caller, from, Role::Viewer).await?;
    let policy = seen.view.policy.as_ref();
    let needed = policy.map_or(Role::Viewer, |policy| policy.copying_from);
    let seen = seen.needs(needed)?;
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let read = body::read::<NewCopy>(&app, request, Accepts::Json).await?;
    super::boards::check_workspace(&app, read.value.workspace.as_deref())?;
    let attempt = Attempt::of(&caller, &headers, &Method::POST, uri.path(), read.asked)?;
    let board = BoardId::from_bytes(attempt.id());
    let title = match read.value.title {
        Some(title) => title.0,
        None => copied_title(&seen.view.board.title),
    };
    let _place = place().await?;
    let content = content(&app, from).await?;
    let filling = filling(from, board, content, caller.actor());
    let create = Command::CreateBoard { board, title };
    let ran = store::attempt_and(&app, &caller, &attempt, create, filling).await?;
    super::boards::created(&app, &caller, &ran).await
}

async fn content(app: &App, board: BoardId) -> Result<Option<Bytes>, Problem> {
    let query = Query::Doc(board.into());
    let doc = store::read(app, ReadLevel::Local, query).await?.into_doc();
    let Some(doc) = doc.filter(|doc| doc.head_seq > 0) else {
        return Ok(None);
    };
    let merged = tokio::task::spawn_blocking(move || merge(doc));
    let merged = merged.await.map_err(|_| Code::Internal)?;
    merged.map(Some).ok_or_else(|| Code::Internal.into())
}

/// Everything in one update.
fn merge(doc: DocState) -> Option<Bytes> {
    let body = doc.body.map(|body| body.bytes);
    let tail = doc.tail.into_iter().map(|update| update.bytes);
    let all: Vec<Bytes> = body.into_iter().chain(tail).collect();
    if let [only] = all.as_slice() {
        return Some(only.clone());
    }
    let merged = yrs::merge_updates_v1(&all).ok()?;
    Some(merged.into())
}

/// What follows the making of the board. All of it travels together; where a crash came between, a repeat of the request
/// does what is missing and no more, since each part has an id that follows from the board's.
fn filling(
    from: BoardId,
    board: BoardId,
    content: Option<Bytes>,
    actor: Option<Actor>,
) -> Vec<Envelope> {
    let actor = actor.unwrap_or(Actor::System);
    let append = content.map(|content| Command::AppendUpdates {
        doc: board.into(),
        updates: vec![NewUpdate {
            author: actor,
            origin: None,
            payload: Payload::Inline(content),
        }],
    });
    let note = SharingCommand::NoteCopied { board, from }.into();
    let parts = [("content", append), ("note", Some(note))];
    let envelope = |(part, kind): (&str, Option<Command>)| {
        Some(Envelope {
            id: Some(part_id(board, part)),
            actor,
            kind: kind?,
        })
    };
    parts.into_iter().filter_map(envelope).collect()
}

fn part_id(board: BoardId, part: &str) -> CommandId {
    let mut id = [0; 16];
    let mut hasher = blake3::Hasher::new_derive_key("easel part of a copy v1");
    hasher.update(board.as_bytes());
    hasher.update(part.as_bytes());
    hasher.finalize_xof().fill(&mut id);
    CommandId::from_bytes(id)
}

/// Copies made at once: each holds a board's whole content, twice.
static PLACES: Semaphore = Semaphore::const_new(2);
/// Who waits longer than this for a place is told to come back.
const PLACE_WAIT_MAX: Duration = Duration::from_secs(5);

async fn place() -> Result<SemaphorePermit<'static>, Problem> {
    match tokio::time::timeout(PLACE_WAIT_MAX, PLACES.acquire()).await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(_)) | Err(_) => Err(Code::Busy.into()),
    }
}

fn copied_title(title: &Title) -> Title {
    let kept: String = title.as_str().chars().take(Title::CHARS_MAX - 7).collect();
    format!("{kept} (copy)")
        .try_into()
        .expect("a title cut short and a word are a title")
}
