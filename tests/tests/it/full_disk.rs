//! The disk of one node of three fills while people draw through all of them: that node says so, the others go on, nothing
//! that was acknowledged is lost, and when there is room it goes on by itself. As a follower, and as the leader.

use easel_tests::cluster::PATIENCE;
use easel_tests::small_disk::{SmallDisk, rerun_with_mounts};
use easel_tests::{Client, Cluster, Dialect, NodeOptions, within_for};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use yrs::{Any, Doc};

const NODES: usize = 3;
/// Whose disk is small.
const SMALL: usize = 1;
const DISK_MIB: u64 = 192;
const RESERVE_MIB: u64 = 64;

/// What everybody who draws or asks has in common.
#[derive(Debug, Default)]
struct Day {
    is_over: AtomicBool,
    /// How much each has had saved, by the node that they draw through.
    saved: [std::sync::atomic::AtomicUsize; NODES],
    /// Answers to who made boards through the small node.
    answers: Mutex<BTreeMap<u16, usize>>,
}

impl Day {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Everybody has more saved than now.
    async fn goes_on(&self) {
        let saved = || self.saved.each_ref().map(|of| of.load(Ordering::Relaxed));
        let before = saved();
        within_for(PATIENCE, "everybody to have more saved", async || {
            let all = saved()
                .iter()
                .zip(before)
                .all(|(now, then)| *now >= then + 10);
            all.then_some(())
        })
        .await;
    }
}

/// Draws one stroke after the other, each when the one before is saved, with one document. Ends with what was saved.
async fn draw(day: Arc<Day>, place: usize, address: String, board: String) -> Vec<String> {
    let doc = Doc::new();
    let mut drawn: Vec<String> = Vec::new();
    let mut saved = 0;
    while !day.is_over() {
        let connecting = Client::connect(doc.clone(), &address, &board, Dialect::Easel);
        let Ok(client) = connecting.await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        client.send_step_1();
        while client.closed().is_none() && !day.is_over() {
            let all = client.is_synced() && client.sent_frames() > 0;
            if all && client.saved_frames() == client.sent_frames() {
                saved = drawn.len();
                day.saved[place].store(saved, Ordering::Relaxed);
                let element = format!("p{place}_{saved}");
                client.draw(
                    &element,
                    &[("type", Any::from("sticky")), ("z", Any::from("a0"))],
                );
                drawn.push(element);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        client.leave();
    }
    drawn.truncate(saved);
    drawn
}

async fn make_boards(day: Arc<Day>, url: String) {
    let client = reqwest::Client::new();
    while !day.is_over() {
        let body = serde_json::json!({ "title": "Beside" });
        let made = client.post(&url).json(&body).timeout(PATIENCE).send().await;
        let status = made.expect("the node answers").status().as_u16();
        *day.answers
            .lock()
            .expect("no panic")
            .entry(status)
            .or_default() += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn has_room(cluster: &Cluster, expected: bool) {
    let node = &cluster.nodes()[SMALL];
    within_for(PATIENCE, "the node to say how its disk is", async || {
        let ready: serde_json::Value = node.get("/readyz").await.json().await.ok()?;
        (ready["storage"] == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_others_go_on_when_the_disk_of_one_is_full_and_so_does_it_when_there_is_room() {
    let turn = easel_tests::turn().await;
    if !rerun_with_mounts(
        "full_disk::the_others_go_on_when_the_disk_of_one_is_full_and_so_does_it_when_there_is_room",
    ) {
        return;
    }
    drop(turn);
    let images = tempfile::tempdir().expect("a folder");
    let disk = Mutex::new(None);
    let cluster = Cluster::grow_prepared(NODES as u32, |place, folder| {
        if place == SMALL {
            let image = images.path().join("disk");
            *disk.lock().expect("no panic") = Some(SmallDisk::mount(folder, &image, DISK_MIB));
        }
        NodeOptions::default().with("EASEL_STORAGE__DISK_RESERVE", &format!("{RESERVE_MIB}MiB"))
    })
    .await;
    let disk = disk.into_inner().expect("no panic").expect("it is mounted");
    let board = cluster.nodes()[0].create_board("Plan").await;
    let day = Arc::<Day>::default();
    let addresses = cluster.addresses();
    let drawing = addresses.iter().enumerate().map(|(place, address)| {
        tokio::spawn(draw(day.clone(), place, address.clone(), board.clone()))
    });
    let drawing: Vec<_> = drawing.collect();
    let boards = cluster.nodes()[SMALL].url("/api/v1/boards");
    let asking = tokio::spawn(make_boards(day.clone(), boards));
    day.goes_on().await;

    // A follower takes in from its reserve what the leader sends, and says that it should be spared.
    cluster.lead(0).await;
    disk.fill_up_to(RESERVE_MIB / 2);
    has_room(&cluster, false).await;
    day.goes_on().await;
    within_for(PATIENCE, "the reason why it cannot lead", async || {
        // Others may have reasons of their own meanwhile, such as that they do not know who leads.
        let why = cluster.try_to_lead(SMALL).await;
        let why = why.expect_err("it has no room to lead");
        why.contains("disk is nearly full").then_some(())
    })
    .await;
    disk.make_room();
    has_room(&cluster, true).await;

    // A leader that takes nothing in any more has another lead.
    cluster.lead(SMALL).await;
    day.goes_on().await;
    disk.fill_up_to(RESERVE_MIB / 2);
    has_room(&cluster, false).await;
    within_for(PATIENCE, "another to lead", async || {
        (cluster.leader(&[]).await != SMALL).then_some(())
    })
    .await;
    day.goes_on().await;
    disk.make_room();
    has_room(&cluster, true).await;
    cluster.lead(SMALL).await;
    day.goes_on().await;

    day.is_over.store(true, Ordering::Relaxed);
    asking.await.expect("it asked to the end");
    let mut saved = Vec::new();
    for drawing in drawing {
        saved.extend(drawing.await.expect("it drew to the end"));
    }
    for address in &addresses {
        let looks = Client::join(address, &board, Dialect::Easel).await;
        within_for(PATIENCE, "all that was saved", async || {
            let shown = looks.keys("elements");
            let all = saved.iter().all(|id| shown.binary_search(id).is_ok());
            all.then_some(())
        })
        .await;
    }
    let answers = day.answers.lock().expect("no panic").clone();
    println!(
        "{} strokes saved; boards made through the small node: {answers:?}",
        saved.len()
    );
    let fair = |status: &u16| [201, 503, 507].contains(status);
    assert!(
        answers.keys().all(fair) && answers.contains_key(&201),
        "{answers:?}"
    );
}
