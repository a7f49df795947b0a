//! Webhook events: to the fixed target of the workspace, and to every webhook that somebody has made.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::deliveries::Parcel;
use crate::openphone::contact::Contact;
use crate::openphone::hooks::Sent;
use crate::openphone::legacy;
use crate::openphone::server::{OpenPhone, VERSION};
use crate::openphone::views;
use crate::seal::Seal;
use crate::stamp::{Stamp, iso};

/// Every type that a webhook can ask for.
pub(super) const TYPES: [&str; 31] = [
    "message.received",
    "message.delivered",
    "message.failed",
    "message.undelivered",
    "call.ringing",
    "call.answered",
    "call.completed",
    "call.missed",
    "call.forwarded",
    "call.menu.selected",
    "call.recording.completed",
    "call.transcript.completed",
    "call.summary.completed",
    "call.voicemail.completed",
    "contact.updated",
    "contact.deleted",
    "task.created",
    "task.updated",
    "task.deleted",
    "task.completed",
    "task.reopened",
    "task.assigned",
    "task.unassigned",
    "task.overdue",
    "task.linked",
    "task.unlinked",
    "task.duedate.updated",
    "task.duedate.removed",
    "integration.created",
    "integration.updated",
    "integration.deleted",
];

/// Finds a type by its name.
pub(super) fn named(name: &str) -> Option<&'static str> {
    TYPES.into_iter().find(|kind| *kind == name)
}

/// Something that happened.
pub(super) struct Event<'a> {
    pub(super) kind: &'static str,
    pub(super) resource: Value,
    pub(super) context: Value,
    /// Where it is in the app.
    pub(super) quo: Option<String>,
    /// The number of a message or call, which webhooks can be bound to.
    pub(super) number: Option<&'a str>,
    /// The `data.object` of the older generations, if they have the event.
    pub(super) legacy: Option<Value>,
}

impl Event<'_> {
    /// The whole body under an event id.
    pub(super) fn body(&self, id: &str, stamp: Stamp) -> Value {
        json!({
            "id": id, "apiVersion": VERSION, "createdAt": iso(stamp.time), "type": self.kind,
            "data": { "resource": self.resource, "context": self.context, "links": { "quo": self.quo } },
        })
    }

    /// Summaries and transcripts have a call instead of an id.
    pub(super) fn resource_id(&self) -> Option<String> {
        let id = self.resource["id"].as_str().or_else(|| self.resource["callId"].as_str());
        id.map(str::to_owned)
    }
}

impl OpenPhone {
    /// The parcels for everybody who wants the event. All of them get the same event id.
    pub(super) fn fire(&mut self, at: usize, event: &Event<'_>, stamp: Stamp) -> Vec<Parcel> {
        let id = format!("EV{}", self.ids.hex(32));
        let space = &mut self.spaces[at];
        let body = Bytes::from(event.body(&id, stamp).to_string());
        let mut parcels = Vec::new();
        if let Some(url) = space.config.webhook_url.clone() {
            let secrets = Arc::from(space.config.webhook_secrets.as_slice());
            let seal = Seal::Standard { id: format!("msg_{}", self.ids.letters(27)), secrets, track: None };
            parcels.push(Parcel { url, event: event.kind, body: body.clone(), seal });
        }
        for hook in space.desk.hooks.iter_mut().filter(|hook| hook.wants(event)) {
            let sent = Sent { id: format!("msg_{}", self.ids.letters(27)), event: id.clone(), body: body.clone() };
            parcels.push(hook.send(sent, event, stamp));
        }
        parcels.extend(legacy::parcels(space, event, (&id, stamp)));
        parcels
    }

    pub(super) fn fire_contact(
        &mut self,
        kind: &'static str,
        contact: &Contact,
        at: usize,
        stamp: Stamp,
    ) -> Vec<Parcel> {
        let prefix = if self.choices.prefixed_webhook_ids { "CT" } else { "" };
        let space = &self.spaces[at];
        let org = &space.config.org_id;
        let notes = space.desk.notes.get(&contact.id).map(Vec::as_slice).unwrap_or_default();
        let event = Event {
            kind,
            resource: views::resource(contact, &space.config, &format!("{prefix}{}", contact.id)),
            context: json!({ "orgId": org, "userId": space.config.owner, "sharedWithIds": [org] }),
            quo: None,
            number: None,
            legacy: Some(legacy::contact(contact, notes, (kind, org))),
        };
        self.fire(at, &event, stamp)
    }

    /// Only the app's own webhooks carry notes, so only they hear of them.
    pub(super) fn notes_changed(&mut self, at: usize, contact: &str, stamp: Stamp) -> Vec<Parcel> {
        let id = format!("EV{}", self.ids.hex(32));
        let space = &self.spaces[at];
        let Some(contact) = space.shelf.get(contact) else { return Vec::new() };
        let notes = space.desk.notes.get(&contact.id).map(Vec::as_slice).unwrap_or_default();
        let kind = "contact.updated";
        let object = legacy::contact(contact, notes, (kind, &space.config.org_id));
        let event =
            Event { kind, resource: Value::Null, context: Value::Null, quo: None, number: None, legacy: Some(object) };
        legacy::parcels(space, &event, (&id, stamp))
    }
}
