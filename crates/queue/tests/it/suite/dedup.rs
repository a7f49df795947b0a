//! Message ids.

use std::time::{Duration, Instant};

use tandem_proto::{Consumer, Lane, Stream};
use tandem_queue::{Published, Settings};

use crate::backend::{Backend, LONG, ROUNDING, event, message, store};

pub(super) async fn a_repeated_id_is_stored_once(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, event("ghl:1")).await;
    for _ in 0..5 {
        assert_eq!(opened.queue.publish(event("ghl:1")).await.unwrap(), Published::Duplicate);
    }
    assert_eq!(opened.drain(Consumer::MapperLive).await, ["ghl:1"]);
}

pub(super) async fn a_repeated_id_is_a_duplicate_after_the_first_was_acked(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, event("ghl:1")).await;
    opened.drain(Consumer::MapperLive).await;
    assert_eq!(opened.queue.publish(event("ghl:1")).await.unwrap(), Published::Duplicate);
}

pub(super) async fn an_id_is_forgotten_after_the_window(backend: Backend) {
    let window = Duration::from_millis(300);
    let opened = backend.open(Settings { dedup_window: window, ..Settings::default() }).await;
    let start = Instant::now();
    store(&opened.queue, event("ghl:1")).await;
    while opened.queue.publish(event("ghl:1")).await.unwrap() == Published::Duplicate {
        assert!(start.elapsed() < LONG, "never forgotten");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Repetitions within the window don't make it longer.
    assert!(start.elapsed() + ROUNDING >= window);
    assert_eq!(opened.queue.publish(event("ghl:1")).await.unwrap(), Published::Duplicate);
}

pub(super) async fn ids_of_different_streams_do_not_collide(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, event("one")).await;
    store(&opened.queue, message(Stream::Dead, Lane::Live, "dead.mapper.acme", "one")).await;
}

pub(super) async fn a_batch_can_repeat_an_id_too(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, event("ghl:1")).await;
    let batch = ["ghl:1", "ghl:2", "ghl:2", "ghl:3"].map(event).to_vec();
    let published = opened.queue.publish_all(batch).await.unwrap();
    let is_stored: Vec<bool> = published.iter().map(|one| *one != Published::Duplicate).collect();
    assert_eq!(is_stored, [false, true, false, true]);
    assert_eq!(opened.drain(Consumer::MapperLive).await, ["ghl:1", "ghl:2", "ghl:3"]);
}

pub(super) async fn any_text_can_be_an_id(backend: Backend) {
    let opened = backend.calm().await;
    let ids = ["line\r\nbreak: 1", " spaces ", "é→漢", "100%", "%0A"];
    for id in ids {
        store(&opened.queue, event(id)).await;
        assert_eq!(opened.queue.publish(event(id)).await.unwrap(), Published::Duplicate);
    }
    let stored = opened.queue.browse(Stream::Events, 0, 10).await.unwrap();
    assert!(stored.iter().map(|stored| stored.id.0.as_str()).eq(ids));
    assert_eq!(opened.drain(Consumer::MapperLive).await, ids);
}
