//! The provider twins alone, for trying an integration or a running Tandem by hand.

mod words;

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use tandem_service::Config;
use tandem_service::supervise::Stop;
use tandem_twins::{GhlConfig, GhlLocation, GhlTwin, OpenPhoneConfig, OpenPhoneTwin, Workspace};
use tokio::sync::mpsc;
use url::Url;

/// The sandbox's signing key is always the same, so that a configuration with its public key stays right.
const SIGNING_SEED: [u8; 32] = *b"tandem sandbox, not a secret key";

/// A port of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// This one or none; 0 takes a free one.
    Only(u16),
    /// This one, or a free one where it is taken.
    Preferably(u16),
}

impl Port {
    /// What was asked for.
    pub fn wanted(self) -> u16 {
        match self {
            Self::Only(port) | Self::Preferably(port) => port,
        }
    }

    /// True when another port than a particular one was taken.
    pub(crate) fn is_elsewhere(self, port: u16) -> bool {
        self.wanted() != 0 && self.wanted() != port
    }
}

/// How the sandbox is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whose connections the twins play; none is one connection with well-known tokens.
    pub config: Option<Config>,
    /// The interface that both listen on. There is no sign-in: elsewhere than here only in a network of one's own.
    pub bind: IpAddr,
    /// Where the GHL twin listens.
    pub ghl: Port,
    /// Where the OpenPhone twin listens.
    pub openphone: Port,
    /// Where Tandem takes webhooks, without the provider's part of the path; overrides that of the configuration.
    pub webhook_url: Option<Url>,
}

/// Runs both twins until somebody asks to stop.
///
/// # Errors
/// A port is taken.
pub async fn run(options: Options, mut stops: mpsc::Receiver<Stop>) -> anyhow::Result<()> {
    let (locations, workspaces) = accounts(options.config.as_ref());
    let webhooks = webhooks(&options);
    let listen = SocketAddr::new(options.bind, 0);
    let config = GhlConfig { listen, locations, signing_seed: Some(SIGNING_SEED), ..GhlConfig::default() };
    let ghl = ghl_on(config, options.ghl).await?;
    let config = OpenPhoneConfig { listen, workspaces: workspaces.clone(), ..OpenPhoneConfig::default() };
    let openphone = openphone_on(config, options.openphone).await?;
    if let Some(webhooks) = &webhooks {
        ghl.set_webhook_url(Some(format!("{webhooks}/ghl")));
        for (workspace, connection) in workspaces.iter().zip(connections(options.config.as_ref())) {
            // Without a secret the connection has no webhook, or one that Tandem makes.
            if workspace.webhook_secrets.is_empty() {
                continue;
            }
            openphone.set_webhook_url_of(&workspace.org_id, Some(format!("{webhooks}/openphone/{connection}")));
        }
    }
    words::say(&words::introduction(&ghl, &openphone, options.config.as_ref(), webhooks.as_deref()));
    stops.recv().await;
    words::say("Stopping.");
    tokio::join!(ghl.shutdown(), openphone.shutdown());
    Ok(())
}

/// The accounts that the configuration's connections are with.
fn accounts(config: Option<&Config>) -> (Vec<GhlLocation>, Vec<Workspace>) {
    let Some(config) = config else { return (vec![GhlLocation::default()], vec![Workspace::default()]) };
    let location = |connection: &tandem_service::config::Connection| {
        let token = connection.ghl.private_token.as_ref().map(|token| token.expose_secret().to_owned());
        GhlLocation::new(&connection.ghl.location_id, &token.unwrap_or_default())
    };
    let locations = config.connections.iter().map(location).collect();
    let workspaces = first_by_key(config).map(|connection| {
        let mut workspace = Workspace::new(connection.openphone.api_key.expose_secret());
        workspace.org_id = format!("OR{}", connection.id);
        let secrets = connection.openphone.webhook_secrets.iter().map(|secret| secret.expose_secret().to_owned());
        workspace.webhook_secrets = secrets.collect();
        workspace
    });
    (locations, workspaces.collect())
}

/// Connections may share a workspace: the first of each.
fn first_by_key(config: &Config) -> impl Iterator<Item = &tandem_service::config::Connection> {
    let mut seen = BTreeSet::new();
    config
        .connections
        .iter()
        .filter(move |connection| seen.insert(connection.openphone.api_key.expose_secret().to_owned()))
}

/// The connections whose routes the workspaces' webhooks go to.
fn connections(config: Option<&Config>) -> Vec<String> {
    config.map_or_else(
        || vec![words::CONNECTION.to_owned()],
        |config| first_by_key(config).map(|connection| connection.id.to_string()).collect(),
    )
}

fn webhooks(options: &Options) -> Option<String> {
    let given = options.webhook_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let configured = options.config.as_ref().map(|config| format!("http://{}/webhooks", config.http.listen));
    given.or(configured)
}

/// Starts a GHL twin on the port.
pub(crate) async fn ghl_on(config: GhlConfig, port: Port) -> anyhow::Result<GhlTwin> {
    let start = |port| GhlTwin::start(GhlConfig { listen: on(config.listen, port), ..config.clone() });
    let started = match (start(port.wanted()).await, port) {
        (Err(error), Port::Preferably(_)) if error.kind() == io::ErrorKind::AddrInUse => start(0).await,
        (started, Port::Only(_) | Port::Preferably(_)) => started,
    };
    started.with_context(|| could_not("GHL", "--ghl-port", on(config.listen, port.wanted())))
}

/// Starts an OpenPhone twin on the port.
pub(crate) async fn openphone_on(config: OpenPhoneConfig, port: Port) -> anyhow::Result<OpenPhoneTwin> {
    let start = |port| OpenPhoneTwin::start(OpenPhoneConfig { listen: on(config.listen, port), ..config.clone() });
    let started = match (start(port.wanted()).await, port) {
        (Err(error), Port::Preferably(_)) if error.kind() == io::ErrorKind::AddrInUse => start(0).await,
        (started, Port::Only(_) | Port::Preferably(_)) => started,
    };
    started.with_context(|| could_not("OpenPhone", "--openphone-port", on(config.listen, port.wanted())))
}

fn could_not(twin: &str, option: &str, address: SocketAddr) -> String {
    format!("starting the {twin} twin on {address}; another port can be given with {option}")
}

fn on(listen: SocketAddr, port: u16) -> SocketAddr {
    SocketAddr::new(listen.ip(), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compose stack's demo verifies webhooks with a key that stands in its configuration.
    #[tokio::test]
    async fn the_demo_stack_knows_the_sandbox_s_key() {
        let config = GhlConfig { signing_seed: Some(SIGNING_SEED), ..GhlConfig::default() };
        let twin = ghl_on(config, Port::Only(0)).await.unwrap();
        let stack = include_str!("../../../deploy/tandem/tandem.yaml");
        let lines: Vec<&str> = stack.lines().map(str::trim).collect();
        for line in twin.public_key_pem().lines() {
            assert!(lines.contains(&line), "{line} is not in deploy/tandem/tandem.yaml");
        }
    }
}
