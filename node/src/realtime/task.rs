//! The loop that runs one room: waits for the next event, lets the room decide, does what it asks.

use super::Permit;
use super::appender::Answer;
use super::awareness::SeatNo;
use super::bus;
use super::gathering::{Gathering, carry_out};
use super::outbox::Outbox;
use super::room::{
    AppendFailed, Appended, Batch, Broken, CompactFailed, Compacted, Dialect, Effect, Event, Kind,
    Live, LoadFailed, Loaded, NotWrote, Note, Room, Stored, close, fold,
};
use super::rooms::Rooms;
use super::wire::Frame;
use crate::realtime::Who;
use bytes::Bytes;
use easel_board::gate;
use easel_storage::query::PAGE_ROWS_MAX;
use easel_storage::{
    Actor, Command, DocName, DocState, Envelope, Outcome, Payload, Query, ReadError, ReadLevel,
    Rejection, Store, StoredUpdate, SubmitError, submit_one,
};
use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Sleep;

/// A store that does not answer is asked again for so long; then everybody is sent away with what they have.
const APPEND_TRIED_FOR: Duration = Duration::from_secs(20);
const APPEND_RETRY_AFTER: Duration = Duration::from_millis(100);
/// A message longer than this may keep its thread busy for long, so the thread's other tasks are given away first.
const HEAVY_BYTES: usize = 64 << 10;

/// What reaches a room's task. Unbounded as a channel: every message in it holds a permit, of its connection or of what
/// may wait of other nodes' hearsay.
#[derive(Debug)]
pub(super) enum Mail {
    Join {
        seat: SeatNo,
        dialect: Dialect,
        id: u64,
        who: Who,
        outbox: Arc<Outbox>,
    },
    Message {
        seat: SeatNo,
        message: Bytes,
        received: Instant,
        permit: Permit,
    },
    /// From another node's room.
    Heard {
        message: bus::Message,
        /// Its part of what may wait here.
        room: OwnedSemaphorePermit,
    },
    /// Everybody's role was looked at again after so many losses of touch.
    InTouch {
        losses: u64,
    },
    Event(Event),
}

/// What a room acts upon: the store, the seats' outboxes, the clock.
pub(super) struct RoomIo {
    rooms: Arc<Rooms>,
    doc: DocName,
    kind: Kind,
    mail: mpsc::UnboundedSender<Mail>,
    inbox: mpsc::UnboundedReceiver<Mail>,
    present: Arc<AtomicUsize>,
    gathering: Gathering,
    tick_at: Instant,
    wake_at: Option<Instant>,
    /// The losses of touch after which everybody's role was looked at.
    looked_at: u64,
    finished: bool,
}

/// How a room is reached, and how it tells who is there.
pub(super) struct Post {
    pub(super) mail: mpsc::UnboundedSender<Mail>,
    pub(super) inbox: mpsc::UnboundedReceiver<Mail>,
    pub(super) present: Arc<AtomicUsize>,
}

pub(super) async fn run(mut room: Room, mut io: RoomIo) {
    let failed = |reason: &str| Err(LoadFailed::Other(reason.to_owned()));
    let loading = load(io.rooms.store.clone(), io.doc.clone());
    io.spawn(loading, Event::Loaded, failed);
    let mut effects = Vec::new();
    // One timer for as long as the room is there: to set one anew for each event costs more than to move it.
    let mut timer = pin!(tokio::time::sleep_until(io.tick_at.into()));
    while !io.finished {
        let event = io.next(timer.as_mut()).await;
        // Held against the clock with every event: after the whole process stood still, what lies here is the first that
        // is read, and nobody has heard yet what changed meanwhile.
        if !io.rooms.is_in_touch(io.looked_at) {
            io.handle(&mut room, Event::OutOfTouch, &mut effects);
        }
        io.handle(&mut room, event, &mut effects);
        io.tick_at = io.tick_at.min(Instant::now() + room.tick_every());
    }
}

