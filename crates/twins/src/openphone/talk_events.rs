//! The events of messages and calls: what each says, in the dated form and in the older one.

use serde_json::{Value, json};

use crate::openphone::events::Event;
use crate::openphone::talk::{Call, Conversation, Message, direction};
use crate::stamp::iso;

/// Everything around a message or call that its events tell.
pub(super) struct Scene {
    pub(super) org: String,
    /// The workspace's own number.
    pub(super) own: String,
    pub(super) conversation: Conversation,
    /// Contacts that have one of the other numbers.
    pub(super) contacts: Vec<String>,
}

impl Scene {
    fn contacts(&self) -> Value {
        let status = if self.contacts.is_empty() { "unmatched" } else { "matched" };
        json!({ "ids": self.contacts, "lookupStatus": status })
    }

    fn context(&self, user: &str) -> Value {
        json!({
            "orgId": self.org, "phoneNumberId": self.conversation.number, "conversationId": self.conversation.id,
            "userId": user,
        })
    }
}

/// Received, delivered, or not.
pub(super) fn message_kind(message: &Message) -> &'static str {
    match message.status.as_str() {
        "received" => "message.received",
        "undelivered" => "message.undelivered",
        "failed" => "message.failed",
        _ => "message.delivered",
    }
}

pub(super) fn message(kind: &'static str, message: &Message, scene: &Scene) -> Event<'static> {
    let mut resource = json!({
        "id": message.id, "direction": direction(message.incoming), "text": message.text, "status": message.status,
        "createdAt": iso(message.created),
    });
    if kind != "message.failed" {
        resource["media"] = json!([]);
    }
    if ["message.failed", "message.undelivered"].contains(&kind) {
        resource["errorCode"] = Value::Null;
    }
    let mut context = scene.context(&message.user);
    context["contacts"] = scene.contacts();
    context["senderIdentifier"] = json!(message.from);
    context["recipientIdentifiers"] = json!(message.to);
    let mut legacy = resource.clone();
    legacy["object"] = json!("message");
    legacy["from"] = json!(message.from);
    // Documented as a list, but one receiver arrives as text.
    legacy["to"] = if let [one] = message.to.as_slice() { json!(one) } else { json!(message.to) };
    legacy["userId"] = json!(message.user);
    legacy["phoneNumberId"] = json!(message.number);
    legacy["contactIds"] = json!(scene.contacts);
    Event { kind, resource, context, quo: Some(scene.conversation.link()), number: None, legacy: Some(legacy) }
}

/// The events of a call that has ended, in order.
pub(super) fn call_kinds(call: &Call) -> Vec<&'static str> {
    let ended = if call.is_answered() { "call.completed" } else { "call.missed" };
    [
        (call.incoming, "call.ringing"),
        (call.is_answered(), "call.answered"),
        (true, ended),
        (!call.recordings.is_empty(), "call.recording.completed"),
        (call.transcript.is_some(), "call.transcript.completed"),
        (call.summary.is_some(), "call.summary.completed"),
        (call.voicemail.is_some(), "call.voicemail.completed"),
    ]
    .into_iter()
    .filter_map(|(happened, kind)| happened.then_some(kind))
    .collect()
}

pub(super) fn call(kind: &'static str, call: &Call, scene: &Scene) -> Event<'static> {
    let mut context = scene.context(&call.user);
    context["participants"] =
        json!({ "workspace": [scene.own], "external": call.participants, "resolution": "available" });
    // A call that still rings has not been looked up yet.
    if kind != "call.ringing" {
        context["contacts"] = scene.contacts();
        context["phoneNumberType"] = json!("shared");
    }
    let legacy = legacy(kind, call, scene);
    let quo = Some(scene.conversation.link());
    Event { kind, resource: resource(kind, call, scene), context, quo, number: None, legacy }
}

fn resource(kind: &str, call: &Call, scene: &Scene) -> Value {
    let (created, ended) = (iso(call.created), iso(call.completed));
    let with = |extra: Value| {
        let mut resource = json!({ "id": call.id, "createdAt": created, "updatedAt": ended });
        if let (Some(resource), Some(extra)) = (resource.as_object_mut(), extra.as_object()) {
            resource.extend(extra.clone());
        }
        resource
    };
    let way = direction(call.incoming);
    let answered = call.is_answered().then_some(&created);
    match kind {
        "call.ringing" => with(json!({ "direction": way })),
        "call.answered" => with(json!({ "direction": way, "answeredAt": created, "answeredByUserId": call.user })),
        "call.completed" => with(json!({
            "direction": way, "status": call.status, "answeredAt": answered, "completedAt": ended,
            "duration": call.duration, "hasVoicemail": call.voicemail.is_some(),
        })),
        "call.forwarded" => with(json!({ "forwardedFrom": scene.own, "forwardedTo": call.participants.first() })),
        "call.menu.selected" => with(json!({
            "phoneMenuSelection": "1", "phoneMenuSelectionName": "Sales", "statusReason": "phone-menu-dial",
        })),
        "call.recording.completed" => with(json!({
            "direction": way, "answeredAt": answered, "completedAt": ended, "duration": call.duration,
            "recordings": call.recordings,
        })),
        "call.transcript.completed" => transcript(call),
        "call.summary.completed" => summary(call),
        "call.voicemail.completed" => with(voicemail(call, scene)),
        _ => with(json!({})),
    }
}

fn summary(call: &Call) -> Value {
    let summary = call.summary.clone().unwrap_or_default();
    json!({
        "callId": call.id, "processingStatus": summary["status"], "summary": summary["summary"],
        "nextSteps": summary["nextSteps"], "fromPhoneNumber": call.participants.first(), "handledByAiAgent": false,
        "answeredByUserId": call.user, "jobs": [],
    })
}

fn transcript(call: &Call) -> Value {
    let transcript = call.transcript.clone().unwrap_or_default();
    json!({
        "callId": call.id, "createdAt": transcript["createdAt"], "duration": call.duration,
        "processingStatus": transcript["status"], "dialogue": transcript["dialogue"],
    })
}

fn voicemail(call: &Call, scene: &Scene) -> Value {
    let held = call.voicemail.clone().unwrap_or_default();
    json!({
        "voicemailId": held["id"], "callId": call.id, "direction": direction(call.incoming),
        "duration": held["duration"], "from": call.participants.first(), "to": scene.own,
        "transcript": held["transcript"], "recordingUrl": held["recordingUrl"],
    })
}

/// The older form, of the events that the older generations have.
fn legacy(kind: &str, call: &Call, scene: &Scene) -> Option<Value> {
    let mut object = match kind {
        "call.ringing" | "call.completed" | "call.recording.completed" => {
            let mut object = call.view(crate::openphone::errors::Surface::V1, &scene.own);
            object["object"] = json!("call");
            object["recordings"] =
                if kind == "call.recording.completed" { json!(call.recordings) } else { Value::Null };
            object
        }
        "call.summary.completed" => {
            let held = call.summary.as_ref()?;
            json!({
                "object": "callSummary", "callId": call.id, "status": held["status"], "summary": held["summary"],
                "nextSteps": held["nextSteps"],
            })
        }
        "call.transcript.completed" => {
            let mut object = call.transcript.clone()?;
            object["object"] = json!("callTranscript");
            object
        }
        _ => return None,
    };
    object["contactIds"] = json!(scene.contacts);
    Some(object)
}
