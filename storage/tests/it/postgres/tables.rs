//! What is in the database: the tables, how they are made, and what they refuse.

use bytes::Bytes;
use easel_storage::postgres::{OpenError, State};
use easel_storage::{
    Actor, Batch, Command, DocName, Envelope, Fault, NewUpdate, Outcome, Payload, Query, Rejection,
    Reply, Time,
};
use postgres::error::SqlState;

use super::server::{Server, client};
use super::state;
use crate::support::{append, batch, board_id, command_id, create, plain, room, with_id};

fn apply(state: &State, at: u64, envelope: Envelope) -> Reply {
    let (_, mut replies) = state
        .apply(&batch(at, vec![envelope]))
        .expect("the server works");
    replies.pop().expect("one reply")
}

#[test]
fn tables_are_made_once_and_found_again() {
    let address = Server::shared().create_database("");
    let first = State::open(&address).unwrap();
    apply(&first, 5, plain(create(board_id(1)))).unwrap();
    let again = State::open(&address).unwrap();
    let board = again
        .query(&Query::Board(board_id(1)))
        .unwrap()
        .answer
        .into_board();
    assert_eq!(board.map(|board| board.created_at), Some(Time(5)));
    let rows = client(&address)
        .query("SELECT version, checksum FROM easel.migrations", &[])
        .unwrap();
    let rows: Vec<(i32, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    // A released migration never changes: a new one gets a line of its own here.
    let released = [
        (
            1,
            "06b328cbec9f44e929bbe6777dc8b4ae5d7cdd1e10df33ea98cc55a65f9a38e0",
        ),
        (
            2,
            "1296a835124a01e00470f095817bd6b390cb9e8b90f73f1220e9f7cc579ce1d1",
        ),
        (
            3,
            "dce0dc56f2bb7ee55f735bc387b10e34410e3970385b75d2abef34cbfc8c47ce",
        ),
    ];
    assert_eq!(
        rows,
        released.map(|(version, sum)| (version, sum.to_owned()))
    );
}

#[test]
fn processes_that_start_at_once_make_the_tables_once() {
    let address = Server::shared().create_database("");
    let opened: Vec<_> = std::thread::scope(|scope| {
        let open = || scope.spawn(|| State::open(&address).map(|_| ()));
        let opening: Vec<_> = (0..8).map(|_| open()).collect();
        opening
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
}

#[test]
fn tables_of_another_version_are_refused_and_left_alone() {
    let address = Server::shared().database();
    let mut beside = client(&address);
    beside
        .execute(
            "INSERT INTO easel.migrations (version, checksum) VALUES (4, 'later')",
            &[],
        )
        .unwrap();
    let refused = State::open(&address);
    assert!(
        matches!(refused, Err(OpenError::NewerTables { found: 4, known: 3 })),
        "{refused:?}"
    );
    beside
        .execute("DELETE FROM easel.migrations WHERE version = 4", &[])
        .unwrap();
    beside
        .execute(
            "UPDATE easel.migrations SET checksum = 'edited' WHERE version = 1",
            &[],
        )
        .unwrap();
    let refused = State::open(&address);
    assert!(
        matches!(refused, Err(OpenError::ForeignTables { version: 1 })),
        "{refused:?}"
    );
    let left = beside
        .query_one(
            "SELECT checksum FROM easel.migrations WHERE version = 1",
            &[],
        )
        .unwrap();
    assert_eq!(left.get::<_, &str>(0), "edited");
}

/// Half a set of tables would be taken for all of it by the next start.
#[test]
fn tables_that_cannot_all_be_made_are_not_made_at_all() {
    let address = Server::shared().create_database("");
    let mut beside = client(&address);
    beside
        .batch_execute("CREATE SCHEMA easel; CREATE TABLE easel.expiring (theirs text)")
        .unwrap();
    let refused = State::open(&address);
    assert!(
        matches!(refused, Err(OpenError::Fault(Fault::Engine(_)))),
        "{refused:?}"
    );
    let count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'easel'";
    assert_eq!(beside.query_one(count, &[]).unwrap().get::<_, i64>(0), 1);
    beside.batch_execute("DROP TABLE easel.expiring").unwrap();
    State::open(&address).unwrap();
}

#[test]
fn a_database_that_cannot_be_used_is_told_why() {
    let refused = State::open("host=");
    assert!(
        matches!(refused, Err(OpenError::Address | OpenError::Fault(_))),
        "{refused:?}"
    );
    let refused = State::open("no address at all");
    assert!(matches!(refused, Err(OpenError::Address)), "{refused:?}");
    let nowhere = Server::shared().database() + "_not";
    let refused = State::open(&nowhere);
    assert!(
        matches!(refused, Err(OpenError::Fault(Fault::Engine(_)))),
        "{refused:?}"
    );
    let ascii = Server::shared().create_database("ENCODING 'SQL_ASCII' TEMPLATE template0");
    let refused = State::open(&ascii);
    assert!(
        matches!(&refused, Err(OpenError::Encoding { found }) if found == "SQL_ASCII"),
        "{refused:?}"
    );
}

#[test]
fn rows_have_columns_that_people_can_read() {
    let address = Server::shared().database();
    let state = State::open(&address).unwrap();
    let board = board_id(1);
    let doc: DocName = board.into();
    apply(&state, 100, plain(create(board))).unwrap();
    apply(
        &state,
        200,
        plain(append(&doc, &[("one", Some((7, 1))), ("two", None)])),
    )
    .unwrap();
    let compact = Command::Compact {
        doc: doc.clone(),
        expected_body_seq: 0,
        upto_seq: 1,
        body: Payload::Inline(Bytes::from_static(b"body")),
        state_vector: vec![1],
    };
    apply(&state, 300, plain(compact)).unwrap();

    let mut beside = client(&address);
    let mut line = |sql: &str| -> String { beside.query_one(sql, &[]).unwrap().get(0) };
    assert_eq!(
        line("SELECT concat_ws(' ', title, created_ms, changed_ms, rev) FROM easel.boards"),
        "Board 100 100 1"
    );
    assert_eq!(
        line("SELECT concat_ws(' ', name, head_seq, body_seq, updated_ms) FROM easel.docs"),
        format!("{doc} 2 1 200")
    );
    // Compaction left both updates where they were.
    assert_eq!(
        line(
            "SELECT string_agg(concat_ws(' ', seq, at_ms, author, seat, number, convert_from(payload, 'UTF8')), ', ' ORDER BY seq) \
             FROM easel.updates"
        ),
        "1 200 local 7 1 one, 2 200 local two"
    );
    assert_eq!(
        line("SELECT convert_from(content, 'UTF8') FROM easel.bodies"),
        "body"
    );
    assert_eq!(
        line("SELECT concat_ws(' ', seat, at_ms, heard_first, heard_last) FROM easel.seats"),
        "7 200 {1} {1}"
    );
}

#[test]
fn foreign_keys_and_checks_hold_against_anybody() {
    let address = Server::shared().database();
    let state = State::open(&address).unwrap();
    let board = board_id(1);
    apply(&state, 1, plain(create(board))).unwrap();
    apply(
        &state,
        2,
        plain(append(&board.into(), &[("one", Some((7, 1)))])),
    )
    .unwrap();
    let mut beside = client(&address);
    for (sql, wanted) in [
        ("DELETE FROM easel.boards", SqlState::FOREIGN_KEY_VIOLATION),
        ("DELETE FROM easel.docs", SqlState::FOREIGN_KEY_VIOLATION),
        (
            "INSERT INTO easel.updates (doc, seq, at_ms, author, payload) VALUES ('nowhere', 1, 1, 'local', 'x')",
            SqlState::FOREIGN_KEY_VIOLATION,
        ),
        (
            "INSERT INTO easel.docs SELECT 'brd_' || repeat('0', 26), gen_random_uuid(), 0, 0, 1",
            SqlState::FOREIGN_KEY_VIOLATION,
        ),
        (
            "INSERT INTO easel.docs SELECT 'brd_' || repeat('0', 26), NULL, 0, 0, 1",
            SqlState::CHECK_VIOLATION,
        ),
        (
            "UPDATE easel.docs SET body_seq = head_seq + 1",
            SqlState::CHECK_VIOLATION,
        ),
        (
            "UPDATE easel.updates SET payload = NULL",
            SqlState::CHECK_VIOLATION,
        ),
        (
            "INSERT INTO easel.progress DEFAULT VALUES",
            SqlState::UNIQUE_VIOLATION,
        ),
    ] {
        let refused = beside.execute(sql, &[]).expect_err(sql);
        assert_eq!(refused.code(), Some(&wanted), "{sql}");
    }
}

#[test]
fn a_refusal_writes_nothing() {
    let address = Server::shared().database();
    let state = State::open(&address).unwrap();
    apply(&state, 1, plain(create(board_id(1)))).unwrap();
    let content = "SELECT md5(concat((SELECT array_agg(b) FROM easel.boards b), (SELECT array_agg(d) FROM easel.docs d), \
        (SELECT array_agg(u) FROM easel.updates u), (SELECT array_agg(s) FROM easel.seats s), (SELECT array_agg(e) FROM easel.expiring e)))";
    let mut beside = client(&address);
    let mut content = || -> String { beside.query_one(content, &[]).unwrap().get(0) };
    let before = content();
    let blob = NewUpdate {
        author: Actor::Local,
        origin: None,
        payload: Payload::Blob {
            hash: [0; 32],
            len: 1,
        },
    };
    let mut mixed = append(&board_id(1).into(), &[("fine", Some((1, 1)))]);
    if let Command::AppendUpdates { updates, .. } = &mut mixed {
        updates.push(blob);
    }
    for (command, why) in [
        (create(board_id(1)), Rejection::BoardExists),
        (
            append(&board_id(2).into(), &[("x", None)]),
            Rejection::BoardNotFound,
        ),
        (mixed, Rejection::BlobUnsupported),
    ] {
        assert_eq!(apply(&state, 2, plain(command)), Err(why));
        assert_eq!(content(), before);
    }
}

#[test]
fn a_fault_rolls_back_the_whole_batch() {
    let address = Server::shared().database();
    let state = State::open(&address).unwrap();
    apply(&state, 1, plain(create(board_id(1)))).unwrap();
    let before = state.query(&Query::Stats).unwrap();
    let mut beside = client(&address);
    // The third command of the batch cannot be done: the server refuses its update.
    beside
        .batch_execute(
            "ALTER TABLE easel.updates ADD CONSTRAINT small CHECK (octet_length(payload) < 100)",
        )
        .unwrap();
    let large = "x".repeat(100);
    let commands = vec![
        plain(create(board_id(2))),
        with_id(
            command_id(1),
            append(&board_id(1).into(), &[("small", Some((1, 1)))]),
        ),
        plain(append(&board_id(1).into(), &[(&large, None)])),
    ];
    let failed = state.apply(&batch(2, commands.clone()));
    assert!(matches!(failed, Err(Fault::Engine(_))), "{failed:?}");
    assert_eq!(state.query(&Query::Stats).unwrap(), before);
    beside
        .batch_execute("ALTER TABLE easel.updates DROP CONSTRAINT small")
        .unwrap();
    // Nothing stuck: the same connection runs the same batch.
    let (_, replies) = state.apply(&batch(2, commands)).unwrap();
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
}

#[test]
fn large_content_is_kept_whole() {
    const BYTES: usize = 48 << 20;
    let state = state();
    let doc = room("large");
    let large =
        |salt: usize| -> Bytes { (0..BYTES).map(|n| (n * 7 + n / 251 + salt) as u8).collect() };
    let (update, body) = (large(1), large(2));
    let command = Command::AppendUpdates {
        doc: doc.clone(),
        updates: vec![NewUpdate {
            author: Actor::Local,
            origin: None,
            payload: Payload::Inline(update.clone()),
        }],
    };
    apply(&state, 1, plain(command)).unwrap();
    let compact = Command::Compact {
        doc: doc.clone(),
        expected_body_seq: 0,
        upto_seq: 1,
        body: Payload::Inline(body.clone()),
        state_vector: vec![],
    };
    assert_eq!(
        apply(&state, 2, plain(compact)),
        Ok(Outcome::Compacted { body_seq: 1 })
    );
    let read = |query| state.query(&query).unwrap().answer;
    let stored = read(Query::Doc(doc.clone()))
        .into_doc()
        .and_then(|doc| doc.body);
    assert!(stored.is_some_and(|stored| stored.bytes == body));
    let history = read(Query::DocAt { doc, seq: 1 }).into_doc_at();
    assert!(history.is_some_and(|history| history == [update]));
}

/// Numbers that a bigint does not hold are refused, never wrapped.
#[test]
fn a_time_past_all_bigints_is_a_fault() {
    let state = state();
    let failed = state.apply(&Batch {
        at: Time(u64::MAX),
        envelopes: vec![plain(create(board_id(1)))],
    });
    assert!(matches!(failed, Err(Fault::Engine(_))), "{failed:?}");
    let board = state
        .query(&Query::Board(board_id(1)))
        .unwrap()
        .answer
        .into_board();
    assert_eq!(board, None);
}

#[test]
fn seats_and_numbers_of_all_sizes_come_back() {
    let state = state();
    let doc = room("r");
    let most = u64::MAX;
    let origins = [
        ("a", Some((most, most))),
        ("b", Some((most, 0))),
        ("c", Some((1 << 63, most - 1))),
    ];
    let appended = |first_seq, last_seq, repeats| {
        Ok(Outcome::Appended {
            first_seq,
            last_seq,
            repeats,
        })
    };
    assert_eq!(
        apply(&state, 1, plain(append(&doc, &origins))),
        appended(1, 3, 0)
    );
    assert_eq!(
        apply(&state, 2, plain(append(&doc, &origins))),
        appended(4, 3, 3)
    );
    let seat = state.read_tx(|tx| tx.seat(&doc, most)).unwrap().unwrap();
    assert_eq!(seat.heard, [(0, 0), (most, most)]);
    let origins = state.read_tx(|tx| {
        let mut origins = Vec::new();
        tx.scan_updates(&doc, 0..=most, &mut |_, row| {
            origins.push(row.origin.map(|origin| (origin.seat, origin.number)));
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        Ok(origins)
    });
    assert_eq!(
        origins.unwrap(),
        [
            Some((most, most)),
            Some((most, 0)),
            Some((1 << 63, most - 1))
        ]
    );
}
