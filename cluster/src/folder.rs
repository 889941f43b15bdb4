//! The data folder: its lock, `node.json`, and how an empty folder becomes a node.
//!
//! `node.json` is written first, marked as forming, and again without the mark once the other files are
//! on disk. So a folder is either whole, or known to have never held anything.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use easel_storage::{ClusterId, InstanceId};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::error::StartError;
use crate::log;
use crate::members;

/// 2: the log is a folder of segments. In 1 it was `log.redb`.
const FORMAT: u64 = 2;
/// The first node of a cluster.
pub(crate) const FIRST_NODE: u64 = 1;

/// What may lie in a folder that is still nobody's: what a fresh file system has, what the lock made, what may vanish at
/// any time, and what a join that was cut off left.
const MAY_BE_THERE: [&str; 7] = [
    "lock",
    "lost+found",
    "cache",
    "node.json.new",
    members::keys::FOLDER,
    "master.key",
    "master.key.new",
];
/// A file that is there while a backup is put back into the folder.
pub(crate) const RESTORING: &str = "restoring";

/// A data folder that this process holds. Dropping it lets another process in.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: PathBuf,
    _lock: File,
}

/// `node.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeFile {
    pub(crate) cluster: ClusterId,
    pub(crate) node: u64,
    pub(crate) instance: InstanceId,
}

/// What a folder holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Empty,
    /// A first start was cut off; nothing was ever accepted here.
    Forming(NodeFile),
    /// Whole, but with the log of format 1.
    OldLog(NodeFile),
    Whole(NodeFile),
}

#[derive(Serialize, Deserialize)]
struct NodeFileV1 {
    format: u64,
    cluster: String,
    node: u64,
    instance: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    forming: bool,
}

#[derive(Deserialize)]
struct Format {
    format: u64,
}

