//! Things that may vanish at any moment without changing an answer: previews, rendered exports.
//!
//! A sled folder behind a handle that may always miss. It is opened on a thread of its own, so a slow or damaged
//! cache never delays the start, and until it stands everything misses. On any error the folder is deleted and made
//! anew; after a few times the cache stays off until the next start.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use bytes::Bytes;
use parking_lot::Mutex;

/// Memory for sled's pages; its own default is 1 GiB.
const MEMORY_BYTES_MAX: u64 = 32 << 20;
/// sled's own default is twice a second.
const FLUSH_EVERY_MS: u64 = 60_000;
/// When the folder has grown past this it is deleted and begun anew: what is in it is cheap to make again.
const DISK_BYTES_MAX: u64 = 256 << 20;
/// A larger value is not kept.
const VALUE_BYTES_MAX: usize = 4 << 20;
/// The size of the folder is looked at once in so many puts.
const PUTS_BETWEEN_SIZE_CHECKS: u64 = 256;
/// After so many errors it is the disk, not the folder.
const ERRORS_MAX: u64 = 5;

/// A cache on disk. Clones share it. Calls block for as long as a disk access takes.
#[derive(Debug, Clone)]
pub struct Cache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    stage: Mutex<Stage>,
    /// The latest opening; a handle let go detaches its thread.
    opening: Mutex<Option<JoinHandle<()>>>,
    puts: AtomicU64,
    errors: AtomicU64,
}

#[derive(Debug)]
enum Stage {
    Opening,
    Open(sled::Db),
    Off,
}

impl Cache {
    /// Returns at once; the folder is opened, or made, in the background.
    pub fn open(folder: &Path) -> Self {
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            stage: Mutex::new(Stage::Opening),
            opening: Mutex::new(None),
            puts: AtomicU64::new(0),
            errors: AtomicU64::new(0),
        });
        in_background(&shared, |shared| shared.open());
        Self { shared }
    }

    /// The newest value of a series and its number. A miss says nothing: it may never have been put, or have vanished.
    ///
    /// No series may begin with the name of another.
    pub fn newest(&self, series: &[u8]) -> Option<(u64, Bytes)> {
        let found = self.shared.db()?.scan_prefix(series).next_back()?;
        match found {
            Ok((key, value)) => Some((number(&key)?, Bytes::copy_from_slice(&value))),
            Err(error) => {
                self.shared.begin_anew_after(&error);
                None
            }
        }
    }

    /// Puts a value into a series and drops those before it. Whoever comes after a newer one puts nothing.
    pub fn put_newest(&self, series: &[u8], number: u64, value: &[u8]) {
        if value.len() > VALUE_BYTES_MAX {
            return;
        }
        let Some(db) = self.shared.db() else {
            return;
        };
        let nth = self.shared.puts.fetch_add(1, Ordering::Relaxed) + 1;
        let put = put_newest(&db, series, number, value).and_then(|()| {
            if nth.is_multiple_of(PUTS_BETWEEN_SIZE_CHECKS) {
                return Ok(db.size_on_disk()? > DISK_BYTES_MAX);
            }
            Ok(false)
        });
        match put {
            Ok(false) => {}
            Ok(true) => begin_anew(&self.shared),
            Err(error) => self.shared.begin_anew_after(&error),
        }
    }

    /// Waits until the latest opening has ended: tests need it, nothing else does.
    pub fn settle(&self) {
        let opening = self.shared.opening.lock().take();
        if let Some(thread) = opening {
            // A panic in there leaves the cache missing everything, which is all a cache promises.
            let _ = thread.join();
        }
    }
}

/// In this order, so that a reader meanwhile finds one of the two.
fn put_newest(db: &sled::Db, series: &[u8], number: u64, value: &[u8]) -> sled::Result<()> {
    let key = [series, &number.to_be_bytes()].concat();
    let newest = db.scan_prefix(series).keys().next_back().transpose()?;
    if newest.is_some_and(|newest| newest.as_ref() > key.as_slice()) {
        return Ok(());
    }
    db.insert(&key, value)?;
    for older in db.range(series.to_vec()..key).keys() {
        db.remove(older?)?;
    }
    Ok(())
}

