//! Bodies: one JSON object of known members, within a size and a time. What is wrong is told by its pointer.

use crate::app::App;
use crate::auth::{Asking, wall_clock};
use crate::config::{ByteSize, Span};
use crate::http::problem::{Code, FieldError, Problem};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use std::time::Duration;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

/// What `Content-Type` may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepts {
    Json,
    /// RFC 7396; plain JSON is taken as the same.
    MergePatch,
}

/// A body as it was read, with the bytes it was read from.
#[derive(Debug)]
pub(super) struct Read<T> {
    pub(super) value: T,
    /// What tells one request from another under the same idempotency key.
    pub(super) asked: [u8; 32],
}

/// Reads a body. An empty one counts as `{}`: what may not be left out is told as missing.
pub(super) async fn read<T: DeserializeOwned>(
    app: &App,
    request: Request,
    accepts: Accepts,
) -> Result<Read<T>, Problem> {
    read_typed(app, request, accepts, app.config.limits.body).await
}

/// Reads a body of JSON that is smaller than others may be.
pub(super) async fn read_up_to<T: DeserializeOwned>(
    app: &App,
    request: Request,
    limit: ByteSize,
) -> Result<T, Problem> {
    let read = read_typed(app, request, Accepts::Json, limit).await?;
    Ok(read.value)
}

async fn read_typed<T: DeserializeOwned>(
    app: &App,
    request: Request,
    accepts: Accepts,
    limit: ByteSize,
) -> Result<Read<T>, Problem> {
    let (parts, body) = request.into_parts();
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str().unwrap_or_default());
    let bytes = read_bytes(app, body, limit).await?;
    // A body may be long under way: whoever sent its head may have been signed out meanwhile.
    if let Some(Asking(Ok(before))) = parts.extensions.get::<Asking>()
        && before.actor().is_some()
    {
        app.auth.still(before, wall_clock()).await?;
    }
    let bytes = match content_type {
        None if bytes.is_empty() => Bytes::from_static(b"{}"),
        content_type if is_accepted(content_type.unwrap_or_default(), accepts) => bytes,
        _ => return Err(Code::UnsupportedMediaType.into()),
    };
    Ok(Read {
        value: parse(&bytes)?,
        asked: *blake3::hash(&bytes).as_bytes(),
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // An array would be read as a struct's members in order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        // Where it went wrong, not what stood there.
        let problem = Problem::new(Code::MalformedJson);
        return Err(
            match serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
                Ok(_) => problem.detail("the body is not an object"),
                Err(error) => problem.detail(place(&error)),
            },
        );
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json);
    match value {
        Ok(value) => match json.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(Problem::new(Code::MalformedJson).detail(place(&error))),
        },
        Err(error) if !error.inner().is_data() => {
            Err(Problem::new(Code::MalformedJson).detail(place(error.inner())))
        }
        Err(error) => Err(Problem::invalid(vec![blame(&error)])),
    }
}

fn place(error: &serde_json::Error) -> String {
    format!(
        "the body is not JSON at line {}, column {}",
        error.line(),
        error.column()
    )
}

fn blame(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    let text = error.inner().to_string();
    // serde_json ends what it says with the place, which means nothing to who sees the pointer.
    let text = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(text, _)| text);
    let mut pointer = pointer(error.path());
    let code = match text.split('`').collect::<Vec<_>>().as_slice() {
        ["unknown field ", name, ..] => {
            push(&mut pointer, name);
            "unknown-member"
        }
        ["missing field ", name, ..] => {
            push(&mut pointer, name);
            "missing-member"
        }
        [start, ..] if start.starts_with("invalid type") => "wrong-type",
        _ => "invalid",
    };
    let detail = match code {
        "unknown-member" => "there is no such member".to_owned(),
        "missing-member" => "this member is needed".to_owned(),
        _ => text.to_owned(),
    };
    FieldError {
        pointer,
        code,
        detail,
    }
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Map { key } => push(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn push(pointer: &mut String, name: &str) {
    let escaped = name.replace('~', "~0").replace('/', "~1");
    // A member that is not known is named by the path already, or not, as its type has it.
    if !pointer.ends_with(&format!("/{escaped}")) {
        pointer.push('/');
        pointer.push_str(&escaped);
    }
}

/// One member that is JSON and not what is wanted, found after reading.
pub(super) fn invalid(pointer: &str, detail: impl Into<String>) -> Problem {
    Problem::invalid(vec![FieldError {
        pointer: pointer.to_owned(),
        code: "invalid",
        detail: detail.into(),
    }])
}

/// All of a body, if it is not too large and does not take too long.
pub(super) async fn read_bytes(app: &App, body: Body, limit: ByteSize) -> Result<Bytes, Problem> {
    read_within(body, limit, app.config.limits.body_timeout).await
}

pub(super) async fn read_within(
    body: Body,
    limit: ByteSize,
    timeout: Span,
) -> Result<Bytes, Problem> {
    let limit = usize::try_from(limit.0).unwrap_or(usize::MAX);
    let whole = gathered(Limited::new(body, limit), PACE);
    match tokio::time::timeout(timeout.0, whole).await.flatten() {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Code::BodyTooLarge.into()),
        Ok(Err(_)) => Err(Problem::new(Code::BadRequest).detail("the body ended early")),
        Err(_) => Err(Code::BodyTimeout.into()),
    }
}

/// How fast a body must come: so much in each window, or what is left of it.
#[derive(Debug, Clone, Copy)]
struct Pace {
    window: Duration,
    bytes: usize,
}

