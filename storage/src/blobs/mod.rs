//! Large content, kept apart from the records: pictures and whatever else a command names by its hash.
//!
//! A blob is written and durable before the command that names it is submitted, so a record never names what is not there.
//! The other way round a crash leaves a blob that nothing names, which is harmless: a node deletes what nothing has named for
//! long, and a place of backups what no backup names any more.

mod files;
mod named;
mod s3;
pub mod suite;

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::str::FromStr;

pub use files::{FileBlobs, Looked, Stamp};
pub use named::{Owner, named, named_by, owners};
pub(crate) use named::{of_asset, of_user};
pub use s3::S3Blobs;

/// BLAKE3 of a blob's bytes, which is also its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobHash([u8; 32]);

impl BlobHash {
    /// What these bytes are called.
    pub fn of(content: &[u8]) -> Self {
        Self(*blake3::hash(content).as_bytes())
    }

    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl FromStr for BlobHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let hash = blake3::Hash::from_hex(text).map_err(|_| NotAHash)?;
        Ok(Self(*hash.as_bytes()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 64 hexadecimal digits")]
pub struct NotAHash;

impl fmt::Debug for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Blob {
    pub hash: BlobHash,
    pub len: u64,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub blobs: u64,
    pub bytes: u64,
}

/// Why a blob was not kept, or cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("the blob {0} is missing")]
    Missing(BlobHash),
    #[error("the blob {0} is damaged: it does not hold what it is named after")]
    Damaged(BlobHash),
    #[error("it has more than {max} bytes")]
    TooLarge { max: u64 },
    #[error("the disk is full")]
    DiskFull,
    /// In a group: this node has it, and too few others.
    #[error("too few nodes could be reached to keep it")]
    Alone,
    #[error("what was to be kept cannot be read: {0}")]
    Source(io::Error),
    #[error("cannot {what}: {error}")]
    Io {
        what: &'static str,
        error: io::Error,
    },
}

/// Where blobs are. Calls block for as long as the disk or the network takes.
pub trait Blobs: fmt::Debug + Send + Sync {
    /// Keeps all that the source gives, if that is at most so many bytes. Durable when it returns; after an error nothing
    /// is left. The same bytes again are the same blob, and mend it if it was damaged.
    fn put(&self, source: &mut dyn Read, len_max: u64) -> Result<Blob, BlobError>;

    /// A part of a blob; what lies beyond its end is left out. All of the blob was held against its hash before.
    fn get(&self, hash: BlobHash, range: Range<u64>) -> Result<Box<dyn Read + Send>, BlobError>;

    /// Its length, if there is one of this name; what it holds is not looked at.
    fn has(&self, hash: BlobHash) -> Result<Option<u64>, BlobError>;

    /// Each there is, in no order, with its length.
    fn each(&self, visit: &mut dyn FnMut(Blob)) -> Result<(), BlobError>;

    /// Takes one away; one that is not there is fine. That nothing names it is for the caller to know.
    fn delete(&self, hash: BlobHash) -> Result<(), BlobError>;

    fn usage(&self) -> Usage;
}

/// Where a blob lies below a root: `ab/cdef…`.
fn place_of(hash: BlobHash) -> String {
    let name = hash.to_string();
    format!("{}/{}", &name[..2], &name[2..])
}

/// The other way round. `None` for what no blob is called.
fn hash_at(place: &str) -> Option<BlobHash> {
    let (folder, rest) = place.split_once('/')?;
    match (folder.len(), rest.len()) {
        (2, 62) => format!("{folder}{rest}").parse().ok(),
        _ => None,
    }
}
