//! Pictures and backups in buckets, and backups by the clock.

use crate::{Drawn, PATIENCE, Rooms, done, path, sign_in};
use easel_tests::people::text;
use easel_tests::s3::{BUCKET, S3Server};
use easel_tests::{Node, NodeOptions, within_for};
use serde_json::json;
use std::path::{Path, PathBuf};

#[tokio::test]
async fn a_node_keeps_pictures_and_backups_in_buckets_and_makes_backups_by_itself() {
    let server = S3Server::start().await;
    let rooms = Rooms::new();
    let mut options = NodeOptions::default()
        .with("EASEL_BLOB__BACKEND", "s3")
        .with("EASEL_BLOB__BUCKET", BUCKET)
        .with("EASEL_BLOB__PREFIX", "pictures")
        .with("EASEL_BACKUP__TO", &format!("s3://{BUCKET}/backups"))
        .with("EASEL_BACKUP__EVERY", "1s")
        .with("EASEL_BACKUP__KEEP", "2");
    options.env.extend(server.env("BLOB"));
    options.env.extend(server.env("BACKUP"));
    let node = Node::start_at(&rooms.data, options.clone()).await;
    let drawn = Drawn::on(&node).await;
    let before = drawn.content(&node, &drawn.token).await;
    assert_eq!(
        std::fs::read_dir(rooms.data.join("blobs"))
            .ok()
            .map(Iterator::count),
        None
    );
    assert!(server.file("pictures").is_dir());

    // Of these, one began after all of that was there.
    let env = options.env.clone();
    let newest = within_for(PATIENCE, "three backups by the clock", async || {
        let listed = done(&["backup", "list"], &env).await;
        let newest = listed.as_array()?.last()?;
        (newest["updates"] == 1 && newest["blobs"]["count"].as_u64() > Some(0))
            .then(|| newest.clone())
    })
    .await;
    assert!(
        node.metric("easel_backup_last_success_timestamp_seconds")
            .await
            > Some(0.0)
    );
    assert!(node.metric("easel_backup_size_bytes").await > Some(0.0));
    assert_eq!(node.metric("easel_backup_failures_total").await, Some(0.0));
    within_for(PATIENCE, "old backups to go", async || {
        let listed = done(&["backup", "list"], &env).await;
        let ids: Vec<_> = listed
            .as_array()?
            .iter()
            .map(|found| text(&found["id"]))
            .collect();
        (ids.len() <= 3 && !ids.contains(&text(&newest["id"]))).then_some(())
    })
    .await;
    drop(node);
    let verified = done(&["backup", "verify"], &env).await;
    assert_eq!(verified["troubles"], json!([]), "{verified}");

    // Both the folder and the bucket of pictures are lost.
    std::fs::remove_dir_all(&rooms.data).expect("the folder goes");
    std::fs::remove_dir_all(server.file("pictures")).expect("the pictures go");
    done(&["restore", "--data-dir", path(&rooms.data)], &env).await;
    options
        .env
        .retain(|(name, _)| !name.starts_with("EASEL_BACKUP__"));
    let node = Node::start_at(&rooms.data, options).await;
    let token = sign_in(&node).await;
    let after = drawn.content(&node, &token).await;
    assert_eq!(
        (after.elements, after.picture),
        (before.elements, before.picture)
    );
}

/// Every blob of a bucket that lies in this folder.
fn blobs(folder: &Path) -> Vec<PathBuf> {
    let read = |folder: &Path| std::fs::read_dir(folder).expect("a folder");
    let folders = read(folder).map(|item| item.expect("an item").path());
    let below = |folder: PathBuf| read(&folder).map(|item| item.expect("an item").path());
    folders.flat_map(below).collect()
}

#[tokio::test]
async fn what_is_missing_from_a_bucket_or_damaged_in_it_is_told() {
    let server = S3Server::start().await;
    let rooms = Rooms::new();
    let mut options = NodeOptions::default()
        .with("EASEL_BLOB__BACKEND", "s3")
        .with("EASEL_BLOB__BUCKET", BUCKET)
        .with("EASEL_BLOB__PREFIX", "pictures");
    options.env.extend(server.env("BLOB"));
    let node = Node::start_at(&rooms.data, options.clone()).await;
    Drawn::on(&node).await;
    let mut there = blobs(&server.file("pictures"));
    there.sort();
    let count = there.len() as u64;
    assert!(count >= 2, "{there:?}");
    let data = path(&rooms.data);
    let scrub = ["blobs", "scrub", "--data-dir", data];
    let told = done(&scrub, &[]).await;
    assert_eq!(
        (&told["blobs"], &told["damaged"]),
        (&json!(count), &json!(0))
    );
    assert_eq!(told["missing"], 0, "{told}");

    // One is gone, one is not what it was, and one is nobody's; what lies beside the prefix is none of ours.
    let whole = std::fs::read(&there[0]).expect("a blob");
    std::fs::write(&there[0], vec![b'x'; whole.len()]).expect("it is damaged");
    std::fs::remove_file(&there[1]).expect("it is gone");
    let nobodys = blake3::hash(b"nobody's").to_hex();
    for name in [
        &format!("pictures/{}/{}", &nobodys[..2], &nobodys[2..]),
        "elsewhere",
    ] {
        let file = server.file(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, "nobody's").expect("an object");
    }
    let told = done(&scrub, &[]).await;
    assert_eq!(
        (&told["missing"], &told["damaged"]),
        (&json!(1), &json!(1)),
        "{told}"
    );
    let status = done(&["blobs", "status", "--data-dir", data], &[]).await;
    assert_eq!(
        (&status["missing"], &status["unnamed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(node.metric("easel_store_blobs_missing").await, Some(1.0));
    assert_eq!(node.metric("easel_store_blobs_unnamed").await, Some(1.0));
    assert_eq!(
        node.metric("easel_store_blobs_damaged_total").await,
        Some(1.0)
    );
    // Nothing was done about it.
    assert!(
        server
            .file(&format!("pictures/{}/{}", &nobodys[..2], &nobodys[2..]))
            .exists()
    );
}
