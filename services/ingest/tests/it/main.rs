//! The webhook routes over real HTTP, with the queue in memory and in the embedded database.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bytes;
#[cfg(test)]
mod client;
#[cfg(test)]
mod eventually;
#[cfg(test)]
mod ghl;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod load;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod openphone;
#[cfg(test)]
mod queue_trouble;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod server;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod signer;
#[cfg(test)]
mod spool;
#[cfg(test)]
mod vendor;
