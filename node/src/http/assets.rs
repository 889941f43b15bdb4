//! The web client, out of the binary: compressed as the browser likes, kept for ever where the name holds the content.

use super::guard::OurHost;
use super::headers;
use super::html;
use super::problem::{Code, Problem};
use crate::app::AppState;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// One file of the built client.
#[derive(Debug)]
struct File {
    /// From the root: `/index.html`.
    path: &'static str,
    /// Names the content.
    tag: &'static str,
    plain: &'static [u8],
    br: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// Sorted by path. Empty when the client was not built before the server.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/client.rs"));

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_EACH_TIME: &str = "no-cache";
const SERVICE_WORKER: &str = "/sw.js";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

const REPORTING_ENDPOINTS: HeaderName = HeaderName::from_static("reporting-endpoints");

/// Every page of the client is the same document; it looks at the address itself.
pub(super) async fn app_page(
    State(app): State<AppState>,
    Extension(ours): Extension<OurHost>,
    uri: Uri,
    request_headers: HeaderMap,
) -> Response {
    let Some(file) = app.page.document else {
        return not_built(&app.base);
    };
    let mut response = send(file, &request_headers);
    let fields = response.headers_mut();
    let reports = app.url("/csp-reports");
    let others = app.neighbours.known().sources();
    fields.insert(
        header::CONTENT_SECURITY_POLICY,
        headers::client_policy(&ours.authority, &others, &reports),
    );
    fields.insert(REPORTING_ENDPOINTS, headers::reporting_endpoints(&reports));
    let script = match uri.path() {
        "/" => &app.page.start_script,
        path if path.starts_with("/b/") => &app.page.board_script,
        _ => &None,
    };
    if let Some(link) = script {
        fields.insert(header::LINK, link.clone());
    }
    response
}

/// The one page of the client, which knows below which path everything is.
#[derive(Debug)]
pub(crate) struct AppPage {
    /// None when the client was not built before the server.
    document: Option<&'static File>,
    /// Tells of the page's own half of the client, which the first half would ask for one round trip later.
    start_script: Option<HeaderValue>,
    board_script: Option<HeaderValue>,
}

impl AppPage {
    pub(crate) fn below(base: &str) -> AppPage {
        let document = find(FILES, "/index.html");
        AppPage {
            document: match base {
                "" => document,
                base => document.map(|file| placed(file, base)),
            },
            start_script: script_links(FILES, base, &["start-page"]),
            board_script: script_links(FILES, base, &["drawing", "board-page"]),
        }
    }
}

/// What the page asks for stands in it by its address from the root, and where the root is in one attribute.
fn placed(file: &File, base: &str) -> &'static File {
    let text = std::str::from_utf8(file.plain).expect("the page is text");
    let text = text
        .replace("=\"/", &format!("=\"{base}/"))
        .replace("data-base=\"\"", &format!("data-base=\"{base}\""));
    // As much as a page of two kilobytes, once for each process.
    Box::leak(Box::new(File {
        tag: format!("{}{}", file.tag, base.replace('/', "-")).leak(),
        plain: text.into_bytes().leak(),
        br: None,
        gzip: None,
        ..*file
    }))
}

fn script_links(files: &[File], base: &str, names: &[&str]) -> Option<HeaderValue> {
    let links: Option<Vec<String>> = names
        .iter()
        .map(|name| {
            let start = format!("/assets/{name}-");
            let file = files
                .iter()
                .find(|file| file.path.starts_with(&start) && file.path.ends_with(".js"))?;
            Some(format!("<{base}{}>; rel=modulepreload", file.path))
        })
        .collect();
    Some(HeaderValue::try_from(links?.join(", ")).expect("the build makes names of ASCII"))
}

/// Any path that no route knows: a file of the client, a page of it, or nothing.
pub(super) async fn file(
    app: State<AppState>,
    host: Extension<OurHost>,
    request: Request,
) -> Response {
    let path = request.uri().path();
    let Some(file) = find(FILES, path) else {
        if is_page(&request) {
            return app_page(app, host, request.uri().clone(), request.headers().clone()).await;
        }
        return Problem::new(Code::NotFound).into_response();
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = Problem::new(Code::MethodNotAllowed).into_response();
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
        return response;
    }
    if file.path == "/index.html" {
        return app_page(app, host, request.uri().clone(), request.headers().clone()).await;
    }
    send(file, request.headers())
}

