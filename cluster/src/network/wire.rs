//! What nodes say to each other, as bytes. Our own structs, like those on disk (`codec`): a version byte, then
//! postcard, so that an upgrade of openraft changes no frame and two releases can stand side by side. Samples lie in
//! `tests/golden`.
//!
//! ```text
//! opening    "EASELPR\n"  u16 version  u16 length  Hello          answered by the same with a HelloReply
//! after it   u32 length  message                                  one question, one answer, and again
//! snapshot   question, Go, u32 length  piece ... u32 0, then Working until Installed
//! ```
//!
//! Numbers before a body are big-endian.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use easel_storage::ClusterId;
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, VoteRequest, VoteResponse};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::socket;
use crate::codec::{self, DecodeError, LogIdV1, MembershipV1, VoteV1};
use crate::raft::{LogId, StoredMembership, Types, Vote};
use crate::snapshot::Meta;

pub(crate) const MAGIC: &[u8; 8] = b"EASELPR\n";
/// Of everything after the magic.
pub(crate) const VERSION: u16 = 1;
const V1: u8 = 1;
/// What stands before the entries is less, unless a membership is part of it.
const QUESTION_HEAD_BYTES: usize = 128;

/// Who calls, and whom it means to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) cluster: ClusterId,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) lane: Lane,
}

/// What a connection is for. They are apart so that something large never delays a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Lane {
    /// Heartbeats and votes.
    Quick,
    /// Entries.
    Bulk,
    /// One snapshot.
    Snapshot,
    /// Commands on their way to the leader, see `forward`.
    Forward,
    /// What is said at once or never, see `bus`.
    Bus,
    /// Large content, see `blobs`.
    Blobs,
}

