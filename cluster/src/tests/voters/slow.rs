//! A disk that takes seconds for what others take milliseconds for.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::group::{ALL, Group, no_cuts};
use super::writers::Writers;
use crate::log::place::{Folder, Place, PlaceFile};
use crate::tests::within;

/// Longer than a leader may be silent, and than an election takes.
const SYNC_TAKES: Duration = Duration::from_secs(2);
/// Syncs that took so long.
const SYNCS: u64 = 3;
/// On a machine that stands still for a second an election is right.
const TRIES: u32 = 3;

/// Of one node; clones are the same disk.
#[derive(Debug, Clone)]
pub(super) struct Slowness {
    takes: Arc<watch::Sender<Duration>>,
    /// How many syncs took long.
    done: Arc<watch::Sender<u64>>,
}

impl Default for Slowness {
    fn default() -> Self {
        Self {
            takes: Arc::new(watch::Sender::new(Duration::ZERO)),
            done: Arc::default(),
        }
    }
}

impl Slowness {
    /// The log's folder on such a disk.
    pub(super) fn folder(&self, path: &Path) -> SlowFolder {
        SlowFolder {
            folder: Folder::open(path),
            slow: self.clone(),
        }
    }

    fn wait(&self) {
        let takes = *self.takes.borrow();
        if !takes.is_zero() {
            std::thread::sleep(takes);
            self.done.send_modify(|done| *done += 1);
        }
    }
}

#[derive(Debug)]
pub(super) struct SlowFolder {
    folder: Folder,
    slow: Slowness,
}

#[derive(Debug)]
struct SlowFile {
    file: Arc<dyn PlaceFile>,
    slow: Slowness,
}

impl SlowFolder {
    fn slowly(&self, file: io::Result<Arc<dyn PlaceFile>>) -> io::Result<Arc<dyn PlaceFile>> {
        let slow = self.slow.clone();
        file.map(|file| Arc::new(SlowFile { file, slow }) as Arc<dyn PlaceFile>)
    }
}

impl Place for SlowFolder {
    fn names(&self) -> io::Result<Vec<String>> {
        self.folder.names()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn PlaceFile>> {
        self.slowly(self.folder.create(name))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn PlaceFile>> {
        self.slowly(Place::open(&self.folder, name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.folder.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.slow.wait();
        self.folder.sync()
    }
}

impl PlaceFile for SlowFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, out)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn fill_to(&self, len: u64) -> io::Result<()> {
        self.file.fill_to(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.slow.wait();
        self.file.sync()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_disk_of_one_causes_no_election_and_holds_up_nobody() {
    let group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 4, 34);
    let term = |node: u64| group.nodes[&node].status().borrow().term;
    let mut stayed = false;
    for _ in 0..TRIES {
        let leader = group.leader().await;
        let before = term(leader);
        let slow = group.follower().await;
        let disk = &group.slow[&slow];
        let mut done = disk.done.subscribe();
        let enough = *done.borrow() + SYNCS;
        disk.takes.send_replace(SYNC_TAKES);
        let syncs = done.wait_for(|done| *done >= enough);
        within("slow syncs", syncs).await.expect("the disk");
        writers.acknowledged(50).await;
        stayed = ALL.iter().all(|node| term(*node) == before);
        disk.takes.send_replace(Duration::ZERO);
        group.applied(slow, group.committed(leader).await).await;
        if stayed {
            break;
        }
    }
    assert!(stayed, "each time another leads");
    writers.stop_and_check(&group).await;
    group.shutdown().await;
}
