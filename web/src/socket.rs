//! The capture socket: `GET /c/{capture_key}/ws`, subprotocol `liveness.v1`.
//!
//! The page sends one text, `start`, then pictures as binary messages; each of them is answered by one text. A connection
//! is one attempt: whatever ends the attempt ends the connection.

mod close;
mod connection;
mod incoming;
mod leave;
mod limits;
mod places;
mod round_trip;
mod told;

pub use limits::SocketPace;
pub(crate) use places::Places;

use crate::lookup;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use connection::Connection;
use incoming::Incoming;
use liveness_events::session::ExpiredBecause;
use liveness_projections::SessionStatus;
use places::Full;
use std::time::Duration;
use tracing::Instrument as _;
use url::Url;

/// The protocol's name; a client that offers none is served too.
const PROTOCOL: &str = "liveness.v1";
/// When to come again where all sockets are taken, or all of the link; one is free again after an attempt, which takes about so long.
const RETRY_AFTER_FULL: Duration = Duration::from_secs(10);

/// Opens the socket of a session that can still be used.
pub(crate) async fn open(
    request: HttpRequest,
    state: web::Data<AppState>,
    key: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    if !request.headers().contains_key(header::UPGRADE) {
        let problem =
            Problem::new(Kind::Plain(StatusCode::UPGRADE_REQUIRED), "this address speaks WebSocket");
        return Err(problem.with_header(header::UPGRADE, HeaderValue::from_static("websocket")));
    }
    let view = lookup::by_capture_key(&state, &key)
        .await?
        .ok_or_else(|| Problem::new(Kind::NotFound, "there is no check of this key"))?;
    if !is_own_origin(&request, &state.public_url) {
        return Err(Problem::new(Kind::ForeignOrigin, "open the page of this service"));
    }
    if let Some(ended) = ended(view.status) {
        return Err(Problem::new(ended, "no capture can begin any more"));
    }
    let place = state.places.take(view.id).map_err(|full| {
        let cause = match full {
            Full::All => "all capture sockets are taken",
            Full::Link => "the link has all its capture sockets",
        };
        Problem::later(RETRY_AFTER_FULL, Some(cause.into()))
    })?;
    let (payload, inflow) = incoming::guarded(&request, payload).await?;
    let (response, session, stream) = actix_ws::handle_with_protocols(&request, payload, &[PROTOCOL])
        .map_err(|error| Problem::new(Kind::InvalidRequest, error.to_string()))?;
    let span = tracing::info_span!("capture", session = %view.id);
    let connection = Connection::new(state, view, session, Incoming::new(stream, inflow));
    actix_web::rt::spawn(
        async move {
            connection.run().await;
            drop(place);
        }
        .instrument(span),
    );
    Ok(response)
}

/// Whether the page that asks is ours. Programs that are no browsers send no origin.
fn is_own_origin(request: &HttpRequest, public_url: &Url) -> bool {
    let Some(origin) = request.headers().get(header::ORIGIN) else { return true };
    let Some(origin) = origin.to_str().ok().and_then(|text| Url::parse(text).ok()) else { return false };
    if origin.origin() == public_url.origin() {
        return true;
    }
    // The host that was asked for, read with the origin's scheme so that a default port is the same as none.
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    Url::parse(&format!("{}://{host}", origin.scheme())).is_ok_and(|asked| asked.origin() == origin.origin())
}

const fn ended(status: SessionStatus) -> Option<Kind> {
    match status {
        SessionStatus::Pending | SessionStatus::InProgress => None,
        SessionStatus::Complete => Some(Kind::Complete),
        SessionStatus::Expired(ExpiredBecause::LinkEnded) => Some(Kind::Expired),
        SessionStatus::Expired(ExpiredBecause::AttemptsExhausted) => Some(Kind::AttemptsExhausted),
        SessionStatus::Cancelled(_) => Some(Kind::Cancelled),
    }
}
