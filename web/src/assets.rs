//! The capture page's files, in the binary.

use crate::problem::{Kind, Problem};
use actix_web::http::header::{self, ETag, EntityTag, Header as _, HeaderValue, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use liveness_events::Digest;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The capture page, with a place for its context.
pub(crate) const CAPTURE_PAGE: &str = include_str!("../assets/capture.html");

struct Asset {
    content_type: &'static str,
    content: &'static str,
    tag: EntityTag,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

static ASSETS: LazyLock<BTreeMap<&str, Asset>> = LazyLock::new(|| {
    [
        ("capture.css", "text/css; charset=utf-8", include_str!("../assets/capture.css")),
        ("capture.js", SCRIPT, include_str!("../assets/capture.js")),
        ("camera.js", SCRIPT, include_str!("../assets/camera.js")),
        ("screen.js", SCRIPT, include_str!("../assets/screen.js")),
        ("socket.js", SCRIPT, include_str!("../assets/socket.js")),
        ("view.js", SCRIPT, include_str!("../assets/view.js")),
        ("words.js", SCRIPT, include_str!("../assets/words.js")),
        ("favicon.svg", "image/svg+xml", include_str!("../assets/favicon.svg")),
    ]
    .into_iter()
    .map(|(name, content_type, content)| {
        // Weak, since the bytes on the wire may be compressed.
        let tag = EntityTag::new_weak(Digest::of(content.as_bytes()).to_string());
        (name, Asset { content_type, content, tag })
    })
    .collect()
});

pub(crate) async fn asset(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    serve(&request, &name)
}

/// Browsers ask for it unasked.
pub(crate) async fn favicon(request: HttpRequest) -> Result<HttpResponse, Problem> {
    serve(&request, "favicon.svg")
}

fn serve(request: &HttpRequest, name: &str) -> Result<HttpResponse, Problem> {
    let asset = ASSETS.get(name).ok_or_else(|| Problem::new(Kind::NotFound, "no such file"))?;
    let mut response =
        if is_fresh(request, &asset.tag) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // Names bear no version: a browser asks each time, and is mostly told that it has the file.
    response
        .insert_header(ETag(asset.tag.clone()))
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-cache")));
    if is_fresh(request, &asset.tag) {
        return Ok(response.finish());
    }
    Ok(response.content_type(asset.content_type).body(asset.content))
}

fn is_fresh(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}
