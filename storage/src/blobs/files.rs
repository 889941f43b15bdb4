//! Blobs as files, `DIR/ab/cdef…` after their hash in hexadecimal.
//!
//! A blob comes into being in `DIR/incoming`, is synced there, and is then renamed to its place, whose folder is synced.
//! So a file in its place is whole; what a crash left in `incoming` is deleted when the folder is opened. One that was found
//! damaged is moved to `DIR/damaged`, for somebody to look at.

mod care;

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

pub use care::Looked;

use super::{Blob, BlobError, BlobHash, Blobs, Usage, place_of};
use crate::disk;

const INCOMING: &str = "incoming";
const DAMAGED: &str = "damaged";
const CHUNK_BYTES: usize = 64 << 10;
/// Of so many blobs it is remembered that they are whole. When there are more, all are forgotten.
const WHOLE_MAX: usize = 10_000;
/// The room on the disk is looked at before the first byte and then once in so many.
const LOOK_EVERY_BYTES: u64 = 8 << 20;

#[derive(Debug)]
pub struct FileBlobs {
    dir: PathBuf,
    reserve_bytes: u64,
    next: AtomicU64,
    usage: Mutex<Usage>,
    whole: Mutex<HashMap<BlobHash, Stamp>>,
    /// How often a file was read through to see that it is whole.
    checks: AtomicU64,
}

/// By which a file that was written to, touched or replaced is told from the one that was looked at. As text it is one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(about: &Metadata) -> Stamp {
        Stamp {
            inode: about.ino(),
            len: about.size(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (modified, changed) = (self.modified, self.changed);
        write!(
            f,
            "{}.{}.{}.{}.{}.{}",
            self.inode, self.len, modified.0, modified.1, changed.0, changed.1
        )
    }
}

impl FileBlobs {
    /// Opens the folder, which is made if it is missing, and deletes what a crash left half-written. With less than
    /// `reserve_bytes` free on the disk nothing is kept.
    pub fn open(dir: &Path, reserve_bytes: u64) -> Result<Self, BlobError> {
        let incoming = dir.join(INCOMING);
        fs::create_dir_all(&incoming).map_err(failed("make the folder of blobs"))?;
        sweep(&incoming).map_err(failed("delete what a crash left half-written"))?;
        if let Some(above) = dir.parent() {
            sync_folder(above)?;
        }
        sync_folder(dir)?;
        Ok(Self {
            usage: Mutex::new(count(dir).map_err(failed("count the blobs"))?),
            dir: dir.to_owned(),
            reserve_bytes,
            next: AtomicU64::new(0),
            whole: Mutex::default(),
            checks: AtomicU64::new(0),
        })
    }

    /// A folder that is only read, and may be written by another process meanwhile: nothing is made or swept, and what there
    /// is is not counted.
    pub fn to_read(dir: &Path) -> Self {
        Self {
            usage: Mutex::default(),
            dir: dir.to_owned(),
            reserve_bytes: 0,
            next: AtomicU64::new(0),
            whole: Mutex::default(),
            checks: AtomicU64::new(0),
        }
    }

    fn path_of(&self, hash: BlobHash) -> PathBuf {
        self.dir.join(place_of(hash))
    }

    fn check_room(&self) -> Result<(), BlobError> {
        match disk::free_bytes(&self.dir) {
            Ok(free) if free < self.reserve_bytes => Err(BlobError::DiskFull),
            Ok(_) => Ok(()),
            Err(error) => Err(failed("see how much room is left")(error)),
        }
    }

