//! `OpenPhone`, now named Quo: webhooks of all three generations, and the whole client of both surfaces.
//!
//! v1 (a contact is one document) and the dated surface (a thin contact with properties, notes and shares around it) take
//! the same key and know the same ids. Contacts are read and created on v1; a change of scalars uses the dated `PATCH`,
//! which can't wipe lists. One module per subject builds its requests and reads its answers.

pub mod call;
pub mod contact;
pub mod conversation;
pub mod hook;
pub mod message;
pub mod note;
pub mod operations;
pub mod patch;
pub mod property;
pub mod recovery;
pub mod request;
pub mod response;
pub mod scan;
mod signature;
pub mod tags;
pub mod task;
pub mod thin;
pub mod webhook;
mod wire;
pub mod workspace;

pub use contact::{Contact, CustomField, Item, OpenPhoneView, Partial};
pub use request::{ExternalId, InvalidExternalId, List};
pub use response::{Listing, Page};
pub use signature::{InvalidSecret, Verified, WebhookSecret};
pub use tags::{Definition, TagTarget};
pub use wire::{API_VERSION, Id, InvalidUserId, Surface, UserId, Window};

pub use crate::id::ContactId;

#[cfg(test)]
mod tests;
