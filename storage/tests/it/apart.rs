//! Content that lies apart: named for as long as it can be read, and told to a release that could not read it.

use std::path::Path;

use ::redb::{Database, ReadableDatabase, TableDefinition};
use easel_storage::blobs::{BlobError, BlobHash, named};
use easel_storage::redb::{InstallError, State};
use easel_storage::{
    Actor, Command, DocName, Fault, NewUpdate, Outcome, Payload, Query, Rejection,
};

use crate::support::{Shelf, apply, board_id, create, plain, room, snapshot_of};

const META: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("meta");
const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

fn append(doc: &DocName, payload: Payload) -> Command {
    let update = NewUpdate {
        author: Actor::Local,
        origin: None,
        payload,
    };
    Command::AppendUpdates {
        doc: doc.clone(),
        updates: vec![update],
    }
}

fn compact(doc: &DocName, (expected_body_seq, upto_seq): (u64, u64), body: Payload) -> Command {
    Command::Compact {
        doc: doc.clone(),
        expected_body_seq,
        upto_seq,
        body,
        state_vector: vec![1],
    }
}

fn inline(text: &'static str) -> Payload {
    Payload::Inline(text.into())
}

/// The hashes, by every way of finding them.
fn names(state: &State) -> Vec<BlobHash> {
    let found = state.read_tx(named).unwrap();
    let mut noting = state.snapshot().unwrap().noting_blobs();
    std::io::copy(&mut noting, &mut std::io::sink()).unwrap();
    assert_eq!(found, noting.into_blobs());
    let checked = state.check_rows(&mut |trouble| panic!("{trouble}"));
    assert_eq!(found, checked.unwrap().blobs);
    found.into_keys().collect()
}

fn hashes(payloads: &[&Payload]) -> Vec<BlobHash> {
    let mut hashes: Vec<_> = payloads
        .iter()
        .map(|payload| payload.apart().unwrap().hash)
        .collect();
    hashes.sort();
    hashes
}

#[test]
fn it_is_named_while_it_can_be_read() {
    let state = State::in_memory().unwrap();
    let shelf = Shelf::default();
    let (first, second, third) = (shelf.lay(b"one"), shelf.lay(b"two"), shelf.lay(b"three"));
    let (board, raw) = (DocName::from(board_id(1)), room("raw"));
    let run = |at, command| apply(&state, at, plain(command)).unwrap();
    run(1, create(board_id(1)));
    run(2, append(&board, first.clone()));
    run(3, append(&board, inline("short")));
    run(4, append(&raw, first.clone()));
    assert_eq!(names(&state), hashes(&[&first]));
    // A body names its own until another takes its place; the update stays, as history.
    run(5, compact(&board, (0, 1), second.clone()));
    assert_eq!(names(&state), hashes(&[&first, &second]));
    run(6, compact(&board, (1, 2), third.clone()));
    assert_eq!(names(&state), hashes(&[&first, &third]));
    run(7, append(&board, inline("more")));
    run(8, compact(&board, (2, 3), inline("a short body")));
    assert_eq!(names(&state), hashes(&[&first]));
    run(9, append(&board, inline("and more")));
    run(10, compact(&board, (3, 4), third.clone()));
    // In the trash as before; purged, only what the other document names.
    let (board_of, if_rev) = (board_id(1), None);
    let board = board_of;
    run(11, append(&raw, second.clone()));
    run(12, Command::TrashBoard { board, if_rev });
    assert_eq!(names(&state), hashes(&[&first, &second, &third]));
    run(13, Command::PurgeBoard { board });
    assert_eq!(names(&state), hashes(&[&first, &second]));
}

#[test]
fn what_is_missing_or_another_length_is_never_given() {
    let state = State::in_memory().unwrap();
    let shelf = Shelf::default();
    let doc = room("r");
    let lain = shelf.lay(b"content");
    apply(&state, 1, plain(append(&doc, lain.clone()))).unwrap();
    let ask = || state.answer(&Query::Doc(doc.clone())).unwrap();
    let told = ask().complete(&shelf).unwrap().into_doc().unwrap();
    assert_eq!(told.tail[0].bytes, "content");
    assert!(matches!(ask().whole(), Err(Fault::Corrupt(_))));
    let elsewhere = ask().complete(&Shelf::default());
    assert!(matches!(elsewhere, Err(BlobError::Missing(_))));
    for len in [6, 8] {
        let Payload::Apart { hash, .. } = lain else {
            panic!("it lies apart");
        };
        let doc = room(&format!("r{len}"));
        let wrong = Payload::Apart { hash, len };
        apply(&state, 2, plain(append(&doc, wrong))).unwrap();
        let told = state.answer(&Query::Doc(doc)).unwrap().complete(&shelf);
        assert!(matches!(told, Err(BlobError::Damaged(_))), "{len}");
    }
}

