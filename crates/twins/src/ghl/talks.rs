//! One location's conversations, one per contact, and the messages in them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ghl::contact::Contact;
use crate::stamp::iso;

#[derive(Clone)]
pub(super) struct Conversation {
    pub(super) id: String,
    pub(super) contact: String,
    pub(super) added: Timestamp,
}

/// A message or a call that was logged.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) conversation: String,
    pub(super) contact: String,
    pub(super) added: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) kind: Kind,
    pub(super) inbound: bool,
    pub(super) body: String,
    pub(super) status: String,
    pub(super) call_status: Option<String>,
    pub(super) attachments: Vec<String>,
    pub(super) provider: Option<String>,
    pub(super) alt_id: Option<String>,
}

/// The channels that can be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Call,
    Sms,
    ProviderSms,
    Email,
    WhatsApp,
    Custom,
}

impl Kind {
    /// The channel for a `type` in a body.
    pub(super) fn of(name: &str, provided: bool) -> Option<Self> {
        match name {
            "Call" | "IVR_Call" => Some(Self::Call),
            "SMS" if provided => Some(Self::ProviderSms),
            "SMS" | "RCS" => Some(Self::Sms),
            "Email" => Some(Self::Email),
            "WhatsApp" => Some(Self::WhatsApp),
            "Custom" | "GMB" | "IG" | "FB" | "WebChat" | "Live_Chat" | "TIKTOK" => Some(Self::Custom),
            _ => None,
        }
    }

    /// As messages and conversations name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Call => "TYPE_CUSTOM_CALL",
            Self::Sms => "TYPE_SMS",
            Self::ProviderSms | Self::Custom => "TYPE_CUSTOM_PROVIDER_SMS",
            Self::Email => "TYPE_EMAIL",
            Self::WhatsApp => "TYPE_WHATSAPP",
        }
    }

    /// Only the number of logged calls is published; the others are told apart by name.
    fn number(self) -> u8 {
        match self {
            Self::Call => 34,
            Self::Sms => 2,
            Self::Email => 3,
            Self::WhatsApp => 19,
            Self::ProviderSms | Self::Custom => 20,
        }
    }

    /// The value of `channel` in an export.
    pub(super) fn channel(self) -> &'static str {
        match self {
            Self::Call => "Call",
            Self::Sms | Self::ProviderSms | Self::Custom => "SMS",
            Self::Email => "Email",
            Self::WhatsApp => "WhatsApp",
        }
    }
}

impl Message {
    pub(super) fn direction(&self) -> &'static str {
        if self.inbound { "inbound" } else { "outbound" }
    }

    pub(super) fn view(&self, location: &str) -> Value {
        let mut view = json!({
            "id": self.id, "type": self.kind.number(), "messageType": self.kind.name(), "locationId": location,
            "contactId": self.contact, "conversationId": self.conversation, "dateAdded": iso(self.added),
            "direction": self.direction(), "status": self.status,
            "contentType": "text/plain", "attachments": self.attachments, "source": "api",
        });
        // The body of a call is missing, not empty.
        if self.kind != Kind::Call {
            view["body"] = json!(self.body);
        }
        if let Some(status) = &self.call_status {
            view["meta"] = json!({ "callStatus": status });
        }
        if let Some(provider) = &self.provider {
            view["conversationProviderId"] = json!(provider);
        }
        view
    }

    /// With the external id, which no answer is described to show.
    pub(super) fn truth(&self, location: &str) -> Value {
        let mut truth = self.view(location);
        truth["altId"] = json!(self.alt_id);
        truth
    }
}

/// All of one location.
#[derive(Default)]
pub(super) struct Talks {
    conversations: Vec<Conversation>,
    messages: Vec<Message>,
}

impl Talks {
    pub(super) fn open(&mut self, conversation: Conversation) {
        self.conversations.push(conversation);
    }

    pub(super) fn conversation(&self, id: &str) -> Option<&Conversation> {
        self.conversations.iter().find(|conversation| conversation.id == id)
    }

    pub(super) fn of_contact(&self, contact: &str) -> Option<&Conversation> {
        self.conversations.iter().find(|conversation| conversation.contact == contact)
    }

    pub(super) fn conversations(&self) -> &[Conversation] {
        &self.conversations
    }

    pub(super) fn log(&mut self, message: Message) {
        self.messages.push(message);
    }

    pub(super) fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub(super) fn messages_of(&self, conversation: &str) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.conversation == conversation)
    }

    pub(super) fn message_mut(&mut self, id: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.id == id)
    }

    pub(super) fn forget(&mut self, contact: &str) {
        self.conversations.retain(|conversation| conversation.contact != contact);
        self.messages.retain(|message| message.contact != contact);
    }

    /// A conversation as the search shows it.
    pub(super) fn found(&self, conversation: &Conversation, contact: &Contact, location: &str) -> Value {
        let last = self.messages_of(&conversation.id).next_back();
        let name = contact.name();
        json!({
            "id": conversation.id, "contactId": conversation.contact, "locationId": location,
            "lastMessageBody": last.map_or("", |message| message.body.as_str()),
            "lastMessageType": last.map_or("TYPE_SMS", |message| message.kind.name()),
            "type": "TYPE_PHONE", "unreadCount": 0, "fullName": name, "contactName": name,
            "email": contact.text("email").unwrap_or_default(), "phone": contact.text("phone").unwrap_or_default(),
        })
    }

    /// Which way the last message went.
    pub(super) fn last_direction(&self, conversation: &Conversation) -> Option<&'static str> {
        self.messages_of(&conversation.id).next_back().map(Message::direction)
    }

    /// When something was last said.
    pub(super) fn touched(&self, conversation: &Conversation) -> Timestamp {
        self.messages_of(&conversation.id).next_back().map_or(conversation.added, |message| message.added)
    }
}
