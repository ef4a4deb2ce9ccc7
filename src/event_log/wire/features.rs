//! The ServerFeatures service: what the server can do. Clients ask it before anything else, without credentials.

use tonic::{Request, Response, Status};

use super::protocol::server_features::server_features_server::ServerFeatures;
use super::protocol::server_features::{SupportedMethod, SupportedMethods};
use super::protocol::shared::Empty;

/// The version of EventStoreDB whose protocol is spoken; clients compare it by the rules of semantic versions.
const VERSION: &str = "24.10.0";

const STREAMS: &str = "event_store.client.streams.streams";
const GROUPS: &str = "event_store.client.persistent_subscriptions.persistentsubscriptions";

/// Methods and their features, in lower case as clients compare them. `batchappend` is left out: it works, but clients
/// that do not see it here append in the simpler way.
const METHODS: [(&str, &str, &[&str]); 12] = [
    (STREAMS, "read", &["position", "events"]),
    (STREAMS, "append", &[]),
    (STREAMS, "delete", &[]),
    (STREAMS, "tombstone", &[]),
    (GROUPS, "create", &["stream", "all"]),
    (GROUPS, "update", &["stream", "all"]),
    (GROUPS, "delete", &["stream", "all"]),
    (GROUPS, "read", &["stream", "all"]),
    (GROUPS, "getinfo", &["stream", "all"]),
    (GROUPS, "replayparked", &["stream", "all"]),
    (GROUPS, "list", &["stream", "all"]),
    (GROUPS, "restartsubsystem", &[]),
];

/// The service.
#[derive(Debug)]
pub(crate) struct FeaturesService;

#[tonic::async_trait]
impl ServerFeatures for FeaturesService {
    async fn get_supported_methods(&self, _: Request<Empty>) -> Result<Response<SupportedMethods>, Status> {
        let method = |&(service, method, features): &(&str, &str, &[&str])| SupportedMethod {
            method_name: method.to_owned(),
            service_name: service.to_owned(),
            features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        };
        Ok(Response::new(SupportedMethods {
            methods: METHODS.iter().map(method).collect(),
            event_store_server_version: VERSION.to_owned(),
        }))
    }
}
