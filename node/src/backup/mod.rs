//! Backups: everything an installation holds, at one moment, kept elsewhere, and put back from there.
//!
//! A backup is a stream of the whole state, cut into [`pieces`], the log up to it, as far back as it goes, and the pictures that
//! they name. Pieces and pictures lie in the [`place`] under their hash, each once, so a second backup adds only what is new. The [`manifest`] is written
//! last; what has none is no backup. Begin with [`mod@create`].
//!
//! All of it blocks, on disks and servers, and runs on threads that may.

mod create;
mod forward;
mod jobs;
mod manifest;
mod opened;
mod pieces;
mod place;
mod prune;
mod restore;
mod running;
mod verify;

use create::{Order, create, new_id};
pub(crate) use jobs::{Job, Stage, Work};
pub(crate) use manifest::Manifest;
pub(crate) use opened::{Found, list};
pub(crate) use place::{Place, PlaceName};
pub(crate) use prune::{Pruned, Rule, prune};
pub(crate) use restore::{KeyFrom, Put, Reached, Target, Wanted, newest_until, restore};
pub(crate) use running::{Backups, Key, make, run_timer};
pub(crate) use verify::{Verified, verify};

use easel_cluster::{ReplayError, RestoreError};
use easel_storage::Fault;
use easel_storage::blobs::BlobError;
use easel_storage::bucket::BucketError;
use easel_storage::redb::OpenError;
use manifest::Unreadable;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// Why there is no backup, or none that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    #[error("{0}")]
    Usage(String),
    /// What was named is not there.
    #[error("{0}")]
    Nothing(String),
    #[error("another backup or prune is running in {0}")]
    Busy(String),
    #[error("the manifest {id}.manifest: {why}")]
    Unreadable { id: String, why: Unreadable },
    #[error("the backup {id} is damaged: {why}")]
    Damaged { id: String, why: String },
    #[error("cannot use {place}: {what}: {error}")]
    Place {
        place: String,
        what: String,
        error: io::Error,
    },
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error(transparent)]
    Bucket(#[from] BucketError),
    #[error("the node's state cannot be read: {0}")]
    State(io::Error),
    #[error("room to look at the backup in: {0}")]
    Scratch(#[from] OpenError),
    #[error("{0}")]
    Fault(#[from] Fault),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error("the backup {id} does not bring it to that time: {error}")]
    Replay { id: String, error: ReplayError },
    #[error("it was stopped before its end; nothing of it counts")]
    Stopped,
}

impl BackupError {
    fn place(place: &Path, what: &str, error: io::Error) -> BackupError {
        BackupError::Place {
            place: place.display().to_string(),
            what: what.to_owned(),
            error,
        }
    }

    /// It is clear what is wanted, and it will not be done, today or tomorrow.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self,
            BackupError::Busy(_)
                | BackupError::Unreadable { .. }
                | BackupError::Restore(RestoreError::Folder(_))
        )
    }

    /// As in the problems of the REST interface.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            BackupError::Busy(_) => "conflict",
            BackupError::Usage(_) | BackupError::Nothing(_) => "validation-failed",
            _ => "backup-failed",
        }
    }
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) doing: Doing,
    pub(crate) bytes: u64,
    /// If that is known beforehand.
    pub(crate) of: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Doing {
    State,
    Pictures,
    Boards,
    Log,
}

/// Hears of it, often; must not wait.
pub(crate) type Tell<'a> = dyn Fn(Progress) + Send + Sync + 'a;
