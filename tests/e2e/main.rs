//! A contact changed in GHL is right in OpenPhone: end to end, over real HTTP, judged at the twins.

#![expect(clippy::unwrap_used, reason = "test code")]

#[macro_use]
mod shapes;

mod activity;
mod api;
mod architecture;
mod both_ways;
mod brake;
mod chaos;
mod check;
mod compose;
mod connect;
mod disk;
mod explain;
mod faults;
mod hooks;
mod house;
mod kill;
mod known_bugs;
mod logs;
mod main_job;
mod mapping;
mod notes;
mod oauth;
mod operations;
mod replay;
mod review;
mod rules;
mod scan;
mod start;
mod tasks;
mod trace;
