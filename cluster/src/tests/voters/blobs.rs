//! Large content in a group: with a majority before it is named, and with everybody in the end.

use std::io::Read;
use std::sync::Arc;

use easel_storage::blobs::{Blob, BlobError, BlobHash, Blobs};

use super::group::{ALL, Group, no_cuts};
use crate::tests::within;

const LEN_MAX: u64 = 4 << 20;

/// Of several pieces, and each seed's its own.
fn content(seed: u8) -> Vec<u8> {
    (0..700_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8 ^ seed)
        .collect()
}

async fn on_disk<T: Send + 'static>(
    blobs: &Arc<dyn Blobs>,
    work: impl FnOnce(&dyn Blobs) -> T + Send + 'static,
) -> T {
    let blobs = blobs.clone();
    let working = tokio::task::spawn_blocking(move || work(&*blobs));
    within("blobs", working).await.expect("no panic")
}

async fn put(blobs: &Arc<dyn Blobs>, content: Vec<u8>) -> Result<Blob, BlobError> {
    on_disk(blobs, move |blobs| blobs.put(&mut &content[..], LEN_MAX)).await
}

async fn get(blobs: &Arc<dyn Blobs>, hash: BlobHash) -> Result<Vec<u8>, BlobError> {
    on_disk(blobs, move |blobs| {
        let mut content = Vec::new();
        let mut source = blobs.get(hash, 0..u64::MAX)?;
        source.read_to_end(&mut content).expect("a blob is read");
        Ok(content)
    })
    .await
}

/// What a node holds itself, whatever the others do.
async fn held(group: &Group, node: u64, hash: BlobHash) -> Option<u64> {
    let own = group.own_blobs(node);
    on_disk(&own, move |own| own.has(hash).expect("a folder")).await
}

async fn held_by(group: &Group, hash: BlobHash) -> Vec<u64> {
    let mut holders = Vec::new();
    for node in ALL {
        if held(group, node, hash).await.is_some() {
            holders.push(node);
        }
    }
    holders
}

async fn everybody_holds(group: &Group, hash: BlobHash) {
    let waiting = async {
        while held_by(group, hash).await.len() < ALL.len() {
            tokio::task::yield_now().await;
        }
    };
    within("everybody to hold it", waiting).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_is_with_a_majority_and_then_with_all() {
    let group = Group::form(no_cuts()).await;
    for node in ALL {
        let blob = put(&group.blobs(node), content(node as u8)).await;
        let blob = blob.expect("it is kept");
        assert!(held_by(&group, blob.hash).await.len() >= 2);
        everybody_holds(&group, blob.hash).await;
        // Once more changes nothing.
        let again = put(&group.blobs(node), content(node as u8)).await;
        assert_eq!(again.expect("it is kept"), blob);
    }
    let nothing = put(&group.blobs(1), Vec::new()).await.expect("it is kept");
    everybody_holds(&group, nothing.hash).await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_away_brings_what_it_lacks_when_it_is_asked() {
    let group = Group::form(no_cuts()).await;
    group.net.cut_off(3, ALL);
    let blob = put(&group.blobs(1), content(9)).await;
    let blob = blob.expect("two of three keep it");
    assert_eq!(held_by(&group, blob.hash).await, [1, 2]);
    group.net.heal();
    let brought = get(&group.blobs(3), blob.hash).await;
    assert_eq!(brought.expect("it is brought"), content(9));
    assert_eq!(held(&group, 3, blob.hash).await, Some(blob.len));
    let unknown = BlobHash::from_bytes([5; 32]);
    let nowhere = get(&group.blobs(3), unknown).await;
    assert!(matches!(nowhere, Err(BlobError::Missing(hash)) if hash == unknown));
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_one_is_mended_from_another_node() {
    let group = Group::form(no_cuts()).await;
    let blob = put(&group.blobs(1), content(4)).await;
    let blob = blob.expect("it is kept");
    everybody_holds(&group, blob.hash).await;
    let name = blob.hash.to_string();
    let file = group.blob_folder(2).join(&name[..2]).join(&name[2..]);
    let mut damaged = std::fs::read(&file).expect("a blob");
    damaged[1_000] ^= 1;
    std::fs::write(&file, damaged).expect("a blob");
    let own = get(&group.own_blobs(2), blob.hash).await;
    assert!(matches!(own, Err(BlobError::Damaged(_))));
    let mended = get(&group.blobs(2), blob.hash).await;
    assert_eq!(mended.expect("another node has it"), content(4));
    assert_eq!(
        get(&group.own_blobs(2), blob.hash).await.expect("whole"),
        content(4)
    );
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_majority_nothing_is_said_to_be_kept() {
    let mut group = Group::form(no_cuts()).await;
    group.kill(2).await;
    group.kill(3).await;
    let alone = put(&group.blobs(1), content(2)).await;
    assert!(matches!(alone, Err(BlobError::Alone)), "{alone:?}");
    group.start(2).await;
    let kept = put(&group.blobs(1), content(2)).await;
    assert!(
        held(&group, 2, kept.expect("two of three").hash)
            .await
            .is_some()
    );
    group.start(3).await;
    group.shutdown().await;
}
