//! Bytes that earlier releases left on disk, and that every later one must read. The samples in
//! `tests/golden` are frozen: they are never written again, only read and compared.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use easel_storage::people::{InstanceRole, NewUser, PeopleCommand};
use easel_storage::sharing::{Role, SharingAnswer, SharingQuery};
use easel_storage::{
    Actor, Answer, BoardId, ClusterId, Command, Envelope, InstanceId, Query, ReadLevel, UserId,
};
use openraft::{CommittedLeaderId, EntryPayload};

use crate::codec::{self, DecodeError, Identity, Marker};
use crate::error::StartError;
use crate::folder::{self, Content, NodeFile, Stage};
use crate::log::mark::{self, Mark};
use crate::log::record::{self, Frame, Head};
use crate::node::{Node, Options};
use crate::raft::{
    Commands, Entry, LogId, Membership, Peer, Proposal, Stamp, StoredMembership, Vote,
};

/// Reads a sample. `EASEL_WRITE_GOLDEN=1` makes those that do not exist yet, and never touches the others.
pub(super) fn golden(name: &str, now: &[u8]) -> Vec<u8> {
    let path = sample("v1", name);
    write_if_wanted(&path, now);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn sample(version: &str, name: &str) -> PathBuf {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    samples.join(version).join(name)
}

fn write_if_wanted(path: &Path, now: &[u8]) {
    if std::env::var_os("EASEL_WRITE_GOLDEN").is_some() && !path.exists() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(path, now).expect("the sample");
    }
}

pub(super) fn check<T: PartialEq + std::fmt::Debug>(
    name: &str,
    value: &T,
    encode: impl Fn(&T) -> Vec<u8>,
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
) {
    let now = encode(value);
    let frozen = golden(name, &now);
    assert_eq!(
        decode(&frozen).as_ref(),
        Ok(value),
        "{name} is read as something else"
    );
    assert_eq!(now, frozen, "{name} is written differently");
    for cut in 0..frozen.len() {
        assert!(
            decode(&frozen[..cut]).is_err(),
            "{name} cut to {cut} bytes is accepted"
        );
    }
    let mut newer = frozen.clone();
    newer[0] = 2;
    let refused = decode(&newer);
    assert!(
        matches!(refused, Err(DecodeError::NewerFormat { found: 2, .. })),
        "{name}"
    );
    let mut longer = frozen;
    longer.push(0);
    assert!(
        decode(&longer).is_err(),
        "{name} with a byte too many is accepted"
    );
}

fn log_id(term: u64, leader: u64, index: u64) -> LogId {
    LogId::new(CommittedLeaderId::new(term, leader), index)
}

/// Two configurations, as while the voters change, and a learner.
fn membership() -> Membership {
    let peer = |address: &str| Peer {
        address: address.to_owned(),
    };
    let configs = vec![BTreeSet::from([1]), BTreeSet::from([1, 2, 3])];
    let nodes = BTreeMap::from([
        (1, peer("")),
        (2, peer("10.0.0.2:7000")),
        (3, peer("node-3.example:7000")),
        (4, peer("[2001:db8::4]:7000")),
    ]);
    Membership::new(configs, nodes)
}

#[test]
fn log_entries_stay_readable() {
    let envelope = |bytes: &'static [u8]| Bytes::from_static(bytes);
    let commands = Proposal {
        stamp: Stamp(1_767_225_600_123),
        commands: Commands::of(&[envelope(b"\x01first"), envelope(&[0xff; 300])]),
    };
    let payloads = [
        ("entry_blank", EntryPayload::Blank),
        ("entry_commands", EntryPayload::Normal(commands)),
        ("entry_membership", EntryPayload::Membership(membership())),
    ];
    for (name, payload) in payloads {
        let entry = Entry {
            log_id: log_id(3, 1, 70_000),
            payload,
        };
        let decode = |bytes: &[u8]| codec::decode_entry(&Bytes::copy_from_slice(bytes));
        check(name, &entry, codec::encode_entry, decode);
    }
}

#[test]
fn a_garbled_log_entry_is_noticed() {
    let entry = Entry {
        log_id: log_id(1, 1, 1),
        payload: EntryPayload::Normal(Proposal {
            stamp: Stamp(1),
            commands: Commands::of(&[Bytes::from_static(b"content")]),
        }),
    };
    let good = codec::encode_entry(&entry);
    for at in 1..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        let found = codec::decode_entry(&bad.into());
        assert!(
            matches!(found, Err(DecodeError::Checksum { .. })),
            "byte {at}: {found:?}"
        );
    }
}

