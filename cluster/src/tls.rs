//! Mutual TLS 1.3 between nodes. Both sides show a certificate that the cluster's authority signed; whoever calls a node
//! checks that it is that node, and whoever is called checks the greeting against the caller's certificate.
//!
//! Two protocols share the port, told apart by ALPN: what Raft and the bus say (`network`), and what is said about the
//! membership (`members`). Only of the second may a caller come without a certificate: it wants to join.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use easel_storage::ClusterId;
use futures_util::future::BoxFuture;
use parking_lot::RwLock;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::members::authority::{NodeKey, node_name};
use crate::members::token::fingerprint;
use crate::network::socket::{self, UNCONFIRMED_MAX_OF_MUCH};
use crate::network::{Accepted, Caller, Stream, Transport};

const PEER: &[u8] = b"easel-peer/1";
const MEMBERS: &[u8] = b"easel-members/1";
/// What a node shows the others.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) key: NodeKey,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) authority: CertificateDer<'static>,
}

/// The transport between nodes. Without credentials nothing comes about: a node alone has none before the first join token.
#[derive(Debug)]
pub(crate) struct PeerTls {
    cluster: ClusterId,
    configs: RwLock<Option<Arc<Configs>>>,
    /// Where nodes said they are since this one started. It stands over what the membership says, which cannot be changed
    /// while a majority is somewhere else than it says.
    moved: RwLock<HashMap<u64, String>>,
}

#[derive(Debug)]
struct Configs {
    server: Arc<ServerConfig>,
    peer: Arc<ClientConfig>,
    members: Arc<ClientConfig>,
    anyone: Arc<ClientConfig>,
}

impl PeerTls {
    pub(crate) fn new(cluster: ClusterId) -> Self {
        Self {
            cluster,
            configs: RwLock::default(),
            moved: RwLock::default(),
        }
    }

    pub(crate) fn has_credentials(&self) -> bool {
        self.configs.read().is_some()
    }

    /// From the next connection on.
    pub(crate) fn show(&self, credentials: &Credentials) -> Result<(), Error> {
        let configs = Configs::new(credentials)?;
        *self.configs.write() = Some(Arc::new(configs));
        Ok(())
    }

    /// Notes where a node, which proved to be that node, says it is.
    pub(crate) fn note_place(&self, node: u64, address: &str) {
        self.moved.write().insert(node, address.to_owned());
    }

    fn place_of(&self, node: u64, address: &str) -> String {
        let moved = self.moved.read().get(&node).cloned();
        moved.unwrap_or_else(|| address.to_owned())
    }

    fn configs(&self) -> io::Result<Arc<Configs>> {
        let configs = self.configs.read().clone();
        configs.ok_or_else(|| {
            io::Error::other("this node has no certificate yet; the first join token makes it")
        })
    }

    /// Calls the node that must be `node`, about the membership.
    pub(crate) async fn call(&self, node: u64, address: &str) -> io::Result<Stream> {
        let name = name_of(self.cluster, node)?;
        let address = self.place_of(node, address);
        let config = self.configs()?.members.clone();
        connect(config, name, (&address, UNCONFIRMED_MAX_OF_MUCH)).await
    }

    /// Calls whichever node of the cluster is there, about the membership.
    pub(crate) async fn call_anyone(&self, address: &str) -> io::Result<Stream> {
        let config = self.configs()?.anyone.clone();
        connect(config, unnamed(), (address, UNCONFIRMED_MAX_OF_MUCH)).await
    }
}

/// Calls a node of the cluster whose authority has this fingerprint, as one that is none yet.
pub(crate) async fn call_to_join(authority: [u8; 32], address: &str) -> io::Result<Stream> {
    let config = client(Knows::Pinned(authority), None, MEMBERS).map_err(io::Error::other)?;
    let way = (address, UNCONFIRMED_MAX_OF_MUCH);
    connect(Arc::new(config), unnamed(), way).await
}

/// Whether the other side showed a certificate of another authority.
pub(crate) fn is_foreign(error: &io::Error) -> bool {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    matches!(
        inner,
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer))
    )
}

