//! The server's side of TLS.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};

use super::server::StartError;

/// The one protocol of gRPC.
const HTTP2: &[u8] = b"h2";

/// Reads certificate and key.
///
/// The provider of cryptography is given by name: a client of EventStoreDB in the same process insists on being the
/// one who installs a provider for all.
pub(super) fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, StartError> {
    let unreadable = |path: &Path, error: pem::Error| match error {
        pem::Error::Io(source) => StartError::Unreadable { path: path.to_owned(), source },
        other => StartError::Unreadable {
            path: path.to_owned(),
            source: io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
        },
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(certificate, error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(|source| StartError::Tls { certificate: certificate.to_owned(), source })?;
    config.alpn_protocols = vec![HTTP2.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
