//! A cluster that lost its majority for good goes on from one survivor: that node becomes the only voter of a new
//! cluster. Offline, on the survivor's folder. Its id is new, so that a node of the old one that turns up after all is
//! refused and cannot mix two histories.
//!
//! Each step is on disk before the next and may be repeated, so a recovery that was cut off is begun again. The state is
//! changed first, in one transaction; `node.json` last.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use easel_storage::blobs::{self, Blob, Blobs, FileBlobs, Owner};
use easel_storage::nodes::{NodesAnswer, NodesCommand, NodesQuery};
use easel_storage::redb::State;
use easel_storage::{
    Actor, Answer, Batch, ClusterId, Command, DocName, Envelope, InstanceId, Query, Time, Title,
};
use openraft::EntryPayload;
use tokio::sync::mpsc;

use crate::codec::{self, Identity, Marker};
use crate::error::StartError;
use crate::folder::{Content, Folder, NodeFile, write_synced};
use crate::log::{LogFile, Piece};
use crate::machine::decode;
use crate::open::read_marker;
use crate::raft::{LogId, Membership, Peer, StoredMembership, Vote};

const CACHE_BYTES: usize = 64 << 20;
/// Entries that are read together,
const REPLAY_BYTES: u64 = 4 << 20;
/// and that are applied together.
const BATCHES_AT_ONCE: usize = 256;
const INTENT: &str = "recovering";
const NEW_LOG: &str = "log.recovered";

/// What a folder holds that could go on alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// The cluster that it was of.
    pub cluster: ClusterId,
    /// Which node it is.
    pub node: u64,
    /// The installation; it stays.
    pub instance: InstanceId,
    /// Who voted, as far as this folder knows. More than half of them, without this one, may know more than it.
    pub voters: Vec<u64>,
    /// The newest entry in its log: of several survivors the one with the highest has the most.
    pub last_log_index: u64,
    /// The newest entry that it knew to be on a majority's disks. What is after it was perhaps never acknowledged, and is
    /// kept all the same.
    pub committed_index: u64,
    pub files: OwnFiles,
}

/// The files that what a survivor has names, and those of them that are not in its folder. What they hold is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnFiles {
    pub named: u64,
    pub missing: Vec<MissingFile>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingFile {
    pub blob: Blob,
    /// As the state has it, else the log behind it.
    pub owner: Option<Owner>,
    /// Of the board, if the state has it.
    pub title: Option<Title>,
}

/// Looks at a survivor's folder, and changes nothing.
pub fn survivor(dir: &Path) -> Result<Survivor, StartError> {
    let opened = Opened::open(dir)?;
    let log = opened.log()?;
    let summary = log.summary().map_err(|e| StartError::log(dir, e))?;
    let voters = opened.marker.as_ref().map(|marker| {
        let voters = marker.membership.membership().voter_ids();
        voters.collect::<BTreeSet<_>>().into_iter().collect()
    });
    let index = |id: Option<LogId>| id.map_or(0, |id| id.index);
    Ok(Survivor {
        cluster: opened.node.cluster,
        node: opened.node.node,
        instance: opened.node.instance,
        voters: voters.unwrap_or_default(),
        last_log_index: index(summary.last),
        committed_index: index(summary.committed),
        files: opened.files(dir, &log)?,
    })
}

/// Makes the node of this folder the only voter of a new cluster, whose id this gives. What other nodes had and this one
/// had not is lost.
pub fn recover(dir: &Path) -> Result<ClusterId, StartError> {
    let io = |doing: &str| {
        let doing = format!("{doing} in {}", dir.display());
        move |source: io::Error| StartError::Io { doing, source }
    };
    let intent = dir.join(INTENT);
    let mut opened = Opened::open(dir)?;
    let cluster = match fs::read_to_string(&intent) {
        Ok(text) => text
            .trim()
            .parse()
            .map_err(|_| StartError::damaged(&intent, "it names no cluster"))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let cluster = ClusterId::mint();
            write_synced(&intent, cluster.to_string().as_bytes())
                .map_err(io("note what is done"))?;
            cluster
        }
        Err(error) => return Err(io("read what was begun")(error)),
    };
    let new_log = dir.join(NEW_LOG);
    if opened.marker.as_ref().map(|marker| marker.cluster) != Some(cluster) {
        let log = opened.log()?;
        let last = opened.replay(&log)?;
        let vote = log.summary().map_err(|e| StartError::log(dir, e))?.vote;
        drop(log);
        remove_dir(&new_log).map_err(io("remove an old log"))?;
        begin_log(&new_log, opened.identity(cluster), vote, last)?;
        opened.become_alone(cluster, last)?;
    }
    let Opened {
        folder,
        node,
        state,
        ..
    } = opened;
    drop(state);
    if new_log.exists() {
        remove_dir(&folder.log_path()).map_err(io("remove the old log"))?;
        fs::rename(&new_log, folder.log_path()).map_err(io("put the new log in its place"))?;
    }
    folder.finish_forming(&NodeFile { cluster, ..node })?;
    fs::remove_file(&intent).map_err(io("note that it is done"))?;
    Ok(cluster)
}

