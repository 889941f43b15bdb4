//! A board's content as one Yjs update.
//!
//! `part=body` asks for the stored body alone, which a page loads while its scripts come and then connects: it is given
//! compressed, and a room sends the rest to whoever says that it has the body. It is compressed once for every body, off
//! the request path, and kept in the cache beside the pictures, which may forget it at any time. Without `part` it is
//! all of the content, put together for the one who asks.

use super::access;
use super::boards::board_id;
use super::contents::Needs;
use super::query::Params;
use super::wire::choice;
use super::{body, conditions, contents, elements, store};
use crate::app::AppState;
use crate::auth::{Caller, wall_clock};
use crate::config::ByteSize;
use crate::http::Peer;
use crate::http::places::{Place, Places, Shares};
use crate::http::problem::{Code, Problem};
use crate::http::quality_of;
use crate::realtime::Wish;
use crate::realtime::fold;
use crate::realtime::sse::base64;
use axum::body::{Body, HttpBody};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use easel_board::gate::{self, Limits};
use easel_storage::cache::Cache;
use easel_storage::people::Scope;
use easel_storage::{BoardId, DocState, Query, ReadLevel};
use flate2::write::GzEncoder;
use futures_util::stream;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use utoipa::ToSchema;
use yrs::updates::decoder::Decode;
use yrs::{ReadTxn, Transact};

/// Smaller ones are as soon there over the WebSocket.
const BYTES_MIN: usize = 64 << 10;
/// Larger ones may come to more than the cache keeps, and would be compressed for everybody anew.
const BYTES_MAX: usize = 32 << 20;
/// Bodies that are compressed at once, and that are or wait for it. Beyond that nothing is begun.
const AT_ONCE_MAX: usize = 1;
const UNDER_WAY_MAX: usize = 64;
/// Whoever asks first waits at most so long for it.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// One update, as over a WebSocket; and how many are read at once.
const UPDATE_BYTES_MAX: u64 = 16 << 20;
const TAKEN_AT_ONCE_MAX: usize = 8;
/// Whole contents that are put together for their callers, and on their way to them.
const GIVEN: Shares = Shares {
    all: 32,
    person: 4,
    network: 24,
};
const GIVEN_PIECE_BYTES: usize = 256 << 10;
/// Who brings one, or waits for a turn to.
const BRINGING: Shares = Shares {
    all: 64,
    person: 4,
    network: 24,
};
/// Who waits longer for a turn is told to come back.
const TURN_WAIT_MAX: Duration = Duration::from_secs(5);
/// How many updates the body holds; a room is told this by whoever has it.
const BODY_SEQ: HeaderName = HeaderName::from_static("easel-body-seq");

/// A page waits for it, so it must be quick; a higher quality takes several times as long for a tenth less.
const BROTLI_QUALITY: i32 = 5;
const BROTLI_WINDOW_BITS: i32 = 22;
const GZIP_LEVEL: u32 = 6;

pub(crate) struct Bodies {
    cache: Cache,
    turns: Arc<Semaphore>,
    takers: Semaphore,
    bringing: Places,
    given: Places,
    under_way: Mutex<HashMap<Subject, Packing>>,
}

/// What there is one of at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Subject {
    board: BoardId,
    coding: Coding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Coding {
    Brotli,
    Gzip,
    Identity,
}

/// A body to be; its sender is dropped when it failed.
type Packing = watch::Receiver<Option<Packed>>;

/// Empty when the body is too small, or too large.
#[derive(Debug, Clone)]
struct Packed {
    body_seq: u64,
    bytes: Bytes,
}

impl Bodies {
    pub(crate) fn new(cache: Cache) -> Bodies {
        Bodies {
            cache,
            turns: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            takers: Semaphore::new(TAKEN_AT_ONCE_MAX),
            bringing: Places::new(BRINGING),
            given: Places::new(GIVEN),
            under_way: Mutex::default(),
        }
    }
}

impl Coding {
    fn of(request: &HeaderMap) -> Self {
        let accepted = request.get(header::ACCEPT_ENCODING);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        let quality = |coding: Self| quality_of(accepted.unwrap_or_default(), coding.name());
        match (quality(Self::Brotli), quality(Self::Gzip)) {
            (0, 0) => Self::Identity,
            (brotli, gzip) if brotli >= gzip => Self::Brotli,
            _ => Self::Gzip,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    fn pack(self, body: &[u8]) -> Vec<u8> {
        let written = "a vector takes all that is written to it";
        match self {
            Self::Brotli => {
                let params = BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: BROTLI_WINDOW_BITS,
                    size_hint: body.len(),
                    ..BrotliEncoderParams::default()
                };
                let mut packed = Vec::new();
                brotli::BrotliCompress(&mut &body[..], &mut packed, &params).expect(written);
                packed
            }
            Self::Gzip => {
                let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
                packer.write_all(body).expect(written);
                packer.finish().expect(written)
            }
            Self::Identity => body.to_vec(),
        }
    }
}

impl Subject {
    /// In the cache, numbered by the body.
    fn series(self) -> Vec<u8> {
        format!("body {} {} ", self.board, self.coding.name()).into_bytes()
    }

