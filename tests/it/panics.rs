//! A panic in one session harms no other. The log is a test double that panics at one stream; the service's own code is
//! as it is.

use crate::bench::Bench;
use crate::kit::GUARD;
use actix::{Actor as _, Addr, Context, Handler};
use async_trait::async_trait;
use bytes::Bytes;
use liveness::actors::Services;
use liveness::actors::registry::Registry;
use liveness::clock::Clock;
use liveness::event_log::embedded::EmbeddedLog;
use liveness::event_log::{
    AppendError, Appended, Direction, EventLog, ExpectedRevision, Page, Position, ReadError, StreamFrom,
    Subscription,
};
use liveness::images::{ImageStore, Place, Sharing};
use liveness_events::challenge::Way;
use liveness_events::credentials::MasterKey;
use liveness_events::session::{Session, SessionEvent, Status};
use liveness_events::values::{AuditImages, LinkValidity, ReturnUrl, Threshold};
use liveness_events::{NewEvent, RecordedEvent, stream};
use liveness_web::messages::{
    CancelOrErase, CaptureError, CaptureNotice, CatchUp, CreateCheck, StartCapture, SubmitFrame, Trouble,
};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

/// A log that panics at appends to one stream.
struct PanickingLog {
    log: EmbeddedLog,
    at: Mutex<Option<String>>,
}

#[async_trait]
impl EventLog for PanickingLog {
    async fn append(
        &self,
        stream: &str,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let panics = self.at.lock().unwrap().as_deref() == Some(stream);
        assert!(!panics, "this stream is meant to panic");
        self.log.append(stream, expected, events).await
    }

    async fn read_stream(
        &self,
        stream: &str,
        direction: Direction,
        from: StreamFrom,
        max: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        self.log.read_stream(stream, direction, from, max).await
    }

    async fn read_all(&self, after: Position, prefixes: &[String], max: usize) -> Result<Page, ReadError> {
        self.log.read_all(after, prefixes, max).await
    }

    async fn read_all_backwards(
        &self,
        before: Position,
        prefixes: &[String],
        max: usize,
    ) -> Result<Page, ReadError> {
        self.log.read_all_backwards(before, prefixes, max).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.log.head().await
    }

    fn subscribe_all(&self, after: Position, prefixes: Vec<String>) -> Subscription {
        self.log.subscribe_all(after, prefixes)
    }

    async fn close(&self) {
        self.log.close().await;
    }
}

/// Nobody looks at views here.
struct NoViews;

impl actix::Actor for NoViews {
    type Context = Context<Self>;
}

impl Handler<CatchUp> for NoViews {
    type Result = Result<(), Trouble>;

    fn handle(&mut self, _: CatchUp, _: &mut Self::Context) -> Self::Result {
        Ok(())
    }
}

async fn create(registry: &Addr<Registry>) -> Uuid {
    let message = CreateCheck {
        owner: Uuid::nil(),
        request_id: Uuid::new_v4(),
        idempotency: None,
        return_url: ReturnUrl::parse("https://example.com/").unwrap(),
        webhook_url: None,
        link_validity: LinkValidity::DEFAULT,
        threshold: Threshold::DEFAULT,
        audit_images: AuditImages::DEFAULT,
    };
    registry.send(message).await.unwrap().unwrap().session
}

async fn cancel(registry: &Addr<Registry>, session: Uuid) -> Result<(), Trouble> {
    registry.send(CancelOrErase { session, request_id: Uuid::new_v4() }).await.unwrap()
}

async fn is_over(log: &dyn EventLog, session: Uuid) -> bool {
    let (events, _) = liveness::journal::load::<SessionEvent>(log, &stream::session(session)).await.unwrap();
    matches!(Session::fold(&events).status(), Status::Ended(_))
}

/// A registry on one thread: whoever panics shares it with all others.
fn registry() -> (tempfile::TempDir, Arc<PanickingLog>, Addr<Registry>) {
    let dir = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(dir.path().join("events.db")).unwrap();
    let log = Arc::new(PanickingLog { log, at: Mutex::default() });
    let master_key = MasterKey::new([3; 32]);
    let [images, keys] = ["images", "keys"].map(|name| Place::Folder(dir.path().join(name)));
    let services = Services {
        clock: Clock::default(),
        log: log.clone(),
        images: ImageStore::open(&images, &keys, master_key.clone(), Sharing::Alone).unwrap(),
        inference: Bench::get().pool().clone(),
        models: Bench::get().models(),
        shares_log: false,
        master_key,
    };
    let registry =
        Registry::new(services, NoViews.start().recipient(), watch::Sender::new(u64::MAX).subscribe(), 1)
            .start();
    (dir, log, registry)
}

#[actix_web::test]
async fn who_was_told_how_an_attempt_ended_is_let_go() {
    let (_dir, _log, registry) = registry();
    let session = create(&registry).await;
    let (sender, mut notices) = mpsc::channel(8);
    let connection = Uuid::new_v4();
    let begun = registry
        .send(StartCapture { session, connection, way: Way::Motion, camera: None, notices: sender })
        .await
        .unwrap();
    assert!(matches!(begun, Ok(CaptureNotice::Guide { .. })), "{begun:?}");
    let jpeg = Bytes::from_static(b"no picture");
    let shown = registry
        .send(SubmitFrame {
            session,
            connection,
            jpeg,
            received: std::time::Instant::now(),
            round_trip: None,
        })
        .await
        .unwrap();
    assert!(matches!(shown, Err(CaptureError::BadFrame { .. })), "{shown:?}");
    assert_eq!(tokio::time::timeout(GUARD, notices.recv()).await, Ok(None));
}

#[actix_web::test]
async fn a_panic_in_one_session_harms_no_other() {
    let (_dir, log, registry) = registry();
    let (panics, others) = (create(&registry).await, [create(&registry).await, create(&registry).await]);
    *log.at.lock().unwrap() = Some(stream::session(panics));
    assert!(matches!(cancel(&registry, panics).await, Err(Trouble::Busy { .. })));
    for other in others {
        assert_eq!(cancel(&registry, other).await, Ok(()));
        assert!(is_over(&*log, other).await);
    }
    create(&registry).await;
    // Nothing of the session is lost, and it goes on once the cause is gone.
    assert!(!is_over(&*log, panics).await);
    *log.at.lock().unwrap() = None;
    assert_eq!(cancel(&registry, panics).await, Ok(()));
    assert!(is_over(&*log, panics).await);
}
