//! A contact's phones, emails and custom values on the dated surface, one by one (contract sheet, section 5). They name no
//! definition: whether a property of the same name is the same thing as a v1 custom value is unknown.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::{ApiError, ContactId, Request, Response, json};

use super::response::{Listing, listing, one};
use super::{Id, Surface, operations as ops, wire};

const PAGE_SIZE: &str = "50";

/// One phone number, email address or custom value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its id.
    pub id: Id,
    /// `phone-number`, `email`, `string` and others; no list of them is published.
    pub kind: String,
    /// The label that people gave it.
    pub name: Option<String>,
    /// The value, untouched: text, number, boolean, lists, an object.
    pub value: Json,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

/// A change of a property; its kind stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// The new label: `Some(None)` clears it.
    pub name: Option<Option<String>>,
    /// The new value.
    pub value: Option<Json>,
}

/// `GET /contacts/{id}/properties`, all or of one kind.
pub fn list(contact: &ContactId, kind: Option<&str>, after: Option<&str>) -> Request {
    let asked = Surface::Dated.page(PAGE_SIZE, after).with("type", kind);
    wire::query(&ops::PROPERTIES_LIST, &[contact.as_str()], &asked)
}

/// `POST /contacts/{id}/properties`, answered with 200.
pub fn create(contact: &ContactId, kind: &str, name: Option<&str>, value: &Json) -> Request {
    let body = [("type", Some(kind.into())), ("name", name.map(Json::from)), ("value", Some(value.clone()))];
    wire::build(&ops::PROPERTY_CREATE, &[contact.as_str()]).with_json(&json::given(body))
}

/// `GET /contacts/{id}/properties/{propertyId}`.
pub fn get(contact: &ContactId, property: &Id) -> Request {
    wire::build(&ops::PROPERTY_GET, &[contact.as_str(), property.as_str()])
}

/// `PATCH /contacts/{id}/properties/{propertyId}`.
pub fn update(contact: &ContactId, property: &Id, change: &Change) -> Request {
    let body = [("name", change.name.as_ref().map(|name| name.as_deref().into())), ("value", change.value.clone())];
    let ids = [contact.as_str(), property.as_str()];
    wire::build(&ops::PROPERTY_PATCH, &ids).with_json(&json::given(body))
}

/// `DELETE /contacts/{id}/properties/{propertyId}`, answered to [`super::response::deleted`].
pub fn delete(contact: &ContactId, property: &Id) -> Request {
    wire::build(&ops::PROPERTY_DELETE, &[contact.as_str(), property.as_str()])
}

/// The answer to a read or write of one property.
pub fn property(response: &Response) -> Result<Property, ApiError> {
    one(response, read)
}

/// The answer to [`list`].
pub fn page(response: &Response) -> Result<Listing<Property>, ApiError> {
    listing(response, read)
}

fn read(property: &Map<String, Json>) -> Option<Property> {
    Some(Property {
        id: Id::read(property, "id")?,
        kind: json::text(property, "type")?,
        name: json::text(property, "name"),
        value: property.get("value").cloned().unwrap_or_default(),
        created_at: json::time(property, "createdAt"),
        updated_at: json::time(property, "updatedAt"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::openphone::tests::{answer, body, contact, id};

    #[test]
    fn only_what_changes_is_sent() {
        let name = Change { name: Some(None), value: None };
        assert_eq!(body(&update(&contact(), &id("p1"), &name)), json!({"name": null}));
        let value = Change { name: None, value: Some(json!(["a"])) };
        assert_eq!(body(&update(&contact(), &id("p1"), &value)), json!({"value": ["a"]}));
        let phone = create(&contact(), "phone-number", None, &json!("+14155550123"));
        assert_eq!(body(&phone), json!({"type": "phone-number", "value": "+14155550123"}));
        assert_eq!(list(&contact(), Some("email"), None).http.uri(), "/contacts/c1/properties?limit=50&type=email");
    }

    #[test]
    fn values_of_any_shape_are_kept_as_they_are() {
        for value in [json!("x"), json!(4.5), json!(true), json!([["a"], ["b"]]), json!({"city": "Y"}), json!(null)] {
            let data = json!({"data": {"id": "p1", "type": "string", "name": null, "value": value}});
            assert_eq!(property(&answer(200, &data)).unwrap().value, value);
        }
        let page = page(&answer(200, &json!({"data": [{"id": "p1"}, {"id": 7, "type": "email"}]}))).unwrap();
        assert_eq!((page.items.len(), page.unreadable), (1, 1));
    }
}
