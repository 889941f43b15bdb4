//! Without a WebSocket: events down, posts up. The same messages and the same seat.
//!
//! A stream is a seat in a room whose frames leave as server-sent events (`events`), in one response after another
//! (`stream`): when a response is cut off, the client asks for the next with the id of the last event it has, within a
//! few seconds, and nothing is lost or said twice. What the client says comes in numbered bodies (`posts`), so that a
//! retry is harmless. A stream is named by a secret, which stands in the ids of its events and in no log.

pub(crate) mod base64;
mod events;
mod posts;
mod stream;

pub(crate) use posts::BadBody;
pub(crate) use stream::{Events, Post, PostRefused};

use super::line::{Counters, Line, Rate};
use super::outbox::Outbox;
use super::room::{Dialect, Event};
use super::rooms::{JoinRefused, Rooms, unforeseen_id};
use super::task::Mail;
use super::wire;
use crate::realtime::Admission;
use bytes::Bytes;
use easel_storage::DocName;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use stream::{Pump, Stream};

/// Streams of one node. Each may hold about 1.5 MiB of what its client has not read, as a socket may hold 1 MiB.
const STREAMS_MAX: usize = 1_000;
/// A good-bye may overtake the last post. It does not wait longer for one, since its client does not either.
const LEAVE_WAIT_MAX: Duration = Duration::from_millis(500);
/// For so long is it remembered that a client must not come back.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The streams of a node, by their names.
#[derive(Debug)]
pub(super) struct Streams {
    known: Mutex<HashMap<String, Known>>,
    streams_max: usize,
}

#[derive(Debug)]
enum Known {
    Open(Arc<Stream>),
    /// Ended for good, and its client may not have been told.
    Over,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
            streams_max: STREAMS_MAX,
        }
    }
}

impl Streams {
    fn is_full(&self) -> bool {
        self.known.lock().len() >= self.streams_max
    }
}

/// What a client that asks for a stream is given.
#[derive(Debug)]
pub(crate) enum Opened {
    Events(Events),
    /// It was sent away for good, and asks again for not having been told.
    Over,
}

/// Why there is no stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StreamRefused {
    #[error(transparent)]
    Join(#[from] JoinRefused),
    #[error("as many streams are open as the server takes")]
    TooMany,
    #[error("sv is not a state vector in base64")]
    BadStateVector,
}

/// What a client says when it asks for a stream.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The document's name.
    pub(crate) name: &'a str,
    /// The id of the last event that it has, of a stream before.
    pub(crate) last_event_id: Option<&'a str>,
    /// Its state vector, if it asks for what it lacks without a step 1 of its own.
    pub(crate) sv: Option<&'a str>,
}

/// Goes on with a client's stream or, where that cannot be, opens a new one.
pub(crate) async fn open(
    rooms: &Arc<Rooms>,
    asked: Asked<'_>,
    admission: Admission,
) -> Result<Opened, StreamRefused> {
    let doc: DocName = asked.name.parse().map_err(|_| JoinRefused::NotFound)?;
    if let Some((name, seen)) = asked.last_event_id.and_then(event_id) {
        match find(rooms, &doc, name) {
            Found::Open(stream) if rooms.door.is_of(&doc, stream.line.seat, &admission) => {
                rooms.door.renew_by(&doc, stream.line.seat, &admission);
                match stream.come_back(seen).await {
                    Some(events) => return Ok(Opened::Events(events)),
                    None => stream.leave().await,
                }
            }
            // Somebody else's, whose name got about: they begin with a seat of their own.
            Found::Open(_) => {}
            Found::Over => return Ok(Opened::Over),
            Found::Nothing => {}
        }
    }
    let question = asked.sv.map(step_1).transpose()?;
    rooms.admit(&doc).await?;
    if rooms.streams.is_full() {
        return Err(StreamRefused::TooMany);
    }
    Ok(Opened::Events(begin(rooms, doc, question, admission).await))
}

async fn begin(
    rooms: &Arc<Rooms>,
    doc: DocName,
    question: Option<Bytes>,
    admission: Admission,
) -> Events {
    let outbox = Arc::new(Outbox::default());
    let id = unforeseen_id();
    let joined = rooms.join(&doc, Dialect::Easel, id, admission, outbox.clone());
    let line = Line::new(rooms, joined, outbox, Counters::of_stream(&rooms.metrics));
    let name = unforeseen_name();
    let (pump, comebacks, events) = Stream::open(doc, &name, line);
    let place = Place::take(name, &pump);
    if let Some(question) = question {
        // The first that this seat says, so that its rate and its permits are all there.
        let mut rate = Rate::new(1, 1_000);
        let _ = pump.stream.line.deliver(question, &mut rate).await;
    }
    rooms.tasks.spawn(place.run(pump, comebacks));
    events
}

/// The stream that a client posts to.
pub(crate) fn posting_to(rooms: &Rooms, doc: &str, name: &str) -> Option<Posting> {
    match find(rooms, &doc.parse().ok()?, name) {
        Found::Open(stream) => Some(Posting(stream)),
        Found::Over | Found::Nothing => None,
    }
}

/// A stream, as the one who posts to it holds it.
#[derive(Debug)]
pub(crate) struct Posting(Arc<Stream>);

