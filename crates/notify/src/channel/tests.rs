//! Which URLs are taken, and what is said about those that aren't.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::is_public;

const SECRET: &str = "s3cr3t";

fn try_new(kind: Kind, url: &str, allowed: &[&str]) -> Result<Channel, InvalidChannel> {
    Channel::new(kind, url, &Allowed::new(allowed).unwrap())
}

fn refused(kind: Kind, url: &str) -> InvalidChannel {
    try_new(kind, url, &[]).unwrap_err()
}

#[test]
fn webhooks_are_taken_where_they_are_made() {
    for (kind, url, host) in [
        (Kind::Slack, "https://hooks.slack.com/services/T0/B0/s3cr3t", "hooks.slack.com"),
        (Kind::Slack, " https://HOOKS.slack-gov.com:443/services/T0/B0/s3cr3t\n", "hooks.slack-gov.com"),
        (Kind::Teams, "https://acme.webhook.office.com/webhookb2/s3cr3t", "acme.webhook.office.com"),
        (
            Kind::Teams,
            "https://prod-12.westus.logic.azure.com:443/workflows/0/triggers/manual/paths/invoke?sig=s3cr3t",
            "prod-12.westus.logic.azure.com",
        ),
        (
            Kind::Teams,
            "https://default0.1f.environment.api.powerplatform.com/powerautomate/invoke?sig=s3cr3t",
            "default0.1f.environment.api.powerplatform.com",
        ),
        (Kind::Url, "https://example.com:8443/s3cr3t?s3cr3t", "example.com"),
        (Kind::Url, "https://93.184.215.14/s3cr3t", "93.184.215.14"),
        (Kind::Url, "https://[2606:4700::1111]/s3cr3t", "[2606:4700::1111]"),
    ] {
        let channel = try_new(kind, url, &[]).unwrap();
        assert_eq!((channel.kind(), channel.host()), (kind, host));
        assert_eq!(channel.reach(&Allowed::default()), Ok(Reach::Public));
        assert!(!format!("{channel:?}").contains(SECRET), "{channel:?}");
        assert!(channel.secret_url().as_str().contains(SECRET));
    }
}

#[test]
fn a_kind_has_its_hosts() {
    for host in ["hooks.slack.com.example.com", "xhooks.slack.com", "slack.com", "example.com", "93.184.215.14"] {
        let url = format!("https://{host}/hooks.slack.com/{SECRET}");
        assert_eq!(refused(Kind::Slack, &url), InvalidChannel::NotSlack { host: host.to_owned() });
    }
    for host in ["webhook.office.com", "evilpowerplatform.com", "logic.azure.com.example.com", "outlook.com"] {
        let url = format!("https://{host}/.logic.azure.com");
        assert_eq!(refused(Kind::Teams, &url), InvalidChannel::NotTeams { host: host.to_owned() });
    }
    assert!(try_new(Kind::Slack, "https://chat.example.com/hooks/s3cr3t", &["chat.example.com"]).is_ok());
    assert!(try_new(Kind::Teams, "https://chat.example.com/hooks/s3cr3t", &["chat.example.com:443"]).is_ok());
    assert!(try_new(Kind::Teams, "https://chat.example.com/hooks/s3cr3t", &["chat.example.com:80"]).is_err());
}

#[test]
fn the_form_of_a_url_is_checked() {
    for text in
        ["", "https://", "hooks.slack.com/services/s3cr3t", "ftp://example.com/", "data:s3cr3t", "s3cr3t:x", "//x.com"]
    {
        assert_eq!(refused(Kind::Url, text), InvalidChannel::NotAUrl, "{text}");
    }
    for text in
        ["https://example.com/a b", "https://example.com/a\nb", "https://exam\tple.com/", "https://example.com/\u{0}x"]
    {
        assert_eq!(refused(Kind::Url, text), InvalidChannel::Space, "{text:?}");
    }
    let host = || "example.com".to_owned();
    assert_eq!(refused(Kind::Url, "https://user@example.com/"), InvalidChannel::User { host: host() });
    assert_eq!(refused(Kind::Url, "https://:s3cr3t@example.com/"), InvalidChannel::User { host: host() });
    assert_eq!(refused(Kind::Url, "https://hooks.slack.com@example.com/"), InvalidChannel::User { host: host() });
    assert_eq!(refused(Kind::Url, "https://example.com/#s3cr3t"), InvalidChannel::Fragment { host: host() });
    assert_eq!(refused(Kind::Url, "http://example.com/"), InvalidChannel::NotHttps { host: host() });
    assert!(try_new(Kind::Url, "http://example.com/", &["example.com:80"]).is_ok());
    let long = |length: usize| format!("https://example.com/{}", "x".repeat(length - 20));
    assert!(try_new(Kind::Url, &long(MAX_URL_CHARACTERS), &[]).is_ok());
    assert_eq!(refused(Kind::Url, &long(MAX_URL_CHARACTERS + 1)), InvalidChannel::TooLong);
}

