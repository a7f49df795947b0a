//! Names of hosts: Slack's, Microsoft's, and those that mean something in one network only.

use url::Host;

/// Slack, and Slack for the US government.
const SLACK: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];

/// Where a webhook of Teams can be, each with everything beneath it: connectors (being retired), workflows, and
/// workflows in the clouds of the US government and of 21Vianet
/// (<https://learn.microsoft.com/power-automate/ip-address-configuration>).
const TEAMS: [&str; 10] = [
    ".webhook.office.com",
    ".logic.azure.com",
    ".powerplatform.com",
    ".powerautomate.com",
    ".logic.azure.us",
    ".api.gov.powerplatform.microsoft.us",
    ".api.high.powerplatform.microsoft.us",
    ".api.appsplatform.us",
    ".logic.azure.cn",
    ".api.powerplatform.partner.microsoftonline.cn",
];

/// Names beneath these are never public (RFC 6761, 6762, 8375; ICANN's `.internal`).
const LOCAL: [&str; 5] = [".localhost", ".localdomain", ".local", ".internal", ".home.arpa"];

pub(super) fn is_slack(host: &Host<String>) -> bool {
    name(host).is_some_and(|name| SLACK.contains(&name))
}

pub(super) fn is_teams(host: &Host<String>) -> bool {
    name(host).is_some_and(|name| TEAMS.iter().any(|end| name.ends_with(end)))
}

/// True for a name that can't be public: a single word, such as `localhost`, or one of a local kind.
pub(super) fn is_local(name: &str) -> bool {
    !name.contains('.') || LOCAL.iter().any(|end| name.ends_with(end))
}

fn name(host: &Host<String>) -> Option<&str> {
    match host {
        Host::Domain(name) => Some(name),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}