impl Folder {
    /// Makes the folder if need be and takes its lock.
    pub(crate) fn lock(dir: &Path) -> Result<Self, StartError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(StartError::io(format!("make the folder {}", dir.display())))?;
        let path = dir.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(StartError::io(format!("open {}", path.display())))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut pid = String::new();
                // Only for the message: a holder that has not written it yet is still a holder.
                let _ = file.read_to_string(&mut pid);
                return Err(StartError::InUse {
                    dir: dir.to_owned(),
                    pid: pid.trim().parse().ok(),
                });
            }
            Err(errno) => {
                let doing = format!("lock {}", path.display());
                return Err(StartError::io(doing)(errno.into()));
            }
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(StartError::io(format!("write {}", path.display())))?;
        Ok(Self {
            dir: dir.to_owned(),
            _lock: file,
        })
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        self.dir.join("log")
    }

    pub(crate) fn old_log_path(&self) -> PathBuf {
        self.dir.join(log::OLD_NAME)
    }

    pub(crate) fn state_path(&self) -> PathBuf {
        self.dir.join("state.redb")
    }

    pub(crate) fn content(&self) -> Result<Content, StartError> {
        let path = self.node_path();
        match fs::read(&path) {
            Ok(bytes) => decode(&path, &bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.refuse_foreign()?;
                Ok(Content::Empty)
            }
            Err(error) => Err(StartError::io(format!("read {}", path.display()))(error)),
        }
    }

    /// Writes `node.json` with the mark that the rest is not there yet, and clears what an earlier
    /// attempt left.
    pub(crate) fn begin_forming(&self, node: &NodeFile) -> Result<(), StartError> {
        self.write_node_file(node, Stage::Forming)?;
        remove_if_there(&self.log_path(), |path| fs::remove_dir_all(path))?;
        remove_if_there(&self.old_log_path(), |path| fs::remove_file(path))?;
        remove_if_there(&self.state_path(), |path| fs::remove_file(path))
    }

    /// Brings a folder of format 1 to this one. Until `node.json` says that it is done, `log.redb` is the
    /// log, and what an earlier attempt left is made anew: the release before may have written since.
    pub(crate) fn migrate(&self, node: &NodeFile) -> Result<(), StartError> {
        let (old, new) = (self.old_log_path(), self.log_path());
        if !old.exists() {
            return Err(StartError::Missing { file: old });
        }
        remove_if_there(&new, |path| fs::remove_dir_all(path))?;
        log::migrate(&old, &new).map_err(|error| StartError::log(&self.dir, error))?;
        self.finish_forming(node)
    }

    /// What a migration that was cut off at its very end left.
    pub(crate) fn forget_old_log(&self) -> Result<(), StartError> {
        remove_if_there(&self.old_log_path(), |path| fs::remove_file(path))
    }

    /// To be called when the log and the state exist as this release has them.
    pub(crate) fn finish_forming(&self, node: &NodeFile) -> Result<(), StartError> {
        self.sync()?;
        self.write_node_file(node, Stage::Whole)
    }

    fn write_node_file(&self, node: &NodeFile, stage: Stage) -> Result<(), StartError> {
        let path = self.node_path();
        let draft = self.dir.join("node.json.new");
        write_synced(&draft, &encode(node, stage))
            .map_err(StartError::io(format!("write {}", draft.display())))?;
        fs::rename(&draft, &path).map_err(StartError::io(format!("write {}", path.display())))?;
        self.sync()
    }

    fn sync(&self) -> Result<(), StartError> {
        sync_dir(&self.dir).map_err(StartError::io(format!("sync {}", self.dir.display())))
    }

    fn node_path(&self) -> PathBuf {
        self.dir.join("node.json")
    }

    /// A folder with somebody's files in it is not ours to fill.
    fn refuse_foreign(&self) -> Result<(), StartError> {
        if self.dir.join(RESTORING).exists() {
            return Err(StartError::Unfinished {
                dir: self.dir.clone(),
            });
        }
        let list = || format!("list {}", self.dir.display());
        for item in fs::read_dir(&self.dir).map_err(StartError::io(list()))? {
            let name = item.map_err(StartError::io(list()))?.file_name();
            let name = name.to_string_lossy().into_owned();
            if !MAY_BE_THERE.contains(&name.as_str()) {
                return Err(StartError::Foreign {
                    dir: self.dir.clone(),
                    found: name,
                });
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Forming,
    Whole,
}

pub(crate) fn encode(node: &NodeFile, stage: Stage) -> Vec<u8> {
    let file = NodeFileV1 {
        format: FORMAT,
        cluster: node.cluster.to_string(),
        node: node.node,
        instance: node.instance.to_string(),
        forming: stage == Stage::Forming,
    };
    let mut bytes = serde_json::to_vec_pretty(&file).expect("strings and numbers are always JSON");
    bytes.push(b'\n');
    bytes
}

pub(crate) fn decode(path: &Path, bytes: &[u8]) -> Result<Content, StartError> {
    let damaged = |why: String| StartError::damaged(path, why);
    // The number first: a newer file may have any other shape.
    let Format { format } = serde_json::from_slice(bytes).map_err(|e| damaged(e.to_string()))?;
    if format > FORMAT {
        return Err(StartError::NewerFormat {
            file: path.to_owned(),
            found: format,
            known: FORMAT,
        });
    }
    let file: NodeFileV1 = serde_json::from_slice(bytes).map_err(|e| damaged(e.to_string()))?;
    let node = NodeFile {
        cluster: file
            .cluster
            .parse()
            .map_err(|_| damaged(format!("{:?} is not a cluster id", file.cluster)))?,
        node: file.node,
        instance: file
            .instance
            .parse()
            .map_err(|_| damaged(format!("{:?} is not an instance id", file.instance)))?,
    };
    Ok(match (file.forming, file.format) {
        (true, _) => Content::Forming(node),
        (false, FORMAT) => Content::Whole(node),
        (false, _) => Content::OldLog(node),
    })
}

fn remove_if_there(
    path: &Path,
    remove: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), StartError> {
    match remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StartError::io(format!("remove {}", path.display()))(error))
        }
        _ => Ok(()),
    }
}

pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Without it a crash may forget that a file exists at all.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir).and_then(|file| file.sync_all())
}
