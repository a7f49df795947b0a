//! The promises of vault and tokens, over every store.

#[cfg(test)]
mod backend;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod ghl;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod vault;
