//! One stream: a seat whose frames leave as events, in one response after another, and the task that runs it.

use super::events::{Log, PING};
use super::posts::{self, BadBody, Turn};
use crate::realtime::line::{Line, Rate, STUCK_MAX};
use crate::realtime::room::{Event, close};
use crate::realtime::task::Mail;
use crate::realtime::wire::{self, Frame};
use bytes::{Bytes, BytesMut};
use easel_storage::DocName;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// A stream that nobody reads keeps its seat for so long; whoever comes later begins anew.
const UNREAD_MAX: Duration = Duration::from_secs(15);
/// Proxies and clients see life at least this often.
const PING_EVERY: Duration = Duration::from_secs(15);
/// Under load, events are gathered for so long; when idle the first leaves at once.
const GATHER: Duration = Duration::from_millis(4);
/// Events are put together up to here.
const CHUNK_BYTES_MAX: usize = 64 << 10;
/// What was queued before the room closed the seat gets so long to leave, the reason with it.
const LAST_WORDS: Duration = Duration::from_secs(20);
/// A body waits so long for its turn behind another of the same stream.
const TURN_WAIT_MAX: Duration = Duration::from_secs(30);

/// The client said good-bye.
const NORMAL: u16 = 1000;
/// The client vanished.
const VANISHED: u16 = 1006;

/// The events of one response, as bytes to be sent.
pub(crate) type Events = mpsc::Receiver<Bytes>;

/// What the requests of one stream share with its task.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(super) doc: DocName,
    pub(super) line: Line,
    /// Held by the one body that is being read or handed on.
    turn: Arc<Mutex<Rate>>,
    /// The number of the last body taken.
    taken: AtomicU64,
    comebacks: mpsc::Sender<Comeback>,
    leaving: CancellationToken,
    ended: CancellationToken,
}

pub(super) type Comebacks = mpsc::Receiver<Comeback>;

/// A client whose last response ended wants another.
#[derive(Debug)]
pub(super) struct Comeback {
    /// The number of the last event it has.
    seen: u64,
    /// Dropped if that cannot be: too much has happened since.
    reply: oneshot::Sender<Events>,
}

impl Stream {
    /// The pump that is to be run, what it is to be run with, and the events of the first response.
    pub(super) fn open(doc: DocName, name: &str, line: Line) -> (Pump, Comebacks, Events) {
        let (comebacks, inbox) = mpsc::channel(1);
        let (to, events) = mpsc::channel(1);
        let config = &line.rooms.config;
        let rate = Rate::new(config.messages_per_second, config.messages_burst);
        let log = Log::new(name);
        let greeting = log.greeting(0, false, 0);
        let stream = Arc::new(Self {
            doc,
            line,
            turn: Arc::new(Mutex::new(rate)),
            taken: AtomicU64::new(0),
            comebacks,
            leaving: CancellationToken::new(),
            ended: CancellationToken::new(),
        });
        let pump = Pump {
            stream: stream.clone(),
            to: Some(to),
            unread_since: Instant::now(),
            log,
            made: VecDeque::from([greeting]),
            frames: VecDeque::new(),
            is_writing: false,
            received: None,
            closing: None,
            wrote_at: Instant::now(),
        };
        (pump, inbox, events)
    }

    /// Another response, which begins with what the client has not seen; none if the stream is over or too far on.
    pub(super) async fn come_back(&self, seen: u64) -> Option<Events> {
        let (reply, answer) = oneshot::channel();
        self.comebacks.send(Comeback { seen, reply }).await.ok()?;
        answer.await.ok()
    }

    /// Gives up the seat; returns when the room has been told.
    pub(super) async fn leave(&self) {
        self.leaving.cancel();
        self.ended.cancelled().await;
    }

    pub(super) fn note_ended(&self) {
        self.ended.cancel();
    }

