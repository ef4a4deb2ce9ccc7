//! The service as an integrator meets it.

use anyhow::{Context as _, bail, ensure};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use tokio_tungstenite::Connector;
use url::Url;
use uuid::Uuid;

/// No answer of a service that is well takes longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Bounds of the pause that a busy service asks for, as the page's.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How often it is asked again; a service that is busy for longer is not one to measure.
const TRIES: usize = 10;
/// Where nobody is sent: there is no browser.
const RETURN_URL: &str = "https://attack.invalid/";

/// One's own service, and the key to it.
#[derive(Clone)]
pub struct Service {
    http: Client,
    url: Url,
    key: String,
    pub(super) connector: Connector,
}

/// A check that was asked for.
pub(super) struct Check {
    token: String,
    pub(super) session: Uuid,
    /// Address of the capture socket, by way of the service's own address.
    pub(super) socket: Url,
}

/// What the service says of a check.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct Verdict {
    pub(super) passed: bool,
    pub(super) confidence: f64,
}

#[derive(Deserialize)]
struct Created {
    token: String,
    url: Url,
    uuid: Uuid,
}

#[derive(Deserialize)]
struct Complete {
    result: Verdict,
}

impl Service {
    /// The service at this address.
    ///
    /// # Errors
    /// When it is no address of a service, or TLS cannot be set up.
    pub fn new(url: Url, key: String) -> anyhow::Result<Self> {
        ensure!(matches!(url.scheme(), "http" | "https"), "--url: must begin with http:// or https://");
        ensure!(
            url.path() == "/" && url.query().is_none(),
            "--url: must have neither path nor query: the service answers at the root of its host"
        );
        let http = Client::builder()
            .user_agent(crate::webhook::client::USER_AGENT)
            .timeout(ANSWER_LIMIT)
            // A connection that waited may be closed by the service just as a check is asked for over it.
            .pool_max_idle_per_host(0)
            // It is one's own: no proxy of the environment stands between, as none does on the socket.
            .no_proxy()
            .build()?;
        let connector = if url.scheme() == "https" { tls()? } else { Connector::Plain };
        Ok(Self { http, url, key, connector })
    }

    /// Asks for a check.
    pub(super) async fn create(&self) -> anyhow::Result<Check> {
        let body = json!({ "return_url": RETURN_URL }).to_string();
        let request = || {
            let request = self.request(Method::POST, "liveness_check")?;
            Ok(request.header("content-type", "application/json").body(body.clone()))
        };
        let answer = self.ask(request).await?;
        let Created { token, url, uuid } = read(answer, StatusCode::CREATED).await?;
        let mut socket = self.address(&format!("{}/ws", url.path()))?;
        let scheme = if self.url.scheme() == "https" { "wss" } else { "ws" };
        // Between schemes of the web it can be set.
        let _ = socket.set_scheme(scheme);
        Ok(Check { token, session: uuid, socket })
    }

    /// The verdict on a check that is complete; none while it is open, or once its link has ended.
    pub(super) async fn verdict(&self, check: &Check) -> anyhow::Result<Option<Verdict>> {
        // A token has letters and digits alone.
        let path = format!("liveness_check?token={}", check.token);
        let request = || self.request(Method::GET, &path);
        let answer = self.ask(request).await?;
        match answer.status() {
            StatusCode::ACCEPTED | StatusCode::GONE => Ok(None),
            _ => Ok(Some(read::<Complete>(answer, StatusCode::OK).await?.result)),
        }
    }

    fn address(&self, path: &str) -> anyhow::Result<Url> {
        self.url.join(path).with_context(|| format!("--url: {}", self.url))
    }

    fn request(&self, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        Ok(self.http.request(method, self.address(path)?).bearer_auth(&self.key))
    }

    /// Sends a request, and again where the service is busy.
    async fn ask(&self, request: impl Fn() -> anyhow::Result<RequestBuilder>) -> anyhow::Result<Response> {
        for _ in 0..TRIES {
            let answer = request()?.send().await.map_err(reqwest::Error::without_url).with_context(|| {
                format!("{} cannot be reached: is `liveness serve` running there?", self.url)
            })?;
            let status = answer.status();
            if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
                return Ok(answer);
            }
            let after = answer.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
            tokio::time::sleep(pause(after)).await;
        }
        bail!("{} is busy and stays so: play fewer --at-once", self.url)
    }
}

/// The pause that a busy service asks for, in seconds, within bounds.
pub(super) fn pause(after: Option<u64>) -> Duration {
    after.map_or(PAUSES.0, Duration::from_secs).clamp(PAUSES.0, PAUSES.1)
}

/// Reads an answer of this status, or says what is wrong.
async fn read<T: serde::de::DeserializeOwned>(answer: Response, expected: StatusCode) -> anyhow::Result<T> {
    let status = answer.status();
    let text = answer.text().await.map_err(reqwest::Error::without_url)?;
    if status == expected {
        return serde_json::from_str(&text).context("the service answers what is none of its answers");
    }
    let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let detail = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or_default();
    match status {
        StatusCode::UNAUTHORIZED => bail!(
            "the service refuses the key: name one of its own by --key or LIVENESS_KEY; `liveness keys create` makes one"
        ),
        StatusCode::FORBIDDEN => bail!("the key does not reach: it needs the scope `api`: {detail}"),
        _ => bail!("the service answers {status}: {detail}"),
    }
}

/// The system's certificates, and the cryptography that the process uses elsewhere.
fn tls() -> anyhow::Result<Connector> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ensure!(!roots.is_empty(), "there are no certificate authorities: install ca-certificates");
    let provider = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider();
    let config = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Connector::Rustls(config.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_has_bounds() {
        let seconds = [None, Some(0), Some(7), Some(u64::MAX)].map(|after| pause(after).as_secs());
        assert_eq!(seconds, [1, 1, 7, 60]);
    }

    #[test]
    fn services_are_at_the_root_of_hosts_of_the_web() {
        let service = |url: &str| Service::new(url.parse().unwrap(), "key".into());
        assert!(service("http://127.0.0.1:8080").is_ok());
        for url in ["file:///tmp", "http://localhost/sub", "http://localhost/?a=b"] {
            assert!(service(url).is_err(), "{url}");
        }
    }
}
