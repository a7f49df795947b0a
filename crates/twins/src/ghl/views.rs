//! The shapes in which GHL shows a contact: by id, after a create, in a search, in the old list, in a webhook.

use serde_json::{Map, Value, json};

use crate::ghl::contact::{CHANNELS, Contact, SCALARS};
use crate::ghl::version::Version;
use crate::stamp::iso;

/// `GET /contacts/{id}` and the answers to updates.
pub(super) fn whole(contact: &Contact, location: &str, version: Version) -> Value {
    let mut view = Map::new();
    for (name, value) in contact.scalars.iter().filter(|(name, _)| *name != "gender") {
        view.insert(name.to_owned(), json!(value));
    }
    let name = contact.name();
    view.insert("fullNameLowerCase".to_owned(), json!(name.to_lowercase()));
    view.insert("name".to_owned(), json!(name));
    for (name, lower) in
        [("firstName", "firstNameLowerCase"), ("lastName", "lastNameLowerCase"), ("email", "emailLowerCase")]
    {
        if let Some(text) = contact.text(name) {
            view.insert(lower.to_owned(), json!(text.to_lowercase()));
        }
    }
    common(&mut view, contact, location);
    if let Some(business) = &contact.business {
        view.insert("businessId".to_owned(), json!(business));
    }
    view.insert("dndSettings".to_owned(), dnd_settings(contact, version));
    view.insert("additionalEmails".to_owned(), emails(contact));
    view.insert("additionalPhones".to_owned(), phones(contact));
    Value::Object(view)
}

/// The answer to a create: its own shape in the dated versions.
pub(super) fn created(contact: &Contact, location: &str, version: Version) -> Value {
    let mut view = whole(contact, location, version);
    if let (Version::Dated, Some(view)) = (version, view.as_object_mut()) {
        for name in ["name", "assignedTo", "additionalEmails", "additionalPhones"] {
            view.remove(name);
        }
        for name in ["deleted", "bounceEmail", "unsubscribeEmail"] {
            view.insert(name.to_owned(), json!(false));
        }
    }
    view
}

/// An item of `POST /contacts/search`: names in lower case only, the street as `address`, and the cursor inside.
pub(super) fn found(contact: &Contact, location: &str, cursor: Value) -> Value {
    let mut view = Map::new();
    let shown = ["assignedTo", "city", "country", "companyName", "dateOfBirth", "email", "phone", "postalCode"];
    for name in shown.into_iter().chain(["source", "state", "website", "timezone"]) {
        view.insert(name.to_owned(), json!(contact.text(name)));
    }
    view.insert("address".to_owned(), json!(contact.text("address1")));
    for (name, lower) in [("firstName", "firstNameLowerCase"), ("lastName", "lastNameLowerCase")] {
        view.insert(lower.to_owned(), json!(contact.text(name).map(str::to_lowercase)));
    }
    common(&mut view, contact, location);
    view.insert("businessId".to_owned(), json!(contact.business));
    for name in ["businessName", "phoneLabel"] {
        view.insert(name.to_owned(), Value::Null);
    }
    view.insert("validEmail".to_owned(), Value::Null);
    view.insert("followers".to_owned(), json!(contact.followers));
    view.insert("additionalEmails".to_owned(), emails(contact));
    view.insert("additionalPhones".to_owned(), phones(contact));
    view.insert("searchAfter".to_owned(), cursor);
    Value::Object(view)
}

/// An item of the deprecated `GET /contacts/`.
pub(super) fn listed(contact: &Contact, location: &str) -> Value {
    let mut view = Map::new();
    for name in ["email", "phone", "timezone", "country", "source", "firstName", "lastName", "companyName"] {
        view.extend(contact.text(name).map(|text| (name.to_owned(), json!(text))));
    }
    view.insert("contactName".to_owned(), json!(contact.name()));
    common(&mut view, contact, location);
    view.insert("attributions".to_owned(), json!([]));
    view.insert("followers".to_owned(), json!(contact.followers));
    if let Some(business) = &contact.business {
        view.insert("businessId".to_owned(), json!(business));
    }
    Value::Object(view)
}

/// The resource fields of a contact webhook.
pub(super) fn delivered(contact: &Contact, sparse: bool) -> Map<String, Value> {
    let mut view = Map::new();
    for name in SCALARS.into_iter().filter(|name| !["timezone", "gender", "dateOfBirth"].contains(name)) {
        view.insert(name.to_owned(), json!(contact.text(name)));
    }
    let birth = contact.text("dateOfBirth").map(|day| format!("{day}T00:00:00.000Z"));
    view.insert("dateOfBirth".to_owned(), json!(birth));
    view.insert("name".to_owned(), json!(contact.name()));
    view.insert("id".to_owned(), json!(contact.id));
    view.insert("dateAdded".to_owned(), json!(iso(contact.added)));
    view.insert("dnd".to_owned(), json!(contact.dnd));
    view.insert("tags".to_owned(), json!(contact.tags));
    view.insert("attachments".to_owned(), json!([]));
    view.insert("customFields".to_owned(), custom_fields(contact));
    if sparse {
        let empty = |value: &Value| value.is_null() || value == &json!("") || value == &json!([]);
        view.retain(|_, value| !empty(value));
    }
    view
}

/// The channels in the dated spelling, as webhooks use it under every version.
pub(super) fn dnd_settings(contact: &Contact, version: Version) -> Value {
    let spelled = |dated: &str| match version {
        Version::Dated => dated.to_owned(),
        Version::V3 => CHANNELS.iter().find(|(name, _)| *name == dated).map_or(dated, |(_, v3)| v3).to_owned(),
    };
    let settings = contact.dnd_settings.iter().map(|(channel, setting)| (spelled(channel), setting.clone()));
    Value::Object(settings.collect())
}

fn common(view: &mut Map<String, Value>, contact: &Contact, location: &str) {
    view.insert("id".to_owned(), json!(contact.id));
    view.insert("locationId".to_owned(), json!(location));
    view.insert("type".to_owned(), json!("lead"));
    view.insert("tags".to_owned(), json!(contact.tags));
    view.insert("dnd".to_owned(), json!(contact.dnd));
    view.insert("customFields".to_owned(), custom_fields(contact));
    view.insert("dateAdded".to_owned(), json!(iso(contact.added)));
    view.insert("dateUpdated".to_owned(), json!(iso(contact.updated)));
}

fn custom_fields(contact: &Contact) -> Value {
    contact.custom.iter().map(|(id, value)| json!({ "id": id, "value": value })).collect()
}

fn emails(contact: &Contact) -> Value {
    contact.more_emails.iter().map(|email| json!({ "email": email, "validEmailDate": null })).collect()
}

fn phones(contact: &Contact) -> Value {
    contact.more_phones.iter().map(|phone| json!({ "phone": phone, "phoneLabel": null })).collect()
}
