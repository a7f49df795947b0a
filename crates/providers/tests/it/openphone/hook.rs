//! Webhooks: made, changed, rotated, tested; what they delivered; and the older kind.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use tandem_providers::openphone::hook::{
    self, CONTACT_EVENTS, Change, Hook, NewHook, Numbers, Status, delivery, legacy,
};
use tandem_providers::openphone::response::{self, Listing};

use super::{AT, asks, at, id, user, window};
use crate::exchange::revealed;

const URL: &str = "https://sync.example.com/hook";
const KEY: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

fn shown() -> Json {
    json!({ "id": "17", "orgId": "OR1", "label": "Tandem", "status": "enabled", "url": URL, "apiVersion": "2026-03-30",
        "events": ["contact.updated", "contact.deleted"], "resourceIds": ["*"], "createdAt": AT, "updatedAt": AT })
}

fn told(hook: &Hook) -> String {
    let Hook { id, url, status, events, resource_ids, label, api_version, key } = hook;
    let key = key.as_ref().map(ExposeSecret::expose_secret);
    format!("{id} {url} {status:?} {events:?} {resource_ids:?} {label:?} {api_version:?} {key:?}")
}

const TOLD: &str = r#"17 https://sync.example.com/hook Some(Enabled) ["contact.updated", "contact.deleted"] ["*"] Some("Tandem") Some("2026-03-30") None"#;

fn told_all(page: &Listing<Hook>) -> String {
    assert_eq!((page.unreadable, &page.next), (0, &None));
    page.items.iter().map(told).collect()
}

fn told_new((hook, key): &(Hook, SecretString)) -> String {
    format!("{} {}", hook.id, revealed(key))
}

fn new() -> NewHook<'static> {
    NewHook { url: URL, events: CONTACT_EVENTS, numbers: Numbers::All, status: Status::Disabled, label: Some("Tandem") }
}

#[test]
pub(crate) fn webhooks_are_made_changed_rotated_and_removed() {
    asks(hook::list(), "GET /webhooks").answered(200, json!({ "data": [shown()] })).shows(hook::page, told_all, TOLD);
    let mut with_key = shown();
    with_key["key"] = KEY.into();
    asks(hook::create(&new()), "POST /webhooks")
        .with(json!({ "url": URL, "events": ["contact.updated", "contact.deleted"], "resourceIds": ["*"],
            "status": "disabled", "label": "Tandem" }))
        .answered(201, json!({ "data": with_key }))
        .shows(hook::created, told_new, &format!("17 {KEY}"));
    asks(hook::get(&id("17")), "GET /webhooks/17").answered(200, json!({ "data": shown() })).shows(
        hook::hook,
        told,
        TOLD,
    );
    let all = Change {
        url: Some(URL),
        events: Some(&["call.completed"]),
        numbers: Some(Numbers::Only(vec![id("PN1")])),
        status: Some(Status::Enabled),
    };
    let enabled = Change { status: Some(Status::Enabled), ..Change::default() };
    for (change, body) in [
        (all, json!({ "url": URL, "events": ["call.completed"], "resourceIds": ["PN1"], "status": "enabled" })),
        (enabled, json!({ "status": "enabled" })),
    ] {
        asks(hook::update(&id("17"), &change).unwrap(), "PATCH /webhooks/17")
            .with(body)
            .answered(200, json!({ "data": shown() }))
            .shows(hook::hook, told, TOLD);
    }
    asks(hook::rotate(&id("17")), "POST /webhooks/17/rotate").answered(200, json!({ "data": { "key": KEY } })).shows(
        hook::rotated,
        revealed,
        KEY,
    );
    asks(hook::delete(&id("17")), "DELETE /webhooks/17").answered(204, Json::Null).reads(response::deleted, ());
}

