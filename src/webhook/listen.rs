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
mod tests;
