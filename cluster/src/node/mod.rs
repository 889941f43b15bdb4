//! One node: opens the folder, runs Raft over it, and is a [`Store`].

mod end;
mod run;
mod up;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use easel_storage::blobs::Blobs;
#[cfg(test)]
use easel_storage::blobs::FileBlobs;
use easel_storage::{Envelope, Query, Read, ReadError, ReadLevel, Store, SubmitError, Submitted};
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use tokio_util::sync::CancellationToken;

use crate::backup::BackupSource;
use crate::blobs::{BlobRules, BlobUpkeep, Contents, Naming};
use crate::bus::Bus;
use crate::codec::Identity;
#[cfg(test)]
use crate::election::Elections;
use crate::error::StartError;
use crate::forward::Forward;
use crate::keep::Schedule;
use crate::members::Members;
use crate::observer::{Observer, Silent};
use crate::open;
use crate::propose::Intake;
#[cfg(test)]
use crate::raft::Raft;
use crate::read::Reader;
use crate::runtime::{self, JoinHandle};
#[cfg(test)]
use crate::state::StateFile;
use crate::status::Status;
use crate::touch::Touch;
pub(crate) use run::{Peers, Run};

/// How often a node that has just joined looks whether it was sent the state.
const SETTLED_LOOKED_AT_EVERY: Duration = Duration::from_millis(100);

/// How a node is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder. An empty or missing one becomes a new node.
    pub dir: PathBuf,
    /// Writes are refused while the disk has less free than this.
    pub disk_reserve_bytes: u64,
    /// Memory for pages of the state file.
    pub state_cache_bytes: usize,
    /// Large content is in files of the folder, here and on the group's other nodes. Otherwise it is somebody else's affair.
    pub keeps_blobs: bool,
    /// How it looks after them.
    pub blob_rules: BlobRules,
    /// Hears of the work.
    pub observer: Arc<dyn Observer>,
}

impl Options {
    /// A reserve of 256 MiB, a cache of 64 MiB, nobody listening.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            disk_reserve_bytes: 256 << 20,
            state_cache_bytes: 64 << 20,
            keeps_blobs: true,
            blob_rules: BlobRules::default(),
            observer: Arc::new(Silent),
        }
    }
}

/// How a node meets others. Without it the node is alone.
#[derive(Debug)]
pub struct PeerOptions {
    /// Where other nodes are heard.
    pub listener: TcpListener,
    /// Where they reach it: `host:port`.
    pub address: String,
    /// Where people reach this node.
    pub url: String,
    /// The release of this program.
    pub version: String,
    /// What the operator calls the cluster; empty: nothing.
    pub cluster_name: String,
    /// Addresses of other nodes, for when none is where it was.
    pub hints: Vec<String>,
}

/// A running node. Dropping it stops it in the background; [`Node::shutdown`] says when that is done.
#[derive(Debug)]
pub struct Node {
    handle: Arc<Handle>,
    bus: Bus,
    status: watch::Receiver<Status>,
    touch: Touch,
    blobs: Option<Arc<dyn Blobs>>,
    blob_upkeep: Option<BlobUpkeep>,
    naming: Naming,
    members: Members,
    backup: BackupSource,
    stop: CancellationToken,
    supervisor: Option<JoinHandle<()>>,
    #[cfg(test)]
    pub(crate) inside: Inside,
}

/// What tests of groups reach for.
#[cfg(test)]
#[derive(Clone)]
pub(crate) struct Inside {
    pub(crate) raft: Raft,
    pub(crate) elections: Elections,
    pub(crate) state: Arc<StateFile>,
    /// Not the group's.
    pub(crate) own_blobs: Option<Arc<FileBlobs>>,
}

#[cfg(test)]
impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inside").finish_non_exhaustive()
    }
}

/// The node as the rest of the server sees it; outlives it, and then answers `Stopped`.
#[derive(Debug)]
struct Handle {
    intake: Intake,
    reader: Reader,
    /// For a node of a group.
    forward: Option<Forward>,
    contents: Contents,
    observer: Arc<dyn Observer>,
}

