//! A backup of which something is damaged, cut short, gone or from the future: told by name, and never put back.

use crate::{Drawn, Rooms, done, fails, path};
use easel_tests::people::text;
use easel_tests::{Node, NodeOptions};
use serde_json::json;
use std::path::{Path, PathBuf};

#[tokio::test]
async fn a_backup_that_is_not_whole_is_told_and_never_restored() {
    let rooms = Rooms::new();
    let (data, to, restored) = (
        path(&rooms.data),
        path(&rooms.backups),
        path(&rooms.restored),
    );
    fails(
        &["backup", "create", "--to", to, "--data-dir", data],
        4,
        "no node is running",
    )
    .await;
    fails(&["backup", "list", "--from", to], 1, "holds no backups").await;
    fails(&["backup", "list", "--data-dir", data], 2, "--from").await;
    let node = Node::start_at(&rooms.data, NodeOptions::default()).await;
    let drawn = Drawn::on(&node).await;
    let create = ["backup", "create", "--to", to, "--data-dir", data];
    let one = done(&create, &[]).await;
    drawn.draw(&node, "second").await;
    let two = done(&create, &[]).await;
    drop(node);
    let id = text(&one["id"]);
    let restore = ["restore", "--from", to, "--id", &id, "--data-dir", restored];
    let verify = ["backup", "verify", &id, "--from", to];
    let is_empty = || std::fs::read_dir(restored).is_ok_and(|mut items| items.next().is_none());

    // One of each kind of file: altered, cut short, gone, and put right again.
    let manifest = rooms.backups.join(format!("backups/{id}.manifest"));
    let parts = blob(&rooms.backups, &text(&one["parts"]["blake3"]));
    let listed = std::fs::read_to_string(&parts).expect("the list of parts");
    let mut pieces: Vec<_> = listed
        .lines()
        .map(|line| {
            let words: Vec<_> = line.split(' ').collect();
            (words[0].to_owned(), blob(&rooms.backups, words[1]))
        })
        .collect();
    pieces.dedup_by(|a, b| a.0 == b.0);
    let kinds: Vec<_> = pieces.iter().map(|(kind, _)| &**kind).collect();
    assert_eq!(kinds, ["state", "blob", "log"]);
    pieces.push(("parts".to_owned(), parts.clone()));
    for (kind, file) in &pieces {
        let whole = std::fs::read(file).expect("a piece");
        let mut altered = whole.clone();
        altered[whole.len() / 2] ^= 1;
        let short = whole[..whole.len() - 1].to_vec();
        for (wrong, how) in [
            (Some(altered), "damaged"),
            (Some(short), "damaged"),
            (None, "missing"),
        ] {
            match wrong {
                Some(bytes) => std::fs::write(file, bytes).expect("it is damaged"),
                None => std::fs::remove_file(file).expect("it is gone"),
            }
            let said = format!("is {how}: {}", path(file));
            fails(&verify, 1, &said).await;
            // What was before the backup is of no account for what it was when it was made.
            if kind != "log" {
                fails(&restore, 1, &said).await;
            }
            assert!(is_empty(), "{kind}");
        }
        std::fs::write(file, whole).expect("it is back");
    }
    // Nor is a key lost that waited there for what did not come.
    std::fs::write(rooms.restored.join("master.key"), "kept").expect("a key");
    let piece = &pieces[0].1;
    let whole = std::fs::read(piece).expect("a piece");
    std::fs::remove_file(piece).expect("it is gone");
    fails(&restore, 1, "is missing").await;
    let key = std::fs::read_to_string(rooms.restored.join("master.key"));
    assert_eq!(key.expect("it is there"), "kept");
    std::fs::remove_file(rooms.restored.join("master.key")).expect("it goes");
    std::fs::write(piece, whole).expect("it is back");
    let whole = std::fs::read_to_string(&manifest).expect("a manifest");
    for (wrong, said) in [
        (whole[..whole.len() / 2].to_owned(), "cut short"),
        (
            whole.replacen("\"boards\": 1", "\"boards\": 2", 1),
            "altered",
        ),
        (newer(&whole), "use a newer release"),
    ] {
        std::fs::write(&manifest, wrong).expect("it is written");
        fails(&verify, 5, said).await;
        fails(&restore, 5, said).await;
        fails(&["backup", "list", "--from", to], 6, said).await;
        // For its sake nothing that it may need is deleted.
        fails(
            &["backup", "prune", "--from", to, "--keep", "1"],
            6,
            "cannot be read",
        )
        .await;
    }
    std::fs::write(&manifest, whole).expect("it is back");
    done(&verify, &[]).await;

    let pruned = done(&["backup", "prune", "--from", to, "--keep", "1"], &[]).await;
    assert_eq!(pruned["deleted"], json!([id]));
    assert!(pruned["freed_bytes"].as_u64() > Some(0), "{pruned}");
    assert!(!parts.exists());
    let verified = done(&["backup", "verify", "--from", to], &[]).await;
    assert_eq!(verified["id"], two["id"]);
    assert_eq!(verified["troubles"], json!([]));
}

fn blob(backups: &Path, hash: &str) -> PathBuf {
    backups.join("blobs").join(&hash[..2]).join(&hash[2..])
}

/// The manifest as a later release would write it, with a checksum that is right.
fn newer(manifest: &str) -> String {
    let (body, _) = manifest.rsplit_once("# blake3 ").expect("a checksum");
    let body = body.replacen("\"format\": 2", "\"format\": 3", 1);
    format!(
        "{body}# blake3 {}\n",
        blake3::hash(body.as_bytes()).to_hex()
    )
}
