//! The webhook bodies against the published examples: every key of an example is sent, with a value of its kind.

use serde_json::{Value, json};
use tandem_testkit::vendor_dir;
use tandem_twins::{CustomField, FieldType, GhlConfig, GhlCustomField, GhlLocation, OpenPhoneConfig, UnknownOption};

use crate::kit::{LIMIT, Receiver, ghl, openphone, roomy};

pub(crate) fn vendor(path: &str) -> Option<Value> {
    let file = vendor_dir()?.join(path);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    Some(serde_json::from_str(&text).unwrap())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Every key of the example must be there, and hold a value of the same kind.
fn covers(sent: &Value, example: &Value, at: &str) {
    assert_eq!(kind(sent), kind(example), "{at}");
    for (name, wanted) in example.as_object().into_iter().flatten() {
        let inner = format!("{at}.{name}");
        covers(sent.get(name).unwrap_or_else(|| panic!("{inner} is not sent")), wanted, &inner);
    }
    if let (Some(sent), Some(example)) = (sent.as_array(), example.as_array())
        && let (Some(sent), Some(example)) = (sent.first(), example.first())
    {
        covers(sent, example, &format!("{at}[]"));
    }
}

#[tokio::test]
async fn ghl_bodies_are_the_examples_and_the_delivery_fields() {
    let custom_fields = vec![GhlCustomField::text("BcdmQEsNgz6AVpgLVUJ0", "firm", "Firm")];
    let location = GhlLocation { custom_fields, ..GhlLocation::default() };
    let receiver = Receiver::start().await;
    let webhook_url = Some(receiver.url.clone());
    let config = GhlConfig { locations: vec![location], rate: roomy(), webhook_url, ..GhlConfig::default() };
    let (twin, _caller) = ghl(config).await;
    let channel = json!({ "status": "active", "message": "m", "code": "101" });
    let settings: Value = ["SMS", "Call", "Email", "GMB", "FB", "WhatsApp"]
        .map(|name| (name.to_owned(), channel.clone()))
        .into_iter()
        .collect();
    let id = twin.create_contact(&json!({
        "firstName": "John", "lastName": "Deo", "email": "john@example.com", "phone": "+14155550100",
        "address1": "1 Main St", "city": "Dolomite", "state": "AL", "companyName": "Example Inc", "country": "US",
        "source": "form", "dateOfBirth": "2000-01-05", "postalCode": "35061", "tags": ["one"],
        "website": "https://example.com", "assignedTo": "nmFmQEsNgz6AVpgLVUJ0",
        "customFields": [{ "id": "BcdmQEsNgz6AVpgLVUJ0", "value": "XYZ Corp" }],
    }));
    let id = id.unwrap();
    twin.edit_contact(&id, &json!({ "city": "Springfield", "addTags": ["two"], "dnd": true, "dndSettings": settings }))
        .unwrap();
    twin.delete_contact(&id).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let arrived = receiver.arrived();
    for event in ["ContactCreate", "ContactUpdate", "ContactTagUpdate", "ContactDndUpdate", "ContactDelete"] {
        let Some(example) = vendor(&format!("ghl/webhooks/{event}.json")) else { return };
        let sent = &arrived.iter().find(|one| one.body["type"] == event).unwrap().body;
        covers(sent, &example, event);
        let mut extra: Vec<&str> = sent.as_object().unwrap().keys().map(String::as_str).collect();
        extra.retain(|name| example.get(*name).is_none());
        extra.sort_unstable();
        assert_eq!(extra, ["appId", "timestamp", "versionId", "webhookId"], "{event}");
    }
}

#[tokio::test]
async fn openphone_bodies_have_the_keys_of_the_examples() {
    let receiver = Receiver::start().await;
    let mut config = OpenPhoneConfig { rate: roomy(), ..OpenPhoneConfig::default() };
    config.workspaces[0].webhook_url = Some(receiver.url.clone());
    config.workspaces[0].custom_fields =
        vec![CustomField::tags(&[], UnknownOption::Add), CustomField::new("score", "Score", FieldType::Number)];
    let (twin, _caller) = openphone(config).await;
    let id = twin.create_contact(&json!({
        "firstName": "John", "lastName": "Doe", "company": "Example Inc", "role": "Buyer", "source": "ghl-sync",
        "externalId": "ghl:1", "emails": ["john@example.com"], "phoneNumbers": ["+14155550100"],
        "customFields": { "tags": ["vip"], "score": 42 },
    }));
    twin.delete_contact(&id.unwrap()).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    for event in ["contact.updated", "contact.deleted"] {
        let Some(example) = vendor(&format!("openphone/webhooks/{event}.json")) else { return };
        let arrived = receiver.arrived();
        let sent = &arrived.iter().find(|one| one.body["type"] == event).unwrap().body;
        covers(sent, &example, event);
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&sent["data"]["resource"]), keys(&example["data"]["resource"]), "{event}");
    }
}
