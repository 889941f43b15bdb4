//! Opening what is not, or no longer, a sound file of ours: a clear error, never a fresh state in its place.

use std::fs;
use std::path::Path;

use ::redb::{Database, ReadableDatabase, TableDefinition};
use easel_storage::Query;
use easel_storage::redb::{OpenError, State};

use crate::support::{append, apply, batch, plain, room, snapshot_of};

const CACHE_BYTES: usize = 1 << 20;
const META: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("meta");

/// A state with enough content for several levels of pages.
fn make(path: &Path) -> Vec<u8> {
    let state = State::open(path, CACHE_BYTES).unwrap();
    for n in 0..300 {
        let text = format!("{n}").repeat(200);
        let kind = append(&room("r"), &[(&text, Some((1, n)))]);
        apply(&state, n, plain(kind)).unwrap();
    }
    state.flush().unwrap();
    snapshot_of(&state)
}

fn open(path: &Path) -> Result<State, OpenError> {
    State::open(path, CACHE_BYTES)
}

#[test]
fn a_missing_file_is_made_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let state = open(&path).unwrap();
    assert_eq!(state.marker().unwrap(), None);
    assert_eq!(
        state.query(&Query::Doc(room("r"))).unwrap().into_doc(),
        None
    );
    state.apply(&[batch(1, vec![])], b"here").unwrap();
    state.flush().unwrap();
    drop(state);
    let state = open(&path).unwrap();
    assert_eq!(state.marker().unwrap().as_deref(), Some(&b"here"[..]));
}

#[test]
fn a_foreign_file_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    for content in [
        &b"just some text"[..],
        &[0; 5000],
        b"SQLite format 3\0",
        b"x",
    ] {
        fs::write(&path, content).unwrap();
        let refused = open(&path);
        assert!(matches!(refused, Err(OpenError::Foreign)), "{refused:?}");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn another_programs_database_is_foreign() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let database = Database::create(&path).unwrap();
    let tx = database.begin_write().unwrap();
    drop(tx.open_table(TableDefinition::<u64, u64>::new("theirs")));
    tx.commit().unwrap();
    drop(database);
    let refused = open(&path);
    assert!(matches!(refused, Err(OpenError::Foreign)), "{refused:?}");
}

#[test]
fn a_newer_format_is_told_by_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    make(&path);
    let database = Database::open(&path).unwrap();
    let tx = database.begin_write().unwrap();
    let newer = 4u32.to_be_bytes();
    tx.open_table(META)
        .unwrap()
        .insert(&b"format"[..], &newer[..])
        .unwrap();
    tx.commit().unwrap();
    drop(database);
    let refused = open(&path);
    assert!(
        matches!(refused, Err(OpenError::NewerFormat { found: 4, known: 3 })),
        "{refused:?}"
    );
}

#[test]
fn a_file_in_use_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let _held = open(&path).unwrap();
    let refused = open(&path);
    assert!(matches!(refused, Err(OpenError::InUse)), "{refused:?}");
}

#[test]
fn a_file_cut_short_is_refused_wherever_it_was_cut() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    make(&path);
    let whole = fs::read(&path).unwrap();
    let cut_path = dir.path().join("cut.redb");
    let ends = (0..600)
        .step_by(41)
        .chain((600..whole.len()).step_by(10_007));
    for end in ends.chain([whole.len() - 4096, whole.len() - 1]) {
        fs::write(&cut_path, &whole[..end]).unwrap();
        let refused = open(&cut_path);
        assert!(
            matches!(refused, Err(OpenError::Truncated | OpenError::Damaged(_))),
            "cut at {end} of {}: {refused:?}",
            whole.len()
        );
        assert_eq!(fs::read(&cut_path).unwrap(), whole[..end], "cut at {end}");
    }
}

#[test]
fn an_empty_file_is_damage_not_a_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    fs::write(&path, b"").unwrap();
    let refused = open(&path);
    assert!(matches!(refused, Err(OpenError::Truncated)), "{refused:?}");
}

#[test]
fn half_a_new_file_beside_is_swept_away() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let content = make(&path);
    let beside = dir.path().join("state.redb.new");
    fs::write(&beside, b"half a database").unwrap();
    let state = open(&path).unwrap();
    assert_eq!(snapshot_of(&state), content);
    assert!(!beside.exists());
}

#[test]
fn the_file_is_an_ordinary_one_to_redbs_tools() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.redb");
    make(&path);
    let database = Database::open(&path).unwrap();
    let tx = database.begin_read().unwrap();
    let format = tx.open_table(META).unwrap();
    let format = format.get(&b"format"[..]).unwrap().unwrap();
    assert_eq!(format.value(), 2u32.to_be_bytes());
}
