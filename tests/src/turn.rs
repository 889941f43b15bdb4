//! One cluster at a time: three nodes and more that write to disk and are killed are enough for a small machine, and what an
//! election takes is no measure when two of them hold each other up. Tests of one node run beside.

use tokio::sync::{Mutex, MutexGuard};

static TURN: Mutex<()> = Mutex::const_new(());

/// Held for as long as there is a cluster.
pub type Turn = MutexGuard<'static, ()>;

/// Waits until no other test of this process has a cluster.
pub async fn turn() -> Turn {
    TURN.lock().await
}
