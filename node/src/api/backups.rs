//! Backups, for an admin: those there are in the configured place, and making and looking at one. `easel backup` on the
//! machine does more: it names other places, puts the master key in, and deletes.

use super::access;
use super::conditions;
use super::wire::Moment;
use crate::app::AppState;
use crate::auth::Caller;
use crate::backup::{
    BackupError, Backups, Doing, Found, Job, Key, Manifest, Progress, Stage, Work,
};
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct BackupList {
    /// The newest first.
    data: Vec<Backup>,
    /// `null`: all of them are here.
    #[schema(required)]
    next_cursor: Option<String>,
    /// Where they are: a folder, or a part of a bucket. `null` when none is configured.
    #[schema(required)]
    place: Option<String>,
    /// What the node that answers is doing about backups, or did last since it started.
    #[schema(required)]
    job: Option<BackupJob>,
}

#[derive(Serialize, ToSchema)]
struct Backup {
    id: String,
    /// `null` while it is made, and when it cannot be read.
    #[schema(required)]
    content: Option<BackupContent>,
    /// Why it cannot be read.
    #[schema(required)]
    error: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct BackupContent {
    made_at: String,
    /// When the last change in it was accepted.
    state_at: String,
    /// The release that made it.
    version: String,
    boards: u64,
    /// Boards and other documents, and the updates they consist of.
    documents: u64,
    updates: u64,
    pictures: u64,
    /// Of which the node did not have so many whole.
    pictures_missing: u64,
    bytes: u64,
    /// What had to be kept for it, beside what others had brought.
    new_bytes: u64,
    /// Whoever has it can make themselves anybody's session.
    has_master_key: bool,
}

#[derive(Serialize, ToSchema)]
struct BackupJob {
    work: BackupWork,
    /// The backup that it is about.
    backup: String,
    state: BackupJobState,
    began_at: Moment,
    #[schema(required)]
    ended_at: Option<Moment>,
    #[schema(required)]
    progress: Option<BackupProgress>,
    /// What was found wrong with the backup. Empty: it is whole.
    troubles: Vec<String>,
    /// Why it failed.
    #[schema(required)]
    error: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BackupWork {
    Create,
    Verify,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BackupJobState {
    Running,
    Done,
    Failed,
}

#[derive(Serialize, ToSchema)]
struct BackupProgress {
    doing: BackupDoing,
    /// Bytes, or boards.
    done: u64,
    /// Of so many, if that is known.
    #[schema(required)]
    of: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BackupDoing {
    State,
    Pictures,
    Boards,
}

impl From<Found> for Backup {
    fn from((id, found): Found) -> Backup {
        match found {
            Ok(manifest) => Backup {
                id,
                content: Some(manifest.into()),
                error: None,
            },
            Err(error) => Backup {
                id,
                content: None,
                error: Some(error.to_string()),
            },
        }
    }
}

impl From<Manifest> for BackupContent {
    fn from(made: Manifest) -> BackupContent {
        BackupContent {
            bytes: made.bytes(),
            made_at: made.made_at,
            state_at: made.state_at,
            version: made.easel,
            boards: made.boards,
            documents: made.documents,
            updates: made.updates,
            pictures: made.blobs.count,
            pictures_missing: made.missing.len() as u64,
            new_bytes: made.new_bytes,
            has_master_key: made.master_key.is_some(),
        }
    }
}

impl From<Job> for BackupJob {
    fn from(job: Job) -> BackupJob {
        let (state, progress, troubles, error) = match job.stage {
            Stage::Running(progress) => (BackupJobState::Running, progress, Vec::new(), None),
            Stage::Done(troubles) => (BackupJobState::Done, None, troubles, None),
            Stage::Failed(why) => (BackupJobState::Failed, None, Vec::new(), Some(why)),
        };
        BackupJob {
            work: match job.work {
                Work::Create => BackupWork::Create,
                Work::Verify => BackupWork::Verify,
            },
            backup: job.backup,
            state,
            began_at: Moment(job.began_at),
            ended_at: job.ended_at.map(Moment),
            progress: progress.map(BackupProgress::from),
            troubles,
            error,
        }
    }
}

impl From<Progress> for BackupProgress {
    fn from(progress: Progress) -> BackupProgress {
        BackupProgress {
            doing: match progress.doing {
                // What the state became of goes with it.
                Doing::State | Doing::Log => BackupDoing::State,
                Doing::Pictures => BackupDoing::Pictures,
                Doing::Boards => BackupDoing::Boards,
            },
            done: progress.bytes,
            of: progress.of,
        }
    }
}

fn place(app: &AppState) -> Result<(), Problem> {
    match app.config.backup.to.is_empty() {
        true => Err(Problem::new(Code::Conflict)
            .detail("no place for backups is configured: backup.to names one")),
        false => Ok(()),
    }
}

fn not_done(error: BackupError) -> Problem {
    let code = match &error {
        BackupError::Busy(_) => Code::Conflict,
        BackupError::Nothing(_) => Code::NotFound,
        _ => Code::Unavailable,
    };
    Problem::new(code).detail(error.to_string())
}

/// The backups in the configured place, and what this node is doing about them.
#[utoipa::path(
    get, path = "/admin/backups", operation_id = "backups_list", tag = "Backups",
    responses((status = 200, description = "All there are", body = BackupList)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn list(
    State(app): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    access::admin(&caller)?;
    let found = Backups::list(&app).await.map_err(not_done)?;
    let to = &app.config.backup.to;
    let list = BackupList {
        data: found.into_iter().rev().map(Backup::from).collect(),
        next_cursor: None,
        place: Some(to.clone()).filter(|to| !to.is_empty()),
        job: app.backups.job().map(BackupJob::from),
    };
    Ok(conditions::answer(&headers, None, &list))
}

/// Begins to make one in the configured place, while everybody works on. The list, or the backup itself, says how far it
/// has come: `job` of the node that was asked.
#[utoipa::path(
    post, path = "/admin/backups", operation_id = "backups_create", tag = "Backups",
    responses((status = 202, description = "It has begun", body = BackupJob)),
    extensions(("x-problems" = json!(["forbidden", "conflict"]))),
)]
pub(super) async fn create(
    State(app): State<AppState>,
    caller: Caller,
) -> Result<Response, Problem> {
    access::admin(&caller)?;
    place(&app)?;
    let turn = app.backups.begin_making().map_err(not_done)?;
    let id = turn.backup.clone();
    let begun = begun(&app, &id)?;
    tokio::spawn(async move {
        let made = Backups::make_in(turn, &app, None, Key::Apart, Arc::new(|_| {}));
        if let Err(error) = made.await {
            tracing::error!(%error, "the backup was not made");
        }
    });
    Ok(begun)
}

/// One backup, also while it is made; what its job found wrong, if the node that answers looked at it last.
#[utoipa::path(
    get, path = "/admin/backups/{backup}", operation_id = "backups_show", tag = "Backups",
    responses((status = 200, description = "The backup", body = OneBackup)),
    extensions(("x-problems" = json!(["forbidden", "not-found"]))),
)]
pub(super) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    access::admin(&caller)?;
    let job = app.backups.job().filter(|job| job.backup == id);
    let found = match Backups::one(&app, id.clone()).await {
        Err(BackupError::Nothing(_)) if job.is_some() => Backup {
            id,
            content: None,
            error: None,
        },
        Err(error @ BackupError::Unreadable { .. }) => Backup::from((id, Err(error))),
        found => Backup::from((id, Ok(found.map_err(not_done)?))),
    };
    let shown = OneBackup {
        backup: found,
        job: job.map(BackupJob::from),
    };
    Ok(conditions::answer(&headers, None, &shown))
}

