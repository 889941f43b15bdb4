//! Errors as callers see them: RFC 9457 problems with a stable code, never a stack trace, SQL or a file path.
//!
//! A handler returns a [`Problem`]; [`crate::http::frame`] writes it out, as it knows the request's id and whether a
//! person or a program asked. Each code has a page at `/problems/{slug}`, which needs no network.

use super::html;
use super::rates::Counted;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// Every way a request can fail. The slug is part of the interface and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    BadRequest,
    BadHost,
    BadQuery,
    CursorMismatch,
    MalformedJson,
    BadIdempotencyKey,
    BadHandshake,
    BadStream,
    Unauthenticated,
    InvalidCredentials,
    InvalidToken,
    RefreshReused,
    RefreshExpired,
    ForeignOrigin,
    Forbidden,
    RegistrationClosed,
    NotFound,
    BoardNotFound,
    MethodNotAllowed,
    BodyTimeout,
    BoardTrashed,
    BoardNotTrashed,
    BoardExists,
    SetupDone,
    Conflict,
    SequenceGap,
    StreamGone,
    PreconditionFailed,
    BodyTooLarge,
    UrlTooLong,
    UnsupportedMediaType,
    WrongHost,
    Invalid,
    WeakPassword,
    ImageTooLarge,
    ImageBroken,
    IdempotencyKeyReused,
    UpgradeRequired,
    PreconditionRequired,
    TooManyRequests,
    TooManyAttempts,
    Busy,
    NoAccounts,
    EmailInUse,
    LastOwner,
    LastAdmin,
    LimitReached,
    QuotaExceeded,
    Gone,
    LinkNotFound,
    LinkPassword,
    ConfirmNeeded,
    Internal,
    Unavailable,
    ReplicaBehind,
    ResultUnknown,
    Draining,
    BoardFull,
    TooManyStreams,
    ElementNotFound,
    ElementExists,
    ElementLocked,
    TooManyElements,
    BadUpdate,
    StillRunning,
    BadRange,
    FileDamaged,
    DiskFull,
}

/// What is said of a code, wherever it is said.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) slug: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    /// For the page: what it means and what to do.
    pub(crate) help: &'static str,
}

impl Code {
    pub(crate) const ALL: [Code; 68] = [
        Code::BadRequest,
        Code::BadHost,
        Code::BadQuery,
        Code::CursorMismatch,
        Code::MalformedJson,
        Code::BadIdempotencyKey,
        Code::BadHandshake,
        Code::BadStream,
        Code::Unauthenticated,
        Code::InvalidCredentials,
        Code::InvalidToken,
        Code::RefreshReused,
        Code::RefreshExpired,
        Code::ForeignOrigin,
        Code::Forbidden,
        Code::RegistrationClosed,
        Code::NotFound,
        Code::BoardNotFound,
        Code::MethodNotAllowed,
        Code::BodyTimeout,
        Code::BoardTrashed,
        Code::BoardNotTrashed,
        Code::BoardExists,
        Code::SetupDone,
        Code::Conflict,
        Code::SequenceGap,
        Code::StreamGone,
        Code::PreconditionFailed,
        Code::BodyTooLarge,
        Code::UrlTooLong,
        Code::UnsupportedMediaType,
        Code::WrongHost,
        Code::Invalid,
        Code::WeakPassword,
        Code::ImageTooLarge,
        Code::ImageBroken,
        Code::IdempotencyKeyReused,
        Code::UpgradeRequired,
        Code::PreconditionRequired,
        Code::TooManyRequests,
        Code::TooManyAttempts,
        Code::Busy,
        Code::NoAccounts,
        Code::EmailInUse,
        Code::LastOwner,
        Code::LastAdmin,
        Code::LimitReached,
        Code::QuotaExceeded,
        Code::Gone,
        Code::LinkNotFound,
        Code::LinkPassword,
        Code::ConfirmNeeded,
        Code::Internal,
        Code::Unavailable,
        Code::ReplicaBehind,
        Code::ResultUnknown,
        Code::Draining,
        Code::BoardFull,
        Code::TooManyStreams,
        Code::ElementNotFound,
        Code::ElementExists,
        Code::ElementLocked,
        Code::TooManyElements,
        Code::BadUpdate,
        Code::StillRunning,
        Code::DiskFull,
        Code::BadRange,
        Code::FileDamaged,
    ];

