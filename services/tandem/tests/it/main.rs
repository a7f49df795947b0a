//! The command line as a real process: exit codes, words, and what arrives at the twins.

#[cfg(test)]
mod client;
#[cfg(test)]
mod command;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod up;
