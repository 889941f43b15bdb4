//! How often and how much may be asked, and from where.

use super::people::Place;
use crate::testing::{Answer, TestNode};
use serde_json::json;

#[tokio::test]
async fn a_person_is_told_what_is_left_and_then_to_wait() {
    let place = Place::start_with(|config| config.rate_limits.api = 1).await;
    let admin = Some(&place.admin);
    let first = place.ask(admin, "GET /api/v1/boards", None).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("ratelimit-policy"), "\"api\";q=1;w=60");
    assert_eq!(first.header("ratelimit"), "\"api\";r=0;t=60");
    let second = place.ask(admin, "GET /api/v1/me", None).await;
    assert_eq!(second.outcome(), "429 quota-exceeded");
    assert_eq!(second.json()["violated-policies"], json!(["api"]));
    assert!(second.header("retry-after").parse::<u64>().unwrap() <= 60);
    assert!(second.header("ratelimit").starts_with("\"api\";r=0;t="));
    // Pages and pictures are not counted.
    let page = place.ask(None, "GET /", None).await;
    assert_eq!(page.header("ratelimit"), "");
}

#[tokio::test]
async fn what_changes_something_is_counted_twice() {
    let place = Place::start_with(|config| {
        config.rate_limits.api = 100;
        config.rate_limits.write = 1;
    })
    .await;
    let write = async || {
        let body = json!({ "title": "Plan" });
        let admin = Some(&place.admin);
        place.ask(admin, "POST /api/v1/boards", Some(body)).await
    };
    let first = write().await;
    assert_eq!(first.status, 201);
    assert_eq!(
        first.header("ratelimit-policy"),
        "\"api\";q=100;w=60, \"write\";q=1;w=60"
    );
    let second = write().await;
    assert_eq!(second.outcome(), "429 quota-exceeded");
    assert_eq!(second.json()["violated-policies"], json!(["write"]));
}

#[tokio::test]
async fn without_accounts_nobody_is_counted() {
    let node = TestNode::start_with(|config| {
        config.rate_limits.api = 1;
        config.rate_limits.write = 1;
        config.rate_limits.ws_connect = 1;
    })
    .await;
    for title in ["A", "B", "C"] {
        node.board(title).await;
        let answer = node.ask("GET /api/v1/boards").await;
        assert_eq!((answer.status, answer.header("ratelimit")), (200, ""));
        assert_eq!(
            node.ask("GET /sync/x").await.outcome(),
            "404 board-not-found"
        );
    }
}

async fn sign_in(place: &Place, email: &str, more: &str) -> Answer {
    let body = json!({ "email": email, "password": "four unrelated plain words" });
    let head = format!("POST /api/v1/auth/login{more}\ncontent-type: application/json");
    place.node.ask(&format!("{head}\n\n{body}")).await
}

#[tokio::test]
async fn sign_ins_are_counted_by_account() {
    let place = Place::start_with(|config| config.rate_limits.auth_account = 2).await;
    let signed_in = sign_in(&place, "ada@example.org", "").await;
    assert_eq!(signed_in.status, 200);
    assert_eq!(
        signed_in.header("ratelimit-policy"),
        "\"auth-account\";q=2;w=900"
    );
    let cookies = signed_in.headers.get_all("set-cookie").iter();
    let cookies = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    let cookies = format!("\ncookie: {}", cookies.collect::<Vec<_>>().join("; "));
    assert_eq!(sign_in(&place, "Ada@example.org", "").await.status, 200);
    let third = sign_in(&place, "ada@example.org", "").await;
    assert_eq!(third.outcome(), "429 quota-exceeded");
    assert_eq!(third.json()["violated-policies"], json!(["auth-account"]));
    // A browser that signed in before is not held up by strangers.
    let known = sign_in(&place, "ada@example.org", &cookies).await;
    assert_eq!(known.status, 200);
    let other = sign_in(&place, "bob@example.org", "").await;
    assert_eq!(other.outcome(), "401 invalid-credentials");
}

#[tokio::test]
async fn sign_ins_are_counted_by_network() {
    let place = Place::start_with(|config| config.rate_limits.auth = 1).await;
    // The second attempt to set the node up was the one that there was.
    let refused = sign_in(&place, "ada@example.org", "").await;
    assert_eq!(refused.outcome(), "429 quota-exceeded");
    assert_eq!(refused.json()["violated-policies"], json!(["auth"]));
}