    pub(crate) fn of_slug(slug: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.about().slug == slug)
    }

    /// For a status that a library answered by itself.
    pub(crate) fn of_status(status: StatusCode) -> Code {
        match status {
            StatusCode::NOT_FOUND => Code::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
            other if other.is_client_error() => Code::BadRequest,
            _ => Code::Internal,
        }
    }

    pub(crate) fn about(self) -> About {
        let about = |slug, status, title, help| About {
            slug,
            status,
            title,
            help,
        };
        match self {
            Code::BadRequest => about(
                "bad-request",
                StatusCode::BAD_REQUEST,
                "The request is not understood",
                "The address or a header is malformed.",
            ),
            Code::BadHost => about(
                "bad-host",
                StatusCode::BAD_REQUEST,
                "The request does not say which host it is for",
                "Send exactly one Host header with a host name and, if needed, a port.",
            ),
            Code::BadQuery => about(
                "bad-query",
                StatusCode::BAD_REQUEST,
                "A query parameter is not understood",
                "The detail names the parameter. Parameters that do not exist are refused, so that a slip in a name \
                 does not pass for an answer.",
            ),
            Code::CursorMismatch => about(
                "cursor-mismatch",
                StatusCode::BAD_REQUEST,
                "The cursor belongs to another list",
                "A cursor is good for the list it came from, with the same filter and order. Begin again without one.",
            ),
            Code::MalformedJson => about(
                "malformed-json",
                StatusCode::BAD_REQUEST,
                "The body is not JSON",
                "Send one JSON object in UTF-8.",
            ),
            Code::BadIdempotencyKey => about(
                "bad-idempotency-key",
                StatusCode::BAD_REQUEST,
                "The Idempotency-Key is not usable",
                "Send one key of 1 to 255 visible characters, for example a UUID in quotes.",
            ),
            Code::BadHandshake => about(
                "bad-handshake",
                StatusCode::BAD_REQUEST,
                "The WebSocket handshake is not valid",
                "Sec-WebSocket-Version must be 13, and Sec-WebSocket-Key must be there.",
            ),
            Code::BadStream => about(
                "bad-stream",
                StatusCode::BAD_REQUEST,
                "What was posted to a stream is not understood",
                "Say in Easel-Stream which stream it belongs to and in Easel-Seq which of its posts it is, counted \
                 from 1. The body is a sequence of messages, each after its length.",
            ),
            Code::Unauthenticated => about(
                "unauthenticated",
                StatusCode::UNAUTHORIZED,
                "Sign in first",
                "Send an access token or a personal token in Authorization.",
            ),
            Code::InvalidCredentials => about(
                "invalid-credentials",
                StatusCode::UNAUTHORIZED,
                "Address or password is wrong",
                "The answer is the same whichever it is, and for an account that may not sign in.",
            ),
            Code::InvalidToken => about(
                "invalid-token",
                StatusCode::UNAUTHORIZED,
                "The token is not good any more",
                "It expired, was taken back, or is none. Renew the session, or sign in again.",
            ),
            Code::RefreshReused => about(
                "refresh-reused",
                StatusCode::UNAUTHORIZED,
                "The session was ended",
                "What renews it was used a second time, which happens when somebody copied it. Sign in again.",
            ),
            Code::RefreshExpired => about(
                "refresh-expired",
                StatusCode::UNAUTHORIZED,
                "The session is over",
                "Sign in again.",
            ),
            Code::ForeignOrigin => about(
                "foreign-origin",
                StatusCode::FORBIDDEN,
                "The request comes from a page of another site",
                "A browser said that a page from elsewhere made this request. Only pages that this node served may \
                 change anything. Behind a proxy, set public_url to the address that people type.",
            ),
            Code::Forbidden => about(
                "forbidden",
                StatusCode::FORBIDDEN,
                "You may not do that",
                "Your role here, or what your token is for, does not allow it.",
            ),
            Code::RegistrationClosed => about(
                "registration-closed",
                StatusCode::FORBIDDEN,
                "New accounts are not open",
                "Ask whoever runs this place for an account or an invitation.",
            ),
            Code::NotFound => about(
                "not-found",
                StatusCode::NOT_FOUND,
                "There is nothing here",
                "The address is wrong, or what it named is gone.",
            ),
            Code::BoardNotFound => about(
                "board-not-found",
                StatusCode::NOT_FOUND,
                "There is no such board",
                "The id is wrong, or the board was deleted for good.",
            ),
            Code::MethodNotAllowed => about(
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "This cannot be done here",
                "The Allow header lists the methods that can be used.",
            ),
            Code::BodyTimeout => about(
                "body-timeout",
                StatusCode::REQUEST_TIMEOUT,
                "The body took too long to arrive",
                "Send it again; limits.body_timeout says how long the node waits.",
            ),
            Code::BoardTrashed => about(
                "board-trashed",
                StatusCode::CONFLICT,
                "The board is in the trash",
                "Restore it first: POST /api/v1/boards/{id}/restore.",
            ),
            Code::BoardNotTrashed => about(
                "board-not-trashed",
                StatusCode::CONFLICT,
                "The board is not in the trash",
                "There is nothing to restore.",
            ),
            Code::BoardExists => about(
                "board-exists",
                StatusCode::CONFLICT,
                "The board exists already",
                "Send the request again; the node makes another id.",
            ),
            Code::SetupDone => about(
                "setup-done",
                StatusCode::CONFLICT,
                "The first account was made already",
                "The setup address works once. Sign in instead.",
            ),
            Code::Conflict => about(
                "conflict",
                StatusCode::CONFLICT,
                "Something else changed it first",
                "Read it again, then decide.",
            ),
            Code::SequenceGap => about(
                "sequence-gap",
                StatusCode::CONFLICT,
                "A post before this one is missing",
                "Posts of a stream are numbered without gaps. Open a new stream and begin with a step 1.",
            ),
            Code::StreamGone => about(
                "stream-gone",
                StatusCode::GONE,
                "The stream is over",
                "A stream that nobody reads ends after a few seconds. Open a new one and begin with a step 1.",
            ),
            Code::ElementNotFound => about(
                "element-not-found",
                StatusCode::NOT_FOUND,
                "There is no such element",
                "The board has no element with this id. It may have been deleted.",
            ),
            Code::ElementExists => about(
                "element-exists",
                StatusCode::CONFLICT,
                "An element with this id exists",
                "Choose another id, leave it out to be given one, or change the element that is there.",
            ),
            Code::ElementLocked => about(
                "element-locked",
                StatusCode::LOCKED,
                "The element is locked",
                "A locked element is neither changed nor deleted. Set locked to false first, or in the same request.",
            ),
            Code::TooManyElements => about(
                "too-many-elements",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The board is full",
                "A board holds 100,000 elements. Delete some, or go on with another board.",
            ),
            Code::BadUpdate => about(
                "bad-update",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The update was not taken",
                "The body is not a Yjs update in the v1 encoding, breaks a limit, or builds on others that the board does not have.",
            ),
            Code::StillRunning => about(
                "still-running",
                StatusCode::CONFLICT,
                "The first request with this key is still running",
                "Wait a moment and send the same again: it is answered as the first was.",
            ),
            Code::PreconditionFailed => about(
                "precondition-failed",
                StatusCode::PRECONDITION_FAILED,
                "It has changed since you read it",
                "Read it again, and send its new ETag in If-Match, or * to overwrite whatever is there.",
            ),
            Code::BodyTooLarge => about(
                "body-too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
                "limits.body says how much the node takes; of what is posted to a stream, realtime.message_max does.",
            ),
            Code::UrlTooLong => about(
                "url-too-long",
                StatusCode::URI_TOO_LONG,
                "The address is too long",
                "An address has at most 8 KiB.",
            ),
            Code::UnsupportedMediaType => about(
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body's type is not one that is taken here",
                "Say Content-Type: application/json, or application/merge-patch+json for PATCH; application/octet-stream \
                 for what is posted to a stream.",
            ),
            Code::WrongHost => about(
                "wrong-host",
                StatusCode::MISDIRECTED_REQUEST,
                "This node does not answer for that host",
                "It answers for the address it listens on, for localhost and for the host of public_url. Any other \
                 name could be a page elsewhere that points its own name at this machine.",
            ),
            Code::Invalid => about(
                "invalid",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The body is JSON but not what is wanted",
                "The list errors names each wrong member by a JSON pointer.",
            ),
            Code::WeakPassword => about(
                "weak-password",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The password is too easy to guess",
                "The errors say why. Length counts: a few unrelated words are good.",
            ),
            Code::ImageTooLarge => about(
                "image-too-large",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The picture has too many pixels",
                "limits.image_pixels says how many the node takes; no side has more than 16,383.",
            ),
            Code::ImageBroken => about(
                "image-broken",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The picture cannot be read",
                "It is cut off or damaged. Open it in a program for pictures and save it anew.",
            ),
            Code::BadRange => about(
                "bad-range",
                StatusCode::RANGE_NOT_SATISFIABLE,
                "The file has no such part",
                "Content-Range says how long it is.",
            ),
            Code::FileDamaged => about(
                "file-damaged",
                StatusCode::INTERNAL_SERVER_ERROR,
                "The file is damaged or missing on the server",
                "Its bytes are not what they were when they were kept. Upload the file again, or have it restored from a \
                 backup.",
            ),
            Code::IdempotencyKeyReused => about(
                "idempotency-key-reused",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The Idempotency-Key was used for something else",
                "Use a new key for a new request. A key is remembered for 24 hours.",
            ),
            Code::UpgradeRequired => about(
                "upgrade-required",
                StatusCode::UPGRADE_REQUIRED,
                "This address speaks WebSocket",
                "Connect with a WebSocket client, for example y-websocket.",
            ),
            Code::PreconditionRequired => about(
                "precondition-required",
                StatusCode::PRECONDITION_REQUIRED,
                "Say which version you mean",
                "Send If-Match with the ETag that you read, or * for whatever is there.",
            ),
            Code::TooManyRequests => about(
                "too-many-requests",
                StatusCode::TOO_MANY_REQUESTS,
                "Too many at once",
                "Wait as long as Retry-After says.",
            ),
            Code::TooManyAttempts => about(
                "too-many-attempts",
                StatusCode::TOO_MANY_REQUESTS,
                "Too many failed attempts",
                "Wait as long as Retry-After says.",
            ),
            Code::NoAccounts => about(
                "no-accounts",
                StatusCode::CONFLICT,
                "There are no accounts here yet",
                "Whoever reaches this node may do everything. The address that the node printed when it started makes the first account.",
            ),
            Code::EmailInUse => about(
                "email-in-use",
                StatusCode::CONFLICT,
                "There is an account with this address",
                "Sign in with it, or use another address.",
            ),
            Code::LastOwner => about(
                "last-owner",
                StatusCode::CONFLICT,
                "A board needs an owner",
                "Make somebody else an owner first.",
            ),
            Code::LastAdmin => about(
                "last-admin",
                StatusCode::CONFLICT,
                "Somebody must remain who administers this place",
                "Make somebody else an admin first.",
            ),
            Code::LimitReached => about(
                "limit-reached",
                StatusCode::CONFLICT,
                "There are as many as there may be",
                "The detail says how many. Remove one first.",
            ),
            Code::QuotaExceeded => about(
                "quota-exceeded",
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests",
                "Wait as long as Retry-After says. The member violated-policies names what there was too much of; the \
                 headers RateLimit-Policy and RateLimit say on every answer how much there is and what is left.",
            ),
            Code::Gone => about(
                "gone",
                StatusCode::GONE,
                "This is over",
                "It has expired, was used up or was taken back. Ask for a new one.",
            ),
            Code::LinkNotFound => about(
                "link-not-found",
                StatusCode::NOT_FOUND,
                "There is no such share link",
                "The address is wrong, or not complete.",
            ),
            Code::LinkPassword => about(
                "link-password",
                StatusCode::UNAUTHORIZED,
                "The share link asks for a password",
                "Send the right password. Whoever made the link knows it.",
            ),
            Code::ConfirmNeeded => about(
                "confirm-needed",
                StatusCode::FORBIDDEN,
                "Show again that it is you",
                "Send your password to POST /api/v1/auth/reauth, then this request again within ten minutes.",
            ),
            Code::Busy => about(
                "busy",
                StatusCode::TOO_MANY_REQUESTS,
                "Too much of this is under way",
                "Try again after as long as Retry-After says.",
            ),
            Code::Internal => about(
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "The node failed",
                "This is a bug. The node's log tells more under the request's id.",
            ),
            Code::Unavailable => about(
                "unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The node cannot do that just now",
                "Try again after as long as Retry-After says.",
            ),
            Code::ReplicaBehind => about(
                "replica-behind",
                StatusCode::SERVICE_UNAVAILABLE,
                "This node has not got that far yet",
                "Easel-Min-Index names a write that did not arrive here within two seconds, or this node has lost touch \
                 with the others. Try again after as long as Retry-After says.",
            ),
            Code::ResultUnknown => about(
                "result-unknown",
                StatusCode::SERVICE_UNAVAILABLE,
                "It is not known whether it was done",
                "The disk did not confirm in time. Send the same request with the same Idempotency-Key: it is then \
                 done once.",
            ),
            Code::Draining => about(
                "draining",
                StatusCode::SERVICE_UNAVAILABLE,
                "The node is stopping",
                "Try again after as long as Retry-After says.",
            ),
            Code::BoardFull => about(
                "board-full",
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many people are on this board",
                "realtime.seats_max says how many connections a board takes.",
            ),
            Code::TooManyStreams => about(
                "too-many-streams",
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many streams are open",
                "Try again after as long as Retry-After says, or use a WebSocket.",
            ),
            Code::DiskFull => about(
                "disk-full",
                StatusCode::INSUFFICIENT_STORAGE,
                "The disk is full",
                "The node keeps storage.disk_reserve free and refuses to write below it. Reading goes on, and so does \
                 writing once there is room.",
            ),
        }
    }
}

