//! A node that has lost touch with the others: what it answers, and to whom.

use super::door;
use crate::testing::TestNode;
use easel_cluster::Status;
use std::time::Duration;
use tokio::sync::watch;

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn say(status: &watch::Sender<Status>, in_touch: bool) {
    status.send_modify(|status| status.in_touch = in_touch);
}

#[tokio::test]
async fn out_of_touch_nothing_is_read_and_monitors_are_told() {
    let (node, status) = TestNode::start_with_status().await;
    tokio::spawn(door::watch_touch(node.app.clone()));
    let id = node.board("Plan").await;
    let board = format!("GET /api/v1/boards/{id}");
    assert_eq!(node.ask(&board).await.status, 200);

    say(&status, false);
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

    say(&status, true);
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
    let (node, status) = TestNode::start_with_status().await;
    let id = node.board("Plan").await;
    say(&status, false);
    let board = format!("GET /api/v1/boards/{id}");
    let back = async {
        // So many that the request has come to its wait.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        say(&status, true);
    };
    let (answer, ()) = tokio::join!(node.ask(&board), back);
    assert_eq!(answer.status, 200);
}
