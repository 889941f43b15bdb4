//! Where backups are: a folder, or a part of an S3 bucket. Both look alike.
//!
//! ```text
//! blobs/ab/cdef…          pieces of states, and pictures, each once however many backups have it
//! backups/ID.manifest     one for each backup, written last
//! ```

use super::BackupError;
use crate::config::S3Access;
use easel_storage::blobs::{Blob, BlobError, BlobHash, Blobs, FileBlobs, S3Blobs};
use easel_storage::bucket::{Bucket, BucketError};
use parking_lot::Mutex;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

const BACKUPS: &str = "backups";
const BLOBS: &str = "blobs";
const SUFFIX: &str = ".manifest";
/// No manifest is longer.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// In a bucket whoever writes leaves a sign, and renews it.
const SIGNS: &str = "running";
const SIGN_EVERY: Duration = Duration::from_secs(60);
/// By the server's clock. An older sign is of somebody who died.
const SIGN_LIFE_MS: u64 = 10 * 60 * 1000;

/// A folder or bucket by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PlaceName {
    Folder(PathBuf),
    Bucket { bucket: String, prefix: String },
}

impl PlaceName {
    pub(crate) fn parse(text: &str) -> Result<PlaceName, String> {
        let Some(rest) = text.strip_prefix("s3://") else {
            if text.is_empty() {
                return Err("no folder and no bucket is named".to_owned());
            }
            if text.contains("://") {
                return Err(format!("{text} is neither a folder nor s3://bucket/prefix"));
            }
            // A bucket that was mistyped must not become a folder that nobody looks for.
            let head = text.get(..3).unwrap_or_default().to_lowercase();
            if matches!(&*head, "s3:" | "s3/") {
                return Err(format!(
                    "{text}: a bucket is s3://bucket/prefix, and a folder of that name is ./{text}"
                ));
            }
            return Ok(PlaceName::Folder(text.into()));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        match bucket.is_empty() {
            true => Err(format!("{text} names no bucket; write s3://bucket/prefix")),
            false => Ok(PlaceName::Bucket {
                bucket: bucket.to_owned(),
                prefix: prefix.trim_matches('/').to_owned(),
            }),
        }
    }

    /// How it is meant elsewhere than where this process stands.
    pub(crate) fn absolute(text: &str) -> String {
        match PlaceName::parse(text) {
            Ok(PlaceName::Folder(path)) => std::path::absolute(&path)
                .map_or(text.to_owned(), |path| path.display().to_string()),
            Ok(PlaceName::Bucket { .. }) | Err(_) => text.to_owned(),
        }
    }
}

/// An open place.
pub(crate) struct Place {
    pub(crate) blobs: Box<dyn Blobs>,
    manifests: Manifests,
    pub(crate) shown: String,
    claim: Option<Claim>,
}

enum Manifests {
    Folder(PathBuf),
    Bucket(Bucket),
}

/// Of two who write at once one is refused.
enum Claim {
    /// Held by the file's lock, which ends with the process.
    Folder {
        _lock: File,
    },
    Bucket(Sign),
}

struct Sign {
    signs: Bucket,
    name: String,
    renewed: Mutex<Instant>,
}

impl Drop for Sign {
    fn drop(&mut self) {
        // If this fails, it grows old.
        let _ = self.signs.delete(&self.name);
    }
}

impl Place {
    /// To look at what is there. Nothing is written.
    pub(crate) fn to_read(text: &str, access: &S3Access) -> Result<Place, BackupError> {
        let name = PlaceName::parse(text).map_err(BackupError::Usage)?;
        match name {
            PlaceName::Folder(dir) => {
                if !dir.join(BACKUPS).is_dir() {
                    let why = format!("{} holds no backups", dir.display());
                    return Err(BackupError::Nothing(why));
                }
                Ok(Place {
                    blobs: Box::new(FileBlobs::to_read(&dir.join(BLOBS))),
                    manifests: Manifests::Folder(dir.join(BACKUPS)),
                    shown: dir.display().to_string(),
                    claim: None,
                })
            }
            PlaceName::Bucket { bucket, prefix } => Place::in_bucket(&bucket, &prefix, access),
        }
    }

