//! Clients of other people's making, run as they are and driven line by line.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A stock client in a process of its own.
#[derive(Debug)]
pub struct Stock {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Stock {
    /// The npm package `y-websocket`.
    pub fn y_websocket(address: &str, room: &str) -> Self {
        let mut command = Command::new("node");
        command
            .arg(root().join("tests/stock/y-websocket.mjs"))
            .arg(format!("ws://{address}/sync"))
            .arg(room);
        Self::spawn(command)
    }

    /// The page's own provider, without a browser.
    pub fn page(address: &str, board: &str) -> Self {
        let mut command = Command::new("node");
        command
            .arg(root().join("tests/stock/page.mjs"))
            .args([address, board]);
        Self::spawn(command)
    }

    /// The PyPI package `pycrdt`.
    pub fn pycrdt(address: &str, room: &str) -> Self {
        let mut command = Command::new(root().join(".tools/venv/bin/python"));
        command
            .arg(root().join("tests/stock/pycrdt_client.py"))
            .arg(format!("ws://{address}/sync/{room}"));
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the client starts: run `make test-tools`");
        let input = child.stdin.take().expect("stdin is piped");
        let output = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        Self {
            _child: child,
            input,
            output,
        }
    }

    /// Gives a command and waits for its answer.
    pub async fn ask(&mut self, command: &str) -> String {
        self.input
            .write_all(format!("{command}\n").as_bytes())
            .await
            .expect("the client listens");
        let answer = tokio::time::timeout(Duration::from_secs(60), self.output.next_line()).await;
        let answer = answer
            .unwrap_or_else(|_| panic!("no answer to {command:?}"))
            .expect("the client's output is text");
        answer.unwrap_or_else(|| panic!("the client ended at {command:?}"))
    }

    /// Gives a command that must be answered with `ok`.
    pub async fn tell(&mut self, command: &str) {
        assert_eq!(self.ask(command).await, "ok", "{command}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the repository")
        .into()
}
