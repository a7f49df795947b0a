//! Webhook signing secrets and their replacement.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use tandem_credentials::{SigningSecrets, Term};
use tandem_store::Store;

use crate::backend::over_every_store;
use crate::provider::{acme, vault};

over_every_store! {
    the_secret_before_is_taken_for_a_while,
    the_one_that_signs_now_is_told_from_those_that_end,
    the_secrets_of_a_webhook_that_is_gone_end,
}

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

/// The time, and how long the secret before is kept.
fn from(hours: i64) -> (Timestamp, Timestamp) {
    (at(hours), at(hours + 24))
}

async fn accepted(secrets: &SigningSecrets, hours: i64) -> Vec<String> {
    let secrets = secrets.accepted(&acme(), at(hours)).await.unwrap();
    secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect()
}

async fn the_secret_before_is_taken_for_a_while(store: &Store) {
    let secrets = SigningSecrets::new(vault(store, &[1]));
    let [one, two, three] = ["one", "two", "three"].map(SecretString::from);
    assert!(accepted(&secrets, 0).await.is_empty());
    secrets.replace(&acme(), ("w1", &one), from(0)).await.unwrap();
    secrets.replace(&acme(), ("w1", &one), from(1)).await.unwrap();
    assert_eq!(accepted(&secrets, 1).await, ["one"], "said twice");
    secrets.replace(&acme(), ("w1", &two), from(2)).await.unwrap();
    secrets.replace(&acme(), ("w1", &three), from(3)).await.unwrap();
    assert_eq!(accepted(&secrets, 25).await, ["three", "one", "two"]);
    assert_eq!(accepted(&secrets, 26).await, ["three", "two"]);
    assert_eq!(accepted(&secrets, 27).await, ["three"]);
}

async fn the_one_that_signs_now_is_told_from_those_that_end(store: &Store) {
    let secrets = SigningSecrets::new(vault(store, &[1]));
    let [one, two] = ["one", "two"].map(SecretString::from);
    secrets.replace(&acme(), ("w1", &one), from(0)).await.unwrap();
    secrets.replace(&acme(), ("w1", &two), from(2)).await.unwrap();
    secrets.replace(&acme(), ("w1", &two), from(3)).await.unwrap();
    secrets.remove(&acme(), "w2", from(3)).await.unwrap();
    let held = secrets.held(&acme()).await.unwrap();
    let terms: Vec<(&str, Term)> = held.iter().map(|one| (one.secret.expose_secret(), one.term)).collect();
    assert_eq!(terms, [("two", Term::Current { since: Some(at(2)) }), ("one", Term::Until(at(26)))]);
    assert!(held.iter().all(|one| one.webhook == "w1" && one.term.is_good(at(25))));
    assert!(!held[1].term.is_good(at(26)));
    assert!(!format!("{held:?}").contains("\"two\""), "a secret is in debug output");
}

async fn the_secrets_of_a_webhook_that_is_gone_end(store: &Store) {
    let secrets = SigningSecrets::new(vault(store, &[1]));
    let [one, two] = ["one", "two"].map(SecretString::from);
    secrets.replace(&acme(), ("w1", &one), from(0)).await.unwrap();
    secrets.replace(&acme(), ("w2", &two), from(0)).await.unwrap();
    secrets.remove(&acme(), "w1", from(1)).await.unwrap();
    secrets.remove(&acme(), "unknown", from(1)).await.unwrap();
    assert_eq!(accepted(&secrets, 24).await, ["one", "two"]);
    assert_eq!(accepted(&secrets, 25).await, ["two"]);
}
