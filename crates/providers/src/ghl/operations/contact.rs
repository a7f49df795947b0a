//! Contacts, their tags and memberships (contract sheet, section 4).

use super::operation;
use crate::{Access, Operation, Purpose};

/// `GET /contacts/{id}`.
pub const CONTACT_GET: Operation = operation(
    "ghl.contact.get",
    "GET /contacts/{id}",
    Access::Read,
    &["contacts.readonly"],
    &[Purpose::Sync, Purpose::Check],
);
/// `GET /contacts/`.
pub const CONTACTS_LIST: Operation = operation(
    "ghl.contacts.list",
    "GET /contacts/",
    Access::Read,
    &["contacts.readonly"],
    &[Purpose::Sync, Purpose::Check],
);
/// `GET /contacts/business/{businessId}`.
pub const CONTACTS_BY_BUSINESS: Operation = operation(
    "ghl.contacts.by-business",
    "GET /contacts/business/{businessId}",
    Access::Read,
    &["contacts.readonly"],
    &[],
);
/// `POST /contacts/search`.
pub const CONTACTS_SEARCH: Operation = operation(
    "ghl.contacts.search",
    "POST /contacts/search",
    Access::Read,
    &["contacts.readonly"],
    &[Purpose::Sync, Purpose::Check],
);
/// `GET /contacts/search/duplicate`.
pub const CONTACTS_DUPLICATE: Operation = operation(
    "ghl.contacts.duplicate",
    "GET /contacts/search/duplicate",
    Access::Read,
    &["contacts.readonly"],
    &[Purpose::Sync, Purpose::Check],
);
/// `GET /contacts/lookup`.
pub const CONTACTS_LOOKUP: Operation =
    operation("ghl.contacts.lookup", "GET /contacts/lookup", Access::Read, &["contacts.readonly"], &[]);
/// `POST /contacts/`.
pub const CONTACT_CREATE: Operation = operation(
    "ghl.contact.create",
    "POST /contacts/",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Sync, Purpose::Check],
);
/// `POST /contacts/upsert`.
pub const CONTACT_UPSERT: Operation =
    operation("ghl.contact.upsert", "POST /contacts/upsert", Access::Write, &["contacts.write"], &[]);
/// `PUT /contacts/{id}`.
pub const CONTACT_UPDATE: Operation = operation(
    "ghl.contact.update",
    "PUT /contacts/{id}",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Sync, Purpose::Check],
);
/// `DELETE /contacts/{id}`.
pub const CONTACT_DELETE: Operation = operation(
    "ghl.contact.delete",
    "DELETE /contacts/{id}",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Sync, Purpose::Check],
);
/// `GET /contacts/{id}/appointments`.
pub const CONTACT_APPOINTMENTS_LIST: Operation = operation(
    "ghl.contact.appointments.list",
    "GET /contacts/{id}/appointments",
    Access::Read,
    &["contacts.readonly"],
    &[],
);
/// `POST /contacts/{id}/tags`.
pub const CONTACT_TAGS_ADD: Operation = operation(
    "ghl.contact.tags.add",
    "POST /contacts/{id}/tags",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Sync, Purpose::Check],
);
/// `DELETE /contacts/{id}/tags`.
pub const CONTACT_TAGS_REMOVE: Operation = operation(
    "ghl.contact.tags.remove",
    "DELETE /contacts/{id}/tags",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Sync, Purpose::Check],
);
/// `POST /contacts/bulk/tags/update/{type}`.
pub const CONTACTS_BULK_TAGS: Operation = operation(
    "ghl.contacts.bulk.tags",
    "POST /contacts/bulk/tags/update/{type}",
    Access::Write,
    &["contacts.write"],
    &[],
);
/// `POST /contacts/bulk/business`.
pub const CONTACTS_BULK_BUSINESS: Operation =
    operation("ghl.contacts.bulk.business", "POST /contacts/bulk/business", Access::Write, &["contacts.write"], &[]);
/// `POST /contacts/{id}/followers`.
pub const CONTACT_FOLLOWERS_ADD: Operation =
    operation("ghl.contact.followers.add", "POST /contacts/{id}/followers", Access::Write, &["contacts.write"], &[]);
/// `DELETE /contacts/{id}/followers`.
pub const CONTACT_FOLLOWERS_REMOVE: Operation = operation(
    "ghl.contact.followers.remove",
    "DELETE /contacts/{id}/followers",
    Access::Write,
    &["contacts.write"],
    &[],
);
/// `POST /contacts/{id}/campaigns/{campaignId}`.
pub const CONTACT_CAMPAIGN_ADD: Operation = operation(
    "ghl.contact.campaign.add",
    "POST /contacts/{id}/campaigns/{campaignId}",
    Access::Write,
    &["contacts.write"],
    &[],
);
/// `DELETE /contacts/{id}/campaigns/{campaignId}`.
pub const CONTACT_CAMPAIGN_REMOVE: Operation = operation(
    "ghl.contact.campaign.remove",
    "DELETE /contacts/{id}/campaigns/{campaignId}",
    Access::Write,
    &["contacts.write"],
    &[],
);
/// `DELETE /contacts/{id}/campaigns/removeAll`.
pub const CONTACT_CAMPAIGNS_CLEAR: Operation = operation(
    "ghl.contact.campaigns.clear",
    "DELETE /contacts/{id}/campaigns/removeAll",
    Access::Write,
    &["contacts.write"],
    &[],
);
/// `POST /contacts/{id}/workflow/{workflowId}`.
pub const CONTACT_WORKFLOW_ADD: Operation = operation(
    "ghl.contact.workflow.add",
    "POST /contacts/{id}/workflow/{workflowId}",
    Access::Write,
    &["contacts.write"],
    &[],
);
/// `DELETE /contacts/{id}/workflow/{workflowId}`.
pub const CONTACT_WORKFLOW_REMOVE: Operation = operation(
    "ghl.contact.workflow.remove",
    "DELETE /contacts/{id}/workflow/{workflowId}",
    Access::Write,
    &["contacts.write"],
    &[],
);
