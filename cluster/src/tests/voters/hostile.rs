//! Whoever reaches the port of a node may send anything. It is told why it is refused, or dropped, and the group
//! goes on.

use std::time::Duration;

use easel_storage::names::SecretHash;
use easel_storage::nodes::{NodePlace, NodesCommand, NodesOutcome};
use easel_storage::{Actor, ClusterId, Command, Envelope, Outcome, Store, Time};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::group::{ALL, CLUSTER, Group, no_cuts};
use super::writers::Writers;
use crate::network::frame::{self, FrameError};
use crate::network::wire::{self, Hello, HelloReply, Lane, Refusal};
use crate::tests::within;

/// Between looks at whether there is room again.
const PAUSE: Duration = Duration::from_millis(30);

async fn call(group: &Group, node: u64) -> TcpStream {
    let connecting = TcpStream::connect(group.net.address(node));
    connecting.await.expect("a connection")
}

fn hello(lane: Lane) -> Hello {
    Hello {
        cluster: CLUSTER,
        from: 2,
        to: 1,
        lane,
    }
}

/// Opens with these bytes; gives what was answered before the end.
async fn answer_to(group: &Group, opening: &[u8]) -> Result<HelloReply, FrameError> {
    let mut stream = call(group, 1).await;
    // It may have hung up already.
    let _ = stream.write_all(opening).await;
    let reply = within("an answer", frame::read_opening(&mut stream)).await?;
    Ok(wire::decode_hello_reply(&reply)?)
}

async fn welcomed(group: &Group, lane: Lane) -> TcpStream {
    let mut stream = call(group, 1).await;
    let opening = wire::encode_hello(&hello(lane));
    stream.write_all(&opening).await.expect("a greeting");
    let reply = frame::read_opening(&mut stream).await.expect("an answer");
    let reply = wire::decode_hello_reply(&reply);
    assert_eq!(reply, Ok(HelloReply::Welcome));
    stream
}

