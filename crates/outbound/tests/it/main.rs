//! The client against a tiny local server.