impl Node {
    /// Opens the folder, or makes a node in an empty one; returns when commands can be submitted and
    /// everything that was ever acknowledged can be read.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        Self::start_with(options, None).await
    }

    /// As [`Node::start`], for a node that can meet others. One that has joined a cluster is up at once, before it has
    /// heard of a leader: see [`Node::settled`].
    pub async fn start_with_peers(
        options: Options,
        peers: PeerOptions,
    ) -> Result<Self, StartError> {
        Self::start_with(options, Some(peers)).await
    }

    async fn start_with(options: Options, peers: Option<PeerOptions>) -> Result<Self, StartError> {
        let (closed, files_closed) = mpsc::channel(1);
        let (dir, cache_bytes) = (options.dir.clone(), options.state_cache_bytes);
        let token = closed.clone();
        let opening = move || open::open_folder(&dir, cache_bytes, &token);
        let (folder, files) = runtime::spawn_blocking(opening)
            .await
            .map_err(|e| StartError::Stopped(e.to_string()))??;
        let me = Identity {
            cluster: files.node.cluster,
            node: files.node.node,
        };
        let peers = peers
            .map(|peers| Peers::over_tls(peers, me, &options.dir))
            .transpose()?;
        let run = Run {
            options,
            schedule: Schedule::default(),
            peers,
            closed,
            files_closed,
        };
        run.start(files, Some(folder)).await
    }

    /// The way in for commands and queries.
    pub fn store(&self) -> Arc<dyn Store> {
        self.handle.clone()
    }

    /// The way to speak to the other nodes of the group; of a node alone nobody hears.
    pub fn bus(&self) -> Bus {
        self.bus.clone()
    }

    /// Its blobs, and those of its group: durable here and with a majority when `put` returns.
    pub fn blobs(&self) -> Option<Arc<dyn Blobs>> {
        self.blobs.clone()
    }

    /// For a node that keeps no blobs itself: where the content of documents lies that was laid apart by one that did.
    pub fn find_contents_in(&self, blobs: Arc<dyn Blobs>) {
        self.handle.contents.find_in(blobs);
    }

    /// What looks after them.
    pub fn blob_upkeep(&self) -> Option<BlobUpkeep> {
        self.blob_upkeep.clone()
    }

    /// What is named, for who looks after blobs that it does not keep itself.
    pub fn naming(&self) -> Naming {
        self.naming.clone()
    }

    /// Who belongs to the cluster, and how that is changed.
    pub fn members(&self) -> Members {
        self.members.clone()
    }

    /// Resolves when the state is there. On a node that has just joined that takes until the leader has sent it; on any
    /// other it is so from the start.
    pub async fn settled(&self) -> Result<(), StartError> {
        if self.instance().await?.is_some() {
            return Ok(());
        }
        let mut status = self.status();
        loop {
            // All that was acknowledged before this, not only the beginning.
            let read = self.handle.read(ReadLevel::Linearizable, Query::Instance);
            let there = read.await.map(|read| read.answer.into_instance());
            if matches!(there, Ok(Some(_))) {
                return Ok(());
            }
            let _ = runtime::timeout(SETTLED_LOOKED_AT_EVERY, status.changed()).await;
            if let Some(why) = status.borrow().fatal.clone() {
                return Err(StartError::Stopped(why));
            }
        }
    }

    /// Where backups come from.
    pub fn backup_source(&self) -> BackupSource {
        self.backup.clone()
    }

    /// Whether it is in touch with the others, for who decides by what is read here.
    pub fn touch(&self) -> Touch {
        self.touch.clone()
    }

    /// Changes as the node does. The process should end when `fatal` is set.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Finishes the commands it has accepted, forces everything to disk and lets go of the folder.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(supervisor) = self.supervisor.take()
            && let Err(error) = supervisor.await
        {
            tracing::error!(%error, "the node did not stop in order");
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Store for Handle {
    fn submit(&self, mut batch: Vec<Envelope>) -> BoxFuture<'_, Result<Submitted, SubmitError>> {
        Box::pin(async move {
            let laid = self.contents.lay_apart(&mut batch).await;
            let submitted = match (laid, &self.forward) {
                (Err(error), _) => Err(error),
                (Ok(()), None) => self.intake.submit(&batch).await.map_err(Into::into),
                (Ok(()), Some(forward)) => forward.submit(batch).await,
            };
            let result = submitted.as_ref().map(drop).map_err(|error| *error);
            self.observer.submitted(result);
            submitted
        })
    }

    fn read(&self, level: ReadLevel, query: Query) -> BoxFuture<'_, Result<Read, ReadError>> {
        Box::pin(async move {
            let (index, answered) = self.reader.answer(level, query).await?;
            let answer = self.contents.complete(answered).await?;
            Ok(Read { index, answer })
        })
    }
}
