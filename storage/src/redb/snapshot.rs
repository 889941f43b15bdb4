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

use ::redb::{Database, OwnedRange, ReadTransaction, ReadableDatabase, WriteTransaction};

use super::check::note_blobs;
use super::fault;
use super::tables::{self, Tables};
use crate::blobs::BlobHash;
use crate::tx::Fault;

const MAGIC: &[u8; 8] = b"EASELSNP";
const VERSION: u32 = 1;
const END: u8 = 0;
const HASH_BYTES: usize = 32;

/// The reader makes about this much at a time; one larger row travels alone.
const CHUNK_BYTES: usize = 256 << 10;
/// No key or value is larger (a command is at most 16 MiB), so a damaged length cannot ask for more.
const KEY_BYTES_MAX: usize = 4 << 10;
const VALUE_BYTES_MAX: usize = 64 << 20;

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

fn push_row(chunk: &mut Vec<u8>, table: u8, key: &[u8], value: &[u8]) {
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

/// Loads a snapshot into a database without tables, which commits, durably, only after the hash was checked.
pub(super) fn load(database: &Database, source: &mut dyn Read) -> Result<(), InstallError> {
    let mut source = HashingSource {
        source,
        hasher: blake3::Hasher::new(),
        unhashed: Vec::with_capacity(2 * HASHED_BYTES),
    };
    check_header(&mut source)?;
    let mut tx = database.begin_write().map_err(fault)?;
    tx.set_quick_repair(true);
    load_rows(&tx, &mut source)?;
    check_end(&mut source)?;
    {
        // Opening also makes the tables of which the snapshot held no row.
        let mut tables = Tables::of(&tx);
        tables.open_all()?;
        check_format(tables.format()?)?;
        tables.raise_format(tables::FORMAT)?;
    }
    tx.commit().map_err(fault)?;
    Ok(())
}

fn check_header(source: &mut HashingSource<'_>) -> Result<(), InstallError> {
    if source.array::<8>()? != *MAGIC {
        return Err(damaged("it does not begin like one"));
    }
    match u32::from_be_bytes(source.array()?) {
        VERSION => Ok(()),
        found if found > VERSION => Err(InstallError::Newer {
            found,
            known: VERSION,
        }),
        _ => Err(damaged("it has a version that never was")),
    }
}

fn load_rows(tx: &WriteTransaction, source: &mut HashingSource<'_>) -> Result<(), InstallError> {
    let mut number = source.byte()?;
    let (mut key, mut value) = (Vec::new(), Vec::new());
    while number != END {
        let (_, definition) = tables::ALL
            .into_iter()
            .find(|(known, _)| *known == number)
            .ok_or_else(|| damaged("it names a table that does not exist"))?;
        let mut table = tx.open_table(definition).map_err(fault)?;
        let current = number;
        while number == current {
            let key_len = source.len(KEY_BYTES_MAX)?;
            let value_len = source.len(VALUE_BYTES_MAX)?;
            key.resize(key_len, 0);
            source.fill(&mut key)?;
            value.resize(value_len, 0);
            source.fill(&mut value)?;
            table.insert(&*key, &*value).map_err(fault)?;
            number = source.byte()?;
        }
    }
    Ok(())
}

fn check_end(source: &mut HashingSource<'_>) -> Result<(), InstallError> {
    let computed = source.hash();
    let sent = source.array::<HASH_BYTES>()?;
    // blake3 compares in constant time and by value.
    if computed != sent {
        return Err(damaged("its hash does not match"));
    }
    Ok(())
}

fn check_format(format: Option<u32>) -> Result<(), InstallError> {
    match format {
        Some(tables::FORMAT | tables::FORMAT_WITHOUT_ACCOUNTS | tables::FORMAT_WITH_APART) => {
            Ok(())
        }
        Some(found) if found > tables::FORMAT_WITH_APART => Err(InstallError::Newer {
            found,
            known: tables::FORMAT_WITH_APART,
        }),
        Some(_) | None => Err(damaged("it does not say which format it has")),
    }
}

fn damaged(what: &str) -> InstallError {
    InstallError::Damaged(what.to_owned())
}

/// Rows are small, and BLAKE3 is several times as fast on much at once.
const HASHED_BYTES: usize = 64 << 10;

/// Reads exactly, and hashes what it read.
struct HashingSource<'a> {
    source: &'a mut dyn Read,
    hasher: blake3::Hasher,
    /// The end of what was read.
    unhashed: Vec<u8>,
}

impl HashingSource<'_> {
    fn byte(&mut self) -> Result<u8, InstallError> {
        Ok(self.array::<1>()?[0])
    }

    fn len(&mut self, max: usize) -> Result<usize, InstallError> {
        let len = u32::from_be_bytes(self.array()?) as usize;
        if len > max {
            return Err(damaged("a row is too long"));
        }
        Ok(len)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], InstallError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<(), InstallError> {
        self.source
            .read_exact(out)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => damaged("it was cut short"),
                _ => InstallError::Source(error),
            })?;
        for part in out.chunks(HASHED_BYTES) {
            self.unhashed.extend_from_slice(part);
            if self.unhashed.len() >= HASHED_BYTES {
                self.hasher.update(&self.unhashed[..HASHED_BYTES]);
                self.unhashed.drain(..HASHED_BYTES);
            }
        }
        Ok(())
    }

    /// Of all that was read.
    fn hash(&mut self) -> blake3::Hash {
        self.hasher.update(&self.unhashed);
        self.unhashed.clear();
        self.hasher.finalize()
    }
}
