//! What is secret is given to who asks for it, and is nowhere else: not in the log, at whatever level, and not in the
//! data folder, in whatever form.

use easel_tests::{Client, Node, NodeOptions, node, within};
use reqwest::header::{HeaderMap, SET_COOKIE};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use yrs::Any;

const PASSWORD: &str = "four unrelated plain words";
const NEW_PASSWORD: &str = "five other quite unrelated words";
const LINK_PASSWORD: &str = "open sesame quietly";
const MARKER: &str = "this text must be found by the scan itself";

/// What was told in confidence, each with what it is.
#[derive(Debug, Default)]
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn keep(&mut self, what: &str, text: &str) {
        assert!(
            text.len() >= 16,
            "{what} is too short to be looked for: {text}"
        );
        self.0.push((what.to_owned(), text.as_bytes().to_vec()));
        if let Some(bytes) = from_base62(text) {
            self.0.push((format!("the bytes of {what}"), bytes));
        }
    }

    /// Of `name=value; attributes`, the value.
    fn keep_cookies(&mut self, headers: &HeaderMap) -> String {
        let mut pairs = Vec::new();
        for cookie in headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie is text");
            let pair = cookie.split(';').next().expect("it has a value").to_owned();
            let (name, value) = pair.split_once('=').expect("a name and a value");
            self.keep(&format!("the cookie {name}"), value);
            pairs.push(pair);
        }
        assert!(!pairs.is_empty(), "cookies are set");
        pairs.join("; ")
    }

    fn check(&self, place: &str, bytes: &[u8]) {
        for (what, secret) in &self.0 {
            assert!(!contains(bytes, secret), "{what} stands in {place}");
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The 32 bytes that 43 digits stand for.
fn from_base62(text: &str) -> Option<Vec<u8>> {
    if text.len() != 43 {
        return None;
    }
    let mut number = [0u8; 32];
    for byte in text.bytes() {
        let mut carry = u32::from(match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        });
        for byte in number.iter_mut().rev() {
            let value = u32::from(*byte) * 62 + carry;
            *byte = (value & 0xff) as u8;
            carry = value >> 8;
        }
    }
    Some(number.to_vec())
}

struct Answer {
    headers: HeaderMap,
    body: Value,
}

async fn post(node: &Node, token: Option<&str>, cookie: &str, path: &str, body: Value) -> Answer {
    let mut request = reqwest::Client::new()
        .post(node.url(&format!("/api/v1{path}")))
        .header("easel-client", "web")
        .header("idempotency-key", format!("key of {path}"))
        .json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if !cookie.is_empty() {
        request = request.header("cookie", cookie);
    }
    let answer = request.send().await.expect("the node answers");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.json().await.unwrap_or(Value::Null);
    assert!(status.is_success(), "{path}: {status} {body}");
    Answer { headers, body }
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

/// Everybody does what hands out a secret.
async fn live(node: &Node, secrets: &mut Secrets) {
    let setup = within("the address of the setup", async || {
        let output = node.output();
        let rest = output.split("/setup#").nth(1)?;
        // Whole, with the line's end.
        let (setup, _) = rest.split_once('\n')?;
        Some(setup.trim().to_owned())
    })
    .await;
    let body = json!({
        "token": setup, "email": "ada@example.org", "password": PASSWORD, "display_name": "Ada",
    });
    let made = post(node, None, "", "/auth/setup", body).await;
    secrets.keep("the password", PASSWORD);
    secrets.keep("the first access token", text(&made.body["access_token"]));
    secrets.keep_cookies(&made.headers);
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let signed_in = post(node, None, "", "/auth/login", body).await;
    let ada = text(&signed_in.body["access_token"]).to_owned();
    secrets.keep("an access token", &ada);
    let cookies = secrets.keep_cookies(&signed_in.headers);
    let renewed = post(node, None, &cookies, "/auth/refresh", json!({})).await;
    secrets.keep(
        "a renewed access token",
        text(&renewed.body["access_token"]),
    );
    secrets.keep_cookies(&renewed.headers);

    let board = post(node, Some(&ada), "", "/boards", json!({ "title": MARKER })).await;
    // The same hour in a zone twelve hours behind is half a day from now.
    let soon = text(&board.body["created_at"]).replace('Z', "-12:00");
    let board = text(&board.body["id"]).to_owned();
    let of = |what: &str| format!("/boards/{board}/{what}");
    let body = json!({ "role": "editor", "password": LINK_PASSWORD });
    let link = post(node, Some(&ada), "", &of("share-links"), body).await;
    let link = text(&link.body["token"]);
    secrets.keep("a share link", link);
    secrets.keep("a share link's password", LINK_PASSWORD);
    let body = json!({ "password": LINK_PASSWORD });
    let visit = post(node, None, "", &format!("/share/{link}/open"), body).await;
    let visiting = text(&visit.body["access_token"]).to_owned();
    secrets.keep("a visit's token", &visiting);
    let invited = post(
        node,
        Some(&ada),
        "",
        &of("invitations"),
        json!({ "role": "viewer" }),
    )
    .await;
    secrets.keep("an invitation", text(&invited.body["token"]));
    // Some secrets stand in a path, and get into no line about it.
    let invitation = text(&invited.body["token"]);
    for path in [
        format!("/s/{link}"),
        format!("/invite/{invitation}"),
        format!("/api/v1/invitations/{invitation}"),
    ] {
        assert_eq!(node.get(&path).await.status(), 200, "{path}");
    }
    let ticket = post(node, Some(&ada), "", &of("tickets"), json!({})).await;
    secrets.keep("a ticket", text(&ticket.body["ticket"]));
    let body = json!({ "name": "robot", "scopes": ["boards:read"], "expires_at": soon });
    let token = post(node, Some(&ada), "", "/me/tokens", body).await;
    let token = text(&token.body["token"]);
    secrets.keep("a personal token", token);
    let secret = token.rsplit('_').nth(1).expect("a token has a secret");
    secrets.keep("a personal token's secret", secret);

    for bearer in [ada.as_str(), &visiting] {
        let client = Client::join_as(&node.address, &board, bearer).await;
        client.draw(
            &format!("el_{}", bearer.len()),
            &[("type", Any::from("sticky")), ("z", Any::from("a0"))],
        );
        client.until_saved().await;
    }
    reset(node, secrets).await;
    secrets.keep("the setup secret", &setup);
}

/// By the operator's hand.
async fn reset(node: &Node, secrets: &mut Secrets) {
    let mut command = node::command();
    command.args([
        "user",
        "reset-password",
        "ada@example.org",
        "--json",
        "--data-dir",
    ]);
    let output = command.arg(node.folder()).output().await.expect("it runs");
    let offered: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let url = text(&offered["link"]["url"]);
    let secret = url.split_once('#').expect("an address with a secret").1;
    secrets.keep("a secret to set a password", secret);
    let body = json!({ "token": secret, "password": NEW_PASSWORD });
    post(node, None, "", "/auth/password/reset", body).await;
    secrets.keep("the new password", NEW_PASSWORD);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

#[tokio::test]
async fn nothing_secret_is_in_the_log_or_the_folder() {
    let options = NodeOptions::default().with("EASEL_LOG__LEVEL", "debug");
    let home = tempfile::tempdir().expect("a folder");
    let mut node = Node::start_at(home.path(), options).await;
    let mut secrets = Secrets::default();
    live(&node, &mut secrets).await;
    let folder = node.folder().to_owned();
    let master = std::fs::read_to_string(folder.join("master.key")).expect("the master key");
    secrets.keep("the master key", master.trim());
    node.signal(Signal::TERM);
    assert!(node.wait().await.success());

    let output = node.output();
    // The address of the setup is told to who started the node: once, on stdout.
    let told = output
        .lines()
        .filter(|line| !line.contains("set up   http"));
    let log: String = told.flat_map(|line| [line, "\n"]).collect();
    assert!(log.contains("\"level\":\"debug\""), "it was a chatty run");
    secrets.check("the log", log.as_bytes());
    let mut seen_marker = false;
    for file in files(&folder) {
        if file.ends_with("master.key") {
            continue;
        }
        let bytes = std::fs::read(&file).expect("the file is there");
        seen_marker |= contains(&bytes, MARKER.as_bytes());
        secrets.check(&file.display().to_string(), &bytes);
    }
    assert!(seen_marker, "the scan sees what is stored");
}
