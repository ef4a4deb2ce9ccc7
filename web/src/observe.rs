//! What wraps every request: its id, its line in the log, its time, and the form of its errors.

use crate::problem::{Kind, Problem};
use crate::state::AppState;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, web};
use std::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

/// Name of the header that carries the request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers of every answer that does not set them itself.
const DEFAULT_HEADERS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

#[derive(Clone, Copy)]
struct RequestId(Uuid);

/// The id of a request: the caller's, where it sent a UUID, else a new one.
pub(crate) fn request_id(request: &HttpRequest) -> Uuid {
    request.extensions().get::<RequestId>().map_or_else(Uuid::new_v4, |id| id.0)
}

pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = incoming_id(request.headers()).unwrap_or_else(Uuid::new_v4);
    request.extensions_mut().insert(RequestId(id));
    let started = Instant::now();
    // The path may hold a capture key and the query a token: only the route's pattern is told.
    let span = tracing::info_span!("request", request.id = %id);
    async {
        let answered = next.call(request).await?.map_into_boxed_body();
        let mut answered = in_our_form(answered, id);
        set_headers(answered.headers_mut(), id);
        note(&answered, started);
        Ok(answered)
    }
    .instrument(span)
    .await
}

fn incoming_id(headers: &HeaderMap) -> Option<Uuid> {
    headers.get(REQUEST_ID)?.to_str().ok()?.parse().ok()
}

/// Errors of handlers and of the framework alike become problems that name the request.
fn in_our_form(answered: ServiceResponse, id: Uuid) -> ServiceResponse {
    let response = answered.response();
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return answered;
    }
    let error = response.error();
    let problem = match error.and_then(|error| error.as_error::<Problem>()) {
        Some(problem) => problem.clone(),
        None if is_ours(response) => return answered,
        None if status.is_server_error() => {
            Problem::internal(&error.map_or_else(|| format!("status {status}"), ToString::to_string))
        }
        None => Problem::new(Kind::Plain(status), error.map(ToString::to_string).unwrap_or_default()),
    };
    if let Some(cause) = problem.cause() {
        tracing::error!(cause, "request failed");
    }
    answered.into_response(problem.respond(Some(id)))
}

/// Whether a handler made this answer on purpose: a page, or what `/readyz` says.
fn is_ours(response: &HttpResponse) -> bool {
    response.error().is_none() && response.headers().contains_key(header::CONTENT_TYPE)
}

fn set_headers(headers: &mut HeaderMap, id: Uuid) {
    for (name, value) in DEFAULT_HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
}

fn note(answered: &ServiceResponse, started: Instant) {
    let request = answered.request();
    let route = request.match_pattern().filter(|route| !route.is_empty()).unwrap_or_else(|| "none".into());
    let (method, status, time) = (request.method().as_str(), answered.status().as_u16(), started.elapsed());
    tracing::debug!(
        http.route = route,
        http.method = method,
        http.status = status,
        ?time,
        "request answered"
    );
    if let Some(state) = request.app_data::<web::Data<AppState>>() {
        state.metrics.request(route, method, status, time);
    }
}
