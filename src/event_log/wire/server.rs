//! Serves the wire face until it is stopped.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::rustls;
use tonic::transport::Server;

use super::access::Access;
use super::connection;
use super::face::{Face, left};
use super::features::FeaturesService;
use super::gossip::GossipService;
use super::groups::{Groups, GroupsService, OpenGroupsError};
use super::guard::Guarded;
use super::limits::{
    CALL_WINDOW, CONNECTION_WINDOW, MAX_APPEND_MESSAGE_BYTES, MAX_CALLS, MAX_CONNECTIONS, MAX_HEADER_BYTES,
    MAX_MESSAGE_BYTES, MAX_OPEN_MESSAGE_BYTES, PING_INTERVAL, PING_LIMIT, STOP_LIMIT,
};
use super::protocol::gossip::gossip_server::GossipServer;
use super::protocol::persistent_subscriptions::persistent_subscriptions_server::PersistentSubscriptionsServer;
use super::protocol::server_features::server_features_server::ServerFeaturesServer;
use super::protocol::streams::streams_server::StreamsServer;
use super::settings::{Advertised, Security, WireSettings};
use super::streams::StreamsService;
use super::tls;
use crate::event_log::EventLog;

/// Why the wire face cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or is none of this machine.
    #[error("{address} cannot be listened on: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Clients would be told to connect to every address there is.
    #[error("{0} names every address of this machine: say which one clients shall use")]
    NoAddress(SocketAddr),
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The system gives no threads.
    #[error("no threads for the wire face: {0}")]
    Threads(io::Error),
    /// The persistent subscriptions cannot be opened.
    #[error(transparent)]
    Groups(#[from] OpenGroupsError),
    /// Certificate and key do not serve.
    #[error("{certificate}: the certificate cannot be used with its key: {source}")]
    Tls {
        /// The certificate's file.
        certificate: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// A wire face that is being served, in tasks of the runtime that started it.
#[derive(Debug)]
pub struct WireServer {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    groups: Groups,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl WireServer {
    /// Listens, and serves `log` to whom `settings` let in.
    ///
    /// # Errors
    ///
    /// [`StartError`] says what is wrong with the settings.
    pub async fn start(log: Arc<dyn EventLog>, settings: &WireSettings) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen { address: settings.listen, source };
        let (tls, access) = match &settings.security {
            Security::Insecure => (None, Access::open()),
            Security::Tls { certificate, key } => {
                (Some(tls::acceptor(certificate, key)?), Access::by_keys(Arc::clone(&log)))
            }
        };
        let groups = Groups::open(Arc::clone(&log), settings.groups.as_deref()).await?;
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let advertised = match &settings.advertise {
            Some(advertised) => advertised.clone(),
            None if address.ip().is_unspecified() => return Err(StartError::NoAddress(address)),
            None => Advertised::from(address),
        };

        let (stop, mut leaving) = watch::channel(false);
        let connections = connection::accept(listener, tls, MAX_CONNECTIONS, leaving.clone());
        let face = Face::new(log, access, settings.write, leaving.clone());
        let features =
            ServerFeaturesServer::new(FeaturesService).max_decoding_message_size(MAX_OPEN_MESSAGE_BYTES);
        let gossip = GossipServer::new(GossipService::new(advertised))
            .max_decoding_message_size(MAX_OPEN_MESSAGE_BYTES);
        let subscriptions =
            PersistentSubscriptionsServer::new(GroupsService::new(face.clone(), groups.clone()))
                .max_decoding_message_size(MAX_MESSAGE_BYTES);
        let streams = StreamsServer::new(StreamsService::new(face.clone()));
        let streams = Guarded::split(
            face.clone(),
            streams.clone().max_decoding_message_size(MAX_MESSAGE_BYTES),
            streams.max_decoding_message_size(MAX_APPEND_MESSAGE_BYTES),
        );
        let server = Server::builder()
            .max_concurrent_streams(MAX_CALLS)
            .initial_stream_window_size(CALL_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .http2_keepalive_interval(Some(PING_INTERVAL))
            .http2_keepalive_timeout(Some(PING_LIMIT))
            .add_service(features)
            .add_service(gossip)
            .add_service(streams)
            .add_service(Guarded::new(face, subscriptions))
            .serve_with_incoming_shutdown(connections, async move { left(&mut leaving).await });
        tracing::info!(%address, write = settings.write, security = ?settings.security, "wire face started");
        Ok(Self { address, stop, groups, serving: tokio::spawn(server) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more calls, ends subscriptions by a status that says so, and waits for the others within bounds.
    pub async fn stop(self) {
        // Without receivers all is over already.
        let _ = self.stop.send(true);
        match timeout(STOP_LIMIT, self.serving).await {
            Ok(Ok(Ok(()))) => tracing::info!("wire face stopped"),
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the wire face failed"),
            Ok(Err(error)) => tracing::error!(%error, "the wire face failed"),
            Err(_) => tracing::warn!("the wire face stopped while clients still held connections"),
        }
        self.groups.close().await;
    }
}
