//! What changes among a person's boards, as it happens: for a page that lists them.
//!
//! Told out of the feed of changes, and only of boards that the person sees, or saw until now. Whoever falls behind is
//! told to look at everything again. Nothing is kept: a page that comes back asks for its list.

use super::access;
use super::boards::Board;
use super::store;
use crate::app::{App, AppState};
use crate::auth::{Caller, wall_clock};
use crate::http::Peer;
use crate::http::places::{Place, Places, Shares};
use crate::http::problem::{Code, Problem};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use easel_storage::people::Scope;
use easel_storage::sharing::{SharingAnswer, SharingQuery};
use easel_storage::{BoardId, Change, ReadLevel};
use serde_json::json;
use std::collections::{BTreeSet, HashSet};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior};

/// Streams of one node: each remembers which boards its person sees.
const STREAMS: Shares = Shares {
    all: 500,
    person: 16,
    network: 400,
};
/// Proxies and clients see life at least this often; then it is also looked whether the session goes on.
const PING_EVERY: Duration = Duration::from_secs(15);
/// Boards told of at once; of more it is said that everything changed.
const TOLD_AT_ONCE_MAX: usize = 64;

/// Who listens to their boards, and where they hear of changes.
pub(crate) struct Listeners {
    places: Places,
    changes: broadcast::Sender<Change>,
}

impl Listeners {
    pub(crate) fn new(changes: broadcast::Sender<Change>) -> Listeners {
        Listeners {
            places: Places::new(STREAMS),
            changes,
        }
    }
}

/// What changes among one's boards: events `ready`, `board` (it came to be, or changed), `gone`, `me`, `all` (look at
/// everything again) and `ping`.
#[utoipa::path(
    get, path = "/me/stream", operation_id = "me_stream", tag = "Account",
    security(("bearer" = ["boards:read"])),
    responses((status = 200, description = "Events, without an end", body = String, content_type = "text/event-stream")),
    extensions(("x-problems" = json!(["forbidden", "method-not-allowed", "too-many-streams"]))),
)]
pub(super) async fn open(
    State(app): State<AppState>,
    caller: Caller,
    peer: Peer,
    method: Method,
) -> Result<Response, Problem> {
    if method == Method::HEAD {
        return Err(Code::MethodNotAllowed.into());
    }
    if !matches!(caller, Caller::Local) {
        access::person(&caller)?;
    }
    access::scope(&caller, Scope::BoardsRead)?;
    let place = app.listeners.places.take(&caller, peer.network());
    let place = place.ok_or(Code::TooManyStreams)?;
    // First the changes, then what there is: nothing falls in between.
    let changes = app.listeners.changes.subscribe();
    let seen = boards_of(&app, &caller).await?;
    let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listening = Listening {
        app,
        caller,
        changes,
        seen,
        ping,
        is_new: true,
        _place: place,
    };
    let chunks = futures_util::stream::unfold(listening, |mut listening| async move {
        let chunk = listening.next().await?;
        Some((Ok::<_, Infallible>(chunk), listening))
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// One stream, for as long as its response is read.
struct Listening {
    app: AppState,
    caller: Caller,
    changes: broadcast::Receiver<Change>,
    /// The boards that the person sees; of others nothing is said, not even that they are gone.
    seen: HashSet<BoardId>,
    ping: Interval,
    is_new: bool,
    _place: Place,
}

/// What to look at again.
#[derive(Default)]
struct Again {
    boards: BTreeSet<BoardId>,
    me: bool,
    all: bool,
}

impl Listening {
    /// The next events; nothing when the stream is over.
    async fn next(&mut self) -> Option<Bytes> {
        if std::mem::take(&mut self.is_new) {
            return Some(event("ready", &json!({})));
        }
        loop {
            let mut again = Again::default();
            tokio::select! {
                change = self.changes.recv() => match change {
                    Ok(change) => again.note(change, &self.caller),
                    Err(RecvError::Lagged(_)) => again.all = true,
                    Err(RecvError::Closed) => return None,
                },
                _ = self.ping.tick() => {
                    self.still().await?;
                    return Some(event("ping", &json!({})));
                }
                () = self.app.draining.cancelled() => return None,
            }
            loop {
                match self.changes.try_recv() {
                    Ok(change) => again.note(change, &self.caller),
                    Err(TryRecvError::Lagged(_)) => again.all = true,
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            if again.me || again.all {
                self.still().await?;
            }
            let events = self.tell(again).await?;
            if !events.is_empty() {
                return Some(events);
            }
        }
    }

    /// Nothing when they are signed out, disabled, or their token is over.
    async fn still(&mut self) -> Option<()> {
        match self.app.auth.still(&self.caller, wall_clock()).await {
            Ok(caller) => self.caller = caller,
            // The store gave no answer, which is nobody's fault.
            Err(problem) if problem.code.about().status.is_server_error() => {}
            Err(_) => return None,
        }
        Some(())
    }

    async fn tell(&mut self, again: Again) -> Option<Bytes> {
        if again.all || again.boards.len() > TOLD_AT_ONCE_MAX {
            self.seen = boards_of(&self.app, &self.caller).await.ok()?;
            return Some(event("all", &json!({})));
        }
        let mut events = Vec::new();
        for board in again.boards {
            match access::seen(&self.app, &self.caller, ReadLevel::Local, board).await {
                Ok(seen) => {
                    self.seen.insert(board);
                    let shown = Board::of(&self.app, &self.caller, &seen);
                    events.extend(event("board", &json!({ "board": shown })));
                }
                Err(problem) if problem.code == Code::BoardNotFound => {
                    if self.seen.remove(&board) {
                        let gone = json!({ "id": board.to_string() });
                        events.extend(event("gone", &gone));
                    }
                }
                // Whether it is still there is not known: better to look at all of them.
                Err(_) => return Some(event("all", &json!({}))),
            }
        }
        if again.me {
            events.extend(event("me", &json!({})));
        }
        Some(events.into())
    }
}

impl Again {
    fn note(&mut self, change: Change, caller: &Caller) {
        let user = match caller {
            Caller::User(user) => Some(user),
            Caller::Anonymous | Caller::Local | Caller::Visitor(_) => None,
        };
        match change {
            Change::Board(board) => {
                self.boards.insert(board);
            }
            Change::User(id) => self.me |= user.is_some_and(|user| user.user == id),
            Change::Session(id) => self.me |= user.is_some_and(|user| user.session == Some(id)),
            Change::Token(id) => self.me |= user.is_some_and(|user| user.token == Some(id)),
            Change::Keyring | Change::Nodes => {}
            Change::Everything => self.all = true,
        }
    }
}

async fn boards_of(app: &App, caller: &Caller) -> Result<HashSet<BoardId>, Problem> {
    let Caller::User(user) = caller else {
        return Ok(HashSet::new());
    };
    let query = SharingQuery::BoardsOf(user.user);
    match store::sharing(app, ReadLevel::Local, query).await? {
        // A token for one board hears of that one.
        SharingAnswer::BoardsOf(boards) => Ok(boards
            .into_iter()
            .filter(|board| user.board.is_none_or(|only| only == *board))
            .collect()),
        _ => Err(Code::Internal.into()),
    }
}

fn event(name: &str, data: &serde_json::Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
