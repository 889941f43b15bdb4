//! The asking side: one connection to whoever leads, shared by all who submit here.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use easel_storage::Submitted;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

use super::wire::{self, Answer, Question, Refused};
use super::{SIGN_OF_LIFE_EVERY, SILENCE_MAX};
use crate::network::frame::{self, FrameError};
use crate::network::wire::Lane;
use crate::network::{ENTRIES_BYTES_MAX, Link};
use crate::runtime;

/// Questions that wait to be written; the next waits for room within its own time.
const QUEUE_MAX: usize = 1_024;
/// Questions that leave in one write, unless one alone is larger.
const TOGETHER_BYTES: usize = 256 << 10;

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missed {
    /// It did not leave this node.
    NotSent,
    /// Whether it arrived is not known.
    Unknown,
}

/// The way to whoever leads, opened anew when that is another node or the connection ended.
#[derive(Debug, Default)]
pub(super) struct Line {
    current: tokio::sync::Mutex<Option<Arc<Connection>>>,
}

#[derive(Debug)]
struct Connection {
    link: Arc<Link>,
    next: AtomicU64,
    queue: mpsc::Sender<Queued>,
}

#[derive(Debug)]
struct Queued {
    number: u64,
    frame: Vec<u8>,
    answer: oneshot::Sender<Result<Submitted, Refused>>,
}

impl Line {
    /// Dropping the future leaves the commands on their way.
    pub(super) async fn ask(
        &self,
        link: &Arc<Link>,
        commands: Vec<Bytes>,
        left: Duration,
    ) -> Result<Result<Submitted, Refused>, Missed> {
        let connection = self.connection(link).await?;
        let number = connection.next.fetch_add(1, Ordering::Relaxed);
        let frame = wire::encode_question(&Question {
            number,
            left,
            commands,
        });
        let (answer, answered) = oneshot::channel();
        let queued = Queued {
            number,
            frame,
            answer,
        };
        let sent = connection.queue.send(queued).await;
        sent.map_err(|_| Missed::NotSent)?;
        answered.await.map_err(|_| Missed::Unknown)
    }

    async fn connection(&self, link: &Arc<Link>) -> Result<Arc<Connection>, Missed> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &*current
            && Arc::ptr_eq(&connection.link, link)
            && !connection.queue.is_closed()
        {
            return Ok(connection.clone());
        }
        *current = None;
        let stream = link.dial(Lane::Forward).await.map_err(|error| {
            tracing::debug!(%error, "no way to the leader");
            Missed::NotSent
        })?;
        let (queue, queued) = mpsc::channel(QUEUE_MAX);
        let connection = Arc::new(Connection {
            link: link.clone(),
            next: AtomicU64::new(1),
            queue,
        });
        runtime::spawn(run(stream, queued));
        *current = Some(connection.clone());
        Ok(connection)
    }
}

type Pending = Mutex<HashMap<u64, oneshot::Sender<Result<Submitted, Refused>>>>;

/// Until nobody holds the connection or it breaks. Whoever waits for an answer then learns that none comes.
async fn run(stream: crate::network::Stream, queued: mpsc::Receiver<Queued>) {
    let (reading, writing) = tokio::io::split(stream);
    let pending = Pending::default();
    let ended = tokio::select! {
        biased;
        ended = write(writing, queued, &pending) => ended,
        ended = read(reading, &pending) => ended,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "the way to the leader ended");
    }
}

async fn write(
    mut stream: impl AsyncWrite + Unpin,
    mut queued: mpsc::Receiver<Queued>,
    pending: &Pending,
) -> Result<(), FrameError> {
    let mut frames = Vec::new();
    loop {
        let next = runtime::timeout(SIGN_OF_LIFE_EVERY, queued.recv()).await;
        let mut next = match next {
            Ok(None) => return Ok(()),
            Ok(some) => some,
            Err(_) => {
                frame::put_frame(&mut frames, &[]);
                None
            }
        };
        while let Some(Queued {
            number,
            frame,
            answer,
        }) = next
        {
            if !answer.is_closed() {
                pending.lock().insert(number, answer);
                frame::put_frame(&mut frames, &frame);
            }
            next = match frames.len() < TOGETHER_BYTES {
                true => queued.try_recv().ok(),
                false => None,
            };
        }
        frame::write_frames(&mut stream, &frames).await?;
        frames.clear();
        frames.shrink_to(TOGETHER_BYTES);
    }
}

async fn read(mut stream: impl AsyncRead + Unpin, pending: &Pending) -> Result<(), FrameError> {
    loop {
        let frame = frame::read_frame(&mut stream, ENTRIES_BYTES_MAX, SILENCE_MAX).await?;
        match wire::decode_answer(&frame)? {
            Answer::Alive => {}
            Answer::To { number, result } => {
                if let Some(asker) = pending.lock().remove(&number) {
                    // Whoever asked may have stopped waiting.
                    let _ = asker.send(result);
                }
            }
        }
    }
}
