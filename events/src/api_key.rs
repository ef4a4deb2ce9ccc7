//! API keys: who may call. A key is shown once; the log holds its hash.

use crate::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Create, read and cancel checks.
    Api,
    /// Read the event streams.
    Audit,
    /// Read and append event streams, as another node does.
    Node,
}

impl std::str::FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "api" => Ok(Self::Api),
            "audit" => Ok(Self::Audit),
            "node" => Ok(Self::Node),
            other => Err(format!("`{other}` is no scope: use api, audit or node")),
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Api => "api",
            Self::Audit => "audit",
            Self::Node => "node",
        })
    }
}

/// Something that happened to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiKeyEvent {
    /// It was made.
    Created(ApiKey),
    /// It may no longer be used.
    Revoked {
        /// When.
        at: Timestamp,
        /// Which.
        id: Uuid,
    },
}

/// A key, without the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// When it was made.
    pub at: Timestamp,
    /// Its id; also the owner of what is created with it.
    pub id: Uuid,
    /// What its maker called it.
    pub name: String,
    /// Hash of the key.
    pub hash: Digest,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// Whether it is for rehearsals.
    pub sandbox: bool,
}
