use actix_web::dev::ServerHandle;
use actix_web::http::Method;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

/// An S3 service in memory: what the image store asks of one, and its faults on demand. Names are `bucket/key`.
pub(crate) struct Buckets {
    address: SocketAddr,
    state: Arc<State>,
    running: Option<(ServerHandle, JoinHandle<()>)>,
}

#[derive(Default)]
struct State {
    objects: Mutex<BTreeMap<String, (Bytes, DateTime<Utc>)>>,
    fault: Mutex<Option<Fault>>,
}

/// What such a service may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Refuses to delete from this bucket.
    KeepsAll(&'static str),
    /// Keeps the versions of what it deletes.
    KeepsVersions,
    /// Does not know `If-None-Match`.
    Replaces,
}

impl Buckets {
    pub(crate) fn start() -> Self {
        let state = Arc::new(State::default());
        let (started, start) = mpsc::channel();
        let shared = state.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let shared = web::Data::from(shared);
                let app = move || App::new().app_data(shared.clone()).default_service(web::to(answer));
                let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                started.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = start.recv().unwrap();
        Self { address, state, running: Some((handle, thread)) }
    }

    /// The variables by which it is reached.
    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ACCESS_KEY_ID", "it".into()),
            ("AWS_SECRET_ACCESS_KEY", "it".into()),
        ]
    }

    pub(crate) fn fault(&self, fault: Option<Fault>) {
        *self.state.fault.lock().unwrap() = fault;
    }

    /// Objects whose names begin so.
    pub(crate) fn objects(&self, prefix: &str) -> BTreeMap<String, Bytes> {
        let objects = self.state.objects.lock().unwrap();
        let found = objects.iter().filter(|(name, _)| name.starts_with(prefix));
        found.map(|(name, (content, _))| (name.clone(), content.clone())).collect()
    }
}

impl Drop for Buckets {
    fn drop(&mut self) {
        if let Some((handle, thread)) = self.running.take() {
            drop(handle.stop(false));
            // Its own failure has been told.
            let _ = thread.join();
        }
    }
}

async fn answer(request: HttpRequest, body: Bytes, state: web::Data<State>) -> HttpResponse {
    let signed = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if !signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 Credential=it/")) {
        return HttpResponse::Forbidden().finish();
    }
    let name = request.path().trim_start_matches('/').to_owned();
    let fault = *state.fault.lock().unwrap();
    let mut objects = state.objects.lock().unwrap();
    match *request.method() {
        Method::PUT => {
            let only_new = request.headers().contains_key("if-none-match") && fault != Some(Fault::Replaces);
            if only_new && objects.contains_key(&name) {
                return HttpResponse::PreconditionFailed().finish();
            }
            objects.insert(name, (body, Utc::now()));
            let mut stored = HttpResponse::Ok();
            if fault == Some(Fault::KeepsVersions) {
                stored.insert_header(("x-amz-version-id", "1"));
            }
            stored.insert_header(("etag", "\"1\"")).finish()
        }
        Method::GET if request.query_string().contains("list-type=2") => list(&objects, &request, &name),
        Method::GET | Method::HEAD => match objects.get(&name) {
            Some((content, at)) => HttpResponse::Ok()
                .insert_header(("etag", "\"1\""))
                .insert_header(("last-modified", at.to_rfc2822()))
                .body(content.clone()),
            None => HttpResponse::NotFound().finish(),
        },
        Method::DELETE if matches!(fault, Some(Fault::KeepsAll(bucket)) if name.starts_with(bucket)) => {
            HttpResponse::Forbidden().finish()
        }
        Method::DELETE => {
            objects.remove(&name);
            HttpResponse::NoContent().finish()
        }
        _ => HttpResponse::MethodNotAllowed().finish(),
    }
}

fn list(
    objects: &BTreeMap<String, (Bytes, DateTime<Utc>)>,
    request: &HttpRequest,
    bucket: &str,
) -> HttpResponse {
    let query = web::Query::<BTreeMap<String, String>>::from_query(request.query_string()).unwrap();
    let prefix = format!("{bucket}/{}", query.get("prefix").map_or("", String::as_str));
    let mut answer = String::from("<ListBucketResult>");
    for (name, (content, at)) in objects.iter().filter(|(name, _)| name.starts_with(&prefix)) {
        let (key, size, at) = (&name[bucket.len() + 1..], content.len(), at.to_rfc3339());
        write!(
            answer,
            "<Contents><Key>{key}</Key><LastModified>{at}</LastModified><ETag>\"1\"</ETag><Size>{size}</Size></Contents>"
        )
        .unwrap();
    }
    HttpResponse::Ok().content_type("application/xml").body(answer + "</ListBucketResult>")
}
