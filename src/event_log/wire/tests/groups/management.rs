//! Groups are made, changed, told of and deleted.

use super::super::super::groups::MAX_GROUPS;
use super::super::super::protocol::persistent_subscriptions::{ListReq, UpdateReq, list_req, update_req};
use super::*;
use create_req::all_options::AllOption;
use create_req::all_options::filter_options::{Expression, Filter};

#[tokio::test]
async fn a_missing_group_is_missing_to_all_calls() {
    let (_served, mut client) = with_events(1).await;
    let missing = (Code::NotFound, "persistent-subscription-does-not-exist");
    let told = [
        info(&mut client, "s").await.map(drop),
        delete(&mut client, "s").await,
        Consumer::join(&mut client, "s", 1).await.map(drop),
        client.update(updated(update_req::Settings::default())).await.map(drop),
        client.list(ListReq { options: Some(listed(Some("s"))) }).await.map(drop),
    ];
    for status in told.map(Result::unwrap_err) {
        assert_eq!(exception(&status), missing);
        assert_eq!(status.metadata().get("stream-name").unwrap(), "s");
        assert!(status.metadata().contains_key("group-name"));
    }
    let all = client.list(ListReq { options: Some(listed(None)) }).await.unwrap().into_inner();
    assert!(all.subscriptions.is_empty());
}

#[tokio::test]
async fn a_group_is_made_once_and_deleted_under_its_consumers() {
    let (_served, mut client) = with_events(1).await;
    client.create(of("s", settings())).await.unwrap();
    let exists = client.create(of("s", settings())).await.unwrap_err();
    assert_eq!(exception(&exists), (Code::AlreadyExists, "persistent-subscription-exists"));
    let consumer = Consumer::join(&mut client, "s", 1).await.unwrap();
    delete(&mut client, "s").await.unwrap();
    assert_eq!(exception(&consumer.end().await), (Code::Cancelled, "persistent-subscription-dropped"));
    assert_eq!(info(&mut client, "s").await.unwrap_err().code(), Code::NotFound);
    client.create(of("s", settings())).await.unwrap();
    let mut consumer = Consumer::join(&mut client, "s", 1).await.unwrap();
    assert_eq!(consumer.places(1).await, [(0, 0)], "from the start: nothing is left of the first one");
}

#[tokio::test]
async fn the_whole_log_by_prefix_and_by_look_ahead() {
    let (served, mut client) = with_events(2).await;
    served.grow("a-1", "Happened", 1).await;
    served.grow("a-1", "$odd", 1).await;
    let expression = |prefix: &[&str], regex: &str| Expression {
        prefix: prefix.iter().map(|prefix| (*prefix).to_owned()).collect(),
        regex: regex.to_owned(),
    };
    for (filter, wanted) in [
        (None, vec!["s", "s", "a-1", "a-1"]),
        (Some(Filter::StreamIdentifier(expression(&["a-"], ""))), vec!["a-1", "a-1"]),
        (
            Some(Filter::EventType(expression(&[], r"^(?!(\$.+$|PersistentConfig\d+$|Result$))"))),
            vec!["s", "s", "a-1"],
        ),
    ] {
        client.create(of_whole_log(AllOption::Start(Empty {}), filter)).await.unwrap();
        let mut consumer = Consumer::join(&mut client, "$all", 10).await.unwrap();
        let mut last = 0;
        for stream in wanted {
            let recorded = consumer.event().await.event.unwrap();
            assert_eq!(recorded.stream_identifier, identifier(stream));
            assert!(recorded.commit_position > last);
            last = recorded.commit_position;
        }
        delete_whole_log(&mut client).await;
    }
}

async fn delete_whole_log(client: &mut Client) {
    let all = delete_req::options::StreamOption::All(Empty {});
    let options = delete_req::Options { stream_option: Some(all), group_name: GROUP.to_owned() };
    client.delete(DeleteReq { options: Some(options) }).await.unwrap();
}

#[tokio::test]
async fn starts_are_told_in_the_form_that_clients_parse() {
    use create_req::all_options::AllOption as From;
    use create_req::stream_options::RevisionOption as Revision;
    let (served, mut client) = with_events(3).await;
    let head = served.log.head().await.unwrap();
    for (start, text, first) in [
        (Revision::Start(Empty {}), "0", 0),
        (Revision::Revision(2), "2", 2),
        (Revision::End(Empty {}), "-1", 3),
    ] {
        let stream =
            create_req::StreamOptions { stream_identifier: identifier("s"), revision_option: Some(start) };
        let stream = create_req::options::StreamOption::Stream(stream);
        client.create(wanted(stream, settings())).await.unwrap();
        let told = info(&mut client, "s").await.unwrap();
        assert_eq!((told.event_source.as_str(), told.start_from.as_str()), ("s", text));
        assert_eq!(told.last_checkpointed_event_position, "");
        let end = served.grow("s", "Happened", 1).await.revision;
        let mut consumer = Consumer::join(&mut client, "s", 1).await.unwrap();
        let first = if text == "-1" { end } else { first };
        assert_eq!(consumer.places(1).await, [(first, 0)], "the start is included: {text}");
        delete(&mut client, "s").await.unwrap();
    }
    let position = create_req::Position { commit_position: head, prepare_position: head };
    for (start, text) in [
        (From::Start(Empty {}), "C:0/P:0".to_owned()),
        (From::End(Empty {}), "C:-1/P:-1".to_owned()),
        (From::Position(position), format!("C:{head}/P:{head}")),
    ] {
        client.create(of_whole_log(start, None)).await.unwrap();
        let told = info(&mut client, "$all").await.unwrap();
        assert_eq!((told.event_source.as_str(), told.start_from), ("$all", text));
        assert!(told.last_known_event_position.starts_with("C:"));
        delete_whole_log(&mut client).await;
    }
}