    fn etag(self, body_seq: u64) -> String {
        let key = format!("{} {} {body_seq}", self.board, self.coding.name());
        conditions::etag(None, key.as_bytes())
    }
}

#[derive(Debug, Clone, Copy)]
enum Part {
    All,
    Body,
}

const PARTS: [(&str, Part); 2] = [("all", Part::All), ("body", Part::Body)];

choice! {
    PartWord: PARTS;
}

/// A board's content as one Yjs update.
#[utoipa::path(
    get, path = "/boards/{board}/ydoc", operation_id = "ydoc_show", tag = "Content",
    security(("bearer" = ["elements:read"])),
    params(
        ("part" = inline(Option<PartWord>), Query, description = "The stored body alone, compressed as the caller likes, or `all`."),
        ("sv" = Option<String>, Query, description = "A Yjs state vector in base64url: only what it lacks is answered."),
        ("format" = Option<String>, Query, description = "The encoding of the update: `v1` or `v2`.", pattern = "^v[12]$"),
    ),
    responses((status = 200, description = "A Yjs update, version 1", body = Vec<u8>, content_type = "application/octet-stream"), (status = 202, description = "The body is being compressed: connect, or ask again"), (status = 204, description = "There is no stored body worth loading by itself")),
    extensions(("x-problems" = json!(["forbidden", "busy"]))),
)]
pub(super) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    peer: Peer,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut params = Params::of(&uri)?;
    let part = params.choice("part", &PARTS)?;
    let since = params.take::<String>("sv", "is a state vector in base64url")?;
    let format = params.choice("format", &[("v1", Format::V1), ("v2", Format::V2)])?;
    params.finish()?;
    let is_plain = since.is_none() && matches!(format, Format::V1);
    if matches!(part, Part::Body) && !is_plain {
        return Err(Problem::new(Code::BadQuery).detail("the body comes as it is stored"));
    }
    let board = board_id(&id)?;
    access::scope(&caller, Scope::ElementsRead)?;
    let seen = access::seen(&app, &caller, store::level(&headers), board).await?;
    let board = seen.view.board;
    if matches!(part, Part::Body) {
        return show_body(&app, &headers, board.id).await;
    }
    let place = app.bodies.given.take(&caller, peer.network());
    let place = place.ok_or_else(|| {
        Problem::new(Code::Busy)
            .detail("too many whole boards are under way; part=body is not held up")
    })?;
    let response = match is_plain {
        true => show_all(&app, &headers, board.id).await?,
        false => show_since(&app, &headers, board.id, (since, format)).await?,
    };
    Ok(keeping(place, response))
}

/// Holds the place until nearly all of the answer has left: a slow reader has the whole of it in memory.
fn keeping(place: Place, response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    // What answers with bytes of its own says how many; the rest has nothing to hold.
    if let Some(len) = body.size_hint().exact() {
        head.headers.insert(header::CONTENT_LENGTH, len.into());
    }
    let pieces = stream::unfold(
        (body, Bytes::new(), place),
        |(mut body, mut rest, place)| async {
            while rest.is_empty() {
                rest = match body.frame().await? {
                    Ok(frame) => frame.into_data().unwrap_or_default(),
                    Err(error) => return Some((Err(error), (body, rest, place))),
                };
            }
            let piece = rest.split_to(rest.len().min(GIVEN_PIECE_BYTES));
            Some((Ok(piece), (body, rest, place)))
        },
    );
    Response::from_parts(head, Body::from_stream(pieces))
}

async fn show_all(
    app: &AppState,
    headers: &HeaderMap,
    board: BoardId,
) -> Result<Response, Problem> {
    let read = store::read(app, store::level(headers), Query::Doc(board.into())).await?;
    let state = read.into_doc().ok_or(Code::BoardNotFound)?;
    let etag = conditions::etag(None, format!("{board} {}", state.head_seq).as_bytes());
    let mut response = if conditions::is_known(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let whole = tokio::task::spawn_blocking(move || whole(state)).await;
        let whole = whole.ok().flatten().ok_or(Code::Internal)?;
        as_bytes(whole)
    };
    conditions::put_etag(&mut response, &etag);
    Ok(response)
}

