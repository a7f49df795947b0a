//! Contacts on both surfaces, and what hangs on the dated one (contract sheet, sections 4 and 5).

use super::{read, used, write};
use crate::{Operation, Purpose};

/// `GET /v1/contacts`.
pub const V1_CONTACTS_LIST: Operation =
    used(read("openphone.v1.contacts.list", "GET /v1/contacts"), &[Purpose::Sync, Purpose::Check]);
/// `GET /v1/contacts/{id}`.
pub const V1_CONTACT_GET: Operation =
    used(read("openphone.v1.contact.get", "GET /v1/contacts/{id}"), &[Purpose::Sync, Purpose::Check]);
/// `POST /v1/contacts`: everything in one request.
pub const V1_CONTACT_CREATE: Operation =
    used(write("openphone.v1.contact.create", "POST /v1/contacts"), &[Purpose::Sync, Purpose::Check]);
/// `PATCH /v1/contacts/{id}`: replaces the whole document.
pub const V1_CONTACT_PATCH: Operation =
    used(write("openphone.v1.contact.patch", "PATCH /v1/contacts/{id}"), &[Purpose::Sync, Purpose::Check]);
/// `DELETE /v1/contacts/{id}`.
pub const V1_CONTACT_DELETE: Operation =
    used(write("openphone.v1.contact.delete", "DELETE /v1/contacts/{id}"), &[Purpose::Sync, Purpose::Check]);
/// `GET /v1/contact-custom-fields`: the definitions.
pub const V1_CUSTOM_FIELDS: Operation =
    used(read("openphone.v1.custom-fields.list", "GET /v1/contact-custom-fields"), &[Purpose::Sync, Purpose::Check]);
/// `GET /contacts`.
pub const CONTACTS_LIST: Operation = read("openphone.contacts.list", "GET /contacts");
/// `GET /contacts/{id}`.
pub const CONTACT_GET: Operation = read("openphone.contact.get", "GET /contacts/{id}");
/// `POST /contacts`: names and keys only.
pub const CONTACT_CREATE: Operation = write("openphone.contact.create", "POST /contacts");
/// `PATCH /contacts/{id}`: scalars only, on the dated surface.
pub const CONTACT_PATCH: Operation =
    used(write("openphone.contact.patch", "PATCH /contacts/{id}"), &[Purpose::Sync, Purpose::Check]);
/// `DELETE /contacts/{id}`.
pub const CONTACT_DELETE: Operation = write("openphone.contact.delete", "DELETE /contacts/{id}");
/// `GET /contacts/{id}/shares`.
pub const SHARES_LIST: Operation = read("openphone.contact.shares.list", "GET /contacts/{id}/shares");
/// `GET /contacts/{id}/properties`.
pub const PROPERTIES_LIST: Operation = read("openphone.contact.properties.list", "GET /contacts/{id}/properties");
/// `POST /contacts/{id}/properties`.
pub const PROPERTY_CREATE: Operation = write("openphone.contact.property.create", "POST /contacts/{id}/properties");
/// `GET /contacts/{id}/properties/{propertyId}`.
pub const PROPERTY_GET: Operation =
    read("openphone.contact.property.get", "GET /contacts/{id}/properties/{propertyId}");
/// `PATCH /contacts/{id}/properties/{propertyId}`.
pub const PROPERTY_PATCH: Operation =
    write("openphone.contact.property.patch", "PATCH /contacts/{id}/properties/{propertyId}");
/// `DELETE /contacts/{id}/properties/{propertyId}`.
pub const PROPERTY_DELETE: Operation =
    write("openphone.contact.property.delete", "DELETE /contacts/{id}/properties/{propertyId}");
/// `GET /contacts/{id}/notes`.
pub const NOTES_LIST: Operation =
    used(read("openphone.contact.notes.list", "GET /contacts/{id}/notes"), &[Purpose::Notes, Purpose::Check]);
/// `POST /contacts/{id}/notes`.
pub const NOTE_CREATE: Operation =
    used(write("openphone.contact.note.create", "POST /contacts/{id}/notes"), &[Purpose::Notes, Purpose::Check]);
/// `GET /contacts/{id}/notes/{noteId}`.
pub const NOTE_GET: Operation =
    used(read("openphone.contact.note.get", "GET /contacts/{id}/notes/{noteId}"), &[Purpose::Notes, Purpose::Check]);
/// `PATCH /contacts/{id}/notes/{noteId}`.
pub const NOTE_PATCH: Operation = used(
    write("openphone.contact.note.patch", "PATCH /contacts/{id}/notes/{noteId}"),
    &[Purpose::Notes, Purpose::Check],
);
/// `DELETE /contacts/{id}/notes/{noteId}`.
pub const NOTE_DELETE: Operation = used(
    write("openphone.contact.note.delete", "DELETE /contacts/{id}/notes/{noteId}"),
    &[Purpose::Notes, Purpose::Check],
);
