//! What a notification says.

use std::fmt;

use serde_json::{Map, Value};

/// A text, and for a plain URL what goes with it.
#[derive(Clone, Default, PartialEq)]
pub struct Message {
    pub(crate) text: String,
    pub(crate) extra: Map<String, Value>,
}

impl Message {
    /// A message of this text. Nothing in it is markup: it stands there as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), extra: Map::new() }
    }

    /// Adds fields to the body that a plain URL gets; the text stays in `text` whatever is in here. Slack and Teams have
    /// no place for them.
    #[must_use]
    pub fn with(mut self, extra: Map<String, Value>) -> Self {
        self.extra.extend(extra);
        self
    }
}

/// The text holds people's names and numbers, so only its size is shown.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let characters = self.text.chars().count();
        f.debug_struct("Message")
            .field("characters", &characters)
            .field("extra", &self.extra.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_its_size_only() {
        let extra = Map::from_iter([("phone".to_owned(), Value::from("+14155550100"))]);
        let shown = format!("{:?}", Message::new("Ana Pérez").with(extra));
        assert_eq!(shown, "Message { characters: 9, extra: 1, .. }");
    }
}
