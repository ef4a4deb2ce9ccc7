//! What clients ask before anything else: features and gossip, without credentials.

use tonic::Code;

use super::super::Advertised;
use super::super::StartError;
use super::super::protocol::gossip::gossip_client::GossipClient;
use super::super::protocol::gossip::member_info::VNodeState;
use super::super::protocol::server_features::server_features_client::ServerFeaturesClient;
use super::*;

#[tokio::test]
async fn features_are_told_in_lower_case_with_a_whole_version() {
    let served = Served::new(false).await;
    let mut client = ServerFeaturesClient::new(served.channel().await);
    let told = client.get_supported_methods(Empty {}).await.unwrap().into_inner();
    let numbers: Vec<u32> =
        told.event_store_server_version.split('.').map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers, [24, 10, 0]);
    for method in &told.methods {
        let names = [&method.method_name, &method.service_name];
        assert!(names.into_iter().chain(&method.features).all(|name| *name == name.to_lowercase()));
    }
    let has = |service: &str, name: &str, feature: Option<&str>| {
        told.methods.iter().any(|method| {
            method.service_name == service
                && method.method_name == name
                && feature.is_none_or(|feature| method.features.iter().any(|told| told == feature))
        })
    };
    let streams = "event_store.client.streams.streams";
    assert!(has(streams, "read", Some("position")) && has(streams, "read", Some("events")));
    for name in ["append", "delete", "tombstone"] {
        assert!(has(streams, name, None), "{name}");
    }
    assert!(!has(streams, "batchappend", None), "clients then append in the simpler way");
    let groups = "event_store.client.persistent_subscriptions.persistentsubscriptions";
    for name in ["create", "update", "delete", "read", "getinfo", "replayparked", "list"] {
        assert!(has(groups, name, Some("stream")) && has(groups, name, Some("all")), "{name}");
    }
    // Some manage groups over this protocol only where this is listed too.
    assert!(has(groups, "restartsubsystem", None));
}

#[tokio::test]
async fn gossip_names_one_leader_where_clients_find_it() {
    let folder = TempDir::new().unwrap();
    let log: Log = Arc::new(EmbeddedLog::open(folder.path().join("events.db")).unwrap());
    let listen = ([127, 0, 0, 1], 0).into();
    for advertise in [None, Some(Advertised { host: "log.example".to_owned(), port: 2113 })] {
        let settings =
            WireSettings { listen, advertise: advertise.clone(), write: false, security: Security::Insecure };
        let server = WireServer::start(Arc::clone(&log), &settings).await.unwrap();
        let endpoint = Endpoint::from_shared(format!("http://{}", server.address())).unwrap();
        let mut client = GossipClient::new(endpoint.connect().await.unwrap());
        let members = client.read(Empty {}).await.unwrap().into_inner().members;
        let [member] = &members[..] else { panic!("{members:?}") };
        assert!(member.is_alive && member.instance_id.is_some());
        assert_eq!(member.state(), VNodeState::Leader);
        let expected = advertise.unwrap_or_else(|| server.address().into());
        let told = member.http_end_point.clone().unwrap();
        assert_eq!((told.address, told.port), (expected.host, u32::from(expected.port)));
    }
}

#[tokio::test]
async fn an_address_that_means_all_of_them_is_no_place_to_send_clients_to() {
    let folder = TempDir::new().unwrap();
    let log: Log = Arc::new(EmbeddedLog::open(folder.path().join("events.db")).unwrap());
    let everywhere = |advertise| WireSettings {
        listen: ([0, 0, 0, 0], 0).into(),
        advertise,
        write: false,
        security: Security::Insecure,
    };
    let refused = WireServer::start(Arc::clone(&log), &everywhere(None)).await;
    assert!(matches!(refused, Err(StartError::NoAddress(_))));
    WireServer::start(log, &everywhere(Some("localhost:1".parse().unwrap()))).await.unwrap();
}

#[tokio::test]
async fn a_taken_address_is_told() {
    let served = Served::new(false).await;
    let settings = WireSettings {
        listen: served.server.address(),
        advertise: None,
        write: false,
        security: Security::Insecure,
    };
    let taken = WireServer::start(Arc::clone(&served.log), &settings).await;
    assert!(matches!(taken, Err(StartError::Listen { .. })));
}

#[tokio::test]
async fn a_service_that_is_not_spoken_is_unimplemented() {
    let served = Served::new(true).await;
    let mut client = tonic::client::Grpc::new(served.channel().await);
    client.ready().await.unwrap();
    let path = "/kurrentdb.protocol.v2.streams.StreamsService/Append".parse().unwrap();
    let codec = tonic::codec::ProstCodec::<Empty, Empty>::default();
    let status = client.unary(tonic::Request::new(Empty {}), path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}
