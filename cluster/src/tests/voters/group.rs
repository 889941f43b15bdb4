//! A group of nodes that can be formed, killed and started again, and what must hold for it at the end.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use easel_storage::blobs::Blobs;
use easel_storage::{BoardId, Change, ClusterId, InstanceId, Store};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::net::Net;
use super::slow::Slowness;
use super::writers::{Roster, WhoeverLeads, Whom};
use crate::codec::Identity;
use crate::folder::{self, NodeFile, Stage};
use crate::keep::Schedule;
use crate::log::LogFile;
use crate::network::Listener;
use crate::node::{Node, Options, Peers, Run};
use crate::observer::Observer;
use crate::open::open_folder;
use crate::raft::Peer;
use crate::tests::{create_board, within};

pub(super) const ALL: [u64; 3] = [1, 2, 3];
pub(super) const BOARD: BoardId = BoardId::from_bytes([7; 16]);

pub(super) struct Group {
    pub(super) net: Net,
    pub(super) schedule: Schedule,
    home: TempDir,
    pub(super) nodes: BTreeMap<u64, Node>,
    /// Where each node lives; a node that was killed goes on in a copy of its folder.
    dirs: BTreeMap<u64, PathBuf>,
    kills: u32,
    /// How slow the disk of each is, under its log.
    pub(super) slow: BTreeMap<u64, Slowness>,
    pub(super) roster: Roster,
    /// What each node was told since it was last started.
    pub(super) heard: BTreeMap<u64, Arc<Heard>>,
}

/// Keeps what a node was told.
#[derive(Debug, Default)]
pub(super) struct Heard {
    changes: watch::Sender<Vec<Change>>,
    log_bytes: AtomicU64,
}

impl Heard {
    /// Written to its log.
    pub(super) fn log_bytes(&self) -> u64 {
        self.log_bytes.load(Ordering::Relaxed)
    }

    /// All of it, once it is this much.
    pub(super) async fn count(&self, wanted: usize) -> Vec<Change> {
        let mut changes = self.changes.subscribe();
        let told = changes.wait_for(|told| told.len() >= wanted).await;
        told.expect("the sender is here").clone()
    }
}

impl Observer for Heard {
    fn fsync(&self, _took: Duration) {}
    fn append(&self, _took: Duration, bytes: u64) {
        self.log_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn batch(&self, _commands: u64, _bytes: u64) {}
    fn apply(&self, _took: Duration, _commands: u64) {}
    fn snapshot(&self, _took: Duration, _log_bytes: u64) {}
    fn leader_change(&self) {}

    fn changed(&self, changes: &[Change]) {
        assert!(!changes.is_empty(), "told of nothing");
        self.changes.send_modify(|told| told.extend(changes));
    }
}

/// Seldom enough that it does not happen by itself.
pub(super) fn no_cuts() -> Schedule {
    Schedule {
        flush_every: Duration::from_millis(50),
        snapshot_log_bytes: u64::MAX,
        snapshot_every: Duration::from_secs(3_600),
    }
}

pub(super) const CLUSTER: ClusterId = ClusterId::from_bytes([1; 16]);

impl Group {
    /// Three voters that have a leader, and a board.
    pub(super) async fn form(schedule: Schedule) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let dirs = ALL.map(|node| (node, home.path().join(format!("node-{node}"))));
        let mut group = Self {
            net: Net::default(),
            schedule,
            home,
            nodes: BTreeMap::new(),
            dirs: dirs.into_iter().collect(),
            kills: 0,
            slow: BTreeMap::new(),
            roster: Roster::default(),
            heard: BTreeMap::new(),
        };
        for node in ALL {
            let dir = &group.dirs[&node];
            let file = NodeFile {
                cluster: CLUSTER,
                node,
                instance: InstanceId::from_bytes([2; 16]),
            };
            // As a join will leave it: a folder that is about to become this node.
            std::fs::create_dir_all(dir).expect("a folder");
            let forming = folder::encode(&file, Stage::Forming);
            std::fs::write(dir.join("node.json"), forming).expect("node.json");
            group.start(node).await;
        }
        let first = group.nodes[&1].inside.raft.clone();
        for node in [2, 3] {
            let address = group.net.address(node);
            let joined = first.add_learner(node, Peer { address }, true);
            within("a learner", joined).await.expect("a learner joins");
        }
        let voters = first.change_membership(ALL, false);
        within("the voters", voters).await.expect("three voters");
        let made = group
            .whoever_leads()
            .submit(vec![create_board(BOARD)])
            .await;
        made.expect("a board");
        group
    }

