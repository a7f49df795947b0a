//! The promises of budgets, over every backend, and those of several processes at one Redis.

#[cfg(test)]
mod backend;
#[cfg(test)]
mod shared;
#[cfg(test)]
mod suite;
