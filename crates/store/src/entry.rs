//! What the store holds, and what a writer believes it holds.

use bytes::Bytes;

/// A value and its revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value as it was put.
    pub value: Bytes,
    /// Changes with every put; what the next put has to name.
    pub revision: u64,
}

/// The state that a write was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// There is no such key.
    Absent,
    /// The key is at this revision.
    Revision(u64),
}

impl Expected {
    /// What to expect after a read: absent, or what was read.
    pub fn after(read: Option<&Entry>) -> Self {
        read.map_or(Self::Absent, |entry| Self::Revision(entry.revision))
    }

    pub(crate) fn holds(self, revision: Option<u64>) -> bool {
        match self {
            Self::Absent => revision.is_none(),
            Self::Revision(expected) => revision == Some(expected),
        }
    }
}
