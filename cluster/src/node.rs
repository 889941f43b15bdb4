//! One node: opens the folder, runs Raft over it, and is a [`Store`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use easel_storage::{
    Actor, Answer, Command, Envelope, InstanceId, Query, Read, ReadError, ReadLevel, Store,
    SubmitError, Submitted,
};
use futures_util::future::BoxFuture;
use openraft::{Config, ServerState, SnapshotPolicy};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::disk::Reserve;
use crate::error::StartError;
use crate::folder::{Folder, NodeFile};
use crate::health::Health;
use crate::keep::{Keeper, Schedule};
use crate::log::LogStore;
use crate::machine::Machine;
use crate::network::NoPeers;
use crate::observer::{Observer, Silent};
use crate::open::{self, Files};
use crate::propose::{self, Intake};
use crate::raft::{Peer, Raft};
use crate::read::Reader;
use crate::state::StateFile;
use crate::status::{Sources, Status};

/// Entries that stay in the log after a cut, for a follower that is a little behind.
const LOG_KEEP_ENTRIES: u64 = 64;
/// What a file that was let go of may still take to close.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(5);

/// How a node is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder. An empty or missing one becomes a new node.
    pub dir: PathBuf,
    /// Writes are refused while the disk has less free than this.
    pub disk_reserve_bytes: u64,
    /// Memory for pages of the state file.
    pub state_cache_bytes: usize,
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
            observer: Arc::new(Silent),
        }
    }
}

/// A running node. Dropping it stops it in the background; [`Node::shutdown`] says when that is done.
#[derive(Debug)]
pub struct Node {
    handle: Arc<Handle>,
    status: watch::Receiver<Status>,
    stop: CancellationToken,
    supervisor: Option<JoinHandle<()>>,
}

/// The node as the rest of the server sees it; outlives it, and then answers `Stopped`.
#[derive(Debug)]
struct Handle {
    intake: Intake,
    reader: Reader,
}

impl Node {
    /// Opens the folder, or makes a node in an empty one; returns when commands can be submitted and
    /// everything that was ever acknowledged can be read.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (closed, files_closed) = mpsc::channel(1);
        let (dir, cache_bytes) = (options.dir.clone(), options.state_cache_bytes);
        let token = closed.clone();
        let opening = move || open::open_folder(&dir, cache_bytes, &token);
        let (folder, files) = tokio::task::spawn_blocking(opening)
            .await
            .map_err(|e| StartError::Stopped(e.to_string()))??;
        let run = Run {
            options,
            schedule: Schedule::default(),
            closed,
            files_closed,
        };
        run.start(files, Some(folder)).await
    }

    /// The way in for commands and queries.
    pub fn store(&self) -> Arc<dyn Store> {
        self.handle.clone()
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
    fn submit(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Result<Submitted, SubmitError>> {
        Box::pin(self.intake.submit(batch))
    }

    fn read(&self, level: ReadLevel, query: Query) -> BoxFuture<'_, Result<Read, ReadError>> {
        Box::pin(self.reader.read(level, query))
    }
}

/// A node on its way up.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) options: Options,
    pub(crate) schedule: Schedule,
    /// Held by each open file;
    pub(crate) closed: mpsc::Sender<()>,
    /// so that this ends when the last is closed.
    pub(crate) files_closed: mpsc::Receiver<()>,
}

