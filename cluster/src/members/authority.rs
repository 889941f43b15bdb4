//! The cluster's own authority: one P-256 key, made with the first join token, that signs every node's certificate. It
//! lies in the replicated state, its key sealed, so that a cluster that lost nodes can still let others in.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use easel_storage::ClusterId;
use easel_storage::nodes::AuthorityRow;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm,
};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Clocks of nodes may differ by less than this before a certificate is good.
const BEFORE: Duration = DAY;
const NODE_VALID_FOR: Duration = DAY.saturating_mul(90);
/// It ends with the cluster, not with a date.
const AUTHORITY_VALID_FOR: Duration = DAY.saturating_mul(365 * 100);
/// An uncompressed point.
const PUBLIC_KEY_BYTES: usize = 65;
const SEALED_FOR: &[u8] = b"easel|v1|authority";

/// What a node shows the others, and the key to it, which never leaves the node.
#[derive(Debug)]
pub(crate) struct NodeKey(KeyPair);

/// Why a certificate could not be made. None of it is a caller's doing, but for a key that is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorityError {
    #[error("the cluster's authority is sealed with another master key than this node has")]
    Sealed,
    #[error("that is no public key of the kind that nodes have")]
    NotAKey,
    #[error("a certificate cannot be made: {0}")]
    Made(#[from] rcgen::Error),
}

impl NodeKey {
    pub(crate) fn generate() -> Result<Self, AuthorityError> {
        Ok(Self(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?))
    }

    pub(crate) fn read(der: &[u8]) -> Result<Self, AuthorityError> {
        let der = PrivatePkcs8KeyDer::from(der);
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ECDSA_P256_SHA256)?;
        Ok(Self(pair))
    }

    pub(crate) fn der(&self) -> &[u8] {
        self.0.serialized_der()
    }

    pub(crate) fn public(&self) -> &[u8] {
        self.0.public_key_raw()
    }

    pub(crate) fn private(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.der().to_vec()).into()
    }
}

/// The name in a node's certificate. It binds the node's id to the cluster.
pub(crate) fn node_name(cluster: ClusterId, node: u64) -> String {
    format!(
        "node-{node}.{}.easel",
        cluster.to_string().replace('_', "-")
    )
}

/// A new authority, as it comes into the state.
pub(crate) fn make(seal: &[u8; 32]) -> Result<(Bytes, Bytes), AuthorityError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params().self_signed(&key)?;
    let sealed = sealed(seal, key.serialized_der());
    Ok((Bytes::copy_from_slice(certificate.der()), sealed))
}

/// Signs.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn open(row: &AuthorityRow, seal: &[u8; 32]) -> Result<Self, AuthorityError> {
        let der = opened(seal, &row.sealed_key).ok_or(AuthorityError::Sealed)?;
        let NodeKey(key) = NodeKey::read(&der)?;
        Ok(Self {
            certificate: CertificateDer::from(row.certificate.to_vec()),
            issuer: Issuer::new(params(), key),
        })
    }

    /// A certificate for a node of this cluster, from a day ago for 90 days.
    pub(crate) fn sign(
        &self,
        cluster: ClusterId,
        node: u64,
        public_key: &[u8],
    ) -> Result<CertificateDer<'static>, AuthorityError> {
        if public_key.len() != PUBLIC_KEY_BYTES || public_key[0] != 4 {
            return Err(AuthorityError::NotAKey);
        }
        let mut params = CertificateParams::new(vec![node_name(cluster, node)])?;
        params.distinguished_name = named(&format!("Easel node {node}"));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let now = SystemTime::now();
        params.not_before = (now - BEFORE).into();
        params.not_after = (now + NODE_VALID_FOR).into();
        let signed = params.signed_by(&PublicKey(public_key), &self.issuer)?;
        Ok(signed.der().clone())
    }
}

/// Of another node.
struct PublicKey<'a>(&'a [u8]);

impl PublicKeyData for PublicKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Easel cluster authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let now = SystemTime::now();
    params.not_before = (now - BEFORE).into();
    params.not_after = (now + AUTHORITY_VALID_FOR).into();
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

fn sealed(seal: &[u8; 32], plain: &[u8]) -> Bytes {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).expect("the system has random numbers");
    let mut sealed = plain.to_vec();
    aead(seal)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(SEALED_FOR),
            &mut sealed,
        )
        .expect("it is short");
    [&nonce[..], &sealed].concat().into()
}

fn opened(seal: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut plain = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = aead(seal).open_in_place(nonce, Aad::from(SEALED_FOR), &mut plain);
    let len = opened.ok()?.len();
    plain.truncate(len);
    Some(plain)
}

fn aead(seal: &[u8; 32]) -> LessSafeKey {
    let key = UnboundKey::new(&CHACHA20_POLY1305, seal).expect("a key has 32 bytes");
    LessSafeKey::new(key)
}

#[cfg(test)]
mod tests {
    use super::{Authority, AuthorityError, NodeKey, make, node_name};
    use crate::members::testing::row;
    use easel_storage::ClusterId;
    use rustls::pki_types::ServerName;
    use rustls::server::ParsedCertificate;

    #[test]
    fn a_certificate_is_for_one_node_of_one_cluster() {
        let row = row(make(&[1; 32]).expect("an authority"));
        let authority = Authority::open(&row, &[1; 32]).expect("the seal fits");
        let key = NodeKey::generate().expect("a key");
        let cluster = ClusterId::from_bytes([7; 16]);
        let certificate = authority.sign(cluster, 3, key.public()).expect("signed");
        let parsed = ParsedCertificate::try_from(&certificate).expect("a certificate");
        let is_for = |cluster, node| {
            let name = ServerName::try_from(node_name(cluster, node)).expect("a name");
            rustls::client::verify_server_name(&parsed, &name).is_ok()
        };
        assert!(is_for(cluster, 3));
        assert!(!is_for(cluster, 4));
        assert!(!is_for(ClusterId::from_bytes([8; 16]), 3));
    }

    #[test]
    fn another_seal_opens_nothing_and_what_is_no_key_is_not_signed() {
        let row = row(make(&[1; 32]).expect("an authority"));
        let foreign = Authority::open(&row, &[2; 32]).map(drop);
        assert!(
            matches!(foreign, Err(AuthorityError::Sealed)),
            "{foreign:?}"
        );
        let authority = Authority::open(&row, &[1; 32]).expect("the seal fits");
        let cluster = ClusterId::from_bytes([7; 16]);
        for key in [&[][..], &[4; 64], &[5; 65]] {
            let signed = authority.sign(cluster, 1, key).map(drop);
            assert!(matches!(signed, Err(AuthorityError::NotAKey)), "{key:?}");
        }
    }
}
