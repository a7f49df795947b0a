//! The answers against the two API documents: every operation exists, and what it answers fits the schema.

use serde_json::{Value, json};
use tandem_twins::{CustomField, FieldType, OpenPhoneTwin, UnknownOption};

use crate::kit::{Caller, DATED as VERSION, Receiver, openphone};
use crate::openphone_judge::{Document, judge};
use crate::openphone_kit::{ANA, NUMBER, hook, office};
use crate::vendor::vendor;

const V1: &str = "openphone/openapi/quo-public-api-v1.json";
const DATED: &str = "openphone/openapi/quo-2026-03-30.reconstructed.json";

/// A workspace where every kind of thing exists, and the ids of one of each.
struct Stage {
    twin: OpenPhoneTwin,
    caller: Caller,
    names: Vec<(&'static str, String)>,
    _receiver: Receiver,
}

impl Stage {
    async fn set() -> Self {
        let mut config = office();
        config.workspaces[0].custom_fields =
            vec![CustomField::tags(&[], UnknownOption::Add), CustomField::new("score", "Score", FieldType::Number)];
        let (twin, caller) = openphone(config).await;
        let receiver = Receiver::start().await;
        let (webhook, _) = hook(&caller, &receiver.url, &["contact.updated"]).await;
        let contact = twin.create_contact(&json!({
            "firstName": "Ana", "externalId": "e1", "sourceUrl": "https://example.com/1", "phoneNumbers": [ANA],
            "emails": ["ana@example.com"], "customFields": { "tags": ["vip"], "score": 4 },
        }));
        let contact = contact.unwrap();
        let note = twin.create_note(&contact, "First").unwrap();
        let conversation = twin.create_conversation(&json!({ "participants": [ANA] })).unwrap();
        let text = json!({ "participants": [ANA], "text": "Hi", "direction": "outgoing", "status": "undelivered" });
        let message = twin.create_message(&text).unwrap();
        let call = twin.create_call(&json!({
            "participants": [ANA], "duration": 55, "recordings": ["https://example.com/1.mp3"], "summary": ["Yes"],
            "nextSteps": [], "transcript": [{ "content": "Hello", "identifier": ANA, "userId": "USben" }],
            "voicemail": { "duration": 1, "transcript": "Hi", "recordingUrl": "https://example.com/2.mp3" },
        }));
        let seed = json!({ "title": "t", "conversationId": conversation, "assignedTo": "USben" });
        let task = twin.create_task(&seed).unwrap();
        let body = json!({ "url": receiver.url, "events": ["call.completed"], "resourceIds": ["*"] });
        let legacy = caller.send("POST", "/v1/webhooks/calls", body).await.body["data"]["id"].clone();
        let first = async |path: String| {
            let body = caller.get(&path).await.body;
            body["data"][0]["id"].as_str().unwrap().to_owned()
        };
        let property = first(format!("/contacts/{contact}/properties")).await;
        let delivery = first(format!("/webhooks/{webhook}/events")).await;
        let names = vec![
            ("contactId", contact.clone()),
            ("noteId", note),
            ("conversationId", conversation),
            ("messageId", message.clone()),
            ("callId", call.unwrap()),
            ("taskId", task),
            ("webhookId", webhook),
            ("propertyId", property),
            ("deliveryId", delivery),
            ("userId", "USben".to_owned()),
            ("phoneNumberId", NUMBER.to_owned()),
            ("contacts/{id", contact),
            ("messages/{id", message),
            ("webhooks/{id", legacy.as_str().unwrap().to_owned()),
        ];
        Self { twin, caller, names, _receiver: receiver }
    }

    /// The path with ids that exist.
    fn path(&self, template: &str) -> String {
        let mut path = template.to_owned();
        for (name, id) in &self.names {
            let (front, bare) = name.split_once('{').unwrap_or(("", name));
            path = path.replace(&format!("{front}{{{bare}}}"), &format!("{front}{id}"));
        }
        let call = &self.names.iter().find(|(name, _)| *name == "callId").unwrap().1;
        path.replace("call-transcripts/{id}", &format!("call-transcripts/{call}"))
    }

