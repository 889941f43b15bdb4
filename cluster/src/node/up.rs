//! What a node does before it is said to be up.

use std::collections::BTreeMap;
use std::path::PathBuf;

use easel_storage::{
    Actor, Answer, Command, Envelope, InstanceId, Query, ReadLevel, Store, SubmitError,
};
use openraft::ServerState;

use super::Node;
use crate::error::StartError;
use crate::folder::{FIRST_NODE, NodeFile};
use crate::raft::{Peer, Raft};

impl Node {
    /// The only voter leads, replays, and gives a new state its identity. A node of a group is up at once: whether it
    /// leads or follows is then settled with the others.
    pub(super) async fn come_up(
        &self,
        raft: &Raft,
        node: &NodeFile,
        own_address: Option<String>,
    ) -> Result<(), StartError> {
        let stopped = |why: String| StartError::Stopped(why);
        if raft
            .is_initialized()
            .await
            .map_err(|e| stopped(e.to_string()))?
        {
            let membership = raft.metrics().borrow().membership_config.clone();
            if membership.voter_ids().ne([node.node]) {
                if own_address.is_none() {
                    let why = "the folder is of a cluster of several nodes: set listen.peers, so that they can talk";
                    return Err(stopped(why.to_owned()));
                }
                return self.check_instance(node.instance).await;
            }
            // Alone it may lead at once instead of waiting for the silence of others.
            let elected = raft.trigger().elect().await;
            elected.map_err(|e| stopped(e.to_string()))?;
        } else if own_address.is_some() && node.node != FIRST_NODE {
            return Ok(());
        } else {
            let peer = Peer {
                address: own_address.unwrap_or_default(),
            };
            let voters = BTreeMap::from([(node.node, peer)]);
            let initialized = raft.initialize(voters).await;
            initialized.map_err(|e| stopped(e.to_string()))?;
        }
        raft.wait(None)
            .metrics(
                |m| {
                    m.state == ServerState::Leader
                        && m.last_log_index.is_some()
                        && m.last_applied.map(|id| id.index) == m.last_log_index
                },
                "leading and caught up",
            )
            .await
            .map_err(|e| stopped(e.to_string()))?;
        self.name_instance(node.instance).await
    }

    async fn name_instance(&self, wanted: InstanceId) -> Result<(), StartError> {
        if self.instance().await?.is_some() {
            return self.check_instance(wanted).await;
        }
        let kind = Command::InitInstance { instance: wanted };
        let named = self
            .handle
            .intake
            .submit_from_reserve(&[Envelope::new(Actor::System, kind)])
            .await;
        named
            .map(drop)
            .map_err(|e| StartError::Stopped(SubmitError::from(e).to_string()))
    }

    /// A state without a name has not been given it yet.
    async fn check_instance(&self, wanted: InstanceId) -> Result<(), StartError> {
        match self.instance().await? {
            Some(found) if found != wanted => Err(StartError::Mismatch {
                file: PathBuf::from("state.redb"),
                why: format!("it is of {found}, node.json of {wanted}"),
            }),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) async fn instance(&self) -> Result<Option<InstanceId>, StartError> {
        let stopped = |why: &dyn std::fmt::Display| StartError::Stopped(why.to_string());
        let read = self.handle.read(ReadLevel::Local, Query::Instance).await;
        match read.map_err(|e| stopped(&e))?.answer {
            Answer::Instance(found) => Ok(found),
            other => Err(stopped(&format!("a wrong answer: {other:?}"))),
        }
    }
}
