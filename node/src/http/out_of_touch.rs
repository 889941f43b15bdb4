//! A node that has lost touch with the others: what it answers, and to whom.

use super::door;
use crate::testing::TestNode;
use std::time::Duration;

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn out_of_touch_nothing_is_read_and_monitors_are_told() {
    let (node, touch) = TestNode::start_with_touch().await;
    tokio::spawn(door::watch_touch(node.app.clone()));
    let id = node.board("Plan").await;
    let board = format!("GET /api/v1/boards/{id}");
    assert_eq!(node.ask(&board).await.status, 200);

    touch.lost();
    let refused = node.ask(&board).await;
    assert_eq!(refused.status, 503);
    assert_eq!(
        refused.json()["type"]
            .as_str()
            .map(|t| t.ends_with("/replica-behind")),
        Some(true),
        "{}",
        refused.body
    );
    assert!(refused.headers.contains_key("retry-after"));
    let ready = node.ask("GET /readyz").await;
    assert_eq!(
        (ready.status, &ready.json()["in_touch"]),
        (503, &false.into())
    );
    assert_eq!(node.ask("GET /healthz").await.status, 200);
    // The page itself comes, and says what it finds.
    assert_eq!(node.ask("GET /").await.status, 200);
    let name = id.parse().expect("a board");
    let closed = async {
        while node.app.rooms.admit(&name).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, closed)
        .await
        .expect("the rooms are closed");

    touch.good_for(LONG);
    assert_eq!(node.ask(&board).await.status, 200);
    let open = async {
        while node.app.rooms.admit(&name).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, open)
        .await
        .expect("the rooms are open");
}

#[tokio::test]
async fn who_asks_while_the_touch_is_away_for_a_moment_only_waits() {
    let (node, touch) = TestNode::start_with_touch().await;
    let id = node.board("Plan").await;
    touch.lost();
    let board = format!("GET /api/v1/boards/{id}");
    let back = async {
        // So many that the request has come to its wait.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        touch.good_for(LONG);
    };
    let (answer, ()) = tokio::join!(node.ask(&board), back);
    assert_eq!(answer.status, 200);
}

/// As when the whole process stood still: no timer of its own has run, and no task was told anything.
#[tokio::test]
async fn a_touch_that_ran_out_is_over_before_anybody_says_so() {
    let (node, touch) = TestNode::start_with_touch().await;
    let id = node.board("Plan").await;
    let name = id.parse().expect("a board");
    assert!(node.app.rooms.admit(&name).await.is_ok());

    touch.good_for(Duration::ZERO);
    assert!(node.app.rooms.admit(&name).await.is_err());
    let refused = node.ask(&format!("GET /api/v1/boards/{id}")).await;
    assert_eq!(refused.outcome(), "503 replica-behind");

    // It has come back, and nobody has looked yet at what everybody may do by now.
    touch.good_for(LONG);
    assert_eq!(
        node.ask(&format!("GET /api/v1/boards/{id}")).await.status,
        200
    );
    assert!(node.app.rooms.admit(&name).await.is_err());
    tokio::spawn(door::watch_touch(node.app.clone()));
    let open = async {
        while node.app.rooms.admit(&name).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, open)
        .await
        .expect("the rooms are open");
}
