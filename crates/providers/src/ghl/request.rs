//! Requests to GHL.

use http::HeaderValue;
use http::header::HeaderName;

use crate::{ContactId, Request};

use super::operations;

const VERSION: HeaderName = HeaderName::from_static("version");

/// The configured value of the `Version` header that every call needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersion(HeaderValue);

impl ApiVersion {
    /// Checks that the text can be a header.
    pub fn new(text: &str) -> Result<Self, InvalidApiVersion> {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let header = HeaderValue::from_str(text).ok().filter(|_| is_plain);
        header.map(Self).ok_or(InvalidApiVersion)
    }
}

/// Not a version that can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a GHL API version is a date such as `2021-07-28`, or `v3`")]
pub struct InvalidApiVersion;

/// `GET /contacts/{id}`: the only read that gives names in their own case.
pub fn contact(id: &ContactId, version: &ApiVersion) -> Request {
    let path = format!("/contacts/{}", id.as_segment());
    Request::new(&operations::CONTACT_GET, &path).with_header(VERSION, version.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_carries_the_configured_version() {
        let version = ApiVersion::new("2021-07-28").unwrap();
        let request = contact(&ContactId::new("nmFm/Q").unwrap(), &version);
        assert_eq!(request.http.method(), "GET");
        assert_eq!(request.http.uri(), "/contacts/nmFm%2FQ");
        assert_eq!(request.http.headers()["version"], "2021-07-28");
        assert_eq!(request.operation.auth, crate::AuthScheme::Bearer);
        assert!(request.http.body().is_empty());
        assert_eq!(ApiVersion::new("a\nb"), Err(InvalidApiVersion));
        assert_eq!(ApiVersion::new(""), Err(InvalidApiVersion));
    }
}
