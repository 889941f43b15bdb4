//! The log on disk: a folder of segments, each a run of entries, and a mark. Synchronous; one writer thread owns
//! the writing, readers come from anywhere.
//!
//! When a call that writes has returned, its effect survives a power cut. An append is one write and one sync at
//! the end of the newest segment, over zeros that are on the disk already. Cutting the log at its beginning removes
//! whole segments. What an append that was cut off left behind is dropped when the log is opened; damage anywhere else is
//! told apart from that and refused.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use tokio::sync::mpsc;

use super::held::Held;
use super::mark::{self, Mark};
use super::place::{Folder, Place};
use super::record::{self, Frame};
use super::segment::{self, Position, Segment};
use super::spare::Spare;
use crate::codec::{DecodeError, Identity};
use crate::raft::{Entry, LogId, Vote};

/// A segment that was prepared takes this much and then gives way to the next.
const SEGMENT_BYTES: u64 = 16 << 20;
/// One that an append must wait for takes this much, or the append if that is larger.
const HASTY_BYTES: u64 = 1 << 20;

const MARK: &str = "mark";
const MARK_DRAFT: &str = "mark.new";

/// Why the log cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("{file} is damaged: {why}")]
    Damaged { file: String, why: String },
    #[error("{file} has format {found}, this release reads up to {known}")]
    Newer {
        file: String,
        found: u32,
        known: u32,
    },
    #[error("{file} does not belong here: {why}")]
    Mixed { file: String, why: String },
    #[error("{file} is missing")]
    Missing { file: String },
    #[error("{0}")]
    Inconsistent(String),
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
    place: Arc<dyn Place>,
    sizes: Sizes,
    /// As it is on the disk.
    mark: Mutex<Mark>,
    /// Oldest first; the last is written to. A read holds it shared, so a cut waits for reads.
    segments: RwLock<Vec<Segment>>,
    spare: Mutex<Spare>,
    // Declared last: whoever waits on the other end knows that the files are closed.
    _closed: mpsc::Sender<()>,
}

#[derive(Debug)]
struct Sizes {
    prepared: u64,
    hasty: u64,
}

const SIZES: Sizes = Sizes {
    prepared: SEGMENT_BYTES,
    hasty: HASTY_BYTES,
};

impl LogFile {
    /// Makes an empty log in a folder that must not exist.
    pub(crate) fn create(
        path: &Path,
        owner: &Identity,
        closed: mpsc::Sender<()>,
    ) -> Result<Self, LogError> {
        Self::begin(Arc::new(Folder::create(path)?), owner, closed)
    }

    /// Opens a log that must exist.
    pub(crate) fn open(path: &Path, closed: mpsc::Sender<()>) -> Result<Self, LogError> {
        Self::read_in(Arc::new(Folder::open(path)), closed)
    }

    /// Makes a log in any place, or opens the one that is there; simulations of lost writes need it. Its segments
    /// are small.
    #[cfg(test)]
    pub(crate) fn on_place(
        place: Arc<dyn Place>,
        owner: &Identity,
        closed: mpsc::Sender<()>,
    ) -> Result<Self, LogError> {
        let is_new = place.names()?.iter().all(|name| name == MARK_DRAFT);
        let mut log = if is_new {
            Self::begin(place, owner, closed)?
        } else {
            Self::read_in(place, closed)?
        };
        log.sizes = Sizes {
            prepared: 32 << 10,
            hasty: 8 << 10,
        };
        Ok(log)
    }

    fn begin(
        place: Arc<dyn Place>,
        owner: &Identity,
        _closed: mpsc::Sender<()>,
    ) -> Result<Self, LogError> {
        let mark = Mark {
            owner: *owner,
            vote: None,
            purged: None,
            reaches: None,
        };
        write_mark(&*place, &mark)?;
        let (mark, segments) = (Mutex::new(mark), RwLock::default());
        Ok(Self {
            place,
            sizes: SIZES,
            mark,
            segments,
            spare: Mutex::default(),
            _closed,
        })
    }

