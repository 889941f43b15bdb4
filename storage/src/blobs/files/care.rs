//! Looking after the files: whether each is whole, and which nobody has brought again since they were last looked at.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{Advice, fadvise};

use super::{DAMAGED, FileBlobs, Stamp, failed, sync_folder, unreadable, walk, walk_folder};
use crate::blobs::{Blob, BlobError, BlobHash, hash_at};

/// What a look at one file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    Whole {
        len: u64,
    },
    /// Deleted meanwhile.
    Gone,
    /// Damaged, and moved here; in its place there is none now.
    SetAside(PathBuf),
}

impl FileBlobs {
    /// Each there is, in no order, with what its file looks like now.
    pub fn each_with_stamp(&self, visit: &mut dyn FnMut(Blob, Stamp)) -> Result<(), BlobError> {
        walk(&self.dir, &mut |place, about| {
            if let Some(hash) = hash_at(place) {
                let len = about.len();
                visit(Blob { hash, len }, Stamp::of(about));
            }
        })
        .map_err(failed("list the blobs"))
    }

    /// Those whose hash begins with this byte, ascending.
    pub fn beginning_with(&self, first: u8) -> Result<Vec<BlobHash>, BlobError> {
        let name = format!("{first:02x}");
        let mut found = Vec::new();
        let walked = walk_folder(&self.dir.join(&name), &name, &mut |place, _| {
            found.extend(hash_at(place));
        });
        match walked {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("list the blobs")(error))
            }
            Ok(()) | Err(_) => {
                found.sort_unstable();
                Ok(found)
            }
        }
    }

    /// Says of one that it is wanted, as if it had been brought again: durably, so that [`FileBlobs::delete_untouched`] leaves
    /// it alone. Its length; `None`: there is none.
    pub fn touch(&self, hash: BlobHash) -> Result<Option<u64>, BlobError> {
        // Between a look at the stamp and the deletion there is no room for this.
        let _turn = self.usage.lock();
        let file = match File::open(self.path_of(hash)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("open a blob")(error)),
        };
        let touched = file
            .set_modified(SystemTime::now())
            .and_then(|()| file.sync_all())
            .and_then(|()| file.metadata());
        let about = touched.map_err(failed("touch a blob"))?;
        Ok(Some(about.len()))
    }

    /// Deletes it if its file is still the one that had this stamp. Whether it did.
    pub fn delete_untouched(&self, hash: BlobHash, stamp: &str) -> Result<bool, BlobError> {
        let place = self.path_of(hash);
        let mut usage = self.usage.lock();
        let Ok(about) = fs::metadata(&place) else {
            return Ok(false);
        };
        if Stamp::of(&about).to_string() != stamp {
            return Ok(false);
        }
        fs::remove_file(&place).map_err(failed("delete a blob"))?;
        usage.blobs = usage.blobs.saturating_sub(1);
        usage.bytes = usage.bytes.saturating_sub(about.len());
        Ok(true)
    }

    /// Reads it through from the disk, whatever is remembered of it, and moves it aside if it does not hold what it is named
    /// after.
    pub fn look_at(&self, hash: BlobHash) -> Result<Looked, BlobError> {
        let mut file = match File::open(self.path_of(hash)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Looked::Gone),
            Err(error) => return Err(failed("open a blob")(error)),
        };
        let about = file.metadata().map_err(failed("look at a blob"))?;
        // What the system has in memory says nothing of the disk. Where it keeps it all the same, that is read.
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
        let mut hasher = blake3::Hasher::new();
        let read = hasher.update_reader(&mut file).map(drop);
        let is_whole = match read.map_err(|error| unreadable(hash, error)) {
            Ok(()) => hasher.finalize() == blake3::Hash::from_bytes(*hash.as_bytes()),
            Err(BlobError::Damaged(_)) => false,
            Err(error) => return Err(error),
        };
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
        match is_whole {
            true => Ok(Looked::Whole { len: about.len() }),
            false => self.set_aside(hash, Stamp::of(&about)),
        }
    }

    /// Kept and not deleted: if no other node has it, what is left of it is all there is.
    fn set_aside(&self, hash: BlobHash, seen: Stamp) -> Result<Looked, BlobError> {
        let place = self.path_of(hash);
        let folder = self.dir.join(DAMAGED);
        fs::create_dir_all(&folder).map_err(failed("make the folder of damaged blobs"))?;
        self.whole.lock().remove(&hash);
        let mut usage = self.usage.lock();
        let Ok(about) = fs::metadata(&place) else {
            return Ok(Looked::Gone);
        };
        if Stamp::of(&about) != seen {
            // Somebody brought it again meanwhile; the next look is at that.
            return Ok(Looked::Gone);
        }
        let aside = free_name(&folder, hash);
        fs::rename(&place, &aside).map_err(failed("move a damaged blob aside"))?;
        usage.blobs = usage.blobs.saturating_sub(1);
        // If its length is what is damaged, what it was counted with is not known any more: it is off by that until the start.
        usage.bytes = usage.bytes.saturating_sub(about.len());
        drop(usage);
        sync_folder(&folder)?;
        Ok(Looked::SetAside(aside))
    }
}

