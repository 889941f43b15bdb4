//! One node: opens the folder, runs Raft over it, and is a [`Store`].

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use easel_storage::blobs::{Blobs, FileBlobs};
use easel_storage::nodes::NodePlace;
use easel_storage::{
    Actor, Answer, Command, Envelope, InstanceId, Query, Read, ReadError, ReadLevel, Store,
    SubmitError, Submitted,
};
use futures_util::future::BoxFuture;
use openraft::{Config, ServerState, SnapshotPolicy};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::blobs::{Others, SharedBlobs, Shelf};
use crate::bus::Bus;
use crate::codec::Identity;
use crate::disk::Reserve;
use crate::error::StartError;
use crate::folder::{FIRST_NODE, Folder, NodeFile};
use crate::forward::Forward;
use crate::health::Health;
use crate::keep::{Keeper, Schedule};
use crate::leaders::Leaders;
use crate::log::LogStore;
use crate::machine::Machine;
use crate::members::keys::PeerFolder;
use crate::members::{self, Door, Members, Own};
use crate::network::{Alone, Arrivals, Desk, Links, Network, Sending, Server, Transport};
use crate::observer::{Observer, Silent};
use crate::open::{self, Files};
use crate::propose::{self, Intake};
use crate::raft::{Peer, Raft};
use crate::read::Reader;
use crate::state::StateFile;
use crate::status::{Sources, Status};
use crate::tls::PeerTls;
use crate::touch::Touch;

/// Entries that stay in the log after a cut, for a follower that is a little behind.
const LOG_KEEP_ENTRIES: u64 = 64;
/// Without a majority a proposal is never answered; a node that ends waits no longer than this for its last.
const LAST_PROPOSAL_WAIT_MAX: Duration = Duration::from_secs(5);
/// What a file that was let go of may still take to close.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(5);

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
    blobs: Option<Arc<dyn Blobs>>,
    members: Members,
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
    pub(crate) state: Arc<StateFile>,
    /// Not the group's.
    pub(crate) own_blobs: Option<Arc<dyn Blobs>>,
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
        let (folder, files) = tokio::task::spawn_blocking(opening)
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
            let _ = tokio::time::timeout(SETTLED_LOOKED_AT_EVERY, status.changed()).await;
            if let Some(why) = status.borrow().fatal.clone() {
                return Err(StartError::Stopped(why));
            }
        }
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
        Box::pin(async move {
            let submitted = match &self.forward {
                None => self.intake.submit(batch).await,
                Some(forward) => forward.submit(batch).await,
            };
            let result = submitted.as_ref().map(drop).map_err(|error| *error);
            self.observer.submitted(result);
            submitted
        })
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
    pub(crate) peers: Option<Peers>,
    /// Held by each open file;
    pub(crate) closed: mpsc::Sender<()>,
    /// so that this ends when the last is closed.
    pub(crate) files_closed: mpsc::Receiver<()>,
}

/// How a node of a group is reached and reaches the others. Node 1 of an empty folder begins a group; any other
/// waits to be taken into one.
#[derive(Debug)]
pub(crate) struct Peers {
    /// Where the others find this node.
    pub(crate) address: String,
    pub(crate) listener: TcpListener,
    pub(crate) transport: Arc<dyn Transport>,
    /// What the membership needs; tests form their groups by themselves.
    pub(crate) own: Option<Own>,
}

impl Peers {
    fn over_tls(peers: PeerOptions, me: Identity, dir: &Path) -> Result<Self, StartError> {
        let folder = PeerFolder::of(dir);
        let tls = Arc::new(PeerTls::new(me.cluster));
        let unusable = |why: &dyn std::fmt::Display| {
            let folder = dir.join(members::keys::FOLDER);
            StartError::Stopped(format!("{} cannot be used: {why}", folder.display()))
        };
        if let Some(credentials) = folder.credentials(me).map_err(|e| unusable(&e))? {
            tls.show(&credentials).map_err(|e| unusable(&e))?;
        }
        let own = Own {
            tls: tls.clone(),
            folder,
            place: NodePlace {
                address: peers.address.clone(),
                url: peers.url,
                version: peers.version,
            },
            cluster_name: peers.cluster_name,
            hints: peers.hints,
        };
        Ok(Self {
            address: peers.address,
            listener: peers.listener,
            transport: tls,
            own: Some(own),
        })
    }
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
        let me = Identity {
            cluster: files.node.cluster,
            node: files.node.node,
        };
        let sending = Arc::new(Sending::default());
        let transport = match &self.peers {
            Some(peers) => peers.transport.clone(),
            None => Arc::new(Alone),
        };
        let links = Arc::new(Links::new(me, transport));
        let network = Network::new(links.clone(), sending.clone());
        let raft = Raft::new(me.node, raft_config()?, network, log, machine)
            .await
            .map_err(|e| StartError::Stopped(e.to_string()))?;

