//! The raw tree, section by section, to the checked configuration.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use tandem_telemetry::Format;

use super::problem::{Origin, Problem};
use super::section::{Reader, Slot};
use super::tree::{Kind, Node};
use super::{Brake, Config, DEFAULTS, Environment, Http, Spool, Telemetry, Writer};
use super::{api, backends, check, connections, notifications, overrides, providers, yaml};

/// Everything that is read at once may be wrong at once.
pub(super) fn config(text: &str, path: &Path, environment: &Environment) -> Result<Config, Vec<Problem>> {
    let (tree, problems) = tree(text, environment)?;
    let reader =
        Reader { folder: path.parent().unwrap_or(Path::new("")), environment, problems: RefCell::new(problems) };
    let config = sections(&Slot::root(&reader, &tree));
    match (config, reader.problems.into_inner()) {
        (Some(config), problems) if problems.is_empty() => Ok(config),
        (_, problems) => Err(problems),
    }
}

/// Defaults < file < environment.
fn tree(text: &str, environment: &Environment) -> Result<(Node, Vec<Problem>), Vec<Problem>> {
    let defaults = yaml::parse(DEFAULTS, |place| Origin::Default { line: place.line });
    let file = yaml::parse(text, |place| Origin::File { line: place.line });
    let mut problems = [defaults.problems, file.problems].concat();
    let (Some(mut tree), Some(file)) = (defaults.tree, file.tree) else {
        return Err(problems);
    };
    if !matches!(file.kind, Kind::Null | Kind::Map(_)) {
        let message = format!("expected keys such as `data_dir: ./data`, found {}", file.kind_name());
        problems.push(Problem { origin: file.origin, key: String::new(), message });
        return Err(problems);
    }
    tree.origin = Origin::File { line: 1 };
    tree.merge(file);
    problems.extend(overrides::apply(&mut tree, environment));
    Ok((tree, problems))
}

fn sections(root: &Slot<'_>) -> Option<Config> {
    let mut keys = root.section()?;
    let data_dir = keys.slot("data_dir").path();
    let http = http(&keys.slot("http"));
    let queue = backends::queue(&keys.slot("queue"));
    let limits = backends::limits(&keys.slot("limits"));
    let spool = spool(&keys.slot("spool"));
    let encryption_keys = encryption_keys(keys.slot("encryption_key"));
    let providers = providers::providers(&keys.slot("providers"));
    let connections_slot = keys.slot("connections");
    let connections = connections::connections(&connections_slot);
    let telemetry = telemetry(&keys.slot("telemetry"));
    let shutdown = keys.slot("shutdown");
    let grace = grace(&shutdown);
    let sweep_every = sweep(&keys.slot("sweep"));
    let brake = brake(&keys.slot("brake"));
    let writer = writer(&keys.slot("writer"));
    let notifications_slot = keys.slot("notifications");
    let notifications = notifications::notifications(&notifications_slot);
    let api = api::api(&keys.slot("api"));
    keys.finish();
    let config = Config {
        data_dir: data_dir?,
        http: http?,
        queue: queue?,
        limits: limits?,
        spool: spool?,
        encryption_keys,
        providers: providers?,
        connections,
        telemetry: telemetry?,
        grace: grace?,
        sweep_every: Some(sweep_every?).filter(|every| !every.is_zero()),
        brake: brake?,
        writer: writer?,
        notifications: notifications?,
        api: api?,
    };
    grace_covers_a_request(&shutdown, &config);
    connections::oauth_is_possible(&connections_slot, &config);
    for connection in &config.connections {
        if let Err(why) = config.notifications.has_those_of(&connection.mapping) {
            notifications_slot.problem(format!("connection {}: {why}", connection.id));
        }
    }
    Some(config)
}

fn http(slot: &Slot<'_>) -> Option<Http> {
    let mut keys = slot.section()?;
    let listen = keys.slot("listen").parse(check::address);
    let public_url = keys.slot("public_url").parse_if_any(check::web_url);
    keys.finish();
    Some(Http { listen: listen?, public_url })
}

