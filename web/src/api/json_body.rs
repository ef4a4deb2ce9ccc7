use crate::problem::{FieldError, Kind, Problem};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, web};
use serde_json::{Map, Value};
use std::time::Duration;

/// Bytes of a body. The longest that makes sense has two addresses of 2 KiB each.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How long a body may take to arrive. The longest one needs 6 kB/s for it.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Reads a body that is a JSON object.
pub(crate) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Map<String, Value>, Problem> {
    let content_type = header_text(request, &header::CONTENT_TYPE);
    if content_type.is_some_and(|text| !is_json(text)) {
        return Err(unsupported("send the body as `Content-Type: application/json`"));
    }
    if header_text(request, &header::CONTENT_ENCODING)
        .is_some_and(|text| !text.eq_ignore_ascii_case("identity"))
    {
        return Err(unsupported("send the body without a content encoding"));
    }
    let body = tokio::time::timeout(BODY_WITHIN, payload.to_bytes_limited(MAX_BODY_BYTES))
        .await
        .map_err(|_| too_slow())?
        .map_err(|_| too_large())?
        .map_err(|error| {
            Problem::new(Kind::InvalidRequest, format!("the body could not be read: {error}"))
        })?;
    if body.is_empty() {
        return Err(Problem::new(Kind::InvalidRequest, "a JSON body is required"));
    }
    if content_type.is_none() {
        return Err(unsupported("send the body as `Content-Type: application/json`"));
    }
    let value: Value = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(Kind::InvalidRequest, format!("the body is not JSON: {error}")))?;
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(Problem::fields(vec![FieldError {
            pointer: String::new(),
            detail: "must be an object".into(),
        }])),
    }
}

fn header_text<'a>(request: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    // What is no text is no media type either.
    request.headers().get(name).map(|value| value.to_str().unwrap_or_default())
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(Kind::Plain(StatusCode::UNSUPPORTED_MEDIA_TYPE), detail)
}

fn too_large() -> Problem {
    let detail = format!("a body may have {MAX_BODY_BYTES} bytes");
    Problem::new(Kind::Plain(StatusCode::PAYLOAD_TOO_LARGE), detail)
}

fn too_slow() -> Problem {
    let detail = format!("a body must arrive within {} s", BODY_WITHIN.as_secs());
    Problem::new(Kind::Plain(StatusCode::REQUEST_TIMEOUT), detail)
}
