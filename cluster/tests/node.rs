//! A node from outside: its folder, its life, its end. Real files, real processes.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::time::Duration;

use bytes::Bytes;
use easel_cluster::{Node, Options, StartError};
use easel_storage::{
    Actor, Answer, BoardId, Command, CommitIndex, Envelope, NewUpdate, Outcome, Payload, Query,
    ReadError, ReadLevel, Rejection, Store, SubmitError, Title,
};
use tempfile::TempDir;

const BOARD: BoardId = BoardId::from_bytes([9; 16]);

fn options(dir: &Path) -> Options {
    // The machine that runs the tests may be nearly full; the reserve has its own tests.
    Options {
        disk_reserve_bytes: 0,
        ..Options::new(dir)
    }
}

async fn start(dir: &Path) -> Node {
    Node::start(options(dir)).await.expect("the node starts")
}

async fn refusal(dir: &Path) -> StartError {
    match Node::start(options(dir)).await {
        Ok(_) => panic!("the node started"),
        Err(error) => error,
    }
}

fn create_board(board: BoardId) -> Envelope {
    let title = Title::try_from("A board".to_owned()).expect("a title");
    Envelope::new(Actor::Local, Command::CreateBoard { board, title })
}

fn append(bytes: impl Into<Bytes>) -> Envelope {
    let update = NewUpdate {
        author: Actor::Local,
        origin: None,
        payload: Payload::Inline(bytes.into()),
    };
    let (doc, updates) = (BOARD.into(), vec![update]);
    Envelope::new(Actor::Local, Command::AppendUpdates { doc, updates })
}

async fn updates(store: &dyn Store) -> Vec<Bytes> {
    let doc = Query::Doc(BOARD.into());
    let read = store
        .read(ReadLevel::Linearizable, doc)
        .await
        .expect("a read");
    let Answer::Doc(Some(doc)) = read.answer else {
        panic!("no document: {:?}", read.answer);
    };
    doc.tail.into_iter().map(|update| update.bytes).collect()
}

