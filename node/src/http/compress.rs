//! Long answers of the interface in fewer bytes: JSON that was asked for by GET.
//!
//! Compressed, an answer's length tells how well a secret in it matches what else stands there. So nothing is compressed that
//! carries one: such answers are made by other methods than GET, and say `no-store`.

use axum::Router;
use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{map_request, map_response};
use axum::response::Response;
use tower_http::compression::predicate::Predicate;
use tower_http::compression::{CompressionLayer, CompressionLevel};

/// What is shorter fits a packet or two as it is.
const BYTES_MIN: u64 = 1 << 10;
/// Of lists of boards more saves little and costs twice as much.
const LEVEL: CompressionLevel = CompressionLevel::Precise(3);

/// The routes, with their longer JSON compressed for whoever takes it.
pub(super) fn compressed<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    let layer = CompressionLayer::new()
        .quality(LEVEL)
        .compress_when(LongJson);
    routes
        .layer(layer)
        .layer(map_response(tag_encoding))
        .layer(map_request(only_reads))
}

/// An answer that is worth it and tells no secret.
#[derive(Debug, Clone, Copy)]
struct LongJson;

impl Predicate for LongJson {
    fn should_compress<B: HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        let headers = response.headers();
        let says = |name, value| headers.get(name).is_some_and(|is| is == value);
        response.status() == StatusCode::OK
            && says(header::CONTENT_TYPE, "application/json")
            && !says(header::CACHE_CONTROL, "no-store")
            && response.body().size_hint().lower() >= BYTES_MIN
    }
}

/// What changes something is answered as it is. So is what holds a picture's pass beside words that others choose: how
/// short it gets would tell the pass, sign by sign (BREACH). Only who shows who they are is given passes.
async fn only_reads(mut request: Request) -> Request {
    let path = request.uri().path();
    let has_no_pass = ["/elements", "/activity", "/openapi.json"]
        .iter()
        .any(|end| path.ends_with(end));
    let may_hold_pass = request.headers().contains_key(header::AUTHORIZATION) && !has_no_pass;
    if request.method() != Method::GET || may_hold_pass {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    request
}

/// A strong tag names bytes, so that of each encoding is another.
async fn tag_encoding(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json")
        && let Some(encoding) = headers.get(header::CONTENT_ENCODING)
        && let Some(tag) = headers.get(header::ETAG)
        && let Some(tag) = tagged(tag, encoding)
    {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn tagged(tag: &HeaderValue, encoding: &HeaderValue) -> Option<HeaderValue> {
    let (tag, encoding) = (tag.to_str().ok()?, encoding.to_str().ok()?);
    let inner = tag.strip_suffix('"')?;
    HeaderValue::try_from(format!("{inner}-{encoding}\"")).ok()
}

/// The tag in a request's `If-None-Match` that stands for this answer, be it of another encoding.
pub(crate) fn known_tag(request: &HeaderMap, tag: &str) -> Option<String> {
    let inner = tag.strip_suffix('"')?;
    let encoded = ["br", "gzip"].map(|encoding| format!("{inner}-{encoding}\""));
    let mut tags = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(|one| one.trim().trim_start_matches("W/"));
    tags.find_map(|one| {
        let is_known = one == "*" || one == tag;
        match is_known {
            true => Some(tag.to_owned()),
            false => encoded.iter().find(|encoded| *encoded == one).cloned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::known_tag;
    use axum::http::{HeaderMap, header};

    #[test]
    fn a_tag_is_known_in_whatever_encoding_it_was_sent() {
        for (sent, expected) in [
            ("\"a\"", Some("\"a\"")),
            ("W/\"a\"", Some("\"a\"")),
            ("*", Some("\"a\"")),
            ("\"x\", \"a-br\"", Some("\"a-br\"")),
            ("\"a-gzip\"", Some("\"a-gzip\"")),
            ("\"a-zip\"", None),
            ("\"b\"", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, sent.parse().unwrap());
            assert_eq!(known_tag(&headers, "\"a\"").as_deref(), expected, "{sent}");
        }
        assert_eq!(known_tag(&HeaderMap::new(), "\"a\""), None);
    }
}
