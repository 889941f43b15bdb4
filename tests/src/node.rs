//! One `easel` process on a folder of its own.

use crate::within;
use serde_json::{Value, json};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpSocket;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// How a node is started, beyond its folder and its ports.
#[derive(Debug, Clone, Default)]
pub struct NodeOptions {
    pub env: Vec<(String, String)>,
    /// A configuration file, over which the rest stands.
    pub config: Option<PathBuf>,
    /// The network that it lives in, if not the test's. Its socket for clients is the test's all the same.
    pub namespace: Option<PathBuf>,
}

impl NodeOptions {
    /// Any room name makes a document, as other Yjs applications expect of their server.
    pub fn raw() -> Self {
        Self::default().with("EASEL_REALTIME__CREATE_ON_JOIN", "true")
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }
}

/// A running node. Killed when dropped.
#[derive(Debug)]
pub struct Node {
    child: Child,
    /// `127.0.0.1:port`.
    pub address: String,
    folder: Folder,
    options: NodeOptions,
    output: Arc<Mutex<String>>,
    /// Who reads the output, to its end.
    readers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
enum Folder {
    Own(TempDir),
    Given(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Own(dir) => dir.path(),
            Self::Given(path) => path,
        }
    }
}

/// The binary that `make build-dev` builds, or the one named by `TEST_EASEL`.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("TEST_EASEL") {
        return path.into();
    }
    let this = std::env::current_exe().expect("a test has a path");
    let profile = this
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in target/<profile>/deps");
    let binary = profile.join("easel");
    assert!(
        binary.exists(),
        "{} is missing: run `make build-dev`",
        binary.display()
    );
    binary
}

/// The command with everything a test needs said: no port of the machine's, no setting of the user's.
pub fn command() -> Command {
    prepared(Command::new(binary()))
}

fn prepared(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("EASEL_") {
            command.env_remove(name);
        }
    }
    for policy in ["AUTH", "AUTH_ACCOUNT", "API", "WRITE", "WS_CONNECT"] {
        command.env(format!("EASEL_RATE_LIMITS__{policy}"), "0");
    }
    command
        .env("EASEL_LISTEN__OPS", "127.0.0.1:0")
        .env("RUST_BACKTRACE", "0");
    command
}

/// Serves in this network, with a socket that is opened here and handed in, as a service manager does it. A node that
/// lives elsewhere is not found by who ends this test, so it ends with it.
fn command_within(namespace: &Path, listen: &str) -> Command {
    const SCRIPT: &str = "export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http; \
        exec nsenter --net=\"$0\" setpriv --pdeathsig KILL \"$@\" 3<&0 </dev/null";
    let socket = std::net::TcpListener::bind(listen).expect("a free port");
    let mut command = prepared(Command::new("sh"));
    command
        .args(["-c", SCRIPT])
        .args([namespace, &binary()])
        .arg("serve")
        .stdin(OwnedFd::from(socket));
    command
}

impl Node {
    pub async fn start(options: NodeOptions) -> Self {
        Self::start_in(
            Folder::Own(TempDir::new().expect("a temporary folder")),
            options,
            "127.0.0.1:0",
        )
        .await
    }

    pub async fn start_at(folder: &Path, options: NodeOptions) -> Self {
        Self::start_in(Folder::Given(folder.into()), options, "127.0.0.1:0").await
    }

    /// Elsewhere than on a free port of loopback.
    pub async fn start_on(folder: &Path, options: NodeOptions, listen: &str) -> Self {
        Self::start_in(Folder::Given(folder.into()), options, listen).await
    }

