//! `peer/` in the data folder: the node's key and certificate, the cluster's authority, and where the other nodes were.
//! The key is made here and never leaves the folder.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

use super::authority::{AuthorityError, NodeKey};
use crate::codec::Identity;
use crate::folder::{sync_dir, write_synced};
use crate::tls::{self, Credentials};

pub(crate) const FOLDER: &str = "peer";
const KEY: &str = "key.der";
const CERTIFICATE: &str = "certificate.der";
const AUTHORITY: &str = "authority.der";
const KNOWN: &str = "known.json";

/// Two thirds of a certificate's life.
const RENEW_AFTER: Duration = Duration::from_secs(60 * 24 * 60 * 60);
/// Clocks are put right by seconds; they are wrong by days. A certificate is valid from a day before it was signed.
const AHEAD_MAX: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Clone)]
pub(crate) struct PeerFolder {
    dir: PathBuf,
}

/// What is in no certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// When the certificate was signed.
    pub(crate) signed_at_ms: u64,
    /// Where to begin to look for the others.
    pub(crate) nodes: Vec<(u64, String)>,
}

impl Known {
    pub(crate) fn signed_now(nodes: Vec<(u64, String)>) -> Self {
        Self {
            signed_at_ms: wall_ms(),
            nodes,
        }
    }

    /// Or from a time that is still to come, when the clock was wrong: such a certificate is not valid yet.
    pub(crate) fn is_due_again(&self) -> bool {
        self.is_due_again_at(wall_ms())
    }

    fn is_due_again_at(&self, now_ms: u64) -> bool {
        match now_ms.checked_sub(self.signed_at_ms) {
            Some(age) => u128::from(age) >= RENEW_AFTER.as_millis(),
            None => u128::from(self.signed_at_ms - now_ms) >= AHEAD_MAX.as_millis(),
        }
    }
}

pub(crate) fn wall_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl PeerFolder {
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self {
            dir: data_dir.join(FOLDER),
        }
    }

    /// The node's key; made, and on disk, when there is none. The same again after a crash: a token that was used with
    /// it may be used with it once more.
    pub(crate) fn key(&self) -> io::Result<NodeKey> {
        let path = self.dir.join(KEY);
        match fs::read(&path) {
            Ok(der) => NodeKey::read(&der).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = NodeKey::generate().map_err(io::Error::other)?;
                self.write(&[(KEY, key.der())])?;
                Ok(key)
            }
            Err(error) => Err(error),
        }
    }

    /// What this node shows; `None` when there is none, or it is another node's.
    pub(crate) fn credentials(&self, me: Identity) -> Result<Option<Credentials>, AuthorityError> {
        let read = |name: &str| fs::read(self.dir.join(name)).ok();
        let (Some(key), Some(certificate), Some(authority)) =
            (read(KEY), read(CERTIFICATE), read(AUTHORITY))
        else {
            return Ok(None);
        };
        let certificate = CertificateDer::from(certificate);
        if !tls::is_of(&certificate, me.cluster, me.node) {
            return Ok(None);
        }
        Ok(Some(Credentials {
            key: NodeKey::read(&key)?,
            certificate,
            authority: CertificateDer::from(authority),
        }))
    }

    pub(crate) fn known(&self) -> Known {
        let read = fs::read(self.dir.join(KNOWN)).ok();
        let known = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        known.unwrap_or_default()
    }

    pub(crate) fn keep(
        &self,
        certificate: &CertificateDer<'_>,
        authority: &CertificateDer<'_>,
        known: &Known,
    ) -> io::Result<()> {
        let known = serde_json::to_vec(known).expect("numbers and strings are always JSON");
        self.write(&[
            (AUTHORITY, authority),
            (KNOWN, &known),
            (CERTIFICATE, certificate),
        ])
    }

    /// Each whole or as it was.
    fn write(&self, files: &[(&str, &[u8])]) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)?;
        for (name, bytes) in files {
            let draft = self.dir.join(format!("{name}.new"));
            write_synced(&draft, bytes)?;
            fs::rename(&draft, self.dir.join(name))?;
        }
        sync_dir(&self.dir)?;
        self.dir.parent().map_or(Ok(()), sync_dir)
    }
}

#[cfg(test)]
mod tests {
    use super::Known;

    const DAY_MS: u64 = 24 * 60 * 60 * 1000;

    #[test]
    fn a_certificate_is_signed_again_when_it_is_old_or_from_a_time_to_come() {
        let signed = |signed_at_ms| Known {
            signed_at_ms,
            nodes: Vec::new(),
        };
        let now = 1_000 * DAY_MS;
        for (signed_at, due) in [
            (now, false),
            (now - 59 * DAY_MS, false),
            (now - 60 * DAY_MS, true),
            (now - 400 * DAY_MS, true),
            (0, true),
            (now + 60_000, false),
            (now + DAY_MS / 2, true),
            (now + 100 * DAY_MS, true),
        ] {
            assert_eq!(signed(signed_at).is_due_again_at(now), due, "{signed_at}");
        }
    }
}
