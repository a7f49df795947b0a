//! Any sequence of operations gives the same answers, in memory and embedded.

use proptest::prelude::*;
use tandem_store::{Expected, Store};

use crate::backend::Backend;

#[derive(Debug, Clone)]
enum Operation {
    /// Key, value, and how far the expected revision lies behind the newest; none expects absence.
    Put(String, Vec<u8>, Option<u64>),
    Delete(String, u64),
    Get(String),
    List(String, Option<String>, usize),
}

fn any_key() -> impl Strategy<Value = String> {
    "[ab]{0,2}/?[a-c\u{e4}]?"
}

fn any_operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (any_key(), any::<Vec<u8>>(), prop::option::of(0_u64..3))
            .prop_map(|(key, value, age)| Operation::Put(key, value, age)),
        1 => (any_key(), 0_u64..3).prop_map(|(key, age)| Operation::Delete(key, age)),
        1 => any_key().prop_map(Operation::Get),
        2 => (any_key(), prop::option::of(any_key()), 0_usize..5)
            .prop_map(|(prefix, after, limit)| Operation::List(prefix, after, limit)),
    ]
}

/// Carries out one operation; what can be seen of it comes back as text.
async fn apply(store: &Store, operation: &Operation) -> String {
    match operation {
        Operation::Put(key, value, age) => {
            let current = store.get(key).await.unwrap().map_or(0, |entry| entry.revision);
            let expected = age.map_or(Expected::Absent, |age| Expected::Revision(current.saturating_sub(age)));
            format!("{:?}", store.put(key, value.clone(), expected).await)
        }
        Operation::Delete(key, age) => {
            let current = store.get(key).await.unwrap().map_or(0, |entry| entry.revision);
            format!("{:?}", store.delete(key, current.saturating_sub(*age)).await)
        }
        Operation::Get(key) => format!("{:?}", store.get(key).await.unwrap()),
        Operation::List(prefix, after, limit) => {
            let listed = store.list(prefix, after.as_deref(), *limit).await.unwrap();
            format!("{listed:?} of {}", store.count(prefix).await.unwrap())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_backends_give_the_same_answers(operations in prop::collection::vec(any_operation(), 1..50)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let opened = [Backend::Memory.open().await, Backend::Embedded.open().await];
            for operation in &operations {
                let [memory, embedded] = [&opened[0].store, &opened[1].store];
                prop_assert_eq!(apply(memory, operation).await, apply(embedded, operation).await, "{:?}", operation);
            }
            Ok(())
        })?;
    }
}
