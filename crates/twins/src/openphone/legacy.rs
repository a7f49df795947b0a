//! The two older generations of webhooks: bodies under `data.object`, signed with `openphone-signature`.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::deliveries::Parcel;
use crate::openphone::contact::{Contact, Group};
use crate::openphone::events::Event;
use crate::openphone::notes::Note;
use crate::openphone::workspace::Space;
use crate::seal::Seal;
use crate::stamp::{Stamp, iso};

/// The `data.object` of a contact event in the app's own webhooks.
pub(super) fn contact(contact: &Contact, notes: &[Note], (kind, org): (&str, &str)) -> Value {
    let note = |note: &Note| json!({ "id": note.id, "text": note.text, "userId": note.by, "createdAt": iso(note.created), "enrichment": null });
    let mut object = json!({
        "id": format!("CT{}", contact.id), "object": "contact", "userId": contact.created_by,
        "firstName": contact.text("firstName").unwrap_or_default(),
        "lastName": contact.text("lastName").unwrap_or_default(),
        "notes": notes.iter().map(note).collect::<Vec<_>>(), "sharedWith": [org],
        "createdAt": iso(contact.created), "updatedAt": iso(contact.updated),
    });
    if kind != "contact.deleted" {
        object["fields"] = fields(contact);
    }
    object
}

/// Labels to a text, or to a list when a label has more than one.
fn fields(contact: &Contact) -> Value {
    let mut fields: Map<String, Value> = Map::new();
    for item in Group::BOTH.into_iter().flat_map(|group| contact.group(group)) {
        let value = json!(item.value);
        match fields.get_mut(&*item.name) {
            None => drop(fields.insert(item.name.to_string(), value)),
            Some(Value::Array(all)) => all.push(value),
            Some(one) => *one = json!([one.clone(), value]),
        }
    }
    Value::Object(fields)
}

/// The older form of an event's object: the text is called `body`, and several receivers are one text.
fn app_object(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        if let Some(text) = fields.remove("text") {
            fields.insert("body".to_owned(), text);
        }
        if let Some(all) = fields.get("to").and_then(Value::as_array) {
            let all: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            let all = json!(all.join(","));
            fields.insert("to".to_owned(), all);
        }
    }
    object
}

fn body(version: &str, kind: &str, (id, stamp): (&str, Stamp), object: &Value) -> Bytes {
    let body = json!({
        "id": id, "object": "event", "apiVersion": version, "createdAt": iso(stamp.time), "type": kind,
        "data": { "object": object },
    });
    Bytes::from(body.to_string())
}

/// The parcels for v1 webhooks, which have no contact or task events, and for those made in the app.
pub(super) fn parcels(space: &Space, event: &Event<'_>, at: (&str, Stamp)) -> Vec<Parcel> {
    let Some(object) = &event.legacy else { return Vec::new() };
    let kind = event.kind;
    let v1 = space.desk.v1_hooks.iter().filter(|hook| hook.wants(event)).map(|hook| Parcel {
        url: hook.url.clone(),
        event: kind,
        body: body("v4", kind, at, object),
        seal: Seal::Legacy { secret: hook.key.clone() },
    });
    let wanted = |events: &[String]| events.is_empty() || events.iter().any(|wanted| wanted == kind);
    let app = space.config.app_webhooks.iter().filter(|hook| wanted(&hook.events)).map(|hook| Parcel {
        url: hook.url.clone(),
        event: kind,
        body: body("v3", kind, at, &app_object(object)),
        seal: Seal::Legacy { secret: hook.secret.clone() },
    });
    v1.chain(app).collect()
}
