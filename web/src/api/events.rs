use crate::ask::ask;
use crate::messages::ReadEvents;
use crate::problem::Problem;
use crate::query::Query;
use crate::state::AppState;
use crate::{auth, lookup};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, SecondsFormat, Utc};
use liveness_events::api_key::Scope;
use liveness_events::{Digest, RecordedEvent, metadata};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

/// Events of a page that asks for no number.
const DEFAULT_LIMIT: u64 = 100;
/// Events of a page: about half a megabyte of JSON.
const MAX_LIMIT: u64 = 1000;

#[derive(Serialize)]
struct Page<'a> {
    uuid: Uuid,
    events: Vec<Event<'a>>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// An event as it stands in the log. `metadata.previous` of the next one is this one's `hash`.
#[derive(Serialize)]
struct Event<'a> {
    revision: u64,
    id: Uuid,
    r#type: &'a str,
    data: &'a RawValue,
    metadata: &'a RawValue,
    #[serde(serialize_with = "rfc3339")]
    created: DateTime<Utc>,
    hash: Digest,
}

impl<'a> Event<'a> {
    fn new(event: &'a RecordedEvent) -> Result<Self, serde_json::Error> {
        Ok(Self {
            revision: event.revision,
            id: event.id,
            r#type: &event.event_type,
            data: serde_json::from_slice(&event.data)?,
            metadata: serde_json::from_slice(&event.metadata)?,
            created: event.created,
            hash: metadata::hash_of(event)?,
        })
    }
}

fn rfc3339<S: Serializer>(moment: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// `GET /liveness_checks/{uuid}/events`: a check's events in order, as an auditor reads them. The next page is told as
/// a number in the body and as a link (RFC 8288) in the head.
pub(crate) async fn events(
    request: HttpRequest,
    state: web::Data<AppState>,
    uuid: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    auth::require(&request, &state, Scope::Audit).await?;
    let query = Query::read(&request, &["from", "limit"])?;
    let from = query.number("from", 0, 0, u64::from(u32::MAX))?;
    let limit = query.number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT)?;
    let uuid = uuid.parse().map_err(|_| lookup::no_such_check())?;
    if lookup::by_id(&state, uuid).await?.is_none() {
        return Err(lookup::no_such_check());
    }
    let most = usize::try_from(limit).map_err(|error| Problem::internal(&error))?;
    let recorded = ask(&state.handles.read_events, ReadEvents { session: uuid, from, most }).await?;
    let events = recorded
        .iter()
        .map(Event::new)
        .collect::<Result<_, _>>()
        .map_err(|error| Problem::internal(&error))?;
    let next = if recorded.len() == most { recorded.last().map(|last| last.revision + 1) } else { None };
    let mut answer = HttpResponse::Ok();
    if let Some(from) = next {
        let path = state.address(&format!("/liveness_checks/{uuid}/events"));
        answer.insert_header((header::LINK, format!("<{path}?from={from}&limit={limit}>; rel=\"next\"")));
    }
    Ok(answer.json(Page { uuid, events, next }))
}