#[tokio::test]
#[expect(deprecated, reason = "one of the clients sends nothing else")]
async fn deprecated_fields_are_understood_where_they_stand_alone() {
    let (_served, mut client) = with_events(3).await;
    for (revision, text) in [(0, "0"), (1, "1"), (u64::MAX, "-1")] {
        let options = create_req::Options {
            stream_option: None,
            stream_identifier: identifier("s"),
            group_name: GROUP.to_owned(),
            settings: Some(create_req::Settings {
                revision,
                named_consumer_strategy: create_req::ConsumerStrategy::Pinned.into(),
                consumer_strategy: String::new(),
                ..settings()
            }),
        };
        client.create(CreateReq { options: Some(options) }).await.unwrap();
        let told = info(&mut client, "s").await.unwrap();
        assert_eq!((told.start_from.as_str(), told.named_consumer_strategy.as_str()), (text, "Pinned"));
        let options = update_req::Options {
            stream_option: None,
            stream_identifier: identifier("s"),
            group_name: GROUP.to_owned(),
            settings: Some(update_req::Settings { revision: 2, ..update_req::Settings::default() }),
        };
        client.update(UpdateReq { options: Some(options) }).await.unwrap();
        assert_eq!(info(&mut client, "s").await.unwrap().start_from, "2");
        delete(&mut client, "s").await.unwrap();
    }
}

#[tokio::test]
async fn an_update_lets_consumers_go_and_keeps_the_place() {
    let (_served, mut client) = with_events(2).await;
    client.create(of("s", settings())).await.unwrap();
    let mut consumer = Consumer::join(&mut client, "s", 1).await.unwrap();
    let event = consumer.event().await;
    consumer.ack(&event);
    until(&mut client, |told| told.last_checkpointed_event_position == "0").await;
    let wanted = update_req::Settings {
        max_retry_count: 3,
        named_consumer_strategy: update_req::ConsumerStrategy::DispatchToSingle.into(),
        ..update_req::Settings::default()
    };
    client.update(updated(wanted)).await.unwrap();
    assert_eq!(exception(&consumer.end().await), (Code::Cancelled, "persistent-subscription-dropped"));
    let told = info(&mut client, "s").await.unwrap();
    assert_eq!((told.max_retry_count, told.named_consumer_strategy.as_str()), (3, "DispatchToSingle"));
    let mut consumer = Consumer::join(&mut client, "s", 1).await.unwrap();
    assert_eq!(consumer.places(1).await[0].0, 1);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let (_served, mut client) = with_events(0).await;
    let settings = settings();
    for (wrong, named) in [
        (create_req::Settings { max_retry_count: -1, ..settings.clone() }, "max_retry_count"),
        (create_req::Settings { history_buffer_size: 1_000_000, ..settings.clone() }, "history_buffer_size"),
        (create_req::Settings { consumer_strategy: "Best".to_owned(), ..settings.clone() }, "strategy"),
        (create_req::Settings { min_checkpoint_count: 5, ..settings.clone() }, "max_checkpoint_count"),
    ] {
        let status = client.create(of("s", wrong)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains(named), "{}", status.message());
    }
    let wrong = Filter::StreamIdentifier(Expression { prefix: vec![], regex: "(".to_owned() });
    let filtered = of_whole_log(AllOption::Start(Empty {}), Some(wrong));
    for wrong in [CreateReq { options: None }, of("", settings.clone()), filtered] {
        assert_eq!(client.create(wrong).await.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn groups_are_listed_and_bounded() {
    let (_served, mut client) = with_events(0).await;
    for number in 0..MAX_GROUPS {
        client.create(of(&format!("s-{number}"), settings())).await.unwrap();
    }
    let refused = client.create(of("one-more", settings())).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let all = client.list(ListReq { options: Some(listed(None)) }).await.unwrap().into_inner();
    assert_eq!(all.subscriptions.len(), MAX_GROUPS);
    let one = client.list(ListReq { options: Some(listed(Some("s-1"))) }).await.unwrap().into_inner();
    assert_eq!(one.subscriptions[0].event_source, "s-1");
}

fn updated(settings: update_req::Settings) -> UpdateReq {
    let stream = update_req::StreamOptions {
        stream_identifier: identifier("s"),
        revision_option: Some(update_req::stream_options::RevisionOption::Start(Empty {})),
    };
    let options = update_req::Options {
        stream_option: Some(update_req::options::StreamOption::Stream(stream)),
        group_name: GROUP.to_owned(),
        settings: Some(settings),
        ..update_req::Options::default()
    };
    UpdateReq { options: Some(options) }
}

fn listed(stream: Option<&str>) -> list_req::Options {
    use list_req::options::ListOption;
    use list_req::stream_option::StreamOption;
    let option = match stream {
        None => ListOption::ListAllSubscriptions(Empty {}),
        Some(name) => ListOption::ListForStream(list_req::StreamOption {
            stream_option: Some(StreamOption::Stream(identifier(name).unwrap())),
        }),
    };
    list_req::Options { list_option: Some(option) }
}
