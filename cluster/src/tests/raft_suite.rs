//! openraft's own suite, on the real log and the real state file.

use std::sync::Arc;

use easel_storage::ClusterId;
use easel_storage::redb::State;
use openraft::testing::{StoreBuilder, Suite};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::codec::Identity;
use crate::log::{LogFile, LogStore, LogSummary};
use crate::machine::Machine;
use crate::observer::Silent;
use crate::raft::{StorageError, Types};
use crate::state::StateFile;

struct OnDisk;

impl StoreBuilder<Types, LogStore, Machine, TempDir> for OnDisk {
    async fn build(&self) -> Result<(TempDir, LogStore, Machine), StorageError> {
        let dir = tempfile::tempdir().expect("a folder");
        let cluster = ClusterId::from_bytes([7; 16]);
        let owner = Identity { cluster, node: 0 };
        let (closed, _) = mpsc::channel(1);
        let state = State::open(&dir.path().join("state.redb"), 1 << 20).expect("a state");
        let state = StateFile::new(state, None, closed.clone(), Arc::new(Silent));
        let state = Arc::new(state);
        let log = LogFile::create(&dir.path().join("log"), &owner, closed).expect("a log");
        let summary = LogSummary::default();
        let log = LogStore::start(log, &summary, state.clone(), Arc::new(Silent));
        let machine = Machine::new(state, cluster, None, Arc::new(Silent));
        Ok((dir, log.expect("a thread"), machine))
    }
}

#[test]
fn the_store_passes_openrafts_suite() {
    Suite::test_all(OnDisk).expect("openraft's suite");
}