#[tokio::test]
async fn ways_into_rooms_are_counted_by_person() {
    let place = Place::start_with(|config| config.rate_limits.ws_connect = 1).await;
    let board = place.board(&place.admin, "Plan").await;
    let path = format!("GET /sync/{board}");
    let admin = Some(&place.admin);
    // No upgrade was asked for, and yet it counts.
    let first = place.ask(admin, &path, None).await;
    assert_eq!(first.outcome(), "426 upgrade-required");
    let second = place.ask(admin, &path, None).await;
    assert_eq!(second.outcome(), "429 quota-exceeded");
    assert_eq!(second.json()["violated-policies"], json!(["ws-connect"]));
    let stream = format!("GET /api/v1/boards/{board}/stream");
    assert_eq!(place.ask(admin, &stream, None).await.status, 429);
    // Who has no credentials is counted by where they come from.
    assert_eq!(place.ask(None, &path, None).await.status, 401);
    assert_eq!(place.ask(None, &path, None).await.status, 429);
}

#[tokio::test]
async fn what_a_page_elsewhere_may_do_is_listed() {
    let place = Place::start_with(|config| {
        config.cors.origins = "https://app.example".parse().unwrap();
    })
    .await;
    let admin = &place.admin;
    let listed = "\norigin: https://app.example";
    let preflight = place
        .node
        .ask(&format!(
            "OPTIONS /api/v1/boards{listed}\naccess-control-request-method: POST"
        ))
        .await;
    assert_eq!(preflight.status, 204);
    let origin = "access-control-allow-origin";
    assert_eq!(preflight.header(origin), "https://app.example");
    assert!(
        preflight
            .header("access-control-allow-headers")
            .contains("Authorization")
    );
    let body = json!({ "title": "Plan" });
    let head = format!("POST /api/v1/boards{listed}\nsec-fetch-site: cross-site");
    let made = place.ask(Some(admin), &head, Some(body)).await;
    assert_eq!(
        (made.status, made.header(origin)),
        (201, "https://app.example")
    );
    assert_eq!(made.header("access-control-allow-credentials"), "");
    assert!(
        made.header("access-control-expose-headers")
            .contains("ETag")
    );
    assert_eq!(made.header("vary"), "Origin");
    // A problem is for the page, too.
    let refused = place
        .ask(None, &format!("GET /api/v1/boards{listed}"), None)
        .await;
    assert_eq!(
        (refused.outcome().as_str(), refused.header(origin)),
        ("401 unauthenticated", "https://app.example")
    );
    // Cookies of it are nobody's.
    let refresh = format!(
        "POST /api/v1/auth/refresh{listed}\neasel-client: web\ncontent-type: application/json\ncookie: {}\n\n{{}}",
        admin.cookie
    );
    assert_eq!(
        place.node.ask(&refresh).await.outcome(),
        "401 refresh-expired"
    );
    // Another is not told anything, and may change nothing.
    let other = "\norigin: https://app.example.evil";
    let read = place
        .ask(Some(admin), &format!("GET /api/v1/boards{other}"), None)
        .await;
    assert_eq!((read.status, read.header(origin)), (200, ""));
    assert_eq!(read.header("vary"), "Origin");
    let body = json!({ "title": "Plan" });
    let write = place
        .ask(
            Some(admin),
            &format!("POST /api/v1/boards{other}"),
            Some(body),
        )
        .await;
    assert_eq!(write.outcome(), "403 foreign-origin");
    let preflight = format!("OPTIONS /api/v1/boards{other}\naccess-control-request-method: POST");
    assert_eq!(
        place.node.ask(&preflight).await.outcome(),
        "403 foreign-origin"
    );
}

#[tokio::test]
async fn nothing_is_shared_with_other_origins_by_itself() {
    let node = TestNode::start().await;
    let answer = node
        .ask("GET /api/v1/boards\norigin: https://app.example")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert_eq!(answer.header("vary"), "");
}

#[tokio::test]
async fn a_long_list_is_compressed_and_its_tag_tells() {
    let node = TestNode::start().await;
    for number in 0..20 {
        node.board(&format!("Plan {number}")).await;
    }
    let plain = node.ask("GET /api/v1/boards").await;
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(plain.header("vary"), "accept-encoding");
    for encoding in ["br", "gzip"] {
        let list = format!("GET /api/v1/boards\naccept-encoding: {encoding}");
        let short = node.ask(&list).await;
        assert_eq!(short.header("content-encoding"), encoding);
        assert!(short.body.len() < plain.body.len() / 2);
        let tag = short.header("etag").to_owned();
        let inner = plain.header("etag").trim_matches('"');
        assert_eq!(tag, format!("\"{inner}-{encoding}\""));
        for with in [&list, "GET /api/v1/boards"] {
            let again = node.ask(&format!("{with}\nif-none-match: {tag}")).await;
            assert_eq!((again.status, again.header("etag")), (304, tag.as_str()));
        }
    }
}

#[tokio::test]
async fn an_encoded_tag_is_as_good_for_a_write() {
    let node = TestNode::start().await;
    let id = node.board(&"x".repeat(200)).await;
    let shown = node.ask(&format!("GET /api/v1/boards/{id}")).await;
    let tag = shown.header("etag").trim_end_matches('"').to_owned() + "-br\"";
    let deleted = node
        .ask(&format!("DELETE /api/v1/boards/{id}\nif-match: {tag}"))
        .await;
    assert_eq!(deleted.status, 204);
}

