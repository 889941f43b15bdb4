//! The answering side: what another node wants kept is kept, and what it lacks is given.

use std::sync::Arc;
use std::time::Duration;

use easel_storage::blobs::{Blob, BlobError, BlobHash, Blobs, FileBlobs};
use tokio::sync::Semaphore;

use super::pieces::{self, arriving, pass_on};
use super::wire::{self, Answer, Question};
use super::{BLOB_BYTES_MAX, BlobUpkeep};
use crate::network::Stream;
use crate::network::frame::{self, FrameError};

const QUESTION_BYTES_MAX: usize = 1 << 10;
const QUESTION_WAIT_MAX: Duration = Duration::from_secs(60);
/// Blobs on their way in or out for other nodes; the next question waits.
const UNDER_WAY_MAX: usize = 8;

/// What this node keeps, for the others.
pub(crate) struct Shelf {
    local: Arc<FileBlobs>,
    upkeep: BlobUpkeep,
    under_way: Semaphore,
}

impl Shelf {
    pub(crate) fn new(local: Arc<FileBlobs>, upkeep: BlobUpkeep) -> Self {
        Self {
            local,
            upkeep,
            under_way: Semaphore::new(UNDER_WAY_MAX),
        }
    }

    /// Answers until the other side hangs up.
    pub(crate) async fn answer_all(&self, mut stream: Stream) -> Result<(), FrameError> {
        while let Some(len) =
            frame::read_len(&mut stream, QUESTION_BYTES_MAX, QUESTION_WAIT_MAX).await?
        {
            let question = frame::read_body(&mut stream, len).await?;
            let question = wire::decode_question(&question)?;
            let _turn = self.under_way.acquire().await;
            match question {
                Question::Put(blob) => self.take(&mut stream, blob).await?,
                Question::Get(hash) => self.give(&mut stream, hash).await?,
                Question::Lacking { upto } => {
                    let answer = match self.upkeep.lacking(upto).await {
                        Ok(blobs) => Answer::Lacks { blobs },
                        Err(error) => Answer::Failed {
                            why: error.to_string(),
                        },
                    };
                    say(&mut stream, &answer).await?;
                }
            }
        }
        Ok(())
    }

    async fn take(&self, stream: &mut Stream, blob: Blob) -> Result<(), FrameError> {
        let Blob { hash, len } = blob;
        // Touched before it is said to be kept: whoever asks is about to have it named, and it may have lain here unnamed for
        // nearly as long as it may.
        let have = self.on_disk(move |local| local.touch(hash)).await;
        let answer = match have {
            Ok(Some(there)) if there == len => Answer::Kept,
            _ if len > BLOB_BYTES_MAX => failed(&BlobError::TooLarge {
                max: BLOB_BYTES_MAX,
            }),
            Ok(_) => Answer::Send,
            Err(error) => failed(&error),
        };
        let goes_on = answer == Answer::Send;
        say(stream, &answer).await?;
        if !goes_on {
            return Ok(());
        }
        let (pieces, mut source) = arriving();
        let keeping = self.on_disk(move |local| local.put(&mut source, len));
        let (passed, kept) = tokio::join!(pass_on(stream, pieces), keeping);
        passed?;
        let answer = match kept {
            Ok(kept) if kept == blob => Answer::Kept,
            Ok(_) => failed(&BlobError::Damaged(hash)),
            Err(error) => failed(&error),
        };
        say(stream, &answer).await
    }

    async fn give(&self, stream: &mut Stream, hash: BlobHash) -> Result<(), FrameError> {
        let found = self.on_disk(move |local| {
            let Some(len) = local.has(hash)? else {
                return Err(BlobError::Missing(hash));
            };
            Ok((len, local.get(hash, 0..len)?))
        });
        match found.await {
            Ok((len, source)) => {
                say(stream, &Answer::Found { len }).await?;
                pieces::send(stream, source).await
            }
            Err(BlobError::Missing(_) | BlobError::Damaged(_)) => {
                say(stream, &Answer::Missing).await
            }
            Err(error) => say(stream, &failed(&error)).await,
        }
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&FileBlobs) -> Result<T, BlobError> + Send + 'static,
    ) -> Result<T, BlobError> {
        let local = self.local.clone();
        tokio::task::spawn_blocking(move || work(&local))
            .await
            .unwrap_or_else(|panic| Err(super::panicked(panic)))
    }
}

fn failed(error: &BlobError) -> Answer {
    Answer::Failed {
        why: error.to_string(),
    }
}

async fn say(stream: &mut Stream, answer: &Answer) -> Result<(), FrameError> {
    frame::write_frame(stream, &wire::encode_answer(answer)).await
}
