//! What takes more than one process to see.

#[cfg(test)]
mod servers;
