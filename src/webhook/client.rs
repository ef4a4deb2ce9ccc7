//! Makes one try to deliver a webhook, and says in a word how it ended.
//!
//! The receiver is not trusted: it may answer slowly, at length, with a redirect to somewhere inside, or with a DNS entry
//! that changes between a check and the connection. So addresses are judged after they were resolved and before they are
//! connected to (see [`target`](super::target)), no redirect is followed, no proxy of the environment stands between,
//! every phase has a time limit, and nothing of the answer but its status and `Retry-After` is kept.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, redirect, retry};
use rustls::CertificateError;
use thiserror::Error;
use url::Url;

use super::schedule::MAX_RETRY_AFTER;
use super::signature::SignedHeaders;
use super::target::{TargetPolicy, UrlRefusal, check_url, classify};

/// How every request names its sender.
pub const USER_AGENT: &str = concat!("liveness/", env!("CARGO_PKG_VERSION"));

/// How long the DNS, the TCP and the TLS handshakes may take together. A healthy receiver on the far side of the world
/// needs about one second; a lost first packet costs one more, a second two.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a whole try may take, the connection included: a receiver is asked to answer first and work afterwards.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(15);

/// How much of an answer's body is read, in bytes, and for nothing but to use the connection again: more than receivers
/// answer, and less than a new TLS handshake costs.
pub const MAX_DRAINED_BYTES: usize = 4 * 1024;

/// How long reading that body may hold up a delivery whose outcome is already known.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an unused connection is kept: bursts of one customer's sessions share it, a change of address is seen soon.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How many unused connections are kept for each host.
const POOL_MAX_IDLE_PER_HOST: usize = 2;

/// How many causes of an error are looked at before it counts as unknown; real chains have fewer than ten.
const MAX_CAUSES: usize = 32;

/// The client could not be set up.
#[derive(Debug, Error)]
#[error("cannot set up the webhook client; are certificate authorities (ca-certificates) installed?")]
pub struct SetupError(#[source] reqwest::Error);

/// The receiver took the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The HTTP status: 200 to 299.
    pub status: u16,
}

/// How a try failed.
///
/// The text of each variant is fit for the delivery record: short, without the URL (whose query may hold a secret) and
/// without anything that the receiver wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DeliveryError {
    /// The URL is not allowed; nothing was sent.
    #[error("refused: {0}")]
    Refused(#[from] UrlRefusal),
    /// The host has no address that is allowed; nothing was sent.
    #[error("refused: the host does not resolve to a public address")]
    RefusedAddress,
    /// The host's name could not be resolved.
    #[error("the host name could not be resolved")]
    Dns,
    /// No connection came about.
    #[error("cannot connect: {0}")]
    Connect(io::ErrorKind),
    /// No secure connection came about.
    #[error("TLS failed: {0}")]
    Tls(TlsFault),
    /// No connection or no answer in time.
    #[error("timed out")]
    Timeout,
    /// The answer was a redirect, which is never followed: the new place would have to be judged and signed for anew.
    #[error("answered {0}: redirects are not followed")]
    Redirect(u16),
    /// The answer was 410: the receiver wants no more deliveries.
    #[error("answered 410: gone")]
    Gone,
    /// The answer was none that means success.
    #[error("answered {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// What a 429 or 503 said in `Retry-After`, at most [`MAX_RETRY_AFTER`].
        retry_after: Option<Duration>,
    },
    /// Anything else.
    #[error("{0}")]
    Other(&'static str),
}

impl DeliveryError {
    /// Names the kind of failure in one word, for metrics and for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) | Self::RefusedAddress => "refused",
            Self::Dns => "dns",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout => "timeout",
            Self::Redirect(_) => "redirect",
            Self::Gone => "gone",
            Self::Status { .. } => "status",
            Self::Other(_) => "other",
        }
    }

    /// Gives the HTTP status, when there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match *self {
            Self::Redirect(status) | Self::Status { status, .. } => Some(status),
            Self::Gone => Some(StatusCode::GONE.as_u16()),
            _ => None,
        }
    }

    /// Gives the pause that the receiver asked for, at most [`MAX_RETRY_AFTER`].
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match *self {
            Self::Status { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    /// Says whether another try would end the same way: the receiver is gone, or the URL itself is not allowed.
    ///
    /// A host that resolves to an address inside is not final, as the DNS may be mended.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Gone | Self::Refused(_))
    }
}

