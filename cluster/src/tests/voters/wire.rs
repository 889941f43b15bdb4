//! Frames between nodes of different releases: the samples are frozen like those on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use easel_storage::blobs::{Blob, BlobHash};
use easel_storage::{ClusterId, CommitIndex, Outcome, Rejection, Submitted};
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, VoteRequest, VoteResponse};
use openraft::{CommittedLeaderId, EntryPayload};
use proptest::prelude::{any, proptest};

use crate::blobs::wire as blobs;
use crate::bus::wire::{self as bus, Said};
use crate::codec::DecodeError;
use crate::forward::wire::{self as forward, Answer, Question, Refused};
use crate::network::wire::{self, Hello, HelloReply, Lane, MAGIC, Refusal, Request, Response};
use crate::raft::{
    Commands, Entry, LogId, Membership, Peer, Proposal, Stamp, StoredMembership, Vote,
};
use crate::snapshot;
use crate::tests::golden::golden;

fn log_id(term: u64, leader: u64, index: u64) -> LogId {
    LogId::new(CommittedLeaderId::new(term, leader), index)
}

fn check<T: Debug>(
    name: &str,
    value: &T,
    encode: impl Fn(&T) -> Vec<u8>,
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
) {
    let now = encode(value);
    let frozen = golden(name, &now);
    let read = decode(&frozen).expect("a sample");
    assert_eq!(format!("{read:?}"), format!("{value:?}"), "{name}");
    assert_eq!(encode(&read), frozen, "{name} is written differently");
    assert_eq!(now, frozen, "{name} is written differently");
    for cut in 0..frozen.len() {
        assert!(decode(&frozen[..cut]).is_err(), "{name} cut to {cut} bytes");
    }
    let longer = [&frozen[..], &[0]].concat();
    assert!(decode(&longer).is_err(), "{name} with a byte too many");
    let newer = [&[2], &frozen[1..]].concat();
    let refused = decode(&newer);
    assert!(
        matches!(refused, Err(DecodeError::NewerFormat { found: 2, .. })),
        "{name}: {refused:?}"
    );
}

#[test]
fn questions_stay_readable() {
    let vote = Vote::new_committed(7, 300);
    let entry = |index, payload| Entry {
        log_id: log_id(7, 300, index),
        payload,
    };
    let commands = Proposal {
        stamp: Stamp(1_767_225_600_123),
        commands: Commands::of(&[Bytes::from_static(b"\x01first")]),
    };
    let append = AppendEntriesRequest {
        vote,
        prev_log_id: Some(log_id(6, 2, 69_999)),
        leader_commit: Some(log_id(6, 2, 69_990)),
        entries: vec![
            entry(70_000, EntryPayload::Blank),
            entry(70_001, EntryPayload::Normal(commands)),
        ],
    };
    let beat = AppendEntriesRequest {
        vote,
        prev_log_id: None,
        leader_commit: None,
        entries: Vec::new(),
    };
    let asked = VoteRequest::new(Vote::new(8, 2), Some(log_id(7, 300, 70_001)));
    let peer = |address: &str| Peer {
        address: address.to_owned(),
    };
    let nodes = BTreeMap::from([(1, peer("10.0.0.1:7000")), (2, peer("[2001:db8::4]:7000"))]);
    let membership = Membership::new(vec![BTreeSet::from([1, 2])], nodes);
    let membership = StoredMembership::new(Some(log_id(1, 1, 4)), membership);
    let meta = snapshot::meta(Some(log_id(7, 300, 70_001)), membership);
    let pre_vote = Request::PreVote {
        last: Some(log_id(7, 300, 70_001)),
    };
    for (name, question) in [
        ("peer_append", Request::Append(append)),
        ("peer_beat", Request::Append(beat)),
        ("peer_vote", Request::Vote(asked)),
        ("peer_snapshot", Request::Snapshot { vote, meta }),
        ("peer_read_index_asked", Request::ReadIndex),
        ("peer_pre_vote", pre_vote),
    ] {
        let decode = |bytes: &[u8]| wire::decode_request(&Bytes::copy_from_slice(bytes));
        check(name, &question, wire::encode_request, decode);
    }
}

#[test]
fn answers_stay_readable() {
    let vote = Vote::new_committed(7, 300);
    let appended = Response::Append;
    let partly = AppendEntriesResponse::PartialSuccess(Some(log_id(7, 300, 5)));
    for (name, answer) in [
        ("peer_success", appended(AppendEntriesResponse::Success)),
        ("peer_partly", appended(partly)),
        ("peer_conflict", appended(AppendEntriesResponse::Conflict)),
        (
            "peer_higher_vote",
            appended(AppendEntriesResponse::HigherVote(vote)),
        ),
        (
            "peer_voted",
            Response::Vote(VoteResponse::new(vote, Some(log_id(7, 300, 5)), true)),
        ),
        ("peer_go", Response::Go),
        ("peer_working", Response::Working),
        ("peer_installed", Response::Installed { vote }),
        (
            "peer_failed",
            Response::Failed {
                why: "the disk is nearly full".into(),
            },
        ),
        ("peer_read_index", Response::ReadIndex(Some(70_000))),
        ("peer_no_read_index", Response::ReadIndex(None)),
        ("peer_pre_voted", Response::PreVote { granted: true }),
    ] {
        check(name, &answer, wire::encode_response, wire::decode_response);
    }
}

