//! The custom fields that a location has defined (contract sheet, sections 5 and 10.4).

use serde_json::{Map, Value as Json, json};

use crate::{ApiError, CustomDefinition, CustomKind, Request, Response, json};

use super::request::{build, query};
use super::response::{Listing, listing, one};
use super::{ApiVersion, Id, operations as ops};

/// A custom field of contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its id, which values are written under.
    pub id: Id,
    /// What people see.
    pub name: String,
    /// `contact.<key>`.
    pub key: Option<String>,
    /// `TEXT`, `NUMERICAL`, `SINGLE_OPTIONS`, `MULTIPLE_OPTIONS`, `CHECKBOX`, `DATE` and others.
    pub data_type: Option<String>,
    /// What may be chosen.
    pub options: Vec<String>,
}

/// `GET /locations/{locationId}/customFields`, those of contacts; all of them, there are no pages.
pub fn list(location: &Id, version: &ApiVersion) -> Request {
    query(&ops::CUSTOM_FIELDS_LIST, version, &[location.as_str()], &[("model", Some("contact"))])
}

/// `GET /locations/{locationId}/customFields/{fieldId}`.
pub fn get(location: &Id, field: &Id, version: &ApiVersion) -> Request {
    build(&ops::CUSTOM_FIELD_GET, version, &[location.as_str(), field.as_str()])
}

/// `POST /locations/{locationId}/customFields`: a field of contacts.
pub fn create(location: &Id, name: &str, data_type: &str, version: &ApiVersion) -> Request {
    let body = json!({ "name": name, "dataType": data_type, "model": "contact" });
    build(&ops::CUSTOM_FIELD_CREATE, version, &[location.as_str()]).with_json(&body)
}

/// `PUT /locations/{locationId}/customFields/{fieldId}`.
pub fn rename(location: &Id, field: &Id, name: &str, version: &ApiVersion) -> Request {
    let ids = [location.as_str(), field.as_str()];
    build(&ops::CUSTOM_FIELD_UPDATE, version, &ids).with_json(&json!({ "name": name }))
}

/// `DELETE /locations/{locationId}/customFields/{fieldId}`, answered to [`super::response::done`].
pub fn delete(location: &Id, field: &Id, version: &ApiVersion) -> Request {
    build(&ops::CUSTOM_FIELD_DELETE, version, &[location.as_str(), field.as_str()])
}

/// The answer to [`list`].
pub fn definitions(response: &Response) -> Result<Listing<Definition>, ApiError> {
    listing(response, "customFields", read)
}

/// The answer to a read or write of one field.
pub fn definition(response: &Response) -> Result<Definition, ApiError> {
    one(response, "customField", read)
}

impl Definition {
    /// What it is called, and what it holds.
    pub fn custom(&self) -> CustomDefinition {
        let key = self.key.iter().flat_map(|key| [Some(key.as_str()), key.strip_prefix("contact.")]).flatten();
        let names = std::iter::once(self.name.as_str()).chain(key).map(str::to_owned).collect();
        CustomDefinition { id: self.id.to_string(), names, kind: kind(self.data_type.as_deref().unwrap_or_default()) }
    }
}

/// What a field of this type holds (contract sheet, sections 5 and 10.4).
fn kind(data_type: &str) -> CustomKind {
    match data_type {
        "NUMERICAL" | "MONETORY" | "FLOAT" => CustomKind::Number,
        "CHECKBOX" | "MULTIPLE_OPTIONS" | "TEXTBOX_LIST" => CustomKind::Many,
        "DATE" => CustomKind::Date,
        _ => CustomKind::Text,
    }
}

fn read(field: &Map<String, Json>) -> Option<Definition> {
    Some(Definition {
        id: Id::read(field, "id")?,
        name: json::text(field, "name")?,
        key: json::text(field, "fieldKey"),
        data_type: json::text(field, "dataType"),
        options: json::list(field, "picklistOptions").iter().filter_map(json::plain).collect(),
    })
}
