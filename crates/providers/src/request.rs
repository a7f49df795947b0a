//! A request as a value: what to send, how its credential travels, and its name in telemetry.

use bytes::Bytes;
use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use serde_json::Value as Json;

/// What a provider answered, body read to the end.
pub type Response = http::Response<Bytes>;

/// How the credential is written in the `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthScheme {
    /// `Bearer <token>`: GHL.
    Bearer,
    /// The bare key: `OpenPhone` answers 401 to a `Bearer` prefix.
    Bare,
}

/// One call to a provider, without its credential. The address is relative; the base URL is configuration.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method and route with placeholders, for spans and metrics: never an id in it.
    pub template: &'static str,
    /// How the credential travels.
    pub auth: AuthScheme,
    /// Method, relative address, headers and body.
    pub http: http::Request<Bytes>,
}

impl Request {
    pub(crate) fn new(template: &'static str, auth: AuthScheme, path: &str) -> Self {
        let mut http = http::Request::new(Bytes::new());
        *http.method_mut() = template.split(' ').next().and_then(|name| name.parse().ok()).unwrap_or_default();
        // Every path here is a literal with encoded segments and an encoded query, so it always parses.
        *http.uri_mut() = path.parse().unwrap_or_default();
        http.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        Self { template, auth, http }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.http.headers_mut().insert(name, value);
        self
    }

    pub(crate) fn with_json(mut self, body: &Json) -> Self {
        self.http.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *self.http.body_mut() = Bytes::from(body.to_string());
        self
    }
}