    /// Calls an operation that must succeed, and judges the answer.
    async fn fits(&self, document: &Document, (method, template): (&str, &str), (tail, body): (&str, Option<Value>)) {
        let path = format!("{}{tail}", self.path(template));
        let seen = self.caller.try_send(method, &path, body.as_ref()).await.unwrap();
        assert!(seen.status < 300, "{method} {path}: {}", seen.text);
        judge(document, (method, template), &seen);
    }
}

fn document(path: &str) -> Option<Document> {
    vendor(path).map(Document)
}

#[tokio::test]
async fn v1_answers_fit_the_vendors_document() {
    let Some(document) = document(V1) else { return };
    let stage = Stage::set().await;
    let with = format!("?maxResults=10&phoneNumberId={NUMBER}&participants=%2B14155550100");
    for (template, tail) in [
        ("/v1/contacts", "?maxResults=10"),
        ("/v1/contacts/{id}", ""),
        ("/v1/contact-custom-fields", ""),
        ("/v1/conversations", "?maxResults=10"),
        ("/v1/messages", with.as_str()),
        ("/v1/messages/{id}", ""),
        ("/v1/calls", with.as_str()),
        ("/v1/calls/{callId}", ""),
        ("/v1/call-recordings/{callId}", ""),
        ("/v1/call-summaries/{callId}", ""),
        ("/v1/call-transcripts/{id}", ""),
        ("/v1/call-voicemails/{callId}", ""),
        ("/v1/phone-numbers", ""),
        ("/v1/phone-numbers/{phoneNumberId}", ""),
        ("/v1/users", "?maxResults=10"),
        ("/v1/users/{userId}", ""),
        ("/v1/tasks", "?maxResults=10"),
        ("/v1/tasks/{taskId}", ""),
        ("/v1/webhooks", ""),
        ("/v1/webhooks/{id}", ""),
    ] {
        stage.fits(&document, ("GET", template), (tail, None)).await;
    }
    let fields = json!({ "firstName": "Ben", "emails": [{ "name": "work", "value": "ben@example.com" }] });
    let hook = |event: &str| json!({ "url": "https://example.com", "events": [event], "resourceIds": ["*"] });
    for (template, body) in [
        ("/v1/contacts", json!({ "defaultFields": fields })),
        ("/v1/messages", json!({ "content": "Hi", "from": NUMBER, "to": [ANA] })),
        ("/v1/tasks", json!({ "title": "t", "description": "", "phoneNumberId": NUMBER })),
        ("/v1/tasks/{taskId}/assign", json!({ "userId": "USsandbox" })),
        ("/v1/webhooks/messages", hook("message.received")),
        ("/v1/webhooks/calls", hook("call.ringing")),
        ("/v1/webhooks/call-summaries", hook("call.summary.completed")),
        ("/v1/webhooks/call-transcripts", hook("call.transcript.completed")),
        ("/v1/conversations/{conversationId}/mark-as-done", json!({})),
    ] {
        stage.fits(&document, ("POST", template), ("", Some(body))).await;
    }
    stage.fits(&document, ("PATCH", "/v1/contacts/{id}"), ("", Some(json!({ "defaultFields": fields })))).await;
    assert_eq!(stage.twin.messages_sent(), 1);
}

#[tokio::test]
async fn dated_answers_fit_the_reconstructed_document() {
    let Some(document) = document(DATED) else { return };
    let stage = Stage::set().await;
    let paths = document.0["paths"].as_object().unwrap();
    for template in paths.iter().filter(|(_, methods)| methods["get"].is_object()).map(|(path, _)| path) {
        stage.fits(&document, ("GET", template), ("", None)).await;
    }
    for (method, template, body) in [
        ("POST", "/contacts", json!({ "firstName": "Ben" })),
        ("PATCH", "/contacts/{contactId}", json!({ "role": "Buyer" })),
        ("POST", "/contacts/{contactId}/notes", json!({ "text": "Hi" })),
        ("PATCH", "/contacts/{contactId}/notes/{noteId}", json!({ "text": "Hi" })),
        ("POST", "/contacts/{contactId}/properties", json!({ "type": "email", "value": "b@example.com" })),
        ("PATCH", "/contacts/{contactId}/properties/{propertyId}", json!({ "name": "home" })),
        ("POST", "/conversations/{conversationId}/mark-as-read", json!({})),
        ("PATCH", "/tasks/{taskId}", json!({ "title": "t", "description": "" })),
        ("PATCH", "/tasks/{taskId}/status", json!({ "status": "completed" })),
        ("DELETE", "/tasks/{taskId}/users", json!({ "userId": "USben" })),
        ("POST", "/messages/{messageId}/retry", json!({})),
        ("POST", "/webhooks", json!({ "url": "https://example.com", "events": ["task.created"] })),
        ("PATCH", "/webhooks/{webhookId}", json!({ "label": "sync" })),
        ("POST", "/webhooks/{webhookId}/rotate", json!({})),
        ("POST", "/webhooks/{webhookId}/events/test", json!({ "eventType": "contact.deleted" })),
        ("POST", "/webhooks/{webhookId}/events/{deliveryId}/retry", json!({})),
    ] {
        stage.fits(&document, (method, template), ("", Some(body))).await;
    }
}

#[tokio::test]
async fn refusals_fit_both_documents() {
    let (Some(v1), Some(dated)) = (document(V1), document(DATED)) else { return };
    let stage = Stage::set().await;
    let group = stage.twin.create_call(&json!({ "participants": [ANA, "+14155550101"] })).unwrap();
    let group = format!("/v1/calls/{group}");
    for (document, status, template, path) in [
        (&v1, 400, "/v1/users", "/v1/users?maxResults=0"),
        (&v1, 404, "/v1/users/{userId}", "/v1/users/USnobody"),
        (&v1, 404, "/v1/tasks/{taskId}", "/v1/tasks/TKnone"),
        (&v1, 400, "/v1/conversations", "/v1/conversations?maxResults=101"),
        (&v1, 404, "/v1/contacts/{id}", "/v1/contacts/none"),
        (&v1, 400, "/v1/contacts", "/v1/contacts?maxResults=51"),
        (&v1, 400, "/v1/calls/{callId}", group.as_str()),
        (&v1, 404, "/v1/call-voicemails/{callId}", "/v1/call-voicemails/ACnone"),
        (&v1, 404, "/v1/webhooks/{id}", "/v1/webhooks/WHnone"),
        (&dated, 404, "/tasks/{taskId}", "/tasks/TKnone"),
        (&dated, 400, "/contacts", "/contacts?limit=51"),
        (&dated, 404, "/webhooks/{webhookId}", "/webhooks/1"),
    ] {
        let seen = stage.caller.get(path).await;
        assert_eq!(seen.status, status, "{path}");
        judge(document, ("GET", template), &seen);
    }
    let keyless = stage.caller.with(&[VERSION]);
    judge(&v1, ("GET", "/v1/users"), &keyless.get("/v1/users?maxResults=1").await);
    judge(&dated, ("GET", "/users"), &keyless.get("/users").await);
}

/// Every operation of a document, as method and template.
fn operations(document: &Document) -> Vec<(String, String)> {
    let paths = document.0["paths"].as_object().unwrap().iter();
    let methods = ["get", "post", "put", "patch", "delete"];
    let all = paths.flat_map(|(template, described)| {
        let there = methods.iter().filter(|method| described[**method].is_object());
        there.map(|method| (method.to_uppercase(), template.clone()))
    });
    all.collect()
}

#[tokio::test]
async fn every_operation_of_both_documents_exists() {
    let stage = Stage::set().await;
    for (path, how_many) in [(V1, 43), (DATED, 57)] {
        let Some(document) = document(path) else { return };
        let operations = operations(&document);
        assert_eq!(operations.len(), how_many);
        for (method, template) in operations {
            // Ids that do not exist: the question is only whether the route does.
            let path = template.replace(['{', '}'], "");
            let seen = stage.caller.try_send(&method, &path, Some(&json!({}))).await.unwrap();
            assert!(!seen.text.starts_with("<!DOCTYPE"), "{method} {template} is no route");
        }
    }
}

#[tokio::test]
async fn test_events_look_like_the_examples() {
    let stage = Stage::set().await;
    for kind in [
        "call.answered",
        "call.completed",
        "call.forwarded",
        "call.menu.selected",
        "call.missed",
        "call.recording.completed",
        "call.ringing",
        "call.summary.completed",
        "call.transcript.completed",
        "call.voicemail.completed",
        "contact.deleted",
        "contact.updated",
        "message.delivered",
        "message.failed",
        "message.received",
        "message.undelivered",
        "task.assigned",
        "task.completed",
        "task.created",
        "task.deleted",
        "task.duedate.removed",
        "task.duedate.updated",
        "task.linked",
        "task.overdue",
        "task.reopened",
        "task.unassigned",
        "task.unlinked",
        "task.updated",
    ] {
        let Some(example) = vendor(&format!("openphone/webhooks/{kind}.json")) else { return };
        let path = stage.path("/webhooks/{webhookId}/events/test");
        let sent = stage.caller.send("POST", &path, json!({ "eventType": kind })).await.body;
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        for part in ["resource", "context", "links"] {
            assert_eq!(keys(&sent["data"][part]), keys(&example["data"][part]), "{kind} {part}");
        }
        assert_eq!(keys(&sent), keys(&example), "{kind}");
    }
}
