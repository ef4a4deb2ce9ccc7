//! Keys and TLS.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures::{FutureExt as _, stream};
use liveness_events::api_key::{ApiKey, ApiKeyEvent, Scope};
use liveness_events::{Digest, Timestamp};
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::client::Grpc;
use tonic::codec::ProstCodec;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Code, Request};

use super::super::StartError;
use super::super::limits::MAX_MESSAGE_BYTES;
use super::super::protocol::gossip::gossip_client::GossipClient;
use super::super::protocol::persistent_subscriptions::persistent_subscriptions_client::PersistentSubscriptionsClient;
use super::super::protocol::persistent_subscriptions::{
    CreateReq, DeleteReq as GroupDeleteReq, GetInfoReq, ListReq, ReplayParkedReq, UpdateReq,
};
use super::super::protocol::server_features::server_features_client::ServerFeaturesClient;
use super::super::protocol::streams::{AppendReq, DeleteReq};
use super::*;
use crate::journal;

use ReadDirection::Forwards;

/// A wire face with TLS, and how its clients come to it.
struct Guarded {
    log: Log,
    server: WireServer,
    certificate: CertificateDer<'static>,
    folder: TempDir,
}

/// Writes a certificate for localhost and its key.
fn certify(folder: &Path) -> (CertificateDer<'static>, PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (made.cert.der().clone(), certificate, key)
}

fn with_tls(certificate: PathBuf, key: PathBuf) -> WireSettings {
    WireSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        advertise: None,
        write: true,
        security: Security::Tls { certificate, key },
        groups: None,
    }
}

impl Guarded {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let log: Log = Arc::new(EmbeddedLog::open(folder.path().join("events.db")).unwrap());
        let (der, certificate, key) = certify(folder.path());
        let server = WireServer::start(Arc::clone(&log), &with_tls(certificate, key)).await.unwrap();
        Self { log, server, certificate: der, folder }
    }

    /// A connection through TLS, by a tunnel on this machine: the generated client speaks plainly.
    async fn channel(&self) -> Channel {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let (connector, server) = (TlsConnector::from(Arc::new(config)), self.server.address());
        let tunnel = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tunnel.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut plain, _) = tunnel.accept().await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let stream = TcpStream::connect(server).await.unwrap();
            let mut secret = connector.connect(name, stream).await.unwrap();
            assert_eq!(secret.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            // Either side may just go.
            let _ = copy_bidirectional(&mut plain, &mut secret).await;
        });
        Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
    }

    async fn record(&self, event: ApiKeyEvent) {
        let stream = liveness_events::stream::API_KEYS;
        let head = journal::head(&*self.log, stream).await.unwrap();
        journal::append(&*self.log, stream, head, Uuid::nil(), Uuid::nil(), &[event]).await.unwrap();
    }

    /// Makes a key of this scope, called like it.
    async fn key(&self, scope: Scope) -> (String, Uuid) {
        let (key, id) = (format!("key:of {scope}"), Uuid::new_v4());
        self.record(ApiKeyEvent::Created(ApiKey {
            at: Timestamp::from_millis(0),
            id,
            name: scope.to_string(),
            hash: Digest::of(key.as_bytes()),
            scopes: [scope].into(),
            sandbox: false,
        }))
        .await;
        (key, id)
    }
}

fn authorized<T>(message: T, key: &str) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Basic {}", BASE64_STANDARD.encode(format!("anyone:{key}")));
    request.metadata_mut().insert("authorization", AsciiMetadataValue::try_from(value).unwrap());
    request
}

fn a_read() -> ReadReq {
    ReadReq { options: Some(of_all(Forwards, from_start())) }
}

fn a_subscription() -> ReadReq {
    ReadReq { options: Some(following(of_all(Forwards, from_end()))) }
}