    /// All of the source in the file, synced.
    fn fill(
        &self,
        file: &mut File,
        source: &mut dyn Read,
        len_max: u64,
    ) -> Result<Blob, BlobError> {
        let mut hasher = blake3::Hasher::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        let (mut len, mut look_at) = (0, 0);
        loop {
            let read = match source.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(BlobError::Source(error)),
            };
            if len >= look_at {
                self.check_room()?;
                look_at = len + LOOK_EVERY_BYTES;
            }
            len += read as u64;
            if len > len_max {
                return Err(BlobError::TooLarge { max: len_max });
            }
            hasher.update(&chunk[..read]);
            file.write_all(&chunk[..read])
                .map_err(failed("write a blob"))?;
        }
        file.sync_all().map_err(failed("sync a blob"))?;
        let hash = BlobHash(*hasher.finalize().as_bytes());
        Ok(Blob { hash, len })
    }

    /// That it holds what it is named after. Read through once, and again when the file is another.
    fn check_whole(&self, hash: BlobHash, file: &mut File) -> Result<(), BlobError> {
        let about = file.metadata().map_err(failed("look at a blob"))?;
        // Before it is read: what is written to it meanwhile shows the next time.
        let stamp = Stamp::of(&about);
        if self.whole.lock().get(&hash) == Some(&stamp) {
            return Ok(());
        }
        self.checks.fetch_add(1, Ordering::Relaxed);
        let mut hasher = blake3::Hasher::new();
        let read = hasher.update_reader(file).map(drop);
        read.map_err(|error| unreadable(hash, error))?;
        if hasher.finalize() != blake3::Hash::from_bytes(hash.0) {
            return Err(BlobError::Damaged(hash));
        }
        let mut whole = self.whole.lock();
        if whole.len() >= WHOLE_MAX {
            whole.clear();
        }
        whole.insert(hash, stamp);
        Ok(())
    }

    /// Moves the file to its place, over an equal one that may be there, and makes that last.
    fn settle(&self, from: &Path, blob: Blob) -> Result<(), BlobError> {
        let place = self.path_of(blob.hash);
        let folder = place.parent().expect("a blob lies in a folder");
        match fs::create_dir(folder) {
            Ok(()) => sync_folder(&self.dir)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("make a folder for blobs")(error)),
        }
        // Two that bring the same bytes at once are counted once.
        let mut usage = self.usage.lock();
        let before = fs::metadata(&place).ok().map(|about| about.len());
        fs::rename(from, &place).map_err(failed("move a blob to its place"))?;
        usage.blobs += u64::from(before.is_none());
        // What lay there may have been damaged, and longer than all that was counted.
        usage.bytes = (usage.bytes + blob.len).saturating_sub(before.unwrap_or_default());
        drop(usage);
        sync_folder(folder)
    }
}

impl Blobs for FileBlobs {
    fn put(&self, source: &mut dyn Read, len_max: u64) -> Result<Blob, BlobError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.dir.join(INCOMING).join(number.to_string());
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(failed("begin a blob"))?;
        let kept = self.fill(&mut file, source, len_max);
        let kept = kept.and_then(|blob| self.settle(&path, blob).map(|()| blob));
        if kept.is_err() {
            // If even this fails, the next start does it.
            let _ = fs::remove_file(&path);
        }
        kept
    }

    fn get(&self, hash: BlobHash, range: Range<u64>) -> Result<Box<dyn Read + Send>, BlobError> {
        let mut file = match File::open(self.path_of(hash)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BlobError::Missing(hash));
            }
            Err(error) => return Err(failed("open a blob")(error)),
        };
        self.check_whole(hash, &mut file)?;
        file.seek(SeekFrom::Start(range.start))
            .map_err(failed("read a blob"))?;
        Ok(Box::new(file.take(range.end.saturating_sub(range.start))))
    }

    fn has(&self, hash: BlobHash) -> Result<Option<u64>, BlobError> {
        match fs::metadata(self.path_of(hash)) {
            Ok(about) => Ok(Some(about.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("look for a blob")(error)),
        }
    }

    fn each(&self, visit: &mut dyn FnMut(Blob)) -> Result<(), BlobError> {
        self.each_with_stamp(&mut |blob, _| visit(blob))
    }

    fn delete(&self, hash: BlobHash) -> Result<(), BlobError> {
        let place = self.path_of(hash);
        let mut usage = self.usage.lock();
        let Ok(about) = fs::metadata(&place) else {
            return Ok(());
        };
        fs::remove_file(&place).map_err(failed("delete a blob"))?;
        usage.blobs = usage.blobs.saturating_sub(1);
        usage.bytes = usage.bytes.saturating_sub(about.len());
        Ok(())
    }

    fn usage(&self) -> Usage {
        *self.usage.lock()
    }
}

fn sweep(incoming: &Path) -> io::Result<()> {
    for item in fs::read_dir(incoming)? {
        fs::remove_file(item?.path())?;
    }
    Ok(())
}

fn count(dir: &Path) -> io::Result<Usage> {
    let mut usage = Usage::default();
    walk(dir, &mut |_, about| {
        usage.blobs += 1;
        usage.bytes += about.len();
    })?;
    Ok(usage)
}

/// Every file in its place, `ab/cdef…`.
fn walk(dir: &Path, visit: &mut dyn FnMut(&str, &Metadata)) -> io::Result<()> {
    for folder in fs::read_dir(dir)? {
        let folder = folder?;
        let name = folder.file_name();
        if folder.file_type()?.is_dir() && name != INCOMING && name != DAMAGED {
            walk_folder(&folder.path(), &name.to_string_lossy(), visit)?;
        }
    }
    Ok(())
}

fn walk_folder(
    folder: &Path,
    name: &str,
    visit: &mut dyn FnMut(&str, &Metadata),
) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let file = file?;
        let about = match file.metadata() {
            Ok(about) => about,
            // Deleted just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let place = format!("{name}/{}", file.file_name().to_string_lossy());
        visit(&place, &about);
    }
    Ok(())
}

