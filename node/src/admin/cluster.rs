//! What an operator does to the cluster over the socket.

use super::{ClusterInfo, ClusterTask, Done, NodeInfo, Trouble};
use crate::api::time::rfc3339;
use crate::app::App;
use crate::auth::wall_clock;
use easel_cluster::{ClusterView, MembersError, Standing};
use std::time::Duration;

pub(super) fn about(task: &ClusterTask) -> (&'static str, bool) {
    match task {
        ClusterTask::Status => ("cluster status", false),
        ClusterTask::JoinToken { .. } => ("cluster join-token", true),
        ClusterTask::Promote { .. } => ("cluster promote", true),
        ClusterTask::Remove { .. } => ("cluster remove", true),
        ClusterTask::Leave => ("cluster leave", true),
        ClusterTask::TransferLeader { .. } => ("cluster transfer-leader", true),
    }
}

pub(super) async fn run(app: &App, task: ClusterTask) -> Result<Done, Trouble> {
    let members = &app.members;
    match task {
        ClusterTask::Status => {
            let view = members.view().await?;
            let silent = members.silent(&view).await;
            Ok(Done::Cluster(info(view, &silent)))
        }
        ClusterTask::JoinToken { minutes } => {
            let life = Duration::from_secs(60 * u64::from(minutes));
            let token = members.offer_join(life).await?;
            let expires_at = wall_clock().plus_ms(60_000 * u64::from(minutes));
            Ok(Done::JoinToken {
                token,
                expires_at: rfc3339(expires_at.0),
                address: own_address(&members.view().await?),
            })
        }
        ClusterTask::Promote { node } => {
            members.promote(node).await?;
            Ok(Done::Gone)
        }
        ClusterTask::Remove { node } => {
            members.remove(node).await?;
            Ok(Done::Gone)
        }
        ClusterTask::Leave => {
            members.leave().await?;
            Ok(Done::Gone)
        }
        ClusterTask::TransferLeader { to } => {
            let node = members.transfer_leader(to).await?;
            Ok(Done::Leader { node })
        }
    }
}

fn own_address(view: &ClusterView) -> String {
    let own = view.nodes.iter().find(|node| node.id == view.node);
    own.map_or_else(String::new, |own| own.address.clone())
}

fn info(view: ClusterView, silent: &[u64]) -> ClusterInfo {
    let nodes = view.nodes.into_iter().map(|node| NodeInfo {
        role: match node.standing {
            Standing::Invited => "invited",
            Standing::Learner => "learner",
            Standing::Voter => "voter",
        }
        .to_owned(),
        is_leader: view.leader == Some(node.id),
        is_this: view.node == node.id,
        id: node.id,
        address: node.address,
        url: node.url,
        version: node.version,
        lag: node.lag,
        answers: !silent.contains(&node.id),
    });
    ClusterInfo {
        cluster: view.cluster.to_string(),
        leader: view.leader,
        term: view.term,
        last_log_index: view.last_log_index,
        applied_index: view.applied_index,
        nodes: nodes.collect(),
    }
}

impl From<MembersError> for Trouble {
    fn from(error: MembersError) -> Trouble {
        let (code, by_rule) = match &error {
            MembersError::Refused(_) => ("conflict", true),
            MembersError::Quorum(_) => ("quorum-lost", true),
            MembersError::NoNode(_) => ("not-found", false),
            MembersError::Unavailable(_) => ("unavailable", false),
        };
        Trouble {
            code: code.to_owned(),
            message: error.to_string(),
            by_rule,
        }
    }
}
