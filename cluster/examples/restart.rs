//! How long a node takes to be ready again that was killed while it wrote, with so much state.
//!
//! ```text
//! restart [--dir DIR] [--gib N] [--times N]
//! ```
//!
//! A child process fills a node's state with bodies and goes on with small updates of 64 proposers; it is killed
//! with SIGKILL; then this process starts the node and reads from it. One JSON line for each time.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use easel_cluster::{Node, Options};
use easel_storage::{
    Actor, Answer, BoardId, Command, Envelope, NewUpdate, Payload, Query, ReadLevel, Store, Title,
};
use tokio::task::JoinSet;

const BODY_BYTES: usize = 8 << 20;
const BOARD: BoardId = BoardId::from_bytes([9; 16]);

#[tokio::main]
async fn main() {
    let mut dir = std::env::temp_dir();
    let (mut gib, mut times) = (5, 3);
    let mut words = std::env::args().skip(1);
    while let Some(option) = words.next() {
        let value = words.next().expect("each option has a value");
        match option.as_str() {
            "--dir" => dir = value.into(),
            "--gib" => gib = value.parse().expect("a number"),
            "--times" => times = value.parse().expect("a number"),
            "write" => return write(&PathBuf::from(value)).await,
            other => panic!("there is no option {other}"),
        }
    }
    let dir = tempfile::tempdir_in(dir).expect("a folder");
    fill(dir.path(), gib << 30).await;
    for _ in 0..times {
        kill_a_writer(dir.path());
        let state_bytes = std::fs::metadata(dir.path().join("state.redb"));
        let begun = Instant::now();
        let node = Node::start(Options::new(dir.path())).await;
        let node = node.expect("the node starts");
        let ready = begun.elapsed();
        let store = node.store();
        let read = store.read(ReadLevel::Linearizable, Query::Doc(BOARD.into()));
        let Answer::Doc(Some(doc)) = read.await.expect("a read").answer else {
            panic!("the board is gone");
        };
        let line = serde_json::json!({
            "state_bytes": state_bytes.expect("a state").len(),
            "ready_ms": ready.as_millis() as u64,
            "read_ms": begun.elapsed().as_millis() as u64,
            "updates": doc.head_seq,
        });
        println!("{line}");
        node.shutdown().await;
    }
}

/// Bodies of boards, until the state file is as large as wanted.
async fn fill(dir: &Path, bytes: u64) {
    let node = Node::start(Options::new(dir))
        .await
        .expect("the node starts");
    let store = node.store();
    let mut body = vec![0; BODY_BYTES];
    for nth in 0u64.. {
        let board = BoardId::mint();
        body[..8].copy_from_slice(&nth.to_be_bytes());
        submit(&*store, create(board)).await;
        submit(&*store, append(board)).await;
        let compact = Command::Compact {
            doc: board.into(),
            expected_body_seq: 0,
            upto_seq: 1,
            body: Payload::Inline(body.clone().into()),
            state_vector: vec![1],
        };
        submit(&*store, Envelope::new(Actor::System, compact)).await;
        let state = std::fs::metadata(dir.join("state.redb")).expect("a state");
        if state.len() >= bytes && nth * BODY_BYTES as u64 >= bytes {
            break;
        }
    }
    node.shutdown().await;
}

/// Has a child write for some seconds, and kills it.
fn kill_a_writer(dir: &Path) {
    let mut child = Process::new(std::env::current_exe().expect("this program"))
        .arg("write")
        .arg(dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut line = String::new();
    let output = child.stdout.take().expect("its output");
    BufReader::new(output).read_line(&mut line).expect("a line");
    std::thread::sleep(Duration::from_secs(3));
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
}

async fn write(dir: &Path) {
    let node = Node::start(Options::new(dir))
        .await
        .expect("the node starts");
    let store = node.store();
    // Exists from the second time on.
    let _ = store.submit(vec![create(BOARD)]).await.expect("an answer");
    println!("writing");
    let mut writers = JoinSet::<()>::new();
    for _ in 0..64 {
        let store: Arc<dyn Store> = node.store();
        writers.spawn(async move {
            loop {
                submit(&*store, append(BOARD)).await;
            }
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended.expect("it writes until it is killed");
    }
}

async fn submit(store: &dyn Store, envelope: Envelope) {
    let replies = store
        .submit(vec![envelope])
        .await
        .expect("an answer")
        .replies;
    assert!(replies[0].is_ok(), "{replies:?}");
}

fn create(board: BoardId) -> Envelope {
    let title = Title::try_from("A board".to_owned()).expect("a title");
    Envelope::new(Actor::Local, Command::CreateBoard { board, title })
}

fn append(board: BoardId) -> Envelope {
    let update = NewUpdate {
        author: Actor::Local,
        origin: None,
        payload: Payload::Inline(vec![0x5e; 200].into()),
    };
    let (doc, updates) = (board.into(), vec![update]);
    Envelope::new(Actor::Local, Command::AppendUpdates { doc, updates })
}
