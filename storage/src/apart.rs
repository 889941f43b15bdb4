//! Content that lies apart: bodies and updates which are blobs.
//!
//! A body or an update names its blob itself; beside that there is a row for each here, by the rules, so that what is named
//! can be told without reading every update there ever was.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::blobs::{Blob, BlobHash};
use crate::ids::{BoardId, DocName, RawName};
use crate::rows::{Record, RowKey, RowKind};

const KIND_BOARD: u8 = 0;
const KIND_RAW: u8 = 1;
/// No update has it.
const BODY_SEQ: u64 = 0;

/// The blob that a document's body or one of its updates is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApartRow {
    pub hash: [u8; 32],
    pub len: u64,
}

impl ApartRow {
    pub fn blob(&self) -> Blob {
        Blob {
            hash: BlobHash::from_bytes(self.hash),
            len: self.len,
        }
    }
}

impl From<Blob> for ApartRow {
    fn from(blob: Blob) -> Self {
        Self {
            hash: *blob.hash.as_bytes(),
            len: blob.len,
        }
    }
}

impl Record for ApartRow {
    const KIND: RowKind = RowKind::Apart;
    type Key = ApartKey;
}

/// Of which document, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApartKey {
    doc: ApartOf,
    seq: u64,
}

impl ApartKey {
    pub fn body(doc: &DocName) -> Self {
        Self::update(doc, BODY_SEQ)
    }

    pub fn update(doc: &DocName, seq: u64) -> Self {
        Self {
            doc: ApartOf(doc.clone()),
            seq,
        }
    }

    pub fn doc(&self) -> &DocName {
        &self.doc.0
    }
}

impl fmt::Display for ApartKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seq {
            BODY_SEQ => write!(f, "the body of {}", self.doc.0),
            seq => write!(f, "update {seq} of {}", self.doc.0),
        }
    }
}

impl RowKey for ApartKey {
    fn write(&self, out: &mut Vec<u8>) {
        self.doc.write(out);
        out.extend_from_slice(&self.seq.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (doc, seq) = bytes.split_last_chunk()?;
        Some(Self {
            doc: ApartOf::read(doc)?,
            seq: u64::from_be_bytes(*seq),
        })
    }
}

/// All of one document. Its length is in it, so no document's keys begin like another's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApartOf(pub DocName);

impl RowKey for ApartOf {
    fn write(&self, out: &mut Vec<u8>) {
        match &self.0 {
            DocName::Board(board) => {
                out.push(KIND_BOARD);
                out.extend_from_slice(board.as_bytes());
            }
            DocName::Raw(name) => {
                let name = name.as_str().as_bytes();
                out.extend_from_slice(&[KIND_RAW, name.len() as u8]);
                out.extend_from_slice(name);
            }
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let doc = match bytes.split_first()? {
            (&KIND_BOARD, id) => BoardId::from_bytes(id.try_into().ok()?).into(),
            (&KIND_RAW, rest) => {
                let (&len, name) = rest.split_first()?;
                let name = String::from_utf8(name.to_vec()).ok()?;
                if name.len() != usize::from(len) {
                    return None;
                }
                DocName::Raw(RawName::try_from(name).ok()?)
            }
            _ => return None,
        };
        Some(Self(doc))
    }
}
