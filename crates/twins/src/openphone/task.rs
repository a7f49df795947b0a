//! A task as the OpenPhone twin keeps it, and the shapes in which it is shown.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::openphone::errors::Surface;
use crate::stamp::iso;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    Completed,
    Deleted,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Deleted => "deleted",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Open, Self::Completed, Self::Deleted].into_iter().find(|status| status.name() == name)
    }
}

/// What a task hangs on. It has no contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bond {
    pub(super) number: Option<String>,
    pub(super) conversation: Option<String>,
    pub(super) activity: Option<String>,
}

#[derive(Clone)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) due: Option<Timestamp>,
    pub(super) assigned: Option<String>,
    pub(super) assigned_by: Option<String>,
    pub(super) by: String,
    pub(super) created: Timestamp,
    pub(super) bond: Bond,
    pub(super) status: Status,
    pub(super) revision: u64,
}

impl Task {
    pub(super) fn view(&self, surface: Surface, org: &str) -> Value {
        let mut view = json!({
            "taskId": self.id, "phoneNumberId": self.bond.number, "conversationId": self.bond.conversation,
            "activityId": self.bond.activity, "phoneNumberGroupId": null, "orgId": org, "title": self.title,
            "description": self.description, "dueDate": self.due.map(iso), "assignedTo": self.assigned,
            "assignedBy": self.assigned_by, "createdAt": iso(self.created), "createdBy": self.by,
            "revision": self.revision_in(surface),
        });
        match surface {
            Surface::V1 => {
                view["completed"] = json!(self.status == Status::Completed);
                view["isDeleted"] = json!(self.status == Status::Deleted);
            }
            Surface::Dated => view["status"] = json!(self.status.name()),
        }
        view
    }

    /// What writes answer with.
    pub(super) fn reference(&self, surface: Surface) -> Value {
        json!({ "taskId": self.id, "revision": self.revision_in(surface) })
    }

    /// Text on v1, a number on the dated surface.
    fn revision_in(&self, surface: Surface) -> Value {
        match surface {
            Surface::V1 => json!(self.revision.to_string()),
            Surface::Dated => json!(self.revision),
        }
    }

    /// The `context` of its events.
    pub(super) fn context(&self, org: &str, actor: &str) -> Value {
        json!({
            "orgId": org, "actorId": actor, "phoneNumberId": self.bond.number,
            "conversationId": self.bond.conversation, "activityId": self.bond.activity, "phoneNumberGroupId": null,
        })
    }

    /// Where it is in the app.
    pub(super) fn link(&self) -> Option<String> {
        let (number, conversation) = (self.bond.number.as_ref()?, self.bond.conversation.as_ref()?);
        Some(format!("https://my.quo.com/inbox/{number}/c/{conversation}?taskId={}", self.id))
    }
}
