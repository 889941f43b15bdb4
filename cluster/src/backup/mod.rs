//! The state and the log as a backup takes them, while the node goes on, and a node made anew of them.

mod entries;
mod replay;
mod restore;

use std::sync::Arc;

use easel_storage::redb::SnapshotReader;
use easel_storage::tx::Counts;
use easel_storage::{ClusterId, InstanceId, ReadError, Time};

pub use self::entries::{LogRead, LogStream, LogStreamError, check_log};
pub use self::replay::{ReplayError, Replayed};
pub use self::restore::{RestoreError, Restored, Restoring};
use crate::codec;
use crate::folder::NodeFile;
use crate::log::LookBack;
use crate::state::StateFile;

/// Where backups of a running node come from. Outlives it, and then answers `Stopped`.
#[derive(Debug, Clone)]
pub struct BackupSource {
    pub(crate) state: Arc<StateFile>,
    pub(crate) log: LookBack,
    pub(crate) node: NodeFile,
}

/// One consistent state, to be read as a stream. Writes go on meanwhile, and the room that they would give back is kept
/// until this is dropped.
#[derive(Debug)]
pub struct BackupState {
    pub reader: SnapshotReader,
    /// The log up to the last entry in it, as far back as it goes. Without one, this node's own disk did not have that entry in
    /// time.
    pub log: Option<LogStream>,
    pub cluster: ClusterId,
    pub node: u64,
    pub instance: InstanceId,
    /// The last log entry in it.
    pub index: u64,
    /// When that was accepted.
    pub at: Time,
    pub counts: Counts,
}

impl BackupSource {
    /// Everything that was applied here until now.
    pub async fn begin(&self) -> Result<BackupState, ReadError> {
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "the state cannot be read for a backup");
            ReadError::Failed
        };
        let taken = self.state.snapshot_with_counts().await;
        let (reader, (at, counts)) = taken.map_err(|error| failed(&error))?;
        let marker = reader.marker().map(codec::decode_marker).transpose();
        let marker = marker.map_err(|error| failed(&error))?;
        let applied = marker.and_then(|marker| marker.applied);
        let index = applied.map_or(0, |id| id.index);
        let held = self.log.held_upto(index).await;
        Ok(BackupState {
            reader,
            log: held.map(LogStream::new),
            cluster: self.node.cluster,
            node: self.node.node,
            instance: self.node.instance,
            index,
            at,
            counts,
        })
    }
}
