//! What every request meets, over a real node.

use crate::testing::TestNode;

#[tokio::test]
async fn every_answer_carries_the_safe_headers() {
    let node = TestNode::start().await;
    for request in [
        "GET /",
        "GET /b/brd_00000000000000000000000000",
        "GET /api/v1/version",
        "GET /nothing",
        "GET /problems/disk-full",
        "GET /healthz",
        "GET /\nhost: evil.example",
    ] {
        let answer = node.ask(request).await;
        assert_eq!(
            answer.header("x-content-type-options"),
            "nosniff",
            "of {request}"
        );
        assert_eq!(
            answer.header("referrer-policy"),
            "same-origin",
            "of {request}"
        );
        assert_eq!(
            answer.header("cross-origin-opener-policy"),
            "same-origin",
            "of {request}"
        );
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "of {request}"
        );
        assert!(!policy.contains("unsafe"), "of {request}");
        assert_eq!(answer.header("x-request-id").len(), 36, "of {request}");
    }
}

#[tokio::test]
async fn a_callers_request_id_is_not_taken() {
    let node = TestNode::start().await;
    let answer = node.ask("GET /healthz\nx-request-id: mine").await;
    assert_ne!(answer.header("x-request-id"), "mine");
}

#[tokio::test]
async fn a_person_gets_a_page_and_a_program_gets_json() {
    let node = TestNode::start().await;
    let html = "content-type";
    let page = node
        .ask("GET /nothing.png\naccept: text/html,*/*;q=0.8")
        .await;
    assert_eq!(
        (page.status, page.header(html)),
        (404, "text/html; charset=utf-8")
    );
    let json = node.ask("GET /nothing\naccept: */*").await;
    assert_eq!(
        (json.status, json.header(html)),
        (404, "application/problem+json")
    );
    let api = node.ask("GET /api/v1/nothing\naccept: text/html").await;
    assert_eq!(api.header(html), "application/problem+json");
    let about = node
        .ask(&format!("GET {}", json.json()["type"].as_str().unwrap()))
        .await;
    assert_eq!(
        (about.status, about.header(html)),
        (200, "text/html; charset=utf-8")
    );
}

#[tokio::test]
async fn monitors_learn_that_it_is_ready_and_when_it_drains() {
    let node = TestNode::start().await;
    assert_eq!(node.ask("GET /healthz").await.body, "ok");
    let ready = node.ask("GET /readyz").await;
    assert_eq!(ready.status, 200);
    assert_eq!(
        ready.body,
        r#"{"draining":false,"in_touch":true,"quorum":true,"storage":true}"#
    );
    assert!(node.ask_ops("GET /readyz").await.json()["node"]["term"].is_u64());

    node.app.draining.cancel();
    let draining = node.ask("GET /readyz").await;
    assert_eq!(draining.status, 503);
    assert_eq!(draining.json()["draining"], true);
    assert_eq!(node.ask("GET /healthz").await.status, 200);
}

#[tokio::test]
async fn metrics_count_routes_and_never_paths() {
    let node = TestNode::start().await;
    let id = node.board("Plan").await;
    node.ask(&format!("GET /api/v1/boards/{id}")).await;
    node.ask("BREW /teapot").await;
    node.ask("GET /api/v1/boards\nhost: evil.example").await;
    for text in [
        node.ask("GET /metrics").await.body,
        node.ask_ops("GET /metrics").await.body,
    ] {
        for line in [
            "easel_http_requests_total{method=\"GET\",route=\"/api/v1/boards/{board}\",status_class=\"2xx\"} 1",
            "easel_http_requests_total{method=\"other\",route=\"(file)\",status_class=\"4xx\"} 1",
            "easel_http_requests_total{method=\"GET\",route=\"/api/v1/boards\",status_class=\"4xx\"} 1",
            "easel_raft_has_quorum 1",
            "easel_ws_connections{kind=\"easel\"} 0",
        ] {
            assert!(
                text.lines().any(|have| have == line),
                "{line} not in\n{text}"
            );
        }
        assert!(!text.contains(&id) && !text.contains("teapot"), "{text}");
        for name in [
            "easel_stroke_ack_seconds",
            "easel_fanout_seconds",
            "process_open_fds",
            "easel_disk_free_bytes",
        ] {
            assert!(
                text.contains(&format!("# TYPE {name} ")),
                "{name} not in\n{text}"
            );
        }
    }
    assert_eq!(
        node.ask_ops("GET /api/v1/boards").await.outcome(),
        "404 not-found"
    );
}

#[tokio::test]
async fn a_room_is_entered_by_websocket_only_and_only_if_it_is_there() {
    let node = TestNode::start().await;
    let id = node.board("Plan").await;
    let plain = node.ask(&format!("GET /sync/{id}")).await;
    assert_eq!(plain.outcome(), "426 upgrade-required");
    assert_eq!(plain.header("upgrade"), "websocket");
    for name in ["brd_00000000000000000000000000", "some-room", "a%2Fb"] {
        let answer = node.ask(&format!("GET /sync/{name}")).await;
        assert_eq!(answer.outcome(), "404 board-not-found", "of {name}");
    }
    let foreign = format!("GET /sync/{id}\nupgrade: websocket\norigin: http://localhost:3000");
    assert_eq!(node.ask(&foreign).await.outcome(), "403 foreign-origin");
    node.ask(&format!("DELETE /api/v1/boards/{id}\nif-match: *"))
        .await;
    assert_eq!(
        node.ask(&format!("GET /sync/{id}")).await.outcome(),
        "409 board-trashed"
    );
}

#[tokio::test]
async fn everything_is_below_the_path_of_the_public_url() {
    let node = TestNode::start_with(|config| {
        config.public_url = Some("https://boards.example.org/easel/".parse().unwrap());
    })
    .await;
    let ask = async |text: &str| {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        node.ask(&format!("{first}\nhost: boards.example.org\n{rest}"))
            .await
    };
    let new = "content-type: application/json\n\n{\"title\":\"Plan\"}";
    let made = ask(&format!("POST /easel/api/v1/boards\n{new}")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let place = made.header("location");
    assert!(place.starts_with("/easel/api/v1/boards/brd_"), "{place}");
    assert!(
        made.json()["sync_url"]
            .as_str()
            .unwrap()
            .starts_with("/easel/sync/")
    );
    // A proxy may have cut the beginning off.
    let bare = place.strip_prefix("/easel").unwrap();
    for path in [place, bare] {
        assert_eq!(ask(&format!("GET {path}")).await.status, 200, "of {path}");
    }
    ask(&format!("POST /easel/api/v1/boards\n{new}")).await;
    let list = ask("GET /easel/api/v1/boards?limit=1").await;
    assert!(
        list.header("link").starts_with("</easel/api/v1/boards?"),
        "{}",
        list.header("link")
    );
    let nothing = ask("GET /easel/nothing").await;
    assert_eq!(nothing.json()["type"], "/easel/problems/not-found");
    assert_eq!(ask("GET /easel/problems/not-found").await.status, 200);
    assert_eq!(ask("GET /easels/").await.status, 404);
    let root = ask("GET /easel").await;
    assert_eq!((root.status, root.header("location")), (307, "/easel/"));
}
