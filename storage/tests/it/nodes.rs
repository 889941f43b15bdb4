//! Nodes come in by tokens, under ids that no other ever had.

use crate::support::{apply, plain};
use easel_storage::names::SecretHash;
use easel_storage::nodes::{NodePlace, NodesCommand, NodesOutcome, NodesQuery};
use easel_storage::redb::State;
use easel_storage::{Outcome, Query, Rejection, Reply};

struct World {
    state: State,
    now: u64,
}

impl World {
    fn new() -> Self {
        let state = State::in_memory().expect("a state");
        Self { state, now: 1_000 }
    }

    fn run(&mut self, command: NodesCommand) -> Reply {
        self.now += 1;
        apply(&self.state, self.now, plain(command.into()))
    }

    fn offer(&mut self, token: u8, life_ms: u64) {
        let expires_at = easel_storage::Time(self.now + life_ms);
        let hash = hash(token);
        let offered = self.run(NodesCommand::OfferJoin { hash, expires_at });
        assert_eq!(offered, Ok(Outcome::Nodes(NodesOutcome::Done)));
    }

    fn take(&mut self, token: u8, key: u8) -> Result<u64, Rejection> {
        let command = NodesCommand::TakeJoin {
            hash: hash(token),
            key: hash(key),
            place: place("10.0.0.1:1"),
        };
        match self.run(command)? {
            Outcome::Nodes(NodesOutcome::Joined { node }) => Ok(node),
            other => panic!("{other:?}"),
        }
    }

    fn ids(&self) -> (Vec<u64>, u64) {
        let answer = self.state.query(&Query::Nodes(NodesQuery::All));
        let view = answer.expect("an answer").into_nodes();
        (view.nodes.iter().map(|(id, _)| *id).collect(), view.last_id)
    }
}

fn hash(n: u8) -> SecretHash {
    SecretHash::from_bytes([n; 32])
}

fn place(address: &str) -> NodePlace {
    NodePlace {
        address: address.to_owned(),
        url: String::new(),
        version: "0.1.0".to_owned(),
    }
}

#[test]
fn a_token_lets_one_node_in_and_only_in_time() {
    let mut world = World::new();
    let over = Err(Rejection::JoinTokenOver);
    assert_eq!(world.take(1, 10), over, "never given");
    world.offer(1, 1_000);
    assert_eq!(world.take(1, 10), Ok(2));
    assert_eq!(world.take(1, 10), Ok(2), "its answer was lost");
    assert_eq!(world.take(1, 11), over, "somebody else");
    world.offer(2, 1_000);
    world.now += 1_000;
    assert_eq!(world.take(2, 10), over, "too late");
    assert_eq!(world.ids(), (vec![2], 2));
}

#[test]
fn an_id_is_never_given_out_again_and_the_removed_do_not_come_back() {
    let mut world = World::new();
    world.offer(1, 1_000);
    world.offer(2, 1_000);
    assert_eq!(world.take(1, 10), Ok(2));
    let forgotten = world.run(NodesCommand::ForgetNode { node: 2 });
    assert_eq!(forgotten, Ok(Outcome::Nodes(NodesOutcome::Done)));
    assert_eq!(world.take(1, 10), Err(Rejection::JoinTokenOver));
    let put = |node| NodesCommand::PutNode {
        node,
        place: place("10.0.0.9:1"),
    };
    assert_eq!(world.run(put(2)), Err(Rejection::NodeNotFound));
    assert!(world.run(put(1)).is_ok(), "the first came by no token");
    assert_eq!(world.take(2, 12), Ok(3));
    assert_eq!(world.ids(), (vec![1, 3], 3));
}
