//! What a password must be, and what it costs to ask.

use super::{PASSWORD, World};
use crate::auth::password::Password;
use crate::auth::{Context, HashCost, wall_clock};
use crate::http::problem::Code;
use crate::testing::TestNode;
use axum::http::{HeaderMap, HeaderValue, header};
use easel_storage::UserId;
use easel_storage::names::{DisplayName, Email};
use easel_storage::people::{InstanceRole, NewUser, PeopleCommand};
use std::time::Instant;

#[tokio::test]
async fn a_weak_password_is_refused_with_every_reason() {
    let world = World::start().await;
    let context = Context::new(&["ada@example.org"]);
    let weak = world
        .auth()
        .hash_password(Password::new("ada1".to_owned()), &context, "/password");
    let problem = weak.await.unwrap_err();
    assert_eq!(problem.code, Code::WeakPassword);
    let codes: Vec<_> = problem
        .errors
        .iter()
        .map(|error| (error.pointer.as_str(), error.code))
        .collect();
    assert_eq!(
        codes,
        [("/password", "too-short"), ("/password", "names-you")]
    );
}

/// For orientation: `cargo test -p easel auth::tests::what_a_check_costs -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "prints a figure"]
async fn what_a_check_costs() {
    let world = World::start().await;
    world.account("ada").await;
    let token = world.sign_in("ada", PASSWORD).await.unwrap().tokens.access;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::AUTHORIZATION,
        HeaderValue::from_str(&format!("Bearer {token}")).unwrap(),
    );
    const TIMES: u32 = 20_000;
    let began = Instant::now();
    for _ in 0..TIMES {
        world.auth().caller(&headers, wall_clock()).await.unwrap();
    }
    println!("a token check: {:?}", began.elapsed() / TIMES);
}

/// Who there is cannot be told from how long a refusal takes: each costs one hash.
#[tokio::test]
async fn every_refusal_costs_one_hash() {
    let world = World::start().await;
    world.account("ada").await;
    let closed = world.account("closed").await.id;
    world
        .people(PeopleCommand::SetDisabled {
            user: closed,
            disabled: true,
        })
        .await;
    let bare = NewUser {
        user: UserId::mint(),
        email: Email::try_from("bare@example.org".to_owned()).unwrap(),
        name: DisplayName::try_from("bare".to_owned()).unwrap(),
        role: InstanceRole::Member,
        password: None,
    };
    world.people(PeopleCommand::CreateUser(bare)).await;
    for name in ["ada", "closed", "bare", "nobody", "not an address"] {
        let before = world.auth().hasher.made();
        let refused = world.sign_in(name, "not the password").await;
        assert_eq!(
            refused.unwrap_err().code,
            Code::InvalidCredentials,
            "{name}"
        );
        assert_eq!(world.auth().hasher.made() - before, 1, "{name}");
    }
}

/// The same, measured: of two times 500 refusals, known and unknown by turns, neither side is the slower one.
#[tokio::test]
#[ignore = "takes long, and wants a machine to itself; `make soak` runs it"]
async fn a_known_address_is_refused_in_the_time_of_an_unknown_one() {
    const SAMPLES: usize = 500;
    /// Of two equal sides this is exceeded once in 30,000 runs.
    const DEVIATIONS_MAX: f64 = 4.0;
    // An eighth of what is usual, which is the harder case: a difference beside the hash shows sooner.
    let cost = HashCost {
        memory_kib: 8 << 10,
        ..HashCost::default()
    };
    let world = World {
        node: TestNode::start_hashing(cost).await,
    };
    world.account("ada").await;
    let mut took: Vec<(std::time::Duration, bool)> = Vec::new();
    for sample in 0..2 * SAMPLES {
        let is_known = sample % 2 == 0;
        // The guard forgets within the day, and each unknown one is another.
        let now = wall_clock().plus_ms(sample as u64 * 24 * 60 * 60 * 1000);
        let name = if is_known {
            "ada".to_owned()
        } else {
            format!("nobody{sample}")
        };
        let began = Instant::now();
        let refused = world.sign_in_at(&name, "not the password", now).await;
        took.push((began.elapsed(), is_known));
        assert_eq!(refused.unwrap_err().code, Code::InvalidCredentials);
    }
    // Mann and Whitney: how far the sum of the known ones' ranks is from that of equal sides.
    took.sort();
    let ranks = took
        .iter()
        .enumerate()
        .filter(|(_, (_, is_known))| *is_known);
    let sum: f64 = ranks.map(|(rank, _)| rank as f64 + 1.0).sum();
    let n = SAMPLES as f64;
    let (mean, deviation) = (
        n * (2.0 * n + 1.0) / 2.0,
        (n * n * (2.0 * n + 1.0) / 12.0).sqrt(),
    );
    let off = (sum - mean) / deviation;
    eprintln!("the known ones' ranks are {off:.2} standard deviations off");
    assert!(off.abs() < DEVIATIONS_MAX, "{off}");
}
