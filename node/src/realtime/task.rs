//! The loop that runs one room: waits for the next event, lets the room decide, does what it asks.

use super::Permit;
use super::awareness::SeatNo;
use super::outbox::{Outbox, Pushed};
use super::room::{
    AppendFailed, Appended, Batch, Compacted, Dialect, Effect, Event, Kind, Live, Loaded, Note,
    Room, close, fold,
};
use super::rooms::Rooms;
use super::wire::Frame;
use bytes::Bytes;
use easel_storage::{
    Actor, Command, DocName, DocState, Envelope, Outcome, Payload, Query, ReadLevel, Rejection,
    Store, SubmitError, submit_one,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A store that does not answer is asked again for so long; then everybody is sent away with what they have.
const APPEND_TRIED_FOR: Duration = Duration::from_secs(20);
const APPEND_RETRY_AFTER: Duration = Duration::from_millis(100);

/// What reaches a room's task. Unbounded as a channel: every message in it holds a permit of its connection.
#[derive(Debug)]
pub(super) enum Mail {
    Join {
        seat: SeatNo,
        dialect: Dialect,
        id: u64,
        outbox: Arc<Outbox>,
    },
    Message {
        seat: SeatNo,
        message: Bytes,
        received: Instant,
        permit: Permit,
    },
    Event(Event),
}

/// What a room acts upon: the store, the seats' outboxes, the clock.
pub(super) struct RoomIo {
    rooms: Arc<Rooms>,
    doc: DocName,
    kind: Kind,
    mail: mpsc::UnboundedSender<Mail>,
    present: Arc<AtomicUsize>,
    outboxes: BTreeMap<SeatNo, Arc<Outbox>>,
    wake_at: Option<Instant>,
    finished: bool,
}

pub(super) async fn run(mut room: Room, mut io: RoomIo, mut inbox: mpsc::UnboundedReceiver<Mail>) {
    io.spawn(load(io.rooms.store.clone(), io.doc.clone()), Event::Loaded);
    let mut effects = Vec::new();
    let mut tick_at = Instant::now() + room.tick_every();
    while !io.finished {
        let event = match inbox.try_recv() {
            Ok(mail) => io.open_mail(mail),
            Err(_) => io.wait(&mut inbox, &mut tick_at, &room).await,
        };
        io.handle(&mut room, event, &mut effects);
    }
    io.rooms.forget(&io.doc);
    // Who joined in the last moment finds the door closing and comes back to a new room.
    while let Ok(mail) = inbox.try_recv() {
        if let Mail::Join { outbox, .. } = mail {
            outbox.close(Frame::close(
                close::DRAINING,
                "the room is closing; come back in a moment",
            ));
        }
    }
}

impl RoomIo {
    pub(super) fn new(
        rooms: Arc<Rooms>,
        doc: DocName,
        kind: Kind,
        mail: mpsc::UnboundedSender<Mail>,
        present: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            rooms,
            doc,
            kind,
            mail,
            present,
            outboxes: BTreeMap::new(),
            wake_at: None,
            finished: false,
        }
    }

    async fn wait(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Mail>,
        tick_at: &mut Instant,
        room: &Room,
    ) -> Event {
        let wake_at = self.wake_at.unwrap_or(*tick_at).min(*tick_at);
        tokio::select! {
            mail = inbox.recv() => match mail {
                Some(mail) => self.open_mail(mail),
                None => unreachable!("the room holds a sender itself"),
            },
            () = tokio::time::sleep_until(wake_at.into()) => {
                let now = Instant::now();
                if now >= *tick_at {
                    *tick_at = now + room.tick_every();
                    Event::Tick
                } else {
                    self.wake_at = None;
                    Event::Wake
                }
            }
        }
    }

    fn open_mail(&mut self, mail: Mail) -> Event {
        match mail {
            Mail::Join {
                seat,
                dialect,
                id,
                outbox,
            } => {
                self.outboxes.insert(seat, outbox);
                self.count_present();
                Event::Join { seat, dialect, id }
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
            Mail::Event(event) => event,
        }
    }

    fn handle(&mut self, room: &mut Room, event: Event, effects: &mut Vec<Effect>) {
        let now = Instant::now();
        let left = match &event {
            Event::Leave { seat } => Some(*seat),
            _ => None,
        };
        let is_message = matches!(event, Event::Message { .. });
        room.handle(now, event, effects);
        if is_message {
            self.rooms
                .metrics
                .update_apply
                .observe(now.elapsed().as_secs_f64());
        }
        if let Some(seat) = left {
            self.drop_seat(seat);
        }
        let mut behind = Vec::new();
        for effect in effects.drain(..) {
            self.perform(effect, &mut behind);
        }
        for seat in behind {
            room.handle(now, Event::Behind { seat }, effects);
        }
        for effect in effects.drain(..) {
            self.perform(effect, &mut Vec::new());
        }
    }

    fn perform(&mut self, effect: Effect, behind: &mut Vec<SeatNo>) {
        match effect {
            Effect::Build { stored } => {
                let kind = self.kind;
                let built = tokio::task::spawn_blocking(move || Live::build(kind, &stored));
                self.spawn(
                    async move { built.await.unwrap_or(Err(super::room::Broken::Panicked)) },
                    Event::Built,
                );
            }
            Effect::Send { seat, frame, class } => {
                if let Some(outbox) = self.outboxes.get(&seat)
                    && outbox.push(frame, class, None) == Pushed::Overflowed
                {
                    behind.push(seat);
                }
            }
            Effect::Broadcast {
                except,
                frame,
                class,
                received,
            } => {
                for (seat, outbox) in &self.outboxes {
                    if Some(*seat) != except
                        && outbox.push(frame.clone(), class, received) == Pushed::Overflowed
                    {
                        behind.push(*seat);
                    }
                }
            }
            Effect::Close { seat, code, reason } => {
                if let Some(outbox) = self.outboxes.get(&seat) {
                    outbox.close(Frame::close(code, &reason));
                }
                self.drop_seat(seat);
            }
            Effect::Append(batch) => {
                self.spawn(
                    append(self.rooms.store.clone(), self.doc.clone(), batch),
                    Event::Appended,
                );
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
                self.spawn(compact(self.rooms.store.clone(), order), Event::Compacted);
            }
            Effect::WakeAt(at) => self.wake_at = Some(at),
            Effect::Note(note) => self.note(note),
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
            Note::Repaired => metrics.update_repairs.inc(),
            Note::Poisoned(reason) => {
                metrics.rooms_poisoned.inc();
                tracing::warn!(doc = %self.doc, reason, "closed the room; it is read anew from the store");
            }
            Note::Compacted => metrics.compactions.inc(),
        }
    }

    fn drop_seat(&mut self, seat: SeatNo) {
        self.outboxes.remove(&seat);
        self.count_present();
    }

    fn count_present(&self) {
        self.present.store(self.outboxes.len(), Ordering::Relaxed);
    }

    /// Runs work beside the room; its result comes back as an event.
    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
        event: impl FnOnce(T) -> Event + Send + 'static,
    ) {
        let mail = self.mail.clone();
        tokio::spawn(async move {
            // A room that ended no longer listens, and then nobody waits for the result.
            let _ = mail.send(Mail::Event(event(work.await)));
        });
    }
}

