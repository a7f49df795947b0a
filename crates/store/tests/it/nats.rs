//! What only the store on NATS can show: a server that goes away, answers that get lost, and what others do to the bucket.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tandem_jetstream::async_nats::HeaderMap;
use tandem_jetstream::async_nats::jetstream::stream::Stream;
use tandem_jetstream::{JetStream, Options};
use tandem_policy::ErrorClass;
use tandem_store::{Cause, Error, Expected, Store};
use tandem_testkit::servers::{Nats, NatsCluster};
use tandem_testkit::{Proxy, eventually};

use crate::backend::{connect, on};

const LIMIT: Duration = Duration::from_secs(10);
/// No call takes longer, whatever the server does; with room for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(7);

async fn bucket(jetstream: &JetStream) -> Stream<()> {
    jetstream.context().get_stream_no_info("KV_STATE").await.unwrap()
}

async fn connect_to(cluster: &NatsCluster) -> JetStream {
    let urls = cluster.urls().into_iter().map(Into::into);
    JetStream::connect(&Options { replicas: 3, ..Options::new(urls) }).await.unwrap()
}

fn restart(nats: &Nats) {
    nats.kill();
    nats.start_again();
}

/// Messages that went out over a connection.
fn sent(jetstream: &JetStream) -> u64 {
    jetstream.client().statistics().out_messages.load(Ordering::Relaxed)
}

async fn wait_for_messages(jetstream: &JetStream, wanted: u64) {
    eventually("more messages", LIMIT, async || (sent(jetstream) >= wanted).then_some(())).await;
}

#[tokio::test]
async fn kill_9_loses_nothing_and_revisions_go_on() {
    let nats = Nats::start();
    let store = on(&nats).await;
    let kept = store.put("a/kept", "value", Expected::Absent).await.unwrap();
    let gone = store.put("a/gone", "value", Expected::Absent).await.unwrap();
    store.delete("a/gone", gone).await.unwrap();
    restart(&nats);
    for store in [store, on(&nats).await] {
        let entry = store.get("a/kept").await.unwrap().unwrap();
        assert_eq!((&entry.value[..], entry.revision), (&b"value"[..], kept));
        assert_eq!(store.get("a/gone").await.unwrap(), None);
        assert_eq!(store.count("a/").await.unwrap(), 1);
    }
    let store = on(&nats).await;
    assert!(matches!(store.put("a/gone", "", Expected::Revision(gone)).await, Err(Error::Conflict { .. })));
    assert!(store.put("a/gone", "", Expected::Absent).await.unwrap() > gone);
}