    pub(super) async fn start(&mut self, node: u64) {
        let (closed, files_closed) = mpsc::channel(1);
        let dir = self.dirs[&node].clone();
        let (folder, mut files) = open_folder(&dir, 1 << 20, &closed).expect("the folder opens");
        let place = self.slow.entry(node).or_default().folder(&dir.join("log"));
        let me = Identity {
            cluster: CLUSTER,
            node,
        };
        let log = LogFile::on_place(Arc::new(place), &me, closed.clone());
        files.log = log.expect("the log opens once more");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        self.net.moved(node, &address);
        let heard = Arc::<Heard>::default();
        self.heard.insert(node, heard.clone());
        let run = Run {
            options: Options {
                disk_reserve_bytes: 0,
                observer: heard,
                ..Options::new(dir)
            },
            schedule: self.schedule.clone(),
            peers: Some(Peers {
                address,
                listener: Listener::Tcp(listener),
                transport: self.net.of(node),
                own: None,
            }),
            closed,
            files_closed,
        };
        let started = within("a start", run.start(files, Some(folder))).await;
        let started = started.expect("the node starts");
        self.roster.add(node, &started);
        self.nodes.insert(node, started);
    }

    /// Ends a node as SIGKILL would: what it had not written is lost, and nothing is finished.
    ///
    /// Its folder is copied at that moment, while nothing is forced to disk, and it goes on in the copy.
    pub(super) async fn kill(&mut self, node: u64) {
        let victim = self.nodes.remove(&node).expect("it runs");
        self.roster.remove(node);
        self.kills += 1;
        let copy = self.home.path().join(format!("node-{node}-{}", self.kills));
        {
            let _still = victim.inside.state.hold_flushes().await;
            let _ = victim.inside.raft.shutdown().await;
            copy_folder(&self.dirs[&node], &copy);
        }
        within("an end", victim.shutdown()).await;
        let old = self.dirs.insert(node, copy).expect("a folder");
        std::fs::remove_dir_all(old).expect("the old folder");
    }

    /// What a node keeps itself.
    pub(super) fn own_blobs(&self, node: u64) -> Arc<dyn Blobs> {
        let own = self.nodes[&node].inside.own_blobs.clone();
        own.expect("it has a folder of blobs")
    }

    pub(super) fn blobs(&self, node: u64) -> Arc<dyn Blobs> {
        self.nodes[&node].blobs().expect("it has a folder of blobs")
    }

    pub(super) fn blob_folder(&self, node: u64) -> PathBuf {
        self.dirs[&node].join("blobs")
    }

    pub(super) fn dir(&self, node: u64) -> PathBuf {
        self.dirs[&node].clone()
    }

    pub(super) fn whoever_leads(&self) -> WhoeverLeads {
        let roster = self.roster.clone();
        let whom = Whom::Leader;
        WhoeverLeads { roster, whom }
    }

    /// Asks the nodes in turn.
    pub(super) fn anyone(&self) -> WhoeverLeads {
        let roster = self.roster.clone();
        let whom = Whom::Anyone;
        WhoeverLeads { roster, whom }
    }

    /// Asks this node, again and again while it cannot tell.
    pub(super) fn patient(&self, node: u64) -> Arc<dyn Store> {
        let roster = self.roster.clone();
        let whom = Whom::Only(node);
        Arc::new(WhoeverLeads { roster, whom })
    }

    /// What its callers have, which is refused when no node leads for long.
    pub(super) fn store(&self, node: u64) -> Arc<dyn Store> {
        self.nodes[&node].store()
    }

    /// The newest entry that a leader may have acknowledged. Asked of Raft itself: the status follows it a moment later.
    pub(super) async fn committed(&self, node: u64) -> u64 {
        let raft = &self.nodes[&node].inside.raft;
        let committed = raft.with_raft_state(|state| state.committed);
        let committed = within("its state", committed).await.expect("the node runs");
        committed.map_or(0, |entry| entry.index)
    }

