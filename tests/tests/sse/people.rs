//! Accounts, guests and tickets on streams: who draws, and who may no longer.

use super::client::{Sse, Way, outcome};
use easel_tests::client::control_message;
use easel_tests::people::{ask, invite, set_up, text};
use easel_tests::{Client, Node, NodeOptions, within};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The board, the admin's token, and the id and the secret of a link by which whoever has it may draw.
async fn shared_board(node: &Node) -> (String, String, (String, String)) {
    let ada = set_up(node).await;
    let body = Some(json!({ "title": "Plan" }));
    let (_, board) = ask(node, Some(&ada), Method::POST, "/boards", body).await;
    let board = text(&board["id"]);
    let path = format!("/boards/{board}/share-links");
    let body = Some(json!({ "role": "editor" }));
    let (status, link) = ask(node, Some(&ada), Method::POST, &path, body).await;
    assert_eq!(status, 201, "{link}");
    (board, ada, (text(&link["id"]), text(&link["token"])))
}

async fn visit(node: &Node, secret: &str) -> String {
    let open = format!("/share/{secret}/open");
    let (status, visit) = ask(node, None, Method::POST, &open, Some(json!({}))).await;
    assert_eq!(status, 200, "{visit}");
    text(&visit["access_token"])
}

async fn ticket(node: &Node, board: &str, token: &str) -> String {
    let path = format!("/boards/{board}/tickets");
    let (status, made) = ask(node, Some(token), Method::POST, &path, Some(json!({}))).await;
    assert_eq!(status, 201, "{made}");
    text(&made["ticket"])
}

/// Draws a note; it is saved, and the other sees it and by whom.
async fn draws(sse: &mut Sse, id: &str, watcher: &Client) -> Value {
    let note = sse.sticky(id);
    sse.post(&[note]).await;
    sse.until_saved(sse.sent).await;
    within("who it is by", async || {
        let elements = watcher.json("elements");
        elements[id].get("by").cloned()
    })
    .await
}

#[tokio::test]
async fn a_person_a_guest_and_a_ticket_draw_until_they_may_no_longer() {
    let node = Node::start(NodeOptions::default()).await;
    let (board, ada, (link, secret)) = shared_board(&node).await;
    let (editor, editing) = invite(&node, &ada, &board, "editor").await;
    let watcher = Client::join_as(&node.address, &board, &editing).await;
    let visiting = visit(&node, &secret).await;
    let ticket = ticket(&node, &board, &ada).await;

    let mut person = Sse::join_by(&node, &board, Way::Token(&editing)).await;
    let mut guest = Sse::join_by(&node, &board, Way::Token(&visiting)).await;
    let mut by_ticket = Sse::join_by(&node, &board, Way::Ticket(&ticket)).await;
    assert_eq!(draws(&mut person, "el_1", &watcher).await, editor);
    let guests = draws(&mut guest, "el_2", &watcher).await;
    let adas = draws(&mut by_ticket, "el_3", &watcher).await;
    assert!(guests != editor && adas != editor && guests != adas);
    // A ticket is for once, and nobody comes in with nothing.
    let again = reqwest::get(format!("{}/stream?ticket={ticket}", guest.base)).await;
    assert_eq!(
        outcome(again.expect("an answer")).await,
        "401 invalid-token"
    );
    let stranger = reqwest::get(format!("{}/stream", guest.base)).await;
    assert_eq!(
        outcome(stranger.expect("an answer")).await,
        "401 unauthenticated"
    );

    // The role is lowered: told, and refused from then on.
    let member = format!("/boards/{board}/members/{editor}");
    let lowered = Some(json!({ "role": "viewer" }));
    let (status, _) = ask(&node, Some(&ada), Method::PUT, &member, lowered).await;
    assert_eq!(status, 200);
    assert_eq!(person.until_notice("role").await["role"], "viewer");
    let refused = person.sticky("el_4");
    person.post(&[refused]).await;
    person.until_notice("set_aside").await;
    assert_eq!(person.until_notice("close").await["code"], 4422);
    assert!(watcher.value("elements", "el_4").is_none());

    // The session that the ticket was for ends.
    let out = Some(json!({}));
    let (status, _) = ask(&node, Some(&ada), Method::POST, "/auth/logout", out).await;
    assert_eq!(status, 204);
    assert_eq!(by_ticket.until_notice("close").await["code"], 4501);
    let late = by_ticket.post_as(by_ticket.posts + 1, Vec::new()).await;
    assert_eq!(outcome(late).await, "410 stream-gone");

    // And so does the link that the guest came by.
    let body = json!({ "email": "ada@example.org", "password": easel_tests::people::PASSWORD });
    let (_, again) = ask(&node, None, Method::POST, "/auth/login", Some(body)).await;
    let ada = text(&again["access_token"]);
    let revoked = format!("/boards/{board}/share-links/{link}");
    let (status, _) = ask(&node, Some(&ada), Method::DELETE, &revoked, None).await;
    assert_eq!(status, 204);
    assert_eq!(guest.until_notice("close").await["code"], 4501);
    let late = guest.post_as(guest.posts + 1, Vec::new()).await;
    assert_eq!(outcome(late).await, "410 stream-gone");
    let last = guest.last_id();
    assert_eq!(guest.read_from("", Some(&last)).await, 401);
}

#[tokio::test]
async fn a_stream_outlives_its_token_by_the_next_one_posted_or_brought_along() {
    let options = NodeOptions::default().with("EASEL_AUTH__ACCESS_TTL", "6s");
    let node = Node::start(options).await;
    let (board, _, (_, secret)) = shared_board(&node).await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(visit(&node, &secret).await);
    }
    let mut posts = Sse::join_by(&node, &board, Way::Token(&tokens[0])).await;
    let mut returns = Sse::join_by(&node, &board, Way::Token(&tokens[1])).await;
    let silent = Sse::join_by(&node, &board, Way::Token(&tokens[2])).await;
    let renewing = async {
        loop {
            for token in &mut tokens[..2] {
                let body = Some(json!({}));
                let (status, next) =
                    ask(&node, Some(token), Method::POST, "/auth/refresh", body).await;
                assert_eq!(status, 200, "{next}");
                *token = text(&next["access_token"]);
            }
            let said = json!({ "t": "token", "token": tokens[0] });
            posts.post(&[control_message(&said)]).await;
            returns.token = Some(tokens[1].clone());
            returns.cut().await;
            let last = returns.last_id();
            assert_eq!(returns.read_from("", Some(&last)).await, 200);
            let greeting = returns.until_notice("stream").await;
            assert_eq!(greeting["resumed"], true, "{greeting}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        _ = renewing => {}
        closed = silent.until_notice("close") => assert_eq!(closed["code"], 4501),
    }
}
