//! Accounts on a real node: the first one, and what roles mean to those who are connected.

use easel_tests::client::{awareness_message, control_message};
use easel_tests::people::{PASSWORD, ask, invite, set_up, text};
use easel_tests::{Client, Dialect, Node, NodeOptions, node, within};
use reqwest::Method;
use serde_json::json;
use std::time::Instant;
use yrs::{Any, Doc};

fn sticky(client: &Client, id: &str) {
    client.draw(id, &[("type", Any::from("sticky")), ("z", Any::from("a0"))]);
}

async fn until_sees(client: &Client, id: &str) {
    within("the element", async || {
        client.value("elements", id).map(drop)
    })
    .await;
}

#[tokio::test]
async fn roles_hold_for_who_is_connected() {
    let node = Node::start(NodeOptions::default()).await;
    let board = node.create_board("Older").await;
    let stranger = Client::join(&node.address, &board, Dialect::Easel).await;
    let ada = set_up(&node).await;
    // Whoever was here before there were accounts has to show who they are.
    assert_eq!(stranger.until_closed().await.code, 4501);
    let refused = Client::connect(Doc::new(), &node.address, &board, Dialect::Easel).await;
    assert!(
        refused.is_err(),
        "nobody comes in without showing who they are"
    );

    let (editor, editing) = invite(&node, &ada, &board, "editor").await;
    let (_, viewing) = invite(&node, &ada, &board, "viewer").await;
    let owner = Client::join_as(&node.address, &board, &ada).await;
    let draws = Client::join_as(&node.address, &board, &editing).await;
    let looks = Client::join_as(&node.address, &board, &viewing).await;
    for (client, role) in [(&owner, "owner"), (&draws, "editor"), (&looks, "viewer")] {
        assert_eq!(client.controls()[0]["role"], role);
    }
    sticky(&draws, "el_1");
    draws.until_saved().await;
    until_sees(&looks, "el_1").await;

    // Who may only look is refused, and nobody sees what they tried.
    sticky(&looks, "el_2");
    assert_eq!(looks.until_closed().await.code, 4422);
    assert!(owner.value("elements", "el_2").is_none());

    // Lowered while connected: told at once, and refused from then on.
    let member = format!("/boards/{board}/members/{editor}");
    let lowered = Some(json!({ "role": "viewer" }));
    let began = Instant::now();
    let (status, _) = ask(&node, Some(&ada), Method::PUT, &member, lowered).await;
    assert_eq!(status, 200);
    within("the new role", async || {
        let told = draws.controls();
        told.iter()
            .any(|said| said["t"] == "role" && said["role"] == "viewer")
            .then_some(())
    })
    .await;
    eprintln!("told of the role after {:?}", began.elapsed());
    sticky(&draws, "el_3");
    assert_eq!(draws.until_closed().await.code, 4422);
    assert!(owner.value("elements", "el_3").is_none());

    // Removed while connected.
    let again = Client::join_as(&node.address, &board, &editing).await;
    let began = Instant::now();
    let (status, _) = ask(&node, Some(&ada), Method::DELETE, &member, None).await;
    assert_eq!(status, 204);
    assert_eq!(again.until_closed().await.code, 4403);
    eprintln!("sent away after {:?}", began.elapsed());
    assert!(
        Client::connect_as(
            Doc::new(),
            &node.address,
            &board,
            Dialect::Easel,
            Some(&editing)
        )
        .await
        .is_err()
    );

    // The session ends: so does what hangs on it.
    let (status, _) = ask(
        &node,
        Some(&ada),
        Method::POST,
        "/auth/logout",
        Some(json!({})),
    )
    .await;
    assert_eq!(status, 204);
    assert_eq!(owner.until_closed().await.code, 4501);
}

