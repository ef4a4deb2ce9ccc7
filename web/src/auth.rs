use crate::ask::ask;
use crate::messages::CatchUp;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderValue};
use liveness_events::Digest;
use liveness_events::api_key::{ApiKey, Scope};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Waits for the views that strangers may cause in a second. A new key is seen at once unless somebody floods; a flood
/// of wrong keys costs no more than this many waits.
const STRANGERS_A_SECOND: u32 = 5;

/// Lets few callers through in any second.
#[derive(Default)]
pub(crate) struct CatchUpGate(Mutex<Option<(Instant, u32)>>);

impl CatchUpGate {
    /// Whether this caller may go through.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *window {
            Some((since, count)) if now.duration_since(*since) < Duration::from_secs(1) => {
                *count += 1;
                *count <= STRANGERS_A_SECOND
            }
            other => {
                *other = Some((now, 1));
                true
            }
        }
    }
}

/// The caller's key, where it is a valid one whose scope reaches.
pub(crate) async fn require(
    request: &HttpRequest,
    state: &AppState,
    scope: Scope,
) -> Result<ApiKey, Problem> {
    let Some(secret) = bearer(request) else {
        return Err(Problem::new(Kind::Unauthorized, "send `Authorization: Bearer <api key>`")
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"liveness\"")));
    };
    let Some(key) = find(state, Digest::of(secret.as_bytes())).await? else {
        return Err(Problem::new(Kind::Unauthorized, "the API key is unknown or was revoked").with_header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"liveness\", error=\"invalid_token\""),
        ));
    };
    if key.scopes.contains(&scope) {
        return Ok(key);
    }
    let challenge = format!("Bearer realm=\"liveness\", error=\"insufficient_scope\", scope=\"{scope}\"");
    let problem = Problem::new(Kind::MissingScope, format!("this needs a key with the scope `{scope}`"));
    Err(match HeaderValue::from_str(&challenge) {
        Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
        Err(_) => problem,
    })
}

/// Looks the key up by its hash: how long that takes tells nothing of the key.
async fn find(state: &AppState, hash: Digest) -> Result<Option<ApiKey>, Problem> {
    let found = state.views.api_key(hash)?;
    if found.is_some() || !state.key_gate.admits(Instant::now()) {
        return Ok(found);
    }
    ask(&state.handles.catch_up, CatchUp).await?;
    Ok(state.views.api_key(hash)?)
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, secret) = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_let_through_slowly() {
        let gate = CatchUpGate::default();
        let start = Instant::now();
        assert_eq!((0..1000).filter(|_| gate.admits(start)).count(), 5);
        assert!(!gate.admits(start + Duration::from_millis(999)));
        assert!(gate.admits(start + Duration::from_secs(1)));
    }
}
