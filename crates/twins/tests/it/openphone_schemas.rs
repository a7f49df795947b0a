//! The answers against the two API documents: every operation exists, and what it answers fits the schema.

use serde_json::{Value, json};
use tandem_testkit::openapi::deviations::Subject;
use tandem_twins::{CustomField, FieldType, OpenPhoneTwin, UnknownOption};

use crate::described::{Inspector, judge};
use crate::kit::{Caller, DATED as VERSION, Receiver, openphone};
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

    /// Calls an operation that must succeed. Deletions are carried out: they come last.
    async fn succeeds(&self, inspector: &mut Inspector, template: &str, (tail, body): (&str, Value)) {
        let (method, path) = template.split_once(' ').unwrap();
        let path = format!("{}{tail}", self.path(path));
        let body = (!body.is_null()).then_some(&body);
        let seen = self.caller.try_send(method, &path, body).await.unwrap();
        assert!(seen.status < 300, "{method} {path}: {}", seen.text);
        inspector.take(template, &seen);
    }
}

/// What v1 is asked for: method and path, query, body.
fn v1() -> Vec<(&'static str, &'static str, Value)> {
    let with = "?maxResults=10&phoneNumberId=PNsandbox&participants=%2B14155550100";
    let fields = json!({ "firstName": "Ben", "emails": [{ "name": "work", "value": "ben@example.com" }] });
    let hook = |event: &str| json!({ "url": "https://example.com", "events": [event], "resourceIds": ["*"] });
    let due = json!({ "dueDate": "2026-12-01T09:00:00.000Z" });
    vec![
        ("GET /v1/contacts", "?maxResults=10", Value::Null),
        (
            "POST /v1/contacts",
            "",
            json!({ "defaultFields": fields, "externalId": "e2", "source": "test",
            "customFields": [{ "key": "tags", "value": ["vip"] }] }),
        ),
        ("GET /v1/contacts/{id}", "", Value::Null),
        (
            "PATCH /v1/contacts/{id}",
            "",
            json!({ "defaultFields": fields, "customFields": [{ "key": "score", "value": 5 }] }),
        ),
        ("GET /v1/contact-custom-fields", "", Value::Null),
        ("GET /v1/conversations", "?maxResults=10", Value::Null),
        ("POST /v1/conversations/{conversationId}/mark-as-read", "", Value::Null),
        ("POST /v1/conversations/{conversationId}/mark-as-done", "", Value::Null),
        ("POST /v1/conversations/{conversationId}/mark-as-open", "", Value::Null),
        ("GET /v1/messages", with, Value::Null),
        ("POST /v1/messages", "", json!({ "content": "Hi", "from": NUMBER, "to": [ANA] })),
        ("GET /v1/messages/{id}", "", Value::Null),
        ("GET /v1/calls", with, Value::Null),
        ("GET /v1/calls/{callId}", "", Value::Null),
        ("GET /v1/call-recordings/{callId}", "", Value::Null),
        ("GET /v1/call-summaries/{callId}", "", Value::Null),
        ("GET /v1/call-transcripts/{id}", "", Value::Null),
        ("GET /v1/call-voicemails/{callId}", "", Value::Null),
        ("GET /v1/phone-numbers", "", Value::Null),
        ("GET /v1/phone-numbers/{phoneNumberId}", "", Value::Null),
        ("GET /v1/users", "?maxResults=10", Value::Null),
        ("GET /v1/users/{userId}", "", Value::Null),
        ("GET /v1/tasks", "?maxResults=10", Value::Null),
        ("POST /v1/tasks", "", json!({ "title": "t", "description": "", "phoneNumberId": NUMBER })),
        ("PUT /v1/tasks/{taskId}", "", json!({ "title": "t", "description": "d" })),
        ("POST /v1/tasks/{taskId}/complete", "", Value::Null),
        ("POST /v1/tasks/{taskId}/reopen", "", Value::Null),
        ("POST /v1/tasks/{taskId}/change-due-date", "", due),
        ("GET /v1/tasks/{taskId}", "", Value::Null),
        ("POST /v1/tasks/{taskId}/remove-due-date", "", Value::Null),
        ("POST /v1/tasks/{taskId}/unassign", "", json!({ "userId": "USben" })),
        ("POST /v1/tasks/{taskId}/assign", "", json!({ "userId": "USsandbox" })),
        ("POST /v1/tasks/{taskId}/unlink-conversation", "", json!({ "conversationId": "{conversationId}" })),
        ("POST /v1/tasks/{taskId}/link-conversation", "", json!({ "conversationId": "{conversationId}" })),
        ("GET /v1/webhooks", "", Value::Null),
        ("GET /v1/webhooks/{id}", "", Value::Null),
        ("POST /v1/webhooks/messages", "", hook("message.received")),
        ("POST /v1/webhooks/calls", "", hook("call.ringing")),
        ("POST /v1/webhooks/call-summaries", "", hook("call.summary.completed")),
        ("POST /v1/webhooks/call-transcripts", "", hook("call.transcript.completed")),
        ("DELETE /v1/webhooks/{id}", "", Value::Null),
        ("DELETE /v1/tasks/{taskId}", "", Value::Null),
        ("DELETE /v1/contacts/{id}", "", Value::Null),
    ]
}

