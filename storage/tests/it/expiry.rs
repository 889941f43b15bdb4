//! Time in the rules: it never runs back, and what is kept for a while is kept that long and then forgotten.

use easel_storage::apply::{OUTCOME_KEPT_MS, SEAT_KEPT_MS};
use easel_storage::redb::State;
use easel_storage::tx::Counts;
use easel_storage::{Outcome, Query, Rejection, Reply, Time};

use crate::support::{append, apply, batch, board_id, command_id, create, plain, room, with_id};

fn counts(state: &State) -> Counts {
    let answer = state.query(&Query::Stats).unwrap();
    answer.into_stats().counts
}

fn at(state: &State) -> Time {
    state.query(&Query::Stats).unwrap().into_stats().at
}

fn appended(first_seq: u64, last_seq: u64, repeats: u32) -> Reply {
    Ok(Outcome::Appended {
        first_seq,
        last_seq,
        repeats,
    })
}

#[test]
fn time_never_runs_back_and_never_stands_still() {
    let state = State::in_memory().unwrap();
    for (stamp, applied) in [(100, 100), (100, 101), (50, 102), (0, 103), (500, 500)] {
        state.apply(&[batch(stamp, vec![])], b"m").unwrap();
        assert_eq!(at(&state), Time(applied), "stamped {stamp}");
    }
    // Several batches in one transaction are several moments; the commands of one share it.
    let two = [
        batch(
            1,
            vec![plain(create(board_id(1))), plain(create(board_id(2)))],
        ),
        batch(1, vec![plain(create(board_id(3)))]),
    ];
    state.apply(&two, b"m").unwrap();
    for (board, applied) in [(1, 501), (2, 501), (3, 502)] {
        let query = Query::Board(board_id(board));
        let board = state.query(&query).unwrap().into_board().unwrap();
        assert_eq!(board.created_at, Time(applied));
    }
}

#[test]
fn an_answer_is_kept_for_a_day() {
    let state = State::in_memory().unwrap();
    let doc = room("r");
    let once = || with_id(command_id(1), append(&doc, &[("u", None)]));
    assert_eq!(apply(&state, 1000, once()), appended(1, 1, 0));
    let last = 1000 + OUTCOME_KEPT_MS - 1;
    assert_eq!(apply(&state, last, once()), appended(1, 1, 0));
    assert_eq!(apply(&state, last + 1, once()), appended(2, 2, 0));
    // The second answer has a day of its own, although the first one's entry came due.
    assert_eq!(apply(&state, last + 2, once()), appended(2, 2, 0));
    let later = last + OUTCOME_KEPT_MS;
    assert_eq!(apply(&state, later, once()), appended(2, 2, 0));
    assert_eq!(apply(&state, later + 1, once()), appended(3, 3, 0));
}

#[test]
fn a_refusal_is_kept_as_an_answer() {
    let state = State::in_memory().unwrap();
    let doc = board_id(9).into();
    let early = || with_id(command_id(1), append(&doc, &[("u", None)]));
    assert_eq!(apply(&state, 1, early()), Err(Rejection::BoardNotFound));
    apply(&state, 2, plain(create(board_id(9)))).unwrap();
    assert_eq!(apply(&state, 3, early()), Err(Rejection::BoardNotFound));
    let later = 3 + OUTCOME_KEPT_MS;
    assert_eq!(apply(&state, later, early()), appended(1, 1, 0));
}

#[test]
fn a_seat_is_known_until_ten_minutes_after_its_last_update() {
    let state = State::in_memory().unwrap();
    let doc = room("r");
    let from = |number| plain(append(&doc, &[("u", Some((5, number)))]));
    let start = 1_000;
    assert_eq!(apply(&state, start, from(1)), appended(1, 1, 0));
    // Half the time later it is heard again, which keeps all its numbers for longer.
    let second = start + SEAT_KEPT_MS / 2;
    assert_eq!(apply(&state, second, from(2)), appended(2, 2, 0));
    let last = second + SEAT_KEPT_MS - 1;
    assert_eq!(apply(&state, last, from(1)), appended(3, 2, 1));
    // A repeat is no update: the seat is forgotten on time.
    assert_eq!(apply(&state, last + 1, from(1)), appended(3, 3, 0));
    assert_eq!(apply(&state, last + 2, from(1)), appended(4, 3, 1));
}

#[test]
fn what_has_expired_goes_a_little_at_a_time() {
    let state = State::in_memory().unwrap();
    let doc = room("r");
    let seats = 40;
    for seat in 0..seats {
        let kind = append(&doc, &[("u", Some((seat, 1)))]);
        let envelope = with_id(command_id(seat as u8), kind);
        apply(&state, 1 + seat, envelope).unwrap();
    }
    let full = counts(&state);
    assert_eq!((full.seats, full.outcomes), (seats, seats));

    let mut at = OUTCOME_KEPT_MS * 2;
    let mut before = full.seats + full.outcomes;
    let mut batches = 0;
    while before > 0 {
        state.apply(&[batch(at, vec![])], b"m").unwrap();
        let now = counts(&state).seats + counts(&state).outcomes;
        assert!(now < before, "a batch after the time must forget something");
        assert!(before - now <= 8, "{} at once", before - now);
        (at, before, batches) = (at + 1, now, batches + 1);
    }
    assert_eq!(batches, 10);
    assert_eq!(counts(&state).updates, seats);
}

#[test]
fn a_busy_seat_outlives_its_first_entry() {
    let state = State::in_memory().unwrap();
    let doc = room("r");
    let mut at = 1;
    // Two hours of one update a minute, each of a new number.
    for number in 0..120 {
        let kind = append(&doc, &[("u", Some((5, number)))]);
        assert_eq!(
            apply(&state, at, plain(kind)),
            appended(number + 1, number + 1, 0)
        );
        at += 60_000;
    }
    assert_eq!(counts(&state).seats, 1);
    let repeat = plain(append(&doc, &[("u", Some((5, 0)))]));
    assert_eq!(apply(&state, at, repeat), appended(121, 120, 1));
    state
        .apply(&[batch(at + SEAT_KEPT_MS, vec![])], b"m")
        .unwrap();
    assert_eq!(counts(&state).seats, 0);
}

#[test]
fn entries_of_a_purged_board_are_harmless() {
    let state = State::in_memory().unwrap();
    let board = board_id(1);
    apply(&state, 1, plain(create(board))).unwrap();
    let kind = append(&board.into(), &[("u", Some((5, 1)))]);
    apply(&state, 2, plain(kind)).unwrap();
    let if_rev = None;
    let trash = easel_storage::Command::TrashBoard { board, if_rev };
    apply(&state, 3, plain(trash)).unwrap();
    let purge = easel_storage::Command::PurgeBoard { board };
    apply(&state, 4, plain(purge)).unwrap();
    assert_eq!(counts(&state).seats, 0);
    state
        .apply(&[batch(3 * SEAT_KEPT_MS, vec![])], b"m")
        .unwrap();
    let empty = Counts {
        boards: 0,
        docs: 0,
        updates: 0,
        seats: 0,
        outcomes: 0,
    };
    assert_eq!(counts(&state), empty);
}
