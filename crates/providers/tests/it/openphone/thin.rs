//! The dated contact, which has scalars only, and with whom it is shared.

use serde_json::{Value as Json, json};
use tandem_contact::{Field, Fields, Value};
use tandem_providers::openphone::contact::observe_partial;
use tandem_providers::openphone::response::Listing;
use tandem_providers::openphone::thin::{self, List, Share};
use tandem_providers::openphone::{ExternalId, Partial, patch, response};

use super::{ANA, AT, ana, asks, at, id, view};

fn shown() -> Json {
    json!({ "id": ana().as_str(), "firstName": "Ana", "lastName": null, "company": "Example Inc", "role": null,
        "externalId": "t1", "source": "tandem", "sourceUrl": null, "createdAt": AT, "updatedAt": AT, "actorId": "US1" })
}

/// What the contact says, and how new that is.
fn said(contact: &Partial) -> String {
    let (observed, at) = observe_partial(contact, &view());
    let said = observed
        .iter()
        .map(|(field, value)| format!("{field:?}={}", value.as_ref().and_then(Value::as_text).unwrap_or("-")));
    format!("{} {} {}", contact.id, said.collect::<Vec<_>>().join(" "), at.unwrap())
}

const SAID: &str = "66d0d87e8dc1211467372303 FirstName=Ana LastName=- Company=Example Inc Role=- SourceLink=- \
                    2026-01-02T03:04:05Z";

fn all(page: &Listing<Partial>) -> String {
    assert_eq!(page.unreadable, 0);
    let said: Vec<String> = page.items.iter().map(said).collect();
    format!("{} next {:?}", said.join("; "), page.next)
}

#[test]
pub(crate) fn thin_contacts_are_listed_and_looked_up() {
    let page = json!({ "data": [shown()], "nextCursor": "n1" });
    let wanted = format!(r#"{SAID} next Some("n1")"#);
    asks(List::all().page(Some("n0")), "GET /contacts?limit=50&after=n0").answered(200, page.clone()).shows(
        thin::page,
        all,
        &wanted,
    );
    let keys = ["t1", "t2", "a,b"].map(|key| ExternalId::new(key).unwrap());
    let lists = List::by_external_ids(&keys);
    for (list, tail) in lists.iter().zip(["&externalId%5Bin%5D=t1%2Ct2", "&externalId=a%2Cb"]) {
        asks(list.page(None), &format!("GET /contacts?limit=50{tail}")).answered(200, page.clone()).shows(
            thin::page,
            all,
            &wanted,
        );
    }
    assert_eq!(lists.len(), 2);
}

#[test]
pub(crate) fn a_thin_contact_is_read_made_changed_and_removed() {
    let fields = Fields::from([
        (Field::FirstName, Value::Text("Ana".to_owned())),
        (Field::Company, Value::Text("Example Inc".to_owned())),
        (Field::Phones, Value::List([ANA.to_owned()].into())),
    ]);
    let changes = patch::Changes::from([
        (Field::Company, Value::text("Example Inc")),
        (Field::Role, None),
        (Field::SourceLink, Value::text("https://example.com/c/1")),
    ]);
    let path = "/contacts/66d0d87e8dc1211467372303";
    asks(thin::get(&ana()), &format!("GET {path}")).answered(200, json!({ "data": shown() })).shows(
        response::partial,
        said,
        SAID,
    );
    asks(thin::create(&ExternalId::new("t1").unwrap(), &fields), "POST /contacts")
        .with(json!({ "firstName": "Ana", "company": "Example Inc", "externalId": "t1", "source": "tandem" }))
        .answered(201, json!({ "data": shown() }))
        .shows(response::partial, said, SAID);
    asks(patch::scalars(&ana(), &changes, &view()).unwrap(), &format!("PATCH {path}"))
        .with(json!({ "company": "Example Inc", "role": null, "sourceUrl": "https://example.com/c/1" }))
        .answered(200, json!({ "data": shown() }))
        .shows(response::partial, said, SAID);
    asks(thin::delete(&ana()), &format!("DELETE {path}")).answered(204, Json::Null).reads(response::deleted, ());
}

#[test]
pub(crate) fn who_sees_a_contact_is_listed() {
    let share = Share { contact: ana(), with: id("GR1"), created_at: at() };
    asks(thin::shares(&ana(), Some("n0")), "GET /contacts/66d0d87e8dc1211467372303/shares?limit=50&after=n0")
        .answered(
            200,
            json!({ "data": [{ "contactId": ana().as_str(), "sharedWith": "GR1", "createdAt": AT }],
                "nextCursor": null }),
        )
        .reads(thin::shares_page, Listing { items: vec![share], unreadable: 0, next: None });
}