/// However the room ends, a bug included: nobody is left in it, and whoever joins from here on opens a new one.
impl Drop for RoomIo {
    fn drop(&mut self) {
        self.rooms.forget(&self.doc);
        self.gathering
            .close_all(close::OVERLOAD, "the room failed; it is read anew");
        // Who joined in the last moment finds the door closing and comes back to a new room.
        while let Ok(mail) = self.inbox.try_recv() {
            match mail {
                Mail::Join { outbox, .. } => outbox.close(Frame::close(
                    close::DRAINING,
                    "the room is closing; come back in a moment",
                )),
                Mail::Event(Event::Order(order)) => {
                    let _ = order.reply.send(Err(NotWrote::TryAgain));
                }
                Mail::Message { .. }
                | Mail::Heard { .. }
                | Mail::InTouch { .. }
                | Mail::Event(_) => {}
            }
        }
    }
}

impl RoomIo {
    pub(super) fn new(
        rooms: Arc<Rooms>,
        doc: DocName,
        (kind, looked_at): (Kind, u64),
        post: Post,
    ) -> Self {
        Self {
            rooms,
            doc,
            kind,
            mail: post.mail,
            inbox: post.inbox,
            present: post.present,
            gathering: Gathering::new(Instant::now()),
            tick_at: Instant::now(),
            wake_at: None,
            looked_at,
            finished: false,
        }
    }

    /// What happens next. Time goes before mail: a room that is written to without a pause still ticks.
    async fn next(&mut self, mut timer: Pin<&mut Sleep>) -> Event {
        loop {
            let now = Instant::now();
            if now >= self.tick_at {
                // The loop draws it closer to what the room wants.
                self.tick_at = now + TICK_MAX;
                return Event::Tick;
            }
            if self.wake_at.is_some_and(|at| now >= at) {
                self.wake_at = None;
                return Event::Wake;
            }
            // What is gathered leaves on time, however much comes in.
            if self.gathering.due().is_some_and(|at| now >= at) {
                self.gathering.flush(now);
            }
            let times = [Some(self.tick_at), self.wake_at, self.gathering.due()];
            let first = times.into_iter().flatten().min().unwrap_or(self.tick_at);
            if timer.deadline() != first.into() {
                timer.as_mut().reset(first.into());
            }
            tokio::select! {
                biased;
                // Gives way to other tasks now and then by itself, however much there is.
                mail = self.inbox.recv() => {
                    let mail = mail.expect("the room holds a sender itself");
                    if let Some(event) = self.open_mail(mail) {
                        return event;
                    }
                }
                () = timer.as_mut() => {}
            }
        }
    }

    /// Nothing, if it is out of date.
    fn open_mail(&mut self, mail: Mail) -> Option<Event> {
        Some(match mail {
            Mail::Join {
                seat,
                dialect,
                id,
                who,
                outbox,
            } => {
                self.gathering.enter(seat, outbox);
                self.count_present();
                Event::Join {
                    seat,
                    dialect,
                    id,
                    who,
                }
            }
            Mail::Message {
                seat,
                message,
                received,
                permit,
            } => Event::Message {
                seat,
                message,
                received,
                permit,
            },
            Mail::Heard { message, room } => {
                drop(room);
                Event::Heard(message)
            }
            Mail::InTouch { losses } => {
                self.looked_at = losses;
                return self.rooms.is_in_touch(losses).then_some(Event::InTouch);
            }
            Mail::Event(event) => event,
        })
    }

    fn handle(&mut self, room: &mut Room, event: Event, effects: &mut Vec<Effect>) {
        let now = Instant::now();
        let left = match &event {
            Event::Leave { seat } => Some(*seat),
            _ => None,
        };
        let is_update = is_update(&event);
        if is_heavy(&event) {
            tokio::task::block_in_place(|| room.handle(now, event, effects));
        } else {
            room.handle(now, event, effects);
        }
        if is_update {
            self.rooms
                .metrics
                .update_apply
                .observe(now.elapsed().as_secs_f64());
        }
        if let Some(seat) = left {
            self.gathering.leave(seat);
            self.count_present();
        }
        carry_out(room, now, effects, |effect, behind| {
            self.perform(effect, behind);
        });
        self.gathering.open_window(now);
    }

