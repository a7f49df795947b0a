//! What the configuration itself can tell: it was read, so it is sound; whether it fits together with the outside is another
//! question. Pure.

use std::path::Path;

use tandem_contact::PerSide;
use tandem_reconcile::Direction;
use tandem_service::Config;
use tandem_service::config::Connection;
use url::{Host, Url};

use super::report::{Check, Group};
use super::verdict::{Row, Verdict};
use crate::assemble;

const fn row(name: &'static str) -> Row {
    Row { group: Group::Configuration, name, operation: None }
}

/// The row that a configuration with problems fails.
pub(super) const FILE: Row = row("file");

/// The checks of the configuration. `path` is where it stands.
pub(super) fn checks(config: &Config, path: &Path) -> Vec<Check> {
    let count = config.connections.len();
    let found = format!("{} is sound: {count} connection{}", path.display(), if count == 1 { "" } else { "s" });
    let mut checks = vec![
        FILE.check(None, Verdict::pass(found)),
        row("public address").check(None, public_url(config)),
        row("encryption key").check(None, encryption_key(config)),
    ];
    checks.extend(config.connections.iter().map(|one| row("mapping").check(Some(&one.id), mapping(one))));
    checks
}

fn public_url(config: &Config) -> Verdict {
    let Some(url) = &config.http.public_url else {
        let has_all_hooks = config.connections.iter().all(|one| !one.openphone.webhook_secrets.is_empty());
        if has_all_hooks {
            return Verdict::pass("http.public_url is not set: every webhook is made by hand");
        }
        return Verdict::warn(
            "http.public_url is not set, so OpenPhone can't be told where to deliver",
            "set http.public_url to the address at which the Internet reaches this Tandem, such as https://sync.example.com",
        );
    };
    let providers = [&config.providers.ghl.base_url, &config.providers.openphone.base_url];
    if is_loopback(url) {
        if providers.into_iter().all(is_loopback) {
            return Verdict::pass(format!("{url} is for this machine only, as both providers are"));
        }
        return Verdict::fail(
            format!("{url} is this machine's own: no provider reaches it from outside"),
            "set http.public_url to the address at which the Internet reaches this Tandem",
        );
    }
    if url.scheme() == "http" {
        return Verdict::warn(
            format!("{url} is not encrypted: webhooks carry people's data, and sign-ins come back there"),
            "put something before Tandem that speaks https, and set http.public_url to that",
        );
    }
    Verdict::pass(format!("GHL delivers to {}", ghl_hook(url)))
}

fn encryption_key(config: &Config) -> Verdict {
    let waiting = assemble::without_webhook(config).count();
    match config.encryption_keys.len() {
        0 if waiting > 0 && config.http.public_url.is_some() => Verdict::warn(
            format!("encryption_key is not set, so Tandem can't make the OpenPhone webhook of {waiting} connections"),
            "make one with `openssl rand -base64 32`, export it, and set encryption_key: \"${TANDEM_ENCRYPTION_KEY}\"",
        ),
        0 => Verdict::pass("not set, and nothing needs it"),
        1 => Verdict::pass("set"),
        count => Verdict::pass(format!("set, with {} older one{}", count - 1, if count == 2 { "" } else { "s" })),
    }
}

fn mapping(connection: &Connection) -> Verdict {
    let mapping = &connection.mapping;
    let rules = mapping.rules(PerSide::default());
    let those = |direction: Direction| {
        let fields = rules.fields.iter().filter(move |(_, rule)| rule.direction == direction);
        fields.map(|(field, _)| field.name()).collect::<Vec<_>>().join(", ")
    };
    let ways = [
        ("both ways", Direction::Both),
        ("from GHL to OpenPhone", Direction::ToOpenPhone),
        ("from OpenPhone to GHL", Direction::ToGhl),
    ];
    let told = ways.map(|(way, direction)| (way, those(direction)));
    let told: Vec<String> =
        told.iter().filter(|(_, fields)| !fields.is_empty()).map(|(way, fields)| format!("{way}: {fields}")).collect();
    Verdict::pass(told.join("; "))
}

/// Where GHL has to deliver.
pub(super) fn ghl_hook(public_url: &Url) -> String {
    format!("{}/webhooks/ghl", public_url.as_str().trim_end_matches('/'))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests;
