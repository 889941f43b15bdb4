//! A node is lost and comes back from its backup: boards, pictures, people, what becomes of a backup that
//! is not whole, and of a node that is left alone.

mod between;
mod buckets;
mod damage;
mod drill;
mod group;
mod interrupted;
mod large;
mod lost;
mod survivor;

use easel_tests::people::{PASSWORD, ask, set_up, text};
use easel_tests::{Node, node};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
const PICTURE: &[u8] = include_bytes!("../../../node/web/public/icon-512.png");

/// `easel` with these words; how it ended, what it said on both streams.
async fn easel(words: &[&str], env: &[(String, String)]) -> (Option<i32>, String, String) {
    let mut command = node::command();
    command.args(words).envs(env.iter().cloned());
    let output = tokio::time::timeout(2 * PATIENCE, command.kill_on_drop(true).output());
    let output = output.await.expect("it ends by itself").expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// What must work, as a program reads it.
async fn done(words: &[&str], env: &[(String, String)]) -> Value {
    let words: Vec<_> = words.iter().copied().chain(["--json"]).collect();
    let (code, out, err) = easel(&words, env).await;
    assert_eq!(code, Some(0), "{words:?}: {out}{err}");
    serde_json::from_str(&out).expect("JSON")
}

async fn fails(words: &[&str], code: i32, said: &str) {
    let (found, out, err) = easel(words, &[]).await;
    assert_eq!(found, Some(code), "{words:?}: {out}{err}");
    assert!(
        format!("{out}{err}").contains(said),
        "{words:?}: {out}{err}"
    );
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of letters")
}

/// What people would miss.
#[derive(Debug, PartialEq)]
struct Content {
    boards: Value,
    elements: Value,
    picture: Vec<u8>,
}

/// An installation with an admin, a board, something on it, and a picture.
struct Drawn {
    token: String,
    board: String,
    picture: String,
}

impl Drawn {
    async fn on(node: &Node) -> Drawn {
        let token = set_up(node).await;
        Drawn::with(node, &token, "Plan").await
    }

    /// Another board of the same installation.
    async fn with(node: &Node, token: &str, title: &str) -> Drawn {
        let token = token.to_owned();
        let title = Some(json!({ "title": title }));
        let (status, made) = ask(node, Some(&token), Method::POST, "/boards", title).await;
        assert_eq!(status, 201, "{made}");
        let board = text(&made["id"]);
        let put = reqwest::Client::new()
            .post(node.url(&format!("/api/v1/boards/{board}/assets")))
            .bearer_auth(&token)
            .body(PICTURE);
        let put = put.send().await.expect("the node answers");
        assert_eq!(put.status(), 201);
        let put: Value = put.json().await.expect("a picture");
        let drawn = Drawn {
            token,
            board,
            picture: text(&put["id"]),
        };
        drawn.draw(node, "first").await;
        drawn
    }

    async fn draw(&self, node: &Node, words: &str) {
        let path = format!("/boards/{}/elements", self.board);
        let body = json!({ "type": "sticky", "box": [0, 0, 200, 200, 0], "text": words });
        let (status, made) = ask(node, Some(&self.token), Method::POST, &path, Some(body)).await;
        assert_eq!(status, 201, "{made}");
    }

    async fn content(&self, node: &Node, token: &str) -> Content {
        let get = async |path: &str| {
            let (status, found) = ask(node, Some(token), Method::GET, path, None).await;
            assert_eq!(status, 200, "{path}: {found}");
            found
        };
        let mut boards = get("/boards").await;
        // How the board looks is drawn by each node for itself, and shown to each session at an address of its own.
        for board in boards["data"].as_array_mut().into_iter().flatten() {
            board
                .as_object_mut()
                .expect("a board")
                .remove("preview_url");
        }
        let elements = get(&format!("/boards/{}/elements", self.board)).await;
        let picture = reqwest::Client::new()
            .get(node.url(&format!("/api/v1/assets/{}", self.picture)))
            .bearer_auth(token);
        let picture = picture.send().await.expect("the node answers");
        assert_eq!(picture.status(), 200);
        Content {
            boards,
            elements,
            picture: picture.bytes().await.expect("a picture").to_vec(),
        }
    }
}

async fn sign_in(node: &Node) -> String {
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let (status, tokens) = ask(node, None, Method::POST, "/auth/login", Some(body)).await;
    assert_eq!(status, 200, "{tokens}");
    text(&tokens["access_token"])
}

struct Rooms {
    _home: TempDir,
    data: PathBuf,
    backups: PathBuf,
    restored: PathBuf,
}

impl Rooms {
    fn new() -> Rooms {
        let home = TempDir::new().expect("a temporary folder");
        let place = |name: &str| home.path().join(name);
        Rooms {
            data: place("data"),
            backups: place("backups"),
            restored: place("restored"),
            _home: home,
        }
    }
}
