//! Looking at a backup as if it were to be restored: every piece and picture against its hash, every record read, every
//! document opened, both from its body and from its whole history.

use super::manifest::{Manifest, Parts};
use super::opened::{self, PieceStream};
use super::place::Place;
use super::{BackupError, Doing, Progress, Tell};
use crate::realtime::opened as document;
use easel_board::document::version;
use easel_cluster::{LogStreamError, check_log};
use easel_storage::blobs::{Blob, BlobError};
use easel_storage::redb::{Checked, InstallError, State};
use easel_storage::{Answer, DocName, Fault, InstanceId, Query};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use yrs::Transact;

const CACHE_BYTES: usize = 64 << 20;

/// What a look at a backup found.
#[derive(Debug, Serialize)]
pub(crate) struct Verified {
    pub(crate) id: String,
    /// In words; none: all of it is whole.
    pub(crate) troubles: Vec<String>,
    pub(crate) documents: u64,
    pub(crate) rows: u64,
    pub(crate) blobs: u64,
    pub(crate) bytes: u64,
}

/// Looks at one. `scratch` is where the state is put for it, and taken away again.
pub(crate) fn verify(
    place: &Place,
    id: &str,
    scratch: &Path,
    tell: &Tell<'_>,
) -> Result<Verified, BackupError> {
    let manifest = opened::manifest(place, id)?;
    let parts = opened::parts(place, &manifest)?;
    let mut found = Verified {
        id: id.to_owned(),
        troubles: Vec::new(),
        documents: 0,
        rows: 0,
        blobs: 0,
        bytes: manifest.bytes(),
    };
    for missing in &manifest.missing {
        found.trouble(format!(
            "the file {missing} was missing already when the backup was made"
        ));
    }
    look_at_state(place, &manifest, &parts, scratch, tell, &mut found)?;
    look_at_log(place, &manifest, &parts, tell, &mut found)?;
    look_at_blobs(place, &manifest, &parts, tell, &mut found)?;
    Ok(found)
}

impl Verified {
    fn trouble(&mut self, what: String) {
        self.troubles.push(what);
    }
}

fn look_at_state(
    place: &Place,
    manifest: &Manifest,
    parts: &Parts,
    scratch: &Path,
    tell: &Tell<'_>,
    found: &mut Verified,
) -> Result<(), BackupError> {
    let scratch = Scratch::make(scratch)?;
    let state = scratch.state()?;
    let mut stream = Hashing {
        source: PieceStream::of_state(place, parts, tell),
        hasher: blake3::Hasher::new(),
    };
    match state.install(&mut stream) {
        Ok(()) => {}
        Err(error @ (InstallError::Damaged(_) | InstallError::Newer { .. })) => {
            found.trouble(format!("the state: {error}"));
            return look_at_pieces(place, ("a piece of the state", &parts.state), found);
        }
        Err(InstallError::Source(error)) => {
            tracing::debug!(%error, "the state ends here");
            return look_at_pieces(place, ("a piece of the state", &parts.state), found);
        }
        Err(InstallError::Fault(fault)) => return Err(fault.into()),
    }
    if stream.hasher.finalize().to_hex().as_str() != manifest.state.blake3 {
        found.trouble("the state is not the one that the manifest speaks of".to_owned());
    }
    let mut troubles = Vec::new();
    let checked = state.check_rows(&mut |trouble| troubles.push(trouble))?;
    found.troubles.append(&mut troubles);
    found.rows = checked.rows;
    compare(&state, manifest, parts, &checked, found)?;
    let of = Some(checked.docs.len() as u64);
    for (nth, (doc, _)) in checked.docs.iter().enumerate() {
        if let Err(why) = open_document(&state, place, doc)? {
            found.trouble(format!("the document {doc} does not open: {why}"));
        }
        found.documents += 1;
        tell(Progress {
            doing: Doing::Boards,
            bytes: nth as u64 + 1,
            of,
        });
    }
    Ok(())
}

/// Every entry of the log, as a restore to a moment would read it.
fn look_at_log(
    place: &Place,
    manifest: &Manifest,
    parts: &Parts,
    tell: &Tell<'_>,
    found: &mut Verified,
) -> Result<(), BackupError> {
    let Some(log) = &manifest.log else {
        return Ok(());
    };
    match check_log(&mut PieceStream::of_log(place, parts, tell)) {
        Ok(read) if (read.first, read.count) == (log.first, log.entries) => {}
        // One that the log was cut short of everything in it begins nowhere.
        Ok(read) if read.count == 0 && log.entries == 0 => {}
        Ok(_) => found.trouble("the log is not the one that the manifest speaks of".to_owned()),
        Err(LogStreamError::Source(error)) => {
            tracing::debug!(%error, "the log ends here");
            look_at_pieces(place, ("a piece of the log", &parts.log), found)?;
        }
        Err(error) => found.trouble(format!("the log: {error}")),
    }
    for blob in &parts.once {
        look_at(place, "a file", blob, found)?;
    }
    Ok(())
}

