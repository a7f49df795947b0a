//! From a checked configuration to what the services work with.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use aws_lc_rs::digest::{SHA256, digest};
use secrecy::{ExposeSecret as _, SecretString};
use tandem_contact::{PerSide, Side};
use tandem_credentials::{GhlCredential, GhlTokenRoutes, MasterKeys, Timing as TokenTiming, Tokens, Vault};
use tandem_ingest::{
    GhlReader, HookConfig, HookConnection, HookTiming, OAuthConfig, OpenPhoneReader, ScanConfig, ScanConnection,
    StateKeys,
};
use tandem_limits::{BudgetKey, BudgetRate, Limits};
use tandem_mapping::{Mapping, Order};
use tandem_outbound::{Client, ClientConfig};
use tandem_proto::ConnectionId;
use tandem_providers::ghl::oauth::App;
use tandem_providers::ghl::{self, ApiVersion, GhlView, PUBLISHED_KEY, PublicKey};
use tandem_providers::openphone::hook::{CONTACT_AND_TASK_EVENTS, CONTACT_EVENTS};
use tandem_providers::openphone::{OpenPhoneView, TagTarget, WebhookSecret};
use tandem_providers::{CustomPlaces, Purpose};
use tandem_reconcile::{BrakeLimit, Rules, Timing};
use tandem_service::Config;
use tandem_service::config::{self, Rate};
use tandem_store::Store;
use tandem_writer::{Connection, GhlSide, Notifier, OpenPhoneSide};

/// Deliveries being answered at once; more are asked to come back.
const MOST_WEBHOOKS_AT_ONCE: usize = 1024;
/// How much later than a request's own limit an answer to it can still come.
const ANSWER_MARGIN: Duration = Duration::from_secs(5);
/// An event that fails this often is set aside.
const MAX_DELIVERIES: u32 = 5;

/// What ingest needs.
pub(crate) fn ingest(config: &Config) -> anyhow::Result<tandem_ingest::Config> {
    let ghl = &config.providers.ghl;
    let pems: Vec<&str> = match ghl.webhook_public_keys.as_slice() {
        [] => vec![PUBLISHED_KEY],
        own => own.iter().map(String::as_str).collect(),
    };
    let ghl_keys = pems.into_iter().map(PublicKey::from_pem).collect::<Result<_, _>>();
    let connections = config.connections.iter().map(ingest_connection).collect::<anyhow::Result<_>>()?;
    Ok(tandem_ingest::Config {
        connections,
        ghl_keys: ghl_keys.context("providers.ghl.webhook_public_keys: an Ed25519 public key in PEM is expected")?,
        // Webhooks carry the client id up to its first dash as the app id (contract sheet, section 2.2).
        ghl_app_id: ghl.client_id.as_ref().and_then(|id| id.split('-').next()).map(str::to_owned),
        max_in_flight: MOST_WEBHOOKS_AT_ONCE,
    })
}

fn ingest_connection(connection: &config::Connection) -> anyhow::Result<tandem_ingest::Connection> {
    let secrets = connection.openphone.webhook_secrets.iter();
    let openphone_secrets = secrets
        .map(|secret| WebhookSecret::parse(secret.expose_secret()))
        .collect::<Result<_, _>>()
        .with_context(|| format!("connection {}: openphone.webhook_secrets", connection.id))?;
    let location_id = connection.ghl.location_id.clone();
    Ok(tandem_ingest::Connection { id: connection.id.clone(), location_id, openphone_secrets })
}

/// How much harm is too much.
pub(crate) fn brake(config: &Config) -> BrakeLimit {
    let config::Brake { records, percent, within } = config.brake;
    BrakeLimit { records: records.try_into().unwrap_or(usize::MAX), percent: percent.into(), within }
}

/// What the mapper needs.
pub(crate) fn mapper(config: &Config) -> tandem_mapper::Config {
    let connection = |connection: &config::Connection| {
        let mapping = connection.mapping.clone();
        let (rules, task_rules, note_rules) = rules_by_kind(config, connection);
        let (ghl, openphone) = (ghl_view(config, connection), openphone_view(&mapping));
        (connection.id.clone(), tandem_mapper::Connection { mapping, rules, task_rules, note_rules, ghl, openphone })
    };
    tandem_mapper::Config {
        connections: config.connections.iter().map(connection).collect(),
        max_deliveries: MAX_DELIVERIES,
    }
}