    async fn start_in(folder: Folder, options: NodeOptions, listen: &str) -> Self {
        let mut command = match &options.namespace {
            Some(namespace) => command_within(namespace, listen),
            None => {
                let mut command = command();
                command.args(["serve", "--listen", listen]);
                command.stdin(Stdio::null());
                command
            }
        };
        let mut child = command
            .arg("--data-dir")
            .arg(folder.path())
            .args(
                options
                    .config
                    .iter()
                    .flat_map(|file| ["--config".as_ref(), file.as_os_str()]),
            )
            .envs(options.env.iter().cloned())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        // It holds the socket that it handed on, and who calls a node that was killed is to be refused.
        drop(command);
        let output = Arc::new(Mutex::new(String::new()));
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let readers = vec![
            gather(stdout.expect("it is piped"), output.clone(), Some(ready)),
            gather(stderr.expect("it is piped"), output.clone(), None),
        ];
        let address = tokio::time::timeout(Duration::from_secs(60), is_ready)
            .await
            .ok()
            .and_then(Result::ok);
        let Some(address) = address else {
            panic!(
                "the node did not start:\n{}",
                output.lock().expect("the output is not poisoned")
            );
        };
        Self {
            child,
            address,
            folder,
            options,
            output,
            readers,
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("the node runs")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Memory that the process really holds.
    pub fn resident_bytes(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the node runs");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .expect("Linux tells the resident size");
        let kib: u64 = line
            .trim()
            .trim_end_matches(" kB")
            .trim()
            .parse()
            .expect("a number of KiB");
        kib << 10
    }

    /// One series of its metrics, named as it is printed, labels included.
    pub async fn metric(&self, series: &str) -> Option<f64> {
        let metrics = self.get("/metrics").await.text().await.ok()?;
        metrics
            .lines()
            .find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
    }

    /// What it has printed so far, both streams.
    pub fn output(&self) -> String {
        self.output
            .lock()
            .expect("the output is not poisoned")
            .clone()
    }

    /// kill -9, as a power cut would have it but for the disk's own cache.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("the node is killed");
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid().cast_signed())
            .expect("a process id is not 0");
        rustix::process::kill_process(pid, signal).expect("the node is there");
    }

    pub fn has_ended(&mut self) -> bool {
        let ended = self.child.try_wait().expect("it is our child");
        ended.is_some()
    }

    /// Its end, with all that it printed until then in `output`.
    pub async fn wait(&mut self) -> ExitStatus {
        let status = self.child.wait().await.expect("the node ends");
        for reader in self.readers.drain(..) {
            reader.await.expect("no panic");
        }
        status
    }

    /// Starts once more what has ended, where that is to fail; what it says until it ends again.
    pub async fn fails_again(&self) -> Output {
        let mut command = command();
        (command.args(["serve", "--listen", &self.address, "--data-dir"]))
            .arg(self.folder())
            .envs(self.options.env.iter().cloned())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let ended = tokio::time::timeout(Duration::from_secs(60), command.output()).await;
        ended.expect("it ends by itself").expect("it ran")
    }

    /// Starts again on the same folder and port, as an operator would.
    pub async fn restart(self) -> Self {
        let Self {
            mut child,
            address,
            folder,
            options,
            ..
        } = self;
        let _ = child.kill().await;
        // Meanwhile somebody's outgoing connection may have been given it.
        within("the port to be free", async || {
            is_free(&address).then_some(())
        })
        .await;
        Self::start_in(folder, options, &address).await
    }

    /// Makes a board; returns its id.
    pub async fn create_board(&self, title: &str) -> String {
        let answer = reqwest::Client::new()
            .post(self.url("/api/v1/boards"))
            .json(&json!({ "title": title }))
            .send();
        let answer = answer.await.expect("the node answers");
        assert_eq!(answer.status(), 201, "{:?}", answer.text().await);
        let board: Value = answer.json().await.expect("a board");
        board["id"].as_str().expect("a board has an id").to_owned()
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        reqwest::get(self.url(path))
            .await
            .expect("the node answers")
    }
}

fn is_free(address: &str) -> bool {
    let address = address.parse().expect("an address and a port");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .set_reuseaddr(true)
        .expect("an option of every socket");
    socket.bind(address).is_ok()
}

/// Keeps what the node prints; hands on the address it says it listens on.
fn gather(
    stream: impl AsyncRead + Unpin + Send + 'static,
    output: Arc<Mutex<String>>,
    mut ready: Option<tokio::sync::oneshot::Sender<String>>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some((_, url)) = line.split_once("ready: http")
                && let Some((_, rest)) = url.split_once("://")
                && let Some(ready) = ready.take()
            {
                let address = rest.split(['/', ' ']).next().unwrap_or_default();
                let _ = ready.send(address.to_owned());
            }
            let mut output = output.lock().expect("the output is not poisoned");
            output.push_str(&line);
            output.push('\n');
        }
    })
}
