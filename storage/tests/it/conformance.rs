//! The suite on the least store there can be.

use std::sync::Arc;

use easel_storage::redb::State;
use easel_storage::suite::{self, DirectStore};

#[tokio::test]
async fn a_direct_store_passes_the_suite() {
    let state = State::in_memory().unwrap();
    let store = Arc::new(DirectStore::new(state));
    suite::run(store.clone()).await;
    // And again when it holds all that already.
    suite::run(store).await;
}

#[tokio::test]
async fn a_direct_store_on_disk_passes_the_suite() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(&dir.path().join("state.redb"), 1 << 20).unwrap();
    suite::run(Arc::new(DirectStore::new(state))).await;
}
