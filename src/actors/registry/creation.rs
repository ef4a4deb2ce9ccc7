//! How a check comes into being.

use super::{Locate, RETRY_AFTER_FAILURE, Registry};
use crate::actors::Services;
use crate::actors::projector::passed;
use crate::actors::session::create_new;
use crate::actors::session::messages::{Create, CreateFailed, Created};
use actix::{Addr, AsyncContext as _, Handler, ResponseFuture};
use liveness_events::session::Create as CreateCommand;
use liveness_web::messages::{CheckCreated, CreateCheck, CreateError, Trouble};
use std::time::Duration;
use uuid::Uuid;

/// How long an idempotency key is honoured.
const IDEMPOTENCY_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// How often one idempotency key can be used anew, a day later each time, before the answer is that something is odd.
const MAX_REUSES: u32 = 400;

impl Handler<CreateCheck> for Registry {
    type Result = ResponseFuture<Result<CheckCreated, CreateError>>;

    /// Answers when the views show it: its link may be opened at once. It is recorded, whether or not they are on time.
    fn handle(&mut self, message: CreateCheck, context: &mut Self::Context) -> Self::Result {
        let (registry, services) = (context.address(), self.services.clone());
        let progress = self.progress.clone();
        Box::pin(async move {
            let created = match &message.idempotency {
                None => create(services, &message).await?,
                Some((key, _)) => create_once(&registry, &services, &message, key).await?,
            };
            passed(progress, created.position).await;
            Ok(created.check)
        })
    }
}

async fn create(services: Services, message: &CreateCheck) -> Result<Created, CreateError> {
    let session = Uuid::new_v4();
    let command = command(&services, message, session);
    create_new(services, session, command).await.map_err(|failed| match failed {
        CreateFailed::Trouble(trouble) => trouble.into(),
        CreateFailed::Exists { .. } => Trouble::Unavailable("the id that was drawn is in use".into()).into(),
    })
}

/// Creates a check under an idempotency key. The key gives the session's id, so the second request meets the first
/// one's stream; once the window is over, the key gives the next id.
async fn create_once(
    registry: &Addr<Registry>,
    services: &Services,
    message: &CreateCheck,
    key: &str,
) -> Result<Created, CreateError> {
    let failure = || Trouble::Busy { retry_after: RETRY_AFTER_FAILURE };
    let body = message.idempotency.as_ref().map(|(_, body)| *body);
    for reuse in 0..MAX_REUSES {
        let session = Uuid::new_v5(&message.owner, format!("idempotency-key/{reuse}/{key}").as_bytes());
        let addr = registry.send(Locate { session }).await.map_err(|_| failure())?;
        let created = addr.send(command(services, message, session)).await;
        match created.unwrap_or_else(|_| Err(failure().into())) {
            Ok(created) => return Ok(created),
            Err(CreateFailed::Trouble(trouble)) => return Err(trouble.into()),
            Err(CreateFailed::Exists { at, .. }) if services.clock.now().since(at) >= IDEMPOTENCY_WINDOW => {}
            Err(CreateFailed::Exists { request, created, .. }) if request == body => {
                return Ok(Created { check: created, position: 0 });
            }
            Err(CreateFailed::Exists { .. }) => return Err(CreateError::OtherBody),
        }
    }
    Err(Trouble::Unavailable("the idempotency key was used too often: use a new one for each request".into())
        .into())
}

fn command(services: &Services, message: &CreateCheck, session: Uuid) -> Create {
    let credentials = services.master_key.credentials(session);
    let command = CreateCommand {
        at: services.clock.now(),
        owner: message.owner,
        link_validity: message.link_validity,
        return_url: message.return_url.clone(),
        webhook_url: message.webhook_url.clone(),
        threshold: message.threshold,
        audit_images: message.audit_images,
        token: credentials.token.digest(),
        capture_key: credentials.capture_key.digest(),
        request: message.idempotency.as_ref().map(|(_, body)| *body),
    };
    Create { request_id: message.request_id, command }
}
