//! TLS 1.2 and 1.3 on the public listener, and how its certificate is replaced while the node runs.
//!
//! The files are looked at every few seconds and at SIGHUP. A pair that cannot be used is told of and the one before
//! stays; connections that are open stay as they are.

mod certificate;
mod self_signed;

pub(crate) use certificate::{Certificate, PairError};

use crate::api::time::rfc3339;
use crate::config::{self, TlsMin, TlsMode};
use certificate::Pair;
use parking_lot::RwLock;
use prometheus::{Gauge, IntCounterVec};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::signal::unix::Signal;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// New certificates are in use within twice this: a change is waited out, since the two files change one after the other.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(2);
/// From then on every start and every look at it warns.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// What begins a handshake; nothing of HTTP does.
const HANDSHAKE_RECORD: u8 = 0x16;
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
    content-length: 59\r\nconnection: close\r\n\r\nThis port speaks TLS: ask again with https:// in the front\n";

/// What is counted of it.
#[derive(Debug, Clone)]
pub(crate) struct TlsMetrics {
    /// By `result`.
    pub(crate) handshakes: IntCounterVec,
    pub(crate) not_after_seconds: Gauge,
}

/// The listener's TLS. A clone is the same.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    /// None: nobody replaces it but a start.
    watched: Option<Pair>,
    metrics: TlsMetrics,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("watched", &self.watched)
            .finish_non_exhaustive()
    }
}

/// The certificate that new connections are shown.
#[derive(Debug)]
struct Current(RwLock<Certificate>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().key.clone())
    }
}

/// Whether the configured files can be used, before anything else is begun.
pub(crate) fn check(tls: &config::Tls) -> Result<(), PairError> {
    match tls.mode {
        TlsMode::Off | TlsMode::SelfSigned => Ok(()),
        TlsMode::Files => Certificate::read(&files(tls)).map(|_| ()),
    }
}

fn files(tls: &config::Tls) -> Pair {
    Pair {
        cert: tls.cert_file.clone(),
        key: tls.key_file.clone(),
    }
}

fn versions(min: TlsMin) -> Vec<&'static SupportedProtocolVersion> {
    match min {
        TlsMin::Tls12 => vec![&TLS12, &TLS13],
        TlsMin::Tls13 => vec![&TLS13],
    }
}

impl Tls {
    /// None when it is off. `names` are what a certificate of the node's own is for.
    pub(crate) fn open(
        tls: &config::Tls,
        names: &[String],
        data_dir: &Path,
        metrics: TlsMetrics,
    ) -> anyhow::Result<Option<Tls>> {
        let (pair, is_watched) = match tls.mode {
            TlsMode::Off => return Ok(None),
            TlsMode::Files => (files(tls), true),
            TlsMode::SelfSigned => (self_signed::pair(data_dir, names)?, false),
        };
        let current = Arc::new(Current(RwLock::new(Certificate::read(&pair)?)));
        // Of each version only what is good still.
        let mut server = ServerConfig::builder_with_protocol_versions(&versions(tls.min))
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let tls = Tls {
            acceptor: TlsAcceptor::from(Arc::new(server)),
            current,
            watched: is_watched.then_some(pair),
            metrics,
        };
        tls.tell("TLS");
        Ok(Some(tls))
    }

    pub(crate) fn certificate(&self) -> Certificate {
        self.current.0.read().clone()
    }

