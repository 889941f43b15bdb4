//! The cluster, for an admin: what it is made of, and how that is changed. `easel cluster` on the machine does the same.

use super::access;
use super::body::{self, Accepts};
use super::conditions;
use super::links::no_store;
use super::wire::Moment;
use crate::app::AppState;
use crate::auth::{Caller, wall_clock};
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use easel_cluster::{MembersError, NodeView, Standing};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// How long a join token holds when nobody says.
const MINUTES_DEFAULT: u32 = 60;
const MINUTES_MAX: u32 = 7 * 24 * 60;

#[derive(Serialize, ToSchema)]
struct Cluster {
    id: String,
    /// The node that answers.
    node: u64,
    /// Who leads, if this node knows.
    #[schema(required)]
    leader: Option<u64>,
    /// Grows with every election.
    term: u64,
    /// Entries in this node's log, and those of them in its state.
    last_log_index: u64,
    applied_index: u64,
    /// Whether this node's disk is nearly full.
    disk_full: bool,
    nodes: Vec<ClusterNode>,
}

#[derive(Serialize, ToSchema)]
struct ClusterNode {
    id: u64,
    role: ClusterRole,
    /// Where other nodes reach it; empty while it is alone.
    address: String,
    /// Where people reach it.
    url: String,
    version: String,
    /// Entries that it is behind; the leader alone knows it, of the others.
    #[schema(required)]
    lag: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ClusterRole {
    /// A token lets it in, and it has not come yet.
    Invited,
    /// Is sent everything and does not count yet.
    Learner,
    Voter,
}

impl From<NodeView> for ClusterNode {
    fn from(node: NodeView) -> ClusterNode {
        ClusterNode {
            id: node.id,
            role: match node.standing {
                Standing::Invited => ClusterRole::Invited,
                Standing::Learner => ClusterRole::Learner,
                Standing::Voter => ClusterRole::Voter,
            },
            address: node.address,
            url: node.url,
            version: node.version,
            lag: node.lag,
        }
    }
}

fn not_done(error: MembersError) -> Problem {
    let code = match &error {
        MembersError::Refused(_) | MembersError::Quorum(_) => Code::Conflict,
        MembersError::NoNode(_) => Code::NotFound,
        MembersError::Unavailable(_) => Code::Unavailable,
    };
    Problem::new(code).detail(error.to_string())
}

/// The nodes of the cluster, who leads, and how far each is.
#[utoipa::path(
    get, path = "/admin/cluster", operation_id = "cluster_show", tag = "Cluster",
    responses((status = 200, description = "The cluster as this node sees it", body = Cluster)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    access::admin(&caller)?;
    let view = app.members.view().await.map_err(not_done)?;
    let cluster = Cluster {
        id: view.cluster.to_string(),
        node: view.node,
        leader: view.leader,
        term: view.term,
        last_log_index: view.last_log_index,
        applied_index: view.applied_index,
        disk_full: app.node.borrow().disk_full,
        nodes: view.nodes.into_iter().map(ClusterNode::from).collect(),
    };
    Ok(conditions::answer(&headers, None, &cluster))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewJoinToken {
    /// How long it holds: an hour, unless this says otherwise.
    #[schema(minimum = 1, maximum = 10080)]
    minutes: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct JoinToken {
    /// Shown this once.
    token: String,
    expires_at: Moment,
}

/// A token by which one node comes into the cluster, with all boards and keys. Takes a password that was shown a short
/// while ago.
#[utoipa::path(
    post, path = "/admin/cluster/join-tokens", operation_id = "cluster_join_tokens_create", tag = "Cluster",
    request_body = NewJoinToken,
    responses((status = 200, description = "The token, shown this once", body = JoinToken)),
    extensions(("x-problems" = json!(["forbidden", "confirm-needed", "conflict"]))),
)]
pub(super) async fn create_join_token(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    access::admin(&caller)?;
    access::confirmed(&caller)?;
    let read = body::read::<NewJoinToken>(&app, request, Accepts::Json).await?;
    let minutes = read.value.minutes.unwrap_or(MINUTES_DEFAULT);
    if !(1..=MINUTES_MAX).contains(&minutes) {
        let why = format!("from 1 to {MINUTES_MAX}, a week");
        return Err(body::invalid("/minutes", why));
    }
    let life = Duration::from_secs(60 * u64::from(minutes));
    let token = app.members.offer_join(life).await.map_err(not_done)?;
    let expires_at = Moment(wall_clock().plus_ms(60_000 * u64::from(minutes)));
    let made = JoinToken { token, expires_at };
    Ok(no_store(conditions::answer(&HeaderMap::new(), None, &made)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewVoter {
    node: u64,
}

/// Has a learner vote now. By itself it does when it has caught up. Takes a password that was shown a short while ago.
#[utoipa::path(
    post, path = "/admin/cluster/members", operation_id = "cluster_members_promote", tag = "Cluster",
    request_body = NewVoter,
    responses((status = 204, description = "It votes")),
    extensions(("x-problems" = json!(["forbidden", "confirm-needed", "not-found", "conflict"]))),
)]
pub(super) async fn promote(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    access::admin(&caller)?;
    access::confirmed(&caller)?;
    let read = body::read::<NewVoter>(&app, request, Accepts::Json).await?;
    let promoted = app.members.promote(read.value.node).await;
    promoted.map_err(not_done)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes a node out of the cluster for good; refused where no majority would be left. Takes a password that was shown a
/// short while ago.
#[utoipa::path(
    delete, path = "/admin/cluster/members/{node}", operation_id = "cluster_members_remove", tag = "Cluster",
    responses((status = 204, description = "It is no member any more")),
    extensions(("x-problems" = json!(["forbidden", "confirm-needed", "conflict"]))),
)]
pub(super) async fn remove(
    State(app): State<AppState>,
    caller: Caller,
    Path(node): Path<String>,
) -> Result<Response, Problem> {
    access::admin(&caller)?;
    access::confirmed(&caller)?;
    let node = node.parse().map_err(|_| Code::NotFound)?;
    app.members.remove(node).await.map_err(not_done)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeaderTransfer {
    /// Without it, the node that is furthest.
    to: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct NewLeader {
    leader: u64,
}

/// Has another node lead. It takes about four seconds, in which nothing is saved. Takes a password that was shown a short
/// while ago.
#[utoipa::path(
    post, path = "/admin/cluster/leader-transfer", operation_id = "cluster_leader_transfer", tag = "Cluster",
    request_body = LeaderTransfer,
    responses((status = 200, description = "Who leads now", body = NewLeader)),
    extensions(("x-problems" = json!(["forbidden", "confirm-needed", "not-found", "conflict"]))),
)]
pub(super) async fn transfer_leader(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    access::admin(&caller)?;
    access::confirmed(&caller)?;
    let read = body::read::<LeaderTransfer>(&app, request, Accepts::Json).await?;
    let leader = app.members.transfer_leader(read.value.to).await;
    let leader = leader.map_err(not_done)?;
    Ok(conditions::answer(
        &HeaderMap::new(),
        None,
        &NewLeader { leader },
    ))
}
