//! The whole state as a stream: what a node that fell behind receives.
//!
//! ```text
//! "EASELSNP"  u32 version
//! row*        u8 table, u32 key length, u32 value length, key, value     tables and keys ascending
//! u8 0
//! 32 bytes    BLAKE3 of everything before
//! ```
//!
//! Numbers are big-endian. The rows are those of the tables, so the marker and the file format travel inside, and two
//! states are equal exactly when their snapshots are.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use ::redb::{Database, OwnedRange, ReadTransaction, ReadableDatabase};

use super::check::note_blobs;
use super::fault;
use super::tables::{self, Tables};
use crate::blobs::BlobHash;
use crate::tx::Fault;

pub(super) const MAGIC: &[u8; 8] = b"EASELSNP";
pub(super) const VERSION: u32 = 1;
pub(super) const END: u8 = 0;
pub(super) const HASH_BYTES: usize = 32;

/// The reader makes about this much at a time; one larger row travels alone.
const CHUNK_BYTES: usize = 256 << 10;

/// Why a snapshot was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error("the snapshot is damaged: {0}")]
    Damaged(String),
    #[error("the snapshot has version {found}, this release knows up to {known}")]
    Newer { found: u32, known: u32 },
    /// The stream could not be read to its end, for a reason of its own.
    #[error("the snapshot could not be read: {0}")]
    Source(io::Error),
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Streams one consistent state. Holds a read transaction, so its pages are not reused until it is dropped.
pub struct SnapshotReader {
    marker: Option<Vec<u8>>,
    /// The tables still to come, next one last.
    tables: Vec<(u8, Rows)>,
    hasher: blake3::Hasher,
    chunk: Vec<u8>,
    /// How much of the chunk has been given away.
    given: usize,
    ended: bool,
    /// That the rows given so far name, if somebody wants to know.
    blobs: Option<BTreeMap<BlobHash, u64>>,
    /// Last, so that it outlives the rows: without it an install would close the file under them.
    _database: Arc<Database>,
}

type Rows = OwnedRange<&'static [u8], &'static [u8]>;

impl std::fmt::Debug for SnapshotReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotReader")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl SnapshotReader {
    pub(super) fn new(database: Arc<Database>) -> Result<Self, Fault> {
        let tx = database.begin_read().map_err(fault)?;
        Self::of(&tx, Arc::clone(&database))
    }

    /// Of what this transaction sees.
    pub(super) fn of(tx: &ReadTransaction, database: Arc<Database>) -> Result<Self, Fault> {
        let marker = Tables::of(tx).marker()?;
        let mut tables = Vec::with_capacity(tables::ALL.len());
        for (number, definition) in tables::ALL.into_iter().rev() {
            let table = tx.open_table(definition).map_err(fault)?;
            tables.push((number, table.range_owned::<&[u8]>(..).map_err(fault)?));
        }
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        chunk.extend_from_slice(MAGIC);
        chunk.extend_from_slice(&VERSION.to_be_bytes());
        let mut hasher = blake3::Hasher::new();
        hasher.update(&chunk);
        Ok(Self {
            marker,
            tables,
            hasher,
            chunk,
            given: 0,
            ended: false,
            blobs: None,
            _database: database,
        })
    }

    /// The marker of the state that this is a snapshot of.
    pub fn marker(&self) -> Option<&[u8]> {
        self.marker.as_deref()
    }

    /// From now on notes which blobs the rows name.
    #[must_use]
    pub fn noting_blobs(mut self) -> Self {
        self.blobs = Some(BTreeMap::new());
        self
    }

    /// The blobs that the rows given so far name, with their lengths: all there are, once the stream has ended.
    pub fn into_blobs(self) -> BTreeMap<BlobHash, u64> {
        self.blobs.unwrap_or_default()
    }

    /// Replaces the chunk, which was given away whole, by the next; by an empty one after the end.
    fn next_chunk(&mut self) -> Result<(), Fault> {
        self.chunk.clear();
        self.given = 0;
        if self.ended {
            return Ok(());
        }
        self.fill_with_rows()?;
        if self.tables.is_empty() {
            self.chunk.push(END);
            self.ended = true;
        }
        self.hasher.update(&self.chunk);
        if self.ended {
            let hash = self.hasher.finalize();
            self.chunk.extend_from_slice(hash.as_bytes());
        }
        Ok(())
    }

    fn fill_with_rows(&mut self) -> Result<(), Fault> {
        while self.chunk.len() < CHUNK_BYTES {
            let Some((number, rows)) = self.tables.last_mut() else {
                break;
            };
            match rows.next() {
                Some(row) => {
                    let (key, value) = row.map_err(fault)?;
                    if let Some(blobs) = &mut self.blobs {
                        note_blobs(*number, key.value(), value.value(), &mut |hash, len| {
                            blobs.insert(hash, len);
                        })
                        .map_err(Fault::Corrupt)?;
                    }
                    push_row(&mut self.chunk, *number, key.value(), value.value());
                }
                None => {
                    self.tables.pop();
                }
            }
        }
        Ok(())
    }
}

pub(super) fn push_row(chunk: &mut Vec<u8>, table: u8, key: &[u8], value: &[u8]) {
    chunk.push(table);
    chunk.extend_from_slice(&(key.len() as u32).to_be_bytes());
    chunk.extend_from_slice(&(value.len() as u32).to_be_bytes());
    chunk.extend_from_slice(key);
    chunk.extend_from_slice(value);
}

impl Read for SnapshotReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.chunk.len() {
            self.next_chunk().map_err(io::Error::other)?;
        }
        let left = &self.chunk[self.given..];
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }
}