    /// The server's half of a handshake. An error has been counted and, where that can be, told to the client.
    pub(super) async fn accept(
        &self,
        mut stream: TcpStream,
        within: Duration,
    ) -> Option<TlsStream<TcpStream>> {
        let handshake = async {
            let mut first = [0];
            if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE_RECORD {
                let _ = refuse(&mut stream).await;
                return Ok(None);
            }
            self.acceptor.accept(stream).await.map(Some)
        };
        let (result, accepted) = match tokio::time::timeout(within, handshake).await {
            Ok(Ok(Some(stream))) => ("ok", Some(stream)),
            Ok(Ok(None)) => ("not-tls", None),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                ("failed", None)
            }
            Err(_) => ("timeout", None),
        };
        self.metrics.handshakes.with_label_values(&[result]).inc();
        accepted
    }

    fn reload(&self, pair: &Pair) {
        match Certificate::read(pair) {
            Ok(new) => {
                *self.current.0.write() = new;
                self.tell("the certificate was read again");
            }
            Err(error) => {
                let until = rfc3339(self.certificate().until_ms);
                tracing::warn!(%error, until, "the certificate before stays in use");
            }
        }
    }

    fn tell(&self, what: &str) {
        let certificate = self.certificate();
        let until = rfc3339(certificate.until_ms);
        let seconds = certificate.until_ms as f64 / 1_000.0;
        self.metrics.not_after_seconds.set(seconds);
        let soon = (SystemTime::now() + ENDS_SOON)
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        if u128::from(certificate.until_ms) < soon.as_millis() {
            tracing::warn!(until, sha256 = %certificate.fingerprint, "{what}; the certificate ends soon or has ended");
        } else {
            tracing::info!(until, sha256 = %certificate.fingerprint, "{what}");
        }
    }
}

/// Replaces the certificate when its files change and at SIGHUP, for as long as the process runs. Without files SIGHUP,
/// which would end it, does nothing.
pub(crate) async fn keep_fresh(tls: Option<Tls>, mut hang_ups: Signal) {
    let watched = tls.and_then(|tls| Some((tls.watched.clone()?, tls)));
    let Some((pair, tls)) = watched else {
        while hang_ups.recv().await.is_some() {
            tracing::info!("SIGHUP: there are no certificate files to read again");
        }
        return;
    };
    let mut watch = Watch::new(state(&pair).ok());
    let mut ticks = tokio::time::interval(LOOKED_AT_EVERY);
    loop {
        let is_asked = tokio::select! {
            _ = ticks.tick() => false,
            heard = hang_ups.recv() => heard.is_some(),
        };
        let now = state(&pair).ok();
        if is_asked {
            watch = Watch::new(now);
            tls.reload(&pair);
        } else if watch.is_due(now) {
            tls.reload(&pair);
        }
    }
}

/// Says so in the client's own language, and takes what it still sends, so that the answer is not lost to a reset.
async fn refuse(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(NOT_TLS).await?;
    stream.shutdown().await?;
    let mut scratch = [0; 1024];
    while stream.read(&mut scratch).await? > 0 {}
    Ok(())
}

/// What tells one state of two files from another.
type State = [(SystemTime, u64, u64); 2];

fn state(pair: &Pair) -> io::Result<State> {
    use std::os::unix::fs::MetadataExt;
    let of = |path: &Path| {
        let about = std::fs::metadata(path)?;
        io::Result::Ok((about.modified()?, about.len(), about.ino()))
    };
    Ok([of(&pair.cert)?, of(&pair.key)?])
}

/// When files that changed are read: once two looks in a row found them the same.
#[derive(Debug)]
struct Watch {
    read: Option<State>,
    seen: Option<State>,
}

impl Watch {
    fn new(read: Option<State>) -> Watch {
        Watch { read, seen: read }
    }

    fn is_due(&mut self, now: Option<State>) -> bool {
        let is_settled = now == self.seen;
        self.seen = now;
        if !is_settled || now == self.read {
            return false;
        }
        self.read = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{NOT_TLS, Watch};
    use std::time::{Duration, SystemTime};

    #[test]
    fn files_are_read_when_they_changed_and_rest() {
        let state = |at| Some([(SystemTime::UNIX_EPOCH + Duration::from_secs(at), 1, 1); 2]);
        let mut watch = Watch::new(state(1));
        for (now, expected) in [
            (state(1), false),
            // The first of the two was replaced, then the second.
            (state(2), false),
            (state(3), false),
            (state(3), true),
            (state(3), false),
            // Both are gone: told once.
            (None, false),
            (None, true),
            (None, false),
            (state(4), false),
            (state(4), true),
        ] {
            assert_eq!(watch.is_due(now), expected, "at {now:?}");
        }
    }

    #[test]
    fn the_answer_to_plain_http_is_whole() {
        let text = std::str::from_utf8(NOT_TLS).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
    }
}
