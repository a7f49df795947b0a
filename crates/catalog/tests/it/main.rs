//! The catalog against what the providers publish. The files are not part of this repository.

mod actions;
mod docs;
mod events;
