#![doc = include_str!("../README.md")]

mod diff;
mod document;
mod identity;
mod intent;
mod observe;
mod outcome;
mod rules;
mod step;

pub use diff::{Write, Writes, diff};
pub use document::{Canon, Document, Link, Parked, Seen, Shadow, Unsettled};
pub use identity::{Claims, claims, external_key, same_person};
pub use intent::{Intent, IntentKind, begin};
pub use observe::{Note, is_echo, observe};
pub use outcome::{
    Found, adopt, at_rest, claimed, created, deleted, failed, hint, not_applied, not_found, parked, probed, read,
    refused, settle, taken, unknown, updated,
};
pub use rules::{ConflictPolicy, DeletePolicy, Direction, FieldRule, Rules, Timing, Weakened};
pub use step::{Run, Step, next_step};
