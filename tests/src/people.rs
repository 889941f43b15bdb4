//! People on a node: the first account, those who were invited, and what they ask.

use crate::{Node, within};
use reqwest::Method;
use serde_json::{Value, json};

/// Of everybody.
pub const PASSWORD: &str = "four unrelated plain words";

/// Asks by REST; the status and what was answered.
pub async fn ask(
    node: &Node,
    token: Option<&str>,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let mut request = reqwest::Client::new()
        .request(method, node.url(&format!("/api/v1{path}")))
        .header("if-match", "*");
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

/// Makes the first account at the address that the node printed; gives its access token.
pub async fn set_up(node: &Node) -> String {
    let secret = within("the address that the node prints", async || {
        let output = node.output();
        let rest = output.split("/setup#").nth(1)?;
        // A whole line of it.
        let (secret, _) = rest.split_once('\n')?;
        Some(secret.trim().to_owned())
    })
    .await;
    let body = json!({
        "token": secret, "email": "ada@example.org", "password": PASSWORD, "display_name": "Ada",
    });
    let (status, made) = ask(node, None, Method::POST, "/auth/setup", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    text(&made["access_token"])
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Somebody who was invited: their id and access token.
pub async fn invite(node: &Node, admin: &str, board: &str, role: &str) -> (String, String) {
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
    (text(&joined["user"]["id"]), text(&joined["access_token"]))
}
