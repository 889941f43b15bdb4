//! Elements by REST, beside people who draw: each sees what the other does.

use easel_tests::{Client, Dialect, Node, NodeOptions, within};
use reqwest::Method;
use serde_json::{Value, json};
use yrs::{Any, Doc, ReadTxn, StateVector, Transact};

const PASSWORD: &str = "four unrelated plain words";

async fn ask(
    node: &Node,
    token: Option<&str>,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let mut request = reqwest::Client::new().request(method, node.url(&format!("/api/v1{path}")));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.expect("the node answers");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

async fn set_up(node: &Node) -> (String, String) {
    let secret = within("the address that the node prints", async || {
        let output = node.output();
        let rest = output.split("/setup#").nth(1)?;
        let (secret, _) = rest.split_once('\n')?;
        Some(secret.trim().to_owned())
    })
    .await;
    let body = json!({
        "token": secret, "email": "ada@example.org", "password": PASSWORD, "display_name": "Ada",
    });
    let (status, made) = ask(node, None, Method::POST, "/auth/setup", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    (text(&made["access_token"]), text(&made["user"]["id"]))
}

async fn invite(node: &Node, admin: &str, board: &str, role: &str) -> (String, String) {
    let path = format!("/boards/{board}/invitations");
    let body = Some(json!({ "role": role }));
    let (status, made) = ask(node, Some(admin), Method::POST, &path, body).await;
    assert_eq!(status, 201, "{made}");
    let body = json!({
        "email": format!("{role}@example.org"), "password": PASSWORD, "display_name": role,
        "invite": made["token"],
    });
    let (status, joined) = ask(node, None, Method::POST, "/auth/register", Some(body)).await;
    assert_eq!(status, 201, "{joined}");
    (text(&joined["access_token"]), text(&joined["user"]["id"]))
}

#[tokio::test]
async fn people_and_programs_see_each_other() {
    let node = Node::start(NodeOptions::default()).await;
    let board = node.create_board("Plan").await;
    let person = Client::join(&node.address, &board, Dialect::Easel).await;
    let elements = format!("/boards/{board}/elements");
    let sticky =
        json!({ "id": "by_rest", "type": "sticky", "box": [0, 0, 200, 200, 0], "text": "hi" });
    let (status, made) = ask(&node, None, Method::POST, &elements, Some(sticky)).await;
    assert_eq!(status, 201, "{made}");
    within("what the program made", async || {
        person.value("elements", "by_rest").map(drop)
    })
    .await;

    person.draw(
        "by_hand",
        &[("type", Any::from("sticky")), ("z", Any::from("a5"))],
    );
    person.until_saved().await;
    let (status, list) = ask(&node, None, Method::GET, &elements, None).await;
    assert_eq!(status, 200);
    let ids: Vec<_> = list["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|e| text(&e["id"]))
        .collect();
    assert_eq!(ids, ["by_rest", "by_hand"]);

    let one = format!("{elements}/by_rest");
    let (status, _) = ask(&node, None, Method::DELETE, &one, None).await;
    assert_eq!(status, 204);
    within("that it is gone", async || {
        person.value("elements", "by_rest").is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_update_goes_in_and_out_as_bytes() {
    let node = Node::start(NodeOptions::default()).await;
    let board = node.create_board("Plan").await;
    let person = Client::join(&node.address, &board, Dialect::Easel).await;
    let update = {
        use yrs::{Map, MapPrelim};
        let doc = Doc::new();
        let root = doc.get_or_insert_map("elements");
        let mut txn = doc.transact_mut();
        let sticky = MapPrelim::from([("type", "sticky"), ("z", "a1")]);
        root.insert(&mut txn, "posted", sticky);
        txn.encode_update_v1()
    };
    let url = node.url(&format!("/api/v1/boards/{board}/ydoc"));
    let http = reqwest::Client::new();
    let post = |body: Vec<u8>| {
        let request = http
            .post(&url)
            .header("content-type", "application/octet-stream");
        request.body(body).send()
    };
    let taken = post(update.clone()).await.expect("an answer");
    assert_eq!(taken.status(), 200);
    let taken: Value = taken.json().await.expect("JSON");
    assert_eq!(taken["applied"], true);
    within("the update", async || {
        person.value("elements", "posted").map(drop)
    })
    .await;
    let again: Value = post(update.clone())
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(again["applied"], false);
    for end in 0..update.len() {
        let answer = post(update[..end].to_vec()).await.expect("an answer");
        assert_eq!(answer.status(), 422, "cut at {end}");
    }

    let known = http
        .get(format!("{url}/sv"))
        .send()
        .await
        .expect("an answer");
    let known = known.bytes().await.expect("bytes");
    for (address, decode_v2) in [(url.clone(), false), (format!("{url}?format=v2"), true)] {
        use yrs::updates::decoder::Decode;
        let bytes = http
            .get(address)
            .send()
            .await
            .expect("an answer")
            .bytes()
            .await
            .expect("bytes");
        let update = match decode_v2 {
            true => yrs::Update::decode_v2(&bytes),
            false => yrs::Update::decode_v1(&bytes),
        };
        let doc = Doc::new();
        doc.transact_mut()
            .apply_update(update.expect("an update"))
            .expect("it applies");
        let vector = StateVector::decode_v1(&known).expect("a state vector");
        assert_eq!(doc.transact().state_vector(), vector);
    }
}

#[tokio::test]
async fn an_element_says_who_made_it() {
    let node = Node::start(NodeOptions::default()).await;
    let (ada, ada_id) = set_up(&node).await;
    let body = Some(json!({ "title": "Plan" }));
    let (_, board) = ask(&node, Some(&ada), Method::POST, "/boards", body).await;
    let board = text(&board["id"]);
    let (editing, editor_id) = invite(&node, &ada, &board, "editor").await;
    let owner = Client::join_as(&node.address, &board, &ada).await;
    let editor = Client::join_as(&node.address, &board, &editing).await;
    let sticky = |id: &str, more: &[(&str, Any)]| {
        let mut members = vec![("type", Any::from("sticky")), ("z", Any::from("a0"))];
        members.extend_from_slice(more);
        editor.draw(id, &members);
    };
    // Says nothing; says it is another's.
    sticky("silent", &[]);
    sticky("forged", &[("by", Any::from(ada_id.as_str()))]);
    editor.until_saved().await;
    let says = |id: &'static str, by: String| {
        let owner = &owner;
        async move {
            within("the author", async || {
                let elements = owner.json("elements");
                (elements[id]["by"] == by.as_str()).then_some(())
            })
            .await;
        }
    };
    says("forged", editor_id.clone()).await;
    says("silent", editor_id.clone()).await;
    let elements = format!("/boards/{board}/elements");
    let new = json!({ "id": "rest", "type": "sticky", "box": [0, 0, 1, 1, 0] });
    let (status, made) = ask(&node, Some(&ada), Method::POST, &elements, Some(new)).await;
    assert_eq!((status, &made["by"]), (201, &ada_id.clone().into()));
    let mine = format!("{elements}?author={editor_id}&fields=by");
    let (_, found) = ask(&node, Some(&ada), Method::GET, &mine, None).await;
    assert_eq!(found["data"].as_array().map(Vec::len), Some(2), "{found}");

    // That somebody draws is among what people did.
    let activity = format!("/boards/{board}/activity");
    within("that they drew", async || {
        let (_, done) = ask(&node, Some(&ada), Method::GET, &activity, None).await;
        done.to_string().contains("edited").then_some(())
    })
    .await;
    // Who may only look writes nothing this way either.
    let (viewing, _) = invite(&node, &ada, &board, "viewer").await;
    let new = json!({ "type": "sticky", "box": [0, 0, 1, 1, 0] });
    let (status, _) = ask(&node, Some(&viewing), Method::POST, &elements, Some(new)).await;
    assert_eq!(status, 403);
    let (status, _) = ask(&node, None, Method::GET, &elements, None).await;
    assert_eq!(status, 401);
}

/// The events of a response that does not end, as far as they came.
async fn events(node: &Node, token: &str) -> std::sync::Arc<std::sync::Mutex<String>> {
    let request = reqwest::Client::new().get(node.url("/api/v1/me/stream"));
    let mut answer = request.bearer_auth(token).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let heard = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let into = heard.clone();
    tokio::spawn(async move {
        while let Ok(Some(chunk)) = answer.chunk().await {
            let chunk = String::from_utf8_lossy(&chunk).into_owned();
            into.lock().expect("nobody fails").push_str(&chunk);
        }
        into.lock().expect("nobody fails").push_str("END");
    });
    heard
}

#[tokio::test]
async fn a_list_of_boards_hears_what_changes() {
    let node = Node::start(NodeOptions::default()).await;
    let (ada, _) = set_up(&node).await;
    let body = Some(json!({ "title": "Plan" }));
    let (_, first) = ask(&node, Some(&ada), Method::POST, "/boards", body).await;
    let first = text(&first["id"]);
    let (eve, eve_id) = invite(&node, &ada, &first, "viewer").await;
    let heard = events(&node, &eve).await;
    let until = async |what: &str| {
        within(what, async || {
            let heard = heard.lock().expect("nobody fails");
            heard.contains(what).then_some(())
        })
        .await;
    };
    until("event: ready").await;
    let body = Some(json!({ "title": "Secret" }));
    let (_, second) = ask(&node, Some(&ada), Method::POST, "/boards", body).await;
    let second = text(&second["id"]);
    let member = format!("/boards/{first}/members/{eve_id}");
    let body = Some(json!({ "role": "editor" }));
    let (status, _) = ask(&node, Some(&ada), Method::PUT, &member, body).await;
    assert_eq!(status, 200);
    until("\"role\":\"editor\"").await;
    // Of what is none of hers she hears nothing, not even that it is there.
    let said = heard.lock().expect("nobody fails").clone();
    assert!(
        !said.contains(&second) && !said.contains("Secret"),
        "{said}"
    );
    let shared = format!("/boards/{second}/members/{eve_id}");
    let body = Some(json!({ "role": "viewer" }));
    let (status, _) = ask(&node, Some(&ada), Method::PUT, &shared, body).await;
    assert_eq!(status, 200);
    until("Secret").await;
    let (status, _) = ask(&node, Some(&ada), Method::DELETE, &shared, None).await;
    assert_eq!(status, 204);
    until(&format!("event: gone\ndata: {{\"id\":\"{second}\"}}")).await;
    let (status, _) = ask(
        &node,
        Some(&eve),
        Method::POST,
        "/auth/logout",
        Some(json!({})),
    )
    .await;
    assert_eq!(status, 204);
    until("END").await;
}
