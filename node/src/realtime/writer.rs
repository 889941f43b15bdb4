//! Writing to one connection: all that has gathered in its outbox leaves in one write.

use super::line::Line;
use super::room::Event;
use super::task::Mail;
use super::wire::Frame;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Under load, frames for one client are gathered for so long; when idle the first leaves at once.
const GATHER: Duration = Duration::from_millis(4);
/// Frames are copied together up to here and leave in one write; one longer than this leaves by itself, uncopied.
const COPY_BYTES_MAX: usize = 64 << 10;

impl Line {
    /// Writes until the close frame has left; returns its code.
    pub(super) async fn write_frames(&self, write: &mut (impl AsyncWrite + Unpin)) -> u16 {
        let mut last: Option<Instant> = None;
        loop {
            self.outbox.ready().await;
            if let Some(left) = last.and_then(|last| GATHER.checked_sub(last.elapsed())) {
                tokio::time::sleep(left).await;
            }
            let taken = self.outbox.take();
            self.counters.count_out(&taken.frames);
            self.note(&self.wrote_ms);
            self.is_writing.store(true, Ordering::Relaxed);
            if self.write_all(write, taken.frames).await.is_err() {
                return 1006;
            }
            self.is_writing.store(false, Ordering::Relaxed);
            last = Some(Instant::now());
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

    /// Small frames are gathered, large ones are not copied.
    async fn write_all(
        &self,
        write: &mut (impl AsyncWrite + Unpin),
        frames: Vec<Frame>,
    ) -> io::Result<()> {
        let mut gathered = Vec::new();
        let mut frames = frames.into_iter().peekable();
        while let Some(frame) = frames.next() {
            let next_len = frames.peek().map_or(usize::MAX, Frame::len);
            if gathered.is_empty() && frame.len().saturating_add(next_len) > COPY_BYTES_MAX {
                write.write_all(frame.wire()).await?;
            } else {
                gathered.extend_from_slice(frame.wire());
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
