//! The custom fields that a location has defined.

use serde_json::{Value as Json, json};
use tandem_providers::ghl::custom_field::{self, Definition};
use tandem_providers::ghl::response::{self, Listing};

use super::id;
use crate::exchange::Api;

fn shown() -> Json {
    json!({ "id": "f1", "name": "Role", "fieldKey": "contact.role", "dataType": "SINGLE_OPTIONS",
        "picklistOptions": ["Buyer", "Seller"], "model": "contact" })
}

fn held() -> Definition {
    Definition {
        id: id("f1"),
        name: "Role".to_owned(),
        key: Some("contact.role".to_owned()),
        data_type: Some("SINGLE_OPTIONS".to_owned()),
        options: vec!["Buyer".to_owned(), "Seller".to_owned()],
    }
}

#[test]
pub(crate) fn custom_fields_are_read_and_written() {
    for api in Api::GHL {
        let version = api.version();
        api.asks(custom_field::list(&id("L1"), &version), "GET /locations/L1/customFields?model=contact")
            .answered(200, json!({ "customFields": [shown()] }))
            .reads(custom_field::definitions, Listing { items: vec![held()], unreadable: 0 });
        api.asks(custom_field::get(&id("L1"), &id("f1"), &version), "GET /locations/L1/customFields/f1")
            .answered(200, json!({ "customField": shown() }))
            .reads(custom_field::definition, held());
        let request = custom_field::create(&id("L1"), "Role", "TEXT", &version);
        api.asks(request, "POST /locations/L1/customFields")
            .with(json!({ "name": "Role", "dataType": "TEXT", "model": "contact" }))
            .answered(201, json!({ "customField": shown() }))
            .reads(custom_field::definition, held());
        let request = custom_field::rename(&id("L1"), &id("f1"), "Role", &version);
        api.asks(request, "PUT /locations/L1/customFields/f1")
            .with(json!({ "name": "Role" }))
            .answered(200, json!({ "customField": shown() }))
            .reads(custom_field::definition, held());
        api.asks(custom_field::delete(&id("L1"), &id("f1"), &version), "DELETE /locations/L1/customFields/f1")
            .answered(200, json!({ "succeded": true }))
            .reads(response::done, ());
    }
}
