//! Bytes that earlier releases left on disk, and that every later one must read. The samples in
//! `tests/golden/v1` are frozen: they are never written again, only read and compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;
use easel_storage::{ClusterId, InstanceId};
use openraft::{CommittedLeaderId, EntryPayload};

use crate::codec::{self, DecodeError, Identity, Marker};
use crate::folder::{self, Content, NodeFile, Stage};
use crate::raft::{
    EncodedEnvelope, Entry, LogId, Membership, Peer, Proposal, Stamp, StoredMembership, Vote,
};

/// Reads a sample. `EASEL_WRITE_GOLDEN=1` makes those that do not exist yet, and never touches the others.
pub(super) fn golden(name: &str, now: &[u8]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/v1")
        .join(name);
    if std::env::var_os("EASEL_WRITE_GOLDEN").is_some() && !path.exists() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, now).expect("the sample");
    }
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn check<T: PartialEq + std::fmt::Debug>(
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
    let envelope = |bytes: &'static [u8]| EncodedEnvelope(Bytes::from_static(bytes));
    let commands = Proposal {
        stamp: Stamp(1_767_225_600_123),
        envelopes: vec![envelope(b"\x01first"), envelope(&[0xff; 300])],
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
        check(name, &entry, codec::encode_entry, codec::decode_entry);
    }
}

#[test]
fn a_garbled_log_entry_is_noticed() {
    let entry = Entry {
        log_id: log_id(1, 1, 1),
        payload: EntryPayload::Normal(Proposal {
            stamp: Stamp(1),
            envelopes: vec![EncodedEnvelope(Bytes::from_static(b"content"))],
        }),
    };
    let good = codec::encode_entry(&entry);
    for at in 1..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        let found = codec::decode_entry(&bad);
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
        ("node.json", Stage::Whole, Content::Whole(node.clone())),
        (
            "node_forming.json",
            Stage::Forming,
            Content::Forming(node.clone()),
        ),
    ];
    for (name, stage, content) in samples {
        let now = folder::encode(&node, stage);
        let frozen = golden(name, &now);
        assert_eq!(
            folder::decode(Path::new(name), &frozen).expect("a sample"),
            content
        );
        assert_eq!(now, frozen, "{name} is written differently");
    }
}