async fn is_dropped(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end too.
    let _ = within("the end", stream.read_to_end(&mut rest)).await;
    assert!(rest.is_empty(), "an answer to nonsense: {rest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_refused_with_the_reason() {
    let group = Group::form(no_cuts()).await;
    let good = hello(Lane::Quick);
    let refusals = [
        (
            Hello {
                cluster: ClusterId::from_bytes([9; 16]),
                ..good
            },
            Refusal::OtherCluster,
        ),
        (Hello { to: 3, ..good }, Refusal::OtherNode { here: 1 }),
    ];
    for (hello, refusal) in refusals {
        let reply = answer_to(&group, &wire::encode_hello(&hello)).await;
        assert_eq!(reply.expect("an answer"), HelloReply::Refused(refusal));
    }
    let mut newer = wire::encode_hello(&good);
    newer[9] = 2;
    let reply = answer_to(&group, &newer).await.expect("an answer");
    let refusal = Refusal::OtherVersion { known: 1 };
    assert_eq!(reply, HelloReply::Refused(refusal));

    let mut huge = wire::encode_hello(&good);
    huge[10..12].copy_from_slice(&u16::MAX.to_be_bytes());
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 4_000], &huge] {
        let silence = answer_to(&group, nonsense).await;
        assert!(silence.is_err(), "{silence:?}");
    }
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_after_the_greeting_is_dropped() {
    let group = Group::form(no_cuts()).await;
    for (lane, len) in [
        (Lane::Quick, (64 << 10) + 1),
        (Lane::Bulk, (64 << 20) + 1),
        (Lane::Bulk, u32::MAX),
        (Lane::Snapshot, u32::MAX),
    ] {
        let mut stream = welcomed(&group, lane).await;
        stream.write_all(&len.to_be_bytes()).await.expect("bytes");
        is_dropped(stream).await;
    }
    for lane in [Lane::Quick, Lane::Bulk, Lane::Snapshot] {
        let mut stream = welcomed(&group, lane).await;
        let garbage = frame::write_frame(&mut stream, &[1, 0, 0xff, 0xff, 0xff, 0xff, 0xff]);
        garbage.await.expect("bytes");
        is_dropped(stream).await;
    }
    group.check_equal().await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_callers_are_dropped_and_the_group_goes_on() {
    let group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 4, 8);
    let mut silent = Vec::new();
    for node in ALL {
        for _ in 0..40 {
            silent.push(call(&group, node).await);
        }
    }
    // Two announce as much as may be announced, and send a little of it.
    for _ in 0..2 {
        let mut stream = call(&group, 1).await;
        let opening = wire::encode_hello(&hello(Lane::Bulk));
        let _ = stream.write_all(&opening).await;
        let _ = stream.write_all(&(64u32 << 20).to_be_bytes()).await;
        let _ = stream.write_all(&[1; 100]).await;
        silent.push(stream);
    }
    writers.acknowledged(100).await;
    for mut stream in silent {
        let mut rest = Vec::new();
        let _ = within("the end", stream.read_to_end(&mut rest)).await;
    }
    // There is room again.
    drop(welcomed(&group, Lane::Quick).await);
    writers.stop_and_check(&group).await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_told_so() {
    let group = Group::form(no_cuts()).await;
    let mut held = Vec::new();
    let opening = wire::encode_hello(&hello(Lane::Quick));
    let full = async {
        loop {
            let mut stream = call(&group, 1).await;
            stream.write_all(&opening).await.expect("a greeting");
            let reply = frame::read_opening(&mut stream).await.expect("an answer");
            match wire::decode_hello_reply(&reply).expect("an answer") {
                HelloReply::Welcome => held.push(stream),
                HelloReply::Refused(refusal) => return refusal,
            }
        }
    };
    assert_eq!(within("the bound", full).await, Refusal::Full);
    assert!(held.len() <= 64, "{}", held.len());
    // Each is let go when it asks nothing; here by their ends.
    drop(held);
    let again = async {
        while !matches!(answer_to(&group, &opening).await, Ok(HelloReply::Welcome)) {
            tokio::time::sleep(PAUSE).await;
        }
    };
    within("room", again).await;
    group.shutdown().await;
}

/// Its certificate would be good for weeks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_taken_out_is_refused_on_every_lane() {
    let mut group = Group::form(no_cuts()).await;
    let nodes = |command| Envelope::new(Actor::System, Command::Nodes(command));
    let gone = 3;
    for node in 2..=gone {
        let hash = SecretHash::from_bytes([node as u8; 32]);
        let place = NodePlace {
            address: format!("127.0.0.1:{node}"),
            url: String::new(),
            version: "0.1.0".to_owned(),
        };
        let offer = NodesCommand::OfferJoin {
            hash,
            expires_at: Time(u64::MAX),
        };
        let take = NodesCommand::TakeJoin {
            hash,
            key: hash,
            place,
        };
        let joined = group.anyone().submit(vec![nodes(offer), nodes(take)]).await;
        let outcome = Outcome::Nodes(NodesOutcome::Joined { node });
        assert_eq!(joined.expect("an answer").replies[1], Ok(outcome));
    }
    let called = |lane| {
        wire::encode_hello(&Hello {
            from: gone,
            ..hello(lane)
        })
    };
    let mut open = call(&group, 1).await;
    open.write_all(&called(Lane::Quick))
        .await
        .expect("a greeting");
    let reply = frame::read_opening(&mut open).await.expect("an answer");
    assert_eq!(wire::decode_hello_reply(&reply), Ok(HelloReply::Welcome));

    let forgotten = nodes(NodesCommand::ForgetNode { node: gone });
    group
        .anyone()
        .submit(vec![forgotten])
        .await
        .expect("no node");
    let changing = async {
        loop {
            let raft = &group.nodes[&group.leader().await].inside.raft;
            if raft.change_membership([1, 2], false).await.is_ok() {
                return;
            }
        }
    };
    within("the change", changing).await;
    // What was open ends.
    let mut rest = Vec::new();
    let _ = within("the end", open.read_to_end(&mut rest)).await;
    let known = async {
        while answer_to(&group, &called(Lane::Quick)).await.ok() == Some(HelloReply::Welcome) {
            tokio::time::sleep(PAUSE).await;
        }
    };
    within("the state to be there", known).await;
    for lane in [
        Lane::Quick,
        Lane::Bulk,
        Lane::Snapshot,
        Lane::Forward,
        Lane::Bus,
        Lane::Blobs,
    ] {
        let refused = answer_to(&group, &called(lane)).await;
        let refused = refused.expect("an answer");
        assert_eq!(refused, HelloReply::Refused(Refusal::Removed), "{lane:?}");
    }
    // One whose number was not given out yet is on its way in.
    let new = Hello {
        from: gone + 1,
        ..hello(Lane::Quick)
    };
    let welcomed = answer_to(&group, &wire::encode_hello(&new)).await;
    assert_eq!(welcomed.expect("an answer"), HelloReply::Welcome);
    let third = group.nodes.remove(&gone).expect("it runs");
    group.roster.remove(gone);
    within("its end", third.shutdown()).await;
    group.shutdown().await;
}
