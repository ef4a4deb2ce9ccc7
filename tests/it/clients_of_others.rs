//! The log of a running service through clients of EventStoreDB that were written elsewhere, for Python, Node and Rust:
//! `tests/clients` holds a program for each. What they tell is compared with the REST API and with the log itself.

mod certificates;
mod program;

use crate::kit::{Api, Check, Service, assert_sound, everything, fail_attempt, keys};
use crate::sessions::pass;
use certificates::Certificates;
use liveness_events::RecordedEvent;
use program::{Client, Running};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// A service that serves its log with TLS.
struct Audited {
    api: Api,
    service: Service,
    /// What clients connect to, but for who they are.
    log: String,
    dir: TempDir,
}

impl Audited {
    fn start(flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let made = Certificates::make(dir.path());
        let key = keys(dir.path(), &["create", "--name", "it", "--scope", "api,audit"]);
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let (certificate, certificate_key) = (path(&made.certificate), path(&made.key));
        let tls = ["--esdb-tls-cert", &certificate, "--esdb-tls-key", &certificate_key];
        let listen = ["--esdb-listen", "127.0.0.1:0"];
        let mut service = Service::with(dir.path(), &[&listen[..], &tls, flags].concat(), &[]);
        let log = format!("{}?tls=true&tlsCaFile={}", service.log_address(), path(&made.authority));
        Self { api: Api::new(service.address, &key), service, log, dir }
    }

    /// The connection string of one with a new key of this scope.
    fn connection(&self, scope: &str) -> String {
        let key = keys(self.dir.path(), &["create", "--name", scope, "--scope", scope]);
        format!("esdb://{scope}:{key}@{}", self.log)
    }

    async fn finish(self) {
        self.service.kill();
        assert_sound(self.dir.path()).await;
    }
}

/// Lets each client do something, all at once.
async fn each<T: Send + 'static>(does: impl Fn(Client) -> T + Clone + Send + 'static) -> Vec<(Client, T)> {
    let begun = Client::ALL.map(|client| {
        let does = does.clone();
        (client, tokio::task::spawn_blocking(move || does(client)))
    });
    let mut done = vec![];
    for (client, task) in begun {
        done.push((client, task.await.unwrap()));
    }
    done
}

/// A session's events as the REST API tells them, in the form of the programs.
async fn told_by_rest(api: &Api, check: &Check) -> Vec<Value> {
    let answer = api.get(&format!("/liveness_checks/{}/events?limit=1000", check.uuid)).await.json();
    let event = |event: &Value| told(&format!("liveness-{}", check.uuid), event);
    answer["events"].as_array().unwrap().iter().map(event).collect()
}

fn told(stream: &str, event: &Value) -> Value {
    let mut told = json!({ "stream": stream });
    for field in ["revision", "id", "type", "data", "metadata"] {
        told[field] = by_value(&event[field]);
    }
    told
}

/// A number is what it is worth: JavaScript has no `1.0` beside `1`.
fn by_value(json: &Value) -> Value {
    match json {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(values) => values.iter().map(by_value).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), by_value(value))).collect(),
        other => other.clone(),
    }
}

/// What a program told of events, without their positions.
fn of_stream(events: &[Value]) -> Vec<Value> {
    events.iter().map(|event| told(event["stream"].as_str().unwrap(), event)).collect()
}

/// Where events stand.
fn places<'a>(log: impl Iterator<Item = &'a RecordedEvent>) -> Vec<Value> {
    log.map(|event| json!([event.position, event.stream, event.revision, event.id])).collect()
}

fn places_told(events: &[Value]) -> Vec<Value> {
    let place = |event: &Value| json!([event["position"], event["stream"], event["revision"], event["id"]]);
    events.iter().map(place).collect()
}

fn reversed<T>(mut values: Vec<T>) -> Vec<T> {
    values.reverse();
    values
}

#[actix_web::test]
async fn clients_of_others_audit_the_log() {
    let audited = Audited::start(&[]);
    let (session, open) = (audited.api.create(json!({})).await, audited.api.create(json!({})).await);
    pass(&audited.api, &session).await;
    fail_attempt(&audited.api, &open).await;
    let log = audited.connection("audit");

    they_read_a_session(&audited, &log, &session).await;
    they_read_all(&audited, &log).await;
    they_share_a_session(&audited, &log, &session).await;
    let nothing_new = everything(audited.dir.path()).await.len();
    they_may_not_append(&log).await;
    assert_eq!(everything(audited.dir.path()).await.len(), nothing_new);
    they_see_what_happens(&audited, &log, &open).await;
    audited.finish().await;
}

async fn they_read_a_session(audited: &Audited, log: &str, session: &Check) {
    let expected = told_by_rest(&audited.api, session).await;
    assert!(expected.len() > 10, "a real session: {expected:?}");
    let (log, uuid) = (log.to_owned(), session.uuid.clone());
    let read = each(move |client| {
        [&["stream", &uuid][..], &["stream", &uuid, "--backwards"]].map(|read| client.run(&log, read))
    });
    for (client, [forwards, backwards]) in read.await {
        assert_eq!(of_stream(&forwards), expected, "{client:?}");
        assert_eq!(of_stream(&backwards), reversed(expected.clone()), "{client:?}");
    }
}