impl Lane {
    /// How long what was sent may go unconfirmed before the connection is given up.
    pub(crate) fn unconfirmed_max(self) -> Duration {
        match self {
            Lane::Quick | Lane::Bulk | Lane::Forward | Lane::Bus => socket::UNCONFIRMED_MAX,
            Lane::Snapshot | Lane::Blobs => socket::UNCONFIRMED_MAX_OF_MUCH,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HelloReply {
    Welcome,
    Refused(Refusal),
}

/// Why a node does not talk to whoever called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it belongs to another cluster")]
    OtherCluster,
    #[error("it is node {here}")]
    OtherNode { here: u64 },
    #[error("it reads peer format {known}")]
    OtherVersion { known: u16 },
    #[error("it has as many connections as it takes")]
    Full,
    #[error("the certificate is not node {from}'s")]
    NotYou { from: u64 },
    #[error("the caller was taken out of the cluster")]
    Removed,
}

#[derive(Debug)]
pub(crate) enum Request {
    Append(AppendEntriesRequest<Types>),
    Vote(VoteRequest<u64>),
    Snapshot {
        vote: Vote,
        meta: Meta,
    },
    /// Up to where must a state be applied that knows everything acknowledged before this was asked?
    ReadIndex,
    /// Would it vote for whoever asks, whose newest entry is this? See `election`.
    PreVote {
        last: Option<LogId>,
    },
}

#[derive(Debug)]
pub(crate) enum Response {
    Append(AppendEntriesResponse<u64>),
    Vote(VoteResponse<u64>),
    /// Send the pieces.
    Go,
    /// Still at it; says only that the node lives.
    Working,
    Installed {
        vote: Vote,
    },
    Failed {
        why: String,
    },
    /// Nothing, if whoever was asked does not lead or cannot be sure of it.
    ReadIndex(Option<u64>),
    /// Binds nobody.
    PreVote {
        granted: bool,
    },
}

#[derive(Serialize, Deserialize)]
struct HelloV1 {
    cluster: [u8; 16],
    from: u64,
    to: u64,
    lane: Lane,
}

#[derive(Serialize, Deserialize)]
enum HelloReplyV1 {
    Welcome,
    Refused(Refusal),
}

#[derive(Serialize, Deserialize)]
enum RequestV1<'a> {
    Append {
        vote: VoteV1,
        prev: Option<LogIdV1>,
        commit: Option<LogIdV1>,
        /// As they stand in the log, checksum included.
        #[serde(borrow)]
        entries: Vec<Blob<'a>>,
    },
    Vote {
        vote: VoteV1,
        last: Option<LogIdV1>,
    },
    Snapshot {
        vote: VoteV1,
        last: Option<LogIdV1>,
        membership_at: Option<LogIdV1>,
        membership: MembershipV1,
        id: String,
    },
    ReadIndex,
    PreVote {
        last: Option<LogIdV1>,
    },
}

#[derive(Serialize, Deserialize)]
enum ResponseV1 {
    Append(AppendedV1),
    Vote {
        vote: VoteV1,
        granted: bool,
        last: Option<LogIdV1>,
    },
    Go,
    Working,
    Installed {
        vote: VoteV1,
    },
    Failed {
        why: String,
    },
    ReadIndex(Option<u64>),
    PreVote {
        granted: bool,
    },
}

#[derive(Serialize, Deserialize)]
enum AppendedV1 {
    Success,
    Partly(Option<LogIdV1>),
    Conflict,
    HigherVote(VoteV1),
}

/// The whole opening of whoever calls.
pub(crate) fn encode_hello(hello: &Hello) -> Vec<u8> {
    opening(&HelloV1 {
        cluster: *hello.cluster.as_bytes(),
        from: hello.from,
        to: hello.to,
        lane: hello.lane,
    })
}

/// From the body of an opening.
pub(crate) fn decode_hello(body: &[u8]) -> Result<Hello, DecodeError> {
    let hello: HelloV1 = codec::read("the greeting of a node", body)?;
    Ok(Hello {
        cluster: ClusterId::from_bytes(hello.cluster),
        from: hello.from,
        to: hello.to,
        lane: hello.lane,
    })
}

pub(crate) fn encode_hello_reply(reply: &HelloReply) -> Vec<u8> {
    opening(&match reply {
        HelloReply::Welcome => HelloReplyV1::Welcome,
        HelloReply::Refused(refusal) => HelloReplyV1::Refused(*refusal),
    })
}

pub(crate) fn decode_hello_reply(body: &[u8]) -> Result<HelloReply, DecodeError> {
    let reply: HelloReplyV1 = codec::read("the answer to a greeting", body)?;
    Ok(match reply {
        HelloReplyV1::Welcome => HelloReply::Welcome,
        HelloReplyV1::Refused(refusal) => HelloReply::Refused(refusal),
    })
}

fn opening(body: &impl Serialize) -> Vec<u8> {
    let body = codec::write(Vec::new(), body);
    let len = u16::try_from(body.len()).expect("an opening has a few dozen bytes");
    [
        &MAGIC[..],
        &VERSION.to_be_bytes(),
        &len.to_be_bytes(),
        &body,
    ]
    .concat()
}

pub(crate) fn encode_request(request: &Request) -> Vec<u8> {
    let mut encoded: Vec<Vec<u8>> = Vec::new();
    let body = match request {
        Request::Append(append) => {
            encoded = append.entries.iter().map(codec::encode_entry).collect();
            RequestV1::Append {
                vote: append.vote.into(),
                prev: append.prev_log_id.map(Into::into),
                commit: append.leader_commit.map(Into::into),
                entries: encoded.iter().map(|e| Blob(Cow::Borrowed(e))).collect(),
            }
        }
        Request::Vote(vote) => RequestV1::Vote {
            vote: vote.vote.into(),
            last: vote.last_log_id.map(Into::into),
        },
        Request::Snapshot { vote, meta } => RequestV1::Snapshot {
            vote: (*vote).into(),
            last: meta.last_log_id.map(Into::into),
            membership_at: meta.last_membership.log_id().map(Into::into),
            membership: meta.last_membership.membership().into(),
            id: meta.snapshot_id.clone(),
        },
        Request::ReadIndex => RequestV1::ReadIndex,
        Request::PreVote { last } => RequestV1::PreVote {
            last: last.map(Into::into),
        },
    };
    let entries = encoded.iter().map(Vec::len).sum::<usize>();
    let mut out = Vec::with_capacity(QUESTION_HEAD_BYTES + entries);
    out.push(V1);
    codec::write(out, &body)
}

/// Commands are parts of `bytes`, not copies.
pub(crate) fn decode_request(bytes: &Bytes) -> Result<Request, DecodeError> {
    const WHAT: &str = "a question of a node";
    Ok(match codec::read(WHAT, codec::versioned(WHAT, bytes)?)? {
        RequestV1::Append {
            vote,
            prev,
            commit,
            entries,
        } => {
            let entries = entries.into_iter();
            let entries = entries.map(|blob| codec::decode_entry(&blob.part_of(bytes)));
            Request::Append(AppendEntriesRequest {
                vote: vote.into(),
                prev_log_id: prev.map(LogId::from),
                leader_commit: commit.map(LogId::from),
                entries: entries.collect::<Result<_, _>>()?,
            })
        }
        RequestV1::Vote { vote, last } => Request::Vote(VoteRequest {
            vote: vote.into(),
            last_log_id: last.map(LogId::from),
        }),
        RequestV1::Snapshot {
            vote,
            last,
            membership_at,
            membership,
            id,
        } => Request::Snapshot {
            vote: vote.into(),
            meta: Meta {
                last_log_id: last.map(LogId::from),
                last_membership: StoredMembership::new(
                    membership_at.map(LogId::from),
                    membership.into(),
                ),
                snapshot_id: id,
            },
        },
        RequestV1::ReadIndex => Request::ReadIndex,
        RequestV1::PreVote { last } => Request::PreVote {
            last: last.map(LogId::from),
        },
    })
}

pub(crate) fn encode_response(response: &Response) -> Vec<u8> {
    let body = match response {
        Response::Append(appended) => ResponseV1::Append(match appended {
            AppendEntriesResponse::Success => AppendedV1::Success,
            AppendEntriesResponse::PartialSuccess(upto) => {
                AppendedV1::Partly(upto.map(LogIdV1::from))
            }
            AppendEntriesResponse::Conflict => AppendedV1::Conflict,
            AppendEntriesResponse::HigherVote(vote) => AppendedV1::HigherVote((*vote).into()),
        }),
        Response::Vote(vote) => ResponseV1::Vote {
            vote: vote.vote.into(),
            granted: vote.vote_granted,
            last: vote.last_log_id.map(Into::into),
        },
        Response::Go => ResponseV1::Go,
        Response::Working => ResponseV1::Working,
        Response::Installed { vote } => ResponseV1::Installed {
            vote: (*vote).into(),
        },
        Response::Failed { why } => ResponseV1::Failed { why: why.clone() },
        Response::ReadIndex(index) => ResponseV1::ReadIndex(*index),
        Response::PreVote { granted } => ResponseV1::PreVote { granted: *granted },
    };
    codec::write(vec![V1], &body)
}

pub(crate) fn decode_response(bytes: &[u8]) -> Result<Response, DecodeError> {
    const WHAT: &str = "the answer of a node";
    Ok(match codec::read(WHAT, codec::versioned(WHAT, bytes)?)? {
        ResponseV1::Append(appended) => Response::Append(match appended {
            AppendedV1::Success => AppendEntriesResponse::Success,
            AppendedV1::Partly(upto) => {
                AppendEntriesResponse::PartialSuccess(upto.map(LogId::from))
            }
            AppendedV1::Conflict => AppendEntriesResponse::Conflict,
            AppendedV1::HigherVote(vote) => AppendEntriesResponse::HigherVote(vote.into()),
        }),
        ResponseV1::Vote {
            vote,
            granted,
            last,
        } => Response::Vote(VoteResponse {
            vote: vote.into(),
            vote_granted: granted,
            last_log_id: last.map(LogId::from),
        }),
        ResponseV1::Go => Response::Go,
        ResponseV1::Working => Response::Working,
        ResponseV1::Installed { vote } => Response::Installed { vote: vote.into() },
        ResponseV1::Failed { why } => Response::Failed { why },
        ResponseV1::ReadIndex(index) => Response::ReadIndex(index),
        ResponseV1::PreVote { granted } => Response::PreVote { granted },
    })
}

/// Bytes that go over in one piece: serde takes a slice element by element.
pub(crate) struct Blob<'a>(pub(crate) Cow<'a, [u8]>);

impl Blob<'_> {
    /// The same without a copy, if it was borrowed from `whole`.
    pub(crate) fn part_of(self, whole: &Bytes) -> Bytes {
        match self.0 {
            Cow::Borrowed(part) => whole.slice_ref(part),
            Cow::Owned(part) => part.into(),
        }
    }
}

impl Serialize for Blob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Blob<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Blob<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Blob(Cow::Borrowed(bytes)))
            }
        }
        deserializer.deserialize_bytes(Borrowing)
    }
}
