//! A certificate with its key: read from files, made for trying, and how long it holds.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a listener shows its clients.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    /// The end of its validity.
    pub(crate) until_ms: u64,
    /// SHA-256, as browsers show it.
    pub(crate) fingerprint: String,
}

/// Where a certificate and its key lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// Why a pair cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PairError {
    #[error("cannot read {file}: {why}", file = .0.display(), why = .1)]
    Unreadable(PathBuf, String),
    #[error("there is no certificate in {}; it is to be PEM, the node's own first", .0.display())]
    NoCertificate(PathBuf),
    #[error("there is no private key without a passphrase in {}; it is to be PEM", .0.display())]
    NoKey(PathBuf),
    #[error("{cert} and {key} do not belong together: {why}", cert = .0.cert.display(), key = .0.key.display(), why = .1)]
    NoPair(Pair, String),
}

impl Certificate {
    pub(crate) fn read(pair: &Pair) -> Result<Certificate, PairError> {
        let cert_pem = read(&pair.cert)?;
        let key_pem = read(&pair.key)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&cert_pem).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| PairError::NoCertificate(pair.cert.clone()))?;
        let key = PrivateKeyDer::from_pem_slice(&key_pem)
            .map_err(|_| PairError::NoKey(pair.key.clone()))?;
        let until_ms =
            until_ms(&chain[0]).ok_or_else(|| PairError::NoCertificate(pair.cert.clone()))?;
        let fingerprint = fingerprint(&chain[0]);
        let provider = CryptoProvider::get_default().expect("main installed it first thing");
        let key = CertifiedKey::from_der(chain, key, provider)
            .map_err(|error| PairError::NoPair(pair.clone(), error.to_string()))?;
        Ok(Certificate {
            key: Arc::new(key),
            until_ms,
            fingerprint,
        })
    }
}

fn read(file: &Path) -> Result<Vec<u8>, PairError> {
    std::fs::read(file).map_err(|error| PairError::Unreadable(file.to_owned(), error.to_string()))
}

fn fingerprint(der: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(der) {
        let colon = if text.is_empty() { "" } else { ":" };
        write!(text, "{colon}{byte:02X}").expect("a string takes all");
    }
    text
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of a certificate's validity, which stands at a fixed place of RFC 5280's structure.
fn until_ms(der: &[u8]) -> Option<u64> {
    let (_, certificate, _) = part(der).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, mut rest, _) = part(certificate).filter(|(tag, ..)| *tag == SEQUENCE)?;
    if let Some((VERSION, _, after)) = part(rest) {
        rest = after;
    }
    // Serial number, algorithm, issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        let (_, _, after) = part(rest).filter(|(found, ..)| *found == tag)?;
        rest = after;
    }
    let (_, validity, _) = part(rest).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, _, after) = part(validity)?;
    let (tag, text, _) = part(after)?;
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        GENERALIZED_TIME => text.to_owned(),
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        _ => return None,
    };
    let digits = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let day = chrono::NaiveDate::from_ymd_opt(
        i32::try_from(digits(0, 4)?).ok()?,
        digits(4, 6)?,
        digits(6, 8)?,
    )?;
    let at = day.and_hms_opt(digits(8, 10)?, digits(10, 12)?, digits(12, 14)?)?;
    u64::try_from(at.and_utc().timestamp_millis()).ok()
}

/// The first element of DER: its tag, its content, and what stands behind it.
fn part(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, short], rest) = der.split_first_chunk()?;
    let (len, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            let len = bytes
                .iter()
                .fold(0, |len, byte| len << 8 | usize::from(*byte));
            (len, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::until_ms;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    #[test]
    fn the_end_of_validity_is_read() {
        let key = KeyPair::generate().unwrap();
        // Before 2050 it is written in another way than after.
        for (year, expected) in [(2031, 1_931_558_400_000), (2061, 2_878_329_600_000)] {
            let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
            params.not_after = date_time_ymd(year, 3, 18);
            let der = params.self_signed(&key).unwrap().der().to_vec();
            assert_eq!(until_ms(&der), Some(expected));
            for len in 0..der.len() {
                // Cut anywhere: nothing, and never a panic.
                assert_eq!(until_ms(&der[..len]), None);
            }
        }
    }
}
