//! Three nodes, of which one has a small disk, and somebody who draws through each.

use crate::{DISK_MIB, NODES, RESERVE_MIB, SMALL};
use easel_tests::cluster::PATIENCE;
use easel_tests::small_disk::SmallDisk;
use easel_tests::{Client, Cluster, Dialect, NodeOptions, within_for};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use yrs::{Any, Doc};

/// Nobody waits longer for a node to let them in: one that was full may take a call and not answer it.
const CONNECT_MAX: Duration = Duration::from_secs(5);

pub(crate) struct Day {
    pub(crate) cluster: Cluster,
    pub(crate) disk: SmallDisk,
    board: String,
    drawing: Vec<JoinHandle<Vec<String>>>,
    seen: Arc<Seen>,
    _images: TempDir,
}

/// What everybody who draws has in common.
#[derive(Debug, Default)]
struct Seen {
    is_over: AtomicBool,
    /// How much each has had saved, by the node that they draw through.
    saved: [AtomicUsize; NODES],
}

impl Seen {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

impl Day {
    /// Only in a process that may mount. Every stroke weighs so many bytes more.
    pub(crate) async fn begin(ink_bytes: usize) -> Self {
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
        let seen = Arc::<Seen>::default();
        let drawing = cluster.addresses().into_iter().enumerate();
        let drawing = drawing.map(|(place, address)| {
            tokio::spawn(draw(seen.clone(), place, address, board.clone(), ink_bytes))
        });
        Self {
            drawing: drawing.collect(),
            cluster,
            disk,
            board,
            seen,
            _images: images,
        }
    }

    pub(crate) async fn goes_on(&self) {
        self.goes_on_at(&[0, 1, 2]).await;
    }

    /// Who draws through these nodes has more saved than now.
    pub(crate) async fn goes_on_at(&self, places: &[usize]) {
        let saved = |place: &usize| self.seen.saved[*place].load(Ordering::Relaxed);
        let before: Vec<usize> = places.iter().map(saved).collect();
        within_for(PATIENCE, "everybody to have more saved", async || {
            let mut each = places.iter().zip(&before);
            each.all(|(place, before)| saved(place) >= before + 10)
                .then_some(())
        })
        .await;
    }

    /// Nobody draws any more, and all that was saved is on every node. Returns how many strokes those are.
    pub(crate) async fn end(self) -> usize {
        self.seen.is_over.store(true, Ordering::Relaxed);
        let mut saved = Vec::new();
        for drawing in self.drawing {
            saved.extend(drawing.await.expect("it drew to the end"));
        }
        for address in self.cluster.addresses() {
            let looks = Client::join(&address, &self.board, Dialect::Easel).await;
            within_for(PATIENCE, "all that was saved", async || {
                let shown = looks.keys("elements");
                let all = saved.iter().all(|id| shown.binary_search(id).is_ok());
                all.then_some(())
            })
            .await;
        }
        saved.len()
    }
}

/// Draws one stroke after the other, each when the one before is saved, with one document. Ends with what was saved.
async fn draw(
    seen: Arc<Seen>,
    place: usize,
    address: String,
    board: String,
    ink_bytes: usize,
) -> Vec<String> {
    let doc = Doc::new();
    let ink = Any::from("x".repeat(ink_bytes));
    let mut drawn: Vec<String> = Vec::new();
    let mut saved = 0;
    while !seen.is_over() {
        let connecting = Client::connect(doc.clone(), &address, &board, Dialect::Easel);
        let Ok(Ok(client)) = tokio::time::timeout(CONNECT_MAX, connecting).await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        client.send_step_1();
        while client.closed().is_none() && !seen.is_over() {
            let all = client.is_synced() && client.sent_frames() > 0;
            if all && client.saved_frames() == client.sent_frames() {
                saved = drawn.len();
                seen.saved[place].store(saved, Ordering::Relaxed);
                let element = format!("p{place}_{saved}");
                let mut members = vec![("type", Any::from("sticky")), ("z", Any::from("a0"))];
                if ink_bytes > 0 {
                    members.push(("x-ink", ink.clone()));
                }
                client.draw(&element, &members);
                drawn.push(element);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        client.leave();
    }
    drawn.truncate(saved);
    drawn
}
