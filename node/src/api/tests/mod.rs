//! The interface as a caller meets it, over a real node.

mod abuse;
mod backups;
mod described;
mod elements;
mod isolation;
mod limits;
mod matrix;
mod openapi;
mod people;
mod pictures;
mod security;

use crate::testing::TestNode;
use serde_json::Value;

const JSON: &str = "content-type: application/json";

#[tokio::test]
async fn a_board_from_its_making_to_the_trash_and_back() {
    let node = TestNode::start().await;
    let made = node
        .ask(&format!(
            "POST /api/v1/boards\n{JSON}\n\n{{\"title\": \" Plan \"}}"
        ))
        .await;
    assert_eq!(made.status, 201);
    let board = made.json();
    let id = board["id"].as_str().unwrap();
    assert_eq!(made.header("location"), format!("/api/v1/boards/{id}"));
    assert_eq!(board["title"], "Plan");
    assert_eq!(board["sync_url"], format!("/sync/{id}"));
    assert_eq!(board["trashed_at"], Value::Null);
    assert!(made.header("easel-index").parse::<u64>().is_ok());

    let place = format!("/api/v1/boards/{id}");
    let shown = node.ask(&format!("GET {place}")).await;
    assert_eq!(shown.json(), board);
    let tag = shown.header("etag").to_owned();
    assert_eq!(tag, made.header("etag"));
    let again = node
        .ask(&format!("GET {place}\nif-none-match: {tag}"))
        .await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));

    let renamed = node
        .ask(&format!(
            "PATCH {place}\n{JSON}\nif-match: {tag}\n\n{{\"title\": \"B\"}}"
        ))
        .await;
    assert_eq!(
        (renamed.status, &renamed.json()["title"]),
        (200, &"B".into())
    );
    let late = node.ask(&format!("DELETE {place}\nif-match: {tag}")).await;
    assert_eq!(late.outcome(), "412 precondition-failed");

    let tag = renamed.header("etag");
    let gone = node.ask(&format!("DELETE {place}\nif-match: {tag}")).await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    let trash = node.ask("GET /api/v1/boards?trashed=true").await.json();
    assert_eq!(trash["data"][0]["id"], id);
    assert!(trash["data"][0]["trashed_at"].is_string());
    assert_eq!(
        node.ask("GET /api/v1/boards").await.json()["data"],
        Value::Array(vec![])
    );

    let back = node.ask(&format!("POST {place}/restore")).await;
    assert_eq!(
        (back.status, &back.json()["trashed_at"]),
        (200, &Value::Null)
    );
    let twice = node.ask(&format!("POST {place}/restore")).await;
    assert_eq!(twice.outcome(), "409 board-not-trashed");
}

#[tokio::test]
async fn what_is_wrong_is_said_by_code() {
    let node = TestNode::start_with(|config| config.limits.body = "1KiB".parse().unwrap()).await;
    let id = node.board("Plan").await;
    let none = "/api/v1/boards/brd_00000000000000000000000000";
    let long = "x".repeat(2_000);
    for (request, expected) in [
        (
            format!("POST /api/v1/boards\n{JSON}\n\n{{"),
            "400 malformed-json",
        ),
        (
            format!("POST /api/v1/boards\n{JSON}\n\n[]"),
            "400 malformed-json",
        ),
        (
            format!("POST /api/v1/boards\n{JSON}\n\n{{\"x\": 1}}"),
            "422 invalid",
        ),
        (
            format!("POST /api/v1/boards\n{JSON}\n\n{{\"title\": \"{long}\"}}"),
            "413 body-too-large",
        ),
        (
            "POST /api/v1/boards\n\n{}".to_owned(),
            "415 unsupported-media-type",
        ),
        (
            "POST /api/v1/boards\norigin: http://evil.example".to_owned(),
            "403 foreign-origin",
        ),
        (
            "GET /api/v1/boards\nhost: evil.example".to_owned(),
            "421 wrong-host",
        ),
        ("GET /api/v1/boards?limit=1000".to_owned(), "400 bad-query"),
        (
            "GET /api/v1/boards?cursor=00".to_owned(),
            "400 cursor-mismatch",
        ),
        (format!("GET {none}"), "404 board-not-found"),
        (format!("GET {none}/preview.svg"), "404 board-not-found"),
        ("GET /api/v1/boards/other".to_owned(), "404 board-not-found"),
        (
            format!("PATCH {none}\n{JSON}\nif-match: *\n\n{{\"title\": \"B\"}}"),
            "404 board-not-found",
        ),
        (
            format!("PATCH /api/v1/boards/{id}\n{JSON}\n\n{{\"title\": \"B\"}}"),
            "428 precondition-required",
        ),
        (
            format!(
                "PATCH /api/v1/boards/{id}\n{JSON}\nif-match: \"0-00\"\n\n{{\"title\": \"B\"}}"
            ),
            "412 precondition-failed",
        ),
        (
            format!("DELETE /api/v1/boards/{id}"),
            "428 precondition-required",
        ),
        (
            format!("DELETE /api/v1/boards/{id}?purge=true\nif-match: *"),
            "409 board-not-trashed",
        ),
        (format!("PUT /api/v1/boards/{id}"), "405 method-not-allowed"),
        ("GET /api/v1/nothing".to_owned(), "404 not-found"),
        ("GET /api".to_owned(), "404 not-found"),
        ("GET /api/v1/boards/%ff".to_owned(), "400 bad-request"),
    ] {
        let answer = node.ask(&request).await;
        assert_eq!(answer.outcome(), expected, "of {request}");
        let body = answer.json();
        assert_eq!(
            body["request_id"],
            answer.header("x-request-id"),
            "of {request}"
        );
        assert_eq!(body["status"], answer.status, "of {request}");
    }
    let wrong_method = node.ask("DELETE /api/v1/boards").await;
    assert_eq!(wrong_method.header("allow"), "GET,HEAD,POST");
}

