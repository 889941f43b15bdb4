//! The log's files alone: whatever happens to them, what was acknowledged is there, or the log is refused in words.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use openraft::{CommittedLeaderId, EntryPayload};
use tokio::sync::mpsc;

use super::forgetful::ForgetfulFolder;
use super::identity;
use crate::codec::Identity;
use crate::log::record::Frame;
use crate::log::{LogError, LogFile, Piece};
use crate::raft::{Commands, Entry, LogId, Proposal, Stamp, Vote};

fn log_id(term: u64, index: u64) -> LogId {
    LogId::new(CommittedLeaderId::new(term, 1), index)
}

/// An entry whose content says what it is.
fn entry(term: u64, index: u64, bytes: usize) -> Entry {
    let mut content = [term.to_be_bytes(), index.to_be_bytes()].concat();
    content.resize(bytes.max(16), index as u8);
    Entry {
        log_id: log_id(term, index),
        payload: EntryPayload::Normal(Proposal {
            stamp: Stamp(index),
            commands: Commands::of(&[Bytes::from(content)]),
        }),
    }
}

fn frame(entries: &[Entry], committed: Option<u64>) -> Frame {
    let mut frame = Frame::default();
    for entry in entries {
        frame.push(entry, committed);
    }
    frame
}

fn open(folder: &ForgetfulFolder) -> Result<LogFile, LogError> {
    let (closed, _) = mpsc::channel(1);
    LogFile::on_place(Arc::new(folder.clone()), &identity(), closed)
}

fn entries_of(log: &LogFile, range: Range<u64>) -> Vec<Entry> {
    match log.read(range, u64::MAX).expect("a read") {
        Piece::Whole(entries) => entries,
        Piece::Cut(_) => panic!("cut without a bound"),
    }
}

/// What a log must hold.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    entries: BTreeMap<u64, Entry>,
    purged: Option<LogId>,
    vote: Option<Vote>,
}

impl Model {
    fn of(log: &LogFile) -> Self {
        let summary = log.summary().expect("a summary");
        let first = summary.purged.map_or(0, |id| id.index + 1);
        let entries = entries_of(log, first..u64::MAX);
        let last = entries.last().map(|entry| entry.log_id).max(summary.purged);
        assert_eq!(summary.last, last, "the summary's last");
        for (at, entry) in (first..).zip(&entries) {
            assert_eq!(entry.log_id.index, at, "a gap");
        }
        Self {
            entries: entries.into_iter().map(|e| (e.log_id.index, e)).collect(),
            purged: summary.purged,
            vote: summary.vote,
        }
    }

    fn next(&self) -> u64 {
        let last = self.entries.keys().last().copied();
        last.max(self.purged.map(|id| id.index))
            .map_or(0, |last| last + 1)
    }

    fn purge(&mut self, upto: LogId) {
        self.entries = self.entries.split_off(&(upto.index + 1));
        self.purged = Some(upto);
    }
}

/// A few random numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Does something to the log and to the model.
fn act(random: &mut Random, log: &LogFile, model: &mut Model, term: u64) {
    let (next, first) = (model.next(), model.entries.keys().next().copied());
    match (random.below(12), first) {
        (0..=7, _) | (_, None) => {
            // Mostly small; some span sectors, and now and then a segment is filled.
            let bytes = match random.below(40) {
                0 => 20_000,
                1..=10 => 3_000,
                _ => 100,
            };
            let count = 1 + random.below(4);
            let made: Vec<_> = (next..next + count)
                .map(|index| entry(term, index, bytes))
                .collect();
            log.append(&frame(&made, next.checked_sub(1)))
                .expect("an append");
            model
                .entries
                .extend(made.into_iter().map(|e| (e.log_id.index, e)));
        }
        (8, Some(first)) => {
            let since = first + random.below(next - first);
            log.truncate(since).expect("a cut");
            model.entries.split_off(&since);
        }
        (9 | 10, Some(first)) => {
            let upto = log_id(term, first + random.below(next - first));
            log.purge(upto).expect("a cut");
            model.purge(upto);
        }
        (_, Some(_)) => {
            let vote = Vote::new(term, 1);
            log.save_vote(&vote).expect("a vote");
            model.vote = Some(vote);
        }
    }
}

