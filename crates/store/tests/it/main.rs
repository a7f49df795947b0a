//! The store's promises, over every backend, and what only the embedded one can show.

#[cfg(test)]
mod backend;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod model;
#[cfg(test)]
mod suite;
