//! The log is cut, and states travel.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use easel_storage::redb::State;
use easel_storage::{BoardId, Query};
use openraft::RaftSnapshotBuilder;
use openraft::storage::RaftStateMachine;
use tokio::sync::mpsc;

use super::{append_update, create_board, updates_of, within};
use crate::keep::Schedule;
use crate::machine::Machine;
use crate::node::{Node, Options, Run};
use crate::observer::Silent;
use crate::open::{Files, open_folder};
use crate::snapshot::SnapshotStream;
use crate::state::StateFile;

const BOARD: BoardId = BoardId::from_bytes([5; 16]);

async fn start(dir: &Path, snapshot_log_bytes: u64) -> Node {
    let (closed, files_closed) = mpsc::channel(1);
    let (folder, files) = open_folder(dir, 1 << 20, &closed).expect("the folder opens");
    let run = Run {
        options: Options {
            disk_reserve_bytes: 0,
            ..Options::new(dir)
        },
        schedule: Schedule {
            flush_every: Duration::from_millis(10),
            snapshot_log_bytes,
            snapshot_every: Duration::from_secs(600),
        },
        peers: None,
        closed,
        files_closed,
    };
    run.start(files, Some(folder))
        .await
        .expect("the node starts")
}

fn log_of(dir: &Path) -> (u64, u64) {
    let (closed, _) = mpsc::channel(1);
    let (_folder, Files { summary, .. }) = open_folder(dir, 1 << 20, &closed).expect("a folder");
    (
        summary.purged.map_or(0, |id| id.index),
        summary.last.map_or(0, |id| id.index),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_cut_and_a_restart_keep_everything() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut written = 0u64;
    for _ in 0..3 {
        let node = start(dir.path(), 40_000).await;
        let store = node.store();
        store
            .submit(vec![create_board(BOARD)])
            .await
            .expect("an answer");
        let begun = node.status().borrow().snapshot_index;
        // Until the log was cut twice.
        let mut cuts = (0, begun);
        while cuts.0 < 2 {
            let update = append_update(BOARD, written.to_be_bytes().repeat(100));
            store.submit(vec![update]).await.expect("an update");
            written += 1;
            let index = node.status().borrow().snapshot_index;
            if index > cuts.1 {
                cuts = (cuts.0 + 1, index);
            }
        }
        node.shutdown().await;
    }
    let (purged, last) = log_of(dir.path());
    assert!(purged > 0, "nothing was cut");
    assert!(last - purged < written, "everything is still there");

    let node = start(dir.path(), u64::MAX).await;
    let there = updates_of(&*node.store(), BOARD, written).await;
    for (nth, update) in there.iter().enumerate() {
        assert_eq!(update[..8], (nth as u64).to_be_bytes());
    }
    node.shutdown().await;
}

/// The state file alone is too old for a log that was cut: an old backup of one file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_older_than_the_cut_of_its_log_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    start(dir.path(), u64::MAX).await.shutdown().await;
    let path = dir.path().join("state.redb");
    let old = std::fs::read(&path).expect("the state");
    let node = start(dir.path(), 1).await;
    node.store()
        .submit(vec![create_board(BOARD)])
        .await
        .expect("a board");
    for _ in 0..100 {
        let update = append_update(BOARD, vec![1; 100]);
        node.store().submit(vec![update]).await.expect("an update");
    }
    let mut status = node.status();
    within("a snapshot", status.wait_for(|s| s.snapshot_index > 90))
        .await
        .expect("a status");
    // The log is cut after that is told.
    let mut metrics = node.inside.raft.metrics();
    let cut = metrics.wait_for(|m| m.purged.is_some_and(|id| id.index > 20));
    within("a cut", cut).await.expect("the node runs");
    node.shutdown().await;
    assert!(log_of(dir.path()).0 > 20, "the log was not cut");
    std::fs::write(&path, old).expect("the old state");
    let (closed, _) = mpsc::channel(1);
    let refused = open_folder(dir.path(), 1 << 20, &closed).expect_err("a refusal");
    assert!(
        refused
            .to_string()
            .contains("does not belong with the rest"),
        "{refused}"
    );
}

