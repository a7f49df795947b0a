//! The people who work in a location.

use serde_json::{Value as Json, json};
use tandem_providers::ghl::response::Listing;
use tandem_providers::ghl::user::{self, User};

use super::id;
use crate::exchange::Api;

fn shown() -> Json {
    json!({ "id": "u1", "name": "Ben Sample", "email": "ben@example.com" })
}

fn held() -> User {
    let text = |text: &str| Some(text.to_owned());
    User { id: id("u1"), name: text("Ben Sample"), email: text("ben@example.com"), is_deleted: false }
}

#[test]
pub(crate) fn people_are_searched_for_and_read() {
    for api in Api::GHL {
        let version = api.version();
        let listing = || Listing { items: vec![held()], unreadable: 0 };
        let line = "GET /users/search?companyId=co1&locationId=L1&limit=100&skip=100";
        api.asks(user::search(&id("co1"), Some(&id("L1")), 100, &version), line)
            .answered(200, json!({ "users": [shown()], "count": 101 }))
            .reads(user::users, listing());
        api.asks(user::search(&id("co1"), None, 0, &version), "GET /users/search?companyId=co1&limit=100&skip=0")
            .answered(200, json!({ "users": [shown()], "count": 1 }))
            .reads(user::users, listing());
        api.asks(user::get(&id("u1"), &version), "GET /users/u1").answered(200, shown()).reads(user::user, held());
    }
}

#[test]
pub(crate) fn the_old_list_of_people_is_there_in_the_dated_version_only() {
    let api = Api::Dated;
    api.asks(user::list(&id("L1"), &api.version()).unwrap(), "GET /users/?locationId=L1")
        .answered(200, json!({ "users": [shown()] }))
        .reads(user::users, Listing { items: vec![held()], unreadable: 0 });
    let absent = user::list(&id("L1"), &Api::V3.version()).unwrap_err();
    assert_eq!(absent.to_string(), "`ghl.users.list` does not exist in GHL's v3 API");
}
