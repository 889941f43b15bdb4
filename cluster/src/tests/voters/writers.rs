//! Writers that never stop, whatever happens to the group, and what they may expect of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use easel_storage::{
    Answer, CommandId, Envelope, Outcome, Query, Read, ReadError, ReadLevel, Store, SubmitError,
    Submitted,
};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::group::{BOARD, Group};
use crate::node::Node;
use crate::status::Status;
use crate::tests::{append_update, updates_of, within};

/// Numbers that a seed gives, always the same.
#[derive(Debug, Clone)]
pub(in crate::tests) struct Choices(u64);

impl Choices {
    pub(in crate::tests) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(in crate::tests) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(super) fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }
}

/// The nodes that run, as their callers see them.
#[derive(Debug, Clone, Default)]
pub(super) struct Roster {
    running: Arc<Mutex<BTreeMap<u64, Running>>>,
    turn: Arc<AtomicUsize>,
}

struct Running {
    store: Arc<dyn Store>,
    status: watch::Receiver<Status>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl Roster {
    pub(super) fn add(&self, id: u64, node: &Node) {
        let (store, status) = (node.store(), node.status());
        self.running.lock().insert(id, Running { store, status });
    }

    pub(super) fn remove(&self, id: u64) {
        self.running.lock().remove(&id);
    }

    async fn anyone(&self) -> Arc<dyn Store> {
        loop {
            let found = {
                let running = self.running.lock();
                let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                let at = turn.checked_rem(running.len());
                at.and_then(|at| running.values().nth(at))
                    .map(|r| r.store.clone())
            };
            match found {
                Some(store) => return store,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn only(&self, id: u64) -> Arc<dyn Store> {
        loop {
            let found = self.running.lock().get(&id).map(|r| r.store.clone());
            match found {
                Some(store) => return store,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Whoever leads in the newest term; one that was cut off and does not know it may be asked in vain.
    async fn leader(&self) -> Arc<dyn Store> {
        loop {
            let found = {
                let running = self.running.lock();
                let leading = running.values().filter(|r| r.status.borrow().is_leader);
                leading
                    .max_by_key(|r| r.status.borrow().term)
                    .map(|r| r.store.clone())
            };
            match found {
                Some(store) => return store,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

/// The group as one store: asks one of its nodes, and another with the same id when the answer is not known.
#[derive(Debug, Clone)]
pub(super) struct WhoeverLeads {
    pub(super) roster: Roster,
    pub(super) whom: Whom,
}

/// Which node is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    Leader,
    /// One after the other, whatever it is.
    Anyone,
    /// This one, as often as it takes: on a slow machine the voters may take longer to agree on a leader than a caller is
    /// made to wait.
    Only(u64),
}

impl WhoeverLeads {
    async fn node(&self) -> Arc<dyn Store> {
        match self.whom {
            Whom::Leader => self.roster.leader().await,
            Whom::Anyone => self.roster.anyone().await,
            Whom::Only(node) => self.roster.only(node).await,
        }
    }

    /// After that another is asked.
    fn patience(&self) -> Duration {
        match self.whom {
            Whom::Leader | Whom::Anyone => Duration::from_secs(2),
            Whom::Only(_) => Duration::MAX,
        }
    }
}

impl Store for WhoeverLeads {
    fn submit(&self, mut batch: Vec<Envelope>) -> BoxFuture<'_, Result<Submitted, SubmitError>> {
        Box::pin(async move {
            for envelope in &mut batch {
                envelope.id.get_or_insert_with(CommandId::mint);
            }
            loop {
                let store = self.node().await;
                let submitted = store.submit(batch.clone());
                match tokio::time::timeout(self.patience(), submitted).await {
                    Ok(Ok(submitted)) => return Ok(submitted),
                    Ok(Err(error @ (SubmitError::TooLarge | SubmitError::DiskFull))) => {
                        return Err(error);
                    }
                    Ok(Err(
                        SubmitError::Unavailable | SubmitError::TimedOut | SubmitError::Stopped,
                    )) => tokio::time::sleep(Duration::from_millis(20)).await,
                    Err(_) => {}
                }
            }
        })
    }

    fn read(&self, level: ReadLevel, query: Query) -> BoxFuture<'_, Result<Read, ReadError>> {
        Box::pin(async move {
            loop {
                let store = self.node().await;
                let reading = store.read(level, query.clone());
                match tokio::time::timeout(self.patience(), reading).await {
                    Ok(Ok(read)) => return Ok(read),
                    Ok(Err(ReadError::Failed)) => return Err(ReadError::Failed),
                    Ok(Err(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                    Err(_) => {}
                }
            }
        })
    }
}

/// What was sent, and what was said about it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sent: BTreeSet<Bytes>,
    /// The number that the update was said to have.
    acked: BTreeMap<Bytes, u64>,
}

#[derive(Debug)]
pub(super) struct Writers {
    ledger: Arc<Mutex<Ledger>>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Writers {
    pub(super) fn start(store: &WhoeverLeads, count: u64, seed: u64) -> Self {
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let stop = watch::Sender::new(false);
        let tasks = (0..count).map(|writer| {
            let writer = Writer {
                name: format!("{seed}.{writer}."),
                choices: Choices::new(seed ^ (writer << 32)),
                store: store.clone(),
                ledger: ledger.clone(),
            };
            tokio::spawn(writer.run(stop.subscribe()))
        });
        Self {
            tasks: tasks.collect(),
            ledger,
            stop,
        }
    }

    pub(super) fn acked(&self) -> usize {
        self.ledger.lock().acked.len()
    }

    /// Waits until `more` updates were acknowledged after the call.
    pub(super) async fn acknowledged(&self, more: usize) {
        let wanted = self.acked() + more;
        let waiting = async {
            while self.acked() < wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within("acknowledgements", waiting).await;
    }

    /// What was acknowledged so far is there, read by whoever leads now.
    pub(super) async fn check_so_far(&self, store: &dyn Store) {
        let acked = self.ledger.lock().acked.clone();
        let there = stored(store).await;
        for (update, seq) in &acked {
            let found = there.get(*seq as usize - 1);
            assert_eq!(found, Some(update), "{update:?} is not number {seq}");
        }
    }

    /// Stops, and holds the group to what it said: what was acknowledged is there under its number, everything that
    /// is there was sent, and nothing is there twice.
    pub(super) async fn stop_and_check(self, group: &Group) -> usize {
        self.stop.send_replace(true);
        for task in self.tasks {
            within("a writer", task).await.expect("a writer ends");
        }
        group.check_equal().await;
        let store = group.whoever_leads();
        let there = stored(&store).await;
        let ledger = self.ledger.lock();
        for (update, seq) in &ledger.acked {
            let found = there.get(*seq as usize - 1);
            assert_eq!(found, Some(update), "{update:?} is not number {seq}");
        }
        let mut once = BTreeSet::new();
        for update in &there {
            assert!(ledger.sent.contains(update), "{update:?} was never sent");
            assert!(once.insert(update), "{update:?} is there twice");
        }
        ledger.acked.len()
    }
}

/// The updates of the board as a linearizable read gives them.
pub(super) async fn stored(store: &dyn Store) -> Vec<Bytes> {
    let query = Query::Doc(BOARD.into());
    let read = within("a read", store.read(ReadLevel::Linearizable, query)).await;
    let Answer::Doc(Some(doc)) = read.expect("a read").answer else {
        panic!("no board");
    };
    if doc.head_seq == 0 {
        return Vec::new();
    }
    updates_of(store, BOARD, doc.head_seq).await
}

struct Writer {
    name: String,
    choices: Choices,
    store: WhoeverLeads,
    ledger: Arc<Mutex<Ledger>>,
}

impl Writer {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        for number in 0u64.. {
            let mut bytes = format!("{}{number}.", self.name).into_bytes();
            let filler = [20, 180, 180, 180, 4_000][self.choices.below(5) as usize];
            bytes.resize(bytes.len() + filler, 0);
            let bytes = Bytes::from(bytes);
            self.ledger.lock().sent.insert(bytes.clone());
            let mut update = append_update(BOARD, bytes.to_vec());
            update.id = Some(CommandId::mint());
            if self.choices.below(8) == 0 {
                // Handed in and left alone: it may run, and its reply is nobody's.
                let store = self.store.node().await;
                let _ = futures_util::poll!(store.submit(vec![update.clone()]));
                if self.choices.below(2) == 0 {
                    continue;
                }
            }
            let submitted = tokio::select! {
                submitted = self.store.submit(vec![update]) => submitted.expect("an answer"),
                _ = stop.wait_for(|stop| *stop) => return,
            };
            match submitted.replies[..] {
                [
                    Ok(Outcome::Appended {
                        first_seq,
                        last_seq,
                        repeats: 0,
                    }),
                ] if first_seq == last_seq => {
                    self.ledger.lock().acked.insert(bytes, first_seq);
                }
                ref other => panic!("{other:?}"),
            }
            if *stop.borrow() {
                return;
            }
        }
    }
}