    /// To add to it or take from it, alone.
    pub(crate) fn to_write(text: &str, access: &S3Access) -> Result<Place, BackupError> {
        let name = PlaceName::parse(text).map_err(BackupError::Usage)?;
        match name {
            PlaceName::Folder(dir) => Place::in_folder(&dir),
            PlaceName::Bucket { bucket, prefix } => {
                let mut place = Place::in_bucket(&bucket, &prefix, access)?;
                if let Manifests::Bucket(bucket) = &place.manifests {
                    place.claim = Some(Claim::Bucket(claim(bucket, &place.shown)?));
                }
                Ok(place)
            }
        }
    }

    fn in_bucket(bucket: &str, prefix: &str, access: &S3Access) -> Result<Place, BackupError> {
        let options = access
            .to_bucket(bucket, prefix)
            .map_err(BackupError::Usage)?;
        let bucket = Bucket::open(&options, Handle::current())?;
        Ok(Place {
            blobs: Box::new(S3Blobs::uncounted(bucket.below(BLOBS))),
            shown: bucket.to_string(),
            manifests: Manifests::Bucket(bucket),
            claim: None,
        })
    }

    fn in_folder(dir: &Path) -> Result<Place, BackupError> {
        let manifests = dir.join(BACKUPS);
        let failed = |what: &str, error| BackupError::place(dir, what, error);
        fs::create_dir_all(&manifests).map_err(|e| failed("make the folder", e))?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join("lock"))
            .map_err(|e| failed("write to it", e))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(BackupError::Busy(dir.display().to_string()));
            }
            Err(error) => return Err(failed("lock it", error.into())),
        }
        let blobs = FileBlobs::open(&dir.join(BLOBS), 0)?;
        File::open(dir)
            .and_then(|dir| dir.sync_all())
            .map_err(|e| failed("sync it", e))?;
        Ok(Place {
            blobs: Box::new(blobs),
            manifests: Manifests::Folder(manifests),
            shown: dir.display().to_string(),
            claim: Some(Claim::Folder { _lock: lock }),
        })
    }

    /// Says that whoever writes is still there. To be called now and then while it does.
    pub(crate) fn go_on(&self) -> Result<(), BackupError> {
        if let Some(Claim::Bucket(sign)) = &self.claim {
            let mut renewed = sign.renewed.lock();
            if renewed.elapsed() >= SIGN_EVERY {
                sign.signs.put(&sign.name, bytes::Bytes::new())?;
                *renewed = Instant::now();
            }
        }
        Ok(())
    }

    /// Ids of the backups, the oldest first.
    pub(crate) fn ids(&self) -> Result<Vec<String>, BackupError> {
        let mut ids = Vec::new();
        let mut note = |name: &str| ids.extend(name.strip_suffix(SUFFIX).map(str::to_owned));
        match &self.manifests {
            Manifests::Folder(dir) => {
                let failed = |error| BackupError::place(dir, "list it", error);
                for item in fs::read_dir(dir).map_err(failed)? {
                    note(&item.map_err(failed)?.file_name().to_string_lossy());
                }
            }
            Manifests::Bucket(bucket) => {
                bucket
                    .below(BACKUPS)
                    .each(&mut |object| note(&object.name))?;
            }
        }
        // An id begins with its time.
        ids.sort_unstable();
        Ok(ids)
    }

    /// Where a piece or a picture is, for whoever is to look at it.
    /// Keeps all that the source gives, and says which disk it was if there is no room.
    pub(super) fn put(&self, source: &mut dyn io::Read, len_max: u64) -> Result<Blob, BackupError> {
        self.blobs
            .put(source, len_max)
            .map_err(|error| match error {
                BlobError::DiskFull => BackupError::Place {
                    place: self.shown.clone(),
                    what: "keep a file in it".to_owned(),
                    error: io::ErrorKind::StorageFull.into(),
                },
                error => error.into(),
            })
    }

    pub(super) fn file_of(&self, hash: BlobHash) -> String {
        let name = hash.to_string();
        format!("{}/{BLOBS}/{}/{}", self.shown, &name[..2], &name[2..])
    }

    /// What is wrong with one that is to be had, in words.
    pub(super) fn wrong_with(&self, what: &str, hash: BlobHash, error: &BlobError) -> String {
        let file = self.file_of(hash);
        match error {
            BlobError::Missing(_) => format!("{what} is missing: {file}"),
            BlobError::Damaged(_) => format!("{what} is damaged: {file}"),
            other => format!("{what} cannot be read: {file}: {other}"),
        }
    }

    pub(crate) fn manifest(&self, id: &str) -> Result<Vec<u8>, BackupError> {
        let nothing = || BackupError::Nothing(format!("{} has no backup {id}", self.shown));
        if !is_id(id) {
            return Err(nothing());
        }
        match &self.manifests {
            Manifests::Folder(dir) => match read_small(&dir.join(format!("{id}{SUFFIX}"))) {
                Ok(bytes) => Ok(bytes),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(nothing()),
                Err(error) => Err(BackupError::place(dir, "read a manifest in it", error)),
            },
            Manifests::Bucket(bucket) => match bucket.get(&object(id)) {
                Ok(object) => Ok(object.bytes.to_vec()),
                Err(BucketError::Missing { .. }) => Err(nothing()),
                Err(error) => Err(error.into()),
            },
        }
    }

    /// From now on there is this backup.
    pub(crate) fn put_manifest(&self, id: &str, bytes: Vec<u8>) -> Result<(), BackupError> {
        match &self.manifests {
            Manifests::Folder(dir) => {
                let put = || {
                    let draft = dir.join(format!("{id}.new"));
                    let mut file = OpenOptions::new()
                        .write(true)
                        .create(true)
                        .truncate(true)
                        .mode(0o600)
                        .open(&draft)?;
                    file.write_all(&bytes)?;
                    file.sync_all()?;
                    fs::rename(&draft, dir.join(format!("{id}{SUFFIX}")))?;
                    File::open(dir)?.sync_all()
                };
                put().map_err(|e| BackupError::place(dir, "write the manifest", e))
            }
            Manifests::Bucket(bucket) => Ok(bucket.put(&object(id), bytes.into())?),
        }
    }

    pub(crate) fn delete_manifest(&self, id: &str) -> Result<(), BackupError> {
        match &self.manifests {
            Manifests::Folder(dir) => {
                let removed = fs::remove_file(dir.join(format!("{id}{SUFFIX}")));
                removed
                    .and_then(|()| File::open(dir)?.sync_all())
                    .map_err(|e| BackupError::place(dir, "delete a manifest", e))
            }
            Manifests::Bucket(bucket) => Ok(bucket.delete(&object(id))?),
        }
    }
}