#[test]
pub(crate) fn deliveries_are_listed_read_and_asked_for_again() {
    let filter = delivery::Filter {
        status: Some(delivery::Status::Failed),
        kind: Some("contact.updated".to_owned()),
        resource: Some(id("66d0d87e8dc1211467372303")),
        created: window(),
    };
    let delivery = delivery::Delivery {
        id: id("msg_1"),
        event: Some(id("EV1")),
        resource: Some(id("66d0d87e8dc1211467372303")),
        kind: "contact.updated".to_owned(),
        status: Some(delivery::Status::Pending),
        next_attempt_at: at(),
        created_at: at(),
    };
    let line = "GET /webhooks/17/events?limit=50&after=n0&status=failed&eventType=contact.updated\
                &resourceId=66d0d87e8dc1211467372303&createdAt%5Bgt%5D=2026-01-01T00%3A00%3A00Z\
                &createdAt%5Blt%5D=2026-02-01T00%3A00%3A00Z";
    asks(delivery::list(&id("17"), &filter, Some("n0")), line)
        .answered(
            200,
            json!({ "data": [{ "id": "msg_1", "eventId": "EV1", "resourceId": "66d0d87e8dc1211467372303",
                "eventType": "contact.updated", "status": "pending", "nextAttemptAt": AT, "createdAt": AT }],
                "nextCursor": null }),
        )
        .reads(delivery::page, Listing { items: vec![delivery], unreadable: 0, next: None });
    let detail = delivery::Detail {
        id: id("msg_1"),
        body: json!({ "id": "EV1" }),
        attempts: vec![delivery::Attempt { at: at(), answered: Some(401), is_manual: true }],
    };
    asks(delivery::get(&id("17"), &id("msg_1")), "GET /webhooks/17/events/msg_1")
        .answered(
            200,
            json!({ "data": { "id": "msg_1", "eventType": "contact.updated", "createdAt": AT,
                "requestBody": { "id": "EV1" },
                "attempts": [{ "timestamp": AT, "responseStatusCode": 401, "triggerType": "manual" }] } }),
        )
        .reads(delivery::detail, detail);
    asks(delivery::retry(&id("17"), &id("msg_1")), "POST /webhooks/17/events/msg_1/retry")
        .answered(202, json!({}))
        .reads(response::accepted, ());
}

#[test]
pub(crate) fn a_signed_sample_can_be_asked_for() {
    let event = json!({ "id": "EV1", "apiVersion": "2026-03-30", "createdAt": AT, "type": "contact.updated",
        "data": { "resource": {}, "context": { "orgId": "OR1" }, "links": { "quo": null } } });
    asks(delivery::test(&id("17"), "contact.updated"), "POST /webhooks/17/events/test")
        .with(json!({ "eventType": "contact.updated" }))
        .answered(200, event)
        .reads(delivery::tested, id("EV1"));
}

#[test]
pub(crate) fn webhooks_of_the_older_kind_are_found_made_and_removed() {
    let shown = |event: &str| {
        json!({ "id": "WH1", "orgId": "OR1", "userId": "US1", "label": "Tandem", "status": "enabled", "url": URL,
            "events": [event], "resourceIds": ["PN1"], "key": "c2VjcmV0", "createdAt": AT, "updatedAt": AT })
    };
    let told_as =
        |event: &str| format!(r#"WH1 {URL} Some(Enabled) ["{event}"] ["PN1"] Some("Tandem") None Some("c2VjcmV0")"#);
    let event = "message.received";
    for (whose, line) in [(None, "GET /v1/webhooks"), (Some(user()), "GET /v1/webhooks?userId=US1")] {
        asks(legacy::list(whose.as_ref()), line).answered(200, json!({ "data": [shown(event)] })).shows(
            hook::page,
            told_all,
            &told_as(event),
        );
    }
    asks(legacy::get(&id("WH1")), "GET /v1/webhooks/WH1").answered(200, json!({ "data": shown(event) })).shows(
        hook::hook,
        told,
        &told_as(event),
    );
    for (subject, route, event) in [
        (legacy::Subject::Messages, "messages", event),
        (legacy::Subject::Calls, "calls", "call.completed"),
        (legacy::Subject::Summaries, "call-summaries", "call.summary.completed"),
        (legacy::Subject::Transcripts, "call-transcripts", "call.transcript.completed"),
    ] {
        let new = NewHook { events: &[event], numbers: Numbers::Only(vec![id("PN1")]), ..new() };
        asks(legacy::create(subject, &new), &format!("POST /v1/webhooks/{route}"))
            .with(json!({ "url": URL, "events": [event], "resourceIds": ["PN1"], "status": "disabled",
                "label": "Tandem" }))
            .answered(201, json!({ "data": shown(event) }))
            .shows(hook::created, told_new, "WH1 c2VjcmV0");
    }
    asks(legacy::delete(&id("WH1")), "DELETE /v1/webhooks/WH1").answered(204, Json::Null).reads(response::deleted, ());
}