/// The tokens of locations that are connected by OAuth; none where every location has a token of its own.
pub(crate) fn tokens(config: &Config, store: &Store, limits: &Limits) -> anyhow::Result<Option<Tokens>> {
    let ghl = &config.providers.ghl;
    let (Some(client_id), Some(client_secret)) = (&ghl.client_id, &ghl.client_secret) else { return Ok(None) };
    if config.connections.iter().all(|connection| connection.ghl.private_token.is_some()) {
        return Ok(None);
    }
    let app = App { client_id: client_id.clone(), client_secret: client_secret.clone() };
    let routes = GhlTokenRoutes::new(client(&ghl.base_url, &ghl.timing)?, app, api_version(config)?);
    let timing = TokenTiming { answer_within: ghl.timing.timeout + ANSWER_MARGIN, ..TokenTiming::default() };
    Ok(Some(Tokens::new(vault(config, store)?, Arc::new(routes), limits.clone(), timing)))
}

/// The routes of connecting by OAuth; none where nothing is connected like that.
pub(crate) fn oauth(config: &Config) -> Option<OAuthConfig> {
    let ghl = &config.providers.ghl;
    let by_oauth = config.connections.iter().filter(|connection| connection.ghl.private_token.is_none());
    let locations: HashMap<_, _> =
        by_oauth.map(|connection| (connection.id.clone(), connection.ghl.location_id.clone())).collect();
    if locations.is_empty() {
        return None;
    }
    Some(OAuthConfig {
        authorize_url: ghl.authorize_url.clone(),
        client_id: ghl.client_id.clone()?,
        scopes: scopes(config),
        public_url: config.http.public_url.clone()?,
        keys: StateKeys::new(&config.encryption_keys),
        locations,
    })
}

/// How contacts are decided, and tasks and notes where they travel.
pub(crate) fn rules_by_kind(config: &Config, connection: &config::Connection) -> (Rules, Option<Rules>, Option<Rules>) {
    let (mapping, timing) = (&connection.mapping, timing(config));
    (rules(config, connection), mapping.task_rules(timing), mapping.note_rules(timing))
}

/// What the app is to be allowed: what Tandem uses, and no more.
fn scopes(config: &Config) -> Vec<&'static str> {
    let has = |what: fn(&Mapping) -> bool| config.connections.iter().any(|connection| what(&connection.mapping));
    let (has_tasks, has_notes) = (has(|mapping| mapping.tasks.is_some()), has(|mapping| mapping.notes.is_some()));
    let is_used = |purpose: &Purpose| match purpose {
        Purpose::Tasks => has_tasks,
        Purpose::Notes => has_notes,
        Purpose::Sync | Purpose::Setup | Purpose::Check => true,
    };
    let used = ghl::operations::ALL.iter().copied().filter(|operation| operation.purposes.iter().any(is_used));
    let orders = config.connections.iter().flat_map(|connection| &connection.mapping.rules).flat_map(|rule| &rule.then);
    let ordered = orders.filter_map(|order| match order {
        Order::Provider { action, .. } if action.side == Side::Ghl => Some(action.operation),
        Order::Provider { .. } | Order::Notify { .. } => None,
    });
    let scopes: BTreeSet<&str> = used.chain(ordered).flat_map(|operation| operation.scopes).copied().collect();
    scopes.into_iter().collect()
}

/// Whether the connection's `OpenPhone` webhook is Tandem's to make: none is configured, it has somewhere to deliver to, and
/// its secret can be kept.
pub(crate) fn makes_webhook(config: &Config, connection: &config::Connection) -> bool {
    let can_be_made = config.http.public_url.is_some() && !config.encryption_keys.is_empty();
    can_be_made && connection.openphone.webhook_secrets.is_empty()
}

/// Connections that have no `OpenPhone` webhook, and get none.
pub(crate) fn without_webhook(config: &Config) -> impl Iterator<Item = &ConnectionId> {
    let has_none = |connection: &&config::Connection| {
        connection.openphone.webhook_secrets.is_empty() && !makes_webhook(config, connection)
    };
    config.connections.iter().filter(has_none).map(|connection| &connection.id)
}

/// The `OpenPhone` webhooks that Tandem makes itself; none where all are made by hand.
pub(crate) fn hooks(config: &Config, limits: &Limits) -> anyhow::Result<Option<HookConfig>> {
    let ours: Vec<_> = config.connections.iter().filter(|connection| makes_webhook(config, connection)).collect();
    let (Some(public_url), false) = (config.http.public_url.clone(), ours.is_empty()) else { return Ok(None) };
    let provider = &config.providers.openphone;
    let client = client(&provider.base_url, &provider.timing)?;
    let connection = |connection: &&config::Connection| HookConnection {
        id: connection.id.clone(),
        client: client.clone(),
        api_key: connection.openphone.api_key.clone(),
        budget: openphone_budget(config, limits, connection),
        events: hook_events(&connection.mapping),
    };
    let timing = HookTiming { answer_within: provider.timing.timeout + ANSWER_MARGIN, ..HookTiming::default() };
    Ok(Some(HookConfig { public_url, connections: ours.iter().map(connection).collect(), timing }))
}