fn object(id: &str) -> String {
    format!("{BACKUPS}/{id}{SUFFIX}")
}

/// As [`mod@super::create`] makes them: nothing that leads elsewhere.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > MANIFEST_BYTES_MAX {
        return Err(io::Error::other("it is too long for a manifest"));
    }
    fs::read(path)
}

/// Leaves a sign, and looks whether there is another one that is not old. Two that come at once may both be refused.
fn claim(bucket: &Bucket, shown: &str) -> Result<Sign, BackupError> {
    let sign = Sign {
        signs: bucket.below(SIGNS),
        name: blake3::Hash::from_bytes(crate::auth::random()).to_hex()[..16].to_owned(),
        renewed: Mutex::new(Instant::now()),
    };
    sign.signs.put(&sign.name, bytes::Bytes::new())?;
    let mut all = Vec::new();
    sign.signs.each(&mut |object| all.push(object))?;
    let now = all.iter().map(|other| other.modified_ms).max();
    let oldest = now.unwrap_or_default().saturating_sub(SIGN_LIFE_MS);
    for other in all.iter().filter(|other| other.name != sign.name) {
        if other.modified_ms > oldest {
            return Err(BackupError::Busy(shown.to_owned()));
        }
        sign.signs.delete(&other.name)?;
    }
    Ok(sign)
}

#[cfg(test)]
mod tests {
    use super::PlaceName;

    #[test]
    fn a_place_is_a_folder_or_a_part_of_a_bucket() {
        let bucket = |bucket: &str, prefix: &str| PlaceName::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        for (text, expected) in [
            (
                "/srv/backups",
                Some(PlaceName::Folder("/srv/backups".into())),
            ),
            ("backups", Some(PlaceName::Folder("backups".into()))),
            ("s3://easel", Some(bucket("easel", ""))),
            ("s3://easel/", Some(bucket("easel", ""))),
            ("s3://easel/a/b/", Some(bucket("easel", "a/b"))),
            ("s3://", None),
            ("s3//easel/a", None),
            ("S3:/easel", None),
            ("./s3/a", Some(PlaceName::Folder("./s3/a".into()))),
            ("https://example.org/easel", None),
            ("", None),
        ] {
            assert_eq!(PlaceName::parse(text).ok(), expected, "{text}");
        }
    }
}
