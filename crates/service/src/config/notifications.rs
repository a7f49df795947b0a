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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Config, Environment};

    fn told(notifications: &str) -> String {
        let mut environment = Environment::from([("A".to_owned(), "x".to_owned())]);
        for (name, url) in [
            ("GOOD", "https://hooks.slack.com/services/T0/B0/secret-token"),
            ("INSIDE", "https://10.0.0.5/services/secret-token"),
            ("PLAIN", "http://hooks.slack.com/services/secret-token"),
            ("ELSEWHERE", "https://slack.example.com/secret-token"),
        ] {
            environment.insert(name.to_owned(), url.to_owned());
        }
        let text = format!(
            "connections: [{{ id: acme, ghl: {{ location_id: l1, private_token: '${{A}}' }}, openphone: {{ api_key: '${{A}}' }} }}]\nnotifications:\n{notifications}"
        );
        match Config::parse(&text, Path::new("tandem.yaml"), &environment) {
            Ok(config) => format!("{:?}", config.notifications),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_channel_is_taken_and_its_address_is_never_shown() {
        let shown = told("  channels: { sales: { slack: '${GOOD}' } }");
        assert!(shown.contains("hooks.slack.com") && !shown.contains("secret-token"), "{shown}");
    }

    #[test]
    fn what_no_message_may_go_to_is_told_with_its_place() {
        for (channel, expected) in [
            ("slack: '${INSIDE}'", "private network"),
            ("url: '${INSIDE}'", "private network"),
            ("slack: '${PLAIN}'", "https"),
            ("slack: '${ELSEWHERE}'", "hooks.slack.com"),
            ("slack: https://hooks.slack.com/x", "a secret must not stand in the file"),
            ("{}", "expected one of `slack`, `teams` or `url`"),
        ] {
            let channel = if channel == "{}" { channel.to_owned() } else { format!("{{ {channel} }}") };
            let told = told(&format!("  channels: {{ sales: {channel} }}"));
            assert!(told.contains("tandem.yaml:3") && told.contains(expected), "{channel}: {told}");
            assert!(!told.contains("secret-token"), "{told}");
        }
    }
}
