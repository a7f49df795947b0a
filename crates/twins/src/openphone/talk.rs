//! Conversations, messages and calls as the OpenPhone twin keeps them, and the shapes in which they are shown.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::openphone::errors::Surface;
use crate::stamp::iso;

#[derive(Clone)]
pub(super) struct Conversation {
    pub(super) id: String,
    /// The workspace's own number, as an id.
    pub(super) number: String,
    /// The others' numbers.
    pub(super) participants: Vec<String>,
    pub(super) name: Option<String>,
    /// The latest message or call.
    pub(super) latest: Option<(Timestamp, String)>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

impl Conversation {
    pub(super) fn view(&self, surface: Surface) -> Value {
        let mut view = json!({
            "id": self.id, "phoneNumberId": self.number, "participants": self.participants, "name": self.name,
            "lastActivityAt": self.latest.as_ref().map(|(at, _)| iso(*at)),
            "lastActivityId": self.latest.as_ref().map(|(_, id)| id), "mutedUntil": null, "snoozedUntil": null,
            "createdAt": iso(self.created), "updatedAt": iso(self.updated), "deletedAt": null,
        });
        if surface == Surface::V1 {
            view["assignedTo"] = Value::Null;
        }
        view
    }

    pub(super) fn link(&self) -> String {
        format!("https://my.quo.com/inbox/{}/c/{}", self.number, self.id)
    }
}

#[derive(Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) conversation: String,
    pub(super) number: String,
    pub(super) incoming: bool,
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) text: String,
    pub(super) status: String,
    pub(super) user: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

pub(super) fn direction(incoming: bool) -> &'static str {
    if incoming { "incoming" } else { "outgoing" }
}

impl Message {
    pub(super) fn view(&self, surface: Surface) -> Value {
        let mut view = json!({
            "id": self.id, "to": self.to, "from": self.from, "text": self.text, "phoneNumberId": self.number,
            "conversationId": self.conversation, "direction": direction(self.incoming), "userId": self.user,
            "status": self.status, "createdAt": iso(self.created), "updatedAt": iso(self.updated),
        });
        if surface == Surface::Dated {
            view["media"] = json!([]);
        }
        view
    }
}

#[derive(Clone)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) conversation: String,
    pub(super) number: String,
    pub(super) incoming: bool,
    pub(super) status: String,
    /// The others' numbers.
    pub(super) participants: Vec<String>,
    pub(super) user: String,
    pub(super) duration: u64,
    pub(super) created: Timestamp,
    pub(super) completed: Timestamp,
    pub(super) recordings: Vec<Value>,
    pub(super) summary: Option<Value>,
    pub(super) transcript: Option<Value>,
    pub(super) voicemail: Option<Value>,
}

impl Call {
    /// Whether somebody took it.
    pub(super) fn is_answered(&self) -> bool {
        ["completed", "answered"].contains(&self.status.as_str())
    }

    pub(super) fn view(&self, surface: Surface, own: &str) -> Value {
        let answered = self.is_answered().then(|| iso(self.created));
        let answered_by = self.is_answered().then_some(&self.user);
        let initiated_by = (!self.incoming).then_some(&self.user);
        let mut view = json!({
            "id": self.id, "phoneNumberId": self.number, "direction": direction(self.incoming),
            "status": self.status, "answeredAt": answered, "answeredBy": answered_by, "initiatedBy": initiated_by,
            "completedAt": iso(self.completed), "createdAt": iso(self.created), "updatedAt": iso(self.completed),
            "callRoute": null, "duration": self.duration, "forwardedFrom": null, "forwardedTo": null,
            "aiHandled": null,
        });
        match surface {
            Surface::V1 => {
                let all: Vec<&str> = std::iter::once(own).chain(self.participants.iter().map(String::as_str)).collect();
                view["participants"] = json!(all);
                view["userId"] = json!(self.user);
            }
            Surface::Dated => {
                let others = self.participants.iter().map(|number| json!({ "phoneNumber": number, "actorId": null }));
                let own = json!({ "phoneNumber": own, "actorId": self.user });
                view["participants"] = std::iter::once(own).chain(others).collect();
                view["actorId"] = json!(self.user);
            }
        }
        view
    }
}
