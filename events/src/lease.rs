//! Leases: which node does a piece of background work, until when.

use crate::Timestamp;
use uuid::Uuid;

/// A node took the lease of a piece of work, or held on to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseTaken {
    /// When.
    pub at: Timestamp,
    /// The node, which keeps its id over restarts.
    pub node: Uuid,
    /// The node works until then, unless it takes the lease again before.
    pub until: Timestamp,
}
