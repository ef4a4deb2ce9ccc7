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
mod tests;
