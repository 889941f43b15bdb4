//! Nodes that start, and what goes wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use easel_storage::InstanceId;
use openraft::{ChangeMembers, ServerState};
use tokio::sync::mpsc;

use super::Planted;
use super::checks::{Known, Tally, end_of, note};
use super::machine::{self, Machine};
use super::net::Net;
use super::people::{self, Roster, Running, at, below, ms};
use super::runtime::{JoinHandle, sleep, timeout};
use super::world::{Life, OUTSIDE, here};
use crate::codec::Identity;
use crate::folder::NodeFile;
use crate::keep::Schedule;
use crate::network::Listener;
use crate::node::{Inside, Node, Options, Peers, Run};
use crate::open::{Files, Paths};
use crate::raft::{Peer, Raft};
use crate::tests::identity;

const FIRST: [u64; 3] = [1, 2, 3];
/// The one that comes and goes.
const FOURTH: u64 = 4;
const WRITERS: u64 = 3;
const FAULTS: u64 = 20;
/// When nothing goes wrong any more all nodes are alike within this.
const REST_WAIT_MAX: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(300);

struct Cluster {
    net: Net,
    roster: Roster,
    known: Known,
    nodes: BTreeMap<u64, Up>,
    /// Those without power.
    down: BTreeMap<u64, Life>,
    planted: Option<Planted>,
}

struct Up {
    life: Life,
    node: Node,
}

/// Forms a cluster, lets things go wrong, lets it come to rest and looks at what is left.
pub(super) async fn live(planted: Option<Planted>) -> Tally {
    let mut cluster = Cluster {
        net: Net::default(),
        roster: Roster::default(),
        known: Known::default(),
        nodes: BTreeMap::new(),
        down: BTreeMap::new(),
        planted,
    };
    cluster.form().await;
    let mut busy = Vec::new();
    let (roster, known) = (&cluster.roster, &cluster.known);
    for who in 0..WRITERS {
        let writing = people::write(who, roster.clone(), known.clone(), planted);
        busy.push(spawn(OUTSIDE, writing));
    }
    let gate = people::keep_the_gate(roster.clone(), known.clone());
    busy.push(spawn(OUTSIDE, gate));
    for _ in 0..FAULTS {
        sleep(ms(1_800)).await;
        cluster.go_wrong().await;
    }
    cluster.calm_down();
    let everybody = spawn(OUTSIDE, futures_util::future::join_all(busy));
    cluster.wait_for(everybody).await;
    cluster.come_to_rest().await;
    cluster.check().await;
    cluster.known.tally()
}

fn spawn<T: Send + 'static>(
    life: Life,
    work: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    here().expect("a simulation").spawn(life, work)
}

/// Seldom enough that no log is cut.
fn schedule() -> Schedule {
    Schedule {
        flush_every: Duration::from_millis(500),
        snapshot_log_bytes: u64::MAX,
        snapshot_every: Duration::from_secs(1 << 30),
    }
}

fn address(node: u64) -> String {
    format!("node-{node}")
}

impl Cluster {
    async fn form(&mut self) {
        for node in FIRST {
            self.start(node, Machine::default()).await;
        }
        let raft = self.nodes[&1].node.inside.raft.clone();
        for node in [2, 3] {
            let address = address(node);
            let added = raft.add_learner(node, Peer { address }, true).await;
            added.expect("a learner joins");
        }
        let voters = raft.change_membership(FIRST, false).await;
        voters.expect("three voters");
        people::make_boards(&self.roster).await;
    }

