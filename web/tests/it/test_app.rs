use crate::fake::{Asked, Fake, Script};
use actix_web::{App, HttpServer};
use bytes::Bytes;
use chrono::DateTime;
use liveness_events::api_key::{ApiKey, ApiKeyEvent, Scope};
use liveness_events::credentials::{Credentials, MasterKey};
use liveness_events::session::{Created, SessionEvent};
use liveness_events::stored::Stored;
use liveness_events::values::{AuditImages, ReturnUrl, Threshold};
use liveness_events::{Digest, RecordedEvent, Timestamp, stream};
use liveness_projections::Views;
use liveness_web::{AppState, Parts, SocketPace, configure};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use url::Url;
use uuid::Uuid;

/// A key with both scopes, one with `audit` alone, one of somebody else.
pub(crate) const KEY: &str = "key-of-everything";
pub(crate) const AUDIT_KEY: &str = "key-of-auditors";
pub(crate) const OTHER_KEY: &str = "key-of-others";
pub(crate) const OWNER: Uuid = Uuid::from_u128(100);
pub(crate) const SESSION: Uuid = Uuid::from_u128(1);
/// No answer takes longer, unless it never comes.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) struct TestApp {
    pub(crate) address: String,
    pub(crate) script: Arc<Mutex<Script>>,
    pub(crate) asked: mpsc::UnboundedReceiver<Asked>,
    pub(crate) gate: Arc<Semaphore>,
    pub(crate) ready: Arc<Mutex<Result<(), String>>>,
    /// How old the views are.
    pub(crate) age: Arc<Mutex<Option<Duration>>>,
    position: u64,
    client: Client,
    _dir: tempfile::TempDir,
}

pub(crate) fn master() -> MasterKey {
    MasterKey::new([9; 32])
}

pub(crate) fn credentials() -> Credentials {
    master().credentials(SESSION)
}

pub(crate) fn token() -> String {
    credentials().token.expose().into()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_764_000_000_000 + seconds * 1000)
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::build(SocketPace::default(), false).await
    }

    pub(crate) async fn with_pace(pace: SocketPace) -> Self {
        Self::build(pace, false).await
    }

    /// One node among others.
    pub(crate) async fn sharing_its_log() -> Self {
        Self::build(SocketPace::default(), true).await
    }

    async fn build(pace: SocketPace, shares_log: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let views = Views::open(&dir.path().join("views.db")).unwrap();
        let reader = views.reader().unwrap();
        let (sender, asked) = mpsc::unbounded_channel();
        let script = Arc::new(Mutex::new(Script::new(views)));
        let gate = Arc::new(Semaphore::new(1000));
        let ready = Arc::new(Mutex::new(Ok(())));
        let says = ready.clone();
        let age = Arc::new(Mutex::new(None));
        let old = age.clone();
        let state = AppState::new(Parts {
            handles: Fake { script: script.clone(), asked: sender, gate: gate.clone() }.handles(),
            views: reader,
            master: master(),
            public_url: Url::parse("https://check.example.com").unwrap(),
            check_webhook_url: Arc::new(|url| match url.host_str() {
                Some("10.0.0.1") => Err("must not lead to a private network".into()),
                _ => Ok(()),
            }),
            readiness: Arc::new(move || says.lock().unwrap().clone()),
            staleness: Arc::new(move || *old.lock().unwrap()),
            shares_log,
            registry: Default::default(),
            pace,
        });
        let server = HttpServer::new(move || {
            let worker = state.for_worker();
            App::new().configure(move |cfg| configure(cfg, worker))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = server.addrs()[0].to_string();
        actix_web::rt::spawn(server.run());
        let client =
            Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(SOON).build().unwrap();
        let mut app = Self { address, script, asked, gate, ready, age, position: 0, client, _dir: dir };
        app.add_key(KEY, OWNER, &[Scope::Api, Scope::Audit]);
        app.add_key(AUDIT_KEY, Uuid::from_u128(101), &[Scope::Audit]);
        app.add_key(OTHER_KEY, Uuid::from_u128(102), &[Scope::Api]);
        app
    }

    fn add_key(&mut self, key: &str, id: Uuid, scopes: &[Scope]) {
        let event = api_key(key, id, scopes);
        self.see(stream::API_KEYS, &event);
    }

    /// Lets the views see an event.
    pub(crate) fn see<E: Stored>(&mut self, stream: &str, event: &E) {
        let recorded = self.record(stream, event);
        self.script.lock().unwrap().views.apply(&[recorded]).unwrap();
    }

    /// Lets the views see an event of the session only after they were asked to catch up.
    pub(crate) fn see_late<E: Stored>(&mut self, stream: &str, event: &E) {
        let recorded = self.record(stream, event);
        self.script.lock().unwrap().lagging.push(recorded);
    }

    pub(crate) fn record<E: Stored>(&mut self, stream: &str, event: &E) -> RecordedEvent {
        self.position += 1;
        let (event_type, data) = event.encode().unwrap();
        RecordedEvent {
            position: self.position,
            stream: stream.into(),
            revision: 0,
            id: Uuid::from_u128(self.position.into()),
            event_type: event_type.into(),
            data,
            metadata: Bytes::from_static(b"{\"previous\":null}"),
            created: DateTime::from_timestamp(1_764_000_000, 0).unwrap(),
        }
    }

    /// Lets the views see what happens to the session.
    pub(crate) fn happens(&mut self, events: &[SessionEvent]) {
        for event in events {
            self.see(&stream::session(SESSION), event);
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// Sends a request with the key of everything.
    pub(crate) async fn send(&self, method: Method, path: &str) -> Answer {
        self.send_as(KEY, method, path).await
    }

    pub(crate) async fn send_as(&self, key: &str, method: Method, path: &str) -> Answer {
        let request = self.request(method, path).header(AUTHORIZATION, format!("Bearer {key}"));
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get_result(&self) -> Answer {
        self.send(Method::GET, &format!("/liveness_check?token={}", token())).await
    }

    pub(crate) fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.request(Method::POST, "/liveness_check")
            .header(AUTHORIZATION, format!("bearer {KEY}"))
            .header(CONTENT_TYPE, "application/json")
            .body(body)
    }

    /// The next thing that the fake is asked.
    pub(crate) async fn next_asked(&mut self) -> Asked {
        tokio::time::timeout(SOON, self.asked.recv()).await.expect("the fake is asked").unwrap()
    }
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Checks that this is a problem in its whole form, and returns it.
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["instance"], format!("urn:uuid:{}", self.header("x-request-id")));
        assert!(problem["type"].is_string() && problem["title"].is_string(), "{problem}");
        problem
    }
}

pub(crate) fn api_key(key: &str, id: Uuid, scopes: &[Scope]) -> ApiKeyEvent {
    let scopes = scopes.iter().copied().collect::<BTreeSet<_>>();
    let hash = Digest::of(key.as_bytes());
    ApiKeyEvent::Created(ApiKey { at: at(0), id, name: key.into(), hash, scopes, sandbox: false })
}

pub(crate) fn created() -> SessionEvent {
    SessionEvent::Created(Created {
        at: at(0),
        owner: OWNER,
        expires_at: at(600),
        return_url: ReturnUrl::parse("https://example.com/back?a=1#f").unwrap(),
        webhook_url: Some(Url::parse("https://example.com/hook").unwrap()),
        threshold: Threshold::DEFAULT,
        audit_images: AuditImages::new(1).unwrap(),
        token: credentials().token.digest(),
        capture_key: credentials().capture_key.digest(),
        request: None,
    })
}
