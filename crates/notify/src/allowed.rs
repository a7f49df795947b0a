//! The hosts that an operator lets notifications go to although they are private, speak http or stand in for Slack.

use std::net::IpAddr;

use url::Host;

/// The hosts of `notifications.allowed_hosts`, each with a port or with all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(Vec<Place>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    host: Host<String>,
    port: Option<u16>,
}

/// An entry is no host. It is told by its place and not repeated, because it may be a URL with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "entry {position} of the allowed hosts is neither a host nor host:port; write it like `chat.example.internal`, \
     `10.0.0.5:8065` or `[fd00::5]:8065`: without scheme, path and wildcards"
)]
pub struct InvalidHost {
    /// Which entry, from 1.
    pub position: usize,
}

impl Allowed {
    /// Reads the entries, each `host` or `host:port`.
    pub fn new<I>(entries: I) -> Result<Self, InvalidHost>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let places = entries
            .into_iter()
            .enumerate()
            .map(|(index, entry)| place(entry.as_ref().trim()).ok_or(InvalidHost { position: index + 1 }));
        places.collect::<Result<_, _>>().map(Self)
    }

    /// True when one of the entries is this host, with this port or without one.
    pub(crate) fn contains(&self, host: &Host<String>, port: u16) -> bool {
        self.0.iter().any(|place| place.host == *host && place.port.is_none_or(|own| own == port))
    }
}

fn place(entry: &str) -> Option<Place> {
    if let Ok(address) = entry.parse() {
        return Some(Place { host: of_address(address), port: None });
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) if !entry.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (entry, None),
    };
    if host.is_empty() || host.contains('*') {
        return None;
    }
    Some(Place { host: canonical(Host::parse(host).ok()?), port })
}

fn of_address(address: IpAddr) -> Host<String> {
    match address {
        IpAddr::V4(address) => Host::Ipv4(address),
        IpAddr::V6(address) => Host::Ipv6(address),
    }
}

/// The same name with and without a dot at its end is the same host.
pub(crate) fn canonical(host: Host<String>) -> Host<String> {
    match host {
        Host::Domain(name) => Host::Domain(name.trim_end_matches('.').to_owned()),
        Host::Ipv4(_) | Host::Ipv6(_) => host,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn has(entry: &str, host: &str, port: u16) -> bool {
        Allowed::new([entry]).unwrap().contains(&canonical(Host::parse(host).unwrap()), port)
    }

    #[test]
    fn a_host_is_allowed_with_every_port_or_with_its_own() {
        assert!(has("chat.example.internal", "chat.example.internal", 443));
        assert!(has("chat.example.internal", "chat.example.internal", 8065));
        assert!(has("chat.example.internal:8065", "chat.example.internal", 8065));
        assert!(!has("chat.example.internal:8065", "chat.example.internal", 443));
        assert!(has("chat:443", "chat", 443) && !has("chat:443", "chat", 80), "also where it is the usual one");
        assert!(has(" Chat.Example.Internal. ", "CHAT.example.internal", 1));
        assert!(has("10.0.0.5:80", "10.0.0.5", 80) && !has("10.0.0.5:80", "10.0.0.50", 80));
        for entry in ["fd00::5", "[fd00::5]", "[FD00:0::5]:80"] {
            assert!(has(entry, "[fd00::5]", 80), "{entry}");
        }
    }

    #[test]
    fn nothing_else_is_allowed_by_it() {
        assert!(!has("example.internal", "chat.example.internal", 443), "hosts beneath it are others");
        assert!(!has("127.0.0.1", "[::ffff:127.0.0.1]", 443), "each spelling of its own");
        assert!(!has("localhost", "127.0.0.1", 443), "a name isn't its address");
        assert!(!Allowed::default().contains(&Host::parse("localhost").unwrap(), 80));
    }

    #[test]
    fn an_entry_that_is_no_host_is_told_by_its_place() {
        let entries = "|:80|https://chat.example.com|chat.example.com/path|user@chat|*.example.com|*|chat:|chat:80:80|\
                       chat:65536|chat:-1|a b|fd00::5:80x|10.0.0.0/8";
        for entry in entries.split('|') {
            assert_eq!(Allowed::new(["fine", entry]), Err(InvalidHost { position: 2 }), "{entry}");
        }
        let error = Allowed::new(["https://hooks.slack.com/services/secret"]).unwrap_err().to_string();
        assert!(error.starts_with("entry 1 ") && !error.contains("secret"), "{error}");
    }

    proptest! {
        #[test]
        fn no_entry_is_a_panic(entry in ".{0,40}") {
            drop(Allowed::new([entry]));
        }

        #[test]
        fn a_place_that_is_read_is_the_one_that_was_written(host in "[a-z]{1,9}(\\.[a-z]{1,9}){0,3}", port: u16) {
            let entry = format!("{host}:{port}");
            prop_assert!(has(&entry, &host, port));
            prop_assert!(!has(&entry, &host, port.wrapping_add(1)));
            let longer = format!("{host}x");
            prop_assert!(!has(&entry, &longer, port));
        }
    }
}
