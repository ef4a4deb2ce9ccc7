//! The other end of a webhook, for developers: a receiver that shows what arrives, and a check of one signature.
//!
//! Both work without the service, so that an integrator can compare their own receiver with one that is known to be right.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderMap};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::signature::{self, StandardHeaders, TIMESTAMP_TOLERANCE, VerifyError, verify, verify_body};

/// The longest body that is taken, in bytes. A webhook's has a few hundred.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How many deliveries may wait to be printed. Beyond it their answers wait, so that a slow terminal loses none.
const MAX_UNPRINTED: usize = 64;

/// How long open connections may go on after the receiver was asked to stop, in seconds.
const SHUTDOWN_SECONDS: u64 = 1;

/// The longest piece of a delivery that is printed, in characters. A token has 32, a UUID 36.
const MAX_PRINTED_CHARS: usize = 80;

/// A webhook secret as it was given on the command line. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl FromStr for Secret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Err("the secret is empty") } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Receives webhooks and shows which signatures are right.
#[derive(Debug, Clone, Args)]
pub struct ListenArgs {
    /// Address to listen on; port 0 takes any that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", env = "LIVENESS_WEBHOOK_LISTEN")]
    pub listen: SocketAddr,

    /// Secret of a session, as `POST /liveness_check` gave it; may be given several times. Without one, nothing is
    /// checked.
    #[arg(long = "secret", value_name = "SECRET", env = "LIVENESS_WEBHOOK_SECRET", hide_env_values = true)]
    pub secrets: Vec<Secret>,

    /// Print one JSON object for each line.
    #[arg(long, env = "LIVENESS_WEBHOOK_JSON")]
    pub json: bool,

    /// Answer 500 to the first N deliveries, to watch them being tried again.
    #[arg(long, value_name = "N", default_value_t = 0, env = "LIVENESS_WEBHOOK_FAIL")]
    pub fail: u32,
}

/// Checks the `Signature` header of one body.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// Secret of the session, as `POST /liveness_check` gave it.
    #[arg(long, value_name = "SECRET", env = "LIVENESS_WEBHOOK_SECRET", hide_env_values = true)]
    pub secret: Secret,

    /// Value of the `Signature` header.
    #[arg(long, value_name = "HEX", env = "LIVENESS_WEBHOOK_SIGNATURE")]
    pub signature: String,

    /// File with the raw body; standard input when left out.
    #[arg(long, value_name = "BODY", env = "LIVENESS_WEBHOOK_FILE")]
    pub file: Option<PathBuf>,
}

