//! Samples of what happens to nodes, and of their records.

use std::collections::BTreeSet;

use bytes::Bytes;
use easel_storage::names::SecretHash;
use easel_storage::nodes::{
    AuthorityRow, JoinTokenRow, NodeCount, NodePlace, NodeRow, NodesCommand, NodesOutcome, TakenBy,
};
use easel_storage::rows::{RowKind, Single};
use easel_storage::{Outcome, Reply};

use super::{AT, Samples};

const HASH: SecretHash = SecretHash::from_bytes([0xc1; 32]);
const KEY: SecretHash = SecretHash::from_bytes([0xc2; 32]);

pub(super) fn expect_every_command() {
    let number = |command: &NodesCommand| match command {
        NodesCommand::PutAuthority { .. } => 0,
        NodesCommand::OfferJoin { .. } => 1,
        NodesCommand::TakeJoin { .. } => 2,
        NodesCommand::PutNode { .. } => 3,
        NodesCommand::ForgetNode { .. } => 4,
        NodesCommand::ForgetAll => 5,
    };
    let numbers: BTreeSet<_> = commands().iter().map(|(_, c)| number(c)).collect();
    assert_eq!(numbers, (0..=5).collect());
}

pub(super) fn commands() -> Vec<(&'static str, NodesCommand)> {
    let authority = NodesCommand::PutAuthority {
        certificate: Bytes::from_static(b"certificate"),
        sealed_key: Bytes::from_static(b"sealed"),
    };
    let offer = NodesCommand::OfferJoin {
        hash: HASH,
        expires_at: AT,
    };
    let take = NodesCommand::TakeJoin {
        hash: HASH,
        key: KEY,
        place: place(),
    };
    let put = NodesCommand::PutNode {
        node: 300,
        place: place(),
    };
    vec![
        ("nodes-put-authority", authority),
        ("nodes-offer-join", offer),
        ("nodes-take-join", take),
        ("nodes-put", put),
        ("nodes-forget", NodesCommand::ForgetNode { node: 300 }),
        ("nodes-forget-all", NodesCommand::ForgetAll),
    ]
}

pub(super) fn replies() -> Vec<(&'static str, Reply)> {
    let outcomes = [
        ("nodes-done", NodesOutcome::Done),
        ("nodes-authority", NodesOutcome::Authority(authority())),
        ("nodes-joined", NodesOutcome::Joined { node: 300 }),
    ];
    // A new outcome does not compile until it is named here.
    for (_, outcome) in &outcomes {
        match outcome {
            NodesOutcome::Done | NodesOutcome::Authority(_) | NodesOutcome::Joined { .. } => {}
        }
    }
    outcomes
        .map(|(name, outcome)| (name, Ok(Outcome::Nodes(outcome))))
        .into()
}

pub(super) fn check_rows(samples: &mut Samples) -> BTreeSet<RowKind> {
    let mut kinds = BTreeSet::new();
    samples.check_row(&mut kinds, "authority", &Single, &authority());
    let open = JoinTokenRow {
        expires_at: AT,
        taken: None,
    };
    let taken = JoinTokenRow {
        taken: Some(TakenBy {
            key: KEY,
            node: 300,
        }),
        ..open
    };
    samples.check_row(&mut kinds, "join-token", &HASH, &open);
    samples.check_row(&mut kinds, "join-token-taken", &HASH, &taken);
    let node = NodeRow {
        place: place(),
        joined_at: AT,
    };
    samples.check_row(&mut kinds, "node", &300, &node);
    samples.check_row(&mut kinds, "node-count", &Single, &NodeCount(300));
    kinds
}

fn place() -> NodePlace {
    NodePlace {
        address: "10.0.0.7:7080".to_owned(),
        url: "https://boards.example.org".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

fn authority() -> AuthorityRow {
    AuthorityRow {
        certificate: Bytes::from_static(b"certificate"),
        sealed_key: Bytes::from_static(b"sealed"),
        created_at: AT,
    }
}
