//! The webhook actor: delivers what is due and records every try, so that a crash repeats a delivery rather than loses it.

use super::Services;
use super::background::for_ever;
use super::projector::Progress;
use crate::journal;
use crate::lease::Turn;
use crate::webhook::signature::{SignedHeaders, sign};
use crate::webhook::{DeliveryError, WebhookClient, next_delay};
use actix::{Actor, AsyncContext as _, Context, WrapFuture as _};
use anyhow::Context as _;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use liveness_events::delivery::{DeliveryTried, TryResult};
use liveness_events::stream;
use liveness_projections::{DeliveryView, ViewReader};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use url::Url;
use uuid::Uuid;

/// How often due deliveries are looked for when the log brings nothing new.
const ROUND: Duration = Duration::from_millis(500);
/// Deliveries at once; each waits for somebody else's server, up to its time-out.
const MAX_IN_FLIGHT: usize = 128;
/// Of those, to one host: a subscriber that hangs must not keep the others waiting.
const MAX_A_HOST: usize = 16;
/// Due deliveries that one look takes in.
const LOOK: u32 = 1024;
/// Tries to record a delivery before it is left to be repeated.
const RECORD_TRIES: u32 = 5;

/// Delivers webhooks.
pub struct Webhooks {
    services: Services,
    views: Option<ViewReader>,
    progress: Progress,
    client: WebhookClient,
    turn: Option<Turn>,
}

impl Webhooks {
    /// Delivers what these views say is due, when it is this node's turn.
    #[must_use]
    pub const fn new(
        services: Services,
        views: ViewReader,
        progress: Progress,
        client: WebhookClient,
        turn: Turn,
    ) -> Self {
        Self { services, views: Some(views), progress, client, turn: Some(turn) }
    }
}

impl Actor for Webhooks {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let (Some(views), Some(mut turn)) = (self.views.take(), self.turn.take()) else { return };
        let (services, client) = (self.services.clone(), self.client.clone());
        let mut progress = self.progress.clone();
        let rounds = async move {
            let mut in_flight = FuturesUnordered::new();
            let mut busy = Busy::default();
            for_ever("webhooks", async || {
                busy.forget_up_to(*progress.borrow_and_update());
                let due = views.due_deliveries(services.clock.now(), LOOK)?;
                let ours = !due.is_empty() && turn.is_ours().await?;
                for delivery in due.into_iter().filter(|_| ours) {
                    if busy.take(&delivery) {
                        in_flight.push(deliver(&services, &client, delivery));
                    }
                }
                tokio::select! {
                    Some(done) = in_flight.next() => busy.release(&done),
                    Ok(()) = progress.changed() => {}
                    () = tokio::time::sleep(ROUND) => {}
                }
                Ok(())
            })
            .await;
        };
        context.spawn(rounds.into_actor(self));
    }
}

/// Deliveries that must not be begun again: they are on their way, or recorded at a position that the views have not
/// passed yet.
#[derive(Default)]
struct Busy {
    on_their_way: HashSet<Uuid>,
    hosts: HashMap<String, usize>,
    recorded_at: HashMap<Uuid, u64>,
}

impl Busy {
    fn take(&mut self, delivery: &DeliveryView) -> bool {
        let host = host_of(&delivery.url);
        let free = self.on_their_way.len() < MAX_IN_FLIGHT
            && !self.recorded_at.contains_key(&delivery.id)
            && self.hosts.get(&host).is_none_or(|count| *count < MAX_A_HOST);
        if free && self.on_their_way.insert(delivery.id) {
            *self.hosts.entry(host).or_default() += 1;
            return true;
        }
        false
    }

    fn release(&mut self, done: &Done) {
        self.on_their_way.remove(&done.id);
        if let Some(count) = self.hosts.get_mut(&done.host) {
            *count -= 1;
            if *count == 0 {
                self.hosts.remove(&done.host);
            }
        }
        if let Some(position) = done.recorded_at {
            self.recorded_at.insert(done.id, position);
        }
    }

    fn forget_up_to(&mut self, passed: u64) {
        self.recorded_at.retain(|_, position| *position > passed);
    }
}

fn host_of(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// A try that has ended.
struct Done {
    id: Uuid,
    host: String,
    /// Position of its record; none where it could not be recorded and will be repeated.
    recorded_at: Option<u64>,
}

/// What a subscriber is told; no verdict travels.
#[derive(Serialize)]
struct Body<'a> {
    event: &'static str,
    token: &'a str,
    uuid: Uuid,
    occurred_at: liveness_events::Timestamp,
}

async fn deliver(services: &Services, client: &WebhookClient, delivery: DeliveryView) -> Done {
    let attempt = delivery.tries.last().map_or(1, |last| last.attempt + 1);
    let result = match send(services, client, &delivery).await {
        Ok(status) => TryResult::Delivered { status },
        Err(error) => match next_try(attempt, &error) {
            Some(pause) => {
                TryResult::Failed { why: error.to_string(), next_at: services.clock.now().plus(pause) }
            }
            None => TryResult::GivenUp { why: error.to_string() },
        },
    };
    let tried = DeliveryTried { at: services.clock.now(), id: delivery.id, attempt, result };
    let recorded_at = record(services, &delivery, &tried).await;
    Done { id: delivery.id, host: host_of(&delivery.url), recorded_at }
}

async fn send(
    services: &Services,
    client: &WebhookClient,
    delivery: &DeliveryView,
) -> Result<u16, DeliveryError> {
    let credentials = services.master_key.credentials(delivery.session);
    let body = Body {
        event: delivery.event.code(),
        token: credentials.token.expose(),
        uuid: delivery.session,
        occurred_at: delivery.occurred_at,
    };
    let url = Url::parse(&delivery.url).map_err(|_| DeliveryError::Other("the address cannot be read"))?;
    let body = serde_json::to_vec(&body).map_err(|_| DeliveryError::Other("the body cannot be written"))?;
    let seconds = services.clock.now().as_millis() / 1000;
    let headers: SignedHeaders =
        sign(credentials.webhook_secret.expose(), &delivery.id.to_string(), seconds, &body);
    Ok(client.deliver(&url, &headers, Bytes::from(body)).await?.status)
}

fn next_try(attempt: u32, error: &DeliveryError) -> Option<Duration> {
    if error.is_final() {
        return None;
    }
    next_delay(attempt, getrandom::u64().unwrap_or(u64::MAX / 2), error.retry_after())
}

/// Records a try and returns its position. A record that the log does not take leaves the delivery due: it is repeated.
async fn record(services: &Services, delivery: &DeliveryView, tried: &DeliveryTried) -> Option<u64> {
    let stream = stream::deliveries(delivery.session);
    for _ in 0..RECORD_TRIES {
        match record_once(services, &stream, delivery, tried).await {
            Ok(position) => return Some(position),
            Err(error) => tracing::warn!(
                session.id = %delivery.session,
                error = format!("{error:#}"),
                "delivery could not be recorded"
            ),
        }
        tokio::time::sleep(ROUND).await;
    }
    None
}

async fn record_once(
    services: &Services,
    stream: &str,
    delivery: &DeliveryView,
    tried: &DeliveryTried,
) -> anyhow::Result<u64> {
    let log = &*services.log;
    let head = journal::head(log, stream).await.context("the stream of the deliveries cannot be read")?;
    let written =
        journal::append(log, stream, head, delivery.session, delivery.id, std::slice::from_ref(tried))
            .await?;
    Ok(written.position)
}
