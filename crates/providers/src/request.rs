//! A request as a value: what to send, and which operation it is.

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use serde_json::Value as Json;

use crate::Operation;
use crate::id::segment;

/// What a provider answered, body read to the end.
pub type Response = http::Response<Bytes>;

/// One call to a provider, without its credential. The address is relative; the base URL is configuration.
///
/// Prints the operation only: bodies hold contacts and secrets, addresses hold ids.
#[derive(Clone)]
pub struct Request {
    /// What is asked for.
    pub operation: &'static Operation,
    /// Method, relative address, headers and body.
    pub http: http::Request<Bytes>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("operation", &self.operation.name).finish_non_exhaustive()
    }
}

impl Request {
    pub(crate) fn new(operation: &'static Operation, path: &str) -> Self {
        let mut http = http::Request::new(Bytes::new());
        *http.method_mut() = operation.method().parse().unwrap_or_default();
        // Every path here is a literal with encoded segments and an encoded query, so it always parses.
        *http.uri_mut() = path.parse().unwrap_or_default();
        http.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        Self { operation, http }
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

/// A route with its placeholders filled in, in their order.
pub(crate) fn fill(route: &str, ids: &[&str]) -> String {
    let mut ids = ids.iter();
    let filled = route.split('/').map(|part| match part.strip_prefix('{').and_then(|_| ids.next()) {
        Some(id) => segment(id),
        None => part.to_owned(),
    });
    filled.collect::<Vec<_>>().join("/")
}
