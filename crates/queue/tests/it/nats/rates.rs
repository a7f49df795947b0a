//! Group commit against plain publishing, on the same server with every write synced.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tandem_jetstream::JetStream;
use tandem_jetstream::async_nats::HeaderMap;
use tandem_queue::{NewMessage, Queue, Settings};
use tandem_testkit::servers::Nats;

use crate::backend::{connections, event, options, store};

const SPAN: Duration = Duration::from_millis(400);
const ROUNDS: usize = 11;

/// Takes a minute and wants a machine of its own: `cargo test -p tandem-queue --release -- --ignored --nocapture rates`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: needs a quiet machine"]
async fn many_senders_are_faster_together_than_one_by_one_and_a_single_one_is_not_much_slower() {
    let server = Nats::start();
    let connection = JetStream::connect(&options(server.url())).await.unwrap();
    let queue = Queue::jetstream(&connection, Settings::default(), &connections()).await.unwrap();
    for (senders, least) in [(1, 0.6), (16, 0.7), (64, 1.0), (256, 1.0)] {
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            let connection = connection.clone();
            let bare = rate(senders, move |message| plain(connection.clone(), message)).await;
            let queue = queue.clone();
            let ours = rate(senders, move |message| grouped(queue.clone(), message)).await;
            rates.push((ours / bare, ours, bare));
        }
        rates.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (ratio, ours, bare) = rates[ROUNDS / 2];
        println!("{senders} senders: {ours:.0}/s in groups, {bare:.0}/s one by one, ratio {ratio:.2}");
        assert!(ratio >= least, "{ratio:.2} with {senders} senders");
    }
}

async fn grouped(queue: Queue, message: NewMessage) {
    store(&queue, message).await;
}

async fn plain(connection: JetStream, message: NewMessage) {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", message.id.0.as_str());
    let sent = connection.context().publish_with_headers(message.subject, headers, message.body).await.unwrap();
    sent.await.unwrap();
}

async fn rate<F: Future<Output = ()> + Send>(
    senders: usize,
    publish: impl Fn(NewMessage) -> F + Clone + Send + 'static,
) -> f64 {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let done = Arc::new(AtomicUsize::new(0));
    let until = Instant::now() + SPAN;
    let tasks: Vec<_> = (0..senders)
        .map(|_| {
            let (publish, done) = (publish.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                while Instant::now() < until {
                    let id = NUMBER.fetch_add(1, Ordering::Relaxed).to_string();
                    publish(NewMessage { body: vec![7; 1024].into(), ..event(&id) }).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    f64::from(u32::try_from(done.load(Ordering::Relaxed)).unwrap()) / SPAN.as_secs_f64()
}
