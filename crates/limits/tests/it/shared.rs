//! Several processes at one Redis.
