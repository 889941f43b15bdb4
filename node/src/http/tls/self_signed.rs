//! A certificate that the node signs itself, for trying: browsers warn of it until somebody lets it pass.

use super::certificate::{Certificate, Pair};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Browsers take no longer ones.
const VALID_FOR: Duration = DAY.saturating_mul(397);
/// Made anew at a start when less than this is left.
const LEFT_MIN: Duration = DAY.saturating_mul(30);

/// The pair in the data folder for these names; made when there is none, or one for others, or one that ends soon.
pub(super) fn pair(data_dir: &Path, names: &[String]) -> anyhow::Result<Pair> {
    let folder = data_dir.join("tls");
    let pair = Pair {
        cert: folder.join("self-signed.pem"),
        key: folder.join("self-signed.key"),
    };
    let head = format!("Self-signed by Easel for {}\n", names.join(", "));
    if is_good(&pair, &head) {
        return Ok(pair);
    }
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Easel, signed by itself");
    let now = SystemTime::now();
    // A client's clock may be a little behind.
    params.not_before = (now - DAY).into();
    params.not_after = (now + VALID_FOR).into();
    let key = KeyPair::generate()?;
    let cert = params.self_signed(&key)?;
    fs::create_dir_all(&folder)?;
    write(&pair.key, key.serialize_pem().as_bytes())?;
    // What stands before a PEM block is for people.
    write(&pair.cert, format!("{head}{}", cert.pem()).as_bytes())?;
    Ok(pair)
}

fn is_good(pair: &Pair, head: &str) -> bool {
    let is_for_these = fs::read_to_string(&pair.cert).is_ok_and(|text| text.starts_with(head));
    let soon = (SystemTime::now() + LEFT_MIN)
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    is_for_these
        && Certificate::read(pair)
            .is_ok_and(|certificate| u128::from(certificate.until_ms) > soon.as_millis())
}

/// Nobody else may read it.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::pair;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_kept_until_it_is_for_other_names() {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let of = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let pair = pair(folder.path(), &names).unwrap();
            assert_eq!(
                fs::metadata(&pair.key).unwrap().permissions().mode() & 0o777,
                0o600
            );
            fs::read(&pair.cert).unwrap()
        };
        let first = of(&["localhost", "127.0.0.1"]);
        assert_eq!(of(&["localhost", "127.0.0.1"]), first);
        let second = of(&["localhost", "127.0.0.1", "boards.example.org"]);
        assert_ne!(second, first);
        fs::write(folder.path().join("tls/self-signed.key"), "damaged").unwrap();
        assert_ne!(
            of(&["localhost", "127.0.0.1", "boards.example.org"]),
            second
        );
    }
}
