//! Names of streams.

use uuid::Uuid;

/// Prefix of the streams of sessions.
pub const SESSION_PREFIX: &str = "liveness-";
/// Prefix of the streams in which the deliveries of one session's webhooks are recorded.
pub const DELIVERY_PREFIX: &str = "webhook-";
/// Prefix of the streams of leases, which say who does background work. They are no part of the audit.
pub const LEASE_PREFIX: &str = "lease-";
/// The stream of all API keys.
pub const API_KEYS: &str = "api-keys";

/// The stream of one session.
#[must_use]
pub fn session(id: Uuid) -> String {
    format!("{SESSION_PREFIX}{id}")
}

/// The stream of the deliveries of one session's webhooks.
#[must_use]
pub fn deliveries(session: Uuid) -> String {
    format!("{DELIVERY_PREFIX}{session}")
}

/// The stream of the lease of a piece of background work.
#[must_use]
pub fn lease(work: &str) -> String {
    format!("{LEASE_PREFIX}{work}")
}

/// The session whose stream bears this name.
#[must_use]
pub fn session_id(stream: &str) -> Option<Uuid> {
    Uuid::try_parse(stream.strip_prefix(SESSION_PREFIX)?).ok()
}

/// The session whose deliveries bear this name.
#[must_use]
pub fn delivery_session_id(stream: &str) -> Option<Uuid> {
    Uuid::try_parse(stream.strip_prefix(DELIVERY_PREFIX)?).ok()
}
