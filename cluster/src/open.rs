//! From a folder to open files that belong together, or a clear refusal.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use easel_storage::redb::State;
use easel_storage::{ClusterId, InstanceId};
use tokio::sync::mpsc;

use crate::codec::{self, Identity, Marker};
use crate::error::StartError;
use crate::folder::{Content, FIRST_NODE, Folder, NodeFile};
use crate::log::{LogFile, LogSummary};
use crate::network;

/// The open files of a node, checked against each other.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) node: NodeFile,
    pub(crate) log: LogFile,
    pub(crate) summary: LogSummary,
    pub(crate) state: State,
    pub(crate) marker: Option<Marker>,
}

/// How the files are called when something is wrong with them.
#[derive(Debug)]
pub(crate) struct Paths {
    pub(crate) dir: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) state: PathBuf,
}

/// Takes the folder's lock and opens what is in it; an empty folder becomes a node. Blocks on the disk.
pub(crate) fn open_folder(
    dir: &Path,
    cache_bytes: usize,
    closed: &mpsc::Sender<()>,
) -> Result<(Folder, Files), StartError> {
    let folder = Folder::lock(dir)?;
    let paths = Paths {
        dir: dir.to_owned(),
        log: folder.log_path(),
        state: folder.state_path(),
    };
    let log_error = |e| StartError::log(&paths.log, e);
    let open_state = || {
        let state = State::open(&paths.state, cache_bytes);
        state.map_err(|e| StartError::state(&paths.state, e))
    };
    let open_whole = |node: NodeFile| {
        folder.forget_old_log()?;
        for file in [&paths.log, &paths.state] {
            if !file.exists() {
                return Err(StartError::Missing { file: file.clone() });
            }
        }
        let log = LogFile::open(&paths.log, closed.clone()).map_err(log_error)?;
        Ok((node, log, open_state()?))
    };
    let form = |node: NodeFile| {
        folder.begin_forming(&node)?;
        let log = LogFile::create(&paths.log, &identity(&node), closed.clone());
        let (log, state) = (log.map_err(log_error)?, open_state()?);
        folder.finish_forming(&node)?;
        Ok((node, log, state))
    };
    let (node, log, state) = match folder.content()? {
        Content::Empty => form(new_node())?,
        Content::Forming(node) => form(node)?,
        Content::Whole(node) => open_whole(node)?,
        Content::OldLog(node) => {
            guarded(&folder.old_log_path(), || folder.migrate(&node))?;
            open_whole(node)?
        }
    };
    let files = Files::check(node, log, state, &paths)?;
    Ok((folder, files))
}

impl Files {
    /// The files must be of one node and one moment: the log begins no later than the state ends, and
    /// does not end before it.
    pub(crate) fn check(
        node: NodeFile,
        log: LogFile,
        state: State,
        paths: &Paths,
    ) -> Result<Self, StartError> {
        let log_error = |e| StartError::log(&paths.log, e);
        let mismatch = |file: &Path, why: String| StartError::Mismatch {
            file: file.to_owned(),
            why,
        };
        let owner = log.owner();
        if owner != identity(&node) {
            let why = format!("it is of node {} of {}", owner.node, owner.cluster);
            return Err(mismatch(&paths.log, why));
        }
        let summary = log.summary().map_err(log_error)?;
        let marker = read_marker(&state, &paths.state)?;
        if let Some(marker) = &marker
            && marker.cluster != node.cluster
        {
            let why = format!("it is of {}", marker.cluster);
            return Err(mismatch(&paths.state, why));
        }
        let applied = marker.as_ref().and_then(|m| m.applied).map(|id| id.index);
        let purged = summary.purged.map(|id| id.index);
        let last = summary.last.map(|id| id.index);
        if applied < purged {
            let why = format!(
                "it holds the entries up to {}, the log only those after {}",
                shown(applied),
                shown(purged)
            );
            return Err(mismatch(&paths.state, why));
        }
        // Every entry is in the log before it is applied. Only a snapshot received from another node
        // brings the state ahead, and then a note says so; openraft cuts the log when it starts.
        let arrived = network::arrived(&paths.dir)
            .map_err(StartError::io(format!("read {}", paths.dir.display())))?;
        let ends_with_it = arrived.is_some() && arrived == marker.as_ref().and_then(|m| m.applied);
        if applied > last && !ends_with_it {
            let why = format!(
                "it ends with entry {}, and the state already holds entry {}",
                shown(last),
                shown(applied)
            );
            return Err(mismatch(&paths.log, why));
        }
        Ok(Self {
            node,
            log,
            summary,
            state,
            marker,
        })
    }
}

pub(crate) fn read_marker(state: &State, path: &Path) -> Result<Option<Marker>, StartError> {
    let bytes = state.marker().map_err(|e| StartError::damaged(path, e))?;
    let marker = bytes.map(|bytes| codec::decode_marker(&bytes)).transpose();
    marker.map_err(|e| StartError::decode(path, &e))
}

fn shown(index: Option<u64>) -> String {
    index.map_or_else(|| "none".to_owned(), |index| index.to_string())
}

fn new_node() -> NodeFile {
    NodeFile {
        cluster: ClusterId::mint(),
        node: FIRST_NODE,
        instance: InstanceId::mint(),
    }
}

fn identity(node: &NodeFile) -> Identity {
    Identity {
        cluster: node.cluster,
        node: node.node,
    }
}

/// redb panics on some files that were altered behind its back. For us that is one more way of being
/// damaged.
fn guarded<T>(file: &Path, open: impl FnOnce() -> Result<T, StartError>) -> Result<T, StartError> {
    // Whatever was half built is dropped with the closure.
    catch_unwind(AssertUnwindSafe(open))
        .unwrap_or_else(|_| Err(StartError::damaged(file, "it contradicts itself")))
}
