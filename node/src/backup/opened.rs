//! A backup that is there: its manifest, what it consists of, and its state and its log as the streams they were.

use super::create::read_whole;
use super::manifest::{Manifest, Parts, Unreadable};
use super::place::Place;
use super::{BackupError, Doing, Progress, Tell};
use easel_storage::blobs::{Blob, BlobHash};
use std::io::{self, Read};

/// The parts of a hundred million blobs would be longer.
const PARTS_BYTES_MAX: u64 = 1 << 30;

/// A backup in a list; of one that cannot be read, why.
pub(crate) type Found = (String, Result<Manifest, BackupError>);

/// Every backup, the oldest first.
pub(crate) fn list(place: &Place) -> Result<Vec<Found>, BackupError> {
    let mut found = Vec::new();
    for id in place.ids()? {
        match manifest(place, &id) {
            // Deleted since it was listed.
            Err(BackupError::Nothing(_)) => {}
            manifest => found.push((id, manifest)),
        }
    }
    Ok(found)
}

pub(super) fn manifest(place: &Place, id: &str) -> Result<Manifest, BackupError> {
    let unreadable = |why| BackupError::Unreadable {
        id: id.to_owned(),
        why,
    };
    let manifest = Manifest::decode(&place.manifest(id)?).map_err(unreadable)?;
    match manifest.id == id {
        true => Ok(manifest),
        false => Err(unreadable(Unreadable::Garbled(format!(
            "it is that of {}",
            manifest.id
        )))),
    }
}

/// What it consists of, held against the manifest.
pub(super) fn parts(place: &Place, manifest: &Manifest) -> Result<Parts, BackupError> {
    let damaged = |why: String| BackupError::Damaged {
        id: manifest.id.clone(),
        why,
    };
    let hash: BlobHash = (manifest.parts.blake3.parse())
        .map_err(|_| damaged("the manifest does not name its parts".to_owned()))?;
    let what = "the list of its parts";
    let source = place.blobs.get(hash, 0..u64::MAX);
    let source = source.map_err(|error| damaged(place.wrong_with(what, hash, &error)))?;
    let text = read_whole(source, PARTS_BYTES_MAX)
        .map_err(|error| damaged(format!("{what}: {}: {error}", place.file_of(hash))))?;
    let parts = Parts::decode(&text).map_err(|error| damaged(error.to_string()))?;
    let sum = |blobs: &[Blob]| blobs.iter().map(|blob| blob.len).sum::<u64>();
    let agrees = parts.state.len() as u64 == manifest.state.pieces
        && sum(&parts.state) == manifest.state.bytes
        && parts.blobs.len() as u64 == manifest.blobs.count
        && sum(&parts.blobs) == manifest.blobs.bytes
        && manifest.log.as_ref().map_or(parts.log.is_empty(), |log| {
            parts.log.len() as u64 == log.stream.pieces
                && sum(&parts.log) == log.stream.bytes
                && sum(&parts.once) == log.blobs.bytes
        });
    match agrees {
        true => Ok(parts),
        false => Err(damaged(
            "its parts are not what the manifest says".to_owned(),
        )),
    }
}

/// The state or the log, piece after piece, each held against its hash before a byte of it is given.
pub(super) struct PieceStream<'a> {
    place: &'a Place,
    doing: Doing,
    pieces: std::slice::Iter<'a, Blob>,
    current: Box<dyn Read + Send>,
    given: u64,
    all: u64,
    tell: &'a Tell<'a>,
}

impl<'a> PieceStream<'a> {
    pub(super) fn of_state(
        place: &'a Place,
        parts: &'a Parts,
        tell: &'a Tell<'a>,
    ) -> PieceStream<'a> {
        PieceStream::new(place, (Doing::State, &parts.state), tell)
    }

    pub(super) fn of_log(
        place: &'a Place,
        parts: &'a Parts,
        tell: &'a Tell<'a>,
    ) -> PieceStream<'a> {
        PieceStream::new(place, (Doing::Log, &parts.log), tell)
    }

    fn new(
        place: &'a Place,
        (doing, pieces): (Doing, &'a [Blob]),
        tell: &'a Tell<'a>,
    ) -> PieceStream<'a> {
        PieceStream {
            place,
            doing,
            pieces: pieces.iter(),
            current: Box::new(io::empty()),
            given: 0,
            all: pieces.iter().map(|piece| piece.len).sum(),
            tell,
        }
    }
}

impl Read for PieceStream<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.current.read(out) {
                Ok(0) if !out.is_empty() => {}
                Ok(read) => {
                    self.given += read as u64;
                    return Ok(read);
                }
                Err(error) => return Err(error),
            }
            (self.tell)(Progress {
                doing: self.doing,
                bytes: self.given,
                of: Some(self.all),
            });
            let Some(piece) = self.pieces.next() else {
                return Ok(0);
            };
            let source = self.place.blobs.get(piece.hash, 0..u64::MAX);
            self.current = source.map_err(|error| {
                let what = match self.doing {
                    Doing::Log => "a piece of the log",
                    Doing::State | Doing::Pictures | Doing::Boards => "a piece of the state",
                };
                io::Error::other(self.place.wrong_with(what, piece.hash, &error))
            })?;
        }
    }
}
