//! One consumer's call: events out, answers in, each at its own pace.

use tonic::Streaming;
use uuid::Uuid;

use super::engine::{Delivery, Refusal};
use super::seat::{Answers, Deliveries};
use crate::event_log::wire::answer::{IdForm, id, metadata, parse_id, stream_identifier};
use crate::event_log::wire::fault::Fault;
use crate::event_log::wire::outlet::Sink;
use crate::event_log::wire::protocol::persistent_subscriptions::read_resp::read_event::{
    Count, Position, RecordedEvent,
};
use crate::event_log::wire::protocol::persistent_subscriptions::read_resp::{
    Content, ReadEvent, SubscriptionConfirmation,
};
use crate::event_log::wire::protocol::persistent_subscriptions::{ReadReq, ReadResp, read_req};
use crate::event_log::wire::protocol::shared;

/// Events that are handed to the connection at a time.
const BATCH: usize = 64;

/// Most ids in one answer; clients put 50 together at most.
const MAX_IDS: usize = 2_000;

/// Longest reason of a refusal that is kept, in bytes.
const MAX_REASON_BYTES: usize = 1_024;

/// The next message of a client; `None` when there will be none.
pub(super) async fn next(requests: &mut Streaming<ReadReq>) -> Result<Option<read_req::Content>, Fault> {
    match requests.message().await {
        Ok(Some(ReadReq { content: Some(content) })) => Ok(Some(content)),
        Ok(Some(ReadReq { content: None })) => Err(Fault::Invalid("a message is empty".to_owned())),
        Ok(None) => Ok(None),
        // The connection is gone, or brought what is no message: nobody hears the answer.
        Err(status) => Err(Fault::Invalid(status.message().to_owned())),
    }
}

/// Sends what the group gives, until it gives no more.
pub(super) async fn outgoing(
    mut deliveries: Deliveries,
    sink: &Sink<ReadResp>,
    subscription_id: String,
    ids: IdForm,
) -> Result<(), Fault> {
    let confirmation = Content::SubscriptionConfirmation(SubscriptionConfirmation { subscription_id });
    sink.send(vec![ReadResp { content: Some(confirmation) }]).await?;
    loop {
        let batch = deliveries.take(BATCH).await?;
        let event = |delivery| ReadResp { content: Some(Content::Event(read_event(delivery, ids))) };
        sink.send(batch.into_iter().map(event).collect()).await?;
    }
}

/// The side of a call that answers for events.
pub(super) struct Answering {
    pub(super) answers: Answers,
    pub(super) requests: Streaming<ReadReq>,
    /// What a consumer is told that leaves of its own will: no call of this kind ends well.
    pub(super) dropped: Fault,
}

impl Answering {
    /// Hears the consumer until it leaves.
    pub(super) async fn run(mut self) -> Fault {
        loop {
            match self.hear().await {
                Ok(true) => {}
                Ok(false) => return self.dropped,
                Err(fault) => return fault,
            }
        }
    }

    /// Whether the consumer stays.
    async fn hear(&mut self) -> Result<bool, Fault> {
        match next(&mut self.requests).await? {
            None => Ok(false),
            Some(read_req::Content::Options(_)) => {
                Err(Fault::Invalid("the options may be sent once".to_owned()))
            }
            Some(read_req::Content::Ack(ack)) => {
                self.answers.give(parse_ids(&ack.ids)?, None).await;
                Ok(true)
            }
            Some(read_req::Content::Nack(nack)) => {
                use read_req::nack::Action;
                let refusal = match nack.action() {
                    Action::Park => Refusal::Park,
                    Action::Retry | Action::Unknown => Refusal::Retry,
                    Action::Skip => Refusal::Skip,
                    // The consumer wants no more: what it has goes to others when it has left.
                    Action::Stop => return Ok(false),
                };
                let reason = shortened(nack.reason);
                self.answers.give(parse_ids(&nack.ids)?, Some((refusal, reason))).await;
                Ok(true)
            }
        }
    }
}

fn parse_ids(ids: &[shared::Uuid]) -> Result<Vec<Uuid>, Fault> {
    if ids.len() > MAX_IDS {
        return Err(Fault::Invalid(format!("an answer may name at most {MAX_IDS} events")));
    }
    ids.iter().map(|id| parse_id(Some(id))).collect()
}

fn shortened(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
    reason
}

fn read_event(delivery: Delivery, ids: IdForm) -> ReadEvent {
    let Delivery { event, retries, .. } = delivery;
    let position = event.position;
    let recorded = RecordedEvent {
        id: Some(id(event.id, ids)),
        metadata: metadata(&event),
        stream_identifier: Some(stream_identifier(event.stream)),
        stream_revision: event.revision,
        prepare_position: position,
        commit_position: position,
        custom_metadata: event.metadata,
        data: event.data,
    };
    ReadEvent {
        event: Some(recorded),
        link: None,
        position: Some(Position::CommitPosition(position)),
        count: Some(Count::RetryCount(i32::try_from(retries).unwrap_or(i32::MAX))),
    }
}
