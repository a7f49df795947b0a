//! Reading everybody of a workspace (contract sheet, sections 3.4 and 4): v1 contacts as pages show them, and what such a
//! contact says.

use serde_json::Value as Json;

use crate::{ApiError, Response, Row, json};

use super::contact::CustomField;
use super::response::{Listing, listing};
use super::webhook::contact_id;
use super::{Contact, TagTarget};

/// The answer to a page of [`super::List`], as it came.
pub fn page(response: &Response) -> Result<Listing<Row>, ApiError> {
    listing(response, |item| Some(Row::new(contact_id(item)?, item, &[])))
}

/// Reads the bytes of a [`Row`].
pub fn read(body: &[u8]) -> Option<Contact> {
    Contact::read(&json::object(body)?)
}

/// Where the contact itself keeps tags: its field of that name, of whatever type. For comparing only; a contact without the
/// field has no tags.
pub fn tags_of(contact: &Contact, field_name: &str) -> TagTarget {
    let wanted = field_name.trim().to_lowercase();
    let is_it = |field: &&CustomField| field.name.as_deref().is_some_and(|name| name.trim().to_lowercase() == wanted);
    let field = contact.custom_fields.iter().find(is_it);
    let key = field.and_then(|field| field.key.clone()).unwrap_or_default();
    let name = field.and_then(|field| field.name.clone()).unwrap_or_else(|| field_name.to_owned());
    match field.map(|field| &field.value) {
        Some(Json::String(_)) => TagTarget::JoinedText { key, name },
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) | None => {
            TagTarget::MultiSelect { key, name }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tandem_contact::{Field, Value};

    use super::*;
    use crate::openphone::OpenPhoneView;
    use crate::openphone::contact::observe;

    fn shown(custom: &Json) -> Contact {
        let contact = json!({ "id": "CT6a145ff26212a192852c856e", "defaultFields": { "firstName": "Ana" },
            "customFields": custom, "updatedAt": "2026-01-02T03:04:05.000Z" });
        let body = json!({ "data": [contact, {}], "nextPageToken": "t" });
        let response = http::Response::builder().status(200).body(body.to_string().into()).unwrap();
        let mut page = page(&response).unwrap();
        assert_eq!((page.items.len(), page.unreadable, page.next.as_deref()), (1, 1, Some("t")));
        let row = page.items.pop().unwrap();
        assert_eq!(row.id.as_str(), "6a145ff26212a192852c856e");
        read(&row.into_bytes()).unwrap()
    }

    fn tags(custom: &Json) -> Option<Value> {
        let contact = shown(custom);
        let view = OpenPhoneView::plain("US", tags_of(&contact, "Tags"));
        observe(&contact, &view).0[&Field::Tags].clone()
    }

    #[test]
    fn tags_are_found_in_the_contacts_own_field_of_either_type() {
        let both = Value::list(["a".to_owned(), "b".to_owned()]);
        assert_eq!(tags(&json!([{ "name": "tags", "key": "k", "value": ["A", "b"] }])), both);
        assert_eq!(tags(&json!([{ "name": "Tags", "key": "k", "value": "a, b" }])), both);
        assert_eq!(tags(&json!([{ "name": "Tags", "key": "k", "value": null }])), None);
        assert_eq!(tags(&json!([{ "name": "Other", "key": "k", "value": ["a"] }])), None);
    }
}
