//! What a workspace holds beside its contacts.

use std::collections::HashMap;

use crate::openphone::hooks::{Hook, LegacyHook};
use crate::openphone::notes::Note;
use crate::openphone::talk::{Call, Conversation, Message};
use crate::openphone::task::Task;
use crate::shelf::Shelf;

#[derive(Default)]
pub(super) struct Desk {
    pub(super) notes: HashMap<Box<str>, Vec<Note>>,
    pub(super) conversations: Shelf<Conversation>,
    pub(super) messages: Shelf<Message>,
    pub(super) calls: Shelf<Call>,
    pub(super) tasks: Shelf<Task>,
    /// Made by `POST /webhooks`.
    pub(super) hooks: Vec<Hook>,
    /// Made by `POST /v1/webhooks/...`.
    pub(super) v1_hooks: Vec<LegacyHook>,
    /// Messages that callers sent to customers.
    pub(super) sent: u64,
}
