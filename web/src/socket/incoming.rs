use super::close::Close;
use super::limits::MAX_PICTURE_BYTES;
use crate::problem::Problem;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{FromRequest as _, HttpRequest, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, MessageStream};
use bytes::Bytes;
use futures::Stream;
use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Bytes that may have come since the last whole message: one of the greatest size, with the headers of its fragments
/// and what arrived behind it.
const MAX_UNREAD_BYTES: usize = MAX_PICTURE_BYTES + 256 * 1024;

/// Bytes that came since the last whole message.
pub(super) type Inflow = Rc<Cell<usize>>;

/// The bytes of a connection, up to a bound. The WebSocket decoder keeps all of a message in memory before it looks at
/// its size; without this, one message could fill the memory.
struct Guarded {
    inner: Payload,
    inflow: Inflow,
}

impl Stream for Guarded {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.inner).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &next {
            self.inflow.set(self.inflow.get() + bytes.len());
            if self.inflow.get() > MAX_UNREAD_BYTES {
                return Poll::Ready(Some(Err(PayloadError::Overflow)));
            }
        }
        next
    }
}

/// The same payload, guarded.
pub(super) async fn guarded(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<(web::Payload, Inflow), Problem> {
    let inflow = Inflow::default();
    let guarded = Guarded { inner: payload.into_inner(), inflow: Rc::clone(&inflow) };
    let mut guarded: Payload = Payload::Stream { payload: Box::pin(guarded) };
    let payload =
        web::Payload::from_request(request, &mut guarded).await.map_err(|error| Problem::internal(&error))?;
    Ok((payload, inflow))
}

/// Whole messages of a connection.
pub(super) struct Incoming {
    stream: AggregatedMessageStream,
    inflow: Inflow,
}

impl Incoming {
    pub(super) fn new(stream: MessageStream, inflow: Inflow) -> Self {
        let stream = stream.max_frame_size(MAX_PICTURE_BYTES).aggregate_continuations();
        Self { stream: stream.max_continuation_size(MAX_PICTURE_BYTES), inflow }
    }

    /// The next message, or how the connection ends.
    pub(super) async fn next(&mut self) -> Result<AggregatedMessage, Close> {
        let next = self.stream.recv().await;
        if self.inflow.get() > MAX_UNREAD_BYTES {
            return Err(Close::TooLarge("a picture may have 1 MiB"));
        }
        self.inflow.set(0);
        match next {
            Some(Ok(message)) => Ok(message),
            Some(Err(error)) => Err(Close::of_stream(&error)),
            None => Err(Close::Gone),
        }
    }
}
