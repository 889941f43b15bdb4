//! `log.redb`: the Raft log, the vote and who the log belongs to. Synchronous; one writer thread owns
//! the writing, readers come from anywhere.
//!
//! Every write is one redb transaction with `Durability::Immediate`, so that when a call has returned
//! its effect survives a power cut.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
    WriteTransaction,
};
use tokio::sync::mpsc;

use crate::codec::{self, DecodeError, Identity};
use crate::raft::{Entry, LogId, Vote};

const ENTRIES: TableDefinition<u64, &[u8]> = TableDefinition::new("entries");
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const IDENTITY: &str = "identity";
const VOTE: &str = "vote";
const PURGED: &str = "purged";
const COMMITTED: &str = "committed";

/// The tail that is read lives in memory, so the file's own cache only serves appends.
const CACHE_BYTES: usize = 16 << 20;

/// Why the log file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("{0}")]
    Redb(Box<redb::Error>),
    #[error("{0}")]
    Decode(#[from] DecodeError),
    #[error("{0}")]
    Inconsistent(String),
}

impl<E: Into<redb::Error>> From<E> for LogError {
    fn from(error: E) -> Self {
        Self::Redb(Box::new(error.into()))
    }
}

/// What the log held when it was opened.
#[derive(Debug, Default, Clone)]
pub(crate) struct LogSummary {
    pub(crate) purged: Option<LogId>,
    pub(crate) last: Option<LogId>,
    pub(crate) committed: Option<LogId>,
    pub(crate) vote: Option<Vote>,
    /// Bytes of entries, for the snapshot trigger.
    pub(crate) bytes: u64,
}

/// What a read gave.
#[derive(Debug)]
pub(crate) enum Piece {
    /// All of the range that is there.
    Whole(Vec<Entry>),
    /// There is more behind it.
    Cut(Vec<Entry>),
}

/// What one append cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AppendCost {
    pub(crate) took: Duration,
    pub(crate) fsync: Duration,
    pub(crate) bytes: u64,
}

#[derive(Debug)]
pub(crate) struct LogFile {
    db: Database,
    // Declared after `db`: whoever waits on the other end knows that the file is closed.
    _closed: mpsc::Sender<()>,
}

impl LogFile {
    /// Makes an empty log.
    pub(crate) fn create(
        path: &Path,
        owner: &Identity,
        closed: mpsc::Sender<()>,
    ) -> Result<Self, LogError> {
        Self::begin_log(builder().create(path)?, owner, closed)
    }

    /// Opens a log that must exist: an empty file is a log that was lost, not a new one.
    pub(crate) fn open(path: &Path, closed: mpsc::Sender<()>) -> Result<Self, LogError> {
        Ok(Self {
            db: builder().open(path)?,
            _closed: closed,
        })
    }

    /// Makes a log on any backend, or opens the one that is there; simulations of lost writes need it.
    #[cfg(test)]
    pub(crate) fn on_backend(
        backend: impl redb::StorageBackend,
        owner: &Identity,
        closed: mpsc::Sender<()>,
    ) -> Result<Self, LogError> {
        let is_new = backend.len().map_err(redb::Error::Io)? == 0;
        let db = builder().create_with_backend(backend)?;
        if is_new {
            return Self::begin_log(db, owner, closed);
        }
        let _closed = closed;
        Ok(Self { db, _closed })
    }

    fn begin_log(
        db: Database,
        owner: &Identity,
        closed: mpsc::Sender<()>,
    ) -> Result<Self, LogError> {
        let file = Self {
            db,
            _closed: closed,
        };
        let tx = file.begin()?;
        tx.open_table(ENTRIES)?;
        tx.open_table(META)?
            .insert(IDENTITY, codec::encode_identity(owner).as_slice())?;
        tx.commit()?;
        Ok(file)
    }

    pub(crate) fn owner(&self) -> Result<Identity, LogError> {
        let bytes = self.meta(IDENTITY)?;
        let missing = || LogError::Inconsistent("it does not say whose log it is".into());
        Ok(codec::decode_identity(&bytes.ok_or_else(missing)?)?)
    }

    /// Reads the log's ends and checks that nothing is missing between them.
    pub(crate) fn summary(&self) -> Result<LogSummary, LogError> {
        let purged = self.log_id(PURGED)?;
        let committed = self.log_id(COMMITTED)?;
        let vote = self
            .meta(VOTE)?
            .map(|b| codec::decode_vote(&b))
            .transpose()?;
        let tx = self.db.begin_read()?;
        let table = tx.open_table(ENTRIES)?;
        let bytes = table.stats()?.stored_bytes();
        let Some((last_key, last_value)) = table.last()? else {
            let last = purged;
            return Ok(LogSummary {
                purged,
                last,
                committed,
                vote,
                bytes,
            });
        };
        let (first, last) = match table.first()? {
            Some((first_key, _)) => (first_key.value(), last_key.value()),
            None => (last_key.value(), last_key.value()),
        };
        check_no_gap(purged, first..last + 1, table.len()?)?;
        let last = Some(codec::decode_entry(last_value.value())?.log_id);
        Ok(LogSummary {
            purged,
            last,
            committed,
            vote,
            bytes,
        })
    }

