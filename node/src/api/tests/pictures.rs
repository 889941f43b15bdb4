//! Pictures on boards and of people, as callers meet them.

use super::people::{Person, Place};
use crate::images::samples;
use crate::testing::Answer;
use easel_storage::blobs::BlobHash;
use image::ImageFormat;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

impl Place {
    async fn upload(&self, who: &Person, board: &str, bytes: &[u8]) -> Answer {
        let head = format!(
            "POST /api/v1/boards/{board}/assets\nauthorization: Bearer {}",
            who.token
        );
        self.node.send(&head, bytes.to_vec()).await
    }

    async fn set_avatar(&self, who: &Person, bytes: &[u8]) -> Answer {
        let head = format!("PUT /api/v1/me/avatar\nauthorization: Bearer {}", who.token);
        self.node.send(&head, bytes.to_vec()).await
    }

    async fn get(&self, who: Option<&Person>, path: &str) -> Answer {
        self.ask(who, &format!("GET {path}"), None).await
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_put_on_a_board_and_had_by_who_may_see_that() {
    let place = Place::start().await;
    let ada = &place.admin;
    let board = place.board(ada, "Pictures").await;
    let other = place.board(ada, "Other").await;
    let friend = place.invited(&board, "viewer", "Bea").await;
    let stranger = place.invited(&other, "editor", "Cem").await;

    let made = place.upload(ada, &board, &samples::png(300, 200)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let asset = made.json();
    let path = format!("/api/v1/assets/{}", text(&asset, "id"));
    assert_eq!(made.header("location"), path);
    assert_eq!((&asset["w"], &asset["h"]), (&300.into(), &200.into()));
    assert_eq!(text(&asset, "type"), "image/png");
    assert_eq!(text(&asset, "blurhash").len(), 28);
    let names: Vec<_> = asset["variants"].as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 2);

    // With the pass nothing else is needed; without it, who one is.
    for variant in names {
        let url = text(variant, "url");
        let bare = url.split('?').next().unwrap();
        for got in [
            place.get(None, url).await,
            place.get(Some(ada), bare).await,
            place.get(Some(&friend), bare).await,
        ] {
            assert_eq!(got.status, 200, "{url}");
            assert_eq!(sha256(&got.bytes), text(variant, "sha256"));
            assert_eq!(got.header("etag"), format!("\"{}\"", sha256(&got.bytes)));
            assert_eq!(got.header("content-type"), text(variant, "type"));
            assert_eq!(got.header("x-content-type-options"), "nosniff");
            let policy = got.header("content-security-policy");
            assert_eq!(policy, "default-src 'none'; sandbox");
            assert!(got.header("cache-control").starts_with("private"));
            assert!(
                got.header("content-disposition")
                    .starts_with("inline; filename=\"ast_")
            );
        }
        let none = place.get(Some(&stranger), bare).await;
        assert_eq!(none.outcome(), "404 not-found");
        let nobody = place.get(None, bare).await;
        assert_eq!(nobody.outcome(), "401 unauthenticated");
    }
    // What is not there and what one may not see are told alike.
    let made_up = format!("/api/v1/assets/ast_{}", "0".repeat(26));
    let (not_there, not_mine) = (
        place.get(Some(&stranger), &made_up).await.json(),
        place.get(Some(&stranger), &path).await.json(),
    );
    for member in ["code", "title", "status", "detail"] {
        assert_eq!(not_there[member], not_mine[member]);
    }

    // Who may not draw puts nothing there, who sees nothing is told of nothing.
    let viewer = place.upload(&friend, &board, &samples::png(8, 8)).await;
    assert_eq!(viewer.outcome(), "403 forbidden");
    let outside = place.upload(&stranger, &board, &samples::png(8, 8)).await;
    assert_eq!(outside.outcome(), "404 board-not-found");
    let listed = format!("/api/v1/boards/{board}/assets");
    let hidden = place.get(Some(&stranger), &listed).await;
    assert_eq!(hidden.outcome(), "404 board-not-found");
    let list = place.get(Some(&friend), &listed).await.json();
    assert_eq!(list["data"][0]["id"], asset["id"]);
    assert_eq!(list["data"][0]["sha256"], asset["sha256"]);
    // Addresses are each person's own.
    let told = text(&list["data"][0], "url").to_owned();
    assert_ne!(told, text(&asset, "url"));
    assert_eq!(place.get(None, &told).await.status, 200);

    // The same again is the same; on another board it is another, or somebody would learn of the first.
    let again = place.upload(ada, &board, &samples::png(300, 200)).await;
    assert_eq!((again.status, &again.json()["id"]), (200, &asset["id"]));
    let elsewhere = place
        .upload(&stranger, &other, &samples::png(300, 200))
        .await;
    assert_eq!(elsewhere.status, 201);
    assert_ne!(elsewhere.json()["id"], asset["id"]);
    assert_eq!(elsewhere.json()["sha256"], asset["sha256"]);
    assert_eq!(place.node.app.blobs.usage().blobs, 2);

    // A copy shows it to its own people.
    let copied = place
        .ask(
            Some(ada),
            &format!("POST /api/v1/boards/{board}/copies"),
            Some(json!({})),
        )
        .await;
    assert_eq!(copied.status, 201, "{}", copied.body);
    let copy = copied.json()["id"].as_str().unwrap().to_owned();
    let set = format!("PUT /api/v1/boards/{copy}/members/{}", stranger.id);
    let set = place
        .ask(Some(ada), &set, Some(json!({ "role": "viewer" })))
        .await;
    assert!(matches!(set.status, 200 | 201), "{}", set.body);
    assert_eq!(place.get(Some(&stranger), &path).await.status, 200);

    // Sent away, they have it no more.
    let gone = format!("DELETE /api/v1/boards/{board}/members/{}", friend.id);
    let gone = place.ask(Some(ada), &gone, None).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    let none = place.get(Some(&friend), &path).await;
    assert_eq!(none.outcome(), "404 not-found");
    let none = place.get(None, &told).await;
    assert_eq!(none.outcome(), "404 not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_had_in_parts() {
    let place = Place::start().await;
    let ada = &place.admin;
    let board = place.board(ada, "Parts").await;
    let made = place
        .upload(ada, &board, &samples::png(300, 200))
        .await
        .json();
    let url = text(&made, "url");
    let whole = place.get(None, url).await;
    let len = whole.bytes.len();
    assert_eq!(whole.header("content-length"), len.to_string());
    let etag = whole.header("etag");

    let ask = |lines: &str| format!("GET {url}\n{lines}");
    let part = place.node.ask(&ask("range: bytes=10-19")).await;
    assert_eq!(
        (part.status, &part.bytes),
        (206, &whole.bytes.slice(10..20))
    );
    assert_eq!(part.header("content-range"), format!("bytes 10-19/{len}"));
    assert_eq!(part.header("content-length"), "10");
    let end = place.node.ask(&ask("range: bytes=-5")).await;
    assert_eq!(
        (end.status, &end.bytes),
        (206, &whole.bytes.slice(len - 5..))
    );
    let outside = place.node.ask(&ask(&format!("range: bytes={len}-"))).await;
    assert_eq!(outside.outcome(), "416 bad-range");
    assert_eq!(outside.header("content-range"), format!("bytes */{len}"));
    let newer = place
        .node
        .ask(&ask("range: bytes=0-1\nif-range: \"other\""))
        .await;
    assert_eq!((newer.status, newer.bytes.len()), (200, len));
    let known = place
        .node
        .ask(&ask(&format!("if-none-match: {etag}")))
        .await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    let head = place.node.ask(&format!("HEAD {url}")).await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), len.to_string());

    for (changed, expected) in [
        (url.replace("pass=", "pass=1"), "401 invalid-token"),
        (url.replace("pass=", "x="), "400 bad-query"),
        (url.replace('?', "/other?"), "404 not-found"),
    ] {
        let answer = place.get(None, &changed).await;
        assert_eq!(answer.outcome(), expected, "{changed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_sound_picture_is_refused_and_leaves_nothing() {
    let place = Place::start().await;
    let ada = &place.admin;
    let board = place.board(ada, "Bad").await;
    let bomb = |kind: &str| {
        let bombs = samples::bombs(20_000, 20_000);
        let found = bombs.into_iter().find(|(have, _)| *have == kind);
        found.unwrap().1
    };
    let png = samples::png(40, 40);
    for (bytes, expected) in [
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            "415 unsupported-media-type",
        ),
        (b"%PDF-1.7".to_vec(), "415 unsupported-media-type"),
        (Vec::new(), "415 unsupported-media-type"),
        (bomb("png"), "422 image-too-large"),
        (bomb("jpeg"), "422 image-too-large"),
        (bomb("gif"), "422 image-too-large"),
        (bomb("webp"), "422 image-too-large"),
        (png[..png.len() / 2].to_vec(), "422 image-broken"),
    ] {
        let answer = place.upload(ada, &board, &bytes).await;
        assert_eq!(answer.outcome(), expected);
        let answer = place.set_avatar(ada, &bytes).await;
        assert_eq!(answer.outcome(), expected);
    }
    let list = format!("/api/v1/boards/{board}/assets");
    assert_eq!(place.get(Some(ada), &list).await.json()["data"], json!([]));
    assert_eq!(place.node.app.blobs.usage().blobs, 0);
    let metrics = place.node.app.metrics.text();
    for line in [
        "easel_images_refused_total{reason=\"type\"} 6",
        "easel_images_refused_total{reason=\"too-large\"} 8",
        "easel_images_refused_total{reason=\"broken\"} 2",
        "easel_image_work_seconds_count 0",
    ] {
        assert!(metrics.contains(line), "{line} not in\n{metrics}");
    }
    // A picture that says it is something else is what it is.
    let head = format!(
        "POST /api/v1/boards/{board}/assets\ncontent-type: text/html\nauthorization: Bearer {}",
        ada.token
    );
    let jpeg = samples::written(&samples::quarters(9, 9), ImageFormat::Jpeg);
    let made = place.node.send(&head, jpeg).await;
    assert_eq!(
        (made.status, text(&made.json(), "type")),
        (201, "image/jpeg")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_the_limit_is_refused() {
    use crate::testing::TestNode;
    let node = TestNode::start_with(|config| config.limits.image = "1KiB".parse().unwrap()).await;
    let board = node.board("Small").await;
    let head = format!("POST /api/v1/boards/{board}/assets");
    let answer = node.send(&head, vec![0; 1_025]).await;
    assert_eq!(answer.outcome(), "413 body-too-large");
    // Without accounts, whoever is there may.
    let made = node.send(&head, samples::png(4, 4)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let shown = node
        .ask(&format!("GET /api/v1/assets/{}", text(&made.json(), "id")))
        .await;
    assert_eq!(shown.status, 200);
}

/// The bytes are kept, then the node dies: they name nothing, and the next try is like the first.
#[tokio::test(flavor = "multi_thread")]
async fn between_the_file_and_the_command_nothing_is_lost_or_shown() {
    let place = Place::start().await;
    let ada = &place.admin;
    let board = place.board(ada, "Crash").await;
    let first = place
        .upload(ada, &board, &samples::png(20, 20))
        .await
        .json();
    let full = place.get(None, text(&first, "url")).await.bytes;

    // Another board's upload got as far as the files.
    let other = place.board(ada, "Later").await;
    let blobs = place.node.app.blobs.clone();
    let kept = blobs.put(&mut &full[..], 1 << 20).unwrap();
    let list = format!("/api/v1/boards/{other}/assets");
    assert_eq!(place.get(Some(ada), &list).await.json()["data"], json!([]));
    let again = place.upload(ada, &other, &samples::png(20, 20)).await;
    assert_eq!(again.status, 201);
    assert_eq!(blobs.has(kept.hash).unwrap(), Some(full.len() as u64));
    assert_eq!(blobs.usage().blobs, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_told_and_mended_by_the_same_picture() {
    let place = Place::start().await;
    let ada = &place.admin;
    let board = place.board(ada, "Damaged").await;
    let made = place
        .upload(ada, &board, &samples::png(20, 20))
        .await
        .json();
    let full = place.get(None, text(&made, "url")).await.bytes;
    let name = BlobHash::from_bytes(*blake3::hash(&full).as_bytes()).to_string();
    let file = place
        .node
        .app
        .config
        .data_dir
        .join("blobs")
        .join(&name[..2])
        .join(&name[2..]);
    for damage in [Some(&full[1..]), None] {
        match damage {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let told = place.get(None, text(&made, "url")).await;
        assert_eq!(told.outcome(), "500 file-damaged");
        place.upload(ada, &board, &samples::png(20, 20)).await;
        assert_eq!(place.get(None, text(&made, "url")).await.bytes, full);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_for_one_upload() {
    let place = Place::start().await;
    let ada = &place.admin;
    let board = place.board(ada, "Once").await;
    let head = format!(
        "POST /api/v1/boards/{board}/assets\nidempotency-key: \"one\"\nauthorization: Bearer {}",
        ada.token
    );
    let first = place.node.send(&head, samples::png(10, 10)).await;
    let again = place.node.send(&head, samples::png(10, 10)).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.json()["id"], again.json()["id"]);
    let other = place.node.send(&head, samples::png(11, 11)).await;
    assert_eq!(other.outcome(), "422 idempotency-key-reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_a_picture_for_as_long_as_they_want() {
    let place = Place::start().await;
    let ada = &place.admin;
    let board = place.board(ada, "Faces").await;
    let bea = place.invited(&board, "viewer", "Bea").await;
    let set = place.set_avatar(ada, &samples::png(300, 100)).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let url = text(&set.json(), "avatar_url").to_owned();
    let seen = place
        .get(Some(&bea), &format!("/api/v1/users/{}", ada.id))
        .await;
    assert_eq!(text(&seen.json(), "avatar_url"), url);

    for (size, accept, media, side) in [
        (1, "image/webp", "image/webp", 32),
        (33, "image/avif,image/webp,*/*", "image/webp", 64),
        (64, "*/*", "image/png", 64),
        (256, "image/webp;q=0", "image/png", 256),
    ] {
        let asked = format!("GET {url}&size={size}\naccept: {accept}");
        let got = place.node.ask(&asked).await;
        assert_eq!((got.status, got.header("content-type")), (200, media));
        assert_eq!(got.header("vary"), "accept");
        let image = image::load_from_memory(&got.bytes).unwrap();
        assert_eq!((image.width(), image.height()), (side, side));
    }
    let bare = format!("/api/v1/users/{}/avatar", ada.id);
    assert_eq!(place.get(Some(&bea), &bare).await.status, 200);
    assert_eq!(
        place.get(None, &bare).await.outcome(),
        "401 unauthenticated"
    );
    let none = format!("/api/v1/users/{}/avatar", bea.id);
    assert_eq!(place.get(Some(ada), &none).await.outcome(), "404 not-found");
    let large = format!("{url}&size=257");
    assert_eq!(place.get(None, &large).await.outcome(), "400 bad-query");

    // The address of a picture that was replaced is no longer good.
    let next = place.set_avatar(ada, &samples::png(9, 9)).await.json();
    assert_ne!(text(&next, "avatar_url"), url);
    assert_eq!(place.get(None, &url).await.outcome(), "404 not-found");
    let removed = place.ask(Some(ada), "DELETE /api/v1/me/avatar", None).await;
    assert_eq!((removed.status, removed.body.as_str()), (204, ""));
    let gone = place.get(None, text(&next, "avatar_url")).await;
    assert_eq!(gone.outcome(), "404 not-found");
    let me = place.get(Some(ada), "/api/v1/me").await.json();
    assert_eq!(me["avatar_url"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_has_a_small_picture_for_whatever_shows_no_svg() {
    let place = Place::start().await;
    let ada = &place.admin;
    let board = place.board(ada, "Small").await;
    let stranger = place.board(ada, "Elsewhere").await;
    let stranger = place.invited(&stranger, "viewer", "Cem").await;
    let shown = place
        .get(Some(ada), &format!("/api/v1/boards/{board}"))
        .await;
    let preview = text(&shown.json(), "preview_url").to_owned();
    let url = preview.replace("/preview.svg", "/thumbnail");
    assert_ne!(url, preview);
    let ask = |more: &str, accept: &str| {
        let joint = if url.contains('?') { '&' } else { '?' };
        format!("GET {url}{joint}{more}\naccept: {accept}")
    };
    for (width, accept, media, size) in [
        ("w=1", "*/*", "image/png", (160, 100)),
        ("w=480", "*/*", "image/png", (480, 300)),
        (
            "w=481&theme=dark",
            "image/webp,*/*",
            "image/webp",
            (960, 600),
        ),
    ] {
        let etag = loop {
            let got = place.node.ask(&ask(width, accept)).await;
            assert_eq!(got.header("content-type"), media);
            assert_eq!(got.header("vary"), "accept");
            let image = image::load_from_memory(&got.bytes).unwrap();
            assert_eq!((image.width(), image.height()), size);
            match got.status {
                200 if !got.header("etag").is_empty() => break got.header("etag").to_owned(),
                200 | 202 => assert_eq!(got.header("cache-control"), "no-store"),
                other => panic!("{other}"),
            }
        };
        let request = format!("{}\nif-none-match: {etag}", ask(width, accept));
        assert_eq!(place.node.ask(&request).await.status, 304);
    }
    let bare = format!("/api/v1/boards/{board}/thumbnail");
    for (who, path, expected) in [
        (None, bare.clone(), "401 unauthenticated"),
        (Some(&stranger), bare.clone(), "404 board-not-found"),
        (Some(ada), format!("{bare}?w=0"), "400 bad-query"),
        (Some(ada), format!("{bare}?w=1281"), "400 bad-query"),
        (Some(ada), format!("{bare}?theme=blue"), "400 bad-query"),
    ] {
        assert_eq!(place.get(who, &path).await.outcome(), expected, "{path}");
    }
}
