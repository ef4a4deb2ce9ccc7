//! Webhooks: how a delivery is signed, sent, retried and received.
//!
//! What happens to a delivery over time (when it is due, what the event log says of it) lives elsewhere; the modules
//! here hold no state that outlives a call.
//!
//! | module | question |
//! | --- | --- |
//! | [`signature`] | which headers prove that a body is ours? |
//! | [`target`] | may this URL, this address, be called at all? |
//! | [`client`] | how did one try end? |
//! | [`schedule`] | when is the next try, if there is one? |
//! | [`listen`] | the other end: a receiver for developers |
//!
//! Two rules hold throughout: no redirect is followed, and unless the operator allows it no connection is opened to an
//! address that is not public, whatever a URL or the DNS says.

pub mod client;
pub mod listen;
pub mod schedule;
pub mod signature;
pub mod target;

pub use client::{Delivered, DeliveryError, SetupError, TlsFault, WebhookClient};
pub use schedule::next_delay;
pub use signature::{SignedHeaders, sign};
pub use target::{AddressClass, TargetPolicy, UrlRefusal, check_url};
