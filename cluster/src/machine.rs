//! The state machine as openraft sees it: committed entries in, replies out. It runs in one task, so
//! nothing here happens twice at once.

use std::sync::Arc;

use easel_storage::codec::DecodeError;
use easel_storage::{Batch, ClusterId, Envelope};
use openraft::storage::RaftStateMachine;
use openraft::{EntryPayload, OptionalSend, Snapshot, SnapshotMeta};
use parking_lot::Mutex;

use crate::codec::Marker;
use crate::observer::Observer;
use crate::raft::{
    Applied, Entry, LogId, Peer, Proposal, StorageError, StorageIOError, StoredMembership, Types,
};
use crate::snapshot::{self, Builder, CurrentSnapshot, SnapshotStream};
use crate::state::{StateError, StateFile};

#[derive(Debug)]
pub(crate) struct Machine {
    state: Arc<StateFile>,
    /// What the file's marker says.
    marker: Marker,
    current: Arc<CurrentSnapshot>,
    observer: Arc<dyn Observer>,
}

impl Machine {
    pub(crate) fn new(
        state: Arc<StateFile>,
        cluster: ClusterId,
        marker: Option<Marker>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let marker = marker.unwrap_or_else(|| Marker {
            cluster,
            applied: None,
            membership: StoredMembership::default(),
        });
        Self {
            state,
            marker,
            current: Arc::default(),
            observer,
        }
    }

    fn meta(&self) -> snapshot::Meta {
        snapshot::meta(self.marker.applied, self.marker.membership.clone())
    }
}

impl RaftStateMachine<Types> for Machine {
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), StorageError> {
        Ok((self.marker.applied, self.marker.membership.clone()))
    }

    async fn apply<I>(&mut self, entries: I) -> Result<Vec<Applied>, StorageError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut marker = self.marker.clone();
        let mut batches = Vec::new();
        let mut bytes = 0;
        // Which of the entries carry commands: the others have nothing to answer.
        let mut answers = Vec::new();
        for entry in entries {
            marker.applied = Some(entry.log_id);
            answers.push(matches!(entry.payload, EntryPayload::Normal(_)));
            match entry.payload {
                EntryPayload::Blank => {}
                EntryPayload::Membership(membership) => {
                    marker.membership = StoredMembership::new(Some(entry.log_id), membership);
                }
                EntryPayload::Normal(proposal) => {
                    bytes += proposal.commands.bytes();
                    let batch = decode(&proposal);
                    batches.push(batch.map_err(|e| StorageIOError::apply(entry.log_id, &e))?);
                }
            }
        }
        let replies = self
            .state
            .apply(batches, &marker, bytes)
            .await
            .map_err(|e| StorageIOError::write_state_machine(&e))?;
        self.marker = marker;
        let mut replies = replies.into_iter();
        let applied = answers.into_iter().map(|commands| Applied {
            replies: if commands {
                replies.next().unwrap_or_default()
            } else {
                Vec::new()
            },
        });
        Ok(applied.collect())
    }

    async fn get_snapshot_builder(&mut self) -> Self::SnapshotBuilder {
        Builder {
            meta: self.meta(),
            reader: Mutex::new(Some(self.state.snapshot().await)),
            state: self.state.clone(),
            current: self.current.clone(),
            observer: self.observer.clone(),
        }
    }

    async fn begin_receiving_snapshot(&mut self) -> Result<Box<SnapshotStream>, StorageError> {
        Ok(Box::new(SnapshotStream::empty()))
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta<u64, Peer>,
        snapshot: Box<SnapshotStream>,
    ) -> Result<(), StorageError> {
        let failed = |e: &StateError| StorageIOError::write_snapshot(Some(meta.signature()), e);
        let marker = self
            .state
            .install(snapshot.into_source())
            .await
            .map_err(|e| failed(&e))?;
        match marker {
            Some(marker) if marker.applied == meta.last_log_id => self.marker = marker,
            Some(_) | None => {
                return Err(failed(&StateError::NotAnnounced).into());
            }
        }
        self.current.set(meta);
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot<Types>>, StorageError> {
        if !self.current.exists() {
            return Ok(None);
        }
        // Newer than the one that was reported, never older: the reader sees the file as it is now.
        let reader = self.state.snapshot().await;
        let reader = reader.map_err(|e| StorageIOError::read_snapshot(None, &e))?;
        Ok(Some(Snapshot {
            meta: self.meta(),
            snapshot: Box::new(SnapshotStream::new(reader)),
        }))
    }
}

/// An entry that this release cannot read stops the node: skipping it would make its state differ from
/// the other nodes'.
pub(crate) fn decode(proposal: &Proposal) -> Result<Batch, DecodeError> {
    let envelopes = proposal
        .commands
        .iter()
        .map(|command| Envelope::decode_shared(&command));
    Ok(Batch {
        at: proposal.stamp.into(),
        envelopes: envelopes.collect::<Result<_, _>>()?,
    })
}
