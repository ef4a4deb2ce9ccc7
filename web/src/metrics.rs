use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Upper bounds in seconds: a page takes milliseconds, a result with images tens of them, a wait for views up to seconds.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// What tells requests apart; few values each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: &'static str,
}

/// What the web counts.
#[derive(Clone)]
pub(crate) struct Metrics {
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    sessions: Family<StatusLabels, Gauge>,
    sockets: Gauge,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            sessions: Family::default(),
            sockets: Gauge::default(),
        };
        let registry = registry.sub_registry_with_prefix("liveness");
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its answer's head",
            Unit::Seconds,
            metrics.requests.clone(),
        );
        registry.register("open_sessions", "Sessions that have not ended", metrics.sessions.clone());
        registry.register("capture_sockets", "Capture connections that are open", metrics.sockets.clone());
        metrics
    }

    pub(crate) fn request(&self, route: String, method: &str, status: u16, time: Duration) {
        let labels = RequestLabels { route, method: known_method(method), status: status_class(status) };
        self.requests.get_or_create(&labels).observe(time.as_secs_f64());
    }

    pub(crate) fn sockets(&self, count: usize) {
        self.sockets.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn sessions(&self, status: &'static str, count: u64) {
        self.sessions.get_or_create(&StatusLabels { status }).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

/// The method, where it is one that the service knows: strangers must not invent labels.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

const fn status_class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
