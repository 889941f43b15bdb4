//! Everything as it was at a moment between two backups, and what is said where that cannot be had.

use crate::{Content, Drawn, Rooms, done, easel, fails, path, sign_in};
use easel_tests::people::{PASSWORD, ask, invite, text};
use easel_tests::{Node, NodeOptions};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;

/// When the node accepted the element with these words.
fn drawn_at(content: &Content, words: &str) -> String {
    let elements = content.elements["data"].as_array().expect("elements");
    let drawn = elements.iter().find(|element| element["text"] == words);
    text(&drawn.expect("it is there")["created_at"])
}

async fn asked(node: &Node, token: &str, method: Method, path: &str, body: Option<Value>) -> Value {
    let (status, answer) = ask(node, Some(token), method, path, body).await;
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    answer
}

/// Who may what on the board, as the owner sees it.
async fn members(node: &Node, token: &str, board: &str) -> Value {
    let path = format!("/boards/{board}/members");
    asked(node, token, Method::GET, &path, None).await
}

#[tokio::test]
async fn everything_comes_back_as_it_was_between_two_backups() {
    let rooms = Rooms::new();
    let (data, to) = (path(&rooms.data), path(&rooms.backups));
    let create = ["backup", "create", "--to", to, "--data-dir", data];
    let node = Node::start_at(&rooms.data, NodeOptions::default()).await;
    let plan = Drawn::on(&node).await;
    let admin = plan.token.clone();
    let doomed = Drawn::with(&node, &admin, "Doomed").await;
    let binned = Drawn::with(&node, &admin, "Binned").await;
    let (editor, _) = invite(&node, &admin, &plan.board, "editor").await;
    let one = done(&create, &[]).await;

    // Before the moment: of everything something.
    let (at_plan, at_binned) = (
        format!("/boards/{}", plan.board),
        format!("/boards/{}", binned.board),
    );
    let title = |title: &str| Some(json!({ "title": title }));
    asked(&node, &admin, Method::PATCH, &at_plan, title("Renamed")).await;
    let (viewer, viewers) = invite(&node, &admin, &plan.board, "viewer").await;
    let member = format!("{at_plan}/members/{editor}");
    let role = |role: &str| Some(json!({ "role": role }));
    asked(&node, &admin, Method::PUT, &member, role("commenter")).await;
    doomed.draw(&node, "after the first backup").await;
    asked(&node, &admin, Method::DELETE, &at_binned, None).await;
    let new = Drawn::with(&node, &admin, "New").await;
    plan.draw(&node, "wanted").await;
    let wanted = plan.content(&node, &admin).await;
    let kept = doomed.content(&node, &admin).await;
    let between = new.content(&node, &admin).await;
    let roles = members(&node, &admin, &plan.board).await;

    // After it: the mistakes.
    asked(&node, &admin, Method::PUT, &member, role("editor")).await;
    asked(&node, &admin, Method::PATCH, &at_plan, title("A mistake")).await;
    asked(
        &node,
        &admin,
        Method::POST,
        &format!("{at_binned}/restore"),
        None,
    )
    .await;
    let at_doomed = format!("/boards/{}", doomed.board);
    asked(&node, &admin, Method::DELETE, &at_doomed, None).await;
    let purge = format!("{at_doomed}?purge=true");
    asked(&node, &admin, Method::DELETE, &purge, None).await;
    plan.draw(&node, "a mistake").await;
    done(
        &["user", "disable", "viewer@example.org", "--data-dir", data],
        &[],
    )
    .await;
    assert_eq!(
        ask(&node, Some(&viewers), Method::GET, &at_plan, None)
            .await
            .0,
        401
    );
    let two = done(&create, &[]).await;
    // What goes on from neither is no matter.
    plan.draw(&node, "later").await;
    done(&create, &[]).await;
    drop(node);
    for backup in [&one, &two] {
        let id = text(&backup["id"]);
        let verified = done(&["backup", "verify", &id, "--from", to], &[]).await;
        assert_eq!(verified["troubles"], json!([]), "{verified}");
    }

    let at = drawn_at(&wanted, "wanted");
    let restored = path(&rooms.restored);
    let words = ["restore", "--from", to, "--at", &at, "--data-dir", restored];
    let put = done(&words, &[]).await;
    assert_eq!(put["backup"], one["id"]);
    assert_eq!(put["log_from"], two["id"]);
    assert_eq!(
        (&put["is_of"], &put["drawn_until"]),
        (&json!(at), &json!(at))
    );
    assert_eq!(put["boards"], 4, "{put}");
    let node = Node::start_at(&rooms.restored, NodeOptions::default()).await;
    let admin = sign_in(&node).await;
    for (drawn, before) in [(&plan, wanted), (&doomed, kept), (&new, between)] {
        let now = drawn.content(&node, &admin).await;
        assert_eq!(now.elements, before.elements);
        assert_eq!(now.picture, before.picture);
    }
    assert_eq!(members(&node, &admin, &plan.board).await, roles);
    let found = asked(&node, &admin, Method::GET, &at_plan, None).await;
    assert_eq!(found["title"], "Renamed");
    let body = json!({ "email": "viewer@example.org", "password": PASSWORD });
    let signed_in = ask(&node, None, Method::POST, "/auth/login", Some(body)).await;
    assert_eq!(
        (signed_in.0, &signed_in.1["user"]["id"]),
        (200, &json!(viewer))
    );
    let binned = asked(&node, &admin, Method::GET, "/boards?trashed=true", None).await;
    assert_eq!(binned["data"][0]["title"], "Binned", "{binned}");
    // It goes on from there.
    let plan = Drawn {
        token: admin.clone(),
        ..plan
    };
    plan.draw(&node, "goes on").await;
    let node = node.restart().await;
    plan.content(&node, &admin).await;
    drop(node);

    // Before the first there is nothing to begin with, and after the last nothing to go on with.
    std::fs::remove_dir_all(&rooms.restored).expect("the folder goes");
    let at = |at| ["restore", "--from", to, "--at", at, "--data-dir", restored];
    fails(
        &at("2020-01-01T00:00:00Z"),
        1,
        "no backup of that time or before it",
    )
    .await;
    fails(
        &at("2199-01-01T00:00:00Z"),
        6,
        "no backup of this cluster was made after it",
    )
    .await;
}

