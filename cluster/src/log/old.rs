//! `log.redb`, which the log was before it was a folder of segments: read once, at the first start of this
//! release, and written into segments.

use std::path::Path;

use bytes::Bytes;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition,
};
use tokio::sync::mpsc;

use super::file::{LogError, LogFile};
use super::record::Frame;
use crate::codec;

pub(crate) const NAME: &str = "log.redb";
const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const IDENTITY: &str = "identity";
const VOTE: &str = "vote";
const PURGED: &str = "purged";
const COMMITTED: &str = "committed";

/// An append of about this many bytes at a time.
const FRAME_BYTES: usize = 4 << 20;

/// Makes a log at `new`, which must not exist, of the one at `old`, which stays as it is.
pub(crate) fn migrate(old: &Path, new: &Path) -> Result<(), LogError> {
    let database = Database::open(old).map_err(|error| match error {
        // redb reports a foreign or short file as an I/O error too; those are about the content.
        DatabaseError::Storage(StorageError::Io(error)) if error.raw_os_error().is_some() => {
            LogError::Io(error)
        }
        other => damaged(other),
    })?;
    let tx = database.begin_read().map_err(damaged)?;
    let meta = tx.open_table(META).map_err(damaged)?;
    let entries = tx.open_table(ENTRIES).map_err(damaged)?;
    let get = |key: &str| -> Result<Option<Vec<u8>>, LogError> {
        Ok(meta
            .get(key)
            .map_err(damaged)?
            .map(|value| value.value().to_vec()))
    };
    let owner = get(IDENTITY)?.ok_or_else(|| damaged("it does not say whose log it is"))?;
    let owner = codec::decode_identity(&owner)?;
    let vote = get(VOTE)?
        .map(|bytes| codec::decode_vote(&bytes))
        .transpose()?;
    let purged = get(PURGED)?
        .map(|bytes| codec::decode_log_id(&bytes))
        .transpose()?;
    let committed = get(COMMITTED)?
        .map(|bytes| codec::decode_log_id(&bytes))
        .transpose()?;
    let committed = committed.map(|id| id.index);

    // Whoever waits for the files to be closed does not wait for this one.
    let (closed, _) = mpsc::channel(1);
    let log = LogFile::create(new, &owner, closed)?;
    let mut next = purged.map(|id| id.index + 1);
    let mut frame = Frame::default();
    for row in entries.iter().map_err(damaged)? {
        let (index, bytes) = row.map_err(damaged)?;
        let bytes = Bytes::copy_from_slice(bytes.value());
        let (index, entry) = (index.value(), codec::decode_entry(&bytes)?);
        if entry.log_id.index != index || next.is_some_and(|next| next != index) {
            return Err(damaged(format!(
                "entry {} is missing",
                next.unwrap_or(index)
            )));
        }
        next = Some(index + 1);
        frame.push(&entry, committed);
        if frame.bytes.len() >= FRAME_BYTES {
            log.append(&std::mem::take(&mut frame))?;
        }
    }
    if frame.last().is_some() {
        log.append(&frame)?;
    }
    if let Some(vote) = vote {
        log.save_vote(&vote)?;
    }
    if let Some(purged) = purged {
        log.purge(purged)?;
    }
    tracing::info!("the log was moved from log.redb into segments");
    Ok(())
}

fn damaged(why: impl ToString) -> LogError {
    LogError::Damaged {
        file: NAME.into(),
        why: why.to_string(),
    }
}
