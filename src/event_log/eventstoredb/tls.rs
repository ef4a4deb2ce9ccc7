//! Certificates: what the crate would panic at is checked before it sees it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use eventstore::{Client, ClientSettings};
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use super::settings::Settings;

/// What is wrong with certificates and keys.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that the connection string names cannot be used.
    #[error("{}: {what}: mend the file, or name another one in the event store's connection string", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The system's certificates cannot be used.
    #[error(
        "the system's certificates cannot be used: {0}: mend SSL_CERT_FILE and SSL_CERT_DIR, or name a file of \
         certificates by tlsCaFile= in the event store's connection string (needed even with tls=false)"
    )]
    System(String),
    /// The user's certificate and key do not fit.
    #[error("userCertFile and userKeyFile of the event store's connection string cannot be used: {0}")]
    User(String),
    /// Another part of the process has chosen the cryptography of rustls before the event store's client could.
    #[error(
        "the event store has to be opened before anything else in the process chooses a provider for rustls"
    )]
    Provider,
}

/// Checks all that the crate would read, and lets it install its provider.
pub(super) fn check(settings: &Settings) -> Result<(), TlsError> {
    let client = settings.client();
    let roots = roots(client)?;
    if client.is_secure_mode_enabled() && client.is_tls_certificate_verification_enabled() && roots.is_empty()
    {
        return Err(TlsError::System("there are none".to_owned()));
    }
    if let Some((certificate, key)) = client.user_certificate() {
        let chain = certificates(Path::new(certificate))?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(Path::new(key), &error))?;
        let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::User(error.to_string()))?;
        let config = config.with_root_certificates(roots).with_client_auth_cert(chain, key);
        config.map_err(|error| TlsError::User(error.to_string()))?;
    }
    let_the_crate_install_its_provider()
}

fn roots(client: &ClientSettings) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = client.tls_ca_file() {
        let path = Path::new(path);
        for certificate in certificates(path)? {
            let added = roots.add(certificate);
            added.map_err(|error| TlsError::File { path: path.to_owned(), what: error.to_string() })?;
        }
        return Ok(roots);
    }
    let system = rustls_native_certs::load_native_certs();
    if let Some(error) = system.errors.first() {
        return Err(TlsError::System(error.to_string()));
    }
    for certificate in system.certs {
        roots.add(certificate).map_err(|error| TlsError::System(error.to_string()))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|error| unusable(path, &error))?;
    if certificates.is_empty() {
        return Err(TlsError::File {
            path: path.to_owned(),
            what: "there is no certificate in it".to_owned(),
        });
    }
    Ok(certificates)
}

fn unusable(path: &Path, error: &PemError) -> TlsError {
    TlsError::File { path: path.to_owned(), what: error.to_string() }
}

/// The crate's first client of a process installs a provider for rustls, and no client ever works where that fails. So
/// the first one is made here, for nothing else.
fn let_the_crate_install_its_provider() -> Result<(), TlsError> {
    static DONE: Mutex<bool> = Mutex::new(false);
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if *done {
        return Ok(());
    }
    if CryptoProvider::get_default().is_some() {
        return Err(TlsError::Provider);
    }
    // In a thread of its own: the caller may be inside a runtime already.
    let installed = thread::spawn(|| -> Option<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        runtime.block_on(async {
            let client = Client::new("esdb://localhost?tls=false".parse().ok()?).ok()?;
            // Its task is run when this one yields.
            while CryptoProvider::get_default().is_none() {
                tokio::task::yield_now().await;
            }
            drop(client);
            Some(())
        })
    });
    installed.join().ok().flatten().ok_or(TlsError::Provider)?;
    *done = true;
    Ok(())
}

/// The same for a client of our own; `None` where the connection is not secured.
///
/// # Errors
///
/// A file has gone since the start, or there is to be no verification, which this client has not.
pub(super) fn config(settings: &Settings) -> Result<Option<ClientTlsConfig>, String> {
    let client = settings.client();
    if !client.is_secure_mode_enabled() {
        return Ok(None);
    }
    if !client.is_tls_certificate_verification_enabled() {
        return Err("with tlsVerifyCert=false there is no bell".to_owned());
    }
    let read = |path: &String| std::fs::read(path).map_err(|error| format!("{path}: {error}"));
    let mut config = match client.tls_ca_file() {
        Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    if let Some((certificate, key)) = client.user_certificate() {
        config = config.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(Some(config))
}
