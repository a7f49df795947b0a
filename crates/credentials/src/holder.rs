//! Whom a secret belongs to.

use std::fmt;

use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;

/// Ids are some 20 characters; this leaves room without letting an answer fill a key.
const MAX_LENGTH: usize = 64;

/// A GHL agency; one of its tokens serves all connections whose locations it installed the app in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CompanyId(String);

/// The text can't name a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a company's id has 1 to {MAX_LENGTH} letters, digits, `_` or `-`")]
pub struct InvalidCompanyId;

impl CompanyId {
    /// Checks the form that keys rely on.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidCompanyId> {
        let text = text.into();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let usable = (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_plain);
        if usable { Ok(Self(text)) } else { Err(InvalidCompanyId) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CompanyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom a secret belongs to; each has a data key of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// One connection.
    Connection(ConnectionId),
    /// A GHL agency, for all connections below it.
    Company(CompanyId),
}

impl Holder {
    /// Its part of a store key. Neither id can hold a `/`, so no two holders share one.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Connection(id) => format!("connection/{id}"),
            Self::Company(id) => format!("company/{id}"),
        }
    }

    /// The holder that a store key names.
    pub(crate) fn of_key(key: &str) -> Option<Self> {
        match key.split_once('/')? {
            ("connection", id) => ConnectionId::new(id).ok().map(Self::Connection),
            ("company", id) => CompanyId::new(id).ok().map(Self::Company),
            _ => None,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(id) => write!(f, "connection {id}"),
            Self::Company(id) => write!(f, "company {id}"),
        }
    }
}

impl From<ConnectionId> for Holder {
    fn from(id: ConnectionId) -> Self {
        Self::Connection(id)
    }
}

impl From<&ConnectionId> for Holder {
    fn from(id: &ConnectionId) -> Self {
        Self::Connection(id.clone())
    }
}

impl From<CompanyId> for Holder {
    fn from(id: CompanyId) -> Self {
        Self::Company(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_holder_and_no_other() {
        let connection = Holder::from(ConnectionId::new("acme").unwrap());
        let company = Holder::from(CompanyId::new("acme").unwrap());
        assert_ne!(connection.key(), company.key());
        for holder in [connection, company] {
            assert_eq!(Holder::of_key(&holder.key()), Some(holder));
        }
        for none in ["acme", "connection/a/b", "company/", "agency/acme"] {
            assert_eq!(Holder::of_key(none), None, "{none}");
        }
        for bad in ["", "a/b", "a b", "é", &"x".repeat(65)] {
            assert_eq!(CompanyId::new(bad), Err(InvalidCompanyId), "{bad:?} was taken");
        }
    }
}
