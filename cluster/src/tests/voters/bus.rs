//! What is said between nodes: heard by those who want it, dropped where it does not fit, said anew what is wanted.

use std::collections::BTreeMap;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::group::{ALL, Group, no_cuts};
use crate::bus::{BUS_MESSAGE_BYTES_MAX, Heard};
use crate::tests::within;

const TOPIC: &[u8] = b"brd_one";

type Ears = BTreeMap<u64, mpsc::Receiver<Heard>>;

fn listen(group: &Group) -> Ears {
    let listening = group.nodes.iter();
    let ear = |(id, node): (&u64, &crate::Node)| (*id, node.bus().listen().expect("nobody else"));
    listening.map(ear).collect()
}

async fn hear(ear: &mut mpsc::Receiver<Heard>) -> Bytes {
    let hearing = async {
        loop {
            match ear.recv().await.expect("the node runs") {
                Heard::Message { topic, message } => {
                    assert_eq!(&topic[..], TOPIC);
                    return message;
                }
                Heard::Anew => {}
            }
        }
    };
    within("a message", hearing).await
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    within(what, waiting).await;
}

fn number(n: u32) -> [u8; 4] {
    n.to_be_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wants_a_topic_hears_it_in_order_and_nobody_else() {
    let group = Group::form(no_cuts()).await;
    let bus = |node| group.nodes[&node].bus();
    let mut ears = listen(&group);
    bus(1).want(TOPIC);
    bus(2).want(TOPIC);
    bus(3).want(b"brd_other");
    until("3 reaches both", || bus(3).reach(TOPIC) == 2).await;
    until("1 reaches 2", || bus(1).reach(TOPIC) == 1).await;
    for n in 0..500 {
        bus(1).publish(TOPIC, &number(n));
        if n % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    for n in 0..500 {
        let message = hear(ears.get_mut(&2).expect("an ear")).await;
        assert_eq!(message, number(n)[..]);
    }
    // From a node that has it not open itself, to both who have.
    bus(3).publish(TOPIC, b"from three");
    for node in [1, 2] {
        let message = hear(ears.get_mut(&node).expect("an ear")).await;
        assert_eq!(message, b"from three"[..]);
    }
    bus(2).forget(TOPIC);
    until("2 wants no more", || !bus(1).is_wanted(TOPIC)).await;
    let before = bus(1).counts();
    bus(1).publish(TOPIC, b"to nobody");
    assert_eq!(bus(1).counts().sent, before.sent);
    assert_eq!(bus(1).counts().dropped, 0);
    assert_eq!(bus(3).counts().heard, 0);
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_comes_back_says_anew_what_it_wants() {
    let mut group = Group::form(no_cuts()).await;
    group.nodes[&1].bus().want(TOPIC);
    let away = group.follower().await;
    let here = *ALL.iter().find(|n| **n != away && **n != 1).unwrap_or(&1);
    group.nodes[&here].bus().want(TOPIC);
    group.kill(away).await;
    group.start(away).await;
    let (bus, other) = (group.nodes[&away].bus(), group.nodes[&here].bus());
    let mut ear = bus.listen().expect("nobody else");
    bus.want(TOPIC);
    until("both are wanted", || {
        bus.is_wanted(TOPIC) && other.is_wanted(TOPIC)
    })
    .await;
    // Through the connection of before it was killed it may go nowhere, which is noticed and mended.
    let hearing = async {
        let mut n = 0;
        loop {
            n += 1;
            other.publish(TOPIC, &number(n));
            tokio::select! {
                heard = hear(&mut ear) => return heard,
                () = tokio::time::sleep(std::time::Duration::from_millis(20)) => {}
            }
        }
    };
    within("a message after all", hearing).await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_cut_off_node_does_not_take_is_dropped_and_the_others_hear_it() {
    let group = Group::form(no_cuts()).await;
    let mut ears = listen(&group);
    let [one, two, three] = ALL.map(|node| group.nodes[&node].bus());
    for bus in [&two, &three] {
        bus.want(TOPIC);
    }
    until("both are reached", || one.reach(TOPIC) == 2).await;
    group.net.cut_off(3, ALL);
    let large = vec![7; BUS_MESSAGE_BYTES_MAX];
    let heard_by_two = async {
        while one.counts().dropped == 0 {
            one.publish(TOPIC, &large);
            while hear(ears.get_mut(&2).expect("an ear")).await != large {}
        }
    };
    within("the queue to overflow", heard_by_two).await;
    one.publish(TOPIC, &vec![7; BUS_MESSAGE_BYTES_MAX + 1]);
    group.net.heal();
    // And then it is heard again.
    let ear = ears.get_mut(&3).expect("an ear");
    let hearing = async {
        loop {
            one.publish(TOPIC, b"again");
            tokio::select! {
                heard = hear(ear) => if heard == b"again"[..] {
                    return;
                },
                () = tokio::time::sleep(std::time::Duration::from_millis(20)) => {}
            }
        }
    };
    within("hearing again", hearing).await;
    group.shutdown().await;
}
