//! A real node in a folder of its own, asked without sockets.

use crate::app::AppState;
use crate::auth::{HashCost, Known};
use crate::config::{Address, ByteSize, Config, MaybeAddress, RateLimits};
use crate::http::{self, Listener};
use crate::metrics::Metrics;
use crate::serve;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use bytes::Bytes;
use easel_cluster::{Node, TouchTeller};
use http_body_util::BodyExt;
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt;

/// Tests sign in often and guard nothing.
const CHEAP: HashCost = HashCost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

pub(crate) struct TestNode {
    pub(crate) app: AppState,
    public: Router,
    ops: Router,
    _node: Node,
    _dir: tempfile::TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The body as it came.
    pub(crate) bytes: Bytes,
}

impl TestNode {
    pub(crate) async fn start() -> TestNode {
        TestNode::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> TestNode {
        TestNode::start_as(change, CHEAP).await
    }

    /// A node whose touch with the others, of which it has none, is as the test says.
    pub(crate) async fn start_with_touch() -> (TestNode, TouchTeller) {
        let node = TestNode::start().await;
        let teller = node.app.touch.teller();
        (node, teller)
    }

    /// Where what a hash costs matters.
    pub(crate) async fn start_hashing(cost: HashCost) -> TestNode {
        TestNode::start_as(|_| {}, cost).await
    }

    async fn start_as(change: impl FnOnce(&mut Config), cost: HashCost) -> TestNode {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: dir.path().join("data"),
            ..Config::default()
        };
        config.listen.http = Address(([127, 0, 0, 1], 0).into());
        config.listen.ops = MaybeAddress(None);
        // Tests ask often; those about limits set their own.
        config.rate_limits = RateLimits {
            auth: 0,
            auth_account: 0,
            api: 0,
            write: 0,
            upload: ByteSize(0),
            ws_connect: 0,
            client_errors: 0,
        };
        change(&mut config);
        let metrics = Arc::new(Metrics::new());
        let listener = Listener::bind("listen.http", config.listen.http.0)
            .await
            .unwrap();
        let known = Arc::new(Known::default());
        let (changes, _) = tokio::sync::broadcast::channel(64);
        let node = serve::start_node(&config, &metrics, &known, &changes, None)
            .await
            .unwrap();
        let auth = serve::start_auth(&config, &node, known, cost)
            .await
            .unwrap();
        let app = serve::assemble(config, metrics, &node, auth, &listener, &changes).unwrap();
        TestNode {
            public: http::public_routes(app.clone()),
            ops: http::ops_routes(app.clone()),
            app,
            _node: node,
            _dir: dir,
        }
    }

    /// Asks in lines: `METHOD /path`, headers, an empty line, the body. The host is `localhost` unless it is given.
    pub(crate) async fn ask(&self, text: &str) -> Answer {
        answer(&self.public, text).await
    }

    /// The answer's head alone, for what may not end.
    pub(crate) async fn ask_head(&self, text: &str) -> Response {
        respond(&self.public, text).await
    }

    /// As [`TestNode::ask`], with a body that is no text.
    pub(crate) async fn send(&self, head: &str, body: Vec<u8>) -> Answer {
        read(respond_to(&self.public, head, body.into()).await).await
    }

    /// With a body that comes when it likes.
    pub(crate) async fn send_body(&self, head: &str, body: Body) -> Answer {
        read(respond_to(&self.public, head, body).await).await
    }

    pub(crate) async fn ask_ops(&self, text: &str) -> Answer {
        answer(&self.ops, text).await
    }

    /// Makes a board and gives its id.
    pub(crate) async fn board(&self, title: &str) -> String {
        let body = serde_json::json!({ "title": title });
        let text = format!("POST /api/v1/boards\ncontent-type: application/json\n\n{body}");
        let made = self.ask(&text).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()["id"].as_str().unwrap().to_owned()
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// `404 board-not-found`, or the status alone when it is no problem.
    pub(crate) fn outcome(&self) -> String {
        let is_problem = self.header("content-type") == "application/problem+json";
        match is_problem {
            true => format!("{} {}", self.status, self.json()["code"].as_str().unwrap()),
            false => self.status.to_string(),
        }
    }
}

async fn answer(routes: &Router, text: &str) -> Answer {
    read(respond(routes, text).await).await
}

async fn read(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&bytes).into_owned(),
        bytes,
    }
}

async fn respond(routes: &Router, text: &str) -> Response {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    respond_to(routes, head, body.to_owned().into()).await
}

async fn respond_to(routes: &Router, head: &str, body: Body) -> Response {
    let mut lines = head.lines();
    let (method, uri) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(uri);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    if !head.contains("\nhost: ") {
        request = request.header("host", "localhost");
    }
    let request = request.body(body).unwrap();
    routes.clone().oneshot(request).await.unwrap()
}
