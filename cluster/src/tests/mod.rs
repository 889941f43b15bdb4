//! Tests that reach below the public surface.

mod crash;
mod faults;
mod forgetful;
mod golden;
mod membership;
mod raft_suite;
mod segments;
pub(crate) mod simulation;
mod snapshots;
mod voters;

use std::future::Future;
use std::time::Duration;

use easel_storage::redb::State;
use easel_storage::{
    Actor, Answer, BoardId, ClusterId, Command, Envelope, InstanceId, NewUpdate, Payload, Query,
    ReadLevel, Store, Title,
};
use tokio::sync::mpsc;

use crate::codec::Identity;
use crate::folder::NodeFile;
use crate::keep::Schedule;
use crate::log::LogFile;
use crate::node::{Node, Options, Run};
use crate::open::{Files, Paths};

/// Who the simulated node is.
pub(crate) fn identity() -> Identity {
    Identity {
        cluster: ClusterId::from_bytes([1; 16]),
        node: 1,
    }
}

/// Starts a node on files that lie nowhere.
pub(crate) async fn boot(
    log: LogFile,
    state: State,
    schedule: Schedule,
    (closed, files_closed): (mpsc::Sender<()>, mpsc::Receiver<()>),
) -> Node {
    let Identity { cluster, node } = identity();
    let instance = InstanceId::from_bytes([2; 16]);
    let node = NodeFile {
        cluster,
        node,
        instance,
    };
    let paths = Paths {
        dir: std::env::temp_dir().join("no such folder"),
        log: "log".into(),
        state: "state.redb".into(),
    };
    let files = Files::check(node, log, state, &paths).expect("the files fit");
    let run = Run {
        options: Options {
            disk_reserve_bytes: 0,
            keeps_blobs: false,
            ..Options::new(std::env::temp_dir())
        },
        schedule,
        peers: None,
        closed,
        files_closed,
    };
    run.start(files, None).await.expect("the node starts")
}

/// Fails a test that hangs, saying where.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(60), future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} took more than a minute"),
    }
}

pub(crate) fn create_board(board: BoardId) -> Envelope {
    let title = Title::try_from("A board".to_owned()).expect("a title");
    Envelope::new(Actor::Local, Command::CreateBoard { board, title })
}

pub(crate) fn append_update(board: BoardId, bytes: Vec<u8>) -> Envelope {
    let update = NewUpdate {
        author: Actor::Local,
        origin: None,
        payload: Payload::Inline(bytes.into()),
    };
    let (doc, updates) = (board.into(), vec![update]);
    Envelope::new(Actor::Local, Command::AppendUpdates { doc, updates })
}

/// The updates of a board, in order.
pub(crate) async fn updates_of(store: &dyn Store, board: BoardId, seq: u64) -> Vec<bytes::Bytes> {
    let doc = board.into();
    let read = store
        .read(ReadLevel::Linearizable, Query::DocAt { doc, seq })
        .await;
    match read.expect("a read").answer {
        Answer::DocAt(Some(updates)) => updates,
        other => panic!("no document {board} at {seq}: {other:?}"),
    }
}
