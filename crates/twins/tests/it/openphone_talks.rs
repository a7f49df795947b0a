//! Conversations, messages, calls, users and numbers.

use serde_json::{Value, json};

use crate::kit::{Caller, LIMIT, Receiver, openphone};
use crate::openphone_kit::{ANA, BEN, NUMBER, SECOND, of_type, office};

fn ids(body: &Value) -> Vec<&str> {
    body["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

async fn count(caller: &Caller, path: &str) -> usize {
    let seen = caller.get(path).await;
    assert_eq!(seen.status, 200, "{path}: {}", seen.text);
    seen.body["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn conversations_are_listed_by_number_and_time() {
    let (twin, caller) = openphone(office()).await;
    let at = |day: u8| format!("2026-10-0{day}T10:00:00.000Z");
    let message = |day, number, other| {
        let seed = json!({ "participants": [other], "phoneNumberId": number, "text": "Hi", "createdAt": at(day) });
        twin.create_message(&seed).unwrap();
    };
    message(1, NUMBER, ANA);
    message(2, NUMBER, BEN);
    message(3, NUMBER, ANA);
    message(4, SECOND, ANA);
    let all = caller.get("/v1/conversations?maxResults=10").await.body;
    let [second, ana, ben] = ids(&all)[..] else { panic!("three conversations: {all}") };
    assert_eq!(all["data"][0]["phoneNumberId"], SECOND);
    assert_eq!((&all["data"][1]["participants"], &all["data"][1]["assignedTo"]), (&json!([ANA]), &Value::Null));
    assert_eq!(all["data"][1]["lastActivityAt"], at(3));
    for named in [NUMBER, "%2B14155550199"] {
        let path = format!("/v1/conversations?maxResults=10&phoneNumbers={named}");
        assert_eq!(ids(&caller.get(&path).await.body), [ana, ben]);
    }
    let customer = caller.get("/v1/conversations?maxResults=10&phoneNumbers=%2B14155550100").await;
    assert_eq!(customer.status, 400, "one's own numbers only");
    assert_eq!(caller.get("/v1/conversations").await.status, 400);
    let path = format!("/conversations?sort=updatedAt:asc&updatedAt[gte]={}", at(3));
    let dated = caller.get(&path).await.body;
    assert_eq!(ids(&dated), [ana, second]);
    assert!(dated["data"][0].get("assignedTo").is_none());
    assert_eq!(count(&caller, &format!("/conversations?phoneNumberId[in]={NUMBER},{SECOND}&limit=50")).await, 3);
    assert_eq!(caller.get("/conversations?sort=name").await.status, 400);
    let html = caller.get(&format!("/conversations/{ana}")).await;
    assert!(html.status == 404 && html.text.starts_with("<!DOCTYPE"), "there is no get-by-id");
}

#[tokio::test]
async fn marks_are_wrapped_on_the_dated_surface_only() {
    let (twin, caller) = openphone(office()).await;
    let id = twin.create_conversation(&json!({ "participants": [ANA], "name": "Ana" })).unwrap();
    for mark in ["read", "done", "open"] {
        let path = format!("/conversations/{id}/mark-as-{mark}");
        let v1 = caller.try_send("POST", &format!("/v1{path}"), None).await.unwrap();
        assert_eq!((v1.status, &v1.body["id"]), (200, &json!(id)));
        let dated = caller.try_send("POST", &path, None).await.unwrap();
        assert_eq!((dated.status, &dated.body["data"]["id"]), (200, &json!(id)));
    }
    assert_eq!(caller.try_send("POST", "/conversations/CNnone/mark-as-done", None).await.unwrap().status, 404);
}

#[tokio::test]
async fn messages_are_found_by_their_people() {
    let (twin, caller) = openphone(office()).await;
    let received = twin.create_message(&json!({ "participants": [ANA], "text": "Hi" })).unwrap();
    let sent = json!({ "participants": [ANA], "text": "Hello", "direction": "outgoing", "status": "undelivered" });
    let sent = twin.create_message(&sent).unwrap();
    twin.create_message(&json!({ "participants": [ANA, BEN], "text": "All" })).unwrap();
    let path = format!("/v1/messages?maxResults=10&phoneNumberId={NUMBER}&participants=%2B14155550100");
    let list = caller.get(&path).await.body;
    assert_eq!(ids(&list), [sent.as_str(), received.as_str()]);
    assert!(list["data"][0]["conversationId"].as_str().unwrap().starts_with("CN"));
    assert_eq!(count(&caller, &format!("{path}&participants=%2B14155550101")).await, 1);
    assert_eq!(caller.get("/v1/messages?maxResults=10&participants=%2B14155550100").await.status, 400);
    assert_eq!(count(&caller, &format!("/messages?phoneNumberId={NUMBER}&from=%2B14155550100&limit=1")).await, 1);
    assert_eq!(count(&caller, &format!("/messages?phoneNumberId={NUMBER}&to=%2B14155550100&limit=1")).await, 1);
    assert_eq!(count(&caller, "/messages?direction=outgoing").await, 1);
    assert_eq!(caller.get(&format!("/v1/messages/{sent}")).await.body["data"]["text"], "Hello");
    let again = |id: &str| format!("/messages/{id}/retry");
    assert_eq!(caller.try_send("POST", &again(&received), None).await.unwrap().status, 422);
    assert_eq!(twin.messages_sent(), 0);
    assert_eq!(caller.try_send("POST", &again(&sent), None).await.unwrap().status, 202);
    assert_eq!(twin.messages_sent(), 1);
}

#[tokio::test]
async fn sending_works_and_is_counted() {
    let (twin, caller) = openphone(office()).await;
    let body = json!({ "content": "Hello", "from": NUMBER, "to": [ANA] });
    let seen = caller.send("POST", "/v1/messages", body.clone()).await;
    assert_eq!((seen.status, &seen.body["data"]["status"]), (202, &json!("queued")));
    assert_eq!((twin.messages_sent(), twin.report().calls("POST /v1/messages")), (1, 1));
    for (name, value) in [("content", json!("  ")), ("to", json!([])), ("from", json!(1))] {
        let mut body = body.clone();
        body[name] = value;
        assert_eq!(caller.send("POST", "/v1/messages", body).await.status, 400, "{name}");
    }
    assert_eq!(twin.messages_sent(), 1);
}

fn call() -> Value {
    json!({
        "participants": [ANA], "status": "completed", "duration": 55,
        "recordings": ["https://example.com/recordings/1.mp3"], "summary": ["A quote."], "nextSteps": ["Send it."],
        "transcript": [{ "content": "Hello", "identifier": ANA, "userId": null }],
        "voicemail": { "duration": 14, "transcript": "Call me", "recordingUrl": "https://example.com/voicemail/1.mp3" },
    })
}

#[tokio::test]
async fn calls_leave_recordings_summaries_transcripts_and_voicemails() {
    let (twin, caller) = openphone(office()).await;
    let id = twin.create_call(&call()).unwrap();
    let path = format!("/v1/calls?maxResults=10&phoneNumberId={NUMBER}&participants=%2B14155550100");
    let list = caller.get(&path).await.body;
    assert_eq!(ids(&list), [id.as_str()]);
    assert_eq!(list["data"][0]["duration"], 55);
    assert_eq!(caller.get(&format!("{path}&participants=%2B14155550101")).await.status, 400, "exactly one");
    let got = async |path: String| caller.get(&path).await.body["data"].clone();
    assert_eq!(got(format!("/v1/call-recordings/{id}")).await[0]["status"], "completed");
    assert_eq!(got(format!("/v1/call-summaries/{id}")).await["summary"], json!(["A quote."]));
    assert_eq!(got(format!("/v1/call-transcripts/{id}")).await["dialogue"][0]["content"], "Hello");
    assert_eq!(got(format!("/v1/call-voicemails/{id}")).await["transcript"], "Call me");
    assert!(got(format!("/calls/{id}")).await.get("summary").is_none());
    let whole = got(format!("/calls/{id}?include=summary,voicemail")).await;
    assert_eq!(whole["summary"]["nextSteps"], json!(["Send it."]));
    assert_eq!(whole["voicemail"]["duration"], 14);
    assert_eq!(got(format!("/calls/{id}/recordings")).await.as_array().unwrap().len(), 1);
    let lines = got(format!("/calls/{id}/transcripts")).await[0]["dialogue"].clone();
    assert!(lines[0].get("userId").is_none() && lines[0].get("actorId").is_some());

    let bare = twin.create_call(&json!({ "participants": [ANA, BEN], "status": "missed" })).unwrap();
    let refused = caller.get(&format!("/v1/calls/{bare}")).await;
    assert_eq!((refused.status, &refused.body["code"]), (400, &json!("0101400")), "more than two parties");
    assert_eq!(caller.get(&format!("/calls/{bare}")).await.status, 200);
    assert_eq!(got(format!("/v1/call-summaries/{bare}")).await["status"], "absent");
    assert_eq!(caller.get(&format!("/v1/call-voicemails/{bare}")).await.status, 404);
    assert_eq!(count(&caller, "/calls?status[in]=missed,busy&participant=%2B14155550101").await, 1);
}

#[tokio::test]
async fn talks_fire_events_that_name_the_contacts_with_the_number() {
    let receiver = Receiver::start().await;
    let mut config = office();
    config.workspaces[0].webhook_url = Some(receiver.url.clone());
    let (twin, _caller) = openphone(config).await;
    let contact = twin.create_contact(&json!({ "firstName": "Ana", "phoneNumbers": [ANA] })).unwrap();
    twin.create_message(&json!({ "participants": [ANA], "text": "Hi" })).unwrap();
    twin.create_call(&call()).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let arrived = receiver.arrived();
    let message = of_type(&arrived, "message.received").remove(0);
    assert_eq!(message["data"]["context"]["contacts"], json!({ "ids": [contact], "lookupStatus": "matched" }));
    assert_eq!(message["data"]["context"]["senderIdentifier"], ANA);
    let summary = of_type(&arrived, "call.summary.completed").remove(0);
    assert!(summary["data"]["resource"].get("id").is_none() && summary["data"]["resource"]["callId"].is_string());
    assert!(of_type(&arrived, "call.ringing")[0]["data"]["context"].get("contacts").is_none());
    assert_eq!(of_type(&arrived, "call.completed")[0]["data"]["resource"]["hasVoicemail"], true);
    assert_eq!(arrived.len(), 9, "{:?}", receiver.types());
}

#[tokio::test]
async fn users_and_numbers_are_shown_on_both_surfaces() {
    let (_twin, caller) = openphone(office()).await;
    for path in ["/v1/users?maxResults=50", "/users"] {
        assert_eq!(ids(&caller.get(path).await.body), ["USsandbox", "USben"]);
    }
    assert_eq!(caller.get("/v1/users/USben").await.body["data"]["email"], "ben@example.com");
    assert_eq!(caller.get("/v1/users/SYUagent").await.status, 400, "an AI actor");
    assert_eq!(caller.get("/users/USnobody").await.status, 404);
    let numbers = caller.get("/v1/phone-numbers").await.body;
    assert_eq!(ids(&numbers), [NUMBER, SECOND]);
    assert_eq!(
        (&numbers["data"][0]["number"], &numbers["data"][0]["formattedNumber"]),
        (&json!("+14155550199"), &json!("(415) 555-0199"))
    );
    let dated = caller.get("/phone-numbers?phoneNumber=%2B14155550198&include=restrictions").await.body;
    assert_eq!((ids(&dated), dated["data"][0]["restrictions"].is_object()), (vec![SECOND], true));
    assert_eq!(caller.get(&format!("/phone-numbers/{NUMBER}")).await.body["data"]["phoneNumber"], "+14155550199");
    assert_eq!(count(&caller, &format!("/phone-numbers/{NUMBER}/users")).await, 2);
    assert_eq!(count(&caller, "/users/USben/phone-numbers").await, 2);
    assert_eq!(caller.get("/phone-numbers/available").await.body["data"]["phoneNumbers"], json!([]));
}
