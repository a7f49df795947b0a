//! Secrets at rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use tandem_credentials::{SigningSecrets, Vault, VaultError};
use tandem_proto::ConnectionId;
use tandem_store::{Expected, Store};

use crate::backend::over_every_store;
use crate::provider::{masters, vault};

over_every_store! {
    nothing_readable_is_in_the_store,
    processes_with_old_and_new_keys_work_side_by_side,
    a_missing_master_key_is_named,
    a_record_in_another_place_is_not_opened,
    of_data_keys_made_at_once_one_counts,
    a_sweep_goes_over_many_holders,
    the_same_random_numbers_make_the_same_records,
}

const CANARY: &str = "whsec_Y2FuYXJ5LXNlY3JldA";

fn connection(name: impl std::fmt::Display) -> ConnectionId {
    ConnectionId::new(name.to_string()).unwrap()
}

async fn put(vault: &Vault, holder: &ConnectionId, webhook: &str) -> Result<(), VaultError> {
    let now = Timestamp::UNIX_EPOCH;
    let secrets = SigningSecrets::new(vault.clone());
    let secret = SecretString::from(format!("{CANARY}-{holder}-{webhook}"));
    secrets.replace(holder, (webhook, &secret), (now, now + SignedDuration::from_hours(1))).await
}

async fn read(vault: &Vault, holder: &ConnectionId) -> Result<Vec<String>, VaultError> {
    let secrets = SigningSecrets::new(vault.clone()).accepted(holder, Timestamp::now()).await?;
    Ok(secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect())
}

/// Data keys that were current, moved, and can't be opened.
async fn rewrapped(vault: &Vault) -> [u64; 3] {
    let done = vault.rewrap_all().await.unwrap();
    [done.current, done.moved, done.closed.len().try_into().unwrap()]
}

