//! The store's promises, over every backend, and what only one of them can show.

#[cfg(test)]
mod backend;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod model;
#[cfg(test)]
mod nats;
#[cfg(test)]
mod suite;
