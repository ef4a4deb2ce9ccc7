//! A small server over an embedded log that does what it is told to do wrong.

mod events;
mod script;
mod streams;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

pub(super) use self::script::{AppendFault, BellFault, ReadFault, Script};
use crate::event_log::embedded::EmbeddedLog;
use crate::event_log::wire::protocol::gossip::gossip_server::{Gossip, GossipServer};
use crate::event_log::wire::protocol::gossip::{ClusterInfo, EndPoint, MemberInfo, member_info::VNodeState};
use crate::event_log::wire::protocol::server_features::SupportedMethods;
use crate::event_log::wire::protocol::server_features::server_features_server::{
    ServerFeatures, ServerFeaturesServer,
};
use crate::event_log::wire::protocol::shared::Empty;
use crate::event_log::wire::protocol::streams::streams_server::StreamsServer;

/// A running server; it ends when it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    pub(super) script: Arc<Script>,
    log: Arc<EmbeddedLog>,
    task: AbortHandle,
    folder: Arc<TempDir>,
}

/// What each service holds.
#[derive(Clone)]
struct Node {
    log: Arc<EmbeddedLog>,
    script: Arc<Script>,
    address: SocketAddr,
}

impl Server {
    /// Starts a server that behaves until its script says otherwise.
    pub(super) async fn start() -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let log = Arc::new(EmbeddedLog::open(folder.path().join("events.db")).unwrap());
        Self::on(log, folder).await
    }

    /// Starts another node over the same log.
    pub(super) async fn another(&self) -> Self {
        Self::on(Arc::clone(&self.log), Arc::clone(&self.folder)).await
    }

    async fn on(log: Arc<EmbeddedLog>, folder: Arc<TempDir>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Script::default());
        let node = Node { log: Arc::clone(&log), script: Arc::clone(&script), address };
        let serve = tonic::transport::Server::builder()
            .tcp_nodelay(true)
            .add_service(StreamsServer::new(node.clone()).max_decoding_message_size(32 * 1024 * 1024))
            .add_service(GossipServer::new(node.clone()))
            .add_service(ServerFeaturesServer::new(node))
            .serve_with_incoming(TcpListenerStream::new(listener));
        let task = tokio::spawn(serve).abort_handle();
        Self { address, script, log, task, folder }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn connection_string(&self) -> String {
        format!("esdb://{}?tls=false", self.address)
    }

    /// What it has, without a way over the network.
    pub(super) fn log(&self) -> Arc<EmbeddedLog> {
        Arc::clone(&self.log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tonic::async_trait]
impl ServerFeatures for Node {
    async fn get_supported_methods(&self, _: Request<Empty>) -> Result<Response<SupportedMethods>, Status> {
        if let Some(status) = self.script.features() {
            return Err(status);
        }
        let event_store_server_version = "24.10.0".to_owned();
        Ok(Response::new(SupportedMethods { methods: Vec::new(), event_store_server_version }))
    }
}

#[tonic::async_trait]
impl Gossip for Node {
    async fn read(&self, _: Request<Empty>) -> Result<Response<ClusterInfo>, Status> {
        let leader = *self.script.leader.lock().unwrap_or_else(PoisonError::into_inner);
        let leader = leader.unwrap_or(self.address);
        let member = MemberInfo {
            state: VNodeState::Leader.into(),
            is_alive: true,
            http_end_point: Some(EndPoint { address: leader.ip().to_string(), port: leader.port().into() }),
            ..MemberInfo::default()
        };
        Ok(Response::new(ClusterInfo { members: vec![member] }))
    }
}

/// Takes the next of a queue.
fn take<T>(queue: &Mutex<std::collections::VecDeque<T>>) -> Option<T> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}
