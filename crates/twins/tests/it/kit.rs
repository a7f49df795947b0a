//! A plain HTTP caller, twins with room in their budgets, and a receiver for webhooks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use reqwest::header::HeaderMap as AnswerHeaders;
use serde_json::Value;
use tandem_twins::{GhlConfig, GhlTwin, OpenPhoneConfig, OpenPhoneTwin, Rate};

pub(crate) const LOCATION: &str = "SandboxLocation00001";

/// What came back.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: AnswerHeaders,
    pub(crate) body: Value,
    pub(crate) text: String,
}

/// Calls one twin with fixed headers.
#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    base: String,
    headers: Vec<(&'static str, String)>,
}

impl Caller {
    pub(crate) fn new(base: String, headers: &[(&'static str, &str)]) -> Self {
        let http = reqwest::Client::builder().no_proxy().retry(reqwest::retry::never()).build().unwrap();
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { http, base, headers }
    }

    /// The same caller with other headers.
    pub(crate) fn with(&self, headers: &[(&'static str, &str)]) -> Self {
        Self { http: self.http.clone(), ..Self::new(self.base.clone(), headers) }
    }

    pub(crate) async fn try_send(&self, method: &str, path: &str, body: Option<&Value>) -> reqwest::Result<Seen> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method.parse().unwrap(), url).timeout(Duration::from_secs(10));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Seen { status, headers, body, text })
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> Seen {
        self.try_send(method, path, Some(&body)).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.try_send("GET", path, None).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Seen {
        self.try_send("DELETE", path, None).await.unwrap()
    }
}

/// A budget no test uses up.
pub(crate) fn roomy() -> Rate {
    Rate { requests: 1_000_000, per: Duration::from_secs(10), per_day: Some(10_000_000), enforce: true }
}

pub(crate) async fn ghl(config: GhlConfig) -> (GhlTwin, Caller) {
    let twin = GhlTwin::start(config).await.unwrap();
    let headers = [("authorization", "Bearer pit-sandbox"), ("version", "2021-07-28")];
    let caller = Caller::new(twin.base_url(), &headers);
    (twin, caller)
}

pub(crate) async fn roomy_ghl() -> (GhlTwin, Caller) {
    ghl(GhlConfig { rate: roomy(), ..GhlConfig::default() }).await
}

pub(crate) const KEY: (&str, &str) = ("authorization", "sandbox-key");
pub(crate) const DATED: (&str, &str) = ("quo-api-version", "2026-03-30");

pub(crate) async fn openphone(config: OpenPhoneConfig) -> (OpenPhoneTwin, Caller) {
    let twin = OpenPhoneTwin::start(config).await.unwrap();
    let caller = Caller::new(twin.base_url(), &[KEY, DATED]);
    (twin, caller)
}

pub(crate) async fn roomy_openphone() -> (OpenPhoneTwin, Caller) {
    openphone(OpenPhoneConfig { rate: roomy(), ..OpenPhoneConfig::default() }).await
}

/// One webhook as it arrived.
#[derive(Clone)]
pub(crate) struct Arrived {
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
    pub(crate) body: Value,
}

#[derive(Clone, Default)]
struct Inbox {
    arrived: Arc<Mutex<Vec<Arrived>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

/// Receives webhooks; answers 200 unless told otherwise.
pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Inbox,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let inbox = Inbox::default();
        let router = Router::new().route("/hook", post(take)).with_state(inbox.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inbox }
    }

    /// The next deliveries get these answers.
    pub(crate) fn answer_next(&self, statuses: &[u16]) {
        self.inbox.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.inbox.arrived.lock().unwrap().clone()
    }

    pub(crate) fn types(&self) -> Vec<String> {
        self.arrived().iter().map(|one| one.body["type"].as_str().unwrap().to_owned()).collect()
    }
}

async fn take(State(inbox): State<Inbox>, headers: HeaderMap, raw: Bytes) -> StatusCode {
    let body = serde_json::from_slice(&raw).unwrap();
    inbox.arrived.lock().unwrap().push(Arrived { headers, raw, body });
    let mut answers = inbox.answers.lock().unwrap();
    let status = if answers.is_empty() { 200 } else { answers.remove(0) };
    StatusCode::from_u16(status).unwrap()
}

/// How long anything may take to come about.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Polls until the condition holds.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = tokio::time::Instant::now() + LIMIT;
    while !condition() {
        assert!(tokio::time::Instant::now() < end, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
