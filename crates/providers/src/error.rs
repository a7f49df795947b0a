//! A provider's refusal, in one shape for both providers.

use std::collections::BTreeSet;
use std::fmt;

use http::StatusCode;
use tandem_contact::Field;

use crate::{Class, ContactId, Outcome};

/// The provider's own words can be long (GHL lists every field); a timeline needs the beginning.
const MAX_WORDS: usize = 500;

/// A provider answered, and it wasn't what was asked for.
///
/// Prints status and code only. What the provider said may quote a contact, so it must be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the provider answered {status}{}", code_suffix(.code.as_deref()))]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// What the provider said, for the record's timeline; not for logs.
    pub words: Words,
    /// The provider's own error code (`OpenPhone` v1: seven digits).
    pub code: Option<Box<str>>,
    /// The provider's id of the request, for its support.
    pub trace: Option<Box<str>>,
    /// The fields that the provider refused, where it says so.
    pub refused: BTreeSet<Field>,
    /// The contact that is already there, where a create was refused because of it.
    pub existing: Option<Box<ContactId>>,
    pub(crate) class: Class,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, class: Class) -> Self {
        Self {
            status,
            words: Words::default(),
            code: None,
            trace: None,
            refused: BTreeSet::new(),
            existing: None,
            class,
        }
    }

    /// What it means.
    pub fn class(&self) -> Class {
        self.class
    }

    /// True where the credential is good but lacks a scope: GHL answers 401 and says so (contract sheet, section 3). A new
    /// token of the same installation would lack it too.
    pub fn is_missing_scope(&self) -> bool {
        self.class == Class::Unauthorized && self.words.reveal().contains("not authorized for this scope")
    }

    /// True where GHL's token route refuses a code or refresh token: used, expired or unknown (contract sheet, section 2.2).
    pub fn is_invalid_grant(&self) -> bool {
        self.class == Class::Refused && self.words.reveal().to_ascii_lowercase().starts_with("invalid grant")
    }

    /// True where the location is paused at GHL: it works again once it is switched on there. Nothing was used up (contract
    /// sheet, section 2.3, about the token route; which status other routes have for it is not known).
    pub fn is_location_inactive(&self) -> bool {
        let can_say_so = matches!(self.class, Class::Refused | Class::Forbidden);
        can_say_so && self.words.reveal().contains("Location is not active")
    }

    /// Whether a write that was answered like this can have happened.
    pub fn outcome(&self) -> Outcome {
        self.class.outcome()
    }
}

fn code_suffix(code: Option<&str>) -> String {
    code.map(|code| format!(" (code {code})")).unwrap_or_default()
}

/// What a provider said, cut to a readable length and without control characters. Debug output hides it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Words(String);

impl Words {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.chars().filter(|char| !char.is_control()).take(MAX_WORDS).collect())
    }

    /// The words. They may hold personal data: for the record's timeline, never for a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({} bytes)", self.0.len())
    }
}
