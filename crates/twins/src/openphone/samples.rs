//! The samples that test events carry.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::openphone::config::Workspace;
use crate::openphone::events::Event;
use crate::openphone::talk::{Call, Conversation, Message};
use crate::openphone::talk_events::{self, Scene};
use crate::stamp::{Stamp, iso};

const OTHER: &str = "+15550001111";

/// A sample event; there is none where no payload is documented.
pub(super) fn event(kind: &'static str, workspace: &Workspace, stamp: Stamp) -> Option<Event<'static>> {
    let scene = scene(workspace, stamp);
    match kind.split('.').next()? {
        "message" => Some(talk_events::message(kind, &message(kind, workspace, stamp), &scene)),
        "call" => Some(talk_events::call(kind, &call(workspace, stamp), &scene)),
        "contact" => Some(contact(kind, workspace, stamp)),
        "task" => Some(task(kind, workspace, stamp)),
        _ => None,
    }
}

fn scene(workspace: &Workspace, stamp: Stamp) -> Scene {
    let own = workspace.phone_numbers.first();
    let conversation = Conversation {
        id: "CN123abc".to_owned(),
        number: own.map_or_else(|| "PN123abc".to_owned(), |number| number.id.clone()),
        participants: vec![OTHER.to_owned()],
        name: None,
        latest: None,
        created: stamp.time,
        updated: stamp.time,
    };
    let own = own.map_or_else(|| "+15550002222".to_owned(), |number| number.number.clone());
    let contacts = vec!["6a145ff26212a192852c856e".to_owned()];
    Scene { org: workspace.org_id.clone(), own, conversation, contacts }
}

fn message(kind: &str, workspace: &Workspace, stamp: Stamp) -> Message {
    let incoming = kind == "message.received";
    let own = scene(workspace, stamp);
    let (from, to) = if incoming { (OTHER.to_owned(), own.own) } else { (own.own, OTHER.to_owned()) };
    Message {
        id: "AC123msg".to_owned(),
        conversation: own.conversation.id,
        number: own.conversation.number,
        incoming,
        from,
        to: vec![to],
        text: "This is a test event".to_owned(),
        status: kind.trim_start_matches("message.").to_owned(),
        user: workspace.owner.clone(),
        created: stamp.time,
        updated: stamp.time,
    }
}

fn call(workspace: &Workspace, stamp: Stamp) -> Call {
    let own = scene(workspace, stamp);
    let began = stamp.time.saturating_sub(SignedDuration::from_secs(55)).unwrap_or(stamp.time);
    let line = json!({ "content": "Hello", "start": 0.4, "end": 2.1, "identifier": OTHER, "userId": null });
    let recording = json!({
        "id": "CR123abc", "duration": 55, "startTime": iso(began), "type": "audio/mpeg",
        "url": "https://example.com/recordings/CR123abc.mp3",
    });
    Call {
        id: "AC123call".to_owned(),
        conversation: own.conversation.id,
        number: own.conversation.number,
        incoming: true,
        status: "answered".to_owned(),
        participants: vec![OTHER.to_owned()],
        user: workspace.owner.clone(),
        duration: 55,
        created: began,
        completed: stamp.time,
        recordings: vec![recording],
        summary: Some(json!({ "status": "completed", "summary": ["A test event."], "nextSteps": ["None."] })),
        transcript: Some(json!({ "status": "completed", "createdAt": iso(stamp.time), "dialogue": [line] })),
        voicemail: Some(json!({
            "id": "VM123abc", "duration": 14, "transcript": "Please call me back.",
            "recordingUrl": "https://example.com/voicemail/VM123abc.mp3",
        })),
    }
}

fn contact(kind: &'static str, workspace: &Workspace, stamp: Stamp) -> Event<'static> {
    let (org, at) = (&workspace.org_id, iso(stamp.time));
    Event {
        kind,
        resource: json!({
            "id": "6a145ff26212a192852c856e", "firstName": "Test", "lastName": "Event", "company": null, "role": null,
            "location": null, "source": "public-api", "externalId": null, "emails": [],
            "phoneNumbers": [{ "value": OTHER, "type": "phone-number" }], "customFields": [], "createdAt": at,
            "updatedAt": at,
        }),
        context: json!({ "orgId": org, "userId": workspace.owner, "sharedWithIds": [org] }),
        quo: None,
        number: None,
        legacy: None,
    }
}

fn task(kind: &'static str, workspace: &Workspace, stamp: Stamp) -> Event<'static> {
    let due = iso(stamp.time);
    let mut resource = match kind {
        "task.created" => json!({ "title": "Test event", "description": "", "dueDate": due }),
        "task.updated" => json!({ "updatedFields": {
            "title": { "isUpdated": true, "updatedValue": "Test event" }, "description": { "isUpdated": false },
        } }),
        "task.assigned" => json!({ "assignedTo": workspace.owner }),
        "task.unassigned" => json!({ "unassignedFrom": workspace.owner }),
        "task.overdue" => json!({ "dueDate": due }),
        "task.duedate.updated" => json!({ "updatedDueDate": due }),
        _ => json!({}),
    };
    resource["id"] = json!("TK123abc");
    let scene = scene(workspace, stamp);
    let context = json!({
        "orgId": scene.org, "actorId": workspace.owner, "phoneNumberId": scene.conversation.number,
        "conversationId": scene.conversation.id, "activityId": Value::Null, "phoneNumberGroupId": Value::Null,
    });
    let quo = Some(format!("{}?taskId=TK123abc", scene.conversation.link()));
    Event { kind, resource, context, quo, number: None, legacy: None }
}
