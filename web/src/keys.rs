use crate::problem::Problem;
use crate::state::AppState;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use liveness_events::receipt::JwkSet;

/// A new key is seen within so many seconds; keys are never taken back.
const CACHE: &str = "public, max-age=60";

/// `GET /.well-known/liveness-keys.json`: the public keys that receipts are checked with (RFC 7517, RFC 8037).
pub(crate) async fn keys(state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let keys = state.views.receipt_keys()?.into_iter().map(Into::into).collect();
    let answer = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/jwk-set+json"))
        .insert_header((CACHE_CONTROL, CACHE))
        .json(JwkSet { keys });
    Ok(answer)
}