/// What came of a read and of an append with this key.
async fn tried(channel: &Channel, key: &str) -> (Code, Code) {
    let mut client = StreamsClient::new(channel.clone());
    let code = |result: Result<(), Status>| result.map_or_else(|status| status.code(), |()| Code::Ok);
    let read = client.read(authorized(a_read(), key)).await.map(drop);
    // An append without messages: who is let in is told what it lacks.
    let append = client.append(authorized(stream::iter(Vec::<AppendReq>::new()), key)).await;
    if let Err(status) = &append
        && status.code() == Code::PermissionDenied
    {
        assert_eq!(status.metadata().get("exception").unwrap(), "access-denied");
    }
    (code(read), code(append.map(drop)))
}

#[tokio::test]
async fn a_key_opens_what_its_scope_says() {
    let guarded = Guarded::new().await;
    let channel = guarded.channel().await;
    for (scope, read, append) in [
        (Scope::Api, Code::PermissionDenied, Code::PermissionDenied),
        (Scope::Audit, Code::Ok, Code::PermissionDenied),
        (Scope::Node, Code::Ok, Code::InvalidArgument),
    ] {
        let (key, _) = guarded.key(scope).await;
        assert_eq!(tried(&channel, &key).await, (read, append), "{scope}");
    }
    assert_eq!(tried(&channel, "guessed").await, (Code::Unauthenticated, Code::Unauthenticated));
}

#[tokio::test]
async fn without_a_key_only_features_and_gossip_answer() {
    let guarded = Guarded::new().await;
    let channel = guarded.channel().await;
    ServerFeaturesClient::new(channel.clone()).get_supported_methods(Empty {}).await.unwrap();
    GossipClient::new(channel.clone()).read(Empty {}).await.unwrap();
    let mut client = StreamsClient::new(channel);
    let told = [
        client.read(a_read()).await.map(drop),
        client.read(a_subscription()).await.map(drop),
        client.append(stream::iter([])).await.map(drop),
        client.batch_append(stream::iter([])).await.map(drop),
        client.delete(DeleteReq { options: None }).await.map(drop),
    ];
    for result in told {
        assert_eq!(result.unwrap_err().code(), Code::Unauthenticated);
    }
}

