//! The log's entries as a stream: what a backup carries of them, and what is done again from it.
//!
//! ```text
//! "EASELENT"  u32 version  (u32 length  entry)*
//! ```
//!
//! Numbers are little-endian; an entry is as it lies in the log, with its checksum. The entries follow one another without a
//! gap. So the earlier state and what came after it, up to a moment, are the state of that moment.

use std::collections::BTreeMap;
use std::io::{self, Read};

use bytes::{Buf, Bytes};
use easel_storage::blobs::{BlobHash, named_by};
use easel_storage::codec::DecodeError;
use easel_storage::{Batch, Command, Envelope, Time};
use openraft::EntryPayload;

use crate::codec;
use crate::log::Held;
use crate::machine::decode;
use crate::raft::Entry;

const MAGIC: &[u8; 8] = b"EASELENT";
const VERSION: u32 = 1;
const LENGTH_BYTES: usize = 4;
/// An entry is at most a few times 48 MiB.
const ENTRY_BYTES_MAX: u32 = 1 << 30;

/// Entries of the log up to the backup's last, as a stream. What is cut off the log meanwhile stays readable.
#[derive(Debug)]
pub struct LogStream {
    held: Held,
    /// Encoded, and not read yet.
    ready: Bytes,
    read: LogRead,
}

/// What a stream of entries held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogRead {
    /// The index of the first.
    pub first: u64,
    pub count: u64,
    /// When the first of its commands was accepted.
    pub since: Option<Time>,
    /// What its commands name; some of it may be gone by now.
    pub blobs: BTreeMap<BlobHash, u64>,
}

impl LogStream {
    pub(crate) fn new(held: Held) -> Self {
        let read = LogRead {
            first: held.next,
            ..LogRead::default()
        };
        Self {
            held,
            ready: head().into(),
            read,
        }
    }

    /// What it was, after all of it was read.
    pub fn into_read(self) -> LogRead {
        self.read
    }

    fn encode_next(&mut self) -> io::Result<()> {
        let Some(bytes) = self.held.next().map_err(io::Error::other)? else {
            return Ok(());
        };
        let entry = codec::decode_entry(&bytes).map_err(io::Error::other)?;
        self.read.note(&entry).map_err(io::Error::other)?;
        self.ready = behind_its_length(&bytes).into();
        Ok(())
    }
}

impl Read for LogStream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ready.is_empty() {
            self.encode_next()?;
        }
        let len = self.ready.len().min(out.len());
        self.ready.copy_to_slice(&mut out[..len]);
        Ok(len)
    }
}

fn head() -> Vec<u8> {
    [&MAGIC[..], &VERSION.to_le_bytes()].concat()
}

fn behind_its_length(entry: &[u8]) -> Vec<u8> {
    let len = u32::try_from(entry.len()).expect("an entry is at most a few times 48 MiB");
    [&len.to_le_bytes(), entry].concat()
}

/// Why a stream of entries is of no use.
#[derive(Debug, thiserror::Error)]
pub enum LogStreamError {
    #[error("it cannot be read: {0}")]
    Source(#[from] io::Error),
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("it has format {found}, and this release knows up to {VERSION}: use a newer release")]
    Newer { found: u32 },
}

/// Reads a stream of entries through, and says what is in it.
pub fn check_log(source: &mut dyn Read) -> Result<LogRead, LogStreamError> {
    let mut entries = Entries::begin(source)?;
    let mut read = LogRead::default();
    while let Some(entry) = entries.next()? {
        if read.count == 0 {
            read.first = entry.log_id.index;
        }
        read.note(&entry)
            .map_err(|error| LogStreamError::Damaged(error.to_string()))?;
    }
    Ok(read)
}

impl LogRead {
    fn note(&mut self, entry: &Entry) -> Result<(), DecodeError> {
        self.count += 1;
        let Some(batch) = batch_of(entry)? else {
            return Ok(());
        };
        self.since.get_or_insert(batch.at);
        // A body is a fold of what is named as well, and is not put in its place again: see `replay`.
        let is_body = |envelope: &&Envelope| matches!(envelope.kind, Command::Compact { .. });
        for envelope in batch.envelopes.iter().filter(|it| !is_body(it)) {
            named_by(&envelope.kind, &mut |hash, len| {
                self.blobs.insert(hash, len);
            });
        }
        Ok(())
    }
}

/// The commands of an entry that has some.
pub(super) fn batch_of(entry: &Entry) -> Result<Option<Batch>, DecodeError> {
    match &entry.payload {
        EntryPayload::Normal(proposal) => decode(proposal).map(Some),
        EntryPayload::Blank | EntryPayload::Membership(_) => Ok(None),
    }
}

/// The entries of a stream, each one after the one before.
pub(super) struct Entries<'a> {
    source: &'a mut dyn Read,
    next: Option<u64>,
}

impl<'a> Entries<'a> {
    pub(super) fn begin(source: &'a mut dyn Read) -> Result<Self, LogStreamError> {
        let mut head = [0; MAGIC.len() + LENGTH_BYTES];
        source.read_exact(&mut head).map_err(cut_short)?;
        let (magic, version) = head.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(LogStreamError::Damaged("it is no log".to_owned()));
        }
        match u32::from_le_bytes(version.try_into().expect("four bytes")) {
            VERSION => Ok(Self { source, next: None }),
            found => Err(LogStreamError::Newer { found }),
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Entry>, LogStreamError> {
        let mut len = [0; LENGTH_BYTES];
        match self.source.read(&mut len[..1])? {
            0 => return Ok(None),
            _ => self.source.read_exact(&mut len[1..]).map_err(cut_short)?,
        }
        let len = u32::from_le_bytes(len);
        if len > ENTRY_BYTES_MAX {
            let why = format!("an entry of {len} bytes");
            return Err(LogStreamError::Damaged(why));
        }
        let mut bytes = Vec::new();
        (&mut *self.source)
            .take(len.into())
            .read_to_end(&mut bytes)?;
        if bytes.len() != len as usize {
            return Err(LogStreamError::Damaged("it was cut short".to_owned()));
        }
        let entry = codec::decode_entry(&bytes.into());
        let entry = entry.map_err(|error| LogStreamError::Damaged(error.to_string()))?;
        let index = entry.log_id.index;
        if let Some(next) = self.next.filter(|next| *next != index) {
            let why = format!("entry {index} stands where entry {next} belongs");
            return Err(LogStreamError::Damaged(why));
        }
        self.next = Some(index + 1);
        Ok(Some(entry))
    }
}

fn cut_short(error: io::Error) -> LogStreamError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => LogStreamError::Damaged("it was cut short".to_owned()),
        _ => LogStreamError::Source(error),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{behind_its_length, head};
    use crate::codec;
    use crate::raft::Entry;

    pub(in crate::backup) fn stream_of(entries: impl Iterator<Item = Entry>) -> Vec<u8> {
        let mut stream = head();
        for entry in entries {
            stream.extend(behind_its_length(&codec::encode_entry(&entry)));
        }
        stream
    }
}