/// Damaged twice, it lies there twice.
fn free_name(folder: &Path, hash: BlobHash) -> PathBuf {
    let mut name = folder.join(hash.to_string());
    let mut number = 1;
    while name.exists() {
        number += 1;
        name = folder.join(format!("{hash}.{number}"));
    }
    name
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Looked;
    use crate::blobs::{Blob, BlobHash, Blobs, FileBlobs, Usage};

    fn open() -> (tempfile::TempDir, FileBlobs) {
        let dir = tempfile::tempdir().unwrap();
        let blobs = FileBlobs::open(&dir.path().join("blobs"), 0).unwrap();
        (dir, blobs)
    }

    fn keep(blobs: &FileBlobs, mut bytes: &[u8]) -> Blob {
        blobs.put(&mut bytes, 1 << 20).unwrap()
    }

    fn stamp(blobs: &FileBlobs, hash: BlobHash) -> String {
        let mut found = None;
        blobs
            .each_with_stamp(&mut |blob, stamp| {
                if blob.hash == hash {
                    found = Some(stamp.to_string());
                }
            })
            .unwrap();
        found.unwrap()
    }

    #[test]
    fn only_what_nobody_touched_or_brought_again_is_deleted() {
        let (_dir, blobs) = open();
        let kept = keep(&blobs, b"abc");
        let first = stamp(&blobs, kept.hash);
        assert_eq!(first, stamp(&blobs, kept.hash));
        assert!(!first.contains(' '));
        assert_eq!(blobs.touch(kept.hash).unwrap(), Some(3));
        assert!(!blobs.delete_untouched(kept.hash, &first).unwrap());
        let second = stamp(&blobs, kept.hash);
        keep(&blobs, b"abc");
        assert!(!blobs.delete_untouched(kept.hash, &second).unwrap());
        let third = stamp(&blobs, kept.hash);
        assert!(blobs.delete_untouched(kept.hash, &third).unwrap());
        assert!(!blobs.delete_untouched(kept.hash, &third).unwrap());
        assert_eq!(blobs.touch(kept.hash).unwrap(), None);
        assert_eq!(blobs.usage(), Usage::default());
    }

    #[test]
    fn what_is_damaged_is_moved_aside_as_often_as_it_is() {
        let (dir, blobs) = open();
        let (kept, other) = (keep(&blobs, b"abc"), keep(&blobs, b"other"));
        assert_eq!(blobs.look_at(kept.hash).unwrap(), Looked::Whole { len: 3 });
        for wrong in ["abd", "xyz", ""] {
            // It was read before, and is not taken for whole because of that.
            blobs.get(kept.hash, 0..3).unwrap();
            fs::write(blobs.path_of(kept.hash), wrong).unwrap();
            let Looked::SetAside(aside) = blobs.look_at(kept.hash).unwrap() else {
                panic!("it is damaged");
            };
            assert_eq!(fs::read_to_string(aside).unwrap(), wrong);
            assert_eq!(blobs.look_at(kept.hash).unwrap(), Looked::Gone);
            let counted = 5 + 3 - wrong.len() as u64;
            assert_eq!(
                blobs.usage(),
                Usage {
                    blobs: 1,
                    bytes: counted
                }
            );
            keep(&blobs, b"abc");
        }
        assert_eq!(
            fs::read_dir(dir.path().join("blobs/damaged"))
                .unwrap()
                .count(),
            3
        );
        // What lies there is no blob.
        let mut listed = Vec::new();
        blobs.each(&mut |blob| listed.push(blob.hash)).unwrap();
        listed.sort();
        let mut expected = [kept.hash, other.hash];
        expected.sort();
        assert_eq!(listed, expected);
        let again = FileBlobs::open(&dir.path().join("blobs"), 0).unwrap();
        assert_eq!(again.usage(), Usage { blobs: 2, bytes: 8 });
        let first = kept.hash.as_bytes()[0];
        assert!(again.beginning_with(first).unwrap().contains(&kept.hash));
        let elsewhere = again.beginning_with(first.wrapping_add(1)).unwrap();
        assert!(!elsewhere.contains(&kept.hash));
    }
}