/// Somebody follows a link or types an address: the client knows its own pages, and says when this is none of them.
fn is_page(request: &Request) -> bool {
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    let accepts = request.headers().get(header::ACCEPT);
    let wants_html = accepts.is_some_and(|accept| {
        accept
            .to_str()
            .is_ok_and(|accept| accept.contains("text/html"))
    });
    matches!(*request.method(), Method::GET | Method::HEAD) && wants_html && !name.contains('.')
}

fn find(files: &'static [File], path: &str) -> Option<&'static File> {
    files
        .binary_search_by(|file| file.path.cmp(path))
        .ok()
        .map(|at| &files[at])
}

fn send(file: &'static File, request: &HeaderMap) -> Response {
    let (encoding, bytes) = choose(
        file,
        request
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok()),
    );
    // The same content in another encoding is another representation, so it has another tag.
    let (etag, content_encoding) = match encoding {
        Encoding::Brotli => (format!("\"{}-br\"", file.tag), Some("br")),
        Encoding::Gzip => (format!("\"{}-gz\"", file.tag), Some("gzip")),
        Encoding::Plain => (format!("\"{}\"", file.tag), None),
    };
    let is_known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|list| matches_any(list, &etag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(bytes));
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(media_type(file.path)),
        );
        if let Some(name) = content_encoding {
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    };
    let fields = response.headers_mut();
    fields.insert(
        header::ETAG,
        HeaderValue::try_from(etag).expect("a tag is ASCII"),
    );
    fields.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(caching(file.path)),
    );
    if file.path == SERVICE_WORKER {
        fields.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(headers::POLICY_WORKER),
        );
    }
    if file.br.is_some() || file.gzip.is_some() {
        fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// `If-None-Match` compares weakly: `W/` does not count.
pub(crate) fn matches_any(list: &str, etag: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

/// The build puts a hash of the content into the names below `assets/`, and only there.
fn caching(path: &str) -> &'static str {
    if path.starts_with("/assets/") {
        FOR_EVER
    } else {
        ASK_EACH_TIME
    }
}

fn choose(file: &File, accept: Option<&str>) -> (Encoding, &'static [u8]) {
    let quality = |name| quality_of(accept.unwrap_or_default(), name);
    let candidates = [
        (Encoding::Brotli, file.br, quality("br")),
        (Encoding::Gzip, file.gzip, quality("gzip")),
        // Unless it is named it is as welcome as the least of the others, and always possible.
        (
            Encoding::Plain,
            Some(file.plain),
            quality("identity").max(1),
        ),
    ];
    let mut best = (Encoding::Plain, file.plain, 0);
    for (encoding, bytes, quality) in candidates {
        if let Some(bytes) = bytes
            && quality > best.2
        {
            best = (encoding, bytes, quality);
        }
    }
    (best.0, best.1)
}

/// The weight, in thousandths, that `Accept-Encoding` gives a name; `*` stands for what is not named.
pub(crate) fn quality_of(accept: &str, name: &str) -> u32 {
    let mut by_star = 0;
    for item in accept.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(1000, thousandths);
        if coding.eq_ignore_ascii_case(name) {
            return weight;
        }
        if coding == "*" && name != "identity" {
            by_star = weight;
        }
    }
    by_star
}