#[tokio::test]
async fn a_retry_with_its_key_is_answered_and_not_repeated() {
    let node = TestNode::start().await;
    let make = |title: &str| {
        format!(
            "POST /api/v1/boards\n{JSON}\nidempotency-key: \"k-1\"\n\n{{\"title\": \"{title}\"}}"
        )
    };
    let first = node.ask(&make("Plan")).await;
    let again = node.ask(&make("Plan")).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(first.header("idempotent-replayed"), "");
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = node.ask(&make("Another")).await;
    assert_eq!(other.outcome(), "422 idempotency-key-reused");
    let list = node.ask("GET /api/v1/boards").await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let node = TestNode::start().await;
    for title in ["delta", "Alpha", "charlie", "Bravo", "Alphabet"] {
        node.board(title).await;
    }
    let mut titles = Vec::new();
    let mut next = "/api/v1/boards?sort=title&limit=2".to_owned();
    let mut pages = 0;
    while !next.is_empty() {
        let page = node.ask(&format!("GET {next}")).await;
        let body = page.json();
        titles.extend(
            body["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|b| b["title"].as_str().unwrap().to_owned()),
        );
        let link = page.header("link");
        next = link
            .trim_start_matches('<')
            .split('>')
            .next()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(next.is_empty(), body["next_cursor"].is_null());
        pages += 1;
    }
    assert_eq!(titles, ["Alpha", "Alphabet", "Bravo", "charlie", "delta"]);
    assert_eq!(pages, 3);

    let first = node
        .ask("GET /api/v1/boards?sort=title&limit=1")
        .await
        .json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let elsewhere = node
        .ask(&format!(
            "GET /api/v1/boards?q=a&sort=title&cursor={cursor}"
        ))
        .await;
    assert_eq!(elsewhere.outcome(), "400 cursor-mismatch");

    let found = node
        .ask("GET /api/v1/boards?q=ALPHA&sort=title")
        .await
        .json();
    assert_eq!(found["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_preview_is_made_once_for_each_state() {
    let node = TestNode::start().await;
    let place = format!("/api/v1/boards/{}/preview.svg", node.board("Plan").await);
    // One that takes a machine more than a second is told to come, and is given to who asks again.
    let drawn = async |request: &str| {
        loop {
            let answer = node.ask(request).await;
            if answer.status != 202 {
                return answer;
            }
        }
    };
    let light = drawn(&format!("GET {place}")).await;
    assert_eq!(light.status, 200);
    assert_eq!(light.header("content-type"), "image/svg+xml");
    assert!(light.header("content-security-policy").contains("sandbox"));
    assert!(light.body.starts_with("<svg"), "{}", light.body);
    let tag = light.header("etag");
    let again = node
        .ask(&format!("GET {place}\nif-none-match: {tag}"))
        .await;
    assert_eq!(again.status, 304);
    let dark = drawn(&format!("GET {place}?theme=dark")).await;
    assert_ne!(dark.header("etag"), tag);
    let other = node.ask(&format!("GET {place}?theme=sepia")).await;
    assert_eq!(other.outcome(), "400 bad-query");
}
