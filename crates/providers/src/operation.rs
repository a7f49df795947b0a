//! What a provider can be asked for: one value per operation, in one table per provider.
//!
//! Requests are built from these values, the documentation and the checks list them, so none of the three can know an
//! operation that the others don't.

use http::HeaderValue;
use http::header::InvalidHeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

/// How the credential is written in the `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthScheme {
    /// `Bearer <token>`: GHL.
    Bearer,
    /// The bare key: `OpenPhone` answers 401 to a `Bearer` prefix.
    Bare,
    /// No credential in the header; the token routes carry theirs in the body.
    None,
}

impl AuthScheme {
    /// The value of the `Authorization` header, where one is sent. It is marked sensitive: hidden in debug output and kept
    /// out of header compression tables. An error where the credential can't stand in a header.
    pub fn header(self, credential: &SecretString) -> Result<Option<HeaderValue>, InvalidHeaderValue> {
        let prefix = match self {
            Self::Bearer => "Bearer ",
            Self::Bare => "",
            Self::None => return Ok(None),
        };
        let mut value = HeaderValue::from_str(&format!("{prefix}{}", credential.expose_secret()))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// Whether an operation changes anything at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Read,
    /// It can change something.
    Write,
}

/// Where Tandem uses an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Keeping contacts in step.
    Sync,
    /// Keeping tasks in step, where a mapping says so.
    Tasks,
    /// Keeping notes in step, where a mapping says so.
    Notes,
    /// Connecting, reconnecting and keeping webhooks registered.
    Setup,
    /// `tandem check`.
    Check,
}

impl Purpose {
    /// The word for it in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Tasks => "tasks",
            Self::Notes => "notes",
            Self::Setup => "setup",
            Self::Check => "check",
        }
    }
}

/// One operation of a provider's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Its name, the same in tables, reports and tests: `ghl.contact.get`.
    pub name: &'static str,
    /// Method and route with placeholders, for spans and metrics: never an id in it.
    pub template: &'static str,
    /// How the credential travels.
    pub auth: AuthScheme,
    /// Whether it changes anything.
    pub access: Access,
    /// The least scopes that it needs, all of them; none where the provider has no scopes.
    pub scopes: &'static [&'static str],
    /// Where Tandem uses it; empty where only the client knows it so far.
    pub purposes: &'static [Purpose],
}

impl Operation {
    /// Whether contacts are kept in step without it.
    pub fn is_beside_contacts(&self) -> bool {
        let is_for = |wanted: &[Purpose]| self.purposes.iter().any(|purpose| wanted.contains(purpose));
        is_for(&[Purpose::Tasks, Purpose::Notes]) && !is_for(&[Purpose::Sync, Purpose::Setup])
    }

    /// The HTTP method.
    pub fn method(&self) -> &'static str {
        self.template.split_once(' ').map_or("", |(method, _)| method)
    }

    /// The route with placeholders.
    pub fn path(&self) -> &'static str {
        self.template.split_once(' ').map_or("", |(_, path)| path)
    }
}