async fn they_read_all(audited: &Audited, log: &str) {
    let whole = everything(audited.dir.path()).await;
    let sessions = places(whole.iter().filter(|event| event.stream.starts_with("liveness-")));
    let whole = places(whole.iter());
    assert!(sessions.len() < whole.len(), "there is something to leave out");
    let log = log.to_owned();
    let read = each(move |client| [&["all"][..], &["all", "--backwards"]].map(|read| client.run(&log, read)));
    for (client, [forwards, backwards]) in read.await {
        let expected = if client.filters_reads() { &sessions } else { &whole };
        assert_eq!(&places_told(&forwards), expected, "{client:?}");
        assert_eq!(places_told(&backwards), reversed(expected.clone()), "{client:?}");
    }
}

async fn they_share_a_session(audited: &Audited, log: &str, session: &Check) {
    let last = told_by_rest(&audited.api, session).await.len() - 1;
    let (log, uuid) = (log.to_owned(), session.uuid.clone());
    let of = format!("liveness-{uuid}");
    let shared =
        each(move |client| client.run(&log, &["share", &uuid, &format!("auditors of {client:?}")])).await;
    for (client, told) in shared {
        let group = format!("auditors of {client:?}");
        let (worked, then) = told.split_at(last + 2);
        let mut worked = worked.to_vec();
        worked.sort_by_key(|delivery| (delivery["delivered"].as_u64(), delivery["retries"].as_u64()));
        let mut expected = vec![
            json!({ "delivered": 0, "retries": 0, "answer": "retry" }),
            json!({ "delivered": 0, "retries": 1, "answer": "ack" }),
            json!({ "delivered": 1, "retries": 0, "answer": "park" }),
        ];
        let acked = |revision| json!({ "delivered": revision, "retries": 0, "answer": "ack" });
        expected.extend((2..=last).map(acked));
        assert_eq!(worked, expected, "{client:?}");
        let parked = |count| json!({ "group": group, "of": of, "parked": count });
        assert_eq!(then[0], parked(1), "{client:?}");
        assert!(then[1]["groups"].as_array().unwrap().contains(&json!(group)), "{client:?}: {then:?}");
        let replayed = json!({ "delivered": 1, "replayed": true, "answer": "ack" });
        assert_eq!(then[2..], [replayed, parked(0)], "{client:?}");
    }
}

async fn they_may_not_append(log: &str) {
    let log = log.to_owned();
    for (client, told) in each(move |client| client.run(&log, &["append", "notes"])).await {
        assert_eq!(told, vec![json!({ "refused": client.denied() }); 3], "{client:?}");
    }
}

async fn they_see_what_happens(audited: &Audited, log: &str, open: &Check) {
    let known = told_by_rest(&audited.api, open).await.len();
    let (log, uuid) = (log.to_owned(), open.uuid.clone());
    let following = each(move |client| {
        let mut running = client.start(&log, &["follow", &uuid]);
        // The confirmations, and what has happened already.
        let told = running.until(&[("all", 1), ("stream", 1 + known)]);
        (running, told)
    });
    let following = following.await;
    let new = audited.api.create(json!({})).await;
    assert_eq!(audited.api.delete(open).await.status, 204);
    let of_open = told_by_rest(&audited.api, open).await;
    let of_new = told_by_rest(&audited.api, &new).await;
    let live = [&of_new[..], &of_open[known..]].concat();
    let count = live.len();

    let hear = |(client, (mut running, before)): (Client, (Running, Vec<Vec<Value>>))| {
        tokio::task::spawn_blocking(move || (client, before, running.until(&[("all", count), ("stream", 1)])))
    };
    for hearing in following.into_iter().map(hear).collect::<Vec<_>>() {
        let (client, before, after) = hearing.await.unwrap();
        assert_eq!(before[0], [json!({ "following": "all" })], "{client:?}");
        assert_eq!(before[1][0], json!({ "following": "stream" }), "{client:?}");
        assert_eq!(of_stream(&after[0]), live, "{client:?}");
        let stream = [&before[1][1..], &after[1]].concat();
        assert_eq!(of_stream(&stream), of_open, "{client:?}");
    }
}

#[actix_web::test]
async fn clients_of_others_append_where_they_may() {
    let audited = Audited::start(&["--esdb-write"]);
    let (auditor, node) = (audited.connection("audit"), audited.connection("node"));
    they_may_not_append(&auditor).await;
    let appended = each(move |client| client.run(&node, &["append", &format!("notes-{client:?}")])).await;
    let log = everything(audited.dir.path()).await;
    for (client, told) in appended {
        let notes = format!("notes-{client:?}");
        let events: Vec<_> = log.iter().filter(|event| event.stream == notes).collect();
        let written: Vec<_> = events.iter().map(|event| (event.revision, &*event.event_type)).collect();
        assert_eq!(written, [(0, "AuditNoted"), (1, "AuditNoted")], "{client:?}");
        let expected = [
            json!({ "appended": 0, "position": events[0].position }),
            json!({ "refused": client.wrong_version(), "current": 0 }),
            json!({ "appended": 1, "position": events[1].position }),
        ];
        assert_eq!(told, expected, "{client:?}");
    }
}
