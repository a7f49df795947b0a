//! What GHL can be asked for, with the least scopes (contract sheet, sections 2 and 4 to 6).
//!
//! Routes are those of the dated API; [`super::ApiVersion`] knows what v3 calls differently and what is absent.

use crate::{Access, AuthScheme, Operation, Purpose};

mod contact;
mod conversation;
mod location;
mod oauth;
mod work;

pub use contact::*;
pub use conversation::*;
pub use location::*;
pub use oauth::*;
pub use work::*;

const fn operation(
    name: &'static str,
    template: &'static str,
    access: Access,
    scopes: &'static [&'static str],
    purposes: &'static [Purpose],
) -> Operation {
    Operation { name, template, auth: AuthScheme::Bearer, access, scopes, purposes }
}

/// Every operation, in the order of the documentation.
pub const ALL: &[&Operation] = &[
    &CONTACT_GET,
    &CONTACTS_LIST,
    &CONTACTS_BY_BUSINESS,
    &CONTACTS_SEARCH,
    &CONTACTS_DUPLICATE,
    &CONTACTS_LOOKUP,
    &CONTACT_CREATE,
    &CONTACT_UPSERT,
    &CONTACT_UPDATE,
    &CONTACT_DELETE,
    &CONTACT_APPOINTMENTS_LIST,
    &CONTACT_TAGS_ADD,
    &CONTACT_TAGS_REMOVE,
    &CONTACTS_BULK_TAGS,
    &CONTACTS_BULK_BUSINESS,
    &CONTACT_FOLLOWERS_ADD,
    &CONTACT_FOLLOWERS_REMOVE,
    &CONTACT_CAMPAIGN_ADD,
    &CONTACT_CAMPAIGN_REMOVE,
    &CONTACT_CAMPAIGNS_CLEAR,
    &CONTACT_WORKFLOW_ADD,
    &CONTACT_WORKFLOW_REMOVE,
    &CONTACT_TASKS_LIST,
    &CONTACT_TASK_GET,
    &CONTACT_TASK_CREATE,
    &CONTACT_TASK_UPDATE,
    &CONTACT_TASK_COMPLETE,
    &CONTACT_TASK_DELETE,
    &LOCATION_TASKS_SEARCH,
    &CONTACT_NOTES_LIST,
    &CONTACT_NOTE_GET,
    &CONTACT_NOTE_CREATE,
    &CONTACT_NOTE_UPDATE,
    &CONTACT_NOTE_DELETE,
    &LOCATION_GET,
    &LOCATION_TAGS_LIST,
    &LOCATION_TAG_CREATE,
    &LOCATION_TAG_GET,
    &LOCATION_TAG_UPDATE,
    &LOCATION_TAG_DELETE,
    &CUSTOM_FIELDS_LIST,
    &CUSTOM_FIELD_GET,
    &CUSTOM_FIELD_CREATE,
    &CUSTOM_FIELD_UPDATE,
    &CUSTOM_FIELD_DELETE,
    &USERS_LIST,
    &USERS_SEARCH,
    &USER_GET,
    &CONVERSATIONS_SEARCH,
    &CONVERSATION_CREATE,
    &MESSAGE_LOG,
    &CALL_LOG,
    &MESSAGES_EXPORT,
    &MESSAGE_STATUS,
    &MESSAGE_ATTACHMENTS,
    &OAUTH_TOKEN,
    &OAUTH_LOCATION_TOKEN,
    &OAUTH_INSTALLED_LOCATIONS,
    &OAUTH_RECONNECT,
];
