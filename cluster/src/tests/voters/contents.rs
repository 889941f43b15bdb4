//! Content that is too long for the log: in no entry, on a majority's disks, and given to whoever reads.

use std::time::Duration;

use bytes::Bytes;
use easel_storage::blobs::BlobHash;
use easel_storage::{
    Actor, Command, Envelope, Outcome, Payload, Query, ReadLevel, SubmitError, submit_one,
};

use super::blobs::{everybody_holds, file_of, flip_a_bit, held_by, look, upkeep};
use super::group::{ALL, BOARD, Group, no_cuts};
use crate::tests::{append_update, updates_of, within};

const LONG: usize = Payload::INLINE_BYTES_MAX + 1;

fn content(len: usize, salt: u8) -> Bytes {
    (0..len).map(|n| (n * 31 + n / 253) as u8 ^ salt).collect()
}

fn hash(content: &Bytes) -> BlobHash {
    BlobHash::of(content)
}

fn compact((expected_body_seq, upto_seq): (u64, u64), body: &Bytes) -> Envelope {
    let command = Command::Compact {
        doc: BOARD.into(),
        expected_body_seq,
        upto_seq,
        body: Payload::Inline(body.clone()),
        state_vector: vec![1],
    };
    Envelope::new(Actor::System, command)
}

async fn run(group: &Group, node: u64, envelope: Envelope) -> Outcome {
    let store = group.patient(node);
    let done = within("a command", submit_one(&*store, envelope)).await;
    done.expect("it runs").1.expect("it is not refused")
}

async fn body(group: &Group, node: u64) -> Bytes {
    let store = group.patient(node);
    let read = store.read(ReadLevel::Linearizable, Query::Doc(BOARD.into()));
    let doc = within("a read", read)
        .await
        .expect("a read")
        .answer
        .into_doc();
    doc.expect("the board").body.expect("a body").bytes
}

/// What the state of a node names.
async fn named(group: &Group, node: u64) -> Vec<BlobHash> {
    let named = group.nodes[&node].inside.state.named_blobs().await;
    named.expect("the state is there").into_keys().collect()
}

