//! How new what is read must be: `Easel-Min-Index: N` for a write that the caller knows of, `?consistency=linearizable` for
//! everything that was acknowledged to anybody.
//!
//! It is waited for before the handler runs. What this node has applied never goes back, so all that a handler reads then is
//! as new.

use super::problem::{Code, Problem};
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, Uri};
use easel_storage::{CommitIndex, Query, ReadError, ReadLevel, Store};
use std::time::Duration;

pub(crate) const MIN_INDEX: HeaderName = HeaderName::from_static("easel-min-index");
const WAIT_MAX: Duration = Duration::from_secs(2);

/// What a request wants. The parameter is taken off its address: handlers refuse those that they do not know.
pub(super) fn wanted(request: &mut Request) -> Result<ReadLevel, Problem> {
    if let Some(linearizable) = take_consistency(request.uri_mut())? {
        return Ok(linearizable);
    }
    let Some(index) = request.headers().get(&MIN_INDEX) else {
        return Ok(ReadLevel::Local);
    };
    let index = index.to_str().ok().and_then(|index| index.parse().ok());
    index
        .map(|index| ReadLevel::AtLeast(CommitIndex(index)))
        .ok_or_else(|| Problem::new(Code::BadRequest).detail("Easel-Min-Index is not a number"))
}

fn take_consistency(uri: &mut Uri) -> Result<Option<ReadLevel>, Problem> {
    let Some(query) = uri.query().filter(|query| query.contains("consistency=")) else {
        return Ok(None);
    };
    let (ours, others): (Vec<_>, Vec<_>) = query
        .split('&')
        .partition(|pair| pair.starts_with("consistency="));
    let level = match ours.as_slice() {
        [] => return Ok(None),
        ["consistency=linearizable"] => ReadLevel::Linearizable,
        ["consistency=local"] => ReadLevel::Local,
        _ => {
            return Err(Problem::new(Code::BadQuery)
                .detail("the parameter consistency is one of local, linearizable"));
        }
    };
    let path = match others.is_empty() {
        true => uri.path().to_owned(),
        false => format!("{}?{}", uri.path(), others.join("&")),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).map_err(|_| Code::BadRequest)?);
    *uri = Uri::from_parts(parts).map_err(|_| Code::BadRequest)?;
    Ok(Some(level))
}

/// Waits until this node's state is so new.
pub(super) async fn reach(store: &dyn Store, level: ReadLevel) -> Result<(), Problem> {
    let reading = store.read(level, Query::Instance);
    match tokio::time::timeout(WAIT_MAX, reading).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(ReadError::TimedOut)) | Err(_) => Err(match level {
            ReadLevel::AtLeast(_) => Code::ReplicaBehind.into(),
            ReadLevel::Local | ReadLevel::Linearizable => Code::Unavailable.into(),
        }),
        Ok(Err(ReadError::Unavailable)) => Err(Code::Unavailable.into()),
        Ok(Err(ReadError::Stopped)) => Err(Code::Draining.into()),
        Ok(Err(ReadError::Failed)) => Err(Code::Internal.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::wanted;
    use axum::body::Body;
    use axum::extract::Request;

    /// What is wanted, and the address that is left.
    fn check(uri: &str, index: Option<&str>, expected: &str) {
        let mut request = Request::builder().uri(uri);
        if let Some(index) = index {
            request = request.header("easel-min-index", index);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let got = match wanted(&mut request) {
            Ok(level) => format!("{level:?} {}", request.uri()),
            Err(problem) => problem.code.about().slug.to_owned(),
        };
        assert_eq!(got, expected, "of {uri} {index:?}");
    }

    #[test]
    fn a_caller_says_how_new_it_must_be() {
        check("/x?a=b", None, "Local /x?a=b");
        check("/x", Some("7"), "AtLeast(CommitIndex(7)) /x");
        check("/x", Some("seven"), "bad-request");
        check("/x?consistency=linearizable", Some("7"), "Linearizable /x");
        check(
            "/x?a=b&consistency=linearizable&c=d",
            None,
            "Linearizable /x?a=b&c=d",
        );
        check("/x?consistency=local&c=d", None, "Local /x?c=d");
        check("/x?consistency=none", None, "bad-query");
        check("/x?consistency=local&consistency=local", None, "bad-query");
        check("/x?q=consistency=1", None, "Local /x?q=consistency=1");
    }
}