/// As the release before wrote it, which put no log into a backup.
fn as_the_release_before(backups: &Path, id: &str) {
    let manifest = backups.join(format!("backups/{id}.manifest"));
    let written = std::fs::read_to_string(&manifest).expect("a manifest");
    let (body, _) = written.rsplit_once("# blake3 ").expect("a checksum");
    let mut body: Value = serde_json::from_str(body).expect("JSON");
    body["format"] = json!(1);
    body.as_object_mut().expect("members").remove("log");
    let parts = text(&body["parts"]["blake3"]);
    let blobs = backups.join("blobs");
    let listed = blobs.join(&parts[..2]).join(&parts[2..]);
    let listed = std::fs::read_to_string(listed).expect("the list of parts");
    let kept = |line: &&str| line.starts_with("state ") || line.starts_with("blob ");
    let listed: String = listed.split_inclusive('\n').filter(kept).collect();
    let parts = blake3::hash(listed.as_bytes()).to_hex();
    let folder = blobs.join(&parts[..2]);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(&parts[2..]), &listed).expect("a list of parts");
    body["parts"] = json!({ "blake3": &*parts, "bytes": listed.len() });
    let body = format!("{body:#}\n");
    let seal = blake3::hash(body.as_bytes()).to_hex();
    std::fs::write(manifest, format!("{body}# blake3 {seal}\n")).expect("it is written");
}

#[tokio::test]
async fn without_the_log_what_was_drawn_comes_back_and_it_is_said() {
    let rooms = Rooms::new();
    let (data, to) = (path(&rooms.data), path(&rooms.backups));
    let create = ["backup", "create", "--to", to, "--data-dir", data];
    let node = Node::start_at(&rooms.data, NodeOptions::default()).await;
    let drawn = Drawn::on(&node).await;
    let one = done(&create, &[]).await;
    // Another board with the same picture and something on it, and a copy of the first, between the two.
    let other = Drawn::with(&node, &drawn.token, "Between").await;
    let at_board = format!("/boards/{}", drawn.board);
    let title = |title: &str| Some(json!({ "title": title }));
    let copies = format!("{at_board}/copies");
    let copy = asked(&node, &drawn.token, Method::POST, &copies, title("Copy")).await;
    let copy = Drawn {
        token: drawn.token.clone(),
        board: text(&copy["id"]),
        picture: drawn.picture.clone(),
    };
    let copied = copy.content(&node, &drawn.token).await;
    asked(
        &node,
        &drawn.token,
        Method::PATCH,
        &at_board,
        title("Renamed"),
    )
    .await;
    drawn.draw(&node, "wanted").await;
    let wanted = drawn.content(&node, &drawn.token).await;
    let between = other.content(&node, &drawn.token).await;
    drawn.draw(&node, "a mistake").await;
    other.draw(&node, "another").await;
    let two = done(&create, &[]).await;
    drop(node);
    for backup in [&one, &two] {
        as_the_release_before(&rooms.backups, &text(&backup["id"]));
    }
    let verified = done(&["backup", "verify", "--from", to], &[]).await;
    assert_eq!(verified["troubles"], json!([]), "{verified}");

    let at = drawn_at(&wanted, "wanted");
    let restored = path(&rooms.restored);
    let words = [
        "restore",
        "--from",
        to,
        "--at",
        &at,
        "--data-dir",
        restored,
        "--json",
    ];
    let (code, out, err) = easel(&words, &[]).await;
    assert_eq!(code, Some(6), "{out}{err}");
    assert!(
        err.contains("people, roles, links, titles and the trash are as of"),
        "{err}"
    );
    let put: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(put["backup"], one["id"]);
    assert_eq!(
        (&put["is_of"], &put["drawn_until"]),
        (&one["made_at"], &json!(at))
    );
    assert_eq!(put["forward"]["from"], two["id"]);
    assert_eq!(put["forward"]["boards"], 2, "{put}");
    assert_eq!(put["forward"]["refused"], 0, "{put}");
    let node = Node::start_at(&rooms.restored, NodeOptions::default()).await;
    let token = sign_in(&node).await;
    for (drawn, before) in [(&drawn, wanted), (&other, between), (&copy, copied)] {
        let now = drawn.content(&node, &token).await;
        assert_eq!(now.elements, before.elements);
        assert_eq!(now.picture, before.picture);
    }
    let found = asked(&node, &token, Method::GET, &at_board, None).await;
    assert_eq!(found["title"], "Plan");
    let drawn = Drawn { token, ..drawn };
    drawn.draw(&node, "goes on").await;
    let node = node.restart().await;
    drawn.content(&node, &drawn.token).await;
}