#[tokio::test]
async fn without_a_server_calls_end_in_time_and_work_again_when_it_is_back() {
    let nats = Nats::start();
    let store = on(&nats).await;
    let revision = store.put("a", "one", Expected::Absent).await.unwrap();
    nats.kill();
    let started = Instant::now();
    let (get, put, delete, list) = tokio::join!(
        store.get("a"),
        store.put("a", "two", Expected::Revision(revision)),
        store.delete("a", revision),
        store.list("a", None, 1),
    );
    let errors = [get.unwrap_err(), put.unwrap_err(), delete.unwrap_err(), list.unwrap_err()];
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    for error in errors {
        assert!(matches!(error, Error::Unavailable(Cause::JetStream(_))), "{error:?}");
        assert_eq!(error.class(), ErrorClass::Transient);
    }
    nats.start_again();
    let entry = eventually("the value", LIMIT, async || store.get("a").await.ok()).await;
    assert!(entry.is_none_or(|entry| entry.value == "one" || entry.value == "two"));
    store.put("b", "", Expected::Absent).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_absence_is_not_noticed() {
    let nats = Nats::start();
    let store = on(&nats).await;
    let mut expected = Expected::Absent;
    for round in 0..3 {
        nats.kill();
        let put = store.put("a", format!("{round}"), expected);
        let (revision, ()) = tokio::join!(put, async { tokio::task::block_in_place(|| nats.start_again()) });
        expected = Expected::Revision(revision.unwrap());
    }
    assert_eq!(store.get("a").await.unwrap().unwrap().value, "2");
}

#[tokio::test]
async fn a_write_that_is_answered_late_is_stored_once_and_known_for_ours() {
    let nats = Nats::start();
    let jetstream = connect(&nats).await;
    let store = Store::jetstream(&jetstream).await.unwrap();
    let first = store.put("a", "one", Expected::Absent).await.unwrap();
    nats.pause();
    let before = sent(&jetstream);
    let writer = tokio::spawn({
        let store = store.clone();
        async move { store.put("a", "two", Expected::Revision(first)).await }
    });
    // Nothing can be seen of the first attempt but that a second one is made.
    wait_for_messages(&jetstream, before + 2).await;
    nats.resume();
    let second = writer.await.unwrap().unwrap();
    assert_eq!(second, first + 1);
    assert_eq!(store.get("a").await.unwrap().unwrap().revision, second);
    assert_eq!(store.put("a", "three", Expected::Revision(second)).await.unwrap(), second + 1);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_no_conflict_when_somebody_else_went_on_from_it() {
    let nats = Nats::start();
    let network = Proxy::in_front_of(nats.port());
    let behind = Options::new([format!("nats://127.0.0.1:{}", network.port()).into()]);
    let jetstream = JetStream::connect(&behind).await.unwrap();
    let (store, other) = (Store::jetstream(&jetstream).await.unwrap(), on(&nats).await);
    let first = store.put("a", "one", Expected::Absent).await.unwrap();
    nats.pause();
    let before = sent(&jetstream);
    let writer = tokio::spawn(async move { store.put("a", "two", Expected::Revision(first)).await });
    // By the second attempt the first one has reached the server, which will find it when it goes on.
    wait_for_messages(&jetstream, before + 2).await;
    network.cut();
    nats.resume();
    let two = async || other.get("a").await.unwrap().filter(|entry| entry.value == "two");
    let second = eventually("the write", LIMIT, two).await.revision;
    other.put("a", "three", Expected::Revision(second)).await.unwrap();
    network.restore();
    let outcome = writer.await.unwrap();
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
}

/// The exact answer to a write that is repeated after somebody else replaced it rests on this. One server alone compares
/// sequences first, and refuses.
#[tokio::test]
async fn in_a_cluster_a_write_is_known_for_stored_though_it_was_replaced_since() {
    let cluster = NatsCluster::start(3);
    let jetstream = connect_to(&cluster).await;
    let store = Store::jetstream(&jetstream).await.unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", "w1");
    headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
    let write = async || {
        let ack = jetstream.context().publish_with_headers("$KV.STATE.a", headers.clone(), "one".into()).await;
        ack.unwrap().await.unwrap()
    };
    let ours = write().await.sequence;
    store.put("a", "two", Expected::Revision(ours)).await.unwrap();
    let again = write().await;
    assert!(again.duplicate && again.sequence == ours, "{again:?}");
    assert_eq!(store.get("a").await.unwrap().unwrap().value, "two");
}

/// Counts on from what is there, and how that ended.
#[derive(Debug, Default)]
struct Tally {
    counted: AtomicU64,
    unknown: AtomicU64,
}

impl Tally {
    async fn increment(&self, store: &Store) {
        let Ok(before) = store.get("counter").await else { return };
        let count: u64 = before.as_ref().map_or(0, |entry| std::str::from_utf8(&entry.value).unwrap().parse().unwrap());
        match store.put("counter", (count + 1).to_string(), Expected::after(before.as_ref())).await {
            Ok(_) => self.counted.fetch_add(1, Ordering::Relaxed),
            Err(Error::Conflict { .. }) => return,
            Err(Error::Unavailable(_)) => self.unknown.fetch_add(1, Ordering::Relaxed),
            Err(error) => panic!("{error:?}"),
        };
    }

    async fn reach(&self, store: &Store, wanted: u64) {
        while self.counted.load(Ordering::Relaxed) < wanted {
            self.increment(store).await;
        }
    }

    async fn wait_for(&self, wanted: u64) {
        let counted = async || (self.counted.load(Ordering::Relaxed) >= wanted).then_some(());
        eventually("some increments", LIMIT, counted).await;
    }

    async fn check(&self, store: &Store) {
        let count: u64 = {
            let entry = eventually("the counter", LIMIT, async || store.get("counter").await.ok()).await.unwrap();
            std::str::from_utf8(&entry.value).unwrap().parse().unwrap()
        };
        let (counted, unknown) = (self.counted.load(Ordering::Relaxed), self.unknown.load(Ordering::Relaxed));
        assert!(
            (counted..=counted + unknown).contains(&count),
            "{count} is there, {counted} succeeded, {unknown} unknown"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn increments_by_two_connections_are_exact_though_the_server_is_killed() {
    let nats = Nats::start();
    let stores = [on(&nats).await, on(&nats).await];
    let tally = Tally::default();
    let killer = async {
        for kill in 1..=3 {
            tally.wait_for(kill * 30).await;
            tokio::task::block_in_place(|| restart(&nats));
        }
    };
    let count = |store| tally.reach(store, 120);
    tokio::join!(count(&stores[0]), count(&stores[0]), count(&stores[1]), count(&stores[1]), killer);
    tally.check(&stores[0]).await;
}

#[tokio::test]
async fn a_bucket_with_other_settings_is_named_with_all_that_differs() {
    let nats = Nats::start();
    let jetstream = connect(&nats).await;
    let config = tandem_jetstream::async_nats::jetstream::kv::Config {
        bucket: "STATE".to_owned(),
        history: 5,
        ..Default::default()
    };
    jetstream.context().create_key_value(config).await.unwrap();
    let error = Store::jetstream(&jetstream).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    let Error::Storage(Cause::JetStream(cause)) = error else { panic!("{error:?}") };
    let text = cause.to_string();
    for named in ["KV_STATE", "max_msgs_per_subject is 5, not 1", "allow_direct is true, not false"] {
        assert!(text.contains(named), "{text}");
    }
}

#[tokio::test]
async fn a_deleted_key_leaves_a_marker_for_an_hour_and_nothing_after() {
    let nats = Nats::start();
    let jetstream = connect(&nats).await;
    let store = Store::jetstream(&jetstream).await.unwrap();
    let first = store.put("a/b", "value", Expected::Absent).await.unwrap();
    store.delete("a/b", first).await.unwrap();
    let stream = bucket(&jetstream).await;
    let marker = stream.get_last_raw_message_by_subject("$KV.STATE.a.b").await.unwrap();
    assert_eq!(marker.headers.get("KV-Operation").unwrap().as_str(), "DEL");
    assert_eq!(marker.headers.get("Nats-TTL").unwrap().as_str(), "3600");
    // As the server does when the hour is over.
    stream.delete_message(marker.sequence).await.unwrap();
    assert!(matches!(store.put("a/b", "", Expected::Revision(first)).await, Err(Error::Conflict { .. })));
    assert!(store.put("a/b", "", Expected::Absent).await.unwrap() > marker.sequence);
}

#[tokio::test]
async fn the_buckets_own_tools_can_read_it_and_what_they_put_is_read() {
    let nats = Nats::start();
    let jetstream = connect(&nats).await;
    let store = Store::jetstream(&jetstream).await.unwrap();
    let tool = jetstream.context().get_key_value("STATE").await.unwrap();
    store.put("record/acme/r1", "ours", Expected::Absent).await.unwrap();
    assert_eq!(tool.get("record.acme.r1").await.unwrap().unwrap(), "ours");
    let revision = tool.put("record.acme.r1", "theirs".into()).await.unwrap();
    let entry = store.get("record/acme/r1").await.unwrap().unwrap();
    assert_eq!((&entry.value[..], entry.revision), (&b"theirs"[..], revision));
    tool.delete("record.acme.r1").await.unwrap();
    assert_eq!(store.get("record/acme/r1").await.unwrap(), None);
    // No key of ours is written like that.
    tool.put("record.=", "".into()).await.unwrap();
    tool.put("record.a=2", "".into()).await.unwrap();
    assert_eq!(store.count("").await.unwrap(), 1);
    assert_eq!(store.list("", None, 10).await.unwrap()[0].0, "record/");
}

#[tokio::test]
async fn what_can_never_be_stored_is_refused_at_once() {
    let nats = Nats::start();
    let store = on(&nats).await;
    let key = "a".repeat(5_000);
    let outcomes = [store.get(&key).await.unwrap_err(), store.put(&key, "", Expected::Absent).await.unwrap_err()];
    assert!(outcomes.iter().all(|error| matches!(error, Error::KeyTooLong { length: 5_010, .. })), "{outcomes:?}");
    assert_eq!(store.count(&key).await.unwrap(), 0);
    assert_eq!(store.count(&"a/".repeat(5_000)).await.unwrap(), 0);
    let large = store.put("large", vec![0; 2_000_000], Expected::Absent).await.unwrap_err();
    assert_eq!(large.class(), ErrorClass::Permanent, "{large:?}");
    store.put("a", "still works", Expected::Absent).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_unavailable() {
    let nats = Nats::builder().max_file_store(200_000).start();
    let store = on(&nats).await;
    let mut taken = Vec::new();
    let error = loop {
        match store.put(&format!("key{}", taken.len()), vec![7_u8; 20_000], Expected::Absent).await {
            Ok(revision) => taken.push(revision),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    assert_eq!(store.count("").await.unwrap(), taken.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_right_over_many_keys_that_change_meanwhile() {
    let nats = Nats::builder().sync_interval("2m").start();
    let store = on(&nats).await;
    let mut numbers: Vec<u32> = (0..12_000).collect();
    // In another order than that of the keys.
    numbers.sort_by_key(|number| number.wrapping_mul(2_654_435_761));
    let put = async |key: String| store.put(&key, "", Expected::Absent).await.unwrap();
    let puts = numbers.iter().map(|number| put(format!("many/{number:05}")));
    let revisions: Vec<u64> = futures_util::stream::iter(puts).buffered(64).collect().await;
    assert_eq!(store.count("many/").await.unwrap(), 12_000);
    let busy = async {
        for (number, revision) in numbers.iter().zip(&revisions).take(600) {
            store.put(&format!("many/{number:05}"), "changed", Expected::Revision(*revision)).await.unwrap();
        }
    };
    let ((), count, page) = tokio::join!(busy, store.count("many/"), store.list("many/", Some("many/03999"), 500));
    assert_eq!(count.unwrap(), 12_000);
    let keys: Vec<String> = page.unwrap().into_iter().map(|(key, _)| key).collect();
    assert!(keys.iter().cloned().eq((4_000..4_500).map(|number| format!("many/{number:05}"))), "{keys:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_cluster_a_put_and_a_delete_of_one_revision_never_both_win() {
    let cluster = NatsCluster::start(3);
    let one = Store::jetstream(&connect_to(&cluster).await).await.unwrap();
    let other = Store::jetstream(&connect_to(&cluster).await).await.unwrap();
    for round in 0..60 {
        let key = format!("key{}", round % 3);
        let before = one.get(&key).await.unwrap();
        let revision = match before {
            Some(entry) => entry.revision,
            None => one.put(&key, "new", Expected::Absent).await.unwrap(),
        };
        let (put, delete) =
            tokio::join!(one.put(&key, "put", Expected::Revision(revision)), other.delete(&key, revision));
        assert!(put.is_ok() != delete.is_ok(), "{put:?} {delete:?}");
        let there = other.get(&key).await.unwrap().map(|entry| entry.revision);
        assert_eq!(there, put.ok());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn increments_are_exact_though_the_clusters_leader_is_killed() {
    let cluster = NatsCluster::start(3);
    let jetstream = connect_to(&cluster).await;
    let stores =
        [Store::jetstream(&jetstream).await.unwrap(), Store::jetstream(&connect_to(&cluster).await).await.unwrap()];
    let tally = Tally::default();
    let killer = async {
        tally.wait_for(20).await;
        let info = bucket(&jetstream).await.get_info().await.unwrap();
        cluster.named(&info.cluster.unwrap().leader.unwrap()).kill();
    };
    let count = |store| tally.reach(store, 60);
    tokio::join!(count(&stores[0]), count(&stores[1]), killer);
    tally.check(&stores[0]).await;
}
