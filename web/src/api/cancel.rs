use crate::ask::ask;
use crate::messages::CancelOrErase;
use crate::observe::request_id;
use crate::problem::Problem;
use crate::query::Query;
use crate::state::AppState;
use crate::{auth, lookup};
use actix_web::{HttpRequest, HttpResponse, web};
use liveness_events::api_key::Scope;

/// `DELETE /liveness_check?token=…`: cancels an open check, erases the images of a complete one.
pub(crate) async fn cancel(
    request: HttpRequest,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let caller = auth::require(&request, &state, Scope::Api).await?;
    let query = Query::read(&request, &["token"])?;
    let view = lookup::by_token(&state, caller.id, query.required("token")?).await?;
    let message = CancelOrErase { session: view.id, request_id: request_id(&request) };
    ask(&state.handles.cancel_or_erase, message).await?;
    Ok(HttpResponse::NoContent().finish())
}