    fn read_in(place: Arc<dyn Place>, _closed: mpsc::Sender<()>) -> Result<Self, LogError> {
        let mark = read_mark(&*place)?;
        let segments = open_segments(&*place, &mark)?;
        let (mark, segments) = (Mutex::new(mark), RwLock::new(segments));
        Ok(Self {
            place,
            sizes: SIZES,
            mark,
            segments,
            spare: Mutex::default(),
            _closed,
        })
    }

    pub(crate) fn owner(&self) -> Identity {
        self.mark.lock().owner
    }

    pub(crate) fn summary(&self) -> Result<LogSummary, LogError> {
        let Mark { purged, vote, .. } = *self.mark.lock();
        let segments = self.segments.read();
        let next = segments.last().map(Segment::next);
        let committed = segments.iter().rev().find_map(|segment| segment.committed);
        let id_of = |index: u64| -> Result<Option<LogId>, LogError> {
            let mut entries = Vec::new();
            for segment in segments.iter().rev().filter(|s| s.base <= index).take(1) {
                segment.read(index..index + 1, 0, &mut entries)?;
            }
            Ok(entries.pop().map(|entry| entry.log_id))
        };
        let last = match next.and_then(|next| next.checked_sub(1)) {
            Some(index) => id_of(index)?,
            None => None,
        };
        let committed = match committed {
            // Gone from the log: then what is gone is committed, and that is as much as is known.
            Some(index) => id_of(index)?.or(purged),
            None => purged,
        };
        let bytes = segments.iter().map(Segment::bytes).sum();
        Ok(LogSummary {
            purged,
            last: last.max(purged),
            committed,
            vote,
            bytes,
        })
    }

    /// Entries of `range` that are there, oldest first, until `bytes_max` is passed; at least one if
    /// there is any.
    pub(crate) fn read(&self, range: Range<u64>, bytes_max: u64) -> Result<Piece, LogError> {
        let segments = self.segments.read();
        let mut entries = Vec::new();
        let mut bytes = 0;
        let mut next = range.start;
        for segment in segments
            .iter()
            .filter(|segment| segment.next() > range.start)
        {
            if bytes >= bytes_max && !entries.is_empty() {
                break;
            }
            let left = bytes_max.saturating_sub(bytes);
            bytes += segment.read(next..range.end, left, &mut entries)?;
            next = entries.last().map_or(next, |entry| entry.log_id.index + 1);
            if next < segment.next() {
                break;
            }
        }
        let end = segments.last().map_or(0, Segment::next).min(range.end);
        Ok(match entries.last() {
            Some(entry) if entry.log_id.index + 1 < end => Piece::Cut(entries),
            Some(_) | None => Piece::Whole(entries),
        })
    }

    /// All entries there are before `end`, to be read whatever becomes of the log. `None`: it does not reach so far yet.
    pub(crate) fn hold(&self, end: u64) -> Option<Held> {
        let purged = self.mark.lock().purged;
        let segments = self.segments.read();
        let reached = segments.last().map(Segment::next);
        if reached.max(purged.map(|id| id.index + 1)) < Some(end) {
            return None;
        }
        // What a cut left standing before its end was never looked at again.
        let next = segments.first().map_or(end, |first| first.base);
        let next = next.max(purged.map_or(0, |id| id.index + 1)).min(end);
        let stretches = segments.iter().filter_map(|s| s.stretch(next));
        Some(Held {
            stretches: stretches.collect(),
            next,
            end,
        })
    }

    pub(crate) fn append(&self, frame: &Frame) -> Result<AppendCost, LogError> {
        let begun = Instant::now();
        self.make_room_for(frame)?;
        let tip = self.segments.read().last().map(Segment::tip);
        let (file, end) = tip.expect("room was made in a segment");
        file.write_at(end, &frame.bytes)?;
        let forced = Instant::now();
        file.sync()?;
        let cost = AppendCost {
            took: begun.elapsed(),
            fsync: forced.elapsed(),
            bytes: frame.bytes.len() as u64,
        };
        let mut half_full = false;
        if let Some(segment) = self.segments.write().last_mut() {
            segment.took(frame);
            half_full = segment.is_half_full();
        }
        if half_full {
            self.prepare_spare();
        }
        Ok(cost)
    }

