//! Which rooms are open on this node.

use super::appender::Appender;
use super::awareness::SeatNo;
use super::bus::{self, Bus};
use super::outbox::Outbox;
use super::peers;
use super::room::{
    Build, Dialect, Event, Kind, NotWrote, Once, Order, Room, RoomOptions, Wish, Wrote, close,
};
use super::sse::Streams;
use super::task::{self, Mail, Post, RoomIo};
use super::who::{Admission, Comings, Door, Renewal, Shown, Watched};
use crate::auth::{Caller, Presented};
use crate::config::Realtime;
use crate::metrics::Metrics;
use crate::neighbours::Neighbours;
use easel_board::gate::Limits;
use easel_cluster::{BusCounts, Node, Touch};
use easel_storage::sharing::{Role, SharingCommand};
use easel_storage::{
    Actor, BoardId, DocName, Envelope, Query, ReadError, ReadLevel, Store, Time, submit_one,
};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::task::TaskTracker;

/// Who is sent away comes back after this and up to half as much longer, by a random number of its own: when the next process
/// may be there,
const RESTART_MS: u64 = 1_000;
/// or another node is, which is there already.
const ELSEWHERE_MS: u64 = 100;

/// Why somebody was not let into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JoinRefused {
    #[error("there is no such board")]
    NotFound,
    #[error("the board is in the trash")]
    Trashed,
    #[error("this address is for WebSockets")]
    NotAnUpgrade,
    #[error("the WebSocket handshake is not valid")]
    BadHandshake,
    #[error("the server is going away")]
    Draining,
    #[error("as many people are here as the server lets in")]
    Full,
    #[error("the store did not answer")]
    Unavailable,
    #[error("the server has lost touch with the others")]
    OutOfTouch,
}

/// Why somebody has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SentAway {
    AccessLost,
    SessionOver,
    TokenOver,
}

/// What a program wants written.
#[derive(Debug)]
pub(crate) struct Writing {
    pub(crate) actor: Actor,
    /// Whom a new element is put down to.
    pub(crate) shown: Option<Arc<Shown>>,
    pub(crate) wish: Wish,
    /// Set if it must not be written twice.
    pub(crate) once: Option<Once>,
}

/// What was heard of other nodes and waits for its room, in KiB. Past that it is dropped, and the number of the next
/// message shows the room that it missed some.
const HEARING_KIB: u32 = 4 << 10;

/// A seat as the socket holds it.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) doc: DocName,
    pub(super) seat: SeatNo,
    pub(super) room: mpsc::UnboundedSender<Mail>,
}

#[derive(Debug)]
struct Open {
    mail: mpsc::UnboundedSender<Mail>,
    present: Arc<AtomicUsize>,
    next_seat: SeatNo,
    /// What of other nodes' hearsay may still come in, in KiB.
    hearing: Arc<Semaphore>,
}

/// All rooms of this node. Opened by the first who joins, closed by the room itself when nobody is left.
pub(crate) struct Rooms {
    pub(super) store: Arc<dyn Store>,
    pub(super) appender: Appender,
    neighbours: Arc<Neighbours>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) config: Realtime,
    open: Mutex<HashMap<DocName, Open>>,
    draining: AtomicBool,
    /// Whether this node knows what the others know.
    pub(super) touch: Touch,
    /// The losses of touch after which everybody's role was looked at again.
    looked_at: AtomicU64,
    bus: Arc<Bus>,
    pub(super) door: Door,
    pub(super) streams: Streams,
    /// Rooms and sockets: what a drain waits for.
    pub(super) tasks: TaskTracker,
}

impl std::fmt::Debug for Rooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rooms")
            .field("open", &self.open.lock().len())
            .finish_non_exhaustive()
    }
}

impl Rooms {
    /// The rooms of a node.
    pub(crate) fn of(
        node: &Node,
        neighbours: Arc<Neighbours>,
        metrics: Arc<Metrics>,
        config: Realtime,
    ) -> Arc<Self> {
        let (bus, status) = (node.bus(), node.status());
        let heard = bus.listen();
        let rank = peers::rank_in(&status.borrow());
        let bus = Arc::new(Bus::over(bus, rank));
        let from = (node.store(), node.touch());
        let rooms = Self::on(bus, from, neighbours, metrics, config);
        if let Some(heard) = heard {
            tokio::spawn(peers::attend(Arc::downgrade(&rooms), heard, status));
        }
        rooms
    }

