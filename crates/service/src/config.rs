//! The configuration: one YAML file over compiled-in defaults, environment variables over both.
//!
//! Text becomes a raw tree, the tree becomes a [`Config`]. Only a `Config` without any problem comes out; every
//! problem found on the way is told at once. The environment is an argument: nothing here asks the process for it.

mod api;
mod backends;
mod check;
mod connections;
mod mapping;
mod notifications;
mod overrides;
mod problem;
mod providers;
mod read;
mod reference;
mod section;
mod tree;
mod yaml;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{SecretSlice, SecretString};
use url::Url;

use tandem_mapping::Mapping;
use tandem_proto::ConnectionId;
use tandem_telemetry::Format;

pub use api::{Api, ApiToken, Role};
pub use mapping::{load_mapping, mapping_schema, read_mapping};
pub use notifications::Notifications;
pub use problem::{ConfigError, EXIT_BAD_CONFIGURATION, Origin, Problem};

/// Environment variables by name.
pub type Environment = BTreeMap<String, String>;

/// The compiled-in defaults, which are also the reference documentation of every key.
pub const DEFAULTS: &str = include_str!("../../../config/default.yaml");

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the embedded queue and store live.
    pub data_dir: PathBuf,
    /// The HTTP server.
    pub http: Http,
    /// Where messages wait.
    pub queue: Queue,
    /// Where request budgets are kept.
    pub limits: Limits,
    /// What ingest may keep while the queue is away.
    pub spool: Spool,
    /// What protects tokens at rest: the first key encrypts, all decrypt. 32 bytes each.
    pub encryption_keys: Vec<SecretSlice<u8>>,
    /// Both providers.
    pub providers: Providers,
    /// At least one; ids and locations are unique.
    pub connections: Vec<Connection>,
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// How long work under way may take after a stop was asked for.
    pub grace: Duration,
    /// Between two sweeps; none for none but on command.
    pub sweep_every: Option<Duration>,
    /// How many records may be deleted or overwritten before a person is asked.
    pub brake: Brake,
    /// How much the writer does at once.
    pub writer: Writer,
    /// Where rules may send messages.
    pub notifications: Notifications,
    /// Who may use the management API.
    pub api: Api,
}

/// The mass-change brake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brake {
    /// So many records are never too many.
    pub records: u32,
    /// Nor is this share of all records.
    pub percent: u32,
    /// Within this time; none at all where it is nothing.
    pub within: Duration,
}

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct Http {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How the providers reach us.
    pub public_url: Option<Url>,
}

/// Where messages wait and documents live.
#[derive(Debug, Clone)]
pub enum Queue {
    /// In this process, on the local disk.
    Embedded,
    /// At NATS JetStream, shared by all processes.
    Nats(Nats),
}

/// NATS servers and how to sign in.
#[derive(Debug, Clone)]
pub struct Nats {
    /// At least one address of the same cluster; user and password may stand in them.
    pub urls: Vec<SecretString>,
    /// The content of a credentials file, as `nsc` makes them.
    pub credentials: Option<SecretString>,
    /// Copies of every stream: 1, or 3 on a cluster of three.
    pub replicas: u32,
}

/// Where request budgets are kept.
#[derive(Debug, Clone)]
pub enum Limits {
    /// In this process, counting its own requests only.
    Embedded,
    /// At Redis, shared by all processes.
    Redis {
        /// The server's address; user and password may stand in it.
        url: SecretString,
    },
}

/// The local disk's share in taking webhooks while the queue is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spool {
    /// Events kept at most.
    pub max_messages: u32,
    /// Bytes of events kept at most.
    pub max_bytes: u64,
}

/// Both providers.
#[derive(Debug, Clone)]
pub struct Providers {
    /// GoHighLevel.
    pub ghl: GhlProvider,
    /// OpenPhone, now named Quo.
    pub openphone: OpenPhoneProvider,
}

