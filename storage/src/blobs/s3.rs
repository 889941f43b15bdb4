//! Blobs as objects of an S3 bucket, `PREFIX/ab/cdef…` after their hash in hexadecimal.
//!
//! A blob is held in memory on its way, since an object is named before it is sent; callers bound it. It is durable when
//! the server has confirmed it.

use std::io::{self, Cursor, Read};
use std::ops::Range;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};

use super::{Blob, BlobError, BlobHash, Blobs, Usage, hash_at, place_of};
use crate::bucket::{Bucket, BucketError, Object};

#[derive(Debug)]
pub struct S3Blobs {
    bucket: Bucket,
    usage: Mutex<Usage>,
    /// Held, by the first digit of the hash, while a blob comes or goes: of two that bring the same, one is counted.
    turns: [Mutex<()>; 16],
}

impl S3Blobs {
    /// Lists what there is, which also shows whether the bucket can be reached.
    pub fn open(bucket: Bucket) -> Result<Self, BlobError> {
        let blobs = Self::uncounted(bucket);
        let mut usage = Usage::default();
        blobs.each(&mut |blob| {
            usage.blobs += 1;
            usage.bytes += blob.len;
        })?;
        *blobs.usage.lock() = usage;
        Ok(blobs)
    }

    /// Where nobody asks how much there is.
    pub fn uncounted(bucket: Bucket) -> Self {
        Self {
            bucket,
            usage: Mutex::default(),
            turns: Default::default(),
        }
    }

    fn turn(&self, hash: BlobHash) -> MutexGuard<'_, ()> {
        self.turns[usize::from(hash.0[0] >> 4)].lock()
    }
}

impl Blobs for S3Blobs {
    fn put(&self, source: &mut dyn Read, len_max: u64) -> Result<Blob, BlobError> {
        let mut bytes = Vec::new();
        let read = source
            .take(len_max.saturating_add(1))
            .read_to_end(&mut bytes);
        read.map_err(BlobError::Source)?;
        let len = bytes.len() as u64;
        if len > len_max {
            return Err(BlobError::TooLarge { max: len_max });
        }
        let hash = BlobHash(*blake3::hash(&bytes).as_bytes());
        let place = place_of(hash);
        let _turn = self.turn(hash);
        let before = self.bucket.head(&place).map_err(|e| of(hash, e))?;
        self.bucket
            .put(&place, bytes.into())
            .map_err(|e| of(hash, e))?;
        let mut usage = self.usage.lock();
        usage.blobs += u64::from(before.is_none());
        usage.bytes = (usage.bytes + len).saturating_sub(before.map_or(0, |about| about.len));
        Ok(Blob { hash, len })
    }

    fn get(&self, hash: BlobHash, range: Range<u64>) -> Result<Box<dyn Read + Send>, BlobError> {
        // All of it each time: what a server says of an object need not change when its disk does.
        let Object { bytes, .. } = self.bucket.get(&place_of(hash)).map_err(|e| of(hash, e))?;
        if blake3::hash(&bytes) != blake3::Hash::from_bytes(hash.0) {
            return Err(BlobError::Damaged(hash));
        }
        let len = bytes.len() as u64;
        let part = range.start.min(len) as usize..range.end.min(len) as usize;
        let part = match part.is_empty() {
            true => Bytes::new(),
            false => bytes.slice(part),
        };
        Ok(Box::new(Cursor::new(part)))
    }

    fn has(&self, hash: BlobHash) -> Result<Option<u64>, BlobError> {
        let about = self.bucket.head(&place_of(hash)).map_err(|e| of(hash, e))?;
        Ok(about.map(|about| about.len))
    }

    fn each(&self, visit: &mut dyn FnMut(Blob)) -> Result<(), BlobError> {
        let listed = self.bucket.each(&mut |object| {
            if let Some(hash) = hash_at(&object.name) {
                let len = object.len;
                visit(Blob { hash, len });
            }
        });
        listed.map_err(failed)
    }

    fn delete(&self, hash: BlobHash) -> Result<(), BlobError> {
        let place = place_of(hash);
        let _turn = self.turn(hash);
        let about = self.bucket.head(&place).map_err(|e| of(hash, e))?;
        let Some(about) = about else {
            return Ok(());
        };
        self.bucket.delete(&place).map_err(|e| of(hash, e))?;
        let mut usage = self.usage.lock();
        usage.blobs = usage.blobs.saturating_sub(1);
        usage.bytes = usage.bytes.saturating_sub(about.len);
        Ok(())
    }

    fn usage(&self) -> Usage {
        *self.usage.lock()
    }
}

fn of(hash: BlobHash, error: BucketError) -> BlobError {
    match error {
        BucketError::Missing { .. } => BlobError::Missing(hash),
        error @ BucketError::Failed { .. } => failed(error),
    }
}

fn failed(error: BucketError) -> BlobError {
    BlobError::Io {
        what: "use the bucket of blobs",
        error: io::Error::other(error),
    }
}
