//! What GHL can be asked for, with the least scopes (contract sheet, sections 4 to 6).

use crate::{Access, AuthScheme, Operation, Purpose};

/// `GET /contacts/{id}`: the only read that gives names in their own case.
pub const CONTACT_GET: Operation = Operation {
    name: "ghl.contact.get",
    template: "GET /contacts/{id}",
    auth: AuthScheme::Bearer,
    access: Access::Read,
    scopes: &["contacts.readonly"],
    purposes: &[Purpose::Sync, Purpose::Check],
};

/// Every operation, in the order of the documentation.
pub const ALL: &[&Operation] = &[&CONTACT_GET];
