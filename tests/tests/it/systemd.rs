//! As a system service: the units hold what they promise, and a node tells a service manager how it stands.

use easel_tests::node::{binary, command};
use easel_tests::{Client, Dialect, Node, NodeOptions};
use rustix::process::Signal;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::UnixDatagram;

/// Ten times the exposure that `systemd-analyze security` may find: 1.5 of 10.
const EXPOSURE_MAX_TENTHS: &str = "15";

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../systemd")
}

fn systemd_analyze(arguments: &[&str]) -> Output {
    Command::new("systemd-analyze")
        .args(arguments)
        .env("SYSTEMD_LOG_LEVEL", "info")
        .output()
        .expect("systemd-analyze is there: `make test-tools` installs it")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_units_are_understood_to_the_last_line() {
    // As it is installed, but for the program's place.
    let folder = TempDir::new().unwrap();
    let service = fs::read_to_string(units().join("easel.service")).unwrap();
    let installed = "/usr/local/bin/easel ";
    assert!(service.contains(installed));
    let program = format!("{} ", binary().canonicalize().unwrap().display());
    fs::write(
        folder.path().join("easel.service"),
        service.replace(installed, &program),
    )
    .unwrap();
    fs::copy(
        units().join("easel.socket"),
        folder.path().join("easel.socket"),
    )
    .unwrap();
    for unit in ["easel.service", "easel.socket"] {
        let unit = folder.path().join(unit);
        let output = systemd_analyze(&["verify", "--man=no", unit.to_str().unwrap()]);
        // A line that it does not know is a warning, and it ends well all the same.
        assert!(
            output.status.success() && said(&output).is_empty(),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn the_service_can_do_little_but_its_work() {
    let unit = units().join("easel.service");
    let threshold = format!("--threshold={EXPOSURE_MAX_TENTHS}");
    let output = systemd_analyze(&[
        "security",
        "--offline=true",
        &threshold,
        unit.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", said(&output));
}

/// What a service manager hears.
struct Manager {
    socket: UnixDatagram,
    folder: TempDir,
    heard: Vec<String>,
}

impl Manager {
    fn new() -> Manager {
        let folder = TempDir::new().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        Manager {
            socket,
            folder,
            heard: Vec::new(),
        }
    }

    fn options(&self) -> NodeOptions {
        let socket = self.folder.path().join("notify");
        NodeOptions::default()
            .with("NOTIFY_SOCKET", socket.to_str().unwrap())
            .with("WATCHDOG_USEC", "1000000")
    }

    /// Listens until a line begins like that; gives it.
    async fn until(&mut self, start: &str) -> String {
        let listening = async {
            loop {
                let mut message = [0; 4096];
                let length = self.socket.recv(&mut message).await.unwrap();
                let message = std::str::from_utf8(&message[..length]).unwrap();
                self.heard.extend(message.lines().map(str::to_owned));
                if let Some(line) = message.lines().find(|line| line.starts_with(start)) {
                    return line.to_owned();
                }
            }
        };
        match tokio::time::timeout(Duration::from_secs(60), listening).await {
            Ok(line) => line,
            Err(_) => panic!("no {start} in {:#?}", self.heard),
        }
    }
}

#[tokio::test]
async fn a_service_manager_hears_how_the_node_stands_from_start_to_end() {
    let mut manager = Manager::new();
    let mut node = Node::start(manager.options()).await;
    manager.until("READY=1").await;
    assert!(
        manager.heard[0].starts_with("STATUS=Opening "),
        "{:?}",
        manager.heard
    );
    assert!(manager.heard[2].starts_with("STATUS=Ready (leader, term "));
    assert_eq!(node.get("/readyz").await.status(), 200);
    for _ in 0..3 {
        manager.until("WATCHDOG=1").await;
    }

    let board = node.create_board("Plan").await;
    let client = Client::join(&node.address, &board, Dialect::Easel).await;
    client.draw("a", &[]);
    let expected = "; 1 board open, 1 person connected";
    while !manager.until("STATUS=").await.ends_with(expected) {}

    node.signal(Signal::TERM);
    manager.until("STOPPING=1").await;
    manager.until("EXTEND_TIMEOUT_USEC=").await;
    assert!(
        manager
            .heard
            .iter()
            .any(|line| line == "STATUS=Stopping: saving 1 board")
    );
    assert!(node.wait().await.success(), "{}", node.output());
}

#[tokio::test]
async fn a_node_that_cannot_start_is_never_ready() {
    let mut manager = Manager::new();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("state.redb"), "not a database").unwrap();
    let output = command()
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder.path())
        .envs(manager.options().env)
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    manager.until("STATUS=Opening ").await;
    let mut more = [0; 4096];
    assert!(
        manager.socket.try_recv(&mut more).is_err(),
        "it said more than that"
    );
}

/// Starts a node from a shell, which sets what only the process itself can know.
fn from_a_shell(before: &str, redirect: &str) -> tokio::process::Command {
    let node = command();
    let mut shell = tokio::process::Command::new("sh");
    for (name, value) in node.as_std().get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let script = format!("{before} exec \"$0\" serve --data-dir \"$1\" {redirect}");
    shell
        .args(["-c", &script])
        .arg(binary())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    shell
}

#[tokio::test]
async fn a_socket_of_the_service_manager_is_served_and_refuses_nobody_over_a_restart() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let folder = TempDir::new().unwrap();
    let start = || {
        let handed = OwnedFd::from(socket.try_clone().unwrap());
        from_a_shell(
            "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http",
            "3<&0 </dev/null",
        )
        .arg(folder.path())
        .stdin(handed)
        .spawn()
        .unwrap()
    };
    let url = format!("http://{address}/healthz");
    let ask = || async {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        client.get(&url).send().await.map(|answer| answer.status())
    };
    let mut first = start();
    assert_eq!(ask().await.unwrap(), 200);
    let pid = rustix::process::Pid::from_raw(first.id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert!(first.wait().await.unwrap().success());
    // Nobody serves it now, and it waits.
    let (answer, _second) = tokio::join!(ask(), async { start() });
    assert_eq!(answer.unwrap(), 200);
}

#[tokio::test]
async fn a_socket_beyond_loopback_is_refused_whoever_opened_it() {
    let socket = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let folder = TempDir::new().unwrap();
    let output = from_a_shell("LISTEN_PID=$$ LISTEN_FDS=1", "3<&0 </dev/null")
        .arg(folder.path())
        .stdin(OwnedFd::from(socket))
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(said(&output).contains("TLS"), "{}", said(&output));
}

#[tokio::test]
async fn the_journal_gets_priorities_and_no_times() {
    let folder = TempDir::new().unwrap();
    // The first variable is of this very stderr, the second was inherited from another one.
    for (stream, expected) in [
        (
            "$(stat --dereference --format=%d:%i /proc/self/fd/2)",
            "<6>{\"level\":\"info\"",
        ),
        ("1:1", "{\"ts\":\"20"),
    ] {
        let before = format!("export JOURNAL_STREAM={stream} EASEL_LISTEN__HTTP=127.0.0.1:0;");
        let mut node = from_a_shell(&before, "")
            .arg(folder.path())
            .spawn()
            .unwrap();
        let mut line = vec![0; expected.len()];
        let mut stderr = node.stderr.take().unwrap();
        stderr.read_exact(&mut line).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&line), expected);
        node.kill().await.unwrap();
    }
}
