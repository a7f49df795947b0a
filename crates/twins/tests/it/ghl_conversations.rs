//! GHL: conversations, and messages and calls that were logged in them.

use serde_json::{Value, json};
use tandem_twins::{GhlMessageProvider, GhlTwin};

use crate::ghl_kit::{text, tokens, two_locations};
use crate::kit::{Caller, LOCATION, roomy_ghl};

async fn with_ana() -> (GhlTwin, Caller, String) {
    let (twin, caller) = roomy_ghl().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana", "phone": "+14155550100" })).unwrap();
    (twin, caller.talking("pit-sandbox"), id)
}

fn call(contact: &str) -> Value {
    json!({
        "type": "Call", "contactId": contact, "conversationProviderId": GhlMessageProvider::call().id,
        "direction": "inbound", "date": "2026-11-01T10:00:00Z", "altId": "AC1",
        "call": { "from": "+14155550100", "to": "+14155550199", "status": "completed" },
    })
}

#[tokio::test]
async fn there_is_one_conversation_per_contact() {
    let (_twin, caller, id) = with_ana().await;
    let body = json!({ "locationId": LOCATION, "contactId": id });
    let new = caller.send("POST", "/conversations/", body.clone()).await;
    assert_eq!((new.status, &new.body["success"]), (201, &json!(true)));
    assert_eq!(caller.send("POST", "/conversations/", body).await.status, 400);
    let path = format!("/conversations/search?locationId={LOCATION}");
    let seen = caller.get(&format!("{path}&contactId={id}")).await;
    assert_eq!((&seen.body["total"], &seen.body["conversations"][0]["fullName"]), (&json!(1), &json!("Ana")));
    assert_eq!(caller.get(&format!("{path}&contactId=nobody")).await.body["total"], 0);
    let one = format!("/conversations/{}", text(&new.body["conversation"]["id"]));
    assert_eq!(caller.get(&one).await.body["contactId"], id.as_str());
    assert_eq!(caller.get("/conversations/nothing").await.status, 400);
    let body = json!({ "locationId": LOCATION, "contactId": "nobody" });
    assert_eq!(caller.send("POST", "/conversations/", body).await.status, 400);
}

