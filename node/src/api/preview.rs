//! A board's picture for the start page, made off the request path and kept in the cache, which may forget it at any
//! time.
//!
//! Whoever asks for a state that nobody drew yet starts its drawing or joins the one under way, and waits for it at most
//! [`ANSWER_WITHIN`]. After that the picture of an older state is the answer, or else an empty one with 202; the drawing
//! goes on, and who asks later finds it.

use super::access;
use super::boards::board_id;
use super::query::Params;
use super::wire::choice;
use super::{conditions, store};
use crate::VERSION;
use crate::app::AppState;
use crate::auth::{Caller, wall_clock};
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use easel_board::schema::Theme;
use easel_board::{document, svg};
use easel_storage::cache::Cache;
use easel_storage::people::Scope;
use easel_storage::{BoardId, BoardRecord, DocState, Query, ReadLevel};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use yrs::updates::decoder::Decode;
use yrs::{Doc, Transact, Update};

/// Pictures made at once on a machine of many cores; on others half of them draw, for drawing people come first.
const AT_ONCE_MAX: usize = 4;
/// Pictures that are made or wait for their turn. Beyond that nothing is begun, and what there is is the answer.
const UNDER_WAY_MAX: usize = 256;
/// A browser asks for few things at once of one server: pictures must not keep it from the rest for long.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// For a picture that someone opens by itself: it is a document then, and may do nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

pub(crate) struct Previews {
    cache: Cache,
    turns: Arc<Semaphore>,
    under_way: Mutex<HashMap<Subject, Drawing>>,
}

/// What there is one picture of at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Subject {
    board: BoardId,
    theme: Theme,
}

/// A picture to be; its sender is dropped when it failed.
type Drawing = watch::Receiver<Option<Picture>>;

#[derive(Debug, Clone)]
pub(super) struct Picture {
    /// The state that it shows.
    pub(super) seq: u64,
    pub(super) svg: Bytes,
}

impl Previews {
    pub(crate) fn new(cache: Cache) -> Previews {
        let cores = available_parallelism().map_or(1, usize::from);
        let at_once = (cores / 2).clamp(1, AT_ONCE_MAX);
        Previews {
            cache,
            turns: Arc::new(Semaphore::new(at_once)),
            under_way: Mutex::default(),
        }
    }

    /// The newest picture there is, of whatever state.
    async fn newest(&self, subject: Subject) -> Option<Picture> {
        let cache = self.cache.clone();
        let looked_up = tokio::task::spawn_blocking(move || cached(&cache, subject));
        looked_up.await.ok()?
    }
}

/// Blocks for as long as the disk takes.
fn cached(cache: &Cache, subject: Subject) -> Option<Picture> {
    let (seq, value) = cache.newest(&subject.series())?;
    let svg = value.slice_ref(value.strip_prefix(RELEASE)?);
    Some(Picture { seq, svg })
}

/// Another release may draw differently, so what it drew is none of ours.
pub(super) const RELEASE: &[u8] = concat!(env!("CARGO_PKG_VERSION"), "\n").as_bytes();

impl Subject {
    pub(super) fn new(board: BoardId, theme: Theme) -> Subject {
        Subject { board, theme }
    }

    pub(super) fn theme(self) -> Theme {
        self.theme
    }

    /// Its pictures in the cache, numbered by the state that they show.
    pub(super) fn series(&self) -> Vec<u8> {
        format!("preview {} {} ", self.board, word(self.theme)).into_bytes()
    }

    fn etag(&self, seq: u64) -> String {
        let key = format!("{VERSION} {} {seq} {}", self.board, word(self.theme));
        conditions::etag(None, key.as_bytes())
    }
}

pub(super) const THEMES: [(&str, Theme); 2] = [("light", Theme::Light), ("dark", Theme::Dark)];

choice! {
    ThemeWord: THEMES;
}