    fn perform(&mut self, effect: Effect, behind: &mut Vec<SeatNo>) {
        match effect {
            Effect::Build { client, stored } => {
                let kind = self.kind;
                let build = move || Live::build(kind, client, &stored);
                let built = tokio::task::spawn_blocking(build);
                self.spawn(
                    async move { built.await.unwrap_or(Err(Broken::Panicked)) },
                    Event::Built,
                    |_| Err(Broken::Panicked),
                );
            }
            Effect::Send { seat, frame, class } => {
                self.gathering.send(seat, frame, class, behind);
            }
            Effect::Broadcast {
                except,
                frame,
                class,
                received,
            } => {
                self.gathering
                    .broadcast(except, &frame, class, received, behind);
            }
            Effect::Close { seat, code, reason } => {
                self.gathering.close(seat, code, &reason);
                self.count_present();
            }
            Effect::Append(batch) => {
                let order = AppendOrder {
                    rooms: self.rooms.clone(),
                    doc: self.doc.clone(),
                    batch,
                    begun: Instant::now(),
                    is_retry: false,
                };
                order.submit(self.mail.clone());
            }
            Effect::Answer { reply, with } => {
                // Who asked has gone away: what was asked for is done all the same.
                let _ = reply.send(with);
            }
            Effect::Compact {
                expected_body_seq,
                upto_seq,
                stored,
            } => {
                let order = FoldOrder {
                    doc: self.doc.clone(),
                    expected_body_seq,
                    upto_seq,
                    stored,
                };
                self.spawn(
                    compact(self.rooms.store.clone(), order),
                    Event::Compacted,
                    |_| Err(CompactFailed::Other),
                );
            }
            Effect::ReadOn { after_seq, index } => {
                let level = ReadLevel::AtLeast(index);
                self.spawn(
                    read_on(self.rooms.store.clone(), self.doc.clone(), level, after_seq),
                    Event::Stored,
                    |reason| Err(LoadFailed::Other(reason.to_owned())),
                );
            }
            Effect::Publish(message) => self.rooms.publish(&self.doc, &message),
            Effect::WakeAt(at) => {
                self.wake_at = Some(self.wake_at.map_or(at, |first| first.min(at)))
            }
            Effect::Note(note) => self.note(note),
            Effect::NoteEdited { actor, guest } => {
                self.rooms.note_edited(&self.doc, actor, guest);
            }
            Effect::Finish => self.finished = true,
        }
    }

    fn note(&self, note: Note) {
        let metrics = &self.rooms.metrics;
        match note {
            Note::StrokeAcked(took) => metrics.stroke_ack.observe(took.as_secs_f64()),
            Note::Refused { seat, code, reason } => {
                metrics.updates_rejected.with_label_values(&[code]).inc();
                tracing::info!(doc = %self.doc, seat, code, reason, "refused what a client sent");
            }
            Note::Resynced(reason) => metrics.ws_resyncs.with_label_values(&[reason]).inc(),
            Note::MissedHearsay => metrics.bus_gaps.inc(),
            Note::Repaired => metrics.update_repairs.inc(),
            Note::Poisoned(reason) => {
                metrics.rooms_poisoned.inc();
                tracing::warn!(doc = %self.doc, reason, "closed the room; it is read anew from the store");
            }
            Note::Compacted => metrics.compactions.inc(),
        }
    }

    fn count_present(&self) {
        self.present.store(self.gathering.len(), Ordering::Relaxed);
    }

    /// Runs work beside the room; its result comes back as an event, also when the work fails by a bug.
    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
        event: impl FnOnce(T) -> Event + Send + 'static,
        failed: impl FnOnce(&str) -> T + Send + 'static,
    ) {
        let mail = self.mail.clone();
        tokio::spawn(async move {
            let done = AssertUnwindSafe(work).catch_unwind().await;
            let result = done.unwrap_or_else(|_| failed("it failed by a bug"));
            // A room that ended no longer listens, and then nobody waits for the result.
            let _ = mail.send(Mail::Event(event(result)));
        });
    }
}

/// Time and again even when nothing happens.
const TICK_MAX: Duration = Duration::from_secs(5);

fn is_update(event: &Event) -> bool {
    match event {
        Event::Message { message, .. } => matches!(message[..], [0, 1 | 2, ..]),
        _ => false,
    }
}

