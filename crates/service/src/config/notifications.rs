//! Channels that rules send messages to. A channel's address holds its token: it is a secret.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;
use tandem_mapping::{Mapping, Order};
use tandem_notify::{Allowed, Channel, Kind};

use super::section::Slot;

/// Where rules may send messages.
#[derive(Debug, Clone, Default)]
pub struct Notifications {
    /// By the name that rules call them.
    pub channels: BTreeMap<String, Channel>,
    /// Hosts that are meant although they are private.
    pub allowed: Allowed,
}

impl Notifications {
    /// Whether every channel that the mapping's rules name is there.
    ///
    /// # Errors
    /// One is not: which, and which there are.
    pub fn has_those_of(&self, mapping: &Mapping) -> Result<(), String> {
        let unknown = mapping.rules.iter().find_map(|rule| {
            let channels = rule.then.iter().filter_map(|order| match order {
                Order::Notify { channel, .. } => Some(channel),
                Order::Provider { .. } => None,
            });
            channels.into_iter().find(|name| !self.channels.contains_key(*name)).map(|name| (rule, name))
        });
        let Some((rule, name)) = unknown else { return Ok(()) };
        let known: Vec<&str> = self.channels.keys().map(String::as_str).collect();
        Err(format!(
            "rule `{}` notifies `{name}`, and the configuration has no such channel under `notifications.channels` (known: {})",
            rule.name,
            known.join(", ")
        ))
    }
}

const KINDS: [(&str, Kind); 3] = [("slack", Kind::Slack), ("teams", Kind::Teams), ("url", Kind::Url)];

pub(super) fn notifications(slot: &Slot<'_>) -> Option<Notifications> {
    let mut keys = slot.section()?;
    let hosts = keys.slot("allowed_hosts");
    let channels = keys.slot("channels");
    keys.finish();
    let named: Option<Vec<String>> = if hosts.is_list() || hosts.is_empty() {
        hosts.items().iter().map(Slot::required).collect()
    } else {
        // From the environment.
        hosts.required().map(|host| vec![host])
    };
    let allowed = Allowed::new(named?).map_err(|error| hosts.problem(error.to_string())).ok()?;
    let read: Vec<Option<(String, Channel)>> = channels
        .entries()?
        .into_iter()
        .map(|(name, slot)| Some((name.to_owned(), channel(&slot, &allowed)?)))
        .collect();
    Some(Notifications { channels: read.into_iter().collect::<Option<_>>()?, allowed })
}

fn channel(slot: &Slot<'_>, allowed: &Allowed) -> Option<Channel> {
    let mut keys = slot.section()?;
    let slots = KINDS.map(|(name, kind)| (kind, keys.slot(name)));
    keys.finish();
    let given: Vec<&(Kind, Slot<'_>)> = slots.iter().filter(|(_, slot)| !slot.is_empty()).collect();
    let [(kind, address)] = given.as_slice() else {
        slot.problem("expected one of `slack`, `teams` or `url`, with the address of an incoming webhook");
        return None;
    };
    let url = address.secret()?;
    Channel::new(*kind, url.expose_secret(), allowed).map_err(|error| address.problem(error.to_string())).ok()
}
