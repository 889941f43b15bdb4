//! ETags: answers that say which version they are, and requests that say which version they mean.
//!
//! A board's tag is `"<revision>-<hash of the answer>"`. `If-None-Match` compares all of it. `If-Match` compares the
//! revision alone, which counts changes of title and trash: otherwise nobody could rename a board that others draw on.

use crate::http::problem::{Code, Problem};
use crate::http::{known_tag, matches_any};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What a write is conditional on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// `*`: whatever is there.
    Any,
    /// One of these revisions.
    Revisions(Vec<u64>),
}

/// A JSON answer with its tag, or 304 when the caller has it. `revision` is that of a board.
pub(super) fn answer(
    request: &HeaderMap,
    revision: Option<u64>,
    body: &impl Serialize,
) -> Response {
    let text = serde_json::to_string(body).expect("an answer is JSON");
    let etag = etag(revision, text.as_bytes());
    match known_tag(request, &etag) {
        Some(known) => {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            put_etag(&mut response, &known);
            response
        }
        None => {
            let mut response = ([(header::CONTENT_TYPE, "application/json")], text).into_response();
            put_etag(&mut response, &etag);
            response
        }
    }
}

pub(super) fn etag(revision: Option<u64>, content: &[u8]) -> String {
    let hash = blake3::hash(content).to_hex();
    match revision {
        Some(revision) => format!("\"{revision}-{}\"", &hash[..16]),
        None => format!("\"{}\"", &hash[..16]),
    }
}

pub(super) fn is_known(request: &HeaderMap, etag: &str) -> bool {
    let lists = request.get_all(header::IF_NONE_MATCH);
    lists
        .iter()
        .filter_map(|list| list.to_str().ok())
        .any(|list| matches_any(list, etag))
}

pub(super) fn put_etag(response: &mut Response, etag: &str) {
    let value = HeaderValue::try_from(etag).expect("a tag is ASCII");
    response.headers_mut().insert(header::ETAG, value);
}

/// The tags that a write may be conditional on; `None`: whatever is there.
pub(super) fn tags_wanted(request: &HeaderMap) -> Option<Vec<String>> {
    let lists: Vec<_> = request.get_all(header::IF_MATCH).iter().collect();
    let tags = lists.iter().filter_map(|list| list.to_str().ok());
    let tags = tags.flat_map(|list| list.split(',')).map(str::trim);
    let tags: Vec<String> = tags.map(str::to_owned).collect();
    (!lists.is_empty() && !tags.iter().any(|tag| tag == "*")).then_some(tags)
}

/// A write must say what it expects: 428 without.
pub(super) fn required(request: &HeaderMap) -> Result<IfMatch, Problem> {
    let mut revisions = Vec::new();
    let mut is_there = false;
    for list in request.get_all(header::IF_MATCH) {
        is_there = true;
        for tag in list.to_str().unwrap_or_default().split(',').map(str::trim) {
            if tag == "*" {
                return Ok(IfMatch::Any);
            }
            revisions.extend(revision(tag));
        }
    }
    if is_there {
        Ok(IfMatch::Revisions(revisions))
    } else {
        Err(Code::PreconditionRequired.into())
    }
}

/// A tag that is not one of ours (weak, or made up) names no revision, so it matches none.
fn revision(tag: &str) -> Option<u64> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    inner.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{IfMatch, answer, etag, required};
    use axum::http::{HeaderMap, header};
    use serde_json::json;

    #[test]
    fn a_write_says_which_revisions_it_means() {
        let tag = etag(Some(7), b"x");
        for (sent, expected) in [
            (None, None),
            (Some("*"), Some(IfMatch::Any)),
            (Some(tag.as_str()), Some(IfMatch::Revisions(vec![7]))),
            (
                Some("\"7-00\", \"9-00\""),
                Some(IfMatch::Revisions(vec![7, 9])),
            ),
            (Some("W/\"7-00\""), Some(IfMatch::Revisions(vec![]))),
            (Some("\"other\""), Some(IfMatch::Revisions(vec![]))),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(sent) = sent {
                headers.insert(header::IF_MATCH, sent.parse().unwrap());
            }
            assert_eq!(required(&headers).ok(), expected, "of {sent:?}");
        }
    }

    #[test]
    fn the_same_answer_is_not_sent_twice() {
        let body = json!({ "a": 1 });
        let first = answer(&HeaderMap::new(), Some(3), &body);
        let tag = first.headers()[header::ETAG].clone();
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, tag);
        assert_eq!(answer(&headers, Some(3), &body).status(), 304);
        assert_eq!(answer(&headers, Some(3), &json!({ "a": 2 })).status(), 200);
    }
}
