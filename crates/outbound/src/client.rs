//! The HTTP client of one provider.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, HeaderMap};
use secrecy::{ExposeSecret as _, SecretString};
use tandem_limits::{Permit, Trip};
use tandem_providers::{Request, Response};
use tower::util::MapFutureLayer;
use url::{Host, Url};

use crate::body::{TimedBody, is_past};
use crate::connects::Connects;
use crate::{NotSent, SendError, Unknown};

/// The largest answer that is read; a page of 50 contacts is far below.
pub const MAX_RESPONSE_BYTES: usize = 4 << 20;

/// Shorter than the keep-alive of common front ends, so that fewer requests meet a connection that is just closing.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// What time it is. An argument, because a paused worker can only be tested with a clock that jumps.
pub(crate) type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Where one provider is and how long it may take.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The provider's base URL; a path in it is kept as prefix.
    pub base_url: Url,
    /// From hand-over to the end of the answer.
    pub timeout: Duration,
    /// Name, network and TLS.
    pub connect_timeout: Duration,
}

/// The client can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The base URL has parts that would be lost or leak.
    #[error("a base URL is http or https with a host, and without user, query or fragment")]
    BaseUrl,
    /// The credential would be readable on its way.
    #[error(
        "the address begins with http, which would send the token unencrypted: use https (http is taken for this machine only)"
    )]
    Unencrypted,
    /// The HTTP library refused its settings.
    #[error("setting up the HTTP client")]
    Client(#[source] reqwest::Error),
}

/// Sends requests to one provider.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    clock: Clock,
    connects: Connects,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with the real clock.
    pub fn new(config: ClientConfig) -> Result<Self, ConfigError> {
        Self::with_clock(config, Instant::now)
    }

    /// A client that asks `clock` what time it is before it sends.
    pub fn with_clock(
        config: ClientConfig,
        clock: impl Fn() -> Instant + Send + Sync + 'static,
    ) -> Result<Self, ConfigError> {
        if !is_base(&config.base_url) {
            return Err(ConfigError::BaseUrl);
        }
        let connects = Connects::default();
        let counting = connects.clone();
        let http = builder(&config.base_url, (config.timeout, config.connect_timeout))
            .connector_layer(MapFutureLayer::new(move |opening| counting.clone().timed(opening)))
            .build()
            .map_err(ConfigError::Client)?;
        Ok(Self { http, base: config.base_url, clock: Arc::new(clock), connects })
    }

    /// Sends the request with its credential and `headers` (such as the trace context) on top, unless `send_by` has
    /// passed. The answer is returned whatever its status.
    pub async fn send(
        &self,
        request: Request,
        credential: &SecretString,
        headers: HeaderMap,
        send_by: Option<Instant>,
    ) -> Result<Response, SendError> {
        let prepared = self.prepare(request, credential, headers, send_by)?;
        if is_past(send_by, &self.clock) {
            return Err(SendError::not_sent(NotSent::PastDeadline));
        }
        let answer = self.http.execute(prepared).await.map_err(SendError::from_client)?;
        let mut response = read(answer, MAX_RESPONSE_BYTES).await?;
        if !response.status().is_success() {
            blank(response.body_mut(), credential);
        }
        Ok(response)
    }

    /// Ends the permit that a request was sent with, as the request ended after so long.
    pub fn end(&self, permit: Permit, sent: &Result<Response, SendError>, took: Duration) {
        match sent {
            Err(SendError::NotSent { reason: NotSent::PastDeadline | NotSent::Invalid, .. }) => permit.cancel(),
            Ok(_) => permit.answered(Trip { took, connecting: self.connecting() }),
            Err(_) => drop(permit),
        }
    }

    /// How long it took at most lately to open a connection: name, network and TLS. None before the first one.
    pub fn connecting(&self) -> Option<Duration> {
        self.connects.slowest()
    }

    /// The provider's host and port, for telling where a request goes.
    pub fn server(&self) -> (&str, u16) {
        (self.base.host_str().unwrap_or_default(), self.base.port_or_known_default().unwrap_or_default())
    }

    fn prepare(
        &self,
        request: Request,
        credential: &SecretString,
        headers: HeaderMap,
        send_by: Option<Instant>,
    ) -> Result<reqwest::Request, SendError> {
        let invalid = || SendError::not_sent(NotSent::Invalid);
        let address = self.address(request.http.uri()).ok_or_else(invalid)?;
        let authorization = request.operation.auth.header(credential).map_err(|_| invalid())?;
        let (parts, bytes) = request.http.into_parts();
        let mut prepared = reqwest::Request::new(parts.method, address);
        *prepared.headers_mut() = parts.headers;
        prepared.headers_mut().extend(headers);
        if let Some(authorization) = authorization {
            prepared.headers_mut().insert(AUTHORIZATION, authorization);
        }
        if !bytes.is_empty() {
            let body = TimedBody { bytes: Some(bytes), send_by, clock: Arc::clone(&self.clock) };
            *prepared.body_mut() = Some(reqwest::Body::wrap(body));
        }
        Ok(prepared)
    }

    /// The full address: the base with the request's path and query behind it, and nowhere else.
    fn address(&self, relative: &http::Uri) -> Option<Url> {
        let path = relative.path_and_query()?.as_str();
        let is_relative = relative.authority().is_none() && path.starts_with('/');
        let base = self.base.as_str().trim_end_matches('/');
        let address = Url::parse(&format!("{base}{path}")).ok()?;
        (is_relative && address.origin() == self.base.origin()).then_some(address)
    }
}

/// Neither repeats nor follows anything.
pub(crate) fn builder(base: &Url, (timeout, connect_timeout): (Duration, Duration)) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(POOL_IDLE)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("tandem/", env!("CARGO_PKG_VERSION")));
    if is_loopback(base) { builder.no_proxy() } else { builder }
}

/// Reads the answer to its end, or to the limit.
pub(crate) async fn read(mut answer: reqwest::Response, limit: usize) -> Result<Response, SendError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > limit {
            return Err(SendError::Unknown { reason: Unknown::TooLarge, source: None });
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

/// A refusal is kept, for people to read: a credential that it repeats goes out of it.
fn blank(body: &mut Bytes, credential: &SecretString) {
    let secret = credential.expose_secret().as_bytes();
    let starts =
        || body.windows(secret.len().max(1)).enumerate().filter(|(_, part)| !secret.is_empty() && *part == secret);
    let found: Vec<usize> = starts().map(|(at, _)| at).collect();
    if found.is_empty() {
        return;
    }
    let mut text = BytesMut::from(&body[..]);
    for at in found {
        text[at..at + secret.len()].fill(b'*');
    }
    *body = text.freeze();
}

/// Once there is an answer, the request was received, whatever breaks afterwards.
pub(crate) fn broken(error: reqwest::Error) -> SendError {
    let reason = if error.is_timeout() { Unknown::TimedOut } else { Unknown::Broken };
    SendError::Unknown { reason, source: Some(error.without_url().into()) }
}

pub(crate) fn is_base(url: &Url) -> bool {
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_bare = url.query().is_none() && url.fragment().is_none();
    matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain && is_bare
}

/// A proxy can't reach this machine's own loopback.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}
