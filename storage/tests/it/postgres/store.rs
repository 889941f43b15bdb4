//! The suite over PostgreSQL.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use easel_storage::postgres::State;
use easel_storage::suite;
use easel_storage::{
    Batch, CommitIndex, Envelope, Query, Read, ReadError, ReadLevel, Store, SubmitError, Submitted,
    Time,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::spawn_blocking;

use super::server::Server;

/// Several processes that share a database, and a caller who asks now this one, now that one.
#[derive(Clone)]
struct SharedStore {
    states: Arc<[State]>,
    calls: Arc<AtomicUsize>,
}

impl SharedStore {
    fn open(address: &str, processes: usize) -> Self {
        let open = |_| State::open(address).expect("the database opens");
        Self {
            states: (0..processes).map(open).collect(),
            calls: Arc::default(),
        }
    }

    fn next(&self) -> State {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        self.states[call % self.states.len()].clone()
    }
}

fn now() -> Time {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    Time(now.as_millis() as u64)
}

impl Store for SharedStore {
    fn submit(&self, envelopes: Vec<Envelope>) -> BoxFuture<'_, Result<Submitted, SubmitError>> {
        let state = self.next();
        let batch = Batch {
            at: now(),
            envelopes,
        };
        let run = async move {
            let applied = spawn_blocking(move || state.apply(&batch))
                .await
                .expect("no panic");
            let (index, replies) = applied.map_err(|fault| panic!("{fault}"))?;
            Ok(Submitted { index, replies })
        };
        run.boxed()
    }

    fn read(&self, level: ReadLevel, query: Query) -> BoxFuture<'_, Result<Read, ReadError>> {
        let state = self.next();
        let run = async move {
            let read = spawn_blocking(move || state.query(&query))
                .await
                .expect("no panic");
            let read = read.unwrap_or_else(|fault| panic!("{fault}"));
            // There is one server, and it answers from everything committed: that is the highest level.
            match level {
                ReadLevel::AtLeast(index) if read.index < index => Err(ReadError::TimedOut),
                ReadLevel::AtLeast(_) | ReadLevel::Local | ReadLevel::Linearizable => Ok(read),
            }
        };
        run.boxed()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_passes_the_suite() {
    let address = spawn_blocking(|| Server::shared().database())
        .await
        .unwrap();
    let store = spawn_blocking(move || SharedStore::open(&address, 1))
        .await
        .unwrap();
    suite::run(Arc::new(store.clone())).await;
    // And again when it holds all that already.
    suite::run(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_share_a_database_pass_the_suite() {
    let address = spawn_blocking(|| Server::shared().database())
        .await
        .unwrap();
    let store = spawn_blocking(move || SharedStore::open(&address, 4))
        .await
        .unwrap();
    suite::run(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_commits_are_in_their_order() {
    let address = spawn_blocking(|| Server::shared().database())
        .await
        .unwrap();
    let read = spawn_blocking(move || {
        let state = State::open(&address).unwrap();
        let before = state.query(&Query::Stats).unwrap().index;
        let numbers: Vec<_> = (1..=3)
            .map(|at| {
                state
                    .apply(&Batch {
                        at: Time(at),
                        envelopes: vec![],
                    })
                    .unwrap()
                    .0
            })
            .collect();
        (before, numbers, state.query(&Query::Stats).unwrap().index)
    });
    let (before, numbers, after) = read.await.unwrap();
    assert_eq!(before, CommitIndex(0));
    assert_eq!(numbers, [CommitIndex(1), CommitIndex(2), CommitIndex(3)]);
    assert_eq!(after, CommitIndex(3));
}
