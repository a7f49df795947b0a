//! A GHL contact as `GET /contacts/{id}` gives it, and what it says in canonical fields.
//!
//! Never feed search results in here: search gives names in lower case only (contract sheet, section 4.19).

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tandem_contact::{Codecs, Field, Observed, Value, email, phone, tag};

use crate::{ContactId, CustomPlaces, CustomValue, Unfit, id, json};

use super::Dnd;

/// What is needed to read a contact of one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhlView {
    /// The location.
    pub location_id: String,
    /// Country of phone numbers without a country code, ISO 3166-1 alpha-2.
    pub default_country: String,
    /// The custom fields that hold what GHL has no field of its own for: the role, and a mapping's own fields.
    pub custom_fields: CustomPlaces,
    /// How values stand in GHL.
    pub codecs: Codecs,
    /// Address of GHL's web app, for the link back to the contact.
    pub app_url: String,
}

impl GhlView {
    /// A location without custom fields, where everything stands as it is.
    pub fn plain(location_id: &str, default_country: &str, app_url: &str) -> Self {
        Self {
            location_id: location_id.to_owned(),
            default_country: default_country.to_owned(),
            custom_fields: CustomPlaces::default(),
            codecs: Codecs::default(),
            app_url: app_url.to_owned(),
        }
    }

    /// The custom fields of these ids, keys or names.
    pub fn places(wanted: impl IntoIterator<Item = (Field, String)>) -> CustomPlaces {
        CustomPlaces::new(wanted).with_ids(is_id)
    }

    /// Why a custom field can't hold the value, if so.
    pub fn unfit(&self, field: Field, value: Option<&Value>) -> Option<Unfit> {
        let wanted = self.codecs.write(Observed::from([(field, value.cloned())]), &self.default_country);
        self.custom_fields.write(field, wanted.get(&field)?.as_ref()).err()
    }
}

/// The form of GHL's ids of custom fields (contract sheet, section 10.8).
fn is_id(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A contact, as far as Tandem reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// GHL's id.
    pub id: ContactId,
    /// The location it belongs to.
    pub location_id: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// The primary number, then the additional ones.
    pub phones: Vec<String>,
    /// The primary address, then the additional ones.
    pub emails: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Custom field values; GHL itself tells only the ids of their fields.
    pub custom_fields: Vec<CustomValue>,
    /// How it doesn't want to be reached.
    pub dnd: Dnd,
    /// When it was last changed; unset in some answers.
    pub updated_at: Option<Timestamp>,
}

impl Contact {
    /// A contact of which nothing is known but its id.
    pub fn unread(id: ContactId) -> Self {
        Self {
            id,
            location_id: None,
            first_name: None,
            last_name: None,
            name: None,
            company: None,
            phones: Vec::new(),
            emails: Vec::new(),
            tags: Vec::new(),
            custom_fields: Vec::new(),
            dnd: Dnd::default(),
            updated_at: None,
        }
    }

    /// Reads a contact leniently: a field of an unexpected shape is an empty field. Nothing without a usable id.
    pub(crate) fn read(contact: &Map<String, Json>) -> Option<Self> {
        let mut phones: Vec<String> = json::text(contact, "phone").into_iter().collect();
        phones.extend(additional(contact, "additionalPhones", &["phone", "number", "value"]));
        let mut emails: Vec<String> = json::text(contact, "email").into_iter().collect();
        emails.extend(additional(contact, "additionalEmails", &["email", "value"]));
        Some(Self {
            id: ContactId::new(&json::text(contact, "id")?).ok()?,
            location_id: json::text(contact, "locationId"),
            first_name: cased(contact, "firstName", "firstNameRaw"),
            last_name: cased(contact, "lastName", "lastNameRaw"),
            name: json::text(contact, "name"),
            company: json::text(contact, "companyName"),
            phones,
            emails,
            tags: json::list(contact, "tags").iter().filter_map(json::plain).collect(),
            custom_fields: json::list(contact, "customFields").iter().filter_map(custom_field).collect(),
            dnd: Dnd::read(contact),
            updated_at: json::time(contact, "dateUpdated"),
        })
    }
}

/// What the contact says in canonical fields, and how new that is. A role, and a mapping's own fields, are observed only where a
/// custom field holds them.
pub fn observe(contact: &Contact, view: &GhlView) -> (Observed, Option<Timestamp>) {
    let (first_name, last_name) = names(contact);
    let phones = contact.phones.iter().filter_map(|raw| phone::normal(raw, &view.default_country));
    let mut observed = Observed::from([
        (Field::FirstName, first_name),
        (Field::LastName, last_name),
        (Field::Company, contact.company.as_deref().and_then(Value::text)),
        (Field::Phones, Value::list(phones)),
        (Field::Emails, Value::list(contact.emails.iter().filter_map(|raw| email::normal(raw)))),
        (Field::Tags, Value::list(contact.tags.iter().filter_map(|raw| tag::normal(raw)))),
        (Field::SourceLink, Value::text(&link(&contact.id, view))),
    ]);
    observed.extend(view.custom_fields.read(&contact.custom_fields));
    (view.codecs.read(observed, &view.default_country), contact.updated_at)
}

/// First and last name; where GHL has neither, the full name cut at its first space.
fn names(contact: &Contact) -> (Option<Value>, Option<Value>) {
    let first = contact.first_name.as_deref().and_then(Value::text);
    let last = contact.last_name.as_deref().and_then(Value::text);
    if first.is_some() || last.is_some() {
        return (first, last);
    }
    let name = contact.name.as_deref().unwrap_or_default().trim();
    let (first, last) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
    (Value::text(first), Value::text(last))
}

/// The name, in its own case where GHL gave a lower-cased one and kept the original beside it.
fn cased(contact: &Map<String, Json>, key: &str, raw_key: &str) -> Option<String> {
    let name = json::text(contact, key)?;
    let original = json::text(contact, raw_key).filter(|raw| raw.to_lowercase() == name.to_lowercase());
    Some(original.unwrap_or(name))
}

/// With what a scan has added to it, see [`super::scan::name_fields`].
fn custom_field(item: &Json) -> Option<CustomValue> {
    let item = item.as_object()?;
    let id = json::text(item, "id")?;
    let names = json::list(item, super::scan::NAMES).iter().filter_map(json::plain).collect();
    Some(CustomValue { id: Some(id), names, kind: None, value: item.get("value").cloned().unwrap_or(Json::Null) })
}

/// Additional emails and phones are not in the schema; plain texts and objects have both been seen.
fn additional(contact: &Map<String, Json>, list: &str, keys: &[&str]) -> Vec<String> {
    let read = |item: &Json| match item {
        Json::Object(item) => keys.iter().find_map(|key| json::text(item, key)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => json::plain(item),
    };
    json::list(contact, list).iter().filter_map(read).collect()
}

fn link(contact: &ContactId, view: &GhlView) -> String {
    let app = view.app_url.trim_end_matches('/');
    let location = id::segment(&view.location_id);
    format!("{app}/v2/location/{location}/contacts/detail/{}", contact.as_segment())
}

#[cfg(test)]
mod tests;
