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
pub(super) const ROLE_FIELD: &str = "custom field of the role";
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
pub(super) const TAGS_FIELD: &str = "custom field of the tags";
pub(super) const NUMBER: &str = "phone number";
pub(super) const HOOK: &str = "webhook of OpenPhone";
pub(super) const DELIVERY: &str = "delivery by OpenPhone";
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
    if rules.fields.contains_key(&Field::Role) {
        rows.push(row(ROLE_FIELD, &ops::CUSTOM_FIELDS_LIST));
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
    let is_write = operation.access == Access::Write;
    let is_for_contacts = operation.purposes.contains(&Purpose::Sync);
    is_for_contacts && (!is_write || is_written(mapping, side))
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

#[cfg(test)]
mod tests;
