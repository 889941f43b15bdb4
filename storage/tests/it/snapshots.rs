//! Snapshots: equal states give equal streams, and only a whole and sound one replaces a state.

use std::fs;
use std::io::Read;
use std::path::Path;

use easel_storage::people::PeopleCommand;
use easel_storage::redb::{InstallError, State};
use easel_storage::sharing::{Role, SharingAnswer, SharingQuery};
use easel_storage::{Command, Payload, Query};

use crate::support::{
    append, apply, batch, board_id, command_id, create, plain, room, snapshot_of, title, with_id,
};
use crate::world::{new_user, user};

/// A little of everything, so that no table is empty; the text makes two states differ.
fn fill(state: &State, text: &str) {
    let board = board_id(1);
    let doc = board.into();
    let if_rev = None;
    let (first, second) = (board, board_id(2));
    let rename = Command::RenameBoard {
        board,
        title: title(text),
        if_rev,
    };
    let compact = Command::Compact {
        doc: board.into(),
        expected_body_seq: 0,
        upto_seq: 2,
        body: Payload::Inline(vec![7; 200_000].into()),
        state_vector: vec![1, 2, 3],
    };
    let envelopes = vec![
        plain(create(first)),
        with_id(command_id(1), create(second)),
        plain(rename),
        plain(append(&doc, &[("a", Some((1, 1))), ("b", Some((1, 2)))])),
        plain(append(&room("raw"), &[(text, None)])),
        plain(compact),
        plain(append(&doc, &[("c", None)])),
    ];
    let replies = state.apply(&[batch(5, envelopes)], text.as_bytes());
    assert!(replies.unwrap().concat().iter().all(Result::is_ok));
}

fn filled(text: &str) -> State {
    let state = State::in_memory().unwrap();
    fill(&state, text);
    state
}

#[test]
fn equal_states_give_equal_streams() {
    assert_eq!(snapshot_of(&filled("same")), snapshot_of(&filled("same")));
    assert_ne!(snapshot_of(&filled("same")), snapshot_of(&filled("else")));
}

#[test]
fn a_snapshot_is_of_the_moment_it_was_taken() {
    let state = filled("then");
    let whole = snapshot_of(&state);
    let mut reader = state.snapshot().unwrap();
    assert_eq!(reader.marker(), Some(&b"then"[..]));
    let mut read = vec![0; 100];
    reader.read_exact(&mut read).unwrap();
    fill_more(&state);
    reader.read_to_end(&mut read).unwrap();
    assert_eq!(read, whole);
    assert_ne!(snapshot_of(&state), whole);
}

fn fill_more(state: &State) {
    for n in 0..50 {
        let kind = append(&room("more"), &[("x", Some((9, n)))]);
        apply(state, 1000 + n, plain(kind)).unwrap();
    }
}

#[test]
fn an_installed_snapshot_is_the_state_now_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let source = filled("source");
    let stream = snapshot_of(&source);

    let state = State::open(&path, 1 << 20).unwrap();
    fill(&state, "target");
    fill_more(&state);
    let old = snapshot_of(&state);
    let mut old_reader = state.snapshot().unwrap();
    state.install(&mut &stream[..]).unwrap();
    assert_eq!(snapshot_of(&state), stream);
    assert_eq!(state.marker().unwrap().as_deref(), Some(&b"source"[..]));
    // It goes on from there as the source does.
    fill_more(&state);
    fill_more(&source);
    assert_eq!(snapshot_of(&state), snapshot_of(&source));
    // Whoever was reading the old state goes on reading it.
    let mut read = Vec::new();
    old_reader.read_to_end(&mut read).unwrap();
    assert_eq!(read, old);
    drop(old_reader);

    state.flush().unwrap();
    drop(state);
    assert_eq!(names(dir.path()), ["state.redb"]);
    let state = State::open(&path, 1 << 20).unwrap();
    assert_eq!(snapshot_of(&state), snapshot_of(&source));
}

