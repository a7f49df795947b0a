//! Connecting by OAuth, with GHL's twin at the other end.

mod agencies;
mod callback;
mod world;