/// What may take a while: a large message, or a diff over the whole document.
fn is_heavy(event: &Event) -> bool {
    let is_heavy = match event {
        Event::Message { message, .. } => {
            message.len() > HEAVY_BYTES || matches!(message[..], [0, 0, ..])
        }
        Event::Drained { .. } | Event::Answered { .. } | Event::Built(_) | Event::Order(_) => true,
        Event::Loaded(_)
        | Event::Join { .. }
        | Event::Role { .. }
        | Event::SendAway { .. }
        | Event::Leave { .. }
        | Event::Behind { .. }
        | Event::Appended(_)
        | Event::Compacted(_)
        | Event::Stored(_)
        | Event::Heard(_)
        | Event::Company(_)
        | Event::OutOfTouch
        | Event::InTouch
        | Event::Gone
        | Event::Drain { .. }
        | Event::Tick
        | Event::Wake => false,
    };
    is_heavy && Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread
}

async fn load(store: Arc<dyn Store>, doc: DocName) -> Result<Loaded, LoadFailed> {
    let failed = |error: ReadError| LoadFailed::Other(error.to_string());
    // It may have gone since it was looked at. From here on the room is known, and hears of it.
    if let DocName::Board(board) = doc {
        let read = store.read(ReadLevel::Local, Query::Board(board)).await;
        let found = read.map_err(failed)?.answer.into_board();
        if found.is_none_or(|board| board.trashed_at.is_some()) {
            return Err(LoadFailed::Gone);
        }
    }
    let is_board = matches!(doc, DocName::Board(_));
    let read = store
        .read(ReadLevel::Local, Query::Doc(doc))
        .await
        .map_err(failed)?;
    let state = read.answer.into_doc().unwrap_or(DocState {
        head_seq: 0,
        body: None,
        tail: Vec::new(),
    });
    let (body_seq, body, state_vector) = match state.body {
        Some(body) => (body.seq, Some(body.bytes), Some(body.state_vector)),
        None => (0, None, None),
    };
    let made = match is_board {
        true => made_by_people(&state.tail),
        false => BTreeMap::new(),
    };
    let tail = state.tail.into_iter().map(|update| update.bytes).collect();
    Ok(Loaded {
        head_seq: state.head_seq,
        body_seq,
        body,
        state_vector,
        tail,
        made,
    })
}

/// The elements that these updates make, each with who did.
fn made_by_people(tail: &[StoredUpdate]) -> BTreeMap<Arc<str>, Arc<str>> {
    let mut made = BTreeMap::new();
    for update in tail {
        let by: Arc<str> = match update.author {
            Actor::User(user) => user.to_string().into(),
            Actor::Guest(session) => session.to_string().into(),
            Actor::System | Actor::Local => continue,
        };
        for id in gate::made(&update.bytes) {
            made.entry(id.into()).or_insert_with(|| by.clone());
        }
    }
    made
}

/// What the store holds after this: as much as it gives at once.
async fn read_on(
    store: Arc<dyn Store>,
    doc: DocName,
    level: ReadLevel,
    after_seq: u64,
) -> Result<Stored, LoadFailed> {
    let failed = |error: ReadError| LoadFailed::Other(error.to_string());
    if let DocName::Board(board) = doc {
        let read = store.read(level, Query::Board(board)).await;
        let found = read.map_err(failed)?.answer.into_board();
        if found.is_none_or(|board| board.trashed_at.is_some()) {
            return Err(LoadFailed::Gone);
        }
    }
    let query = Query::Tail {
        doc,
        after_seq,
        limit: PAGE_ROWS_MAX,
    };
    let read = store.read(level, query).await.map_err(failed)?;
    let tail = read.answer.into_tail().unwrap_or_default();
    let updates = tail.into_iter().map(|update| update.bytes).collect();
    Ok(Stored { after_seq, updates })
}

/// What is to be appended, until the store has answered.
struct AppendOrder {
    rooms: Arc<Rooms>,
    doc: DocName,
    batch: Batch,
    begun: Instant,
    /// The answer to a try before this did not come, and it may have run.
    is_retry: bool,
}