/// A folder that a node was started in, wrote `updates` updates to, and was stopped.
async fn used_folder(updates: u32) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let node = start(dir.path()).await;
    let store = node.store();
    store
        .submit(vec![create_board(BOARD)])
        .await
        .expect("a board");
    for number in 0..updates {
        let bytes = number.to_be_bytes().to_vec();
        store.submit(vec![append(bytes)]).await.expect("an update");
    }
    node.shutdown().await;
    dir
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_keeps_everything_and_everyones_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let node = start(dir.path()).await;
    let store = node.store();
    store
        .submit(vec![create_board(BOARD)])
        .await
        .expect("a board");
    let submitted = store
        .submit((0..50u8).map(|n| append(vec![n])).collect())
        .await;
    let submitted = submitted.expect("updates");
    assert_eq!(submitted.replies.len(), 50);
    let before = node.status().borrow().clone();
    assert!(before.is_leader && before.has_quorum && before.fatal.is_none());
    node.shutdown().await;

    let node = start(dir.path()).await;
    let after = node.status().borrow().clone();
    assert_eq!(after.cluster_id, before.cluster_id);
    assert_eq!(after.instance_id, before.instance_id);
    assert_eq!(after.node_id, 1);
    let there = updates(&*node.store()).await;
    let written: Vec<_> = (0..50u8).map(|n| Bytes::from(vec![n])).collect();
    assert_eq!(there, written);
    let instance = node.store().read(ReadLevel::Local, Query::Instance).await;
    let answer = instance.expect("a read").answer;
    assert_eq!(answer, Answer::Instance(Some(before.instance_id)));
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_owes_what_every_store_owes() {
    let dir = tempfile::tempdir().expect("a folder");
    for _ in ["new", "in use, after a restart"] {
        let node = start(dir.path()).await;
        easel_storage::suite::run(node.store()).await;
        node.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_read_level_sees_what_it_must() {
    let dir = tempfile::tempdir().expect("a folder");
    let node = start(dir.path()).await;
    let store = node.store();
    let made = store
        .submit(vec![create_board(BOARD)])
        .await
        .expect("a board");
    for level in [ReadLevel::AtLeast(made.index), ReadLevel::Linearizable] {
        let read = store
            .read(level, Query::Board(BOARD))
            .await
            .expect("a read");
        assert!(read.index >= made.index);
        assert!(matches!(read.answer, Answer::Board(Some(_))), "{level:?}");
    }
    // What has not happened yet is waited for.
    let next = ReadLevel::AtLeast(CommitIndex(made.index.0 + 1));
    let waiting = store.read(next, Query::Doc(BOARD.into()));
    let (read, submitted) = tokio::join!(waiting, store.submit(vec![append("later")]));
    submitted.expect("an update");
    match read.expect("a read").answer {
        Answer::Doc(Some(doc)) => assert_eq!(doc.head_seq, 1),
        other => panic!("{other:?}"),
    }
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejection_is_answered_to_the_one_who_earned_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let node = start(dir.path()).await;
    let store = node.store();
    let other = BoardId::from_bytes([8; 16]);
    let batch = vec![
        create_board(BOARD),
        create_board(BOARD),
        create_board(other),
    ];
    let replies = store.submit(batch).await.expect("an answer").replies;
    assert!(matches!(replies[0], Ok(Outcome::Board(_))));
    assert_eq!(replies[1], Err(Rejection::BoardExists));
    assert!(matches!(replies[2], Ok(Outcome::Board(_))));
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_down_finishes_what_was_accepted_and_refuses_the_rest() {
    let dir = tempfile::tempdir().expect("a folder");
    let node = start(dir.path()).await;
    let store = node.store();
    store
        .submit(vec![create_board(BOARD)])
        .await
        .expect("a board");
    let writers: Vec<_> = (0..200u32)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let bytes = number.to_be_bytes().to_vec();
                (number, store.submit(vec![append(bytes)]).await)
            })
        })
        .collect();
    node.shutdown().await;
    let mut acked = BTreeSet::new();
    for writer in writers {
        let (number, result) = writer.await.expect("a writer");
        match result {
            Ok(_) => {
                acked.insert(Bytes::from(number.to_be_bytes().to_vec()));
            }
            Err(error) => assert_eq!(error, SubmitError::Stopped),
        }
    }
    let late = store.submit(vec![append("late")]).await;
    assert_eq!(late, Err(SubmitError::Stopped));
    let late = store.read(ReadLevel::Local, Query::Instance).await;
    assert_eq!(late, Err(ReadError::Stopped));

    let node = start(dir.path()).await;
    let there: BTreeSet<_> = updates(&*node.store()).await.into_iter().collect();
    assert_eq!(there, acked, "stopped means not run");
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_the_reserve_writes_are_refused_and_reads_go_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let node = Node::start(Options {
        disk_reserve_bytes: u64::MAX,
        ..Options::new(dir.path())
    });
    let node = node.await.expect("a node starts on a full disk too");
    let store = node.store();
    let refused = store.submit(vec![create_board(BOARD)]).await;
    assert_eq!(refused, Err(SubmitError::DiskFull));
    let mut status = node.status();
    status.wait_for(|s| s.disk_full).await.expect("a status");
    let read = store.read(ReadLevel::Linearizable, Query::Instance).await;
    assert!(matches!(
        read.expect("a read").answer,
        Answer::Instance(Some(_))
    ));
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_beyond_the_limit_is_refused_and_one_beyond_a_batch_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let node = start(dir.path()).await;
    let store = node.store();
    store
        .submit(vec![create_board(BOARD)])
        .await
        .expect("a board");
    let refused = store.submit(vec![append(vec![1; 49 << 20])]).await;
    assert_eq!(refused, Err(SubmitError::TooLarge));
    let large = vec![2; 3 << 20];
    let submitted = store.submit(vec![
        append("small"),
        append(large.clone()),
        append("small"),
    ]);
    let replies = submitted.await.expect("an answer").replies;
    assert!(replies.iter().all(Result::is_ok) && replies.len() == 3);
    assert_eq!(updates(&*store).await[1], Bytes::from(large));
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_dropped_lets_go_of_its_folder() {
    let dir = used_folder(3).await;
    let node = start(dir.path()).await;
    let mut status = node.status();
    drop(node);
    // The status ends with the node's tasks; the folder is let go of right after.
    while status.changed().await.is_ok() {}
    let again = async {
        loop {
            match Node::start(options(dir.path())).await {
                Ok(node) => return node,
                Err(StartError::InUse { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    let node = tokio::time::timeout(Duration::from_secs(30), again).await;
    node.expect("the folder is free").shutdown().await;
}

// ---- folders that are not what they should be

#[tokio::test]
async fn a_folder_of_somebody_else_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("thesis.txt"), "mine").expect("a file");
    let error = refusal(dir.path()).await;
    assert!(
        matches!(&error, StartError::Foreign { found, .. } if found == "thesis.txt"),
        "{error}"
    );
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .expect("a folder")
        .map(|item| item.expect("an item").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["lock", "thesis.txt"]);
}

#[tokio::test]
async fn a_path_that_is_a_file_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("file");
    fs::write(&path, "").expect("a file");
    let error = refusal(&path).await;
    assert!(matches!(error, StartError::Io { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_that_was_cut_off_begins_again() {
    let dir = used_folder(0).await;
    let path = dir.path().join("node.json");
    let whole = fs::read_to_string(&path).expect("node.json");
    let forming = whole.replacen("{", "{ \"forming\": true,", 1);
    fs::write(&path, forming).expect("node.json");
    fs::write(dir.path().join("log.redb"), "half").expect("a log");
    fs::remove_file(dir.path().join("state.redb")).expect("no state");
    start(dir.path()).await.shutdown().await;
    assert_eq!(fs::read_to_string(&path).expect("node.json"), whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_json_that_is_newer_damaged_or_of_another_node_is_refused() {
    let dir = used_folder(1).await;
    let path = dir.path().join("node.json");
    let good = fs::read_to_string(&path).expect("node.json");

    fs::write(&path, r#"{ "format": 2, "shape": "unknown" }"#).expect("node.json");
    let error = refusal(dir.path()).await;
    assert!(
        matches!(
            error,
            StartError::NewerFormat {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );

    for bad in [
        "",
        "{",
        "[]",
        &good[..good.len() / 2],
        &good.replace("cls_", "cls-"),
    ] {
        fs::write(&path, bad).expect("node.json");
        let error = refusal(dir.path()).await;
        assert!(
            matches!(error, StartError::Damaged { .. }),
            "{bad:?}: {error}"
        );
    }

    fs::write(&path, good.replace("\"node\": 1", "\"node\": 2")).expect("node.json");
    let error = refusal(dir.path()).await;
    assert!(matches!(error, StartError::Mismatch { .. }), "{error}");

    fs::write(&path, good).expect("node.json");
    let node = start(dir.path()).await;
    assert_eq!(
        updates(&*node.store()).await.len(),
        1,
        "nothing was changed"
    );
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_file_is_named() {
    for name in ["log.redb", "state.redb"] {
        let dir = used_folder(1).await;
        fs::remove_file(dir.path().join(name)).expect("a file");
        let error = refusal(dir.path()).await;
        assert!(
            matches!(&error, StartError::Missing { file } if file.ends_with(name)),
            "{error}"
        );
        assert!(
            !dir.path().join(name).exists(),
            "nothing is made in its place"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_two_folders_do_not_mix() {
    let (ours, theirs) = (used_folder(1).await, used_folder(2).await);
    for name in ["log.redb", "state.redb"] {
        let (kept, path) = (ours.path().join("kept"), ours.path().join(name));
        fs::rename(&path, &kept).expect("a file");
        fs::copy(theirs.path().join(name), &path).expect("a file");
        let error = refusal(ours.path()).await;
        assert!(
            matches!(&error, StartError::Mismatch { file, .. } if *file == path),
            "{error}"
        );
        fs::rename(&kept, &path).expect("a file");
    }
    start(ours.path()).await.shutdown().await;
}

/// A backup that copied the two files at different moments.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_older_than_its_state_is_refused() {
    let dir = used_folder(1).await;
    let path = dir.path().join("log.redb");
    let old = fs::read(&path).expect("the log");
    let node = start(dir.path()).await;
    node.store()
        .submit(vec![append("newer")])
        .await
        .expect("an update");
    node.shutdown().await;
    let new = fs::read(&path).expect("the log");
    fs::write(&path, old).expect("the old log");
    let error = refusal(dir.path()).await;
    assert!(
        matches!(&error, StartError::Mismatch { file, .. } if *file == path),
        "{error}"
    );
    fs::write(&path, new).expect("the new log");
    start(dir.path()).await.shutdown().await;
}

/// The other way round is what every crash leaves: the log gives the state what it lacks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_older_than_its_log_catches_up() {
    let dir = used_folder(1).await;
    let path = dir.path().join("state.redb");
    let old = fs::read(&path).expect("the state");
    let node = start(dir.path()).await;
    node.store()
        .submit(vec![append("newer")])
        .await
        .expect("an update");
    node.shutdown().await;
    fs::write(&path, old).expect("the old state");
    let node = start(dir.path()).await;
    assert_eq!(updates(&*node.store()).await.len(), 2);
    node.shutdown().await;
}

/// Whatever a cut or overwritten file does, it is refused in words, or nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncated_or_overwritten_file_is_refused_in_words() {
    let dir = used_folder(20).await;
    for name in ["log.redb", "state.redb"] {
        let path = dir.path().join(name);
        let good = fs::read(&path).expect("a file");
        let cuts = [
            0,
            1,
            100,
            4_096,
            good.len() / 2,
            good.len() - 4_096,
            good.len() - 1,
        ];
        let mut bad: Vec<_> = cuts.iter().map(|len| good[..*len].to_vec()).collect();
        bad.push(b"#!/bin/sh\n".repeat(1_000));
        bad.push(vec![0; good.len()]);
        for (nth, bytes) in bad.iter().enumerate() {
            fs::write(&path, bytes).expect("a bad file");
            let error = match Node::start(options(dir.path())).await {
                Err(error) => error,
                Ok(node) => {
                    let there = updates(&*node.store()).await.len();
                    assert_eq!(there, 20, "{name}, damage {nth}");
                    node.shutdown().await;
                    continue;
                }
            };
            assert!(
                matches!(&error, StartError::Damaged { file, .. } if *file == path),
                "{nth}: {error:?}"
            );
        }
        fs::write(&path, good).expect("the good file");
    }
    let node = start(dir.path()).await;
    assert_eq!(updates(&*node.store()).await.len(), 20);
    node.shutdown().await;
}

// ---- other processes

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
            .args(["--exact", "in_a_second_process", "--nocapture"])
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
