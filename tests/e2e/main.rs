//! A contact changed in GHL is right in OpenPhone: end to end, over real HTTP, judged at the twins.

#![expect(clippy::unwrap_used, reason = "test code")]

mod main_job;
