#![doc = include_str!("../README.md")]

mod brake;
mod diff;
mod document;
mod flips;
mod identity;
mod intent;
mod making;
mod merge;
mod observe;
mod outcome;
mod rules;
mod step;
mod taken;

pub use brake::{Brake, BrakeLimit, Harm, harm};
pub use diff::{Write, Writes, diff};
pub use document::{Canon, Cause, Document, Fired, Flips, Held, Kind, Link, Parked, Seen, Shadow, Unsettled};
pub use identity::{Claims, Meeting, claims, external_key, fits, meet, phone_key, record_of_key};
pub use intent::{Intent, IntentKind, begin};
pub use making::{about_to_make, is_making};
pub use merge::{
    Change, Merge, MergePlan, UNDOABLE, Unmergeable, end_in, keep_apart, left_alone, plan_merge, take_over, undo_merge,
};
pub use observe::{ARCHIVED, Note, decide, is_echo, observe};
pub use outcome::{
    Found, adopt, at_rest, awaited, claimed, created, deleted, failed, hint, join, merged_into, not_applied, not_found,
    parked, parked_with, probed, read, refused, refused_create, returned, settle, taken, unknown, updated, woken,
};
pub use rules::{ConflictPolicy, DeletePolicy, Direction, FieldRule, Rules, Timing, Weakened};
pub use step::{COMPLETED, OPEN, Run, Step, next_step};
pub use taken::taken_as;
