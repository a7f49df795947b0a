//! Checks of single values: text in, value or a sentence that says what was expected out.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use url::{Host, Url};

/// Above this a time limit is a slip of the pen.
const LONGEST_SECONDS: f64 = 86_400.0;

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let expected = "expected an IP address and a port such as 127.0.0.1:8080 or 0.0.0.0:8080";
    text.parse().map_err(|_| format!("{expected}, found `{text}`"))
}

/// A web address that may carry credentials: https, or http on this machine (the twins) and where it was allowed.
pub(super) fn provider_url(text: &str, may_be_http: bool) -> Result<Url, String> {
    let url = web_url(text)?;
    if url.scheme() == "http" && !is_loopback(&url) && !may_be_http {
        return Err(format!(
            "`{text}` would send credentials unencrypted: use https (http is taken for this machine only, or with \
             allow_http: true)"
        ));
    }
    Ok(url)
}

pub(super) fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|problem| format!("`{text}` is not a web address ({problem})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{text}` is not a web address: it must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a web address must not hold a user or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("`{text}` must end before `?` and `#`"));
    }
    Ok(url)
}

/// The address of a server. It may hold a password, so messages don't repeat it.
pub(super) fn server_url(text: &str, schemes: &[&str], example: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|problem| format!("expected an address such as {example} ({problem})"))?;
    if !schemes.contains(&url.scheme()) {
        return Err(format!("expected an address such as {example}, found the scheme `{}`", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("expected an address such as {example}, found one without a host"));
    }
    Ok(())
}

/// True for an address with a password in it, or with a token in the user's place.
pub(super) fn holds_password(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.password().is_some() || !url.username().is_empty())
}

/// `true` or `false`.
pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| format!("expected true or false, found `{text}`"))
}

/// A number from 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    number.ok_or_else(|| format!("expected a number from 0 to 1, found `{text}`"))
}

/// A number of bytes, at least one webhook's worth.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    const LEAST: u64 = 1 << 20;
    let number = text.parse::<u64>().ok().filter(|bytes| *bytes >= LEAST);
    number.ok_or_else(|| format!("expected a number of bytes, at least {LEAST}, found `{text}`"))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Seconds with a fraction, 0 included.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse::<f64>().ok();
    let fits = number.filter(|seconds| (0.0..=LONGEST_SECONDS).contains(seconds));
    let seconds = fits.ok_or_else(|| format!("expected seconds from 0 to {LONGEST_SECONDS}, found `{text}`"))?;
    Ok(Duration::from_secs_f64(seconds))
}

/// Seconds with a fraction, more than 0.
pub(super) fn some_seconds(text: &str) -> Result<Duration, String> {
    let duration = seconds(text)?;
    if duration.is_zero() {
        return Err("must be more than 0 seconds".to_owned());
    }
    Ok(duration)
}

/// Hours with a fraction, at least a minute, or 0.
pub(super) fn hours_or_never(text: &str) -> Result<Duration, String> {
    const LEAST: f64 = 1.0 / 60.0;
    const MOST: f64 = 24.0 * 366.0;
    let number = text.parse::<f64>().ok().filter(|hours| *hours == 0.0 || (LEAST..=MOST).contains(hours));
    let hours = number.ok_or_else(|| {
        format!("expected hours, at least a minute (0.0167) and at most a year, or 0 for never; found `{text}`")
    })?;
    Ok(Duration::from_secs_f64(hours * 3600.0))
}

/// A whole number from 1 to `most`.
pub(super) fn count(text: &str, most: u32) -> Result<u32, String> {
    let number = text.parse::<u32>().ok();
    number
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| format!("expected a whole number from 1 to {most}, found `{text}`"))
}

/// A whole number from 0 to `most`.
pub(super) fn up_to(text: &str, most: u32) -> Result<u32, String> {
    let number = text.parse::<u32>().ok();
    number
        .filter(|number| *number <= most)
        .ok_or_else(|| format!("expected a whole number from 0 to {most}, found `{text}`"))
}

/// An id as the providers make them.
pub(super) fn provider_id(text: &str) -> Result<String, String> {
    let sound = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !sound {
        return Err(format!("`{text}` is not an id: letters, digits, `-` and `_` only"));
    }
    Ok(text.to_owned())
}

/// A version of GHL's API. Another word would go out as it is, with the names of the wrong version around it.
pub(super) fn ghl_version(text: &str) -> Result<String, String> {
    let is_date = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if is_date || text == "v3" {
        Ok(text.to_owned())
    } else {
        Err("is no version of GHL's API: write a date such as 2021-07-28, or v3".to_owned())
    }
}

/// 32 bytes in base64. The message doesn't repeat the text: it is a secret.
pub(super) fn encryption_key(secret: &SecretString) -> Result<SecretSlice<u8>, String> {
    let bytes = BASE64_STANDARD
        .decode(secret.expose_secret())
        .map_err(|_| "is not base64: make a key with `openssl rand -base64 32`".to_owned())?;
    if bytes.len() != 32 {
        return Err(format!("holds {} bytes, 32 are needed: make a key with `openssl rand -base64 32`", bytes.len()));
    }
    Ok(SecretSlice::from(bytes))
}
