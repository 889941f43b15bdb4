//! Pages of other origins that may use the interface: exactly those that the configuration lists, none by default, and
//! those of the group's other nodes.
//!
//! They show who they are by a token in `Authorization`. Cookies of theirs are not looked at, and nothing here ever says
//! `Access-Control-Allow-Credentials`, so that browsers send and keep none.

use super::guard::Guard;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const HEADERS: &str = "Authorization, Content-Type, Easel-Min-Index, Easel-Seq, Easel-Stream, Idempotency-Key, \
                       If-Match, If-None-Match, Last-Event-ID";
const EXPOSED: &str = "Easel-Body-Seq, Easel-Index, ETag, Idempotent-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, \
                       X-Request-Id";
/// A browser asks again before a request after so many seconds.
const ASKED_AGAIN_AFTER_S: &str = "600";

/// What a listed page's request is told beside its answer.
#[derive(Debug, Clone)]
pub(super) enum Sharing {
    /// No page but ours is listed.
    Off,
    /// Some are, and this request is from none of them.
    NotThis,
    /// This request is from one.
    With(HeaderValue),
}

impl Sharing {
    pub(super) fn of<B>(guard: &Guard, request: &Request<B>) -> Sharing {
        if !guard.lets_any_in() {
            return Sharing::Off;
        }
        match request.headers().get(header::ORIGIN) {
            Some(origin) if guard.lets_in(origin) => Sharing::With(origin.clone()),
            Some(_) | None => Sharing::NotThis,
        }
    }

    /// The question that a browser asks before the request itself.
    pub(super) fn preflight<B>(&self, request: &Request<B>) -> Option<Response> {
        let asks = request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let is_preflight = matches!(self, Sharing::With(_)) && *request.method() == Method::OPTIONS;
        (asks && is_preflight).then(|| {
            let mut response = StatusCode::NO_CONTENT.into_response();
            for (name, value) in [
                (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
                (header::ACCESS_CONTROL_MAX_AGE, ASKED_AGAIN_AFTER_S),
            ] {
                put(response.headers_mut(), name, value);
            }
            response
        })
    }

    pub(super) fn drop_cookies(&self, headers: &mut HeaderMap) {
        if matches!(self, Sharing::With(_)) {
            headers.remove(header::COOKIE);
        }
    }

    pub(super) fn put(&self, headers: &mut HeaderMap) {
        match self {
            Sharing::Off => return,
            Sharing::NotThis => {}
            Sharing::With(origin) => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                put(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
        }
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
