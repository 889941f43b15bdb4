//! The bytes of a segment: its header, then records. Frozen, like everything in [`crate::codec`].
//!
//! ```text
//! header, 64 bytes   "EASELLOG"  u32 version  16 bytes cluster  u64 node  u64 base  zeros  u32 crc of the 60 before
//! record*            u32 length  u32 crc of the other 28  u64 index  u64 first  u64 committed  entry  zeros to a multiple of 8
//! ```
//!
//! Numbers are little-endian. An entry carries a checksum of its own. `first` is the index of the first entry of the
//! same append, all of which were synced at once: so whoever finds a damaged record and behind it one of a *later*
//! append knows that the damaged one had been on the disk. `committed` is one more than the newest entry known to be
//! committed when the append was made; 0 for none.

use easel_storage::ClusterId;

use crate::codec::{self, Identity};
use crate::raft::Entry;

const MAGIC: &[u8; 8] = b"EASELLOG";
pub(crate) const VERSION: u32 = 1;
pub(crate) const HEADER_BYTES: usize = 64;
pub(crate) const RECORD_HEAD_BYTES: usize = 32;
pub(crate) const ALIGNMENT: usize = 8;

/// Why the beginning of a file is not a segment's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadHeader {
    NotOurs,
    Newer(u32),
    Checksum,
}

pub(crate) fn encode_header(owner: &Identity, base: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[12..28].copy_from_slice(owner.cluster.as_bytes());
    header[28..36].copy_from_slice(&owner.node.to_le_bytes());
    header[36..44].copy_from_slice(&base.to_le_bytes());
    let crc = crc32fast::hash(&header[..60]);
    header[60..].copy_from_slice(&crc.to_le_bytes());
    header
}

pub(crate) fn decode_header(header: &[u8; HEADER_BYTES]) -> Result<(Identity, u64), BadHeader> {
    if header[..8] != *MAGIC {
        return Err(BadHeader::NotOurs);
    }
    match u32_at(header, 8) {
        VERSION => {}
        0 => return Err(BadHeader::NotOurs),
        newer => return Err(BadHeader::Newer(newer)),
    }
    if crc32fast::hash(&header[..60]) != u32_at(header, 60) {
        return Err(BadHeader::Checksum);
    }
    let mut cluster = [0; 16];
    cluster.copy_from_slice(&header[12..28]);
    let owner = Identity {
        cluster: ClusterId::from_bytes(cluster),
        node: u64_at(header, 28),
    };
    Ok((owner, u64_at(header, 36)))
}

/// What stands before an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) len: usize,
    pub(crate) index: u64,
    pub(crate) first: u64,
    pub(crate) committed: Option<u64>,
}

impl Head {
    /// Reads the head at the beginning of the bytes, if there is one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let head = bytes.first_chunk::<RECORD_HEAD_BYTES>()?;
        let len = u32_at(head, 0) as usize;
        if len == 0 || crc_of(head) != u32_at(head, 4) {
            return None;
        }
        Some(Self {
            len,
            index: u64_at(head, 8),
            first: u64_at(head, 16),
            committed: u64_at(head, 24).checked_sub(1),
        })
    }

    fn encode(&self) -> [u8; RECORD_HEAD_BYTES] {
        let len = u32::try_from(self.len).expect("an entry is at most a few times 48 MiB");
        let mut head = [0; RECORD_HEAD_BYTES];
        head[..4].copy_from_slice(&len.to_le_bytes());
        head[8..16].copy_from_slice(&self.index.to_le_bytes());
        head[16..24].copy_from_slice(&self.first.to_le_bytes());
        let committed = self.committed.map_or(0, |index| index + 1);
        head[24..].copy_from_slice(&committed.to_le_bytes());
        let crc = crc_of(&head);
        head[4..8].copy_from_slice(&crc.to_le_bytes());
        head
    }

    /// With its entry and what fills up to the next record.
    pub(crate) fn record_bytes(&self) -> usize {
        (RECORD_HEAD_BYTES + self.len).next_multiple_of(ALIGNMENT)
    }
}

/// The records of one append, as they go to the disk.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
    /// Where each record begins.
    pub(crate) starts: Vec<usize>,
    pub(crate) first: u64,
    pub(crate) committed: Option<u64>,
}

impl Frame {
    /// An empty one in a buffer that was used before.
    pub(crate) fn within(mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        Self {
            bytes,
            ..Self::default()
        }
    }

    /// Adds an entry; they must come in order and without a gap.
    pub(crate) fn push(&mut self, entry: &Entry, committed: Option<u64>) {
        let (start, index) = (self.bytes.len(), entry.log_id.index);
        if self.starts.is_empty() {
            self.first = index;
        }
        self.starts.push(start);
        self.committed = committed.or(self.committed);
        self.bytes.resize(start + RECORD_HEAD_BYTES, 0);
        codec::encode_entry_onto(entry, &mut self.bytes);
        let head = Head {
            len: self.bytes.len() - start - RECORD_HEAD_BYTES,
            index,
            first: self.first,
            committed,
        };
        self.bytes[start..start + RECORD_HEAD_BYTES].copy_from_slice(&head.encode());
        self.bytes.resize(start + head.record_bytes(), 0);
    }

    pub(crate) fn last(&self) -> Option<u64> {
        let count = self.starts.len() as u64;
        (count > 0).then(|| self.first + count - 1)
    }
}

fn crc_of(head: &[u8; RECORD_HEAD_BYTES]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&head[..4]);
    crc.update(&head[8..]);
    crc.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}