/// The same for the dated surface.
fn dated() -> Vec<(&'static str, &'static str, Value)> {
    [dated_contacts(), dated_talks(), dated_tasks_and_hooks()].concat()
}

fn dated_contacts() -> Vec<(&'static str, &'static str, Value)> {
    let text = json!({ "text": "Hi" });
    let property = json!({ "type": "email", "name": "work", "value": "b@example.com" });
    vec![
        ("GET /contacts", "", Value::Null),
        ("POST /contacts", "", json!({ "firstName": "Ben", "externalId": "e3", "source": "test" })),
        ("GET /contacts/{contactId}", "", Value::Null),
        ("PATCH /contacts/{contactId}", "", json!({ "role": "Buyer", "company": null })),
        ("GET /contacts/{contactId}/shares", "", Value::Null),
        ("GET /contacts/{contactId}/notes", "", Value::Null),
        ("POST /contacts/{contactId}/notes", "", text.clone()),
        ("GET /contacts/{contactId}/notes/{noteId}", "", Value::Null),
        ("PATCH /contacts/{contactId}/notes/{noteId}", "", text),
        ("GET /contacts/{contactId}/properties", "", Value::Null),
        ("POST /contacts/{contactId}/properties", "", property),
        ("GET /contacts/{contactId}/properties/{propertyId}", "", Value::Null),
        ("PATCH /contacts/{contactId}/properties/{propertyId}", "", json!({ "name": "home" })),
        ("DELETE /contacts/{contactId}/properties/{propertyId}", "", Value::Null),
        ("DELETE /contacts/{contactId}/notes/{noteId}", "", Value::Null),
        ("DELETE /contacts/{contactId}", "", Value::Null),
    ]
}

fn dated_talks() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("GET /conversations", "", Value::Null),
        ("POST /conversations/{conversationId}/mark-as-read", "", Value::Null),
        ("POST /conversations/{conversationId}/mark-as-done", "", Value::Null),
        ("POST /conversations/{conversationId}/mark-as-open", "", Value::Null),
        ("GET /messages", "", Value::Null),
        ("GET /messages/{messageId}", "", Value::Null),
        ("POST /messages/{messageId}/retry", "", Value::Null),
        ("GET /calls", "", Value::Null),
        ("GET /calls/{callId}", "", Value::Null),
        ("GET /calls/{callId}/recordings", "", Value::Null),
        ("GET /calls/{callId}/transcripts", "", Value::Null),
        ("GET /phone-numbers", "", Value::Null),
        ("GET /phone-numbers/available", "", Value::Null),
        ("GET /phone-numbers/{phoneNumberId}", "", Value::Null),
        ("GET /phone-numbers/{phoneNumberId}/users", "", Value::Null),
        ("GET /users", "", Value::Null),
        ("GET /users/{userId}", "", Value::Null),
        ("GET /users/{userId}/phone-numbers", "", Value::Null),
        ("GET /organization", "", Value::Null),
    ]
}

fn dated_tasks_and_hooks() -> Vec<(&'static str, &'static str, Value)> {
    let hook = json!({ "url": "https://example.com", "events": ["task.created"], "status": "disabled", "label": "sync",
        "resourceIds": ["*"] });
    let task = json!({ "title": "t", "description": "", "conversationId": "{conversationId}", "assignedTo": "USben",
        "dueDate": "2026-12-01T09:00:00.000Z" });
    vec![
        ("GET /tasks", "", Value::Null),
        ("POST /tasks", "", task),
        ("GET /tasks/{taskId}", "", Value::Null),
        ("PATCH /tasks/{taskId}", "", json!({ "title": "t", "description": "" })),
        ("PATCH /tasks/{taskId}/status", "", json!({ "status": "completed" })),
        ("PATCH /tasks/{taskId}/due-date", "", json!({ "dueDate": "2026-12-01T09:00:00.000Z" })),
        ("DELETE /tasks/{taskId}/due-date", "", Value::Null),
        ("DELETE /tasks/{taskId}/users", "", json!({ "userId": "USben" })),
        ("POST /tasks/{taskId}/users", "", json!({ "userId": "USsandbox" })),
        ("DELETE /tasks/{taskId}/conversations", "", json!({ "conversationId": "{conversationId}" })),
        ("POST /tasks/{taskId}/conversations", "", json!({ "conversationId": "{conversationId}" })),
        ("GET /webhooks", "", Value::Null),
        ("POST /webhooks", "", hook),
        ("GET /webhooks/{webhookId}", "", Value::Null),
        ("PATCH /webhooks/{webhookId}", "", json!({ "label": "sync" })),
        ("POST /webhooks/{webhookId}/events/test", "", json!({ "eventType": "contact.deleted" })),
        ("GET /webhooks/{webhookId}/events", "", Value::Null),
        ("GET /webhooks/{webhookId}/events/{deliveryId}", "", Value::Null),
        ("POST /webhooks/{webhookId}/events/{deliveryId}/retry", "", Value::Null),
        ("POST /webhooks/{webhookId}/rotate", "", Value::Null),
        ("DELETE /webhooks/{webhookId}", "", Value::Null),
        ("DELETE /tasks/{taskId}", "", Value::Null),
    ]
}

