//! A queue that is away: events are taken all the same, up to a bound, and reach it when it is back.

use std::collections::BTreeSet;

use tandem_embedded::Database;
use tandem_ingest::{Sink, Spool, SpoolLimits};
use tandem_proto::Stream;
use tandem_queue::Queue;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::eventually::eventually;
use crate::server::{Server, config, contact_update, embedded};

const ROOM: SpoolLimits = SpoolLimits { messages: 5, bytes: 1 << 20 };

struct Spooled {
    server: Server,
    sink: Sink,
    own: Queue,
    _storage: (Database, TempDir),
}

async fn spooled(limits: SpoolLimits) -> Spooled {
    let (own, database, dir) = embedded(None);
    let sink = Sink::spooled(Spool::open(own.clone(), limits).await.unwrap());
    let server = Server::start_on(config(), sink.clone(), own.clone()).await;
    Spooled { server, sink, own, _storage: (database, dir) }
}

/// The event ids that a queue holds.
async fn ids(queue: &Queue) -> BTreeSet<String> {
    queue.browse(Stream::Events, 0, 1_000).await.unwrap().into_iter().map(|message| message.id.0).collect()
}

#[tokio::test]
async fn events_are_taken_before_the_queue_was_ever_reached_and_get_there_under_their_ids() {
    let spooled = spooled(ROOM).await;
    for id in ["w1", "w2", "w3"] {
        assert!(spooled.server.ghl(&contact_update(id)).await.is("accepted"));
    }
    assert!(spooled.server.ghl(&contact_update("w2")).await.is("duplicate"));
    assert_eq!(spooled.sink.spooled_messages(), 3);
    spooled.sink.healthy().await.unwrap();
    let (queue, _database, _dir) = embedded(None);
    let stop = CancellationToken::new();
    let draining = tokio::spawn(spooled.sink.clone().drain(stop.clone()));
    spooled.sink.reached(queue.clone());
    eventually("the spool is empty", async || spooled.sink.spooled_messages() == 0).await;
    assert_eq!(ids(&queue).await, ["ghl:w1", "ghl:w2", "ghl:w3"].map(str::to_owned).into());
    assert!(ids(&spooled.own).await.is_empty());
    // From now on they go there directly.
    assert!(spooled.server.ghl(&contact_update("w4")).await.is("accepted"));
    assert_eq!(ids(&queue).await.len(), 4);
    stop.cancel();
    draining.await.unwrap();
}

#[tokio::test]
async fn a_queue_that_fails_is_replaced_by_the_spool_until_that_is_full() {
    let spooled = spooled(ROOM).await;
    let (queue, database, _dir) = embedded(None);
    spooled.sink.reached(queue);
    assert!(spooled.server.ghl(&contact_update("w0")).await.is("accepted"));
    assert_eq!(spooled.sink.spooled_messages(), 0);
    database.close().await.unwrap();
    for number in 1..=5 {
        assert!(spooled.server.ghl(&contact_update(&format!("w{number}"))).await.is("accepted"));
    }
    let reply = spooled.server.ghl(&contact_update("w6")).await;
    assert_eq!(reply.status, 429, "{reply:?}");
    assert!(reply.head.contains("retry-after: 10"), "{reply:?}");
    assert_eq!(spooled.server.count(r#"tandem_events_rejected_total{provider="ghl",reason="spool_full"}"#), 1);
    assert!(spooled.sink.healthy().await.unwrap_err().contains("full with 5 events"));
    assert_eq!(ids(&spooled.own).await.len(), 5);
}

#[tokio::test]
async fn bytes_count_too_and_a_new_process_goes_on_with_what_is_there() {
    let limits = SpoolLimits { messages: 100, bytes: 2_000 };
    let spooled = spooled(limits).await;
    let mut kept = 0;
    while spooled.server.ghl(&contact_update(&format!("w{kept}"))).await.is("accepted") {
        kept += 1;
        assert!(kept < 100, "never full");
    }
    assert!(kept > 1);
    let again = Sink::spooled(Spool::open(spooled.own.clone(), limits).await.unwrap());
    assert_eq!(again.spooled_messages(), kept);
    let (queue, _database, _dir) = embedded(None);
    again.reached(queue.clone());
    let draining = tokio::spawn(again.clone().drain(CancellationToken::new()));
    eventually("the spool is empty", async || again.spooled_messages() == 0).await;
    assert_eq!(ids(&queue).await.len(), usize::try_from(kept).unwrap());
    draining.abort();
}
