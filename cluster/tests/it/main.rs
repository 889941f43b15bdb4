//! A node from outside: real folders, real processes.

mod backup;
mod contents;
mod folder;
mod growing;
mod handing_over;
mod life;
mod process;

use std::path::Path;

use bytes::Bytes;
use easel_cluster::{Node, Options, StartError};
use easel_storage::{
    Actor, Answer, BoardId, Command, Envelope, NewUpdate, Payload, Query, ReadLevel, Store, Title,
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
