//! Settings, credentials and certificates.

use std::path::Path;
use std::process::Command;
use std::sync::PoisonError;

use tempfile::TempDir;
use tonic::transport::{Identity, ServerTlsConfig};

use super::server::Server;
use super::{EventStoreLog, Settings, adapter};
use crate::event_log::EventLog as _;
use crate::event_log::contract::{events, next_event, until_caught_up};

/// Names, in a process of its own, what is to be opened there.
const CHILD: &str = "LIVENESS_TEST_CHILD";

fn error(text: &str, file: Option<&Path>) -> String {
    Settings::parse(text, file).unwrap_err().to_string()
}

#[test]
fn connection_strings_of_all_forms_name_the_same_nodes() {
    for (text, nodes) in [
        ("esdb://a", "a:2113"),
        ("esdb://a:1?tls=false", "a:1"),
        ("esdb://user:secret@a:1/?tls=false&keepAliveInterval=-1&defaultDeadline=-1", "a:1"),
        ("esdb+discover://a:1?nodePreference=follower", "a:1"),
        ("esdb://a:1,b:2,c:3?maxDiscoverAttempts=0", "a:1, b:2, c:3"),
        ("esdb+discover://a:1,b?connectionName=node%201", "a:1, b:2113"),
        ("kurrentdb://a:1", "a:1"),
        ("kurrentdb+discover://u:p@a,b", "a:2113, b:2113"),
        ("kurrent://a:1", "a:1"),
    ] {
        let settings = Settings::parse(text, None).unwrap();
        assert_eq!(settings.to_string(), nodes, "{text}");
        assert!(Settings::is_connection_string(text));
    }
    for wrong in ["embedded", "http://a", "esdb:a"] {
        assert!(!Settings::is_connection_string(wrong));
        assert!(error(wrong, None).contains("must begin with esdb://"));
    }
}

#[test]
fn nothing_secret_is_shown() {
    let settings = Settings::parse("esdb://mallory:s3cret@a:1", None).unwrap();
    assert!(!format!("{settings} {settings:?}").contains("s3cret"));
    for wrong in [
        "esdb://mallory:s3cret@a:1/path",
        "esdb://mallory:s3cret@a:none",
        "esdb://mallory:s3cret@a:1?tls=perhaps",
        "esdb://mallory:s3cret@",
        "esdb://mallory:s3cret%ff@a:1",
        "esdb://mallory:s3cret@a:1?userCertFile=x",
        "esdb://mallory:s3cret@a:1?connectionName=%C3%84",
    ] {
        let told = error(wrong, None);
        assert!(!told.contains("s3cret") && !told.contains("mallory"), "{told}");
    }
}

#[test]
fn a_file_of_credentials_is_one_line() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("credentials");
    for (text, taken) in [
        ("user:pass", true),
        ("user:p:a/s@s wört\r\n", true),
        ("user:\n", true),
        ("user", false),
        (":pass", false),
        ("user:pass\nmore\n", false),
        ("", false),
    ] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(Settings::parse("esdb://a", Some(&file)).is_ok(), taken, "{text:?}");
    }
    std::fs::write(&file, "user:pass").unwrap();
    assert!(error("esdb://u:p@a", Some(&file)).contains("leave one of them out"));
    assert!(error("esdb://a", Some(&folder.path().join("none"))).contains("none"));
}

/// The crate would send the characters of the connection string as they stand there.
#[tokio::test]
async fn credentials_of_any_characters_reach_the_store() {
    use base64::Engine as _;
    let password = "p@s:s/ w%ö?";
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(&file, format!("user:{password}\n")).unwrap();
    for from_file in [false, true] {
        let server = Server::start().await;
        let (user, file) =
            if from_file { ("", Some(&*file)) } else { ("user:p%40s%3As%2F%20w%25%C3%B6%3F@", None) };
        let text = format!("esdb://{user}{}?tls=false", server.address());
        let log = EventStoreLog::open(Settings::parse(&text, file).unwrap()).unwrap();
        log.append("a", crate::event_log::ExpectedRevision::NoStream, events(1)).await.unwrap();
        while server.script.subscribed.load(std::sync::atomic::Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        let expected =
            format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(format!("user:{password}")));
        let told = server.script.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(told.len() >= 2 && told.iter().all(|told| told.as_deref() == Some(&*expected)), "{told:?}");
    }
}

