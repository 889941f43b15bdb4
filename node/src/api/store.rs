//! The store as handlers use it: one command or one question, and its refusals as problems.

use super::idempotency::{self, Attempt};
use crate::app::App;
use crate::auth::Caller;
use crate::http::MIN_INDEX;
use crate::http::problem::{Code, Problem};
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;
use easel_storage::people::{PeopleAnswer, PeopleOutcome, PeopleQuery};
use easel_storage::sharing::{SharingAnswer, SharingOutcome, SharingQuery};
use easel_storage::{
    Actor, Answer, BoardRecord, Command, CommitIndex, Envelope, Outcome, Query, ReadError,
    ReadLevel, Rejection, SubmitError,
};

/// On every answer to a write: a read that sends it back as `Easel-Min-Index` sees the write, on any node.
const INDEX: HeaderName = HeaderName::from_static("easel-index");

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

pub(super) async fn people(
    app: &App,
    level: ReadLevel,
    query: PeopleQuery,
) -> Result<PeopleAnswer, Problem> {
    Ok(read(app, level, Query::People(query)).await?.into_people())
}

pub(super) async fn sharing(
    app: &App,
    level: ReadLevel,
    query: SharingQuery,
) -> Result<SharingAnswer, Problem> {
    let answer = read(app, level, Query::Sharing(query)).await?;
    Ok(answer.into_sharing())
}

/// A command that ran.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) index: CommitIndex,
    pub(super) outcome: Outcome,
    /// It ran for an earlier request with this key; this is what it answered then.
    pub(super) replayed: bool,
}

impl Ran {
    /// The headers that every answer to a write has.
    pub(super) fn finish(&self, mut response: Response) -> Response {
        put_index(&mut response, self.index);
        if self.replayed {
            idempotency::mark_replayed(&mut response);
        }
        response
    }

    pub(super) fn board(&self) -> Result<&BoardRecord, Problem> {
        match &self.outcome {
            Outcome::Board(board) => Ok(board),
            other => Err(unexpected(other)),
        }
    }

    pub(super) fn people(&self) -> Result<&PeopleOutcome, Problem> {
        match &self.outcome {
            Outcome::People(outcome) => Ok(outcome),
            other => Err(unexpected(other)),
        }
    }

    pub(super) fn sharing(&self) -> Result<&SharingOutcome, Problem> {
        match &self.outcome {
            Outcome::Sharing(outcome) => Ok(outcome),
            other => Err(unexpected(other)),
        }
    }
}

/// A command ended as another one does: that is a bug.
fn unexpected(outcome: &Outcome) -> Problem {
    tracing::error!(?outcome, "a command ended as another one does");
    Code::Internal.into()
}

/// Runs a command once, however often it is asked for.
pub(super) async fn run(
    app: &App,
    caller: &Caller,
    kind: impl Into<Command>,
) -> Result<Ran, Problem> {
    attempt(app, caller, &Attempt { key: None }, kind).await
}

/// Runs the command of a request that may be repeated under its key.
pub(super) async fn attempt(
    app: &App,
    caller: &Caller,
    attempt: &Attempt,
    kind: impl Into<Command>,
) -> Result<Ran, Problem> {
    attempt_and(app, caller, attempt, kind, Vec::new()).await
}

/// The same, with more that is to follow it; what these are refused is nobody's to hear.
pub(super) async fn attempt_and(
    app: &App,
    caller: &Caller,
    attempt: &Attempt,
    kind: impl Into<Command>,
    after: Vec<Envelope>,
) -> Result<Ran, Problem> {
    let kind = kind.into();
    let envelope = match attempt.key {
        None => Envelope::new(actor_of(caller), kind),
        Some((id, asked)) => Envelope {
            id: Some(id),
            actor: actor_of(caller),
            kind: Command::Once {
                asked,
                kind: Box::new(kind),
            },
        },
    };
    let batch = std::iter::once(envelope).chain(after).collect();
    let submitted = app.store.submit(batch).await.map_err(not_run)?;
    let index = submitted.index;
    let reply = submitted.replies.into_iter().next();
    let reply = reply.expect("a store gives one reply for each command");
    match reply.map_err(refused)? {
        Outcome::Again(first) => Ok(Ran {
            index,
            outcome: (*first).map_err(refused)?,
            replayed: true,
        }),
        outcome => Ok(Ran {
            index,
            outcome,
            replayed: false,
        }),
    }
}

/// What nobody in particular brings about (a link is opened) is put down to the server itself.
fn actor_of(caller: &Caller) -> Actor {
    caller.actor().unwrap_or(Actor::System)
}

pub(super) fn put_index(response: &mut Response, index: CommitIndex) {
    response.headers_mut().insert(INDEX, index.0.into());
}

pub(crate) fn not_run(error: SubmitError) -> Problem {
    match error {
        SubmitError::DiskFull => Code::DiskFull.into(),
        SubmitError::TooLarge => Code::BodyTooLarge.into(),
        SubmitError::Unavailable => Code::Unavailable.into(),
        SubmitError::TimedOut => Code::ResultUnknown.into(),
        SubmitError::Stopped => Code::Draining.into(),
    }
}

pub(crate) fn refused(rejection: Rejection) -> Problem {
    let code = match rejection {
        Rejection::BoardNotFound | Rejection::DocNotFound => Code::BoardNotFound,
        Rejection::BoardExists => Code::BoardExists,
        Rejection::BoardTrashed => Code::BoardTrashed,
        Rejection::BoardNotTrashed => Code::BoardNotTrashed,
        Rejection::RevisionMoved { .. } => Code::PreconditionFailed,
        Rejection::RequestReused => Code::IdempotencyKeyReused,
        Rejection::UserExists => Code::EmailInUse,
        Rejection::NotTheFirstUser => Code::SetupDone,
        Rejection::NoFirstUser => Code::NoAccounts,
        Rejection::UserDisabled | Rejection::WrongAddress | Rejection::RoleTooLow => {
            Code::Forbidden
        }
        Rejection::LastOwner => Code::LastOwner,
        Rejection::LastAdmin => Code::LastAdmin,
        Rejection::TooMany { .. } => Code::LimitReached,
        Rejection::LinkOver
        | Rejection::LinkUsedUp
        | Rejection::InvitationOver
        | Rejection::ResetOver
        | Rejection::JoinTokenOver => Code::Gone,
        Rejection::UserNotFound
        | Rejection::SessionNotFound
        | Rejection::TokenNotFound
        | Rejection::MemberNotFound
        | Rejection::LinkNotFound
        | Rejection::InvitationNotFound
        | Rejection::RequestNotFound
        | Rejection::NodeNotFound => Code::NotFound,
        Rejection::InstanceExists
        | Rejection::BodyMoved { .. }
        | Rejection::SeqOutOfRange { .. }
        | Rejection::Empty
        | Rejection::BlobUnsupported
        | Rejection::SessionExists
        | Rejection::TokenExists
        | Rejection::RoleTooHigh
        | Rejection::BoardArchived
        | Rejection::BoardNotArchived
        | Rejection::AlreadyMember
        | Rejection::LinkExists
        | Rejection::InvitationExists
        | Rejection::AssetExists => Code::Conflict,
    };
    Problem::new(code).detail(rejection.to_string())
}