/// What a crash in the middle of one act may leave: everything of before, and of the act some or all.
fn check_left(found: &Model, before: &Model, after: &Model, context: &str) {
    assert!(
        found.vote == before.vote || found.vote == after.vote,
        "{context}: the vote"
    );
    assert!(
        found.purged == before.purged || found.purged == after.purged,
        "{context}: the beginning"
    );
    let common = before.next().min(after.next());
    for index in found.purged.map_or(0, |id| id.index + 1)..common {
        let wanted = after.entries.get(&index).or(before.entries.get(&index));
        assert_eq!(
            found.entries.get(&index),
            wanted,
            "{context}: entry {index}"
        );
    }
    assert!(found.next() >= common, "{context}: entries lost");
    let either = |index: &u64| before.entries.get(index).or(after.entries.get(index));
    for (index, entry) in found.entries.range(common..) {
        assert_eq!(
            Some(entry),
            either(index),
            "{context}: entry {index} is of nowhere"
        );
    }
}

#[test]
fn a_power_cut_in_the_middle_of_anything_loses_nothing_that_was_acknowledged() {
    let mut cuts = 0;
    for seed in 0..60 {
        let mut random = Random(seed);
        let mut folder = ForgetfulFolder::default();
        let mut model = Model::default();
        let mut log = open(&folder).expect("a log");
        for step in 0..40 {
            let before = model.clone();
            folder.cut_power_before(random.below(9), random.below(u64::MAX));
            act(&mut random, &log, &mut model, seed + step);
            let context = format!("seed {seed}, step {step}");
            let Some(left) = folder.after_cut() else {
                continue;
            };
            cuts += 1;
            let survivor = open(&left).unwrap_or_else(|e| panic!("{context}: refused: {e}"));
            let found = Model::of(&survivor);
            check_left(&found, &before, &model, &context);
            // Now and then life goes on from there.
            if random.below(4) == 0 {
                (folder, log, model) = (left, survivor, found);
            }
        }
        drop(log);
        let reopened = open(&folder).expect("the log opens");
        assert_eq!(Model::of(&reopened), model, "seed {seed}");
    }
    assert!(cuts > 500, "only {cuts} cuts happened");
}

/// Three appends: two entries, one entry, two entries.
fn small_log() -> ForgetfulFolder {
    let folder = ForgetfulFolder::default();
    let log = open(&folder).expect("a log");
    for append in [0..2, 2..3, 3..5] {
        let entries: Vec<_> = append.map(|index| entry(1, index, 90)).collect();
        log.append(&frame(&entries, None)).expect("an append");
    }
    drop(log);
    folder
}

/// As [`small_log`], but killed: nothing was noted at its end.
fn killed_log() -> BTreeMap<String, Vec<u8>> {
    let folder = ForgetfulFolder::default();
    let log = open(&folder).expect("a log");
    for append in [0..2, 2..3, 3..5] {
        let entries: Vec<_> = append.map(|index| entry(1, index, 90)).collect();
        log.append(&frame(&entries, None)).expect("an append");
    }
    let files = folder.after_crash(1).files();
    drop(log);
    files
}

fn last_of(files: &BTreeMap<String, Vec<u8>>) -> Result<u64, LogError> {
    let log = open(&ForgetfulFolder::with_files(files))?;
    Ok(Model::of(&log).next() - 1)
}

const SEGMENT: &str = "00000000000000000000.seg";

fn used_bytes(files: &BTreeMap<String, Vec<u8>>) -> usize {
    let segment = &files[SEGMENT];
    segment
        .iter()
        .rposition(|byte| *byte != 0)
        .expect("content")
        + 1
}