    /// Has the next segment made, if it is not already. Without one the next append that needs it makes a small one.
    fn prepare_spare(&self) {
        let mut spare = self.spare.lock();
        if spare.is_begun() {
            return;
        }
        #[cfg(test)]
        let begun = match self.sizes.prepared {
            SEGMENT_BYTES => spare.begin(self.place.clone(), SEGMENT_BYTES),
            simulated => spare.make_here(&*self.place, simulated),
        };
        #[cfg(not(test))]
        let begun = spare.begin(self.place.clone(), self.sizes.prepared);
        if let Err(error) = begun {
            tracing::warn!(%error, "the log's next segment was not prepared");
        }
    }

    /// Begins a segment if the newest has no room for the frame, or does not end where the frame begins: a snapshot
    /// from another node leaves a gap of what is purged.
    fn make_room_for(&self, frame: &Frame) -> Result<(), LogError> {
        let first = frame.first;
        match self.segments.write().last_mut() {
            Some(newest) if newest.next() != first => {
                let next = newest.next();
                let why = format!("entry {first} was to be appended where entry {next} belongs");
                return Err(LogError::Inconsistent(why));
            }
            Some(newest) if newest.has_room_for(frame.bytes.len()) => return Ok(()),
            Some(newest) => newest.close()?,
            None => {}
        }
        let made = self.next_segment(first, frame.bytes.len())?;
        self.segments.write().push(made);
        Ok(())
    }

    fn next_segment(&self, base: u64, bytes: usize) -> Result<Segment, LogError> {
        let owner = self.owner();
        let wanted = (record::HEADER_BYTES + bytes) as u64;
        if wanted <= self.sizes.prepared {
            match self.spare.lock().take() {
                Ok(Some(file)) => return Segment::of_spare(&*self.place, file, &owner, base),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the log's next segment was not prepared"),
            }
        }
        let segment_bytes = wanted.max(self.sizes.hasty);
        Segment::create(&*self.place, &owner, base, segment_bytes)
    }

    pub(crate) fn save_vote(&self, vote: &Vote) -> Result<(), LogError> {
        self.put_mark(|mark| mark.vote = Some(*vote))
    }

    /// Drops `since` and all after it. Newest first, so that a crash meanwhile leaves no gap.
    pub(crate) fn truncate(&self, since: u64) -> Result<(), LogError> {
        self.put_mark(|mark| mark.reaches = mark.reaches.min(since.checked_sub(1)))?;
        let mut segments = self.segments.write();
        while let Some(newest) = segments.last_mut() {
            if newest.next() <= since {
                break;
            }
            if newest.base < since {
                newest.cut_to(since)?;
                break;
            }
            self.place.remove(&newest.name)?;
            self.place.sync()?;
            segments.pop();
        }
        Ok(())
    }

    /// Drops segments of which everything is `upto` or before it, and remembers that the log begins after that.
    pub(crate) fn purge(&self, upto: LogId) -> Result<(), LogError> {
        let reaches = self.last_index();
        self.put_mark(|mark| {
            mark.purged = mark.purged.max(Some(upto));
            mark.reaches = reaches;
        })?;
        let mut segments = self.segments.write();
        remove_purged(&*self.place, &mut segments, upto.index)
    }

    fn last_index(&self) -> Option<u64> {
        self.segments
            .read()
            .last()
            .and_then(|segment| segment.next().checked_sub(1))
    }

    fn put_mark(&self, change: impl FnOnce(&mut Mark)) -> Result<(), LogError> {
        let mut held = self.mark.lock();
        let mut mark = held.clone();
        change(&mut mark);
        write_mark(&*self.place, &mark)?;
        *held = mark;
        Ok(())
    }
}

