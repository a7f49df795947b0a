//! Any sequence of operations looks the same from outside, in memory and embedded.

use std::time::Duration;

use proptest::prelude::*;
use tandem_proto::{Consumer, Lane, Stream};
use tandem_queue::{Delivery, NewMessage, Queue, Settings};

use crate::backend::{Backend, NOW, message};

#[derive(Debug, Clone)]
enum Operation {
    Publish(Vec<NewMessage>),
    Pull(Consumer, usize),
    Ack(usize),
    Nak(usize, Duration),
    Term(usize),
    InProgress(usize),
    Drop(usize),
    Wait(Duration),
    Remove(Stream, u64),
}

fn any_stream() -> impl Strategy<Value = Stream> {
    prop_oneof![3 => Just(Stream::Events), 4 => Just(Stream::Commands), 1 => Just(Stream::Parked), 1 => Just(Stream::Dead)]
}

fn any_consumer() -> impl Strategy<Value = Consumer> {
    prop_oneof![
        Just(Consumer::MapperLive),
        Just(Consumer::MapperBulk),
        Just(Consumer::WriterLive),
        Just(Consumer::WriterBulk)
    ]
}

prop_compose! {
    fn any_message()(stream in any_stream(), bulk: bool, connection in 0..4, record in 0..2, id in 0_u8..60) -> NewMessage {
        let lane = if bulk { Lane::Bulk } else { Lane::Live };
        message(stream, lane, &format!("kind.{}.c{connection}.r{record}", lane.name()), &id.to_string())
    }
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let millis = |most: u64| (0..most).prop_map(Duration::from_millis);
    prop_oneof![
        6 => prop::collection::vec(any_message(), 0..4).prop_map(Operation::Publish),
        5 => (any_consumer(), 0_usize..5).prop_map(|(consumer, max)| Operation::Pull(consumer, max)),
        3 => any::<usize>().prop_map(Operation::Ack),
        2 => (any::<usize>(), millis(1_500)).prop_map(|(held, delay)| Operation::Nak(held, delay)),
        1 => any::<usize>().prop_map(|held| Operation::Nak(held, NOW)),
        1 => any::<usize>().prop_map(Operation::Term),
        1 => any::<usize>().prop_map(Operation::InProgress),
        1 => any::<usize>().prop_map(Operation::Drop),
        3 => millis(1_200).prop_map(Operation::Wait),
        1 => (any_stream(), 0_u64..40).prop_map(|(stream, sequence)| Operation::Remove(stream, sequence)),
    ]
}

/// One queue under test and what its worker holds.
struct Worker {
    queue: Queue,
    held: Vec<Delivery>,
}

impl Worker {
    /// Carries out one operation; what can be seen of it comes back as text.
    async fn apply(&mut self, operation: &Operation) -> String {
        match operation {
            Operation::Publish(messages) => format!("{:?}", self.queue.publish_all(messages.clone()).await.unwrap()),
            Operation::Pull(consumer, max) => self.pull(*consumer, *max).await,
            Operation::Ack(held) => self.settle(*held, async |delivery| delivery.ack().await.unwrap()).await,
            Operation::Nak(held, delay) => {
                self.settle(*held, async |delivery| delivery.nak(*delay).await.unwrap()).await
            }
            Operation::Term(held) => self.settle(*held, async |delivery| delivery.term("poison").await.unwrap()).await,
            Operation::Drop(held) => self.settle(*held, async |delivery| drop(delivery)).await,
            Operation::InProgress(held) => {
                if let Some(delivery) = self.held.get(held % self.held.len().max(1)) {
                    delivery.in_progress().await.unwrap();
                }
                String::new()
            }
            Operation::Wait(_) => String::new(),
            Operation::Remove(stream, sequence) => format!("{}", self.queue.remove(*stream, *sequence).await.unwrap()),
        }
    }

    async fn pull(&mut self, consumer: Consumer, max: usize) -> String {
        let deliveries = self.queue.pull(consumer, max, NOW).await.unwrap();
        let seen = format!("{deliveries:?}");
        self.held.extend(deliveries);
        seen
    }

    async fn settle(&mut self, held: usize, settle: impl AsyncFnOnce(Delivery)) -> String {
        if !self.held.is_empty() {
            let delivery = self.held.remove(held % self.held.len());
            settle(delivery).await;
        }
        String::new()
    }

    async fn look(&self) -> Vec<String> {
        let mut seen = Vec::new();
        for stream in Stream::ALL {
            let messages = self.queue.browse(stream, 0, 100).await.unwrap();
            let messages: Vec<_> = messages.into_iter().map(|one| (one.sequence, one.subject, one.id)).collect();
            let depth = self.queue.depth(stream).await.unwrap();
            seen.push(format!("{stream:?}: {depth:?} {messages:?}"));
        }
        seen
    }
}

async fn compare(operations: Vec<Operation>) -> Result<(), TestCaseError> {
    let settings = Settings { ack_wait: Duration::from_secs(1), dedup_window: Duration::from_secs(3) };
    let opened = [Backend::Memory, Backend::Embedded].map(|backend| backend.open_local(settings));
    let [mut memory, mut embedded] =
        [0, 1].map(|index| Worker { queue: opened[index].queue.clone(), held: Vec::new() });
    for operation in &operations {
        if let Operation::Wait(time) = operation {
            tokio::time::advance(*time).await;
        }
        prop_assert_eq!(memory.apply(operation).await, embedded.apply(operation).await, "after {:?}", operation);
        prop_assert_eq!(memory.look().await, embedded.look().await, "after {:?}", operation);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_backends_look_the_same_from_outside(operations in prop::collection::vec(any_operation(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(compare(operations))?;
    }
}
