//! What ends with a role, what another site's page gets, and what is done twice.

use super::JSON;
use super::people::{PASSWORD, Place};
use crate::api::idempotency::Attempt;
use crate::api::store;
use crate::auth::Caller;
use crate::testing::TestNode;
use axum::http::{HeaderMap, HeaderValue, Method};
use easel_storage::{Actor, BoardId, Command, Envelope, NewUpdate, Payload, Title, submit_one};
use serde_json::json;
use yrs::{Doc, Map, ReadTxn, StateVector, Transact};

#[tokio::test]
async fn a_pictures_address_works_no_longer_than_its_holder_may_look() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let viewer = place.invited(&board, "viewer", "viewer").await;
    let shown = format!("GET /api/v1/boards/{board}");
    let preview = |answer: crate::testing::Answer| {
        format!("GET {}", answer.json()["preview_url"].as_str().unwrap())
    };
    let theirs = preview(place.ask(Some(&viewer), &shown, None).await);
    let ours = preview(place.ask(Some(&place.admin), &shown, None).await);
    assert_ne!(theirs, ours, "each is given their own");
    for url in [&theirs, &ours] {
        let picture = place.ask(None, url, None).await;
        assert!(matches!(picture.status, 200 | 202), "{}", picture.body);
    }
    // Somebody else's name under the same seal is none.
    let holder = ours.split('-').nth(1).unwrap();
    let other = theirs.split('-').nth(1).unwrap();
    let forged = place.ask(None, &theirs.replace(other, holder), None).await;
    assert_eq!(forged.outcome(), "401 invalid-token");

    let member = format!("DELETE /api/v1/boards/{board}/members/{}", viewer.id);
    let removed = place.ask(Some(&place.admin), &member, None).await;
    assert_eq!(removed.status, 204, "{}", removed.body);
    let picture = place.ask(None, &theirs, None).await;
    assert_eq!(picture.outcome(), "404 board-not-found");
    let left = place
        .ask(
            Some(&place.admin),
            "POST /api/v1/auth/logout",
            Some(json!({})),
        )
        .await;
    assert_eq!(left.status, 204, "{}", left.body);
    let picture = place.ask(None, &ours, None).await;
    assert_eq!(picture.outcome(), "401 invalid-token");
}

#[tokio::test]
async fn guests_comment_where_the_policy_lets_them() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let links = format!("POST /api/v1/boards/{board}/share-links");
    for (role, before, after) in [
        ("viewer", "viewer", "viewer"),
        ("commenter", "viewer", "commenter"),
        ("editor", "editor", "editor"),
    ] {
        let link = place
            .ask(Some(&place.admin), &links, Some(json!({ "role": role })))
            .await;
        let open = format!(
            "POST /api/v1/share/{}/open",
            link.json()["token"].as_str().unwrap()
        );
        let visit = place.ask(None, &open, Some(json!({}))).await.json();
        let visit = visit["access_token"].as_str().unwrap().to_owned();
        for (may, expected) in [(false, before), (true, after)] {
            let policy = format!("PATCH /api/v1/boards/{board}/sharing\nif-match: *");
            let patch = Some(json!({ "guests_comment": may }));
            let changed = place.ask(Some(&place.admin), &policy, patch).await;
            assert_eq!(changed.status, 200, "{}", changed.body);
            let shown = format!("GET /api/v1/boards/{board}\nauthorization: Bearer {visit}");
            let shown = place.node.ask(&shown).await.json();
            assert_eq!(shown["role"], expected, "{role}, {may}");
        }
    }
}

