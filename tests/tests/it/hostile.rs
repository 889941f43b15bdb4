//! Bad input: each kind is answered clearly, and nobody else notices.

use easel_tests::client::{sync_message, write_uint};
use easel_tests::{Client, Dialect, Node, NodeOptions, within};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use yrs::{Any, Doc, Map, Transact};

/// Sends `message` while two others draw; it must end its sender with `code`, and the others must not notice.
async fn check_refused(name: &str, message: Vec<u8>, code: u16) {
    let node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "room", Dialect::Easel).await;
    let b = Client::join(&node.address, "room", Dialect::Easel).await;
    let hostile = Client::join(&node.address, "room", Dialect::Easel).await;
    hostile.send_raw(message);
    assert_eq!(hostile.until_closed().await.code, code, "{name}");
    a.set("after", 1.0);
    b.until_has("after").await;
    a.until_saved().await;
    assert_eq!((a.closed(), b.closed()), (None, None), "{name}");
    if code == 4422 {
        let set_aside = hostile
            .controls()
            .into_iter()
            .find(|control| control["t"] == "set_aside");
        assert!(
            set_aside.is_some_and(|told| told["code"].is_string()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn garbage_is_refused() {
    check_refused("garbage", vec![0xFF; 300], 4422).await;
    check_refused("unknown type", vec![42, 1, 2, 3], 4422).await;
    check_refused("empty message", vec![], 4422).await;
    check_refused("a sync message that ends early", vec![0, 2, 200, 1], 4422).await;
    check_refused("an update of noise", sync_message(2, &[7; 100]), 4422).await;
    check_refused("a state vector of noise", sync_message(0, &[255; 9]), 4422).await;
}

#[tokio::test]
async fn forged_counts_are_refused_and_reserve_nothing() {
    let mut clients = Vec::new();
    write_uint(&mut clients, u64::from(u32::MAX));
    check_refused("four billion clients", sync_message(2, &clients), 4422).await;
    let mut structs = vec![1];
    write_uint(&mut structs, 1 << 40);
    structs.extend([1, 0, 8, 1, 1, b'a']);
    check_refused("a trillion structs", sync_message(2, &structs), 4422).await;
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    // One client, one struct: an `Any` of arrays in arrays in the root `m`, under the key `k`.
    let mut update = vec![1, 1, 1, 0, 0x28, 1, 1, b'm', 1, b'k', 1];
    for _ in 0..100_000 {
        update.extend([117, 1]);
    }
    update.extend([126, 0]);
    check_refused("deep nesting", sync_message(2, &update), 4422).await;
}

#[tokio::test]
async fn text_messages_are_refused() {
    let node = Node::start(NodeOptions::raw()).await;
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{}/sync/x", node.address))
        .await
        .unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    let code = loop {
        match socket.next().await {
            Some(Ok(Message::Close(Some(close)))) => break u16::from(close.code),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 1003);
}

#[tokio::test]
async fn a_message_of_100_megabytes_is_refused_by_its_head() {
    let node = Node::start(NodeOptions::raw()).await;
    let before = node.resident_bytes();
    let config = tokio_tungstenite::tungstenite::protocol::WebSocketConfig::default();
    let url = format!("ws://{}/sync/x", node.address);
    let (socket, _) = tokio_tungstenite::connect_async_with_config(url, Some(config), false)
        .await
        .unwrap();
    let (mut sink, mut stream) = socket.split();
    let sending = tokio::spawn(async move {
        let _ = sink.send(Message::binary(vec![0; 100 << 20])).await;
    });
    let code = loop {
        match stream.next().await {
            Some(Ok(Message::Close(Some(close)))) => break Some(u16::from(close.code)),
            Some(Ok(_)) => {}
            _ => break None,
        }
    };
    sending.abort();
    assert_eq!(code, Some(1009));
    assert!(
        node.resident_bytes() < before + (40 << 20),
        "the server keeps little of it"
    );
}

#[tokio::test]
async fn wrong_types_on_known_keys_are_repaired() {
    let node = Node::start(NodeOptions::default()).await;
    let board = node.create_board("Repaired").await;
    let a = Client::join(&node.address, &board, Dialect::Easel).await;
    let b = Client::join(&node.address, &board, Dialect::Easel).await;
    a.draw(
        "el_bad",
        &[
            ("type", Any::from("shape")),
            ("box", Any::from("not a box")),
            ("z", Any::from(12.0)),
        ],
    );
    let is_mended = async || {
        let shown = format!("{:?}", b.json("elements")["el_bad"]);
        let is_whole = a.json("elements") == b.json("elements");
        (is_whole && !shown.contains("not a box")).then_some(())
    };
    within("the repair", is_mended).await;
    assert_eq!(a.closed(), None);
}

#[tokio::test]
async fn cycles_of_parents_are_broken() {
    let node = Node::start(NodeOptions::default()).await;
    let board = node.create_board("Cycle").await;
    let a = Client::join(&node.address, &board, Dialect::Easel).await;
    let b = Client::join(&node.address, &board, Dialect::Easel).await;
    let shape = |parent: &str| {
        vec![
            ("type", Any::from("shape")),
            ("kind", Any::from("rectangle")),
            (
                "box",
                Any::from(vec![
                    Any::from(0.0),
                    Any::from(0.0),
                    Any::from(9.0),
                    Any::from(9.0),
                    Any::from(0.0),
                ]),
            ),
            ("z", Any::from("a0")),
            ("parent", Any::from(parent.to_owned())),
        ]
    };
    a.draw("el_1", &shape("el_2"));
    a.draw("el_2", &shape("el_1"));
    within("the cycle to be broken", async || {
        let elements = b.json("elements");
        let cycle = elements["el_1"]["parent"] == "el_2" && elements["el_2"]["parent"] == "el_1";
        (!cycle && a.json("elements") == elements && elements["el_2"].is_object()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_update_that_depends_on_itself_is_refused() {
    // Two structs of two clients, each naming the other as its left neighbour: neither can ever be placed.
    let mut update = vec![2];
    update.extend([1, 2, 0, 0x84, 1, 0, 1, b'a']);
    update.extend([1, 1, 0, 0x84, 2, 0, 1, b'b']);
    update.push(0);
    let node = Node::start(NodeOptions::raw()).await;
    let hostile = Client::join(&node.address, "room", Dialect::Easel).await;
    hostile.send_raw(sync_message(2, &update));
    assert_eq!(hostile.until_closed().await.code, 4422);
    let a = Client::join(&node.address, "room", Dialect::Easel).await;
    a.set("x", 1.0);
    a.until_saved().await;
}

#[tokio::test]
async fn a_half_open_socket_is_given_up() {
    let options = NodeOptions::raw()
        .with("EASEL_REALTIME__PING_EVERY", "1s")
        .with("EASEL_REALTIME__SILENT_MAX", "3s");
    let node = Node::start(options).await;
    let mut stream = TcpStream::connect(&node.address).await.unwrap();
    let request = format!(
        "GET /sync/x HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        node.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // Reads and never answers, as a peer whose cable was cut would not.
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    let close = &received[received.len() - 100.min(received.len())..];
    assert!(
        close.windows(2).any(|pair| pair == 4508_u16.to_be_bytes()),
        "{close:?}"
    );
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut() {
    let node = Node::start(NodeOptions::raw().with("EASEL_LIMITS__HEADER_TIMEOUT", "1s")).await;
    let mut stream = TcpStream::connect(&node.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let ended =
        tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
    assert!(ended.is_ok());
}

/// A client that stops reading: the others keep their pace, the server its memory, and nothing is missed.
#[tokio::test]
async fn a_client_that_does_not_read_misses_nothing() {
    /// Far more than the server and the sockets between hold for it.
    const WRITTEN: usize = 12 << 20;
    const LETTERS: usize = 20_000;

    let node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "slow", Dialect::Easel).await;
    let b = Client::join(&node.address, "slow", Dialect::Easel).await;
    let slow = SlowReader::join(&node.address, "slow").await;
    let before = node.resident_bytes();

    let mut count = 0;
    while count * LETTERS < WRITTEN {
        for _ in 0..5 {
            a.set(&format!("k{}", count % 40), "x".repeat(LETTERS));
            count += 1;
        }
        // Whoever waited for the slow one would wait for ever.
        let key = format!("mark{count}");
        a.set(&key, 1.0);
        b.until_has(&key).await;
    }
    a.until_saved().await;
    let grown = node.resident_bytes().saturating_sub(before);
    assert!(grown < 400 << 20, "the server grew by {grown} bytes");
    slow.read_until(&a).await;
}

/// A client that asks for the document again and again and reads no answer: it costs the server one, and nobody notices.
#[tokio::test]
async fn whoever_asks_and_does_not_read_is_answered_once() {
    const QUESTIONS: usize = 300;
    let node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "asked", Dialect::Easel).await;
    let b = Client::join(&node.address, "asked", Dialect::Easel).await;
    for n in 0..60 {
        a.set(&format!("a{n}"), f64::from(n));
    }
    for n in 0..40 {
        b.set(&format!("b{n}"), "x".repeat(25_000));
    }
    a.until_saved().await;
    b.until_saved().await;
    let mut slow = SlowReader::join(&node.address, "asked").await;
    let before = node.resident_bytes();
    // It claims to know what `a` wrote, so each answer would be a diff of its own, of a megabyte.
    let known = yrs::updates::encoder::Encode::encode_v1(&yrs::StateVector::from_iter([(
        a.doc().client_id(),
        60,
    )]));
    for _ in 0..QUESTIONS {
        let question = Message::binary(sync_message(0, &known));
        slow.socket.send(question).await.unwrap();
    }
    a.set("after", 1.0);
    b.until_has("after").await;
    let metric = "easel_ws_messages_total{dir=\"in\",type=\"sync\"}";
    within("a good part of the questions", async || {
        (node.metric(metric).await? > 150.0).then_some(())
    })
    .await;
    let grown = node.resident_bytes().saturating_sub(before);
    assert!(grown < 30 << 20, "the server grew by {grown} bytes");
    slow.read_until(&a).await;
}

/// A client whose process was stopped and goes on: it reads nothing for as long as it holds.
struct SlowReader {
    socket: tokio_tungstenite::WebSocketStream<TcpStream>,
}

impl SlowReader {
    async fn join(address: &str, room: &str) -> Self {
        let stream = tokio::net::TcpSocket::new_v4().unwrap();
        stream.set_recv_buffer_size(32 << 10).unwrap();
        let stream = stream.connect(address.parse().unwrap()).await.unwrap();
        let url = format!("ws://{address}/sync/{room}");
        let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        socket
            .send(Message::binary(sync_message(0, &[0])))
            .await
            .unwrap();
        Self { socket }
    }

    async fn read_until(mut self, other: &Client) {
        let doc = Doc::new();
        let root = doc.get_or_insert_map("root");
        let wanted = other.keys("root");
        let caught_up = async {
            while let Some(Ok(message)) = self.socket.next().await {
                if let Message::Binary(bytes) = message {
                    easel_tests::client::apply_message(&doc, &bytes);
                }
                let txn = doc.transact();
                let mut keys: Vec<String> = root.keys(&txn).map(ToString::to_string).collect();
                keys.sort();
                if keys == wanted {
                    return true;
                }
            }
            false
        };
        let caught_up = tokio::time::timeout(Duration::from_secs(60), caught_up).await;
        assert_eq!(
            caught_up.ok(),
            Some(true),
            "the slow client is brought up to date on its own connection"
        );
    }
}
