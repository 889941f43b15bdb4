//! Reading and writing openings and frames. Whoever is on the other side may be anybody: a length is checked before
//! it is believed, memory grows only with the bytes that really came, and every wait has an end.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::wire::{MAGIC, VERSION};
use crate::codec::DecodeError;
use crate::runtime;

/// An opening is answered and a frame that has begun goes on by a step within this.
pub(crate) const STALL_MAX: Duration = Duration::from_secs(10);
const OPENING_BYTES_MAX: usize = 256;
/// A body is read and written in steps of this. So a length alone reserves no more, a slow line has its time, and a
/// silent one is dropped.
const STEP_BYTES: usize = 256 << 10;

/// Why nothing more can be said over a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the other side fell silent")]
    Silent,
    #[error("a frame of {len} bytes where {max} are allowed")]
    TooLong { len: usize, max: usize },
    #[error("it does not speak as a node of Easel does")]
    Foreign,
    #[error("it speaks peer format {found}, this release {VERSION}")]
    OtherVersion { found: u16 },
    #[error("{0}")]
    Decode(#[from] DecodeError),
}

/// The body of an opening.
pub(crate) async fn read_opening(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Vec<u8>, FrameError> {
    let reading = async {
        let mut head = [0; 12];
        stream.read_exact(&mut head[..8]).await?;
        if head[..8] != *MAGIC {
            return Err(FrameError::Foreign);
        }
        stream.read_exact(&mut head[8..]).await?;
        let found = u16::from_be_bytes([head[8], head[9]]);
        if found != VERSION {
            return Err(FrameError::OtherVersion { found });
        }
        let len = usize::from(u16::from_be_bytes([head[10], head[11]]));
        check_len(len, OPENING_BYTES_MAX)?;
        let mut body = vec![0; len];
        stream.read_exact(&mut body).await?;
        Ok(body)
    };
    within(STALL_MAX, reading).await
}

/// The length of the next frame; `None` when the other side ended between frames.
pub(crate) async fn read_len(
    stream: &mut (impl AsyncRead + Unpin),
    max: usize,
    idle: Duration,
) -> Result<Option<usize>, FrameError> {
    let mut head = [0; 4];
    let first = within(idle, async { Ok(stream.read(&mut head[..1]).await?) }).await?;
    if first == 0 {
        return Ok(None);
    }
    within(STALL_MAX, async {
        stream.read_exact(&mut head[1..]).await?;
        let len = u32::from_be_bytes(head) as usize;
        check_len(len, max)?;
        Ok(Some(len))
    })
    .await
}

pub(crate) async fn read_body(
    stream: &mut (impl AsyncRead + Unpin),
    len: usize,
) -> Result<Vec<u8>, FrameError> {
    let mut body = Vec::new();
    while body.len() < len {
        let have = body.len();
        body.resize(len.min(have + STEP_BYTES), 0);
        let step = async { Ok(stream.read_exact(&mut body[have..]).await?) };
        within(STALL_MAX, step).await?;
    }
    Ok(body)
}

/// One whole frame that must come.
pub(crate) async fn read_frame(
    stream: &mut (impl AsyncRead + Unpin),
    max: usize,
    idle: Duration,
) -> Result<Vec<u8>, FrameError> {
    match read_len(stream, max, idle).await? {
        Some(len) => read_body(stream, len).await,
        None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
    }
}

pub(crate) async fn write_opening(
    stream: &mut (impl AsyncWrite + Unpin),
    opening: &[u8],
) -> Result<(), FrameError> {
    within(STALL_MAX, async {
        stream.write_all(opening).await?;
        Ok(stream.flush().await?)
    })
    .await
}

pub(crate) async fn write_frame(
    stream: &mut (impl AsyncWrite + Unpin),
    body: &[u8],
) -> Result<(), FrameError> {
    let len = u32::try_from(body.len()).expect("the bounds of frames are far below 4 GiB");
    // Length and beginning in one piece: most frames are small, and each write is a packet.
    let (first, rest) = body.split_at(body.len().min(STEP_BYTES));
    let first = [&len.to_be_bytes(), first].concat();
    for step in std::iter::once(&first[..]).chain(rest.chunks(STEP_BYTES)) {
        within(STALL_MAX, async { Ok(stream.write_all(step).await?) }).await?;
    }
    within(STALL_MAX, async { Ok(stream.flush().await?) }).await
}

/// Puts a frame behind others that leave together.
pub(crate) fn put_frame(out: &mut Vec<u8>, body: &[u8]) {
    let len = u32::try_from(body.len()).expect("the bounds of frames are far below 4 GiB");
    out.extend(len.to_be_bytes());
    out.extend(body);
}

/// Writes frames that were put together.
pub(crate) async fn write_frames(
    stream: &mut (impl AsyncWrite + Unpin),
    frames: &[u8],
) -> Result<(), FrameError> {
    for step in frames.chunks(STEP_BYTES) {
        within(STALL_MAX, async { Ok(stream.write_all(step).await?) }).await?;
    }
    within(STALL_MAX, async { Ok(stream.flush().await?) }).await
}

fn check_len(len: usize, max: usize) -> Result<(), FrameError> {
    if len > max {
        return Err(FrameError::TooLong { len, max });
    }
    Ok(())
}

async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, FrameError>>,
) -> Result<T, FrameError> {
    runtime::timeout(time, work)
        .await
        .map_err(|_| FrameError::Silent)?
}
