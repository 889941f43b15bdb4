//! A node's life: what it promises to callers, from its start to its end.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use easel_cluster::{Node, Options, StartError};
use easel_storage::{
    Answer, BoardId, CommitIndex, Outcome, Query, ReadError, ReadLevel, Rejection, SubmitError,
};

use super::{BOARD, append, create_board, options, start, updates, used_folder};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_down_does_not_wait_for_writers_to_pause() {
    let dir = tempfile::tempdir().expect("a folder");
    let node = start(dir.path()).await;
    let store = node.store();
    store
        .submit(vec![create_board(BOARD)])
        .await
        .expect("a board");
    let writers: Vec<_> = (0..64)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { while store.submit(vec![append("more")]).await.is_ok() {} })
        })
        .collect();
    let mut status = node.status();
    let writing = status.wait_for(|s| s.applied_index > 20);
    writing.await.expect("a status");
    let ended = tokio::time::timeout(Duration::from_secs(30), node.shutdown()).await;
    ended.expect("the node ends under load");
    for writer in writers {
        writer.await.expect("a writer ends");
    }
}