/// One failure, with what is particular to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) detail: Option<String>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) retry_after_s: Option<u32>,
    /// What the request was counted under, when that is why.
    pub(crate) counted: Counted,
}

/// What is wrong with one member of a body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldError {
    /// RFC 6901.
    pub(crate) pointer: String,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

/// The reader of an error: a program, or a person who opened a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Program,
    Person,
}

/// The request that a problem is the answer to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Its id.
    pub(crate) id: &'a str,
    pub(crate) reader: Reader,
    /// What stands before every path of ours.
    pub(crate) base: &'a str,
}

impl Problem {
    pub(crate) fn new(code: Code) -> Problem {
        let retry_after_s = match code.about().status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Some(1),
            _ => None,
        };
        Problem {
            code,
            detail: None,
            errors: Vec::new(),
            retry_after_s,
            counted: Counted::default(),
        }
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into());
        self
    }

    pub(crate) fn retry_after_ms(mut self, ms: u64) -> Problem {
        let seconds = ms.div_ceil(1_000).max(1);
        self.retry_after_s = Some(u32::try_from(seconds).unwrap_or(u32::MAX));
        self
    }

    pub(crate) fn invalid(errors: Vec<FieldError>) -> Problem {
        Problem {
            errors,
            ..Problem::new(Code::Invalid)
        }
    }

    /// Writes it out. Headers that `bare` already has (`Allow`) stay.
    pub(crate) fn render(&self, bare: Response, asked: &Asked<'_>) -> Response {
        let about = self.code.about();
        let (kind, body) = match asked.reader {
            Reader::Program => ("application/problem+json", self.json(&about, asked)),
            Reader::Person => ("text/html; charset=utf-8", self.page(&about, asked)),
        };
        let mut response = Response::new(body.into());
        *response.headers_mut() = bare.headers().clone();
        *response.status_mut() = about.status;
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.counted.put(headers);
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if about.status == StatusCode::UNAUTHORIZED {
            let challenge = match self.code {
                Code::InvalidToken => "Bearer error=\"invalid_token\"",
                _ => "Bearer",
            };
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        if self.code == Code::UpgradeRequired {
            headers.insert(
                HeaderName::from_static("upgrade"),
                HeaderValue::from_static("websocket"),
            );
        }
        response
    }

    fn json(&self, about: &About, asked: &Asked<'_>) -> String {
        let (base, request_id) = (asked.base, asked.id);
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
        put("type", format!("{base}/problems/{}", about.slug).into());
        put("title", about.title.into());
        put("status", about.status.as_u16().into());
        if let Some(detail) = &self.detail {
            put("detail", detail.as_str().into());
        }
        put("instance", format!("{base}/requests/{request_id}").into());
        put("code", about.slug.into());
        put("request_id", request_id.into());
        if !self.errors.is_empty() {
            let errors: Vec<_> = self
                .errors
                .iter()
                .map(|e| json!({ "pointer": e.pointer, "code": e.code, "detail": e.detail }))
                .collect();
            put("errors", errors.into());
        }
        let violated: Vec<_> = self.counted.violated().collect();
        if !violated.is_empty() {
            put("violated-policies", violated.into());
        }
        Value::Object(body).to_string()
    }

    fn page(&self, about: &About, asked: &Asked<'_>) -> String {
        html::page(
            asked.base,
            about.title,
            &[
                self.detail.as_deref().unwrap_or(about.help),
                &format!("{} · request {}", about.status.as_u16(), asked.id),
            ],
        )
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Problem {
        Problem::new(code)
    }
}

impl IntoResponse for Problem {
    /// An empty response that carries the problem to the frame, which writes it out.
    fn into_response(self) -> Response {
        let mut response = self.code.about().status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Code, FieldError, Problem, Reader};
    use axum::response::Response;

    const ASKED: Asked<'static> = Asked {
        id: "0190",
        reader: Reader::Person,
        base: "/easel",
    };

    #[test]
    fn every_code_has_a_slug_of_its_own_that_finds_it() {
        for code in Code::ALL {
            let about = code.about();
            assert_eq!(Code::of_slug(about.slug), Some(code));
            assert!(about.status.is_client_error() || about.status.is_server_error());
            assert!(
                about
                    .slug
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-')
            );
        }
        assert_eq!(
            Code::ALL.len(),
            Code::DiskFull as usize + 1,
            "a code is missing in ALL"
        );
    }

    #[test]
    fn a_problem_names_its_type_the_request_and_each_wrong_member() {
        let problem = Problem::invalid(vec![FieldError {
            pointer: "/title".into(),
            code: "too-long",
            detail: "at most 200 characters".into(),
        }]);
        let rendered = problem.json(&Code::Invalid.about(), &ASKED);
        assert_eq!(
            rendered,
            r#"{"code":"invalid","errors":[{"code":"too-long","detail":"at most 200 characters","pointer":"/title"}],"instance":"/easel/requests/0190","request_id":"0190","status":422,"title":"The body is JSON but not what is wanted","type":"/easel/problems/invalid"}"#
        );
    }

    #[test]
    fn a_person_gets_a_page_in_which_nothing_is_markup() {
        let problem = Problem::new(Code::BadQuery).detail("<script>alert(1)</script>");
        let page = problem.page(&Code::BadQuery.about(), &ASKED);
        assert!(
            page.contains("&lt;script&gt;") && !page.contains("<script"),
            "{page}"
        );
        let rendered = problem.render(Response::default(), &ASKED);
        assert_eq!(
            rendered.headers()["content-type"],
            "text/html; charset=utf-8"
        );
    }
}
