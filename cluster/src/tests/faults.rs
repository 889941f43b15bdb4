//! What breaks while the node runs: disks that are full, callers that leave.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use easel_storage::redb::{ForgetfulDisk, State};
use easel_storage::{Answer, BoardId, Outcome, Query, ReadLevel, SubmitError};
use futures_util::future::join_all;
use redb::StorageBackend;
use tokio::sync::mpsc;

use super::forgetful::ForgetfulFolder;
use super::{append_update, boot, create_board, identity, updates_of, within};
use crate::keep::Schedule;
use crate::log::LogFile;
use crate::node::Node;

const BOARD: BoardId = BoardId::from_bytes([4; 16]);

/// A disk that can be filled up.
#[derive(Debug, Clone, Default)]
struct Disk {
    content: ForgetfulDisk,
    full: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Backend<B> {
    disk: B,
    full: Arc<AtomicBool>,
}

impl<B> Backend<B> {
    fn room(&self) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl<B: StorageBackend> StorageBackend for Backend<B> {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.room()?;
        self.disk.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.room()?;
        self.disk.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?;
        self.disk.write(offset, data)
    }
}

impl Disk {
    fn backend(&self) -> impl StorageBackend + use<> {
        Backend {
            disk: self.content.backend(),
            full: self.full.clone(),
        }
    }
}

async fn boot_on(log: &ForgetfulFolder, state: &Disk) -> Node {
    let (closed, files_closed) = mpsc::channel(1);
    let log = LogFile::on_place(Arc::new(log.clone()), &identity(), closed.clone());
    let state = State::on_backend(state.backend()).expect("the state opens");
    let log = log.expect("the log opens");
    within(
        "the start",
        boot(log, state, Schedule::default(), (closed, files_closed)),
    )
    .await
}

/// Fills up one disk under a node that writes, and starts it again with room.
async fn a_full_disk(log: ForgetfulFolder, state: Disk, full: Arc<AtomicBool>) {
    let node = boot_on(&log, &state).await;
    let store = node.store();
    store
        .submit(vec![create_board(BOARD)])
        .await
        .expect("a board");
    let mut acked = 0u64;
    let refused = loop {
        if acked == 20 {
            full.store(true, Ordering::SeqCst);
        }
        // Large enough to outgrow what a cache would hold back.
        let update = append_update(BOARD, vec![7; 64 << 10]);
        match within("a submit", store.submit(vec![update])).await {
            Ok(_) => acked += 1,
            Err(error) => break error,
        }
    };
    assert!(acked >= 20);
    // The one that hit it may be in the log or not.
    assert!(
        matches!(refused, SubmitError::TimedOut | SubmitError::Stopped),
        "{refused}"
    );
    let mut status = node.status();
    let failed = status.wait_for(|s| s.fatal.is_some() && !s.is_leader);
    let failed = within("the failure", failed).await;
    let fatal = failed.expect("a status").fatal.clone().expect("a reason");
    assert!(
        fatal.to_lowercase().contains("full") || fatal.contains("no storage space"),
        "{fatal}"
    );
    let late = store.submit(vec![append_update(BOARD, vec![8])]).await;
    assert_eq!(late, Err(SubmitError::Stopped));
    within("the end", node.shutdown()).await;

    full.store(false, Ordering::SeqCst);
    let node = boot_on(&log, &state).await;
    let read = node
        .store()
        .read(ReadLevel::Linearizable, Query::Doc(BOARD.into()))
        .await;
    let Answer::Doc(Some(doc)) = read.expect("a read").answer else {
        panic!("no document");
    };
    // At most the one of unknown fate came on top.
    assert!(
        (acked..=acked + 1).contains(&doc.head_seq),
        "{acked}, {}",
        doc.head_seq
    );
    let there = updates_of(&*node.store(), BOARD, doc.head_seq).await;
    assert!(there.iter().all(|update| update.len() == 64 << 10));
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_grow_stops_the_node_and_loses_nothing() {
    let (log, state) = (ForgetfulFolder::default(), Disk::default());
    let full = log.full.clone();
    a_full_disk(log, state, full).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_cannot_grow_stops_the_node_and_loses_nothing() {
    let (log, state) = (ForgetfulFolder::default(), Disk::default());
    let full = state.full.clone();
    a_full_disk(log, state, full).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_leave_take_nobodys_reply_with_them() {
    let (log, state) = (ForgetfulFolder::default(), Disk::default());
    let node = boot_on(&log, &state).await;
    let store = node.store();
    let calls = (0..400u32).map(|nth| {
        let store = store.clone();
        async move {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&nth.to_be_bytes());
            let board = BoardId::from_bytes(id);
            // Every second is a repeat of a board that exists, so every second reply is a rejection.
            let submit = store.submit(vec![create_board(board), create_board(board)]);
            if nth % 3 == 0 {
                // Polled once, so that it is queued, and then forgotten.
                let _ = futures_util::poll!(submit);
                return;
            }
            let replies = submit.await.expect("an answer").replies;
            match &replies[..] {
                [Ok(Outcome::Board(record)), Err(_)] => assert_eq!(record.id, board),
                other => panic!("{board}: {other:?}"),
            }
        }
    });
    within("the calls", join_all(calls)).await;
    node.shutdown().await;
}
