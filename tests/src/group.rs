//! Several real nodes that are one Easel.

use crate::turn::{Turn, turn};
use crate::{Node, NodeOptions, node, within_for};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// Nodes of one cluster, in folders of their own.
#[derive(Debug)]
pub struct Group {
    /// In the order in which they came.
    pub nodes: Vec<Node>,
    options: NodeOptions,
    /// Of this process.
    number: u8,
    home: TempDir,
    _turn: Turn,
}

impl Group {
    /// A node that makes a cluster and is alone in it. Those that follow have the same options.
    pub async fn start(options: NodeOptions) -> Self {
        Self::start_from(options, async |_| {}).await
    }

    /// The same, when something has been done about its folder.
    pub async fn start_from(options: NodeOptions, prepare: impl AsyncFnOnce(&Path)) -> Self {
        static GROUPS: AtomicU8 = AtomicU8::new(0);
        let turn = turn().await;
        let mut group = Self {
            nodes: Vec::new(),
            options,
            number: GROUPS.fetch_add(1, Ordering::Relaxed),
            home: tempfile::tempdir().expect("a folder"),
            _turn: turn,
        };
        prepare(&group.folder(0)).await;
        let options = (group.options.clone()).with("EASEL_LISTEN__PEERS", &group.peers(0));
        let first = Node::start_at(&group.folder(0), options).await;
        group.nodes.push(first);
        group
    }

    /// One more node comes in.
    pub async fn grow(&mut self) {
        let no = self.nodes.len();
        let token = self.cluster(&["join-token"]).await;
        let token_file = self.home.path().join(format!("token-{no}"));
        std::fs::write(&token_file, token).expect("a file");
        let others: Vec<_> = (0..no).map(|other| self.peers(other)).collect();
        let options = (self.options.clone())
            .with("EASEL_LISTEN__PEERS", &self.peers(no))
            .with("EASEL_CLUSTER__JOIN", &others.join(","))
            .with(
                "EASEL_CLUSTER__JOIN_TOKEN_FILE",
                &token_file.display().to_string(),
            );
        let node = Node::start_at(&self.folder(no), options).await;
        self.nodes.push(node);
    }

    /// Waits until all nodes count for the majority.
    pub async fn until_all_vote(&self) {
        within_for(PATIENCE, "all nodes to be voters", async || {
            let status = self.status().await;
            let nodes = status["nodes"].as_array().expect("nodes");
            let voters = nodes.iter().filter(|node| node["role"] == "voter");
            (voters.count() == self.nodes.len()).then_some(())
        })
        .await;
    }

    /// Which of the nodes leads, as it says itself.
    pub async fn leader(&self) -> usize {
        within_for(PATIENCE, "a leader", async || {
            for (no, node) in self.nodes.iter().enumerate() {
                if node.metric("easel_raft_is_leader").await == Some(1.0) {
                    return Some(no);
                }
            }
            None
        })
        .await
    }

    /// Starts a node that was killed.
    pub async fn restart(&mut self, no: usize) {
        let node = self.nodes.remove(no).restart().await;
        self.nodes.insert(no, node);
    }

    async fn status(&self) -> Value {
        let said = self.cluster(&["status", "--json"]).await;
        serde_json::from_str(&said).expect("JSON")
    }

    /// `easel cluster` with these words, asked of the first node.
    async fn cluster(&self, words: &[&str]) -> String {
        let mut command = node::command();
        (command.arg("cluster").args(words).arg("--data-dir")).arg(self.folder(0));
        let ran = tokio::time::timeout(2 * PATIENCE, command.output()).await;
        let output = ran.expect("it ends by itself").expect("it ran");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn folder(&self, no: usize) -> PathBuf {
        self.home.path().join(format!("node-{no}"))
    }

    /// Where a node meets the others: an address of loopback that no other process has, so that a node that is started
    /// again is where it was.
    fn peers(&self, no: usize) -> String {
        let [_, _, high, low] = process::id().to_be_bytes();
        let (net, host) = (140 + high % 100, 10 * usize::from(self.number) + no + 1);
        format!("127.{net}.{low}.{host}:7080")
    }
}
