//! Who writes, and who says whether anybody may. They are outside of all nodes and ask any of them.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use easel_storage::{Actor, BoardId, Command, CommandId, Envelope, Query, ReadLevel, Store, Title};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::Planted;
use super::checks::{Known, note, now};
use super::runtime::{sleep, timeout};
use super::world::{Life, here};
use crate::status::Status;
use crate::tests::{append_update, create_board};

pub(super) const BOARD: BoardId = BoardId::from_bytes([7; 16]);
/// Its title says whether one may write.
const GATE: BoardId = BoardId::from_bytes([8; 16]);

/// After that another node is asked.
const PATIENCE: Duration = Duration::from_secs(2);

/// The nodes that run.
#[derive(Clone, Default)]
pub(super) struct Roster(Arc<Mutex<BTreeMap<u64, Running>>>);

#[derive(Clone)]
pub(super) struct Running {
    pub(super) life: Life,
    pub(super) store: Arc<dyn Store>,
    pub(super) status: watch::Receiver<Status>,
}

impl Roster {
    pub(super) fn put(&self, node: u64, running: Running) {
        self.0.lock().insert(node, running);
    }

    pub(super) fn remove(&self, node: u64) {
        self.0.lock().remove(&node);
    }

    fn anyone(&self) -> Option<Running> {
        let running = self.0.lock();
        let count = running.len() as u64;
        let nth = (count > 0).then(|| below(count))?;
        running.values().nth(nth as usize).cloned()
    }
}

/// Chance, from the seed.
pub(super) fn below(bound: u64) -> u64 {
    here().expect("a simulation").below(bound)
}

pub(super) fn ms(most: u64) -> Duration {
    Duration::from_millis(below(most))
}

/// Does something as a node does it; nothing comes of it if that takes too long or the node ends.
pub(super) async fn at<T: Send + 'static>(
    life: Life,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let doing = here().expect("a simulation").spawn(life, work);
    let done = timeout(PATIENCE, doing).await.ok()?;
    Some(done.expect("a simulated task ends well"))
}

/// Asks one node after the other until it is acknowledged.
pub(super) async fn submit(roster: &Roster, mut envelope: Envelope, planted: Option<Planted>) {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&below(u64::MAX).to_be_bytes());
    loop {
        id[8..].copy_from_slice(&now().as_nanos().to_be_bytes()[8..]);
        if envelope.id.is_none() || planted == Some(Planted::NewIdForARetry) {
            envelope.id = Some(CommandId::from_bytes(id));
        }
        if let Some(Running { life, store, .. }) = roster.anyone() {
            let batch = vec![envelope.clone()];
            let submitted = at(life, async move { store.submit(batch).await });
            if let Some(Ok(submitted)) = submitted.await {
                submitted.replies[0].as_ref().expect("the rules allow it");
                return;
            }
        }
        sleep(ms(50)).await;
    }
}

pub(super) async fn make_boards(roster: &Roster) {
    for board in [BOARD, GATE] {
        submit(roster, create_board(board), None).await;
    }
}

pub(super) async fn write(who: u64, roster: Roster, known: Known, planted: Option<Planted>) {
    let mut number = 0u64;
    while !known.is_over() {
        number += 1;
        // Larger ones now and then, so that a frame spans sectors.
        let filler = if below(10) == 0 { 3_000 } else { 60 };
        let update = [
            &who.to_be_bytes()[..],
            &number.to_be_bytes(),
            &vec![0; filler],
        ]
        .concat();
        submit(&roster, append_update(BOARD, update.clone()), planted).await;
        known.acknowledge(update);
        sleep(ms(120)).await;
    }
}

fn title(is_open: bool) -> Envelope {
    let title = Title::try_from(if is_open { "open" } else { "closed" }.to_owned());
    let kind = Command::RenameBoard {
        board: GATE,
        title: title.expect("a title"),
        if_rev: None,
    };
    Envelope::new(Actor::Local, kind)
}

/// Opens the gate and closes it again.
pub(super) async fn keep_the_gate(roster: Roster, known: Known) {
    while !known.is_over() {
        submit(&roster, title(true), None).await;
        sleep(ms(1_500)).await;
        submit(&roster, title(false), None).await;
        known.revoked(Some(now()));
        note("the gate is closed".to_owned());
        sleep(ms(4_000)).await;
        known.revoked(None);
    }
}

/// A node that is asked again and again whether the gate is open, and decides by what it knows.
pub(super) async fn ask_at_the_gate(
    node: u64,
    running: Running,
    known: Known,
    planted: Option<Planted>,
) {
    while !known.is_over() {
        let in_touch = running.status.borrow().in_touch || planted == Some(Planted::StaleRole);
        if in_touch {
            let read = running
                .store
                .read(ReadLevel::Local, Query::Board(GATE))
                .await;
            let board = read.ok().and_then(|read| read.answer.into_board());
            if board.is_some_and(|board| board.title.as_str() == "open") {
                known.allowed(node);
            }
        }
        sleep(ms(100)).await;
        // Of a node that was stopped meanwhile all clocks go off before this one: it is asked after it went on.
        sleep(Duration::from_millis(1)).await;
    }
}
