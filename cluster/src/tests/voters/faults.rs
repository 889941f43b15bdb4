//! Nodes die, lines break, and nobody is told anything that does not hold.

use std::path::Path;
use std::time::{Duration, Instant};

use easel_storage::redb::State;
use easel_storage::{Answer, BoardId, Query, ReadError, ReadLevel, Store, SubmitError};
use openraft::LogId;

use super::group::{ALL, BOARD, Group, no_cuts};
use super::writers::{Choices, Writers};
use crate::codec;
use crate::keep::Schedule;
use crate::open::open_folder;
use crate::tests::{append_update, create_board, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_was_killed_catches_up_from_the_log() {
    let mut group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 8, 2);
    writers.acknowledged(100).await;
    let follower = group.follower().await;
    group.kill(follower).await;
    writers.acknowledged(300).await;
    group.start(follower).await;
    writers.acknowledged(50).await;
    writers.stop_and_check(&group).await;
    let metrics = group.nodes[&follower].inside.raft.metrics();
    assert_eq!(metrics.borrow().purged, None, "the log has everything");
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leader_is_killed_another_leads_and_knows_everything() {
    let mut group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 8, 3);
    writers.acknowledged(100).await;
    let first = group.leader().await;
    let term = group.nodes[&first].status().borrow().term;
    group.kill(first).await;
    let second = group.leader().await;
    assert!(group.nodes[&second].status().borrow().term > term);
    writers.check_so_far(&group.whoever_leads()).await;
    writers.acknowledged(100).await;
    group.start(first).await;
    writers.acknowledged(50).await;
    writers.stop_and_check(&group).await;
    group.shutdown().await;
}