/// What travels, and what rules wait for.
fn hook_events(mapping: &Mapping) -> Vec<&'static str> {
    let travelling = if mapping.tasks.is_some() { CONTACT_AND_TASK_EVENTS } else { CONTACT_EVENTS };
    let waited = mapping.rules.iter().filter_map(|rule| rule.when.event());
    let waited = waited.filter(|event| event.side == Side::OpenPhone).map(tandem_catalog::Event::kind);
    let mut events = travelling.to_vec();
    for event in waited {
        if !events.contains(&event) {
            events.push(event);
        }
    }
    events
}

/// Where rules send messages; none where the configuration names no channel.
pub(crate) fn notifier(config: &Config) -> anyhow::Result<Option<Notifier>> {
    let config::Notifications { channels, allowed } = &config.notifications;
    if channels.is_empty() {
        return Ok(None);
    }
    let options = tandem_notify::Options { allowed: allowed.clone(), ..tandem_notify::Options::default() };
    Ok(Some(Notifier::new(tandem_notify::Sender::new(options)?, channels.clone())))
}

/// Where secrets are kept.
pub(crate) fn vault(config: &Config, store: &Store) -> anyhow::Result<Vault> {
    Ok(Vault::new(store.clone(), MasterKeys::new(&config.encryption_keys).context("encryption_key")?))
}

/// What the writer calls with; budgets are registered on the way.
pub(crate) fn connections(
    config: &Config,
    limits: &Limits,
    tokens: Option<&Tokens>,
) -> anyhow::Result<BTreeMap<ConnectionId, Arc<Connection>>> {
    let ghl = client(&config.providers.ghl.base_url, &config.providers.ghl.timing)?;
    let openphone = client(&config.providers.openphone.base_url, &config.providers.openphone.timing)?;
    let clients = PerSide { ghl, openphone };
    let make = |connection| writer_connection((config, connection), &clients, (limits, tokens));
    config.connections.iter().map(|connection| Ok((connection.id.clone(), Arc::new(make(connection)?)))).collect()
}

fn writer_connection(
    (config, connection): (&Config, &config::Connection),
    clients: &PerSide<Client>,
    (limits, tokens): (&Limits, Option<&Tokens>),
) -> anyhow::Result<Connection> {
    let mapping = connection.mapping.clone();
    let rules = rules_by_kind(config, connection);
    let credential = ghl_credential(connection, tokens)?;
    let connect_url = config.http.public_url.as_ref().map(|url| tandem_ingest::start_url(url, &connection.id));
    let ghl_budget = ghl_budget(config, limits, connection);
    let key = &connection.openphone.api_key;
    let openphone_budget = openphone_budget(config, limits, connection);
    let view = ghl_view(config, connection);
    let version = api_version(config)?;
    let ghl = GhlSide { client: clients.ghl.clone(), credential, connect_url, version, view, budget: ghl_budget };
    let openphone = OpenPhoneSide {
        client: clients.openphone.clone(),
        api_key: key.clone(),
        view: openphone_view(&mapping),
        budget: openphone_budget,
    };
    Ok(Connection::new(connection.id.clone(), mapping, rules, ghl, openphone))
}

fn ghl_credential(connection: &config::Connection, tokens: Option<&Tokens>) -> anyhow::Result<GhlCredential> {
    match (&connection.ghl.private_token, tokens) {
        (Some(token), _) => Ok(GhlCredential::Private(token.clone())),
        (None, Some(tokens)) => Ok(GhlCredential::OAuth(tokens.clone())),
        (None, None) => anyhow::bail!("connection {}: ghl.private_token is missing", connection.id),
    }
}

/// How a connection's GHL contacts are read.
pub(crate) fn ghl_view(config: &Config, connection: &config::Connection) -> GhlView {
    let mapping = &connection.mapping;
    let app_url = config.providers.ghl.app_url.as_str().trim_end_matches('/');
    GhlView {
        custom_fields: GhlView::places(mapping.places.ghl.clone()),
        codecs: mapping.codecs.ghl.clone(),
        ..GhlView::plain(&connection.ghl.location_id, &mapping.default_country, app_url)
    }
}