#[test]
fn the_rest_of_the_log_stays_readable() {
    check(
        "log_id",
        &log_id(5, 2, u64::MAX),
        |id| codec::encode_log_id(*id),
        codec::decode_log_id,
    );
    check(
        "vote_asked",
        &Vote::new(7, 1),
        codec::encode_vote,
        codec::decode_vote,
    );
    let won = Vote::new_committed(7, 300);
    check("vote_won", &won, codec::encode_vote, codec::decode_vote);
    let owner = Identity {
        cluster: ClusterId::from_bytes([0xc5; 16]),
        node: 1,
    };
    check(
        "owner",
        &owner,
        codec::encode_identity,
        codec::decode_identity,
    );
}

#[test]
fn the_marker_stays_readable() {
    let cluster = ClusterId::from_bytes([0xc5; 16]);
    let fresh = Marker {
        cluster,
        applied: None,
        membership: StoredMembership::default(),
    };
    check(
        "marker_fresh",
        &fresh,
        codec::encode_marker,
        codec::decode_marker,
    );
    let marker = Marker {
        cluster,
        applied: Some(log_id(3, 1, 70_000)),
        membership: StoredMembership::new(Some(log_id(2, 1, 12)), membership()),
    };
    check(
        "marker",
        &marker,
        codec::encode_marker,
        codec::decode_marker,
    );
}

#[test]
fn node_json_stays_readable() {
    let node = NodeFile {
        cluster: ClusterId::from_bytes([0xc5; 16]),
        node: 1,
        instance: InstanceId::from_bytes([0x1e; 16]),
    };
    let samples = [
        ("v2", "node.json", Content::Whole(node.clone())),
        ("v2", "node_forming.json", Content::Forming(node.clone())),
        ("v1", "node.json", Content::OldLog(node.clone())),
        ("v1", "node_forming.json", Content::Forming(node.clone())),
    ];
    for (version, name, content) in samples {
        let path = sample(version, name);
        if version == "v2" {
            let stage = match content {
                Content::Forming(_) => Stage::Forming,
                Content::Whole(_) | Content::OldLog(_) | Content::Empty => Stage::Whole,
            };
            let now = folder::encode(&node, stage);
            write_if_wanted(&path, &now);
            let frozen = std::fs::read(&path).expect("a sample");
            assert_eq!(now, frozen, "{name} is written differently");
        }
        let frozen = std::fs::read(&path).expect("a sample");
        let found = folder::decode(Path::new(name), &frozen).expect("a sample");
        assert_eq!(found, content, "{version}");
    }
}

#[test]
fn the_files_of_the_log_stay_readable() {
    let owner = Identity {
        cluster: ClusterId::from_bytes([0xc5; 16]),
        node: 1,
    };
    let mark = Mark {
        owner,
        vote: Some(Vote::new_committed(7, 300)),
        purged: Some(log_id(5, 2, 70_000)),
        reaches: Some(u64::MAX),
    };
    check("log_mark", &mark, mark::encode, mark::decode);

    let header = record::encode_header(&owner, 70_001);
    let frozen = golden("log_segment_header", &header);
    let frozen: [u8; record::HEADER_BYTES] = frozen.try_into().expect("64 bytes");
    assert_eq!(record::decode_header(&frozen), Ok((owner, 70_001)));
    assert_eq!(header, frozen, "the header is written differently");

    let mut frame = Frame::default();
    for index in 70_001..70_003 {
        let entry = Entry {
            log_id: log_id(3, 1, index),
            payload: EntryPayload::Blank,
        };
        frame.push(&entry, Some(70_000));
    }
    let frozen = golden("log_records", &frame.bytes);
    assert_eq!(frame.bytes, frozen, "records are written differently");
    let head = Head::decode(&frozen[frame.starts[1]..]).expect("the second record");
    let (index, first, committed) = (70_002, 70_001, Some(70_000));
    let len = head.len;
    assert_eq!(
        head,
        Head {
            len,
            index,
            first,
            committed
        }
    );
}

