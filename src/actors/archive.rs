//! The archive: hands out recorded events and kept images.

use super::Services;
use crate::event_log::{Direction, StreamFrom};
use actix::{Actor, Context, Handler, ResponseFuture};
use bytes::Bytes;
use liveness_events::session::KeptImage;
use liveness_events::{RecordedEvent, stream};
use liveness_web::messages::{LoadImages, ReadEvents, Trouble};

/// Reads for others. It holds nothing.
pub struct Archive {
    services: Services,
}

impl Archive {
    /// An archive over these services.
    #[must_use]
    pub const fn new(services: Services) -> Self {
        Self { services }
    }
}

impl Actor for Archive {
    type Context = Context<Self>;
}

impl Handler<LoadImages> for Archive {
    type Result = ResponseFuture<Result<Vec<(KeptImage, Bytes)>, Trouble>>;

    fn handle(&mut self, LoadImages { session, images }: LoadImages, _: &mut Self::Context) -> Self::Result {
        let store = self.services.images.clone();
        Box::pin(async move {
            let wanted = images.iter().map(|image| image.sha256).collect();
            let found = store.get(session, &wanted).await;
            let found = found.map_err(|error| Trouble::Unavailable(error.to_string()))?;
            // One that is not there was erased since the view was looked at, or is not what was sealed.
            let jpeg = |image: KeptImage| Some((found.get(&image.sha256)?.clone(), image));
            Ok(images.into_iter().filter_map(jpeg).map(|(jpeg, image)| (image, jpeg)).collect())
        })
    }
}

impl Handler<ReadEvents> for Archive {
    type Result = ResponseFuture<Result<Vec<RecordedEvent>, Trouble>>;

    fn handle(&mut self, message: ReadEvents, _: &mut Self::Context) -> Self::Result {
        let log = self.services.log.clone();
        Box::pin(async move {
            let stream = stream::session(message.session);
            let from = StreamFrom::Revision(message.from);
            let read = log.read_stream(&stream, Direction::Forwards, from, message.most).await;
            read.map_err(|error| Trouble::Unavailable(error.to_string()))
        })
    }
}