    /// One of the nodes that share this bus.
    pub(super) fn on(
        bus: Arc<Bus>,
        (store, touch): (Arc<dyn Store>, Touch),
        neighbours: Arc<Neighbours>,
        metrics: Arc<Metrics>,
        config: Realtime,
    ) -> Arc<Self> {
        let rooms = Arc::new(Self {
            appender: Appender::start(store.clone()),
            store,
            neighbours,
            metrics,
            config,
            open: Mutex::default(),
            draining: AtomicBool::new(false),
            touch,
            looked_at: AtomicU64::new(0),
            door: Door::new(),
            streams: Streams::default(),
            tasks: TaskTracker::new(),
            bus: bus.clone(),
        });
        bus.join(&rooms);
        rooms
    }

    /// Tells the other nodes' rooms of a document.
    pub(super) fn publish(&self, doc: &DocName, message: &bus::Message) {
        self.bus.publish(self, doc, message);
    }

    /// Another node's room of a document says something. Nobody is there to hear it if we have it not open.
    pub(super) fn hear(&self, doc: &DocName, message: bus::Message) {
        let open = self.open.lock();
        let Some(of) = open.get(doc) else { return };
        let kib = u32::try_from(message.bytes() >> 10).unwrap_or(u32::MAX);
        let room = (of.hearing.clone()).try_acquire_many_owned(kib.clamp(1, HEARING_KIB));
        if let Ok(room) = room {
            let _ = of.mail.send(Mail::Heard { message, room });
        }
    }

    /// The node has this place among several, or none; or one of them is heard anew.
    pub(super) fn has_company(&self, rank: Option<u32>) {
        self.bus.set_rank(rank);
        if let Some(rank) = rank {
            for room in self.open.lock().values() {
                let _ = room.mail.send(Mail::Event(Event::Company(rank)));
            }
        }
    }

    /// Rooms find it out by themselves when something happens in them; this is for those in which nothing does.
    pub(crate) fn lose_touch(&self) {
        for room in self.open.lock().values() {
            let _ = room.mail.send(Mail::Event(Event::OutOfTouch));
        }
    }

    /// Everybody's role is what it is after so many losses.
    pub(crate) fn regain_touch(&self, losses: u64) {
        self.looked_at.store(losses, Ordering::Relaxed);
        // A room that is opened meanwhile waits for the lock, and then knows the number.
        for room in self.open.lock().values() {
            let _ = room.mail.send(Mail::InTouch { losses });
        }
    }

    /// Whether anything may be decided by a role that was looked at after so many losses.
    pub(super) fn is_in_touch(&self, looked_at: u64) -> bool {
        self.touch.holds() == Some(looked_at)
    }

    pub(crate) fn bus_counts(&self) -> BusCounts {
        self.bus.counts()
    }

    /// Whether this document can be joined now.
    pub(crate) async fn admit(&self, doc: &DocName) -> Result<(), JoinRefused> {
        if self.is_draining() {
            return Err(JoinRefused::Draining);
        }
        if !self.is_in_touch(self.looked_at.load(Ordering::Relaxed)) {
            return Err(JoinRefused::OutOfTouch);
        }
        if self.present(doc) >= self.config.seats_max as usize {
            return Err(JoinRefused::Full);
        }
        match doc {
            DocName::Raw(_) if self.config.create_on_join => Ok(()),
            DocName::Raw(_) => Err(JoinRefused::NotFound),
            DocName::Board(board) => self.admit_to_board(*board).await,
        }
    }

