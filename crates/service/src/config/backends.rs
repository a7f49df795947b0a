//! The sections `queue` and `limits`: embedded, or a server with its address.

use secrecy::SecretString;

use super::section::Slot;
use super::{Limits, Nats, Queue, check};

/// JetStream's own limit.
const MOST_REPLICAS: u32 = 5;

/// Which of its two kinds a section names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backend {
    Embedded,
    Server,
}

pub(super) fn queue(slot: &Slot<'_>) -> Option<Queue> {
    let mut keys = slot.section()?;
    let backend = keys.slot("backend").parse(|name| backend(name, "nats"));
    let [url, replicas, credentials] = ["url", "replicas", "credentials"].map(|key| keys.slot(key));
    keys.finish();
    match backend? {
        Backend::Embedded => {
            for slot in [url, replicas, credentials] {
                belongs_to(&slot, "nats");
            }
            Some(Queue::Embedded)
        }
        Backend::Server => {
            let check = |one: &str| check::server_url(one, &["nats", "tls"], "nats://127.0.0.1:4222");
            let urls = server_urls(slot, &url, check);
            let replicas = if replicas.is_empty() { Some(1) } else { replicas.parse(copies) };
            let given = !credentials.is_empty();
            let credentials = given.then(|| credentials.secret()).flatten();
            Some(Queue::Nats(Nats { urls: urls?, credentials, replicas: replicas? }))
        }
    }
}

pub(super) fn limits(slot: &Slot<'_>) -> Option<Limits> {
    let mut keys = slot.section()?;
    let backend = keys.slot("backend").parse(|name| backend(name, "redis"));
    let url = keys.slot("url");
    keys.finish();
    match backend? {
        Backend::Embedded => {
            belongs_to(&url, "redis");
            Some(Limits::Embedded)
        }
        Backend::Server => {
            let check = |one: &str| check::server_url(one, &["redis", "rediss"], "redis://127.0.0.1:6379");
            let url = server_urls(slot, &url, check)?.into_iter().next()?;
            Some(Limits::Redis { url })
        }
    }
}

fn backend(name: &str, server: &str) -> Result<Backend, String> {
    match name {
        "embedded" => Ok(Backend::Embedded),
        _ if name == server => Ok(Backend::Server),
        _ => Err(format!("unknown backend `{name}`: use `embedded` or `{server}`")),
    }
}

/// With another backend the key would be silently without effect.
fn belongs_to(slot: &Slot<'_>, backend: &str) {
    if !slot.is_empty() {
        slot.problem(format!("belongs to the backend `{backend}`: set `backend: {backend}`, or remove it"));
    }
}

/// Copies of a stream need a majority, so an even number buys nothing.
fn copies(text: &str) -> Result<u32, String> {
    match check::count(text, MOST_REPLICAS)? {
        even if even % 2 == 0 => Err(format!("expected 1, 3 or 5, found `{even}`: a majority of the copies decides")),
        odd => Ok(odd),
    }
}

/// Addresses divided by commas. They may hold a password, so messages don't repeat them.
fn server_urls(
    section: &Slot<'_>,
    slot: &Slot<'_>,
    check: impl Fn(&str) -> Result<(), String>,
) -> Option<Vec<SecretString>> {
    if slot.is_empty() {
        section.problem("url is missing: this backend is a server, say where it listens");
        return None;
    }
    let text = slot.required()?;
    let mut urls = Vec::new();
    for one in text.split(',').map(str::trim) {
        if let Err(problem) = check(one) {
            slot.problem(problem);
            return None;
        }
        if check::holds_password(one) && slot.stands_in_the_file() {
            slot.problem("a password must not stand in the file: write ${NAME} in its place and export NAME");
            return None;
        }
        urls.push(SecretString::from(one));
    }
    Some(urls)
}
