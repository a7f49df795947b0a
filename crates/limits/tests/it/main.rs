//! The promises of budgets, over every backend, on a paused clock.

#[cfg(test)]
mod backend;
#[cfg(test)]
mod suite;
