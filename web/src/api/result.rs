use crate::ask::ask;
use crate::messages::LoadImages;
use crate::problem::{Kind, Problem};
use crate::query::Query;
use crate::state::AppState;
use crate::{auth, lookup};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use liveness_events::Timestamp;
use liveness_events::api_key::Scope;
use liveness_events::measurement::Bounds;
use liveness_events::session::{ExpiredBecause, KeptImage};
use liveness_events::verdict::Reason;
use liveness_projections::{SessionStatus, SessionView};
use serde::Serialize;
use uuid::Uuid;

/// Seconds after which to ask again for a check that is open.
const RETRY_AFTER: &str = "2";

#[derive(Serialize)]
struct Open {
    status: &'static str,
    uuid: Uuid,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct Complete {
    status: &'static str,
    uuid: Uuid,
    result: Outcome,
}

#[derive(Serialize)]
struct Outcome {
    passed: bool,
    confidence: f64,
    threshold: u8,
    checked_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounding_box: Option<Bounds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    audit_images: Vec<AuditImage>,
    reasons: Vec<Reason>,
}

#[derive(Serialize)]
struct AuditImage {
    image: String,
    bounding_box: Bounds,
}

/// `GET /liveness_check?token=…`: where a check stands and, once complete, what was found. While the event log is away,
/// `Age` tells how many seconds old that may be.
pub(crate) async fn result(
    request: HttpRequest,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let caller = auth::require(&request, &state, Scope::Api).await?;
    let query = Query::read(&request, &["token"])?;
    let view = lookup::by_token(&state, caller.id, query.required("token")?).await?;
    let mut told = told(&state, &view).await?;
    if let Some(age) = (state.staleness)() {
        told.headers_mut().insert(header::AGE, age.as_secs().into());
    }
    Ok(told)
}

async fn told(state: &AppState, view: &SessionView) -> Result<HttpResponse, Problem> {
    match view.status {
        SessionStatus::Pending => Ok(open("pending", view)),
        SessionStatus::InProgress => Ok(open("in_progress", view)),
        SessionStatus::Complete => complete(state, view).await,
        SessionStatus::Expired(ExpiredBecause::LinkEnded) => {
            Err(Problem::new(Kind::Expired, format!("the link could be used until {}", view.expires_at)))
        }
        SessionStatus::Expired(ExpiredBecause::AttemptsExhausted) => Err(Problem::new(
            Kind::AttemptsExhausted,
            format!("{} attempts failed for technical reasons", view.attempts),
        )),
        SessionStatus::Cancelled(_) => {
            Err(Problem::new(Kind::Cancelled, "the check was cancelled before it was complete"))
        }
    }
}

fn open(status: &'static str, view: &SessionView) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER)))
        .json(Open { status, uuid: view.id, expires_at: view.expires_at })
}

async fn complete(state: &AppState, view: &SessionView) -> Result<HttpResponse, Problem> {
    let (Some(verdict), Some(checked_at)) = (&view.verdict, view.ended_at) else {
        return Err(Problem::internal(&format!("session {} is complete without a verdict", view.id)));
    };
    let (image, audit_images) = images(state, view).await?;
    let result = Outcome {
        passed: verdict.passed,
        confidence: (verdict.confidence * 10.0).round() / 10.0,
        threshold: verdict.threshold,
        checked_at,
        bounding_box: view.images.first().map(|probe| probe.bounding_box),
        image,
        audit_images,
        reasons: verdict.reasons.clone(),
    };
    Ok(HttpResponse::Ok().json(Complete { status: "complete", uuid: view.id, result }))
}

/// The probe and the audit images, while they are retained.
async fn images(state: &AppState, view: &SessionView) -> Result<(Option<String>, Vec<AuditImage>), Problem> {
    let Some(probe) = view.images.first() else { return Ok((None, Vec::new())) };
    let message = LoadImages { session: view.id, images: view.images.clone() };
    let loaded: Vec<(KeptImage, Bytes)> = ask(&state.handles.load_images, message).await?;
    let (probes, audit): (Vec<_>, Vec<_>) = loaded.into_iter().partition(|(kept, _)| kept == probe);
    let image = probes.first().map(|(_, jpeg)| data_uri(jpeg));
    let audit = audit
        .into_iter()
        .map(|(kept, jpeg)| AuditImage { image: data_uri(&jpeg), bounding_box: kept.bounding_box })
        .collect();
    Ok((image, audit))
}

fn data_uri(jpeg: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg))
}
