use bytes::Bytes;
use clap::Parser;
use serde_json::Value;
use tokio::sync::oneshot;
use url::Url;

use super::super::client::{Delivered, DeliveryError, WebhookClient};
use super::super::signature::{SignedHeaders, sign};
use super::super::target::TargetPolicy;
use super::*;

const SECRET: &str = "s3cr3t";
const BODY: &[u8] =
    br#"{"event":"complete","token":"u2Qe8C9v","uuid":"0191","occurred_at":"2026-11-23T08:24:45Z"}"#;

#[derive(Debug, Parser)]
struct Cli<T: Args> {
    #[command(flatten)]
    args: T,
}

fn args<T: Args>(line: &[&str]) -> T {
    Cli::parse_from([&["test"], line].concat()).args
}

/// Hands each line that is written to a test.
struct Lines {
    pending: Vec<u8>,
    lines: mpsc::UnboundedSender<String>,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        while let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            let line = String::from_utf8(line).unwrap().trim_end().to_owned();
            self.lines.send(line).map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs the receiver beside `scenario`, which gets its lines, and ends it afterwards.
async fn with_listener<F: Future<Output = ()>>(
    line: &[&str],
    scenario: impl FnOnce(mpsc::UnboundedReceiver<String>) -> F,
) {
    let (lines, printed) = mpsc::unbounded_channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut out = Lines { pending: Vec::new(), lines };
    let stopped = async { drop(stopped.await) };
    let listening = listen_until(args(line), &mut out, stopped);
    let scenario = async {
        scenario(printed).await;
        drop(stop);
    };
    let (ended, ()) = tokio::join!(listening, scenario);
    ended.unwrap();
}

fn signed(secret: &str) -> SignedHeaders {
    sign(secret, "evt_1", Utc::now().timestamp(), BODY)
}

async fn deliver(url: &str, headers: &SignedHeaders) -> Result<Delivered, DeliveryError> {
    let client = WebhookClient::new(TargetPolicy::AllowPrivate).unwrap();
    client.deliver(&Url::parse(url).unwrap(), headers, Bytes::from_static(BODY)).await
}

fn failed(status: u16) -> Result<Delivered, DeliveryError> {
    Err(DeliveryError::Status { status, retry_after: None })
}

#[tokio::test]
async fn shows_each_delivery_and_its_signatures() {
    with_listener(&["--secret", "other", "--secret", SECRET], |mut lines| async move {
        let first = lines.recv().await.unwrap();
        let url = first.strip_prefix("listening on ").unwrap();

        assert_eq!(deliver(url, &signed(SECRET)).await, Ok(Delivered { status: 204 }));
        let line = lines.recv().await.unwrap();
        let (_time, rest) = line.split_once(' ').unwrap();
        assert_eq!(
            rest,
            "complete token u2Qe8C9v uuid 0191 id evt_1: \
             signature ok (Signature, Webhook-Signature), answered 204"
        );

        assert_eq!(deliver(url, &signed("wrong")).await, failed(401));
        let line = lines.recv().await.unwrap();
        assert!(line.contains("signature WRONG"), "{line}");
        assert!(line.ends_with("answered 401"), "{line}");

        let old = SignedHeaders { timestamp: 0, ..signed(SECRET) };
        assert_eq!(deliver(url, &old).await, failed(401));
        let line = lines.recv().await.unwrap();
        assert!(line.contains("(Signature: ok; Webhook-Signature: does not match"), "{line}");
    })
    .await;
}

#[tokio::test]
async fn fails_the_first_deliveries_when_asked_to_and_writes_json() {
    with_listener(&["--fail", "2", "--json"], |mut lines| async move {
        let first: Value = serde_json::from_str(&lines.recv().await.unwrap()).unwrap();
        let url = first["listening"].as_str().unwrap();
        for expected in [failed(500), failed(500), Ok(Delivered { status: 204 })] {
            assert_eq!(deliver(url, &signed(SECRET)).await, expected);
        }
        for status in [500, 500, 204] {
            let mut line: Value = serde_json::from_str(&lines.recv().await.unwrap()).unwrap();
            assert!(line["time"].take().as_str().unwrap().ends_with('Z'));
            assert_eq!(
                line,
                serde_json::json!({
                    "time": null, "event": "complete", "token": "u2Qe8C9v", "uuid": "0191", "id": "evt_1",
                    "signature": { "verdict": "not_checked" },
                    "webhook_signature": { "verdict": "not_checked" },
                    "status": status,
                })
            );
        }
    })
    .await;
}

#[tokio::test]
async fn takes_only_posts_of_bounded_length() {
    with_listener(&[], |mut lines| async move {
        let first = lines.recv().await.unwrap();
        let url = first.strip_prefix("listening on ").unwrap();
        let http = reqwest::Client::new();
        assert_eq!(http.get(url).send().await.unwrap().status(), 405);
        let long = vec![b' '; MAX_BODY_BYTES + 1];
        assert_eq!(http.post(url).body(long).send().await.unwrap().status(), 413);
        assert_eq!(http.post(url).body("\u{1b}[2J").send().await.unwrap().status(), 204);
        let line = lines.recv().await.unwrap();
        assert!(
            line.ends_with("- token - uuid - id -: not checked (no secret given), answered 204"),
            "{line}"
        );
    })
    .await;
}

#[tokio::test]
async fn an_output_that_is_closed_ends_the_receiver() {
    let (lines, printed) = mpsc::unbounded_channel();
    drop(printed);
    let mut out = Lines { pending: Vec::new(), lines };
    let error = listen_until(args(&[]), &mut out, std::future::pending()).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot write the output");
}

#[test]
fn text_from_outside_cannot_rewrite_the_terminal() {
    let text = Some("\u{1b}[2Jx\r\n\u{202e}".to_owned());
    assert_eq!(Printable(&text).to_string(), r"\u{1b}[2Jx\r\n\u{202e}");
    assert_eq!(Printable(&Some("a".repeat(81))).to_string(), format!("{}…", "a".repeat(80)));
}

#[test]
fn a_secret_does_not_print() {
    let args: ListenArgs = args(&["--secret", SECRET]);
    assert!(!format!("{args:?}").contains(SECRET));
    assert!(Cli::<ListenArgs>::try_parse_from(["test", "--secret", ""]).is_err());
}

fn run(signature: &str, input: &[u8], more: &[&str]) -> (bool, String) {
    let line = [&["--secret", SECRET, "--signature", signature], more].concat();
    let mut out = Vec::new();
    let code = run_verify(&args(&line), &mut &*input, &mut out).unwrap();
    (code == ExitCode::SUCCESS, String::from_utf8(out).unwrap())
}

#[test]
fn verify_says_whether_a_body_matches() {
    let signature = signed(SECRET).signature;
    assert_eq!(run(&signature, BODY, &[]), (true, "signature ok\n".to_owned()));
    let (ok, text) = run(&signature, b"{}", &[]);
    assert_eq!((ok, text.as_str()), (false, "signature WRONG: does not match the body and the secret\n"));
    let (ok, text) = run("beef", BODY, &[]);
    assert_eq!((ok, text.as_str()), (false, "signature WRONG: not 64 hexadecimal digits\n"));
    for newline in ["\n", "\r\n"] {
        let (ok, text) = run(&signature, &[BODY, newline.as_bytes()].concat(), &[]);
        assert!(!ok && text.contains("newline at the end"), "{text}");
    }
}

#[test]
fn verify_reads_a_file_of_bounded_length() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("body.json");
    let path_text = path.to_str().unwrap();
    std::fs::write(&path, BODY).unwrap();
    assert!(run(&signed(SECRET).signature, b"", &["--file", path_text]).0);

    std::fs::write(&path, vec![b' '; MAX_BODY_BYTES + 1]).unwrap();
    let args = args(&["--secret", SECRET, "--signature", "00", "--file", path_text]);
    let error = run_verify(&args, &mut io::empty(), &mut Vec::new()).unwrap_err();
    assert_eq!(format!("{error:#}"), format!("cannot read {path_text}: longer than 64 KiB"));
}
