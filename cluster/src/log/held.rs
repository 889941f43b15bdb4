//! A run of the log's entries, held so that it can be read to its end whatever is cut off meanwhile: a segment that is deleted
//! stays readable for whoever has it open.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::file::LogError;
use super::place::PlaceFile;
use super::record::{Head, RECORD_HEAD_BYTES};

/// Records of one segment.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) name: String,
    pub(crate) file: Arc<dyn PlaceFile>,
    /// Where in the file each entry begins that was not read, and where the last one ends.
    pub(crate) starts: VecDeque<u64>,
}

/// Entries as they lie on the disk, oldest first.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) stretches: VecDeque<Stretch>,
    /// The index of the next.
    pub(crate) next: u64,
    /// What is read ends before this one.
    pub(crate) end: u64,
}

impl Held {
    /// The next entry as `codec::encode_entry` wrote it; it is whole.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, LogError> {
        while self.stretches.front().is_some_and(|s| s.starts.len() < 2) {
            self.stretches.pop_front();
        }
        let Some(stretch) = self.stretches.front_mut().filter(|_| self.next < self.end) else {
            return Ok(None);
        };
        let lost = |name: &str| LogError::Damaged {
            file: name.to_owned(),
            why: format!("entry {} cannot be read", self.next),
        };
        let (Some(from), Some(upto)) = (stretch.starts.pop_front(), stretch.starts.front()) else {
            return Err(lost(&stretch.name));
        };
        let mut record = vec![0; (upto - from) as usize];
        stretch.file.read_at(from, &mut record)?;
        let head = Head::decode(&record).filter(|head| head.index == self.next);
        let entry = head.map(|head| RECORD_HEAD_BYTES..RECORD_HEAD_BYTES + head.len);
        let entry = entry.filter(|entry| entry.end <= record.len());
        let entry = entry.ok_or_else(|| lost(&stretch.name))?;
        self.next += 1;
        Ok(Some(Bytes::from(record).slice(entry)))
    }
}
