//! Content that is too long for the log: kept as a blob before a command names it, and brought when it is read.
//!
//! Every command of this node's goes through here, and every answer. So the rule stands in one place: whoever hands in
//! commands gives bytes, whoever reads is given bytes, and neither learns where they were. A command that came from another
//! node has been through here on that one.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Buf;
use easel_storage::blobs::{BlobError, BlobHash, Blobs, FileBlobs};
use easel_storage::{Answer, Answered, Command, Envelope, Payload, ReadError, SubmitError};
use tokio::sync::Semaphore;

use crate::propose::COMMAND_BYTES_MAX;

/// Contents that are being laid apart for one node's commands; the next waits its turn.
const UNDER_WAY_MAX: usize = 4;
/// All that a submission may take to be laid apart. After that it is refused, and was not run.
const LAID_WITHIN_MAX: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Contents {
    kept: Kept,
    turns: Semaphore,
}

/// Where content is that lies apart.
#[derive(Debug, Clone)]
enum Kept {
    Here(Arc<dyn Blobs>),
    Before(Arc<Before>),
}

#[derive(Debug)]
struct Before {
    folder: FileBlobs,
    elsewhere: OnceLock<Arc<dyn Blobs>>,
}

impl Before {
    fn get(&self, hash: BlobHash) -> Result<Box<dyn Read + Send>, BlobError> {
        match (self.folder.get(hash, 0..u64::MAX), self.elsewhere.get()) {
            (Err(BlobError::Missing(_) | BlobError::Damaged(_)), Some(elsewhere)) => {
                elsewhere.get(hash, 0..u64::MAX)
            }
            (got, _) => got,
        }
    }
}

impl Contents {
    pub(crate) fn new(blobs: Arc<dyn Blobs>) -> Self {
        Self::over(Kept::Here(blobs))
    }

    /// Of a node whose blobs are somebody else's affair: content stays in the commands, since a bucket lets go of nothing by
    /// itself, and bodies are replaced all the time. What was laid apart before is still in the folder.
    pub(crate) fn of_before(folder: &Path) -> Self {
        Self::over(Kept::Before(Arc::new(Before {
            folder: FileBlobs::to_read(folder),
            elsewhere: OnceLock::new(),
        })))
    }

    fn over(kept: Kept) -> Self {
        Self {
            kept,
            turns: Semaphore::new(UNDER_WAY_MAX),
        }
    }

    /// Where else there may be content, for a node that lays none apart.
    pub(crate) fn find_in(&self, blobs: Arc<dyn Blobs>) {
        if let Kept::Before(before) = &self.kept {
            // The first stays.
            let _ = before.elsewhere.set(blobs);
        }
    }

    /// Has all that is too long on the disks of a majority, and names it in its place.
    pub(crate) async fn lay_apart(&self, batch: &mut [Envelope]) -> Result<(), SubmitError> {
        let Kept::Here(blobs) = &self.kept else {
            return Ok(());
        };
        let mut long = Vec::new();
        for envelope in batch {
            note_long(&mut envelope.kind, &mut long);
        }
        if long.is_empty() {
            return Ok(());
        }
        let laying = async {
            for content in long {
                self.lay(blobs, content).await?;
            }
            Ok(())
        };
        let laid = tokio::time::timeout(LAID_WITHIN_MAX, laying).await;
        laid.unwrap_or(Err(SubmitError::Unavailable))
    }

    async fn lay(&self, blobs: &Arc<dyn Blobs>, content: &mut Payload) -> Result<(), SubmitError> {
        let Payload::Inline(bytes) = &*content else {
            return Ok(());
        };
        let _turn = self.turns.acquire().await;
        let (blobs, bytes) = (blobs.clone(), bytes.clone());
        let putting = tokio::task::spawn_blocking(move || {
            blobs.put(&mut bytes.reader(), COMMAND_BYTES_MAX as u64)
        });
        let put = putting
            .await
            .unwrap_or_else(|panic| Err(super::panicked(panic)));
        match put {
            Ok(blob) => {
                *content = blob.into();
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "content that is too long for the log could not be kept");
                Err(match error {
                    BlobError::TooLarge { .. } => SubmitError::TooLarge,
                    BlobError::DiskFull => SubmitError::DiskFull,
                    BlobError::Alone
                    | BlobError::Missing(_)
                    | BlobError::Damaged(_)
                    | BlobError::Source(_)
                    | BlobError::Io { .. } => SubmitError::Unavailable,
                })
            }
        }
    }

    /// Brings what lies apart, from another node if it is missing or damaged here.
    pub(crate) async fn complete(&self, answered: Answered) -> Result<Answer, ReadError> {
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "a document cannot be read");
            ReadError::Failed
        };
        if answered.is_whole() {
            return answered.whole().map_err(|fault| failed(&fault));
        }
        let kept = self.kept.clone();
        let bringing = tokio::task::spawn_blocking(move || match kept {
            Kept::Here(blobs) => answered.complete(&*blobs),
            Kept::Before(before) => answered.complete_by(&|hash| before.get(hash)),
        });
        let brought = bringing
            .await
            .unwrap_or_else(|panic| Err(super::panicked(panic)));
        brought.map_err(|error| failed(&error))
    }
}

fn note_long<'a>(command: &'a mut Command, long: &mut Vec<&'a mut Payload>) {
    let is_long = |content: &Payload| matches!(content, Payload::Inline(bytes) if bytes.len() > Payload::INLINE_BYTES_MAX);
    match command {
        Command::AppendUpdates { updates, .. } => {
            let contents = updates.iter_mut().map(|update| &mut update.payload);
            long.extend(contents.filter(|content| is_long(content)));
        }
        Command::Compact { body, .. } if is_long(body) => long.push(body),
        Command::Once { kind, .. } => note_long(kind, long),
        Command::Compact { .. }
        | Command::InitInstance { .. }
        | Command::CreateBoard { .. }
        | Command::RenameBoard { .. }
        | Command::TrashBoard { .. }
        | Command::RestoreBoard { .. }
        | Command::PurgeBoard { .. }
        | Command::People(_)
        | Command::Sharing(_)
        | Command::Nodes(_) => {}
    }
}
