//! The pure crate from outside: properties of the merge, and the seeded simulation.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    clippy::cast_possible_truncation,
    reason = "test code"
)]

mod duplicates;
mod merge;
mod note;
mod simulation;
mod task;