impl AppendOrder {
    /// Asked twice, it runs once: the store drops what a seat has appended before under the same number.
    fn submit(mut self, room: mpsc::UnboundedSender<Mail>) {
        let envelope = self.envelope();
        let (rooms, bytes) = (self.rooms.clone(), self.batch.bytes);
        rooms.appender.submit(envelope, bytes, move |answer| {
            let may_pass = matches!(
                answer.reply,
                Err(SubmitError::TimedOut | SubmitError::Unavailable)
            );
            // Without a runtime the process is ending.
            if may_pass
                && self.begun.elapsed() < APPEND_TRIED_FOR
                && let Ok(runtime) = Handle::try_current()
            {
                self.is_retry = true;
                runtime.spawn(async move {
                    tokio::time::sleep(APPEND_RETRY_AFTER).await;
                    self.submit(room);
                });
                return;
            }
            // A room that ended no longer listens, and then nobody waits for the result.
            let event = Event::Appended(appended(answer, self.is_retry));
            let _ = room.send(Mail::Event(event));
        });
    }

    fn envelope(&self) -> Envelope {
        let kind = Command::AppendUpdates {
            doc: self.doc.clone(),
            updates: self.batch.updates.clone(),
        };
        let Some(once) = self.batch.once else {
            return Envelope::new(Actor::Local, kind);
        };
        let (asked, kind) = (once.asked, Box::new(kind));
        Envelope {
            id: Some(once.id),
            actor: Actor::Local,
            kind: Command::Once { asked, kind },
        }
    }
}

fn appended(answer: Answer, is_retry: bool) -> Result<Appended, AppendFailed> {
    let is_node_busy = answer.is_node_busy;
    // Under a key that the first try of this has used.
    let reply = match answer.reply {
        Ok((index, Ok(Outcome::Again(first)))) if is_retry => Ok((index, *first)),
        reply => reply,
    };
    match reply {
        Ok((
            index,
            Ok(Outcome::Appended {
                first_seq,
                last_seq,
                ..
            }),
        )) => Ok(Appended {
            first_seq,
            last_seq,
            index,
            is_node_busy,
        }),
        Ok((_, Ok(other))) => Err(AppendFailed::Other(format!("unexpected outcome {other:?}"))),
        Ok((_, Err(Rejection::BoardNotFound | Rejection::BoardTrashed))) => Err(AppendFailed::Gone),
        Ok((_, Err(rejection))) => Err(AppendFailed::Other(rejection.to_string())),
        Err(SubmitError::DiskFull) => Err(AppendFailed::DiskFull),
        Err(
            error @ (SubmitError::TimedOut
            | SubmitError::Unavailable
            | SubmitError::TooLarge
            | SubmitError::Stopped),
        ) => Err(AppendFailed::Other(error.to_string())),
    }
}

/// What is to become the new body.
struct FoldOrder {
    doc: DocName,
    expected_body_seq: u64,
    upto_seq: u64,
    stored: Vec<Bytes>,
}

async fn compact(store: Arc<dyn Store>, order: FoldOrder) -> Result<Compacted, CompactFailed> {
    let FoldOrder {
        doc,
        expected_body_seq,
        upto_seq,
        stored,
    } = order;
    let folded = tokio::task::spawn_blocking(move || fold(&stored)).await;
    let folded = folded.unwrap_or(Err(Broken::Panicked));
    let (body, state_vector) = folded.map_err(|error| {
        tracing::warn!(%doc, %error, "what is stored could not be folded; it stays as it is");
        CompactFailed::Other
    })?;
    let body = Bytes::from(body);
    let kind = Command::Compact {
        doc,
        expected_body_seq,
        upto_seq,
        body: Payload::Inline(body.clone()),
        state_vector,
    };
    match submit_one(
        &*store,
        Envelope {
            id: None,
            actor: Actor::System,
            kind,
        },
    )
    .await
    {
        Ok((_, Ok(Outcome::Compacted { body_seq }))) => Ok(Compacted { body_seq, body }),
        Ok((_, Err(Rejection::BodyMoved { body_seq }))) => {
            Err(CompactFailed::BodyMoved { body_seq })
        }
        Ok((_, Ok(_) | Err(_))) | Err(_) => Err(CompactFailed::Other),
    }
}