/// What the manifest says of the state, and what is in it.
fn compare(
    state: &State,
    manifest: &Manifest,
    parts: &Parts,
    checked: &Checked,
    found: &mut Verified,
) -> Result<(), BackupError> {
    let Answer::Instance(instance) = state.query(&Query::Instance)? else {
        return Err(Fault::Engine("a wrong answer".to_owned()).into());
    };
    if instance.as_ref().map(InstanceId::to_string).as_deref() != Some(&*manifest.instance) {
        found.trouble("the state is of another installation than the manifest says".to_owned());
    }
    if checked.docs.len() as u64 != manifest.documents {
        let (there, said) = (checked.docs.len(), manifest.documents);
        found.trouble(format!(
            "the state has {there} documents, the manifest says {said}"
        ));
    }
    let listed: BTreeMap<_, _> = parts
        .blobs
        .iter()
        .map(|blob| (blob.hash, blob.len))
        .collect();
    for (hash, len) in &checked.blobs {
        if listed.get(hash) != Some(len) {
            found.trouble(format!("the file {hash} is named and not in the backup"));
        }
    }
    Ok(())
}

/// From its body and what came after, and once more from its history alone: both must be the same.
fn open_document(
    state: &State,
    place: &Place,
    doc: &DocName,
) -> Result<Result<(), String>, BackupError> {
    let stored = match ask(state, place, &Query::Doc(doc.clone()))? {
        Ok(Answer::Doc(Some(stored))) => stored,
        Ok(_) => return Ok(Err("it cannot be read".to_owned())),
        Err(why) => return Ok(Err(why)),
    };
    let seq = stored.head_seq;
    let body = stored.body.map(|body| body.bytes).into_iter();
    let tail = stored.tail.into_iter().map(|update| update.bytes);
    let current: Vec<_> = body.chain(tail).collect();
    let doc = doc.clone();
    let history = match ask(state, place, &Query::DocAt { doc, seq })? {
        Ok(Answer::DocAt(Some(history))) => history,
        Ok(_) => return Ok(Err("its history cannot be read".to_owned())),
        Err(why) => return Ok(Err(format!("its history: {why}"))),
    };
    let open = |updates: &[bytes::Bytes]| {
        let doc = document(updates).map_err(|error| error.to_string())?;
        Ok::<_, String>(version(&doc.transact()))
    };
    Ok(match (open(&current), open(&history)) {
        (Ok(current), Ok(history)) if current == history => Ok(()),
        (Ok(_), Ok(_)) => Err("it is not what its history makes".to_owned()),
        (Err(why), _) => Err(why),
        (_, Err(why)) => Err(format!("its history: {why}")),
    })
}

/// With the content that lies apart. Damage in what is stored is something to be told, not an end of the look.
fn ask(state: &State, place: &Place, query: &Query) -> Result<Result<Answer, String>, BackupError> {
    let answered = match state.answer(query) {
        Err(Fault::Corrupt(_)) => return Ok(Ok(Answer::Doc(None))),
        answered => answered?,
    };
    match answered.complete(&*place.blobs) {
        Ok(answer) => Ok(Ok(answer)),
        Err(error @ (BlobError::Missing(_) | BlobError::Damaged(_))) => Ok(Err(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Which of the pieces it is, where what they make cannot be read as a whole.
fn look_at_pieces(
    place: &Place,
    (what, pieces): (&str, &[Blob]),
    found: &mut Verified,
) -> Result<(), BackupError> {
    let mut seen = HashSet::new();
    for piece in pieces.iter().filter(|piece| seen.insert(piece.hash)) {
        look_at(place, what, piece, found)?;
    }
    Ok(())
}

fn look_at_blobs(
    place: &Place,
    manifest: &Manifest,
    parts: &Parts,
    tell: &Tell<'_>,
    found: &mut Verified,
) -> Result<(), BackupError> {
    let mut bytes = 0;
    for blob in &parts.blobs {
        if !manifest.missing.contains(&blob.hash.to_string()) {
            look_at(place, "a file", blob, found)?;
        }
        found.blobs += 1;
        bytes += blob.len;
        tell(Progress {
            doing: Doing::Pictures,
            bytes,
            of: Some(manifest.blobs.bytes),
        });
    }
    Ok(())
}

/// Says what is wrong with it, if something is.
fn look_at(
    place: &Place,
    what: &str,
    blob: &Blob,
    found: &mut Verified,
) -> Result<(), BackupError> {
    // All of it is held against its hash before a byte is given.
    match place.blobs.get(blob.hash, 0..0) {
        Ok(_) if place.blobs.has(blob.hash)? == Some(blob.len) => {}
        Ok(_) => found.trouble(format!(
            "{what} is not as long as the list says: {}",
            place.file_of(blob.hash)
        )),
        Err(error @ (BlobError::Missing(_) | BlobError::Damaged(_))) => {
            found.trouble(place.wrong_with(what, blob.hash, &error));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

struct Hashing<R> {
    source: R,
    hasher: blake3::Hasher,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(out)?;
        self.hasher.update(&out[..read]);
        Ok(read)
    }
}

/// A folder that goes when this does.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn make(above: &Path) -> Result<Scratch, BackupError> {
        let random = u64::from_be_bytes(crate::auth::random());
        let dir = above.join(format!("easel-verify-{random:016x}"));
        let made = std::fs::DirBuilder::new();
        let made = {
            use std::os::unix::fs::DirBuilderExt;
            let mut made = made;
            made.mode(0o700);
            made.create(&dir)
        };
        made.map_err(|error| {
            BackupError::place(&dir, "make a folder to look at the state in", error)
        })?;
        Ok(Scratch(dir))
    }

    /// An empty state in it.
    pub(super) fn state(&self) -> Result<State, BackupError> {
        Ok(State::open(&self.0.join("state.redb"), CACHE_BYTES)?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