    /// Waits until no other body of this stream is being taken.
    pub(crate) async fn post(self: Arc<Self>) -> Result<Post, PostRefused> {
        self.line.hear();
        let waiting = timeout(TURN_WAIT_MAX, self.turn.clone().lock_owned());
        let rate = waiting.await.map_err(|_| PostRefused::Busy)?;
        Ok(Post { stream: self, rate })
    }
}

/// The right to hand on the next body of a stream.
#[derive(Debug)]
pub(crate) struct Post {
    stream: Arc<Stream>,
    rate: OwnedMutexGuard<Rate>,
}

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PostRefused {
    #[error("another body of this stream is still being taken")]
    Busy,
    #[error("the next one is {next}")]
    Gap { next: u64 },
    #[error(transparent)]
    Body(#[from] BadBody),
    #[error("the stream is over")]
    Over,
}

impl Post {
    /// Hands on the messages of a body, all or none of them, and once however often it is sent.
    pub(crate) async fn take(mut self, number: u64, body: Bytes) -> Result<(), PostRefused> {
        let taken = self.stream.taken.load(Ordering::Relaxed);
        match posts::turn(taken, number) {
            Turn::Repeat => return Ok(()),
            Turn::Gap => return Err(PostRefused::Gap { next: taken + 1 }),
            Turn::Next => {}
        }
        let config = &self.stream.line.rooms.config;
        let message_max = usize::try_from(config.message_max.0).unwrap_or(usize::MAX);
        let messages = posts::split(&body, message_max)?;
        // A task of its own: a client that goes away meanwhile ends its request, and half a body must not be taken.
        let handing_on = tokio::spawn(async move {
            for message in messages {
                if !self.stream.line.deliver(message, &mut self.rate).await {
                    return Err(PostRefused::Over);
                }
            }
            self.stream.taken.store(number, Ordering::Relaxed);
            self.stream.line.hear();
            Ok(())
        });
        handing_on.await.unwrap_or(Err(PostRefused::Over))
    }
}

/// Writes a stream's events. It is the one that reads the outbox.
pub(super) struct Pump {
    pub(super) stream: Arc<Stream>,
    /// The response that is open. It takes a chunk when the one before has left.
    to: Option<mpsc::Sender<Bytes>>,
    unread_since: Instant,
    log: Log,
    /// Events to be sent (again) before any other.
    made: VecDeque<Bytes>,
    /// Taken from the outbox and not sent yet.
    frames: VecDeque<Frame>,
    /// Something of what was taken last has not left yet.
    is_writing: bool,
    /// When the oldest of it was received from its author.
    received: Option<std::time::Instant>,
    /// Once all of it is written, the stream is over.
    closing: Option<u16>,
    wrote_at: Instant,
}

/// Why no more is written just now.
enum Pause {
    /// Nobody reads.
    Unread,
    /// Nothing will be written ever again; the code says why.
    Over(u16),
}

impl Pump {
    /// Runs the stream to its end; returns the code for it.
    pub(super) async fn run(mut self, mut comebacks: Comebacks) -> u16 {
        let stream = self.stream.clone();
        loop {
            tokio::select! {
                biased;
                () = stream.leaving.cancelled() => return NORMAL,
                Some(comeback) = comebacks.recv() => self.welcome_back(comeback),
                pause = self.go_on() => match pause {
                    Pause::Over(code) => return code,
                    Pause::Unread => {
                        self.to = None;
                        self.unread_since = Instant::now();
                    }
                },
            }
        }
    }

    /// Begins another response where the client's last one ended. The newest response is the one that counts: the one
    /// before may be a connection that nobody is at the other end of.
    fn welcome_back(&mut self, comeback: Comeback) {
        let Some(missed) = self.log.after(comeback.seen) else {
            return;
        };
        let taken = self.stream.taken.load(Ordering::Relaxed);
        let greeting = self.log.greeting(comeback.seen, true, taken);
        let again = std::iter::once(greeting).chain(missed).collect();
        let (to, events) = mpsc::channel(1);
        if comeback.reply.send(events).is_ok() {
            self.made = again;
            self.to = Some(to);
            self.stream.line.hear();
            self.stream.line.rooms.metrics.sse_resumed.inc();
        }
    }

    async fn go_on(&mut self) -> Pause {
        let stream = self.stream.clone();
        match self.to.clone() {
            None => tokio::select! {
                () = sleep_until(self.unread_since + UNREAD_MAX) => Pause::Over(VANISHED),
                code = stream.line.outbox.closed() => Pause::Over(code),
            },
            Some(to) => tokio::select! {
                pause = self.write(&to) => pause,
                () = silence(&stream.line) => Pause::Unread,
                code = last_words(&stream.line) => Pause::Over(code),
            },
        }
    }

    /// Writes to this response for as long as it is read.
    async fn write(&mut self, to: &mpsc::Sender<Bytes>) -> Pause {
        loop {
            let Ok(room) = timeout(STUCK_MAX, to.reserve()).await else {
                return Pause::Over(close::TIMED_OUT);
            };
            let Ok(room) = room else {
                return Pause::Unread;
            };
            let chunk = self.chunk();
            if !chunk.is_empty() {
                self.wrote_at = Instant::now();
                room.send(chunk);
                continue;
            }
            if let Some(code) = self.all_written() {
                return Pause::Over(code);
            }
            tokio::select! {
                () = to.closed() => return Pause::Unread,
                () = sleep_until(self.wrote_at + PING_EVERY) => {
                    self.wrote_at = Instant::now();
                    room.send(Bytes::from_static(PING));
                }
                () = self.stream.line.outbox.ready() => {
                    sleep_until(self.wrote_at + GATHER).await;
                    self.take();
                }
            }
        }
    }

    /// Takes what the outbox holds.
    fn take(&mut self) {
        let line = &self.stream.line;
        let taken = line.outbox.take();
        line.counters.count_out(taken.tally, &taken.parts);
        self.frames.extend(wire::frames(&taken.parts));
        self.received = taken.received;
        self.closing = taken.closing;
        self.is_writing = true;
    }

    /// Some of the events that are to be sent next; empty if there is none.
    fn chunk(&mut self) -> Bytes {
        let mut chunk = BytesMut::new();
        while chunk.len() < CHUNK_BYTES_MAX
            && let Some(event) = self.made.pop_front().or_else(|| self.make())
        {
            if chunk.is_empty() && event.len() >= CHUNK_BYTES_MAX {
                return event;
            }
            chunk.extend_from_slice(&event);
        }
        chunk.freeze()
    }

    /// The next event of what was taken. Not made before it is sent, since it is larger than its frame.
    fn make(&mut self) -> Option<Bytes> {
        while let Some(frame) = self.frames.pop_front() {
            if let Some(event) = self.log.add(&frame) {
                return Some(event);
            }
        }
        None
    }

    /// All that was taken has left. Returns the code if that was the end.
    fn all_written(&mut self) -> Option<u16> {
        if std::mem::take(&mut self.is_writing) {
            let line = &self.stream.line;
            if let Some(received) = self.received.take() {
                let took = received.elapsed().as_secs_f64();
                line.rooms.metrics.fanout.observe(took);
            }
            let (seat, written) = (line.seat, line.outbox.written());
            if written.answered {
                let _ = line.room.send(Mail::Event(Event::Answered { seat }));
            }
            if written.drained {
                let _ = line.room.send(Mail::Event(Event::Drained { seat }));
            }
        }
        self.closing
    }
}

/// Waits until nothing was heard of the client for too long. It need not be gone, so it is made to come back.
async fn silence(line: &Line) {
    let silent_max = line.rooms.config.silent_max.0;
    while let Some(left) = silent_max.checked_sub(line.silent()) {
        sleep(left.max(Duration::from_millis(10))).await;
    }
}

/// Waits until the room has closed the seat and the client has had the time to read why.
async fn last_words(line: &Line) -> u16 {
    let code = line.outbox.closed().await;
    sleep(LAST_WORDS).await;
    code
}
