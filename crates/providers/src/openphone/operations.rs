//! What `OpenPhone` can be asked for (contract sheet, sections 4, 5 and 9.2). Its keys have no scopes.

use crate::{Access, AuthScheme, Operation, Purpose};

mod contact;
mod conversation;
mod hook;
mod talk;
mod task;
mod workspace;

pub use contact::*;
pub use conversation::*;
pub use hook::*;
pub use talk::*;
pub use task::*;
pub use workspace::*;

const fn read(name: &'static str, template: &'static str) -> Operation {
    Operation { name, template, auth: AuthScheme::Bare, access: Access::Read, scopes: &[], purposes: &[] }
}

const fn write(name: &'static str, template: &'static str) -> Operation {
    Operation { access: Access::Write, ..read(name, template) }
}

const fn used(operation: Operation, purposes: &'static [Purpose]) -> Operation {
    Operation { purposes, ..operation }
}

/// Every operation, in the order of the documentation.
pub const ALL: &[&Operation] = &[
    &V1_CONTACTS_LIST,
    &V1_CONTACT_GET,
    &V1_CONTACT_CREATE,
    &V1_CONTACT_PATCH,
    &V1_CONTACT_DELETE,
    &V1_CUSTOM_FIELDS,
    &CONTACTS_LIST,
    &CONTACT_GET,
    &CONTACT_CREATE,
    &CONTACT_PATCH,
    &CONTACT_DELETE,
    &SHARES_LIST,
    &PROPERTIES_LIST,
    &PROPERTY_CREATE,
    &PROPERTY_GET,
    &PROPERTY_PATCH,
    &PROPERTY_DELETE,
    &NOTES_LIST,
    &NOTE_CREATE,
    &NOTE_GET,
    &NOTE_PATCH,
    &NOTE_DELETE,
    &V1_CONVERSATIONS_LIST,
    &V1_CONVERSATION_READ,
    &V1_CONVERSATION_DONE,
    &V1_CONVERSATION_OPEN,
    &CONVERSATIONS_LIST,
    &CONVERSATION_READ,
    &CONVERSATION_DONE,
    &CONVERSATION_OPEN,
    &V1_TASKS_LIST,
    &V1_TASK_CREATE,
    &V1_TASK_GET,
    &V1_TASK_UPDATE,
    &V1_TASK_DELETE,
    &V1_TASK_COMPLETE,
    &V1_TASK_REOPEN,
    &V1_TASK_ASSIGN,
    &V1_TASK_UNASSIGN,
    &V1_TASK_DUE_SET,
    &V1_TASK_DUE_REMOVE,
    &V1_TASK_LINK,
    &V1_TASK_UNLINK,
    &TASKS_LIST,
    &TASK_CREATE,
    &TASK_GET,
    &TASK_UPDATE,
    &TASK_DELETE,
    &TASK_STATUS,
    &TASK_ASSIGN,
    &TASK_UNASSIGN,
    &TASK_DUE_SET,
    &TASK_DUE_REMOVE,
    &TASK_LINK,
    &TASK_UNLINK,
    &V1_MESSAGE_SEND,
    &V1_MESSAGES_LIST,
    &V1_MESSAGE_GET,
    &MESSAGES_LIST,
    &MESSAGE_GET,
    &V1_CALLS_LIST,
    &V1_CALL_GET,
    &V1_CALL_RECORDINGS,
    &V1_CALL_SUMMARY,
    &V1_CALL_TRANSCRIPT,
    &V1_CALL_VOICEMAIL,
    &CALLS_LIST,
    &CALL_GET,
    &CALL_RECORDINGS,
    &CALL_TRANSCRIPTS,
    &V1_USERS_LIST,
    &V1_USER_GET,
    &V1_NUMBERS_LIST,
    &V1_NUMBER_GET,
    &USERS_LIST,
    &USER_GET,
    &USER_NUMBERS,
    &NUMBERS_LIST,
    &NUMBER_GET,
    &NUMBER_USERS,
    &ORGANIZATION_GET,
    &V1_HOOKS_LIST,
    &V1_HOOK_GET,
    &V1_HOOK_DELETE,
    &V1_HOOK_CREATE_MESSAGES,
    &V1_HOOK_CREATE_CALLS,
    &V1_HOOK_CREATE_SUMMARIES,
    &V1_HOOK_CREATE_TRANSCRIPTS,
    &HOOKS_LIST,
    &HOOK_CREATE,
    &HOOK_GET,
    &HOOK_PATCH,
    &HOOK_DELETE,
    &HOOK_ROTATE,
    &HOOK_TEST,
    &DELIVERIES_LIST,
    &DELIVERY_GET,
    &DELIVERY_RETRY,
];
