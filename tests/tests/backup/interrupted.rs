//! A restore that is killed half-way leaves a folder that says so, in which nothing starts.

use crate::{Drawn, PATIENCE, Rooms, done, fails, path};
use easel_tests::people::text;
use easel_tests::s3::{BUCKET, S3Server};
use easel_tests::{Node, NodeOptions, node};
use std::process::Stdio;

#[tokio::test]
async fn a_restore_that_is_killed_leaves_no_node() {
    let server = S3Server::start().await;
    let rooms = Rooms::new();
    let to = format!("s3://{BUCKET}/backups");
    let env = server.env("BACKUP");
    let mut options = NodeOptions::default();
    options.env.extend(env.clone());
    let node = Node::start_at(&rooms.data, options.clone()).await;
    let drawn = Drawn::on(&node).await;
    let before = drawn.content(&node, &drawn.token).await;
    let data = path(&rooms.data);
    let words = [
        "backup",
        "create",
        "--to",
        &to,
        "--with-key",
        "--data-dir",
        data,
    ];
    let made = done(&words, &env).await;
    drop(node);

    // The bucket does not give the state away: pictures are there by then.
    let parts = text(&made["parts"]["blake3"]);
    let parts = format!("backups/blobs/{}/{}", &parts[..2], &parts[2..]);
    let parts = std::fs::read_to_string(server.file(&parts)).expect("the list of parts");
    let piece = parts.lines().find_map(|line| line.strip_prefix("state "));
    let (piece, _) = piece
        .and_then(|rest| rest.split_once(' '))
        .expect("a piece");
    let asked_for = server.hold(&piece[2..]);
    let restored = path(&rooms.restored);
    let restore = ["restore", "--from", &to, "--data-dir", restored];
    let mut command = node::command();
    command.args(restore).envs(env.iter().cloned());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut restoring = command.kill_on_drop(true).spawn().expect("it runs");
    let asked = tokio::time::timeout(PATIENCE, asked_for).await;
    asked.expect("in time").expect("the state is asked for");
    restoring.kill().await.expect("it is killed");
    server.let_go();

    let said = "a restore that did not come to its end";
    fails(
        &["serve", "--data-dir", restored, "--listen", "127.0.0.1:0"],
        1,
        said,
    )
    .await;
    let (code, out, err) = crate::easel(&restore, &env).await;
    assert_eq!(code, Some(5), "{out}{err}");
    assert!(err.contains(said), "{out}{err}");
    let create = ["backup", "create", "--to", &to, "--data-dir", restored];
    fails(&create, 4, "no node is running").await;

    std::fs::remove_dir_all(&rooms.restored).expect("the folder goes");
    done(&restore, &env).await;
    let node = Node::start_at(&rooms.restored, options).await;
    assert_eq!(drawn.content(&node, &drawn.token).await, before);
}
