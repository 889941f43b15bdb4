//! What is said about the membership, as bytes. Frozen like what lies on disk: samples are in `tests/golden`. It must
//! outlive releases more than anything else here, since a node of any release may ask to come in, and be told why not.
//!
//! ```text
//! opening    "EASELMB\n"  u16 version  u64 node     answered by  "EASELMB\n"  u16 version
//! then       u32 length  question                   answered by  u32 length  answer
//! ```
//!
//! Numbers before a body are big-endian. The node is 0 for one that has no id yet.

use std::io;

use easel_storage::nodes::NodePlace;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::codec::{self, DecodeError};
use crate::network::Stream;
use crate::network::frame::{self, FrameError};

const MAGIC: &[u8; 8] = b"EASELMB\n";
const VERSION: u16 = 1;
const V1: u8 = 1;
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// A question about the membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Somebody who has a token wants to be a node.
    Join(Join),
    /// The caller, a node, is here and wants to be a member.
    Here(NodePlace),
    /// Stand for election now.
    Elect,
    /// Nothing but an answer.
    Alive,
    /// What an operator wants of the leader.
    Manage(Manage),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Join {
    pub(crate) secret: [u8; 32],
    /// Of the key that stays with the joiner.
    pub(crate) public_key: Vec<u8>,
    pub(crate) place: NodePlace,
    /// What the joiner's clock says.
    pub(crate) at_ms: u64,
    /// The format of what nodes say to each other.
    pub(crate) peer_format: u16,
    /// What the joiner believes the cluster to be called; empty: it does not care.
    pub(crate) cluster_name: String,
}

/// What an operator can have done to the membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Manage {
    OfferJoin { life_ms: u64 },
    Promote { node: u64 },
    Remove { node: u64 },
    Transfer { to: Option<u64> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    Joined(Joined),
    /// Ask there.
    Leader {
        address: String,
    },
    /// The caller is a node that was removed, or never was one.
    Removed,
    Token {
        text: String,
    },
    Transferred {
        to: u64,
    },
    Refused {
        kind: Kind,
        why: String,
    },
}

/// Of a refusal, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// The rules say no, and will tomorrow.
    Refused,
    /// There is no such node.
    NoNode,
    /// Fewer would be left than a majority.
    Quorum,
    /// Not now.
    Unavailable,
}

/// All that a new node needs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Joined {
    pub(crate) cluster: [u8; 16],
    pub(crate) instance: [u8; 16],
    pub(crate) node: u64,
    pub(crate) certificate: Vec<u8>,
    pub(crate) authority: Vec<u8>,
    /// Ids and addresses of the nodes there are.
    pub(crate) nodes: Vec<(u64, String)>,
    /// The installation's master key, as its file has it.
    pub(crate) master: String,
}

/// Not the key.
impl std::fmt::Debug for Joined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Joined")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

pub(crate) fn encode_ask(ask: &Ask) -> Vec<u8> {
    codec::write(vec![V1], ask)
}

pub(crate) fn decode_ask(bytes: &[u8]) -> Result<Ask, DecodeError> {
    const WHAT: &str = "a question about the membership";
    codec::read(WHAT, codec::versioned(WHAT, bytes)?)
}

pub(crate) fn encode_answer(answer: &Answer) -> Vec<u8> {
    codec::write(vec![V1], answer)
}

pub(crate) fn decode_answer(bytes: &[u8]) -> Result<Answer, DecodeError> {
    const WHAT: &str = "an answer about the membership";
    codec::read(WHAT, codec::versioned(WHAT, bytes)?)
}

/// Asks as this node, 0 for none; the answer must begin within `wait`.
pub(crate) async fn ask(
    mut stream: Stream,
    from: u64,
    ask: &Ask,
    wait: std::time::Duration,
) -> Result<Answer, FrameError> {
    let opening = [&MAGIC[..], &VERSION.to_be_bytes(), &from.to_be_bytes()].concat();
    frame::write_opening(&mut stream, &opening).await?;
    let mut reply = [0; 10];
    within(wait, stream.read_exact(&mut reply)).await?;
    check_opening(&reply)?;
    frame::write_frame(&mut stream, &encode_ask(ask)).await?;
    let answer = frame::read_frame(&mut stream, MESSAGE_BYTES_MAX, wait).await?;
    Ok(decode_answer(&answer)?)
}

/// Who says it is calling.
pub(crate) async fn read_opening(stream: &mut Stream) -> Result<u64, FrameError> {
    let mut opening = [0; 18];
    within(frame::STALL_MAX, stream.read_exact(&mut opening)).await?;
    let reply = [&MAGIC[..], &VERSION.to_be_bytes()].concat();
    // Told before it is looked at, so that a caller of another release learns which this is.
    frame::write_opening(stream, &reply).await?;
    let (head, from) = opening.split_first_chunk::<10>().expect("18 bytes");
    check_opening(head)?;
    Ok(u64::from_be_bytes(from.try_into().expect("8 bytes")))
}

pub(crate) async fn read_ask(stream: &mut Stream) -> Result<Ask, FrameError> {
    let ask = frame::read_frame(stream, MESSAGE_BYTES_MAX, frame::STALL_MAX).await?;
    Ok(decode_ask(&ask)?)
}

pub(crate) async fn answer(stream: &mut Stream, answer: &Answer) -> Result<(), FrameError> {
    frame::write_frame(stream, &encode_answer(answer)).await?;
    // The caller reads to the end; without this it would see the line broken off.
    let _ = stream.shutdown().await;
    Ok(())
}

fn check_opening(head: &[u8; 10]) -> Result<(), FrameError> {
    if head[..8] != *MAGIC {
        return Err(FrameError::Foreign);
    }
    match u16::from_be_bytes([head[8], head[9]]) {
        VERSION => Ok(()),
        found => Err(FrameError::OtherVersion { found }),
    }
}

async fn within(
    wait: std::time::Duration,
    reading: impl Future<Output = io::Result<usize>>,
) -> Result<(), FrameError> {
    match tokio::time::timeout(wait, reading).await {
        Ok(read) => Ok(read.map(drop)?),
        Err(_) => Err(FrameError::Silent),
    }
}
