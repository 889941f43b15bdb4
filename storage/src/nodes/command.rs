//! What can happen to the list of nodes, and how it ends.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::records::AuthorityRow;
use crate::ids::Time;
use crate::names::SecretHash;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodesCommand {
    /// Makes the cluster's authority. There is one: a second is answered with the first.
    PutAuthority {
        certificate: Bytes,
        sealed_key: Bytes,
    },
    /// Whoever has the secret may bring one node in until then.
    OfferJoin { hash: SecretHash, expires_at: Time },
    /// Takes a token and gives the node an id that no other ever had. The same key with the same token is the same node.
    TakeJoin {
        hash: SecretHash,
        key: SecretHash,
        place: NodePlace,
    },
    /// Where a node is now and what it runs.
    PutNode { node: u64, place: NodePlace },
    /// It is no member any more and never will be again. Its id is not used again.
    ForgetNode { node: u64 },
    /// The state becomes that of another cluster: it knows no node, no token and no authority.
    ForgetAll,
}

/// Where a node is found and what it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePlace {
    /// By the other nodes: `host:port`.
    pub address: String,
    /// By people: `https://host`.
    pub url: String,
    /// The release it runs.
    pub version: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodesOutcome {
    Done,
    Authority(AuthorityRow),
    /// The id of the node that was let in.
    Joined {
        node: u64,
    },
}