/// Why a TLS handshake failed, as far as the receiver's operator can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TlsFault {
    /// The certificate has expired.
    #[error("the certificate has expired")]
    Expired,
    /// The certificate is not valid yet.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// The certificate is for another host.
    #[error("the certificate is for another host")]
    WrongHost,
    /// The certificate's issuer is not trusted, or an intermediate certificate was not sent.
    #[error("the certificate's issuer is unknown, or an intermediate certificate is missing")]
    UnknownIssuer,
    /// The certificate has been revoked.
    #[error("the certificate has been revoked")]
    Revoked,
    /// The certificate is wrong in another way.
    #[error("the certificate is not valid")]
    Certificate,
    /// The other side does not speak TLS.
    #[error("the other side does not speak TLS")]
    NotTls,
    /// The other side ended the handshake, or the two have no version or cipher in common.
    #[error("the handshake failed")]
    Handshake,
}

impl From<&rustls::Error> for TlsFault {
    fn from(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidMessage(_) => Self::NotTls,
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Self::NotYetValid
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    Self::WrongHost
                }
                CertificateError::UnknownIssuer => Self::UnknownIssuer,
                CertificateError::Revoked => Self::Revoked,
                _ => Self::Certificate,
            },
            _ => Self::Handshake,
        }
    }
}

/// The time limits of one try.
#[derive(Debug, Clone, Copy)]
struct Limits {
    connect: Duration,
    total: Duration,
    drain: Duration,
}

const LIMITS: Limits = Limits { connect: CONNECT_TIMEOUT, total: TOTAL_TIMEOUT, drain: DRAIN_TIMEOUT };

/// Sends deliveries. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct WebhookClient {
    http: reqwest::Client,
    policy: TargetPolicy,
    limits: Limits,
}

impl WebhookClient {
    /// Sets up a client that calls only what `policy` allows.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when TLS cannot be set up, usually for want of the system's certificate authorities.
    pub fn new(policy: TargetPolicy) -> Result<Self, SetupError> {
        Self::with_limits(policy, LIMITS)
    }

    fn with_limits(policy: TargetPolicy, limits: Limits) -> Result<Self, SetupError> {
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .dns_resolver(JudgingResolver { policy })
            .https_only(policy == TargetPolicy::PublicOnly)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(POOL_MAX_IDLE_PER_HOST)
            .build()
            .map_err(SetupError)?;
        Ok(Self { http, policy, limits })
    }

    /// Posts a JSON body once.
    ///
    /// Returns within [`TOTAL_TIMEOUT`] and the second that reading the answer's body may take.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`] for everything but an answer from 200 to 299.
    pub async fn deliver(
        &self,
        url: &Url,
        headers: &SignedHeaders,
        body: Bytes,
    ) -> Result<Delivered, DeliveryError> {
        check_url(url, self.policy)?;
        self.post(url, headers, body).await
    }

    /// Posts without judging the URL; what it resolves to is still judged.
    async fn post(
        &self,
        url: &Url,
        headers: &SignedHeaders,
        body: Bytes,
    ) -> Result<Delivered, DeliveryError> {
        let response = self
            .http
            .post(url.clone())
            .headers(header_map(headers)?)
            .body(body)
            .send()
            .await
            .map_err(|error| read_error(&error))?;
        let outcome = read_status(response.status(), response.headers(), SystemTime::now());
        // The outcome stands, however the rest of the answer ends.
        let _ = tokio::time::timeout(self.limits.drain, drain(response)).await;
        outcome
    }
}

fn header_map(headers: &SignedHeaders) -> Result<HeaderMap, DeliveryError> {
    let mut map = HeaderMap::new();
    map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers.pairs() {
        let name = reqwest::header::HeaderName::from_bytes(name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) else {
            return Err(DeliveryError::Other("a header has characters that cannot be sent"));
        };
        map.insert(name, value);
    }
    Ok(map)
}