/// The bytes of a snapshot make another state equal, and damage on the way changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_travels_as_a_stream() {
    let dir = tempfile::tempdir().expect("a folder");
    let node = start(dir.path(), u64::MAX).await;
    let store = node.store();
    store
        .submit(vec![create_board(BOARD)])
        .await
        .expect("a board");
    for number in 0..20u64 {
        let update = append_update(BOARD, number.to_be_bytes().repeat(5_000));
        store.submit(vec![update]).await.expect("an update");
    }
    node.shutdown().await;

    let (closed, _) = mpsc::channel(1);
    let (_folder, files) = open_folder(dir.path(), 1 << 20, &closed).expect("a folder");
    let applied = files.marker.as_ref().and_then(|m| m.applied);
    let source = StateFile::new(files.state, applied, closed.clone(), Arc::new(Silent));
    let source = Arc::new(source);
    let cluster = files.node.cluster;
    let mut from = Machine::new(source.clone(), cluster, files.marker, Arc::new(Silent));
    let built = from.get_snapshot_builder().await.build_snapshot().await;
    let built = built.expect("a snapshot");
    let mut pieces = built.snapshot.into_pieces(1_000);
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.recv().await {
        bytes.extend(piece.expect("a piece"));
    }

    let state = State::in_memory().expect("a state");
    let state = Arc::new(StateFile::new(state, None, closed, Arc::new(Silent)));
    let mut to = Machine::new(state.clone(), cluster, None, Arc::new(Silent));
    for damaged in [
        &bytes[..bytes.len() - 1],
        &bytes[..bytes.len() / 2],
        &b"noise"[..],
    ] {
        let mut incoming = to.begin_receiving_snapshot().await.expect("a stream");
        *incoming = SnapshotStream::new(io::Cursor::new(damaged.to_vec()));
        to.install_snapshot(&built.meta, incoming)
            .await
            .expect_err("a refusal");
        assert_eq!(to.applied_state().await.expect("a state").0, None);
    }
    let mut incoming = to.begin_receiving_snapshot().await.expect("a stream");
    *incoming = SnapshotStream::new(io::Cursor::new(bytes));
    to.install_snapshot(&built.meta, incoming)
        .await
        .expect("installed");
    assert_eq!(to.applied_state().await.expect("a state").0, applied);
    assert_eq!(state.durable(), applied);
    let doc = || Query::DocAt {
        doc: BOARD.into(),
        seq: 20,
    };
    let theirs = state.answer(doc()).await.expect("an answer").whole();
    let ours = source.answer(doc()).await.expect("an answer").whole();
    assert_eq!(theirs.expect("inline"), ours.expect("inline"));
}

/// Their number alone would keep the 64 newest, whatever they weigh.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_large_entries_no_more_is_kept_than_of_small_ones() {
    const LARGE: usize = 6 << 20;
    const BYTES_MAX: u64 = 64 << 20;
    let dir = tempfile::tempdir().expect("a folder");
    let node = start(dir.path(), 8 << 20).await;
    let store = node.store();
    let made = store.submit(vec![create_board(BOARD)]).await;
    made.expect("an answer");
    for _ in 0..16 {
        let update = append_update(BOARD, vec![7; LARGE]);
        let submitted = within("a large one", store.submit(vec![update])).await;
        submitted.expect("an answer").replies[0]
            .as_ref()
            .expect("an update");
    }
    let log = dir.path().join("log");
    let shrinking = async {
        while bytes_in(&log) > BYTES_MAX {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within("the cut", shrinking).await;
    assert_eq!(updates_of(&*store, BOARD, 16).await.len(), 16);
    node.shutdown().await;
}

fn bytes_in(dir: &Path) -> u64 {
    let items = std::fs::read_dir(dir).expect("a folder");
    let sizes = items.map(|item| item.and_then(|item| item.metadata()).map(|m| m.len()));
    // What went meanwhile has no size.
    sizes.map(Result::unwrap_or_default).sum()
}
