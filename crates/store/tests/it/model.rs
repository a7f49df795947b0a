//! Any sequence of operations gives the same answers on every backend.

use proptest::prelude::*;
use tandem_store::{Entry, Expected, Store};

use crate::backend::{Backend, Opened};

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

/// A store and the revisions that it gave out. Their numbers differ from backend to backend, their order doesn't.
struct Subject {
    opened: Opened,
    given: Vec<u64>,
}

impl Subject {
    async fn open(backend: Backend) -> Self {
        Self { opened: backend.open().await, given: Vec::new() }
    }

    /// Carries out one operation; what can be seen of it comes back as text.
    async fn apply(&mut self, operation: &Operation) -> String {
        let store = &self.opened.store;
        match operation {
            Operation::Put(key, value, age) => {
                let expected = match age {
                    Some(age) => Expected::Revision(aged(store, key, *age).await),
                    None => Expected::Absent,
                };
                match store.put(key, value.clone(), expected).await {
                    Ok(revision) => {
                        assert!(self.given.last().is_none_or(|last| *last < revision));
                        self.given.push(revision);
                        "put".to_owned()
                    }
                    Err(error) => format!("{error:?}"),
                }
            }
            Operation::Delete(key, age) => format!("{:?}", store.delete(key, aged(store, key, *age).await).await),
            Operation::Get(key) => self.shown(store.get(key).await.unwrap().as_ref()),
            Operation::List(prefix, after, limit) => {
                let listed = store.list(prefix, after.as_deref(), *limit).await.unwrap();
                let listed: Vec<_> = listed.iter().map(|(key, entry)| (key, self.shown(Some(entry)))).collect();
                format!("{listed:?} of {}", store.count(prefix).await.unwrap())
            }
        }
    }

    fn shown(&self, entry: Option<&Entry>) -> String {
        let shown = entry.map(|entry| (&entry.value, self.given.binary_search(&entry.revision).unwrap()));
        format!("{shown:?}")
    }
}

async fn aged(store: &Store, key: &str, age: u64) -> u64 {
    store.get(key).await.unwrap().map_or(0, |entry| entry.revision).saturating_sub(age)
}

fn compare(backend: Backend, operations: &[Operation]) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut model = Subject::open(Backend::Memory).await;
        let mut subject = Subject::open(backend).await;
        for operation in operations {
            prop_assert_eq!(model.apply(operation).await, subject.apply(operation).await, "{:?}", operation);
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_embedded_store_answers_as_the_one_in_memory(operations in prop::collection::vec(any_operation(), 1..50)) {
        compare(Backend::Embedded, &operations)?;
    }
}

proptest! {
    // A server each.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_store_on_nats_answers_as_the_one_in_memory(operations in prop::collection::vec(any_operation(), 1..50)) {
        compare(Backend::JetStream, &operations)?;
    }
}
