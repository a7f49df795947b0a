//! What commands on this machine show to the process that has the store and the budgets for itself. It is made of settings and
//! secrets, so that whoever has the very same ones knows it, and it is also a sign that two processes have.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use secrecy::{ExposeSecret as _, SecretString};
use tandem_service::Config;
use tandem_service::config::Connection;

/// The password of a process with this configuration.
pub(crate) fn of(config: &Config) -> SecretString {
    let Config { providers, connections, http, queue, limits, encryption_keys, .. } = config;
    let mut hash = Context::new(&SHA256);
    let mut add = |bytes: &[u8]| {
        hash.update(&bytes.len().to_be_bytes());
        hash.update(bytes);
    };
    add(b"tandem commands");
    // Secrets don't show in debug output. A mapping may change while the process runs, and its file be edited before.
    let pairs: Vec<_> = connections.iter().map(|one| (&one.id, &one.ghl, &one.openphone)).collect();
    add(format!("{providers:?} {pairs:?} {:?} {queue:?} {limits:?}", http.public_url).as_bytes());
    for key in encryption_keys {
        add(key.expose_secret());
    }
    let of_connection = |one: &'_ Connection| {
        let openphone = one.openphone.webhook_secrets.iter().chain([&one.openphone.api_key]).cloned();
        one.ghl.private_token.iter().cloned().chain(openphone).collect::<Vec<_>>()
    };
    let secrets = providers.ghl.client_secret.iter().cloned().chain(connections.iter().flat_map(of_connection));
    for secret in secrets {
        add(secret.expose_secret().as_bytes());
    }
    BASE64.encode(hash.finish()).into()
}

#[cfg(test)]
pub(crate) mod tests;
