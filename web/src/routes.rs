use crate::observe::observe;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use crate::{api, assets, health, keys, page, socket};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, Route, guard};

/// Adds everything that the web serves, wrapped in all that it needs. It answers every path, so what else an app serves
/// must be registered before.
pub fn configure(cfg: &mut ServiceConfig, state: AppState) {
    cfg.app_data(web::Data::new(state)).service(
        web::scope("")
            .wrap(from_fn(observe))
            .service(
                web::resource("/liveness_check")
                    .route(web::post().to(api::create::create))
                    .route(get().to(api::result::result))
                    .route(web::delete().to(api::cancel::cancel))
                    .default_service(other_method("GET, HEAD, POST, DELETE, OPTIONS")),
            )
            .service(read_only("/liveness_checks/{uuid}/events", get().to(api::events::events)))
            .service(read_only("/liveness_checks/{uuid}/deliveries", get().to(api::deliveries::deliveries)))
            .service(read_only("/c/{capture_key}", get().to(page::page)))
            .service(read_only("/c/{capture_key}/return", get().to(page::go_back)))
            .service(
                web::resource("/c/{capture_key}/ws")
                    .route(web::get().to(socket::open))
                    .default_service(other_method("GET, OPTIONS")),
            )
            .service(read_only("/assets/{name}", get().to(assets::asset)).wrap(Compress::default()))
            .service(read_only("/favicon.ico", get().to(assets::favicon)))
            .service(read_only("/.well-known/liveness-keys.json", get().to(keys::keys)))
            .service(read_only("/healthz", get().to(health::healthz)))
            .service(read_only("/readyz", get().to(health::readyz)))
            .service(read_only("/metrics", get().to(health::metrics)))
            .default_service(web::to(not_found)),
    );
}

/// GET, and HEAD with it.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn read_only(path: &str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(other_method("GET, HEAD, OPTIONS"))
}

/// OPTIONS tells the methods; any other one is refused.
fn other_method(allowed: &'static str) -> Route {
    web::to(move |request: HttpRequest| async move {
        let allow = (header::ALLOW, HeaderValue::from_static(allowed));
        if request.method() == Method::OPTIONS {
            return Ok(HttpResponse::NoContent().insert_header(allow).finish());
        }
        let detail = format!("{} is not possible here; possible: {allowed}", request.method());
        Err(Problem::new(Kind::Plain(StatusCode::METHOD_NOT_ALLOWED), detail).with_header(allow.0, allow.1))
    })
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Kind::NotFound, "no such path"))
}
