//! Errors as the outside sees them: `application/problem+json` (RFC 9457).

use crate::messages::Trouble;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use liveness_projections::ViewError;
use serde::Serialize;
use std::fmt::Display;
use std::time::Duration;
use thiserror::Error;
use uuid::Uuid;

/// When to come again after something that the service stands on was not there.
pub(crate) const RETRY_AFTER_OUTAGE: Duration = Duration::from_secs(5);

/// What kind of problem it is; each has a URI of its own, so that programs need not read the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    InvalidRequest,
    InvalidToken,
    Unauthorized,
    MissingScope,
    NotFound,
    Expired,
    AttemptsExhausted,
    Cancelled,
    Complete,
    IdempotencyConflict,
    NotComplete,
    ForeignOrigin,
    Unavailable,
    /// What the status says by itself.
    Plain(StatusCode),
}

impl Kind {
    const fn parts(self) -> (Option<&'static str>, StatusCode, &'static str) {
        match self {
            Self::InvalidRequest => {
                (Some("invalid-request"), StatusCode::BAD_REQUEST, "The request is not valid")
            }
            Self::InvalidToken => (Some("invalid-token"), StatusCode::BAD_REQUEST, "The token is not valid"),
            Self::Unauthorized => {
                (Some("unauthorized"), StatusCode::UNAUTHORIZED, "A valid API key is needed")
            }
            Self::MissingScope => {
                (Some("missing-scope"), StatusCode::FORBIDDEN, "The API key's scope does not reach")
            }
            Self::NotFound => (Some("not-found"), StatusCode::NOT_FOUND, "There is nothing here"),
            Self::Expired => (Some("expired"), StatusCode::GONE, "The link expired without completion"),
            Self::AttemptsExhausted => {
                (Some("attempts-exhausted"), StatusCode::GONE, "All attempts were used up without completion")
            }
            Self::Cancelled => (Some("cancelled"), StatusCode::GONE, "The check was cancelled"),
            Self::Complete => (Some("complete"), StatusCode::GONE, "The check is complete"),
            Self::IdempotencyConflict => (
                Some("idempotency-conflict"),
                StatusCode::UNPROCESSABLE_ENTITY,
                "The idempotency key was used with another body",
            ),
            Self::NotComplete => (Some("not-complete"), StatusCode::CONFLICT, "The check is not complete"),
            Self::ForeignOrigin => {
                (Some("foreign-origin"), StatusCode::FORBIDDEN, "The origin is another site")
            }
            Self::Unavailable => {
                (Some("unavailable"), StatusCode::SERVICE_UNAVAILABLE, "The service cannot do this now")
            }
            Self::Plain(status) => (None, status, ""),
        }
    }
}

/// A field that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// JSON pointer (RFC 6901) to the field; of a query, read as an object.
    pub(crate) pointer: String,
    /// What would be taken.
    pub(crate) detail: String,
}

impl FieldError {
    pub(crate) fn new(field: &str, detail: impl Into<String>) -> Self {
        Self { pointer: format!("/{}", field.replace('~', "~0").replace('/', "~1")), detail: detail.into() }
    }
}

/// Why a request was not followed.
#[derive(Debug, Clone, Error)]
#[error("{kind:?}: {detail}")]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), headers: Vec::new(), cause: None }
    }

    /// All fields that were not taken.
    pub(crate) fn fields(errors: Vec<FieldError>) -> Self {
        let detail = if errors.len() == 1 { "1 field is not valid" } else { "several fields are not valid" };
        Self { errors, ..Self::new(Kind::InvalidRequest, detail) }
    }

    /// Something inside went wrong: the outside learns only that, the log learns the cause.
    pub(crate) fn internal(cause: &impl Display) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(Kind::Plain(StatusCode::INTERNAL_SERVER_ERROR), "the log of the service says more")
        }
    }

    /// Not now; come again after `pause`.
    pub(crate) fn later(pause: Duration, cause: Option<String>) -> Self {
        let seconds = pause.as_secs().max(1);
        let problem = Self::new(Kind::Unavailable, format!("try again in {seconds} s"));
        Self { cause, ..problem }.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// What only the log is told.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The answer; `request` is the id under which the log speaks of it.
    pub(crate) fn respond(&self, request: Option<Uuid>) -> HttpResponse {
        let (slug, status, title) = self.kind.parts();
        let body = Body {
            r#type: slug.map_or_else(|| "about:blank".into(), |slug| format!("urn:liveness:problem:{slug}")),
            title: if title.is_empty() { status.canonical_reason().unwrap_or("Error") } else { title },
            status: status.as_u16(),
            detail: &self.detail,
            instance: request.map(|id| id.urn().to_string()),
            errors: &self.errors,
        };
        let mut response = HttpResponse::build(status);
        for header in &self.headers {
            response.append_header(header.clone());
        }
        response
            .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")))
            .body(serde_json::to_string(&body).unwrap_or_default())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.parts().1
    }

    fn error_response(&self) -> HttpResponse {
        self.respond(None)
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Busy { retry_after } => Self::later(retry_after, None),
            Trouble::Unavailable(why) => Self::later(RETRY_AFTER_OUTAGE, Some(why)),
        }
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        Self::internal(&error)
    }
}