fn sorted(contents: &[&Bytes]) -> Vec<BlobHash> {
    let mut hashes: Vec<_> = contents.iter().map(|content| hash(content)).collect();
    hashes.sort();
    hashes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_read_on_every_node_however_it_came() {
    let group = Group::form(no_cuts()).await;
    let (leader, follower) = group.leader_and_follower().await;
    let updates = [content(LONG, 1), content(LONG - 1, 2), content(3 * LONG, 3)];
    let mut last = Outcome::Done;
    for (node, update) in [leader, follower, follower].into_iter().zip(&updates) {
        last = run(&group, node, append_update(BOARD, update.to_vec())).await;
    }
    let repeats = 0;
    let (first_seq, last_seq) = (3, 3);
    let appended = Outcome::Appended {
        first_seq,
        last_seq,
        repeats,
    };
    assert_eq!(last, appended);
    let folded = content(20 * LONG, 4);
    run(&group, follower, compact((0, 2), &folded)).await;
    let apart = [&updates[0], &updates[2], &folded];
    for content in apart {
        everybody_holds(&group, hash(content)).await;
    }
    for node in ALL {
        assert!(body(&group, node).await == folded, "on node {node}");
        let history = updates_of(&*group.patient(node), BOARD, 3).await;
        assert!(history == updates, "on node {node}");
        assert_eq!(named(&group, node).await, sorted(&apart), "on node {node}");
    }
    // No part of it is in an entry: the one inline update is nearly all that the logs hold.
    for node in ALL {
        let log_bytes = group.heard[&node].log_bytes();
        assert!(log_bytes < 2 * LONG as u64, "{log_bytes} bytes on {node}");
    }
    group.check_equal().await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_or_damaged_is_brought_for_the_reader() {
    let mut group = Group::form(no_cuts()).await;
    let (update, folded) = (content(LONG, 5), content(2 * LONG, 6));
    run(&group, 1, append_update(BOARD, update.to_vec())).await;
    run(&group, 1, compact((0, 1), &folded)).await;
    for content in [&update, &folded] {
        everybody_holds(&group, hash(content)).await;
    }
    flip_a_bit(&group, 2, hash(&folded));
    std::fs::remove_file(file_of(&group, 3, hash(&folded))).expect("a blob");
    std::fs::remove_file(file_of(&group, 3, hash(&update))).expect("a blob");
    for node in [2, 3] {
        assert!(body(&group, node).await == folded, "on node {node}");
        let history = updates_of(&*group.patient(node), BOARD, 1).await;
        assert!(history == [update.clone()], "on node {node}");
    }
    group.kill(1).await;
    for node in [2, 3] {
        assert!(body(&group, node).await == folded, "on node {node}");
    }
    group.start(1).await;
    assert!(body(&group, 1).await == folded, "after a restart");
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_majority_it_is_refused_and_was_not_run() {
    let mut group = Group::form(no_cuts()).await;
    let leader = group.leader().await;
    let others: Vec<_> = ALL.into_iter().filter(|node| *node != leader).collect();
    for node in &others {
        group.kill(*node).await;
    }
    let store = group.store(leader);
    let append = append_update(BOARD, content(LONG, 7).to_vec());
    let refused = within("a refusal", store.submit(vec![append])).await;
    assert_eq!(refused, Err(SubmitError::Unavailable));
    for node in others {
        group.start(node).await;
    }
    group.leader().await;
    let short = append_update(BOARD, vec![1]);
    let Outcome::Appended { last_seq, .. } = run(&group, leader, short).await else {
        panic!("an append");
    };
    assert_eq!(last_seq, 1, "nothing came before it");
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_body_goes_after_a_day_and_history_never() {
    let group = Group::form(no_cuts()).await;
    let (update, first, second) = (content(LONG, 1), content(LONG, 2), content(LONG, 3));
    run(&group, 1, append_update(BOARD, update.to_vec())).await;
    run(&group, 1, append_update(BOARD, vec![1])).await;
    run(&group, 1, compact((0, 1), &first)).await;
    for content in [&update, &first] {
        everybody_holds(&group, hash(content)).await;
    }
    run(&group, 1, compact((1, 2), &second)).await;
    everybody_holds(&group, hash(&second)).await;
    let hour = Duration::from_secs(3_600);
    let look = async |hours: u32| {
        for _ in 0..hours {
            for node in ALL {
                look(&group, node, hour).await;
            }
        }
    };
    look(24).await;
    assert_eq!(held_by(&group, hash(&first)).await, ALL);
    look(1).await;
    assert!(held_by(&group, hash(&first)).await.is_empty());
    for node in ALL {
        assert_eq!(named(&group, node).await, sorted(&[&update, &second]));
        assert!(body(&group, node).await == second);
        let history = updates_of(&*group.patient(node), BOARD, 1).await;
        assert!(history == [update.clone()]);
    }
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_away_brings_all_that_is_named_when_it_is_asked_whether_it_has_it() {
    let mut group = Group::form(no_cuts()).await;
    let follower = group.follower().await;
    // Not only cut off: what is on its way to it would arrive when the line is whole again.
    group.kill(follower).await;
    let others: Vec<_> = ALL.into_iter().filter(|node| *node != follower).collect();
    let leader = group.leader_among(&others).await;
    let contents = [content(LONG, 1), content(LONG, 2)];
    for content in &contents {
        run(&group, leader, append_update(BOARD, content.to_vec())).await;
    }
    // Nobody else has this one any more.
    let lost = content(LONG, 3);
    run(&group, leader, append_update(BOARD, lost.to_vec())).await;
    for node in &others {
        std::fs::remove_file(file_of(&group, *node, hash(&lost))).expect("a blob");
    }
    let upto = group.committed(leader).await;
    group.start(follower).await;
    group.applied(follower, upto).await;
    let upkeep = upkeep(&group, follower);
    let lacking = async || {
        within("a word", upkeep.lacking(upto))
            .await
            .expect("a word")
    };
    // What was to be spread to it when it was put may have come by now; the one that is lost cannot have.
    assert!((1..=3).contains(&lacking().await));
    let brought = async {
        while lacking().await > 0 {
            tokio::task::yield_now().await;
        }
    };
    within("the blobs to be brought", brought).await;
    for content in &contents {
        assert!(held_by(&group, hash(content)).await.contains(&follower));
    }
    assert!(held_by(&group, hash(&lost)).await.is_empty());
    group.shutdown().await;
}
