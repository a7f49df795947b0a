//! Contacts found: by search, by GHL's own idea of a duplicate, exactly, by company, or all of them.

use serde_json::{Value as Json, json};
use tandem_providers::CustomValue;
use tandem_providers::ghl::NotOffered;
use tandem_providers::ghl::search::{self, ContactPage, Filter, Hit, HitPage, Search, Whom};

use super::contact::{held, shown};
use super::{ana, id};
use crate::exchange::Api;

fn hit() -> Hit {
    Hit {
        id: ana(),
        phones: vec!["+14155550101".to_owned()],
        emails: vec!["ana@example.com".to_owned()],
        company: Some("Example Inc".to_owned()),
        custom_fields: vec![CustomValue { id: Some("f1".to_owned()), value: json!("op1"), ..CustomValue::default() }],
        updated_at: "2026-01-02T03:04:05Z".parse().ok(),
    }
}

fn found() -> Json {
    json!({ "id": "c1", "phone": "+14155550101", "email": "ana@example.com", "companyName": "Example Inc",
        "customFields": [{ "id": "f1", "value": "op1" }], "dateUpdated": "2026-01-02T03:04:05.000Z" })
}

/// What the lists describe of a contact is little.
fn listed() -> (Json, Hit) {
    let hit = Hit { phones: Vec::new(), company: None, custom_fields: Vec::new(), updated_at: None, ..hit() };
    (json!({ "id": "c1", "email": "ana@example.com" }), hit)
}

#[test]
pub(crate) fn contacts_are_searched_for() {
    let since = Filter::updated_since("2026-01-01T00:00:00Z".parse().unwrap());
    let filters = vec![since, Filter::equals("email", "ana@example.com").unwrap()];
    let sort = json!([{ "field": "dateUpdated", "direction": "asc" }]);
    for api in Api::GHL {
        let version = api.version();
        let search = Search::new(&id("L1"), filters.clone());
        api.asks(search.page(None, &version), "POST /contacts/search")
            .with(json!({ "locationId": "L1", "pageLimit": 500, "sort": sort, "filters": [
                { "field": "dateUpdated", "operator": "range", "value": { "gte": "2026-01-01T00:00:00.000Z" } },
                { "field": "email", "operator": "eq", "value": "ana@example.com" },
            ] }))
            .answered(200, json!({ "contacts": [found()], "total": 1 }))
            .reads(search::searched, HitPage { hits: vec![hit()], unreadable: 0, total: Some(1), next: None });
        let everybody = Search::new(&id("L1"), Vec::new());
        let cursor = json!([1_767_312_000_000_u64, "c1"]);
        let full: Vec<Json> = (0..500).map(|_| json!({ "id": "c1", "searchAfter": cursor })).collect();
        let body = json!({ "contacts": full, "total": 501 });
        let next = search::searched(&crate::answer(200, &body)).unwrap().next;
        api.asks(everybody.page(next.as_ref(), &version), "POST /contacts/search")
            .with(json!({ "locationId": "L1", "pageLimit": 500, "sort": sort, "searchAfter": cursor }))
            .answered(200, json!({ "contacts": [], "total": 501 }))
            .reads(search::searched, HitPage { hits: Vec::new(), unreadable: 0, total: Some(501), next: None });
    }
}

#[test]
pub(crate) fn duplicates_are_asked_for_by_number_or_address() {
    for api in Api::GHL {
        let duplicate =
            |number, email| search::duplicate(&id("L1"), number, email, &api.version()).expect("something to ask");
        let both = "GET /contacts/search/duplicate?locationId=L1&number=%2B14155550101&email=a%2Bb%40example.com";
        api.asks(duplicate(Some("+14155550101"), Some("a+b@example.com")), both)
            .answered(200, json!({ "contact": found() }))
            .reads(search::duplicated, Some(hit()));
        let one = "GET /contacts/search/duplicate?locationId=L1&email=ana%40example.com";
        api.asks(duplicate(None, Some("ana@example.com")), one)
            .answered(200, json!({ "contact": null }))
            .reads(search::duplicated, None);
    }
}

#[test]
pub(crate) fn the_people_of_a_company_are_listed_page_by_page() {
    for api in Api::GHL {
        let (found, hit) = listed();
        let line = "GET /contacts/business/b1?locationId=L1&limit=100&skip=100";
        api.asks(search::of_business(&id("L1"), &id("b1"), 100, &api.version()), line)
            .answered(200, json!({ "contacts": [found], "count": 101 }))
            .reads(search::found_of_business, HitPage { hits: vec![hit], unreadable: 0, total: Some(101), next: None });
    }
}

#[test]
pub(crate) fn the_old_list_is_there_in_the_dated_version_only() {
    let api = Api::Dated;
    let (found, hit) = listed();
    let page = |next| HitPage { hits: vec![hit.clone()], unreadable: 0, total: Some(2), next };
    api.asks(search::list(&id("L1"), None, &api.version()).unwrap(), "GET /contacts/?locationId=L1&limit=100")
        .answered(200, json!({ "contacts": [found], "count": 2 }))
        .reads(search::listed, page(None));
    let meta = json!({ "startAfter": 1_767_312_000_000_u64, "startAfterId": "c1" });
    let answer = json!({ "contacts": [found], "count": 2, "meta": meta });
    let next = search::listed(&crate::answer(200, &answer)).unwrap().next;
    let line = "GET /contacts/?locationId=L1&limit=100&startAfter=1767312000000&startAfterId=c1";
    api.asks(search::list(&id("L1"), next.as_ref(), &api.version()).unwrap(), line)
        .answered(200, answer)
        .reads(search::listed, page(next.clone()));
    let absent = search::list(&id("L1"), None, &Api::V3.version()).unwrap_err();
    assert_eq!(absent, NotOffered { operation: "ghl.contacts.list", is_v3: true });
    assert_eq!(absent.to_string(), "`ghl.contacts.list` does not exist in GHL's v3 API");
}

#[test]
pub(crate) fn the_exact_lookup_is_there_in_v3_only() {
    let api = Api::V3;
    let (email, phone) = (Whom::Email("a+b@example.com".to_owned()), Whom::Phone("+14155550101".to_owned()));
    let lookup = |whom, after| search::lookup(&id("L1"), whom, after, &api.version()).unwrap();
    let page =
        |next: Option<&str>| ContactPage { contacts: vec![held()], unreadable: 0, next: next.map(str::to_owned) };
    api.asks(lookup(&email, None), "GET /contacts/lookup?locationId=L1&email=a%2Bb%40example.com&limit=20")
        .answered(200, json!({ "contacts": [shown(api)], "nextCursor": "n1" }))
        .reads(search::looked_up, page(Some("n1")));
    let line = "GET /contacts/lookup?locationId=L1&phone=%2B14155550101&limit=20&nextCursor=n1";
    api.asks(lookup(&phone, Some("n1")), line)
        .answered(200, json!({ "contacts": [shown(api)], "nextCursor": null }))
        .reads(search::looked_up, page(None));
    let absent = search::lookup(&id("L1"), &email, None, &Api::Dated.version()).unwrap_err();
    assert_eq!(absent.to_string(), "`ghl.contacts.lookup` does not exist in GHL's dated API");
}
