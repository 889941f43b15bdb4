//! Tests that reach below the public surface.

mod crash;
mod golden;
mod raft_suite;

use std::future::Future;
use std::time::Duration;

use easel_storage::{
    Actor, BoardId, Command, Envelope, NewUpdate, Origin, Payload, Query, ReadLevel, Store, Title,
};

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
        origin: None::<Origin>,
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
        easel_storage::Answer::DocAt(Some(updates)) => updates,
        other => panic!("no document {board} at {seq}: {other:?}"),
    }
}
