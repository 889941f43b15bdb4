//! Why a node does not start, in words for the person who runs it.

use std::io;
use std::path::{Path, PathBuf};

use easel_storage::redb::OpenError;

use crate::codec::DecodeError;
use crate::log::LogError;

/// Why a node did not start. Nothing in the folder was changed, unless it was empty.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another process holds the folder's lock.
    #[error("{} is in use by another easel process{}", dir.display(), holder(*pid))]
    InUse {
        /// The data folder.
        dir: PathBuf,
        /// Process id of the holder, if it could be read.
        pid: Option<u32>,
    },
    /// The folder has files, but none that say it is Easel's.
    #[error(
        "{} is not an easel data folder: it holds {found:?} but no node.json; \
         give an empty folder or the right one", dir.display()
    )]
    Foreign {
        /// The data folder.
        dir: PathBuf,
        /// One of the files found there.
        found: String,
    },
    /// A backup was to be put into a folder that has a node.
    #[error("{} holds a node already: give an empty folder", dir.display())]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// A restore was cut off before its end.
    #[error(
        "{} holds what is left of a restore that did not come to its end: empty it and restore again", dir.display()
    )]
    Unfinished {
        /// The folder.
        dir: PathBuf,
    },
    /// A later release wrote the file.
    #[error(
        "{} has format {found} and this release reads up to {known}: \
         start the release that wrote it, or a newer one", file.display()
    )]
    NewerFormat {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format that this release reads.
        known: u64,
    },
    /// A file that the folder must have is not there.
    #[error("{} is missing: put it back, or restore the whole folder from a backup", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// A file is truncated, garbled or not what it should be.
    #[error("{} is damaged: {why}; restore the whole folder from a backup", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What was found.
        why: String,
    },
    /// Files of different nodes, clusters or moments lie in one folder.
    #[error(
        "{} does not belong with the rest of the folder: {why}; \
         files of one folder must come from one backup", file.display()
    )]
    Mismatch {
        /// The file.
        file: PathBuf,
        /// What was found.
        why: String,
    },
    /// The operating system refused.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// The files opened, but the node stopped before it was ready.
    #[error("the node stopped while starting: {0}")]
    Stopped(String),
}

impl StartError {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    pub(crate) fn decode(file: &Path, error: &DecodeError) -> Self {
        match error {
            DecodeError::NewerFormat { found, known, .. } => Self::NewerFormat {
                file: file.to_owned(),
                found: u64::from(*found),
                known: u64::from(*known),
            },
            DecodeError::Empty { .. }
            | DecodeError::Checksum { .. }
            | DecodeError::Garbled { .. } => Self::damaged(file, error),
        }
    }

    /// `folder` is the log's.
    pub(crate) fn log(folder: &Path, error: LogError) -> Self {
        match error {
            LogError::Decode(error) => Self::decode(folder, &error),
            LogError::Damaged { file, why } => Self::damaged(&folder.join(file), why),
            LogError::Mixed { file, why } => Self::Mismatch {
                file: folder.join(file),
                why,
            },
            LogError::Missing { file } => Self::Missing {
                file: folder.join(file),
            },
            LogError::Newer { file, found, known } => Self::NewerFormat {
                file: folder.join(file),
                found: found.into(),
                known: known.into(),
            },
            LogError::Io(source) => Self::Io {
                doing: format!("open {}", folder.display()),
                source,
            },
            LogError::Inconsistent(_) => Self::damaged(folder, error),
        }
    }

    pub(crate) fn state(file: &Path, error: OpenError) -> Self {
        match error {
            OpenError::NewerFormat { found, known } => Self::NewerFormat {
                file: file.to_owned(),
                found: u64::from(found),
                known: u64::from(known),
            },
            OpenError::InUse => Self::InUse {
                dir: file.parent().unwrap_or(file).to_owned(),
                pid: None,
            },
            OpenError::Io(source) => Self::Io {
                doing: format!("open {}", file.display()),
                source,
            },
            OpenError::Foreign | OpenError::Truncated | OpenError::Damaged(_) => {
                Self::damaged(file, error)
            }
        }
    }

    pub(crate) fn damaged(file: &Path, why: impl ToString) -> Self {
        Self::Damaged {
            file: file.to_owned(),
            why: why.to_string(),
        }
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}
