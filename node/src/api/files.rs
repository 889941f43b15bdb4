//! Files as answers: whole or in part, with what keeps a browser from taking them for anything else.

use super::conditions;
use crate::app::App;
use crate::http::problem::{Code, Problem};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use easel_storage::blobs::{BlobError, BlobHash};
use futures_util::stream;
use std::io::{self, Read};
use std::ops::Range;

/// A file that someone opens by itself is a document then, and may do nothing.
const POLICY: &str = "default-src 'none'; sandbox";
const CHUNK_BYTES: u64 = 128 << 10;

/// What is sent.
pub(super) struct Kept {
    pub(super) hash: BlobHash,
    pub(super) len: u64,
    pub(super) media: String,
    pub(super) etag: String,
    /// What a browser saves it as.
    pub(super) name: String,
    pub(super) cache: &'static str,
}

/// The file, or the part that is asked for. Only pictures whose pixels we wrote are shown in place.
pub(super) async fn send(
    app: &App,
    method: &Method,
    asked: &HeaderMap,
    kept: Kept,
) -> Result<Response, Problem> {
    if conditions::is_known(asked, &kept.etag) {
        let response = StatusCode::NOT_MODIFIED.into_response();
        return Ok(with_headers(response, &kept));
    }
    let part = match part_of(asked, &kept) {
        Part::Whole => None,
        Part::Range(range) => Some(range),
        Part::Outside => {
            let mut response = Problem::new(Code::BadRange).into_response();
            let total = HeaderValue::try_from(format!("bytes */{}", kept.len));
            let total = total.expect("a number is ASCII");
            response.headers_mut().insert(header::CONTENT_RANGE, total);
            return Ok(response);
        }
    };
    let range = part.clone().unwrap_or(0..kept.len);
    let body = match *method == Method::HEAD {
        true => Body::empty(),
        false => content(app, kept.hash, range.clone()).await?,
    };
    let mut response = with_headers(body.into_response(), &kept);
    let headers = response.headers_mut();
    let len = range.end - range.start;
    headers.insert(header::CONTENT_LENGTH, len.into());
    if part.is_some() {
        let place = format!("bytes {}-{}/{}", range.start, range.end - 1, kept.len);
        let place = HeaderValue::try_from(place).expect("numbers are ASCII");
        headers.insert(header::CONTENT_RANGE, place);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn with_headers(mut response: Response, kept: &Kept) -> Response {
    let is_raster = matches!(
        kept.media.as_str(),
        "image/png" | "image/jpeg" | "image/gif" | "image/webp"
    );
    let way = match is_raster {
        true => "inline",
        false => "attachment",
    };
    let text =
        |text: String| HeaderValue::try_from(text).expect("names and types of ours are ASCII");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, text(kept.media.clone()));
    let shown = format!("{way}; filename=\"{}\"", kept.name);
    headers.insert(header::CONTENT_DISPOSITION, text(shown));
    let policy = HeaderValue::from_static(POLICY);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    let cache = HeaderValue::from_static(kept.cache);
    headers.insert(header::CACHE_CONTROL, cache);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    conditions::put_etag(&mut response, &kept.etag);
    response
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Range(Range<u64>),
    Outside,
}

/// RFC 9110, 14.2: of one range; what asks for several, or cannot be read, gets the whole.
fn part_of(asked: &HeaderMap, kept: &Kept) -> Part {
    let only = |name| {
        let mut values = asked.get_all(name).iter();
        let value: Option<&HeaderValue> = values.next();
        value.filter(|_| values.next().is_none())?.to_str().ok()
    };
    let Some(range) = only(header::RANGE) else {
        return Part::Whole;
    };
    // Of a file that is another by now, or that is told by its date, a part is of no use.
    if asked.contains_key(header::IF_RANGE) && only(header::IF_RANGE) != Some(&kept.etag) {
        return Part::Whole;
    }
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse::<u64>().ok(),
        false => None,
    };
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1),
        (Some(first), None) if last.is_empty() => first..kept.len,
        (None, Some(count)) if first.is_empty() => kept.len.saturating_sub(count)..kept.len,
        _ => return Part::Whole,
    };
    let range = range.start..range.end.min(kept.len);
    match range.is_empty() {
        true => Part::Outside,
        false => Part::Range(range),
    }
}

