//! Bodies: one JSON object of known members, within a size and a time. What is wrong is told member by member.

use crate::app::App;
use crate::config::ByteSize;
use crate::http::problem::{Code, FieldError, Problem};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

/// What `Content-Type` may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepts {
    Json,
    /// RFC 7396; plain JSON is taken as the same.
    MergePatch,
}

/// The members of a body that are not yet taken, and what was wrong with those that are.
#[derive(Debug)]
pub(super) struct Members {
    members: Map<String, Value>,
    errors: Vec<FieldError>,
}

/// Reads a body. An empty one counts as `{}`, since every member may be left out.
pub(super) async fn read(
    app: &App,
    request: Request,
    accepts: Accepts,
) -> Result<Members, Problem> {
    let (parts, body) = request.into_parts();
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str().unwrap_or_default());
    let bytes = read_bytes(app, body, app.config.limits.body).await?;
    if bytes.is_empty() && content_type.is_none() {
        return Ok(Members::of(Map::new()));
    }
    if !is_accepted(content_type.unwrap_or_default(), accepts) {
        return Err(Code::UnsupportedMediaType.into());
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(members)) => Ok(Members::of(members)),
        Ok(_) => Err(Problem::new(Code::MalformedJson).detail("the body is not an object")),
        // Where it went wrong, not what stood there.
        Err(error) => Err(Problem::new(Code::MalformedJson).detail(format!(
            "the body is not JSON at line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}

/// All of a body, if it is not too large and does not take too long.
pub(super) async fn read_bytes(app: &App, body: Body, limit: ByteSize) -> Result<Bytes, Problem> {
    let limit = usize::try_from(limit.0).unwrap_or(usize::MAX);
    let whole = tokio::time::timeout(
        app.config.limits.body_timeout.0,
        Limited::new(body, limit).collect(),
    );
    match whole.await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Code::BodyTooLarge.into()),
        Ok(Err(_)) => Err(Problem::new(Code::BadRequest).detail("the body ended early")),
        Err(_) => Err(Code::BodyTimeout.into()),
    }
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

impl Members {
    fn of(members: Map<String, Value>) -> Members {
        Members {
            members,
            errors: Vec::new(),
        }
    }

    /// Takes a member of text and checks it; none if it is absent or wrong, which [`Members::finish`] tells.
    pub(super) fn text<T, E: ToString>(
        &mut self,
        name: &str,
        check: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        match self.members.remove(name)? {
            Value::String(text) => match check(text) {
                Ok(value) => Some(value),
                Err(error) => {
                    self.blame(name, "invalid", error.to_string());
                    None
                }
            },
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => {
                self.blame(name, "wrong-type", "this is text".to_owned());
                None
            }
        }
    }

    /// All is well if every member was taken and none was wrong.
    pub(super) fn finish(mut self) -> Result<(), Problem> {
        for name in std::mem::take(&mut self.members).keys() {
            self.blame(name, "unknown-member", "there is no such member".to_owned());
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.errors))
        }
    }

    fn blame(&mut self, name: &str, code: &'static str, detail: String) {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        self.errors.push(FieldError {
            pointer: format!("/{escaped}"),
            code,
            detail,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Accepts, Members, is_accepted};
    use easel_storage::Title;
    use serde_json::Value;

    /// Takes `title` from a body; prints it and what was wrong.
    fn check(body: &str, expected: &str) {
        let Value::Object(members) = serde_json::from_str(body).unwrap() else {
            panic!("not an object")
        };
        let mut members = Members::of(members);
        let title = members.text("title", Title::try_from);
        let got = match members.finish() {
            Ok(()) => title.map_or("no title".to_owned(), |title| title.to_string()),
            Err(problem) => problem
                .errors
                .iter()
                .map(|e| format!("{} {}", e.pointer, e.code))
                .collect::<Vec<_>>()
                .join(", "),
        };
        assert_eq!(got, expected, "of {body}");
    }

    #[test]
    fn every_wrong_member_is_named() {
        check(r#"{"title": " Plan "}"#, "Plan");
        check("{}", "no title");
        check(r#"{"title": 3}"#, "/title wrong-type");
        check(r#"{"title": null}"#, "/title wrong-type");
        check(r#"{"title": ""}"#, "/title invalid");
        check(
            r#"{"title": "a", "a/b~": 1, "z": 1}"#,
            "/a~1b~0 unknown-member, /z unknown-member",
        );
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
