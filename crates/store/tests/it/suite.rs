//! The contract suite: every claim is checked on every backend.

use tandem_store::{Error, Expected, Store};

use crate::backend::Backend;

/// Runs claims over all backends: a new backend is one line here.
macro_rules! over_every_backend {
    ($($claim:ident),* $(,)?) => {
        over_every_backend!(@backend memory Memory $($claim),*);
        over_every_backend!(@backend embedded Embedded $($claim),*);
        over_every_backend!(@backend jetstream JetStream $($claim),*);
    };
    (@backend $name:ident $backend:ident $($claim:ident),*) => {
        mod $name {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $claim() {
                    let opened = super::Backend::$backend.open().await;
                    super::$claim(&opened.store).await;
                }
            )*
        }
    };
}

over_every_backend! {
    what_was_put_is_read_back,
    a_put_on_another_state_is_a_conflict,
    a_delete_on_another_state_is_a_conflict,
    revisions_go_up_also_over_a_delete,
    racing_increments_lose_none,
    of_racing_creates_one_wins,
    listing_goes_by_prefix_page_by_page,
    a_place_outside_the_prefix_is_fine,
    prefixes_are_taken_literally,
    what_was_deleted_is_neither_listed_nor_counted,
    a_walk_shows_every_entry_under_the_prefix_as_it_is,
    any_text_is_a_key,
}

fn is_conflict<T>(outcome: Result<T, Error>, key: &str) -> bool {
    matches!(outcome, Err(Error::Conflict { key: named }) if named == key)
}

async fn what_was_put_is_read_back(store: &Store) {
    assert_eq!(store.get("a").await.unwrap(), None);
    let values: [&[u8]; 3] = [b"", b"text", &[0, 255, 0]];
    for value in values {
        let before = store.get("a").await.unwrap();
        let revision = store.put("a", value.to_vec(), Expected::after(before.as_ref())).await.unwrap();
        let entry = store.get("a").await.unwrap().unwrap();
        assert_eq!((&entry.value[..], entry.revision), (value, revision));
    }
    let large = vec![42_u8; 100_000];
    store.put("large", large.clone(), Expected::Absent).await.unwrap();
    assert_eq!(store.get("large").await.unwrap().unwrap().value, large);
}

async fn a_put_on_another_state_is_a_conflict(store: &Store) {
    assert!(is_conflict(store.put("a", "x", Expected::Revision(1)).await, "a"));
    let first = store.put("a", "one", Expected::Absent).await.unwrap();
    assert!(is_conflict(store.put("a", "x", Expected::Absent).await, "a"));
    let second = store.put("a", "two", Expected::Revision(first)).await.unwrap();
    assert!(is_conflict(store.put("a", "x", Expected::Revision(first)).await, "a"));
    assert!(is_conflict(store.put("a", "x", Expected::Revision(second + 1)).await, "a"));
    assert_eq!(store.get("a").await.unwrap().unwrap().value, "two");
}

async fn a_delete_on_another_state_is_a_conflict(store: &Store) {
    assert!(is_conflict(store.delete("a", 1).await, "a"));
    let first = store.put("a", "one", Expected::Absent).await.unwrap();
    let second = store.put("a", "two", Expected::Revision(first)).await.unwrap();
    assert!(is_conflict(store.delete("a", first).await, "a"));
    store.delete("a", second).await.unwrap();
    assert_eq!(store.get("a").await.unwrap(), None);
    assert!(is_conflict(store.delete("a", second).await, "a"));
}

async fn revisions_go_up_also_over_a_delete(store: &Store) {
    let mut last = 0;
    for round in 0..5 {
        let revision = store.put("a", format!("{round}"), Expected::Absent).await.unwrap();
        assert!(revision > last, "{revision} after {last}");
        let other = store.put(&format!("other{round}"), "x", Expected::Absent).await.unwrap();
        assert!(other > revision);
        store.delete("a", revision).await.unwrap();
        assert!(is_conflict(store.put("a", "late", Expected::Revision(revision)).await, "a"));
        last = other;
    }
}

