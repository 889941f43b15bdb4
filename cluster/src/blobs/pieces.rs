//! Between connections, which wait, and disks, which block.

use std::io::{self, Read};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::network::Stream;
use crate::network::frame::{self, FrameError};

pub(super) const PIECE_BYTES: usize = 256 << 10;
/// Pieces between the connection and the disk; when full, the faster of the two waits.
const PIECES_MAX: usize = 4;

/// What a connection brings, as something to read from. That it ended too early is an error, so nothing is kept of it.
pub(super) struct Arriving {
    source: mpsc::Receiver<Option<Bytes>>,
    current: Bytes,
    is_whole: bool,
}

pub(super) fn arriving() -> (mpsc::Sender<Option<Bytes>>, Arriving) {
    let (pieces, source) = mpsc::channel(PIECES_MAX);
    let arriving = Arriving {
        source,
        current: Bytes::new(),
        is_whole: false,
    };
    (pieces, arriving)
}

impl Read for Arriving {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.is_whole {
            match self.source.blocking_recv() {
                Some(Some(piece)) => self.current = piece,
                Some(None) => self.is_whole = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = self.current.len().min(out.len());
        out[..count].copy_from_slice(&self.current.split_to(count));
        Ok(count)
    }
}

/// Passes on what the connection brings until the empty frame. Whoever reads may have stopped; the rest is read and
/// forgotten, so that the connection can be used again.
pub(super) async fn pass_on(
    stream: &mut Stream,
    pieces: mpsc::Sender<Option<Bytes>>,
) -> Result<(), FrameError> {
    loop {
        let piece = frame::read_frame(stream, PIECE_BYTES, frame::STALL_MAX).await?;
        let is_last = piece.is_empty();
        let _ = pieces.send((!is_last).then(|| piece.into())).await;
        if is_last {
            return Ok(());
        }
    }
}

/// Sends all of it, then the empty frame. Where reading fails the connection is given up: the other side must not take
/// a part for the whole.
pub(super) async fn send(
    stream: &mut Stream,
    mut source: Box<dyn Read + Send>,
) -> Result<(), FrameError> {
    let (pieces, mut ready) = mpsc::channel(PIECES_MAX);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            let read = (&mut source)
                .take(PIECE_BYTES as u64)
                .read_to_end(&mut piece)
                .map(|_| piece);
            let is_last = read.as_ref().map_or(true, Vec::is_empty);
            if pieces.blocking_send(read).is_err() || is_last {
                return;
            }
        }
    });
    loop {
        let Some(piece) = ready.recv().await else {
            // The thread is gone without a last word.
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        };
        let piece = piece?;
        frame::write_frame(stream, &piece).await?;
        if piece.is_empty() {
            return Ok(());
        }
    }
}