fn thousandths(q: &str) -> u32 {
    let q: f32 = q.parse().unwrap_or(0.0);
    if q.is_finite() {
        (q.clamp(0.0, 1.0) * 1000.0) as u32
    } else {
        0
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn not_built(base: &str) -> Response {
    let page = html::page(
        base,
        "The web client is not in this binary",
        &[
            "The server runs, and its interfaces work; but it was built without the page to draw on.",
            "Build everything with: make build. Or only the client, with: npm ci && npm run build in node/web, and then the server again.",
        ],
    );
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
        page,
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::{File, caching, choose, find, matches_any, media_type, placed, script_links, send};
    use axum::http::{HeaderMap, header};

    const FILE: File = File {
        path: "/a.js",
        tag: "00ff",
        plain: b"plain",
        br: Some(b"br"),
        gzip: Some(b"gz"),
    };

    #[test]
    fn only_the_service_worker_may_fetch() {
        let policy_of = |path| {
            let file = Box::leak(Box::new(File { path, ..FILE }));
            let policy = send(file, &HeaderMap::new())
                .headers()
                .get(header::CONTENT_SECURITY_POLICY)
                .cloned();
            policy.map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(policy_of("/a.js"), None);
        assert!(policy_of("/sw.js").unwrap().contains("connect-src 'self'"));
    }

    #[test]
    fn the_encoding_is_the_one_the_client_likes_best() {
        for (accept, expected) in [
            (None, "Plain"),
            (Some(""), "Plain"),
            (Some("gzip, deflate, br, zstd"), "Brotli"),
            (Some("gzip, deflate"), "Gzip"),
            (Some("br;q=0.5, gzip;q=0.8"), "Gzip"),
            (Some("br;q=0, *"), "Gzip"),
            (Some("*"), "Brotli"),
            (Some("BR"), "Brotli"),
            (Some("br;q=0.2, identity;q=0.9"), "Plain"),
            (Some("identity;q=0, *;q=0"), "Plain"),
            (Some("gzip;q=oops"), "Plain"),
        ] {
            assert_eq!(
                format!("{:?}", choose(&FILE, accept).0),
                expected,
                "of {accept:?}"
            );
        }
        let only_plain = File {
            br: None,
            gzip: None,
            ..FILE
        };
        assert_eq!(choose(&only_plain, Some("br, gzip")).1, b"plain");
    }

    #[test]
    fn a_board_page_names_the_script_that_it_will_need() {
        let named = |path| File { path, ..FILE };
        let files = [
            named("/assets/board-page-0a1B.js"),
            named("/assets/index-2c.js"),
        ];
        assert_eq!(
            script_links(&files, "", &["board-page"]).unwrap(),
            "</assets/board-page-0a1B.js>; rel=modulepreload"
        );
        assert_eq!(
            script_links(&files, "/easel", &["board-page"]).unwrap(),
            "</easel/assets/board-page-0a1B.js>; rel=modulepreload"
        );
        assert_eq!(script_links(&files[1..], "", &["board-page"]), None);
    }

    #[test]
    fn a_page_below_a_path_says_so_and_asks_for_its_files_there() {
        let plain =
            br#"<html data-base=""><link href="/a.css"><a href="https://x/y">/</a><script src="/boot.js">"#;
        let file = placed(
            &File {
                path: "/index.html",
                plain,
                ..FILE
            },
            "/a/easel",
        );
        assert_eq!(
            std::str::from_utf8(file.plain).unwrap(),
            r#"<html data-base="/a/easel"><link href="/a/easel/a.css"><a href="https://x/y">/</a><script src="/a/easel/boot.js">"#
        );
        assert_eq!((file.tag, file.br), ("00ff-a-easel", None));
    }

    #[test]
    fn a_client_that_has_it_is_told_so_and_gets_no_body() {
        let ask = |tag: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, "br".parse().unwrap());
            headers.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
            send(&FILE, &headers)
        };
        let known = ask("\"x\", W/\"00ff-br\"");
        assert_eq!(known.status(), 304);
        assert!(!known.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(known.headers()[header::VARY], "accept-encoding");
        // The tag of another encoding is another representation.
        let other = ask("\"00ff\"");
        assert_eq!(other.status(), 200);
        assert_eq!(other.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(other.headers()[header::ETAG], "\"00ff-br\"");
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        assert!(caching("/assets/index-B3kz.js").contains("immutable"));
        for path in [
            "/index.html",
            "/sw.js",
            "/favicon.svg",
            "/manifest.webmanifest",
        ] {
            assert_eq!(caching(path), "no-cache", "of {path}");
        }
        assert_eq!(media_type("/sw.js"), "text/javascript; charset=utf-8");
        assert!(matches_any("*", "\"x\"") && !matches_any("", "\"x\""));
    }

    #[test]
    fn a_file_is_found_by_its_whole_path_only() {
        const FILES: &[File] = &[
            File {
                path: "/a.css",
                ..FILE
            },
            FILE,
        ];
        assert!(find(FILES, "/a.js").is_some());
        assert!(find(FILES, "/a").is_none() && find(FILES, "a.js").is_none());
    }
}