fn read_status(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Result<Delivered, DeliveryError> {
    let number = status.as_u16();
    match status {
        _ if status.is_success() => Ok(Delivered { status: number }),
        _ if status.is_redirection() => Err(DeliveryError::Redirect(number)),
        StatusCode::GONE => Err(DeliveryError::Gone),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let retry_after = headers.get(RETRY_AFTER).and_then(|value| read_retry_after(value, now));
            Err(DeliveryError::Status { status: number, retry_after })
        }
        _ => Err(DeliveryError::Status { status: number, retry_after: None }),
    }
}

/// Reads `Retry-After`, whole seconds or an HTTP date, clamped to [`MAX_RETRY_AFTER`]. A date gone by asks for nothing.
fn read_retry_after(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    let asked = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Digits that do not fit are a wish for a very long pause.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let until = DateTime::parse_from_rfc2822(text).ok()?;
        (until.to_utc() - DateTime::<Utc>::from(now)).to_std().ok()?
    };
    Some(asked.min(MAX_RETRY_AFTER))
}

/// Reads a short body to its end, so that the connection can be used again, and gives up on a longer one, which closes it.
async fn drain(mut response: Response) {
    let mut left = MAX_DRAINED_BYTES;
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// Finds the cause that says most in an error of the HTTP client.
fn read_error(error: &reqwest::Error) -> DeliveryError {
    let mut connect = io::ErrorKind::Other;
    for cause in causes(error).take(MAX_CAUSES) {
        if let Some(resolve) = cause.downcast_ref::<ResolveError>() {
            return match resolve {
                ResolveError::NotFound => DeliveryError::Dns,
                ResolveError::NotPublic => DeliveryError::RefusedAddress,
            };
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return DeliveryError::Tls(tls.into());
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            connect = io.kind();
        }
    }
    if error.is_timeout() {
        DeliveryError::Timeout
    } else if error.is_connect() {
        DeliveryError::Connect(connect)
    } else if error.is_builder() {
        DeliveryError::Other("the request could not be built")
    } else {
        DeliveryError::Other("the connection ended before a whole answer")
    }
}

/// Walks from an error to its causes, also through `io::Error`, whose `source` leaves out the error that it wraps.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| match cause.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => cause.source(),
    })
}

/// Resolves names as the system does, and lets through only addresses that the policy allows.
///
/// The client connects to what this returns and looks nothing up again, so there is no moment at which a name can come to
/// mean something else.
#[derive(Debug, Clone, Copy)]
struct JudgingResolver {
    policy: TargetPolicy,
}

/// Why a name gave no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum ResolveError {
    #[error("the name was not found")]
    NotFound,
    #[error("the name has no public address")]
    NotPublic,
}

impl JudgingResolver {
    async fn look_up(self, name: &str) -> Result<Vec<SocketAddr>, ResolveError> {
        // Port 0 stands for the port of the URL.
        let found = tokio::net::lookup_host((name, 0)).await.map_err(|_| ResolveError::NotFound)?;
        self.judge(found)
    }

