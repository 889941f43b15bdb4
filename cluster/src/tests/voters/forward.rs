//! Whoever is asked: commands travel to the leader and their answers back, and reads are as fresh as was asked for.

use std::sync::Arc;
use std::time::Duration;

use easel_storage::{
    Actor, BoardId, Command, CommandId, Envelope, Outcome, Query, ReadError, ReadLevel, Rejection,
    Store, SubmitError, Submitted,
};

use super::group::{ALL, BOARD, Group, no_cuts};
use super::writers::{Choices, Writers};
use crate::status::MemberRole;
use crate::tests::{append_update, create_board, within};

const OTHER: BoardId = BoardId::from_bytes([8; 16]);

/// Asks again for as long as nothing of it was run: on a slow machine the voters may take longer to agree than a
/// submission waits for a leader.
async fn taken(store: &dyn Store, commands: Vec<Envelope>) -> Result<Submitted, SubmitError> {
    loop {
        match store.submit(commands.clone()).await {
            Err(SubmitError::Unavailable) => {}
            answer => return answer,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_owes_what_every_store_owes() {
    let group = Group::form(no_cuts()).await;
    let follower = group.follower().await;
    easel_storage::suite::run(group.patient(follower)).await;
    group.check_equal().await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_through_a_follower_reads_it_there() {
    let group = Group::form(no_cuts()).await;
    let follower = group.patient(group.follower().await);
    for n in 0..50 {
        let board = BoardId::from_bytes([n; 16]);
        if board == BOARD {
            continue;
        }
        let made = follower.submit(vec![create_board(board)]);
        let made = within("a board", made).await.expect("an answer");
        assert!(matches!(made.replies[..], [Ok(Outcome::Board(_))]));
        let read = follower.read(ReadLevel::Local, Query::Board(board)).await;
        let read = read.expect("a read");
        assert!(read.index >= made.index);
        assert!(read.answer.into_board().is_some(), "board {n}");
    }
    // A refusal travels as well.
    let again = follower.submit(vec![create_board(BOARD)]).await;
    let again = again.expect("an answer").replies;
    assert_eq!(again, [Err(Rejection::BoardExists)]);
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linearizable_read_knows_everything_on_any_node() {
    let group = Group::form(no_cuts()).await;
    let mut choices = Choices::new(1);
    for n in 0..40u8 {
        let (writer, reader) = (choices.one_of(&ALL), choices.one_of(&ALL));
        let board = BoardId::from_bytes([0x40 + n; 16]);
        let writer_store = group.patient(writer);
        let made = writer_store.submit(vec![create_board(board)]);
        within("a board", made).await.expect("an answer");
        let store = group.patient(reader);
        let read = store.read(ReadLevel::Linearizable, Query::Board(board));
        let read = within("a read", read).await.expect("a read");
        assert!(read.answer.into_board().is_some(), "{writer} to {reader}");
    }
    group.shutdown().await;
}

/// A submission larger than what travels together, whose commands are run in order and answered each for itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_for_one_frame_travels_in_parts() {
    let group = Group::form(no_cuts()).await;
    let follower = group.patient(group.follower().await);
    let large = |n: u8| append_update(BOARD, vec![n; 5 << 20]);
    let batch = vec![large(1), create_board(BOARD), large(2), large(3), large(4)];
    let submitted = within("an answer", follower.submit(batch)).await;
    let replies = submitted.expect("an answer").replies;
    let seqs = replies.iter().map(|reply| match reply {
        Ok(Outcome::Appended { last_seq, .. }) => Some(*last_seq),
        Err(Rejection::BoardExists) => None,
        other => panic!("{other:?}"),
    });
    let seqs: Vec<_> = seqs.collect();
    assert_eq!(seqs, [Some(1), None, Some(2), Some(3), Some(4)]);
    let too_large = append_update(BOARD, vec![0; 49 << 20]);
    let refused = follower.submit(vec![too_large]).await;
    assert_eq!(refused, Err(SubmitError::TooLarge));
    group.check_equal().await;
    group.shutdown().await;
}

/// Nobody gives these an id, and nobody asks again: the node does both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_a_follower_while_the_leader_dies_only_waits() {
    let mut group = Group::form(no_cuts()).await;
    let leader = group.leader().await;
    let followers: Vec<_> = ALL.into_iter().filter(|node| *node != leader).collect();
    let mut asking = Vec::new();
    for n in 0..40u8 {
        let store = group.store(followers[usize::from(n) % 2]);
        let board = BoardId::from_bytes([0x80 + n; 16]);
        let create = vec![create_board(board)];
        asking.push(tokio::spawn(async move { taken(&*store, create).await }));
        if n == 20 {
            group.kill(leader).await;
        }
    }
    for (n, task) in asking.into_iter().enumerate() {
        let answer = within("an answer", task).await.expect("a task");
        let replies = answer.expect("it ran").replies;
        // Had it run twice, the second would be told that the board exists.
        assert!(matches!(replies[..], [Ok(Outcome::Board(_))]), "{n}");
    }
    group.start(leader).await;
    group.check_equal().await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_asked_nothing_acknowledged_is_lost() {
    let mut group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.anyone(), 8, 11);
    let mut choices = Choices::new(11);
    for round in 0..4 {
        writers.acknowledged(60).await;
        let leader = group.leader().await;
        if choices.below(2) == 0 {
            group.kill(leader).await;
            writers.acknowledged(60).await;
            group.start(leader).await;
        } else {
            group.net.cut_off(leader, ALL);
            let others: Vec<_> = ALL.into_iter().filter(|node| *node != leader).collect();
            group.leader_among(&others).await;
            writers.acknowledged(30).await;
            group.net.heal();
        }
        println!("round {round}: {} acknowledged", writers.acked());
    }
    writers.acknowledged(30).await;
    writers.stop_and_check(&group).await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_with_an_id_runs_once_through_whichever_nodes() {
    let group = Group::form(no_cuts()).await;
    let id = Some(CommandId::mint());
    let create = Envelope {
        id,
        ..create_board(OTHER)
    };
    let mut answers = Vec::new();
    for node in ALL {
        let store = group.patient(node);
        let answer = within("an answer", store.submit(vec![create.clone()])).await;
        answers.push(answer.expect("an answer").replies);
    }
    assert!(matches!(answers[0][..], [Ok(Outcome::Board(_))]));
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_says_so_and_goes_on_when_it_is_back() {
    let group = Group::form(no_cuts()).await;
    let follower = group.follower().await;
    let mut status = group.nodes[&follower].status();
    let touch = status.wait_for(|s| s.in_touch);
    within("touch", touch).await.expect("a status");
    let store = group.store(follower);
    // The line to the leader is open when it is cut.
    let made = taken(&*store, vec![create_board(OTHER)]).await;
    made.expect("an answer");
    group.net.cut_off(follower, ALL);
    let lost = status.wait_for(|s| !s.in_touch);
    within("no touch", lost).await.expect("a status");
    let trash = Command::TrashBoard {
        board: BOARD,
        if_rev: None,
    };
    let trash = vec![Envelope::new(Actor::System, trash)];
    let submitting = tokio::spawn({
        let store = store.clone();
        async move { store.submit(trash).await }
    });
    let read = store.read(ReadLevel::Linearizable, Query::Board(BOARD));
    let read = within("a refusal", read).await;
    assert_eq!(read.err(), Some(ReadError::Unavailable));
    let board = async || {
        let read = store.read(ReadLevel::Local, Query::Board(BOARD)).await;
        let board = read.expect("a read").answer.into_board();
        board.expect("a board")
    };
    assert_eq!(board().await.trashed_at, None);
    assert!(!submitting.is_finished());
    group.net.heal();
    // Who asked meanwhile has only waited.
    let submitted = within("an answer", submitting).await.expect("a task");
    let submitted = submitted.expect("it ran");
    assert!(matches!(submitted.replies[..], [Ok(Outcome::Board(_))]));
    // The others may have had to agree on a leader anew before they told it what it had missed.
    group.applied(follower, submitted.index.0).await;
    assert!(board().await.trashed_at.is_some());
    let back = status.wait_for(|s| s.in_touch);
    within("touch", back).await.expect("a status");
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_knows_the_members_and_the_leader_how_far_they_are() {
    let group = Group::form(no_cuts()).await;
    let leader = group.leader().await;
    for node in ALL {
        let mut status = group.nodes[&node].status();
        let known = status.wait_for(|s| {
            let all_there = s.members.len() == ALL.len();
            let caught_up = s.members.iter().all(|m| m.lag.unwrap_or(0) == 0);
            s.leader == Some(leader) && all_there && caught_up && s.in_touch
        });
        let status = within("the members", known).await.expect("a status");
        for (id, member) in ALL.into_iter().zip(&status.members) {
            assert_eq!((member.id, member.role), (id, MemberRole::Voter));
            assert!(!member.address.is_empty() || id == 1);
            let is_told = node == leader && id != leader;
            assert_eq!(member.lag.is_some(), is_told, "{node} of {id}");
        }
    }
    group.shutdown().await;
}

/// The leader answers slowly: what else nodes say to each other goes on, and who waits is answered in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_submission_on_a_slow_line_leaves_the_leader_in_place() {
    /// A machine that stands still for a second has another leader whatever the line does.
    const TRIES: u32 = 3;
    let group = Group::form(no_cuts()).await;
    let term = async || {
        let leader = group.leader().await;
        group.nodes[&leader].status().borrow().term
    };
    for nth in 1..=TRIES {
        let before = term().await;
        let store = group.patient(group.follower().await);
        group.net.slow_down(4 << 20);
        let large = append_update(BOARD, vec![7; 16 << 20]);
        let submitted = within("the large one", store.submit(vec![large])).await;
        submitted.expect("an answer").replies[0]
            .as_ref()
            .expect("an update");
        if term().await == before {
            break;
        }
        assert!(nth < TRIES, "each large submission brought another leader");
    }
    group.shutdown().await;
}

/// Stops waiting for as long as a caller may have to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_majority_a_submission_ends_unrun() {
    let mut group = Group::form(no_cuts()).await;
    let leader = group.leader().await;
    let others: Vec<_> = ALL.into_iter().filter(|node| *node != leader).collect();
    group.kill(leader).await;
    group.kill(others[0]).await;
    let left: Arc<dyn Store> = group.store(others[1]);
    let mut status = group.nodes[&others[1]].status();
    let lost = status.wait_for(|s| s.leader.is_none());
    within("the loss", lost).await.expect("a status");
    let begun = std::time::Instant::now();
    let answer = within("an answer", left.submit(vec![create_board(OTHER)])).await;
    assert_eq!(answer, Err(SubmitError::Unavailable));
    assert!(
        begun.elapsed() >= Duration::from_secs(3),
        "no election fits"
    );
    group.start(leader).await;
    group.start(others[0]).await;
    // Nothing of it was run, so it can be made now.
    let made = taken(&*left, vec![create_board(OTHER)]);
    let made = within("the board", made).await.expect("an answer");
    assert!(matches!(made.replies[..], [Ok(Outcome::Board(_))]));
    group.check_equal().await;
    group.shutdown().await;
}
