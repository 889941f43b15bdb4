//! `easel-join-1.<secret>.<fingerprint>`: what lets one node in. The fingerprint is that of the cluster's authority, so
//! that the joiner knows whom it talks to before it says the secret.

use easel_storage::names::SecretHash;
use sha2::{Digest, Sha256};

const BEGINNING: &str = "easel-join-1";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct JoinToken {
    pub(crate) secret: [u8; 32],
    pub(crate) authority: [u8; 32],
}

/// Not the secret.
impl std::fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinToken(…)")
    }
}

impl JoinToken {
    pub(crate) fn new(authority: &[u8]) -> Self {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).expect("the system has random numbers");
        Self {
            secret,
            authority: fingerprint(authority),
        }
    }

    pub(crate) fn text(&self) -> String {
        format!(
            "{BEGINNING}.{}.{}",
            encode(&self.secret),
            encode(&self.authority)
        )
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('.');
        let token = (parts.next()? == BEGINNING).then_some(Self {
            secret: decode(parts.next()?)?,
            authority: decode(parts.next()?)?,
        })?;
        parts.next().is_none().then_some(token)
    }
}

/// SHA-256 of what is secret, or of a certificate.
pub(crate) fn fingerprint(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn hash(bytes: &[u8]) -> SecretHash {
    SecretHash::from_bytes(fingerprint(bytes))
}

/// Base64 for addresses, without padding.
fn encode(bytes: &[u8; 32]) -> String {
    let mut text = String::with_capacity(43);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for at in 0..=chunk.len() {
            let six = (bits >> (18 - 6 * at)) & 63;
            text.push(char::from(ALPHABET[six as usize]));
        }
    }
    text
}

/// Only what [`encode`] writes.
fn decode(text: &str) -> Option<[u8; 32]> {
    let mut bytes = Vec::with_capacity(33);
    let (mut bits, mut have) = (0_u32, 0);
    for letter in text.bytes() {
        let six = ALPHABET.iter().position(|known| *known == letter)?;
        bits = (bits << 6 | six as u32) & 0xffff;
        have += 6;
        if have >= 8 {
            have -= 8;
            bytes.push((bits >> have) as u8);
        }
    }
    let bytes: [u8; 32] = bytes.try_into().ok()?;
    (encode(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::JoinToken;

    #[test]
    fn a_token_comes_back_and_nothing_else_is_one() {
        let token = JoinToken {
            secret: std::array::from_fn(|i| i as u8),
            authority: [0xff; 32],
        };
        let text = token.text();
        // Written elsewhere: it must stay the same.
        assert_eq!(
            text,
            "easel-join-1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.__________________________________________8"
        );
        assert!(JoinToken::parse(&format!(" {text}\n")) == Some(token));
        for wrong in [
            "",
            "easel-join-1",
            "easel-join-2.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.__________________________________________8",
            "easel-join-1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9.__________________________________________8",
            "easel-join-1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.__________________________________________8.x",
            "easel-join-1.AAEC.__________________________________________8",
        ] {
            assert!(JoinToken::parse(wrong).is_none(), "{wrong}");
        }
    }
}
