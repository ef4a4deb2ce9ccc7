use crate::problem::Problem;
use crate::state::AppState;
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use serde_json::json;

/// Alive as long as it answers.
pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().insert_header(ContentType::plaintext()).body("ok")
}

/// Whether work may be sent here.
pub(crate) async fn readyz(state: web::Data<AppState>) -> HttpResponse {
    match (state.readiness)() {
        Ok(()) => HttpResponse::Ok().json(json!({ "status": "ready" })),
        Err(why) => {
            HttpResponse::ServiceUnavailable().json(json!({ "status": "unavailable", "reasons": [why] }))
        }
    }
}

/// Everything that is counted, in the Prometheus text form.
pub(crate) async fn metrics(state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let tally = state.views.tally()?;
    state.metrics.sessions("pending", tally.pending);
    state.metrics.sessions("in_progress", tally.in_progress);
    state.metrics.sockets(state.places.taken());
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &state.registry)
        .map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(text))
}
