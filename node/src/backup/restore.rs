//! A backup put back: into an empty folder, which becomes the first node of a cluster of its own.
//!
//! Pictures first, then the state, then the file that makes the folder a node. A restore that is cut off leaves a folder that
//! no node starts in.

use super::create::{distinct, stamp};
use super::forward::{self, Forward};
use super::opened::{self, PieceStream};
use super::place::Place;
use super::verify::Scratch;
use super::{BackupError, Doing, Manifest, Progress, Tell};
use crate::api::time::parse_rfc3339;
use easel_cluster::{Replayed, RestoreError, Restored, Restoring};
use easel_storage::Time;
use easel_storage::blobs::{Blob, Blobs, named};
use easel_storage::redb::State;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MASTER_FILE: &str = "master.key";
const MASTER_BYTES_MAX: u64 = 4 << 10;

/// Where the key comes from that opens the keyring in the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyFrom {
    /// The operator's file; its text.
    File(PathBuf),
    /// The backup, if it has one.
    Backup,
    /// It is kept elsewhere: the configuration names a file, or systemd hands it over.
    Elsewhere,
}

/// What was put back.
#[derive(Debug)]
pub(crate) struct Put {
    pub(crate) manifest: Manifest,
    pub(crate) restored: Restored,
    pub(crate) has_key: bool,
    /// In what is there now.
    pub(crate) boards: u64,
    pub(crate) reached: Reached,
    /// Pictures that were missing already when they were to be backed up.
    pub(crate) missing: Vec<String>,
}

/// As of when it is.
#[derive(Debug)]
pub(crate) enum Reached {
    /// As the backup was made; the moment that was wanted after that, of which no later backup tells.
    Made { but_wanted: Option<Time> },
    /// All of it is of that moment: the later backup's log went on from this one.
    Moment {
        at: Time,
        from: String,
        replayed: Replayed,
    },
    /// What was drawn is of that moment, everything else as the backup was made: the later one's log begins too late.
    Drawn { at: Time, forward: Forward },
}

/// Which backup, and how far beyond it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Newest,
    Id(String),
    /// As it was then, as far as the backups can tell.
    At(Time),
}

/// What it is put into.
pub(crate) struct Target<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) key: &'a KeyFrom,
    pub(crate) open_blobs: &'a dyn Fn() -> Result<Arc<dyn Blobs>, BackupError>,
}