async fn load(store: Arc<dyn Store>, doc: DocName) -> Result<Loaded, String> {
    let read = store
        .read(ReadLevel::Local, Query::Doc(doc))
        .await
        .map_err(|e| e.to_string())?;
    let state = read.answer.into_doc().unwrap_or(DocState {
        head_seq: 0,
        body: None,
        tail: Vec::new(),
    });
    let (body_seq, body, state_vector) = match state.body {
        Some(body) => (body.seq, Some(body.bytes), Some(body.state_vector)),
        None => (0, None, None),
    };
    let tail = state.tail.into_iter().map(|update| update.bytes).collect();
    Ok(Loaded {
        head_seq: state.head_seq,
        body_seq,
        body,
        state_vector,
        tail,
    })
}

async fn append(
    store: Arc<dyn Store>,
    doc: DocName,
    batch: Batch,
) -> Result<Appended, AppendFailed> {
    let begun = Instant::now();
    loop {
        // Asked twice, it runs once: the store drops what a seat has appended before under the same number.
        let kind = Command::AppendUpdates {
            doc: doc.clone(),
            updates: batch.updates.clone(),
        };
        match submit_one(
            &*store,
            Envelope {
                id: None,
                actor: Actor::Local,
                kind,
            },
        )
        .await
        {
            Ok((_, Ok(Outcome::Appended { last_seq, .. }))) => return Ok(Appended { last_seq }),
            Ok((_, Ok(other))) => {
                return Err(AppendFailed::Other(format!("unexpected outcome {other:?}")));
            }
            Ok((_, Err(Rejection::BoardNotFound | Rejection::BoardTrashed))) => {
                return Err(AppendFailed::Gone);
            }
            Ok((_, Err(rejection))) => return Err(AppendFailed::Other(rejection.to_string())),
            Err(SubmitError::DiskFull) => return Err(AppendFailed::DiskFull),
            Err(SubmitError::TimedOut | SubmitError::Unavailable)
                if begun.elapsed() < APPEND_TRIED_FOR =>
            {
                tokio::time::sleep(APPEND_RETRY_AFTER).await;
            }
            Err(
                error @ (SubmitError::TimedOut
                | SubmitError::Unavailable
                | SubmitError::TooLarge
                | SubmitError::Stopped),
            ) => return Err(AppendFailed::Other(error.to_string())),
        }
    }
}

/// What is to become the new body.
struct FoldOrder {
    doc: DocName,
    expected_body_seq: u64,
    upto_seq: u64,
    stored: Vec<Bytes>,
}

async fn compact(store: Arc<dyn Store>, order: FoldOrder) -> Result<Compacted, String> {
    let FoldOrder {
        doc,
        expected_body_seq,
        upto_seq,
        stored,
    } = order;
    let folded = tokio::task::spawn_blocking(move || fold(&stored))
        .await
        .map_err(|e| e.to_string())?;
    let (body, state_vector) = folded.map_err(|e| e.to_string())?;
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
        Ok((_, Ok(other))) => Err(format!("unexpected outcome {other:?}")),
        Ok((_, Err(rejection))) => Err(rejection.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
