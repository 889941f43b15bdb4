//! Content that is too long for the log, on a node alone.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use easel_cluster::{Node, Observer, Options};
use easel_storage::blobs::{BlobHash, FileBlobs};
use easel_storage::{Actor, Command, Envelope, Payload, Query, ReadError, ReadLevel, SubmitError};

use crate::{BOARD, append, options, start, updates, used_folder};

fn long(salt: u8) -> Bytes {
    vec![salt; Payload::INLINE_BYTES_MAX + 1].into()
}

fn file(dir: &Path, content: &[u8]) -> std::path::PathBuf {
    let name = BlobHash::of(content).to_string();
    dir.join("blobs").join(&name[..2]).join(&name[2..])
}

/// As one whose pictures lie in a bucket.
async fn start_without_blobs(dir: &Path) -> Node {
    let options = Options {
        keeps_blobs: false,
        ..options(dir)
    };
    Node::start(options).await.expect("the node starts")
}

#[tokio::test]
async fn it_is_a_file_and_read_after_a_restart() {
    let dir = used_folder(0).await;
    let node = start(dir.path()).await;
    let all = [long(1), long(2)];
    for content in &all {
        let done = node.store().submit(vec![append(content.clone())]).await;
        assert!(done.expect("it runs").replies[0].is_ok());
        let kept = std::fs::read(file(dir.path(), content)).expect("a file");
        assert!(kept == content[..]);
    }
    assert!(updates(&*node.store()).await == all);
    node.shutdown().await;
    let node = start(dir.path()).await;
    assert!(updates(&*node.store()).await == all);
    // More than a command may be is refused, wherever it would lie.
    let too_long = vec![3; (48 << 20) + 1];
    let refused = node.store().submit(vec![append(too_long)]).await;
    assert_eq!(refused, Err(SubmitError::TooLarge));
    // Without its file it is not given, and neither is anything in its place.
    std::fs::remove_file(file(dir.path(), &all[0])).expect("a file");
    let store = node.store();
    let read = store.read(ReadLevel::Local, Query::Doc(BOARD.into()));
    assert_eq!(read.await, Err(ReadError::Failed));
    node.shutdown().await;
}

#[tokio::test]
async fn a_node_that_keeps_no_blobs_any_more_reads_what_it_kept_and_lays_none_apart() {
    let dir = used_folder(0).await;
    let node = start(dir.path()).await;
    let (before, moved, after) = (long(1), long(2), long(3));
    for content in [&before, &moved] {
        let done = node.store().submit(vec![append(content.clone())]).await;
        assert!(done.expect("it runs").replies[0].is_ok());
    }
    node.shutdown().await;
    let elsewhere = tempfile::tempdir().expect("a folder");
    let to = file(elsewhere.path(), &moved);
    std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
    std::fs::rename(file(dir.path(), &moved), to).expect("it is moved");

    let node = start_without_blobs(dir.path()).await;
    node.find_contents_in(Arc::new(FileBlobs::to_read(
        &elsewhere.path().join("blobs"),
    )));
    let done = node.store().submit(vec![append(after.clone())]).await;
    assert!(done.expect("it runs").replies[0].is_ok());
    assert!(updates(&*node.store()).await == [before, moved, after.clone()]);
    assert!(!file(dir.path(), &after).exists());
    node.shutdown().await;
}

/// What a long body costs its writer and its reader, in the log and apart.
#[tokio::test]
#[ignore = "a measurement, for a quiet machine"]
async fn bytes_of_the_log_and_time_of_a_read() {
    const LEN: usize = 10 << 20;
    let body: Bytes = (0..LEN).map(|n| (n * 31 + n / 251) as u8).collect();
    for keeps_blobs in [false, true, false, true] {
        let dir = used_folder(0).await;
        let logged = Arc::<Logged>::default();
        let options = Options {
            keeps_blobs,
            observer: logged.clone(),
            ..options(dir.path())
        };
        let node = Node::start(options).await.expect("the node starts");
        let before = logged.bytes.load(Ordering::Relaxed);
        let begun = Instant::now();
        let done = node.store().submit(vec![append(body.clone())]).await;
        assert!(done.expect("it runs").replies[0].is_ok());
        let took = begun.elapsed();
        let bytes = logged.bytes.load(Ordering::Relaxed) - before;
        println!("apart: {keeps_blobs}; {bytes} bytes of the log, written in {took:?}");
        let fold = Command::Compact {
            doc: BOARD.into(),
            expected_body_seq: 0,
            upto_seq: 1,
            body: Payload::Inline(body.clone()),
            state_vector: vec![1],
        };
        let fold = Envelope::new(Actor::System, fold);
        let done = node.store().submit(vec![fold]).await;
        assert!(done.expect("it runs").replies[0].is_ok());
        let mut reads = Vec::new();
        for _ in 0..12 {
            let begun = Instant::now();
            let store = node.store();
            let read = store.read(ReadLevel::Local, Query::Doc(BOARD.into()));
            let doc = read.await.expect("a read").answer.into_doc();
            reads.push(begun.elapsed());
            let read = doc.and_then(|doc| doc.body).expect("a body");
            assert!(read.bytes == body);
        }
        let first = reads.remove(0);
        reads.sort_unstable();
        println!(
            "  read at first in {first:?}, then in {:?}",
            reads[reads.len() / 2]
        );
        node.shutdown().await;
    }
}

/// Counts what the log is given.
#[derive(Debug, Default)]
struct Logged {
    bytes: AtomicU64,
}

impl Observer for Logged {
    fn fsync(&self, _: Duration) {}
    fn append(&self, _: Duration, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
    fn batch(&self, _: u64, _: u64) {}
    fn apply(&self, _: Duration, _: u64) {}
    fn snapshot(&self, _: Duration, _: u64) {}
    fn leader_change(&self) {}
}
