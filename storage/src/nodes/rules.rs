//! The rules about nodes: ids are never used twice, a token lets one node in.

use bytes::Bytes;

use super::command::{NodePlace, NodesCommand, NodesOutcome};
use super::records::{AuthorityRow, JOIN_TOKENS_MAX, JoinTokenRow, NodeCount, NodeRow, TakenBy};
use crate::command::{Outcome, Rejection, Reply};
use crate::ids::Time;
use crate::names::SecretHash;
use crate::rows::{ReadRows, Single, WriteRows};
use crate::tx::{Fault, WriteTx};

/// The node that made the cluster has this id and came by no token.
const FIRST_NODE: u64 = 1;

pub(crate) fn apply(
    tx: &mut dyn WriteTx,
    at: Time,
    command: &NodesCommand,
) -> Result<Reply, Fault> {
    match command {
        NodesCommand::PutAuthority {
            certificate,
            sealed_key,
        } => put_authority(tx, at, certificate, sealed_key),
        NodesCommand::OfferJoin { hash, expires_at } => offer_join(tx, at, *hash, *expires_at),
        NodesCommand::TakeJoin { hash, key, place } => take_join(tx, at, *hash, *key, place),
        NodesCommand::PutNode { node, place } => put_node(tx, at, *node, place),
        NodesCommand::ForgetNode { node } => {
            tx.delete::<NodeRow>(node)?;
            ended(NodesOutcome::Done)
        }
        NodesCommand::ForgetAll => forget_all(tx),
    }
}

fn ended(outcome: NodesOutcome) -> Result<Reply, Fault> {
    Ok(Ok(Outcome::Nodes(outcome)))
}

fn put_authority(
    tx: &mut dyn WriteTx,
    at: Time,
    certificate: &Bytes,
    sealed_key: &Bytes,
) -> Result<Reply, Fault> {
    if let Some(row) = tx.get::<AuthorityRow>(&Single)? {
        return ended(NodesOutcome::Authority(row));
    }
    let row = AuthorityRow {
        certificate: certificate.clone(),
        sealed_key: sealed_key.clone(),
        created_at: at,
    };
    tx.put(&Single, &row)?;
    ended(NodesOutcome::Authority(row))
}

fn offer_join(
    tx: &mut dyn WriteTx,
    at: Time,
    hash: SecretHash,
    expires_at: Time,
) -> Result<Reply, Fault> {
    let tokens = tx.all::<JoinTokenRow>(&Single)?;
    let (over, open): (Vec<_>, Vec<_>) = tokens
        .into_iter()
        .partition(|(_, row)| at >= row.expires_at);
    if open.len() >= JOIN_TOKENS_MAX {
        let max = JOIN_TOKENS_MAX as u64;
        return Ok(Err(Rejection::TooMany { max }));
    }
    for (hash, _) in over {
        tx.delete::<JoinTokenRow>(&hash)?;
    }
    let taken = None;
    tx.put(&hash, &JoinTokenRow { expires_at, taken })?;
    ended(NodesOutcome::Done)
}

fn take_join(
    tx: &mut dyn WriteTx,
    at: Time,
    hash: SecretHash,
    key: SecretHash,
    place: &NodePlace,
) -> Result<Reply, Fault> {
    let row = match tx.get::<JoinTokenRow>(&hash)? {
        Some(row) if at < row.expires_at => row,
        Some(_) | None => return Ok(Err(Rejection::JoinTokenOver)),
    };
    let node = match row.taken {
        Some(taken) if taken.key == key && tx.get::<NodeRow>(&taken.node)?.is_some() => taken.node,
        Some(_) => return Ok(Err(Rejection::JoinTokenOver)),
        None => last_id(tx)? + 1,
    };
    let taken = Some(TakenBy { key, node });
    tx.put(&hash, &JoinTokenRow { taken, ..row })?;
    tx.put(&Single, &NodeCount(last_id(tx)?.max(node)))?;
    write_place(tx, at, node, place)?;
    ended(NodesOutcome::Joined { node })
}

fn forget_all(tx: &mut dyn WriteTx) -> Result<Reply, Fault> {
    for (node, _) in tx.all::<NodeRow>(&Single)? {
        tx.delete::<NodeRow>(&node)?;
    }
    for (hash, _) in tx.all::<JoinTokenRow>(&Single)? {
        tx.delete::<JoinTokenRow>(&hash)?;
    }
    tx.delete::<NodeCount>(&Single)?;
    tx.delete::<AuthorityRow>(&Single)?;
    ended(NodesOutcome::Done)
}

/// Only of a node that is known: one that was removed does not come back by saying where it is.
fn put_node(tx: &mut dyn WriteTx, at: Time, node: u64, place: &NodePlace) -> Result<Reply, Fault> {
    if node != FIRST_NODE && tx.get::<NodeRow>(&node)?.is_none() {
        return Ok(Err(Rejection::NodeNotFound));
    }
    write_place(tx, at, node, place)?;
    ended(NodesOutcome::Done)
}

fn write_place(tx: &mut dyn WriteTx, at: Time, node: u64, place: &NodePlace) -> Result<(), Fault> {
    let known = tx.get::<NodeRow>(&node)?;
    let row = NodeRow {
        place: place.clone(),
        joined_at: known.map_or(at, |row| row.joined_at),
    };
    tx.put(&node, &row)
}

fn last_id(tx: &dyn WriteTx) -> Result<u64, Fault> {
    let count = tx.get::<NodeCount>(&Single)?;
    Ok(count.map_or(FIRST_NODE, |count| count.0))
}
