//! Users, numbers and the organization.

use serde_json::{Value as Json, json};
use tandem_providers::openphone::Surface;
use tandem_providers::openphone::response::Listing;
use tandem_providers::openphone::workspace::{self, Number, Organization, User};

use super::{AT, BOTH, asks, at, id, pick, user};

fn shown_user() -> Json {
    json!({ "id": "US1", "email": "ben@example.com", "firstName": "Ben", "lastName": "Sample", "role": "owner",
        "createdAt": AT, "updatedAt": AT })
}

fn ben() -> User {
    let text = |text: &str| Some(text.to_owned());
    User {
        id: user(),
        email: text("ben@example.com"),
        first_name: text("Ben"),
        last_name: text("Sample"),
        role: text("owner"),
        updated_at: at(),
    }
}

fn shown_number(surface: Surface) -> Json {
    let mut shown = json!({ "id": "PN1", "name": "Sales" });
    shown[pick(surface, "number", "phoneNumber")] = "+14155550100".into();
    if surface == Surface::V1 {
        shown["users"] = json!([{ "id": "US1", "email": "ben@example.com", "firstName": "Ben", "lastName": "Sample",
            "role": "owner" }]);
    }
    shown
}

fn sales(surface: Surface) -> Number {
    Number {
        id: id("PN1"),
        number: Some("+14155550100".to_owned()),
        name: Some("Sales".to_owned()),
        users: pick(surface, vec![User { updated_at: None, ..ben() }], Vec::new()),
    }
}

fn page<T>(item: T, next: Option<&str>) -> Listing<T> {
    Listing { items: vec![item], unreadable: 0, next: next.map(str::to_owned) }
}

#[test]
pub(crate) fn users_are_listed_and_read() {
    for surface in BOTH {
        let prefix = pick(surface, "/v1", "");
        let (asked, next) =
            pick(surface, ("maxResults=50&pageToken=n0", "nextPageToken"), ("limit=50&after=n0", "nextCursor"));
        let mut answer = json!({ "data": [shown_user()], next: "n1" });
        if surface == Surface::V1 {
            answer["totalItems"] = 7.into();
        }
        asks(workspace::users(surface, Some("n0")), &format!("GET {prefix}/users?{asked}"))
            .answered(200, answer)
            .reads(workspace::users_page, page(ben(), Some("n1")));
        asks(workspace::user(surface, &user()), &format!("GET {prefix}/users/US1"))
            .answered(200, json!({ "data": shown_user() }))
            .reads(workspace::read_user, ben());
    }
    let shown = json!({ "id": "US1", "email": "ben@example.com", "firstName": "Ben", "lastName": "Sample",
        "role": "owner" });
    asks(workspace::users_of(&id("PN1"), Some("n0")), "GET /phone-numbers/PN1/users?limit=50&after=n0")
        .answered(200, json!({ "data": [shown], "nextCursor": null }))
        .reads(workspace::users_page, page(User { updated_at: None, ..ben() }, None));
}

#[test]
pub(crate) fn numbers_are_listed_and_read() {
    let (v1, dated) = (Surface::V1, Surface::Dated);
    for (whose, line) in [(None, "GET /v1/phone-numbers"), (Some(user()), "GET /v1/phone-numbers?userId=US1")] {
        asks(workspace::numbers_v1(whose.as_ref()), line)
            .answered(200, json!({ "data": [shown_number(v1)] }))
            .reads(workspace::numbers_page, page(sales(v1), None));
    }
    let line = "GET /phone-numbers?limit=50&after=n0&phoneNumber=%2B14155550100";
    asks(workspace::numbers(Some("+14155550100"), Some("n0")), line)
        .answered(200, json!({ "data": [shown_number(dated)], "nextCursor": "n1" }))
        .reads(workspace::numbers_page, page(sales(dated), Some("n1")));
    asks(workspace::numbers_of(&user(), None), "GET /users/US1/phone-numbers?limit=50")
        .answered(200, json!({ "data": [shown_number(dated)], "nextCursor": null }))
        .reads(workspace::numbers_page, page(sales(dated), None));
    for surface in BOTH {
        asks(workspace::number(surface, &id("PN1")), &format!("GET {}/phone-numbers/PN1", pick(surface, "/v1", "")))
            .answered(200, json!({ "data": shown_number(surface) }))
            .reads(workspace::read_number, sales(surface));
    }
}

#[test]
pub(crate) fn the_organization_tells_whether_it_is_paid_for() {
    for (status, is_active) in [("active", Some(true)), ("expired", Some(false))] {
        asks(workspace::organization(), "GET /organization")
            .answered(200, json!({ "data": { "id": "OR1", "name": "Example Inc", "subscriptionStatus": status } }))
            .reads(
                workspace::read_organization,
                Organization { id: id("OR1"), name: Some("Example Inc".to_owned()), is_active },
            );
    }
}
