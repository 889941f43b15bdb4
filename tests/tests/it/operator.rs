//! What an operator does from the machine itself, over the socket in the data folder.

use easel_tests::{Client, Node, NodeOptions, node};
use reqwest::Method;
use serde_json::{Value, json};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;

const PASSWORD: &str = "four unrelated plain words";

/// What `easel` said and how it ended.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

/// `easel` with these words, on this folder.
async fn easel(folder: &Path, words: &[&str], input: &str) -> Said {
    let mut command = node::command();
    command.args(words).arg("--data-dir").arg(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // A command that reads nothing may have ended.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output());
    let output = output.await.expect("it ends by itself").expect("it ran");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Said {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// What must work, as a program reads it.
async fn done(folder: &Path, words: &[&str], input: &str) -> Value {
    let words: Vec<_> = words.iter().copied().chain(["--json"]).collect();
    let said = easel(folder, &words, input).await;
    assert_eq!(said.code, Some(0), "{words:?}: {said:?}");
    serde_json::from_str(&said.out).expect("JSON")
}

async fn check_refused(folder: &Path, words: &[&str], code: i32, named: &str) {
    let said = easel(folder, words, "").await;
    assert_eq!(said.code, Some(code), "{words:?}: {said:?}");
    assert!(said.err.contains(named), "{words:?}: {said:?}");
    assert_eq!(said.out, "", "{words:?}");
}

/// A node with an admin, Ada.
async fn with_ada() -> (Node, tempfile::TempDir) {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("password");
    std::fs::write(&file, PASSWORD).expect("a file");
    let data = home.path().join("data");
    let made = node::command()
        .args(["init", "--admin-email", "ada@example.org", "--data-dir"])
        .arg(&data)
        .arg("--admin-password-file")
        .arg(&file)
        .output();
    let made = made.await.expect("it runs");
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(said.contains("easel serve --data-dir"), "{said}");
    (Node::start_at(&data, NodeOptions::default()).await, home)
}

async fn post(node: &Node, token: Option<&str>, path: &str, body: Value) -> (u16, Value) {
    let mut request = reqwest::Client::new()
        .request(Method::POST, node.url(&format!("/api/v1{path}")))
        .header("easel-client", "web")
        .json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.expect("the node answers");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

async fn sign_in(node: &Node, email: &str, password: &str) -> (u16, Value) {
    let body = json!({ "email": email, "password": password });
    post(node, None, "/auth/login", body).await
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn secret_of(made: &Value) -> &str {
    let url = text(&made["link"]["url"]);
    url.split_once("/reset#")
        .expect("an address to set a password")
        .1
}

#[tokio::test]
async fn an_account_is_made_used_shut_out_and_deleted() {
    let (node, _home) = with_ada().await;
    let data = node.folder();
    let socket = std::fs::symlink_metadata(data.join("easel.sock")).expect("a socket");
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);

    let add = ["user", "add", "grace@example.org", "--name", "Grace"];
    let made = done(data, &add, "").await;
    assert_eq!(
        (&made["admin"], &made["has_password"]),
        (&false.into(), &false.into())
    );
    let password = "a password of her own";
    let body = || json!({ "token": secret_of(&made), "password": password });
    let weak = json!({ "token": secret_of(&made), "password": "password" });
    let (status, told) = post(&node, None, "/auth/password/reset", weak).await;
    assert_eq!(
        (status, &told["code"]),
        (422, &"weak-password".into()),
        "{told}"
    );
    let (status, _) = post(&node, None, "/auth/password/reset", body()).await;
    assert_eq!(status, 204);
    let (status, told) = post(&node, None, "/auth/password/reset", body()).await;
    assert_eq!(
        (status, &told["code"]),
        (410, &"gone".into()),
        "once: {told}"
    );
    let (status, session) = sign_in(&node, "grace@example.org", password).await;
    assert_eq!(status, 200, "{session}");
    let grace = text(&session["access_token"]);
    let listed = done(data, &["user", "sessions", "grace@example.org"], "").await;
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(listed[0]["id"], session["session"]);

    let board = json!({ "title": "Hers" });
    let (status, board) = post(&node, Some(grace), "/boards", board).await;
    assert_eq!(status, 201, "{board}");
    let token = [
        "token",
        "create",
        "grace@example.org",
        "--name",
        "wall",
        "--scope",
        "boards:read",
    ];
    let token = done(data, &token, "").await;
    let tokens = done(data, &["token", "list", "grace@example.org"], "").await;
    assert_eq!(tokens[0]["id"], token["id"]);
    let seen = |bearer: &str| {
        let url = node.url(&format!("/api/v1/boards/{}", text(&board["id"])));
        let request = reqwest::Client::new().get(url).bearer_auth(bearer);
        async { request.send().await.expect("an answer").status().as_u16() }
    };
    assert_eq!(seen(text(&token["token"])).await, 200);

    // Shut out: the open board is closed within a second, and nothing she had works any more.
    let open = Client::join_as(&node.address, text(&board["id"]), grace).await;
    let began = Instant::now();
    done(data, &["user", "disable", "grace@example.org"], "").await;
    assert_eq!(open.until_closed().await.code, 4501);
    eprintln!("shut out {:?} after the command was begun", began.elapsed());
    assert_eq!(seen(grace).await, 401);
    assert_eq!(seen(text(&token["token"])).await, 401);
    assert_eq!(sign_in(&node, "grace@example.org", password).await.0, 401);
    let reset = ["user", "reset-password", "grace@example.org"];
    check_refused(data, &reset, 5, "the account is disabled").await;
    done(data, &["user", "enable", "grace@example.org"], "").await;
    assert_eq!(sign_in(&node, "grace@example.org", password).await.0, 200);

    let delete = ["user", "delete", "grace@example.org"];
    check_refused(data, &delete, 2, "--transfer-to").await;
    let transfer = [delete.as_slice(), &["--transfer-to", "ada@example.org"]].concat();
    done(data, &transfer, "").await;
    let (_, ada) = sign_in(&node, "ada@example.org", PASSWORD).await;
    assert_eq!(
        seen(text(&ada["access_token"])).await,
        200,
        "the board is Ada's now"
    );
    check_refused(data, &delete, 2, "--transfer-to").await;
    let delete = ["user", "delete", "grace@example.org", "--delete-boards"];
    check_refused(data, &delete, 1, "nobody has the address").await;
}

#[tokio::test]
async fn who_is_locked_out_lets_themselves_in_and_an_admin_remains() {
    let (node, _home) = with_ada().await;
    let data = node.folder();
    for last in [
        ["user", "disable", "ada@example.org"].as_slice(),
        &["user", "set-role", "ada@example.org", "member"],
        &["user", "delete", "ada@example.org", "--delete-boards"],
    ] {
        check_refused(data, last, 5, "somebody must remain").await;
    }
    let (_, session) = sign_in(&node, "ada@example.org", PASSWORD).await;
    let old = text(&session["access_token"]);
    let reset = [
        "user",
        "reset-password",
        "ada@example.org",
        "--password-file",
        "-",
    ];
    check_refused(data, &reset, 1, "it needs at least 8 characters").await;
    let said = easel(data, &reset, "password\n").await;
    assert!(
        said.err.contains("among the most used; choose another"),
        "{said:?}"
    );
    let new = "another four plain words";
    done(data, &reset, &format!("{new}\n")).await;
    assert_eq!(sign_in(&node, "ada@example.org", PASSWORD).await.0, 401);
    assert_eq!(sign_in(&node, "ada@example.org", new).await.0, 200);
    let (status, _) = post(&node, Some(old), "/boards", json!({ "title": "x" })).await;
    assert_eq!(status, 401, "a new password ends the sessions");

    let grace = [
        "user",
        "add",
        "grace@example.org",
        "--admin",
        "--password-file",
        "-",
    ];
    let made = done(data, &grace, PASSWORD).await;
    assert_eq!(made["link"], Value::Null);
    check_refused(data, &grace, 1, "at least 8 characters").await;
    let said = easel(data, &grace, PASSWORD).await;
    assert_eq!(said.code, Some(5), "{said:?}");
    done(data, &["user", "set-role", "ada@example.org", "member"], "").await;
    let listed = easel(data, &["user", "list"], "").await;
    let roles: Vec<_> = listed
        .out
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    assert_eq!(roles, ["member", "admin"], "{}", listed.out);
    done(data, &["user", "sessions", "ada@example.org", "--end"], "").await;
    // Nothing that is secret is told to the log.
    let log = node.output();
    assert!(
        log.contains("asked on the socket") && !log.contains(new) && !log.contains(PASSWORD),
        "{log}"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_with_what_to_do() {
    let home = tempfile::tempdir().expect("a folder");
    let list = ["user", "list"];
    check_refused(&home.path().join("none"), &list, 4, "no node is running").await;
    assert!(!home.path().join("none").exists(), "asking makes no folder");
    let keys = ["keys", "list"];
    check_refused(
        &home.path().join("none"),
        &keys,
        1,
        "there is no data folder",
    )
    .await;
    assert!(!home.path().join("none").exists());

    let data = home.path().join("data");
    let mut node = Node::start_at(&data, NodeOptions::default()).await;
    check_refused(
        &data,
        &["user", "add", "grace@example.org"],
        5,
        "easel init",
    )
    .await;
    check_refused(
        &data,
        &["user", "add", "grace"],
        1,
        "is not an e-mail address",
    )
    .await;
    check_refused(
        &data,
        &["user", "add", "g@example.org", "--ask-password"],
        1,
        "no terminal",
    )
    .await;
    let token = [
        "token",
        "create",
        "g@example.org",
        "--name",
        "x",
        "--scope",
        "fly",
    ];
    check_refused(&data, &token, 1, "boards:read").await;
    check_refused(
        &data,
        &["token", "revoke", "tok_x"],
        1,
        "not the id of a token",
    )
    .await;
    // Before the folder or after: it is found.
    let said = easel(&data, &list, "").await;
    assert_eq!(said.code, Some(0), "{said:?}");

    // A node that was killed leaves a socket behind; the next one takes its place.
    node.kill().await;
    check_refused(&data, &list, 4, "easel serve --data-dir").await;
    let node = Node::start_at(&data, NodeOptions::default()).await;
    let said = easel(&data, &list, "").await;
    assert_eq!(said.code, Some(0), "{said:?}");
    // No route of HTTP leads there.
    for path in [
        "/user/list",
        "/api/v1/user/list",
        "/easel.sock",
        "/api/v1/admin",
    ] {
        assert_eq!(node.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn keys_are_listed_turned_and_retired_with_clear_words() {
    let (node, _home) = with_ada().await;
    let data = node.folder().to_owned();
    check_refused(
        &data,
        &["keys", "list"],
        1,
        "in use by another easel process",
    )
    .await;
    let mut node = node;
    node.signal(rustix::process::Signal::TERM);
    assert!(node.wait().await.success());
    assert!(!data.join("easel.sock").exists(), "it goes with the node");
    let before = easel(&data, &["keys", "rotate"], "").await;
    let id = before
        .out
        .split_whitespace()
        .next()
        .expect("a key")
        .to_owned();
    assert!(
        before.out.contains("active") && before.out.contains("pending"),
        "{before:?}"
    );
    check_refused(&data, &["keys", "retire", &id], 1, "still the active one").await;
    check_refused(
        &data,
        &["keys", "retire", "k4.lid.x"],
        1,
        "there is no key k4.lid.x",
    )
    .await;
    check_refused(&data, &["keys", "rotate"], 1, "announced already").await;
}