    async fn start(&mut self, id: u64, machine: Machine) {
        let (started, life) = {
            let world = here().expect("a simulation");
            let life = world.new_life();
            let me = Identity {
                node: id,
                ..identity()
            };
            let (closed, files_closed) = mpsc::channel(1);
            let (log, state) = machine.open(&world, life, me, &closed, self.planted);
            let node = NodeFile {
                cluster: me.cluster,
                node: id,
                instance: InstanceId::from_bytes([2; 16]),
            };
            let dir = std::env::temp_dir().join("no such folder");
            let paths = Paths {
                dir,
                log: "log".into(),
                state: "state.redb".into(),
            };
            let files = Files::check(node, log, state, &paths).expect("the files fit");
            let (calls, transport) = self.net.plug_in(id, life);
            let run = Run {
                options: Options {
                    disk_reserve_bytes: 0,
                    keeps_blobs: false,
                    ..Options::new(std::env::temp_dir())
                },
                schedule: schedule(),
                peers: Some(Peers {
                    address: address(id),
                    listener: Listener::Simulated(calls),
                    transport,
                    own: None,
                }),
                closed,
                files_closed,
            };
            (world.spawn(life, run.start(files, None)), life)
        };
        let node = started.await.expect("it is there").expect("it starts");
        let running = Running {
            life,
            store: node.store(),
            status: node.status(),
        };
        let (known, planted) = (self.known.clone(), self.planted);
        let asking = people::ask_at_the_gate(id, running.clone(), known.clone(), planted);
        spawn(life, asking);
        spawn(life, note_leaders(id, node.inside.raft.clone(), known));
        self.roster.put(id, running);
        self.nodes.insert(id, Up { life, node });
        note(format!("node {id} starts"));
    }

    async fn go_wrong(&mut self) {
        self.bury();
        if below(3) == 0 {
            self.net.mend();
        }
        if below(2) == 0 {
            self.start_one().await;
        }
        let ids: Vec<u64> = self.nodes.keys().copied().collect();
        let Some(id) = one_of(&ids) else {
            return self.start_one().await;
        };
        let life = self.nodes[&id].life;
        match below(100) {
            0..16 => {
                self.known.fault("power cut", id);
                machine::cut_power(&here().expect("a simulation"), life);
                self.bury();
            }
            16..32 => {
                self.known.fault("power cut while writing", id);
                machine::cut_power_soon(&here().expect("a simulation"), life);
            }
            32..46 => {
                self.known.fault("pause", id);
                here().expect("a simulation").pause(life);
                spawn(OUTSIDE, async move {
                    sleep(ms(4_000)).await;
                    here().expect("a simulation").go_on(life);
                });
            }
            46..57 => {
                self.known.fault("partition", id);
                for other in 1..=FOURTH {
                    self.net.cut(id, other);
                    self.net.cut(other, id);
                }
            }
            57..68 => {
                self.known.fault("one-way partition", id);
                let inwards = below(2) == 0;
                for other in 1..=FOURTH {
                    match inwards {
                        true => self.net.cut(other, id),
                        false => self.net.cut(id, other),
                    }
                }
            }
            68..73 => {
                self.known.fault("slow network", id);
                self.net.slow_down();
            }
            73..82 => {
                self.known.fault("slow disk", id);
                machine::be_slow(&here().expect("a simulation"), life, true);
                spawn(OUTSIDE, async move {
                    sleep(ms(4_000)).await;
                    machine::be_slow(&here().expect("a simulation"), life, false);
                });
            }
            _ => self.change_members().await,
        }
    }

    /// Takes note of those whose power went.
    fn bury(&mut self) {
        let world = here().expect("a simulation");
        let ended = self.nodes.iter().filter(|(_, up)| world.has_ended(up.life));
        let ended: Vec<(u64, Life)> = ended.map(|(id, up)| (*id, up.life)).collect();
        for (id, life) in ended {
            self.roster.remove(id);
            self.nodes.remove(&id);
            self.down.insert(id, life);
        }
    }

    async fn start_one(&mut self) {
        let ids: Vec<u64> = self.down.keys().copied().collect();
        if let Some(id) = one_of(&ids) {
            let life = self.down.remove(&id).expect("it is down");
            let left = machine::left(&here().expect("a simulation"), life);
            self.start(id, left).await;
        }
    }

    /// The fourth comes, becomes a voter, or goes.
    async fn change_members(&mut self) {
        if !self.nodes.contains_key(&FOURTH) && !self.down.contains_key(&FOURTH) {
            self.start(FOURTH, Machine::default()).await;
        }
        let Some((life, raft)) = self.leader() else {
            return;
        };
        let fourth = BTreeSet::from([FOURTH]);
        let (kind, change) = match below(3) {
            0 => {
                let address = address(FOURTH);
                let peer = BTreeMap::from([(FOURTH, Peer { address })]);
                ("learner added", ChangeMembers::AddNodes(peer))
            }
            1 => ("learner promoted", ChangeMembers::AddVoterIds(fourth)),
            _ => ("voter removed", ChangeMembers::RemoveVoters(fourth)),
        };
        self.known.fault(kind, FOURTH);
        // Whatever comes of it.
        spawn(
            life,
            async move { raft.change_membership(change, true).await },
        );
    }

