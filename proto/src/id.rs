//! Newtypes for the ids that travel in messages and keys.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// An id holds a character that can't stand in a subject or key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid id: use 1 to 64 letters, digits, `_` or `-`")]
pub struct InvalidId(String);

macro_rules! token_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks the form that every subject and key relies on.
            pub fn new(id: impl Into<String>) -> Result<Self, InvalidId> {
                let id = id.into();
                if is_token(&id) { Ok(Self(id)) } else { Err(InvalidId(id)) }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

token_id!(
    /// One GHL location paired with one OpenPhone workspace.
    ConnectionId
);
token_id!(
    /// One person of one connection.
    RecordId
);

impl ConnectionId {
    /// Stands where a message names no connection of ours.
    pub fn unknown() -> Self {
        Self("unknown".to_owned())
    }
}

/// What the queue drops duplicates by; any text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MessageId(pub String);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Subject tokens and keys are joined with `.` and `/`, so ids keep clear of both.
fn is_token(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_would_break_a_subject_are_refused() {
        for bad in ["", "a.b", "a/b", "a b", "é", &"x".repeat(65)] {
            assert!(ConnectionId::new(bad).is_err(), "{bad:?} was taken");
        }
        assert_eq!(ConnectionId::new("acme-1_x").unwrap().as_str(), "acme-1_x");
    }
}
