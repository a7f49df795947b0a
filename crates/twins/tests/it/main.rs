//! The twins over plain HTTP: each test states one line of a contract sheet.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod admin;
mod described;
mod faults;
mod ghl_access;
mod ghl_bulk;
mod ghl_company;
mod ghl_contacts;
mod ghl_conversations;
mod ghl_events;
mod ghl_kit;
mod ghl_location;
mod ghl_oauth;
mod ghl_openapi;
mod ghl_records;
mod ghl_sdk;
mod ghl_search;
mod judging;
mod kit;
mod openphone_access;
mod openphone_dated;
mod openphone_hooks;
mod openphone_kit;
mod openphone_notes;
mod openphone_schemas;
mod openphone_talks;
mod openphone_tasks;
mod openphone_v1;
mod rates;
mod vendor;
mod webhooks;