impl Run {
    /// Without a folder there is no lock to hold: a simulation brings its files.
    pub(crate) async fn start(
        self,
        files: Files,
        folder: Option<Folder>,
    ) -> Result<Node, StartError> {
        let observer = self.options.observer.clone();
        let applied = files.marker.as_ref().and_then(|m| m.applied);
        let state = Arc::new(StateFile::new(
            files.state,
            applied,
            self.closed,
            observer.clone(),
        ));
        let log = LogStore::start(files.log, &files.summary, state.clone(), observer.clone())
            .map_err(StartError::io("start the log's thread"))?;
        let machine = Machine::new(
            state.clone(),
            files.node.cluster,
            files.marker,
            observer.clone(),
        );
        let progress = log.progress();
        let raft = Raft::new(files.node.node, raft_config()?, NoPeers, log, machine)
            .await
            .map_err(|e| StartError::Stopped(e.to_string()))?;

        let reserve = Reserve::new(self.options.dir, self.options.disk_reserve_bytes);
        let reserve = Arc::new(reserve);
        let health = Arc::new(Health::new());
        let (intake, proposer) = propose::queue(reserve.clone(), health.clone(), observer.clone());
        let sources = Sources {
            node: files.node.clone(),
            raft: raft.clone(),
            log: progress.clone(),
            state: state.clone(),
            reserve: reserve.clone(),
            health: health.clone(),
            observer,
        };
        let keeper = Keeper {
            schedule: self.schedule,
            state: state.clone(),
            log: progress,
            reserve,
            health: health.clone(),
        };
        let stop = CancellationToken::new();
        let status = watch::Sender::new(sources.now());
        let watched = status.subscribe();
        let tasks = Tasks {
            proposer: tokio::spawn(proposer.run(raft.clone(), stop.clone())),
            keeper: tokio::spawn(keeper.run(raft.clone(), stop.clone())),
            status: tokio::spawn(sources.publish(status, stop.clone())),
        };
        let reader = Reader::start(state.clone(), raft.clone());
        let supervisor = Supervisor {
            raft: raft.clone(),
            state,
            health,
            tasks,
            files_closed: self.files_closed,
            folder,
        };
        let node = Node {
            handle: Arc::new(Handle { intake, reader }),
            status: watched,
            stop: stop.clone(),
            supervisor: Some(tokio::spawn(supervisor.run(stop))),
        };
        match node.come_up(&raft, &files.node).await {
            Ok(()) => Ok(node),
            Err(error) => {
                node.shutdown().await;
                Err(error)
            }
        }
    }
}

impl Node {
    /// Leads, replays, and gives a new state its identity.
    async fn come_up(&self, raft: &Raft, node: &NodeFile) -> Result<(), StartError> {
        let stopped = |why: String| StartError::Stopped(why);
        if raft
            .is_initialized()
            .await
            .map_err(|e| stopped(e.to_string()))?
        {
            // Alone it may lead at once instead of waiting for the silence of others.
            let elected = raft.trigger().elect().await;
            elected.map_err(|e| stopped(e.to_string()))?;
        } else {
            let voters = BTreeMap::from([(node.node, Peer::default())]);
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
        let stopped = |why: &dyn std::fmt::Display| StartError::Stopped(why.to_string());
        let read = self.handle.read(ReadLevel::Local, Query::Instance).await;
        match read.map_err(|e| stopped(&e))?.answer {
            Answer::Instance(Some(found)) if found == wanted => Ok(()),
            Answer::Instance(Some(found)) => Err(StartError::Mismatch {
                file: PathBuf::from("state.redb"),
                why: format!("it is of {found}, node.json of {wanted}"),
            }),
            Answer::Instance(None) => {
                let kind = Command::InitInstance { instance: wanted };
                let named = self
                    .handle
                    .intake
                    .submit_from_reserve(vec![Envelope::new(Actor::System, kind)])
                    .await;
                named.map(drop).map_err(|e| stopped(&e))
            }
            other => Err(stopped(&format!("a wrong answer: {other:?}"))),
        }
    }
}

fn raft_config() -> Result<Arc<Config>, StartError> {
    let config = Config {
        cluster_name: "easel".into(),
        // openraft gives an AppendEntries no longer than this to be answered.
        heartbeat_interval: 500,
        election_timeout_min: 1_500,
        election_timeout_max: 3_000,
        // Bytes and time decide here, see `keep`.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: LOG_KEEP_ENTRIES,
        ..Config::default()
    };
    let config = config
        .validate()
        .map_err(|e| StartError::Stopped(e.to_string()))?;
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct Tasks {
    proposer: JoinHandle<()>,
    keeper: JoinHandle<()>,
    status: JoinHandle<()>,
}

/// Waits for the end and brings it about in order.
struct Supervisor {
    raft: Raft,
    state: Arc<StateFile>,
    health: Arc<Health>,
    tasks: Tasks,
    files_closed: mpsc::Receiver<()>,
    folder: Option<Folder>,
}

impl Supervisor {
    async fn run(mut self, stop: CancellationToken) {
        let mut failure = self.health.watch();
        tokio::select! {
            () = stop.cancelled() => {}
            _ = async { failure.wait_for(Option::is_some).await.is_ok() } => {
                // Nothing may be written after a failure. Reads go on until somebody ends the node.
                let _ = self.raft.shutdown().await;
                stop.cancelled().await;
            }
        }
        join("proposer", self.tasks.proposer).await;
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
        if tokio::time::timeout(CLOSE_WAIT_MAX, closed).await.is_err() {
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