#[tokio::test]
async fn a_call_without_a_key_is_refused_before_its_body() {
    let guarded = Guarded::new().await;
    let channel = guarded.channel().await;
    let (audit, _) = guarded.key(Scope::Audit).await;
    // Each takes one message, which never comes.
    for method in [
        "streams.Streams/Read",
        "streams.Streams/Delete",
        "persistent_subscriptions.PersistentSubscriptions/Create",
        "persistent_subscriptions.PersistentSubscriptions/List",
    ] {
        let call = async |key: &str| {
            let path = format!("/event_store.client.{method}").parse().unwrap();
            let mut client = Grpc::new(channel.clone());
            client.ready().await.unwrap();
            let request = authorized(stream::pending::<Empty>(), key);
            client.client_streaming(request, path, ProstCodec::<Empty, Empty>::default()).await
        };
        let status = soon(call("guessed")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{method}");
        assert!(call(&audit).now_or_never().is_none(), "who has a key is waited for");
    }
}

#[tokio::test]
async fn only_who_may_append_may_send_much() {
    let guarded = Guarded::new().await;
    let mut client = StreamsClient::new(guarded.channel().await);
    let (audit, _) = guarded.key(Scope::Audit).await;
    let (node, _) = guarded.key(Scope::Node).await;
    // No name of a stream is so long, but who reads it all can say so.
    let long = "s".repeat(MAX_MESSAGE_BYTES);
    let asked = || ReadReq { options: Some(of_stream(&long, Forwards, start())) };
    for (key, expected) in [(audit, Code::OutOfRange), (node, Code::InvalidArgument)] {
        assert_eq!(client.read(authorized(asked(), &key)).await.unwrap_err().code(), expected);
    }
}

#[tokio::test]
async fn persistent_subscriptions_are_for_those_who_may_read() {
    let guarded = Guarded::new().await;
    let mut client = PersistentSubscriptionsClient::new(guarded.channel().await);
    let (api, _) = guarded.key(Scope::Api).await;
    let (audit, _) = guarded.key(Scope::Audit).await;
    // Of those who are let in, none says what it wants.
    for (key, expected) in
        [("guessed", Code::Unauthenticated), (&api, Code::PermissionDenied), (&audit, Code::InvalidArgument)]
    {
        let told = [
            client.create(authorized(CreateReq { options: None }, key)).await.map(drop),
            client.update(authorized(UpdateReq { options: None }, key)).await.map(drop),
            client.delete(authorized(GroupDeleteReq { options: None }, key)).await.map(drop),
            client.get_info(authorized(GetInfoReq { options: None }, key)).await.map(drop),
            client.list(authorized(ListReq { options: None }, key)).await.map(drop),
            client.replay_parked(authorized(ReplayParkedReq { options: None }, key)).await.map(drop),
            client.read(authorized(stream::iter([]), key)).await.map(drop),
        ];
        for status in told.map(Result::unwrap_err) {
            assert_eq!(status.code(), expected, "{}", status.message());
            let denied = status.metadata().get("exception").is_some_and(|named| named == "access-denied");
            assert_eq!(denied, expected == Code::PermissionDenied);
        }
    }
    let restarted = client.restart_subsystem(authorized(Empty {}, &api)).await;
    assert_eq!(restarted.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_revoked_key_is_good_for_nothing_and_its_subscriptions_end() {
    let guarded = Guarded::new().await;
    let channel = guarded.channel().await;
    let (key, id) = guarded.key(Scope::Audit).await;
    let (other, _) = guarded.key(Scope::Node).await;
    let mut client = StreamsClient::new(channel.clone());
    let mut ended = client.read(authorized(a_subscription(), &key)).await.unwrap().into_inner();
    let mut going_on = client.read(authorized(a_subscription(), &other)).await.unwrap().into_inner();
    for answer in [&mut ended, &mut going_on] {
        assert!(matches!(next(answer).await, Content::Confirmation(_)));
        assert!(matches!(next(answer).await, Content::CaughtUp(_)));
    }
    guarded.record(ApiKeyEvent::Revoked { at: Timestamp::from_millis(1), id }).await;
    assert!(matches!(next(&mut ended).await, Content::Event(_)), "the revocation itself");
    let status = soon(ended.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(tried(&channel, &key).await.0, Code::Unauthenticated);
    assert!(matches!(next(&mut going_on).await, Content::Event(_)));
    assert_eq!(tried(&channel, &other).await.0, Code::Ok);
}

#[tokio::test]
async fn a_client_that_is_silent_or_speaks_plainly_keeps_nobody_else_out() {
    let guarded = Guarded::new().await;
    let (key, _) = guarded.key(Scope::Audit).await;
    let _silent = TcpStream::connect(guarded.server.address()).await.unwrap();
    let plain = Endpoint::from_shared(format!("http://{}", guarded.server.address())).unwrap();
    if let Ok(channel) = plain.connect().await {
        StreamsClient::new(channel).read(a_read()).await.unwrap_err();
    }
    let channel = guarded.channel().await;
    assert_eq!(soon(tried(&channel, &key)).await.0, Code::Ok);
}

#[tokio::test]
async fn another_protocol_than_http2_is_not_agreed_on() {
    let guarded = Guarded::new().await;
    let mut stream = TcpStream::connect(guarded.server.address()).await.unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(guarded.certificate.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, &mut stream).await.unwrap_err();
    let mut rest = Vec::new();
    soon(stream.read_to_end(&mut rest)).await.unwrap();
}

#[tokio::test]
async fn files_that_are_no_certificate_and_key_are_named() {
    let guarded = Guarded::new().await;
    let folder = guarded.folder.path();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let another = TempDir::new().unwrap();
    let (_, _, other_key) = certify(another.path());
    let empty = folder.join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for (certificate, key, named) in [
        (folder.join("none.pem"), key.clone(), "none.pem"),
        (certificate.clone(), folder.join("none.pem"), "none.pem"),
        (certificate.clone(), certificate.clone(), "cert.pem"),
        (empty, key.clone(), "empty.pem"),
        (certificate.clone(), other_key, "cert.pem"),
    ] {
        let log = Arc::clone(&guarded.log);
        let error: StartError = WireServer::start(log, &with_tls(certificate, key)).await.unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
}
