//! `HighLevel`: what its webhooks say, how a contact is read, and what the contact says in canonical fields.
//!
//! Only what a GHL-to-OpenPhone pipeline calls is here: webhooks in, `GET /contacts/{id}` out.

pub mod contact;
pub mod operations;
pub mod request;
pub mod response;
mod signature;
pub mod webhook;

pub use contact::{Contact, GhlView};
pub use request::ApiVersion;
pub use signature::{KeyError, PUBLISHED_KEY, PublicKey};