fn word(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

/// A picture of the board.
#[utoipa::path(
    get, path = "/boards/{board}/preview.svg", operation_id = "preview_show", tag = "Content",
    security(("bearer" = ["boards:read"]), ()),
    params(
        ("theme" = inline(Option<ThemeWord>), Query),
        ("seq" = Option<u64>, Query, description = "Makes the address another one when the board moved on."),
        ("pass" = Option<String>, Query, description = "Stands in a board's `preview_url`, and speaks for who was told it."),
    ),
    responses((status = 200, description = "The picture", body = String, content_type = "image/svg+xml"), (status = 202, description = "An empty picture: this one is being drawn", body = String, content_type = "image/svg+xml")),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn show(
    State(app): State<AppState>,
    asking: Result<Caller, Problem>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut params = Params::of(&uri)?;
    let theme = params.choice("theme", &THEMES)?;
    // A page asks anew when the board moved on, by an address it has not asked for yet.
    params.seq()?;
    let pass: Option<String> = params.take("pass", "is a pass")?;
    params.finish()?;
    let board = admitted(&app, asking, &id, pass, &headers).await?;
    let subject = Subject::new(board.id, theme);
    let etag = subject.etag(board.seq);
    if conditions::is_known(&headers, &etag) {
        let response = StatusCode::NOT_MODIFIED.into_response();
        return Ok(with_headers(response, Some(&etag)));
    }
    Ok(match drawn(&app, subject, board.seq).await? {
        Some(picture) if picture.seq >= board.seq => {
            let etag = subject.etag(picture.seq);
            with_headers(picture.svg.into_response(), Some(&etag))
        }
        Some(older) => not_for_long(older.svg.into_response()),
        None => {
            let empty = svg::preview(&[], theme);
            not_for_long((StatusCode::ACCEPTED, empty).into_response())
        }
    })
}

/// The board, for who may see it or was told its picture.
pub(super) async fn admitted(
    app: &AppState,
    asking: Result<Caller, Problem>,
    id: &str,
    pass: Option<String>,
    headers: &HeaderMap,
) -> Result<BoardRecord, Problem> {
    let id = board_id(id)?;
    let caller = match pass {
        // Told by their list of boards, or by a board; an <img> sends nothing else.
        Some(pass) => app.auth.by_picture_pass(id, &pass, wall_clock()).await?,
        None => asking?,
    };
    access::scope(&caller, Scope::BoardsRead)?;
    let level = store::level(headers);
    Ok(access::seen(app, &caller, level, id).await?.view.board)
}

/// The picture of this state or a later one; while it is being made, that of an older one, or nothing.
pub(super) async fn drawn(
    app: &AppState,
    subject: Subject,
    seq: u64,
) -> Result<Option<Picture>, Problem> {
    match app.previews.newest(subject).await {
        Some(picture) if picture.seq >= seq => Ok(Some(picture)),
        older => match drawn_in_time(app, subject).await {
            Ok(picture) => Ok(picture.or(older)),
            Err(failed) => Ok(Some(older.ok_or(failed)?)),
        },
    }
}

/// The picture of what the board now is, if it is there soon.
async fn drawn_in_time(app: &AppState, subject: Subject) -> Result<Option<Picture>, Problem> {
    let Some(mut drawing) = begin_or_join(app, subject) else {
        return Ok(None);
    };
    let drawn = drawing.wait_for(Option::is_some);
    match tokio::time::timeout(ANSWER_WITHIN, drawn).await {
        Ok(Ok(picture)) => Ok(picture.clone()),
        // It has been logged; the board itself is not touched.
        Ok(Err(_)) => Err(Code::Internal.into()),
        Err(_) => Ok(None),
    }
}

/// Nothing when too much is under way already.
fn begin_or_join(app: &AppState, subject: Subject) -> Option<Drawing> {
    let mut under_way = app.previews.under_way.lock();
    if let Some(drawing) = under_way.get(&subject) {
        return Some(drawing.clone());
    }
    if under_way.len() >= UNDER_WAY_MAX {
        return None;
    }
    let (give, drawing) = watch::channel(None);
    under_way.insert(subject, drawing.clone());
    let app = app.clone();
    tokio::spawn(async move {
        let picture = make(&app, subject).await;
        // Who asks from here on finds it in the cache, or begins anew.
        app.previews.under_way.lock().remove(&subject);
        if picture.is_some() {
            give.send_replace(picture);
        }
    });
    Some(drawing)
}

async fn make(app: &AppState, subject: Subject) -> Option<Picture> {
    let turns = app.previews.turns.clone();
    let turn = turns.acquire_owned().await.ok()?;
    let query = Query::Doc(subject.board.into());
    let read = app.store.read(ReadLevel::Local, query).await;
    let state = read
        .inspect_err(|error| tracing::warn!(%error, "no preview"))
        .ok()?
        .answer
        .into_doc();
    let cache = app.previews.cache.clone();
    let metrics = app.metrics.clone();
    let drawn = tokio::task::spawn_blocking(move || {
        // Given back when it is drawn, whether or not anybody still waits.
        let _turn = turn;
        let seq = state.as_ref().map_or(0, |state| state.head_seq);
        // Who looked into the cache just before another drawing ended begins one for nothing.
        if let Some(drawn) = cached(&cache, subject).filter(|drawn| drawn.seq >= seq) {
            return drawn;
        }
        let timer = metrics.preview_draw.start_timer();
        let svg = draw(state, subject.theme);
        timer.observe_duration();
        let value = [RELEASE, svg.as_bytes()].concat();
        cache.put_newest(&subject.series(), seq, &value);
        let svg = Bytes::from(svg);
        Picture { seq, svg }
    });
    // A panic in there has been logged.
    drawn.await.ok()
}

fn draw(state: Option<DocState>, theme: Theme) -> String {
    let doc = Doc::new();
    let mut transaction = doc.transact_mut();
    if let Some(state) = state {
        let body = state.body.map(|body| body.bytes);
        let tail = state.tail.into_iter().map(|update| update.bytes);
        for bytes in body.into_iter().chain(tail) {
            // What is stored has passed the gate; what yrs still refuses is left out of the picture.
            if let Ok(update) = Update::decode_v1(&bytes) {
                let _ = transaction.apply_update(update);
            }
        }
    }
    svg::preview(&document::elements(&transaction), theme)
}

/// Not the picture that was asked for, so nobody may keep it in its place.
fn not_for_long(response: Response) -> Response {
    let mut response = with_headers(response, None);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn with_headers(mut response: Response, etag: Option<&str>) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("image/svg+xml"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    if let Some(etag) = etag {
        conditions::put_etag(&mut response, etag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE_MAX, Previews};
    use crate::testing::{Answer, TestNode};
    use easel_board::svg::BYTES_MAX;
    use easel_storage::{Actor, Command, DocName, Envelope, NewUpdate, Payload, submit_one};
    use futures_util::future::join_all;
    use std::collections::HashMap;
    use tokio::sync::OwnedSemaphorePermit;
    use yrs::types::map::MapPrelim;
    use yrs::{Any, Doc, In, Map, ReadTxn, StateVector, TextPrelim, Transact};

    const HOSTILE: &str =
        "</text></svg><script>alert(1)</script><image href='x' onload=\"y\"/>&lt;]]>\u{0}\u{202e}";

    impl Previews {
        /// Lets nothing be drawn.
        async fn hold(&self) -> OwnedSemaphorePermit {
            let all = self.turns.available_permits();
            assert!((1..=AT_ONCE_MAX).contains(&all), "someone draws");
            let all = u32::try_from(all).unwrap();
            self.turns.clone().acquire_many_owned(all).await.unwrap()
        }
    }

    /// Notes and frames in rows, from this number on.
    fn elements(from: u32, to: u32, text: &str) -> Vec<u8> {
        let doc = Doc::new();
        let root = doc.get_or_insert_map("elements");
        let mut txn = doc.transact_mut();
        for n in from..to {
            let (x, y) = (f64::from(n % 100) * 120.0, f64::from(n / 100) * 90.0);
            let at = [x, y, 110.0, 80.0, 0.0].map(Any::from);
            let kind = if n % 2 == 0 { "sticky" } else { "shape" };
            let members: HashMap<String, In> = HashMap::from([
                ("type".to_owned(), Any::from(kind).into()),
                ("kind".to_owned(), Any::from("ellipse").into()),
                ("z".to_owned(), Any::from(format!("a{n:06}")).into()),
                ("fill".to_owned(), Any::from(text).into()),
                ("box".to_owned(), Any::from(at.to_vec()).into()),
                ("text".to_owned(), TextPrelim::new(text).into()),
            ]);
            root.insert(&mut txn, format!("el{n:08}"), MapPrelim::from_iter(members));
        }
        txn.encode_state_as_update_v1(&StateVector::default())
    }

    async fn write(node: &TestNode, board: &str, update: Vec<u8>) {
        let update = NewUpdate {
            author: Actor::Local,
            origin: None,
            payload: Payload::Inline(update.into()),
        };
        let doc = DocName::Board(board.parse().unwrap());
        let command = Command::AppendUpdates {
            doc,
            updates: vec![update],
        };
        let reply = submit_one(&*node.app.store, Envelope::new(Actor::Local, command)).await;
        reply.unwrap().1.unwrap();
    }

    fn ask(board: &str) -> String {
        format!("GET /api/v1/boards/{board}/preview.svg")
    }

    /// A node whose cache is open.
    async fn start() -> TestNode {
        let node = TestNode::start().await;
        let cache = node.app.previews.cache.clone();
        tokio::task::spawn_blocking(move || cache.settle())
            .await
            .unwrap();
        node
    }

    /// Asks until it is drawn.
    async fn drawn(node: &TestNode, board: &str) -> Answer {
        loop {
            let answer = node.ask(&ask(board)).await;
            match answer.status {
                200 if !answer.header("etag").is_empty() => return answer,
                200 | 202 => {}
                other => panic!("{other} {}", answer.body),
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_who_ask_at_once_share_one_drawing() {
        let node = start().await;
        let board = node.board("Plan").await;
        write(&node, &board, elements(0, 50, "note")).await;
        let held = node.app.previews.hold().await;
        let asking = join_all((0..50).map(|_| async {
            let answer = node.ask(&ask(&board)).await;
            (answer.status, answer.body)
        }));
        let begun = async {
            while node.app.previews.under_way.lock().is_empty() {
                tokio::task::yield_now().await;
            }
            drop(held);
        };
        let (answers, ()) = tokio::join!(asking, begun);
        // Some may have waited too long, on a slow machine.
        let picture = drawn(&node, &board).await;
        for (status, body) in answers {
            assert!(status == 202 || body == picture.body, "{status}");
        }
        assert_eq!(node.app.metrics.preview_draw.get_sample_count(), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_drawing_that_takes_long_holds_nobody_up() {
        let node = start().await;
        let board = node.board("Plan").await;
        write(&node, &board, elements(0, 5, "note")).await;
        let held = node.app.previews.hold().await;
        let empty = node.ask(&ask(&board)).await;
        assert_eq!(
            (empty.status, empty.header("cache-control")),
            (202, "no-store")
        );
        assert!(empty.body.contains("<circle") && empty.header("etag").is_empty());
        drop(held);
        let first = drawn(&node, &board).await;

        write(&node, &board, elements(5, 9, "more")).await;
        let held = node.app.previews.hold().await;
        let older = node.ask(&ask(&board)).await;
        assert_eq!(
            (older.status, older.header("cache-control")),
            (200, "no-store")
        );
        assert!(older.body == first.body && older.header("etag").is_empty());
        drop(held);
        let second = drawn(&node, &board).await;
        assert_ne!(second.body, first.body);
        assert_ne!(second.header("etag"), first.header("etag"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn beyond_the_queue_nothing_is_begun() {
        let node = start().await;
        let board = node.board("Plan").await;
        let held = node.app.previews.hold().await;
        let (_never, drawing) = tokio::sync::watch::channel(None);
        for _ in 0..super::UNDER_WAY_MAX {
            let subject = super::Subject {
                board: easel_storage::BoardId::mint(),
                theme: easel_board::schema::Theme::Light,
            };
            node.app
                .previews
                .under_way
                .lock()
                .insert(subject, drawing.clone());
        }
        assert_eq!(node.ask(&ask(&board)).await.status, 202);
        assert_eq!(
            node.app.previews.under_way.lock().len(),
            super::UNDER_WAY_MAX
        );
        drop(held);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_board_of_ten_thousand_hostile_elements_has_a_small_and_inert_picture() {
        let node = start().await;
        let board = node.board("Plan").await;
        write(&node, &board, elements(0, 10_000, HOSTILE)).await;
        let picture = drawn(&node, &board).await;
        assert!(picture.body.len() <= BYTES_MAX);
        // There no letter is large enough to be drawn; here each is.
        let small = node.board("Note").await;
        write(&node, &small, elements(0, 2, HOSTILE)).await;
        let note = drawn(&node, &small).await;
        assert!(note.body.contains("&lt;script"), "{}", note.body);
        for dangerous in [
            "<script",
            "<image",
            "href=\"",
            "href='",
            "onload=\"",
            "url(",
            "<style",
            "<!",
        ] {
            assert!(
                !picture.body.contains(dangerous) && !note.body.contains(dangerous),
                "{dangerous}"
            );
        }
        // From the cache, and then not even that.
        let again = node.ask(&ask(&board)).await;
        assert_eq!(again.body, picture.body);
        assert_eq!(node.app.metrics.preview_draw.get_sample_count(), 2);
    }
}
