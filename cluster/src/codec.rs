//! The bytes that this crate leaves on disk: log entries, the vote, log ids, the marker in the state
//! file. Each starts with a version byte, since a log outlives the release that wrote it; the shapes
//! below are frozen, and `tests/golden` holds one sample of each.
//!
//! They are our own structs and not openraft's, so that an upgrade of openraft cannot change a file.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use easel_storage::ClusterId;
use openraft::{CommittedLeaderId, EntryPayload};
use serde::{Deserialize, Serialize};

use crate::raft::{
    Commands, Entry, LogId, Membership, Peer, Proposal, Stamp, StoredMembership, Vote,
};

const V1: u8 = 1;
const ENTRY: &str = "a log entry";
const CHECKED_HEAD_BYTES: usize = 5;
/// What stands before an entry's commands is less.
const ENTRY_HEAD_BYTES: usize = 64;

/// Why stored bytes cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum DecodeError {
    #[error("{what} is empty")]
    Empty { what: &'static str },
    #[error("{what} has format {found}, this release reads up to {known}")]
    NewerFormat {
        what: &'static str,
        found: u8,
        known: u8,
    },
    #[error("{what} does not match its checksum")]
    Checksum { what: &'static str },
    #[error("{what} is garbled: {why}")]
    Garbled { what: &'static str, why: String },
}

/// What the state file holds about the log, written in the same transaction as its effects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) cluster: ClusterId,
    pub(crate) applied: Option<LogId>,
    pub(crate) membership: StoredMembership,
}

/// Who a log file belongs to: the same ids stand in `node.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) cluster: ClusterId,
    pub(crate) node: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct IdentityV1 {
    cluster: [u8; 16],
    node: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct LogIdV1 {
    term: u64,
    leader: u64,
    index: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct VoteV1 {
    term: u64,
    node: u64,
    committed: bool,
}

#[derive(Serialize, Deserialize)]
struct PeerV1 {
    address: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MembershipV1 {
    configs: Vec<BTreeSet<u64>>,
    nodes: BTreeMap<u64, PeerV1>,
}

#[derive(Serialize, Deserialize)]
enum PayloadV1 {
    Blank,
    /// Behind the entry follow the [`Commands`], as a field of this would: so they are copied in one piece.
    Commands {
        stamp_ms: u64,
    },
    Membership(MembershipV1),
}

#[derive(Serialize, Deserialize)]
struct EntryV1 {
    id: LogIdV1,
    payload: PayloadV1,
}

#[derive(Serialize, Deserialize)]
struct MarkerV1 {
    cluster: [u8; 16],
    applied: Option<LogIdV1>,
    membership_at: Option<LogIdV1>,
    membership: MembershipV1,
}

/// Version, CRC-32 of the rest, entry. The checksum is there because a rotten entry would otherwise
/// reach the state of every node.
pub(crate) fn encode_entry_onto(entry: &Entry, out: &mut Vec<u8>) {
    let (payload, commands) = match &entry.payload {
        EntryPayload::Blank => (PayloadV1::Blank, &[][..]),
        EntryPayload::Normal(proposal) => {
            let stamp_ms = proposal.stamp.0;
            (PayloadV1::Commands { stamp_ms }, proposal.commands.run())
        }
        EntryPayload::Membership(membership) => (PayloadV1::Membership(membership.into()), &[][..]),
    };
    let body = EntryV1 {
        id: entry.log_id.into(),
        payload,
    };
    out.reserve(ENTRY_HEAD_BYTES + commands.len());
    write_checked_with(out, &body, commands);
}

pub(crate) fn encode_entry(entry: &Entry) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_entry_onto(entry, &mut bytes);
    bytes
}

/// Whether the bytes are an entry as it was written, without taking it apart.
pub(crate) fn check_entry(bytes: &[u8]) -> Result<(), DecodeError> {
    checked(ENTRY, bytes).map(drop)
}

/// The commands are a part of `bytes`, not a copy.
pub(crate) fn decode_entry(bytes: &Bytes) -> Result<Entry, DecodeError> {
    let (entry, rest): (EntryV1, _) = take(ENTRY, checked(ENTRY, bytes)?)?;
    let payload = match entry.payload {
        PayloadV1::Commands { stamp_ms } => EntryPayload::Normal(Proposal {
            stamp: Stamp(stamp_ms),
            commands: Commands::parse(bytes.slice_ref(rest))?,
        }),
        PayloadV1::Blank | PayloadV1::Membership(_) if !rest.is_empty() => {
            return Err(too_many(ENTRY, rest));
        }
        PayloadV1::Blank => EntryPayload::Blank,
        PayloadV1::Membership(membership) => EntryPayload::Membership(membership.into()),
    };
    Ok(Entry {
        log_id: entry.id.into(),
        payload,
    })
}

pub(crate) fn encode_log_id(id: LogId) -> Vec<u8> {
    write(vec![V1], &LogIdV1::from(id))
}

pub(crate) fn decode_log_id(bytes: &[u8]) -> Result<LogId, DecodeError> {
    const WHAT: &str = "a log id";
    Ok(read::<LogIdV1>(WHAT, versioned(WHAT, bytes)?)?.into())
}

/// Only what the old log held; this writes what the tests hold its reader to.
#[cfg(test)]
pub(crate) fn encode_vote(vote: &Vote) -> Vec<u8> {
    write(vec![V1], &VoteV1::from(*vote))
}

pub(crate) fn decode_vote(bytes: &[u8]) -> Result<Vote, DecodeError> {
    const WHAT: &str = "the vote";
    Ok(read::<VoteV1>(WHAT, versioned(WHAT, bytes)?)?.into())
}

/// As `encode_vote`.
#[cfg(test)]
pub(crate) fn encode_identity(identity: &Identity) -> Vec<u8> {
    write(vec![V1], &IdentityV1::from(*identity))
}

pub(crate) fn decode_identity(bytes: &[u8]) -> Result<Identity, DecodeError> {
    const WHAT: &str = "the owner of the log";
    Ok(read::<IdentityV1>(WHAT, versioned(WHAT, bytes)?)?.into())
}

pub(crate) fn encode_marker(marker: &Marker) -> Vec<u8> {
    let body = MarkerV1 {
        cluster: *marker.cluster.as_bytes(),
        applied: marker.applied.map(LogIdV1::from),
        membership_at: marker.membership.log_id().map(LogIdV1::from),
        membership: marker.membership.membership().into(),
    };
    write(vec![V1], &body)
}

pub(crate) fn decode_marker(bytes: &[u8]) -> Result<Marker, DecodeError> {
    const WHAT: &str = "the marker of the state file";
    let marker: MarkerV1 = read(WHAT, versioned(WHAT, bytes)?)?;
    Ok(Marker {
        cluster: ClusterId::from_bytes(marker.cluster),
        applied: marker.applied.map(LogId::from),
        membership: StoredMembership::new(
            marker.membership_at.map(LogId::from),
            marker.membership.into(),
        ),
    })
}

/// Version, CRC-32 of the rest, body.
pub(crate) fn write_checked(out: &mut Vec<u8>, body: &impl Serialize) {
    write_checked_with(out, body, &[]);
}

/// The same with bytes behind the body.
fn write_checked_with(out: &mut Vec<u8>, body: &impl Serialize, rest: &[u8]) {
    let start = out.len();
    let mut bytes = std::mem::take(out);
    bytes.extend([V1, 0, 0, 0, 0]);
    let mut bytes = write(bytes, body);
    bytes.extend_from_slice(rest);
    let crc = crc32fast::hash(&bytes[start + CHECKED_HEAD_BYTES..]);
    bytes[start + 1..start + CHECKED_HEAD_BYTES].copy_from_slice(&crc.to_le_bytes());
    *out = bytes;
}

/// The body of what `write_checked` wrote.
pub(crate) fn checked<'a>(what: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let rest = versioned(what, bytes)?;
    let (crc, body) = rest
        .split_first_chunk::<4>()
        .ok_or(DecodeError::Checksum { what })?;
    if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
        return Err(DecodeError::Checksum { what });
    }
    Ok(body)
}

pub(crate) fn write(head: Vec<u8>, body: &impl Serialize) -> Vec<u8> {
    postcard::to_extend(body, head).expect("postcard fails only on unsized sequences and writers")
}

pub(crate) fn read<'a, T: Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<T, DecodeError> {
    match take(what, bytes)? {
        (value, []) => Ok(value),
        (_, rest) => Err(too_many(what, rest)),
    }
}

