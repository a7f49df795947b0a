//! What ingest is told, already checked, and what it works with.

use tandem_limits::Limits;
use tandem_proto::ConnectionId;
use tandem_providers::ghl::PublicKey;
use tandem_providers::openphone::WebhookSecret;
use tandem_telemetry::Metrics;

use crate::{HookSecrets, OAuthReached, Sink};

/// Whose webhooks are taken.
#[derive(Debug, Clone)]
pub struct Config {
    /// The connections; no two with the same id or location.
    pub connections: Vec<Connection>,
    /// Keys trusted to sign GHL's deliveries.
    pub ghl_keys: Vec<PublicKey>,
    /// Our app: the part of the client id before the first `-`. Deliveries that name another app are refused.
    pub ghl_app_id: Option<String>,
    /// Deliveries worked on at the same time; those above are answered 429. It bounds the memory that bodies take, at
    /// most 1 MiB each.
    pub max_in_flight: usize,
}

/// One connection, as far as its webhooks are concerned.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its id; part of the path that `OpenPhone` delivers to.
    pub id: ConnectionId,
    /// Its GHL location.
    pub location_id: String,
    /// Secrets that `OpenPhone` signs with, as configured; without any, and without webhooks of our own making, none of its
    /// deliveries is taken.
    pub openphone_secrets: Vec<WebhookSecret>,
}

/// Where events go, what remembers them, what counts them.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Takes the events.
    pub sink: Sink,
    /// Remembers which messages were stored lately.
    pub limits: Limits,
    /// Counts.
    pub metrics: Metrics,
    /// Tokens that INSTALL and UNINSTALL events are about; none where no location is connected by OAuth.
    pub tokens: Option<OAuthReached>,
    /// Secrets of the `OpenPhone` webhooks that Tandem made itself; none where all are configured.
    pub hooks: Option<HookSecrets>,
}