/// How its `OpenPhone` contacts are, but for what the workspace has to be asked for.
pub(crate) fn openphone_view(mapping: &Mapping) -> OpenPhoneView {
    OpenPhoneView {
        custom_fields: CustomPlaces::new(mapping.places.openphone.clone()),
        codecs: mapping.codecs.openphone.clone(),
        ..OpenPhoneView::plain(&mapping.default_country, TagTarget::NotRepresentable)
    }
}

/// Whose contacts can be scanned; budgets are registered on the way.
pub(crate) fn scans(config: &Config, limits: &Limits, tokens: Option<&Tokens>) -> anyhow::Result<ScanConfig> {
    let ghl = client(&config.providers.ghl.base_url, &config.providers.ghl.timing)?;
    let openphone = client(&config.providers.openphone.base_url, &config.providers.openphone.timing)?;
    let clients = PerSide { ghl, openphone };
    let make = |connection| scan_connection((config, connection), &clients, (limits, tokens));
    Ok(ScanConfig {
        connections: config.connections.iter().map(make).collect::<anyhow::Result<_>>()?,
        sweep_every: config.sweep_every,
        is_alone: matches!(config.queue, config::Queue::Embedded),
    })
}

fn scan_connection(
    (config, connection): (&Config, &config::Connection),
    clients: &PerSide<Client>,
    (limits, tokens): (&Limits, Option<&Tokens>),
) -> anyhow::Result<ScanConnection> {
    let credential = ghl_credential(connection, tokens)?;
    let location = &connection.ghl.location_id;
    let ghl = GhlReader {
        client: clients.ghl.clone(),
        credential,
        version: api_version(config)?,
        location: ghl::Id::new(location).with_context(|| format!("connection {}: ghl.location_id", connection.id))?,
        names_fields: !GhlView::places(connection.mapping.places.ghl.clone()).is_resolved(),
        budget: register(limits, "ghl", location, config.providers.ghl.rate),
    };
    let openphone = OpenPhoneReader {
        client: clients.openphone.clone(),
        api_key: connection.openphone.api_key.clone(),
        budget: openphone_budget(config, limits, connection),
    };
    Ok(ScanConnection { id: connection.id.clone(), ghl, openphone })
}

/// The `Version` header.
pub(crate) fn api_version(config: &Config) -> anyhow::Result<ApiVersion> {
    ApiVersion::new(&config.providers.ghl.api_version).context("providers.ghl.api_version")
}

/// The budget of the connection's location.
pub(crate) fn ghl_budget(config: &Config, limits: &Limits, connection: &config::Connection) -> BudgetKey {
    register(limits, "ghl", &connection.ghl.location_id, config.providers.ghl.rate)
}

/// The budget of the connection's API key.
pub(crate) fn openphone_budget(config: &Config, limits: &Limits, connection: &config::Connection) -> BudgetKey {
    register(limits, "openphone", &fingerprint(&connection.openphone.api_key), config.providers.openphone.rate)
}

/// One budget per provider key: connections that share a key share its budget.
fn register(limits: &Limits, provider: &str, key: &str, rate: Rate) -> BudgetKey {
    let budget = BudgetKey(format!("{provider}:{key}"));
    let per_day = rate.per_day.map(u64::from);
    limits.register(budget.clone(), BudgetRate { requests: rate.requests, per: rate.per, per_day });
    budget
}

/// Tells keys apart without holding them; the same in every process, whatever it was built with.
fn fingerprint(key: &SecretString) -> String {
    let hash = digest(&SHA256, key.expose_secret().as_bytes());
    hash.as_ref().iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a String can't fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

/// The way out to a provider.
pub(crate) fn client(base_url: &url::Url, timing: &config::Timing) -> anyhow::Result<Client> {
    let config =
        ClientConfig { base_url: base_url.clone(), timeout: timing.timeout, connect_timeout: timing.connect_timeout };
    Client::new(config).with_context(|| format!("setting up the client of {base_url}"))
}

/// How a connection's contacts are decided.
pub(crate) fn rules(config: &Config, connection: &config::Connection) -> Rules {
    connection.mapping.rules(timing(config))
}

fn timing(config: &Config) -> PerSide<Timing> {
    let of = |timing: &config::Timing| Timing {
        send_window: timing.timeout.min(Duration::from_secs(5)),
        timeout: timing.timeout,
        late_apply: timing.late_apply,
        index_lag: timing.index_lag,
        // A handful of looks until a create can't turn up any more.
        probe_pause: ((timing.late_apply + timing.index_lag) / 4)
            .clamp(Duration::from_millis(50), Duration::from_secs(20)),
    };
    PerSide { ghl: of(&config.providers.ghl.timing), openphone: of(&config.providers.openphone.timing) }
}
