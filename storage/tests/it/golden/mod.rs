//! Frozen formats: every command, reply and record as it was first written must decode and re-encode to the same bytes.
//!
//! A sample that no longer matches is a broken format, not a stale file: logs and states in that version exist. The
//! files are only ever added to, with `EASEL_WRITE_GOLDEN=1`, which writes missing ones and touches no other.

mod nodes;
mod people;
mod sharing;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use easel_storage::apart::{ApartKey, ApartRow};
use easel_storage::records::{
    BoardRow, DocRow, Expiring, InstanceRow, OutcomeRow, SeatRow, UpdateRow,
};
use easel_storage::rows::{Record, RowKey, RowKind};
use easel_storage::{
    Actor, BoardCursor, BoardId, BoardRecord, Command, CommandId, DocName, Envelope, InstanceId,
    NewUpdate, Origin, Outcome, Payload, Rejection, Reply, SessionId, Time, UserId, codec,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::title;

const BOARD: BoardId = BoardId::from_bytes([0x11; 16]);
const COMMAND: CommandId = CommandId::from_bytes([0x22; 16]);
const USER: UserId = UserId::from_bytes([0x66; 16]);
const SESSION: SessionId = SessionId::from_bytes([0x77; 16]);
const INSTANCE: InstanceId = InstanceId::from_bytes([0x33; 16]);
const AT: Time = Time(1_763_780_000_123);

#[test]
fn every_sample_decodes_and_re_encodes_to_the_same_bytes() {
    let mut samples = Samples::default();
    for (name, value) in commands() {
        samples.check(&format!("command-{name}"), &value);
    }
    for (name, value) in replies() {
        samples.check(&format!("reply-{name}"), &value);
    }
    for (name, value) in updates() {
        samples.check(&format!("record-{name}"), &value);
    }
    check_other_records(&mut samples);
    let mut kinds = people::check_rows(&mut samples);
    kinds.extend(sharing::check_rows(&mut samples));
    kinds.extend(nodes::check_rows(&mut samples));
    kinds.extend(check_apart(&mut samples));
    assert_eq!(
        kinds.len(),
        sharing::kinds(),
        "every kind of row has a sample"
    );
    samples.expect_no_others();
}

/// The match has no wildcard: a new command does not compile until it is named here, and then wants its sample.
#[test]
fn every_command_has_a_sample() {
    let name = |command: &Command| match command {
        Command::InitInstance { .. } => "init-instance",
        Command::CreateBoard { .. } => "create-board",
        Command::RenameBoard { .. } => "rename-board",
        Command::TrashBoard { .. } => "trash-board",
        Command::RestoreBoard { .. } => "restore-board",
        Command::PurgeBoard { .. } => "purge-board",
        Command::AppendUpdates { .. } => "append-updates",
        Command::Compact { .. } => "compact",
        Command::People(_) => "people",
        Command::Sharing(_) => "sharing",
        Command::Once { .. } => "once",
        Command::Nodes(_) => "nodes",
    };
    let commands = commands();
    for (sample, envelope) in &commands {
        assert!(sample.starts_with(name(&envelope.kind)), "{sample}");
    }
    let kinds: BTreeSet<_> = commands.iter().map(|(_, e)| name(&e.kind)).collect();
    assert_eq!(kinds.len(), 12);
    people::expect_every_command();
    sharing::expect_every_command();
    nodes::expect_every_command();
}

/// Likewise for refusals.
#[test]
fn every_rejection_has_a_sample() {
    let number = |rejection: &Rejection| match rejection {
        Rejection::InstanceExists => 0,
        Rejection::BoardNotFound => 1,
        Rejection::BoardExists => 2,
        Rejection::BoardTrashed => 3,
        Rejection::BoardNotTrashed => 4,
        Rejection::RevisionMoved { .. } => 5,
        Rejection::DocNotFound => 6,
        Rejection::BodyMoved { .. } => 7,
        Rejection::SeqOutOfRange { .. } => 8,
        Rejection::Empty => 9,
        Rejection::BlobUnsupported => 10,
        Rejection::RequestReused => 11,
        Rejection::NotTheFirstUser => 12,
        Rejection::UserNotFound => 13,
        Rejection::UserExists => 14,
        Rejection::UserDisabled => 15,
        Rejection::LastAdmin => 16,
        Rejection::SessionNotFound => 17,
        Rejection::SessionExists => 18,
        Rejection::TokenNotFound => 19,
        Rejection::TokenExists => 20,
        Rejection::TooMany { .. } => 21,
        Rejection::BoardArchived => 22,
        Rejection::BoardNotArchived => 23,
        Rejection::MemberNotFound => 24,
        Rejection::AlreadyMember => 25,
        Rejection::LastOwner => 26,
        Rejection::RoleTooHigh => 27,
        Rejection::LinkNotFound => 28,
        Rejection::LinkExists => 29,
        Rejection::LinkOver => 30,
        Rejection::LinkUsedUp => 31,
        Rejection::InvitationNotFound => 32,
        Rejection::InvitationExists => 33,
        Rejection::InvitationOver => 34,
        Rejection::WrongAddress => 35,
        Rejection::RequestNotFound => 36,
        Rejection::AssetExists => 37,
        Rejection::NoFirstUser => 38,
        Rejection::ResetOver => 39,
        Rejection::RoleTooLow => 40,
        Rejection::JoinTokenOver => 41,
        Rejection::NodeNotFound => 42,
    };
    let replies = replies();
    let refused = replies.iter().filter_map(|(_, reply)| reply.as_ref().err());
    let numbers: Vec<_> = refused.map(number).collect();
    assert_eq!(numbers, (0..=42).collect::<Vec<_>>());
}

fn commands() -> Vec<(String, Envelope)> {
    let doc = DocName::Board(BOARD);
    let plain = |kind| Envelope::new(Actor::Local, kind);
    let with_id = |kind| Envelope {
        id: Some(COMMAND),
        actor: Actor::System,
        kind,
    };
    let rename = |if_rev| Command::RenameBoard {
        board: BOARD,
        title: title("Größer"),
        if_rev,
    };
    let create = Command::CreateBoard {
        board: BOARD,
        title: title("Plan"),
    };
    let trash = |if_rev| Command::TrashBoard {
        board: BOARD,
        if_rev,
    };
    let append = Command::AppendUpdates {
        doc: doc.clone(),
        updates: vec![new_update(Some(ORIGIN)), new_update(None)],
    };
    let append_raw = Command::AppendUpdates {
        doc: DocName::Raw("my-room_1".to_owned().try_into().expect("a room name")),
        updates: vec![NewUpdate {
            author: Actor::System,
            origin: None,
            payload: BLOB,
        }],
    };
    let append_apart = Command::AppendUpdates {
        doc: doc.clone(),
        updates: vec![NewUpdate {
            payload: APART,
            ..new_update(Some(ORIGIN))
        }],
    };
    let compact_apart = Command::Compact {
        doc: doc.clone(),
        expected_body_seq: 7,
        upto_seq: 300,
        body: APART,
        state_vector: vec![1, 2, 3],
    };
    let compact = Command::Compact {
        doc,
        expected_body_seq: 7,
        upto_seq: 300,
        body: Payload::Inline(Bytes::from_static(b"body")),
        state_vector: vec![1, 2, 3],
    };
    let mut commands = vec![
        (
            "init-instance",
            with_id(Command::InitInstance { instance: INSTANCE }),
        ),
        ("create-board", with_id(create)),
        ("rename-board", plain(rename(None))),
        ("rename-board-if-rev", plain(rename(Some(200)))),
        ("trash-board", plain(trash(None))),
        ("trash-board-if-rev", plain(trash(Some(3)))),
        (
            "restore-board",
            plain(Command::RestoreBoard { board: BOARD }),
        ),
        ("purge-board", plain(Command::PurgeBoard { board: BOARD })),
        ("append-updates", plain(append)),
        ("append-updates-raw", plain(append_raw)),
        ("compact", with_id(compact)),
        ("append-updates-apart", plain(append_apart)),
        ("compact-apart", plain(compact_apart)),
    ];
    for (name, command) in people::commands() {
        commands.push((name, plain(Command::People(command))));
    }
    for (name, command) in sharing::commands() {
        commands.push((name, plain(Command::Sharing(command))));
    }
    for (name, command) in nodes::commands() {
        commands.push((name, plain(Command::Nodes(command))));
    }
    let asker = Envelope {
        id: Some(COMMAND),
        actor: Actor::User(USER),
        kind: Command::Once {
            asked: [0x55; 32],
            kind: Box::new(Command::RestoreBoard { board: BOARD }),
        },
    };
    commands.push(("once", asker));
    let guest = Actor::Guest(SESSION);
    let restore = Command::RestoreBoard { board: BOARD };
    commands.push(("restore-board-guest", Envelope::new(guest, restore)));
    let commands = commands.into_iter();
    commands
        .map(|(name, command)| (name.to_owned(), command))
        .collect()
}

const ORIGIN: Origin = Origin {
    seat: 0xfeed_f00d,
    number: 1,
};
const BLOB: Payload = Payload::Blob {
    hash: [0x44; 32],
    len: 1_000_000,
};

const APART: Payload = Payload::Apart {
    hash: [0x45; 32],
    len: 1_000_000,
};

fn new_update(origin: Option<Origin>) -> NewUpdate {
    NewUpdate {
        author: Actor::Local,
        origin,
        payload: Payload::Inline(Bytes::from_static(&[0, 1, 0xff])),
    }
}

fn replies() -> Vec<(&'static str, Reply)> {
    let mut replies = first_replies();
    replies.extend(people::replies());
    replies.extend(sharing::replies());
    replies.extend(nodes::replies());
    let again = Outcome::Again(Box::new(Err(Rejection::BoardNotFound)));
    replies.push(("again", Ok(again)));
    replies
}

fn first_replies() -> Vec<(&'static str, Reply)> {
    let board = BoardRecord {
        id: BOARD,
        title: title("Plan"),
        created_at: AT,
        updated_at: AT.plus_ms(1),
        trashed_at: Some(AT.plus_ms(2)),
        rev: 3,
        seq: 4,
    };
    let appended = Outcome::Appended {
        first_seq: 300,
        last_seq: 301,
        repeats: 2,
    };
    vec![
        ("done", Ok(Outcome::Done)),
        ("board", Ok(Outcome::Board(board))),
        ("appended", Ok(appended)),
        ("compacted", Ok(Outcome::Compacted { body_seq: 300 })),
        ("instance-exists", Err(Rejection::InstanceExists)),
        ("board-not-found", Err(Rejection::BoardNotFound)),
        ("board-exists", Err(Rejection::BoardExists)),
        ("board-trashed", Err(Rejection::BoardTrashed)),
        ("board-not-trashed", Err(Rejection::BoardNotTrashed)),
        (
            "revision-moved",
            Err(Rejection::RevisionMoved { current: 200 }),
        ),
        ("doc-not-found", Err(Rejection::DocNotFound)),
        ("body-moved", Err(Rejection::BodyMoved { body_seq: 200 })),
        (
            "seq-out-of-range",
            Err(Rejection::SeqOutOfRange { head_seq: 200 }),
        ),
        ("empty", Err(Rejection::Empty)),
        ("blob-unsupported", Err(Rejection::BlobUnsupported)),
        ("request-reused", Err(Rejection::RequestReused)),
        ("not-the-first-user", Err(Rejection::NotTheFirstUser)),
        ("user-not-found", Err(Rejection::UserNotFound)),
        ("user-exists", Err(Rejection::UserExists)),
        ("user-disabled", Err(Rejection::UserDisabled)),
        ("last-admin", Err(Rejection::LastAdmin)),
        ("session-not-found", Err(Rejection::SessionNotFound)),
        ("session-exists", Err(Rejection::SessionExists)),
        ("token-not-found", Err(Rejection::TokenNotFound)),
        ("token-exists", Err(Rejection::TokenExists)),
        ("too-many", Err(Rejection::TooMany { max: 200 })),
        ("board-archived", Err(Rejection::BoardArchived)),
        ("board-not-archived", Err(Rejection::BoardNotArchived)),
        ("member-not-found", Err(Rejection::MemberNotFound)),
        ("already-member", Err(Rejection::AlreadyMember)),
        ("last-owner", Err(Rejection::LastOwner)),
        ("role-too-high", Err(Rejection::RoleTooHigh)),
        ("link-not-found", Err(Rejection::LinkNotFound)),
        ("link-exists", Err(Rejection::LinkExists)),
        ("link-over", Err(Rejection::LinkOver)),
        ("link-used-up", Err(Rejection::LinkUsedUp)),
        ("invitation-not-found", Err(Rejection::InvitationNotFound)),
        ("invitation-exists", Err(Rejection::InvitationExists)),
        ("invitation-over", Err(Rejection::InvitationOver)),
        ("wrong-address", Err(Rejection::WrongAddress)),
        ("request-not-found", Err(Rejection::RequestNotFound)),
        ("asset-exists", Err(Rejection::AssetExists)),
        ("no-first-user", Err(Rejection::NoFirstUser)),
        ("reset-over", Err(Rejection::ResetOver)),
        ("role-too-low", Err(Rejection::RoleTooLow)),
        ("join-token-over", Err(Rejection::JoinTokenOver)),
        ("node-not-found", Err(Rejection::NodeNotFound)),
    ]
}

fn updates() -> Vec<(&'static str, UpdateRow)> {
    let blob = UpdateRow {
        at: AT,
        author: Actor::System,
        origin: None,
        payload: BLOB,
    };
    let apart = UpdateRow {
        payload: APART,
        ..blob.clone()
    };
    vec![
        ("update", UpdateRow::new(AT, &new_update(Some(ORIGIN)))),
        ("update-blob", blob),
        ("update-apart", apart),
    ]
}

fn check_apart(samples: &mut Samples) -> BTreeSet<RowKind> {
    let mut kinds = BTreeSet::new();
    let row = ApartRow::from(APART.apart().expect("it lies apart"));
    let raw = DocName::Raw("my-room_1".to_owned().try_into().expect("a room name"));
    let body = ApartKey::body(&DocName::Board(BOARD));
    samples.check_row(&mut kinds, "apart-body", &body, &row);
    let update = ApartKey::update(&raw, 300);
    samples.check_row(&mut kinds, "apart-update", &update, &row);
    kinds
}

fn check_other_records(samples: &mut Samples) {
    let board = BoardRow {
        title: title("Plan"),
        created_at: AT,
        changed_at: AT.plus_ms(1),
        trashed_at: None,
        rev: 3,
    };
    let doc = DocRow {
        head_seq: 301,
        body_seq: 300,
        updated_at: AT,
    };
    let seat = SeatRow {
        at: AT,
        heard: vec![(1, 200), (202, 202)],
    };
    let outcome = OutcomeRow {
        at: AT,
        reply: Err(Rejection::BoardTrashed),
    };
    let instance = InstanceRow {
        id: INSTANCE,
        created_at: AT,
    };
    samples.check("record-board", &board);
    samples.check("record-doc", &doc);
    samples.check("record-seat", &seat);
    samples.check("record-outcome", &outcome);
    samples.check("record-instance", &instance);
    samples.check("record-clock", &AT);
    samples.check("record-expiring-outcome", &Expiring::Outcome(COMMAND));
    let seat = Expiring::Seat(DocName::Board(BOARD), 7);
    samples.check("record-expiring-seat", &seat);
    let cursor = BoardCursor::UpdatedDesc {
        updated_at: AT,
        id: BOARD,
    };
    samples.check("cursor-updated-desc", &cursor);
    let cursor = BoardCursor::Title {
        folded: "plan".to_owned(),
        id: BOARD,
    };
    samples.check("cursor-title", &cursor);
    sharing::check_cursors(samples);
}

/// The files, and which of them were asked for.
#[derive(Default)]
struct Samples {
    checked: BTreeSet<String>,
}

impl Samples {
    fn check<T>(&mut self, name: &str, value: &T)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let path = folder().join(format!("{name}.bin"));
        self.checked.insert(format!("{name}.bin"));
        if !path.exists() && std::env::var_os("EASEL_WRITE_GOLDEN").is_some() {
            fs::write(&path, codec::encode(value)).expect("the sample can be written");
        }
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let decoded: T = codec::decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&decoded, value, "{name} means something else now");
        assert_eq!(
            codec::encode(&decoded),
            bytes,
            "{name} is written otherwise"
        );
    }

    /// A record and the key it lies under.
    fn check_row<R>(&mut self, kinds: &mut BTreeSet<RowKind>, name: &str, key: &R::Key, row: &R)
    where
        R: Record + PartialEq + Debug,
    {
        kinds.insert(R::KIND);
        self.check(&format!("record-{name}"), row);
        let file = format!("key-{name}.bin");
        let path = folder().join(&file);
        self.checked.insert(file);
        let mut whole = vec![R::KIND as u8];
        key.write(&mut whole);
        if !path.exists() && std::env::var_os("EASEL_WRITE_GOLDEN").is_some() {
            fs::write(&path, &whole).expect("the sample can be written");
        }
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(whole, bytes, "{name} lies elsewhere");
        let read = R::Key::read(&bytes[1..]).unwrap_or_else(|| panic!("{name}: no key"));
        assert_eq!(read.bytes(), bytes[1..], "{name}'s key is read as another");
    }

    fn expect_no_others(&self) {
        for entry in fs::read_dir(folder()).expect("the folder of samples") {
            let name = entry.expect("an entry").file_name();
            let name = name.to_string_lossy().into_owned();
            assert!(self.checked.contains(&name), "nobody decodes {name}");
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}