    async fn admit_to_board(&self, board: BoardId) -> Result<(), JoinRefused> {
        match self
            .store
            .read(ReadLevel::Local, Query::Board(board))
            .await
            .map(|read| read.answer.into_board())
        {
            Ok(None) => Err(JoinRefused::NotFound),
            Ok(Some(board)) if board.trashed_at.is_some() => Err(JoinRefused::Trashed),
            Ok(Some(_)) => Ok(()),
            Err(
                ReadError::Unavailable
                | ReadError::TimedOut
                | ReadError::Failed
                | ReadError::Stopped,
            ) => Err(JoinRefused::Unavailable),
        }
    }

    /// Takes a seat in a room, opening the room if need be.
    pub(super) fn join(
        self: &Arc<Self>,
        doc: &DocName,
        dialect: Dialect,
        id: u64,
        admission: Admission,
        outbox: Arc<Outbox>,
    ) -> Joined {
        let mut open = self.open.lock();
        let room = open
            .entry(doc.clone())
            .or_insert_with(|| self.open_room(doc));
        room.next_seat += 1;
        let seat = room.next_seat;
        // A send fails only to a room whose task failed; the socket then finds its mail undeliverable as well.
        let _ = room.mail.send(Mail::Join {
            seat,
            dialect,
            id,
            who: admission.who.clone(),
            outbox,
        });
        self.door.enter(doc, seat, &admission);
        if self.is_draining() {
            // Let in just before the drain began, and the room it opened did not hear of it.
            let retry_after_ms = self.retry_after_ms();
            let _ = room.mail.send(Mail::Event(Event::Drain { retry_after_ms }));
        }
        Joined {
            doc: doc.clone(),
            seat,
            room: room.mail.clone(),
        }
    }

    fn open_room(self: &Arc<Self>, doc: &DocName) -> Open {
        let (mail, inbox) = mpsc::unbounded_channel();
        let present = Arc::new(AtomicUsize::new(0));
        let (kind, limits) = match doc {
            DocName::Board(_) => (Kind::Board, Limits::board()),
            DocName::Raw(_) => (Kind::Raw, Limits::raw()),
        };
        self.bus.opened(doc);
        let rank = self.bus.rank_of(self);
        // Among other nodes a document is read on as they change it.
        let build = match rank {
            None => Build::WhenNeeded,
            Some(_) => Build::AtOnce,
        };
        let room = Room::new(RoomOptions {
            name: doc.to_string(),
            id: unforeseen_id(),
            rank,
            neighbours: self.neighbours.clone(),
            build,
            limits,
            linger: self.config.room_idle.0,
        });
        let post = Post {
            mail: mail.clone(),
            inbox,
            present: present.clone(),
        };
        let looked_at = self.looked_at.load(Ordering::Relaxed);
        let io = RoomIo::new(self.clone(), doc.clone(), (kind, looked_at), post);
        self.metrics.boards_open.inc();
        self.tasks.spawn(task::run(room, io));
        Open {
            mail,
            present,
            next_seat: 0,
            hearing: Arc::new(Semaphore::new(HEARING_KIB as usize)),
        }
    }

    /// The room has ended: whoever joins from here on opens a new one.
    pub(super) fn forget(&self, doc: &DocName) {
        let mut open = self.open.lock();
        if open.remove(doc).is_some() {
            // Under the lock: the next opening wants to hear again.
            self.bus.closed(doc);
            self.metrics.boards_open.dec();
        }
    }

    /// How many people are in a document's room on this node.
    pub(crate) fn present(&self, doc: &DocName) -> usize {
        self.open
            .lock()
            .get(doc)
            .map_or(0, |room| room.present.load(Ordering::Relaxed))
    }

