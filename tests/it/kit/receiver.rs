use super::{Check, eventually};
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

/// Somebody who subscribed to webhooks.
pub(crate) struct Receiver {
    pub(crate) url: String,
    state: Arc<State>,
    running: Option<(ServerHandle, JoinHandle<()>)>,
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    /// What is answered, in order; 204 after that.
    answers: Mutex<VecDeque<u16>>,
}

/// One delivery.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    headers: HashMap<String, String>,
    body: Bytes,
    /// What it was answered with.
    pub(crate) answered: u16,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let state = Arc::new(State::default());
        let (started, start) = mpsc::channel();
        let shared = state.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let shared = web::Data::from(shared);
                let app = move || App::new().app_data(shared.clone()).default_service(web::to(receive));
                let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                started.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = start.recv().unwrap();
        Self { url: format!("http://{address}/hook"), state, running: Some((handle, thread)) }
    }

    /// Answers the next deliveries with these statuses.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.state.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Deliveries that tell of this check.
    pub(crate) fn of(&self, check: &Check) -> Vec<Received> {
        self.all().into_iter().filter(|received| received.json()["uuid"] == check.uuid.as_str()).collect()
    }

    /// Waits until so many deliveries tell of this check.
    pub(crate) async fn wait_for(&self, check: &Check, count: usize) -> Vec<Received> {
        let what = format!("{count} deliveries of {}", check.uuid);
        eventually(&what, async || Some(self.of(check)).filter(|found| found.len() >= count)).await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some((handle, thread)) = self.running.take() {
            drop(handle.stop(false));
            let _ = thread.join();
        }
    }
}

async fn receive(request: HttpRequest, body: Bytes, state: web::Data<State>) -> HttpResponse {
    let text =
        |(name, value): (&actix_web::http::header::HeaderName, &actix_web::http::header::HeaderValue)| {
            (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
        };
    let answered = state.answers.lock().unwrap().pop_front().unwrap_or(204);
    let headers = request.headers().iter().map(text).collect();
    state.received.lock().unwrap().push(Received { headers, body, answered });
    HttpResponse::build(answered.try_into().unwrap()).finish()
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Checks body and signatures, computed here from the contract alone.
    pub(crate) fn assert_tells(&self, event: &str, check: &Check) {
        let body = self.json();
        let mut fields: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
        fields.sort_unstable();
        assert_eq!(fields, ["event", "occurred_at", "token", "uuid"], "no verdict travels");
        assert_eq!(
            (body["event"].as_str(), body["token"].as_str()),
            (Some(event), Some(check.token.as_str()))
        );
        assert_eq!(body["uuid"], check.uuid);
        assert_eq!(self.header("content-type"), "application/json");
        let mac = |parts: &[&[u8]]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(check.secret.as_bytes()).unwrap();
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes()
        };
        assert_eq!(self.header("signature"), hex::encode(mac(&[&self.body])));
        let (id, timestamp) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let standard = mac(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", &self.body]);
        assert_eq!(self.header("webhook-signature"), format!("v1,{}", STANDARD.encode(standard)));
    }
}