/// How an update is encoded.
#[derive(Debug, Clone, Copy)]
enum Format {
    V1,
    V2,
}

/// What a caller with this state vector lacks, deletions always included.
async fn show_since(
    app: &AppState,
    headers: &HeaderMap,
    board: BoardId,
    (since, format): (Option<String>, Format),
) -> Result<Response, Problem> {
    let bad = || Problem::new(Code::BadQuery).detail("the parameter sv is not a state vector");
    let since = match since.as_deref() {
        None | Some("") => vec![0],
        Some(text) => base64::decode_from_address(text).ok_or_else(bad)?,
    };
    gate::check_state_vector(&since, &Limits::board()).map_err(|_| bad())?;
    let known = headers.clone();
    let level = store::level(headers);
    let (etag, bytes) = contents::read(app, level, board, Needs::Document, move |content| {
        let asked = [
            content.tag().as_bytes(),
            &since,
            format!("{format:?}").as_bytes(),
        ]
        .concat();
        let etag = conditions::etag(None, &asked);
        if conditions::is_known(&known, &etag) {
            return (etag, None);
        }
        let txn = content.doc.transact();
        let since = yrs::StateVector::decode_v1(&since).unwrap_or_default();
        let bytes = match format {
            Format::V1 => txn.encode_diff_v1(&since),
            Format::V2 => txn.encode_diff_v2(&since),
        };
        (etag, Some(bytes))
    })
    .await?;
    let mut response = match bytes {
        None => StatusCode::NOT_MODIFIED.into_response(),
        Some(bytes) => as_bytes(bytes.into()),
    };
    conditions::put_etag(&mut response, &etag);
    Ok(response)
}

/// The board's Yjs state vector.
#[utoipa::path(
    get, path = "/boards/{board}/ydoc/sv", operation_id = "ydoc_state_vector", tag = "Content",
    security(("bearer" = ["elements:read"])),
    responses((status = 200, description = "A Yjs state vector", body = Vec<u8>, content_type = "application/octet-stream"), (status = 304, description = "It is what If-None-Match names.")),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn state_vector(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::ElementsRead)?;
    let level = store::level(&headers);
    access::seen(&app, &caller, level, board).await?;
    let bytes = contents::read(&app, level, board, Needs::Document, |content| {
        easel_board::document::version(&content.doc.transact())
            .0
            .encode()
    })
    .await?;
    let etag = conditions::etag(None, &bytes);
    let mut response = match conditions::is_known(&headers, &etag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => as_bytes(bytes.into()),
    };
    conditions::put_etag(&mut response, &etag);
    Ok(response)
}

#[derive(Serialize, ToSchema)]
struct Taken {
    /// False: everything in it was there already.
    applied: bool,
    /// What Easel-Index says.
    index: u64,
}

/// Takes a Yjs update into the board, as if somebody there had made it. Takes the role editor.
#[utoipa::path(
    post, path = "/boards/{board}/ydoc", operation_id = "ydoc_apply", tag = "Content",
    security(("bearer" = ["elements:write"])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "It is stored", body = Taken)),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "bad-update", "body-too-large", "body-timeout", "unsupported-media-type", "disk-full", "result-unknown", "draining", "busy"]))),
)]
pub(super) async fn apply(
    State(app): State<AppState>,
    caller: Caller,
    peer: Peer,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    elements::writer(&app, &caller, board).await?;
    let (parts, body) = request.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE);
    if kind.and_then(|kind| kind.to_str().ok()) != Some("application/octet-stream") {
        return Err(Code::UnsupportedMediaType.into());
    }
    let place = app.bodies.bringing.take(&caller, peer.network());
    let _place = place.ok_or(Code::Busy)?;
    let turn = tokio::time::timeout(TURN_WAIT_MAX, app.bodies.takers.acquire());
    let _turn = turn.await.map_err(|_| Code::Busy)?;
    let limit = ByteSize(UPDATE_BYTES_MAX);
    let update = body::read_bytes(&app, body, limit).await?;
    // The access may have ended while the body was under way.
    let caller = app.auth.still(&caller, wall_clock()).await?;
    elements::writer(&app, &caller, board).await?;
    let wish = || Wish::Update(update.clone());
    let wrote = elements::ordered(&app, &caller, board, None, wish).await?;
    let taken = Taken {
        applied: wrote.applied,
        index: wrote.index.0,
    };
    let mut response = conditions::answer(&HeaderMap::new(), None, &taken);
    store::put_index(&mut response, wrote.index);
    Ok(response)
}

