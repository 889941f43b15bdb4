//! A board without a WebSocket: its events in a response that does not end, and what is posted beside it.

use super::body;
use super::query::Params;
use crate::app::AppState;
use crate::config::ByteSize;
use crate::http::problem::{Code, Problem};
use crate::http::{OurHost, Peer, door, join_refused};
use crate::realtime::sse::{self, Asked, Events, Opened, PostRefused, StreamRefused};
use axum::body::Body;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::str::FromStr;

/// Which stream a post belongs to: the name that its first event told.
const STREAM: HeaderName = HeaderName::from_static("easel-stream");
/// Which of the stream's posts it is, counted from 1.
const SEQ: HeaderName = HeaderName::from_static("easel-seq");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// What the lengths of a body's messages may take beside the messages.
const FRAMING_BYTES_MAX: u64 = 64 << 10;

/// Opens a stream, or goes on with one that was cut off.
#[utoipa::path(
    get, path = "/boards/{board}/stream", operation_id = "stream_open", tag = "Content",
    security(("bearer" = ["elements:read"])),
    params(
        ("sv" = Option<String>, Query, description = "A Yjs state vector in base64url: only what came after it is sent."),
        ("ticket" = Option<String>, Query, description = "Instead of a token in a header."),
    ),
    responses((status = 200, description = "Events, without an end", body = String, content_type = "text/event-stream"), (status = 204, description = "This stream is over: do not come back")),
    extensions(("x-problems" = json!(["forbidden", "foreign-origin", "bad-stream", "method-not-allowed", "board-trashed", "board-full", "too-many-streams", "draining"]))),
)]
pub(super) async fn open(
    State(app): State<AppState>,
    Extension(ours): Extension<OurHost>,
    Path(name): Path<String>,
    peer: Peer,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if method == Method::HEAD {
        // It would take a seat to tell nothing.
        return Err(Code::MethodNotAllowed.into());
    }
    app.guard.check_page(&ours, &headers)?;
    let mut params = Params::of(&uri)?;
    let sv = params.take::<String>("sv", "is a state vector")?;
    // What it says is read with the other credentials.
    params.take::<String>("ticket", "is a ticket")?;
    params.finish()?;
    let caller = door::caller(&app, &name, &uri, &headers).await;
    let last_event_id = header_text(&headers, &LAST_EVENT_ID);
    // Where no response may stay open, a stream goes on in one after another; only its beginning counts.
    if last_event_id.is_none() || caller.is_err() {
        door::count(&app, peer, &caller).check()?;
    }
    let admission = door::admit(&app, &name, caller?).await?;
    let asked = Asked {
        name: &name,
        last_event_id,
        sv: sv.as_deref(),
    };
    match sse::open(&app.rooms, asked, admission).await {
        Ok(Opened::Events(events)) => Ok(response(events)),
        // Browsers' own EventSource comes back after any other end.
        Ok(Opened::Over) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(StreamRefused::Join(refused)) => Err(join_refused(refused)),
        Err(error @ StreamRefused::TooMany) => {
            Err(Problem::new(Code::TooManyStreams).detail(error.to_string()))
        }
        Err(error @ StreamRefused::BadStateVector) => {
            Err(Problem::new(Code::BadQuery).detail(error.to_string()))
        }
    }
}

fn response(events: Events) -> Response {
    let chunks = futures_util::stream::unfold(events, |mut events| async move {
        let chunk = events.recv().await?;
        Some((Ok::<_, Infallible>(chunk), events))
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // A proxy that gathers an answer before it passes it on would pass on nothing.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Takes what a stream's client has to say.
#[utoipa::path(
    post, path = "/boards/{board}/updates", operation_id = "stream_post", tag = "Content",
    security(()),
    params(
        ("easel-stream" = String, Header, description = "The name that the stream's first event told; it stands for who opened it."),
        ("easel-seq" = u64, Header, description = "Which of the stream's posts it is.", minimum = 1),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "Messages, each after its length."),
    responses((status = 204, description = "Taken")),
    extensions(("x-problems" = json!(["bad-stream", "sequence-gap", "stream-gone"]))),
)]
pub(super) async fn post(
    State(app): State<AppState>,
    Path(name): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let (parts, body) = request.into_parts();
    if header_text(&parts.headers, &header::CONTENT_TYPE) != Some("application/octet-stream") {
        return Err(Code::UnsupportedMediaType.into());
    }
    let stream = stream_of(&parts.headers)?;
    let number = header_text(&parts.headers, &SEQ)
        .and_then(|number| u64::from_str(number).ok())
        .filter(|number| *number > 0)
        .ok_or_else(|| Problem::new(Code::BadStream).detail("Easel-Seq is not a number from 1"))?;
    let posting = sse::posting_to(&app.rooms, &name, stream).ok_or(Code::StreamGone)?;
    // The body after the turn, so that a stream has one in memory at most.
    let post = posting.turn().await.map_err(refused)?;
    let limit = ByteSize(app.config.realtime.message_max.0 + FRAMING_BYTES_MAX);
    let body = body::read_bytes(&app, body, limit).await?;
    post.take(number, body).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The client leaves: others see it go at once, and its seat is free. Nothing is there to fail.
#[utoipa::path(
    delete, path = "/boards/{board}/stream", operation_id = "stream_leave", tag = "Content",
    security(()),
    params(
        ("easel-stream" = String, Header, description = "The name that the stream's first event told."),
    ),
    responses((status = 204, description = "Gone")),
    extensions(("x-problems" = json!(["bad-stream"]))),
)]
pub(super) async fn leave(
    State(app): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    if let Some(posting) = sse::posting_to(&app.rooms, &name, stream_of(&headers)?) {
        posting.leave().await;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn stream_of(headers: &HeaderMap) -> Result<&str, Problem> {
    header_text(headers, &STREAM)
        .ok_or_else(|| Problem::new(Code::BadStream).detail("Easel-Stream is missing"))
}

fn header_text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn refused(why: PostRefused) -> Problem {
    let code = match why {
        PostRefused::Busy => Code::TooManyRequests,
        PostRefused::Gap { .. } => Code::SequenceGap,
        PostRefused::Body(sse::BadBody::TooLarge) => Code::BodyTooLarge,
        PostRefused::Body(sse::BadBody::Framing(_) | sse::BadBody::TooMany) => Code::BadStream,
        PostRefused::Over => Code::StreamGone,
    };
    Problem::new(code).detail(why.to_string())
}