/// Calls that are refused: method and path, the address, and with which status.
const REFUSALS: [(&str, &str, u16); 13] = [
    ("GET /v1/users", "/v1/users?maxResults=0", 400),
    ("GET /v1/users/{userId}", "/v1/users/USnobody", 404),
    ("GET /v1/tasks/{taskId}", "/v1/tasks/TKnone", 404),
    ("GET /v1/conversations", "/v1/conversations?maxResults=101", 400),
    ("GET /v1/contacts/{id}", "/v1/contacts/none", 404),
    ("GET /v1/contacts", "/v1/contacts?maxResults=51", 400),
    ("GET /v1/calls/{callId}", "/v1/calls/{group}", 400),
    ("GET /v1/call-voicemails/{callId}", "/v1/call-voicemails/ACnone", 404),
    ("GET /v1/webhooks/{id}", "/v1/webhooks/WHnone", 404),
    ("GET /tasks/{taskId}", "/tasks/TKnone", 404),
    ("GET /contacts", "/contacts?limit=51", 400),
    ("GET /contacts/{contactId}/notes/{noteId}", "/contacts/none/notes/none", 404),
    ("GET /webhooks/{webhookId}", "/webhooks/1", 404),
];

async fn refuse(inspector: &mut Inspector, is_v1: bool) {
    let stage = Stage::set().await;
    let group = stage.twin.create_call(&json!({ "participants": [ANA, "+14155550101"] })).unwrap();
    for (template, address, status) in REFUSALS.iter().filter(|(_, address, _)| address.starts_with("/v1/") == is_v1) {
        let seen = stage.caller.get(&address.replace("{group}", &group)).await;
        assert_eq!(seen.status, *status, "{address}");
        inspector.take(template, &seen);
    }
    let keyless = stage.caller.with(&[VERSION]);
    let (template, address) =
        if is_v1 { ("GET /v1/users", "/v1/users?maxResults=1") } else { ("GET /users", "/users") };
    inspector.take(template, &keyless.get(address).await);
    // The same source and key once more.
    let (template, body) = if is_v1 {
        ("POST /v1/contacts", json!({ "defaultFields": { "firstName": "Ana" }, "externalId": "e9" }))
    } else {
        ("POST /contacts", json!({ "firstName": "Ana", "externalId": "e9" }))
    };
    let path = template.split_once(' ').unwrap().1;
    for status in [201, 409] {
        let seen = stage.caller.send("POST", path, body.clone()).await;
        assert_eq!(seen.status, status, "{}", seen.text);
        inspector.take(template, &seen);
    }
}

async fn inspected(name: &'static str, file: &str, rows: Vec<(&str, &str, Value)>) -> Option<Inspector> {
    let mut inspector = Inspector::new(name, &[("/", file.to_owned())])?;
    let stage = Stage::set().await;
    for (template, tail, mut body) in rows {
        if body["conversationId"] == "{conversationId}" {
            body["conversationId"] = stage.path("{conversationId}").into();
        }
        stage.succeeds(&mut inspector, template, (tail, body)).await;
    }
    assert_eq!(inspector.unseen(), Vec::<String>::new(), "described, and not asked for");
    refuse(&mut inspector, name == "v1").await;
    Some(inspector)
}

#[tokio::test]
async fn answers_are_as_described_but_for_known_deviations() {
    let (Some(v1), Some(dated)) = (inspected("v1", V1, v1()).await, inspected("dated", DATED, dated()).await) else {
        return;
    };
    judge(Subject::OpenPhoneAnswers, vec![v1, dated]);
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