/// The newest backup in which nothing is of after this moment; the newest of all without one.
pub(crate) fn newest_until(place: &Place, until: Option<Time>) -> Result<Manifest, BackupError> {
    let mut newest: Option<Manifest> = None;
    let mut skipped = Vec::new();
    for (id, manifest) in opened::list(place)? {
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(error @ BackupError::Unreadable { .. }) => {
                if until.is_none_or(|until| id <= stamp(until)) {
                    skipped.push((id, error));
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        let state_at = parse_rfc3339(&manifest.state_at).unwrap_or(u64::MAX);
        if until.is_none_or(|until| state_at <= until.0) {
            newest = Some(manifest);
        }
    }
    // One that cannot be read may be the one that is meant.
    if let Some((id, error)) = skipped.pop()
        && newest.as_ref().is_none_or(|newest| newest.id < id)
    {
        return Err(error);
    }
    newest.ok_or_else(|| {
        let why = match until {
            Some(_) => "no backup of that time or before it",
            None => "no backup",
        };
        BackupError::Nothing(format!("{} has {why}", place.shown))
    })
}

/// Puts it back. What was there of the folder before is as it was when this fails.
pub(crate) fn restore(
    place: &Place,
    wanted: &Wanted,
    target: &Target<'_>,
    tell: &Tell<'_>,
) -> Result<Put, BackupError> {
    let dir = target.dir;
    let (manifest, later) = match wanted {
        Wanted::Newest => (newest_until(place, None)?, None),
        Wanted::Id(id) => (opened::manifest(place, id)?, None),
        Wanted::At(at) => {
            let base = newest_until(place, Some(*at))?;
            let later = next_of(place, &base)?;
            (base, later.map(|later| (later, *at)))
        }
    };
    // One that somebody put there beforehand holds, and stays whatever becomes of this.
    let own_key = dir.join(MASTER_FILE);
    let has_own_key = own_key.exists();
    let key = match target.key {
        KeyFrom::File(_) if has_own_key => {
            let why = "is there already: without --master-key-file it is the one that holds";
            return Err(BackupError::Usage(format!("{} {why}", own_key.display())));
        }
        KeyFrom::File(file) => Some(read_key(file)?),
        KeyFrom::Backup if has_own_key => None,
        KeyFrom::Backup => manifest.master_key.clone(),
        KeyFrom::Elsewhere => None,
    };
    let parts = opened::parts(place, &manifest)?;
    let restoring = Restoring::begin(dir)?;
    let put = || {
        let blobs = (target.open_blobs)()?;
        let mut missing = manifest.missing.clone();
        let mut bytes = 0;
        for blob in distinct(parts.blobs.iter()) {
            bytes += blob.len;
            if manifest.missing.contains(&blob.hash.to_string()) {
                continue;
            }
            put_blob(place, &manifest, &blob, &*blobs)?;
            tell(Progress {
                doing: Doing::Pictures,
                bytes,
                of: Some(manifest.blobs.bytes),
            });
        }
        restoring.load(&mut PieceStream::of_state(place, &parts, tell))?;
        let reached = match (&later, wanted) {
            (Some((later, at)), _) => {
                let steps = Steps { place, later, tell };
                steps.go(dir, &manifest, &restoring, *at, &*blobs, &mut missing)?
            }
            (None, Wanted::At(at)) => Reached::Made {
                but_wanted: Some(*at).filter(|at| made_at(&manifest) < *at),
            },
            (None, Wanted::Newest | Wanted::Id(_)) => Reached::Made { but_wanted: None },
        };
        let boards = restoring.state().read_tx(|tx| Ok(tx.counts()?.boards))?;
        if let Some(key) = &key {
            put_key(dir, key).map_err(|e| BackupError::place(dir, "write the master key", e))?;
        }
        Ok((boards, reached, missing))
    };
    let (boards, reached, missing) = match put() {
        Ok(done) => done,
        Err(error) => {
            drop(restoring);
            clear(dir);
            if !has_own_key {
                let _ = fs::remove_file(own_key);
            }
            return Err(error);
        }
    };
    let restored = restoring.finish()?;
    Ok(Put {
        manifest,
        restored,
        has_key: key.is_some() || has_own_key,
        boards,
        reached,
        missing,
    })
}

/// Everything that was accepted until then is in it.
fn made_at(manifest: &Manifest) -> Time {
    Time(parse_rfc3339(&manifest.made_at).unwrap_or_default())
}

fn put_blob(
    place: &Place,
    manifest: &Manifest,
    blob: &Blob,
    blobs: &dyn Blobs,
) -> Result<(), BackupError> {
    if blobs.has(blob.hash)? != Some(blob.len) {
        let source = place.blobs.get(blob.hash, 0..u64::MAX);
        let mut source = source.map_err(|error| BackupError::Damaged {
            id: manifest.id.clone(),
            why: place.wrong_with("a file", blob.hash, &error),
        })?;
        blobs.put(&mut source, blob.len)?;
    }
    Ok(())
}

/// The backup that goes on from this one, among those that can be read.
fn next_of(place: &Place, base: &Manifest) -> Result<Option<Manifest>, BackupError> {
    let all = opened::list(place)?.into_iter();
    let all: Vec<_> = all.filter_map(|(_, found)| found.ok()).collect();
    Ok(forward::next_of(base, &all).cloned())
}

/// What a later backup has, to be brought to an earlier one.
struct Steps<'a> {
    place: &'a Place,
    later: &'a Manifest,
    tell: &'a Tell<'a>,
}

impl Steps<'_> {
    /// By the log where it goes back far enough, else by the documents' own history.
    fn go(
        &self,
        dir: &Path,
        base: &Manifest,
        restoring: &Restoring,
        at: Time,
        blobs: &dyn Blobs,
        missing: &mut Vec<String>,
    ) -> Result<Reached, BackupError> {
        let log = self.later.log.as_ref();
        if log.is_none_or(|log| !log.goes_on_from(base.index)) {
            let forward = self.draw_again(dir, restoring.state(), at, blobs, missing)?;
            return Ok(Reached::Drawn { at, forward });
        }
        let parts = opened::parts(self.place, self.later)?;
        let mut stream = PieceStream::of_log(self.place, &parts, self.tell);
        let replayed = restoring.replay(&mut stream, at);
        let replayed = replayed.map_err(|error| BackupError::Replay {
            id: self.later.id.clone(),
            error,
        })?;
        // What the commands brought with them. The rest came with the earlier backup, or was missing there already.
        let listed: HashSet<_> = parts.blobs.iter().chain(&parts.once).collect();
        for (hash, len) in restoring.state().read_tx(named)? {
            let (blob, shown) = (Blob { hash, len }, hash.to_string());
            if blobs.has(hash)? == Some(len) || missing.contains(&shown) {
                continue;
            }
            match listed.contains(&blob) && !self.later.missing.contains(&shown) {
                true => put_blob(self.place, self.later, &blob, blobs)?,
                false => missing.push(shown),
            }
        }
        Ok(Reached::Moment {
            at,
            from: self.later.id.clone(),
            replayed,
        })
    }

    fn draw_again(
        &self,
        dir: &Path,
        base: &State,
        until: Time,
        blobs: &dyn Blobs,
        missing: &mut Vec<String>,
    ) -> Result<Forward, BackupError> {
        let (place, later) = (self.place, self.later);
        let parts = opened::parts(place, later)?;
        let scratch = Scratch::make(dir)?;
        let state = scratch.state()?;
        let mut stream = PieceStream::of_state(place, &parts, self.tell);
        state.install(&mut stream).map_err(RestoreError::from)?;
        let course = forward::course(base, &state, until)?;
        let course = course.map_err(|why| BackupError::Damaged {
            id: later.id.clone(),
            why: format!("it does not go on from the one before: {why}"),
        })?;
        for blob in &course.blobs {
            let hash = blob.hash.to_string();
            match later.missing.contains(&hash) {
                true => missing.push(hash),
                false => put_blob(place, later, blob, blobs)?,
            }
        }
        course.take(base, &state, later)
    }
}

/// What a restore that failed has made, beside a key. Nothing of it was there before.
fn clear(dir: &Path) {
    let _ = fs::remove_dir_all(dir.join("blobs"));
    for name in ["state.redb", "state.redb.new", "restoring", "lock"] {
        let _ = fs::remove_file(dir.join(name));
    }
}

fn read_key(file: &Path) -> Result<String, BackupError> {
    let failed = |error| BackupError::place(file, "read the master key", error);
    let text = fs::read_to_string(file).map_err(failed)?;
    let key = text.trim();
    match key.starts_with("k4.local.") && key.len() as u64 <= MASTER_BYTES_MAX {
        true => Ok(key.to_owned()),
        false => Err(failed(io::Error::other("it holds none"))),
    }
}

fn put_key(dir: &Path, key: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(dir.join(MASTER_FILE))?;
    file.write_all(format!("{key}\n").as_bytes())?;
    file.sync_all()?;
    File::open(dir)?.sync_all()
}
