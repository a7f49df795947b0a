use super::*;

fn version(text: &str) -> ApiVersion {
    ApiVersion::new(text).unwrap()
}

fn location() -> Id {
    Id::new("loc1").unwrap()
}

fn answer(body: &Json) -> Response {
    http::Response::builder().status(200).body(body.to_string().into()).unwrap()
}

fn body(request: &Request) -> Json {
    serde_json::from_slice(request.http.body()).unwrap()
}

#[test]
fn a_search_pages_by_the_last_contacts_own_cursor() {
    let since = Filter::updated_since("2026-11-23T10:00:00Z".parse().unwrap());
    let search = Search::new(&location(), vec![since]);
    let first = body(&search.page(None, &version("v3")));
    assert_eq!(first["filters"][0]["value"], json!({ "gte": "2026-11-23T10:00:00.000Z" }));
    assert!(first.get("page").is_none() && first.get("searchAfter").is_none(), "{first}");

    let item = |number: usize| json!({ "id": format!("c{number}"), "searchAfter": [number, format!("c{number}")] });
    let full: Vec<Json> = (0..SEARCH_PAGE).map(item).collect();
    let page = searched(&answer(&json!({ "contacts": full, "total": 501 }))).unwrap();
    assert_eq!((page.hits.len(), page.total), (SEARCH_PAGE, Some(501)));
    let next = body(&search.page(page.next.as_ref(), &version("v3")));
    assert_eq!(next["searchAfter"], json!([499, "c499"]));

    let last = searched(&answer(&json!({ "contacts": [item(500), { "id": null }], "total": 501 }))).unwrap();
    assert_eq!((last.hits.len(), last.unreadable, last.next), (1, 1, None));
}

#[test]
fn to_see_whether_the_search_works_one_contact_is_enough() {
    let asked = body(&Search::new(&location(), Vec::new()).any(&version("v3")));
    assert_eq!((&asked["pageLimit"], &asked["locationId"]), (&json!(1), &json!("loc1")));
    assert!(asked.get("filters").is_none(), "{asked}");
}

#[test]
fn a_hit_has_every_number_and_no_name() {
    let item = json!({ "id": "c1", "firstNameLowerCase": "ana", "phone": "+15550100", "email": "ana@example.com",
        "additionalPhones": [{ "phone": "+15550101" }], "additionalEmails": ["a@example.com"],
        "customFields": [{ "id": "f1", "value": "op1" }], "dateUpdated": "2026-01-02T03:04:05.000Z" });
    let page = searched(&answer(&json!({ "contacts": [item], "total": 1, "traceId": "t" }))).unwrap();
    let hit = &page.hits[0];
    assert_eq!(hit.phones, ["+15550100", "+15550101"]);
    assert_eq!(hit.emails, ["ana@example.com", "a@example.com"]);
    assert_eq!((hit.custom_fields[0].id.as_deref(), &hit.custom_fields[0].value), (Some("f1"), &json!("op1")));
    assert!(hit.updated_at.is_some());
}

#[test]
fn a_value_that_is_too_long_is_not_searched_for() {
    for bad in ["", &"x".repeat(76)] {
        assert_eq!(Filter::equals("email", bad), Err(InvalidValue));
    }
    assert!(Filter::equals("email", &"é".repeat(75)).is_ok());
}

#[test]
fn nobody_is_asked_about_nobody() {
    assert!(duplicate(&location(), None, None, &version("v3")).is_none());
    let request = duplicate(&location(), Some("+15550100"), None, &version("v3")).unwrap();
    assert_eq!(request.http.uri(), "/contacts/search/duplicate?locationId=loc1&number=%2B15550100");
}

#[test]
fn no_duplicate_is_told_from_an_answer_that_says_nothing() {
    assert_eq!(duplicated(&answer(&json!({ "contact": null }))), Ok(None));
    assert!(duplicated(&answer(&json!({ "contact": { "id": "c1" } }))).unwrap().is_some());
    for unreadable in [json!({}), json!({ "contact": {} }), json!({ "contact": "c1" })] {
        assert!(duplicated(&answer(&unreadable)).is_err(), "{unreadable}");
    }
}

#[test]
fn each_version_lists_in_its_own_way() {
    let whom = Whom::Email("a+b@example.com".to_owned());
    assert!(lookup(&location(), &whom, None, &version("2021-07-28")).is_err());
    let request = lookup(&location(), &whom, Some("n1"), &version("v3")).unwrap();
    let query = "locationId=loc1&email=a%2Bb%40example.com&limit=20&nextCursor=n1";
    assert_eq!(request.http.uri().query(), Some(query));

    assert!(list(&location(), None, &version("v3")).is_err());
    let meta = json!({ "startAfter": 1_763_000_000_123_u64, "startAfterId": "c9" });
    let page = listed(&answer(&json!({ "contacts": [{ "id": "c9" }], "count": 300, "meta": meta }))).unwrap();
    let request = list(&location(), page.next.as_ref(), &version("2021-07-28")).unwrap();
    let query = "locationId=loc1&limit=100&startAfter=1763000000123&startAfterId=c9";
    assert_eq!(request.http.uri().query(), Some(query));
    assert_eq!(listed(&answer(&json!({ "contacts": [], "count": 300, "meta": meta }))).unwrap().next, None);
}
