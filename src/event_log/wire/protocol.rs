//! The messages and services of the protocol, made by `build.rs` from `protos/`; nested as their packages are.

#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated, and so without docs")]

pub use event_store::client as shared;
pub use event_store::client::{gossip, persistent_subscriptions, server_features, streams};

/// Messages that the services share, and one module for each service.
pub mod event_store {
    pub mod client {
        tonic::include_proto!("event_store.client");
        pub mod streams {
            tonic::include_proto!("event_store.client.streams");
        }
        pub mod persistent_subscriptions {
            tonic::include_proto!("event_store.client.persistent_subscriptions");
        }
        pub mod gossip {
            tonic::include_proto!("event_store.client.gossip");
        }
        pub mod server_features {
            tonic::include_proto!("event_store.client.server_features");
        }
    }
}
/// Status of a single answer among many.
pub mod google {
    #[allow(rustdoc::broken_intra_doc_links, reason = "the comments are written for another generator")]
    pub mod rpc {
        tonic::include_proto!("google.rpc");
    }
}
