//! Who may read and append: the holders of API keys, by basic authentication.
//!
//! The password is the key; the user name is not looked at. Keys are read from the log's own stream of keys, so that
//! every node knows them, and are read on before use, so that a revoked one is soon good for nothing.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use liveness_events::api_key::{ApiKeyEvent, Scope};
use liveness_events::stored::Stored as _;
use liveness_events::{Digest, stream};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep, sleep_until};
use tonic::metadata::MetadataMap;
use uuid::Uuid;

use super::fault::Fault;
use super::limits::{KEYS_FRESH, STREAM_PAGE};
use crate::event_log::{Direction, EventLog, StreamFrom};

/// What a caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Read, follow, or look at anything.
    Read,
    /// Append.
    Append,
}

impl Act {
    /// A node reads too; an auditor never appends.
    fn allowed_by(self, scopes: &BTreeSet<Scope>) -> bool {
        match self {
            Self::Read => scopes.contains(&Scope::Audit) || scopes.contains(&Scope::Node),
            Self::Append => scopes.contains(&Scope::Node),
        }
    }
}

/// Knows the keys.
#[derive(Clone)]
pub(crate) struct Access(Option<Arc<Keys>>);

struct Keys {
    log: Arc<dyn EventLog>,
    ring: Mutex<Ring>,
}

/// The keys that are good, as of `read`.
#[derive(Default)]
struct Ring {
    next_revision: u64,
    read: Option<Instant>,
    good: HashMap<Digest, (Uuid, BTreeSet<Scope>)>,
}

/// Says that a caller may do something, for as long as its key is good.
#[derive(Clone)]
pub(crate) struct Pass(Option<Held>);

#[derive(Clone)]
struct Held {
    keys: Arc<Keys>,
    hash: Digest,
    act: Act,
}

impl Access {
    /// Lets those in who have a key of `log`.
    pub(crate) fn by_keys(log: Arc<dyn EventLog>) -> Self {
        Self(Some(Arc::new(Keys { log, ring: Mutex::default() })))
    }

    /// Lets everybody in.
    pub(crate) fn open() -> Self {
        Self(None)
    }

    /// Lets the sender of these headers in.
    ///
    /// # Errors
    ///
    /// [`Fault::Unauthenticated`] without a good key, [`Fault::AccessDenied`] when its scope does not reach.
    pub(crate) async fn admit(&self, headers: &MetadataMap, act: Act) -> Result<Pass, Fault> {
        let Some(keys) = &self.0 else { return Ok(Pass(None)) };
        let password = password(headers).ok_or(Fault::Unauthenticated(
            "not authenticated: send an API key as the password of basic authentication",
        ))?;
        let hash = Digest::of(&password);
        keys.check(hash, act).await?;
        Ok(Pass(Some(Held { keys: Arc::clone(keys), hash, act })))
    }
}

impl Pass {
    /// Waits until the key is good no longer; for ever where none is asked for.
    pub(crate) async fn revoked(&self) -> Fault {
        let Some(Held { keys, hash, act }) = &self.0 else { return std::future::pending().await };
        loop {
            sleep(KEYS_FRESH).await;
            match keys.check(*hash, *act).await {
                // The log's trouble is told by who reads it.
                Ok(()) | Err(Fault::Unavailable) => {}
                Err(fault) => return fault,
            }
        }
    }
}

impl Keys {
    async fn check(&self, hash: Digest, act: Act) -> Result<(), Fault> {
        let mut ring = self.ring.lock().await;
        if ring.read.is_none_or(|read| read.elapsed() >= KEYS_FRESH) {
            self.read_on(&mut ring).await?;
        }
        if !ring.good.contains_key(&hash)
            && let Some(read) = ring.read
        {
            // It may be newer than what was read. Waiting keeps those who guess from keeping the log busy.
            drop(ring);
            sleep_until(read + KEYS_FRESH).await;
            ring = self.ring.lock().await;
            if ring.read == Some(read) {
                self.read_on(&mut ring).await?;
            }
        }
        let (_, scopes) = ring
            .good
            .get(&hash)
            .ok_or(Fault::Unauthenticated("not authenticated: the API key is unknown or was revoked"))?;
        if act.allowed_by(scopes) {
            return Ok(());
        }
        Err(Fault::AccessDenied(match act {
            Act::Read => "reading needs an API key of the scope `audit`",
            Act::Append => "appending needs an API key of the scope `node`",
        }))
    }

    async fn read_on(&self, ring: &mut MutexGuard<'_, Ring>) -> Result<(), Fault> {
        let now = Instant::now();
        loop {
            let from = StreamFrom::Revision(ring.next_revision);
            let page = self.log.read_stream(stream::API_KEYS, Direction::Forwards, from, STREAM_PAGE).await?;
            for event in &page {
                let event_read = ApiKeyEvent::decode_recorded(event).map_err(|error| {
                    tracing::error!(%error, "the wire face cannot read the API keys");
                    Fault::Unavailable
                })?;
                ring.take(event_read);
                ring.next_revision = event.revision + 1;
            }
            if page.len() < STREAM_PAGE {
                ring.read = Some(now);
                return Ok(());
            }
        }
    }
}

impl Ring {
    fn take(&mut self, event: ApiKeyEvent) {
        match event {
            ApiKeyEvent::Created(key) => {
                self.good.insert(key.hash, (key.id, key.scopes));
            }
            ApiKeyEvent::Revoked { id, .. } => self.good.retain(|_, (good, _)| *good != id),
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Access(by keys)" } else { "Access(open)" })
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pass")
    }
}

/// The password of basic authentication, as it was sent: clients do not agree on escapes.
fn password(headers: &MetadataMap) -> Option<Vec<u8>> {
    let (scheme, text) = headers.get("authorization")?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = BASE64_STANDARD.decode(text.trim()).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair[colon + 1..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_all_behind_the_first_colon() {
        let of = |value: &'static str| {
            let mut headers = MetadataMap::new();
            headers.insert("authorization", value.parse().unwrap());
            password(&headers)
        };
        assert_eq!(of("Basic YTpiOmM="), Some(b"b:c".to_vec()));
        assert_eq!(of("basic  YTo="), Some(Vec::new()));
        for wrong in ["Basic", "Basic YQ==", "Basic %", "Bearer YTpi", ""] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