/// A log that holds nothing and goes on after `last`.
fn begin_log(
    path: &Path,
    owner: Identity,
    vote: Option<Vote>,
    last: Option<LogId>,
) -> Result<(), StartError> {
    let failed = |e| StartError::log(path, e);
    let (closed, _) = mpsc::channel(1);
    let log = LogFile::create(path, &owner, closed).map_err(failed)?;
    // Its own from now on, and of the same term: the next election raises it.
    let term = vote.map_or(0, |vote| vote.leader_id().term);
    let term = term.max(last.map_or(0, |id| id.leader_id.term));
    log.save_vote(&Vote::new(term, owner.node))
        .map_err(failed)?;
    last.map_or(Ok(()), |last| log.purge(last)).map_err(failed)
}

fn remove_dir(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A survivor's folder, held.
struct Opened {
    folder: Folder,
    node: NodeFile,
    state: State,
    marker: Option<Marker>,
}

impl Opened {
    fn open(dir: &Path) -> Result<Self, StartError> {
        let folder = Folder::lock(dir)?;
        let Content::Whole(node) = folder.content()? else {
            let why = format!("{} is no folder of a node that has run", dir.display());
            return Err(StartError::Stopped(why));
        };
        let path = folder.state_path();
        if !path.exists() {
            return Err(StartError::Missing { file: path });
        }
        let state = State::open(&path, CACHE_BYTES).map_err(|e| StartError::state(&path, e))?;
        let marker = read_marker(&state, &path)?;
        Ok(Self {
            folder,
            node,
            state,
            marker,
        })
    }

    fn identity(&self, cluster: ClusterId) -> Identity {
        Identity {
            cluster,
            node: self.node.node,
        }
    }

    fn log(&self) -> Result<LogFile, StartError> {
        let (closed, _) = mpsc::channel(1);
        let path = self.folder.log_path();
        let log = LogFile::open(&path, closed).map_err(|e| StartError::log(&path, e))?;
        let owner = log.owner();
        if owner != self.identity(self.node.cluster) {
            let why = format!("it is of node {} of {}", owner.node, owner.cluster);
            return Err(StartError::Mismatch { file: path, why });
        }
        Ok(log)
    }

    /// What is named by the state and by what it lacks of the log, and what of it is not in the folder.
    fn files(&self, dir: &Path, log: &LogFile) -> Result<OwnFiles, StartError> {
        let failed = |error: &dyn std::fmt::Display| StartError::Stopped(error.to_string());
        let mut named = self
            .state
            .read_tx(blobs::named)
            .map_err(|fault| failed(&fault))?;
        let mut to_come = BTreeMap::new();
        self.each_after(log, &mut |_, batch| {
            for envelope in batch.iter().flat_map(|batch| &batch.envelopes) {
                blobs::named_by(&envelope.kind, &mut |hash, len| {
                    named.insert(hash, len);
                    to_come.insert(hash, Owner::by(envelope.actor, &envelope.kind));
                });
            }
            Ok(())
        })?;
        let own = FileBlobs::to_read(&dir.join("blobs"));
        let mut missing = BTreeMap::new();
        for (hash, len) in &named {
            if own.has(*hash).map_err(|error| failed(&error))? != Some(*len) {
                missing.insert(*hash, *len);
            }
        }
        let is_missing = |hash| missing.contains_key(&hash);
        let told = self.state.read_tx(|tx| {
            let mut owners = blobs::owners(tx, &is_missing)?;
            let mut told = Vec::new();
            for (hash, len) in &missing {
                let owner = owners.remove(hash);
                let owner = owner.or_else(|| to_come.get(hash).cloned().flatten());
                let board = match &owner {
                    Some(Owner::Document(DocName::Board(board))) => tx.board(*board)?,
                    Some(Owner::Document(DocName::Raw(_)) | Owner::Person(_)) | None => None,
                };
                let (hash, len) = (*hash, *len);
                told.push(MissingFile {
                    blob: Blob { hash, len },
                    owner,
                    title: board.map(|row| row.title),
                });
            }
            Ok(told)
        });
        Ok(OwnFiles {
            named: named.len() as u64,
            missing: told.map_err(|fault| failed(&fault))?,
        })
    }

    /// Each entry of the log that the state lacks, committed or not, with the commands in it.
    fn each_after(
        &self,
        log: &LogFile,
        visit: &mut dyn FnMut(LogId, Option<Batch>) -> Result<(), StartError>,
    ) -> Result<(), StartError> {
        let path = self.folder.log_path();
        let failed = |e| StartError::log(&path, e);
        let end = log.summary().map_err(failed)?.last;
        let end = end.map_or(0, |last| last.index + 1);
        let applied = self.marker.as_ref().and_then(|marker| marker.applied);
        let mut next = applied.map_or(0, |id| id.index + 1);
        while next < end {
            let (Piece::Whole(entries) | Piece::Cut(entries)) =
                log.read(next..end, REPLAY_BYTES).map_err(failed)?;
            let Some(last) = entries.last() else {
                break;
            };
            next = last.log_id.index + 1;
            for entry in entries {
                let batch = match &entry.payload {
                    EntryPayload::Normal(proposal) => Some(decode(proposal)),
                    EntryPayload::Blank | EntryPayload::Membership(_) => None,
                };
                let batch = batch.transpose();
                let batch = batch.map_err(|e| StartError::damaged(&path, e))?;
                visit(entry.log_id, batch)?;
            }
        }
        Ok(())
    }

    /// Applies what the state lacks of the log, committed or not. Gives the last entry there is.
    fn replay(&mut self, log: &LogFile) -> Result<Option<LogId>, StartError> {
        let mut marker = self.marker.clone().unwrap_or(Marker {
            cluster: self.node.cluster,
            applied: None,
            membership: StoredMembership::default(),
        });
        let mut batches: Vec<Batch> = Vec::new();
        self.each_after(log, &mut |id, batch| {
            marker.applied = Some(id);
            batches.extend(batch);
            if batches.len() >= BATCHES_AT_ONCE {
                self.apply(&batches, &marker)?;
                batches.clear();
            }
            Ok(())
        })?;
        self.apply(&batches, &marker)?;
        let last = marker.applied;
        self.marker = Some(marker);
        Ok(last)
    }

    /// The state of the only voter, and no other node known.
    fn become_alone(&mut self, cluster: ClusterId, last: Option<LogId>) -> Result<(), StartError> {
        let me = self.node.node;
        let nodes = BTreeMap::from([(me, Peer::default())]);
        let membership = Membership::new(vec![BTreeSet::from([me])], nodes);
        let marker = Marker {
            cluster,
            applied: last,
            membership: StoredMembership::new(last, membership),
        };
        let known = match self.state.query(&Query::Nodes(NodesQuery::All)) {
            Ok(Answer::Nodes(NodesAnswer::All(view))) => view.nodes,
            Ok(_) => Vec::new(),
            Err(fault) => return Err(StartError::Stopped(fault.to_string())),
        };
        let others = known.into_iter().filter(|(node, _)| *node != me);
        let forget = |(node, _)| {
            let command = Command::Nodes(NodesCommand::ForgetNode { node });
            Envelope::new(Actor::System, command)
        };
        // Time goes on from where it was.
        let batch = Batch {
            at: Time(0),
            envelopes: others.map(forget).collect(),
        };
        self.apply(&[batch], &marker)
    }

    fn apply(&self, batches: &[Batch], marker: &Marker) -> Result<(), StartError> {
        let applied = self.state.apply(batches, &codec::encode_marker(marker));
        let flushed = applied.and_then(|_| self.state.flush());
        flushed.map_err(|fault| StartError::Stopped(fault.to_string()))
    }
}