#[tokio::test]
async fn a_store_with_a_certificate_of_ones_own_is_reached_and_followed() {
    // A client of the crate has to be the first in the process that touches rustls.
    drop(adapter("esdb://127.0.0.1:1?tls=false"));
    let folder = TempDir::new().unwrap();
    let (ca, other) = (folder.path().join("ca.pem"), folder.path().join("other.pem"));
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let foreign = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(&ca, own.cert.pem()).unwrap();
    std::fs::write(&other, foreign.cert.pem()).unwrap();
    let identity = Identity::from_pem(own.cert.pem(), own.signing_key.serialize_pem());
    let server = Server::secured(ServerTlsConfig::new().identity(identity)).await;
    let log = adapter(&format!("esdb://{}?tlsCaFile={}", server.address(), ca.display()));
    let mut following = log.subscribe_all(0, Vec::new());
    until_caught_up(&mut following).await;
    log.append("a", crate::event_log::ExpectedRevision::NoStream, events(1)).await.unwrap();
    assert_eq!(next_event(&mut following).await.position, 1);
    while server.script.subscribed.load(std::sync::atomic::Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let unverified = adapter(&format!("esdb://{}?tlsVerifyCert=false", server.address()));
    assert_eq!(unverified.head().await.unwrap(), 1);
    let wary = adapter(&format!("esdb://{}?tlsCaFile={}", server.address(), other.display()));
    assert!(wary.head().await.is_err());
}

/// Fault 8: the crate panics at each of these, and tells nobody.
#[test]
fn unusable_certificates_are_told_at_the_start() {
    let folder = TempDir::new().unwrap();
    let (empty, none) = (folder.path().join("empty.pem"), folder.path().join("none.pem"));
    std::fs::write(&empty, "").unwrap();
    for (file, what) in [(&empty, "there is no certificate in it"), (&none, "No such file")] {
        for tls in [true, false] {
            let text = format!("esdb://a?tls={tls}&tlsCaFile={}", file.display());
            let error = EventStoreLog::open(Settings::parse(&text, None).unwrap()).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains(&file.display().to_string()), "{error}");
        }
    }
    let pair = rcgen::generate_simple_self_signed(["a".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["a".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, pair.cert.pem()).unwrap();
    std::fs::write(&key, other.signing_key.serialize_pem()).unwrap();
    let (certificate, key) = (certificate.display(), key.display());
    let text = format!("esdb://a?tlsCaFile={certificate}&userCertFile={certificate}&userKeyFile={key}");
    let error = EventStoreLog::open(Settings::parse(&text, None).unwrap()).unwrap_err().to_string();
    assert!(error.contains("userCertFile"), "{error}");
}

/// Runs one of the tests below in a process of its own.
fn in_a_process_of_its_own(test: &str, variables: &[(&str, &str)]) {
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env(CHILD, test)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && told.contains("1 passed"), "{told}");
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Fault 8: so it does for the certificates of the system, even without TLS.
#[test]
fn unreadable_certificates_of_the_system_are_told_at_the_start() {
    if !is_child() {
        let test = "unreadable_certificates_of_the_system_are_told_at_the_start";
        return in_a_process_of_its_own(test, &[("SSL_CERT_FILE", "/nowhere/certificates.pem")]);
    }
    let error = EventStoreLog::open(Settings::parse("esdb://a?tls=false", None).unwrap()).unwrap_err();
    assert!(error.to_string().contains("mend SSL_CERT_FILE"), "{error}");
}

/// Fault 8: and no client of the crate ever works where somebody else was first.
#[test]
fn a_provider_that_came_first_is_told_at_the_start() {
    if !is_child() {
        return in_a_process_of_its_own("a_provider_that_came_first_is_told_at_the_start", &[]);
    }
    rustls::crypto::CryptoProvider::install_default(
        tokio_rustls::rustls::crypto::aws_lc_rs::default_provider(),
    )
    .unwrap();
    let error = EventStoreLog::open(Settings::parse("esdb://a?tls=false", None).unwrap()).unwrap_err();
    assert!(error.to_string().contains("before anything else chooses a provider"), "{error}");
}
