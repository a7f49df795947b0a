//! `HighLevel`: what its webhooks say, how a contact is read, and what the contact says in canonical fields.
//!
//! Requests and answers of every operation are here; nothing that sends them.

pub mod appointment;
pub mod contact;
pub mod conversation;
pub mod custom_field;
mod dnd;
pub mod location;
pub mod membership;
pub mod note;
pub mod oauth;
pub mod operations;
pub mod request;
pub mod response;
pub mod scan;
pub mod search;
mod signature;
pub mod tag;
pub mod task;
pub mod user;
mod version;
pub mod webhook;
pub mod write;

pub use contact::{Contact, GhlView};
pub use dnd::{Channel, Dnd};
pub use request::Id;
pub use signature::{KeyError, PUBLISHED_KEY, PublicKey};
pub use version::{ApiVersion, InvalidApiVersion, NotOffered};