impl Transport for PeerTls {
    fn connect<'a>(
        &'a self,
        target: u64,
        address: &'a str,
        unconfirmed_max: Duration,
    ) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let name = name_of(self.cluster, target)?;
            let address = self.place_of(target, address);
            let config = self.configs()?.peer.clone();
            let way = (address.as_str(), unconfirmed_max);
            connect(config, name, way).await
        })
    }

    fn accept(&self, accepted: TcpStream) -> BoxFuture<'_, io::Result<Accepted>> {
        Box::pin(async move {
            socket::prepare(&accepted, UNCONFIRMED_MAX_OF_MUCH)?;
            let acceptor = TlsAcceptor::from(self.configs()?.server.clone());
            let stream = acceptor.accept(accepted).await?;
            let (_, connection) = stream.get_ref();
            let certificate = connection
                .peer_certificates()
                .and_then(<[_]>::first)
                .cloned();
            let shown = certificate.map(|certificate| Shown {
                cluster: self.cluster,
                certificate,
            });
            let caller = match (connection.alpn_protocol(), shown) {
                (Some(MEMBERS), shown) => Caller::Members(shown),
                (Some(PEER), Some(shown)) => Caller::Peer(shown),
                (Some(PEER), None) => return Err(io::Error::other("it shows no certificate")),
                _ => {
                    return Err(io::Error::other(
                        "it does not speak as a node of Easel does",
                    ));
                }
            };
            Ok(Accepted {
                stream: Box::new(stream),
                caller,
            })
        })
    }
}

/// The certificate that a caller showed; the authority signed it.
#[derive(Debug)]
pub(crate) struct Shown {
    cluster: ClusterId,
    certificate: CertificateDer<'static>,
}

impl Shown {
    /// Whether it is this node's of this cluster.
    pub(crate) fn is_of(&self, node: u64) -> bool {
        is_of(&self.certificate, self.cluster, node)
    }
}

pub(crate) fn is_of(certificate: &CertificateDer<'_>, cluster: ClusterId, node: u64) -> bool {
    let (Ok(name), Ok(parsed)) = (
        name_of(cluster, node),
        ParsedCertificate::try_from(certificate),
    ) else {
        return false;
    };
    rustls::client::verify_server_name(&parsed, &name).is_ok()
}

fn name_of(cluster: ClusterId, node: u64) -> io::Result<ServerName<'static>> {
    ServerName::try_from(node_name(cluster, node)).map_err(io::Error::other)
}

/// The caller does not know which node it reaches.
fn unnamed() -> ServerName<'static> {
    ServerName::try_from("node.easel").expect("a name")
}

async fn connect(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    (address, unconfirmed_max): (&str, Duration),
) -> io::Result<Stream> {
    let tcp = TcpStream::connect(address).await?;
    socket::prepare(&tcp, unconfirmed_max)?;
    let stream = TlsConnector::from(config).connect(name, tcp).await?;
    Ok(Box::new(stream))
}

impl Configs {
    fn new(own: &Credentials) -> Result<Self, Error> {
        let roots = Arc::new(roots(&own.authority)?);
        let pin = fingerprint(&own.authority);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider())
            .allow_unauthenticated()
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        let mut server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(own.chain(), own.key.private())?;
        server.alpn_protocols = vec![PEER.to_vec(), MEMBERS.to_vec()];
        // A node that was removed must not come back by an old session.
        server.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        let named = || Knows::Authority(roots.clone());
        Ok(Self {
            server: Arc::new(server),
            peer: Arc::new(client(named(), Some(own), PEER)?),
            members: Arc::new(client(named(), Some(own), MEMBERS)?),
            anyone: Arc::new(client(Knows::Pinned(pin), Some(own), MEMBERS)?),
        })
    }
}

impl Credentials {
    /// The authority comes along for those who know only its fingerprint.
    fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.clone(), self.authority.clone()]
    }
}

/// What a caller knows of whom it calls.
enum Knows {
    /// Who signs, and the name.
    Authority(Arc<RootCertStore>),
    /// Who signs, by its fingerprint.
    Pinned([u8; 32]),
}

fn client(knows: Knows, own: Option<&Credentials>, speaks: &[u8]) -> Result<ClientConfig, Error> {
    let builder =
        ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13])?;
    let builder = match knows {
        Knows::Authority(roots) => builder.with_root_certificates(roots),
        Knows::Pinned(authority) => {
            let verifier = Arc::new(AnyNode { authority });
            builder
                .dangerous()
                .with_custom_certificate_verifier(verifier)
        }
    };
    let mut config = match own {
        Some(own) => builder.with_client_auth_cert(own.chain(), own.key.private())?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![speaks.to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(ring::default_provider()));
    PROVIDER.clone()
}

fn roots(authority: &CertificateDer<'static>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone())?;
    Ok(roots)
}

/// Any node whose certificate was signed by the authority with this fingerprint.
#[derive(Debug)]
struct AnyNode {
    authority: [u8; 32],
}

impl ServerCertVerifier for AnyNode {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let is_known = |der: &&CertificateDer<'_>| fingerprint(der) == self.authority;
        let Some(authority) = intermediates.iter().find(is_known) else {
            return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        };
        rustls::client::verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(end_entity)?,
            &roots(&authority.clone().into_owned())?,
            &[],
            now,
            provider().signature_verification_algorithms.all,
        )?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3 is spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = provider().signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
