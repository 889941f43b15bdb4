//! One file of the log: the entries from its base on, one after the other.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::file::LogError;
use super::held::Stretch;
use super::place::{Place, PlaceFile};
use super::record::{self, ALIGNMENT, BadHeader, Frame, HEADER_BYTES, Head, RECORD_HEAD_BYTES};
use super::spare;
use crate::codec::{self, Identity};
use crate::raft::Entry;

const SUFFIX: &str = ".seg";
/// A segment under construction; what a crash leaves of it is swept away.
const DRAFT: &str = "segment.new";

#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) name: String,
    file: Arc<dyn PlaceFile>,
    pub(crate) base: u64,
    /// Where each entry begins, and last where the next will.
    starts: Vec<u64>,
    /// What the file was made to hold.
    allocated: u64,
    pub(crate) committed: Option<u64>,
}

/// Whether more may stand behind what a segment holds than whole records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// Others follow: everything in it was synced before they were made.
    Inner,
    /// The newest: its last append may have been cut off, but not before the entry that the log is known to reach.
    Last { reaches: Option<u64> },
}

pub(crate) fn is_segment(name: &str) -> bool {
    name.ends_with(SUFFIX)
}

pub(crate) fn is_draft(name: &str) -> bool {
    name == DRAFT || name == spare::NAME
}

impl Segment {
    /// Makes an empty segment. It has its name only once its header is on the disk.
    pub(crate) fn create(
        place: &dyn Place,
        owner: &Identity,
        base: u64,
        segment_bytes: u64,
    ) -> Result<Self, LogError> {
        let file = place.create(DRAFT)?;
        file.fill_to(segment_bytes)?;
        Self::begin(place, DRAFT, file, owner, base)
    }

    /// Makes an empty segment of a file of zeros, which is there under the spare's name.
    pub(crate) fn of_spare(
        place: &dyn Place,
        file: Arc<dyn PlaceFile>,
        owner: &Identity,
        base: u64,
    ) -> Result<Self, LogError> {
        Self::begin(place, spare::NAME, file, owner, base)
    }

    fn begin(
        place: &dyn Place,
        draft: &str,
        file: Arc<dyn PlaceFile>,
        owner: &Identity,
        base: u64,
    ) -> Result<Self, LogError> {
        let name = format!("{base:020}{SUFFIX}");
        file.write_at(0, &record::encode_header(owner, base))?;
        file.sync()?;
        place.rename(draft, &name)?;
        place.sync()?;
        Ok(Self {
            name,
            base,
            starts: vec![HEADER_BYTES as u64],
            allocated: file.len()?,
            file,
            committed: None,
        })
    }

