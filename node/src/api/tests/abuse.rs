//! What somebody could do to the others: hold their places, use up their attempts, go on after the end of a session.

use super::JSON;
use super::people::{PASSWORD, Person, Place};
use crate::api::time::rfc3339;
use crate::auth::wall_clock;
use crate::images::samples;
use crate::testing::{Answer, TestNode};
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use tokio::sync::oneshot;
use yrs::{Any, Doc, Map, MapPrelim, ReadTxn, StateVector, Transact};

const BYTES: &str = "content-type: application/octet-stream";

/// A body that tells when it is asked for and then waits for what it is to hold; nothing of it comes before.
fn held_back() -> (Body, oneshot::Receiver<()>, oneshot::Sender<Vec<u8>>) {
    let (asked, is_asked) = oneshot::channel();
    let (give, given) = oneshot::channel::<Vec<u8>>();
    let parts = futures_util::stream::unfold(Some((asked, given)), |state| async {
        let (asked, given) = state?;
        let _ = asked.send(());
        let bytes = given.await.ok()?;
        Some((Ok::<_, Infallible>(Bytes::from(bytes)), None))
    });
    (Body::from_stream(parts), is_asked, give)
}

/// One note, as an update.
fn note() -> Vec<u8> {
    let doc = Doc::new();
    let elements = doc.get_or_insert_map("elements");
    let note = [("type", "sticky"), ("z", "a0")];
    let note: MapPrelim = note
        .map(|(key, value)| (key.to_owned(), Any::from(value)))
        .into_iter()
        .collect();
    elements.insert(&mut doc.transact_mut(), "el_1", note);
    doc.transact()
        .encode_state_as_update_v1(&StateVector::default())
}

fn bearer(path: &str, person: &Person, more: &str) -> String {
    format!("{path}\nauthorization: Bearer {}\n{more}", person.token)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_whose_sender_was_signed_out_meanwhile_is_not_taken() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let editor = place.invited(&board, "editor", "editor").await;
    let head = bearer(&format!("POST /api/v1/boards/{board}/ydoc"), &editor, BYTES);
    let elements = format!("GET /api/v1/boards/{board}/elements");
    let count = async || {
        let answer = place.ask(Some(&place.admin), &elements, None).await;
        answer.json()["data"].as_array().unwrap().len()
    };
    let (body, is_asked, give) = held_back();
    let (late, ()) = tokio::join!(place.node.send_body(&head, body), async {
        is_asked.await.unwrap();
        let out = "POST /api/v1/auth/logout";
        let left = place.ask(Some(&editor), out, Some(json!({}))).await;
        assert_eq!(left.status, 204, "{}", left.body);
        give.send(note()).unwrap();
    });
    assert_eq!(late.outcome(), "401 invalid-token");
    assert_eq!(count().await, 0);
    // The same, by who may.
    let head = bearer(
        &format!("POST /api/v1/boards/{board}/ydoc"),
        &place.admin,
        BYTES,
    );
    let taken = place.node.send_body(&head, note().into()).await;
    assert_eq!(taken.status, 200, "{}", taken.body);
    assert_eq!(count().await, 1);
}