    /// Waits until one of `among` leads and a majority follows it.
    pub(super) async fn leader_among(&self, among: &[u64]) -> u64 {
        let waiting = async {
            loop {
                let leading = among.iter().find(|node| {
                    let status = self.nodes[node].status().borrow().clone();
                    status.is_leader && status.has_quorum
                });
                if let Some(node) = leading {
                    return *node;
                }
                self.anything_changed(among).await;
            }
        };
        within("an election", waiting).await
    }

    pub(super) async fn leader(&self) -> u64 {
        let running: Vec<_> = self.nodes.keys().copied().collect();
        self.leader_among(&running).await
    }

    pub(super) async fn follower(&self) -> u64 {
        self.leader_and_follower().await.1
    }

    /// Asked for one after the other, they could be the same node.
    pub(super) async fn leader_and_follower(&self) -> (u64, u64) {
        let leader = self.leader().await;
        let follower = *self.nodes.keys().find(|n| **n != leader).expect("another");
        (leader, follower)
    }

    async fn anything_changed(&self, among: &[u64]) {
        let changes = among.iter().map(|node| {
            let mut status = self.nodes[node].status();
            Box::pin(async move {
                // A receiver of its own has seen the present, so a change before this was seen by the caller too,
                // at the latest after the pause.
                let _ = tokio::time::timeout(Duration::from_millis(50), status.changed()).await;
            })
        });
        futures_util::future::select_all(changes).await;
    }

    pub(super) async fn applied(&self, node: u64, index: u64) {
        let mut status = self.nodes[&node].status();
        let reached = status.wait_for(|s| s.applied_index >= index);
        within("catching up", reached).await.expect("the node runs");
    }

    /// Waits until all nodes stand at the same entry; then their states must be the same to the bit.
    pub(super) async fn check_equal(&self) {
        let waiting = async {
            loop {
                let mut ends = Vec::new();
                for node in self.nodes.values() {
                    ends.push(end_of_state(node).await);
                }
                if ends.iter().all(|end| end.0 == ends[0].0) {
                    return ends;
                }
                self.anything_changed(&ALL).await;
            }
        };
        let ends = within("the same end", waiting).await;
        assert_eq!(ends.len(), ALL.len());
        assert!(
            ends.iter().all(|end| end.1 == ends[0].1),
            "states differ at the same entry: {ends:?}"
        );
    }

    pub(super) async fn shutdown(self) {
        for node in self.nodes.into_values() {
            within("a shutdown", node.shutdown()).await;
        }
    }
}

/// The marker of the state, which says where it stands, and the hash of everything in it.
async fn end_of_state(node: &Node) -> (Option<Vec<u8>>, Vec<u8>) {
    let mut snapshot = node.inside.state.snapshot().await.expect("a snapshot");
    let marker = snapshot.marker().map(<[u8]>::to_vec);
    let reading = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        snapshot.read_to_end(&mut bytes).expect("the state");
        bytes.split_off(bytes.len() - 32)
    });
    (marker, reading.await.expect("a hash"))
}

/// The state first: a copy of the log that is newer than the copy of the state is what every crash leaves.
fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    let state = "state.redb";
    std::fs::copy(from.join(state), to.join(state)).expect("the state");
    for item in std::fs::read_dir(from).expect("a folder") {
        let item = item.expect("an item");
        let (name, kind) = (item.file_name(), item.file_type().expect("a kind"));
        if kind.is_dir() {
            copy_all(&item.path(), &to.join(name));
        } else if name != state && name != "state.redb.new" {
            copy_one(&item.path(), &to.join(name));
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    let mut items: Vec<_> = std::fs::read_dir(from)
        .expect("a folder")
        .map(|item| item.expect("an item").file_name())
        .collect();
    items.sort();
    for name in items {
        match from.join(&name).is_dir() {
            true => copy_all(&from.join(&name), &to.join(&name)),
            false => copy_one(&from.join(&name), &to.join(&name)),
        }
    }
}

/// What went meanwhile need not be there.
fn copy_one(from: &Path, to: &Path) {
    match std::fs::copy(from, to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{error}"),
        _ => {}
    }
}
