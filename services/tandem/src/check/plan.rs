//! What is tried for a connection: the operations that its mapping uses, and those that show whether everything is in place.

use tandem_contact::{Field, PerSide, Side};
use tandem_mapping::Mapping;
use tandem_providers::ghl::ApiVersion;
use tandem_providers::{Access, Operation, Purpose, ghl, openphone};
use tandem_reconcile::{DeletePolicy, Rules};
use tandem_service::config::Connection;

use super::report::Group;
use super::verdict::Row;

pub(super) const TOKEN: &str = "token";
pub(super) const LOCATION: &str = "location";
pub(super) const SEARCH: &str = "search contacts";
pub(super) const READ: &str = "read a contact";
pub(super) const DUPLICATES: &str = "find duplicates";
pub(super) const CUSTOM_FIELDS: &str = "custom fields";
pub(super) const CREATE: &str = "create a contact";
pub(super) const CHANGE: &str = "change a contact";
pub(super) const CHANGE_NAME: &str = "change a name";
pub(super) const CHANGE_LIST: &str = "change a number";
pub(super) const ADD_TAG: &str = "add a tag";
pub(super) const REMOVE_TAG: &str = "remove a tag";
pub(super) const REMOVE: &str = "remove a contact";
pub(super) const KEY: &str = "API key";
pub(super) const SUBSCRIPTION: &str = "subscription";
pub(super) const LIST: &str = "list contacts";
pub(super) const OWN_FIELDS: &str = "custom fields";
pub(super) const TAGS_FIELD: &str = "custom field of the tags";
pub(super) const NUMBER: &str = "phone number";
pub(super) const HOOK: &str = "webhook of OpenPhone";
pub(super) const DELIVERY: &str = "delivery by OpenPhone";
pub(super) const LIST_TASKS: &str = "list tasks";
pub(super) const READ_TASK: &str = "read a task";
pub(super) const SEARCH_TASKS: &str = "search open tasks";
pub(super) const USERS: &str = "list users";
pub(super) const CONVERSATIONS: &str = "list conversations";
pub(super) const NUMBERS: &str = "list phone numbers";
pub(super) const CREATE_TASK: &str = "create a task";
pub(super) const CREATE_IN_TALK: &str = "create a task on a conversation";
pub(super) const CHANGE_TASK: &str = "change a task";
pub(super) const COMPLETE_TASK: &str = "complete a task";
pub(super) const ASSIGN_TASK: &str = "assign a task";
pub(super) const UNASSIGN_TASK: &str = "unassign a task";
pub(super) const SET_DUE: &str = "set a due date";
pub(super) const REMOVE_DUE: &str = "remove a due date";
pub(super) const REMOVE_TASK: &str = "remove a task";
pub(super) const LIST_NOTES: &str = "list notes";
pub(super) const READ_NOTE: &str = "read a note";
pub(super) const CREATE_NOTE: &str = "create a note";
pub(super) const CHANGE_NOTE: &str = "change a note";
pub(super) const REMOVE_NOTE: &str = "remove a note";
pub(super) const GHL_HOOKS: &str = "webhooks of GHL";

/// Asked on the way, without a row of their own.
#[cfg(test)]
const BESIDE: [&Operation; 2] = [&openphone::operations::DELIVERIES_LIST, &openphone::operations::DELIVERY_GET];

/// The rows of a location, as far as the version of the API has the operations.
pub(super) fn ghl(mapping: &Mapping, version: &ApiVersion) -> Vec<Row> {
    use ghl::operations as ops;
    let row = |name, operation| Row { group: Group::Ghl, name, operation: Some(operation) };
    let rules = rules(mapping);
    let mut rows = vec![Row { group: Group::Ghl, name: TOKEN, operation: None }];
    rows.extend([row(LOCATION, &ops::LOCATION_GET), row(SEARCH, &ops::CONTACTS_SEARCH)]);
    rows.extend([row(LIST, &ops::CONTACTS_LIST), row(READ, &ops::CONTACT_GET)]);
    if mapping.places.ghl.keys().any(|field| rules.fields.contains_key(field)) {
        rows.push(row(CUSTOM_FIELDS, &ops::CUSTOM_FIELDS_LIST));
    }
    rows.extend([
        row(DUPLICATES, &ops::CONTACTS_DUPLICATE),
        row(CREATE, &ops::CONTACT_CREATE),
        row(CHANGE, &ops::CONTACT_UPDATE),
    ]);
    if rules.writes_to(Field::Tags, Side::Ghl) {
        rows.extend([row(ADD_TAG, &ops::CONTACT_TAGS_ADD), row(REMOVE_TAG, &ops::CONTACT_TAGS_REMOVE)]);
    }
    rows.push(row(REMOVE, &ops::CONTACT_DELETE));
    if let Some(rules) = task_rules(mapping) {
        let users = if version.offers(&ops::USERS_LIST).is_ok() { &ops::USERS_LIST } else { &ops::USERS_SEARCH };
        rows.extend([row(LIST_TASKS, &ops::CONTACT_TASKS_LIST), row(READ_TASK, &ops::CONTACT_TASK_GET)]);
        rows.extend([row(SEARCH_TASKS, &ops::LOCATION_TASKS_SEARCH), row(USERS, users)]);
        if rules.writes_anything_to(Side::Ghl) {
            rows.extend([row(CREATE_TASK, &ops::CONTACT_TASK_CREATE), row(CHANGE_TASK, &ops::CONTACT_TASK_UPDATE)]);
            rows.push(row(REMOVE_TASK, &ops::CONTACT_TASK_DELETE));
        }
    }
    if let Some(rules) = note_rules(mapping) {
        rows.extend([row(LIST_NOTES, &ops::CONTACT_NOTES_LIST), row(READ_NOTE, &ops::CONTACT_NOTE_GET)]);
        if rules.writes_anything_to(Side::Ghl) {
            rows.extend([row(CREATE_NOTE, &ops::CONTACT_NOTE_CREATE), row(CHANGE_NOTE, &ops::CONTACT_NOTE_UPDATE)]);
            rows.push(row(REMOVE_NOTE, &ops::CONTACT_NOTE_DELETE));
        }
    }
    rows.retain(|row| row.operation.is_none_or(|operation| version.offers(operation).is_ok()));
    rows
}

