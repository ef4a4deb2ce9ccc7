use crate::problem::Problem;
use crate::query::Query;
use crate::state::AppState;
use crate::{auth, lookup};
use actix_web::{HttpRequest, HttpResponse, web};
use liveness_events::api_key::Scope;
use liveness_projections::DeliveryView;
use serde::Serialize;
use uuid::Uuid;

#[derive(Serialize)]
struct Deliveries {
    uuid: Uuid,
    deliveries: Vec<DeliveryView>,
}

/// `GET /liveness_checks/{uuid}/deliveries`: what became of the webhooks of one's own check.
pub(crate) async fn deliveries(
    request: HttpRequest,
    state: web::Data<AppState>,
    uuid: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = auth::require(&request, &state, Scope::Api).await?;
    Query::read(&request, &[])?;
    let uuid = uuid.parse().map_err(|_| lookup::no_such_check())?;
    lookup::by_id(&state, uuid)
        .await?
        .filter(|view| view.owner == caller.id)
        .ok_or_else(lookup::no_such_check)?;
    Ok(HttpResponse::Ok().json(Deliveries { uuid, deliveries: state.views.deliveries(uuid)? }))
}