fn spool(slot: &Slot<'_>) -> Option<Spool> {
    const MOST_MESSAGES: u32 = 100_000_000;
    let mut keys = slot.section()?;
    let max_messages = keys.slot("max_messages").parse(|text| check::count(text, MOST_MESSAGES));
    let max_bytes = keys.slot("max_bytes").parse(check::bytes);
    keys.finish();
    Some(Spool { max_messages: max_messages?, max_bytes: max_bytes? })
}

fn encryption_keys(slot: Slot<'_>) -> Vec<secrecy::SecretSlice<u8>> {
    let key = |slot: &Slot<'_>| {
        let checked = check::encryption_key(&slot.secret()?);
        checked.map_err(|problem| slot.problem(problem)).ok()
    };
    slot.one_or_more().iter().filter_map(key).collect()
}

fn telemetry(slot: &Slot<'_>) -> Option<Telemetry> {
    let mut keys = slot.section()?;
    let otlp_endpoint = keys.slot("otlp_endpoint").parse_if_any(check::web_url);
    let sample = keys.slot("sample").parse(check::share);
    let log = keys.slot("log").parse(|filter| {
        let checked = tandem_telemetry::check_filter(filter);
        checked.map(|()| filter.to_owned())
    });
    let log_format = keys.slot("log_format").parse(|name| match name {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(format!("expected `text` or `json`, found `{name}`")),
    });
    keys.finish();
    Some(Telemetry { otlp_endpoint, sample: sample?, log: log?, log_format: log_format? })
}

fn grace(slot: &Slot<'_>) -> Option<Duration> {
    let mut keys = slot.section()?;
    let grace = keys.slot("grace_seconds").parse(check::some_seconds);
    keys.finish();
    grace
}

/// Nothing at all where no sweep comes by itself.
fn sweep(slot: &Slot<'_>) -> Option<Duration> {
    let mut keys = slot.section()?;
    let every = keys.slot("every_hours").parse(check::hours_or_never);
    keys.finish();
    every
}

fn brake(slot: &Slot<'_>) -> Option<Brake> {
    const MOST_RECORDS: u32 = 100_000_000;
    const MOST_MINUTES: u32 = 24 * 60;
    let mut keys = slot.section()?;
    let records = keys.slot("records").parse(|text| check::count(text, MOST_RECORDS));
    let percent = keys.slot("percent").parse(|text| check::up_to(text, 100));
    let minutes = keys.slot("minutes").parse(|text| check::up_to(text, MOST_MINUTES));
    keys.finish();
    Some(Brake { records: records?, percent: percent?, within: Duration::from_mins(u64::from(minutes?)) })
}

/// A shorter grace period would cut off a request that is under way, and leave its outcome unknown.
fn grace_covers_a_request(shutdown: &Slot<'_>, config: &Config) {
    let providers = &config.providers;
    for (name, timing) in [("ghl", providers.ghl.timing), ("openphone", providers.openphone.timing)] {
        if config.grace <= timing.timeout {
            shutdown.problem(format!(
                "grace_seconds ({}) must be more than providers.{name}.timing.timeout_seconds ({}), \
                 or a stop cuts off requests under way",
                config.grace.as_secs_f64(),
                timing.timeout.as_secs_f64()
            ));
        }
    }
}

fn writer(slot: &Slot<'_>) -> Option<Writer> {
    const MOST: u32 = 10_000;
    let count = |text: &str| check::count(text, MOST);
    let mut keys = slot.section()?;
    let each = keys.slot("in_flight_per_connection");
    let per_connection = each.parse(count);
    let in_flight = keys.slot("in_flight").parse(count);
    let task_poll = keys.slot("task_poll_seconds").parse(check::some_seconds);
    let note_poll = keys.slot("note_poll_seconds").parse(check::some_seconds);
    keys.finish();
    let (mut per_connection, in_flight) = (per_connection?, in_flight?);
    if per_connection > in_flight && each.is_default() {
        per_connection = in_flight;
    } else if per_connection > in_flight {
        each.problem(format!("must not be more than writer.in_flight ({in_flight})"));
    }
    Some(Writer {
        in_flight_per_connection: usize::try_from(per_connection).ok()?,
        in_flight: usize::try_from(in_flight).ok()?,
        task_poll: task_poll?,
        note_poll: note_poll?,
    })
}
