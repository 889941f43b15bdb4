//! Nodes, join tokens and the cluster's authority, as stored.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::command::NodePlace;
use crate::ids::Time;
use crate::names::SecretHash;
use crate::rows::{Record, RowKind, Single};

/// Join tokens that hold at a time.
pub const JOIN_TOKENS_MAX: usize = 100;

/// What signs the nodes' certificates: its own certificate in DER, and its key, sealed with a key that is not in the
/// state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityRow {
    pub certificate: Bytes,
    pub sealed_key: Bytes,
    pub created_at: Time,
}

impl Record for AuthorityRow {
    const KIND: RowKind = RowKind::Authority;
    type Key = Single;
}

/// A token by which one node comes in, under the hash of its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinTokenRow {
    pub expires_at: Time,
    pub taken: Option<TakenBy>,
}

/// Which node a token let in. Whoever comes again with the same key is that node, whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBy {
    /// Of the node's public key.
    pub key: SecretHash,
    pub node: u64,
}

impl Record for JoinTokenRow {
    const KIND: RowKind = RowKind::JoinToken;
    type Key = SecretHash;
}

/// A node that may be a member. One that was removed has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRow {
    pub place: NodePlace,
    pub joined_at: Time,
}

impl Record for NodeRow {
    const KIND: RowKind = RowKind::Node;
    type Key = u64;
}

/// The highest node id that was ever given out, the first node's included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeCount(pub u64);

impl Record for NodeCount {
    const KIND: RowKind = RowKind::NodeCount;
    type Key = Single;
}