    /// Opens a segment and reads all of it. What the last append left half-written is cut off.
    pub(crate) fn open(
        place: &dyn Place,
        name: &str,
        owner: &Identity,
        position: Position,
    ) -> Result<Self, LogError> {
        let file = place.open(name)?;
        let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or(usize::MAX)];
        file.read_at(0, &mut bytes)?;
        let base = check_header(name, &bytes, owner)?;
        let mut segment = Self {
            name: name.to_owned(),
            file,
            base,
            starts: vec![HEADER_BYTES as u64],
            allocated: bytes.len() as u64,
            committed: None,
        };
        segment.scan(&bytes);
        let rest = &bytes[segment.end() as usize..];
        if rest.iter().any(|byte| *byte != 0) {
            segment.check_torn(rest, position)?;
            segment.cut_to(segment.next())?;
        }
        Ok(segment)
    }

    /// Takes in whole records as far as they go.
    fn scan(&mut self, bytes: &[u8]) {
        let mut at = self.end() as usize;
        while let Some(head) = Head::decode(&bytes[at..]) {
            let Some(record) = bytes[at..].get(..head.record_bytes()) else {
                return;
            };
            let entry = &record[RECORD_HEAD_BYTES..RECORD_HEAD_BYTES + head.len];
            if head.index != self.next() || codec::check_entry(entry).is_err() {
                return;
            }
            at += record.len();
            self.starts.push(at as u64);
            self.committed = head.committed.or(self.committed);
        }
    }

    /// What stands behind the last whole record must be what a power cut leaves of one append.
    fn check_torn(&self, rest: &[u8], position: Position) -> Result<(), LogError> {
        let next = self.next();
        let lost = || self.damaged(format!("entry {next} cannot be read"));
        match position {
            Position::Last { reaches } if reaches < Some(next) => {}
            Position::Last { .. } | Position::Inner => return Err(lost()),
        }
        let heads = (0..rest.len())
            .step_by(ALIGNMENT)
            .filter_map(|at| Head::decode(&rest[at..]));
        // An entry of a later append than the broken one: that had been synced, and acknowledged.
        if heads.into_iter().any(|head| head.first > next) {
            return Err(lost());
        }
        tracing::warn!(
            file = self.name,
            entry = next,
            "an append was cut off by a crash, before anyone was told of it; it is dropped"
        );
        Ok(())
    }

    pub(crate) fn next(&self) -> u64 {
        self.base + self.starts.len() as u64 - 1
    }

    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        self.end() + bytes as u64 <= self.allocated
    }

    pub(crate) fn is_half_full(&self) -> bool {
        self.end() >= self.allocated / 2
    }

    /// Where to write what comes next, for a writer that does not hold on to the segment meanwhile.
    pub(crate) fn tip(&self) -> (Arc<dyn PlaceFile>, u64) {
        (self.file.clone(), self.end())
    }

    /// The frame is on the disk, at the tip.
    pub(crate) fn took(&mut self, frame: &Frame) {
        let end = self.end();
        let ends = frame.starts.iter().skip(1).map(|start| end + *start as u64);
        self.starts.extend(ends);
        self.starts.push(end + frame.bytes.len() as u64);
        self.committed = frame.committed.or(self.committed);
    }

    /// Bytes of records.
    pub(crate) fn bytes(&self) -> u64 {
        self.end() - HEADER_BYTES as u64
    }

    /// Entries of `range` that are here, until `bytes_max` is passed, but at least one; and whether that was all.
    pub(crate) fn read(
        &self,
        range: Range<u64>,
        bytes_max: u64,
        entries: &mut Vec<Entry>,
    ) -> Result<u64, LogError> {
        let first = range.start.max(self.base);
        let end = range.end.min(self.next());
        if first >= end {
            return Ok(0);
        }
        let start = |index: u64| self.starts[(index - self.base) as usize];
        let from = start(first);
        let mut upto = first + 1;
        while upto < end && start(upto + 1) - from <= bytes_max {
            upto += 1;
        }
        let mut bytes = vec![0; (start(upto) - from) as usize];
        self.file.read_at(from, &mut bytes)?;
        let bytes = Bytes::from(bytes);
        for index in first..upto {
            let record = &bytes[(start(index) - from) as usize..(start(index + 1) - from) as usize];
            let head = Head::decode(record).filter(|head| head.index == index);
            let entry =
                head.and_then(|head| record.get(RECORD_HEAD_BYTES..RECORD_HEAD_BYTES + head.len));
            let entry =
                entry.ok_or_else(|| self.damaged(format!("entry {index} cannot be read")))?;
            let entry = codec::decode_entry(&bytes.slice_ref(entry))?;
            if entry.log_id.index != index {
                let found = entry.log_id.index;
                return Err(self.damaged(format!("the place of entry {index} holds entry {found}")));
            }
            entries.push(entry);
        }
        Ok(bytes.len() as u64)
    }

    /// The records from entry `next` on, if there are any.
    pub(crate) fn stretch(&self, next: u64) -> Option<Stretch> {
        let skipped = next.max(self.base) - self.base;
        let starts = self.starts.get(usize::try_from(skipped).ok()?..)?;
        (starts.len() > 1).then(|| Stretch {
            name: self.name.clone(),
            file: self.file.clone(),
            starts: starts.iter().copied().collect(),
        })
    }

    /// Drops `since` and all after it, so that nothing of it can come back.
    pub(crate) fn cut_to(&mut self, since: u64) -> Result<(), LogError> {
        self.starts.truncate((since - self.base) as usize + 1);
        self.file.set_len(self.end())?;
        self.file.fill_to(self.allocated)?;
        self.file.sync()?;
        Ok(())
    }

    /// Gives back the room that was not used. Nothing depends on it.
    pub(crate) fn close(&mut self) -> Result<(), LogError> {
        self.file.set_len(self.end())?;
        self.allocated = self.end();
        Ok(())
    }

    fn end(&self) -> u64 {
        *self
            .starts
            .last()
            .expect("there is always where the next begins")
    }

    pub(crate) fn damaged(&self, why: String) -> LogError {
        LogError::Damaged {
            file: self.name.clone(),
            why,
        }
    }
}

fn check_header(name: &str, bytes: &[u8], owner: &Identity) -> Result<u64, LogError> {
    let damaged = |why: &str| LogError::Damaged {
        file: name.to_owned(),
        why: why.to_owned(),
    };
    let header = bytes.first_chunk::<HEADER_BYTES>();
    let header = header.ok_or_else(|| damaged("it was cut short"))?;
    let (found, base) = record::decode_header(header).map_err(|bad| match bad {
        BadHeader::NotOurs => damaged("it is not a file of Easel's"),
        BadHeader::Checksum => damaged("its header does not match its checksum"),
        BadHeader::Newer(found) => LogError::Newer {
            file: name.to_owned(),
            found,
            known: record::VERSION,
        },
    })?;
    if found != *owner {
        return Err(LogError::Mixed {
            file: name.to_owned(),
            why: format!("it is of node {} of {}", found.node, found.cluster),
        });
    }
    if name != format!("{base:020}{SUFFIX}") {
        return Err(damaged(&format!(
            "it begins with entry {base}, which its name denies"
        )));
    }
    Ok(base)
}
