//! How commands and records become bytes: one version byte, then postcard.
//!
//! Logs and files outlive releases, so every stored value names the version it was written in. A version is frozen
//! once released: its golden samples in `tests/golden` must decode and re-encode to the same bytes for ever.
//! A new version gets a new number and its own wire types; it never changes what an old number means.

use std::cell::RefCell;

use bytes::Bytes;
use postcard::ser_flavors::Flavor;
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserializer, Serialize};

/// The version this release writes.
pub const VERSION: u8 = 1;

/// Why stored or received bytes are not a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("no bytes where a value should be")]
    Empty,
    /// Written by a later release than this one.
    #[error("format version {found} is newer than {VERSION}, the newest known here")]
    Newer { found: u8 },
    #[error("not a value of format version {version}: {what}")]
    Malformed { version: u8, what: String },
}

/// Encodes a value in the version this release writes.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    encode_onto(value, Vec::with_capacity(64))
}

/// Like [`encode`], into a buffer the caller sized; what the buffer holds already is kept in front.
pub fn encode_onto<T: Serialize>(value: &T, mut out: Vec<u8>) -> Vec<u8> {
    out.push(VERSION);
    postcard::serialize_with_flavor(value, Onto(out))
        .expect("our own types always serialise into memory")
}

/// Where a value is written to; content in one piece, not byte by byte.
struct Onto(Vec<u8>);

impl Flavor for Onto {
    type Output = Vec<u8>;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Self::Output> {
        Ok(self.0)
    }
}

/// Decodes a whole value; bytes left over are an error.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (&version, rest) = bytes.split_first().ok_or(DecodeError::Empty)?;
    match version {
        VERSION => decode_v1(rest),
        0 => Err(malformed("version 0 was never written")),
        found => Err(DecodeError::Newer { found }),
    }
}

/// Like [`decode`]; content in the value is a part of `bytes`, not a copy, and keeps all of them in memory.
pub fn decode_shared<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, DecodeError> {
    /// Also after a panic.
    struct Until;
    impl Drop for Until {
        fn drop(&mut self) {
            SHARED.with_borrow_mut(Option::take);
        }
    }
    SHARED.set(Some(bytes.clone()));
    let _until = Until;
    decode(bytes)
}

thread_local! {
    /// What [`decode_shared`] is decoding: serde has no way to tell a field.
    static SHARED: RefCell<Option<Bytes>> = const { RefCell::new(None) };
}

/// Deserialises a field that holds content.
pub(crate) fn content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    struct Content;
    impl<'de> Visitor<'de> for Content {
        type Value = Bytes;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes")
        }
        fn visit_borrowed_bytes<E>(self, part: &'de [u8]) -> Result<Bytes, E> {
            Ok(SHARED.with_borrow(|shared| match shared {
                Some(whole) if is_part(part, whole) => whole.slice_ref(part),
                Some(_) | None => Bytes::copy_from_slice(part),
            }))
        }
        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
            Ok(Bytes::copy_from_slice(bytes))
        }
    }
    deserializer.deserialize_bytes(Content)
}

fn is_part(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}

fn decode_v1<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(malformed(&format!("{} bytes left over", rest.len()))),
        Err(error) => Err(malformed(&error.to_string())),
    }
}

fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed {
        version: VERSION,
        what: what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{DecodeError, decode, encode};

    #[test]
    fn a_value_comes_back_and_nothing_else_does() {
        let bytes = encode(&(7u64, "seven".to_owned()));
        assert_eq!(decode::<(u64, String)>(&bytes), Ok((7, "seven".to_owned())));
        assert_eq!(decode::<(u64, String)>(&[]), Err(DecodeError::Empty));
        assert_eq!(
            decode::<(u64, String)>(&[9, 0, 0]),
            Err(DecodeError::Newer { found: 9 })
        );
        for cut in 1..bytes.len() {
            let cut = decode::<(u64, String)>(&bytes[..cut]);
            assert!(matches!(cut, Err(DecodeError::Malformed { .. })), "{cut:?}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(matches!(
            decode::<(u64, String)>(&longer),
            Err(DecodeError::Malformed { .. })
        ));
    }
}