impl Posting {
    /// Waits until no other body of this stream is being taken.
    pub(crate) async fn turn(self) -> Result<Post, PostRefused> {
        self.0.post().await
    }

    /// Gives up the seat, once what is being posted has been taken; returns when the room has been told.
    pub(crate) async fn leave(self) {
        let _turn = tokio::time::timeout(LEAVE_WAIT_MAX, self.0.clone().post()).await;
        self.0.leave().await;
    }
}

enum Found {
    Open(Arc<Stream>),
    Over,
    Nothing,
}

fn find(rooms: &Rooms, doc: &DocName, name: &str) -> Found {
    match rooms.streams.known.lock().get(name) {
        // A name found elsewhere is no key to this document.
        Some(Known::Open(stream)) if stream.doc == *doc => Found::Open(stream.clone()),
        Some(Known::Over) => Found::Over,
        Some(Known::Open(_)) | None => Found::Nothing,
    }
}

/// A running stream's place among the node's streams and in its room; given up however it ends, a bug included.
struct Place {
    name: String,
    stream: Arc<Stream>,
}

impl Place {
    fn take(name: String, pump: &Pump) -> Self {
        let stream = pump.stream.clone();
        let rooms = &stream.line.rooms;
        rooms.metrics.sse_opened.inc();
        rooms.metrics.sse_streams.inc();
        let known = Known::Open(stream.clone());
        rooms.streams.known.lock().insert(name.clone(), known);
        Self { name, stream }
    }

    async fn run(self, pump: Pump, comebacks: stream::Comebacks) {
        let code = pump.run(comebacks).await;
        let rooms = &self.stream.line.rooms;
        let label = super::socket::label(code);
        rooms.metrics.sse_closed.with_label_values(&[&label]).inc();
        // What tells stock clients of WebSockets not to come back holds here as well.
        if (4400..=4499).contains(&code) {
            remember(rooms, self.name.clone());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let line = &self.stream.line;
        let mut known = line.rooms.streams.known.lock();
        if matches!(known.get(&self.name), Some(Known::Open(_))) {
            known.remove(&self.name);
        }
        drop(known);
        let seat = line.seat;
        line.rooms.door.leave(&self.stream.doc, seat);
        // A room that is gone has no seats to give up.
        let _ = line.room.send(Mail::Event(Event::Leave { seat }));
        line.rooms.metrics.sse_streams.dec();
        self.stream.note_ended();
    }
}

/// Keeps the name for a while, to tell a client that comes back with it. It counts as a stream as long as it is kept.
fn remember(rooms: &Arc<Rooms>, name: String) {
    rooms.streams.known.lock().insert(name.clone(), Known::Over);
    let rooms = Arc::downgrade(rooms);
    tokio::spawn(async move {
        tokio::time::sleep(REMEMBERED).await;
        if let Some(rooms) = rooms.upgrade() {
            rooms.streams.known.lock().remove(&name);
        }
    });
}

/// The stream and the number that an event's id names.
fn event_id(id: &str) -> Option<(&str, u64)> {
    let (name, number) = id.split_once('.')?;
    Some((name, number.parse().ok()?))
}

fn step_1(sv: &str) -> Result<Bytes, StreamRefused> {
    let state_vector = match sv {
        // Nothing is known.
        "" => vec![0],
        sv => base64::decode_from_address(sv).ok_or(StreamRefused::BadStateVector)?,
    };
    Ok(wire::step_1(&state_vector).payload())
}

/// A secret: whoever knows it may speak as this seat.
fn unforeseen_name() -> String {
    let mut secret = [0; 16];
    getrandom::fill(&mut secret).expect("the operating system has random numbers");
    base64::encode_for_addresses(&secret)
}

#[cfg(test)]
mod tests {
    use super::{Asked, Opened, STREAMS_MAX, StreamRefused, open};
    use crate::realtime::Admission;
    use crate::testing::TestNode;

    fn asked<'a>(name: &'a str, last_event_id: Option<&'a str>) -> Asked<'a> {
        Asked {
            name,
            last_event_id,
            sv: None,
        }
    }

    #[tokio::test]
    async fn no_more_streams_are_opened_than_the_node_takes() {
        let node = TestNode::start_with(|config| config.realtime.create_on_join = true).await;
        let rooms = &node.app.rooms;
        let mut all = Vec::new();
        for number in 0..STREAMS_MAX {
            // No room takes as many.
            let name = format!("room-{}", number / 100);
            match open(rooms, asked(&name, None), Admission::local()).await {
                Ok(Opened::Events(events)) => all.push(events),
                other => panic!("{other:?}"),
            }
        }
        let refused = open(rooms, asked("one-more", None), Admission::local()).await;
        assert_eq!(refused.unwrap_err(), StreamRefused::TooMany);
        // Who has a place already is not asked for another.
        let greeting = all[0].recv().await.unwrap();
        let greeting = String::from_utf8(greeting.to_vec()).unwrap();
        let id = greeting.lines().find_map(|line| line.strip_prefix("id: "));
        assert!(
            open(rooms, asked("room-0", id), Admission::local())
                .await
                .is_ok()
        );
    }
}
