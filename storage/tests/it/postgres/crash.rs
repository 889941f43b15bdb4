//! The server dies: what was acknowledged is there afterwards, what was not is there whole or not at all.

use std::sync::atomic::{AtomicUsize, Ordering};

use easel_storage::postgres::State;
use easel_storage::{CommitIndex, Fault, Outcome, Query};

use super::server::{Server, client};
use crate::support::{append, batch, board_id, command_id, create, plain, room, with_id};

#[test]
fn a_crash_in_the_middle_loses_nothing_acknowledged() {
    const WRITERS: usize = 3;
    let server = Server::to_crash();
    let address = server.database();
    for round in 0..2 {
        let acknowledged = [const { AtomicUsize::new(0) }; WRITERS];
        let docs: Vec<_> = (0..WRITERS)
            .map(|nth| room(&format!("room-{round}-{nth}")))
            .collect();
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|nth| {
                    let (address, doc, acknowledged) = (&address, &docs[nth], &acknowledged[nth]);
                    scope.spawn(move || {
                        let state = State::open(address).unwrap();
                        loop {
                            // Two updates and the answer to a command: all of it, or none.
                            let n = acknowledged.load(Ordering::Relaxed);
                            let text = [format!("{n}a"), format!("{n}b")];
                            let kind = append(
                                doc,
                                &[
                                    (&text[0], Some((1, 2 * n as u64))),
                                    (&text[1], Some((1, 2 * n as u64 + 1))),
                                ],
                            );
                            match state.apply(&batch(n as u64, vec![plain(kind)])) {
                                Ok((_, replies)) => assert!(replies[0].is_ok(), "{replies:?}"),
                                Err(Fault::Engine(_)) => return,
                                Err(other) => panic!("{other}"),
                            }
                            acknowledged.fetch_add(1, Ordering::Relaxed);
                        }
                    })
                })
                .collect();
            while acknowledged
                .iter()
                .any(|count| count.load(Ordering::Relaxed) < 10)
            {
                assert!(
                    !writers
                        .iter()
                        .any(std::thread::ScopedJoinHandle::is_finished)
                );
                std::thread::yield_now();
            }
            server.crash_and_restart();
        });
        let state = State::open(&address).unwrap();
        for (doc, acknowledged) in docs.iter().zip(&acknowledged) {
            let acknowledged = acknowledged.load(Ordering::Relaxed);
            let stored = state.query(&Query::Doc(doc.clone())).unwrap().answer;
            let stored = stored.into_doc().expect("the room").tail;
            // The last one may have been committed without anybody hearing of it.
            assert!(
                [2 * acknowledged, 2 * acknowledged + 2].contains(&stored.len()),
                "{} of {acknowledged}",
                stored.len()
            );
            let texts: Vec<_> = stored.iter().map(|update| update.bytes.clone()).collect();
            let wanted: Vec<_> = (0..stored.len() / 2)
                .flat_map(|n| [format!("{n}a"), format!("{n}b")])
                .collect();
            assert_eq!(texts, wanted);
        }
    }
}

/// The connection is made anew, and who was not answered asks again under the same id.
#[test]
fn a_state_goes_on_after_the_server_came_back() {
    let server = Server::to_crash();
    let address = server.database();
    let state = State::open(&address).unwrap();
    state
        .apply(&batch(1, vec![plain(create(board_id(1)))]))
        .unwrap();
    let before = state.query(&Query::Board(board_id(1))).unwrap();
    let once = || {
        batch(
            2,
            vec![with_id(
                command_id(1),
                append(&board_id(1).into(), &[("x", None)]),
            )],
        )
    };
    let (index, replies) = state.apply(&once()).unwrap();
    server.crash_and_restart();
    // The first to use a broken connection is told; the next has a new one.
    let failed = state.apply(&once());
    assert!(matches!(failed, Err(Fault::Engine(_))), "{failed:?}");
    let (again_index, again) = state.apply(&once()).unwrap();
    assert_eq!(again, replies);
    assert_eq!(again_index, CommitIndex(index.0 + 1));
    assert_eq!(
        again,
        [Ok(Outcome::Appended {
            first_seq: 1,
            last_seq: 1,
            repeats: 0
        })]
    );
    while let Err(fault) = state.query(&Query::Board(board_id(1))) {
        assert!(matches!(fault, Fault::Engine(_)), "{fault}");
    }
    let after = state.query(&Query::Board(board_id(1))).unwrap();
    assert_eq!(after.answer.into_board().map(|board| board.seq), Some(1));
    assert_eq!(before.answer.into_board().map(|board| board.seq), Some(0));
}

/// An open transaction of a server that was killed leaves nothing, and holds nothing.
#[test]
fn what_was_not_committed_is_gone() {
    let server = Server::to_crash();
    let address = server.database();
    let state = State::open(&address).unwrap();
    state
        .apply(&batch(1, vec![plain(create(board_id(1)))]))
        .unwrap();
    let mut beside = client(&address);
    let mut open = beside.transaction().unwrap();
    open.execute("UPDATE easel.boards SET title = 'lost'", &[])
        .unwrap();
    server.crash_and_restart();
    let state = State::open(&address).unwrap();
    state
        .apply(&batch(
            2,
            vec![plain(append(&board_id(1).into(), &[("x", None)]))],
        ))
        .unwrap();
    let board = state
        .query(&Query::Board(board_id(1)))
        .unwrap()
        .answer
        .into_board()
        .unwrap();
    assert_eq!((board.title.as_str(), board.seq), ("Board", 1));
}

/// One who asks for less than a synced commit does not get it.
#[test]
fn a_commit_is_synced_whatever_the_database_says() {
    let address = Server::shared().database();
    let mut beside = client(&address);
    let name: String = beside
        .query_one("SELECT current_database()::text", &[])
        .unwrap()
        .get(0);
    beside
        .batch_execute(&format!(
            "ALTER DATABASE {name} SET synchronous_commit = off"
        ))
        .unwrap();
    let asks = client(&address)
        .query_one("SHOW synchronous_commit", &[])
        .unwrap();
    assert_eq!(asks.get::<_, &str>(0), "off");
    let state = State::open(&address).unwrap();
    // The setting of Easel's own session, told by a trigger that runs in it.
    beside
        .batch_execute(
            "CREATE TABLE public.told (setting text);
             CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN INSERT INTO public.told VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
             CREATE TRIGGER tell AFTER INSERT ON easel.boards EXECUTE FUNCTION public.tell();",
        )
        .unwrap();
    state
        .apply(&batch(1, vec![plain(create(board_id(1)))]))
        .unwrap();
    let told: String = beside
        .query_one("SELECT setting FROM public.told", &[])
        .unwrap()
        .get(0);
    assert_eq!(told, "on");
}
