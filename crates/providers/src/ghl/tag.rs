//! Tags on contacts (contract sheet, sections 4.16, 4.17, 4.22 and 10.3). They come back in lower case.

use serde_json::{Map, Value as Json, json};

use crate::{ApiError, ContactId, Request, Response, Words, json};

use super::request::build;
use super::response::read;
use super::{ApiVersion, Id, operations as ops};

/// `POST /contacts/{id}/tags`: those that are there stay.
pub fn add(contact: &ContactId, tags: &[&str], version: &ApiVersion) -> Request {
    build(&ops::CONTACT_TAGS_ADD, version, &[contact.as_str()]).with_json(&json!({ "tags": tags }))
}

/// `DELETE /contacts/{id}/tags`, which has a body.
pub fn remove(contact: &ContactId, tags: &[&str], version: &ApiVersion) -> Request {
    build(&ops::CONTACT_TAGS_REMOVE, version, &[contact.as_str()]).with_json(&json!({ "tags": tags }))
}

/// The tags that an answer to [`add`] or [`remove`] names. Only v3 says that these are all that the contact has now.
pub fn tags(response: &Response) -> Result<Vec<String>, ApiError> {
    read(response, |body| Some(body.get("tags")?.as_array()?.iter().filter_map(json::plain).collect()))
}

/// What is done to many contacts at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bulk {
    /// The tags are added.
    Add,
    /// The tags are removed.
    Remove,
}

/// `POST /contacts/bulk/tags/update/{type}`. The largest batch is not published; nor are the words for `type`, which are
/// taken from GHL's prose.
pub fn update_many(location: &Id, what: Bulk, contacts: &[ContactId], tags: &[&str], version: &ApiVersion) -> Request {
    let kind = match what {
        Bulk::Add => "add",
        Bulk::Remove => "remove",
    };
    let contacts: Vec<&str> = contacts.iter().map(ContactId::as_str).collect();
    let body = json!({ "locationId": location.as_str(), "contacts": contacts, "tags": tags });
    build(&ops::CONTACTS_BULK_TAGS, version, &[kind]).with_json(&body)
}

/// What became of one contact of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which contact.
    pub contact: ContactId,
    /// GHL's words, when it was refused.
    pub refused: Option<Words>,
}

/// The answer to [`update_many`]: a success as a whole holds refusals of single contacts.
pub fn updated_many(response: &Response) -> Result<Vec<Outcome>, ApiError> {
    read(response, |body| {
        let items = body.get("responses")?.as_array()?;
        let refusals = items.iter().filter(|item| item["type"] == "error").count() as u64;
        // A refusal that nobody can be told about must not look like a success.
        let outcomes: Vec<Outcome> = items.iter().filter_map(|item| outcome(item.as_object()?)).collect();
        let told = outcomes.iter().filter(|outcome| outcome.refused.is_some()).count() as u64;
        let announced = body.get("errorCount").and_then(Json::as_u64).unwrap_or(refusals);
        (told >= announced.max(refusals)).then_some(outcomes)
    })
}

fn outcome(item: &Map<String, Json>) -> Option<Outcome> {
    let is_refused = item.get("type").is_some_and(|kind| kind == "error");
    let refused = is_refused.then(|| Words::new(&json::text(item, "message").unwrap_or_default()));
    Some(Outcome { contact: ContactId::new(&json::text(item, "contactId")?).ok()?, refused })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &Json) -> Response {
        http::Response::builder().status(201).body(body.to_string().into()).unwrap()
    }

    #[test]
    fn a_refusal_among_many_is_told() {
        let item =
            |id: Option<&str>, kind: &str| json!({ "contactId": id, "message": "contact is deleted", "type": kind });
        let body = |items: &[Json], errors: u64| json!({ "succeded": true, "errorCount": errors, "responses": items });
        let both = [item(Some("c1"), "success"), item(Some("c2"), "error")];
        let outcomes = updated_many(&answer(&body(&both, 1))).unwrap();
        assert_eq!(outcomes[0].refused, None);
        assert_eq!(outcomes[1].refused.as_ref().map(Words::reveal), Some("contact is deleted"));
        assert!(updated_many(&answer(&body(&both, 2))).is_err());
        assert!(updated_many(&answer(&body(&[item(None, "error")], 1))).is_err());
        assert!(updated_many(&answer(&json!({}))).is_err());
    }

    #[test]
    fn tags_are_removed_with_a_body() {
        let version = ApiVersion::new("v3").unwrap();
        let request = remove(&ContactId::new("c1").unwrap(), &["vip"], &version);
        assert_eq!((request.http.method().as_str(), request.http.uri().path()), ("DELETE", "/contacts/c1/tags"));
        assert_eq!(request.http.body(), &br#"{"tags":["vip"]}"#[..]);
        assert_eq!(tags(&answer(&json!({ "tags": ["vip", 1, null] }))).unwrap(), ["vip", "1"]);
    }
}
