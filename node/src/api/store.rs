//! The store as handlers use it: one command or one question, and its refusals as problems.

use crate::app::App;
use crate::http::problem::{Code, Problem};
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;
use easel_storage::{
    Actor, Answer, BoardId, BoardRecord, Command, CommandId, CommitIndex, Envelope, Outcome, Query,
    ReadError, ReadLevel, Rejection, SubmitError, submit_one,
};

/// On every answer to a write: a read that sends it back as `Easel-Min-Index` sees the write, on any node.
const INDEX: HeaderName = HeaderName::from_static("easel-index");
const MIN_INDEX: HeaderName = HeaderName::from_static("easel-min-index");

pub(super) fn level(headers: &HeaderMap) -> ReadLevel {
    headers
        .get(MIN_INDEX)
        .and_then(|index| index.to_str().ok()?.parse().ok())
        .map_or(ReadLevel::Local, |index| {
            ReadLevel::AtLeast(CommitIndex(index))
        })
}

pub(super) async fn read(app: &App, level: ReadLevel, query: Query) -> Result<Answer, Problem> {
    let read = app
        .store
        .read(level, query)
        .await
        .map_err(|error| match error {
            ReadError::Unavailable | ReadError::TimedOut => {
                Problem::new(Code::Unavailable).detail(error.to_string())
            }
            ReadError::Stopped => Code::Draining.into(),
            ReadError::Failed => Code::Internal.into(),
        })?;
    Ok(read.answer)
}

pub(super) async fn board(
    app: &App,
    level: ReadLevel,
    board: BoardId,
) -> Result<BoardRecord, Problem> {
    let answer = read(app, level, Query::Board(board)).await?;
    answer
        .into_board()
        .ok_or_else(|| Code::BoardNotFound.into())
}

/// Runs a command that ends with a board.
pub(super) async fn submit(
    app: &App,
    id: Option<CommandId>,
    command: Command,
) -> Result<(CommitIndex, BoardRecord), Problem> {
    let envelope = Envelope {
        id,
        actor: Actor::Local,
        kind: command,
    };
    let (index, reply) = submit_one(&*app.store, envelope).await.map_err(not_run)?;
    match reply.map_err(refused)? {
        Outcome::Board(board) => Ok((index, board)),
        // Only another command under the same key ends like that.
        Outcome::Done
        | Outcome::Appended { .. }
        | Outcome::Compacted { .. }
        | Outcome::People(_)
        | Outcome::Sharing(_)
        | Outcome::Again(_) => Err(Code::IdempotencyKeyReused.into()),
    }
}

pub(super) fn put_index(response: &mut Response, index: CommitIndex) {
    response.headers_mut().insert(INDEX, index.0.into());
}

fn not_run(error: SubmitError) -> Problem {
    match error {
        SubmitError::DiskFull => Code::DiskFull.into(),
        SubmitError::TooLarge => Code::BodyTooLarge.into(),
        SubmitError::Unavailable => Code::Unavailable.into(),
        SubmitError::TimedOut => Code::ResultUnknown.into(),
        SubmitError::Stopped => Code::Draining.into(),
    }
}

fn refused(rejection: Rejection) -> Problem {
    let code = match rejection {
        Rejection::BoardNotFound | Rejection::DocNotFound => Code::BoardNotFound,
        Rejection::BoardExists => Code::BoardExists,
        Rejection::BoardTrashed => Code::BoardTrashed,
        Rejection::BoardNotTrashed => Code::BoardNotTrashed,
        Rejection::RevisionMoved { .. } => Code::PreconditionFailed,
        Rejection::InstanceExists
        | Rejection::BodyMoved { .. }
        | Rejection::SeqOutOfRange { .. }
        | Rejection::Empty
        | Rejection::BlobUnsupported
        | Rejection::NotTheFirstUser
        | Rejection::UserExists
        | Rejection::UserDisabled
        | Rejection::LastAdmin
        | Rejection::SessionExists
        | Rejection::TokenExists
        | Rejection::TooMany { .. }
        | Rejection::BoardArchived
        | Rejection::BoardNotArchived
        | Rejection::AlreadyMember
        | Rejection::LastOwner
        | Rejection::RoleTooHigh
        | Rejection::LinkExists
        | Rejection::LinkUsedUp
        | Rejection::InvitationExists
        | Rejection::WrongAddress
        | Rejection::AssetExists => Code::Conflict,
        Rejection::RequestReused => Code::IdempotencyKeyReused,
        Rejection::UserNotFound
        | Rejection::SessionNotFound
        | Rejection::TokenNotFound
        | Rejection::MemberNotFound
        | Rejection::LinkNotFound
        | Rejection::LinkOver
        | Rejection::InvitationNotFound
        | Rejection::InvitationOver
        | Rejection::RequestNotFound => Code::NotFound,
    };
    Problem::new(code).detail(rejection.to_string())
}
