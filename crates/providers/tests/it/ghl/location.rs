//! The location, and the tags that it knows.

use serde_json::json;
use tandem_providers::ghl::location::{self, Location, Tag};
use tandem_providers::ghl::response::{self, Listing};

use super::id;
use crate::exchange::Api;

#[test]
pub(crate) fn the_location_tells_whether_it_allows_duplicates() {
    let text = |text: &str| Some(text.to_owned());
    for api in Api::GHL {
        let wanted = Location {
            id: id("L1"),
            company: Some(id("co1")),
            name: text("Example Inc"),
            timezone: text("America/New_York"),
            country: text("US"),
            allows_duplicates: Some(false),
        };
        api.asks(location::get(&id("L1"), &api.version()), "GET /locations/L1")
            .answered(
                200,
                json!({ "location": { "id": "L1", "companyId": "co1", "name": "Example Inc", "country": "US",
                    "timezone": "America/New_York", "settings": { "allowDuplicateContact": false } } }),
            )
            .reads(location::location, wanted);
    }
}

#[test]
pub(crate) fn tags_of_a_location_are_read_and_written() {
    let shown = json!({ "id": "g1", "name": "vip", "locationId": "L1" });
    for api in Api::GHL {
        let version = api.version();
        let held = || Tag { id: id("g1"), name: "vip".to_owned() };
        api.asks(location::tags(&id("L1"), &version), "GET /locations/L1/tags")
            .answered(200, json!({ "tags": [shown] }))
            .reads(location::found_tags, Listing { items: vec![held()], unreadable: 0 });
        api.asks(location::create_tag(&id("L1"), "vip", &version), "POST /locations/L1/tags")
            .with(json!({ "name": "vip" }))
            .answered(200, json!({ "tag": shown }))
            .reads(location::found_tag, held());
        api.asks(location::tag(&id("L1"), &id("g1"), &version), "GET /locations/L1/tags/g1")
            .answered(200, json!({ "tag": shown }))
            .reads(location::found_tag, held());
        api.asks(location::rename_tag(&id("L1"), &id("g1"), "vip", &version), "PUT /locations/L1/tags/g1")
            .with(json!({ "name": "vip" }))
            .answered(200, json!({ "tag": shown }))
            .reads(location::found_tag, held());
        api.asks(location::delete_tag(&id("L1"), &id("g1"), &version), "DELETE /locations/L1/tags/g1")
            .answered(200, json!({ "succeded": true }))
            .reads(response::done, ());
    }
}
