//! Writing to one connection: all that its outbox holds leaves in one write, where that can be.

use super::line::Line;
use super::room::Event;
use super::task::Mail;
use bytes::Bytes;
use std::io;
use std::sync::atomic::Ordering;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Parts are copied together up to here and leave in one write; one longer than this leaves by itself, uncopied.
const COPY_BYTES_MAX: usize = 64 << 10;
/// A long part is written in pieces, so that it is seen to be read.
const PIECE_BYTES: usize = 256 << 10;

impl Line {
    /// Writes until the close frame has left; returns its code.
    pub(super) async fn write_frames(&self, write: &mut (impl AsyncWrite + Unpin)) -> u16 {
        loop {
            self.outbox.ready().await;
            let taken = self.outbox.take();
            self.counters.count_out(taken.tally, &taken.parts);
            self.note(&self.wrote_ms);
            self.is_writing.store(true, Ordering::Relaxed);
            if self.write_all(write, taken.parts).await.is_err() {
                return 1006;
            }
            self.is_writing.store(false, Ordering::Relaxed);
            if let Some(received) = taken.received {
                self.rooms
                    .metrics
                    .fanout
                    .observe(received.elapsed().as_secs_f64());
            }
            let (seat, written) = (self.seat, self.outbox.written());
            if written.answered {
                let _ = self.room.send(Mail::Event(Event::Answered { seat }));
            }
            if written.drained {
                let _ = self.room.send(Mail::Event(Event::Drained { seat }));
            }
            if let Some(code) = taken.closing {
                return code;
            }
        }
    }

    /// Small parts are gathered, large ones are not copied.
    async fn write_all(
        &self,
        write: &mut (impl AsyncWrite + Unpin),
        parts: Vec<Bytes>,
    ) -> io::Result<()> {
        let mut gathered = Vec::new();
        let mut parts = parts.into_iter().peekable();
        while let Some(part) = parts.next() {
            let next_len = parts.peek().map_or(usize::MAX, Bytes::len);
            if gathered.is_empty() && part.len().saturating_add(next_len) > COPY_BYTES_MAX {
                for piece in part.chunks(PIECE_BYTES) {
                    write.write_all(piece).await?;
                    self.note(&self.wrote_ms);
                }
            } else {
                gathered.extend_from_slice(&part);
                if gathered.len().saturating_add(next_len) > COPY_BYTES_MAX {
                    write.write_all(&gathered).await?;
                    gathered.clear();
                }
            }
            self.note(&self.wrote_ms);
        }
        write.flush().await
    }
}
