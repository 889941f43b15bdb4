//! What goes around every request, on both listeners: its id, the checks of host and origin, panics, how errors are
//! written, the headers that are always there, one log line and the counters.

use super::cors::Sharing;
use super::forwarded::{self, Arrival, Scheme};
use super::guard::OurHost;
use super::listen::Peer;
use super::problem::{self, Code, Problem, Reader};
use super::rates::{self, Asker, Counted};
use super::{freshness, headers, linger};
use crate::app::{App, AppState};
use crate::auth::{Asking, Caller, wall_clock};
use crate::config::TlsMode;
use crate::metrics::Metrics;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use easel_storage::ReadLevel;
use futures_util::FutureExt;
use prometheus::IntGauge;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// One upload.
const UPLOAD_BYTES_MAX: u64 = 25 << 20;
/// A leader is elected within a few seconds; who asks meanwhile waits a part of it.
const TOUCH_WAIT_MAX: Duration = Duration::from_secs(2);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn frame(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let mut request = linger::wrap(request);
    let arrival = request.extensions().get().copied();
    let arrival = arrival.unwrap_or(Arrival::HERE);
    let seen = forwarded::look(&app.config.proxy, arrival, request.headers());
    let asked = Asked::of(&request, seen.client);
    // A client's own X-Request-Id is not taken, only a trusted proxy's.
    let made = || Uuid::now_v7().to_string();
    let id = seen.request_id.clone().unwrap_or_else(made);
    let sharing = Sharing::of(&app.guard, &request);
    // Nowhere may a listed page act by a cookie; only the interface answers it with leave to read.
    sharing.drop_cookies(request.headers_mut());
    let sharing = match asked.is_of_interface() {
        true => sharing,
        false => Sharing::Off,
    };
    let in_flight = InFlight::begin(&app.metrics.http_in_flight);
    let checked = app
        .guard
        .check(request.method(), request.uri(), request.headers(), &seen);
    let is_secure_site = checked
        .as_ref()
        .is_ok_and(|ours| is_secure_site(&app, ours));
    let checked = match checked {
        Ok(ours) => reach_others(&app, &asked).await.map(|()| ours),
        Err(problem) => Err(problem),
    };
    let answered = match checked {
        Ok(ours) => {
            request.extensions_mut().insert(ours);
            request.extensions_mut().insert(Peer::new(seen.client));
            let caller = app.auth.caller(request.headers(), wall_clock()).await;
            let counted = count(&app, &asked, &request, &caller);
            request.extensions_mut().insert(Asking(caller));
            match admit(&app, &counted, &mut request).await {
                Ok(()) => {
                    let mut response = match sharing.preflight(&request) {
                        Some(response) => response,
                        None => run(&app, request, next).await,
                    };
                    counted.put(response.headers_mut());
                    response
                }
                Err(problem) => problem.into_response(),
            }
        }
        Err(problem) => problem.into_response(),
    };
    let to = problem::Asked {
        id: &id,
        reader: asked.reader,
        base: &app.base,
    };
    let mut response = write_problem(answered, &to, &app.metrics);
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        headers::add_always(response.headers_mut());
        if is_secure_site {
            headers::add_transport_security(response.headers_mut());
        }
        sharing.put(response.headers_mut());
    }
    let id_header = HeaderValue::try_from(&id).expect("an id has only visible ASCII characters");
    response.headers_mut().insert(REQUEST_ID, id_header);
    drop(in_flight);
    asked.account(&app.metrics, response.status(), began.elapsed(), &id);
    response
}

/// Reached by TLS with a certificate that is to stay, at a name that is its own.
fn is_secure_site(app: &App, ours: &OurHost) -> bool {
    ours.scheme == Scheme::Https && app.config.tls.mode != TlsMode::SelfSigned && ours.is_a_sites()
}

/// What must hold before any handler: there is still something left for this caller, and the state is as new as it is to be.
async fn admit(app: &App, counted: &Counted, request: &mut Request) -> Result<(), Problem> {
    counted.check()?;
    match freshness::wanted(request)? {
        ReadLevel::Local => Ok(()),
        level => freshness::reach(&*app.store, level).await,
    }
}

/// Out of touch with the other nodes nothing here says who may do what, so nothing is decided by it.
async fn reach_others(app: &App, asked: &Asked) -> Result<(), Problem> {
    if app.touch.holds().is_some() || !asked.asks_the_state() {
        return Ok(());
    }
    let waiting = app.touch.regained();
    tokio::time::timeout(TOUCH_WAIT_MAX, waiting)
        .await
        .map_err(|_| {
            Problem::new(Code::ReplicaBehind).detail("this node has lost touch with the others")
        })
}

async fn run(app: &App, request: Request, next: Next) -> Response {
    let running = AssertUnwindSafe(next.run(request)).catch_unwind();
    running.await.unwrap_or_else(|_| {
        // The panic hook has logged where it was.
        app.metrics.http_panics.inc();
        Problem::new(Code::Internal).into_response()
    })
}

