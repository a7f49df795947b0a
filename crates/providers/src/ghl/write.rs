//! Contacts made, changed and deleted (contract sheet, sections 4.9 to 4.11, 4.18 and 10).
//!
//! GHL refuses a body with a field that it doesn't know, so bodies are made of what is listed here and never of what was read.
//! "Do not disturb" is nobody's business but the user's: no body here has it.

use serde_json::{Map, Value as Json};
use tandem_contact::{Field, Fields, Observed, Value, email, phone};

use crate::{ApiError, ContactId, Request, Response, json};

use super::request::build;
use super::response::{self, read};
use super::{ApiVersion, Contact, GhlView, operations as ops};

/// What GHL shows as the source of a contact that we made.
pub const SOURCE: &str = "Tandem";

/// Wanted values by field: `None` clears the field, a missing key leaves it alone.
pub type Changes = Observed;

/// A key of the body and the field that it holds.
type Key = (&'static str, Field);

const NAMES: [Key; 2] = [("firstName", Field::FirstName), ("lastName", Field::LastName)];
const COMPANY: Key = ("companyName", Field::Company);
/// GHL has one writable number and one writable address; the additional ones can be read only.
const LISTS: [Key; 2] = [("phone", Field::Phones), ("email", Field::Emails)];

/// `POST /contacts/` with everything in one request. Where the location allows no duplicates, somebody who is there already
/// is refused with their id ([`ApiError::existing`]).
pub fn create(fields: &Fields, view: &GhlView, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_CREATE, version, &[]).with_json(&whole(fields, view, version))
}

/// The answer to [`create`].
pub fn created(response: &Response) -> Result<Contact, ApiError> {
    response::contact(response)
}

/// `POST /contacts/upsert`: never for a contact that is known. Tags are replaced, a number that belongs to somebody else is
/// dropped without a word, and an additional address becomes the primary one: compare the answer with what was sent.
pub fn upsert(fields: &Fields, view: &GhlView, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_UPSERT, version, &[]).with_json(&whole(fields, view, version))
}

/// The answer to [`upsert`]: the contact, and whether it is new.
pub fn upserted(response: &Response) -> Result<(Contact, bool), ApiError> {
    let contact = response::contact(response)?;
    let is_new = read(response, |body| body.get("new")?.as_bool())?;
    Ok((contact, is_new))
}

/// `PUT /contacts/{id}` with what changes. `current` must be what was just read: a number or an address that is there stays
/// where it is as long as it is wanted.
///
/// Nothing when no change is left that this can make: the company can be set at creation only, tags have their own
/// operations, and the link back is GHL's own.
pub fn update(current: &Contact, changes: &Changes, view: &GhlView, version: &ApiVersion) -> Option<Request> {
    let changes = &view.codecs.write(changes.clone(), &view.default_country);
    let mut body = Map::new();
    for (key, field) in NAMES {
        if let Some(change) = changes.get(&field) {
            body.insert(key.to_owned(), change.as_ref().and_then(Value::as_text).into());
        }
    }
    for (key, field) in LISTS {
        let change = changes.get(&field).and_then(|change| primary(current, field, change.as_ref(), view));
        if let Some(change) = change {
            body.insert(key.to_owned(), change);
        }
    }
    let custom = custom_items(changes, view, version);
    if !custom.is_empty() {
        body.insert("customFields".to_owned(), custom.into());
    }
    let is_empty = body.is_empty();
    let request = build(&ops::CONTACT_UPDATE, version, &[current.id.as_str()]).with_json(&body.into());
    (!is_empty).then_some(request)
}

/// The answer to [`update`]: the contact as it is now, where GHL shows it.
pub fn updated(response: &Response) -> Result<Option<Contact>, ApiError> {
    response::done(response)?;
    read(response, |body| Some(json::child(body, "contact").and_then(Contact::read)))
}

/// `DELETE /contacts/{id}`, answered to [`response::done`].
pub fn delete(id: &ContactId, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_DELETE, version, &[id.as_str()])
}

fn whole(fields: &Fields, view: &GhlView, version: &ApiVersion) -> Json {
    let wanted: Changes = fields.iter().map(|(field, value)| (*field, Some(value.clone()))).collect();
    let wanted = view.codecs.write(wanted, &view.default_country);
    let fields: &Fields = &wanted.iter().filter_map(|(field, value)| Some((*field, value.clone()?))).collect();
    let text = |field: Field| fields.get(&field).and_then(Value::as_text);
    let items = |field: Field| fields.get(&field).map(Value::items).unwrap_or_default();
    let mut body = Map::new();
    body.insert("locationId".to_owned(), view.location_id.as_str().into());
    body.insert("source".to_owned(), SOURCE.into());
    for (key, field) in NAMES.into_iter().chain([COMPANY]) {
        body.extend(text(field).map(|text| (key.to_owned(), text.into())));
    }
    for (key, field) in LISTS {
        body.extend(items(field).pop_first().map(|first| (key.to_owned(), first.into())));
    }
    let tags = items(Field::Tags);
    if !tags.is_empty() {
        body.insert("tags".to_owned(), tags.into_iter().collect());
    }
    let custom = custom_items(&wanted, view, version);
    if !custom.is_empty() {
        body.insert("customFields".to_owned(), custom.into());
    }
    body.into()
}

/// Custom fields take the id; whether a key without it is enough is unknown. An empty text is how one is cleared. What a field can't
/// hold is left out.
fn custom_items(changes: &Changes, view: &GhlView, version: &ApiVersion) -> Vec<Json> {
    let item = |(field, value): (&Field, &Option<Value>)| {
        let (id, value) = view.custom_fields.write(*field, value.as_ref()).ok()?;
        let value = if value.is_null() { "".into() } else { value };
        Some(Json::from(Map::from_iter([("id".to_owned(), id.into()), (version.key("field_value").to_owned(), value)])))
    };
    changes.iter().filter_map(item).collect()
}

/// What becomes of the primary number or address: nothing when it stays, null when it goes without a successor.
fn primary(current: &Contact, field: Field, wanted: Option<&Value>, view: &GhlView) -> Option<Json> {
    let is_phone = field == Field::Phones;
    let there = if is_phone { &current.phones } else { &current.emails };
    let normal = |raw: &String| if is_phone { phone::normal(raw, &view.default_country) } else { email::normal(raw) };
    let wanted = wanted.map(Value::items).unwrap_or_default();
    let mut there = there.iter();
    let now = there.next();
    if now.and_then(normal).is_some_and(|now| wanted.contains(&now)) {
        return None;
    }
    // One that GHL already has as an additional one is the poorer choice: it would be there twice.
    let additional: Vec<String> = there.filter_map(normal).collect();
    let new = wanted.iter().find(|one| !additional.contains(one)).or_else(|| wanted.first());
    (now.is_some() || new.is_some()).then(|| new.cloned().into())
}

#[cfg(test)]
mod tests;