    fn judge(self, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, ResolveError> {
        let mut any = false;
        let allowed: Vec<_> = found
            .inspect(|_| any = true)
            .filter(|address| self.policy == TargetPolicy::AllowPrivate || classify(address.ip()).is_none())
            .collect();
        match (allowed.is_empty(), any) {
            (false, _) => Ok(allowed),
            (true, true) => Err(ResolveError::NotPublic),
            (true, false) => Err(ResolveError::NotFound),
        }
    }
}

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = *self;
        Box::pin(async move {
            let addresses = resolver.look_up(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread::{self, JoinHandle};

    use super::super::signature::sign;
    use super::*;

    const BODY: &[u8] = br#"{"event":"complete"}"#;

    fn client() -> WebhookClient {
        WebhookClient::new(TargetPolicy::AllowPrivate).unwrap()
    }

    /// A client that loses patience soon. Only for servers that never answer: nothing races against these limits.
    fn impatient_client() -> WebhookClient {
        let short = Duration::from_millis(50);
        let limits = Limits { connect: TOTAL_TIMEOUT, total: short, drain: short };
        WebhookClient::with_limits(TargetPolicy::AllowPrivate, limits).unwrap()
    }

    async fn deliver(client: &WebhookClient, url: &str) -> Result<Delivered, DeliveryError> {
        let headers = sign("secret", "evt_1", 1_795_508_685, BODY);
        client.deliver(&Url::parse(url).unwrap(), &headers, Bytes::from_static(BODY)).await
    }

    /// Serves one connection on a thread, and gives the server's base URL and what `serve` returned.
    fn server<T: Send + 'static>(
        serve: impl FnOnce(TcpStream) -> T + Send + 'static,
    ) -> (String, JoinHandle<T>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?key=k", listener.local_addr().unwrap());
        (url, thread::spawn(move || serve(listener.accept().unwrap().0)))
    }

    /// Waits for a server's thread, while the runtime goes on to close the client's connections.
    async fn joined<T: Send + 'static>(server: JoinHandle<T>) -> T {
        tokio::task::spawn_blocking(|| server.join().unwrap()).await.unwrap()
    }

    /// Reads one request whose body is [`BODY`].
    fn read_request(stream: &mut TcpStream) -> String {
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.ends_with(BODY) {
            let count = stream.read(&mut buffer).unwrap();
            assert_ne!(count, 0, "the request ended early");
            request.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8(request).unwrap()
    }

    /// Answers one request with `answer`, and gives the request.
    fn answering(answer: &'static str) -> (String, JoinHandle<String>) {
        server(move |mut stream| {
            let request = read_request(&mut stream);
            stream.write_all(answer.as_bytes()).unwrap();
            request
        })
    }

    #[tokio::test]
    async fn a_delivery_is_one_signed_post() {
        let (url, server) = answering("HTTP/1.1 204 No Content\r\n\r\n");
        assert_eq!(deliver(&client(), &url).await, Ok(Delivered { status: 204 }));

        let request = joined(server).await;
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let signed = sign("secret", "evt_1", 1_795_508_685, BODY);
        assert!(head.starts_with("POST /hook?key=k HTTP/1.1\r\n"), "{head}");
        for (name, value) in signed.pairs() {
            let line = format!("{}: {value}", name.to_lowercase());
            assert!(head.lines().any(|other| other == line), "{line} is not in {head}");
        }
        assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
        assert!(
            head.contains(&format!("\r\nuser-agent: liveness/{}\r\n", env!("CARGO_PKG_VERSION"))),
            "{head}"
        );
        assert_eq!(body.as_bytes(), BODY);
    }

    #[tokio::test]
    async fn a_connection_is_used_again_after_a_short_answer() {
        let (url, server) = server(|mut stream| {
            for _ in 0..2 {
                read_request(&mut stream);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
            }
        });
        let client = client();
        assert_eq!(deliver(&client, &url).await, Ok(Delivered { status: 200 }));
        assert_eq!(deliver(&client, &url).await, Ok(Delivered { status: 200 }));
        joined(server).await;
    }

    #[tokio::test]
    async fn failures_are_told_apart_by_status() {
        let status = |status, seconds: Option<u64>| {
            Err(DeliveryError::Status { status, retry_after: seconds.map(Duration::from_secs) })
        };
        for (answer, expected) in [
            ("HTTP/1.1 299 Fine\r\nContent-Length: 0\r\n\r\n", Ok(Delivered { status: 299 })),
            ("HTTP/1.1 304 Not Modified\r\n\r\n", Err(DeliveryError::Redirect(304))),
            ("HTTP/1.1 400 Bad Request\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n", status(400, None)),
            ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", Err(DeliveryError::Gone)),
            ("HTTP/1.1 429 Slow\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n", status(429, Some(9))),
            ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", status(500, None)),
            ("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", status(503, None)),
            (
                "HTTP/1.1 503 Later\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n",
                status(503, Some(3600)),
            ),
            ("nonsense\r\n\r\n", Err(DeliveryError::Other("the connection ended before a whole answer"))),
        ] {
            let (url, server) = answering(answer);
            assert_eq!(deliver(&client(), &url).await, expected, "{answer:?}");
            joined(server).await;
        }
    }

    #[tokio::test]
    async fn redirects_are_not_followed() {
        let inside = TcpListener::bind("127.0.0.1:0").unwrap();
        inside.set_nonblocking(true).unwrap();
        let place = inside.local_addr().unwrap();
        for status in [301, 302, 303, 307, 308] {
            let (url, server) = server(move |mut stream| {
                read_request(&mut stream);
                write!(
                    stream,
                    "HTTP/1.1 {status} Moved\r\nLocation: http://{place}/\r\nContent-Length: 0\r\n\r\n"
                )
                .unwrap();
            });
            assert_eq!(deliver(&client(), &url).await, Err(DeliveryError::Redirect(status)));
            joined(server).await;
        }
        assert_eq!(inside.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody came");
    }

    #[tokio::test]
    async fn a_server_that_never_answers_times_out() {
        let (url, server) = server(|mut stream| {
            let mut sink = Vec::new();
            stream.read_to_end(&mut sink).unwrap();
        });
        assert_eq!(deliver(&impatient_client(), &url).await, Err(DeliveryError::Timeout));
        joined(server).await;
    }

    #[tokio::test]
    async fn an_endless_body_is_cut_and_the_status_counts() {
        let (url, server) = server(|mut stream| {
            read_request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
            // Ends with an error as soon as the client has closed the connection.
            while stream.write_all(b"5\r\nagain\r\n").is_ok() {}
        });
        assert_eq!(deliver(&client(), &url).await, Ok(Delivered { status: 200 }));
        joined(server).await;
    }

    #[tokio::test]
    async fn a_body_that_never_comes_does_not_change_the_outcome() {
        let (url, server) = server(|mut stream| {
            read_request(&mut stream);
            stream.write_all(b"HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\n").unwrap();
            let mut sink = Vec::new();
            stream.read_to_end(&mut sink).unwrap();
        });
        let limits = Limits { drain: Duration::from_millis(20), ..LIMITS };
        let client = WebhookClient::with_limits(TargetPolicy::AllowPrivate, limits).unwrap();
        let outcome = deliver(&client, &url).await;
        assert_eq!(outcome, Err(DeliveryError::Status { status: 500, retry_after: None }));
        joined(server).await;
    }

    #[tokio::test]
    async fn a_closed_port_is_a_refused_connection() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let outcome = deliver(&client(), &format!("http://{address}/")).await;
        assert_eq!(outcome, Err(DeliveryError::Connect(io::ErrorKind::ConnectionRefused)));
        assert_eq!(outcome.unwrap_err().to_string(), "cannot connect: connection refused");
    }

    #[tokio::test]
    async fn a_server_without_tls_is_named_as_such() {
        let (url, server) = server(|mut stream| {
            let mut hello = [0; 64];
            let _ = stream.read(&mut hello).unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        });
        let outcome = deliver(&client(), &url.replace("http:", "https:")).await;
        assert_eq!(outcome, Err(DeliveryError::Tls(TlsFault::NotTls)));
        joined(server).await;
    }

    /// A label of more than 63 characters cannot be asked for, so this needs no name server.
    #[tokio::test]
    async fn a_name_that_does_not_exist_is_a_dns_failure() {
        let url = format!("http://{}.invalid/", "a".repeat(64));
        assert_eq!(deliver(&client(), &url).await, Err(DeliveryError::Dns));
    }

    #[tokio::test]
    async fn a_target_inside_is_refused_before_anything_is_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = WebhookClient::new(TargetPolicy::PublicOnly).unwrap();
        for host in ["127.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "localhost", "localhost."] {
            let outcome = deliver(&client, &format!("https://{host}:{port}/")).await;
            assert!(matches!(outcome, Err(DeliveryError::Refused(_))), "{host}: {outcome:?}");
        }
        let outcome = deliver(&client, &format!("http://127.0.0.1:{port}/")).await;
        assert_eq!(outcome, Err(DeliveryError::Refused(UrlRefusal::PlainHttp)));
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody came");
    }

    /// The URL's own check knows `localhost` by name, so this goes past it: what counts is where a name leads.
    #[tokio::test]
    async fn a_name_that_resolves_inside_is_refused_at_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = WebhookClient::new(TargetPolicy::PublicOnly).unwrap();
        let headers = sign("secret", "evt_1", 1_795_508_685, BODY);
        let url = Url::parse(&format!("https://localhost:{port}/")).unwrap();
        let outcome = client.post(&url, &headers, Bytes::from_static(BODY)).await;
        assert_eq!(outcome, Err(DeliveryError::RefusedAddress));
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody came");
    }

