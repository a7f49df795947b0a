//! A contact's phones, emails and custom values, one by one.

use serde_json::{Value as Json, json};
use tandem_providers::openphone::property::{self, Change, Property};
use tandem_providers::openphone::response::{self, Listing};

use super::{ANA, AT, ana, asks, at, id};

fn shown() -> Json {
    json!({ "id": "p1", "type": "phone-number", "name": "Work", "value": ANA, "createdAt": AT, "updatedAt": AT })
}

fn held() -> Property {
    Property {
        id: id("p1"),
        kind: "phone-number".to_owned(),
        name: Some("Work".to_owned()),
        value: json!(ANA),
        created_at: at(),
        updated_at: at(),
    }
}

#[test]
pub(crate) fn properties_are_read_and_written_one_by_one() {
    let path = "/contacts/66d0d87e8dc1211467372303/properties";
    let page = |next: Option<&str>| Listing { items: vec![held()], unreadable: 0, next: next.map(str::to_owned) };
    asks(property::list(&ana(), None, None), &format!("GET {path}?limit=50"))
        .answered(200, json!({ "data": [shown()], "nextCursor": "n1" }))
        .reads(property::page, page(Some("n1")));
    asks(property::list(&ana(), Some("email"), Some("n1")), &format!("GET {path}?limit=50&after=n1&type=email"))
        .answered(200, json!({ "data": [shown()], "nextCursor": null }))
        .reads(property::page, page(None));
    asks(property::create(&ana(), "phone-number", Some("Work"), &json!(ANA)), &format!("POST {path}"))
        .with(json!({ "type": "phone-number", "name": "Work", "value": ANA }))
        .answered(200, json!({ "data": shown() }))
        .reads(property::property, held());
    asks(property::get(&ana(), &id("p1")), &format!("GET {path}/p1"))
        .answered(200, json!({ "data": shown() }))
        .reads(property::property, held());
    let both = Change { name: Some(None), value: Some(json!(ANA)) };
    for (change, body) in [
        (both, json!({ "name": null, "value": ANA })),
        (Change { name: Some(Some("Work".to_owned())), value: None }, json!({ "name": "Work" })),
    ] {
        asks(property::update(&ana(), &id("p1"), &change), &format!("PATCH {path}/p1"))
            .with(body)
            .answered(200, json!({ "data": shown() }))
            .reads(property::property, held());
    }
    asks(property::delete(&ana(), &id("p1")), &format!("DELETE {path}/p1"))
        .answered(204, Json::Null)
        .reads(response::deleted, ());
}