#[test]
fn a_flipped_bit_or_a_cut_in_a_closed_log_is_refused() {
    let files = small_log().files();
    assert_eq!(last_of(&files).expect("the log opens"), 4);
    for name in ["mark", SEGMENT] {
        let used = if name == SEGMENT {
            used_bytes(&files)
        } else {
            files[name].len()
        };
        for at in 0..used {
            let mut bad = files.clone();
            bad.get_mut(name).expect("a file")[at] ^= 0x20;
            match last_of(&bad) {
                Err(LogError::Damaged { file, .. } | LogError::Newer { file, .. }) => {
                    assert_eq!(file, name)
                }
                // What fills a record up to the next multiple of eight means nothing.
                other => assert_eq!(other.expect("the log opens"), 4, "{name}, byte {at}"),
            }
        }
        for len in 0..used {
            let mut bad = files.clone();
            bad.get_mut(name).expect("a file").truncate(len);
            match last_of(&bad) {
                Err(LogError::Damaged { file, .. }) => assert_eq!(file, name),
                other => assert_eq!(other.expect("the log opens"), 4, "{name}, {len} bytes"),
            }
        }
    }
    let mut bad = files.clone();
    bad.remove(SEGMENT);
    assert!(matches!(last_of(&bad), Err(LogError::Damaged { .. })));
    let mut bad = files;
    bad.remove("mark");
    let (closed, _) = mpsc::channel(1);
    let folder = ForgetfulFolder::with_files(&bad);
    let refused = LogFile::on_place(Arc::new(folder), &identity(), closed);
    assert!(matches!(refused, Err(LogError::Missing { file }) if file == "mark"));
}

