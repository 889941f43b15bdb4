//! What is said about the membership between nodes of different releases: the samples are frozen like those on disk.

use easel_storage::nodes::NodePlace;

use crate::members::wire::{self, Answer, Ask, Join, Joined, Kind, Manage};
use crate::tests::golden::check;

fn place() -> NodePlace {
    NodePlace {
        address: "10.0.0.7:7080".to_owned(),
        url: "https://boards.example.org".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

#[test]
fn questions_about_the_membership_stay_readable() {
    let join = Join {
        secret: [7; 32],
        public_key: vec![4; 65],
        place: place(),
        at_ms: 1_767_225_600_123,
        peer_format: 1,
        cluster_name: "drawing".to_owned(),
    };
    let manage = [
        ("offer", Manage::OfferJoin { life_ms: 3_600_000 }),
        ("promote", Manage::Promote { node: 300 }),
        ("remove", Manage::Remove { node: 300 }),
        ("transfer", Manage::Transfer { to: Some(300) }),
        ("transfer_any", Manage::Transfer { to: None }),
    ];
    let mut asks = vec![
        ("join", Ask::Join(join)),
        ("here", Ask::Here(place())),
        ("elect", Ask::Elect),
        ("alive", Ask::Alive),
    ];
    asks.extend(manage.map(|(name, what)| (name, Ask::Manage(what))));
    for (name, ask) in asks {
        // A new question does not compile until it is named here.
        match &ask {
            Ask::Join(_) | Ask::Here(_) | Ask::Elect | Ask::Alive => {}
            Ask::Manage(
                Manage::OfferJoin { .. }
                | Manage::Promote { .. }
                | Manage::Remove { .. }
                | Manage::Transfer { .. },
            ) => {}
        }
        let name = format!("membership_ask_{name}");
        check(&name, &ask, wire::encode_ask, wire::decode_ask);
    }
}

#[test]
fn answers_about_the_membership_stay_readable() {
    let joined = Joined {
        cluster: [1; 16],
        instance: [2; 16],
        node: 300,
        certificate: b"certificate".to_vec(),
        authority: b"authority".to_vec(),
        nodes: vec![(1, "10.0.0.1:7080".to_owned())],
        master: "k4.local.key".to_owned(),
    };
    let refused = |kind| Answer::Refused {
        kind,
        why: "no".to_owned(),
    };
    let leader = Answer::Leader {
        address: "10.0.0.1:7080".to_owned(),
    };
    let token = Answer::Token {
        text: "easel-join-1.a.b".to_owned(),
    };
    for (name, answer) in [
        ("done", Answer::Done),
        ("joined", Answer::Joined(joined)),
        ("leader", leader),
        ("removed", Answer::Removed),
        ("token", token),
        ("transferred", Answer::Transferred { to: 300 }),
        ("refused", refused(Kind::Refused)),
        ("no_node", refused(Kind::NoNode)),
        ("quorum", refused(Kind::Quorum)),
        ("unavailable", refused(Kind::Unavailable)),
    ] {
        // A new answer does not compile until it is named here.
        match &answer {
            Answer::Done
            | Answer::Joined(_)
            | Answer::Leader { .. }
            | Answer::Removed
            | Answer::Token { .. }
            | Answer::Transferred { .. }
            | Answer::Refused {
                kind: Kind::Refused | Kind::NoNode | Kind::Quorum | Kind::Unavailable,
                ..
            } => {}
        }
        let name = format!("membership_answer_{name}");
        check(&name, &answer, wire::encode_answer, wire::decode_answer);
    }
}