/// A folder of the release before, killed while it ran: its log lies in `log.redb`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_of_the_release_before_opens_with_everything_in_it() {
    let dir = tempfile::tempdir().expect("a folder");
    unpack(dir.path());
    for _ in ["moves", "has moved"] {
        let options = Options {
            disk_reserve_bytes: 0,
            ..Options::new(dir.path())
        };
        let node = Node::start(options).await.expect("the node starts");
        assert_eq!(node.status().borrow().node_id, 1);
        for (id, title) in [
            ("brd_01m80ywjv2erss169rah27qyff", "First"),
            ("brd_01m80ywjvzesrr0zww065fwcdb", "Second"),
        ] {
            let board: BoardId = id.parse().expect("an id");
            let read = node
                .store()
                .read(ReadLevel::Linearizable, Query::Board(board))
                .await;
            match read.expect("a read").answer {
                Answer::Board(Some(board)) => assert_eq!(board.title.as_str(), title),
                other => panic!("{id}: {other:?}"),
            }
        }
        node.shutdown().await;
        assert!(!dir.path().join("log.redb").exists());
    }

    // Cut off before the end: the old log counts, and is read again.
    let halfway = tempfile::tempdir().expect("a folder");
    unpack(halfway.path());
    std::fs::create_dir(halfway.path().join("log")).expect("half a log");
    std::fs::write(halfway.path().join("log/mark"), "half").expect("half a log");
    let node = Node::start(Options::new(halfway.path())).await;
    node.expect("the node starts").shutdown().await;

    // A damaged one is refused by name and left as it is.
    let bad = tempfile::tempdir().expect("a folder");
    unpack(bad.path());
    let path = bad.path().join("log.redb");
    std::fs::write(&path, "noise").expect("a bad log");
    let refused = Node::start(Options::new(bad.path()))
        .await
        .expect_err("a refusal");
    assert!(
        matches!(&refused, StartError::Damaged { file, .. } if *file == path),
        "{refused}"
    );
    assert_eq!(std::fs::read(&path).expect("the bad log"), b"noise");
}

fn unpack(dir: &Path) {
    unpack_files("v1/folder", &["log.redb", "state.redb"], dir);
    std::fs::copy(sample("v1/folder", "node.json"), dir.join("node.json")).expect("node.json");
}

fn unpack_files(version: &str, names: &[&str], dir: &Path) {
    for name in names {
        let packed = std::fs::read(sample(version, &format!("{name}.gz"))).expect("a sample");
        let mut unpacked = Vec::new();
        let mut source = flate2::read::GzDecoder::new(&packed[..]);
        source.read_to_end(&mut unpacked).expect("a packed file");
        std::fs::write(dir.join(name), unpacked).expect("a file");
    }
}

/// A folder of the last release without accounts: three boards, one of them drawn on and one in the trash.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_of_a_release_without_accounts_becomes_the_first_admins() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("log")).expect("a folder");
    let packed = ["state.redb", "log/00000000000000000000.seg"];
    unpack_files("v2/folder", &packed, dir.path());
    for name in ["node.json", "log/mark"] {
        std::fs::copy(sample("v2/folder", name), dir.path().join(name)).expect("a file");
    }
    let admin = UserId::from_bytes([9; 16]);
    for first_start in [true, false] {
        let options = Options {
            disk_reserve_bytes: 0,
            ..Options::new(dir.path())
        };
        let node = Node::start(options).await.expect("the node starts");
        let store = node.store();
        if first_start {
            let new = NewUser {
                user: admin,
                email: "ada@example.org".to_owned().try_into().expect("an address"),
                name: "Ada".to_owned().try_into().expect("a name"),
                role: InstanceRole::Admin,
                password: None,
            };
            let kind = Command::People(PeopleCommand::CreateFirstUser(new));
            let made = store.submit(vec![Envelope::new(Actor::System, kind)]).await;
            made.expect("an answer").replies[0]
                .as_ref()
                .expect("the first person");
        }
        for n in 1..=3u8 {
            let query = SharingQuery::Board {
                board: BoardId::from_bytes([n; 16]),
                user: Some(admin),
            };
            let read = store
                .read(ReadLevel::Linearizable, Query::Sharing(query))
                .await;
            let SharingAnswer::Board(Some(view)) = read.expect("a read").answer.into_sharing()
            else {
                panic!("board {n} is gone");
            };
            assert_eq!(view.member, Some(Role::Owner));
            assert_eq!(view.board.title.as_str(), format!("Board {n}"));
            assert_eq!(view.board.trashed_at.is_some(), n == 3);
        }
        let doc = Query::Doc(BoardId::from_bytes([1; 16]).into());
        let doc = store.read(ReadLevel::Linearizable, doc).await;
        let doc = doc.expect("a read").answer.into_doc().expect("a document");
        let body = doc.body.map(|body| (body.seq, body.bytes));
        assert_eq!(body, Some((3, Bytes::from_static(b"body"))));
        let tail: Vec<_> = doc.tail.iter().map(|update| &update.bytes[..]).collect();
        assert_eq!(tail, [&[3u8], &[4]]);
        node.shutdown().await;
    }
}
