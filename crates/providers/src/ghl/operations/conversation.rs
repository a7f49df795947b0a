//! Conversations and what is logged in them (contract sheet, section 6).

use super::operation;
use crate::{Access, Operation};

/// `GET /conversations/search`.
pub const CONVERSATIONS_SEARCH: Operation =
    operation("ghl.conversations.search", "GET /conversations/search", Access::Read, &["conversations.readonly"], &[]);
/// `POST /conversations/`.
pub const CONVERSATION_CREATE: Operation =
    operation("ghl.conversation.create", "POST /conversations/", Access::Write, &["conversations.write"], &[]);
/// `POST /conversations/messages/inbound`.
pub const MESSAGE_LOG: Operation = operation(
    "ghl.message.log",
    "POST /conversations/messages/inbound",
    Access::Write,
    &["conversations/message.write"],
    &[],
);
/// `POST /conversations/messages/outbound`.
pub const CALL_LOG: Operation = operation(
    "ghl.call.log",
    "POST /conversations/messages/outbound",
    Access::Write,
    &["conversations/message.write"],
    &[],
);
/// `GET /conversations/messages/export`.
pub const MESSAGES_EXPORT: Operation = operation(
    "ghl.messages.export",
    "GET /conversations/messages/export",
    Access::Read,
    &["conversations/message.readonly"],
    &[],
);
/// `PUT /conversations/messages/{messageId}/status`.
pub const MESSAGE_STATUS: Operation = operation(
    "ghl.message.status",
    "PUT /conversations/messages/{messageId}/status",
    Access::Write,
    &["conversations/message.write"],
    &[],
);
/// `PUT /conversations/messages/{messageId}/attachments`.
pub const MESSAGE_ATTACHMENTS: Operation = operation(
    "ghl.message.attachments",
    "PUT /conversations/messages/{messageId}/attachments",
    Access::Write,
    &["conversations/message.write"],
    &[],
);
