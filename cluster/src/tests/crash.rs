//! Power cuts, simulated: both files lie on disks that forget what was not synced. Whatever was
//! acknowledged before the cut must be there after it, however the unsynced sectors fell.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use easel_storage::redb::{ForgetfulDisk, State};
use easel_storage::{Answer, BoardId, Query, ReadLevel, Store};
use parking_lot::{Mutex, RwLock};
use redb::StorageBackend;
use tokio::sync::mpsc;

use super::forgetful::ForgetfulFolder;
use super::{append_update, boot, create_board, identity, updates_of, within};
use crate::keep::Schedule;
use crate::log::LogFile;
use crate::node::Node;

/// The disks of one machine, which lose power at one instant.
#[derive(Debug, Clone, Default)]
struct Machine {
    log: ForgetfulFolder,
    state: ForgetfulDisk,
    /// Every access holds it shared, the power cut alone.
    power: Arc<RwLock<()>>,
}

#[derive(Debug)]
struct Powered<B> {
    disk: B,
    power: Arc<RwLock<()>>,
}

impl<B: StorageBackend> StorageBackend for Powered<B> {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        let _on = self.power.read();
        self.disk.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        let _on = self.power.read();
        self.disk.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let _on = self.power.read();
        self.disk.write(offset, data)
    }
}

impl Machine {
    async fn boot(&self, schedule: Schedule) -> Node {
        let (closed, files_closed) = mpsc::channel(1);
        let folder = self.log.on_power(self.power.clone());
        let log = LogFile::on_place(Arc::new(folder), &identity(), closed.clone());
        let powered = Powered {
            disk: self.state.backend(),
            power: self.power.clone(),
        };
        let state = State::on_backend(powered).expect("the state opens");
        let log = log.expect("the log opens");
        boot(log, state, schedule, (closed, files_closed)).await
    }

    /// What is left after the power went, and what had been acknowledged by then.
    fn cut(&self, seed: u64, acked: &Acked) -> (Self, BTreeSet<Vec<u8>>) {
        let _off = self.power.write();
        let acked = acked.lock().clone();
        let left = Self {
            log: self.log.after_crash(seed),
            state: self.state.after_crash(seed.rotate_left(17)),
            power: Arc::default(),
        };
        (left, acked)
    }
}

type Acked = Arc<Mutex<BTreeSet<Vec<u8>>>>;

/// Writes until the store stops; notes what was acknowledged.
async fn write_until_stopped(store: Arc<dyn Store>, board: BoardId, name: String, acked: Acked) {
    for number in 0u64.. {
        // Larger ones now and then, so that a value spans sectors and pages.
        let filler = if number % 7 == 0 { 9_000 } else { 100 };
        let bytes = [name.as_bytes(), &number.to_be_bytes(), &vec![0; filler]].concat();
        match store
            .submit(vec![append_update(board, bytes.clone())])
            .await
        {
            Ok(submitted) => {
                submitted.replies[0].as_ref().expect("the board is there");
                acked.lock().insert(bytes);
            }
            Err(_) => return,
        }
    }
}

async fn head_of(store: &dyn Store, board: BoardId) -> u64 {
    let read = store.read(ReadLevel::Local, Query::Doc(board.into())).await;
    match read.expect("a read").answer {
        Answer::Doc(Some(doc)) => doc.head_seq,
        other => panic!("no document: {other:?}"),
    }
}

async fn survives_power_cuts(seed: u64) {
    let board = BoardId::from_bytes([3; 16]);
    let schedule = Schedule {
        flush_every: Duration::from_millis(20),
        snapshot_log_bytes: 64 << 10,
        snapshot_every: Duration::from_secs(600),
    };
    let mut machine = Machine::default();
    let mut node = machine.boot(schedule.clone()).await;
    node.store()
        .submit(vec![create_board(board)])
        .await
        .expect("the board is made");
    let mut all = BTreeSet::new();
    for generation in 0..4u64 {
        let acked = Acked::default();
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let name = format!("{generation}.{writer}.");
                tokio::spawn(write_until_stopped(
                    node.store(),
                    board,
                    name,
                    acked.clone(),
                ))
            })
            .collect();
        // Cut at a point that the seed chooses, after some flushes and cuts of the log.
        let mut status = node.status();
        let at = status.borrow().last_log_index + 20 + (seed * 31 + generation * 7) % 150;
        within("the writing", status.wait_for(|s| s.last_log_index >= at))
            .await
            .expect("the node runs");
        let (left, acked) = machine.cut(seed ^ generation << 32, &acked);
        node.shutdown().await;
        for writer in writers {
            within("a writer", writer).await.expect("a writer ends");
        }

        assert!(!acked.is_empty(), "seed {seed}: nothing was acknowledged");
        all.extend(acked);
        machine = left;
        node = within("the restart", machine.boot(schedule.clone())).await;
        let store = node.store();
        let head = head_of(&*store, board).await;
        let there = updates_of(&*store, board, head).await;
        let there: BTreeSet<_> = there.into_iter().map(|b| b.to_vec()).collect();
        let lost = all.difference(&there).count();
        assert_eq!(
            lost, 0,
            "seed {seed}, generation {generation}: updates lost"
        );
    }
    let mut status = node.status();
    let cut = status.wait_for(|s| s.snapshot_index > 0);
    within(&format!("seed {seed}: a cut of the log"), cut)
        .await
        .expect("the node runs");
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_power_cuts() {
    for seed in 1..=6 {
        survives_power_cuts(seed).await;
    }
}
