//! A node made anew of a state that a backup took, and of what a log says came after it.
//!
//! What is restored belongs to a cluster of its own: nodes of the one before must not take it for one of theirs. Its log
//! begins after the entry that the state ends with, so that whoever joins later is sent the state.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use easel_storage::nodes::NodesCommand;
use easel_storage::redb::{InstallError, State};
use easel_storage::{Actor, Answer, Batch, ClusterId, Envelope, Fault, InstanceId, Query, Time};
use openraft::CommittedLeaderId;
use tokio::sync::mpsc;

use super::replay::{ReplayError, Replayed, replay};
use crate::codec::{self, Identity, Marker};
use crate::error::StartError;
use crate::folder::{Content, FIRST_NODE, Folder, NodeFile, RESTORING};
use crate::log::LogFile;
use crate::open::read_marker;
use crate::raft::{LogId, Membership, Peer, StoredMembership, Vote};

/// Memory for pages of a state that is being loaded.
const CACHE_BYTES: usize = 64 << 20;

/// Why a folder did not become a node.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(transparent)]
    Folder(#[from] StartError),
    #[error(transparent)]
    State(#[from] InstallError),
    #[error("the state that was restored does not work: {0}")]
    Fault(#[from] Fault),
    #[error("the state that was restored is of no installation")]
    Nameless,
}

/// An empty folder on its way to being the first node of a new cluster. Until [`Restoring::finish`] it is none: what is left
/// of a restore that was cut off is refused by a start, and by the next restore.
#[derive(Debug)]
pub struct Restoring {
    folder: Folder,
    dir: PathBuf,
    state: State,
}

/// What a folder was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    pub cluster: ClusterId,
    pub instance: InstanceId,
    pub index: u64,
}

impl Restoring {
    /// Takes an empty or missing folder.
    pub fn begin(dir: &Path) -> Result<Self, RestoreError> {
        let folder = Folder::lock(dir)?;
        match folder.content()? {
            Content::Empty => {}
            Content::Forming(_) | Content::OldLog(_) | Content::Whole(_) => {
                let dir = dir.to_owned();
                return Err(StartError::NotEmpty { dir }.into());
            }
        }
        let mark = dir.join(RESTORING);
        File::create(&mark)
            .and_then(|file| file.sync_all())
            .map_err(StartError::io(format!("write {}", mark.display())))?;
        let path = folder.state_path();
        let state = State::open(&path, CACHE_BYTES);
        Ok(Self {
            state: state.map_err(|error| StartError::state(&path, error))?,
            dir: dir.to_owned(),
            folder,
        })
    }

    /// Takes in a state, whole and checked. A stream that is damaged or too new changes nothing.
    pub fn load(&self, source: &mut dyn Read) -> Result<(), RestoreError> {
        Ok(self.state.install(source)?)
    }

    /// Does again what the log says came after what was loaded, up to and with the moment. When it fails, the state may have
    /// been brought a part of the way.
    pub fn replay(&self, log: &mut dyn Read, until: Time) -> Result<Replayed, ReplayError> {
        let marker = read_marker(&self.state, &self.folder.state_path())?;
        let marker = marker.ok_or(ReplayError::Empty)?;
        replay(&self.state, marker, log, until)
    }

    /// What was loaded.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Makes it a node, durably. Everything else that belongs in the folder must be there, and synced.
    pub fn finish(self) -> Result<Restored, RestoreError> {
        let marker = self
            .state
            .marker()?
            .map(|bytes| codec::decode_marker(&bytes));
        let path = self.folder.state_path();
        let marker = marker
            .transpose()
            .map_err(|error| StartError::decode(&path, &error))?;
        let applied = marker.and_then(|marker| marker.applied);
        let applied = applied.ok_or(RestoreError::Nameless)?;
        let Answer::Instance(Some(instance)) = self.state.query(&Query::Instance)? else {
            return Err(RestoreError::Nameless);
        };
        let node = NodeFile {
            cluster: ClusterId::mint(),
            node: FIRST_NODE,
            instance,
        };
        let term = applied.leader_id.term;
        let ends_with = LogId::new(CommittedLeaderId::new(term, FIRST_NODE), applied.index);
        // The nodes, tokens and certificates of the cluster that was backed up are none of this one's.
        let forget = Envelope::new(Actor::System, NodesCommand::ForgetAll.into());
        let batch = Batch {
            // Not before anything that is in the state: it is applied 1 ms after the last at the earliest.
            at: Time(0),
            envelopes: vec![forget],
        };
        let marker = codec::encode_marker(&alone(node.cluster, ends_with));
        self.state.apply(&[batch], &marker)?;
        self.state.flush()?;
        drop(self.state);
        let log = self.folder.log_path();
        let owner = Identity {
            cluster: node.cluster,
            node: node.node,
        };
        let (closed, _) = mpsc::channel(1);
        // Its vote is that of a node that led when it ended, as after any other stop.
        LogFile::create(&log, &owner, closed)
            .and_then(|log| {
                log.save_vote(&Vote::new_committed(term, FIRST_NODE))?;
                log.purge(ends_with)
            })
            .map_err(|error| StartError::log(&log, error))?;
        self.folder.finish_forming(&node)?;
        let mark = self.dir.join(RESTORING);
        // A whole folder is one with or without it.
        if let Err(error) = fs::remove_file(&mark) {
            tracing::warn!(%error, "{} stays", mark.display());
        }
        Ok(Restored {
            cluster: node.cluster,
            instance,
            index: applied.index,
        })
    }
}

/// One voter, which has applied all there is.
fn alone(cluster: ClusterId, applied: LogId) -> Marker {
    let peer = Peer {
        address: String::new(),
    };
    let membership = Membership::new(
        vec![BTreeSet::from([FIRST_NODE])],
        BTreeMap::from([(FIRST_NODE, peer)]),
    );
    Marker {
        cluster,
        applied: Some(applied),
        membership: StoredMembership::new(Some(applied), membership),
    }
}
