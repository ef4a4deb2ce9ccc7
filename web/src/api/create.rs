use super::fields::Wanted;
use super::json_body;
use crate::ask::ask;
use crate::auth;
use crate::messages::{CreateCheck, CreateError};
use crate::observe::request_id;
use crate::problem::{Kind, Problem};
use crate::query::Query;
use crate::state::AppState;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use liveness_events::api_key::Scope;
use liveness_events::{Digest, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use url::Url;
use uuid::Uuid;

/// Longest `Idempotency-Key`, in bytes.
const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

#[derive(Serialize)]
struct Created<'a> {
    token: &'a str,
    url: Url,
    secret: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<Url>,
    uuid: Uuid,
    expires_at: Timestamp,
}

/// `POST /liveness_check`: asks for a check.
pub(crate) async fn create(
    request: HttpRequest,
    state: web::Data<AppState>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let caller = auth::require(&request, &state, Scope::Api).await?;
    Query::read(&request, &[])?;
    let idempotency_key = idempotency_key(&request)?;
    let fields = json_body::read(&request, payload).await?;
    let wanted = Wanted::read(&fields, |url| (state.check_webhook_url)(url))?;
    let idempotency = match idempotency_key {
        Some(key) => Some((key, digest(&fields)?)),
        None => None,
    };
    let message = CreateCheck {
        owner: caller.id,
        request_id: request_id(&request),
        idempotency,
        return_url: wanted.return_url,
        webhook_url: wanted.webhook_url.clone(),
        link_validity: wanted.link_validity,
        threshold: wanted.threshold,
        audit_images: wanted.audit_images,
    };
    let check = ask(&state.handles.create_check, message).await?;
    let credentials = state.master.credentials(check.session);
    let token = credentials.token.expose();
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/liveness_check?token={token}")))
        .json(Created {
            token,
            url: state.address(&format!("/c/{}", credentials.capture_key.expose())),
            secret: credentials.webhook_secret.expose(),
            webhook_url: wanted.webhook_url,
            uuid: check.session,
            expires_at: check.expires_at,
        }))
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&key.len()) => Ok(Some(key.into())),
        _ => Err(Problem::new(
            Kind::InvalidRequest,
            format!("an `Idempotency-Key` has 1 to {MAX_IDEMPOTENCY_KEY_BYTES} visible ASCII characters"),
        )),
    }
}

/// Hash of what was asked for: the order of the fields and the space between them are the client library's.
fn digest(fields: &Map<String, Value>) -> Result<Digest, Problem> {
    let sorted: BTreeMap<_, _> = fields.iter().collect();
    let text = serde_json::to_vec(&sorted).map_err(|error| Problem::internal(&error))?;
    Ok(Digest::of(&text))
}

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::OtherBody => Self::new(Kind::IdempotencyConflict, "use a new key for another check"),
            CreateError::Trouble(trouble) => trouble.into(),
        }
    }
}
