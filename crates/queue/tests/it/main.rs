//! The queue's promises, over every backend, and what only the embedded one can show.

#[cfg(test)]
mod backend;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod group_commit;
#[cfg(test)]
mod model;
#[cfg(test)]
mod nats;
#[cfg(test)]
mod suite;
