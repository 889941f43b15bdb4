//! What monitors ask: alive, ready, and the metrics.

use crate::app::AppState;
use crate::observe;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use easel_cluster::Status;
use serde_json::{Value, json};

/// Alive. Looks at nothing, so that a node without a quorum is not restarted for it.
pub(super) async fn healthz() -> &'static str {
    "ok"
}

/// Started. The listener opens only after recovery, so an answer is the proof.
pub(super) async fn startupz() -> &'static str {
    "ok"
}

pub(super) async fn readyz(State(app): State<AppState>) -> Response {
    let (status, body) = readiness(&app);
    answer(status, &body)
}

/// For whoever runs the node: where it stands as well.
pub(super) async fn readyz_with_details(State(app): State<AppState>) -> Response {
    let (status, mut body) = readiness(&app);
    let node = app.node.borrow().clone();
    body["node"] = json!({
        "cluster_id": node.cluster_id.to_string(),
        "node_id": node.node_id,
        "instance_id": node.instance_id.to_string(),
        "term": node.term,
        "is_leader": node.is_leader,
        "leader": node.leader,
        "last_log_index": node.last_log_index,
        "commit_index": node.commit_index,
        "applied_index": node.applied_index,
        "durable_index": node.durable_index,
        "snapshot_index": node.snapshot_index,
        "disk_full": node.disk_full,
        "fatal": node.fatal,
    });
    answer(status, &body)
}

pub(super) async fn metrics(State(app): State<AppState>) -> Response {
    observe::refresh(&app).await;
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.text()).into_response()
}

fn readiness(app: &AppState) -> (StatusCode, Value) {
    let (quorum, in_touch, storage) = {
        let node = app.node.borrow();
        let in_touch = app.touch.holds().is_some();
        (node.has_quorum, in_touch, can_store(&node))
    };
    let draining = app.is_draining();
    let status = match quorum && in_touch && storage && !draining {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (
        status,
        json!({ "quorum": quorum, "in_touch": in_touch, "storage": storage, "draining": draining }),
    )
}

/// A full disk still serves reads, but a proxy should rather send people to a node that saves.
fn can_store(node: &Status) -> bool {
    node.fatal.is_none() && !node.disk_full
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body.to_string()).into_response()
}
