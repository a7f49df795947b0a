//! `OpenPhone`, now named Quo: webhooks of all three generations, the v1 contact document, and writes that wipe
//! nothing.
//!
//! Two surfaces with one key and the same ids: v1 (a contact is one document) and the dated one, whose thin contact
//! has scalars only. Reads and creates use v1; a change of scalars uses the dated `PATCH`, which can't wipe lists.

pub mod contact;
pub mod operations;
pub mod patch;
pub mod request;
pub mod response;
mod signature;
pub mod tags;
pub mod webhook;

pub use contact::{Contact, CustomField, Item, OpenPhoneView, Partial};
pub use request::{ExternalId, InvalidExternalId, List};
pub use response::Page;
pub use signature::{InvalidSecret, Verified, WebhookSecret};
pub use tags::{Definition, TagTarget};

pub use crate::id::ContactId;