#[tokio::test]
async fn another_sites_page_signs_nobody_in_and_changes_nothing() {
    let place = Place::start().await;
    let ada = &place.admin;
    let login = json!({ "email": "ada@example.org", "password": PASSWORD }).to_string();
    let register =
        json!({ "email": "eve@example.org", "password": PASSWORD, "display_name": "Eve" })
            .to_string();
    let renew = "{}".to_owned();
    let client = format!("easel-client: web\ncookie: {}", ada.cookie);
    let bearer = format!("authorization: Bearer {}", ada.token);
    for (path, body, more) in [
        ("/auth/login", &login, "x: y"),
        ("/auth/register", &register, "x: y"),
        ("/auth/refresh", &renew, &client),
        ("/auth/logout", &renew, &client),
        ("/boards", &renew, &bearer),
        ("/me/password", &renew, &bearer),
    ] {
        for elsewhere in [
            "origin: http://evil.example",
            "origin: null",
            "origin: http://localhost:9",
            "sec-fetch-site: cross-site",
            "sec-fetch-site: same-site",
        ] {
            let text = format!("POST /api/v1{path}\n{JSON}\n{more}\n{elsewhere}\n\n{body}");
            let answer = place.node.ask(&text).await;
            assert_eq!(answer.outcome(), "403 foreign-origin", "{path} {elsewhere}");
            assert_eq!(answer.header("set-cookie"), "", "{path} {elsewhere}");
        }
        // What a form can send without being asked about it first.
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ] {
            let text = format!("POST /api/v1{path}\ncontent-type: {kind}\n{more}\n\n{body}");
            let answer = place.node.ask(&text).await;
            assert_eq!(
                answer.outcome(),
                "415 unsupported-media-type",
                "{path} {kind}"
            );
            assert_eq!(answer.header("set-cookie"), "", "{path} {kind}");
        }
    }
    for ours in [
        "x: y",
        "origin: http://localhost",
        "sec-fetch-site: same-origin",
        "sec-fetch-site: none",
    ] {
        let text = format!("POST /api/v1/auth/login\n{JSON}\n{ours}\n\n{login}");
        let answer = place.node.ask(&text).await;
        assert_eq!(answer.status, 200, "{ours}: {}", answer.body);
        assert!(answer.header("set-cookie").starts_with("easel_rt="));
    }
}

#[tokio::test]
async fn sign_ins_and_what_the_guard_holds_up_are_counted() {
    let place = Place::start().await;
    let login = |password: &str| {
        let body = json!({ "email": "ada@example.org", "password": password });
        format!("POST /api/v1/auth/login\n{JSON}\n\n{body}")
    };
    assert_eq!(place.node.ask(&login(PASSWORD)).await.status, 200);
    while place.node.ask(&login("not the password")).await.status == 401 {}
    let renew = |cookie: &str| {
        format!("POST /api/v1/auth/refresh\n{JSON}\neasel-client: web\ncookie: {cookie}\n\n{{}}")
    };
    assert_eq!(
        place.node.ask(&renew(&place.admin.cookie)).await.status,
        200
    );
    // From another kind of client it is a theft.
    let stolen =
        renew(&place.admin.cookie).replace("easel-client", "user-agent: Other\neasel-client");
    assert_eq!(
        place.node.ask(&stolen).await.outcome(),
        "401 refresh-reused"
    );
    let metrics = place.node.ask_ops("GET /metrics").await.body;
    for line in [
        "easel_logins_total{method=\"password\",result=\"ok\"} 1",
        "easel_logins_total{method=\"password\",result=\"refused\"}",
        "easel_logins_total{method=\"password\",result=\"delayed\"} 1",
        "easel_lockouts_total 1",
        "easel_refresh_total{result=\"ok\"} 1",
        "easel_refresh_total{result=\"reuse\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn a_copy_that_was_cut_off_is_completed_by_its_repeat_and_once() {
    let node = TestNode::start().await;
    let board = node.board("Plan").await;
    let doc = Doc::new();
    doc.get_or_insert_map("meta")
        .insert(&mut doc.transact_mut(), "schema", 1);
    let update = doc
        .transact()
        .encode_state_as_update_v1(&StateVector::default());
    let from: BoardId = board.parse().unwrap();
    let append = Command::AppendUpdates {
        doc: from.into(),
        updates: vec![NewUpdate {
            author: Actor::Local,
            origin: None,
            payload: Payload::Inline(update.into()),
        }],
    };
    let envelope = Envelope::new(Actor::Local, append);
    submit_one(&*node.app.store, envelope)
        .await
        .unwrap()
        .1
        .unwrap();

    let path = format!("/boards/{board}/copies");
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", HeaderValue::from_static("k"));
    let asked = *blake3::hash(b"{}").as_bytes();
    let attempt = Attempt::of(&Caller::Local, &headers, &Method::POST, &path, asked).unwrap();
    let copy = BoardId::from_bytes(attempt.id());
    // The node ended when the board was made, and nothing more.
    let create = Command::CreateBoard {
        board: copy,
        title: Title::try_from("Copy".to_owned()).unwrap(),
    };
    store::attempt(&node.app, &Caller::Local, &attempt, create)
        .await
        .unwrap();
    let shown = format!("GET /api/v1/boards/{copy}");
    assert_eq!(node.ask(&shown).await.json()["seq"], 0);
    for _ in 0..2 {
        let request = format!("POST /api/v1{path}\n{JSON}\nidempotency-key: k\n\n{{}}");
        let answer = node.ask(&request).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.json()["id"], copy.to_string());
        assert_eq!(answer.header("idempotent-replayed"), "true");
        assert_eq!(node.ask(&shown).await.json()["seq"], 1);
    }
}
