//! The hosted capture page and the way back from it. Neither changes anything: previews open links too.

use crate::ask::ask;
use crate::assets::CAPTURE_PAGE;
use crate::lookup;
use crate::messages::CatchUp;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use liveness_events::Timestamp;
use liveness_events::session::{CancelledBy, ExpiredBecause};
use liveness_events::values::ReturnUrl;
use liveness_projections::{SessionStatus, SessionView};
use serde::{Deserialize, Serialize};
use url::Url;

/// Where the page's context is put.
const CONTEXT: &str = "__CONTEXT__";

/// Errors that a return address may bear.
const RETURN_ERRORS: [&str; 8] = [
    "cancelled",
    "consent_declined",
    "camera_denied",
    "no_camera",
    "unsupported_browser",
    "attempts_exhausted",
    "expired",
    "server_error",
];

/// What the page is told when it opens.
#[derive(Serialize)]
struct Context {
    status: &'static str,
    expires_at: Option<Timestamp>,
    attempts_left: u8,
    return_host: Option<String>,
}

impl Context {
    const UNKNOWN: Self = Self { status: "unknown", expires_at: None, attempts_left: 0, return_host: None };

    fn of(view: &SessionView) -> Self {
        let host = Url::parse(&view.return_url).ok().and_then(|url| url.host_str().map(Into::into));
        Self {
            status: match view.status {
                SessionStatus::Pending | SessionStatus::InProgress => "open",
                SessionStatus::Complete => "complete",
                SessionStatus::Expired(ExpiredBecause::LinkEnded) => "expired",
                SessionStatus::Expired(ExpiredBecause::AttemptsExhausted) => "attempts_exhausted",
                SessionStatus::Cancelled(_) => "cancelled",
            },
            expires_at: Some(view.expires_at),
            attempts_left: view.attempts_left(),
            return_host: host,
        }
    }
}

/// `GET /c/{capture_key}`: the page.
pub(crate) async fn page(
    request: HttpRequest,
    state: web::Data<AppState>,
    key: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    match lookup::by_capture_key(&state, &key).await? {
        Some(view) => show(&request, &state, StatusCode::OK, &Context::of(&view)),
        None => show(&request, &state, StatusCode::NOT_FOUND, &Context::UNKNOWN),
    }
}

fn show(
    request: &HttpRequest,
    state: &AppState,
    status: StatusCode,
    context: &Context,
) -> Result<HttpResponse, Problem> {
    let html = fill_in(context).map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::build(status)
        .insert_header(ContentType::html())
        .insert_header((header::CONTENT_SECURITY_POLICY, content_security_policy(request, state)))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        .insert_header(("permissions-policy", "camera=(self), microphone=()"))
        .body(html))
}

/// The page with its context. No text from outside may end the script element that holds it.
fn fill_in(context: &Context) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(context)?.replace('<', "\\u003c");
    Ok(CAPTURE_PAGE.replace(CONTEXT, &json))
}

/// Nothing but the page's own files, camera and socket. Some browsers take `'self'` for no socket, so its address is
/// there in full: as the public URL says, and as the browser asked.
fn content_security_policy(request: &HttpRequest, state: &AppState) -> String {
    let mut connect = vec!["'self'".to_owned()];
    let scheme = if state.public_url.scheme() == "https" { "wss" } else { "ws" };
    let public = authority(&state.public_url).map(|authority| format!("{scheme}://{authority}"));
    let asked = request_host(request).map(|host| ["ws", "wss"].map(|scheme| format!("{scheme}://{host}")));
    for source in public.into_iter().chain(asked.into_iter().flatten()) {
        if !connect.contains(&source) {
            connect.push(source);
        }
    }
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         media-src 'self' blob:; connect-src {}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        connect.join(" ")
    )
}

/// Host and port of an address.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The `Host` that was asked for, where it is made of what hosts are made of.
fn request_host(request: &HttpRequest) -> Option<&str> {
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    (plain && !host.is_empty()).then_some(host)
}

/// Parameters of the way back; others, such as those that mail programs add, do not matter.
#[derive(Deserialize)]
pub(crate) struct ReturnQuery {
    error: Option<String>,
}

/// `GET /c/{capture_key}/return?error=CODE`: leads back to whoever asked for the check. How an ended check ended is what
/// the log says, not what the page says.
pub(crate) async fn go_back(
    request: HttpRequest,
    state: web::Data<AppState>,
    key: web::Path<String>,
    query: web::Query<ReturnQuery>,
) -> Result<HttpResponse, Problem> {
    let claimed = query.into_inner().error;
    if claimed.as_deref().is_some_and(|code| !RETURN_ERRORS.contains(&code)) {
        let detail = format!("`error` is one of {}", RETURN_ERRORS.join(", "));
        return Err(Problem::new(Kind::InvalidRequest, detail));
    }
    let Some(mut view) = lookup::by_capture_key(&state, &key).await? else {
        return show(&request, &state, StatusCode::NOT_FOUND, &Context::UNKNOWN);
    };
    if is_open(&view) && claimed.is_none() {
        // The page was told of the end before the view was.
        ask(&state.handles.catch_up, CatchUp).await?;
        view = state.views.session(view.id)?.unwrap_or(view);
    }
    let error = match view.status {
        SessionStatus::Complete => None,
        SessionStatus::Expired(ExpiredBecause::LinkEnded) => Some("expired"),
        SessionStatus::Expired(ExpiredBecause::AttemptsExhausted) => Some("attempts_exhausted"),
        SessionStatus::Cancelled(CancelledBy::ConsentDeclined) => Some("consent_declined"),
        SessionStatus::Cancelled(_) => Some("cancelled"),
        SessionStatus::Pending | SessionStatus::InProgress if claimed.is_some() => claimed.as_deref(),
        SessionStatus::Pending | SessionStatus::InProgress => {
            return Err(Problem::new(
                Kind::NotComplete,
                "name the reason for leaving an open check in `error`",
            ));
        }
    };
    let address = return_address(&state, &view, error)
        .ok_or_else(|| Problem::internal(&format!("session {} has no usable return address", view.id)))?;
    Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, address.as_str())).finish())
}

const fn is_open(view: &SessionView) -> bool {
    matches!(view.status, SessionStatus::Pending | SessionStatus::InProgress)
}

/// Where the person is sent at the end.
pub(crate) fn return_address(state: &AppState, view: &SessionView, error: Option<&str>) -> Option<Url> {
    let token = state.master.credentials(view.id).token;
    ReturnUrl::parse(&view.return_url).ok().map(|url| url.with_outcome(token.expose(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_context() {
        let context = Context { return_host: Some("</script><!--".into()), ..Context::UNKNOWN };
        let html = fill_in(&context).unwrap();
        assert!(html.contains(r#""return_host":"\u003c/script>\u003c!--""#), "{html}");
        assert!(!html.contains("</script><!--") && !html.contains(CONTEXT));
    }
}