fn whole(state: DocState) -> Option<Bytes> {
    let body = state.body.map(|body| body.bytes);
    let tail = state.tail.into_iter().map(|update| update.bytes);
    let mut stored: Vec<Bytes> = body.into_iter().chain(tail).collect();
    match stored.len() {
        1 => stored.pop(),
        // It is what was accepted, so that it cannot be put together is a bug of ours.
        _ => Some(fold(&stored).ok()?.0.into()),
    }
}

async fn show_body(
    app: &AppState,
    headers: &HeaderMap,
    board: BoardId,
) -> Result<Response, Problem> {
    let coding = Coding::of(headers);
    let subject = Subject { board, coding };
    let query = Query::BodySeq(board.into());
    let body_seq = store::read(app, store::level(headers), query).await?;
    let body_seq = body_seq.into_body_seq().unwrap_or(0);
    if body_seq == 0 {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if conditions::is_known(headers, &subject.etag(body_seq)) {
        let response = StatusCode::NOT_MODIFIED.into_response();
        return Ok(with_headers(response, subject, body_seq));
    }
    let packed = match newest(app, subject).await {
        Some(packed) if packed.body_seq >= body_seq => Some(packed),
        _ => packed_in_time(app, subject).await?,
    };
    let Some(packed) = packed else {
        // Another time it is there; meanwhile the WebSocket brings the same.
        let wait = [
            (header::RETRY_AFTER, "1"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        return Ok((StatusCode::ACCEPTED, wait).into_response());
    };
    if packed.bytes.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let body_seq = packed.body_seq;
    Ok(with_headers(as_bytes(packed.bytes), subject, body_seq))
}

fn as_bytes(bytes: Bytes) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    (kind, bytes).into_response()
}

fn with_headers(mut response: Response, subject: Subject, body_seq: u64) -> Response {
    conditions::put_etag(&mut response, &subject.etag(body_seq));
    let headers = response.headers_mut();
    headers.insert(BODY_SEQ, body_seq.into());
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if subject.coding != Coding::Identity {
        let name = HeaderValue::from_static(subject.coding.name());
        headers.insert(header::CONTENT_ENCODING, name);
    }
    response
}

async fn newest(app: &AppState, subject: Subject) -> Option<Packed> {
    let cache = app.bodies.cache.clone();
    let looked_up = tokio::task::spawn_blocking(move || cached(&cache, subject));
    looked_up.await.ok()?
}

/// Blocks for as long as the disk takes.
fn cached(cache: &Cache, subject: Subject) -> Option<Packed> {
    let (body_seq, bytes) = cache.newest(&subject.series())?;
    Some(Packed { body_seq, bytes })
}

async fn packed_in_time(app: &AppState, subject: Subject) -> Result<Option<Packed>, Problem> {
    let Some(mut packing) = begin_or_join(app, subject) else {
        return Ok(None);
    };
    match tokio::time::timeout(ANSWER_WITHIN, packing.wait_for(Option::is_some)).await {
        Ok(Ok(packed)) => Ok(packed.clone()),
        // It has been logged; the board itself is not touched.
        Ok(Err(_)) => Err(Code::Internal.into()),
        Err(_) => Ok(None),
    }
}

/// Nothing when too much is under way already.
fn begin_or_join(app: &AppState, subject: Subject) -> Option<Packing> {
    let mut under_way = app.bodies.under_way.lock();
    if let Some(packing) = under_way.get(&subject) {
        return Some(packing.clone());
    }
    if under_way.len() >= UNDER_WAY_MAX {
        return None;
    }
    let (give, packing) = watch::channel(None);
    under_way.insert(subject, packing.clone());
    let app = app.clone();
    tokio::spawn(async move {
        let packed = make(&app, subject).await;
        // Who asks from here on finds it in the cache, or begins anew.
        app.bodies.under_way.lock().remove(&subject);
        if packed.is_some() {
            give.send_replace(packed);
        }
    });
    Some(packing)
}

async fn make(app: &AppState, subject: Subject) -> Option<Packed> {
    let turn = app.bodies.turns.clone().acquire_owned().await.ok()?;
    let query = Query::Doc(subject.board.into());
    let read = app.store.read(ReadLevel::Local, query).await;
    let state = read
        .inspect_err(|error| tracing::warn!(%error, "no body to compress"))
        .ok()?
        .answer
        .into_doc();
    let body = state.and_then(|state| state.body)?;
    let cache = app.bodies.cache.clone();
    let made = tokio::task::spawn_blocking(move || {
        // Given back when it is done, whether or not anybody still waits.
        let _turn = turn;
        let body_seq = body.seq;
        // Who looked into the cache just before this was made begins it for nothing.
        if let Some(packed) = cached(&cache, subject).filter(|packed| packed.body_seq >= body_seq) {
            return packed;
        }
        let bytes = match body.bytes.len() {
            BYTES_MIN..=BYTES_MAX => subject.coding.pack(&body.bytes),
            _ => Vec::new(),
        };
        cache.put_newest(&subject.series(), body_seq, &bytes);
        let bytes = Bytes::from(bytes);
        Packed { body_seq, bytes }
    });
    // A panic in there has been logged.
    made.await.ok()
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MIN, Coding};
    use crate::testing::{Answer, TestNode};
    use easel_storage::{Actor, Command, DocName, Envelope, NewUpdate, Payload, submit_one};
    use std::io::Read as _;

    async fn run(node: &TestNode, command: Command) {
        let reply = submit_one(&*node.app.store, Envelope::new(Actor::Local, command)).await;
        reply.unwrap().1.unwrap();
    }

    /// One more update, and a body of it: opaque to the store, so it need not be Yjs.
    async fn fold(node: &TestNode, board: &str, before: u64, body: String) {
        let doc = DocName::Board(board.parse().unwrap());
        let update = NewUpdate {
            author: Actor::Local,
            origin: None,
            payload: Payload::Inline(vec![0, 0].into()),
        };
        let updates = vec![update];
        let append = Command::AppendUpdates {
            doc: doc.clone(),
            updates,
        };
        run(node, append).await;
        let compact = Command::Compact {
            doc,
            expected_body_seq: before,
            upto_seq: before + 1,
            body: Payload::Inline(body.into()),
            state_vector: vec![0],
        };
        run(node, compact).await;
    }

    /// Asks until it is compressed.
    async fn body(node: &TestNode, board: &str, headers: &str) -> Answer {
        loop {
            let text = format!("GET /api/v1/boards/{board}/ydoc?part=body{headers}");
            let answer = node.ask(&text).await;
            if answer.status != 202 {
                return answer;
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_body_comes_as_the_caller_likes_it_and_not_twice() {
        let node = TestNode::start().await;
        let board = node.board("Plan").await;
        assert_eq!(body(&node, &board, "").await.status, 204);
        let content = "an element ".repeat(BYTES_MIN / 10);
        fold(&node, &board, 0, content.clone()).await;
        let mut tags = Vec::new();
        for (accepted, expected) in [
            ("", ""),
            ("identity", ""),
            ("deflate", ""),
            ("gzip", "gzip"),
            ("gzip, deflate, br", "br"),
            ("gzip;q=1, br;q=0", "gzip"),
            ("*", "br"),
        ] {
            let accept = match accepted {
                "" => String::new(),
                accepted => format!("\naccept-encoding: {accepted}"),
            };
            let answer = body(&node, &board, &accept).await;
            assert_eq!(answer.status, 200, "{accepted}");
            assert_eq!(answer.header("content-encoding"), expected, "{accepted}");
            assert_eq!(answer.header("vary"), "accept-encoding");
            assert_eq!(answer.header("easel-body-seq"), "1");
            assert_eq!(answer.body == content, expected.is_empty(), "{accepted}");
            let tag = answer.header("etag").to_owned();
            let known = format!("{accept}\nif-none-match: {tag}");
            let again = body(&node, &board, &known).await;
            assert_eq!((again.status, again.body.len()), (304, 0));
            tags.push((expected, tag));
        }
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 3, "one tag for each coding: {tags:?}");

        fold(&node, &board, 1, content.replace('a', "b")).await;
        let newer = body(&node, &board, "").await;
        assert_eq!(newer.header("easel-body-seq"), "2");
        assert!(newer.body.starts_with("bn element"));
        fold(&node, &board, 2, "small".to_owned()).await;
        assert_eq!(body(&node, &board, "").await.status, 204);
        assert_eq!(
            body(&node, "brd_00000000000000000000000000", "")
                .await
                .status,
            404
        );
    }

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let body: Vec<u8> = (0..200_000_u32).flat_map(|n| n.to_le_bytes()).collect();
        let packed = Coding::Brotli.pack(&body);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &packed[..], &mut unpacked).unwrap();
        assert!(unpacked == body && packed.len() < body.len());
        let packed = Coding::Gzip.pack(&body);
        unpacked.clear();
        let mut unpacker = flate2::read::GzDecoder::new(&packed[..]);
        unpacker.read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == body && packed.len() < body.len());
    }
}