/// GoHighLevel.
#[derive(Debug, Clone)]
pub struct GhlProvider {
    /// The API.
    pub base_url: Url,
    /// The web application, for links to a contact.
    pub app_url: Url,
    /// The page where an OAuth install starts.
    pub authorize_url: Url,
    /// The `Version` header.
    pub api_version: String,
    /// The marketplace app's id.
    pub client_id: Option<String>,
    /// The marketplace app's secret.
    pub client_secret: Option<SecretString>,
    /// PEM texts; empty means the published key.
    pub webhook_public_keys: Vec<String>,
    /// The published limit.
    pub rate: Rate,
    /// Time limits.
    pub timing: Timing,
}

/// OpenPhone, now named Quo.
#[derive(Debug, Clone)]
pub struct OpenPhoneProvider {
    /// The API.
    pub base_url: Url,
    /// The published limit.
    pub rate: Rate,
    /// Time limits.
    pub timing: Timing,
}

/// A provider's published limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many requests, at least 1,
    pub requests: u32,
    /// in any window of this length,
    pub per: Duration,
    /// and so many a day.
    pub per_day: Option<u32>,
}

/// What is assumed of a provider's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long an answer may take.
    pub timeout: Duration,
    /// How long after the time-out a request may still take effect.
    pub late_apply: Duration,
    /// How long a search may miss what was written.
    pub index_lag: Duration,
    /// How long connecting may take; part of `timeout`.
    pub connect_timeout: Duration,
}

/// One location paired with one workspace.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its name in commands, routes and logs.
    pub id: ConnectionId,
    /// The GoHighLevel side.
    pub ghl: GhlConnection,
    /// The OpenPhone side.
    pub openphone: OpenPhoneConnection,
    /// What is kept in step: the mapping file's content, or the built-in mapping where no file is named.
    pub mapping: Mapping,
    /// The file that it was read from.
    pub mapping_file: Option<MappingFile>,
}

/// A mapping file, as it was read.
#[derive(Debug, Clone)]
pub struct MappingFile {
    /// Where.
    pub path: PathBuf,
    /// What stands in it.
    pub text: String,
}

/// A connection's GoHighLevel side.
#[derive(Debug, Clone)]
pub struct GhlConnection {
    /// The location (sub-account).
    pub location_id: String,
    /// A private integration token; without one the location is connected by OAuth, and everything that needs is there.
    pub private_token: Option<SecretString>,
}

/// A connection's OpenPhone side.
#[derive(Debug, Clone)]
pub struct OpenPhoneConnection {
    /// The workspace's API key.
    pub api_key: SecretString,
    /// What signs webhooks that somebody set up by hand; several while one is being replaced.
    pub webhook_secrets: Vec<SecretString>,
    /// The workspace's phone number that texts would be sent from.
    pub phone_number_id: Option<String>,
}

/// Logs and traces.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// Where spans are exported to (OTLP over gRPC).
    pub otlp_endpoint: Option<Url>,
    /// The share of changes that are traced, from 0 to 1.
    pub sample: f64,
    /// The log filter.
    pub log: String,
    /// How a log line is written.
    pub log_format: Format,
}

/// How much the writer does at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writer {
    /// Records of one connection.
    pub in_flight_per_connection: usize,
    /// Records of all connections.
    pub in_flight: usize,
    /// Between two readings of a location's open tasks, where they are kept in step.
    pub task_poll: Duration,
    /// Between two readings of the notes on `OpenPhone` contacts, where they are kept in step.
    pub note_poll: Duration,
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with it, see [`ConfigError`]; the process should end with its exit code.
    pub fn load(path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let path = path.to_owned();
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path, environment),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Err(ConfigError::Missing { path }),
            Err(source) => Err(ConfigError::Unreadable { path, source }),
        }
    }

    /// Reads a configuration's text; `path` is where it is said to stand: problems name it, relative paths start in its folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str, path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        read::config(text, path, environment).map_err(|mut problems| {
            problems.sort();
            problems.dedup();
            let path = path.to_owned();
            ConfigError::Invalid { path, problems }
        })
    }
}

/// The environment of this process; for `main`. Values that are not UTF-8 lose what can't be read.
pub fn process_environment() -> Environment {
    let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

#[cfg(test)]
mod tests;