/// A new name lasts when the folder that holds it is synced.
fn sync_folder(folder: &Path) -> Result<(), BlobError> {
    // The folder above a relative path of one part.
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(failed("sync a folder of blobs"))
}

/// A sector that the disk cannot read any more is damage like any other; everything else may be over the next time.
fn unreadable(hash: BlobHash, error: io::Error) -> BlobError {
    match error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) {
        true => BlobError::Damaged(hash),
        false => failed("read a blob")(error),
    }
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> BlobError {
    move |error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BlobError::DiskFull,
        _ => BlobError::Io { what, error },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{FileBlobs, INCOMING};
    use crate::blobs::{Blob, BlobError, BlobHash, Blobs, Usage, suite};

    const ABC: &[u8] = b"abc";

    fn open(dir: &Path) -> FileBlobs {
        FileBlobs::open(&dir.join("blobs"), 0).unwrap()
    }

    fn keep(blobs: &FileBlobs, mut bytes: &[u8]) -> Blob {
        blobs.put(&mut bytes, 1 << 20).unwrap()
    }

    fn read(
        blobs: &FileBlobs,
        hash: BlobHash,
        range: std::ops::Range<u64>,
    ) -> Result<Vec<u8>, BlobError> {
        let mut bytes = Vec::new();
        blobs.get(hash, range)?.read_to_end(&mut bytes).unwrap();
        Ok(bytes)
    }

    fn half_written(dir: &Path) -> usize {
        fs::read_dir(dir.join("blobs").join(INCOMING))
            .unwrap()
            .count()
    }

    #[test]
    fn files_are_a_place_for_blobs() {
        let dir = tempfile::tempdir().unwrap();
        suite::run(&|| Box::new(open(dir.path())), &|hash, bytes| {
            fs::write(open(dir.path()).path_of(hash), bytes).unwrap();
        });
        assert_eq!(half_written(dir.path()), 0);
    }

    #[test]
    fn what_only_reads_makes_and_sweeps_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let missing = FileBlobs::to_read(&dir.path().join("blobs"));
        assert!(missing.each(&mut |_| {}).is_err());
        assert!(!dir.path().join("blobs").exists());
        let kept = keep(&open(dir.path()), ABC);
        let half = dir.path().join("blobs").join(INCOMING).join("0");
        fs::write(half, b"ab").unwrap();
        let reads = FileBlobs::to_read(&dir.path().join("blobs"));
        assert_eq!(read(&reads, kept.hash, 0..3).unwrap(), ABC);
        assert_eq!(half_written(dir.path()), 1);
    }

    #[test]
    fn what_a_crash_left_half_written_is_gone_after_a_start() {
        let dir = tempfile::tempdir().unwrap();
        let kept = keep(&open(dir.path()), ABC);
        let half = dir.path().join("blobs").join(INCOMING).join("0");
        fs::write(half, b"ab").unwrap();
        let blobs = open(dir.path());
        assert_eq!(half_written(dir.path()), 0);
        assert_eq!(read(&blobs, kept.hash, 0..3).unwrap(), ABC);
    }

    #[test]
    fn a_blob_is_read_through_once_and_again_when_the_file_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = open(dir.path());
        let kept = keep(&blobs, ABC);
        let checks = || blobs.checks.load(std::sync::atomic::Ordering::Relaxed);
        for _ in 0..3 {
            assert_eq!(read(&blobs, kept.hash, 1..2).unwrap(), b"b");
        }
        assert_eq!(checks(), 1);
        // As large as before, and its times put back.
        let place = blobs.path_of(kept.hash);
        let modified = fs::metadata(&place).unwrap().modified().unwrap();
        fs::write(&place, "abd").unwrap();
        let file = fs::File::options().write(true).open(&place).unwrap();
        file.set_modified(modified).unwrap();
        let told = read(&blobs, kept.hash, 1..2);
        assert!(matches!(told, Err(BlobError::Damaged(hash)) if hash == kept.hash));
        assert_eq!(checks(), 2);
        // What is damaged is not remembered as whole.
        assert!(read(&blobs, kept.hash, 1..2).is_err());
        assert_eq!(checks(), 3);
    }

    #[test]
    fn a_full_disk_keeps_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let full = FileBlobs::open(&dir.path().join("blobs"), u64::MAX).unwrap();
        assert!(matches!(
            full.put(&mut &ABC[..], 3),
            Err(BlobError::DiskFull)
        ));
        assert_eq!(half_written(dir.path()), 0);
        assert_eq!(open(dir.path()).usage(), Usage::default());
    }

    #[test]
    fn a_disk_that_fills_is_told_as_such() {
        for number in [rustix::io::Errno::NOSPC, rustix::io::Errno::DQUOT] {
            let error = std::io::Error::from_raw_os_error(number.raw_os_error());
            let told = super::failed("write a blob")(error);
            assert!(matches!(told, BlobError::DiskFull), "{told}");
        }
    }
}