    #[tokio::test]
    async fn a_name_that_resolves_inside_is_called_where_that_is_allowed() {
        let (url, server) = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let url = url.replace("127.0.0.1", "localhost");
        assert_eq!(deliver(&client(), &url).await, Ok(Delivered { status: 200 }));
        joined(server).await;
    }

    #[test]
    fn only_the_public_addresses_of_a_name_are_kept() {
        let address = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        let found = ["10.0.0.1", "93.184.215.14", "fd00::1", "2606:4700::1", "::ffff:127.0.0.1"].map(address);
        let judge = |policy| JudgingResolver { policy }.judge(found.into_iter());
        let public = vec![address("93.184.215.14"), address("2606:4700::1")];
        assert_eq!(judge(TargetPolicy::PublicOnly), Ok(public));
        assert_eq!(judge(TargetPolicy::AllowPrivate), Ok(found.to_vec()));

        let resolver = JudgingResolver { policy: TargetPolicy::PublicOnly };
        assert_eq!(resolver.judge([address("10.0.0.1")].into_iter()), Err(ResolveError::NotPublic));
        assert_eq!(resolver.judge(std::iter::empty()), Err(ResolveError::NotFound));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_is_clamped() {
        let now = SystemTime::from(DateTime::parse_from_rfc3339("2026-11-23T08:24:45Z").unwrap());
        let read = |text: &'static str| read_retry_after(&HeaderValue::from_static(text), now);
        assert_eq!(read("0"), Some(Duration::ZERO));
        assert_eq!(read(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(read("86400"), Some(MAX_RETRY_AFTER));
        assert_eq!(read("18446744073709551616"), Some(MAX_RETRY_AFTER));
        assert_eq!(read("Mon, 23 Nov 2026 08:25:00 GMT"), Some(Duration::from_secs(15)));
        assert_eq!(read("Tue, 23 Nov 2027 08:25:00 GMT"), Some(MAX_RETRY_AFTER));
        assert_eq!(read("Mon, 23 Nov 2026 08:24:00 GMT"), None);
        for nonsense in ["", "-1", "+5", "1.5", "soon"] {
            assert_eq!(read(nonsense), None, "{nonsense:?}");
        }
    }

    #[tokio::test]
    async fn no_text_tells_the_url_or_the_secret() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = deliver(&client(), &format!("http://{address}/hook?key=hush")).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("hush") && !text.contains("secret"), "{text}");
    }

    #[test]
    fn tls_faults_name_what_to_mend() {
        for (error, expected) in [
            (CertificateError::Expired, TlsFault::Expired),
            (CertificateError::NotValidYet, TlsFault::NotYetValid),
            (CertificateError::NotValidForName, TlsFault::WrongHost),
            (CertificateError::UnknownIssuer, TlsFault::UnknownIssuer),
            (CertificateError::Revoked, TlsFault::Revoked),
            (CertificateError::BadSignature, TlsFault::Certificate),
        ] {
            assert_eq!(TlsFault::from(&rustls::Error::InvalidCertificate(error)), expected);
        }
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_an_error() {
        let headers = sign("secret", "evt\n1", 0, BODY);
        assert!(matches!(header_map(&headers), Err(DeliveryError::Other(_))));
    }
}
