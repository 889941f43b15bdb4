//! When a leader goes another leads; when it stays nobody unseats it.

use easel_storage::BoardId;

use super::group::{ALL, Group, no_cuts};
use super::writers::Writers;
use crate::tests::{create_board, within};

const OTHER: BoardId = BoardId::from_bytes([8; 16]);
/// More than it takes to be sure that openraft would have stood by itself.
const ASKED: u64 = 5;

/// Waits until a node has found `times` more that it hears no leader.
async fn asked(group: &Group, node: u64, times: u64) {
    let mut asked = group.nodes[&node].inside.elections.asked();
    let before = *asked.borrow();
    let waiting = asked.wait_for(|asked| *asked >= before + times);
    within("questions to the others", waiting)
        .await
        .expect("the node runs");
}

fn term(group: &Group, node: u64) -> u64 {
    group.nodes[&node].status().borrow().term
}

/// On a machine that stands still for a second an election is right, whoever holds it; so it may happen, and not each time.
const TRIES: u32 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_cut_off_comes_back_and_the_leader_stays() {
    let group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 4, 31);
    let mut stayed = false;
    for _ in 0..TRIES {
        let (leader, away) = group.leader_and_follower().await;
        let term_before = term(&group, leader);
        group.net.cut_off(away, ALL);
        asked(&group, away, 1).await;
        let alone = term(&group, away);
        asked(&group, away, ASKED).await;
        assert_eq!(term(&group, away), alone, "nobody agreed");
        assert!(!group.nodes[&away].status().borrow().has_quorum);
        group.net.heal();
        group.applied(away, group.committed(leader).await).await;
        writers.acknowledged(50).await;
        stayed = ALL.iter().all(|node| term(&group, *node) == term_before);
        if stayed {
            break;
        }
    }
    assert!(stayed, "each time another leads");
    writers.stop_and_check(&group).await;
    group.shutdown().await;
}

/// The leader's words do not arrive; the third node, which hears it, has nobody stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_the_leader_does_not_reach_unseats_nobody() {
    let group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 4, 32);
    let mut stayed = false;
    for _ in 0..TRIES {
        let (leader, deaf) = group.leader_and_follower().await;
        let term_before = term(&group, leader);
        group.net.cut(leader, deaf);
        asked(&group, deaf, ASKED).await;
        writers.acknowledged(50).await;
        stayed = ALL.iter().all(|node| term(&group, *node) == term_before);
        group.net.heal();
        group.applied(deaf, group.committed(leader).await).await;
        if stayed {
            break;
        }
    }
    assert!(stayed, "each time another leads");
    writers.stop_and_check(&group).await;
    group.shutdown().await;
}

/// Both followers hear nothing, while what they say to the leader arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_reaches_nobody_is_replaced() {
    let group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 4, 33);
    writers.acknowledged(20).await;
    let first = group.leader().await;
    let term_before = term(&group, first);
    let others: Vec<_> = ALL.into_iter().filter(|node| *node != first).collect();
    for other in &others {
        group.net.cut(first, *other);
    }
    // The first hears of the new term, and may have voted in it.
    let second = group.leader_among(&others).await;
    assert!(term(&group, second) > term_before);
    group.net.heal();
    writers.acknowledged(50).await;
    writers.stop_and_check(&group).await;
    group.shutdown().await;
}

/// Nobody tells it that it was replaced. What it is handed then waits for whoever leads, and is in no log meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_cut_off_steps_down_by_itself() {
    let group = Group::form(no_cuts()).await;
    let first = group.leader().await;
    let others: Vec<_> = ALL.into_iter().filter(|node| *node != first).collect();
    group.net.cut_off(first, ALL);
    let mut status = group.nodes[&first].status();
    let down = status.wait_for(|s| !s.is_leader && s.leader.is_none() && !s.has_quorum);
    within("its stepping down", down).await.expect("a status");
    let written = status.borrow().last_log_index;
    let store = group.patient(first);
    let submitting = tokio::spawn(async move { store.submit(vec![create_board(OTHER)]).await });
    group.leader_among(&others).await;
    assert_eq!(status.borrow().last_log_index, written);
    assert!(!submitting.is_finished());
    group.net.heal();
    let submitted = within("an answer", submitting).await.expect("a task");
    submitted.expect("it ran").replies[0]
        .as_ref()
        .expect("a board");
    group.check_equal().await;
    group.shutdown().await;
}

/// Without a majority nobody's term grows, and the leader that comes back goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_left_alone_waits_for_the_others() {
    let mut group = Group::form(no_cuts()).await;
    let leader = group.leader().await;
    let others: Vec<_> = ALL.into_iter().filter(|node| *node != leader).collect();
    group.kill(leader).await;
    group.kill(others[0]).await;
    let left = others[1];
    let mut status = group.nodes[&left].status();
    let lost = status.wait_for(|s| s.leader.is_none() && !s.has_quorum);
    within("the loss", lost).await.expect("a status");
    let term_before = term(&group, left);
    asked(&group, left, ASKED).await;
    assert_eq!(term(&group, left), term_before);
    group.start(others[0]).await;
    group.leader_among(&others).await;
    group.start(leader).await;
    group.check_equal().await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_voters_have_a_leader_as_long_as_both_are_there() {
    let mut group = Group::form(no_cuts()).await;
    let (leader, other) = group.leader_and_follower().await;
    let two = [leader, other];
    let third = ALL
        .into_iter()
        .find(|node| !two.contains(node))
        .expect("a third");
    let raft = group.nodes[&leader].inside.raft.clone();
    let shrinking = raft.change_membership(two, false);
    within("the change", shrinking).await.expect("two voters");
    let gone = group.nodes.remove(&third).expect("the third");
    within("its end", gone.shutdown()).await;
    group.roster.remove(third);
    group.net.cut_off(other, two);
    asked(&group, other, 1).await;
    let term_before = term(&group, other);
    asked(&group, other, ASKED).await;
    assert_eq!(term(&group, other), term_before);
    group.net.heal();
    group.leader_among(&two).await;
    group.kill(leader).await;
    asked(&group, other, 1).await;
    group.start(leader).await;
    group.leader_among(&two).await;
    let writers = Writers::start(&group.whoever_leads(), 2, 34);
    writers.acknowledged(20).await;
    drop(writers);
    group.shutdown().await;
}