#[tokio::test]
async fn what_tells_a_secret_is_not_compressed() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let encoding = "\naccept-encoding: br, gzip";
    let label = "x".repeat(100);
    for (request, body) in [
        (
            "POST /api/v1/auth/login".to_owned(),
            json!({ "email": "ada@example.org", "password": "four unrelated plain words" }),
        ),
        (
            format!("POST /api/v1/boards/{board}/share-links"),
            json!({ "role": "viewer", "label": label }),
        ),
        (
            format!("POST /api/v1/boards/{board}/invitations"),
            json!({ "role": "viewer" }),
        ),
        (format!("POST /api/v1/boards/{board}/tickets"), json!({})),
    ] {
        let request = format!("{request}{encoding}");
        let answer = place.ask(Some(&place.admin), &request, Some(body)).await;
        assert!(
            (200..300).contains(&answer.status),
            "{request}: {}",
            answer.body
        );
        assert_eq!(answer.header("content-encoding"), "", "of {request}");
        assert_eq!(answer.header("cache-control"), "no-store", "of {request}");
    }
}

#[tokio::test]
async fn a_read_is_as_new_as_it_is_asked_to_be() {
    let node = TestNode::start().await;
    let body = "content-type: application/json\n\n{\"title\": \"Plan\"}";
    let made = node.ask(&format!("POST /api/v1/boards\n{body}")).await;
    let index = made.header("easel-index");
    for read in [
        format!("GET /api/v1/boards\neasel-min-index: {index}"),
        "GET /api/v1/boards?consistency=linearizable".to_owned(),
        "GET /api/v1/boards?limit=5&consistency=linearizable".to_owned(),
    ] {
        let list = node.ask(&read).await;
        assert_eq!(list.json()["data"][0]["title"], "Plan", "of {read}");
    }
    let ahead = u64::MAX;
    let late = node
        .ask(&format!("GET /api/v1/version\neasel-min-index: {ahead}"))
        .await;
    assert_eq!(late.outcome(), "503 replica-behind");
    assert_eq!(late.header("retry-after"), "1");
    let bad = node.ask("GET /api/v1/boards\neasel-min-index: soon").await;
    assert_eq!(bad.outcome(), "400 bad-request");
    let bad = node.ask("GET /api/v1/boards?consistency=never").await;
    assert_eq!(bad.outcome(), "400 bad-query");
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let node = TestNode::start().await;
    for (request, allowed) in [
        ("PUT /api/v1/boards", "GET,HEAD,POST"),
        ("POST /api/v1/version", "GET,HEAD"),
        ("GET /api/v1/auth/login", "POST"),
    ] {
        let answer = node.ask(request).await;
        assert_eq!(answer.outcome(), "405 method-not-allowed", "of {request}");
        assert_eq!(answer.header("allow"), allowed, "of {request}");
    }
}

async fn tell(place: &Place, body: serde_json::Value) -> String {
    let path = "POST /api/v1/client-errors";
    place.ask(None, path, Some(body)).await.outcome()
}

#[tokio::test]
async fn a_page_tells_of_its_failures_and_is_counted() {
    let place = Place::start().await;
    let error =
        json!({ "kind": "error", "message": "x is not a function", "stack": "", "page": "/b/1" });
    assert_eq!(tell(&place, error).await, "204");
    assert_eq!(
        tell(&place, json!({ "kind": "error" })).await,
        "422 invalid"
    );
    let long = json!({ "kind": "error", "message": "x".repeat(20_000) });
    assert_eq!(tell(&place, long).await, "413 body-too-large");
    let report = "POST /csp-reports\ncontent-type: application/csp-report\n\n\
        {\"csp-report\": {\"effective-directive\": \"img-src\", \"blocked-uri\": \"https://a.example/x.png\"}}";
    assert_eq!(place.node.ask(report).await.status, 204);
    let metrics = place.node.ask_ops("GET /metrics").await.body;
    for line in [
        "easel_client_errors_total{kind=\"error\"} 1",
        "easel_client_errors_total{kind=\"policy\"} 1",
    ] {
        assert!(metrics.lines().any(|have| have == line), "{line}");
    }
}

#[tokio::test]
async fn a_page_tells_of_its_failures_so_often() {
    let place = Place::start_with(|config| config.rate_limits.client_errors = 1).await;
    let error = json!({ "kind": "rejection", "message": "x" });
    assert_eq!(tell(&place, error.clone()).await, "204");
    assert_eq!(tell(&place, error).await, "429 quota-exceeded");
    let metrics = place.node.ask_ops("GET /metrics").await.body;
    let line = "easel_http_limited_total{policy=\"client-errors\"} 1";
    assert!(metrics.lines().any(|have| have == line), "{metrics}");
}
