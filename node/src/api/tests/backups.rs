//! Backups as an admin meets them.

use super::people::Place;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const LIST: &str = "GET /api/v1/admin/backups";
const CREATE: &str = "POST /api/v1/admin/backups";
const PATIENCE: Duration = Duration::from_secs(60);

/// A place for backups, and a node that knows it.
async fn start(backups: &Path) -> Place {
    let to = backups.display().to_string();
    Place::start_with(|config| config.backup.to = to).await
}

async fn asked(place: &Place, request: &str, status: u16) -> Value {
    let answer = place.ask(Some(&place.admin), request, None).await;
    assert_eq!(answer.status, status, "{request}: {}", answer.body);
    answer.json()
}

/// Begins it, and waits for its end.
async fn done(place: &Place, request: &str) -> Value {
    let begun = place.ask(Some(&place.admin), request, None).await;
    assert_eq!(begun.status, 202, "{request}: {}", begun.body);
    let at = format!("GET {}", begun.header("location"));
    let ended = async {
        loop {
            let shown = asked(place, &at, 200).await;
            if shown["job"]["state"] != "running" {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap()
}

async fn outcome(place: &Place, request: &str) -> String {
    let answer = place.ask(Some(&place.admin), request, None).await;
    answer.outcome()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_makes_a_backup_and_has_it_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let backups = dir.path().join("backups");
    let place = start(&backups).await;
    place.board(&place.admin, "Plan").await;
    let none = json!({
        "data": [], "next_cursor": null, "place": backups.display().to_string(), "job": null,
    });
    assert_eq!(asked(&place, LIST, 200).await, none);

    let made = done(&place, CREATE).await;
    assert_eq!(made["job"]["work"], "create", "{made}");
    assert_eq!(made["job"]["state"], "done", "{made}");
    assert_eq!(made["content"]["boards"], 1, "{made}");
    assert_eq!(made["content"]["has_master_key"], false, "{made}");
    let id = made["id"].as_str().unwrap();
    let verify = format!("POST /api/v1/admin/backups/{id}/verify");
    let looked = done(&place, &verify).await;
    assert_eq!(looked["job"]["work"], "verify", "{looked}");
    assert_eq!(looked["job"]["state"], "done", "{looked}");
    assert_eq!(looked["job"]["troubles"], json!([]), "{looked}");
    assert_eq!(looked["content"], made["content"]);
    let listed = asked(&place, LIST, 200).await;
    assert_eq!(listed["data"][0]["id"], id, "{listed}");
    assert_eq!(listed["job"], looked["job"]);
    // What it was looked at in does not stay.
    assert!(!place.node.app.config.data_dir.join("verify").exists());

    // One thing at a time, and never without a place or about nothing.
    let turn = place.node.app.backups.begin_looking(id.to_owned());
    assert_eq!(outcome(&place, CREATE).await, "409 conflict");
    assert_eq!(outcome(&place, &verify).await, "409 conflict");
    drop(turn);
    for missing in [
        "GET /api/v1/admin/backups/none",
        "POST /api/v1/admin/backups/none/verify",
    ] {
        assert_eq!(outcome(&place, missing).await, "404 not-found");
    }
    let without = Place::start().await;
    assert_eq!(outcome(&without, CREATE).await, "409 conflict");
    assert_eq!(asked(&without, LIST, 200).await["place"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_is_told_what_is_wrong_with_a_backup() {
    let dir = tempfile::tempdir().unwrap();
    let backups = dir.path().join("backups");
    let place = start(&backups).await;
    let made = done(&place, CREATE).await;
    let id = made["id"].as_str().unwrap();
    let verify = format!("POST /api/v1/admin/backups/{id}/verify");
    std::fs::rename(backups.join("blobs"), dir.path().join("elsewhere")).unwrap();
    let looked = done(&place, &verify).await;
    assert_eq!(looked["job"]["state"], "failed", "{looked}");
    let why = looked["job"]["error"].as_str().unwrap();
    assert!(
        why.contains("is missing: ") && why.contains("blobs/"),
        "{why}"
    );

    std::fs::rename(dir.path().join("elsewhere"), backups.join("blobs")).unwrap();
    let manifest = backups.join(format!("backups/{id}.manifest"));
    std::fs::write(&manifest, "{").unwrap();
    for shown in [
        asked(&place, LIST, 200).await["data"][0].clone(),
        asked(&place, &format!("GET /api/v1/admin/backups/{id}"), 200).await,
    ] {
        assert_eq!(shown["content"], json!(null), "{shown}");
        let why = shown["error"].as_str().unwrap();
        assert!(why.contains("cut short"), "{why}");
    }
    let looked = done(&place, &verify).await;
    assert_eq!(looked["job"]["state"], "failed", "{looked}");
}
