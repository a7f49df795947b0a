//! Sends notifications: one attempt each, no redirects, no proxy, and only to addresses that were checked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use reqwest::Request;

use crate::answer::{MAX_RESPONSE_BYTES, judge};
use crate::body::{Begun, WatchedBody};
use crate::channel::Reach;
use crate::resolver::{self, Lookup, Resolver};
use crate::{Allowed, Channel, Failure, Message, NotSent, Why, payload};

/// Name, network and TLS.
const CONNECT: Duration = Duration::from_secs(3);

/// Shorter than the keep-alive of common front ends, so that fewer requests meet a connection that is just closing.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// What a sender may do.
#[derive(Debug, Clone)]
pub struct Options {
    /// The hosts that may be private.
    pub allowed: Allowed,
    /// From hand-over to the end of the answer.
    pub timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { allowed: Allowed::default(), timeout: Duration::from_secs(10) }
    }
}

/// The HTTP library refused its settings.
#[derive(Debug, thiserror::Error)]
#[error("setting up the HTTP client for notifications")]
pub struct SetUpError(#[source] reqwest::Error);

/// Sends notifications.
#[derive(Clone)]
pub struct Sender {
    /// Connects to public addresses only.
    guarded: reqwest::Client,
    /// Connects to any address. A client of its own, so that no connection of one is ever used for the other.
    open: reqwest::Client,
    allowed: Allowed,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl Sender {
    /// A sender that resolves names as the system does.
    pub fn new(options: Options) -> Result<Self, SetUpError> {
        Self::with_lookup(options, &(Arc::new(resolver::system) as Lookup))
    }

    fn with_lookup(options: Options, lookup: &Lookup) -> Result<Self, SetUpError> {
        let guarded = client(Resolver::guarded(Arc::clone(lookup)), options.timeout).https_only(true).build();
        let open = client(Resolver::open(Arc::clone(lookup)), options.timeout).build();
        Ok(Self { guarded: guarded.map_err(SetUpError)?, open: open.map_err(SetUpError)?, allowed: options.allowed })
    }

    /// Sends the message, once. Where it may go is looked at again, by this sender's own list.
    pub async fn send(&self, channel: &Channel, message: &Message) -> Result<(), Failure> {
        let host = channel.host();
        let reach = channel.reach(&self.allowed);
        let client = match reach.map_err(|invalid| Failure::new(host, Why::NotSent(NotSent::NotAllowed(invalid))))? {
            Reach::Public => &self.guarded,
            Reach::Allowed => &self.open,
        };
        let begun = Begun::default();
        let answer = client.execute(request(channel, message, begun.clone())).await;
        let answer = answer.map_err(|error| Failure::of_client(host, error, begun.is_set()))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = read(answer).await;
        judge(channel.kind(), status, &headers, &body).map_err(|why| Failure::new(host, why))
    }
}

fn client(resolver: Resolver, timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .dns_resolver(resolver)
        .timeout(timeout)
        .connect_timeout(CONNECT.min(timeout))
        .pool_idle_timeout(POOL_IDLE)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // A proxy resolves names by itself, so nothing that is checked here would hold.
        .no_proxy()
        .referer(false)
        // A few kilobytes can unpack to gigabytes.
        .gzip(false)
        .user_agent(concat!("tandem/", env!("CARGO_PKG_VERSION")))
}

fn request(channel: &Channel, message: &Message, begun: Begun) -> Request {
    let body = Bytes::from(payload(channel.kind(), message).to_string());
    let mut request = Request::new(Method::POST, channel.secret_url().clone());
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(reqwest::Body::wrap(WatchedBody::new(body, begun)));
    request
}

/// The beginning of the answer. That it breaks off changes nothing: the status is there.
async fn read(mut answer: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        let room = MAX_RESPONSE_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_RESPONSE_BYTES {
            break;
        }
    }
    body
}

#[cfg(test)]
mod tests;