async fn increment(store: &Store, key: &str) {
    loop {
        let before = store.get(key).await.unwrap();
        let count: u64 = before.as_ref().map_or(0, |entry| std::str::from_utf8(&entry.value).unwrap().parse().unwrap());
        let expected = Expected::after(before.as_ref());
        match store.put(key, (count + 1).to_string(), expected).await {
            Ok(_) => return,
            Err(Error::Conflict { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

async fn racing_increments_lose_none(store: &Store) {
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    increment(&store, "counter").await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(store.get("counter").await.unwrap().unwrap().value, "160");
}

async fn of_racing_creates_one_wins(store: &Store) {
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.put("claim", format!("{number}"), Expected::Absent).await.map(|_| number) })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        winners.extend(task.await.unwrap());
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(store.get("claim").await.unwrap().unwrap().value, winners[0].to_string());
}

async fn listing_goes_by_prefix_page_by_page(store: &Store) {
    for number in 0..7 {
        for prefix in ["a/", "b/", "c/"] {
            store.put(&format!("{prefix}{number}"), prefix, Expected::Absent).await.unwrap();
        }
    }
    assert_eq!(pages(store, "b/").await, ["b/0", "b/1", "b/2", "b/3", "b/4", "b/5", "b/6"]);
    assert_eq!(store.count("b/").await.unwrap(), 7);
    assert_eq!(store.count("").await.unwrap(), 21);
}

async fn a_walk_shows_every_entry_under_the_prefix_as_it_is(store: &Store) {
    let mut revisions = std::collections::BTreeMap::new();
    for number in 0..1_203 {
        let key = format!("b/{number:04}");
        revisions.insert(key.clone(), store.put(&key, key.clone(), Expected::Absent).await.unwrap());
    }
    store.put("bb", "x", Expected::Absent).await.unwrap();
    store.delete("b/0007", revisions.remove("b/0007").unwrap()).await.unwrap();
    let renewed = store.put("b/0009", "b/0009", Expected::Revision(revisions["b/0009"])).await.unwrap();
    revisions.insert("b/0009".to_owned(), renewed);
    let mut shown = std::collections::BTreeMap::new();
    let visit = |key: &str, entry: tandem_store::Entry| {
        assert_eq!(entry.value, key.as_bytes());
        shown.insert(key.to_owned(), entry.revision);
    };
    store.walk("b/", visit).await.unwrap();
    assert_eq!(shown, revisions);
}

async fn a_place_outside_the_prefix_is_fine(store: &Store) {
    for number in 0..7 {
        store.put(&format!("b/{number}"), "", Expected::Absent).await.unwrap();
    }
    assert_eq!(store.list("b/", Some("a"), 100).await.unwrap().len(), 7);
    assert_eq!(store.list("b/", Some("c"), 100).await.unwrap().len(), 0);
    assert_eq!(store.list("b/", None, 0).await.unwrap().len(), 0);
}

/// All keys under a prefix, read three at a time.
async fn pages(store: &Store, prefix: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let page = store.list(prefix, keys.last().map(String::as_str), 3).await.unwrap();
        if page.is_empty() {
            return keys;
        }
        assert!(page.len() <= 3 && page.iter().all(|(_, entry)| entry.value == prefix));
        keys.extend(page.into_iter().map(|(key, _)| key));
    }
}

async fn prefixes_are_taken_literally(store: &Store) {
    for key in ["a%", "a_b", "axb", "ä", "a\u{10FFFF}z", "b"] {
        store.put(key, "", Expected::Absent).await.unwrap();
    }
    assert_eq!(store.count("a%").await.unwrap(), 1);
    assert_eq!(store.count("a_").await.unwrap(), 1);
    assert_eq!(store.count("a\u{10FFFF}").await.unwrap(), 1);
    assert_eq!(store.count("a").await.unwrap(), 4);
    assert_eq!(store.list("", None, 100).await.unwrap().len(), 6);
}

async fn what_was_deleted_is_neither_listed_nor_counted(store: &Store) {
    for number in 0..6 {
        let revision = store.put(&format!("a/{number}"), "a/", Expected::Absent).await.unwrap();
        if number % 2 == 0 {
            store.delete(&format!("a/{number}"), revision).await.unwrap();
        }
    }
    assert_eq!(store.count("a/").await.unwrap(), 3);
    assert_eq!(pages(store, "a/").await, ["a/1", "a/3", "a/5"]);
    store.put("a/4", "a/", Expected::Absent).await.unwrap();
    assert_eq!(pages(store, "a/").await, ["a/1", "a/3", "a/4", "a/5"]);
}

async fn any_text_is_a_key(store: &Store) {
    let deep = "a/".repeat(300);
    let mut keys = ["", "/", "//a", "a.b", "a/b", "a b", "*", ">", "a/*", "$KV.STATE.a", "=", "a=2F", "\n\t\0", &deep];
    for key in keys {
        store.put(key, key.to_owned(), Expected::Absent).await.unwrap();
    }
    for key in keys {
        assert_eq!(store.get(key).await.unwrap().unwrap().value, key);
    }
    keys.sort_unstable();
    let listed = store.list("", None, 100).await.unwrap();
    assert!(listed.iter().map(|(key, _)| key.as_str()).eq(keys), "{listed:?}");
    assert_eq!(store.count("/").await.unwrap(), 2);
    assert_eq!(store.count("a/").await.unwrap(), 3);
}
