//! The end of a node, in order: what was accepted is finished and put on the disk.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use tokio_util::sync::CancellationToken;

use crate::folder::Folder;
use crate::health::Health;
use crate::raft::Raft;
use crate::runtime::{self, JoinHandle};
use crate::state::StateFile;

/// Without a majority a proposal is never answered; a node that ends waits no longer than this for its last.
const LAST_PROPOSAL_WAIT_MAX: Duration = Duration::from_secs(5);
/// What a file that was let go of may still take to close.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Tasks {
    pub(super) server: Option<JoinHandle<()>>,
    /// Sees that there is a leader.
    pub(super) electing: Option<JoinHandle<()>>,
    /// To the other nodes, over the bus.
    pub(super) speaking: Option<JoinHandle<()>>,
    pub(super) proposer: JoinHandle<()>,
    pub(super) keeper: JoinHandle<()>,
    pub(super) status: JoinHandle<()>,
    pub(super) members: JoinHandle<()>,
}

/// Waits for the end and brings it about in order.
pub(super) struct Supervisor {
    pub(super) raft: Raft,
    pub(super) state: Arc<StateFile>,
    pub(super) health: Arc<Health>,
    pub(super) tasks: Tasks,
    pub(super) files_closed: mpsc::Receiver<()>,
    pub(super) folder: Option<Folder>,
}

impl Supervisor {
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut failure = self.health.watch();
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            _ = async { failure.wait_for(Option::is_some).await.is_ok() } => {
                // Nothing may be written after a failure. Reads go on until somebody ends the node.
                let _ = self.raft.shutdown().await;
                stop.cancelled().await;
            }
        }
        join("upkeep of the membership", self.tasks.members).await;
        if let Some(server) = self.tasks.server {
            join("server of peers", server).await;
        }
        if let Some(speaking) = self.tasks.speaking {
            join("bus", speaking).await;
        }
        if let Some(electing) = self.tasks.electing {
            join("elections", electing).await;
        }
        let mut proposer = self.tasks.proposer;
        let proposed = runtime::timeout(LAST_PROPOSAL_WAIT_MAX, &mut proposer).await;
        match proposed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the proposer ended badly"),
            Err(_) => {
                tracing::warn!(
                    "the last commands found no majority; what became of them is not known"
                );
                let _ = self.raft.shutdown().await;
                join("proposer", proposer).await;
            }
        }
        join("keeper", self.tasks.keeper).await;
        if !self.health.has_failed()
            && let Err(error) = self.state.flush().await
        {
            tracing::error!(%error, "the state was not flushed; the log will replay it");
        }
        if let Err(error) = self.raft.shutdown().await {
            tracing::error!(%error, "Raft did not stop in order");
        }
        join("status", self.tasks.status).await;
        self.state.close();
        let closed = self.files_closed.recv();
        if runtime::timeout(CLOSE_WAIT_MAX, closed).await.is_err() {
            tracing::warn!("a read still holds the files; they close when it ends");
        }
        drop(self.folder);
    }
}

async fn join(name: &str, task: JoinHandle<()>) {
    if let Err(error) = task.await {
        tracing::error!(%error, "the {name} ended badly");
    }
}