#[test]
fn an_address_that_is_not_public_is_refused_in_every_spelling() {
    for (host, shown, range) in [
        ("10.1.2.3", "10.1.2.3", Range::Private),
        ("127.0.0.1", "127.0.0.1", Range::Loopback),
        ("127.1", "127.0.0.1", Range::Loopback),
        ("2130706433", "127.0.0.1", Range::Loopback),
        ("0x7f.0.0.1", "127.0.0.1", Range::Loopback),
        ("0177.0.0.1", "127.0.0.1", Range::Loopback),
        ("%31%32%37.0.0.1", "127.0.0.1", Range::Loopback),
        ("127。0。0。1", "127.0.0.1", Range::Loopback),
        ("127.0.0.1.", "127.0.0.1", Range::Loopback),
        ("0", "0.0.0.0", Range::Unspecified),
        ("169.254.169.254", "169.254.169.254", Range::LinkLocal),
        ("100.100.100.200", "100.100.100.200", Range::Carrier),
        ("168.63.129.16", "168.63.129.16", Range::Metadata),
        ("[::1]", "[::1]", Range::Loopback),
        ("[fd00:ec2::254]", "[fd00:ec2::254]", Range::Private),
        ("[::ffff:10.0.0.1]", "[::ffff:a00:1]", Range::Private),
    ] {
        for scheme in ["https", "http"] {
            let expected = InvalidChannel::NotPublic { host: shown.to_owned(), range };
            assert_eq!(refused(Kind::Url, &format!("{scheme}://{host}/{SECRET}")), expected, "{host}");
        }
    }
}

#[test]
fn a_local_name_is_refused_unless_it_is_allowed() {
    for host in [
        "localhost",
        "LOCALHOST.",
        "api.localhost",
        "tandem",
        "printer.local",
        "metadata.google.internal",
        "nas.home.arpa",
    ] {
        let url = format!("https://{host}/{SECRET}");
        assert!(matches!(refused(Kind::Url, &url), InvalidChannel::Local { .. }), "{host}");
        let channel = try_new(Kind::Url, &url, &[host]).unwrap();
        assert_eq!(channel.reach(&Allowed::new([host]).unwrap()), Ok(Reach::Allowed));
        assert!(channel.reach(&Allowed::default()).is_err(), "looked at again whenever it is sent");
    }
}

#[test]
fn a_refusal_says_what_to_do() {
    assert_eq!(
        refused(Kind::Url, "https://10.0.0.5/s3cr3t").to_string(),
        "10.0.0.5 is in the private network; a notification goes to a public address only. If that is meant, put the \
         host into `notifications.allowed_hosts`"
    );
    assert_eq!(
        refused(Kind::Slack, "https://example.com/s3cr3t").to_string(),
        "example.com is not Slack; the URL of an incoming webhook begins with https://hooks.slack.com/. If another host \
         takes the same messages, put it into `notifications.allowed_hosts`"
    );
}

proptest! {
    #[test]
    fn an_address_is_taken_exactly_when_it_is_public(bits: u32, wide: u128, low in any::<bool>()) {
        let v4 = Ipv4Addr::from_bits(bits);
        for spelling in [v4.to_string(), bits.to_string(), format!("0x{bits:x}"), format!("0{bits:o}")] {
            let taken = try_new(Kind::Url, &format!("https://{spelling}/"), &[]).is_ok();
            prop_assert_eq!(taken, is_public(v4.into()), "{}", spelling);
        }
        let v6 = Ipv6Addr::from_bits(if low { wide >> 3 | 1 << 125 } else { wide });
        let taken = try_new(Kind::Url, &format!("https://[{v6}]/"), &[]).is_ok();
        prop_assert_eq!(taken, is_public(v6.into()), "{}", v6);
    }

    #[test]
    fn no_url_is_a_panic(text in ".{0,60}", kind in 0_usize..3) {
        drop(try_new([Kind::Slack, Kind::Teams, Kind::Url][kind], &text, &["localhost"]));
    }

    #[test]
    fn nothing_but_the_host_is_ever_shown(
        start in "(https?|ftp|x):(//)?",
        user in "(|s3cr3t@|a:s3cr3t@)",
        host in "(example\\.com|localhost|10\\.0\\.0\\.1|hooks\\.slack\\.com|\\[::1\\]|)",
        end in "(:80|:99999|)(/|\\?|#|\\\\| )?s3cr3t[ -~]{0,9}",
        kind in 0_usize..3,
    ) {
        let url = format!("{start}{user}{host}/{end}");
        let shown = match try_new([Kind::Slack, Kind::Teams, Kind::Url][kind], &url, &["10.0.0.1"]) {
            Ok(channel) => format!("{channel:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        // Without a host of its own, what comes next is the host, and that is no secret.
        prop_assert!(!shown.contains(SECRET) || host.is_empty(), "{url}: {shown}");
    }
}
