//! Names of parts: a note that is too long for the other side is several things there, so here each of its parts has a name.

use std::fmt;

use crate::ContactId;

use super::Id;

/// Between the note's id and the number of the part. GHL's ids have letters and digits only (contract sheet, section 10.8).
const BETWEEN: char = '~';

/// A part of a note, counted from 1. The first one has the note's own id as its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartId {
    /// The note.
    pub note: Id,
    /// Which part.
    pub number: usize,
}

impl PartId {
    /// The first part of a note; none where the note's id would be read as a part's name.
    pub fn whole(note: &Id) -> Option<Self> {
        let is_plain = !note.as_str().contains(BETWEEN);
        is_plain.then(|| Self { note: note.clone(), number: 1 })
    }

    /// Another part of the same note.
    #[must_use]
    pub fn with_number(&self, number: usize) -> Self {
        Self { note: self.note.clone(), number }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        let (note, number) = match name.split_once(BETWEEN) {
            Some((note, number)) => (note, number.parse().ok().filter(|number| *number > 1)?),
            None => (name, 1),
        };
        let id = Self { note: Id::new(note).ok()?, number };
        (id.to_string() == name).then_some(id)
    }

    /// The name as records link to it; none where the note's id is longer than any that GHL hands out.
    pub fn name(&self) -> Option<ContactId> {
        ContactId::new(&self.to_string()).ok()
    }
}

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => f.write_str(self.note.as_str()),
            number => write!(f, "{}{BETWEEN}{number}", self.note.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_named_after_its_note() {
        let whole = PartId::whole(&Id::new("n1").unwrap()).unwrap();
        for (number, name) in [(1, "n1"), (2, "n1~2"), (12, "n1~12")] {
            let part = whole.with_number(number);
            assert_eq!((part.to_string().as_str(), PartId::parse(name)), (name, Some(part)));
        }
        for odd in ["", "~2", "n1~", "n1~1", "n1~0", "n1~02", "n1~+2", "n1~2~3"] {
            assert_eq!(PartId::parse(odd), None, "{odd}");
        }
        assert_eq!(PartId::whole(&Id::new("n1~2").unwrap()), None);
    }
}
