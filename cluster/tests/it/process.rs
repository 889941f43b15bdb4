//! Two processes and one folder; a process that is killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};

use easel_cluster::StartError;
use easel_storage::Rejection;

use super::{BOARD, append, create_board, refusal, start, updates};

const CHILD_DIR: &str = "EASEL_TEST_CHILD_DIR";

/// Not a test by itself: what a second process runs. Writes until it is killed, and says what was
/// acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_second_process() {
    let Ok(dir) = std::env::var(CHILD_DIR) else {
        return;
    };
    let node = start(Path::new(&dir)).await;
    let store = node.store();
    let replies = store
        .submit(vec![create_board(BOARD)])
        .await
        .expect("an answer")
        .replies;
    assert!(matches!(replies[0], Ok(_) | Err(Rejection::BoardExists)));
    println!("\nup");
    for number in 0u64.. {
        let bytes = [&std::process::id().to_be_bytes()[..], &number.to_be_bytes()].concat();
        let line = format!("acked {}", hex(&bytes));
        store.submit(vec![append(bytes)]).await.expect("an update");
        println!("{line}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Second {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Second {
    fn spawn(dir: &Path) -> Self {
        let mut child = Process::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "process::in_a_second_process", "--nocapture"])
            .env(CHILD_DIR, dir)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a second process");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, lines }
    }

    fn wait_for(&mut self, wanted: &str) {
        let found = self.lines.by_ref().map(|line| line.expect("a line"));
        assert!(
            found.into_iter().any(|line| line == wanted),
            "the child never said {wanted:?}"
        );
    }

    fn acked(&mut self, count: usize) -> Vec<String> {
        let lines = self.lines.by_ref().map(|line| line.expect("a line"));
        let acked = lines.filter_map(|line| line.strip_prefix("acked ").map(str::to_owned));
        acked.take(count).collect()
    }

    fn kill(mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("its end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_in_use_is_refused_to_a_second_process() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut second = Second::spawn(dir.path());
    second.wait_for("up");
    let error = refusal(dir.path()).await;
    let text = error.to_string();
    let pid = second.child.id();
    assert!(
        matches!(error, StartError::InUse { pid: Some(found), .. } if found == pid),
        "{text}"
    );
    assert!(text.contains("in use by another easel process"), "{text}");
    second.kill();
    start(dir.path()).await.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_sigkill() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut acked = BTreeSet::new();
    for round in 0..3 {
        let mut second = Second::spawn(dir.path());
        second.wait_for("up");
        acked.extend(second.acked(40 + 25 * round));
        second.kill();
    }
    assert!(acked.len() >= 40 + 65 + 90);
    let node = start(dir.path()).await;
    let there: BTreeSet<_> = updates(&*node.store())
        .await
        .iter()
        .map(|u| hex(u))
        .collect();
    assert_eq!(acked.difference(&there).count(), 0);
    node.shutdown().await;
}