/// Counts the request under the policies of its route.
fn count(app: &App, asked: &Asked, request: &Request, caller: &Result<Caller, Problem>) -> Counted {
    let network = Peer::of(request.extensions()).network();
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    app.rates.request(&rates::Asked {
        method: &asked.method,
        route: &asked.route,
        who: Asker::of(caller.as_ref(), network),
        network,
        // Who does not say how much it will be is taken to send all that is allowed.
        bytes: length.unwrap_or(UPLOAD_BYTES_MAX),
    })
}

/// Counts down also when the client leaves and the request is dropped half done.
struct InFlight(IntGauge);

impl InFlight {
    fn begin(gauge: &IntGauge) -> InFlight {
        gauge.inc();
        InFlight(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What is kept of a request for its end.
struct Asked {
    /// The template (`/b/{board}`), never the path: that would be one label or log line for each board.
    route: String,
    method: Method,
    reader: Reader,
    client: IpAddr,
}

impl Asked {
    fn of(request: &Request, client: IpAddr) -> Asked {
        let path = request.uri().path();
        let is_page = ![
            "/api",
            "/sync",
            "/metrics",
            "/healthz",
            "/readyz",
            "/startupz",
        ]
        .iter()
        .any(|start| path.starts_with(start));
        let wants_html = request
            .headers()
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"));
        Asked {
            route: request
                .extensions()
                .get::<MatchedPath>()
                .map_or("(file)".to_owned(), |path| path.as_str().to_owned()),
            method: request.method().clone(),
            client,
            reader: if is_page && wants_html {
                Reader::Person
            } else {
                Reader::Program
            },
        }
    }

    /// The pages themselves, and what monitors ask, are the same whatever the state says.
    fn asks_the_state(&self) -> bool {
        self.is_of_interface() || self.route.starts_with("/sync") || self.route.contains("/sync/")
    }

    fn is_of_interface(&self) -> bool {
        self.route.contains("/api/")
    }

    fn account(&self, metrics: &Metrics, status: StatusCode, took: Duration, id: &str) {
        let class =
            ["1xx", "2xx", "3xx", "4xx", "5xx"][usize::from(status.as_u16() / 100).clamp(1, 5) - 1];
        let method = self.method_label();
        metrics
            .http_requests
            .with_label_values(&[self.route.as_str(), method, class])
            .inc();
        metrics
            .http_duration
            .with_label_values(&[self.route.as_str()])
            .observe(took.as_secs_f64());
        if status == StatusCode::FORBIDDEN {
            let denied = &metrics.authz_denied;
            denied.with_label_values(&[self.route.as_str()]).inc();
        }
        let client = self.client;
        let (route, status, dur_ms) = (
            self.route.as_str(),
            status.as_u16(),
            took.as_micros() as f64 / 1_000.0,
        );
        // Reads, and what is drawn by way of posts, are many and of little interest; who looks for one sets the level.
        let is_read = matches!(self.method, Method::GET | Method::HEAD)
            && !route.starts_with("/sync")
            && !route.ends_with("/stream")
            || route.ends_with("/updates");
        if status >= 500 {
            tracing::warn!(
                request_id = id,
                route,
                method,
                status,
                dur_ms,
                %client,
                "request failed"
            );
        } else if is_read {
            tracing::debug!(request_id = id, route, method, status, dur_ms, %client, "request");
        } else {
            tracing::info!(request_id = id, route, method, status, dur_ms, %client, "request");
        }
    }

    /// A client may invent methods; the metrics know these.
    fn method_label(&self) -> &'static str {
        match self.method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::PATCH => "PATCH",
            Method::DELETE => "DELETE",
            Method::OPTIONS => "OPTIONS",
            _ => "other",
        }
    }
}

/// Writes out the problem that a handler returned, or makes one of a bare error status that a library returned.
fn write_problem(mut response: Response, to: &problem::Asked<'_>, metrics: &Metrics) -> Response {
    let status = response.status();
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        for policy in problem.counted.violated() {
            metrics.http_limited.with_label_values(&[policy]).inc();
        }
        return problem.render(response, to);
    }
    let is_ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json");
    if !is_ours && (status.is_client_error() || status.is_server_error()) {
        return Problem::new(Code::of_status(status)).render(response, to);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::frame;
    use crate::testing::TestNode;
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_bug_is_answered_without_telling_about_it() {
        async fn buggy() {
            panic!("secret of the source");
        }
        let node = TestNode::start().await;
        let routes: Router = Router::new().route("/api/buggy", get(buggy)).layer(
            axum::middleware::from_fn_with_state(node.app.clone(), frame),
        );
        let request = Request::builder()
            .uri("/api/buggy")
            .header("host", "localhost")
            .body(Body::empty())
            .unwrap();
        let response = routes.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            body.contains("\"code\":\"internal\"") && !body.contains("secret"),
            "{body}"
        );
        assert_eq!(node.app.metrics.http_panics.get(), 1);
        assert_eq!(node.app.metrics.http_in_flight.get(), 0);
    }
}
