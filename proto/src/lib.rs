#![doc = include_str!("../README.md")]

mod envelope;
mod id;
pub mod topology;

pub use envelope::{DecodeError, Envelope, Header, Payload};
pub use id::{ConnectionId, InvalidId, MessageId, RecordId};
pub use topology::{Consumer, Lane, Stream};

/// The generated wire types, as they stand in `tandem/v1/*.proto`.
pub mod v1 {
    #![expect(missing_docs, clippy::pedantic, reason = "generated: the comments are in the .proto files")]
    include!(concat!(env!("OUT_DIR"), "/tandem.v1.rs"));
}
