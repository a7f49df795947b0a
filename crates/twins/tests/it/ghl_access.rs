//! GHL: scopes of private and OAuth tokens, and the versions of the two families.

use serde_json::json;
use tandem_twins::{GhlConfig, GhlLocation};

use crate::ghl_kit::{made, text, tokens, two_locations};
use crate::kit::{LOCATION, ghl, roomy, roomy_ghl};

const NO_SCOPE: &str = "The token is not authorized for this scope.";

#[tokio::test]
async fn a_private_token_does_what_its_scopes_allow() {
    let token_scopes = Some(vec!["contacts.readonly".to_owned()]);
    let location = GhlLocation { token_scopes, ..GhlLocation::default() };
    let (twin, caller) = ghl(GhlConfig { locations: vec![location], rate: roomy(), ..GhlConfig::default() }).await;
    let id = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    assert_eq!(caller.get(&format!("/contacts/{id}")).await.status, 200);
    let seen = caller.send("PUT", &format!("/contacts/{id}"), json!({ "city": "Springfield" })).await;
    assert_eq!((seen.status, text(&seen.body["message"])), (401, NO_SCOPE));
    assert_eq!(caller.get(&format!("/locations/{LOCATION}")).await.status, 401);
}

#[tokio::test]
async fn an_oauth_token_does_what_was_granted_until_a_scope_is_taken() {
    let (twin, caller) = two_locations().await;
    let body = tokens(&twin, "contacts.readonly contacts.write").await;
    let caller = caller.holding(text(&body["access_token"]));
    let id = made(&caller, "Ana").await;
    let path = format!("/contacts/{id}");
    assert_eq!(caller.get(&format!("/locations/{LOCATION}/tags")).await.status, 401);
    twin.remove_scope("contacts.write");
    assert_eq!(text(&caller.delete(&path).await.body["message"]), NO_SCOPE);
    assert_eq!(caller.holding("pit-sandbox").delete(&path).await.status, 401, "private tokens lose it too");
    assert_eq!(caller.get(&path).await.status, 200);
    twin.restore_scope("contacts.write");
    assert_eq!(caller.delete(&path).await.status, 200);
}

#[tokio::test]
async fn every_operation_asks_for_its_scope() {
    let (twin, caller) = two_locations().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    let contact = format!("/contacts/{id}");
    let location = format!("/locations/{LOCATION}");
    let talks = caller.talking("pit-sandbox");
    let calls = [
        ("contacts.readonly", &caller, "GET", contact.clone()),
        ("contacts.readonly", &caller, "POST", "/contacts/search".to_owned()),
        ("contacts.readonly", &caller, "GET", format!("{contact}/notes")),
        ("contacts.write", &caller, "POST", format!("{contact}/tasks")),
        ("contacts.write", &caller, "POST", "/contacts/bulk/tags/update/add".to_owned()),
        ("contacts.write", &caller, "DELETE", format!("{contact}/followers")),
        ("locations.readonly", &caller, "GET", location.clone()),
        ("locations/tags.readonly", &caller, "GET", format!("{location}/tags")),
        ("locations/tags.write", &caller, "POST", format!("{location}/tags")),
        ("locations/customFields.readonly", &caller, "GET", format!("{location}/customFields")),
        ("locations/customFields.write", &caller, "POST", format!("{location}/customFields")),
        ("locations/tasks.readonly", &caller, "POST", format!("{location}/tasks/search")),
        ("users.readonly", &caller, "GET", format!("/users/?locationId={LOCATION}")),
        ("conversations.readonly", &talks, "GET", format!("/conversations/search?locationId={LOCATION}")),
        ("conversations.write", &talks, "POST", "/conversations/".to_owned()),
        ("conversations/message.readonly", &talks, "GET", "/conversations/messages/export".to_owned()),
        ("conversations/message.write", &talks, "POST", "/conversations/messages/inbound".to_owned()),
    ];
    for (scope, caller, method, path) in calls {
        twin.remove_scope(scope);
        let seen = caller.send(method, &path, json!({})).await;
        assert_eq!((seen.status, text(&seen.body["message"])), (401, NO_SCOPE), "{method} {path}");
        twin.restore_scope(scope);
        assert_ne!(caller.send(method, &path, json!({})).await.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn conversations_are_dated_differently() {
    let (_twin, caller) = roomy_ghl().await;
    let path = format!("/conversations/search?locationId={LOCATION}");
    let with = |version: &'static str| caller.with(&[("authorization", "Bearer pit-sandbox"), ("version", version)]);
    for version in ["2021-04-15", "2023-02-21", "v3"] {
        assert_eq!(with(version).get(&path).await.status, 200, "{version}");
    }
    for version in ["2021-07-28", "v2", ""] {
        assert_eq!(with(version).get(&path).await.status, 400, "{version}");
    }
    let none = caller.with(&[("authorization", "Bearer pit-sandbox")]);
    assert_eq!(none.get(&path).await.status, 400);
}

#[tokio::test]
async fn writes_use_the_spelling_of_their_version() {
    let (_twin, caller) = roomy_ghl().await;
    let id = made(&caller, "Ana").await;
    let path = format!("/contacts/{id}");
    let v3 = caller.holding_v3("pit-sandbox");
    let channels = |name: &str| json!({ "dndSettings": { name: { "status": "active" } } });
    let field = |name: &str| json!({ "customFields": [{ "id": "x", name: "y" }] });
    for (caller, body, status) in [
        (&caller, channels("SMS"), 200),
        (&caller, channels("sms"), 422),
        (&caller, channels("RCS"), 422),
        (&v3, channels("sms"), 200),
        (&v3, channels("SMS"), 422),
        (&caller, field("field_value"), 200),
        (&caller, field("fieldValue"), 422),
        (&caller, field("value"), 422),
        (&v3, field("fieldValue"), 200),
        (&v3, field("field_value"), 200),
    ] {
        assert_eq!(caller.send("PUT", &path, body.clone()).await.status, status, "{body}");
    }
}