impl Drop for LogFile {
    /// Notes how far the log reaches, so that a later loss of its end is noticed.
    fn drop(&mut self) {
        let reaches = self.last_index();
        if self.mark.lock().reaches == reaches {
            return;
        }
        if let Err(error) = self.put_mark(|mark| mark.reaches = reaches) {
            tracing::warn!(%error, "the end of the log was not noted");
        }
    }
}

fn read_mark(place: &dyn Place) -> Result<Mark, LogError> {
    let file = match place.open(MARK) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(LogError::Missing { file: MARK.into() });
        }
        Err(error) => return Err(error.into()),
    };
    let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or(usize::MAX)];
    file.read_at(0, &mut bytes)?;
    mark::decode(&bytes).map_err(|error| match error {
        DecodeError::NewerFormat { found, known, .. } => LogError::Newer {
            file: MARK.into(),
            found: found.into(),
            known: known.into(),
        },
        other => LogError::Damaged {
            file: MARK.into(),
            why: other.to_string(),
        },
    })
}

fn write_mark(place: &dyn Place, mark: &Mark) -> Result<(), LogError> {
    let file = place.create(MARK_DRAFT)?;
    file.write_at(0, &mark::encode(mark))?;
    file.sync()?;
    place.rename(MARK_DRAFT, MARK)?;
    place.sync()?;
    Ok(())
}

/// Opens the segments and checks that together they are the log that the mark speaks of.
fn open_segments(place: &dyn Place, mark: &Mark) -> Result<Vec<Segment>, LogError> {
    let mut names = Vec::new();
    for name in place.names()? {
        if segment::is_segment(&name) {
            names.push(name);
        } else if segment::is_draft(&name) || name == MARK_DRAFT {
            place.remove(&name)?;
        }
    }
    names.sort_unstable();
    let mut segments: Vec<Segment> = Vec::with_capacity(names.len());
    for (nth, name) in names.iter().enumerate() {
        let position = if nth + 1 == names.len() {
            Position::Last {
                reaches: mark.reaches,
            }
        } else {
            Position::Inner
        };
        let segment = Segment::open(place, name, &mark.owner, position)?;
        if let Some(before) = segments.last()
            && before.next() != segment.base
        {
            let (next, base) = (before.next(), segment.base);
            return Err(segment.damaged(format!(
                "it begins with entry {base}, and entry {next} is missing"
            )));
        }
        segments.push(segment);
    }
    check_ends(&segments, mark)?;
    if let Some(purged) = mark.purged {
        remove_purged(place, &mut segments, purged.index)?;
    }
    Ok(segments)
}

fn check_ends(segments: &[Segment], mark: &Mark) -> Result<(), LogError> {
    let purged = mark.purged.map(|id| id.index);
    let last = segments
        .last()
        .and_then(|segment| segment.next().checked_sub(1));
    if let Some(reaches) = mark.reaches
        && last.max(purged) < Some(reaches)
    {
        let why = match last {
            Some(last) => format!("the log ends with entry {last} and had reached entry {reaches}"),
            None => format!("the log is gone and had reached entry {reaches}"),
        };
        let file = segments
            .last()
            .map_or(MARK, |segment| &segment.name)
            .to_owned();
        return Err(LogError::Damaged { file, why });
    }
    match (segments.first(), purged) {
        (Some(first), Some(purged)) if first.base > purged + 1 => {
            let base = first.base;
            Err(first.damaged(format!(
                "the log was cut after entry {purged}, but begins with entry {base}"
            )))
        }
        _ => Ok(()),
    }
}

fn remove_purged(
    place: &dyn Place,
    segments: &mut Vec<Segment>,
    purged: u64,
) -> Result<(), LogError> {
    let gone = segments
        .iter()
        .take_while(|segment| segment.next() <= purged + 1)
        .count();
    if gone == 0 {
        return Ok(());
    }
    for segment in segments.drain(..gone) {
        place.remove(&segment.name)?;
    }
    // Names that come back after a power cut are removed again at the next start; no sync is needed for them.
    Ok(())
}
