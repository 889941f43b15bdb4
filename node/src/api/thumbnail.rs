//! A board's preview as PNG or WebP, for whatever shows no SVG: made from the preview, and kept in the cache beside it.

use super::conditions;
use super::preview::{self, Picture, Subject};
use super::query::Params;
use super::wire::choice;
use crate::app::AppState;
use crate::auth::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::quality_of;
use crate::images;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use easel_board::svg;
use easel_storage::cache::Cache;
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::sync::Semaphore;

/// What is asked for is rounded up to one of these, so that a board has few of them.
const WIDTHS: [u32; 5] = [160, 320, 480, 960, 1280];
const WIDTH_DEFAULT: u32 = 480;
const WEBP_QUALITY: f32 = 82.0;
const AT_ONCE_MAX: usize = 4;
/// That are made or wait for their turn. Beyond that callers are told to come back.
const UNDER_WAY_MAX: usize = 64;

pub(crate) struct Thumbnails {
    cache: Cache,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Webp,
}

#[derive(Debug, Clone, Copy)]
struct Shape {
    width: u32,
    format: Format,
}

impl Thumbnails {
    pub(crate) fn new(cache: Cache) -> Thumbnails {
        let cores = available_parallelism().map_or(1, usize::from);
        Thumbnails {
            cache,
            places: Arc::new(Semaphore::new(UNDER_WAY_MAX)),
            turns: Arc::new(Semaphore::new((cores / 2).clamp(1, AT_ONCE_MAX))),
        }
    }

    /// The picture of one state of the board, out of the cache or made now.
    async fn of(&self, subject: Subject, shape: Shape, picture: Picture) -> Result<Bytes, Problem> {
        let place = self.places.clone().try_acquire_owned();
        let _place = place.map_err(|_| Code::Busy)?;
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|_| Code::Internal)?;
        let cache = self.cache.clone();
        let made = tokio::task::spawn_blocking(move || {
            // Given back when it is made, whether or not anybody still waits.
            let _turn = turn;
            let series = shape.series(subject);
            if let Some(made) = cached(&cache, &series, picture.seq) {
                return Some(made);
            }
            let made = draw(&picture.svg, subject, shape)?;
            let value = [preview::RELEASE, made.as_slice()].concat();
            cache.put_newest(&series, picture.seq, &value);
            Some(made.into())
        });
        // A panic in there has been logged.
        made.await
            .ok()
            .flatten()
            .ok_or_else(|| Code::Internal.into())
    }

    async fn cached(&self, subject: Subject, shape: Shape, seq: u64) -> Option<Bytes> {
        let cache = self.cache.clone();
        let looked_up =
            tokio::task::spawn_blocking(move || cached(&cache, &shape.series(subject), seq));
        looked_up.await.ok()?
    }
}

/// Blocks for as long as the disk takes.
fn cached(cache: &Cache, series: &[u8], seq: u64) -> Option<Bytes> {
    let (found, value) = cache.newest(series)?;
    let made = value.slice_ref(value.strip_prefix(preview::RELEASE)?);
    (found >= seq).then_some(made)
}

fn draw(svg: &[u8], subject: Subject, shape: Shape) -> Option<Vec<u8>> {
    let image = images::raster(svg, subject.theme(), shape.width)?;
    match shape.format {
        Format::Png => images::png(&image),
        Format::Webp => images::webp(&image, WEBP_QUALITY),
    }
}

impl Shape {
    fn word(self) -> &'static str {
        match self.format {
            Format::Png => "png",
            Format::Webp => "webp",
        }
    }

    fn series(self, subject: Subject) -> Vec<u8> {
        let mut series = format!("thumbnail {} {} ", self.width, self.word()).into_bytes();
        series.extend(subject.series());
        series
    }

    fn etag(self, subject: Subject, seq: u64) -> String {
        let mut key = self.series(subject);
        key.extend(preview::RELEASE);
        key.extend(seq.to_be_bytes());
        conditions::etag(None, &key)
    }
}

choice! {
    ThumbnailTheme: preview::THEMES;
}

/// A board as a small picture. While that of the newest state is still being made, an older one or an empty one (202).
#[utoipa::path(
    get, path = "/boards/{board}/thumbnail", operation_id = "boards_thumbnail", tag = "Content",
    security((), ("bearer" = ["boards:read"])),
    params(
        ("w" = Option<u32>, Query, description = "Pixels across; what is at least so wide is sent.", minimum = 1, maximum = 1280),
        ("theme" = inline(Option<ThumbnailTheme>), Query),
        ("seq" = Option<u64>, Query, description = "Whatever makes the address another when the board moved on."),
        ("pass" = Option<String>, Query, description = "As the board's `preview_url` has it; then no token is needed."),
    ),
    responses(
        (status = 200, description = "WebP to who says that they take it, else PNG", content((Vec<u8> = "image/png"), (Vec<u8> = "image/webp"))),
        (status = 202, description = "An empty one: it is being made"),
        (status = 304, description = "The caller has it"),
    ),
    extensions(("x-problems" = json!(["forbidden", "busy"]))),
)]
pub(super) async fn show(
    State(app): State<AppState>,
    asking: Result<Caller, Problem>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut params = Params::of(&uri)?;
    let width = params.take::<u32>("w", "is a number of pixels")?;
    let width = width.unwrap_or(WIDTH_DEFAULT);
    let width = WIDTHS
        .into_iter()
        .find(|there| width > 0 && *there >= width);
    let width = width
        .ok_or_else(|| Problem::new(Code::BadQuery).detail("the parameter w is from 1 to 1280"))?;
    let theme = params.choice("theme", &preview::THEMES)?;
    params.seq()?;
    let pass: Option<String> = params.take("pass", "is a pass")?;
    params.finish()?;
    let board = preview::admitted(&app, asking, &id, pass, &headers).await?;
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|accept| accept.to_str().ok());
    let takes_webp = quality_of(accepted.unwrap_or_default(), "image/webp") > 0;
    let shape = Shape {
        width,
        format: match takes_webp {
            true => Format::Webp,
            false => Format::Png,
        },
    };
    let subject = Subject::new(board.id, theme);
    let etag = shape.etag(subject, board.seq);
    if conditions::is_known(&headers, &etag) {
        let response = StatusCode::NOT_MODIFIED.into_response();
        return Ok(with_headers(response, shape, Some(&etag)));
    }
    if let Some(made) = app.thumbnails.cached(subject, shape, board.seq).await {
        return Ok(with_headers(made.into_response(), shape, Some(&etag)));
    }
    let Some(picture) = preview::drawn(&app, subject, board.seq).await? else {
        let empty = svg::preview(&[], theme);
        let empty = draw(empty.as_bytes(), subject, shape).ok_or(Code::Internal)?;
        let response = (StatusCode::ACCEPTED, empty).into_response();
        return Ok(not_for_long(response, shape));
    };
    let is_newest = picture.seq >= board.seq;
    let etag = shape.etag(subject, picture.seq);
    let made = app.thumbnails.of(subject, shape, picture).await?;
    Ok(match is_newest {
        true => with_headers(made.into_response(), shape, Some(&etag)),
        false => not_for_long(made.into_response(), shape),
    })
}

/// Not the picture that was asked for, so nobody may keep it in its place.
fn not_for_long(response: Response, shape: Shape) -> Response {
    let mut response = with_headers(response, shape, None);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn with_headers(mut response: Response, shape: Shape, etag: Option<&str>) -> Response {
    let media = match shape.format {
        Format::Png => "image/png",
        Format::Webp => "image/webp",
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    if let Some(etag) = etag {
        conditions::put_etag(&mut response, etag);
    }
    response
}