/// Runs `liveness webhook verify`: one line on `out`, and exit code 0 for a right signature, 1 for a wrong one.
///
/// # Errors
///
/// When the body cannot be read, or is longer than 64 KiB, or `out` cannot be written to.
pub fn run_verify(args: &VerifyArgs, input: &mut dyn Read, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let body = match &args.file {
        Some(path) => std::fs::File::open(path)
            .and_then(|mut file| read_body(&mut file))
            .with_context(|| format!("cannot read {}", path.display()))?,
        None => read_body(input).context("cannot read the body from standard input")?,
    };
    let check = |body: &[u8]| verify_body(&args.secret.0, args.signature.trim(), body);
    match check(&body) {
        Ok(()) => {
            writeln!(out, "signature ok")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            let unsigned_newline = body.strip_suffix(b"\n").is_some_and(|body| {
                check(body).is_ok() || body.strip_suffix(b"\r").is_some_and(|body| check(body).is_ok())
            });
            if unsigned_newline {
                writeln!(
                    out,
                    "signature WRONG: right but for a newline at the end of the body, which was not sent"
                )?;
            } else {
                writeln!(out, "signature WRONG: {error}")?;
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read_body(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    input.take(MAX_BODY_BYTES as u64 + 1).read_to_end(&mut body)?;
    if body.len() > MAX_BODY_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 64 KiB"));
    }
    Ok(body)
}

/// Runs `liveness webhook listen` until a signal ends it: its address on the first line of `out`, then each delivery.
///
/// A delivery is answered with 204, with 401 when a secret was given and a signature is wrong or missing, and with 500
/// while `--fail` lasts.
///
/// # Errors
///
/// When the address cannot be listened on, or `out` cannot be written to.
pub async fn run_listen(args: ListenArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    listen_until(args, out, std::future::pending()).await?;
    Ok(ExitCode::SUCCESS)
}

async fn listen_until(
    args: ListenArgs,
    out: &mut dyn Write,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let socket = std::net::TcpListener::bind(args.listen)
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let url = format!("http://{}/", socket.local_addr()?);

    let (sender, mut deliveries) = mpsc::channel(MAX_UNPRINTED);
    let receiver = web::Data::new(Receiver {
        secrets: args.secrets,
        failures_left: AtomicU32::new(args.fail),
        printer: sender,
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
            .app_data(receiver.clone())
            .default_service(web::to(receive))
    })
    // One worker keeps deliveries in the order in which they came.
    .workers(1)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .listen(socket)?
    .run();
    let handle = server.handle();

    let print = async {
        if args.json {
            print_line(out, &serde_json::json!({ "listening": url }))?;
        } else {
            print_line(out, &format_args!("listening on {url}"))?;
        }
        while let Some(delivery) = deliveries.recv().await {
            if args.json {
                print_line(out, &serde_json::to_string(&delivery)?)?;
            } else {
                print_line(out, &delivery)?;
            }
        }
        anyhow::Ok(())
    };
    // Whichever ends first, the server is stopped; its end drops the last sender, and that ends the printing.
    let stop_server = async {
        stop.await;
        handle.stop(true).await;
    };
    tokio::pin!(server, print, stop_server);
    let mut serving = true;
    loop {
        tokio::select! {
            ended = &mut server, if serving => {
                serving = false;
                ended.context("the receiver failed")?;
            }
            printed = &mut print => {
                if serving {
                    let ((), ended) = tokio::join!(handle.stop(false), server);
                    ended.context("the receiver failed")?;
                }
                return printed;
            }
            () = &mut stop_server, if serving => {}
        }
    }
}

fn print_line(out: &mut dyn Write, line: &dyn fmt::Display) -> anyhow::Result<()> {
    writeln!(out, "{line}").and_then(|()| out.flush()).context("cannot write the output")
}

/// What every request needs.
struct Receiver {
    secrets: Vec<Secret>,
    failures_left: AtomicU32,
    printer: mpsc::Sender<Delivery>,
}

async fn receive(receiver: web::Data<Receiver>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    if request.method() != actix_web::http::Method::POST {
        return HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST")).finish();
    }
    let delivery = receiver.judge(request.headers(), &body, Utc::now());
    let status = delivery.status;
    // A printer that is gone has already ended the receiver.
    let _ = receiver.printer.send(delivery).await;
    HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)).finish()
}

impl Receiver {
    fn judge(&self, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Delivery {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let signature =
            self.check(header(signature::SIGNATURE), |secret, value| verify_body(secret, value, body));
        let standard = (|| {
            Some(StandardHeaders {
                id: header(signature::WEBHOOK_ID)?,
                timestamp: header(signature::WEBHOOK_TIMESTAMP)?,
                signature: header(signature::WEBHOOK_SIGNATURE)?,
            })
        })();
        let webhook_signature = self.check(standard, |secret, headers| {
            verify(secret, headers, body, now.timestamp(), TIMESTAMP_TOLERANCE)
        });

        let failing = self
            .failures_left
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok();
        let status = match () {
            () if failing => StatusCode::INTERNAL_SERVER_ERROR,
            () if signature.is_wrong() || webhook_signature.is_wrong() => StatusCode::UNAUTHORIZED,
            () => StatusCode::NO_CONTENT,
        };
        let Payload { event, token, uuid } = serde_json::from_slice(body).unwrap_or_default();
        Delivery {
            time: now.to_rfc3339_opts(SecondsFormat::Secs, true),
            event,
            token,
            uuid,
            id: header(signature::WEBHOOK_ID).map(str::to_owned),
            signature,
            webhook_signature,
            status: status.as_u16(),
        }
    }

    /// Finds one secret that agrees; when none does, the reason is the last secret's.
    fn check<T: Copy>(
        &self,
        headers: Option<T>,
        verify: impl Fn(&str, T) -> Result<(), VerifyError>,
    ) -> Verdict {
        if self.secrets.is_empty() {
            return Verdict::NotChecked;
        }
        let Some(headers) = headers else { return Verdict::Missing };
        let mut verdict = Verdict::NotChecked;
        for secret in &self.secrets {
            verdict = match verify(&secret.0, headers) {
                Ok(()) => return Verdict::Ok,
                // That the time is wrong says more than that another secret does not match.
                Err(VerifyError::Mismatch) if matches!(verdict, Verdict::Wrong { .. }) => verdict,
                Err(reason) => Verdict::Wrong { reason: reason.to_string() },
            };
        }
        verdict
    }
}

/// What is read from the body; a body that is something else is shown without it.
#[derive(Debug, Default, Deserialize)]
struct Payload {
    event: Option<String>,
    token: Option<String>,
    uuid: Option<String>,
}

/// How one signature header compares with the secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
enum Verdict {
    NotChecked,
    Ok,
    Missing,
    Wrong { reason: String },
}

impl Verdict {
    fn is_wrong(&self) -> bool {
        matches!(self, Self::Missing | Self::Wrong { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotChecked => f.write_str("not checked"),
            Self::Ok => f.write_str("ok"),
            Self::Missing => f.write_str("missing"),
            Self::Wrong { reason } => f.write_str(reason),
        }
    }
}

/// One line of the receiver's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Delivery {
    time: String,
    event: Option<String>,
    token: Option<String>,
    uuid: Option<String>,
    id: Option<String>,
    signature: Verdict,
    webhook_signature: Verdict,
    status: u16,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, event, token, uuid, id, signature, webhook_signature, status } = self;
        write!(
            f,
            "{time} {} token {} uuid {} id {}: ",
            Printable(event),
            Printable(token),
            Printable(uuid),
            Printable(id)
        )?;
        match (signature, webhook_signature) {
            (Verdict::NotChecked, _) => f.write_str("not checked (no secret given)")?,
            (Verdict::Ok, Verdict::Ok) => f.write_str("signature ok (Signature, Webhook-Signature)")?,
            _ => {
                write!(f, "signature WRONG (Signature: {signature}; Webhook-Signature: {webhook_signature})")?
            }
        }
        write!(f, ", answered {status}")
    }
}

/// Text from outside, kept short and without the control characters that could rewrite a terminal.
struct Printable<'a>(&'a Option<String>);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(text) = self.0 else { return f.write_str("-") };
        for character in text.chars().take(MAX_PRINTED_CHARS) {
            write!(f, "{}", character.escape_debug())?;
        }
        if text.chars().nth(MAX_PRINTED_CHARS).is_some() { f.write_str("…") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
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
}
