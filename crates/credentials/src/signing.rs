//! The secrets that `OpenPhone` signs its webhooks with: the provider shows each once, when a webhook is made or its
//! secret is replaced. After that the one before is taken for a while, because deliveries signed with it are on their way.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_store::Expected;

use crate::vault::Purpose;
use crate::{Holder, Vault, VaultError, secret};

/// Signing secrets by connection. Clones share them.
#[derive(Debug, Clone)]
pub struct SigningSecrets {
    vault: Vault,
}

/// One secret that a connection's deliveries may be signed with.
#[derive(Debug, Clone)]
pub struct SigningSecret {
    /// The provider's id of the webhook.
    pub webhook: String,
    /// The secret.
    pub secret: SecretString,
    /// Since when and until when it counts.
    pub term: Term,
}

/// Whether the webhook signs with it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// It does, since then.
    Current {
        /// Unknown for what an earlier version stored.
        since: Option<Timestamp>,
    },
    /// It did; what was signed with it is taken a while longer.
    Until(Timestamp),
}

impl Term {
    /// Whether deliveries may be signed with it at this time.
    pub fn is_good(self, now: Timestamp) -> bool {
        match self {
            Self::Current { .. } => true,
            Self::Until(until) => now < until,
        }
    }
}

/// The secrets of a connection's webhooks, by the provider's id of the webhook.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Webhooks(BTreeMap<String, Secrets>);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Secrets {
    /// None once the webhook is gone.
    #[serde(with = "secret::maybe")]
    current: Option<SecretString>,
    #[serde(default)]
    since: Option<Timestamp>,
    previous: Vec<Previous>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Previous {
    #[serde(with = "secret")]
    secret: SecretString,
    until: Timestamp,
}

impl SigningSecrets {
    /// Secrets in that vault.
    pub fn new(vault: Vault) -> Self {
        Self { vault }
    }

    /// The webhook signs with this from `now` on; the secret before is taken until `keep_until`.
    pub async fn replace(
        &self,
        connection: &ConnectionId,
        (webhook, secret): (&str, &SecretString),
        (now, keep_until): (Timestamp, Timestamp),
    ) -> Result<(), VaultError> {
        let change = |webhooks: &mut Webhooks| webhooks.set(webhook, Some(secret), (now, keep_until));
        self.change(connection, change).await
    }

    /// The webhook is gone; its secrets are taken until `keep_until`.
    pub async fn remove(
        &self,
        connection: &ConnectionId,
        webhook: &str,
        (now, keep_until): (Timestamp, Timestamp),
    ) -> Result<(), VaultError> {
        self.change(connection, |webhooks: &mut Webhooks| webhooks.set(webhook, None, (now, keep_until))).await
    }

    /// Every secret that is kept, those that end included. Read and opened anew at each call: keep it for a while.
    pub async fn held(&self, connection: &ConnectionId) -> Result<Vec<SigningSecret>, VaultError> {
        let held =
            self.vault.load::<Webhooks>(Purpose::SigningSecrets, &Holder::Connection(connection.clone())).await?;
        let webhooks = held.map(|held| held.value).unwrap_or_default();
        Ok(webhooks.0.into_iter().flat_map(|(webhook, secrets)| secrets.held(&webhook)).collect())
    }

    /// Every secret that a delivery may be signed with now.
    pub async fn accepted(&self, connection: &ConnectionId, now: Timestamp) -> Result<Vec<SecretString>, VaultError> {
        let held = self.held(connection).await?;
        Ok(held.into_iter().filter(|one| one.term.is_good(now)).map(|one| one.secret).collect())
    }

    async fn change(&self, connection: &ConnectionId, change: impl Fn(&mut Webhooks)) -> Result<(), VaultError> {
        let holder = Holder::Connection(connection.clone());
        loop {
            let held = self.vault.load::<Webhooks>(Purpose::SigningSecrets, &holder).await?;
            let (mut webhooks, expected) = held.map_or((Webhooks::default(), Expected::Absent), |held| {
                (held.value, Expected::Revision(held.revision))
            });
            change(&mut webhooks);
            match self.vault.save((Purpose::SigningSecrets, &holder), &webhooks, expected).await {
                Err(error) if error.is_conflict() => {}
                result => return result.map(drop),
            }
        }
    }
}

impl Webhooks {
    fn set(&mut self, webhook: &str, secret: Option<&SecretString>, (now, keep_until): (Timestamp, Timestamp)) {
        let secrets = self.0.entry(webhook.to_owned()).or_default();
        // Said twice, it is the same secret still.
        if !secrets.is_current(secret) {
            let before = std::mem::replace(&mut secrets.current, secret.cloned());
            secrets.previous.extend(before.map(|secret| Previous { secret, until: keep_until }));
            secrets.since = secret.map(|_| now);
        }
        for secrets in self.0.values_mut() {
            secrets.previous.retain(|previous| now < previous.until);
        }
        self.0.retain(|_, secrets| secrets.current.is_some() || !secrets.previous.is_empty());
    }
}

impl Secrets {
    fn is_current(&self, secret: Option<&SecretString>) -> bool {
        self.current.as_ref().map(ExposeSecret::expose_secret) == secret.map(ExposeSecret::expose_secret)
    }

    fn held(self, webhook: &str) -> Vec<SigningSecret> {
        let one = |secret, term| SigningSecret { webhook: webhook.to_owned(), secret, term };
        let current = self.current.map(|secret| one(secret, Term::Current { since: self.since }));
        let previous = self.previous.into_iter().map(|previous| one(previous.secret, Term::Until(previous.until)));
        current.into_iter().chain(previous).collect()
    }
}
