//! Secrets that people and programs carry: how they are made, written, read back and compared.
//!
//! What is stored of a secret is its SHA-256. That is enough because each holds 128 random bits or more: there is no
//! dictionary to try. Passwords are not secrets of this kind, see [`super::password`].

use easel_storage::TokenId;
use easel_storage::names::SecretHash;
use sha2::{Digest, Sha256};
use std::fmt;

/// Text that is not a secret in the wanted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a secret of this kind")]
pub(crate) struct NotASecret;

/// 256 random bits.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret([u8; Self::BYTES]);

impl Secret {
    pub(crate) const BYTES: usize = 32;
    /// 62^43 is more than 2^256.
    pub(crate) const CHARS: usize = 43;

    pub(crate) fn random() -> Secret {
        Secret(random())
    }

    pub(crate) const fn from_bytes(bytes: [u8; Self::BYTES]) -> Secret {
        Secret(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// In base62, so that a double click takes all of it and no URL has to escape it.
    pub(crate) fn text(&self) -> String {
        base62(&self.0, Self::CHARS)
    }

    pub(crate) fn parse(text: &str) -> Result<Secret, NotASecret> {
        if text.len() != Self::CHARS {
            return Err(NotASecret);
        }
        from_base62(text).map(Secret).ok_or(NotASecret)
    }

    pub(crate) fn hash(&self) -> SecretHash {
        sha256(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A personal API token as its owner sees it, once: `eas_pat_<id>_<secret>_<checksum>`.
///
/// The checksum lets a scanner of repositories and logs tell a leaked token from a string that looks like one, without
/// asking us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiToken {
    pub(crate) id: TokenId,
    pub(crate) secret: Secret,
}

impl ApiToken {
    pub(crate) const PREFIX: &'static str = "eas_pat_";
    const ID_CHARS: usize = 26;
    /// 62^6 is more than 2^32.
    const CHECKSUM_CHARS: usize = 6;

    pub(crate) fn text(&self) -> String {
        let id = self.id.to_string();
        let id = &id[TokenId::PREFIX.len()..];
        let body = format!("{}{id}_{}", Self::PREFIX, self.secret.text());
        let checksum = Self::checksum(&body);
        format!("{body}_{checksum}")
    }

    pub(crate) fn parse(text: &str) -> Result<ApiToken, NotASecret> {
        let (body, checksum) = text.rsplit_once('_').ok_or(NotASecret)?;
        let (id, secret) = body
            .strip_prefix(Self::PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .ok_or(NotASecret)?;
        // An id is read whatever its case; a token has one spelling.
        let is_lower = !id.bytes().any(|byte| byte.is_ascii_uppercase());
        if id.len() != Self::ID_CHARS || !is_lower || checksum != Self::checksum(body) {
            return Err(NotASecret);
        }
        let id = format!("{}{id}", TokenId::PREFIX);
        Ok(ApiToken {
            id: id.parse().map_err(|_| NotASecret)?,
            secret: Secret::parse(secret)?,
        })
    }

    fn checksum(body: &str) -> String {
        base62(
            &sha256(body.as_bytes()).as_bytes()[..4],
            Self::CHECKSUM_CHARS,
        )
    }
}

/// Random bytes from the system. At the edges only: what decides is given them.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes
}

pub(crate) fn sha256(bytes: &[u8]) -> SecretHash {
    SecretHash::from_bytes(Sha256::digest(bytes).into())
}

/// Whether two hashes are equal, in a time that does not tell where they differ.
pub(crate) fn same_hash(a: &SecretHash, b: &SecretHash) -> bool {
    // The comparison of BLAKE3's hashes is one in constant time.
    blake3::Hash::from_bytes(*a.as_bytes()) == blake3::Hash::from_bytes(*b.as_bytes())
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The bytes as one number, most significant digit first, with leading zeros up to `chars`.
fn base62(bytes: &[u8], chars: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits = vec![0; chars];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).expect("the rest is below 62");
            rest = value % 62;
        }
        *digit = BASE62[rest as usize];
    }
    debug_assert!(number.iter().all(|byte| *byte == 0), "more digits needed");
    digits.into_iter().map(char::from).collect()
}

/// `None`: another character, or a number that does not fit, which would be a second spelling of a smaller one.
fn from_base62<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut number = [0u8; N];
    for byte in text.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        let mut carry = u32::from(digit);
        for byte in number.iter_mut().rev() {
            let value = u32::from(*byte) * 62 + carry;
            *byte = (value & 0xff) as u8;
            carry = value >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::{ApiToken, NotASecret, Secret, same_hash, sha256};
    use easel_storage::TokenId;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn a_secret_has_one_spelling_of_43_characters() {
        let largest = Secret::from_bytes([0xff; 32]).text();
        assert_eq!(Secret::from_bytes([0; 32]).text(), "0".repeat(43));
        assert_eq!(largest.len(), 43);
        let mut beyond = largest.clone().into_bytes();
        *beyond.last_mut().unwrap() += 1;
        for bad in [
            String::from_utf8(beyond).unwrap(),
            "z".repeat(43),
            "0".repeat(42),
            "0".repeat(44),
            format!("{}-", &largest[..42]),
            String::new(),
        ] {
            assert_eq!(Secret::parse(&bad), Err(NotASecret), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(bytes in any::<[u8; 32]>()) {
            let secret = Secret::from_bytes(bytes);
            prop_assert_eq!(Secret::parse(&secret.text()), Ok(secret));
        }
    }

    #[test]
    fn an_api_token_is_refused_when_any_character_of_it_differs() {
        let token = ApiToken {
            id: TokenId::from_bytes([7; 16]),
            secret: Secret::from_bytes([9; 32]),
        };
        let text = token.text();
        assert_eq!(text.len(), 8 + 26 + 1 + 43 + 1 + 6);
        assert_eq!(ApiToken::parse(&text), Ok(token));
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'7' { b'8' } else { b'7' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(ApiToken::parse(&other), Err(NotASecret), "{other}");
        }
        assert_eq!(ApiToken::parse(&text.to_uppercase()), Err(NotASecret));
    }

    #[test]
    fn a_hash_is_sha256() {
        // FIPS 180-2, example B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hash = sha256(b"abc");
        let hex: String = hash.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, expected);
        assert!(same_hash(&hash, &sha256(b"abc")) && !same_hash(&hash, &sha256(b"abd")));
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::from_bytes([1; 32])), "Secret(…)");
    }
}
