//! The documentation's `curl` examples, run as they stand against a real node.

use easel_tests::{Node, NodeOptions, node};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use tokio::process::Command;

const EMAIL: &str = "ada@example.org";
const PASSWORD: &str = "four unrelated plain words";
/// Where the documentation's node listens.
const DOCUMENTED: &str = "127.0.0.1:8080";

/// The shell blocks that do nothing but ask a node.
fn examples(text: &str) -> Vec<&str> {
    let blocks = text.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|rest| rest.split("\n```").next());
    let asks = |block: &&str| {
        let mut commands = block.lines().filter(|line| !line.starts_with([' ', '#']));
        commands.all(|line| line.starts_with("curl ")) && block.contains(DOCUMENTED)
    };
    blocks.filter(asks).collect()
}

async fn token(node: &Node) -> String {
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let request = reqwest::Client::new()
        .post(node.url("/api/v1/auth/login"))
        .json(&login);
    let answer = request.send().await.expect("the node answers");
    let signed_in: Value = answer.json().await.expect("the answer is JSON");
    let token = signed_in["access_token"].as_str();
    token.expect("a token").to_owned()
}

async fn board(node: &Node, token: &str) -> String {
    let request = reqwest::Client::new()
        .post(node.url("/api/v1/boards"))
        .bearer_auth(token)
        .json(&json!({ "title": "Plan" }));
    let answer = request.send().await.expect("the node answers");
    let made: Value = answer.json().await.expect("the answer is JSON");
    made["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn the_documented_requests_go_through() {
    let folder = TempDir::new().expect("a temporary folder");
    let password = folder.path().join("password");
    std::fs::write(&password, PASSWORD).expect("a file of ours");
    let data = folder.path().join("data");
    let init = node::command()
        .args(["init", "--data-dir"])
        .arg(&data)
        .args(["--admin-email", EMAIL, "--admin-password-file"])
        .arg(&password)
        .status();
    assert!(init.await.expect("the binary starts").success());
    let node = Node::start_at(&data, NodeOptions::default()).await;
    let token = token(&node).await;
    let board = board(&node, &token).await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join("README.md")).expect("there is a README");
    let examples = examples(&text);
    assert!(!examples.is_empty(), "no example was found");
    for example in examples {
        let script = example.replace(DOCUMENTED, &node.address);
        let ran = Command::new("bash")
            .args(["-euo", "pipefail", "-c"])
            .arg(format!(
                "curl() {{ command curl -sS --fail-with-body \"$@\"; }}\n{script}"
            ))
            .env("EASEL_TOKEN", &token)
            .env("BOARD", &board)
            .current_dir(folder.path())
            .output()
            .await
            .expect("there is a shell");
        let said = String::from_utf8_lossy(&ran.stdout);
        let errors = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{example}\n{said}\n{errors}");
    }
}
