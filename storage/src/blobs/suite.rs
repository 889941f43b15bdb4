//! What every place for blobs owes. A check that fails panics with what it saw.

use std::io::{self, Read};
use std::ops::Range;

use super::{Blob, BlobError, BlobHash, Blobs, Usage};

const ABC: &[u8] = b"abc";

/// Opens the place anew, as after a restart.
pub type Open<'a> = dyn Fn() -> Box<dyn Blobs> + 'a;

/// Puts other bytes where a blob lies, behind its back.
pub type Damage<'a> = dyn Fn(BlobHash, &[u8]) + 'a;

/// Holds a place that is empty to all of it.
pub fn run(open: &Open<'_>, damage: &Damage<'_>) {
    what_is_not_kept_leaves_nothing(open);
    what_is_kept_is_found_under_its_hash_also_after_a_restart(open);
    the_same_bytes_are_one_blob(open);
    many_who_bring_the_same_at_once_are_counted_once(open);
    a_damaged_blob_is_told_and_mended_by_the_same_bytes(open, damage);
    what_is_there_is_listed_and_what_is_deleted_is_gone(open);
}

fn keep(blobs: &dyn Blobs, mut bytes: &[u8]) -> Blob {
    blobs.put(&mut bytes, 1 << 20).expect("it is kept")
}

fn read(blobs: &dyn Blobs, hash: BlobHash, range: Range<u64>) -> Result<Vec<u8>, BlobError> {
    let mut bytes = Vec::new();
    let mut source = blobs.get(hash, range)?;
    source.read_to_end(&mut bytes).expect("it is read");
    Ok(bytes)
}

fn listed(blobs: &dyn Blobs) -> Vec<(BlobHash, u64)> {
    let mut listed = Vec::new();
    let each = blobs.each(&mut |blob| listed.push((blob.hash, blob.len)));
    each.expect("blobs are listed");
    listed.sort_unstable();
    listed
}

fn what_is_kept_is_found_under_its_hash_also_after_a_restart(open: &Open<'_>) {
    let blobs = open();
    let kept = keep(&*blobs, ABC);
    assert_eq!(kept.len, 3);
    assert_eq!(kept.hash.as_bytes(), blake3::hash(ABC).as_bytes());
    drop(blobs);
    let blobs = open();
    for (range, expected) in [
        (0..3, "abc"),
        (1..2, "b"),
        (2..9, "c"),
        (3..9, ""),
        (7..9, ""),
        (0..u64::MAX, "abc"),
        (0..0, ""),
    ] {
        let found = read(&*blobs, kept.hash, range.clone()).expect("it is there");
        assert_eq!(found, expected.as_bytes(), "{range:?}");
    }
    assert_eq!(blobs.has(kept.hash).expect("it answers"), Some(3));
    let other = BlobHash::from_bytes([7; 32]);
    assert_eq!(blobs.has(other).expect("it answers"), None);
    let missing = read(&*blobs, other, 0..1);
    assert!(matches!(missing, Err(BlobError::Missing(hash)) if hash == other));
}

fn the_same_bytes_are_one_blob(open: &Open<'_>) {
    let blobs = open();
    let first = keep(&*blobs, ABC);
    assert_eq!(keep(&*blobs, ABC), first);
    keep(&*blobs, b"four");
    let expected = Usage { blobs: 2, bytes: 7 };
    assert_eq!(blobs.usage(), expected);
    drop(blobs);
    assert_eq!(open().usage(), expected);
}

fn many_who_bring_the_same_at_once_are_counted_once(open: &Open<'_>) {
    let blobs = open();
    let before = blobs.usage();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| keep(&*blobs, b"fives"));
        }
    });
    let expected = Usage {
        blobs: before.blobs + 1,
        bytes: before.bytes + 5,
    };
    assert_eq!(blobs.usage(), expected);
    assert_eq!(open().usage(), expected);
}

fn a_damaged_blob_is_told_and_mended_by_the_same_bytes(open: &Open<'_>, damage: &Damage<'_>) {
    let blobs = open();
    let kept = keep(&*blobs, ABC);
    assert_eq!(read(&*blobs, kept.hash, 0..3).expect("whole"), ABC);
    for damaged in [b"abd".as_slice(), b"ab", b"abcd", b""] {
        damage(kept.hash, damaged);
        // Also when the part that is asked for is whole.
        let told = read(&*blobs, kept.hash, 0..1);
        assert!(
            matches!(told, Err(BlobError::Damaged(hash)) if hash == kept.hash),
            "{damaged:?}: {told:?}"
        );
    }
    keep(&*blobs, ABC);
    assert_eq!(read(&*blobs, kept.hash, 0..3).expect("mended"), ABC);
}

fn what_is_there_is_listed_and_what_is_deleted_is_gone(open: &Open<'_>) {
    let blobs = open();
    let before = listed(&*blobs);
    let kept = keep(&*blobs, b"to be deleted");
    let mut expected = before.clone();
    expected.push((kept.hash, kept.len));
    expected.sort_unstable();
    assert_eq!(listed(&*blobs), expected);
    for _ in 0..2 {
        blobs.delete(kept.hash).expect("it is deleted");
        assert_eq!(listed(&*blobs), before);
        assert_eq!(blobs.has(kept.hash).expect("it answers"), None);
    }
    assert!(matches!(
        read(&*blobs, kept.hash, 0..1),
        Err(BlobError::Missing(_))
    ));
    assert_eq!(blobs.usage().blobs, before.len() as u64);
}

/// Gives one byte, then fails.
struct Broken(bool);

impl Read for Broken {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match std::mem::replace(&mut self.0, true) {
            false => {
                into[0] = 1;
                Ok(1)
            }
            true => Err(io::Error::other("cut off")),
        }
    }
}

fn what_is_not_kept_leaves_nothing(open: &Open<'_>) {
    let blobs = open();
    let too_large = blobs.put(&mut &ABC[..], 2);
    assert!(matches!(too_large, Err(BlobError::TooLarge { max: 2 })));
    let broken = blobs.put(&mut Broken(false), 2);
    assert!(matches!(broken, Err(BlobError::Source(_))));
    assert_eq!(blobs.usage(), Usage::default());
    assert_eq!(open().usage(), Usage::default());
    assert_eq!(listed(&*blobs), []);
}
