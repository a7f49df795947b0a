//! Requests to GHL: what all of them share, and the read that everything else starts from.

use std::fmt;

use http::HeaderValue;
use http::header::{CONTENT_TYPE, HeaderName};
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use url::form_urlencoded::Serializer;

use crate::request::fill;
use crate::{ContactId, InvalidId, Operation, Request, json};

use super::{ApiVersion, NotOffered, operations};

const VERSION: HeaderName = HeaderName::from_static("version");

/// Any id that GHL hands out, fit for a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(ContactId);

impl Id {
    /// Checks that the id can stand in a path.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        ContactId::new(text).map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn read(object: &Map<String, Json>, key: &str) -> Option<Self> {
        Self::new(&json::text(object, key)?).ok()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `GET /contacts/{id}`: the only read that gives names in their own case.
pub fn contact(id: &ContactId, version: &ApiVersion) -> Request {
    build(&operations::CONTACT_GET, version, &[id.as_str()])
}

/// Any operation, as a rule words it: what stands in the route, the query and the body, with the keys of the dated API.
///
/// # Errors
/// The version doesn't offer it, or something can't stand in the route.
pub fn order(
    operation: &'static Operation,
    version: &ApiVersion,
    (route, given, body): (&[String], &[(String, String)], Option<&Json>),
) -> Result<Request, NotOrderable> {
    version.offers(operation)?;
    for id in route {
        Id::new(id)?;
    }
    let route: Vec<&str> = route.iter().map(String::as_str).collect();
    let given: Vec<_> = given.iter().map(|(name, value)| (v3_name(version, name), Some(value.as_str()))).collect();
    let request = query(operation, version, &route, &given);
    // Every body of GHL is an object.
    let Some(Json::Object(keys)) = body else { return Ok(request) };
    let renamed = keys.iter().map(|(name, value)| (v3_name(version, name).to_owned(), value.clone()));
    Ok(request.with_json(&Json::Object(renamed.collect())))
}

fn v3_name<'a>(version: &ApiVersion, dated: &'a str) -> &'a str {
    if version.is_v3() { super::version::v3_key(dated) } else { dated }
}

/// The operation can't be carried out as it is worded.
#[derive(Debug, thiserror::Error)]
pub enum NotOrderable {
    /// The configured version lacks it.
    #[error(transparent)]
    NotOffered(#[from] NotOffered),
    /// An id can't stand in the route.
    #[error("something in the route is no id: {0}")]
    Id(#[from] InvalidId),
}

/// The operation with its placeholders filled in, in their order. Ids were checked, so none can leave its segment.
pub(crate) fn build(operation: &'static Operation, version: &ApiVersion, ids: &[&str]) -> Request {
    query(operation, version, ids, &[])
}

/// The same with a query; a parameter without a value is left out.
pub(crate) fn query(
    operation: &'static Operation,
    version: &ApiVersion,
    ids: &[&str],
    parameters: &[(&str, Option<&str>)],
) -> Request {
    let mut path = fill(version.route(operation), ids);
    let given: Vec<_> = parameters.iter().filter_map(|(name, value)| Some((*name, (*value)?))).collect();
    if !given.is_empty() {
        path.push('?');
        path.push_str(&Serializer::new(String::new()).extend_pairs(given).finish());
    }
    Request::new(operation, &path).with_header(VERSION, version.header(operation))
}

/// A time as GHL writes it.
pub(super) fn iso(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// A form body: the token routes take no JSON in the dated API.
pub(crate) fn with_form(mut request: Request, pairs: &[(&str, Option<&str>)]) -> Request {
    let given = pairs.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let body = Serializer::new(String::new()).extend_pairs(given).finish();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.http.headers_mut().insert(CONTENT_TYPE, form);
    *request.http.body_mut() = body.into();
    request
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
    }

    #[test]
    fn an_operation_that_a_rule_words_has_everything_in_its_place() {
        let text = |text: &str| text.to_owned();
        let route = [text("c1"), text("w/1")];
        let body = serde_json::json!({ "eventStartTime": "2026-12-01" });
        for (version, header) in [("2021-07-28", "2021-07-28"), ("v3", "v3")] {
            let version = ApiVersion::new(version).unwrap();
            let asked = (&route[..], &[(text("locationId"), text("l 1"))][..], Some(&body));
            let request = order(&operations::CONTACT_WORKFLOW_ADD, &version, asked).unwrap();
            assert_eq!(request.http.uri(), "/contacts/c1/workflow/w%2F1?locationId=l+1");
            assert_eq!(request.http.headers()["version"], header);
            assert_eq!(request.http.body(), r#"{"eventStartTime":"2026-12-01"}"#);
        }
        let v3 = ApiVersion::new("v3").unwrap();
        assert!(order(&operations::CONTACTS_LIST, &v3, (&[], &[], None)).is_err());
        let empty = [text(""), text("w1")];
        assert!(order(&operations::CONTACT_WORKFLOW_ADD, &v3, (&empty, &[], None)).is_err());
    }

    proptest! {
        #[test]
        fn no_id_leaves_its_segment(first in ".{0,40}", second in "[!-~]{1,40}") {
            let (Ok(first), Ok(second)) = (Id::new(&first), Id::new(&second)) else { return Ok(()) };
            let version = ApiVersion::new("v3").unwrap();
            let request = build(&operations::CONTACT_NOTE_GET, &version, &[first.as_str(), second.as_str()]);
            let parts: Vec<_> = request.http.uri().path().split('/').collect();
            prop_assert_eq!(parts.len(), 5);
            prop_assert_eq!((parts[1], parts[3]), ("contacts", "notes"));
            prop_assert_eq!(request.http.uri().query(), None);
        }
    }
}