/// A value, and what stands behind it.
fn take<'a, T: Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<(T, &'a [u8]), DecodeError> {
    postcard::take_from_bytes(bytes).map_err(|error| DecodeError::Garbled {
        what,
        why: error.to_string(),
    })
}

fn too_many(what: &'static str, rest: &[u8]) -> DecodeError {
    let why = format!("{} bytes too many", rest.len());
    DecodeError::Garbled { what, why }
}

pub(crate) fn versioned<'a>(what: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::Empty { what }),
        Some((&V1, rest)) => Ok(rest),
        Some((&found, _)) => Err(DecodeError::NewerFormat {
            what,
            found,
            known: V1,
        }),
    }
}

impl From<LogId> for LogIdV1 {
    fn from(id: LogId) -> Self {
        Self {
            term: id.leader_id.term,
            leader: id.leader_id.node_id,
            index: id.index,
        }
    }
}

impl From<LogIdV1> for LogId {
    fn from(id: LogIdV1) -> Self {
        LogId::new(CommittedLeaderId::new(id.term, id.leader), id.index)
    }
}

impl From<Identity> for IdentityV1 {
    fn from(identity: Identity) -> Self {
        Self {
            cluster: *identity.cluster.as_bytes(),
            node: identity.node,
        }
    }
}

impl From<IdentityV1> for Identity {
    fn from(identity: IdentityV1) -> Self {
        Self {
            cluster: ClusterId::from_bytes(identity.cluster),
            node: identity.node,
        }
    }
}

impl From<Vote> for VoteV1 {
    fn from(vote: Vote) -> Self {
        Self {
            term: vote.leader_id.term,
            node: vote.leader_id.node_id,
            committed: vote.committed,
        }
    }
}

impl From<VoteV1> for Vote {
    fn from(vote: VoteV1) -> Self {
        if vote.committed {
            Vote::new_committed(vote.term, vote.node)
        } else {
            Vote::new(vote.term, vote.node)
        }
    }
}

impl From<&Membership> for MembershipV1 {
    fn from(membership: &Membership) -> Self {
        let nodes = membership.nodes().map(|(id, peer)| {
            let address = peer.address.clone();
            (*id, PeerV1 { address })
        });
        Self {
            configs: membership.get_joint_config().clone(),
            nodes: nodes.collect(),
        }
    }
}

impl From<MembershipV1> for Membership {
    fn from(membership: MembershipV1) -> Self {
        let nodes = membership.nodes.into_iter().map(|(id, peer)| {
            let address = peer.address;
            (id, Peer { address })
        });
        Membership::new(membership.configs, nodes.collect::<BTreeMap<_, _>>())
    }
}