/// Read piece by piece, each when the one before has left.
async fn content(app: &App, hash: BlobHash, range: Range<u64>) -> Result<Body, Problem> {
    let blobs = app.blobs.clone();
    let opened = tokio::task::spawn_blocking(move || blobs.get(hash, range));
    let opened = opened.await.map_err(|_| Code::Internal)?;
    let file = opened.map_err(failed)?;
    let pieces = stream::unfold(Some(file), |file| async {
        let mut file = file?;
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::new();
            file.by_ref().take(CHUNK_BYTES).read_to_end(&mut piece)?;
            Ok::<_, io::Error>((Bytes::from(piece), file))
        });
        match read.await.map_err(io::Error::other).flatten() {
            Ok((piece, _)) if piece.is_empty() => None,
            Ok((piece, file)) => Some((Ok(piece), Some(file))),
            // The answer is cut off, which the length that was told shows.
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(Body::from_stream(pieces))
}

pub(super) fn failed(error: BlobError) -> Problem {
    match error {
        BlobError::DiskFull => Code::DiskFull.into(),
        BlobError::TooLarge { .. } => Code::BodyTooLarge.into(),
        BlobError::Missing(_) | BlobError::Damaged(_) => {
            tracing::error!(%error, "a file cannot be given out");
            Code::FileDamaged.into()
        }
        BlobError::Alone => Problem::new(Code::Unavailable).detail(error.to_string()),
        BlobError::Source(_) | BlobError::Io { .. } => {
            tracing::error!(%error, "the folder of blobs does not work");
            Code::Internal.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, Part, part_of};
    use axum::http::{HeaderMap, header};
    use easel_storage::blobs::BlobHash;

    #[test]
    fn a_part_is_found_or_told_to_be_outside() {
        let kept = Kept {
            hash: BlobHash::from_bytes([0; 32]),
            len: 10,
            media: String::new(),
            etag: "\"tag\"".to_owned(),
            name: String::new(),
            cache: "",
        };
        let range = |range| Part::Range(range);
        for (asked, condition, expected) in [
            ("bytes=0-0", None, range(0..1)),
            ("bytes=2-4", None, range(2..5)),
            ("bytes=2-", None, range(2..10)),
            ("bytes=-3", None, range(7..10)),
            ("bytes=-30", None, range(0..10)),
            ("bytes=2-40", None, range(2..10)),
            ("bytes=2-18446744073709551615", None, range(2..10)),
            ("bytes=2-4", Some("\"tag\""), range(2..5)),
            ("bytes=2-4", Some("\"other\""), Part::Whole),
            (
                "bytes=2-4",
                Some("Sun, 22 Nov 2026 12:00:00 GMT"),
                Part::Whole,
            ),
            ("bytes=10-", None, Part::Outside),
            ("bytes=-0", None, Part::Outside),
            ("bytes=4-2", None, Part::Whole),
            ("bytes=0-1,3-4", None, Part::Whole),
            ("bytes=+1-2", None, Part::Whole),
            ("bytes=-", None, Part::Whole),
            ("bytes=99999999999999999999-", None, Part::Whole),
            ("lines=0-1", None, Part::Whole),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, asked.parse().unwrap());
            if let Some(condition) = condition {
                headers.insert(header::IF_RANGE, condition.parse().unwrap());
            }
            assert_eq!(part_of(&headers, &kept), expected, "{asked} {condition:?}");
        }
        assert_eq!(part_of(&HeaderMap::new(), &kept), Part::Whole);
    }
}
