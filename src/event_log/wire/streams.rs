//! The Streams service: reads, subscriptions and appends.

mod append;
mod batch;
mod follow;
mod proposal;
mod read;
mod request;

use tokio::time::timeout;
use tonic::{Request, Response, Status, Streaming};

use self::request::Plan;
use super::answer::IdForm;
use super::face::Face;
use super::fault::Fault;
use super::limits::STALL_LIMIT;
use super::outlet::Outlet;
use super::protocol::streams::streams_server::Streams;
use super::protocol::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, ReadResp,
    TombstoneReq, TombstoneResp,
};

/// Why nothing is ever deleted.
const KEEPS_ALL: Fault = Fault::AccessDenied("this log keeps its events for ever");

/// The service over one log.
#[derive(Debug)]
pub(crate) struct StreamsService(Face);

impl StreamsService {
    pub(crate) const fn new(face: Face) -> Self {
        Self(face)
    }

    async fn read(&self, request: Request<ReadReq>) -> Result<Outlet<ReadResp>, Fault> {
        let face = self.0.clone();
        let pass = face.reader(request.metadata()).await?;
        let (plan, ids): (Plan, IdForm) = request::parse(request.into_inner())?;
        let slot = match plan {
            Plan::Read(_) => face.unless_leaving(face.read_slot()).await?,
            Plan::Follow(_) => face.subscription_slot()?,
        };
        let log = face.log.clone();
        Ok(face.answer(pass, slot, move |sink| async move {
            match plan {
                Plan::Read(read) => read::run(&*log, &sink, read, ids).await,
                Plan::Follow(follow) => follow::run(&*log, &sink, follow, ids).await,
            }
        }))
    }
}

/// The next message of a call that appends; `None` when there will be none.
async fn next_message<T>(messages: &mut Streaming<T>) -> Result<Option<T>, Fault> {
    let message = timeout(STALL_LIMIT, messages.message()).await.map_err(|_| Fault::Stalled)?;
    message.map_err(|status| Fault::Invalid(format!("the append cannot be read: {}", status.message())))
}

#[tonic::async_trait]
impl Streams for StreamsService {
    type ReadStream = Outlet<ReadResp>;
    type BatchAppendStream = Outlet<BatchAppendResp>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        Ok(Response::new(Self::read(self, request).await?))
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        // A refused append is not read at all.
        self.0.writer(request.metadata()).await?;
        let work = async {
            let _slot = self.0.append_slot().await?;
            append::run(&*self.0.log, request.into_inner()).await
        };
        Ok(Response::new(self.0.unless_leaving(work).await?))
    }

    async fn batch_append(
        &self,
        request: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        let pass = self.0.reader(request.metadata()).await?;
        // Who may not append is told so for each batch, where clients look for it.
        let (pass, slot, denied) = match self.0.writer(request.metadata()).await {
            Ok(writer) => (writer, self.0.batch_slot()?, None),
            // They keep nobody from appending.
            Err(fault) => (pass, self.0.subscription_slot()?, Some(fault)),
        };
        let (log, requests) = (self.0.log.clone(), request.into_inner());
        let answers = self
            .0
            .answer(pass, slot, move |sink| async move { batch::run(&*log, requests, &sink, denied).await });
        Ok(Response::new(answers))
    }

    async fn delete(&self, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        self.0.reader(request.metadata()).await?;
        Err(KEEPS_ALL.into())
    }

    async fn tombstone(&self, request: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        self.0.reader(request.metadata()).await?;
        Err(KEEPS_ALL.into())
    }
}
