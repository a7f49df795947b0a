//! The location itself and the tags that it knows (contract sheet, section 5).

use serde_json::{Map, Value as Json, json};

use crate::{ApiError, Request, Response, json};

use super::request::build;
use super::response::{Listing, listing, one};
use super::{ApiVersion, Id, operations as ops};

/// A location, as far as Tandem reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its id.
    pub id: Id,
    /// The agency that it belongs to.
    pub company: Option<Id>,
    /// What it is called.
    pub name: Option<String>,
    /// IANA time zone.
    pub timezone: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Whether two contacts may have the same number or address; unset where GHL doesn't say.
    pub allows_duplicates: Option<bool>,
}

/// `GET /locations/{locationId}`.
pub fn get(location: &Id, version: &ApiVersion) -> Request {
    build(&ops::LOCATION_GET, version, &[location.as_str()])
}

/// The answer to [`get`].
pub fn location(response: &Response) -> Result<Location, ApiError> {
    one(response, "location", |location| {
        let settings = json::child(location, "settings");
        Some(Location {
            id: Id::read(location, "id")?,
            company: Id::read(location, "companyId"),
            name: json::text(location, "name"),
            timezone: json::text(location, "timezone"),
            country: json::text(location, "country"),
            allows_duplicates: settings.and_then(|settings| settings.get("allowDuplicateContact")?.as_bool()),
        })
    })
}

/// A tag that the location knows, on a contact or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: Id,
    /// What contacts carry.
    pub name: String,
}

/// `GET /locations/{locationId}/tags`; all of them, there are no pages.
pub fn tags(location: &Id, version: &ApiVersion) -> Request {
    build(&ops::LOCATION_TAGS_LIST, version, &[location.as_str()])
}

/// `POST /locations/{locationId}/tags`.
pub fn create_tag(location: &Id, name: &str, version: &ApiVersion) -> Request {
    build(&ops::LOCATION_TAG_CREATE, version, &[location.as_str()]).with_json(&json!({ "name": name }))
}

/// `GET /locations/{locationId}/tags/{tagId}`.
pub fn tag(location: &Id, tag: &Id, version: &ApiVersion) -> Request {
    build(&ops::LOCATION_TAG_GET, version, &[location.as_str(), tag.as_str()])
}

/// `PUT /locations/{locationId}/tags/{tagId}`.
pub fn rename_tag(location: &Id, tag: &Id, name: &str, version: &ApiVersion) -> Request {
    let ids = [location.as_str(), tag.as_str()];
    build(&ops::LOCATION_TAG_UPDATE, version, &ids).with_json(&json!({ "name": name }))
}

/// `DELETE /locations/{locationId}/tags/{tagId}`, answered to [`super::response::done`].
pub fn delete_tag(location: &Id, tag: &Id, version: &ApiVersion) -> Request {
    build(&ops::LOCATION_TAG_DELETE, version, &[location.as_str(), tag.as_str()])
}

/// The answer to [`tags`].
pub fn found_tags(response: &Response) -> Result<Listing<Tag>, ApiError> {
    listing(response, "tags", read)
}

/// The answer to a read or write of one tag.
pub fn found_tag(response: &Response) -> Result<Tag, ApiError> {
    one(response, "tag", read)
}

fn read(tag: &Map<String, Json>) -> Option<Tag> {
    Some(Tag { id: Id::read(tag, "id")?, name: json::text(tag, "name")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_that_does_not_say_whether_it_allows_duplicates_is_not_taken_to() {
        let answer = |settings: &Json| {
            let body = json!({ "location": { "id": "loc1", "companyId": "co1", "settings": settings } });
            http::Response::builder().status(200).body(body.to_string().into()).unwrap()
        };
        let allows = |settings: Json| location(&answer(&settings)).unwrap().allows_duplicates;
        assert_eq!(allows(json!({ "allowDuplicateContact": false })), Some(false));
        assert_eq!(allows(json!({})), None);
        assert_eq!(allows(Json::Null), None);
    }
}
