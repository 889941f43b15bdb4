//! Folders that are not what they should be: refused in words, and left alone.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use easel_cluster::{Node, StartError};

use super::{append, options, refusal, start, updates, used_folder};

/// The only segment of a log that was not used much.
const SEGMENT: &str = "log/00000000000000000000.seg";

#[tokio::test]
async fn a_folder_of_somebody_else_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("thesis.txt"), "mine").expect("a file");
    let error = refusal(dir.path()).await;
    assert!(
        matches!(&error, StartError::Foreign { found, .. } if found == "thesis.txt"),
        "{error}"
    );
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .expect("a folder")
        .map(|item| item.expect("an item").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["lock", "thesis.txt"]);
}

#[tokio::test]
async fn a_path_that_is_a_file_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("file");
    fs::write(&path, "").expect("a file");
    let error = refusal(&path).await;
    assert!(matches!(error, StartError::Io { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_that_was_cut_off_begins_again() {
    let dir = used_folder(0).await;
    let path = dir.path().join("node.json");
    let whole = fs::read_to_string(&path).expect("node.json");
    let forming = whole.replacen("{", "{ \"forming\": true,", 1);
    fs::write(&path, forming).expect("node.json");
    fs::write(dir.path().join("log/mark"), "half").expect("a log");
    fs::remove_file(dir.path().join("state.redb")).expect("no state");
    start(dir.path()).await.shutdown().await;
    assert_eq!(fs::read_to_string(&path).expect("node.json"), whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_json_that_is_newer_damaged_or_of_another_node_is_refused() {
    let dir = used_folder(1).await;
    let path = dir.path().join("node.json");
    let good = fs::read_to_string(&path).expect("node.json");

    fs::write(&path, r#"{ "format": 3, "shape": "unknown" }"#).expect("node.json");
    let error = refusal(dir.path()).await;
    assert!(
        matches!(
            error,
            StartError::NewerFormat {
                found: 3,
                known: 2,
                ..
            }
        ),
        "{error}"
    );

    for bad in [
        "",
        "{",
        "[]",
        &good[..good.len() / 2],
        &good.replace("cls_", "cls-"),
    ] {
        fs::write(&path, bad).expect("node.json");
        let error = refusal(dir.path()).await;
        assert!(
            matches!(error, StartError::Damaged { .. }),
            "{bad:?}: {error}"
        );
    }

    fs::write(&path, good.replace("\"node\": 1", "\"node\": 2")).expect("node.json");
    let error = refusal(dir.path()).await;
    assert!(matches!(error, StartError::Mismatch { .. }), "{error}");

    fs::write(&path, good).expect("node.json");
    let node = start(dir.path()).await;
    assert_eq!(
        updates(&*node.store()).await.len(),
        1,
        "nothing was changed"
    );
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_file_is_named() {
    for name in ["log", "log/mark", "state.redb"] {
        let dir = used_folder(1).await;
        let kept = dir.path().join("kept");
        fs::rename(dir.path().join(name), &kept).expect("a file");
        let error = refusal(dir.path()).await;
        assert!(
            matches!(&error, StartError::Missing { file } if file.ends_with(name)),
            "{error}"
        );
        assert!(
            !dir.path().join(name).exists(),
            "nothing is made in its place"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_two_folders_do_not_mix() {
    let (ours, theirs) = (used_folder(1).await, used_folder(2).await);
    for name in ["log", SEGMENT, "state.redb"] {
        let (kept, path) = (ours.path().join("kept"), ours.path().join(name));
        fs::rename(&path, &kept).expect("a file");
        fs::rename(theirs.path().join(name), &path).expect("a file");
        let error = refusal(ours.path()).await;
        fs::rename(&path, theirs.path().join(name)).expect("a file");
        assert!(
            matches!(&error, StartError::Mismatch { file, .. } if *file == path),
            "{error}"
        );
        fs::rename(&kept, &path).expect("a file");
    }
    start(ours.path()).await.shutdown().await;
}

fn read_log(path: &Path) -> Vec<(OsString, Vec<u8>)> {
    let files = fs::read_dir(path).expect("the log").map(|item| {
        let item = item.expect("a file");
        (item.file_name(), fs::read(item.path()).expect("a file"))
    });
    files.collect()
}

fn write_log(path: &Path, files: &[(OsString, Vec<u8>)]) {
    fs::remove_dir_all(path).expect("the log");
    fs::create_dir(path).expect("the log");
    for (name, bytes) in files {
        fs::write(path.join(name), bytes).expect("a file");
    }
}

/// A backup that copied the two files at different moments.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_older_than_its_state_is_refused() {
    let dir = used_folder(1).await;
    let path = dir.path().join("log");
    let old = read_log(&path);
    let node = start(dir.path()).await;
    node.store()
        .submit(vec![append("newer")])
        .await
        .expect("an update");
    node.shutdown().await;
    let new = read_log(&path);
    write_log(&path, &old);
    let error = refusal(dir.path()).await;
    assert!(
        matches!(&error, StartError::Mismatch { file, .. } if *file == path),
        "{error}"
    );
    write_log(&path, &new);
    start(dir.path()).await.shutdown().await;
}

/// The other way round is what every crash leaves: the log gives the state what it lacks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_older_than_its_log_catches_up() {
    let dir = used_folder(1).await;
    let path = dir.path().join("state.redb");
    let old = fs::read(&path).expect("the state");
    let node = start(dir.path()).await;
    node.store()
        .submit(vec![append("newer")])
        .await
        .expect("an update");
    node.shutdown().await;
    fs::write(&path, old).expect("the old state");
    let node = start(dir.path()).await;
    assert_eq!(updates(&*node.store()).await.len(), 2);
    node.shutdown().await;
}

/// Whatever a cut or overwritten file does, it is refused in words, or nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncated_or_overwritten_file_is_refused_in_words() {
    let dir = used_folder(20).await;
    for name in ["log/mark", SEGMENT, "state.redb"] {
        let path = dir.path().join(name);
        let good = fs::read(&path).expect("a file");
        let cuts = [
            0,
            1,
            100,
            4_096,
            good.len() / 2,
            good.len().saturating_sub(4_096),
            good.len() - 1,
        ];
        let cuts = cuts.iter().filter(|len| **len < good.len());
        let mut bad: Vec<_> = cuts.map(|len| good[..*len].to_vec()).collect();
        bad.push(b"#!/bin/sh\n".repeat(1_000));
        bad.push(vec![0; good.len()]);
        for (nth, bytes) in bad.iter().enumerate() {
            fs::write(&path, bytes).expect("a bad file");
            let error = match Node::start(options(dir.path())).await {
                Err(error) => error,
                Ok(node) => {
                    let there = updates(&*node.store()).await.len();
                    assert_eq!(there, 20, "{name}, damage {nth}");
                    node.shutdown().await;
                    continue;
                }
            };
            assert!(
                matches!(&error, StartError::Damaged { file, .. } if *file == path),
                "{nth}: {error:?}"
            );
        }
        fs::write(&path, good).expect("the good file");
    }
    let node = start(dir.path()).await;
    assert_eq!(updates(&*node.store()).await.len(), 20);
    node.shutdown().await;
}