async fn nothing_readable_is_in_the_store(store: &Store) {
    let vault = vault(store, &[1]);
    let acme = connection("acme");
    put(&vault, &acme, "webhook-one").await.unwrap();
    assert_eq!(read(&vault, &acme).await.unwrap(), [format!("{CANARY}-acme-webhook-one")]);
    let entries = store.list("", None, 100).await.unwrap();
    let keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["secret/data-key/connection/acme", "secret/signing-secrets/connection/acme"]);
    for (key, entry) in &entries {
        let text = String::from_utf8(entry.value.to_vec()).unwrap();
        // Long or with a sign that base64 lacks: two letters turn up in any ciphertext now and then.
        assert!(!text.contains("whsec") && !text.contains("webhook-one"), "{key}: {text}");
        assert!(text.starts_with(r#"{"version":1,"key":""#), "{key}: {text}");
    }
}

#[expect(clippy::cognitive_complexity, reason = "one story, told in its order")]
async fn processes_with_old_and_new_keys_work_side_by_side(store: &Store) {
    let holders: Vec<ConnectionId> = (0..3).map(|n| connection(format!("c{n}"))).collect();
    for holder in &holders {
        put(&vault(store, &[1]), holder, "w0").await.unwrap();
    }
    // First the new key is known everywhere, then it is the first one everywhere: both lists run at once.
    for (round, keys) in [[1, 2], [2, 1], [1, 2], [2, 1]].into_iter().enumerate() {
        let (ours, other) = (vault(store, &keys), vault(store, &[keys[1], keys[0]]));
        for holder in &holders {
            put(&ours, holder, &format!("w{round}")).await.unwrap();
            assert_eq!(read(&other, holder).await.unwrap(), read(&ours, holder).await.unwrap());
        }
    }
    put(&vault(store, &[1]), &connection("late"), "w0").await.unwrap();
    assert_eq!(rewrapped(&vault(store, &[1, 2])).await, [4, 0, 0], "the old key is the first one still");
    assert_eq!(rewrapped(&vault(store, &[2, 1])).await, [0, 4, 0]);
    let again = vault(store, &[2]);
    assert_eq!(rewrapped(&again).await, [4, 0, 0]);
    for holder in &holders {
        assert_eq!(read(&again, holder).await.unwrap().len(), 4, "nothing is lost without the old key");
    }
}

async fn a_missing_master_key_is_named(store: &Store) {
    let acme = connection("acme");
    put(&vault(store, &[1]), &acme, "w1").await.unwrap();
    let wrong = vault(store, &[2, 3]);
    let ids: Vec<String> = masters(&[1, 2, 3]).ids().map(ToString::to_string).collect();
    for error in [read(&wrong, &acme).await.unwrap_err(), put(&wrong, &acme, "w2").await.unwrap_err()] {
        let text = error.to_string();
        assert!(matches!(error, VaultError::MissingKey { .. }) && !error.class().is_retryable(), "{text}");
        assert!(text.contains("connection acme") && ids.iter().all(|id| text.contains(id)), "{text}");
    }
    put(&vault(store, &[2]), &connection("other"), "w1").await.unwrap();
    let done = vault(store, &[3, 2]).rewrap_all().await.unwrap();
    assert_eq!((done.current, done.moved), (0, 1), "the others are not kept back");
    assert!(matches!(&done.closed[..], [VaultError::MissingKey { .. }]), "{done:?}");
    assert_eq!(read(&vault(store, &[2, 1]), &acme).await.unwrap().len(), 1, "and nothing was changed");
}

async fn a_record_in_another_place_is_not_opened(store: &Store) {
    let vault_of_all = vault(store, &[1]);
    let (a, b) = (connection("a"), connection("b"));
    for holder in [&a, &b] {
        put(&vault_of_all, holder, "w1").await.unwrap();
    }
    // With its data key, so that only the place differs.
    for kind in ["data-key", "signing-secrets"] {
        let from = store.get(&format!("secret/{kind}/connection/a")).await.unwrap().unwrap();
        let key = format!("secret/{kind}/connection/b");
        let to = store.get(&key).await.unwrap().unwrap();
        store.put(&key, from.value, Expected::Revision(to.revision)).await.unwrap();
        let error = read(&vault(store, &[1]), &b).await.unwrap_err();
        assert!(error.to_string().contains(" secret/") && !error.class().is_retryable(), "{error}");
    }
    assert_eq!(read(&vault(store, &[1]), &a).await.unwrap().len(), 1);
}

async fn of_data_keys_made_at_once_one_counts(store: &Store) {
    let acme = connection("acme");
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let (vault, acme) = (vault(store, &[1]), acme.clone());
            tokio::spawn(async move { put(&vault, &acme, &format!("w{number}")).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(read(&vault(store, &[1]), &acme).await.unwrap().len(), 8);
}

async fn a_sweep_goes_over_many_holders(store: &Store) {
    let vault_of_all = vault(store, &[1]);
    for number in 0..230 {
        put(&vault_of_all, &connection(number), "w1").await.unwrap();
    }
    assert_eq!(rewrapped(&vault(store, &[2, 1])).await, [0, 230, 0]);
    assert_eq!(read(&vault(store, &[2]), &connection(229)).await.unwrap().len(), 1);
}

async fn the_same_random_numbers_make_the_same_records(store: &Store) {
    let counting = || {
        let next = AtomicU8::new(0);
        Arc::new(move |bytes: &mut [u8]| {
            bytes.fill(next.fetch_add(1, Ordering::Relaxed));
            true
        })
    };
    let other = Store::memory();
    for store in [store, &other] {
        put(&Vault::with_random(store.clone(), masters(&[1]), counting()), &connection("acme"), "w1").await.unwrap();
    }
    let values = async |store: &Store| {
        let entries = store.list("", None, 10).await.unwrap();
        entries.into_iter().map(|(key, entry)| (key, entry.value)).collect::<Vec<_>>()
    };
    assert_eq!(values(store).await, values(&other).await);
    let empty = Vault::with_random(Store::memory(), masters(&[1]), Arc::new(|_: &mut [u8]| false));
    assert!(matches!(put(&empty, &connection("acme"), "w1").await, Err(VaultError::Random)));
}