/// The number that ends a key.
fn number(key: &[u8]) -> Option<u64> {
    key.last_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

impl Shared {
    fn db(&self) -> Option<sled::Db> {
        match &*self.stage.lock() {
            Stage::Open(db) => Some(db.clone()),
            Stage::Opening | Stage::Off => None,
        }
    }

    fn begin_anew_after(self: &Arc<Self>, error: &sled::Error) {
        tracing::warn!(%error, "the cache failed; its folder is made anew");
        if self.errors.fetch_add(1, Ordering::Relaxed) < ERRORS_MAX {
            begin_anew(self);
        } else {
            self.turn(Stage::Off);
        }
    }

    /// Opens the folder; one that cannot be opened is deleted, and made, once.
    fn open(&self) {
        let opened = self.try_open().and_then(small_enough).or_else(|why| {
            tracing::warn!(why, "the cache cannot be opened; its folder is made anew");
            self.delete_folder().map_err(|error| error.to_string())?;
            self.try_open()
        });
        match opened {
            Ok(db) => self.turn(Stage::Open(db)),
            Err(why) => {
                tracing::warn!(why, "the cache stays off");
                self.turn(Stage::Off);
            }
        }
    }

    /// sled reports most damage and panics on some; both mean the same here.
    fn try_open(&self) -> Result<sled::Db, String> {
        let config = sled::Config::new()
            .path(&self.folder)
            .cache_capacity(MEMORY_BYTES_MAX)
            // What a crash takes is made anew, and each sync holds up those of the log.
            .flush_every_ms(Some(FLUSH_EVERY_MS));
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(db)) => Ok(db),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("it contradicts itself".to_owned()),
        }
    }

    /// A file in the folder's place goes too.
    fn delete_folder(&self) -> io::Result<()> {
        let deleted = match fs::symlink_metadata(&self.folder) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&self.folder),
            Ok(_) => fs::remove_file(&self.folder),
            Err(error) => Err(error),
        };
        match deleted {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn turn(&self, stage: Stage) {
        // The old database is dropped, which may flush it, after the lock is let go.
        let _old = std::mem::replace(&mut *self.stage.lock(), stage);
    }
}

/// A process that ends before it looks at the size would let the folder grow over many starts.
fn small_enough(db: sled::Db) -> Result<sled::Db, String> {
    match db.size_on_disk() {
        Ok(bytes) if bytes <= DISK_BYTES_MAX => Ok(db),
        Ok(bytes) => Err(format!("it holds {bytes} bytes, which is too much")),
        Err(error) => Err(error.to_string()),
    }
}

/// Only the caller that finds the cache open begins anew; another saw the same trouble and is already at it.
fn begin_anew(shared: &Arc<Shared>) {
    let mut stage = shared.stage.lock();
    if !matches!(*stage, Stage::Open(_)) {
        return;
    }
    let old = std::mem::replace(&mut *stage, Stage::Opening);
    drop(stage);
    in_background(shared, move |shared| {
        drop(old);
        if let Err(error) = shared.delete_folder() {
            tracing::warn!(%error, "the cache's folder cannot be deleted; the cache stays off");
            shared.turn(Stage::Off);
        } else {
            shared.open();
        }
    });
}

fn in_background(shared: &Arc<Shared>, work: impl FnOnce(&Shared) + Send + 'static) {
    let theirs = Arc::clone(shared);
    let thread = std::thread::Builder::new()
        .name("easel-cache".to_owned())
        .spawn(move || work(&theirs));
    match thread {
        Ok(thread) => *shared.opening.lock() = Some(thread),
        Err(error) => {
            tracing::warn!(%error, "no thread for the cache; it stays off");
            shared.turn(Stage::Off);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Cache;

    /// The newest of a series as `number value`; empty if there is none.
    fn check(cache: &Cache, series: &[u8], expected: &str) {
        let found = cache
            .newest(series)
            .map_or_else(String::new, |(number, value)| {
                format!("{number} {}", String::from_utf8_lossy(&value))
            });
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_put_is_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("cache");
        let cache = Cache::open(&folder);
        cache.settle();
        assert_eq!(cache.newest(b"preview"), None);
        cache.put_newest(b"preview", 7, b"<svg/>");
        check(&cache, b"preview", "7 <svg/>");
        drop(cache);

        let cache = Cache::open(&folder);
        cache.settle();
        check(&cache, b"preview", "7 <svg/>");
    }

    #[test]
    fn a_series_holds_its_newest_alone() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache"));
        cache.settle();
        for (series, number, value) in [
            (b"a", 255, "first"),
            (b"b", 1, "other"),
            (b"a", 256, "second"),
            (b"a", 3, "late"),
            (b"a", 256, "again"),
        ] {
            cache.put_newest(series, number, value.as_bytes());
        }
        check(&cache, b"a", "256 again");
        check(&cache, b"b", "1 other");
        check(&cache, b"c", "");
        assert_eq!(cache.shared.db().unwrap().len(), 2, "what is older stays");
    }

    #[test]
    fn a_folder_that_cannot_be_opened_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("cache");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("conf"), b"garbage").unwrap();
        fs::write(folder.join("db"), vec![0xa5; 10_000]).unwrap();
        let cache = Cache::open(&folder);
        cache.settle();
        cache.put_newest(b"k", 1, b"v");
        check(&cache, b"k", "1 v");
    }

    #[test]
    fn a_cache_that_cannot_be_made_only_misses() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"not a folder").unwrap();
        let cache = Cache::open(&file.join("cache"));
        cache.settle();
        cache.put_newest(b"k", 1, b"v");
        check(&cache, b"k", "");
    }

    #[test]
    fn a_cache_too_large_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache"));
        cache.settle();
        cache.put_newest(b"k", 2, b"v");
        super::begin_anew(&cache.shared);
        cache.settle();
        check(&cache, b"k", "");
        cache.put_newest(b"k", 1, b"w");
        check(&cache, b"k", "1 w");
    }
}
