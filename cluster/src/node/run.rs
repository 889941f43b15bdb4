//! From open files to a running node: what is made of what, in which order.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use easel_storage::blobs::FileBlobs;
use easel_storage::nodes::NodePlace;
use openraft::{Config, SnapshotPolicy};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

#[cfg(test)]
use super::Inside;
use super::end::{Supervisor, Tasks};
use super::{Handle, Node, Options, PeerOptions};
use crate::backup::BackupSource;
use crate::blobs::{Contents, Holding, Kept, Naming, Others, Shelf};
use crate::bus::Bus;
use crate::codec::Identity;
use crate::disk::Reserve;
use crate::election::{Elections, LEASE};
use crate::error::StartError;
use crate::folder::Folder;
use crate::forward::Forward;
use crate::health::Health;
use crate::keep::{Keeper, Schedule};
use crate::leaders::Leaders;
use crate::log::LogStore;
use crate::machine::Machine;
use crate::members::keys::PeerFolder;
use crate::members::{self, Door, Members, Own};
use crate::network::{Alone, Arrivals, Desk, Links, Listener, Network, Sending, Server, Transport};
use crate::open::Files;
use crate::propose;
use crate::raft::Raft;
use crate::read::{Reader, Resumed};
use crate::runtime;
use crate::state::StateFile;
use crate::status::Sources;
use crate::tls::PeerTls;
use crate::touch::Touch;

/// Entries that stay in the log after a cut, for a follower that is a little behind.
const LOG_KEEP_ENTRIES: u64 = 64;

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
    pub(crate) listener: Listener,
    pub(crate) transport: Arc<dyn Transport>,
    /// What the membership needs; tests form their groups by themselves.
    pub(crate) own: Option<Own>,
}

impl Peers {
    pub(super) fn over_tls(
        peers: PeerOptions,
        me: Identity,
        dir: &Path,
    ) -> Result<Self, StartError> {
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
            listener: Listener::Tcp(peers.listener),
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
        let resumed = Resumed {
            term: files.summary.vote.map_or(0, |vote| vote.leader_id().term),
            last_index: files.summary.last.map_or(0, |id| id.index),
        };
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
        let look_back = log.to_look_back();
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
        let config = raft_config(self.peers.as_ref())?;
        let raft = Raft::new(me.node, config, network, log, machine)
            .await
            .map_err(|e| StartError::Stopped(e.to_string()))?;

        let others = self.peers.as_ref().map(|_| Others {
            me: me.node,
            raft: raft.clone(),
            links: links.clone(),
        });
        let kept = match self.options.keeps_blobs {
            true => Some(Kept::new(open_blobs(&self.options).await?, others.clone())),
            false => None,
        };
        let blob_rules = self.options.blob_rules;
        let content_folder = blob_folder(&self.options.dir);
        let blob_memory = content_folder.join("upkeep");
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
        let elections = Elections::new(me.node, raft.clone(), links.clone());
        let leaders = self.peers.as_ref().map(|_| {
            let roles = raft.server_metrics();
            Leaders::new(me.node, roles, elections.hears(), links.clone())
        });
        let reader = Reader::start(state.clone(), raft.clone(), leaders.clone(), resumed);
        let stop = CancellationToken::new();
        let blob_upkeep = kept.as_ref().map(|kept| {
            let from = (state.clone(), reader.clone());
            let upkeep = kept.upkeep(from, blob_rules, blob_memory);
            runtime::spawn(upkeep.clone().run(stop.clone()));
            upkeep
        });
        let naming = Naming::new(state.clone(), reader.clone());
        let shelf = match (&kept, &blob_upkeep) {
            (Some(kept), Some(upkeep)) => Some(Shelf::new(kept.files.clone(), upkeep.clone())),
            (None, _) | (_, None) => None,
        };
        let holding = match (others, &blob_upkeep) {
            (Some(others), Some(upkeep)) => Some(Holding {
                others,
                upkeep: upkeep.clone(),
            }),
            (None, _) | (_, None) => None,
        };
        let electing = self
            .peers
            .as_ref()
            .map(|_| runtime::spawn(elections.clone().run(stop.clone())));
        let bus = Bus::new();
        let speaking = self.peers.as_ref().map(|_| {
            let keeping = bus.clone();
            runtime::spawn(keeping.keep(me.node, raft.server_metrics(), links, stop.clone()))
        });
        let asking = self.peers.as_ref().map(|_| reader.clone());
        let touch = Touch::start(asking, &health, stop.clone());
        let sources = Sources {
            in_touch: touch.watch(),
            hears: elections.hears(),
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
            contents: match &kept {
                Some(kept) => Contents::new(kept.blobs.clone()),
                None => Contents::of_before(&content_folder),
            },
            observer,
        });
        let has_members = own.is_some();
        let inner = Arc::new(members::Inner {
            me,
            instance: files.node.instance,
            raft: raft.clone(),
            store: handle.clone(),
            health: health.clone(),
            elections: elections.clone(),
            intake: intake.clone(),
            holding,
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
                elections: elections.clone(),
                shelf,
                door: has_members.then(|| Door::new(inner)),
            };
            let server = Server::new(me, raft.clone(), transport, desk);
            runtime::spawn(server.run(listener, stop.clone()))
        });
        let tasks = Tasks {
            server,
            electing,
            speaking,
            proposer: runtime::spawn(proposer.run(raft.clone(), stop.clone())),
            keeper: runtime::spawn(keeper.run(raft.clone(), stop.clone())),
            status: runtime::spawn(sources.publish(status, stop.clone())),
            members: runtime::spawn(members.clone().run(stop.clone())),
        };
        let backup = BackupSource {
            state: state.clone(),
            log: look_back,
            node: files.node.clone(),
        };
        #[cfg(test)]
        let inside = Inside {
            raft: raft.clone(),
            elections: elections.clone(),
            state: state.clone(),
            own_blobs: kept.as_ref().map(|kept| kept.files.clone()),
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
            touch,
            blobs: kept.map(|kept| kept.blobs),
            blob_upkeep,
            naming,
            members,
            backup,
            stop: stop.clone(),
            supervisor: Some(runtime::spawn(supervisor.run(stop))),
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

fn blob_folder(dir: &Path) -> PathBuf {
    dir.join("blobs")
}

async fn open_blobs(options: &Options) -> Result<Arc<FileBlobs>, StartError> {
    let dir = blob_folder(&options.dir);
    let reserve_bytes = options.disk_reserve_bytes;
    let opening = runtime::spawn_blocking(move || FileBlobs::open(&dir, reserve_bytes));
    let opened = opening
        .await
        .map_err(|e| StartError::Stopped(e.to_string()))?;
    let blobs =
        opened.map_err(|e| StartError::io("open the folder of blobs")(io::Error::other(e)))?;
    Ok(Arc::new(blobs))
}

fn raft_config(peers: Option<&Peers>) -> Result<Arc<Config>, StartError> {
    let config = Config {
        cluster_name: "easel".into(),
        // openraft gives an AppendEntries no longer than this to be answered.
        heartbeat_interval: 500,
        // A vote has at least so long to be on another's disk,
        election_timeout_min: 800,
        // and this is the lease.
        election_timeout_max: LEASE.as_millis() as u64,
        // In a group it is `election` that begins one.
        enable_elect: peers.is_none(),
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
