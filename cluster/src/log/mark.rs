//! `log/mark`: what the log must remember besides its entries. Written anew as a whole each time, which is seldom:
//! at an election, when the log is cut at either end, and when it is closed.

use serde::{Deserialize, Serialize};

use crate::codec::{self, DecodeError, Identity, IdentityV1, LogIdV1, VoteV1};
use crate::raft::{LogId, Vote};

const WHAT: &str = "the mark of the log";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) owner: Identity,
    pub(crate) vote: Option<Vote>,
    /// The log begins after this.
    pub(crate) purged: Option<LogId>,
    /// The log reaches at least to this entry: an end before it is damage, and no append that a crash cut off.
    pub(crate) reaches: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct MarkV1 {
    owner: IdentityV1,
    vote: Option<VoteV1>,
    purged: Option<LogIdV1>,
    reaches: Option<u64>,
}

/// Version, CRC-32 of the rest, mark.
pub(crate) fn encode(mark: &Mark) -> Vec<u8> {
    let body = MarkV1 {
        owner: mark.owner.into(),
        vote: mark.vote.map(VoteV1::from),
        purged: mark.purged.map(LogIdV1::from),
        reaches: mark.reaches,
    };
    let mut bytes = Vec::new();
    codec::write_checked(&mut bytes, &body);
    bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Mark, DecodeError> {
    // Every version keeps this beginning, so what does not match is damage, whatever its first byte says.
    let beginning = bytes
        .get(1..)
        .and_then(|rest| rest.split_first_chunk::<4>());
    let (crc, body) = beginning.ok_or(DecodeError::Empty { what: WHAT })?;
    if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
        return Err(DecodeError::Checksum { what: WHAT });
    }
    let mark: MarkV1 = codec::read(WHAT, codec::checked(WHAT, bytes)?)?;
    Ok(Mark {
        owner: mark.owner.into(),
        vote: mark.vote.map(Vote::from),
        purged: mark.purged.map(LogId::from),
        reaches: mark.reaches,
    })
}
