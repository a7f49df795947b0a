#![doc = include_str!("../README.md")]

mod address;
mod allowed;
mod answer;
mod body;
mod channel;
mod failure;
mod message;
mod payload;
mod resolver;
mod sender;

pub use address::{Range, is_public};
pub use allowed::{Allowed, InvalidHost};
pub use answer::MAX_RESPONSE_BYTES;
pub use channel::{Channel, InvalidChannel, Kind, MAX_URL_CHARACTERS};
pub use failure::{Failure, NotSent, Unknown, Why};
pub use message::Message;
pub use payload::{SLACK_CHARACTERS, TEAMS_BYTES, TEAMS_CHARACTERS, payload};
pub use sender::{Options, Sender, SetUpError};