#[test]
fn what_is_said_of_blobs_stays_readable() {
    let hash = BlobHash::from_bytes([0xb3; 32]);
    let put = blobs::Question::Put(Blob { hash, len: 70_000 });
    for (name, question) in [
        ("blob_put", put),
        ("blob_get", blobs::Question::Get(hash)),
        ("blob_lacking", blobs::Question::Lacking { upto: 70_000 }),
    ] {
        check(
            name,
            &question,
            blobs::encode_question,
            blobs::decode_question,
        );
    }
    for (name, answer) in [
        ("blob_kept", blobs::Answer::Kept),
        ("blob_send", blobs::Answer::Send),
        ("blob_missing", blobs::Answer::Missing),
        ("blob_found", blobs::Answer::Found { len: 70_000 }),
        ("blob_lacks", blobs::Answer::Lacks { blobs: 300 }),
        (
            "blob_failed",
            blobs::Answer::Failed {
                why: "the disk is full".into(),
            },
        ),
    ] {
        check(name, &answer, blobs::encode_answer, blobs::decode_answer);
    }
}

#[test]
fn commands_on_their_way_stay_readable() {
    let question = Question {
        number: 300,
        left: Duration::from_millis(4_999),
        commands: vec![Bytes::from_static(b"\x01first"), vec![0xff; 300].into()],
    };
    let decode = |bytes: &[u8]| forward::decode_question(&Bytes::copy_from_slice(bytes));
    check(
        "forward_question",
        &question,
        forward::encode_question,
        decode,
    );
    let replies = vec![Ok(Outcome::Done), Err(Rejection::BoardNotFound)];
    let done = Submitted {
        index: CommitIndex(70_000),
        replies,
    };
    let to = |result| Answer::To {
        number: 300,
        result,
    };
    for (name, answer) in [
        ("forward_alive", Answer::Alive),
        ("forward_done", to(Ok(done))),
        ("forward_not_leader", to(Err(Refused::NotLeader))),
        ("forward_timed_out", to(Err(Refused::TimedOut))),
        ("forward_stopped", to(Err(Refused::Stopped))),
    ] {
        check(
            name,
            &answer,
            forward::encode_answer,
            forward::decode_answer,
        );
    }
}

#[test]
fn what_is_said_on_the_bus_stays_readable() {
    let topic = |name: &'static str| Bytes::from_static(name.as_bytes());
    let decode = |bytes: &[u8]| bus::decode(&Bytes::copy_from_slice(bytes));
    for (name, said) in [
        ("bus_wants", Said::Wants(vec![topic("one"), topic("two")])),
        ("bus_wants_too", Said::WantsToo(vec![topic("three")])),
        ("bus_wants_no_more", Said::WantsNoMore(topic("one"))),
        (
            "bus_message",
            Said::Message {
                topic: topic("two"),
                message: vec![0xff; 300].into(),
            },
        ),
    ] {
        check(name, &said, bus::encode, decode);
    }
}

#[test]
fn openings_stay_readable() {
    let hello = Hello {
        cluster: ClusterId::from_bytes([0xc5; 16]),
        from: 300,
        to: 2,
        lane: Lane::Snapshot,
    };
    let now = wire::encode_hello(&hello);
    let frozen = golden("peer_hello", &now);
    assert_eq!(now, frozen, "the greeting is written differently");
    assert_eq!(&frozen[..8], MAGIC);
    assert_eq!(wire::decode_hello(&frozen[12..]), Ok(hello));
    for (name, reply) in [
        ("peer_welcome", HelloReply::Welcome),
        (
            "peer_refused",
            HelloReply::Refused(Refusal::OtherNode { here: 3 }),
        ),
        (
            "peer_refused_removed",
            HelloReply::Refused(Refusal::Removed),
        ),
    ] {
        let now = wire::encode_hello_reply(&reply);
        let frozen = golden(name, &now);
        assert_eq!(now, frozen, "{name} is written differently");
        assert_eq!(wire::decode_hello_reply(&frozen[12..]), Ok(reply));
    }
}

proptest! {
    #[test]
    fn garbage_is_refused_without_harm(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = wire::decode_hello(&bytes);
        let _ = wire::decode_hello_reply(&bytes);
        if let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        let _ = wire::decode_response(&bytes);
        let _ = forward::decode_answer(&bytes);
        let bytes = bytes.into();
        let _ = wire::decode_request(&bytes);
        let _ = forward::decode_question(&bytes);
        let _ = bus::decode(&bytes);
    }
}