/// Sends bodies that do not come, as many as are let in; answers what the first that was not was told, and how many were.
async fn let_in(place: &Place, heads: &[String]) -> (usize, Option<String>) {
    let mut kept = Vec::new();
    for head in heads {
        let (body, is_asked, give) = held_back();
        let mut sent = Box::pin(place.node.send_body(head, body));
        tokio::select! {
            answer = &mut sent => return (kept.len(), Some(answer.outcome())),
            asked = is_asked => asked.unwrap(),
        }
        kept.push((sent, give));
    }
    (kept.len(), None)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_does_not_keep_the_others_from_uploading() {
    let place = Place::start_with(|config| {
        config.proxy.trusted = "127.0.0.1".parse().unwrap();
    })
    .await;
    let board = place.board(&place.admin, "Plan").await;
    let mut people = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        people.push(place.invited(&board, "editor", name).await);
    }
    for (path, of_one, of_network) in [
        (format!("POST /api/v1/boards/{board}/assets"), 3, 6),
        ("PUT /api/v1/me/avatar".to_owned(), 3, 6),
        (format!("POST /api/v1/boards/{board}/ydoc"), 4, 24),
    ] {
        let from = |person: &Person, ip: &str| {
            bearer(&path, person, &format!("{BYTES}\nx-forwarded-for: {ip}"))
        };
        let alone: Vec<_> = (0..9)
            .map(|n| from(&people[0], &format!("10.0.0.{n}")))
            .collect();
        let busy = Some("429 busy".to_owned());
        assert_eq!(
            let_in(&place, &alone).await,
            (of_one, busy.clone()),
            "{path}"
        );
        // What was cut off is free again.
        assert_eq!(
            let_in(&place, &alone).await,
            (of_one, busy.clone()),
            "{path}"
        );
        if of_network > 8 {
            continue;
        }
        let together: Vec<_> = people
            .iter()
            .chain(&people)
            .map(|one| from(one, "10.0.0.1"))
            .collect();
        assert_eq!(
            let_in(&place, &together).await,
            (of_network, busy),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_to_bring_an_update_is_told_to_come_back() {
    let node = TestNode::start().await;
    let board = node.board("Plan").await;
    let head = format!("POST /api/v1/boards/{board}/ydoc\n{BYTES}");
    let mut held = Vec::new();
    for _ in 0..8 {
        let (body, is_asked, give) = held_back();
        let mut sent = Box::pin(node.send_body(&head, body));
        tokio::select! {
            answer = &mut sent => panic!("{}", answer.outcome()),
            asked = is_asked => asked.unwrap(),
        }
        held.push((sent, give));
    }
    let (body, _, _give) = held_back();
    assert_eq!(node.send_body(&head, body).await.outcome(), "429 busy");
    // Any of those that are read may end, and then there is room.
    let (sent, give) = held.pop().unwrap();
    give.send(note()).unwrap();
    assert_eq!(sent.await.status, 200);
    assert_eq!(node.send_body(&head, note().into()).await.status, 200);
}

#[tokio::test]
async fn one_person_does_not_hold_all_streams() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let other = place.invited(&board, "viewer", "viewer").await;
    let open = async |person| {
        place
            .node
            .ask_head(&bearer("GET /api/v1/me/stream", person, "x: y"))
            .await
    };
    let mut streams = Vec::new();
    let refused = loop {
        let answer = open(&place.admin).await;
        match answer.status().as_u16() {
            200 => streams.push(answer),
            status => break status,
        }
    };
    assert_eq!((streams.len(), refused), (16, 503));
    assert_eq!(open(&other).await.status(), 200);
    drop(streams.pop());
    assert_eq!(open(&place.admin).await.status(), 200);
}

async fn visit(place: &Place, secret: &str) -> Person {
    let open = format!("POST /api/v1/share/{secret}/open");
    let visit = place.ask(None, &open, Some(json!({}))).await;
    assert_eq!(visit.status, 200, "{}", visit.body);
    Person {
        id: String::new(),
        token: visit.json()["access_token"].as_str().unwrap().to_owned(),
        cookie: String::new(),
    }
}

#[tokio::test]
async fn opening_a_link_again_gives_no_new_bytes() {
    let picture = samples::png(10, 10);
    let place =
        Place::start_with(|config| config.rate_limits.upload = "1KiB".parse().unwrap()).await;
    assert!(picture.len() <= 1 << 10);
    let board = place.board(&place.admin, "Plan").await;
    let links = format!("POST /api/v1/boards/{board}/share-links");
    let link = async || {
        let made = place
            .ask(
                Some(&place.admin),
                &links,
                Some(json!({ "role": "editor" })),
            )
            .await;
        made.json()["token"].as_str().unwrap().to_owned()
    };
    let (one, other) = (link().await, link().await);
    let upload = async |secret: &str| -> Answer {
        let visitor = visit(&place, secret).await;
        let path = format!("POST /api/v1/boards/{board}/assets");
        let head = bearer(
            &path,
            &visitor,
            &format!("{BYTES}\ncontent-length: {}", picture.len()),
        );
        place.node.send(&head, picture.clone()).await
    };
    assert_eq!(upload(&one).await.status, 201);
    assert_eq!(upload(&one).await.outcome(), "429 quota-exceeded");
    assert_eq!(upload(&other).await.status, 200);
}

#[tokio::test]
async fn a_picture_of_oneself_may_have_fewer_pixels() {
    let place = Place::start_with(|config| config.limits.avatar_pixels = 99).await;
    let board = place.board(&place.admin, "Plan").await;
    let picture = samples::png(10, 10);
    let head = bearer(
        &format!("POST /api/v1/boards/{board}/assets"),
        &place.admin,
        BYTES,
    );
    assert_eq!(place.node.send(&head, picture.clone()).await.status, 201);
    let head = bearer("PUT /api/v1/me/avatar", &place.admin, BYTES);
    assert_eq!(
        place.node.send(&head, picture).await.outcome(),
        "422 image-too-large"
    );
    assert_eq!(
        place.node.send(&head, samples::png(9, 11)).await.status,
        200
    );
}

#[tokio::test]
async fn a_stranger_does_not_use_up_an_accounts_attempts() {
    let place = Place::start_with(|config| {
        config.rate_limits.auth_account = 3;
        config.proxy.trusted = "127.0.0.1".parse().unwrap();
    })
    .await;
    let attempt = async |password: &str, ip: &str| {
        let body = json!({ "email": "ada@example.org", "password": password });
        let head = format!("POST /api/v1/auth/login\n{JSON}\nx-forwarded-for: {ip}");
        place.node.ask(&format!("{head}\n\n{body}")).await.outcome()
    };
    for _ in 0..3 {
        assert_eq!(
            attempt("a guess of somebody", "10.0.0.66").await,
            "401 invalid-credentials"
        );
    }
    assert_eq!(
        attempt("a guess of somebody", "10.0.0.66").await,
        "429 quota-exceeded"
    );
    assert_eq!(attempt(PASSWORD, "10.0.0.7").await, "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_one_board_hears_of_no_other() {
    let place = Place::start().await;
    let (one, other) = (
        place.board(&place.admin, "One").await,
        place.board(&place.admin, "Other").await,
    );
    let body = json!({
        "name": "ci", "scopes": ["boards:read"], "board": one,
        "expires_at": rfc3339(wall_clock().0 + 3_600_000),
    });
    let made = place
        .ask(Some(&place.admin), "POST /api/v1/me/tokens", Some(body))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let token = Person {
        id: String::new(),
        token: made.json()["token"].as_str().unwrap().to_owned(),
        cookie: String::new(),
    };
    let stream = place
        .node
        .ask_head(&bearer("GET /api/v1/me/stream", &token, "x: y"))
        .await;
    assert_eq!(stream.status(), 200);
    let mut body = stream.into_body();
    let mut heard = String::new();
    let mut until = async |what: &str| {
        while !heard.contains(what) {
            let frame = body.frame().await.unwrap().unwrap();
            heard.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
        heard.clone()
    };
    until("event: ready").await;
    for board in [&other, &one] {
        let path = format!("PATCH /api/v1/boards/{board}\nif-match: *");
        let patch = Some(json!({ "title": "Renamed" }));
        assert_eq!(
            place.ask(Some(&place.admin), &path, patch).await.status,
            200
        );
    }
    let heard = until(&one).await;
    assert!(!heard.contains(&other), "{heard}");
}

#[tokio::test]
async fn nothing_with_a_pass_in_it_is_compressed() {
    let place = Place::start().await;
    let board = place.board(&place.admin, &"x".repeat(200)).await;
    for _ in 0..9 {
        place.board(&place.admin, &"x".repeat(200)).await;
    }
    let head = bearer(
        &format!("POST /api/v1/boards/{board}/assets"),
        &place.admin,
        BYTES,
    );
    for side in 10..14 {
        let picture = samples::png(side, side);
        assert_eq!(place.node.send(&head, picture).await.status, 201);
    }
    let head = bearer("PUT /api/v1/me/avatar", &place.admin, BYTES);
    assert_eq!(
        place.node.send(&head, samples::png(10, 10)).await.status,
        200
    );
    let ask = async |path: &str| {
        let request = format!("GET /api/v1{path}\naccept-encoding: br, gzip");
        place.ask(Some(&place.admin), &request, None).await
    };
    for path in [
        "/boards".to_owned(),
        "/me".to_owned(),
        format!("/boards/{board}"),
        format!("/boards/{board}/assets"),
        format!("/boards/{board}/members"),
    ] {
        let answer = ask(&path).await;
        assert_eq!(
            (answer.status, answer.header("content-encoding")),
            (200, ""),
            "{path}"
        );
        assert!(
            answer.body.contains("pass="),
            "{path} tells no pass: {}",
            answer.body
        );
    }
    // It is for the passes, and not because nothing is.
    assert_eq!(ask("/openapi.json").await.header("content-encoding"), "br");
}

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Lines(Arc<parking_lot::Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_pages_words_do_not_take_the_place_of_the_logs_own() {
    let place = Place::start().await;
    let lines = Lines::default();
    let writer = lines.clone();
    let format = crate::logging::json_line();
    let subscriber = tracing_subscriber::fmt()
        .event_format(format)
        .with_writer(move || writer.clone())
        .finish();
    let error = json!({ "kind": "error", "message": "all is well" });
    let told = {
        let _here = tracing::subscriber::set_default(subscriber);
        place
            .ask(None, "POST /api/v1/client-errors", Some(error))
            .await
    };
    assert_eq!(told.status, 204);
    let text = String::from_utf8(lines.0.lock().clone()).unwrap();
    let line = text
        .lines()
        .find(|line| line.contains("all is well"))
        .unwrap();
    assert_eq!(line.matches("\"msg\":").count(), 1, "{line}");
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["msg"], &line["said"]),
        (&"a page failed".into(), &"all is well".into())
    );
}

#[tokio::test]
async fn whole_boards_are_given_to_so_many_at_once() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let other = place.invited(&board, "viewer", "viewer").await;
    let open = async |person| {
        let path = format!("GET /api/v1/boards/{board}/ydoc");
        place.node.ask_head(&bearer(&path, person, "x: y")).await
    };
    let mut unread = Vec::new();
    let refused = loop {
        let answer = open(&place.admin).await;
        match answer.status().as_u16() {
            200 => unread.push(answer),
            status => break status,
        }
    };
    assert_eq!((unread.len(), refused), (4, 429));
    assert_eq!(open(&other).await.status(), 200);
    let read = unread.pop().unwrap().into_body().collect().await.unwrap();
    assert!(!read.to_bytes().is_empty());
    assert_eq!(open(&place.admin).await.status(), 200);
}

#[tokio::test]
async fn what_is_refused_and_the_keys_age_are_counted() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let viewer = place.invited(&board, "viewer", "viewer").await;
    let rename = format!("PATCH /api/v1/boards/{board}\nif-match: *");
    let refused = place
        .ask(Some(&viewer), &rename, Some(json!({ "title": "Mine" })))
        .await;
    assert_eq!(refused.outcome(), "403 forbidden");
    let metrics = place.node.ask_ops("GET /metrics").await.body;
    let denied = "easel_authz_denied_total{route=\"/api/v1/boards/{board}\"} 1";
    assert!(metrics.lines().any(|line| line == denied), "{metrics}");
    let age = metrics
        .lines()
        .find_map(|line| line.strip_prefix("easel_token_key_age_seconds "));
    assert!(age.unwrap().parse::<u64>().unwrap() < 3_600);
}

/// A browser tells of what the page's policy kept out, by either way of saying it.
#[tokio::test]
async fn the_page_says_where_what_its_policy_kept_out_is_told() {
    let place = Place::start_with(|config| {
        config.public_url = Some("http://localhost/easel".parse().unwrap());
    })
    .await;
    let page = place.node.ask("GET /easel/\naccept: text/html").await;
    if page
        .header("content-security-policy")
        .contains("script-src")
    {
        let policy = page.header("content-security-policy");
        assert!(
            policy.ends_with("report-uri /easel/csp-reports; report-to csp"),
            "{policy}"
        );
        assert_eq!(
            page.header("reporting-endpoints"),
            "csp=\"/easel/csp-reports\""
        );
    }
    for (kind, report) in [
        (
            "csp-report",
            json!({ "csp-report": { "effective-directive": "img-src", "blocked-uri": "inline" } }),
        ),
        (
            "reports+json",
            json!([{ "type": "csp-violation", "body": { "effectiveDirective": "img-src" } }]),
        ),
    ] {
        let text = format!(
            "POST /easel/csp-reports\ncontent-type: application/{kind}\norigin: http://localhost\n\n{report}"
        );
        assert_eq!(place.node.ask(&text).await.status, 204, "{kind}");
    }
}
