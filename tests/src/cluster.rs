//! Three or more nodes that are one Easel, grown by tokens, in a network that can be cut between them.

use crate::network::{Cut, Network};
use crate::turn::{Turn, turn};
use crate::{Node, NodeOptions, node, within_for};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// For what takes a second where nothing else runs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster whose nodes are named by their place, from 0.
#[derive(Debug)]
pub struct Cluster {
    home: TempDir,
    nodes: Vec<Node>,
    network: Network,
    _turn: Turn,
}

impl Cluster {
    pub async fn grow(nodes: u32) -> Self {
        Self::grow_prepared(nodes, |_, _| NodeOptions::default()).await
    }

    /// The same, when something has been done about each node's place and folder.
    pub async fn grow_prepared(
        nodes: u32,
        mut prepare: impl FnMut(usize, &Path) -> NodeOptions,
    ) -> Self {
        let turn = turn().await;
        let home = tempfile::tempdir().expect("a folder");
        let (network, at) = Network::open(nodes, places()).await;
        let mut cluster = Self {
            home,
            nodes: Vec::new(),
            network,
            _turn: turn,
        };
        for place in 0..nodes as usize {
            let mut options = prepare(place, &cluster.folder(place))
                .with("EASEL_LISTEN__PEERS", &at[place].peers)
                .with("EASEL_CLUSTER__ADVERTISE", &at[place].advertise);
            options.namespace.clone_from(&at[place].namespace);
            if place > 0 {
                let token = cluster.say(0, &["join-token"]).await;
                let file = cluster.home.path().join(format!("token-{place}"));
                std::fs::write(&file, token).expect("a file");
                options = options
                    .with("EASEL_CLUSTER__JOIN", &at[0].advertise)
                    .with("EASEL_CLUSTER__JOIN_TOKEN_FILE", &file.to_string_lossy());
            }
            let node = Node::start_at(&cluster.folder(place), options).await;
            cluster.network.names(place, node.pid(), &node.address);
            cluster.nodes.push(node);
        }
        within_for(PATIENCE, "all nodes to vote", async || {
            let status = cluster.status(0).await?;
            let voters = status["nodes"].as_array()?.iter();
            (voters.filter(|node| node["role"] == "voter").count() == nodes as usize).then_some(())
        })
        .await;
        cluster
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn node(&mut self, place: usize) -> &mut Node {
        &mut self.nodes[place]
    }

    /// Where clients find the nodes, which stays so when one is started again.
    pub fn addresses(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.address.clone()).collect()
    }

    /// Starts a node again whose process has ended or is to be ended.
    pub async fn restart(&mut self, place: usize) {
        let node = self.nodes.remove(place).restart().await;
        self.network.names(place, node.pid(), &node.address);
        self.nodes.insert(place, node);
    }

    /// From here on it does not pass, between these nodes neither. Connections stay open.
    pub fn cut(&self, places: &[usize], cut: Cut) {
        self.network.cut(places, cut);
    }

    pub fn heal(&self) {
        self.network.heal();
    }

    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Who leads, by what all nodes but those that are `away` say.
    pub async fn leader(&self, away: &[usize]) -> usize {
        within_for(PATIENCE, "a leader", async || {
            let mut leader = None;
            for place in (0..self.nodes.len()).filter(|place| !away.contains(place)) {
                let said = self.status(place).await?["leader"].as_u64()?;
                if *leader.get_or_insert(said) != said {
                    return None;
                }
            }
            // Node numbers are given out in the order of joining.
            let leader = leader? as usize - 1;
            (!away.contains(&leader)).then_some(leader)
        })
        .await
    }

    /// Has this node lead. Others may have reasons of their own meanwhile, and then it is wished again.
    pub async fn lead(&self, place: usize) {
        within_for(PATIENCE, "the node to lead", async || {
            if self.leader(&[]).await == place {
                return Some(());
            }
            let _ = self.try_to_lead(place).await;
            None
        })
        .await;
    }

    /// Says why not.
    pub async fn try_to_lead(&self, place: usize) -> Result<(), String> {
        let node = (place + 1).to_string();
        let output = self.run(place, &["transfer-leader", &node]).await;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    async fn status(&self, place: usize) -> Option<Value> {
        let output = self.run(place, &["status", "--json"]).await;
        serde_json::from_slice(&output.stdout).ok()
    }

    async fn say(&self, place: usize, words: &[&str]) -> String {
        let output = self.run(place, words).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).expect("text")
    }

    async fn run(&self, place: usize, words: &[&str]) -> std::process::Output {
        let mut command = node::command();
        command
            .arg("cluster")
            .args(words)
            .arg("--data-dir")
            .arg(self.folder(place));
        let ran = tokio::time::timeout(2 * PATIENCE, command.output()).await;
        ran.expect("it ends by itself").expect("it ran")
    }

    fn folder(&self, place: usize) -> PathBuf {
        Path::join(self.home.path(), (place + 1).to_string())
    }
}

/// A network of loopback that no other process and no other cluster of this one uses, so that a node that is started
/// again is where it was.
fn places() -> [u8; 3] {
    static CLUSTERS: AtomicU32 = AtomicU32::new(0);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let cluster = CLUSTERS.fetch_add(1, Ordering::Relaxed) % 8;
    [100 + high % 100, low, 32 * (1 + cluster as u8 % 7)]
}