        let own_blobs = match self.options.keeps_blobs {
            true => Some(open_blobs(&self.options).await?),
            false => None,
        };
        let shelf = own_blobs.clone().map(Shelf::new);
        let blobs = own_blobs.clone().map(|own| match self.peers {
            None => own,
            Some(_) => Arc::new(SharedBlobs::new(
                own,
                Others {
                    me: me.node,
                    raft: raft.clone(),
                    links: links.clone(),
                },
            )),
        });
        let dir = self.options.dir;
        let reserve = Reserve::new(dir.clone(), self.options.disk_reserve_bytes);
        let reserve = Arc::new(reserve);
        let arrivals = Arrivals::new(me, dir, state.clone(), reserve.clone());
        let health = Arc::new(Health::new());
        let (intake, proposer) = propose::queue(
            reserve.clone(),
            progress.appends(),
            health.clone(),
            observer.clone(),
        );
        let leaders = self.peers.as_ref().map(|_| {
            let roles = raft.server_metrics();
            Leaders::new(me.node, roles, links.clone())
        });
        let reader = Reader::start(state.clone(), raft.clone(), leaders.clone());
        let stop = CancellationToken::new();
        let bus = Bus::new();
        let speaking = self.peers.as_ref().map(|_| {
            let keeping = bus.clone();
            tokio::spawn(keeping.keep(me.node, raft.server_metrics(), links, stop.clone()))
        });
        let touch = match self.peers {
            None => Touch::alone(),
            Some(_) => Touch::start(reader.clone(), stop.clone()),
        };
        let sources = Sources {
            in_touch: touch.watch(),
            node: files.node.clone(),
            raft: raft.clone(),
            log: progress.clone(),
            state: state.clone(),
            reserve: reserve.clone(),
            health: health.clone(),
            observer: observer.clone(),
        };
        let keeper = Keeper {
            schedule: self.schedule,
            state: state.clone(),
            log: progress,
            reserve,
            health: health.clone(),
            sending,
        };
        let status = watch::Sender::new(sources.now());
        let watched = status.subscribe();
        let own_address = self.peers.as_ref().map(|peers| peers.address.clone());
        let (own, peers) = match self.peers {
            Some(peers) => (peers.own, Some((peers.listener, peers.transport))),
            None => (None, None),
        };
        let handle = Arc::new(Handle {
            forward: leaders.map(|leaders| Forward::new(intake.clone(), leaders, reader.clone())),
            intake: intake.clone(),
            reader: reader.clone(),
            observer,
        });
        let has_members = own.is_some();
        let inner = Arc::new(members::Inner {
            me,
            instance: files.node.instance,
            raft: raft.clone(),
            store: handle.clone(),
            health: health.clone(),
            own,
            master: OnceLock::new(),
            changing: tokio::sync::Mutex::default(),
            certifying: tokio::sync::Mutex::default(),
        });
        let members = Members::new(inner.clone());
        let server = peers.map(|(listener, transport)| {
            let desk = Desk {
                arrivals: Arc::new(arrivals),
                intake,
                reader,
                bus: bus.clone(),
                shelf,
                door: has_members.then(|| Door::new(inner)),
            };
            let server = Server::new(me, raft.clone(), transport, desk);
            tokio::spawn(server.run(listener, stop.clone()))
        });
        let tasks = Tasks {
            server,
            speaking,
            proposer: tokio::spawn(proposer.run(raft.clone(), stop.clone())),
            keeper: tokio::spawn(keeper.run(raft.clone(), stop.clone())),
            status: tokio::spawn(sources.publish(status, stop.clone())),
            members: tokio::spawn(members.clone().run(stop.clone())),
        };
        #[cfg(test)]
        let inside = Inside {
            raft: raft.clone(),
            state: state.clone(),
            own_blobs,
        };
        let supervisor = Supervisor {
            raft: raft.clone(),
            state,
            health,
            tasks,
            files_closed: self.files_closed,
            folder,
        };
        let node = Node {
            handle,
            bus,
            status: watched,
            blobs,
            members,
            stop: stop.clone(),
            supervisor: Some(tokio::spawn(supervisor.run(stop))),
            #[cfg(test)]
            inside,
        };
        match node.come_up(&raft, &files.node, own_address).await {
            Ok(()) => Ok(node),
            Err(error) => {
                node.shutdown().await;
                Err(error)
            }
        }
    }
}

impl Node {
    /// The only voter leads, replays, and gives a new state its identity. A node of a group is up at once: whether it
    /// leads or follows is then settled with the others.
    async fn come_up(
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
            .submit_from_reserve(vec![Envelope::new(Actor::System, kind)])
            .await;
        named
            .map(drop)
            .map_err(|e| StartError::Stopped(e.to_string()))
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

    async fn instance(&self) -> Result<Option<InstanceId>, StartError> {
        let stopped = |why: &dyn std::fmt::Display| StartError::Stopped(why.to_string());
        let read = self.handle.read(ReadLevel::Local, Query::Instance).await;
        match read.map_err(|e| stopped(&e))?.answer {
            Answer::Instance(found) => Ok(found),
            other => Err(stopped(&format!("a wrong answer: {other:?}"))),
        }
    }
}

async fn open_blobs(options: &Options) -> Result<Arc<dyn Blobs>, StartError> {
    let dir = options.dir.join("blobs");
    let reserve_bytes = options.disk_reserve_bytes;
    let opening = tokio::task::spawn_blocking(move || FileBlobs::open(&dir, reserve_bytes));
    let opened = opening
        .await
        .map_err(|e| StartError::Stopped(e.to_string()))?;
    let blobs =
        opened.map_err(|e| StartError::io("open the folder of blobs")(io::Error::other(e)))?;
    Ok(Arc::new(blobs))
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
    server: Option<JoinHandle<()>>,
    /// To the other nodes, over the bus.
    speaking: Option<JoinHandle<()>>,
    proposer: JoinHandle<()>,
    keeper: JoinHandle<()>,
    status: JoinHandle<()>,
    members: JoinHandle<()>,
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
        join("upkeep of the membership", self.tasks.members).await;
        if let Some(server) = self.tasks.server {
            join("server of peers", server).await;
        }
        if let Some(speaking) = self.tasks.speaking {
            join("bus", speaking).await;
        }
        let mut proposer = self.tasks.proposer;
        let proposed = tokio::time::timeout(LAST_PROPOSAL_WAIT_MAX, &mut proposer).await;
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
