//! The asking side: one blob to another node, or from it.

use std::sync::Arc;
use std::time::Duration;

use easel_storage::blobs::{Blob, BlobError, BlobHash, Blobs};

use super::BLOB_BYTES_MAX;
use super::pieces::{self, arriving, pass_on};
use super::wire::{self, Answer, Question};
use crate::network::Stream;
use crate::network::frame::{self, FrameError};
use crate::network::link::{Link, LinkError};
use crate::network::wire::Lane;

const ANSWER_BYTES_MAX: usize = 4 << 10;
/// The other side may have to wait for its turn, and its disk for others.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("{0}")]
    Link(#[from] LinkError),
    #[error("node {node}: {error}")]
    Frame { node: u64, error: FrameError },
    #[error("node {node}: {why}")]
    Failed { node: u64, why: String },
    #[error("{0}")]
    Blob(#[from] BlobError),
}

/// Returns when the other node has it on its disk.
pub(super) async fn put(
    link: &Arc<Link>,
    local: &Arc<dyn Blobs>,
    blob: Blob,
) -> Result<(), AskError> {
    let broken = |error| broken(link, error);
    let mut stream = link.connection(Lane::Blobs).await?;
    let mut answer = ask(&mut stream, Question::Put(blob))
        .await
        .map_err(broken)?;
    if answer == Answer::Send {
        let local = local.clone();
        let source = tokio::task::spawn_blocking(move || local.get(blob.hash, 0..blob.len))
            .await
            .unwrap_or_else(|panic| Err(super::panicked(panic)))?;
        pieces::send(&mut stream, source).await.map_err(broken)?;
        answer = hear(&mut stream).await.map_err(broken)?;
    }
    match answer {
        Answer::Kept => {
            link.keep(Lane::Blobs, stream);
            Ok(())
        }
        other => Err(refused(link, other)),
    }
}

/// Brings it here. `false`: the other node has none.
pub(super) async fn get(
    link: &Arc<Link>,
    local: &Arc<dyn Blobs>,
    hash: BlobHash,
) -> Result<bool, AskError> {
    let broken = |error| broken(link, error);
    let mut stream = link.connection(Lane::Blobs).await?;
    match ask(&mut stream, Question::Get(hash))
        .await
        .map_err(broken)?
    {
        Answer::Missing => {
            link.keep(Lane::Blobs, stream);
            Ok(false)
        }
        Answer::Found { len } if len <= BLOB_BYTES_MAX => {
            let (pieces, mut source) = arriving();
            let local = local.clone();
            let keeping = tokio::task::spawn_blocking(move || local.put(&mut source, len));
            let (passed, kept) = tokio::join!(pass_on(&mut stream, pieces), keeping);
            passed.map_err(broken)?;
            let kept = kept.unwrap_or_else(|panic| Err(super::panicked(panic)))?;
            if kept != (Blob { hash, len }) {
                return Err(BlobError::Damaged(hash).into());
            }
            link.keep(Lane::Blobs, stream);
            Ok(true)
        }
        other => Err(refused(link, other)),
    }
}

/// How many of the blobs that are named at this index it has yet to bring.
pub(super) async fn lacking(link: &Arc<Link>, upto: u64) -> Result<u64, AskError> {
    let mut stream = link.connection(Lane::Blobs).await?;
    let answer = ask(&mut stream, Question::Lacking { upto }).await;
    match answer.map_err(|error| broken(link, error))? {
        Answer::Lacks { blobs } => {
            link.keep(Lane::Blobs, stream);
            Ok(blobs)
        }
        other => Err(refused(link, other)),
    }
}

async fn ask(stream: &mut Stream, question: Question) -> Result<Answer, FrameError> {
    frame::write_frame(stream, &wire::encode_question(&question)).await?;
    hear(stream).await
}

async fn hear(stream: &mut Stream) -> Result<Answer, FrameError> {
    let answer = frame::read_frame(stream, ANSWER_BYTES_MAX, ANSWER_WAIT_MAX).await?;
    Ok(wire::decode_answer(&answer)?)
}

fn broken(link: &Link, error: FrameError) -> AskError {
    let node = link.target;
    AskError::Frame { node, error }
}

fn refused(link: &Link, answer: Answer) -> AskError {
    let why = match answer {
        Answer::Failed { why } => why,
        Answer::Found { .. } => "the blob is larger than any may be".to_owned(),
        Answer::Kept | Answer::Send | Answer::Missing | Answer::Lacks { .. } => {
            "it gave the answer to another question".to_owned()
        }
    };
    let node = link.target;
    AskError::Failed { node, why }
}