#[test]
fn nothing_and_the_form_of_old_are_refused() {
    let state = State::in_memory().unwrap();
    let doc = room("r");
    apply(&state, 1, plain(append(&doc, inline("x")))).unwrap();
    let hash = [7; 32];
    for (payload, why) in [
        (Payload::Apart { hash, len: 0 }, Rejection::Empty),
        (Payload::Blob { hash, len: 1 }, Rejection::BlobUnsupported),
    ] {
        let append = append(&doc, payload.clone());
        assert_eq!(apply(&state, 2, plain(append)), Err(why.clone()));
        let compact = compact(&doc, (0, 1), payload);
        assert_eq!(apply(&state, 3, plain(compact)), Err(why));
    }
    let body = Payload::Apart { hash, len: 1 };
    let swapped = apply(&state, 4, plain(compact(&doc, (0, 1), body)));
    assert_eq!(swapped, Ok(Outcome::Compacted { body_seq: 1 }));
}

fn format(path: &Path) -> u32 {
    let database = Database::open(path).unwrap();
    let tx = database.begin_read().unwrap();
    let meta = tx.open_table(META).unwrap();
    let format = meta.get(&b"format"[..]).unwrap().unwrap();
    u32::from_be_bytes(format.value().try_into().unwrap())
}

/// A release that knows no content apart opens a file up to the first, and none after.
#[test]
fn the_first_raises_the_format_of_the_file_and_of_its_snapshots() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = Shelf::default();
    let doc = room("r");
    for (name, command) in [
        ("an update", append(&doc, shelf.lay(b"large"))),
        ("a body", compact(&doc, (0, 1), shelf.lay(b"large"))),
    ] {
        let path = dir.path().join(name);
        let open = || State::open(&path, 1 << 20).unwrap();
        let state = open();
        apply(&state, 1, plain(append(&doc, inline("x")))).unwrap();
        state.flush().unwrap();
        drop(state);
        assert_eq!(format(&path), 2);
        let state = open();
        apply(&state, 2, plain(command)).unwrap();
        let stream = snapshot_of(&state);
        state.flush().unwrap();
        drop(state);
        assert_eq!(format(&path), 3, "{name}");
        // It stays, over a start and in whoever is sent it.
        assert_eq!(snapshot_of(&open()), stream);
        let sent = dir.path().join("sent");
        let state = State::open(&sent, 1 << 20).unwrap();
        state.install(&mut &stream[..]).unwrap();
        assert_eq!(snapshot_of(&state), stream);
        drop(state);
        assert_eq!(format(&sent), 3);
        assert_eq!(format(&path), 3);
    }
}

#[test]
fn a_snapshot_of_a_later_format_is_told_by_its_number() {
    let state = State::in_memory().unwrap();
    let stream = snapshot_of(&state);
    let key = b"format";
    let at = stream.windows(key.len()).position(|at| at == key).unwrap();
    let mut newer = stream[..stream.len() - 32].to_vec();
    newer[at + key.len()..][..4].copy_from_slice(&4u32.to_be_bytes());
    let hash = blake3::hash(&newer);
    newer.extend_from_slice(hash.as_bytes());
    let refused = state.install(&mut &newer[..]);
    let told = matches!(refused, Err(InstallError::Newer { found: 4, known: 3 }));
    assert!(told, "{refused:?}");
}

#[test]
fn a_list_that_does_not_agree_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let state = State::open(&path, 1 << 20).unwrap();
    let shelf = Shelf::default();
    let append = append(&room("r"), shelf.lay(b"large"));
    apply(&state, 1, plain(append)).unwrap();
    state.flush().unwrap();
    drop(state);
    let database = Database::open(&path).unwrap();
    let tx = database.begin_write().unwrap();
    {
        let mut rows = tx.open_table(ROWS).unwrap();
        rows.retain(|_, _| false).unwrap();
    }
    tx.commit().unwrap();
    drop(database);
    let state = State::open(&path, 1 << 20).unwrap();
    let mut troubles = Vec::new();
    state
        .check_rows(&mut |trouble| troubles.push(trouble))
        .unwrap();
    let told = ["update 1 of r: what lies apart is not what is listed of it"];
    assert_eq!(troubles, told);
}