    /// For the list of what people did. Nobody waits for it, and nothing hangs on it.
    pub(super) fn note_edited(&self, doc: &DocName, actor: Actor, guest: Option<String>) {
        let DocName::Board(board) = doc else { return };
        let command = SharingCommand::NoteEdited {
            board: *board,
            guest: guest.and_then(|name| name.try_into().ok()),
        };
        let envelope = Envelope::new(actor, command.into());
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = submit_one(&*store, envelope).await {
                tracing::debug!(%error, "that somebody draws is not noted");
            }
        });
    }

    /// Asks a board's room to write something, and waits until that is durable; opens the room if need be.
    pub(crate) async fn write(
        self: &Arc<Self>,
        board: BoardId,
        writing: Writing,
    ) -> Result<Wrote, NotWrote> {
        if self.is_draining() {
            return Err(NotWrote::Draining);
        }
        let doc = DocName::Board(board);
        let (reply, answer) = oneshot::channel();
        let order = Order {
            actor: writing.actor,
            shown: writing.shown,
            wish: writing.wish,
            once: writing.once,
            reply,
        };
        {
            let mut open = self.open.lock();
            let room = open
                .entry(doc.clone())
                .or_insert_with(|| self.open_room(&doc));
            // To a room whose task failed: then nobody will answer.
            let _ = room.mail.send(Mail::Event(Event::Order(Box::new(order))));
        }
        answer.await.unwrap_or(Err(NotWrote::Unknown))
    }

    /// The board was put in the trash or deleted: whoever is there is told and leaves.
    pub(crate) fn board_gone(&self, board: BoardId) {
        if let Some(room) = self.open.lock().get(&DocName::Board(board)) {
            let _ = room.mail.send(Mail::Event(Event::Gone));
        }
    }

    /// The seats of those whose access can change, of those that this is about.
    pub(crate) fn watched(&self, concerns: impl Fn(&DocName, &Caller) -> bool) -> Vec<Watched> {
        self.door.watched(concerns)
    }

    /// Those who come in and whose access can change, and what they show later; once, for the one who watches.
    pub(crate) fn comings(&self) -> Option<Comings> {
        self.door.comings()
    }

    /// Who sent this token is here for as long as it is good. `None`: it is not that seat's person's.
    pub(crate) fn renew(&self, renewal: &Renewal, shown: Presented) -> Option<Watched> {
        self.door.renew(&renewal.doc, renewal.seat, shown)
    }

    /// Those whose token ended so long ago without another.
    pub(crate) fn overdue(&self, now: Time, grace_ms: u64) -> Vec<Watched> {
        self.door.overdue(now, grace_ms)
    }

    /// Somebody may now do more or less.
    pub(crate) fn set_role(&self, watched: &Watched, role: Role) {
        self.door.now_is(&watched.doc, watched.seat, role);
        let seat = watched.seat;
        self.tell(&watched.doc, Event::Role { seat, role });
    }

    /// Somebody has lost their access for good, or until they show again who they are.
    pub(crate) fn send_away(&self, watched: &Watched, why: SentAway) {
        let (code, reason) = match why {
            SentAway::AccessLost => (
                close::ACCESS_LOST,
                "you have no access to this board any more",
            ),
            SentAway::SessionOver => (close::EXPIRED, "the session is over"),
            SentAway::TokenOver => (close::EXPIRED, "the token has run out"),
        };
        let seat = watched.seat;
        self.tell(&watched.doc, Event::SendAway { seat, code, reason });
    }

    fn tell(&self, doc: &DocName, event: Event) {
        if let Some(room) = self.open.lock().get(doc) {
            let _ = room.mail.send(Mail::Event(event));
        }
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Lets nobody in any more, saves what was taken, tells everybody to come back later and waits until they were told.
    /// True if all of that was done within the time.
    pub(crate) async fn drain(&self, within: Duration) -> bool {
        self.draining.store(true, Ordering::Relaxed);
        let retry_after_ms = self.retry_after_ms();
        for room in self.open.lock().values() {
            let good_bye = Event::Drain { retry_after_ms };
            let _ = room.mail.send(Mail::Event(good_bye));
        }
        self.tasks.close();
        tokio::time::timeout(within, self.tasks.wait())
            .await
            .is_ok()
    }
}

impl Rooms {
    fn retry_after_ms(&self) -> u64 {
        // Also where all nodes have one address: what stands before them finds another.
        match self.bus.rank_of(self) {
            None => RESTART_MS,
            Some(_) => ELSEWHERE_MS,
        }
    }
}

/// Names a connection, or one opening of a room, in the store. Random, since it must differ from every other ever.
pub(super) fn unforeseen_id() -> u64 {
    getrandom::u64().expect("the operating system has random numbers")
}
