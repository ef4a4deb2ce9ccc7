use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// No answer takes longer, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A consumer of the API.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    client: Client,
}

/// A check that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) token: String,
    pub(crate) uuid: String,
    pub(crate) secret: String,
    /// Path of the page.
    pub(crate) path: String,
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    async fn of(response: Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, text: response.text().await? })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The last part of a problem's type.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        self.json()["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned()
    }

    pub(crate) fn check(&self) -> Check {
        assert_eq!(self.status, 201, "{}", self.text);
        let created = self.json();
        let text = |name: &str| created[name].as_str().unwrap().to_owned();
        let path = text("url").parse::<url::Url>().unwrap().path().to_owned();
        Check { token: text("token"), uuid: text("uuid"), secret: text("secret"), path }
    }
}

impl Api {
    pub(crate) fn new(address: SocketAddr, key: &str) -> Self {
        // Connections are not kept: one that the service closes just then would fail a request for no fault of its own.
        let client =
            Client::builder().timeout(PATIENCE).pool_max_idle_per_host(0).no_proxy().build().unwrap();
        Self { address, key: key.to_owned(), client }
    }

    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address)).bearer_auth(&self.key)
    }

    pub(crate) async fn send(&self, method: Method, path: &str) -> reqwest::Result<Answer> {
        Answer::of(self.request(method, path).send().await?).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path).await.unwrap()
    }

    pub(crate) async fn try_post(&self, body: &Value, idempotency: Option<&str>) -> reqwest::Result<Answer> {
        let mut request =
            self.request(Method::POST, "/liveness_check").header("content-type", "application/json");
        if let Some(key) = idempotency {
            request = request.header("idempotency-key", key);
        }
        Answer::of(request.body(body.to_string()).send().await?).await
    }

    pub(crate) async fn post(&self, body: &Value) -> Answer {
        self.try_post(body, None).await.unwrap()
    }

    /// Creates a check with these fields beside the return address.
    pub(crate) async fn create(&self, mut fields: Value) -> Check {
        fields["return_url"] = json!("https://example.com/return");
        self.post(&fields).await.check()
    }

    pub(crate) async fn result(&self, check: &Check) -> Answer {
        self.get(&format!("/liveness_check?token={}", check.token)).await
    }

    pub(crate) async fn delete(&self, check: &Check) -> Answer {
        self.send(Method::DELETE, &format!("/liveness_check?token={}", check.token)).await.unwrap()
    }

    /// Types of the session's events, in order.
    pub(crate) async fn event_types(&self, check: &Check) -> Vec<String> {
        self.events(check).await.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn events(&self, check: &Check) -> Vec<Value> {
        let answer = self.get(&format!("/liveness_checks/{}/events?limit=1000", check.uuid)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["events"].as_array().unwrap().clone()
    }

    pub(crate) async fn deliveries(&self, check: &Check) -> Vec<Value> {
        let answer = self.get(&format!("/liveness_checks/{}/deliveries", check.uuid)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["deliveries"].as_array().unwrap().clone()
    }
}
