//! The Gossip service: one member, always the leader, at the address that clients shall use.

use chrono::Utc;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::answer::{IdForm, id, ticks};
use super::protocol::gossip::gossip_server::Gossip;
use super::protocol::gossip::member_info::VNodeState;
use super::protocol::gossip::{ClusterInfo, EndPoint, MemberInfo};
use super::protocol::shared::Empty;
use super::settings::Advertised;

/// The service; asked without credentials.
#[derive(Debug)]
pub(crate) struct GossipService {
    instance: Uuid,
    advertised: Advertised,
}

impl GossipService {
    pub(crate) fn new(advertised: Advertised) -> Self {
        Self { instance: Uuid::new_v4(), advertised }
    }
}

#[tonic::async_trait]
impl Gossip for GossipService {
    async fn read(&self, _: Request<Empty>) -> Result<Response<ClusterInfo>, Status> {
        let Advertised { host, port } = &self.advertised;
        let member = MemberInfo {
            instance_id: Some(id(self.instance, IdForm::Structured)),
            time_stamp: ticks(Utc::now()),
            state: VNodeState::Leader.into(),
            is_alive: true,
            http_end_point: Some(EndPoint { address: host.clone(), port: u32::from(*port) }),
        };
        Ok(Response::new(ClusterInfo { members: vec![member] }))
    }
}
