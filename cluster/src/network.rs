//! Links to other nodes. A cluster of one has none: whoever asks for one is told so.

use std::future::Future;

use openraft::error::{Fatal, RPCError, RaftError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{RPCOption, RaftNetwork, RaftNetworkFactory};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse,
};
use openraft::{OptionalSend, Snapshot};

use crate::raft::{Peer, Types, Vote};

/// A group with one voter needs no link, so any that is asked for is refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoPeers;

#[derive(Debug)]
pub(crate) struct NoLink {
    target: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("node {target} cannot be reached: this release runs a node alone, without peers")]
struct Alone {
    target: u64,
}

type Refusal = RPCError<u64, Peer, RaftError<u64>>;

impl NoLink {
    fn refuse(&self) -> Unreachable {
        Unreachable::new(&Alone {
            target: self.target,
        })
    }
}

impl RaftNetworkFactory<Types> for NoPeers {
    type Network = NoLink;

    async fn new_client(&mut self, target: u64, _peer: &Peer) -> NoLink {
        NoLink { target }
    }
}

impl RaftNetwork<Types> for NoLink {
    async fn append_entries(
        &mut self,
        _rpc: AppendEntriesRequest<Types>,
        _option: RPCOption,
    ) -> Result<AppendEntriesResponse<u64>, Refusal> {
        Err(self.refuse().into())
    }

    async fn vote(
        &mut self,
        _rpc: VoteRequest<u64>,
        _option: RPCOption,
    ) -> Result<VoteResponse<u64>, Refusal> {
        Err(self.refuse().into())
    }

    async fn full_snapshot(
        &mut self,
        _vote: Vote,
        _snapshot: Snapshot<Types>,
        _cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<u64>, StreamingError<Types, Fatal<u64>>> {
        Err(self.refuse().into())
    }
}
