//! People on different nodes of one Easel.

use easel_tests::{Client, Dialect, Group, NodeOptions, Stock, within_for};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

async fn until_saved(client: &Client) {
    within_for(PATIENCE, "everything to be saved", async || {
        (client.saved_frames() == client.sent_frames()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_on_three_nodes_draw_together_and_go_on_when_the_leader_dies() {
    let mut group = Group::start(NodeOptions::raw()).await;
    // Their room is open before the node has company.
    let mut first = Stock::y_websocket(&group.nodes[0].address, "shared");
    first.tell("synced").await;
    first.tell("set alone 1").await;
    group.grow().await;
    group.grow().await;
    group.until_all_vote().await;

    let address = |no: usize| group.nodes[no].address.clone();
    let mut stock = vec![
        first,
        Stock::y_websocket(&address(1), "shared"),
        Stock::y_websocket(&address(2), "shared"),
    ];
    let mut own = Vec::new();
    for no in 0..3 {
        own.push(Client::join(&address(no), "shared", Dialect::Easel).await);
    }
    for (no, client) in stock.iter_mut().enumerate() {
        client.tell("synced").await;
        client.tell("wait alone 1").await;
        client.tell(&format!("name Person{no}")).await;
        client.tell(&format!("set from{no} 2")).await;
    }
    for client in &mut stock {
        for no in 0..3 {
            client.tell(&format!("sees Person{no}")).await;
            client.tell(&format!("wait from{no} 2")).await;
        }
    }
    // Each draws at its own node, and each is told that it is on a majority's disks.
    for (no, client) in own.iter().enumerate() {
        client.set(&format!("own{no}"), "3");
    }
    for client in &own {
        until_saved(client).await;
        for no in 0..3 {
            client.until_has(&format!("own{no}")).await;
        }
    }

    let leader = group.leader().await;
    let [one, other] = [(leader + 1) % 3, (leader + 2) % 3];
    group.nodes[leader].kill().await;
    stock[one].tell("set meanwhile 4").await;
    stock[other].tell("wait meanwhile 4").await;
    own[other].set("still", "5");
    until_saved(&own[other]).await;
    stock[one].tell("wait still 5").await;

    // One of three knows that it does not know: it is alive, not ready, and reads nothing to anybody.
    group.nodes[other].kill().await;
    let left = &group.nodes[one];
    within_for(PATIENCE, "the last node to say so", async || {
        (left.get("/readyz").await.status() == 503).then_some(())
    })
    .await;
    assert_eq!(left.get("/healthz").await.status(), 200);
    // Not ready it is as soon as it has no majority; for a second more it may answer by what the majority confirmed.
    let refused = within_for(PATIENCE, "the last node to read nothing", async || {
        let answer = left.get("/api/v1/boards").await;
        (answer.status() == 503).then_some(answer)
    })
    .await;
    let problem: serde_json::Value = refused.json().await.expect("a problem");
    let kind = problem["type"].as_str().expect("a type");
    assert!(kind.ends_with("/replica-behind"), "{problem}");
    // What is drawn there meanwhile is kept, and merges.
    stock[one].tell("set apart 6").await;
    group.restart(other).await;
    group.restart(leader).await;
    for client in &mut stock {
        client.tell("wait apart 6").await;
        client.tell("wait still 5").await;
    }
}