/// After a kill nothing tells the last append's damage from one that was cut off; any before it is known.
#[test]
fn a_damaged_append_is_dropped_only_where_a_crash_can_have_cut_it_off() {
    let files = killed_log();
    assert_eq!(last_of(&files).expect("the log opens"), 4);
    let (mut dropped, mut refused) = (0, 0);
    for at in 64..used_bytes(&files) {
        let mut bad = files.clone();
        bad.get_mut(SEGMENT).expect("a file")[at] ^= 0x20;
        match last_of(&bad) {
            Ok(last) if last < 4 => {
                assert!(last >= 2, "byte {at}: an acknowledged entry was dropped");
                dropped += 1;
            }
            Ok(_) => {}
            Err(LogError::Damaged { file, .. }) => {
                assert_eq!(file, SEGMENT);
                refused += 1;
            }
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    assert!(
        dropped > 200 && refused > 300,
        "{dropped} dropped, {refused} refused"
    );
}

/// An older record that stands behind a shorter log must not come back to life.
#[test]
fn what_was_dropped_stays_dropped() {
    let mut files = killed_log();
    let used = used_bytes(&files);
    // The fourth entry is broken, the fifth, of the same append, is whole.
    files.get_mut(SEGMENT).expect("a file")[used - 150] ^= 1;
    let folder = ForgetfulFolder::with_files(&files);
    let log = open(&folder).expect("the log opens");
    assert_eq!(Model::of(&log).next(), 3);
    log.append(&frame(&[entry(2, 3, 90)], None))
        .expect("an append");
    let log = open(&folder.after_crash(3)).expect("the log opens");
    let entries = entries_of(&log, 3..9);
    assert_eq!(entries, [entry(2, 3, 90)]);

    log.truncate(1).expect("a cut");
    log.append(&frame(&[entry(3, 1, 90)], None))
        .expect("an append");
    assert_eq!(entries_of(&log, 0..9), [entry(1, 0, 90), entry(3, 1, 90)]);
}

#[test]
fn segments_of_another_node_and_of_a_later_release_are_refused() {
    let ours = small_log().files();
    let folder = ForgetfulFolder::default();
    let (closed, _) = mpsc::channel(1);
    let other = Identity {
        node: 2,
        ..identity()
    };
    let log = LogFile::on_place(Arc::new(folder.clone()), &other, closed).expect("a log");
    log.append(&frame(&[entry(1, 0, 90)], None))
        .expect("an append");
    drop(log);
    let mut mixed = ours.clone();
    mixed.insert(SEGMENT.into(), folder.files()[SEGMENT].clone());
    let refused = last_of(&mixed);
    assert!(
        matches!(&refused, Err(LogError::Mixed { file, .. }) if file == SEGMENT),
        "{refused:?}"
    );

    for (name, at) in [(SEGMENT, 8), ("mark", 0)] {
        let mut newer = ours.clone();
        newer.get_mut(name).expect("a file")[at] = 9;
        let refused = last_of(&newer);
        assert!(
            matches!(&refused, Err(LogError::Newer { file, found: 9, .. }) if file == name),
            "{refused:?}"
        );
    }
}

#[test]
fn a_read_stops_at_its_bound_and_crosses_segments() {
    let folder = ForgetfulFolder::default();
    let log = open(&folder).expect("a log");
    for index in 0..12 {
        log.append(&frame(&[entry(1, index, 10_000)], Some(index)))
            .expect("an append");
    }
    let segments = folder.files().len() - 1;
    assert!(segments >= 3, "{segments}");
    assert_eq!(entries_of(&log, 2..11).len(), 9);
    match log.read(0..12, 25_000).expect("a read") {
        Piece::Cut(entries) => assert_eq!(entries.len(), 2),
        Piece::Whole(entries) => panic!("{} entries", entries.len()),
    }
    log.purge(log_id(1, 9)).expect("a cut");
    assert!(folder.files().len() - 1 < segments, "nothing was removed");
    assert_eq!(
        log.summary().expect("a summary").committed,
        Some(log_id(1, 11))
    );
    drop(log);
    let log = open(&folder).expect("the log opens");
    assert_eq!(
        Model::of(&log).entries.keys().copied().collect::<Vec<_>>(),
        [10, 11]
    );
}

/// On a real disk, where the next segment is prepared beside the writing.
#[test]
fn what_is_held_is_read_to_its_end_whatever_is_cut_off_meanwhile() {
    let folder = ForgetfulFolder::default();
    let log = open(&folder).expect("a log");
    for index in 0..60 {
        log.append(&frame(&[entry(1, index, 2_000)], None))
            .expect("an append");
    }
    assert!(log.hold(61).is_none(), "it does not reach so far");
    let mut held = log.hold(50).expect("it is there");
    assert_eq!(held.next, 0);
    log.purge(log_id(1, 40)).expect("a cut");
    log.truncate(55).expect("a cut");
    for index in 0..50 {
        let bytes = held.next().expect("it is read").expect("an entry");
        let found = crate::codec::decode_entry(&bytes).expect("an entry");
        assert_eq!(found, entry(1, index, 2_000));
    }
    assert_eq!(held.next().expect("it is read"), None);
    // Of what is left, nothing that was cut off.
    let mut held = log.hold(55).expect("it is there");
    assert_eq!(held.next, 41);
    while held.next().expect("it is read").is_some() {}
    assert_eq!(held.next, 55);
    let none = log.hold(20).expect("it was there");
    assert_eq!((none.next, none.end), (20, 20));
}

#[test]
fn the_next_segment_is_ready_before_it_is_needed() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("log");
    let (closed, _) = mpsc::channel(1);
    let log = LogFile::create(&path, &identity(), closed.clone()).expect("a log");
    let half_full = frame(&[entry(1, 0, 600 << 10)], None);
    log.append(&half_full).expect("an append");
    let spare = path.join("segment.spare");
    let deadline = Instant::now() + Duration::from_secs(120);
    while spare.metadata().map_or(0, |spare| spare.len()) < 16 << 20 {
        assert!(Instant::now() < deadline, "the spare is not made");
        std::thread::yield_now();
    }
    // Its last sync may not have returned yet; the append then makes a small segment, and a later one takes it.
    let mut next = 1;
    while spare.exists() {
        assert!(Instant::now() < deadline, "the spare is not taken");
        log.append(&frame(&[entry(1, next, 600 << 10)], None))
            .expect("an append");
        next += 1;
    }
    let taken = path.join(format!("{:020}.seg", next - 1));
    assert_eq!(taken.metadata().expect("a segment").len(), 16 << 20);
    drop(log);
    let log = LogFile::open(&path, closed).expect("the log opens");
    assert_eq!(entries_of(&log, 0..next).len() as u64, next);
    assert_eq!(
        entries_of(&log, next - 1..next),
        [entry(1, next - 1, 600 << 10)]
    );
}
