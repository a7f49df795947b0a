//! "Do not disturb", read only: no body of ours has it (contract sheet, section 10.5). v3 spells the channels differently.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::json;

use super::version;

/// A way to reach somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Calls.
    Call,
    /// Email.
    Email,
    /// Texts.
    Sms,
    /// `WhatsApp`.
    WhatsApp,
    /// Google's business messages.
    Gmb,
    /// Facebook.
    Facebook,
}

impl Channel {
    const ALL: [Self; 6] = [Self::Call, Self::Email, Self::Sms, Self::WhatsApp, Self::Gmb, Self::Facebook];

    /// The dated name.
    fn name(self) -> &'static str {
        match self {
            Self::Call => "Call",
            Self::Email => "Email",
            Self::Sms => "SMS",
            Self::WhatsApp => "WhatsApp",
            Self::Gmb => "GMB",
            Self::Facebook => "FB",
        }
    }
}

/// How a contact doesn't want to be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dnd {
    /// In no way at all.
    pub all: bool,
    /// Not in these ways.
    pub channels: BTreeSet<Channel>,
}

impl Dnd {
    /// What a contact says, with the names of either version. What says nothing forbids nothing.
    pub(super) fn read(contact: &Map<String, Json>) -> Self {
        let settings = json::child(contact, "dndSettings");
        let is_off = |channel: &Channel| {
            let dated = channel.name();
            let set = settings.and_then(|settings| {
                json::child(settings, dated).or_else(|| json::child(settings, version::v3_key(dated)))
            });
            let status = set.and_then(|set| json::text(set, "status"));
            // `active` means that the ban is.
            matches!(status.as_deref(), Some("active" | "permanent"))
        };
        Self {
            all: contact.get("dnd") == Some(&Json::Bool(true)),
            channels: Channel::ALL.into_iter().filter(is_off).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn channels_are_read_with_the_names_of_either_version() {
        let read = |contact: Json| Dnd::read(contact.as_object().unwrap());
        let (on, off) = (json!({ "status": "active", "message": "" }), json!({ "status": "inactive" }));
        let dated = json!({ "dnd": false, "dndSettings": { "SMS": on, "FB": { "status": "permanent" }, "Call": off } });
        let v3 = json!({ "dnd": false, "dndSettings": { "sms": on, "fb": { "status": "permanent" }, "call": off } });
        let wanted = Dnd { all: false, channels: [Channel::Sms, Channel::Facebook].into() };
        assert_eq!((read(dated), read(v3)), (wanted.clone(), wanted));
        assert_eq!(read(json!({ "dnd": true })), Dnd { all: true, channels: BTreeSet::new() });
        assert_eq!(read(json!({ "dndSettings": [1], "dnd": "yes" })), Dnd::default());
    }
}
