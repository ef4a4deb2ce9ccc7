//! Bounds of the wire face: what one client, or all together, may hold.

use std::time::Duration;

/// Largest message of those who may append, in bytes: EventStoreDB's own. The log takes far less, but only who has read
/// an append to its end can refuse it by a typed error.
pub(crate) const MAX_APPEND_MESSAGE_BYTES: usize = 17 * 1024 * 1024;

/// Largest message of those who may read: the longest lists of acknowledged events and of a filter's prefixes fit.
pub(crate) const MAX_MESSAGE_BYTES: usize = 128 * 1024;

/// Largest message of those whose key was not asked for. What they may ask is empty; room is left for what later
/// clients may add.
pub(crate) const MAX_OPEN_MESSAGE_BYTES: usize = 1024;

/// Connections at a time. Each client needs one or two; more come from a fault, and are closed at once.
pub(crate) const MAX_CONNECTIONS: usize = 256;

/// Calls at a time on one connection: a node's sessions append side by side over one. The next one waits at the client.
pub(crate) const MAX_CALLS: u32 = 128;

/// What may be on its way to one call before it reads, in bytes: more than an ordinary append has.
pub(crate) const CALL_WINDOW: u32 = 64 * 1024;

/// What may be on its way to all calls of a connection. All connections together hold 128 MiB at the worst.
pub(crate) const CONNECTION_WINDOW: u32 = 512 * 1024;

/// Longest list of headers, in bytes: credentials and names of a client are far below.
pub(crate) const MAX_HEADER_BYTES: u32 = 16 * 1024;

/// Reads that end by themselves, at a time. Each holds two pages; the log's few readers are kept busy by fewer.
pub(crate) const MAX_READS: usize = 128;

/// Calls that append, at a time. The log writes one append after the other, and syncs those together that wait; each
/// call may hold a message of [`MAX_APPEND_MESSAGE_BYTES`] and what it has collected.
pub(crate) const MAX_APPENDS: usize = 32;

/// How long a read or an append waits for its turn before it is told to come again.
pub(crate) const TURN_WAIT: Duration = Duration::from_secs(10);

/// Subscriptions at a time. Each holds three pages, none of which is larger than 4.5 MiB.
pub(crate) const MAX_SUBSCRIPTIONS: usize = 256;

/// How long a client may take nothing of what is there for it. Until then it is just waited for; a client that never
/// comes back must not hold its slot for ever. As long may a client that appends send nothing.
pub(crate) const STALL_LIMIT: Duration = Duration::from_secs(120);

/// Batches of events that may wait for a client, beside the one that it takes and the one that is being read.
pub(crate) const OUTLET_BATCHES: usize = 1;

/// Events that one read of a stream fetches: 16 MiB at the worst, some 50 KiB as sessions are.
pub(crate) const STREAM_PAGE: usize = 32;

/// Events that one read of the whole log fetches; the log ends a page at 4 MiB by itself.
pub(crate) const ALL_PAGE: usize = 256;

/// Positions that a live subscription may lie behind the head before it is said to have fallen behind: as many events
/// as one page of the log has.
pub(crate) const BEHIND: u64 = 256;

/// Appends that one call may have begun and not ended. Each holds at most what the log takes at once, 1 MB.
pub(crate) const MAX_OPEN_BATCHES: usize = 16;

/// How long a TLS handshake may take.
pub(crate) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// How often an idle connection is asked whether its client is still there, so that a dead one frees what it holds.
pub(crate) const PING_INTERVAL: Duration = Duration::from_secs(10);

/// How long the answer may take.
pub(crate) const PING_LIMIT: Duration = Duration::from_secs(20);

/// How long a stopping server lets calls come to their end.
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(5);

/// How long keys once read are good for: with it, a revocation holds well within a second.
pub(crate) const KEYS_FRESH: Duration = Duration::from_millis(200);

/// How long to wait before accepting again when the system has no room for another connection.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
