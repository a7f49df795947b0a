//! GHL's published examples and keys; one file per subject has its operations.

pub(crate) mod appointment;
pub(crate) mod contact;
pub(crate) mod conversation;
pub(crate) mod custom_field;
pub(crate) mod location;
pub(crate) mod membership;
pub(crate) mod note;
pub(crate) mod oauth;
pub(crate) mod search;
pub(crate) mod tag;
pub(crate) mod task;
pub(crate) mod user;

use serde_json::json;
use tandem_contact::{Field, Value};
use tandem_providers::ghl::webhook::{Kind, parse};
use tandem_providers::ghl::{GhlView, Id, KeyError, PUBLISHED_KEY, PublicKey, contact as ghl_contact, response};
use tandem_providers::{ContactId, CustomPlaces};

use crate::{answer, json, text, vendor};

/// An id of whatever GHL has.
fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

/// The contact that all subjects are about.
fn ana() -> ContactId {
    ContactId::new("c1").unwrap()
}

fn view() -> GhlView {
    GhlView {
        custom_fields: CustomPlaces::new([(Field::Role, "f1".to_owned())]).with_ids(|_| true),
        ..GhlView::plain("L1", "US", "https://app.gohighlevel.com")
    }
}

#[test]
fn every_published_example_is_read_with_its_known_errors() {
    let Some(folder) = vendor().map(|vendor| vendor.join("ghl/webhooks")) else { return };
    let index = json(&folder.join("index.json"));
    let mut examples = 0;
    for file in index["files"].as_array().unwrap() {
        let Some(event_type) = file["type_in_example"].as_str() else { continue };
        let name = file["file"].as_str().unwrap();
        let webhook = parse(text(&folder.join(name)).as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(webhook.event_type, event_type, "{name}");
        let kind = match event_type {
            "ContactCreate" => Kind::ContactCreated,
            "ContactUpdate" => Kind::ContactUpdated,
            "ContactDelete" => Kind::ContactDeleted,
            "ContactTagUpdate" => Kind::ContactTagsUpdated,
            "ContactDndUpdate" => Kind::ContactDndUpdated,
            "TaskCreate" | "TaskComplete" => Kind::TaskChanged,
            "TaskDelete" => Kind::TaskDeleted,
            "NoteCreate" | "NoteUpdate" => Kind::NoteChanged,
            "NoteDelete" => Kind::NoteDeleted,
            _ => Kind::Other,
        };
        assert_eq!(webhook.kind, kind, "{name}");
        if kind != Kind::Other {
            assert!(webhook.contact_id.is_some() && webhook.location_id.is_some(), "{name}: {webhook:?}");
            let is_task = matches!(kind, Kind::TaskChanged | Kind::TaskDeleted);
            assert_eq!(webhook.task_id.is_some(), is_task, "{name}: {webhook:?}");
            let is_note = matches!(kind, Kind::NoteChanged | Kind::NoteDeleted);
            assert_eq!(webhook.note_id.is_some(), is_note, "{name}: {webhook:?}");
        }
        examples += 1;
    }
    assert!(examples > 30, "only {examples} examples in the index");
}

#[test]
fn the_logged_sample_shows_the_delivery_fields() {
    let Some(folder) = vendor().map(|vendor| vendor.join("ghl/webhooks")) else { return };
    let webhook = parse(text(&folder.join("_envelope.OpportunityCreate.logged.json")).as_bytes()).unwrap();
    assert_eq!(webhook.message_id, "881b9415-5d35-4ff1-a667-0545b80b96c0");
    assert_eq!(webhook.app_id.as_deref(), Some("6878cec452e7c8d29d4dd3d9"));
    assert!(webhook.timestamp.is_some());
}

#[test]
fn only_the_current_key_is_taken() {
    let Some(folder) = vendor().map(|vendor| vendor.join("ghl/keys")) else { return };
    let current = PublicKey::from_pem(&text(&folder.join("x-ghl-signature.ed25519.pub.pem")));
    assert_eq!(current, PublicKey::from_pem(PUBLISHED_KEY));
    assert!(current.is_ok());
    let retired = PublicKey::from_pem(&text(&folder.join("x-wh-signature.rsa-legacy.pub.pem")));
    assert_eq!(retired, Err(KeyError::NotEd25519));
}

#[test]
fn the_specs_own_example_of_a_contact_is_observed() {
    let Some(folder) = vendor().map(|vendor| vendor.join("ghl")) else { return };
    let spec = json(&folder.join("openapi/apps/contacts.json"));
    let name = "GetContectByIdSchema";
    let properties = spec["components"]["schemas"][name]["properties"].as_object().unwrap();
    let example = properties.iter().filter_map(|(key, schema)| Some((key.clone(), schema.get("example")?.clone())));
    let body = json!({"contact": example.collect::<serde_json::Map<_, _>>()});
    let read = response::contact(&answer(200, &body)).unwrap();
    let (seen, updated_at) = ghl_contact::observe(&read, &view());
    assert_eq!(seen[&Field::FirstName], body["contact"]["firstName"].as_str().and_then(Value::text));
    assert!(seen[&Field::Phones].is_some() && seen[&Field::Emails].is_some() && seen[&Field::Tags].is_some());
    assert!(updated_at.is_some());
}