    /// Entries of `range` that are there, oldest first, until `bytes_max` is passed; at least one if
    /// there is any.
    pub(crate) fn read(&self, range: Range<u64>, bytes_max: u64) -> Result<Piece, LogError> {
        let tx = self.db.begin_read()?;
        let table = tx.open_table(ENTRIES)?;
        let mut entries = Vec::new();
        let mut bytes = 0;
        for item in table.range(range)? {
            let (key, value) = item?;
            bytes += value.value().len() as u64;
            if bytes > bytes_max && !entries.is_empty() {
                return Ok(Piece::Cut(entries));
            }
            let entry = codec::decode_entry(value.value())?;
            if entry.log_id.index != key.value() {
                let (at, found) = (key.value(), entry.log_id.index);
                return Err(LogError::Inconsistent(format!(
                    "place {at} of the log holds entry {found}"
                )));
            }
            entries.push(entry);
        }
        Ok(Piece::Whole(entries))
    }

    /// `committed` rides along: it saves a restarted node from waiting for a leader to say it again,
    /// and is not worth a sync of its own.
    pub(crate) fn append(
        &self,
        records: &[(u64, Vec<u8>)],
        committed: Option<LogId>,
    ) -> Result<AppendCost, LogError> {
        let begun = Instant::now();
        let tx = self.begin()?;
        let mut bytes = 0;
        {
            let mut table = tx.open_table(ENTRIES)?;
            for (index, record) in records {
                table.insert(index, record.as_slice())?;
                bytes += record.len() as u64;
            }
        }
        if let Some(committed) = committed {
            let mut meta = tx.open_table(META)?;
            meta.insert(COMMITTED, codec::encode_log_id(committed).as_slice())?;
        }
        let forced = Instant::now();
        tx.commit()?;
        Ok(AppendCost {
            took: begun.elapsed(),
            fsync: forced.elapsed(),
            bytes,
        })
    }

    pub(crate) fn save_vote(&self, vote: &Vote) -> Result<(), LogError> {
        self.put_meta(VOTE, &codec::encode_vote(vote))
    }

    /// Drops `since` and all after it.
    pub(crate) fn truncate(&self, since: u64) -> Result<(), LogError> {
        let tx = self.begin()?;
        tx.open_table(ENTRIES)?.retain_in(since.., |_, _| false)?;
        tx.commit()?;
        Ok(())
    }

    /// Drops `upto` and all before it, and remembers that it did.
    pub(crate) fn purge(&self, upto: LogId) -> Result<(), LogError> {
        let tx = self.begin()?;
        tx.open_table(ENTRIES)?
            .retain_in(..=upto.index, |_, _| false)?;
        tx.open_table(META)?
            .insert(PURGED, codec::encode_log_id(upto).as_slice())?;
        tx.commit()?;
        Ok(())
    }

    fn begin(&self) -> Result<WriteTransaction, LogError> {
        let mut tx = self.db.begin_write()?;
        tx.set_durability(Durability::Immediate)
            .map_err(|e| LogError::Inconsistent(e.to_string()))?;
        Ok(tx)
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, LogError> {
        let tx = self.db.begin_read()?;
        let table = tx.open_table(META)?;
        Ok(table.get(key)?.map(|value| value.value().to_vec()))
    }

    fn put_meta(&self, key: &str, value: &[u8]) -> Result<(), LogError> {
        let tx = self.begin()?;
        tx.open_table(META)?.insert(key, value)?;
        tx.commit()?;
        Ok(())
    }

    fn log_id(&self, key: &str) -> Result<Option<LogId>, LogError> {
        let bytes = self.meta(key)?;
        Ok(bytes.map(|b| codec::decode_log_id(&b)).transpose()?)
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

fn check_no_gap(purged: Option<LogId>, held: Range<u64>, count: u64) -> Result<(), LogError> {
    let next = purged.map_or(held.start, |id| id.index + 1);
    if held.start != next {
        return Err(LogError::Inconsistent(format!(
            "the log was cut after entry {}, but begins with entry {}",
            next.saturating_sub(1),
            held.start
        )));
    }
    if count != held.end - held.start {
        return Err(LogError::Inconsistent(format!(
            "the log runs from entry {} to entry {} but holds {count}",
            held.start,
            held.end - 1
        )));
    }
    Ok(())
}
