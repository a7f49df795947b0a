//! What `OpenPhone` can be asked for (contract sheet, sections 4 and 5). Its keys have no scopes.

use crate::{Access, AuthScheme, Operation, Purpose};

const fn operation(
    name: &'static str,
    template: &'static str,
    access: Access,
    purposes: &'static [Purpose],
) -> Operation {
    Operation { name, template, auth: AuthScheme::Bare, access, scopes: &[], purposes }
}

/// `GET /v1/contacts`.
pub const V1_CONTACTS_LIST: Operation =
    operation("openphone.v1.contacts.list", "GET /v1/contacts", Access::Read, &[Purpose::Sync, Purpose::Check]);
/// `GET /v1/contacts/{id}`.
pub const V1_CONTACT_GET: Operation =
    operation("openphone.v1.contact.get", "GET /v1/contacts/{id}", Access::Read, &[Purpose::Sync, Purpose::Check]);
/// `POST /v1/contacts`: everything in one request.
pub const V1_CONTACT_CREATE: Operation =
    operation("openphone.v1.contact.create", "POST /v1/contacts", Access::Write, &[Purpose::Sync, Purpose::Check]);
/// `PATCH /v1/contacts/{id}`: replaces the whole document.
pub const V1_CONTACT_PATCH: Operation =
    operation("openphone.v1.contact.patch", "PATCH /v1/contacts/{id}", Access::Write, &[Purpose::Sync, Purpose::Check]);
/// `DELETE /v1/contacts/{id}`.
pub const V1_CONTACT_DELETE: Operation = operation(
    "openphone.v1.contact.delete",
    "DELETE /v1/contacts/{id}",
    Access::Write,
    &[Purpose::Sync, Purpose::Check],
);
/// `GET /v1/contact-custom-fields`.
pub const V1_CUSTOM_FIELDS: Operation = operation(
    "openphone.v1.custom-fields.list",
    "GET /v1/contact-custom-fields",
    Access::Read,
    &[Purpose::Sync, Purpose::Check],
);
/// The dated `PATCH /contacts/{id}`: scalars only, can't wipe a list.
pub const CONTACT_PATCH: Operation =
    operation("openphone.contact.patch", "PATCH /contacts/{id}", Access::Write, &[Purpose::Sync, Purpose::Check]);

/// Every operation, in the order of the documentation.
pub const ALL: &[&Operation] = &[
    &V1_CONTACTS_LIST,
    &V1_CONTACT_GET,
    &V1_CONTACT_CREATE,
    &V1_CONTACT_PATCH,
    &V1_CONTACT_DELETE,
    &V1_CUSTOM_FIELDS,
    &CONTACT_PATCH,
];
