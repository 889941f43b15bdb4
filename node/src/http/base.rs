//! The path below which everything is, when `public_url` has one.

use axum::Router;
use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::response::Redirect;
use axum::routing::get;
use tower::ServiceExt;

/// Takes requests below `base` as if they were for the root, where all routes are. Those that come without it are good
/// as well: a proxy may pass the path on as it is or cut its beginning off.
pub(super) fn below(base: &str, routes: Router) -> Router {
    if base.is_empty() {
        return routes;
    }
    let root = format!("{base}/");
    let here = base.to_owned();
    let inside = routes.map_request(move |mut request: Request| {
        if let Some(uri) = without(&here, request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    });
    Router::new()
        .route(base, get(async move || Redirect::temporary(&root)))
        .fallback_service(inside)
}

/// The address as it is from the root; none where it is that already.
fn without(base: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(base)?;
    if !rest.starts_with('/') {
        return None;
    }
    let mut parts = uri.clone().into_parts();
    // What stood in a valid address behind a whole part of its path is one.
    parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn a_path_is_taken_off_by_whole_parts() {
        for (uri, expected) in [
            ("/easel/b/x?y=/easel/", "/b/x?y=/easel/"),
            ("/easel/", "/"),
            ("/easel/easel/", "/easel/"),
            ("https://example.org/easel/b", "https://example.org/b"),
            ("/easel", "as it is"),
            ("/easels/b", "as it is"),
            ("/b/easel/", "as it is"),
            ("/", "as it is"),
        ] {
            let got = without("/easel", &uri.parse().unwrap());
            let got = got.map_or("as it is".to_owned(), |uri| uri.to_string());
            assert_eq!(got, expected, "of {uri}");
        }
    }
}
