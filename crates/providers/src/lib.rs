#![doc = include_str!("../README.md")]

mod custom;
mod error;
pub mod ghl;
mod id;
mod json;
pub mod openphone;
mod operation;
mod outcome;
mod request;
mod row;
mod signature;

pub use custom::{CustomDefinition, CustomKind, CustomPlaces, CustomValue, Unfit};
pub use error::{ApiError, Words};
pub use id::{ContactId, InvalidId};
pub use json::{MAX_WEBHOOK_BYTES, ParseError};
pub use operation::{Access, AuthScheme, Operation, Purpose};
pub use outcome::{Class, Outcome};
pub use request::{Request, Response};
pub use row::Row;
pub use signature::SignatureError;
