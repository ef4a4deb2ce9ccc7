//! Names of streams.

use uuid::Uuid;

/// Prefix of the streams of sessions.
pub const SESSION_PREFIX: &str = "liveness-";
/// Prefix of the streams in which the deliveries of one session's webhooks are recorded.
pub const DELIVERY_PREFIX: &str = "webhook-";
/// Prefix of the streams of leases, which say who does background work. They are no part of the audit.
pub const LEASE_PREFIX: &str = "lease-";
/// Prefix of the streams in which the receipts of one session stand.
pub const RECEIPT_PREFIX: &str = "receipt-";
/// The stream of all API keys.
pub const API_KEYS: &str = "api-keys";
/// The stream of the public keys that receipts are checked with.
pub const RECEIPT_KEYS: &str = "receipt-keys";

/// What the names of all streams begin with that an auditor looks at and an export holds. Who does the background work
/// stands in streams of another name: it says nothing of a session.
pub const AUDITED: [&str; 4] = [SESSION_PREFIX, DELIVERY_PREFIX, RECEIPT_PREFIX, API_KEYS];

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

/// The stream of the receipts of one session.
#[must_use]
pub fn receipts(session: Uuid) -> String {
    format!("{RECEIPT_PREFIX}{session}")
}

/// The session whose receipts bear this name.
#[must_use]
pub fn receipt_session_id(stream: &str) -> Option<Uuid> {
    Uuid::try_parse(stream.strip_prefix(RECEIPT_PREFIX)?).ok()
}

/// The session that a stream of any kind belongs to.
#[must_use]
pub fn any_session_id(stream: &str) -> Option<Uuid> {
    session_id(stream).or_else(|| delivery_session_id(stream)).or_else(|| receipt_session_id(stream))
}

/// Whether an auditor looks at a stream of this name.
#[must_use]
pub fn is_audited(stream: &str) -> bool {
    AUDITED.iter().any(|prefix| stream.starts_with(prefix))
}
