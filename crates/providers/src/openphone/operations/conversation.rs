//! Conversations on both surfaces (contract sheet, sections 4 and 5). Neither can get one by its id.

use super::{read, used, write};
use crate::{Operation, Purpose};

/// `GET /v1/conversations`: newest activity first.
pub const V1_CONVERSATIONS_LIST: Operation = used(
    read("openphone.v1.conversations.list", "GET /v1/conversations"),
    &[Purpose::Tasks, Purpose::Notes, Purpose::Check],
);
/// `POST /v1/conversations/{id}/mark-as-read`.
pub const V1_CONVERSATION_READ: Operation =
    write("openphone.v1.conversation.read", "POST /v1/conversations/{id}/mark-as-read");
/// `POST /v1/conversations/{id}/mark-as-done`.
pub const V1_CONVERSATION_DONE: Operation =
    write("openphone.v1.conversation.done", "POST /v1/conversations/{id}/mark-as-done");
/// `POST /v1/conversations/{id}/mark-as-open`.
pub const V1_CONVERSATION_OPEN: Operation =
    write("openphone.v1.conversation.open", "POST /v1/conversations/{id}/mark-as-open");
/// `GET /conversations`.
pub const CONVERSATIONS_LIST: Operation = read("openphone.conversations.list", "GET /conversations");
/// `POST /conversations/{id}/mark-as-read`.
pub const CONVERSATION_READ: Operation = write("openphone.conversation.read", "POST /conversations/{id}/mark-as-read");
/// `POST /conversations/{id}/mark-as-done`.
pub const CONVERSATION_DONE: Operation = write("openphone.conversation.done", "POST /conversations/{id}/mark-as-done");
/// `POST /conversations/{id}/mark-as-open`.
pub const CONVERSATION_OPEN: Operation = write("openphone.conversation.open", "POST /conversations/{id}/mark-as-open");
