//! Elements as programs read and write them.

use super::JSON;
use super::people::Place;
use crate::testing::TestNode;
use serde_json::{Value, json};

const STICKY: &str = r#"{"type": "sticky", "box": [0, 0, 200, 200, 0], "text": "hé"}"#;

async fn make(node: &TestNode, place: &str, element: Value) -> Value {
    let made = node
        .ask(&format!("POST {place}\n{JSON}\n\n{element}"))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_from_its_making_to_its_end() {
    let node = TestNode::start().await;
    let board = node.board("Plan").await;
    let place = format!("/api/v1/boards/{board}/elements");
    let made = node.ask(&format!("POST {place}\n{JSON}\n\n{STICKY}")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let element = made.json();
    let one = format!("{place}/{}", element["id"].as_str().unwrap());
    assert_eq!(made.header("location"), one);
    assert!(made.header("easel-index").parse::<u64>().is_ok());
    assert_eq!(
        (&element["z"], &element["text"]),
        (&"a0".into(), &"hé".into())
    );
    // Durable when it is answered: found without the room.
    let read = node.ask(&format!("GET {one}")).await;
    assert_eq!((read.status, read.json()), (200, element));
    assert_eq!(read.header("etag"), made.header("etag"));
    let tag = read.header("etag");
    let known = node.ask(&format!("GET {one}\nif-none-match: {tag}")).await;
    assert_eq!((known.status, known.body.as_str()), (304, ""));

    let patch = "content-type: application/merge-patch+json";
    let change = format!("PATCH {one}\n{patch}\nif-match: {tag}\n\n{{\"fill\": \"red\"}}");
    let changed = node.ask(&change).await;
    assert_eq!(
        (changed.status, &changed.json()["fill"]),
        (200, &"red".into())
    );
    let stale = node.ask(&change).await;
    assert_eq!(stale.outcome(), "412 precondition-failed");
    let stale = node.ask(&format!("DELETE {one}\nif-match: {tag}")).await;
    assert_eq!(stale.outcome(), "412 precondition-failed");

    let whole = json!({ "type": "sticky", "box": [1, 2, 3, 4, 0], "locked": true });
    let put = node.ask(&format!("PUT {one}\n{JSON}\n\n{whole}")).await;
    assert_eq!(put.status, 200, "{}", put.body);
    assert_eq!(
        (&put.json()["text"], put.json().get("fill")),
        (&"".into(), None)
    );
    let locked = node.ask(&format!("DELETE {one}")).await;
    assert_eq!(locked.outcome(), "423 element-locked");
    let open = node
        .ask(&format!("PATCH {one}\n{patch}\n\n{{\"locked\": null}}"))
        .await;
    assert_eq!(open.status, 200);
    let gone = node.ask(&format!("DELETE {one}\nif-match: *")).await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert!(gone.header("easel-index").parse::<u64>().is_ok());
    for request in [
        format!("GET {one}"),
        format!("DELETE {one}"),
        format!("PATCH {one}\n{patch}\n\n{{}}"),
        format!("PUT {one}\n{JSON}\n\n{whole}"),
    ] {
        let answer = node.ask(&request).await;
        assert_eq!(answer.outcome(), "404 element-not-found", "of {request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn elements_are_found_by_what_they_are_and_where() {
    let node = TestNode::start().await;
    let board = node.board("Plan").await;
    let place = format!("/api/v1/boards/{board}/elements");
    for (id, element) in [
        ("near", json!({ "type": "frame", "box": [0, 0, 10, 10, 0] })),
        (
            "far",
            json!({ "type": "sticky", "box": [500, 500, 10, 10, 0] }),
        ),
        (
            "inside",
            json!({ "type": "text", "box": [1, 1, 5, 5, 0], "parent": "near", "text": "a" }),
        ),
        (
            "line",
            json!({ "type": "line", "box": [0, 0, 9, 9, 0], "data": { "from": [0, 0], "to": [1, 1] } }),
        ),
    ] {
        let mut element = element;
        element["id"] = id.into();
        make(&node, &place, element).await;
    }
    for (query, expected) in [
        ("", "near far inside line"),
        ("?type=sticky", "far"),
        ("?type=frame", "near"),
        ("?parent=near", "inside"),
        ("?parent=none", "near far line"),
        ("?bbox=0,0,100,100", "near inside line"),
        ("?bbox=600,600,505,505&type=sticky", "far"),
        ("?author=usr_1", ""),
    ] {
        let list = node.ask(&format!("GET {place}{query}")).await;
        assert_eq!(list.status, 200, "{}", list.body);
        let body = list.json();
        let ids = body["data"].as_array().unwrap().iter();
        let ids: Vec<_> = ids.map(|element| element["id"].as_str().unwrap()).collect();
        assert_eq!(ids.join(" "), expected, "of {query}");
        let lines = node
            .ask(&format!("GET {place}{query}\naccept: application/x-ndjson"))
            .await;
        assert_eq!(lines.header("content-type"), "application/x-ndjson");
        assert_eq!(lines.header("etag"), list.header("etag"));
        let lines = lines
            .body
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        assert_eq!(&lines.collect::<Vec<_>>(), body["data"].as_array().unwrap());
    }
    let thin = node
        .ask(&format!("GET {place}?fields=z,text&parent=near"))
        .await;
    assert_eq!(
        thin.json()["data"],
        json!([{ "id": "inside", "z": "a2", "text": "a" }])
    );

    let mut next = format!("{place}?limit=3");
    let mut pages = Vec::new();
    while !next.is_empty() {
        let page = node.ask(&format!("GET {next}")).await;
        pages.push(page.json()["data"].as_array().unwrap().len());
        let link = page.header("link").trim_start_matches('<');
        next = link.split('>').next().unwrap_or_default().to_owned();
    }
    assert_eq!(pages, [3, 1]);
    let first = node.ask(&format!("GET {place}?limit=1")).await;
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let other = node
        .ask(&format!("GET {place}?type=line&cursor={cursor}"))
        .await;
    assert_eq!(other.outcome(), "400 cursor-mismatch");

    let tag = first.header("etag");
    let known = format!("GET {place}\nif-none-match: {tag}");
    assert_eq!(node.ask(&known).await.status, 304);
    let gone = node.ask(&format!("DELETE {place}/near")).await;
    assert_eq!(gone.status, 204);
    // A state vector alone would not know of a deletion.
    assert_eq!(node.ask(&known).await.status, 200);
    // What lay in it lies nowhere now.
    let orphan = node.ask(&format!("GET {place}/inside")).await;
    assert_eq!(orphan.json().get("parent"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_element_is_said() {
    let node = TestNode::start().await;
    let board = node.board("Plan").await;
    let place = format!("/api/v1/boards/{board}/elements");
    let one = make(
        &node,
        &place,
        json!({ "id": "one", "type": "sticky", "box": [0, 0, 1, 1, 0] }),
    )
    .await;
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let none = "/api/v1/boards/brd_00000000000000000000000000";
    for (request, expected) in [
        (
            format!("POST {place}\n{JSON}\n\n{one}"),
            "409 element-exists",
        ),
        (
            format!(
                "POST {place}\n{JSON}\n\n{{\"id\": \"one\", \"type\": \"sticky\", \"box\": [0,0,1,1,0]}}"
            ),
            "409 element-exists",
        ),
        (
            format!(
                "POST {place}\n{JSON}\n\n{{\"id\": \"a b\", \"type\": \"sticky\", \"box\": [0,0,1,1,0]}}"
            ),
            "422 invalid",
        ),
        (
            format!(
                "POST {place}\n{JSON}\n\n{{\"id\": 7, \"type\": \"sticky\", \"box\": [0,0,1,1,0]}}"
            ),
            "422 invalid",
        ),
        (
            format!("POST {place}\n{JSON}\n\n{{\"type\": \"sticky\", \"box\": [0,0,1,1e400,0]}}"),
            "400 malformed-json",
        ),
        (
            format!("POST {place}\n{JSON}\n\n{{\"type\": \"sticky\", \"box\": {deep}}}"),
            "400 malformed-json",
        ),
        (
            format!(
                "POST {place}\n{JSON}\n\n{{\"type\": \"sticky\", \"box\": [0,0,1,1,0], \"link\": \"javascript:x\"}}"
            ),
            "422 invalid",
        ),
        (format!("POST {place}\n{JSON}\n\n[]"), "400 malformed-json"),
        (
            format!("POST {place}\n\n{STICKY}"),
            "415 unsupported-media-type",
        ),
        (
            format!("PUT {place}/one\ncontent-type: application/merge-patch+json\n\n{{}}"),
            "415 unsupported-media-type",
        ),
        (
            format!("PATCH {place}/one\n{JSON}\n\n{{\"parent\": \"one\"}}"),
            "422 invalid",
        ),
        (
            format!("PATCH {place}/one\n{JSON}\n\n{{\"parent\": \"two\"}}"),
            "422 invalid",
        ),
        (
            format!("PATCH {place}/one\n{JSON}\n\n{{\"data\": {{}}}}"),
            "422 invalid",
        ),
        (format!("GET {place}?bbox=1,2,3"), "400 bad-query"),
        (format!("GET {place}?limit=0"), "400 bad-query"),
        (format!("GET {place}?parent=a%20b"), "400 bad-query"),
        (format!("GET {place}?colour=red"), "400 bad-query"),
        (format!("GET {place}/%E2%82%AC"), "404 element-not-found"),
        (format!("GET {none}/elements"), "404 board-not-found"),
        (format!("GET {none}/elements/one"), "404 board-not-found"),
        (
            format!("POST {none}/elements\n{JSON}\n\n{STICKY}"),
            "404 board-not-found",
        ),
        (
            format!("POST {none}/ydoc\ncontent-type: application/octet-stream\n\nx"),
            "404 board-not-found",
        ),
        (
            format!(
                "POST /api/v1/boards/{board}/ydoc\ncontent-type: application/octet-stream\n\nnot yjs"
            ),
            "422 bad-update",
        ),
        (
            format!("POST /api/v1/boards/{board}/ydoc\ncontent-type: application/octet-stream"),
            "422 bad-update",
        ),
        (
            format!("POST /api/v1/boards/{board}/ydoc\n\nx"),
            "415 unsupported-media-type",
        ),
        (
            format!("GET /api/v1/boards/{board}/ydoc?sv=!!"),
            "400 bad-query",
        ),
        (
            format!("GET /api/v1/boards/{board}/ydoc?sv=_____w"),
            "400 bad-query",
        ),
        (
            format!("GET /api/v1/boards/{board}/ydoc?format=v3"),
            "400 bad-query",
        ),
        (
            format!("GET /api/v1/boards/{board}/ydoc?part=body&format=v2"),
            "400 bad-query",
        ),
    ] {
        let answer = node.ask(&request).await;
        assert_eq!(answer.outcome(), expected, "of {request}: {}", answer.body);
    }
    let tag = node.ask("GET /api/v1/boards?trashed=false").await;
    assert_eq!(tag.status, 200);
    let trash = format!("DELETE /api/v1/boards/{board}\nif-match: *");
    assert_eq!(node.ask(&trash).await.status, 204);
    let late = node.ask(&format!("POST {place}\n{JSON}\n\n{STICKY}")).await;
    assert_eq!(late.outcome(), "409 board-trashed");
    let late = node.ask(&format!("DELETE {place}/one")).await;
    assert_eq!(late.outcome(), "409 board-trashed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_is_made_once_for_each_key() {
    let node = TestNode::start().await;
    let board = node.board("Plan").await;
    let place = format!("/api/v1/boards/{board}/elements");
    let ask = |body: &str| format!("POST {place}\n{JSON}\nidempotency-key: \"k\"\n\n{body}");
    let first = node.ask(&ask(STICKY)).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let again = node.ask(&ask(STICKY)).await;
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (201, "true")
    );
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("location"), first.header("location"));
    let other = node
        .ask(&ask(r#"{"type": "text", "box": [0, 0, 1, 1, 0]}"#))
        .await;
    assert_eq!(other.outcome(), "422 idempotency-key-reused");
    let id = first.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(node.ask(&format!("DELETE {place}/{id}")).await.status, 204);
    assert_eq!(node.ask(&ask(STICKY)).await.outcome(), "410 gone");
    let left = node.ask(&format!("GET {place}")).await.json();
    assert_eq!(left["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_are_all_answered_and_all_kept() {
    let node = std::sync::Arc::new(TestNode::start().await);
    let board = node.board("Plan").await;
    let place = format!("/api/v1/boards/{board}/elements");
    let asks = (0..60).map(|number| {
        let (node, place) = (node.clone(), place.clone());
        tokio::spawn(async move {
            let element = json!({ "id": format!("e{number}"), "type": "sticky", "box": [number, 0, 1, 1, 0] });
            make(&node, &place, element).await;
            let patch = format!("PATCH {place}/e{number}\n{JSON}\n\n{{\"text\": \"{number}\"}}");
            assert_eq!(node.ask(&patch).await.status, 200);
        })
    });
    for ask in asks.collect::<Vec<_>>() {
        ask.await.unwrap();
    }
    let lines = node
        .ask(&format!("GET {place}\naccept: application/x-ndjson"))
        .await;
    let lines: Vec<Value> = lines
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 60);
    for line in lines {
        assert_eq!(line["id"], format!("e{}", line["text"].as_str().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_says_when_it_was_made_and_changed_and_by_whom() {
    let place = Place::start().await;
    let ada = place.admin.clone();
    let board = place.board(&ada, "Plan").await;
    let ben = place.invited(&board, "editor", "Ben").await;
    let at = format!("/api/v1/boards/{board}/elements");
    let draw =
        |id: &str| json!({ "id": id, "type": "sticky", "box": [0, 0, 9, 9, 0], "text": "a" });
    for id in ["one", "two"] {
        let made = place
            .ask(Some(&ada), &format!("POST {at}"), Some(draw(id)))
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let element = made.json();
        assert_eq!(element["created_at"], element["updated_at"]);
        assert_eq!(element["updated_by"], ada.id.as_str());
    }
    let read = |id: &str| format!("GET {at}/{id}");
    let first = place.ask(Some(&ada), &read("one"), None).await;
    let patch = format!(
        "PATCH {at}/one\ncontent-type: application/merge-patch+json\nauthorization: Bearer {}\n\n{{\"fill\": \"red\"}}",
        ben.token
    );
    let changed = place.node.ask(&patch).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let (before, after) = (first.json(), changed.json());
    assert_eq!(after["created_at"], before["created_at"]);
    assert_eq!(
        (&after["by"], &after["updated_by"]),
        (&before["by"], &ben.id.as_str().into())
    );
    let (then, now) = (before["updated_at"].as_str(), after["updated_at"].as_str());
    assert!(then < now, "{then:?} before {now:?}");
    let again = place.ask(Some(&ada), &read("one"), None).await;
    assert_eq!(
        (again.json(), again.header("etag")),
        (after.clone(), changed.header("etag"))
    );
    // What was read goes back as it is, whatever it says of the server's own members.
    let put = place
        .ask(Some(&ada), &format!("PUT {at}/one"), Some(after.clone()))
        .await;
    assert_eq!((put.status, put.json()), (200, after.clone()));
    let said =
        json!({ "id": "three", "type": "sticky", "box": [0, 0, 1, 1, 0], "created_at": then });
    let said = place
        .ask(Some(&ada), &format!("POST {at}"), Some(said))
        .await;
    assert_eq!(said.status, 201, "{}", said.body);
    assert!(said.json()["created_at"].as_str() > now, "{}", said.body);
    let gone = place
        .ask(Some(&ada), &format!("DELETE {at}/three"), None)
        .await;
    assert_eq!(gone.status, 204);
    let patch = patch.replace(
        "\"fill\": \"red\"",
        "\"created_at\": null, \"updated_at\": \"x\"",
    );
    assert_eq!(place.node.ask(&patch).await.outcome(), "422 invalid");

    let list = async |query: String| {
        let request = format!("GET {at}?{query}");
        place.ask(Some(&ada), &request, None).await
    };
    let ids = |answer: &crate::testing::Answer| -> Vec<String> {
        let body = answer.json();
        let data = body["data"].as_array().unwrap().iter();
        data.map(|element| element["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let since = |time: &str| format!("updated_since={time}");
    let both = list(since(before["created_at"].as_str().unwrap())).await;
    assert_eq!(ids(&both), ["one", "two"]);
    assert_eq!(both.json()["data"][0], after);
    let one = list(since(now.unwrap())).await;
    assert_eq!(ids(&one), ["one"]);
    let none = list(since("2999-01-01T00:00:00Z")).await;
    assert_eq!(ids(&none), [""; 0]);
    let thin = list("fields=updated_by&type=sticky&limit=1".into()).await;
    assert_eq!(
        thin.json()["data"],
        json!([{ "id": "one", "updated_by": ben.id }])
    );
    assert_eq!(
        list("updated_since=yesterday".into()).await.outcome(),
        "400 bad-query"
    );
}
