//! An error with its causes, for one log line.

use std::error::Error;

/// The messages of the error and of everything that caused it, joined by colons.
pub fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