#[derive(Serialize, ToSchema)]
struct OneBackup {
    #[serde(flatten)]
    backup: Backup,
    /// What the node that answers does or did with it, if that was the last.
    #[schema(required)]
    job: Option<BackupJob>,
}

/// Begins to look at all of one, as if it were to be restored: every piece and picture against its hash, every record read,
/// every board opened. What was found is in its `job`.
#[utoipa::path(
    post, path = "/admin/backups/{backup}/verify", operation_id = "backups_verify", tag = "Backups",
    responses((status = 202, description = "It has begun", body = BackupJob)),
    extensions(("x-problems" = json!(["forbidden", "not-found", "conflict"]))),
)]
pub(super) async fn verify(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    access::admin(&caller)?;
    match Backups::one(&app, id.clone()).await {
        // What is wrong with it is for the job to say.
        Ok(_) | Err(BackupError::Unreadable { .. }) => {}
        Err(error) => return Err(not_done(error)),
    }
    let turn = app.backups.begin_looking(id.clone()).map_err(not_done)?;
    let begun = begun(&app, &id)?;
    tokio::spawn(async move {
        match Backups::look_in(turn, &app).await {
            Ok(found) if found.troubles.is_empty() => {}
            Ok(found) => tracing::error!(backup = found.id, "the backup is not whole"),
            Err(error) => tracing::error!(%error, "the backup could not be looked at"),
        }
    });
    Ok(begun)
}

fn begun(app: &AppState, id: &str) -> Result<Response, Problem> {
    let job = app.backups.job().map(BackupJob::from);
    let mut response = conditions::answer(&HeaderMap::new(), None, &job);
    *response.status_mut() = StatusCode::ACCEPTED;
    let place = app.url(&format!("/api/v1/admin/backups/{id}"));
    let place = HeaderValue::try_from(place).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}