#[tokio::test]
async fn messages_are_logged_outbound_unless_they_say_otherwise() {
    let (_twin, caller, id) = with_ana().await;
    let path = "/conversations/messages/inbound";
    let first = caller.send("POST", path, json!({ "type": "SMS", "contactId": id, "message": "Hello" })).await;
    assert_eq!((first.status, &first.body["contactId"]), (200, &json!(id)));
    let conversation = text(&first.body["conversationId"]).to_owned();
    let body = json!({ "type": "SMS", "conversationId": conversation, "message": "Hi", "direction": "inbound" });
    let second = caller.send("POST", path, body).await;
    let seen = caller.get(&format!("/conversations/{conversation}/messages")).await;
    let messages = seen.body["messages"]["messages"].as_array().unwrap().clone();
    let shown: Vec<_> = messages.iter().map(|message| (text(&message["direction"]), text(&message["body"]))).collect();
    assert_eq!(shown, [("inbound", "Hi"), ("outbound", "Hello")], "nested twice, youngest first");
    let page = caller.get(&format!("/conversations/{conversation}/messages?limit=1")).await;
    assert_eq!(page.body["messages"]["nextPage"], true);
    let last = text(&page.body["messages"]["lastMessageId"]);
    assert_eq!(last, text(&second.body["messageId"]));
    let rest = caller.get(&format!("/conversations/{conversation}/messages?lastMessageId={last}")).await;
    assert_eq!(rest.body["messages"]["messages"][0]["id"], first.body["messageId"]);
    let one = caller.get(&format!("/conversations/messages/{last}")).await;
    assert_eq!(one.body["messageType"], "TYPE_SMS");
    for wrong in [
        json!({ "type": "SMS", "message": "x" }),
        json!({ "type": "Pigeon", "contactId": id }),
        json!({ "type": "SMS", "contactId": id, "direction": "up" }),
        json!({ "type": "SMS", "conversationId": "nothing" }),
        json!({ "type": "SMS", "contactId": id, "conversationProviderId": "nobody" }),
    ] {
        assert_eq!(caller.send("POST", path, wrong.clone()).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_channel_without_its_provider_is_accepted_and_lost() {
    let (_twin, caller, id) = with_ana().await;
    let body = json!({ "type": "Custom", "contactId": id, "message": "x" });
    let seen = caller.send("POST", "/conversations/messages/inbound", body).await;
    assert_eq!((seen.status, seen.text.as_str()), (201, ""));
    let export = caller.get(&format!("/conversations/messages/export?locationId={LOCATION}")).await;
    assert_eq!(export.body["total"], 0);
}

#[tokio::test]
async fn calls_are_logged_for_numbers_of_contacts() {
    let (twin, caller, id) = with_ana().await;
    let seen = caller.send("POST", "/conversations/messages/inbound", call(&id)).await;
    assert_eq!((seen.status, &seen.body["dateAdded"]), (200, &json!("2026-11-01T10:00:00.000Z")));
    let one = caller.get(&format!("/conversations/messages/{}", text(&seen.body["messageId"]))).await;
    assert_eq!((&one.body["type"], &one.body["meta"]["callStatus"]), (&json!(34), &json!("completed")));
    assert!(one.body.get("body").is_none());
    assert!(one.body.get("altId").is_none(), "no answer is described to show it");
    assert_eq!(twin.messages()[0]["altId"], "AC1");
    let mut stranger = call(&id);
    stranger["call"]["from"] = json!("+14155550177");
    assert_eq!(caller.send("POST", "/conversations/messages/inbound", stranger).await.status, 400);
    let mut odd = call(&id);
    odd["call"]["status"] = json!("forgotten");
    assert_eq!(caller.send("POST", "/conversations/messages/inbound", odd).await.status, 400);

    let mut out = call(&id);
    out.as_object_mut().unwrap().remove("direction");
    out["call"] = json!({ "to": "(415) 555-0100", "from": "+14155550199", "status": "no-answer" });
    let seen = caller.send("POST", "/conversations/messages/outbound", out.clone()).await;
    assert_eq!(seen.status, 200);
    out["type"] = json!("SMS");
    assert_eq!(caller.send("POST", "/conversations/messages/outbound", out.clone()).await.status, 422);
    out["type"] = json!("Call");
    out.as_object_mut().unwrap().remove("conversationProviderId");
    assert_eq!(caller.send("POST", "/conversations/messages/outbound", out).await.status, 422);
}

#[tokio::test]
async fn attachments_and_status_belong_to_what_the_app_logged() {
    let (twin, caller) = two_locations().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana", "phone": "+14155550100" })).unwrap();
    let body = tokens(&twin, "conversations/message.write conversations/message.readonly").await;
    let caller = caller.talking(text(&body["access_token"]));
    let logged = caller.send("POST", "/conversations/messages/inbound", call(&id)).await;
    let one = format!("/conversations/messages/{}", text(&logged.body["messageId"]));
    let links = json!({ "attachments": ["https://example.com/1.mp3"] });
    assert_eq!(caller.send("PUT", &format!("{one}/attachments"), links.clone()).await.status, 200);
    assert_eq!(caller.get(&one).await.body["attachments"], links["attachments"]);
    let six = json!({ "attachments": vec!["x"; 6] });
    assert_eq!(caller.send("PUT", &format!("{one}/attachments"), six).await.status, 400);
    assert_eq!(caller.send("PUT", "/conversations/messages/nothing/attachments", links.clone()).await.status, 404);
    let sms = json!({ "type": "SMS", "contactId": id, "message": "x" });
    let sms = caller.send("POST", "/conversations/messages/inbound", sms).await;
    let sms = format!("/conversations/messages/{}", text(&sms.body["messageId"]));
    assert_eq!(caller.send("PUT", &format!("{sms}/attachments"), links).await.status, 403);

    let read = json!({ "status": "read" });
    assert_eq!(caller.send("PUT", &format!("{one}/status"), read.clone()).await.status, 200);
    assert_eq!(caller.get(&one).await.body["status"], "read");
    assert_eq!(caller.send("PUT", &format!("{sms}/status"), read.clone()).await.status, 403);
    assert_eq!(caller.talking("pit-sandbox").send("PUT", &format!("{one}/status"), read).await.status, 403);
    assert_eq!(caller.send("PUT", &format!("{one}/status"), json!({ "status": "lost" })).await.status, 422);
}

#[tokio::test]
async fn the_export_pages_and_filters() {
    let (_twin, caller, id) = with_ana().await;
    for number in 0..12 {
        let body = json!({
            "type": "SMS", "contactId": id, "message": number.to_string(),
            "date": format!("2026-11-{:02}T10:00:00Z", number + 1),
        });
        caller.send("POST", "/conversations/messages/inbound", body).await;
    }
    caller.send("POST", "/conversations/messages/inbound", call(&id)).await;
    let path = format!("/conversations/messages/export?locationId={LOCATION}");
    let page = caller.get(&format!("{path}&limit=10&sortOrder=asc&channel=SMS")).await;
    assert_eq!((&page.body["total"], &page.body["messages"][0]["body"]), (&json!(12), &json!("0")));
    let cursor = text(&page.body["nextCursor"]);
    let rest = caller.get(&format!("{path}&limit=10&sortOrder=asc&channel=SMS&cursor={cursor}")).await;
    assert_eq!(rest.body["messages"].as_array().unwrap().len(), 2);
    assert!(rest.body.get("nextCursor").is_none());
    let since = caller.get(&format!("{path}&startDate=2026-11-11T00:00:00Z")).await;
    assert_eq!((&since.body["total"], &since.body["messages"][0]["body"]), (&json!(2), &json!("11")));
    assert_eq!(caller.get(&format!("{path}&limit=9")).await.status, 400);
    assert_eq!(caller.get(&format!("{path}&channel=Call")).await.body["total"], 1);
}
