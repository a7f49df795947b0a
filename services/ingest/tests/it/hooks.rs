//! Webhooks that Tandem makes itself, at `OpenPhone`'s stand-in.

mod crashes;
mod keeping;
mod secrets;
mod world;
