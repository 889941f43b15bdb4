//! Large content in a group: with a majority before it is named, and with everybody in the end.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use easel_storage::blobs::{Blob, BlobError, BlobHash, Blobs};
use easel_storage::sharing::{AssetForm, ImageRow, SharingCommand};
use easel_storage::{Actor, AssetId, BoardId, Command, Envelope, Store};

use super::group::{ALL, BOARD, Group, no_cuts};
use crate::blobs::{BlobUpkeep, Scrubbed};
use crate::tests::{create_board, within};

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

pub(super) async fn held_by(group: &Group, hash: BlobHash) -> Vec<u64> {
    let mut holders = Vec::new();
    for node in ALL {
        if held(group, node, hash).await.is_some() {
            holders.push(node);
        }
    }
    holders
}

pub(super) async fn everybody_holds(group: &Group, hash: BlobHash) {
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
    flip_a_bit(&group, 2, blob.hash);
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

pub(super) fn file_of(group: &Group, node: u64, hash: BlobHash) -> PathBuf {
    let name = hash.to_string();
    group.blob_folder(node).join(&name[..2]).join(&name[2..])
}

pub(super) fn flip_a_bit(group: &Group, node: u64, hash: BlobHash) {
    let file = file_of(group, node, hash);
    let mut damaged = std::fs::read(&file).expect("a blob");
    damaged[1_000] ^= 1;
    std::fs::write(&file, damaged).expect("a blob");
}

pub(super) fn upkeep(group: &Group, node: u64) -> BlobUpkeep {
    let upkeep = group.nodes[&node].blob_upkeep();
    upkeep.expect("it has a folder of blobs")
}

/// When it could be sure of what the group has, which it cannot while nobody leads.
pub(super) async fn look(group: &Group, node: u64, passed: Duration) {
    let looking = async { while upkeep(group, node).look(passed).await.is_err() {} };
    within("a look", looking).await;
}

async fn run(group: &Group, kind: Command) {
    let envelope = Envelope::new(Actor::Local, kind);
    let submitted = group.whoever_leads().submit(vec![envelope]).await;
    let replies = submitted.expect("it runs").replies;
    replies[0].as_ref().expect("it is not refused");
}

/// A picture on a board that is made of this.
async fn name(group: &Group, board: BoardId, blob: Blob) {
    let form = AssetForm {
        name: "full".to_owned(),
        hash: *blob.hash.as_bytes(),
        len: blob.len,
        media: "image/png".to_owned(),
        width: 1,
        height: 1,
    };
    let mut asset = *board.as_bytes();
    asset[0] = blob.hash.as_bytes()[0];
    let add = SharingCommand::AddImage {
        board,
        asset: AssetId::from_bytes(asset),
        forms: vec![form],
        image: ImageRow {
            sums: vec![[3; 32]],
            blurhash: "L".to_owned(),
        },
    };
    run(group, add.into()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scrub_mends_what_is_damaged_and_brings_what_is_named_and_missing() {
    let group = Group::form(no_cuts()).await;
    let (damaged, lost) = (content(5), content(6));
    let damaged = put(&group.blobs(1), damaged).await.expect("it is kept");
    let lost = put(&group.blobs(1), lost).await.expect("it is kept");
    for blob in [damaged, lost] {
        everybody_holds(&group, blob.hash).await;
        name(&group, BOARD, blob).await;
    }
    let upkeep = upkeep(&group, 2);
    let scrub = || async { within("a scrub", upkeep.scrub()).await.expect("it is done") };
    let whole = Scrubbed {
        blobs: 2,
        bytes: 1_400_000,
        ..Scrubbed::default()
    };
    assert_eq!(scrub().await, whole);
    flip_a_bit(&group, 2, damaged.hash);
    std::fs::remove_file(file_of(&group, 2, lost.hash)).expect("a blob");
    let scrubbed = scrub().await;
    assert_eq!(
        (scrubbed.damaged, scrubbed.brought, scrubbed.missing),
        (1, 2, 0)
    );
    for (blob, expected) in [(damaged, content(5)), (lost, content(6))] {
        let own = get(&group.own_blobs(2), blob.hash).await;
        assert_eq!(own.expect("whole"), expected);
    }
    // What was found is kept.
    let aside = group
        .blob_folder(2)
        .join("damaged")
        .join(damaged.hash.to_string());
    assert_eq!(
        std::fs::metadata(aside).expect("it is there").len(),
        damaged.len
    );
    assert_eq!(scrub().await, whole);
    let counts = upkeep.counts();
    assert_eq!((counts.scrubbed, counts.damaged, counts.brought), (5, 1, 2));

    // What nobody has whole is told, and served by nobody as if it were.
    for node in ALL {
        flip_a_bit(&group, node, lost.hash);
    }
    for node in ALL {
        let scrubbed = within("a scrub", self::upkeep(&group, node).scrub()).await;
        let scrubbed = scrubbed.expect("it is done");
        assert_eq!((scrubbed.damaged, scrubbed.missing), (1, 1), "{node}");
    }
    let gone = get(&group.blobs(2), lost.hash).await;
    assert!(matches!(gone, Err(BlobError::Missing(_))), "{gone:?}");
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nothing_names_for_a_day_goes_and_nothing_else() {
    let group = Group::form(no_cuts()).await;
    let trashed = BoardId::from_bytes([8; 16]);
    let leader = group.whoever_leads();
    let made = leader.submit(vec![create_board(trashed)]).await;
    made.expect("a board");
    let mut blobs = Vec::new();
    for seed in 10..14 {
        let blob = put(&group.blobs(1), content(seed)).await;
        let blob = blob.expect("it is kept");
        everybody_holds(&group, blob.hash).await;
        blobs.push(blob);
    }
    let [named, in_trash, unnamed, again] = blobs[..] else {
        panic!("four");
    };
    name(&group, BOARD, named).await;
    name(&group, trashed, in_trash).await;
    let board = trashed;
    run(
        &group,
        Command::TrashBoard {
            board,
            if_rev: None,
        },
    )
    .await;

    let hour = Duration::from_secs(3_600);
    let look = async |nodes: &[u64], hours: u32| {
        for _ in 0..hours {
            for node in nodes {
                self::look(&group, *node, hour).await;
            }
        }
    };
    // The first look begins the time.
    look(&ALL, 24).await;
    assert_eq!(held_by(&group, unnamed.hash).await, ALL);
    // A node that is cut off neither counts nor deletes.
    let follower = group.follower().await;
    let others: Vec<_> = ALL.into_iter().filter(|node| *node != follower).collect();
    group.net.cut_off(follower, ALL);
    for _ in 0..2 {
        let cut_off = within("a look", upkeep(&group, follower).look(hour)).await;
        assert!(cut_off.is_err());
    }
    assert_eq!(
        held(&group, follower, unnamed.hash).await,
        Some(unnamed.len)
    );
    group.net.heal();
    // The same bytes come again, through any node, in the last hour.
    let back = put(&group.blobs(others[0]), content(13)).await;
    assert_eq!(back.expect("it is kept"), again);
    self::look(&group, follower, Duration::ZERO).await;
    look(&ALL, 1).await;
    assert!(held_by(&group, unnamed.hash).await.is_empty());
    assert!(held_by(&group, again.hash).await.len() >= 2);
    for blob in [named, in_trash] {
        assert_eq!(held_by(&group, blob.hash).await, ALL);
    }
    // What is purged stays for a day, and what was named in time for ever.
    name(&group, BOARD, again).await;
    run(&group, Command::PurgeBoard { board }).await;
    look(&ALL, 24).await;
    assert_eq!(held_by(&group, in_trash.hash).await, ALL);
    look(&ALL, 1).await;
    assert!(held_by(&group, in_trash.hash).await.is_empty());
    assert_eq!(held_by(&group, named.hash).await, ALL);
    assert_eq!(held_by(&group, again.hash).await, ALL);
    for node in ALL {
        let counts = upkeep(&group, node).counts();
        assert_eq!((counts.unnamed, counts.missing), (0, 0), "{node}");
        assert!(counts.collected >= 2, "{node}");
    }
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
