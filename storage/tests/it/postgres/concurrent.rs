//! Several connections at once: numbers stay gapless, once stays once, and who loses a race runs again.

use std::collections::BTreeSet;
use std::sync::Barrier;

use bytes::Bytes;
use easel_storage::apply::SEAT_KEPT_MS;
use easel_storage::postgres::State;
use easel_storage::{
    Command, CommitIndex, DocName, Envelope, Outcome, Payload, Query, Rejection, Reply,
    StoredUpdate,
};

use super::server::{Server, client};
use crate::support::{append, batch, board_id, command_id, create, plain, room, title, with_id};

/// Runs the same on several connections of one database at the same moment; gives what each came to.
fn race<R: Send>(address: &str, count: usize, run: impl Fn(usize, &State) -> R + Sync) -> Vec<R> {
    let (run, start) = (&run, &Barrier::new(count));
    std::thread::scope(|scope| {
        let racing: Vec<_> = (0..count)
            .map(|nth| {
                scope.spawn(move || {
                    let state = State::open(address).expect("the database opens");
                    start.wait();
                    run(nth, &state)
                })
            })
            .collect();
        racing
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}

fn submit(state: &State, at: u64, envelope: Envelope) -> (CommitIndex, Reply) {
    let (index, mut replies) = state.apply(&batch(at, vec![envelope])).expect("no fault");
    (index, replies.pop().expect("one reply"))
}

fn tail(state: &State, doc: &DocName, after_seq: u64) -> Vec<StoredUpdate> {
    let (doc, limit) = (doc.clone(), 1000);
    let query = Query::Tail {
        doc,
        after_seq,
        limit,
    };
    state
        .query(&query)
        .expect("no fault")
        .answer
        .into_tail()
        .unwrap_or_default()
}

/// Many small appends to one document from every connection, and one who reads along.
fn check_appends(address: &str, doc: &DocName) {
    const WRITERS: usize = 4;
    const EACH: usize = 25;
    let results = race(address, WRITERS + 1, |nth, state| {
        if nth == WRITERS {
            // A reader of the tail that never asks twice for a number: whatever it was not shown in order it lost.
            let mut seen: Vec<StoredUpdate> = Vec::new();
            while seen.len() < WRITERS * EACH {
                seen.extend(tail(state, doc, seen.len() as u64));
            }
            let seqs: Vec<_> = seen.iter().map(|update| update.seq).collect();
            assert_eq!(seqs, (1..=(WRITERS * EACH) as u64).collect::<Vec<_>>());
            // Time rises along the numbers, though the writers' clocks are far apart.
            assert!(seen.windows(2).all(|pair| pair[0].at < pair[1].at));
            return Vec::new();
        }
        let one = |n: usize| {
            let text = format!("{nth}/{n}");
            let stamp = (nth * 1_000_000 + n) as u64;
            let origin = Some((nth as u64, n as u64));
            match submit(state, stamp, plain(append(doc, &[(&text, origin)]))) {
                (
                    index,
                    Ok(Outcome::Appended {
                        first_seq,
                        last_seq,
                        repeats: 0,
                    }),
                ) => {
                    assert_eq!(first_seq, last_seq);
                    (index, first_seq, text)
                }
                other => panic!("{other:?}"),
            }
        };
        (0..EACH).map(one).collect()
    });
    let state = State::open(address).unwrap();
    let seq = (WRITERS * EACH) as u64;
    let query = Query::DocAt {
        doc: doc.clone(),
        seq,
    };
    let stored = state.query(&query).unwrap().answer.into_doc_at().unwrap();
    let mut given = BTreeSet::new();
    for (index, seq, text) in results.into_iter().flatten() {
        assert_eq!(stored[seq as usize - 1], Bytes::from(text), "at {seq}");
        // A later number was committed later.
        assert!(given.insert((seq, index)));
    }
    let indexes: Vec<_> = given.iter().map(|(_, index)| *index).collect();
    assert!(indexes.is_sorted(), "{indexes:?}");
    assert_eq!(given.len(), stored.len());
}

#[test]
fn appends_to_one_board_get_gapless_numbers() {
    let address = Server::shared().database();
    let state = State::open(&address).unwrap();
    submit(&state, 1, plain(create(board_id(1)))).1.unwrap();
    check_appends(&address, &board_id(1).into());
}

/// Nobody can lock the row of a room that is not there yet.
#[test]
fn a_room_begun_by_many_at_once_loses_nothing() {
    for _ in 0..2 {
        check_appends(&Server::shared().database(), &room("new"));
    }
}

#[test]
fn a_command_id_runs_once_whoever_is_first() {
    let address = Server::shared().database();
    for n in 0..10 {
        let doc = room(&format!("room-{n}"));
        let replies = race(&address, 4, |nth, state| {
            let kind = append(&doc, &[("once", None)]);
            submit(state, nth as u64, with_id(command_id(n), kind)).1
        });
        let once = Ok(Outcome::Appended {
            first_seq: 1,
            last_seq: 1,
            repeats: 0,
        });
        assert!(replies.iter().all(|reply| *reply == once), "{replies:?}");
        assert_eq!(tail(&State::open(&address).unwrap(), &doc, 0).len(), 1);
    }
}

#[test]
fn a_board_is_made_once_whoever_is_first() {
    let address = Server::shared().database();
    for n in 0..10 {
        let replies = race(&address, 4, |_, state| {
            submit(state, 1, plain(create(board_id(n)))).1
        });
        let made = replies.iter().filter(|reply| reply.is_ok()).count();
        assert_eq!(made, 1, "{replies:?}");
        let refused = |reply: &&Reply| **reply == Err(Rejection::BoardExists);
        assert_eq!(replies.iter().filter(refused).count(), 3);
    }
}

#[test]
fn a_body_is_swapped_by_one_of_many() {
    let address = Server::shared().database();
    let state = State::open(&address).unwrap();
    let doc = room("r");
    submit(&state, 1, plain(append(&doc, &[("a", None), ("b", None)])))
        .1
        .unwrap();
    let replies = race(&address, 4, |nth, state| {
        let compact = Command::Compact {
            doc: doc.clone(),
            expected_body_seq: 0,
            upto_seq: 1 + (nth as u64 % 2),
            body: Payload::Inline(Bytes::from(format!("by {nth}"))),
            state_vector: vec![],
        };
        submit(state, 2, plain(compact)).1
    });
    let winners: Vec<_> = (0..4).filter(|nth| replies[*nth].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{replies:?}");
    let moved = Err(Rejection::BodyMoved {
        body_seq: 1 + winners[0] as u64 % 2,
    });
    assert_eq!(replies.iter().filter(|reply| **reply == moved).count(), 3);
    let body = state
        .query(&Query::Doc(doc))
        .unwrap()
        .answer
        .into_doc()
        .unwrap()
        .body;
    assert_eq!(
        body.unwrap().bytes,
        Bytes::from(format!("by {}", winners[0]))
    );
}

#[test]
fn renames_at_once_each_get_a_revision() {
    const EACH: u64 = 20;
    let address = Server::shared().database();
    let state = State::open(&address).unwrap();
    let board = board_id(1);
    submit(&state, 1, plain(create(board))).1.unwrap();
    let revisions = race(&address, 4, |nth, state| -> Vec<u64> {
        let rename = || Command::RenameBoard {
            board,
            title: title(&format!("by {nth}")),
            if_rev: None,
        };
        let revision = |_| match submit(state, 1, plain(rename())).1 {
            Ok(Outcome::Board(board)) => board.rev,
            other => panic!("{other:?}"),
        };
        (0..EACH).map(revision).collect()
    });
    let mut all = revisions.concat();
    all.sort_unstable();
    assert_eq!(all, (2..=4 * EACH + 1).collect::<Vec<_>>());
}

/// The worst there is: batches over the same documents in opposite orders, with ids, while seats run out. Nothing is
/// lost, doubled or given up, whatever deadlocks and lost races there are on the way.
#[test]
fn batches_that_cross_each_other_all_get_through() {
    const WRITERS: usize = 4;
    const EACH: u64 = 15;
    const DOCS: usize = 5;
    let address = Server::shared().database();
    race(&address, WRITERS, |nth, state| {
        for n in 0..EACH {
            let docs: Vec<_> = (0..DOCS).map(|doc| room(&format!("room-{doc}"))).collect();
            let command = |doc: &DocName| {
                // A seat that others use too, so that they meet in what they forget as well.
                let seat = n % 3;
                let number = nth as u64 * 1000 + n;
                plain(append(
                    doc,
                    &[(&format!("{nth}/{n}"), Some((seat, number)))],
                ))
            };
            let mut envelopes: Vec<_> = docs.iter().map(command).collect();
            if nth % 2 == 1 {
                envelopes.reverse();
            }
            // Every writer asks for the same two things once, in another order.
            let once = [n as u8 * 2, n as u8 * 2 + 1].map(|id| {
                with_id(
                    command_id(id),
                    append(&room("once"), &[(&format!("once {id}"), None)]),
                )
            });
            envelopes.extend(once);
            if nth % 2 == 1 {
                envelopes.reverse();
            }
            // Seats last two rounds.
            let stamp = n * SEAT_KEPT_MS / 2;
            let (_, replies) = state.apply(&batch(stamp, envelopes)).expect("no fault");
            assert!(replies.iter().all(Result::is_ok), "{replies:?}");
        }
    });
    let state = State::open(&address).unwrap();
    for doc in 0..DOCS {
        let stored = tail(&state, &room(&format!("room-{doc}")), 0);
        let texts: BTreeSet<_> = stored.iter().map(|update| update.bytes.clone()).collect();
        assert_eq!(
            (stored.len(), texts.len()),
            (WRITERS * EACH as usize, WRITERS * EACH as usize)
        );
    }
    let once = tail(&state, &room("once"), 0);
    let texts: BTreeSet<_> = once.iter().map(|update| update.bytes.clone()).collect();
    assert_eq!(
        (once.len(), texts.len()),
        (2 * EACH as usize, 2 * EACH as usize)
    );
}

/// What one holds, another waits for; what that one changed, the other sees.
#[test]
fn a_batch_waits_for_the_row_of_its_board() {
    let address = Server::shared().database();
    let state = State::open(&address).unwrap();
    let (board, other) = (board_id(1), board_id(2));
    for board in [board, other] {
        submit(&state, 1, plain(create(board))).1.unwrap();
    }
    let mut beside = client(&address);
    let mut holding = beside.transaction().unwrap();
    let lock = "SELECT 1 FROM easel.boards WHERE title = 'Board' AND id = (SELECT min(id::text)::uuid FROM easel.boards) FOR UPDATE";
    assert_eq!(holding.execute(lock, &[]).unwrap(), 1);
    std::thread::scope(|scope| {
        let waiting = State::open(&address).unwrap();
        let waiter =
            scope.spawn(move || submit(&waiting, 1, plain(append(&board.into(), &[("x", None)]))));
        let blocked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut watcher = client(&address);
        while watcher.query_one(blocked, &[]).unwrap().get::<_, i64>(0) == 0 {
            assert!(!waiter.is_finished(), "it did not wait");
        }
        // Another board's batch does not.
        submit(&state, 1, plain(append(&other.into(), &[("y", None)])))
            .1
            .unwrap();
        holding.execute("UPDATE easel.boards SET trashed_ms = created_ms, rev = 2 WHERE id = (SELECT min(id::text)::uuid FROM easel.boards)", &[]).unwrap();
        holding.commit().unwrap();
        assert_eq!(waiter.join().unwrap().1, Err(Rejection::BoardTrashed));
    });
}
