//! What people working in a provider's app can't do.

use std::fmt;

/// Nobody has the contact that was to be edited, or the edit is not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotEditable(pub String);

impl fmt::Display for NotEditable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "editing in the app: {}", self.0)
    }
}

impl std::error::Error for NotEditable {}
