//! Nodes that are one Easel, each a process on a folder of its own. They speak mutual TLS to each other, sync to a real
//! disk, and share the machine's cores with each other and the generator.

use crate::client::{Dialect, Target};
use crate::http;
use crate::process::{Process, folder, free_port};
use crate::servers::Places;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) nodes: Vec<Node>,
    binary: PathBuf,
    folder: TempDir,
}

#[derive(Debug)]
pub(crate) struct Node {
    /// Where people find it, which stays so when it is started again.
    pub(crate) address: String,
    pub(crate) process: Process,
    data: PathBuf,
    env: Vec<(&'static str, String)>,
}

impl Group {
    /// One node, which makes the group.
    pub(crate) async fn start(places: &Places) -> Result<Self> {
        let mut group = Self {
            nodes: Vec::new(),
            binary: places.easel(),
            folder: folder(&places.data_dir())?,
        };
        group.add(&[])?;
        group.until_ready(0).await?;
        Ok(group)
    }

    /// So many nodes, each of which votes.
    pub(crate) async fn of(nodes: usize, places: &Places) -> Result<Self> {
        let mut group = Self::start(places).await?;
        for _ in 1..nodes {
            group.grow().await?;
            group.until_all_vote().await?;
        }
        Ok(group)
    }

    /// Starts one more node, which comes in by itself.
    pub(crate) async fn grow(&mut self) -> Result<()> {
        let asked = r#"{"join_token":{"minutes":60}}"#;
        let made = self.nodes[0].ask(asked).await.context("a join token")?;
        let token = made["join_token"]["token"].as_str().context("a token")?;
        let file = self.path(&format!("token-{}", self.nodes.len()));
        std::fs::write(&file, token)?;
        let others: Vec<_> = (0..self.nodes.len()).map(peers_of).collect();
        self.add(&[
            ("EASEL_CLUSTER__JOIN", others.join(",")),
            ("EASEL_CLUSTER__JOIN_TOKEN_FILE", file.display().to_string()),
        ])
    }