    fn leader(&self) -> Option<(Life, Raft)> {
        let leads = |up: &&Up| up.node.status().borrow().is_leader;
        let leading = self.nodes.values().filter(leads);
        let newest = leading.max_by_key(|up| up.node.status().borrow().term)?;
        Some((newest.life, newest.node.inside.raft.clone()))
    }

    fn calm_down(&mut self) {
        note("nothing goes wrong any more".to_owned());
        self.known.end();
        self.net.mend();
        for up in self.nodes.values() {
            let world = here().expect("a simulation");
            world.go_on(up.life);
            machine::be_slow(&world, up.life, false);
        }
    }

    /// Until everybody who writes was answered.
    async fn wait_for<T>(&mut self, mut everybody: JoinHandle<T>) {
        let waiting = async {
            // A power cut that was on its way may come yet.
            while timeout(LOOK_EVERY, &mut everybody).await.is_err() {
                self.start_all().await;
            }
        };
        let answered = timeout(REST_WAIT_MAX, waiting).await;
        answered.expect("somebody is never answered");
    }

    async fn start_all(&mut self) {
        self.bury();
        while !self.down.is_empty() {
            self.start_one().await;
        }
    }

    /// Everybody becomes a voter, and all stand at the same entry.
    async fn come_to_rest(&mut self) {
        let resting = async {
            loop {
                self.start_all().await;
                if self.all_vote().await && self.is_at_rest() {
                    return;
                }
                sleep(LOOK_EVERY).await;
            }
        };
        let rested = timeout(REST_WAIT_MAX, resting).await;
        rested.expect("it never comes to rest");
    }

    async fn all_vote(&self) -> bool {
        let Some((life, raft)) = self.leader() else {
            return false;
        };
        let all: BTreeSet<u64> = self.nodes.keys().copied().collect();
        let membership = raft.metrics().borrow().membership_config.clone();
        if membership.voter_ids().eq(all.iter().copied()) {
            return true;
        }
        let peers = all.iter().map(|id| {
            let address = address(*id);
            (*id, Peer { address })
        });
        let add = ChangeMembers::AddNodes(peers.collect());
        let adding = raft.clone();
        let added = at(
            life,
            async move { adding.change_membership(add, true).await },
        )
        .await;
        if matches!(added, Some(Ok(_))) {
            at(
                life,
                async move { raft.change_membership(all, false).await },
            )
            .await;
        }
        false
    }

    fn is_at_rest(&self) -> bool {
        let statuses = self.nodes.values().map(|up| {
            let raft = up.node.inside.raft.metrics();
            let metrics = raft.borrow();
            (metrics.last_log_index, metrics.last_applied)
        });
        let ends: BTreeSet<_> = statuses.collect();
        let first = ends.first().copied();
        ends.len() == 1 && first.is_some_and(|(last, applied)| applied.map(|id| id.index) == last)
    }

    async fn check(&self) {
        let mut ends = BTreeMap::new();
        for (id, up) in &self.nodes {
            let Inside { state, .. } = up.node.inside.clone();
            let end = at(up.life, end_of(state)).await;
            ends.insert(*id, end.expect("the node runs"));
            let known = self.known.clone();
            let (id, store) = (*id, up.node.store());
            let checked = at(up.life, async move { known.check_updates(id, store).await });
            checked.await.expect("the node runs");
        }
        let first = ends.values().next().expect("a node");
        let same = ends.values().all(|end| end == first);
        assert!(same, "states differ at the same entry: {ends:?}");
    }
}

fn one_of(ids: &[u64]) -> Option<u64> {
    match ids.len() as u64 {
        0 => None,
        count => Some(ids[below(count) as usize]),
    }
}

async fn note_leaders(id: u64, raft: Raft, known: Known) {
    let mut roles = raft.server_metrics();
    loop {
        let leads = {
            let roles = roles.borrow_and_update();
            (roles.state == ServerState::Leader).then(|| roles.vote.leader_id.term)
        };
        if let Some(term) = leads {
            known.leads(term, id);
        }
        if roles.changed().await.is_err() {
            return;
        }
    }
}
