use secrecy::ExposeSecret as _;

use super::*;
use crate::openphone::tests::{answer, body, id};
use crate::openphone::{UserId, WebhookSecret};

const KEY: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

fn new_hook() -> NewHook<'static> {
    NewHook {
        url: "https://example.com/hook",
        events: CONTACT_EVENTS,
        numbers: Numbers::All,
        status: Status::Disabled,
        label: Some("Tandem"),
    }
}

#[test]
fn a_new_webhook_says_everything_itself() {
    let wanted = json!({"url": "https://example.com/hook", "events": ["contact.updated", "contact.deleted"],
        "resourceIds": ["*"], "status": "disabled", "label": "Tandem"});
    assert_eq!(body(&create(&new_hook())), wanted);
    let calls = legacy::create(legacy::Subject::Calls, &NewHook { events: &["call.completed"], ..new_hook() });
    assert_eq!(calls.http.uri(), "/v1/webhooks/calls");
    assert_eq!(body(&calls)["events"], json!(["call.completed"]));
    assert_eq!(legacy::list(UserId::new("US1").ok().as_ref()).http.uri(), "/v1/webhooks?userId=US1");
}

#[test]
fn a_change_names_what_changes_only() {
    assert!(update(&id("1"), &Change::default()).is_none());
    let change =
        Change { status: Some(Status::Enabled), numbers: Some(Numbers::Only(vec![id("PN1")])), ..Change::default() };
    let request = update(&id("1"), &change).unwrap();
    assert_eq!(body(&request), json!({"status": "enabled", "resourceIds": ["PN1"]}));
}

#[test]
fn keys_are_told_once_and_never_printed() {
    let data = json!({"id": 17, "url": "https://example.com/hook?token=secret", "status": "enabled", "events": ["contact.updated"],
        "resourceIds": ["*"], "apiVersion": "2026-03-30", "key": KEY});
    let response = answer(201, &json!({ "data": data }));
    let (hook, key) = created(&response).unwrap();
    assert_eq!((hook.id.as_str(), hook.status, key.expose_secret()), ("17", Some(Status::Enabled), KEY));
    assert!(WebhookSecret::parse(key.expose_secret()).is_ok());
    let printed =
        format!("{hook:?} {key:?} {:?} {:?}", created(&response), page(&answer(200, &json!({"data": [data]}))));
    assert!(!printed.contains("whsec_") && !printed.contains("token"), "{printed}");
    let rotated = rotated(&answer(200, &json!({"data": {"key": "whsec_new"}}))).unwrap();
    assert_eq!(rotated.expose_secret(), "whsec_new");
    let mute = json!({"data": {"id": "17", "url": "https://example.com", "status": "paused"}});
    assert!(created(&answer(201, &mute)).is_err(), "a webhook without a key is no use");
    assert_eq!(super::hook(&answer(200, &mute)).unwrap().status, None);
}

#[test]
fn deliveries_are_listed_and_their_bodies_stay_hidden() {
    let filter = delivery::Filter { status: Some(delivery::Status::Failed), ..delivery::Filter::default() };
    assert_eq!(delivery::list(&id("17"), &filter, None).http.uri(), "/webhooks/17/events?limit=50&status=failed");
    assert_eq!(body(&delivery::test(&id("17"), "contact.updated")), json!({"eventType": "contact.updated"}));
    let data = json!({"data": [{"id": "msg_1", "eventId": "EV1", "eventType": "contact.updated", "status": "failed",
        "createdAt": "2026-01-02T03:04:05Z", "nextAttemptAt": null}], "nextCursor": null});
    let page = delivery::page(&answer(200, &data)).unwrap();
    assert_eq!((page.items[0].status, page.items[0].id.as_str()), (Some(delivery::Status::Failed), "msg_1"));
    let data = json!({"data": {"id": "msg_1", "requestBody": {"firstName": "Ana"}, "attempts": [
        {"timestamp": "2026-01-02T03:04:05Z", "responseStatusCode": 0, "responseBody": null, "triggerType": "scheduled"},
        {"responseStatusCode": 503, "responseBody": "Ana", "triggerType": "manual"}]}});
    let detail = delivery::detail(&answer(200, &data)).unwrap();
    assert_eq!(detail.attempts.iter().map(|one| one.answered).collect::<Vec<_>>(), [None, Some(503)]);
    assert!(detail.attempts[1].is_manual && detail.body["firstName"] == "Ana");
    assert!(!format!("{detail:?}").contains("Ana"));
    let sample = json!({"id": "EV1", "type": "contact.updated", "data": {"resource": {}}});
    assert_eq!(delivery::tested(&answer(200, &sample)).unwrap(), id("EV1"));
}