#[test]
fn an_install_is_durable_without_a_flush() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let state = State::open(&path, 1 << 20).unwrap();
    let stream = snapshot_of(&filled("source"));
    state.install(&mut &stream[..]).unwrap();
    // The file as a crash now would leave it.
    let crashed = dir.path().join("crashed.redb");
    fs::copy(&path, &crashed).unwrap();
    let crashed = State::open(&crashed, 1 << 20).unwrap();
    assert_eq!(snapshot_of(&crashed), stream);
}

#[test]
fn a_stream_cut_short_anywhere_changes_nothing() {
    let stream = snapshot_of(&filled("source"));
    let state = filled("target");
    let before = snapshot_of(&state);
    let ends = (0..64).chain((64..stream.len()).step_by(4099));
    for end in ends.chain([stream.len() - 33, stream.len() - 32, stream.len() - 1]) {
        let refused = state.install(&mut &stream[..end]);
        assert!(
            matches!(refused, Err(InstallError::Damaged(_))),
            "cut at {end}: {refused:?}"
        );
    }
    assert_eq!(snapshot_of(&state), before);
}

#[test]
fn a_stream_with_a_changed_byte_changes_nothing() {
    let stream = snapshot_of(&filled("source"));
    let state = filled("target");
    let before = snapshot_of(&state);
    let places = (0..64).chain((64..stream.len()).step_by(1999));
    for place in places.chain(stream.len() - 33..stream.len()) {
        let mut changed = stream.clone();
        changed[place] ^= 0x10;
        let refused = state.install(&mut &changed[..]);
        assert!(
            matches!(
                refused,
                Err(InstallError::Damaged(_) | InstallError::Newer { .. })
            ),
            "changed at {place}: {refused:?}"
        );
    }
    assert_eq!(snapshot_of(&state), before);
}

#[test]
fn a_refused_stream_leaves_the_file_and_no_litter() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let state = State::open(&path, 1 << 20).unwrap();
    fill(&state, "target");
    let before = snapshot_of(&state);
    let stream = snapshot_of(&filled("source"));
    let refused = state.install(&mut &stream[..stream.len() / 2]);
    assert!(matches!(refused, Err(InstallError::Damaged(_))));
    assert_eq!(names(dir.path()), ["state.redb"]);
    assert_eq!(snapshot_of(&state), before);
    apply(&state, 9, plain(create(board_id(7)))).unwrap();
    state.flush().unwrap();
    drop(state);
    let state = State::open(&path, 1 << 20).unwrap();
    let board = state.query(&Query::Board(board_id(7))).unwrap();
    assert!(board.into_board().is_some());
}

#[test]
fn a_newer_snapshot_is_told_apart() {
    let mut stream = snapshot_of(&filled("source"));
    stream[11] = 2;
    let refused = filled("target").install(&mut &stream[..]);
    assert!(
        matches!(refused, Err(InstallError::Newer { found: 2, known: 1 })),
        "{refused:?}"
    );
}

#[test]
fn a_source_that_fails_is_not_called_damaged() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    let stream = snapshot_of(&filled("source"));
    let refused = filled("target").install(&mut stream[..500].chain(Broken));
    assert!(
        matches!(refused, Err(InstallError::Source(_))),
        "{refused:?}"
    );
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A snapshot of the last release without accounts: three boards, one of them drawn on and one in the trash.
#[test]
fn a_snapshot_of_before_accounts_is_installed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/format-1/snapshot");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("state.redb");
    let state = State::open(&file, 1 << 20).unwrap();
    state.install(&mut &fs::read(path).unwrap()[..]).unwrap();
    let first = Command::People(PeopleCommand::CreateFirstUser(new_user(1)));
    apply(&state, u64::MAX / 2, plain(first)).unwrap();
    state.flush().unwrap();
    drop(state);
    let state = State::open(&file, 1 << 20).unwrap();
    for n in 1..=3 {
        let (board, user) = (board_id(n), Some(user(1)));
        let query = Query::Sharing(SharingQuery::Board { board, user });
        match state.query(&query).unwrap().into_sharing() {
            SharingAnswer::Board(Some(view)) => assert_eq!(view.member, Some(Role::Owner)),
            other => panic!("{other:?}"),
        }
    }
}