    fn add(&mut self, more: &[(&'static str, String)]) -> Result<()> {
        let place = self.nodes.len();
        let address = format!("127.0.0.1:{}", free_port()?);
        let data = self.path(&format!("node-{place}"));
        let mut env = vec![
            // Each is reached by an address of its own, and tells people of the others'.
            ("EASEL_PUBLIC_URL", format!("http://{address}")),
            ("EASEL_LISTEN__OPS", String::new()),
            ("EASEL_LISTEN__PEERS", peers_of(place)),
            ("EASEL_LOG__LEVEL", "warn".to_owned()),
        ];
        for policy in [
            "EASEL_RATE_LIMITS__API",
            "EASEL_RATE_LIMITS__WRITE",
            "EASEL_RATE_LIMITS__WS_CONNECT",
        ] {
            env.push((policy, "0".to_owned()));
        }
        env.extend_from_slice(more);
        let process = run(&self.binary, &address, &data, &env)?;
        self.nodes.push(Node {
            address,
            process,
            data,
            env,
        });
        Ok(())
    }

    pub(crate) async fn until_ready(&mut self, place: usize) -> Result<()> {
        let node = &mut self.nodes[place];
        let ready = node.process.until_ready(&node.address).await;
        ready.map_err(|error| explain(&node.data, error))
    }

    /// Asks a node to end, as a service manager does; returns how long it took.
    pub(crate) async fn stop(&mut self, place: usize) -> Result<Duration> {
        let begun = Instant::now();
        self.nodes[place].process.stop().await?;
        Ok(begun.elapsed())
    }

    /// Starts one that has ended.
    pub(crate) async fn start_again(&mut self, place: usize) -> Result<()> {
        let node = &mut self.nodes[place];
        node.process = run(&self.binary, &node.address, &node.data, &node.env)?;
        self.until_ready(place).await
    }

    /// Waits until every node counts for the majority.
    pub(crate) async fn until_all_vote(&self) -> Result<()> {
        let all = self.nodes.len();
        self.until("every node votes", |said| {
            nodes_of(said).filter(|node| votes(node)).count() == all
        })
        .await
    }

    /// Waits until this node has what the leader had when it was asked, knows who leads, and takes people in; returns when
    /// it was so.
    pub(crate) async fn until_caught_up(&self, place: usize) -> Result<Instant> {
        let mut last = None;
        self.until("a node catches up", |said| {
            last = last.or(said["last_log_index"].as_u64());
            last.is_some()
        })
        .await?;
        let begun = Instant::now();
        let node = &self.nodes[place];
        loop {
            if let Some(said) = node.says().await
                && said["leader"].is_u64()
                && said["applied_index"].as_u64() >= last
                && http::request(&node.address, "GET", "/readyz", "")
                    .await
                    .is_ok_and(|(status, _)| status == 200)
            {
                return Ok(Instant::now());
            }
            if begun.elapsed() > PATIENCE {
                bail!("{} does not catch up", node.address);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until the leader's own word is so. Nodes that do not answer meanwhile are passed over.
    async fn until(&self, what: &str, mut holds: impl FnMut(&Value) -> bool) -> Result<()> {
        let begun = Instant::now();
        loop {
            for node in &self.nodes {
                let Some(said) = node.says().await else {
                    continue;
                };
                if nodes_of(&said).any(leads_here) && holds(&said) {
                    return Ok(());
                }
            }
            if begun.elapsed() > PATIENCE {
                bail!("nobody says that {what}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Makes a board and waits until every node has it; where it is found at each node.
    pub(crate) async fn board(&self, title: &str) -> Result<Vec<Target>> {
        let title = format!(r#"{{"title":"{title}"}}"#);
        let board = http::post(&self.nodes[0].address, "/api/v1/boards", &title).await?;
        let id = board["id"].as_str().context("a board has an id")?;
        let begun = Instant::now();
        for node in &self.nodes {
            let path = format!("/api/v1/boards/{id}");
            while http::request(&node.address, "GET", &path, "").await?.0 != 200 {
                if begun.elapsed() > PATIENCE {
                    bail!("{} does not get a board", node.address);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        let target = |node: &Node| Target {
            address: node.address.clone(),
            path: format!("/sync/{id}"),
            dialect: Dialect::Easel,
        };
        Ok(self.nodes.iter().map(target).collect())
    }

    /// CPU time of all nodes together.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        self.nodes.iter().map(|node| node.process.cpu()).sum()
    }

    /// With the end of what each node printed.
    pub(crate) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        self.nodes
            .iter()
            .fold(error, |error, node| explain(&node.data, error))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Node {
    /// How it sees the group, if it answers.
    async fn says(&self) -> Option<Value> {
        let mut said = self.ask(r#""status""#).await.ok()?;
        Some(said["cluster"].take())
    }

    /// Asks as `easel cluster` does, without a process for each question.
    async fn ask(&self, task: &str) -> Result<Value> {
        let mut stream = UnixStream::connect(self.data.join("easel.sock")).await?;
        let asked = format!("{{\"easel\":1,\"task\":{{\"cluster\":{task}}}}}\n");
        stream.write_all(asked.as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        let mut said: Value = serde_json::from_str(&line)?;
        match said["done"].take() {
            Value::Null => bail!("a node says {line}"),
            done => Ok(done),
        }
    }
}

fn nodes_of(said: &Value) -> impl Iterator<Item = &Value> {
    said["nodes"].as_array().into_iter().flatten()
}

fn leads_here(node: &Value) -> bool {
    node["is_leader"] == true && node["is_this"] == true
}

fn votes(node: &Value) -> bool {
    node["role"] == "voter"
}

fn run(
    binary: &Path,
    address: &str,
    data: &Path,
    env: &[(&'static str, String)],
) -> Result<Process> {
    let args: [&OsStr; 5] = [
        "serve".as_ref(),
        "--listen".as_ref(),
        address.as_ref(),
        "--data-dir".as_ref(),
        data.as_ref(),
    ];
    Process::start_anywhere(binary, &args, env, &log_of(data))
}

fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

fn explain(data: &Path, error: anyhow::Error) -> anyhow::Error {
    let printed = std::fs::read_to_string(log_of(data)).unwrap_or_default();
    match printed.lines().next_back() {
        Some(last) => anyhow::anyhow!("{error:#}; a node printed: {last}"),
        None => error,
    }
}

/// Where a node meets the others: an address of loopback that no other process has, so that it keeps it over a restart.
fn peers_of(place: usize) -> String {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    format!("127.{}.{low}.{}:7080", 40 + high % 50, place + 1)
}
