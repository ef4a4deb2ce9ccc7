//! Sessions by what the caller holds. Before one is called unknown, the views are given time to catch up with the log.

use crate::ask::ask;
use crate::messages::CatchUp;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use liveness_events::credentials::Secret;
use liveness_projections::{SessionView, ViewError, ViewReader};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// When to come again after too many unknown links in a second.
const RETRY_AFTER_RUSH: Duration = Duration::from_secs(1);

/// The session of a token, where this owner asked for it.
pub(crate) async fn by_token(state: &AppState, owner: Uuid, token: &str) -> Result<SessionView, Problem> {
    let Some(token) = Secret::parse(token) else {
        return Err(Problem::new(Kind::InvalidToken, "a token is 32 letters and digits"));
    };
    let digest = token.digest();
    let mut found = patiently(state, |views| views.session_by_token(digest)).await?;
    if state.shares_log && found.as_ref().is_some_and(SessionView::is_open) {
        // Another node may have told of the end already. Where the log is away, what is known has to do.
        if ask(&state.handles.catch_up, CatchUp).await.is_ok() {
            found = state.views.session_by_token(digest)?;
        }
    }
    found
        .filter(|view| view.owner == owner)
        .ok_or_else(|| Problem::new(Kind::InvalidToken, "there is no check of this token"))
}

/// The session of this id.
pub(crate) async fn by_id(state: &AppState, id: Uuid) -> Result<Option<SessionView>, Problem> {
    patiently(state, |views| views.session(id)).await
}

/// The session of a capture key. Anybody may ask, so only few cause a wait; the others are told to come again where the key
/// may be another node's, which the views do not know of yet.
pub(crate) async fn by_capture_key(state: &AppState, key: &str) -> Result<Option<SessionView>, Problem> {
    let Some(key) = Secret::parse(key) else { return Ok(None) };
    let digest = key.digest();
    let found = state.views.session_by_capture_key(digest)?;
    if found.is_some() {
        return Ok(found);
    }
    if !state.link_gate.admits(Instant::now()) {
        return if state.shares_log { Err(Problem::later(RETRY_AFTER_RUSH, None)) } else { Ok(None) };
    }
    patiently(state, |views| views.session_by_capture_key(digest)).await
}

/// The problem of a session id in a path that leads nowhere.
pub(crate) fn no_such_check() -> Problem {
    Problem::new(Kind::NotFound, "there is no check of this id")
}

async fn patiently(
    state: &AppState,
    look: impl Fn(&ViewReader) -> Result<Option<SessionView>, ViewError>,
) -> Result<Option<SessionView>, Problem> {
    if let Some(view) = look(&state.views)? {
        return Ok(Some(view));
    }
    ask(&state.handles.catch_up, CatchUp).await?;
    Ok(look(&state.views)?)
}
