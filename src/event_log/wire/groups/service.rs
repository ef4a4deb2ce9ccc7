//! The PersistentSubscriptions service: thin, over the groups.

use tonic::{Request, Response, Status, Streaming};

use super::consume::{self, Answering};
use super::definition::Key;
use super::directory::Groups;
use super::request;
use crate::event_log::wire::face::Face;
use crate::event_log::wire::fault::{Fault, GroupFault};
use crate::event_log::wire::outlet::Outlet;
use crate::event_log::wire::protocol::persistent_subscriptions::persistent_subscriptions_server::PersistentSubscriptions;
use crate::event_log::wire::protocol::persistent_subscriptions::{
    CreateReq, CreateResp, DeleteReq, DeleteResp, GetInfoReq, GetInfoResp, ListReq, ListResp, ReadReq,
    ReadResp, ReplayParkedReq, ReplayParkedResp, SubscriptionInfo, UpdateReq, UpdateResp, read_req,
};
use crate::event_log::wire::protocol::shared::Empty;

/// The service over the groups of one log. Whoever may read may use them: they change nothing of the log.
#[derive(Debug)]
pub(crate) struct GroupsService {
    face: Face,
    groups: Groups,
}

impl GroupsService {
    pub(crate) const fn new(face: Face, groups: Groups) -> Self {
        Self { face, groups }
    }

    async fn info(&self, key: &Key) -> Result<SubscriptionInfo, Fault> {
        let (state, end) = self.groups.state(key).await?;
        Ok(state.info(end))
    }

    async fn join(&self, request: Request<Streaming<ReadReq>>) -> Result<Outlet<ReadResp>, Fault> {
        let pass = self.face.reader(request.metadata()).await?;
        let slot = self.face.subscription_slot()?;
        let name = request.metadata().get("connection-name").and_then(|name| name.to_str().ok());
        let name = name.unwrap_or_default().to_owned();
        let mut requests = request.into_inner();
        let first = self.face.unless_leaving(async { consume::next(&mut requests).await }).await?;
        let Some(read_req::Content::Options(options)) = first else {
            return Err(Fault::Invalid("the first message must be the options".to_owned()));
        };
        let joining = request::join(options)?;
        let seat = self.groups.join(&joining.key, joining.slots, name).await?;
        let dropped = joining.key.fault(GroupFault::Dropped);
        Ok(self.face.answer(pass, slot, move |sink| async move {
            let id = joining.key.subscription_id();
            let (deliveries, answers) = seat.split();
            let answering = Answering { answers, requests, dropped };
            tokio::select! {
                result = consume::outgoing(deliveries, &sink, id, joining.ids) => result,
                fault = answering.run() => Err(fault),
            }
        }))
    }
}

#[tonic::async_trait]
impl PersistentSubscriptions for GroupsService {
    type ReadStream = Outlet<ReadResp>;

    async fn create(&self, request: Request<CreateReq>) -> Result<Response<CreateResp>, Status> {
        self.face.reader(request.metadata()).await?;
        self.groups.create(request::create(request.into_inner())?).await?;
        Ok(Response::new(CreateResp {}))
    }

    async fn update(&self, request: Request<UpdateReq>) -> Result<Response<UpdateResp>, Status> {
        self.face.reader(request.metadata()).await?;
        self.groups.update(request::update(request.into_inner())?).await?;
        Ok(Response::new(UpdateResp {}))
    }

    async fn delete(&self, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        self.face.reader(request.metadata()).await?;
        self.groups.delete(&request::delete(request.into_inner())?).await?;
        Ok(Response::new(DeleteResp {}))
    }

    async fn read(&self, request: Request<Streaming<ReadReq>>) -> Result<Response<Self::ReadStream>, Status> {
        Ok(Response::new(self.join(request).await?))
    }

    async fn get_info(&self, request: Request<GetInfoReq>) -> Result<Response<GetInfoResp>, Status> {
        self.face.reader(request.metadata()).await?;
        let info = self.info(&request::get_info(request.into_inner())?).await?;
        Ok(Response::new(GetInfoResp { subscription_info: Some(info) }))
    }

    async fn replay_parked(
        &self,
        request: Request<ReplayParkedReq>,
    ) -> Result<Response<ReplayParkedResp>, Status> {
        self.face.reader(request.metadata()).await?;
        let (key, limit) = request::replay_parked(request.into_inner())?;
        self.groups.replay(&key, limit).await?;
        Ok(Response::new(ReplayParkedResp {}))
    }

    async fn list(&self, request: Request<ListReq>) -> Result<Response<ListResp>, Status> {
        self.face.reader(request.metadata()).await?;
        let source = request::list(request.into_inner())?;
        let keys = self.groups.keys(source.as_ref()).await;
        // As EventStoreDB has it: a stream without groups is an error, a server without any is not.
        if let Some(source) = source.filter(|_| keys.is_empty()) {
            return Err(Fault::group(GroupFault::Missing, source.to_string(), "").into());
        }
        let mut subscriptions = Vec::new();
        for key in keys {
            match self.info(&key).await {
                Ok(info) => subscriptions.push(info),
                // Deleted since.
                Err(Fault::Group { kind: GroupFault::Missing, .. }) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(Response::new(ListResp { subscriptions }))
    }

    async fn restart_subsystem(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.face.reader(request.metadata()).await?;
        self.groups.restart().await;
        Ok(Response::new(Empty {}))
    }
}