#[tokio::test]
async fn nobody_passes_for_somebody_else() {
    let node = Node::start(NodeOptions::default()).await;
    let ada = set_up(&node).await;
    let body = Some(json!({ "title": "Plan" }));
    let (_, board) = ask(&node, Some(&ada), Method::POST, "/boards", body).await;
    let board = text(&board["id"]);
    let (_, editing) = invite(&node, &ada, &board, "editor").await;
    let owner = Client::join_as(&node.address, &board, &ada).await;
    let eve = Client::join_as(&node.address, &board, &editing).await;
    let said = r##"{"user":{"name":"Ada","id":"usr_ada","color":"#f00"},"cursor":[1,2]}"##;
    eve.send_raw(awareness_message(7, 1, said));
    let seen = within("the pointer", async || {
        let heard = owner.awareness();
        heard
            .iter()
            .map(|entries| String::from_utf8_lossy(entries).into_owned())
            .find(|entries| entries.contains("cursor"))
    })
    .await;
    assert!(seen.contains(r#""name":"editor""#), "{seen}");
    assert!(seen.contains("#f00") && !seen.contains("usr_ada"), "{seen}");
}

#[tokio::test]
async fn a_visit_by_a_share_link_ends_with_the_link() {
    let node = Node::start(NodeOptions::default()).await;
    let ada = set_up(&node).await;
    let body = Some(json!({ "title": "Plan" }));
    let (_, board) = ask(&node, Some(&ada), Method::POST, "/boards", body).await;
    let board = text(&board["id"]);
    let links = format!("/boards/{board}/share-links");
    let body = Some(json!({ "role": "editor", "password": "open sesame" }));
    let (status, link) = ask(&node, Some(&ada), Method::POST, &links, body).await;
    assert_eq!(status, 201, "{link}");
    let open = format!("/share/{}/open", text(&link["token"]));
    let body = Some(json!({ "password": "open sesame" }));
    let (status, visit) = ask(&node, None, Method::POST, &open, body).await;
    assert_eq!(status, 200, "{visit}");
    let visiting = text(&visit["access_token"]);
    let guest = Client::join_as(&node.address, &board, &visiting).await;
    sticky(&guest, "el_1");
    guest.until_saved().await;
    let revoked = format!("{links}/{}", text(&link["id"]));
    let (status, _) = ask(&node, Some(&ada), Method::DELETE, &revoked, None).await;
    assert_eq!(status, 204);
    assert_eq!(guest.until_closed().await.code, 4501);
}

/// Sends the next token as soon as it has been had, until the connection ends.
async fn keep_renewing(node: &Node, client: &Client, mut token: String) {
    while client.closed().is_none() {
        let (status, next) = ask(
            node,
            Some(&token),
            Method::POST,
            "/auth/refresh",
            Some(json!({})),
        )
        .await;
        assert_eq!(status, 200, "{next}");
        token = text(&next["access_token"]);
        client.send_raw(control_message(&json!({ "t": "token", "token": token })));
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn an_open_connection_outlives_its_token_only_with_the_next() {
    // Then the time for the next is as long as the token's, and not a minute.
    let options = NodeOptions::default().with("EASEL_AUTH__ACCESS_TTL", "6s");
    let node = Node::start(options).await;
    let board = node.create_board("Shared").await;
    let ada = set_up(&node).await;
    let path = format!("/boards/{board}/share-links");
    let body = Some(json!({ "role": "editor" }));
    let (_, link) = ask(&node, Some(&ada), Method::POST, &path, body).await;
    let open = format!("/share/{}/open", text(&link["token"]));
    let mut visits = Vec::new();
    for _ in 0..3 {
        let (status, visit) = ask(&node, None, Method::POST, &open, Some(json!({}))).await;
        assert_eq!(status, 200, "{visit}");
        visits.push(text(&visit["access_token"]));
    }
    let stays = Client::join_as(&node.address, &board, &visits[0]).await;
    let silent = Client::join_as(&node.address, &board, &visits[1]).await;
    let stranger = Client::join_as(&node.address, &board, &visits[2]).await;
    stranger.send_raw(control_message(&json!({ "t": "token", "token": ada })));
    stranger.send_raw(control_message(
        &json!({ "t": "token", "token": "v4.local.nothing" }),
    ));
    let both_go = async {
        for client in [&silent, &stranger] {
            let closed = client.until_closed().await;
            assert_eq!(closed.code, 4501);
            assert_eq!(closed.reason, "the token has run out");
        }
    };
    tokio::select! {
        () = keep_renewing(&node, &stays, visits[0].clone()) => panic!("{:?}", stays.closed()),
        () = both_go => {}
    }
    sticky(&stays, "el_1");
    stays.until_saved().await;
    assert_eq!(stays.until_closed().await.code, 4501);
    let refused = node
        .metric("easel_seats_renewed_total{result=\"refused\"}")
        .await;
    assert_eq!(refused, Some(2.0));
}

#[tokio::test]
async fn tickets_open_one_connection_and_raw_rooms_ask_for_a_token_of_their_own() {
    let node = Node::start(NodeOptions::raw()).await;
    let ada = set_up(&node).await;
    let body = Some(json!({ "title": "Plan" }));
    let (_, made) = ask(&node, Some(&ada), Method::POST, "/boards", body).await;
    let board = text(&made["id"]);
    let tickets = format!("/boards/{board}/tickets");
    let (status, ticket) = ask(&node, Some(&ada), Method::POST, &tickets, None).await;
    assert_eq!(status, 201, "{ticket}");
    let name = format!("{board}?ticket={}", text(&ticket["ticket"]));
    let connect = |name: String| {
        let address = node.address.clone();
        async move { Client::connect(Doc::new(), &address, &name, Dialect::Easel).await }
    };
    let first = connect(name.clone()).await;
    assert!(first.is_ok(), "{:?}", first.err());
    assert!(connect(name).await.is_err(), "a ticket is good once");

    let refused = Client::connect_as(
        Doc::new(),
        &node.address,
        "any-room",
        Dialect::Stock,
        Some(&ada),
    );
    assert!(refused.await.is_err(), "a session is no key to raw rooms");
    // The same hour in a zone twelve hours behind is half a day from now.
    let soon = text(&made["created_at"]).replace('Z', "-12:00");
    let body = json!({ "name": "raw", "scopes": ["raw:join"], "expires_at": soon });
    let (status, token) = ask(&node, Some(&ada), Method::POST, "/me/tokens", Some(body)).await;
    assert_eq!(status, 201, "{token}");
    let token = text(&token["token"]);
    let room = Client::connect_as(
        Doc::new(),
        &node.address,
        "any-room",
        Dialect::Stock,
        Some(&token),
    );
    assert!(room.await.is_ok());
}

#[tokio::test]
async fn the_first_account_can_be_made_without_a_page() {
    let home = tempfile::tempdir().expect("a folder");
    let password = home.path().join("password");
    std::fs::write(&password, format!("{PASSWORD}\n")).expect("a file");
    let data = home.path().join("data");
    let init = || {
        let mut command = node::command();
        command.arg("init").arg("--data-dir").arg(&data);
        command.args(["--admin-email", "ada@example.org", "--admin-password-file"]);
        command.arg(&password);
        command
    };
    let done = init().output().await.expect("it runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{said}");
    let twice = init().output().await.expect("it runs");
    assert_eq!(twice.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&twice.stderr).contains("has accounts already"));
    let mut keys = node::command();
    keys.args(["keys", "--data-dir"]).arg(&data).arg("list");
    let keys = keys.output().await.expect("it runs");
    let keys = String::from_utf8_lossy(&keys.stdout).into_owned();
    assert!(
        keys.starts_with("k4.lid.") && keys.contains("active"),
        "{keys}"
    );

    let node = Node::start_at(&data, NodeOptions::default()).await;
    assert!(!node.output().contains("/setup#"));
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let (status, session) = ask(&node, None, Method::POST, "/auth/login", Some(body)).await;
    assert_eq!((status, &session["user"]["admin"]), (200, &true.into()));
    // What is secret is neither in the log nor in the folder.
    let output = node.output();
    assert!(!output.contains(PASSWORD) && !output.contains(&text(&session["access_token"])));
}