/// 1 KiB a second, in the long run.
const PACE: Pace = Pace {
    window: Duration::from_secs(30),
    bytes: 30 << 10,
};

type BodyError = Box<dyn std::error::Error + Send + Sync>;

async fn gathered(
    mut body: Limited<Body>,
    pace: Pace,
) -> Result<Result<Bytes, BodyError>, Elapsed> {
    let mut pieces: Vec<Bytes> = Vec::new();
    let mut window_ends = Instant::now() + pace.window;
    let mut in_window = 0;
    while let Some(frame) = timeout_at(window_ends, body.frame()).await? {
        let piece = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(error) => return Ok(Err(error)),
        };
        in_window += piece.len();
        pieces.push(piece);
        if in_window >= pace.bytes {
            in_window = 0;
            window_ends = Instant::now() + pace.window;
        }
    }
    Ok(Ok(match pieces.len() {
        1 => pieces.remove(0),
        _ => pieces.concat().into(),
    }))
}

fn is_accepted(content_type: &str, accepts: Accepts) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let charset_is_good = parts.all(|part| {
        let part = part.to_ascii_lowercase();
        part.strip_prefix("charset=")
            .is_none_or(|charset| charset.trim_matches('"') == "utf-8")
    });
    let media_is_good = media.eq_ignore_ascii_case("application/json")
        || accepts == Accepts::MergePatch
            && media.eq_ignore_ascii_case("application/merge-patch+json");
    media_is_good && charset_is_good
}

#[cfg(test)]
mod tests {
    use super::super::wire::Text;
    use super::{Accepts, Pace, gathered, is_accepted, parse};
    use axum::body::Body;
    use bytes::Bytes;
    use easel_storage::Title;
    use http_body_util::Limited;
    use serde::Deserialize;
    use std::convert::Infallible;
    use std::time::{Duration, Instant};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        title: Option<Text<Title>>,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        needed: u8,
    }

    /// Prints what was read or what was wrong.
    fn check(body: &str, expected: &str) {
        let got = match parse::<Sample>(body.as_bytes()) {
            Ok(sample) => format!(
                "{} {}",
                sample.title.map_or("-".to_owned(), |t| t.0.to_string()),
                sample.inner.iter().map(|i| i.needed).sum::<u8>()
            ),
            Err(problem) if problem.errors.is_empty() => problem.code.about().slug.to_owned(),
            Err(problem) => format!("{} {}", problem.errors[0].pointer, problem.errors[0].code),
        };
        assert_eq!(got, expected, "of {body}");
    }

    #[test]
    fn the_wrong_member_is_named() {
        check(r#"{"title": " Plan ", "inner": [{"needed": 3}]}"#, "Plan 3");
        check("{}", "- 0");
        check(r#"{"title": 3}"#, "/title wrong-type");
        check(r#"{"title": ""}"#, "/title invalid");
        check(r#"{"a/b~": 1}"#, "/a~1b~0 unknown-member");
        check(
            r#"{"inner": [{"needed": 1}, {}]}"#,
            "/inner/1/needed missing-member",
        );
        check(
            r#"{"inner": [{"needed": 1, "x": 2}]}"#,
            "/inner/0/x unknown-member",
        );
        check(r#"{"inner": [{"needed": 300}]}"#, "/inner/0/needed invalid");
        for malformed in ["{", "[]", "", "null", "{} {}", "{\"title\": \"\u{1}\"}"] {
            check(malformed, "malformed-json");
        }
    }

    /// A body of which these pieces come, and then nothing more but also no end.
    async fn stalled(pieces: &[&'static str], window: Duration) -> bool {
        let pieces: Vec<_> = pieces
            .iter()
            .map(|piece| Bytes::from_static(piece.as_bytes()))
            .collect();
        let pieces = pieces.into_iter().map(Ok::<_, Infallible>);
        let pieces = futures_util::stream::iter(pieces);
        let silence = futures_util::stream::pending();
        let body = Body::from_stream(futures_util::StreamExt::chain(pieces, silence));
        let pace = Pace { window, bytes: 4 };
        gathered(Limited::new(body, 100), pace).await.is_err()
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_is_given_up_however_much_of_it_came() {
        let begun = Instant::now();
        let window = Duration::from_millis(50);
        for pieces in [&[][..], &["a"], &["abcd", "efgh", "i"]] {
            assert!(stalled(pieces, window).await, "{pieces:?}");
        }
        // Each window was waited out.
        assert!(begun.elapsed() >= 3 * window);
    }

    #[tokio::test]
    async fn a_body_of_many_pieces_is_put_together() {
        let pieces = ["abcd", "", "e"].map(|piece| Ok::<_, Infallible>(Bytes::from(piece)));
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let pace = Pace {
            window: Duration::from_secs(60),
            bytes: 4,
        };
        let whole = gathered(Limited::new(body, 100), pace)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(whole, "abcde");
    }

    #[test]
    fn only_json_in_utf_8_is_taken() {
        for (content_type, json, merge_patch) in [
            ("application/json", true, true),
            ("Application/JSON; charset=UTF-8", true, true),
            ("application/json; charset=latin1", false, false),
            ("application/merge-patch+json", false, true),
            ("text/plain", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                is_accepted(content_type, Accepts::Json),
                json,
                "of {content_type}"
            );
            assert_eq!(
                is_accepted(content_type, Accepts::MergePatch),
                merge_patch,
                "of {content_type}"
            );
        }
    }
}
