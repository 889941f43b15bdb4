//! Unmodified Yjs clients against a real node.

use easel_tests::{Node, NodeOptions, Stock};
use std::time::Duration;

#[tokio::test]
async fn y_websocket_and_pycrdt_share_a_document() {
    let node = Node::start(NodeOptions::raw()).await;
    let mut a = Stock::y_websocket(&node.address, "shared");
    let mut b = Stock::y_websocket(&node.address, "shared");
    let mut c = Stock::pycrdt(&node.address, "shared");
    for client in [&mut a, &mut b, &mut c] {
        client.tell("synced").await;
    }
    a.tell("set from y-websocket").await;
    c.tell("set to pycrdt").await;
    for client in [&mut a, &mut b, &mut c] {
        client.tell("wait from y-websocket").await;
        client.tell("wait to pycrdt").await;
    }
}

#[tokio::test]
async fn y_websocket_sees_who_is_here_and_who_left() {
    let node = Node::start(NodeOptions::raw()).await;
    let mut a = Stock::y_websocket(&node.address, "people");
    let mut b = Stock::y_websocket(&node.address, "people");
    a.tell("name Ada").await;
    b.tell("name Bob").await;
    a.tell("sees Bob").await;
    b.tell("sees Ada").await;
    drop(a);
    b.tell("misses Ada").await;
    b.tell("sees Bob").await;
}

#[tokio::test]
async fn y_websocket_comes_back_after_a_kill_and_nothing_is_lost() {
    let mut node = Node::start(NodeOptions::raw()).await;
    let mut a = Stock::y_websocket(&node.address, "restart");
    let mut b = Stock::y_websocket(&node.address, "restart");
    a.tell("synced").await;
    b.tell("synced").await;
    a.tell("set before 1").await;
    b.tell("wait before 1").await;
    node.kill().await;
    a.tell("set while down").await;
    a.tell("delete before").await;
    let node = node.restart().await;
    b.tell("wait while down").await;
    b.tell("set after 2").await;
    a.tell("wait after 2").await;
    let mut c = Stock::pycrdt(&node.address, "restart");
    c.tell("synced").await;
    c.tell("wait while down").await;
    c.tell("wait after 2").await;
}

/// A stock client hangs up after 30 s in which it hears nothing; one that is alone hears nothing from others.
#[tokio::test]
async fn y_websocket_left_alone_stays_connected() {
    let node = Node::start(NodeOptions::raw()).await;
    let mut alone = Stock::y_websocket(&node.address, "alone");
    let mut quiet = Stock::y_websocket(&node.address, "quiet");
    let mut silent = Stock::pycrdt(&node.address, "quiet");
    alone.tell("synced").await;
    quiet.tell("synced").await;
    silent.tell("synced").await;
    // Time itself is what is tested: it looks every three seconds.
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(alone.ask("drops").await, "0");
    assert_eq!(alone.ask("connected").await, "true");
    assert_eq!(quiet.ask("drops").await, "0");
    quiet.tell("set still here").await;
    silent.tell("wait still here").await;
}
