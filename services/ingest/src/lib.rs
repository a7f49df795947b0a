#![doc = include_str!("../README.md")]

mod answer;
mod arrival;
mod body;
mod config;
mod error;
mod exchange;
mod hooks;
mod installs;
mod intake;
mod oauth;
mod repeats;
mod routes;
mod scan;
mod sink;
mod spool;

pub use config::{Config, Connection, Deps};
pub use hooks::{HookConfig, HookConnection, HookDeps, HookSecrets, HookTiming, hook_url, keep_hooks};
pub use oauth::{Agencies, OAuthConfig, OAuthDeps, OAuthReached, StateKeys, oauth_router, oauth_router_at, start_url};
pub use routes::{router, router_at};
pub use scan::{
    Asked, Ended, GhlReader, Job, OpenPhoneReader, Progress, Rehearsal, Resumed, ScanConfig, ScanConnection, ScanDeps,
    ScanDesk, ScanKind, ScanReached, ScanStatus, ask, keep_scans, rehearse_scan, rehearsed, release, scan_router,
    scan_status,
};
pub use sink::Sink;
pub use spool::{Spool, SpoolLimits};