/// Cuts of the log every few hundred entries.
fn many_cuts() -> Schedule {
    Schedule {
        flush_every: Duration::from_millis(20),
        snapshot_log_bytes: 64 << 10,
        snapshot_every: Duration::from_secs(3_600),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_behind_the_cut_is_given_a_snapshot_under_load() {
    let mut group = Group::form(many_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 8, 4);
    writers.acknowledged(50).await;
    let late = group.follower().await;
    let behind = group.committed(late).await;
    group.kill(late).await;
    let leader = group.leader().await;
    let raft = group.nodes[&leader].inside.raft.clone();
    let cut = raft.wait(Some(Duration::from_secs(60)));
    let passed = |m: &crate::raft::Metrics| m.purged.is_some_and(|id| id.index > behind + 50);
    cut.metrics(passed, "the log is cut past the late node")
        .await
        .expect("a cut");
    group.start(late).await;
    // With everything that was acknowledged before it came back, while the others go on.
    group.applied(late, group.committed(leader).await).await;
    writers.acknowledged(50).await;
    writers.stop_and_check(&group).await;
    let metrics = group.nodes[&late]
        .inside
        .raft
        .wait(Some(Duration::from_secs(60)));
    let begins_later = |m: &crate::raft::Metrics| m.purged.is_some_and(|id| id.index > behind);
    let began = metrics.metrics(begins_later, "its log begins behind where it was");
    began.await.expect("a log that begins with the snapshot");
    // What came by snapshot is there after a crash too.
    group.kill(late).await;
    group.start(late).await;
    group.applied(late, group.committed(leader).await).await;
    group.check_equal().await;
    group.shutdown().await;
}

/// A crash between the rename of a received state and the cut of the log behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_received_state_ahead_of_its_log_is_taken_only_with_its_note() {
    let mut group = Group::form(no_cuts()).await;
    let late = group.follower().await;
    group.kill(late).await;
    let writers = Writers::start(&group.whoever_leads(), 4, 5);
    writers.acknowledged(50).await;
    let leader = group.leader().await;
    let flushed = group.nodes[&leader].inside.state.flush().await;
    flushed.expect("a flush").expect("a place in the log");
    group.kill(leader).await;
    let dir = group.dir(late);
    let taken = group.dir(leader).join("state.redb");
    std::fs::copy(&taken, dir.join("state.redb")).expect("a state");
    // Read from the file: the state may have been synced once more before its node was killed.
    let at = applied_in(&dir.join("state.redb"));
    let (closed, _) = tokio::sync::mpsc::channel(1);
    let refused = open_folder(&dir, 1 << 20, &closed).expect_err("two moments in one folder");
    assert!(refused.to_string().contains("does not belong"), "{refused}");
    std::fs::write(dir.join("received"), codec::encode_log_id(at)).expect("a note");
    group.start(late).await;
    group.start(leader).await;
    writers.acknowledged(50).await;
    writers.stop_and_check(&group).await;
    group.shutdown().await;
}

fn applied_in(file: &Path) -> LogId<u64> {
    let state = State::open(file, 1 << 20).expect("a state that opens");
    let marker = state.marker().expect("a read").expect("a marker");
    let marker = codec::decode_marker(&marker).expect("a marker of ours");
    marker.applied.expect("something applied")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_cut_off_promises_nothing_and_answers_no_reads() {
    let group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 4, 6);
    writers.acknowledged(50).await;
    let first = group.leader().await;
    group.net.cut_off(first, ALL);
    let lost = BoardId::from_bytes([8; 16]);
    let made = create_board(lost);
    let cut_off = group.store(first);
    let submitting = tokio::spawn(async move { cut_off.submit(vec![made]).await });
    let others: Vec<_> = ALL.into_iter().filter(|node| *node != first).collect();
    let second = group.leader_among(&others).await;
    writers.check_so_far(&*group.patient(second)).await;
    // It takes itself for the leader until it hears of another, and must not answer all the same.
    let store = group.store(first);
    let read = store.read(ReadLevel::Linearizable, Query::Instance);
    let read = within("a read", read).await;
    assert_eq!(read.err(), Some(ReadError::Unavailable));
    let mut status = group.nodes[&first].status();
    let lonely = status.wait_for(|s| !s.has_quorum);
    within("loneliness", lonely).await.expect("a status");
    group.net.heal();
    let submitted = within("the lost one", submitting).await.expect("a task");
    writers.acknowledged(50).await;
    let whoever_leads = group.whoever_leads();
    let read = whoever_leads.read(ReadLevel::Linearizable, Query::Board(lost));
    let read = within("a read", read).await.expect("an answer");
    let is_there = matches!(read.answer, Answer::Board(Some(_)));
    match submitted {
        // It was in the old leader's log, which nobody else has.
        Err(SubmitError::TimedOut) => assert!(!is_there),
        // It came when the old leader had stepped down already, and the network was cut for longer than it waits.
        Err(error) => assert_eq!((error, is_there), (SubmitError::Unavailable, false)),
        // It had not been proposed, and went to the new leader.
        Ok(_) => assert!(is_there),
    }
    writers.stop_and_check(&group).await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_carry_one_way_only_lose_nothing() {
    let group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 4, 7);
    writers.acknowledged(50).await;
    for to_leader in [true, false] {
        let (leader, follower) = group.leader_and_follower().await;
        if to_leader {
            group.net.cut(follower, leader);
        } else {
            group.net.cut(leader, follower);
        }
        writers.acknowledged(100).await;
        group.net.heal();
        writers.acknowledged(50).await;
    }
    writers.stop_and_check(&group).await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_without_a_majority_can_be_stopped() {
    let mut group = Group::form(no_cuts()).await;
    let leader = group.leader().await;
    group.net.cut_off(leader, ALL);
    let index = group.committed(leader).await;
    let store = group.store(leader);
    let update = append_update(BOARD, vec![1; 10]);
    let submitting = tokio::spawn(async move { store.submit(vec![update]).await });
    let mut status = group.nodes[&leader].status();
    // On a machine that stands still for a second it has stepped down before, and the update waits for another leader.
    let proposed = status.wait_for(|s| s.last_log_index > index || !s.is_leader);
    within("the proposal", proposed).await.expect("a status");
    let node = group.nodes.remove(&leader).expect("the leader");
    within("the end", node.shutdown()).await;
    let answer = within("an answer", submitting).await.expect("a task");
    let unknown = [SubmitError::TimedOut, SubmitError::Stopped];
    assert!(
        answer.as_ref().is_err_and(|error| unknown.contains(error)),
        "{answer:?}"
    );
    group.net.heal();
    group.shutdown().await;
}

/// One thing that happens to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    KillLeader,
    KillFollower,
    CutOffLeader,
    CutOffFollower,
    CutOneWay,
    Nothing,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_nothing_acknowledged_is_lost() {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse().ok());
    let seconds = number("VOTERS_SECONDS").unwrap_or(12);
    let mut seed = number("VOTERS_SEED").unwrap_or(1);
    let until = Instant::now() + Duration::from_secs(seconds);
    // A group for at most half a minute, then another seed.
    while Instant::now() < until {
        let left = until.duration_since(Instant::now());
        println!("VOTERS_SEED={seed}");
        run_with_faults(seed, left.min(Duration::from_secs(30))).await;
        seed += 1;
    }
}

async fn run_with_faults(seed: u64, time: Duration) {
    let mut choices = Choices::new(seed);
    let schedule = match choices.below(2) {
        0 => no_cuts(),
        _ => many_cuts(),
    };
    let mut group = Group::form(schedule).await;
    let writers = Writers::start(&group.whoever_leads(), 1 + choices.below(12), seed);
    let until = Instant::now() + time;
    let mut faults = Vec::new();
    while Instant::now() < until {
        let fault = choices.one_of(&[
            Fault::KillLeader,
            Fault::KillFollower,
            Fault::CutOffLeader,
            Fault::CutOffFollower,
            Fault::CutOneWay,
            Fault::Nothing,
        ]);
        let down = inflict(&mut group, fault, &mut choices).await;
        // A majority is left, so it goes on.
        writers.acknowledged(choices.below(150) as usize).await;
        group.net.heal();
        if let Some(node) = down {
            group.start(node).await;
        }
        writers.acknowledged(choices.below(50) as usize).await;
        faults.push(fault);
    }
    let acked = writers.stop_and_check(&group).await;
    println!("seed {seed}: {acked} acknowledged, lost 0, faults {faults:?}");
    group.shutdown().await;
}

/// Returns the node that is down now.
async fn inflict(group: &mut Group, fault: Fault, choices: &mut Choices) -> Option<u64> {
    match fault {
        Fault::KillLeader => {
            let leader = group.leader().await;
            group.kill(leader).await;
            Some(leader)
        }
        Fault::KillFollower => {
            let follower = group.follower().await;
            group.kill(follower).await;
            Some(follower)
        }
        Fault::CutOffLeader => {
            group.net.cut_off(group.leader().await, ALL);
            None
        }
        Fault::CutOffFollower => {
            group.net.cut_off(group.follower().await, ALL);
            None
        }
        Fault::CutOneWay => {
            let from = choices.one_of(&ALL);
            let to = choices.one_of(&ALL);
            group.net.cut(from, to);
            None
        }
        Fault::Nothing => None,
    }
}
