//! What a failure means for whoever has to decide what comes next.

use std::time::Duration;

/// The one thing a handler asks an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// It may work next time: back off and try again.
    Transient,
    /// Too many requests: try again, but not before the time named, if one was.
    Throttled {
        /// How long the other side asked us to stay away.
        retry_after: Option<Duration>,
    },
    /// The same attempt will fail again: someone or something has to change first.
    Permanent,
}

impl ErrorClass {
    /// True where trying the same thing again later makes sense.
    pub fn is_retryable(self) -> bool {
        match self {
            Self::Transient | Self::Throttled { .. } => true,
            Self::Permanent => false,
        }
    }
}