/// The rows of a workspace.
pub(super) fn openphone(connection: &Connection) -> Vec<Row> {
    use openphone::operations as ops;
    let row = |name, operation| Row { group: Group::OpenPhone, name, operation: Some(operation) };
    let rules = rules(&connection.mapping);
    let mut rows = vec![
        row(KEY, &ops::ORGANIZATION_GET),
        row(SUBSCRIPTION, &ops::ORGANIZATION_GET),
        row(LIST, &ops::V1_CONTACTS_LIST),
        row(READ, &ops::V1_CONTACT_GET),
    ];
    if rules.fields.contains_key(&Field::Tags) {
        rows.push(row(TAGS_FIELD, &ops::V1_CUSTOM_FIELDS));
    }
    if !connection.mapping.places.openphone.is_empty() {
        rows.push(row(OWN_FIELDS, &ops::V1_CUSTOM_FIELDS));
    }
    if connection.openphone.phone_number_id.is_some() {
        rows.push(row(NUMBER, &ops::V1_NUMBERS_LIST));
    }
    rows.push(row(CREATE, &ops::V1_CONTACT_CREATE));
    if rules.fields.keys().any(|field| !field.is_list()) {
        rows.push(row(CHANGE_NAME, &ops::CONTACT_PATCH));
    }
    if rules.fields.keys().any(|field| field.is_list()) {
        rows.push(row(CHANGE_LIST, &ops::V1_CONTACT_PATCH));
    }
    rows.push(row(REMOVE, &ops::V1_CONTACT_DELETE));
    let (tasks, notes) = (task_rules(&connection.mapping), note_rules(&connection.mapping));
    if tasks.is_some() || notes.is_some() {
        rows.push(row(CONVERSATIONS, &ops::V1_CONVERSATIONS_LIST));
    }
    if let Some(rules) = tasks {
        rows.extend([row(NUMBERS, &ops::NUMBERS_LIST), row(USERS, &ops::USERS_LIST)]);
        rows.extend([row(LIST_TASKS, &ops::TASKS_LIST), row(READ_TASK, &ops::TASK_GET)]);
        if rules.writes_anything_to(Side::OpenPhone) {
            rows.extend([row(CREATE_TASK, &ops::V1_TASK_CREATE), row(CREATE_IN_TALK, &ops::TASK_CREATE)]);
            rows.extend([row(CHANGE_TASK, &ops::TASK_UPDATE), row(COMPLETE_TASK, &ops::TASK_STATUS)]);
            rows.extend([row(ASSIGN_TASK, &ops::TASK_ASSIGN), row(UNASSIGN_TASK, &ops::TASK_UNASSIGN)]);
            rows.extend([row(SET_DUE, &ops::TASK_DUE_SET), row(REMOVE_DUE, &ops::TASK_DUE_REMOVE)]);
            rows.push(row(REMOVE_TASK, &ops::TASK_DELETE));
        }
    }
    if let Some(rules) = notes {
        rows.extend([row(LIST_NOTES, &ops::NOTES_LIST), row(READ_NOTE, &ops::NOTE_GET)]);
        if rules.writes_anything_to(Side::OpenPhone) {
            rows.extend([row(CREATE_NOTE, &ops::NOTE_CREATE), row(CHANGE_NOTE, &ops::NOTE_PATCH)]);
            rows.push(row(REMOVE_NOTE, &ops::NOTE_DELETE));
        }
    }
    rows
}

/// The rows of what is delivered to us.
pub(super) fn webhooks() -> Vec<Row> {
    use openphone::operations as ops;
    let row = |name, operation| Row { group: Group::Webhooks, name, operation };
    vec![row(HOOK, Some(&ops::HOOKS_LIST)), row(DELIVERY, Some(&ops::HOOK_TEST)), row(GHL_HOOKS, None)]
}

/// Whether anything of this mapping is lost when the operation is not allowed.
pub(super) fn is_needed(mapping: &Mapping, side: Side, operation: &Operation) -> bool {
    let is_read = operation.access == Access::Read;
    let writes = |rules: Option<Rules>| rules.is_some_and(|rules| is_read || rules.writes_anything_to(side));
    operation.purposes.iter().any(|purpose| match purpose {
        Purpose::Sync => is_read || is_written(mapping, side),
        Purpose::Tasks => writes(task_rules(mapping)),
        Purpose::Notes => writes(note_rules(mapping)),
        Purpose::Setup | Purpose::Check => false,
    })
}

/// Whether the mapping ever writes to the side.
fn is_written(mapping: &Mapping, side: Side) -> bool {
    let rules = rules(mapping);
    let is_deleted = rules.deletes[side.other()] != DeletePolicy::Ignore;
    is_deleted || rules.writes_anything_to(side)
}

/// The providers' bounds play no part here.
fn rules(mapping: &Mapping) -> Rules {
    mapping.rules(PerSide::default())
}

fn task_rules(mapping: &Mapping) -> Option<Rules> {
    mapping.task_rules(PerSide::default())
}

fn note_rules(mapping: &Mapping) -> Option<Rules> {
    mapping.note_rules(PerSide::default())
}

#[cfg(test)]
mod tests;
